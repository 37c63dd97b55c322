"""What the pictures are called as files, and the words a reader who cannot see one gets instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.timeliness import Timeliness
from pipeline.products.wording import cn_date, number, numeral, one_decimal

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures

FILE_NAMES = {
    "rank": "图1_各州（市）完成率排名.png",
    "trend": "图2_各期完成率.png",
    "heat": "图3_各州（市）各项行动完成率.png",
    "bullet": "图4_重点量化任务完成情况.png",
    "map": "图5_县级工会完成率示意图.png",
    "timely": "图6_各州（市）报送及时情况.png",
    "funding": "图7_专项工作经费安排、到账和支出情况.png",
    "problems": "图8_问题清单分类和办理情况.png",
    "calendar": "图9_应报事项办理日历.png",
    "milestones": "图10_工作节点完成情况.png",
    "survey": "图11_调研提纲各题回答情况.png",
    "ten_tasks": "图12_“十个一”任务完成情况.png",
}


def ordinal(n: int, of: int) -> str:
    """Which of several pictures under one number it is: 之一; empty of one alone."""
    return f"之{numeral(n + 1)}" if of > 1 else ""


def file_name(m: PeriodMeasures, name: str, n: int, of: int) -> str:
    """What a part of a picture is called as a file: 图3之一_….png."""
    number, _, title = m.program.worded(FILE_NAMES[name]).partition("_")
    return f"{number}{ordinal(n, of)}_{title}"


def alt_text(m: PeriodMeasures, name: str) -> str:
    """The period, what the picture is of, and what it comes to."""
    title = m.program.worded(FILE_NAMES[name]).split("_", 1)[1].removesuffix(".png")
    said = {
        "rank": _rank, "timely": _timely, "funding": _funding, "problems": _problems, "calendar": _calendar,
        "milestones": _milestones, "survey": _reported, "ten_tasks": _reported,
    }.get(name, _overall)(m)  # fmt: skip
    return f"{m.period.title}{title}；{said}。"


def _reported(m: PeriodMeasures) -> str:
    w = m.program.words
    return f"按已报{m.reported}{w.rows}统计" if m.reported else f"尚无{w.row}报送"


def _overall(m: PeriodMeasures) -> str:
    w = m.program.words
    done = m.now.province.pct
    figure = f"{w.whole}尚无可统计的数据" if done is None else f"{w.whole}完成率{one_decimal(done)}%"
    return f"{figure}，{_reported(m)}"


def _rank(m: PeriodMeasures) -> str:
    marks = [(p.short_name, pct) for p in m.prefecture_order if (pct := m.now.by_prefecture[p.code].pct) is not None]
    if not marks:
        return _overall(m)
    (top, most), (last, least) = marks[0], marks[-1]
    return f"最高{top}{one_decimal(most)}%，最低{last}{one_decimal(least)}%，{_overall(m)}"


def _timely(m: PeriodMeasures) -> str:
    w = m.program.words
    marks = [o.timeliness for o in m.owed_now if o.is_report and not o.is_county]
    words = (("按时", Timeliness.ON_TIME), ("迟报", Timeliness.LATE), ("收到待处理", Timeliness.PENDING),
             ("逾期", Timeliness.OVERDUE), ("未到期", Timeliness.NOT_DUE))  # fmt: skip
    return "本期" + "，".join(f"{word}{marks.count(one)}{w.respondents}" for word, one in words if one in marks)


def _funding(m: PeriodMeasures) -> str:
    figures = m.systems.funding
    planned = "" if figures.planned_wan is None else f"，定额安排合计{number(float(figures.planned_wan))}万元"
    return f"共{len(figures.lines)}项{planned}，到账和支出按已填报的单位统计，未报不按零计"


def _problems(m: PeriodMeasures) -> str:
    w = m.program.words
    figures = m.systems.problems
    if figures is None or figures.province is None:
        return "尚无问题清单"
    count = figures.province
    return (f"共{count.total}个，已办结{count.closed}个，未办结{count.open}个，其中超期{count.overdue}个，"
            f"本期报送问题清单的{w.respondent}{figures.coverage.reported}个")  # fmt: skip


def _calendar(m: PeriodMeasures) -> str:
    marks = [o.timeliness for o in m.obligations]
    met = marks.count(Timeliness.ON_TIME) + marks.count(Timeliness.LATE)
    return f"截至{cn_date(m.snapshot.as_of)}，到本期为止的应报事项已办结{number(met)}件，逾期未办结{number(marks.count(Timeliness.OVERDUE))}件"


def _milestones(m: PeriodMeasures) -> str:
    late = sum(one.province.overdue for one in m.systems.milestones)
    return f"共{len(m.systems.milestones)}个节点，逾期未完成或没有可用的报表{late}家次"
