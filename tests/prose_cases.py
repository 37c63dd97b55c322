"""Periods made up for the tests of the prose: who reported, how far each county is, and what stands out of the ordinary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.findings import Finding, finding
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.corrections import Correction, Moved
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.products.returned_copy import ReturnedCopy
from pipeline.program.calendar import Calendar
from pipeline.program.model import NO, YES, FieldType
from tests.builder import FIRST, KEY, SECOND, campaign, whole_campaign, with_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.domain.value import Value
    from pipeline.program.model import County, Field, Period, Prefecture

    Told = Callable[[Period, County], "int | State | None"]
    """Of a county in a period: how many of the actions it has done, 零报告 or 退回, or None where nothing came."""

MEETING = tuple(one for one in whole_campaign().program.publications if one.document == "半年会议材料")
PROGRAM = replace(campaign().program, publications=MEETING)  # whose text cites what the notice asks for
KUNMING, ZHAOTONG, NUJIANG, DIQING = "530100", "530600", "533300", "533400"
DAYS = {"2022-12": date(2023, 1, 20), "2023-02": date(2023, 3, 20), "2023-10": date(2023, 11, 20)}
QUANTITIES = {code: q for q in PROGRAM.quantities for code in q.fields}


def value(one: Field, period: Period, *, done: bool) -> Value:
    """What a county types that has met a target, or has not begun."""
    q = QUANTITIES.get(one.code)
    if one.type is FieldType.COUNT:
        if q and one.code == q.denominator:
            return 100
        enough = 100 if q and q.is_rate else int(q.target.threshold) if q and q.target else 3
        return enough if done else 0
    if one.type is FieldType.YESNO:
        return YES if done else NO
    if one.type is FieldType.DATE:
        return period.end - timedelta(days=9)
    return "、".join(one.options) if one.type is FieldType.CHECKLIST else one.options[0 if done else -1]


def standing(
    period: Period, county: County, actions: int, day: date, *, nil: bool
) -> dict[tuple[str, str, str], AcceptedRow]:
    """The rows of a county that has done the first ``actions`` of the actions."""
    return {
        (form.code, period.code, county.code): AcceptedRow(
            seq=1,
            form=form.code,
            period=period.code,
            county_code=county.code,
            entry="",
            sheet_row=8,
            nil=nil,
            received_on=day,
            typed={},
            values={f.code: value(f, period, done=(form.action or 0) <= actions) for f in form.fields_in(period)},
        )
        for form in PROGRAM.forms
    }


def told(at: str, what: Told, *, late: str = "", acts: tuple[Act, ...] = ()) -> PeriodMeasures:
    """The measures of a period.

    Args:
        at: The period; those before it were reported too.
        what: See ``Told``.
        late: Prefecture whose reports came three days after they were due.
        acts: Of the staff.
    """
    records: list[DecidedRecord] = []
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    submissions: list[Submission] = []
    for period in PROGRAM.periods_through(PROGRAM.period_by_code[at]):
        for prefecture in PROGRAM.prefectures:
            day = period.due_on + timedelta(days=3 if prefecture.code == late else -1)
            given = {c: one for c in PROGRAM.counties_of(prefecture.code) if (one := what(period, c)) is not None}
            if given:
                submissions.append(_submission(len(submissions) + 1, prefecture, period, day))
            for county, one in given.items():
                state = one if isinstance(one, State) else State.ACCEPTED
                records.append(DecidedRecord(period.code, county.code, state, len(submissions), day))
                if state is not State.RETURNED:
                    rows |= standing(period, county, 3 if state is State.NIL else int(one), day, nil=state is State.NIL)
    shot = Snapshot(
        as_of=DAYS[at],
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=acts,
        rows=rows,
        records=tuple(records),
    )
    return measure_period(PROGRAM, shot, Calendar(), PROGRAM.period_by_code[at])


def _submission(seq: int, prefecture: Prefecture, period: Period, day: date) -> Submission:
    return Submission(
        seq=seq,
        sha256=str(seq),
        file=f"{seq}.xlsx",
        received_on=day,
        taken_on=day,
        prefecture_code=prefecture.code,
        period=period.code,
        issue_no="",
        admission=0,
        verdict="ACCEPTED",
        reason="",
        sheets={f.code: f.sheet for f in PROGRAM.forms},
        columns={f.code: {} for f in PROGRAM.forms},
    )


def _place(county: County) -> int:
    return [p.code for p in PROGRAM.prefectures].index(county.prefecture_code)


def _ordinary(period: Period, county: County) -> int | State | None:
    """怒江州 never reports, two counties are returned, some say 零报告; 昆明市 is in front."""
    if county.prefecture_code == NUJIANG:
        return None
    if county.code in {FIRST, SECOND}:
        return State.RETURNED
    if int(county.code) % 17 == 0:
        return State.NIL
    return min(8, period.no + (5 if county.prefecture_code == KUNMING else _place(county) % 4 + int(county.code) % 3))


def _ties(_: Period, county: County) -> int:
    """Four share the third place, two the last but one; on the first action all are equal."""
    return (8, 8, 7, 7, 7, 7, 6, 5, 5, 5, 4, 4, 3, 2, 2, 1)[_place(county)]


def _fall(period: Period, county: County) -> int | None:
    """Lower than last time, but for one prefecture that stands still and one that reports for the first time."""
    if county.prefecture_code == ZHAOTONG:
        return 4
    if county.prefecture_code == NUJIANG and period.no == 1:
        return None
    return 6 - period.no


def _unequal(_: Period, county: County) -> int | None:
    """Five prefectures only: too few for 居前 and 居后."""
    return 2 + _place(county) if _place(county) < 5 else None


def _silent(period: Period, county: County) -> int | None:
    """Nine prefectures say nothing at all, a tenth never again."""
    place = _place(county)
    return None if place >= 7 or (place == 6 and period.no > 1) else 3


def _one_prefecture_late(_: Period, county: County) -> int:
    return _place(county) % 8


def corrected() -> PeriodMeasures:
    """In one period a value was put right, which moved nothing; in the last 12 counties came late, one was withdrawn, five values moved."""
    m = told("2023-10", _ordinary)
    field = next(f for f in PROGRAM.forms[0].fields if f.type is FieldType.COUNT)
    changes = tuple(
        Moved(county_code=c.code, field=field.code, old=n, new=None if n == 1 else n + 4)
        for n, c in enumerate(PROGRAM.counties[:5])
    )
    late = tuple(c.code for c in PROGRAM.counties[10:22])
    first, before = PROGRAM.periods[0], PROGRAM.periods[-2]
    return with_figures(
        m,
        corrections=(
            Correction(
                period=first,
                published_on=date(2023, 1, 20),
                changes=changes[:1],
                added=(),
                removed=(),
                before_pct=17.24,
                after_pct=17.21,
            ),
            Correction(
                period=before,
                published_on=date(2023, 9, 20),
                changes=changes,
                added=late,
                removed=(SECOND,),
                before_pct=61.0,
                after_pct=58.4,
            ),
        ),
    )


CLOSED = Act(kind=ActKind.CLOSE, period="2023-02", reason="已通报", who="张三", done_on=date(2023, 3, 18))


@cache
def case(name: str) -> PeriodMeasures:
    """The measures of a case by its name."""
    cases: dict[str, Callable[[], PeriodMeasures]] = {
        "无人报送": lambda: told("2022-12", lambda *_: None),
        "全部退回": lambda: told("2023-02", lambda *_: State.RETURNED),
        "全部报送": lambda: told("2023-02", lambda period, _: 4 * period.no),
        "只报一县": lambda: told("2023-02", lambda _, county: 5 if county.code == FIRST else None),
        "名次并列": lambda: told("2023-02", _ties),
        "较上期下降": lambda: told("2023-02", _fall),
        "首次报送": lambda: told("2022-12", _ordinary),
        "少数州市报送": lambda: told("2023-02", _unequal),
        "多数州市未报": lambda: told("2023-02", _silent),
        "全部完成": lambda: told("2023-10", lambda *_: 8),
        "一州迟报": lambda: told("2023-02", _one_prefecture_late, late=ZHAOTONG),
        "事后更正": corrected,
        "本期封存": lambda: told("2023-02", _ordinary, acts=(CLOSED,)),
    }
    return cases[name]()


NAMES = (
    "无人报送",
    "全部退回",
    "全部报送",
    "只报一县",
    "名次并列",
    "较上期下降",
    "首次报送",
    "少数州市报送",
    "多数州市未报",
    "全部完成",
    "一州迟报",
    "事后更正",
    "本期封存",
)


def returned(program_findings: int = 2) -> ReturnedCopy:
    """A copy that goes back to 迪庆州 with some findings."""
    field = PROGRAM.forms[0].fields[0]
    kinds = ("CELL_APPROXIMATE", "CELL_NOT_A_NUMBER", "REQUIRED", "LOOK_AGAIN")
    found: tuple[Finding, ...] = tuple(
        finding(
            kinds[n % len(kinds)],
            found="" if n % len(kinds) == 2 else f"约{n}",
            expected="0或正整数（单位：场）",
            file="报表.xlsx",
            sheet=PROGRAM.forms[0].sheet,
            cell=f"E{8 + n % 3}",
            prefecture_code=DIQING,
            county_code=(FIRST, SECOND)[n % 2],
            field=field.code,
        )
        for n in range(program_findings)
    )
    return ReturnedCopy(
        program=PROGRAM,
        key=KEY,
        rules={},
        period=PROGRAM.period_by_code["2023-02"],
        prefecture=PROGRAM.prefecture_by_code[DIQING],
        seq=7,
        file="inbox/迪庆州报表.xlsx",
        sha256="0",
        conclusion="部分退回：香格里拉市须改正后重报；其余2个县（市、区）已接收，不必重报。",
        findings=found,
        sheets={PROGRAM.forms[0].sheet: PROGRAM.forms[0].code},
        entries={},
        strays=(),
        cover={},
        previous={},
        list_rows={},
        base={},
    )
