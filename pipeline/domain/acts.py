"""What staff decide, as the ledger keeps it: each with a reason and a name, each undone by another."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.signing import shown_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from pipeline.domain.entries import Answered


class ActKind(StrEnum):
    """What staff enter in the ledger: by hand, or by making a period's products."""

    ADMIT = "ADMIT"
    AMEND = "AMEND"  # a value said otherwise than by the return stands in its place; or no longer does
    CLOSE = "CLOSE"
    REOPEN = "REOPEN"  # a period closed is open again
    EXTEND = "EXTEND"  # the report of a respondent is due on a later day
    RECEIVED = "RECEIVED"  # a submission was received on another day than was noted when it was taken in
    UNREAD = "UNREAD"  # by a run: what lay in the inbox that no return is read from, as far as that changed
    TELL = "TELL"  # the products of a period were made, and told what had been received by then
    WITHDRAW = "WITHDRAW"  # a submission stands no more
    REINSTATE = "REINSTATE"  # a submission withdrawn stands again
    REFUSE = "REFUSE"  # a unit's reasons in a submission are not taken: its record is returned
    UPHOLD = "UPHOLD"  # they are taken, whatever was said before
    RECEIPT = "RECEIPT"  # by a run: the check codes of a period's receipts, as far as they changed
    SIGN = "SIGN"  # by a run: a scan of a signed receipt came; its check code is the reason
    ATTACH = "ATTACH"  # by a run: a document came with a good return
    DETACH = "DETACH"  # it goes with that return no more, until it is attached again by hand
    UNSIGN = "UNSIGN"  # such a scan counts as signed no more: staff have seen that it is not
    RESIGN = "RESIGN"  # it counts again
    UNPACK = "UNPACK"  # by a run: an archive or a mail was opened


AFTERWARDS = (ActKind.TELL, ActKind.RECEIPT)  # what is noted of products once they are made: none is made from it
TAKEN_BACK = {ActKind.ATTACH: ActKind.DETACH, ActKind.SIGN: ActKind.UNSIGN, ActKind.RESIGN: ActKind.UNSIGN}
GIVEN_BACK = {ActKind.DETACH: ActKind.ATTACH, ActKind.UNSIGN: ActKind.RESIGN}
KEEPING = (ActKind.SIGN, ActKind.ATTACH, ActKind.DETACH, ActKind.UNPACK)  # whose files are kept by their sha256
ACT_NAMES = {
    ActKind.ADMIT: "认定",
    ActKind.AMEND: "核改",
    ActKind.CLOSE: "封存",
    ActKind.TELL: "制作产品",
    ActKind.WITHDRAW: "撤回",
    ActKind.REINSTATE: "恢复",
    ActKind.REOPEN: "重新开放",
    ActKind.EXTEND: "延期",
    ActKind.RECEIVED: "更正收到日期",
    ActKind.UNREAD: "未读的文件",
    ActKind.REFUSE: "不采信说明",
    ActKind.UPHOLD: "采信说明",
    ActKind.RECEIPT: "制作回执",
    ActKind.SIGN: "签认",
    ActKind.ATTACH: "附件",
    ActKind.DETACH: "撤回附件",
    ActKind.UNSIGN: "撤回签认",
    ActKind.RESIGN: "恢复签认",
    ActKind.UNPACK: "拆封",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a staff member decided, and why; undone only by another.

    Attributes:
        seq: Number in the ledger of acts; 0 before it is entered.
        sha256: Of the file admitted; empty for a period closed.
        prefecture_code: Whose the file, or the report extended, is; empty for a period closed.
        claimed_prefecture: Whose its stamps say it is; empty without stamps. Of reasons settled, the unit that gave them; of a
            value amended, the unit it is of.
        claimed_period: For when they say it is.
        target: Number of the submission withdrawn, reinstated, given another day of receipt, or refused and given to whom
            staff say it is from.
        day: That day; of an extension, the day on which the report is due; of a scan, an attachment
            or what was opened, that of its receipt.
    """

    kind: ActKind
    period: str
    reason: str
    who: str
    done_on: date
    sha256: str = ""
    file: str = ""
    prefecture_code: str = ""
    claimed_prefecture: str = ""
    claimed_period: str = ""
    target: int = 0
    day: date | None = None
    seq: int = 0

    @property
    def settled(self) -> str:
        """The unit whose reasons it settles; empty where it settles none."""
        return self.claimed_prefecture if self.kind in {ActKind.REFUSE, ActKind.UPHOLD} else ""

    @property
    def unit(self) -> str:
        """The one unit it is about; empty where it is about a file, a report or a period."""
        return self.claimed_prefecture if self.kind is ActKind.AMEND else self.settled

    @property
    def why(self) -> str:
        """The reason, in words."""
        if self.kind is ActKind.SIGN:
            return f"校验码 {shown_code(self.reason)}"
        if self.kind is ActKind.RECEIPT:
            return "；".join(f"{whose} 校验码 {shown_code(code)}" for whose, code in json.loads(self.reason).items())
        return Amendment.of(self).why if self.kind is ActKind.AMEND else self.reason


def papers(acts: Iterable[Act]) -> tuple[Act, ...]:
    """The last word on each document that came beside the returns of somebody: it goes with them, or no more; it is signed, or not."""
    last = {_paper(act): act for act in acts if act.kind in TAKEN_BACK or act.kind in GIVEN_BACK}
    return tuple(last.values())


def attached(acts: Iterable[Act]) -> tuple[Act, ...]:
    """The acts by which documents go with returns, as they stand, in order."""
    return tuple(sorted((act for act in papers(acts) if act.kind is ActKind.ATTACH), key=lambda act: act.seq))


def signed(acts: Iterable[Act]) -> tuple[Act, ...]:
    """The acts by which scans of signed receipts were filed, those that count, in order; of one scan, one for each code."""
    every = tuple(acts)
    gone = {_paper(act) for act in papers(every) if act.kind is ActKind.UNSIGN}
    return tuple(act for act in every if act.kind is ActKind.SIGN and _paper(act) not in gone)


def _paper(act: Act) -> tuple[str, str, str, str]:
    return act.sha256, act.file, act.period, act.prefecture_code


def withdrawn(acts: Iterable[Act]) -> frozenset[int]:
    """Numbers of the submissions that stand no more: the last word on each counts."""
    last = {act.target: act.kind for act in acts if act.kind in {ActKind.WITHDRAW, ActKind.REINSTATE}}
    return frozenset(seq for seq, kind in last.items() if kind is ActKind.WITHDRAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A value that staff entered on top of what a unit reported in a period: by telephone, by letter, from the records.

    Attributes:
        unit: Code of the county or prefecture; of an entry of a list, the prefecture.
        entry: Number of the entry; empty for the row of a unit.
        value: As :func:`pipeline.domain.value.show` shows it; None where what was reported counts again.
        source: By what it is known: who said it, when, in what.
        act: Its number in the ledger; 0 before it is entered.
        said: The value as people know it, where that is another: a county by name.
        judged: Nothing stood there: the returned row is judged again with it.
    """

    period: str
    unit: str
    entry: str
    field: str
    value: str | None
    source: str
    reason: str
    who: str
    done_on: date
    act: int = 0
    said: str = ""
    judged: bool = False

    @property
    def shown(self) -> str:
        """The value, in words."""
        return self.said or self.value or ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Of which one stands at a time."""
        return self.period, self.unit, self.entry, self.field

    def entered(self, about: Act) -> Act:
        """The act that enters it, made of one about the submission that it is on top of."""
        told: dict[str, str | bool | None] = {"entry": self.entry, "field": self.field, "value": self.value}
        told |= {"said": self.said} if self.said else {}
        told |= {"judged": True} if self.judged else {}
        return replace(
            about,
            kind=ActKind.AMEND,
            claimed_prefecture=self.unit,
            reason=json.dumps(told | {"source": self.source, "reason": self.reason}, ensure_ascii=False),
        )

    @classmethod
    def of(cls, act: Act) -> Amendment:
        """What an act entered."""
        return cls(
            period=act.period,
            unit=act.claimed_prefecture,
            who=act.who,
            done_on=act.done_on,
            act=act.seq,
            **json.loads(act.reason),
        )

    @property
    def why(self) -> str:
        """In words."""
        said = "恢复原报的数" if self.value is None else f"核改为“{self.shown}”"
        return f"{' '.join(filter(None, (self.entry, self.field)))} {said}{f'，依据：{self.source}' if self.source else ''}，{self.reason}"


def amendments(acts: Iterable[Act]) -> dict[tuple[str, str, str, str], Amendment]:
    """(period, unit, entry, field) → what stands there by the word of staff; their last word counts."""
    last = {one.key: one for one in (Amendment.of(act) for act in acts if act.kind is ActKind.AMEND)}
    return {key: one for key, one in last.items() if one.value is not None}


def judged_again(acts: Iterable[Act]) -> dict[int, Act]:
    """Number → act by which a returned row is judged again with the value it enters."""
    return {act.seq: act for act in acts if act.kind is ActKind.AMEND and Amendment.of(act).judged}


def taken_back(acts: Iterable[Act]) -> frozenset[int]:
    """Numbers of those of them where no value lies any more: what came in by them stands no more."""
    acts = tuple(acts)
    lying = amendments(acts)
    return frozenset(seq for seq, act in judged_again(acts).items() if Amendment.of(act).key not in lying)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Whose reasons are not taken.

    Attributes:
        last: (period, unit) → the act by which they are not; it reaches back over all that the unit had sent by then.
        reasons: (unit, rule, reason) → the same act, of what it reaches.
        again: (unit, submission) → the same act, where a later return gives one of these again, word for word.
    """

    last: Mapping[tuple[str, str], Act]
    reasons: Mapping[tuple[str, str, str], Act]
    again: Mapping[tuple[str, int], Act]

    @classmethod
    def of(cls, acts: Iterable[Act], answered: Sequence[Answered]) -> Refusals:
        """The last word on each counts."""
        said = {(act.period, act.settled): act for act in acts if act.settled}
        last = {key: act for key, act in said.items() if act.kind is ActKind.REFUSE}
        reasons = {
            (one.unit, one.rule, one.reason): act
            for one in answered
            if one.reason and (act := last.get((one.period, one.unit))) and one.seq <= act.target
        }
        upheld = said.keys() - last.keys()
        again = {
            (one.unit, one.seq): act
            for one in answered
            if (act := reasons.get((one.unit, one.rule, one.reason)))
            and one.seq > act.target
            and (one.period, one.unit) not in upheld
        }
        return cls(last=last, reasons=reasons, again=again)

    def by(self, period: str, unit: str, seq: int) -> Act | None:
        """The act by which a unit's record in a submission is returned; None where it is not."""
        act = self.last.get((period, unit))
        return act if act and seq <= act.target else self.again.get((unit, seq))

    def of_reason(self, period: str, seq: int, unit: str, rule: str, reason: str) -> Act | None:
        """The act by which one reason in a submission is not taken; a new one beside it is not settled yet."""
        act = self.by(period, unit, seq)
        return act if act and (seq <= act.target or (unit, rule, reason) in self.reasons) else None


def closings(acts: Iterable[Act]) -> dict[str, Act]:
    """Period → the act by which it is closed; the last word on each counts."""
    last = {act.period: act for act in acts if act.kind in {ActKind.CLOSE, ActKind.REOPEN}}
    return {period: act for period, act in last.items() if act.kind is ActKind.CLOSE}


def extensions(acts: Iterable[Act]) -> dict[tuple[str, str], date]:
    """(period, prefecture) → day to which its report was extended, or put back; the last word on each counts."""
    return {(act.period, act.prefecture_code): act.day for act in acts if act.kind is ActKind.EXTEND and act.day}


def received_days(acts: Iterable[Act]) -> dict[int, date]:
    """Number of a submission → the day it was received, where staff have said so; their last word counts."""
    return {act.target: act.day for act in acts if act.kind is ActKind.RECEIVED and act.day}
