"""回执: what of a respondent's returns was accepted, on one page; the same page is the 确认单 that is signed and stamped.

It says nothing of the day it is made: with nothing new it is the same page.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import segno

from pipeline.domain.acts import AFTERWARDS, KEEPING
from pipeline.domain.obligation import KIND_NAMES, ObligationKind
from pipeline.domain.signing import SIGN_NAMES, SignOff, SignState, Slip, shown_code
from pipeline.domain.state import STATE_NAMES, VERDICT_NAMES, State, Verdict
from pipeline.products.documents.outline import clipped, quoted
from pipeline.products.documents.word import Picture
from pipeline.products.wording import Figures, listing
from pipeline.program.layout import counted_rows, row_name, unit_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.ledger.receipt import Receipt
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Unit

FOLDER, TEMPLATE = "回执", "回执.docx"
_FILES, _EXCEPTIONS, _NAMED, _LONG, _SHORT = 3, 2, 20, 28, 16  # named of each: the page is one
_PLACES = ("单位负责人（签字）：", "填报人（签字）：", "单位（盖章）：", "日期：　　　　年　　月　　日")
_QR_MM, _QR_SCALE = 30.0, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A line of one of its two tables."""

    first: str
    second: str
    third: str
    fourth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """All that stands on a receipt, whichever format it is written in.

    Attributes:
        files: Number, file, day and verdict of what was received.
        states: State, how many units and which.
        places: What is filled in by hand; none where nobody signs.
        slip: What the square says; empty where nobody signs.
        dated: Of the last thing it tells of.
        numbers: Register of its numbers.
    """

    title: str
    subject: str
    to_line: str
    intro: str
    files: tuple[ReceiptLine, ...]
    states: tuple[ReceiptLine, ...]
    notes: tuple[str, ...]
    places: tuple[str, ...]
    how: str
    code_line: str
    slip: str
    office: str
    issued_on: str
    dated: date
    is_demo: bool
    heads: tuple[ReceiptLine, ReceiptLine]
    numbers: Figures

    def document(self) -> tuple[dict[str, Any], Figures]:
        """The context of its template and the register of its numbers; ``sign`` where somebody signs."""
        names = ("title", "subject", "to_line", "intro", "files", "states", "notes", "places", "how", "code_line")
        said = {name: getattr(self, name) for name in (*names, "office", "issued_on", "is_demo")}
        return {**said, "sign": bool(self.places), "words": self.numbers.words}, self.numbers

    @property
    def square(self) -> dict[str, Picture]:
        """The square as a picture for the template; none where nobody signs."""
        alt = f"二维码，写有专项、报送期、单位和校验码{self.code_line}。"
        return {"qr": Picture(png=square_png(self.slip), alt=alt, width_mm=_QR_MM)} if self.slip else {}


def square_png(slip: str) -> bytes:
    """The square, a quarter of which may be under a stamp."""
    out = io.BytesIO()
    segno.make_qr(slip, error="q").save(out, kind="png", scale=_QR_SCALE, border=4)
    return out.getvalue()


def receipt_pages(m: PeriodMeasures, *, is_demo: bool) -> Iterator[tuple[str, str, ReceiptPage]]:
    """Respondent, file name without ending, and page: one for each of whom something was accepted."""
    for receipt in m.receipts.values():
        p = receipt.prefecture
        yield p.code, f"{p.code}_{p.short_name}_{FOLDER}", _page(m, receipt, is_demo=is_demo)


def _page(m: PeriodMeasures, receipt: Receipt, *, is_demo: bool) -> ReceiptPage:
    p, say, w = receipt.prefecture, Figures(m.program.words), m.program.words
    sign, title, code = (
        m.program.sign_off is not SignOff.OFF,
        say("period.title", m.period.title),
        shown_code(receipt.code),
    )
    came = [s for s in m.snapshot.submissions if (s.period, s.prefecture_code) == (m.period.code, p.code)]
    units = [u for u in m.program.reporters_of(p.code) if m.snapshot.state(m.period, u).is_reported]
    slip = Slip(program=m.program.code, period=m.period.code, unit=p.code, code=receipt.code)
    dated = _dated(m, came, p.code)
    whose = quoted(say, "accepted", counted_rows(m.program, [unit.code for unit in units]))
    intro = (
        f"你单位{title}{w.report}已收到并核对，现已接收{whose}的数据，共{say('values', receipt.values)}项，"
        "校验码见下。校验码由这些数据算出，改动任何一项，校验码随之改变。"
    )
    return ReceiptPage(
        title=f"“{m.program.short_title}”专项工作报送回执" + ("（确认单）" if sign else ""),
        subject=title,
        to_line=f"{unit_name(m.program, p)}：",
        intro=intro,
        files=tuple(_files(came, say)),
        states=tuple(_states(m, p.code, say)),
        notes=tuple(_notes(m, receipt, len(came), say)),
        places=_PLACES if sign else (),
        how="核对无误后请打印签字盖章，扫描或拍照发回（二维码要拍全、勿遮盖）。" if sign else "",
        code_line=quoted(say, "code", code),
        slip=str(slip) if sign else "",
        office=m.program.office,
        issued_on=say.day("dated", dated),
        dated=dated,
        is_demo=is_demo,
        heads=(
            ReceiptLine(first="序号", second="收到的文件", third="收到日期", fourth="结论"),
            ReceiptLine(first="核对结果", second="数量", third=w.row_title),
        ),
        numbers=say,
    )


def _dated(m: PeriodMeasures, came: list[Submission], code: str) -> date:
    """The day of the last thing that is told."""
    done = (
        act.done_on
        for act in m.snapshot.acts
        if (act.period, act.prefecture_code) == (m.period.code, code) and act.kind not in {*AFTERWARDS, *KEEPING}
    )
    return max([*(s.taken_on for s in came), *done])


def _files(came: list[Submission], say: Figures) -> Iterator[ReceiptLine]:
    for s in came[-_FILES:]:
        yield ReceiptLine(
            first=say("submission", s.seq),
            second=quoted(say, "file", clipped(s.file.rsplit("/", 1)[-1], _LONG)),
            third=say.day("received_on", s.received_on),
            fourth=VERDICT_NAMES[Verdict(s.verdict)],
        )


def _states(m: PeriodMeasures, code: str, say: Figures) -> Iterator[ReceiptLine]:
    """Which units are in which state."""
    there: dict[State, list[Unit]] = {}
    for unit in m.program.reporters_of(code):
        there.setdefault(m.snapshot.state(m.period, unit), []).append(unit)
    for state in (state for state in State if state in there):
        names = [row_name(unit) for unit in there[state]]
        listed = listing(names, "个", say, f"{state}.listed", _NAMED)
        yield ReceiptLine(
            first=STATE_NAMES[state], second=say(f"{state}.units", len(names)), third=quoted(say, "units", listed)
        )


def _notes(m: PeriodMeasures, receipt: Receipt, came: int, say: Figures) -> Iterator[str]:
    """What was accepted with a reason or amended, what is still owed, and where the signature stands."""
    p, units = receipt.prefecture, m.program.unit_by_code
    if came > _FILES:
        yield f"本期共收到{say('submissions', came)}次，上表列出最近{say('listed', _FILES)}次。"
    mine = [e for e in m.explanations if units[e.finding.county_code].prefecture_code == p.code]
    if mine:
        named = "；".join(
            quoted(
                say,
                "exception",
                f"{row_name(units[e.finding.county_code])}“{m.program.field_by_code[e.finding.field].title}”"
                f"{e.finding.found}（{clipped(e.reason, _LONG)}）",
            )
            for e in mine[:_EXCEPTIONS]
        )
        rest = "等" if len(mine) > _EXCEPTIONS else ""
        yield f"附说明接收{say('exceptions', len(mine))}处：{named}{rest}。"
    if receipt.amended:
        named = "；".join(
            quoted(
                say,
                "amendment",
                f"{one.entry or row_name(units[one.unit])}“{m.program.field_by_code[one.field].title}”所填"
                f"{clipped(typed, _SHORT) or '空'}，核改为{clipped(one.shown, _SHORT)}（{clipped(one.source, _LONG)}）",
            )
            for typed, one in receipt.amended[:_EXCEPTIONS]
        )
        rest = "等" if len(receipt.amended) > _EXCEPTIONS else ""
        yield f"{say.words.of_whole}核改{say('amended', len(receipt.amended))}处，校验码按核改后的数算：{named}{rest}。"
    yield _owed(m, p.code, say)
    yield from _lacking(m, p.code, say)
    if m.program.sign_off is not SignOff.OFF and receipt.signed:
        day, old = say.day("signed_on", receipt.signed.day or receipt.signed.done_on), shown_code(receipt.signed.reason)
        said = SIGN_NAMES[receipt.state]
        if receipt.state is SignState.SIGNED:
            yield f"以上数据{said}（{day}收到签字盖章的确认单）。"
        else:
            yield f"{said}：{day}收到的确认单校验码为{quoted(say, 'old', old)}，此后数据有改动，请在本页重新签字盖章。"


def _lacking(m: PeriodMeasures, code: str, say: Figures) -> Iterator[str]:
    """Documents that were named and did not come, and how to send them; nothing is returned for it."""
    named = [one for one in m.proofs if one.unit.prefecture_code == code]
    missing = [one for one in named if one.came is None]
    if missing:
        first = "、".join(
            quoted(say, "proof", f"{row_name(one.unit)}“{clipped(one.name, _SHORT)}”") for one in missing[:_EXCEPTIONS]
        )
        rest = "等" if len(missing) > _EXCEPTIONS else ""
        yield (
            f"报表写明的证明材料{say('proofs', len(named))}份，尚未收到{say('proofs.missing', len(missing))}份："
            f"{first}{rest}。请以所填的文件名随报表发来。"
        )


def _owed(m: PeriodMeasures, code: str, say: Figures) -> str:
    """What of the period has still to be sent, mended or done."""
    states = [m.snapshot.state(m.period, unit) for unit in m.program.reporters_of(code)]
    waits = {
        "按退回意见修改重报的": states.count(State.RETURNED),
        f"补报{m.program.words.report}的": sum(s in {State.MISSING, State.UNUSABLE, State.UNREAD} for s in states),
    }
    parts = [f"{what}{say('owed', n)}个单位" for what, n in waits.items() if n]
    things = [
        o.kind
        for o in m.owed_now
        if o.prefecture.code == code and not o.is_report and not o.is_of_contact and o.met is False
    ]
    done = [
        f"{m.program.worded(KIND_NAMES[kind])}{say(f'owed.{kind}', things.count(kind))}项"
        for kind in ObligationKind
        if kind in things
    ]
    parts += [f"本期到期、报表中尚未填报完成的{'、'.join(done)}"] if done else []
    return f"尚欠：{'；'.join(parts)}。" if parts else "本期应报的已经报齐。"
