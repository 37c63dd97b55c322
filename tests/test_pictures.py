"""Pictures from measures: every period of every sort of campaign, whatever was reported, and the cache they are kept in."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import docx
import pytest
from PIL import Image

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.obligation import Reason, Timeliness
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.period import measure_period
from pipeline.products import wording
from pipeline.products.documents.template_names import PICTURES, TEMPLATE_NAMES
from pipeline.products.documents.word import lint_template, render
from pipeline.products.drawing import cache as chart_cache
from pipeline.products.drawing.answers import CountCell
from pipeline.products.drawing.cache import drawn, key
from pipeline.products.pictures.calendar import MOST_COLUMNS, _columns, _head, _place_of
from pipeline.products.pictures.heat import heatmap
from pipeline.products.pictures.rank import RankRow, ranking
from pipeline.products.pictures.registry import kinds, pictures
from pipeline.program.calendar import Calendar
from pipeline.program.model import NO, NOT_APPLICABLE, YES, FieldType
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tests.builder import ROOT, campaign, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Program, Unit

    Typed = Callable[[Field, Unit, int], Value]

SIX = ("rank", "trend", "heat", "bullet", "map", "timely")
FURTHER = ("funding", "problems", "calendar", "milestones", "survey", "ten_tasks")
HOSTILE = "<script>alert(1)</script> $x$ {{7*7}} “三产”"


def usual(one: Field, unit: Unit, no: int) -> Value:
    """A figure that grows from period to period and differs from county to county."""
    seed = (int(unit.code) * 7 + sum(map(ord, one.code)) * 13) % 17
    if one.not_applicable and seed == 5:
        return NOT_APPLICABLE
    by_type: dict[FieldType, Value] = {
        FieldType.COUNT: seed + 2 * no,
        FieldType.AMOUNT: Decimal(seed + no) / Decimal("3.2"),
        FieldType.YESNO: YES if seed < 4 + 2 * no else NO,
        FieldType.DATE: date(2022, 10, 20) + timedelta(days=9 * seed),
        FieldType.CHECKLIST: "、".join(one.options[: 1 + seed % max(len(one.options), 1)]),
    }
    return by_type.get(one.type, one.options[seed % len(one.options)] if one.options else HOSTILE)


def same(figure: int, answer: str) -> Typed:
    """Everybody gives one figure and one answer."""

    def typed(one: Field, unit: Unit, no: int) -> Value:
        if one.type in {FieldType.COUNT, FieldType.AMOUNT}:
            return figure if one.type is FieldType.COUNT else Decimal(figure)
        if one.type is FieldType.YESNO:
            return answer
        return "、".join(one.options) if one.type is FieldType.CHECKLIST else usual(one, unit, no)

    return typed


@cache
def shot(program_name: str, as_of: date, typed: Typed = usual, silent: frozenset[str] = frozenset()) -> Snapshot:
    """What has been received by a day; the units of the silent prefectures or counties never report."""
    program = PROGRAMS[program_name]()
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = {}
    records: list[DecidedRecord] = []
    submissions: list[Submission] = []
    for period in program.periods:
        for place, prefecture in enumerate(program.prefectures):
            day = period.due_on + timedelta(days=4 if place == 3 else -1)
            if prefecture.code in silent or day > as_of:
                continue
            seq = len(submissions) + 1
            submissions.append(
                Submission(
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
                    sheets={f.code: f.sheet for f in program.forms},
                    columns={f.code: {} for f in program.forms},
                )
            )
            units: tuple[Unit, ...] = (prefecture, *program.counties_of(prefecture.code))
            for unit in (unit for unit in units if unit.code not in silent):
                records.append(DecidedRecord(period.code, unit.code, State.ACCEPTED, seq, day))
                for form in program.roster_of(unit):
                    there = {f.code: typed(f, unit, period.no) for f in form.fields_in(period) if not f.shows}
                    where = (form.code, period.code, unit.code)
                    rows[where] = _row(seq, day, where, there)
            for form in program.list_forms:
                where = (form.code, period.code, prefecture.code)
                entries = [{f.code: _listed(f, place + n, period.end) for f in form.fields} for n in range(place % 3)]
                lists[where] = tuple(
                    _row(seq, day, where, one, f"{prefecture.code}-{period.no}{n}") for n, one in enumerate(entries)
                )
    return Snapshot(
        as_of=as_of,
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        records=tuple(records),
        rows=rows,
        lists=lists,
    )


def _row(seq: int, day: date, where: tuple[str, str, str], values: dict[str, Value], number: str = "") -> AcceptedRow:
    form, period, unit = where
    return AcceptedRow(
        seq=seq,
        form=form,
        period=period,
        county_code=unit,
        entry=number,
        sheet_row=8,
        nil=False,
        received_on=day,
        typed={},
        values={k: v for k, v in values.items() if v is not None},
    )


def _listed(one: Field, seed: int, end: date) -> Value:
    if one.type is FieldType.DATE:
        return None if one.role == "closed_on" and seed % 3 else end + timedelta(days=20 * (seed % 5) - 15)
    return one.options[seed % len(one.options)] if one.options else HOSTILE


def _one_county() -> Program:
    program = whole_campaign().program
    return replace(program, prefectures=program.prefectures[:1], counties=program.counties[:1])


PROGRAMS: dict[str, Callable[[], Program]] = {
    "whole": lambda: whole_campaign().program,
    "actions": lambda: campaign().program,
    "ningchuan": cache(lambda: load_campaign(Workspace(root=ROOT / "tests" / "examples" / "ningchuan")).program),
    "one county": cache(_one_county),
}


@cache
def measures(name: str, period_no: int, typed: Typed = usual, silent: frozenset[str] = frozenset()) -> PeriodMeasures:
    program = PROGRAMS[name]()
    period = program.periods[period_no]
    as_of = period.due_on + timedelta(days=9)
    return measure_period(program, shot(name, as_of, typed, silent), Calendar(), period)


def everybody(name: str) -> frozenset[str]:
    return frozenset(p.code for p in PROGRAMS[name]().prefectures)


@cache
def made(name: str, period_no: int, typed: Typed = usual, silent: frozenset[str] = frozenset()) -> dict[str, Any]:
    return pictures(measures(name, period_no, typed, silent))


ZEROS, ALL, HUGE = same(0, NO), same(1000, YES), same(10**9, YES)


@pytest.mark.parametrize("no", range(6))
def test_the_whole_campaign_has_all_twelve_in_every_period(no: int) -> None:
    found = made("whole", no)
    assert tuple(found) == SIX + FURTHER
    for name, one in found.items():
        image = Image.open(io.BytesIO(one.png))
        across, down = image.info["dpi"]
        assert image.width / across * 25.4 == pytest.approx(156, abs=0.1), name
        assert 20 < image.height / down * 25.4 <= 100.1, name
        assert set(image.info) <= {"dpi"}
        assert one.alt.endswith("。")
        assert "None" not in one.alt


@pytest.mark.parametrize("typed", [ZEROS, ALL, HUGE], ids=["zeros", "all", "10^9"])
def test_extreme_figures_are_drawn(typed: Typed) -> None:
    assert tuple(made("whole", 5, typed)) == SIX + FURTHER


@pytest.mark.parametrize("no", [0, 5])
def test_where_nobody_reported_only_what_can_be_told_is_drawn(no: int) -> None:
    assert tuple(made("whole", no, usual, everybody("whole"))) == (*SIX, "calendar")


def test_one_county_of_many_is_enough_for_a_picture() -> None:
    program = PROGRAMS["whole"]()
    silent = (
        {p.code for p in program.prefectures[1:]}
        | {c.code for c in program.counties[1:]}
        | {program.prefectures[0].code}
    )
    heard = measures("whole", 1, usual, frozenset(silent - {program.prefectures[0].code}))
    assert heard.reported == 1
    assert {"funding", "milestones", "survey", "ten_tasks"} <= set(pictures(heard))


@pytest.mark.parametrize("silent", [False, True])
def test_a_campaign_of_one_county(silent: bool) -> None:
    assert set(SIX) <= set(made("one county", 2, usual, everybody("one county") if silent else frozenset()))


@pytest.mark.parametrize("no", [0, 5])
def test_a_campaign_of_actions_only_has_no_picture_of_what_it_lacks(no: int) -> None:
    assert tuple(made("actions", no)) == (*SIX, "calendar")


def test_another_campaign_in_each_of_its_periods() -> None:
    for no in range(len(PROGRAMS["ningchuan"]().periods)):
        assert set(SIX) <= set(made("ningchuan", no))
        assert set(SIX) <= set(made("ningchuan", no, usual, everybody("ningchuan")))


def test_the_same_measures_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.products.pictures.registry.drawn", drawn)  # drawn anew, whoever drew it before
    again = pictures(measures.__wrapped__("whole", 3))
    assert {name: one.png for name, one in again.items()} == {name: one.png for name, one in made("whole", 3).items()}


def test_every_picture_has_a_file_a_name_for_templates_and_words() -> None:
    assert tuple(kinds()) == SIX + FURTHER
    assert ("pictures", *(f"pictures.{name}" for name in kinds())) == PICTURES
    assert [one.number for one in kinds().values()] == [*range(1, 13)]


@pytest.mark.parametrize("period", [0, 1])
def test_a_template_asks_first_whether_there_is_a_picture(tmp_path: Path, period: int) -> None:
    template = tmp_path / "季度通报.docx"
    document = docx.Document()
    for text in (
        "{%p if pictures.ten_tasks is defined %}",
        "{{ pictures.ten_tasks }}",
        "图1  十个一",
        "{%p endif %}",
        "完",
    ):
        document.add_paragraph(text)
    document.save(str(template))
    assert lint_template(template, TEMPLATE_NAMES["季度通报.docx"]) == []
    found = made("actions", 1) if period == 0 else made("whole", 1)
    printed = docx.Document(io.BytesIO(render(template, {}, found)))
    assert [p.text for p in printed.paragraphs] == (["完"] if period == 0 else ["", "图1  十个一", "完"])
    assert len(printed.inline_shapes) == period


def values(name: str, m: PeriodMeasures) -> tuple[Any, ...]:
    ((_, drawing),) = kinds()[name].drawings(m)
    return tuple(drawing.args)


def unheard(m: PeriodMeasures, prefecture: str) -> PeriodMeasures:
    """The same period, in which nothing came of a prefecture and its counties."""
    seqs = {s.seq for s in m.snapshot.submissions if (s.period, s.prefecture_code) == (m.period.code, prefecture)}
    shot = replace(
        m.snapshot,
        submissions=tuple(s for s in m.snapshot.submissions if s.seq not in seqs),
        records=tuple(record for record in m.snapshot.records if record.seq not in seqs),
        rows={key: row for key, row in m.snapshot.rows.items() if row.seq not in seqs},
        lists={key: some for key, some in m.snapshot.lists.items() if key[1:] != (m.period.code, prefecture)},
    )
    return measure_period(m.whole, shot, Calendar(), m.period)


def test_silence_undoes_nothing_in_a_picture() -> None:
    """What a prefecture reported before stays done, met and summed; only who reported is fewer."""
    earlier, heard = measures("whole", 2), measures("whole", 3)
    silent = unheard(heard, "530100")
    assert silent.reported < heard.reported
    for name in ("bullet", "milestones", "survey", "ten_tasks", "funding"):
        assert str(len(silent.program.counties_of("530100"))) in "".join(
            str(words)
            for _, drawing in kinds()[name].drawings(silent)
            for words in (*drawing.args, *drawing.keywords.values())
            if isinstance(words, str)
        ), name
    before, after, full = (
        {row.label: row for group in values("milestones", m)[0] for row in group.rows} for m in (earlier, silent, heard)
    )
    for label, row in after.items():
        assert sum(row.counts) == sum(full[label].counts)
        assert row.alarm <= full[label].alarm
        if label in before:
            assert sum(row.counts[:2]) >= sum(before[label].counts[:2]), label
    bars = [{row.label: row for row in values("bullet", m)[0]} for m in (earlier, silent)]
    assert bars[0].keys() & bars[1].keys()
    for label in bars[0].keys() & bars[1].keys():
        assert bars[1][label].actual >= bars[0][label].actual
        assert bars[1][label].applicable == bars[0][label].applicable
        assert bars[1][label].reported < bars[0][label].reported


def test_the_trend_is_bounded_where_somebody_is_silent() -> None:
    m = unheard(measures("whole", 3), "530100")
    (points,) = values("trend", m)
    done = m.now.province
    last = points[3]
    assert (last.province_pct, last.known_pct) == (done.pct, done.known_pct)
    assert (last.least_pct, last.most_pct) == (done.least_pct, done.most_pct)
    assert last.least_pct < last.province_pct < last.most_pct
    assert (last.reported, last.roster) == (m.reported, 129)
    assert [point.is_open for point in points] == [False, False, False, True, False, False]
    assert [point.roster for point in points[4:]] == [0, 0]
    alt = kinds()["trend"].alt_text(m)
    for bound in (done.pct, done.known_pct, done.least_pct, done.most_pct):
        assert bound is not None
        assert f"{wording.one_decimal(bound)}%" in alt


def test_prefectures_stand_in_bands_and_never_by_small_differences() -> None:
    m = unheard(measures("whole", 3), "530100")
    rows, whole, pct, seen = values("rank", m)
    assert (whole, pct) == ("全省", m.now.province.pct)
    by_name = {p.short_name: p for p in m.program.prefectures}
    assert [by_name[row.name] for row in rows] == list(m.prefecture_order)
    assert (rows[-1].name, rows[-1].band, rows[-1].completion_pct) == ("昆明市", None, None)
    for row in rows[:-1]:
        standing = m.bands[by_name[row.name].code]
        assert (row.band, row.low_pct, row.high_pct) == (standing.band, standing.low_pct, standing.high_pct)
        assert row.apart == (not standing.low_pct <= row.completion_pct <= standing.high_pct)
    named = [row.name for row in rows if row.apart]
    assert seen == ("各州（市）差异不超出正常波动" if not named else seen)
    assert all(name in seen for name in named)
    assert kinds()["rank"].alt_text(m).startswith(f"2023年5—6月各州（市）完成率；{seen}；")


def test_a_prefecture_far_from_the_others_is_named() -> None:
    def poor(one: Field, unit: Unit, no: int) -> Value:
        nothing = unit.prefecture_code == "530100" or unit.code == "530100"
        return same(0, NO)(one, unit, no) if nothing else same(1000, YES)(one, unit, no)

    m = measure_period(
        PROGRAMS["whole"](),
        shot.__wrapped__("whole", date(2023, 7, 20), poor),
        Calendar(),
        PROGRAMS["whole"]().periods[3],
    )
    rows, *_, seen = values("rank", m)
    assert [row.name for row in rows if row.band == "居后"] == ["昆明市"]
    assert rows[-1].name == "昆明市"
    assert "居后的昆明市" in seen


def test_what_the_silent_owe_is_not_overdue_in_the_calendar() -> None:
    heard = measures("whole", 3)
    silent = unheard(heard, "530100")
    unclear = [o for o in silent.obligations if o.timeliness is Timeliness.UNCLEAR]
    cells = [due for row in values("calendar", silent)[0] for due in row.cells if due]
    assert unclear
    assert sum(due.unclear for due in cells) >= len(unclear)
    assert sum(due.overdue for due in cells) == sum(o.overdue for o in silent.obligations)
    assert f"情况不明{len(unclear)}件" in kinds()["calendar"].alt_text(silent)
    assert {o.reason for o in unclear}.isdisjoint({Reason.NOT_DONE, Reason.OPEN, Reason.NO_ENTRY})


def test_a_grid_of_rates_says_whose_do_not_cover_all() -> None:
    names = values("heat", unheard(measures("whole", 3), "530100"))
    assert names[0][0] == "昆明市"
    assert names[-1].startswith("全省 ")
    part = measures("whole", 3, usual, frozenset({"530102"}))
    assert values("heat", part)[0][0] == "昆明市 13/14"


def test_problems_in_the_picture_are_those_of_the_measure() -> None:
    m = measures("whole", 3)
    assert m.systems.problems is not None
    (total,), by_category, by_level = (group.rows for group in values("problems", m)[0])
    count = m.systems.problems.province
    assert count is not None
    assert (sum(total.counts), total.counts[0], total.alarm) == (count.total, count.closed, count.overdue)
    for rows in (by_category, by_level):
        assert sum(sum(row.counts) for row in rows) == count.total
        assert sum(row.alarm for row in rows) == count.overdue


def test_the_picture_of_problems_says_who_sent_a_list() -> None:
    ((_, drawing),) = kinds()["problems"].drawings(measures("whole", 3, usual, frozenset({"530100"})))
    assert "15/16个" in drawing.keywords["foot"]


def test_the_calendar_holds_every_obligation_once() -> None:
    m = measures("whole", 5)
    cells = [due for row in values("calendar", m)[0] for due in row.cells if due]
    assert sum(due.told + due.unknown for due in cells) == len(m.obligations)
    assert sum(due.overdue for due in cells) == sum(o.overdue for o in m.obligations)


def test_the_calendar_tells_what_is_still_to_come() -> None:
    m = measures("whole", 0)
    rows = {(row.name, row.who): row for row in values("calendar", m)[0]}
    reports = [due for due in rows["工作推进信息", "州（市）总工会"].cells if due]
    assert [due.told for due in reports] == [16] * 6
    assert [due.not_due for due in reports] == [0, 16, 16, 16, 16, 16]


def test_a_far_off_day_of_an_officer_does_not_stretch_the_calendar() -> None:
    days = [date(2022, 10, 31), date(2023, 12, 31)]
    columns = _columns(days)
    assert [len(one) for one in columns] == [1] * 15
    longer = _columns([*days, date(2026, 5, 1)])
    assert len(longer) <= MOST_COLUMNS
    assert longer[0][0] % 12 in {0, 3, 6, 9}
    assert _head(columns[-1], earlier=False, later=True) == ("2023年", "12月起")
    assert _place_of(date(2022, 9, 30), columns) is None
    assert _place_of(date(2024, 1, 1), columns) is None


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("bullet", {"_MOST_ROWS": 5}),
        ("funding", {"_MOST_LINES": 4}),
        ("milestones", {"MOST_ROWS": 4}),
        ("problems", {"MOST_ROWS": 4}),
        ("survey", {"MOST_SHARES": 6}),
        ("ten_tasks", {"MOST_SHARES": 5, "MOST_COUNTS": 9}),
    ],
)
def test_no_row_is_left_out_what_does_not_fit_on_one_sheet_is_on_the_next(
    name: str, most: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    m, kind = measures("whole", 5), kinds()[name]
    ((_, one),) = kind.drawings(m)
    for limit, rows in most.items():
        monkeypatch.setattr(f"pipeline.products.pictures.{name}.{limit}", rows)
    several = kind.drawings(m)
    assert len({of for of, _ in several}) == len(several) > 1
    for each in (shares_of, counts_of):
        assert [row for _, drawing in several for row in each(drawing)] == each(one)
    assert len(shares_of(one)) > 5
    for _, drawing in several:
        drawing()


def shares_of(drawing: partial[bytes]) -> list[Any]:
    """The rows of a drawing, without the headings they stand under."""
    return [row for some in drawing.args[0] for row in getattr(some, "rows", [some])]


def counts_of(drawing: partial[bytes]) -> list[Any]:
    """The sums under them, if any."""
    return [row for some in drawing.args[1:] for row in some if isinstance(row, CountCell)]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("是否已制定方案", "已制定方案"),
        ("机构是否建立", "机构已建立"),
        ("是否健全机制", "健全机制"),
        ("有无文化宫", "有文化宫"),
        ("报告是否已提交", "报告已提交"),
        ("场次", "场次"),
    ],
)
def test_questions_are_written_as_what_yes_says(question: str, said: str) -> None:
    assert wording.statement(question) == said


def test_funding_speaks_of_nobody_only_where_nobody_spoke() -> None:
    first, last = (values("funding", measures("whole", no))[0] for no in (0, 5))
    assert [row.label for row in first] == [row.label for row in last]
    assert all(row.arrived is not None and row.reported for row in last)
    matched = [row for row in last if row.match_planned]
    assert [row.match_planned for row in matched] == [row.planned for row in matched]
    assert all(row.matched is None for row in last if not row.match_planned)


def test_those_to_whom_a_question_does_not_apply_have_reported() -> None:
    rows = values("survey", measures("whole", 2))[0]
    assert any(row.answered < row.reported for row in rows)
    assert all(row.met <= row.answered <= row.reported <= row.roster for row in rows)


def drawing(value: float = 33.3) -> chart_cache.Drawing:
    row = RankRow(
        name="云县",
        band=None,
        completion_pct=value,
        change_pp=None,
        previous_pct=None,
        low_pct=None,
        high_pct=None,
        reported=1,
        roster=2,
    )
    return partial(ranking, [row], "全省", 50.0)


def test_the_cache_gives_the_bytes_that_drawing_gives(tmp_path: Path) -> None:
    fresh = drawing()()
    assert drawn(drawing(), None) == drawn(drawing(), tmp_path) == drawn(drawing(), tmp_path) == fresh
    assert [file.name for file in tmp_path.iterdir()] == [f"{key(drawing())}.png"]
    assert Image.open(io.BytesIO(next(tmp_path.iterdir()).read_bytes())).size[0] == 1351


def test_a_kept_picture_is_not_drawn_again(tmp_path: Path) -> None:
    calls: list[float] = []

    def once(value: float) -> bytes:
        calls.append(value)
        return b"kept"

    assert drawn(partial(once, 1.0), tmp_path, b"key") == drawn(partial(once, 1.0), tmp_path, b"key") == b"kept"
    assert calls == [1.0]


def test_a_picture_put_there_by_somebody_without_the_key_is_drawn_anew(tmp_path: Path) -> None:
    """Made to fit by whoever knows how it is kept; or another picture's entry, whole, under this one's name."""
    one, other = drawing(), drawing(99.9)
    pngs = [drawn(each, tmp_path, b"the office's") for each in (one, other)]
    place, of_other = (tmp_path / f"{key(each)}.png" for each in (one, other))
    for entry in (b"forged" + hashlib.sha256(b"forged").digest(), of_other.read_bytes()):
        place.write_bytes(entry)
        assert drawn(one, tmp_path, b"the office's") == pngs[0]


@pytest.mark.parametrize("damage", [b"", b"x", b"\x89PNG" * 99, None], ids=["empty", "one byte", "wrong", "cut short"])
def test_a_damaged_entry_is_drawn_anew(tmp_path: Path, damage: bytes | None) -> None:
    drawn(drawing(), tmp_path)
    kept = next(tmp_path.iterdir())
    good = kept.read_bytes()
    kept.write_bytes(good[: len(good) // 2] if damage is None else damage)
    assert drawn(drawing(), tmp_path) == drawing()()
    assert kept.read_bytes() == good


def test_a_folder_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    assert drawn(drawing(), blocked / "图") == drawing()()
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_the_key_tells_apart_whatever_changes_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = drawing(), drawing(33.4)
    keys = {
        key(one),
        key(other),
        key(partial(one.func, one.args[0], "全市", 50.0)),
        key(partial(heatmap, *one.args)),
    }
    assert len(keys) == 4
    assert key(one) == key(drawing())
    chart_cache.style.cache_clear()
    monkeypatch.setattr(chart_cache, "version", lambda name: f"{name}-another")
    try:
        assert key(one) not in keys
    finally:
        chart_cache.style.cache_clear()


def test_a_value_whose_text_is_not_certain_has_no_key() -> None:
    with pytest.raises(TypeError, match="set"):
        key(partial(ranking, {1, 2}))  # type: ignore[arg-type]


def test_values_that_look_alike_have_keys_of_their_own() -> None:
    alike: list[Any] = [1, 1.0, "1", True, Decimal(1), Decimal("1.0")]
    assert len({key(partial(ranking, [value])) for value in alike}) == len(alike)


def test_a_second_run_takes_a_fraction_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.products.pictures.registry.drawn", drawn)  # nobody has drawn them before
    m = measures("whole", 2)
    spent = []
    for _ in range(2):
        start = time.process_time()
        found = pictures(m, tmp_path)
        spent.append(time.process_time() - start)
    assert {n: p.png for n, p in found.items()} == {n: p.png for n, p in made("whole", 2).items()}
    assert spent[1] < spent[0] / 2
