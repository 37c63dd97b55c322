"""退回通知: the letter that goes with the returned copies of one prefecture, with words ready to paste into WeChat or mail."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.checks.problems import in_groups
from pipeline.domain.acts import closings
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.place import Placing
from pipeline.products.documents.outline import Row, quoted
from pipeline.products.returned_copy import key_of
from pipeline.products.wording import Figures
from pipeline.program.layout import unit_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.domain.findings import Finding
    from pipeline.ledger.waiting import Waiting
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.returned_copy import ReturnedCopy
    from pipeline.program.model import Prefecture

LISTED, PASTED, LONG = 30, 8, 10
_HOW_TO = "问题格以颜色标出，批注写明所填、应为和改法；只须改正有问题的格，其余不必动，改好后原样发回即为重报。"
_Asked = tuple["ReturnedCopy", "Finding", str]
"""One thing asked: the copy, the finding, the title of its kind."""


def by_prefecture(copies: Sequence[ReturnedCopy]) -> dict[Prefecture, list[ReturnedCopy]]:
    """The copies that go out under one letter."""
    groups: dict[Prefecture, list[ReturnedCopy]] = {}
    for copy in copies:
        groups.setdefault(copy.prefecture, []).append(copy)
    return groups


def notice_context(
    m: PeriodMeasures,
    prefecture: Prefecture,
    copies: Sequence[ReturnedCopy],
    *,
    is_demo: bool,
    refused: Waiting | None = None,
) -> tuple[dict[str, Any], Figures]:
    """The context of 退回通知.docx for one prefecture and the register of its numbers.

    Args:
        m: Of the period.
        prefecture: Whom it goes to.
        copies: What goes back with it.
        is_demo: The figures are invented.
        refused: What came and could not be used: nothing of it can be handed back.
    """
    say = Figures(m.program.words)
    unit, title = unit_name(m.program, prefecture), say("period.title", m.period.title)
    asked = sorted(
        _asked(copies), key=lambda asking: (asking[1].severity is not Severity.CRITICAL, asking[1].county_code)
    )
    faults = _faults(m, refused) if refused else []
    whole = [_whole_row(no, fault, say) for no, fault in enumerate(faults[:LISTED], 1)]
    errors = sum(f.severity is Severity.CRITICAL for _, f, _ in asked)
    warnings = len(asked) - errors
    counted = "、".join(
        text
        for text in (
            f"须改正{say('errors', errors)}处" if errors else "",
            f"请核对{say('warnings', warnings)}处" if warnings else "",
        )
        if text
    )
    reasons = any(CATALOGUE[f.code].explainable for _, f, _ in asked)
    so = "核对属实的，在表上写明原因后发回" if reasons else "核对无误的，不必重报"
    call = _call(m, prefecture, say) if errors or refused else f"{so}；确有错误的，请改正后重报。"
    given = "退回的表" if errors else "所附的表"
    handed = "现将报表退回" if errors else "现将需核对的表附上"
    conclusions = [quoted(say, "conclusion", f"“{copy.file.rsplit('/', 1)[-1]}”{copy.conclusion}") for copy in copies]
    body = (
        []
        if not copies
        else [
            f"你单位报来的{title}报表已收到并核对，结论如下：{conclusions[0]}",
            *conclusions[1:],
            f"{handed}（见附件），{counted}{_by_county(asked, say)}。{given}上保留了你单位所填的内容，{_HOW_TO}{call}",
        ]
    )
    body = [*(_about_refused(m, prefecture, refused, say, call, other=bool(copies)) if refused else ()), *body]
    openings = [f"{unit}：{body[0]}"] if refused else []
    openings += [f"{unit}：{title}报表已核对，{counted}，{given}见附件。{call}"] if copies else []
    return {
        "title": "报表退回通知" if errors or refused else "报表核对通知",
        "period_line": f"（{title}）",
        "to_line": f"{unit}：",
        "paragraphs": body,
        "rows": [*whole, *(_row(no, asking, say) for no, asking in enumerate(asked[:LISTED], len(whole) + 1))],
        "more_line": "".join(
            (
                f"整份不能采用的文件列出前{say('listed', LISTED)}处，共{say('faults', len(faults))}处。"
                if len(faults) > LISTED
                else "",
                f"以上列出前{say('listed', LISTED)}处，共{say('asked', len(asked))}处，其余见附件“问题清单”。"
                if len(asked) > LISTED
                else "",
            )
        ),
        "attachments": [
            f"{'附件：' if n == 1 else '　　　'}{quoted(say, 'attachment', f'{n}.{copy.name}')}"
            for n, copy in enumerate(copies, 1)
        ],
        "paste": _paste(openings, asked, say),
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "is_demo": is_demo,
        "words": say.words,
    }, say


def _about_refused(
    m: PeriodMeasures, prefecture: Prefecture, refused: Waiting, say: Figures, call: str, *, other: bool
) -> list[str]:
    """That a file came, when, why nothing of it could be taken, and what to do."""
    file = quoted(say, "refused.file", f"“{refused.file.rsplit('/', 1)[-1]}”")
    day = say.day("refused.received_on", refused.received_on)
    due_on = m.snapshot.period_of(m.period, prefecture).due_on
    when = "在报送截止日以前" if refused.received_on <= due_on else "在报送截止日以后"
    faults = _faults(m, refused)
    why = "；".join(dict.fromkeys(f.what for f in faults))
    fix = "；".join(dict.fromkeys(f.fix for f in faults))
    came = f"你单位{day}报来的{file}已收到（{when}），但"
    how = f"改法：{quoted(say, 'refused.fix', fix)}。{'' if other else call}"
    if refused.is_blank:
        lines = [f"{came}{quoted(say, 'refused.why', why)}：如误报了空白的表，请改报填好的那一份。{how}"]
    elif refused.entry and _anything_stands(m, refused.entry.prefecture_code):
        stands = "其中所填的数没有收入；此前已接收的数照旧有效，确有要更正、补充的，请重报。"
        lines = [
            f"{came}整份不能采用，原因：{quoted(say, 'refused.why', why)}。{stands}改法：{quoted(say, 'refused.fix', fix)}。"
        ]
    else:
        lines = [f"{came}整份不能采用，原因：{quoted(say, 'refused.why', why)}。其中所填的数没有收入，需要重报。{how}"]
    if refused.entry and refused.entry.placed == Placing.NAME:
        lines.append("这份文件里读不出表样识别码，是按文件名认作你单位报来的；如不是你单位的，请告知我办。")
    return lines


def _anything_stands(m: PeriodMeasures, prefecture_code: str) -> bool:
    """Whether something of a prefecture was accepted for the period."""
    units = m.program.reporters_of(prefecture_code)
    return any(m.snapshot.state(m.period, unit).is_reported for unit in units)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoticeFault:
    """Why nothing of a file could be taken, in words for its officer."""

    what: str
    fix: str
    where: str = "整份文件"
    found: str = ""
    expected: str = ""


def _faults(m: PeriodMeasures, refused: Waiting) -> list[_NoticeFault]:
    """All that is wrong with it; of a return in which nothing was filled in, that, and what stands elsewhere in it."""
    if refused.entry is None:
        return []
    found = m.snapshot.findings_of(refused.entry)
    if refused.is_blank:
        fix = m.program.worded("请在各张表中填报各县；本期确无新进展的县选“√”")
        blank = _NoticeFault(what=m.program.worded(refused.entry.reason), fix=fix, found="空白", expected=fix)
        return [blank, *(_fault(m, f) for f in found if CATALOGUE[f.code].aside)]
    return [_fault(m, f) for f in found if f.severity is Severity.CRITICAL]


def _fault(m: PeriodMeasures, f: Finding) -> _NoticeFault:
    return _NoticeFault(
        what=m.program.worded(CATALOGUE[f.code].title),
        fix=m.program.worded(f.fix),
        where=f.location.sheet or "整份文件",
        found=f.found,
        expected=f.expected or m.program.worded(f.fix),
    )


def _whole_row(no: int, fault: _NoticeFault, say: Figures) -> Row:
    """One of what is wrong with a whole file."""
    said = {name: quoted(say, name, getattr(fault, name)) for name in ("where", "found", "expected", "what")}
    return {"no": say("row", no), "county": "全表", **said}


def _asked(copies: Sequence[ReturnedCopy]) -> Iterator[_Asked]:
    """Everything that asks for something, notes left out."""
    for copy in copies:
        for group in in_groups(copy.program, copy.findings):
            if group.severity is not Severity.INFO:
                yield from ((copy, finding, group.title) for finding in group.findings)


def _call(m: PeriodMeasures, prefecture: Prefecture, say: Figures) -> str:
    """By when, or what to do when it is too late."""
    if m.period.code in closings(m.snapshot.acts):
        return "本期已封存，确需更正的，请先与我办联系。"
    period = m.snapshot.period_of(m.period, prefecture)
    if m.snapshot.as_of <= period.due_on:
        longer = "，经批准延期至此日" if period.extended else ""
        return f"请于{say.day('due_on', period.due_on)}（含当日{longer}）前改正重报。"
    return f"报送截止日（{say('due_on', period.due_words)}）已过，请抓紧改正重报。"


def _by_county(asked: Sequence[_Asked], say: Figures) -> str:
    """（五华区9处、盘龙区11处）, when the table is long."""
    counts = Counter(f.county_code for _, f, _ in asked if f.county_code)
    if len(asked) < LONG:
        return ""
    names = asked[0][0].program.unit_by_code
    shown = "、".join(f"{names[code].short_name}{say(f'asked.{code}', n)}处" for code, n in sorted(counts.items()))
    return f"（{shown}）"


def _row(no: int, asked: _Asked, say: Figures) -> Row:
    copy, f, kind = asked
    program, key = copy.program, key_of(copy, f)
    county, field = program.unit_by_code.get(f.county_code), program.field_by_code.get(f.field)
    where = program.form_by_code[key[0]].sheet if key else f.location.sheet
    return {
        "no": say("row", no),
        "county": county.short_name if county else "全表",
        "where": quoted(say, "where", where),
        "found": quoted(say, "found", f.found),
        "expected": quoted(say, "expected", f.expected or say.words.put(f.fix)),
        "what": quoted(say, "what", kind + (f"：{field.title}" if field else "")),
    }


def _paste(openings: Sequence[str], asked: Sequence[_Asked], say: Figures) -> list[str]:
    """Plain sentences, short enough for a chat window: who, where, what, found, fix."""
    lines = list(openings)
    for no, (copy, f, kind) in enumerate(asked[:PASTED], 1):
        row, field = _row(no, (copy, f, kind), say), copy.program.field_by_code.get(f.field)
        sheet = f"“{row['where']}”表" if row["where"] else ""
        place = "，".join(filter(None, (row["county"], sheet, field.title if field else "")))
        found = f"（所填“{f.found}”）" if f.found and f.location.cell else ""
        lines.append(f"（{no}）{place}：{kind}{found}，{quoted(say, 'fix', say.words.put(f.fix))}。")
    if len(asked) > PASTED:
        lines.append(f"……共{say('asked', len(asked))}处，详见附件“问题清单”。")
    return lines
