"""What the levels of a campaign are called, in the forms that sentences, headings and counts need."""

from __future__ import annotations

import re
from dataclasses import dataclass

COUNTER = "个"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsEntry:
    """``wording`` of ``program.yaml``: what cannot be put together from ``levels`` and ``unit_suffix``; see :class:`Words`."""

    of_whole: str = ""
    row: str = ""
    of_row: str = ""
    body: str = ""
    institution: str = "单位"
    counter: str = COUNTER
    department: str = ""
    section: str = "部门"
    board: str = "领导小组"
    head: str = "负责人"
    contact: str = "联系单位"
    tasks: str = "清单"
    office: str = ""
    report: str = "报表"
    highlight: str = "亮点经验"
    name_endings: tuple[str, ...] = ("省", "市", "州", "盟", "区", "县", "旗")

    def row_of(self, level: str) -> str:
        """What the unit of a row is called in a sentence; where that is not said, its level without brackets."""
        return self.row or level.partition("（")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one campaign, with those of the union of Yunnan beside them.

    Attributes:
        whole: 全省.
        of_whole: 省级, before what belongs to it; may be empty.
        respondent: 州（市）, those who return a workbook.
        respondent_body: 州（市）总工会, the same as an institution.
        row: 县, in a sentence.
        row_title: 县（市、区）, at the head of a column.
        of_row: 县级, before what belongs to it.
        body: 县级工会, the institution that is judged.
        institution: 工会, whatever its level.
        counter: 个, between a number and a row or its body.
        department: 省总部室, what problems are assigned to.
        section: 部室, the same in short.
        board: 领导小组, who decides.
        head: 领导, who is at the head of a respondent's institution.
        contact: 对口联系单位, a unit paired with a row.
        tasks: 十个一, the list of tasks of ``ten_tasks``.
        office: 领导小组办公室, in short.
        report: 工作推进信息, what is owed for every period.
        highlight: 亮点经验信息, what is owed for every quarter.
    """

    whole: str
    of_whole: str
    respondent: str
    respondent_body: str
    row: str
    row_title: str
    of_row: str
    body: str
    institution: str
    counter: str
    department: str
    section: str
    board: str
    head: str
    contact: str
    tasks: str
    office: str
    report: str
    highlight: str

    @property
    def rows(self) -> str:
        """个县, after a number."""
        return self.counter + self.row

    @property
    def bodies(self) -> str:
        """个县级工会, after a number."""
        return self.counter + self.body

    @property
    def respondents(self) -> str:
        """个州（市）, after a number."""
        return f"个{self.respondent}"

    def put(self, text: str) -> str:
        """A fixed text of ours, written in the words of Yunnan, in those of this campaign.

        Only for texts without names or words of somebody else: 县 in a name is no word of ours, and none in “” is looked at.
        """
        return _FIXED.sub(lambda found: "".join(getattr(self, word, word) for word in _means(found[0])), text)


def _means(text: str) -> list[str]:
    """The words that stand for a text, and what stands as it is."""
    return _MEANS[text].split() if text in _MEANS else [text]


_MEANS = {
    "个县级工会": "counter body",
    "县级工会": "body",
    "县级": "of_row",
    "个县（市、区）": "counter row_title",
    "个县": "counter row",
    "县（市、区）": "row_title",
    "县": "row",
    "州（市）总工会": "respondent_body",
    "州（市）": "respondent",
    "全省": "whole",
    "领导小组办公室": "office",
    "对口联系单位": "contact",
    "十个一": "tasks",
    "“十个一”": "“ tasks ”",
    "工作推进信息": "report",
    "亮点经验信息": "highlight",
}
_FIXED = re.compile("|".join((*map(re.escape, sorted(_MEANS, key=len, reverse=True)), "“[^”]*”")))
