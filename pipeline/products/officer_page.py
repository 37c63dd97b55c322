"""填报一页通: how the workbook of a period is filled in, in six pictures on one page that goes out with it.

The pictures are of a workbook of a respondent that does not exist: its titles, its states of rows and its words are those the
workbook itself is written with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.forms.confirming import live_line, may_not_fall
from pipeline.forms.issue import sample_issue
from pipeline.forms.self_check import READY
from pipeline.forms.style import BAD, CHANGED, GOOD, GREY, HEAD, INK, LINE, NAVY, TODO, UNASKED
from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import A4_MM, WHITE, Box, Canvas
from pipeline.products.drawing.pdf import pdf_page
from pipeline.program.layout import (
    BEFORE,
    CHECK_SHEET,
    CONFIRMED,
    COUNTY_NAME,
    NEW,
    NIL,
    REMARK,
    STATUS,
    TO_EXPLAIN,
    UNCONFIRMED,
    frame_labels,
    increment_labels,
)
from pipeline.program.model import NO, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.domain.value import Raw
    from pipeline.forms.issue import Issue
    from pipeline.program.layout import SheetLayout
    from pipeline.program.model import Field, Period, Program
    from pipeline.program.rules import Rule

_NAME = "填报一页通"
_MARGIN, _GAP, _TOP, _PANEL = 14.0, 9.0, 36.0, 82.0  # mm
_HEAD, _ROW, _LINE = 19.0, 10.5, 6.0
_TITLE_PT, _HEAD_PT, _CELL_PT, _SAID_PT = 14.0, 8.5, 10.5, 11.0
_WIDTHS = {COUNTY_NAME: 0.75, NIL: 0.8, STATUS: 0.95, REMARK: 1.9}  # shares of a picture; of a figure 1
_CLOSING, _OPENING = "，。；：、”）", "“（"
_PLAIN, _PALE = (WHITE, INK), (WHITE, GREY)
Look = tuple[str, str]
"""Fill and ink of a cell."""


@dataclass(frozen=True, slots=True)
class _Mini:
    """A piece of a sheet: titles, and rows of cells with their looks; the widths of columns, where they differ."""

    titles: tuple[str, ...]
    rows: tuple[tuple[tuple[str, Look], ...], ...]
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Panel:
    """One of the six: what to do, how it looks, and what there is to know."""

    title: str
    picture: _Mini
    said: str


def officer_page(program: Program, rules: Mapping[str, tuple[Rule, ...]], period: Period) -> bytes:
    """The page of a period as a PDF; the same programme and period give the same bytes.

    Raises:
        ChartError: It cannot be drawn as designed.
    """
    return drawn(
        program.short_title, period.title, period.due_on, period.due_words, tuple(_panels(program, rules, period))
    )


@lru_cache(maxsize=16)  # the same for every respondent of a period
def drawn(campaign: str, period: str, due_on: date, due: str, panels: tuple[_Panel, ...]) -> bytes:
    """The page with some panels, two side by side."""
    width, height = A4_MM
    page = Canvas(height, page=True)
    page.boxes([Box(0, 0, width, 27)], NAVY)
    page.text(_MARGIN, 10, _NAME, size=20, colour=WHITE)
    page.text(_MARGIN, 20.5, f"{campaign}　{period}", size=11, colour=WHITE)
    page.text(width - _MARGIN, 20.5, f"报送截止：{due}", size=11, colour=WHITE, align="right")
    wide = (width - 2 * _MARGIN - _GAP) / 2
    for n, panel in enumerate(panels):
        _draw(page, panel, n + 1, _MARGIN + n % 2 * (wide + _GAP), _TOP + n // 2 * _PANEL, wide)
    page.text(_MARGIN, height - 12, "图中的单位和数是示例；各格怎样填，点一下那一格就看得到。", size=9, colour=GREY)
    return pdf_page(page.png(), A4_MM, f"{_NAME}　{campaign}　{period}", due_on)


def _draw(page: Canvas, panel: _Panel, no: int, x: float, y: float, wide: float) -> None:
    page.boxes([Box(x, y, 9, 9)], NAVY)
    page.text(x + 4.5, y + 4.5, str(no), size=_TITLE_PT, colour=WHITE, align="center")
    page.text(x + 12, y + 4.5, panel.title, size=_TITLE_PT, colour=NAVY, room=wide - 12)
    mini, top = panel.picture, y + 13
    shares = mini.shares or (1.0,) * len(mini.titles)
    edges = [x + wide * sum(shares[:n]) / sum(shares) for n in range(len(shares) + 1)]
    for (left, right), title in zip(pairwise(edges), mini.titles, strict=True):
        page.boxes([Box(left, top, right - left, _HEAD)], HEAD, edge=LINE, edge_pt=0.6)
        lines = _wrapped(title, right - left - 1.5, _HEAD_PT)
        for n, line in enumerate(lines):
            at = top + _HEAD / 2 + (n - (len(lines) - 1) / 2) * 4.2
            page.text((left + right) / 2, at, line, size=_HEAD_PT, align="center")
    for row, cells in enumerate(mini.rows):
        at = top + _HEAD + row * _ROW
        for (left, right), (text, (fill, ink)) in zip(pairwise(edges), cells, strict=True):
            page.boxes([Box(left, at, right - left, _ROW)], fill, edge=LINE, edge_pt=0.6)
            lines = _wrapped(text, right - left - 2, _CELL_PT)
            size, step = (_CELL_PT, 0.0) if len(lines) < 2 else (_HEAD_PT, 4.0)  # noqa: PLR2004 - more than one line
            lines = _wrapped(text, right - left - 1.5, size)
            for n, line in enumerate(lines):
                place = (left + right) / 2, at + _ROW / 2 + (n - (len(lines) - 1) / 2) * step
                page.text(*place, line, size=size, colour=ink, align="center")
    below = top + _HEAD + len(mini.rows) * _ROW + 6
    for n, line in enumerate(_wrapped(panel.said, wide, _SAID_PT)):
        page.text(x, below + n * _LINE, line, size=_SAID_PT)


def _wrapped(text: str, room: float, size: float) -> list[str]:
    """Lines that fit; none begins with a closing mark or ends with an opening one."""
    lines = [""]
    for character in text:
        if width_mm(lines[-1] + character, size) > room and lines[-1]:
            taken = len(lines[-1]) > 1 and (character in _CLOSING or lines[-1][-1] in _OPENING)
            carried = lines[-1][-1] if taken else ""
            lines[-1] = lines[-1].removesuffix(carried)
            lines.append(carried)
        lines[-1] += character
    return lines


# --- what the six show ----------------------------------------------------------------------------------------------


def _panels(program: Program, rules: Mapping[str, tuple[Rule, ...]], period: Period) -> Iterator[_Panel]:
    """Of a period whose sheets go out with what was accepted last; of the first, whose sheets are blank."""
    it = sample_issue(program.at(period), rules, period)
    form = next((f for f in it.program.forms if f.confirm and not f.is_list and f.fields_in(period)), None)
    if form is None or period.no == 1:
        yield from _filling(it)
    else:
        yield from _confirming(it, form.code)
    yield from _conditional(it)
    yield _sending(it, form.code if form and period.no > 1 else "")


def _confirming(it: Issue, form: str) -> Iterator[_Panel]:
    """Changed, ticked, explained: five rows of one sheet, each in another state."""
    layout, falling, other = _counts(it, form)
    first, changed, ticked, fell, explained = (unit.code for unit in layout.units)
    adding = next((x for x in layout.fields if x.increment), None)
    base = {(form, unit.code, x.code): 3 for unit in layout.units for x in (falling, other, adding) if x}
    reason = "上期多计一场，核对台账后核减"
    typed: dict[tuple[str, str, str], Raw] = {
        **_changed(form, changed, adding, other),
        (form, ticked, NIL): "√",
        (form, fell, falling.code): 2,
        (form, explained, falling.code): 2,
        (form, explained, REMARK): reason,
    }
    shown = replace(it, entries={**base, **typed}, base=base)
    columns = (COUNTY_NAME, NIL, other.code, falling.code, STATUS)
    yield _Panel(
        "浅色是上次的数",
        _mini(shown, form, columns, (first,)),
        "打开就有上次已接收的数，浅色。还没有看过的行，右边“本行状态”写“未核对”。",
    )
    if adding:
        yield _Panel(
            "有“本期新增”的，只填新增",
            _mini(shown, form, (COUNTY_NAME, *increment_labels(adding), STATUS), (changed,)),
            "累计自动相加；没有新增的填0。别的累计数没有这两格，直接改成从开始到本期末的总数。",
        )
    else:
        yield _Panel(
            "有变化，直接改那一格",
            _mini(shown, form, columns, (changed,)),
            "累计数填从开始到本期末的总数，不是本期新增的数。改过的格变深，本行状态写明改了几格。",
        )
    yield _Panel(
        "没有变化，整行选一个“√”",
        _mini(shown, form, columns, (ticked,)),
        "看过、确实没有变化的行选“√”。没有改也没有选的行，不算报送。",
    )
    why = (COUNTY_NAME, falling.code, STATUS, REMARK)
    yield _Panel(
        f"显示“{TO_EXPLAIN}”，在备注写原因",
        _mini(shown, form, why, (fell, explained)),
        "比上次少了等少见的情况：填错的改过来；情况属实的，在同一行“备注”写明原因，不少于10个字。",
    )


def _changed(form: str, unit: str, adding: Field | None, other: Field) -> dict[tuple[str, str, str], Raw]:
    """What an officer typed who has something to report: what is new, and the total it makes; else a total."""
    if adding is None:
        return {(form, unit, other.code): 5}
    return {(form, unit, NEW + adding.code): 2, (form, unit, adding.code): 5}


def _filling(it: Issue) -> Iterator[_Panel]:
    """Of a blank workbook: what to type, totals, several of a list, nothing new."""
    form = next(f for f in (*it.program.county_forms, *it.program.roster_forms) if f.fields_in(it.period)).code
    layout, total, other = _counts(it, form)
    several = next((x for x in layout.fields if x.type is FieldType.CHECKLIST and len(x.options) > 1), None)
    unit, done = layout.units[0].code, layout.units[-1].code
    typed: dict[tuple[str, str, str], Raw] = {(form, done, total.code): 3, (form, done, other.code): 0}
    shown = replace(it, entries=typed | {(form, unit, NIL): "√"})
    columns = (COUNTY_NAME, NIL, total.code, other.code)
    yield _Panel(
        "白格要填，一行一个单位",
        _mini(it, form, columns, (unit, done)),
        "点一下格子，就看到填什么、单位是什么、目标是多少。没有的填“0”，空着是没有填。",
    )
    yield _Panel(
        "累计数填总数",
        _mini(shown, form, columns, (done,)),
        "从专项工作开始到本期末一共多少，不是本期新增多少。只填数字，不写单位。",
    )
    if several:
        chosen = replace(it, entries={**typed, (form, done, several.code): "、".join(several.options[:2])})
        yield _Panel(
            "可以多选的，用“、”隔开",
            _mini(chosen, form, (COUNTY_NAME, several.code), (done,)),
            f"从{'、'.join(several.options[:4])}中选几项填几项；一项也没有的填“无”。",
        )
    yield _Panel(
        "没有新进展的，选一个“√”",
        _mini(shown, form, columns, (unit,)),
        "整行确实没有新进展的，在“本期无新进展”选“√”，其余各格可以不填。",
    )


def _conditional(it: Issue) -> Iterator[_Panel]:
    """Red and grey, where a sheet has a conditional column."""
    asked = next(
        (
            (form, x, form.fields[[f.code for f in form.fields].index(x.required_if[0])])
            for form in it.program.roster_forms
            for x in form.fields_in(it.period)
            if x.required_if
        ),
        None,
    )
    if asked is None:
        return
    form, column, condition = asked
    wanted = condition.options[0] if condition.type is FieldType.CHOICE else NO
    titles = _titles(it, form.code)
    names = [unit.short_name for unit in it.program.units_of(form, it.prefecture.code)][:2]
    names = names if len(names) > 1 else names * 2
    answers = ((column.required_if or ("", ""))[1], BAD), (wanted, UNASKED)
    rows = tuple(
        ((name, _PLAIN), (answer, _PLAIN), ("", look)) for name, (answer, look) in zip(names, answers, strict=False)
    )
    yield _Panel(
        "变红的必须改，灰格不用填",
        _Mini((titles[COUNTY_NAME], titles[condition.code], titles[column.code]), rows),
        "红格：与别的格对不上，或者缺数，改好才能报送。灰格：条件不具备，空着。",
    )


def _sending(it: Issue, form: str) -> _Panel:
    """What the top of a sheet says before and after; of a blank workbook, its self-check."""
    if form:
        layout, *_ = _counts(it, form)
        base: dict[tuple[str, str, str], Raw] = {(form, unit.code, layout.fields[0].code): 3 for unit in layout.units}
        ticked: dict[tuple[str, str, str], Raw] = {(form, unit.code, NIL): "√" for unit in layout.units}
        open_, done = (live_line(replace(it, entries=base | some, base=base), layout) for some in ({}, ticked))
    else:
        open_, done = "还有 3 个格没有填", READY
    rows = (((open_.split("。")[0], TODO),), ((done, GOOD),))
    ready = f"各表顶上一行变绿、“{CHECK_SHEET}”没有红行" if form else f"“{CHECK_SHEET}”写“{READY}”"
    return _Panel(
        "全变绿，存盘发回",
        _Mini(("表的顶上一行" if form else f"“{CHECK_SHEET}”的顶上一行",), rows),
        f"{ready}，封面填好，就可以存盘发回。截止{it.period.due_words}。",
    )


def _mini(it: Issue, form: str, columns: Sequence[str], units: Sequence[str]) -> _Mini:
    """Some cells of some rows as the workbook shows them."""
    layout = next(x for x in it.layouts() if x.form.code == form)
    titles, names = _titles(it, form), {unit.code: unit.short_name for unit in layout.units}
    titles |= {NIL: CONFIRMED} if layout.confirms else {}
    for x in layout.fields if any(code.startswith(NEW) for code in columns) else ():
        titles |= increment_labels(x)

    def cell(unit: str, code: str) -> tuple[str, Look]:
        if code.startswith(BEFORE):
            return show(it.base.get((form, unit, code.removeprefix(BEFORE)))), UNASKED
        now, before = (show(some.get((form, unit, code))) for some in (it.entries, it.base))
        if code == COUNTY_NAME:
            return names[unit], _PLAIN
        if code == STATUS:
            state = it.states[form, unit]
            return state, TODO if state in {UNCONFIRMED, TO_EXPLAIN} else GOOD
        if code == REMARK:
            return now, TODO if it.states.get((form, unit)) == TO_EXPLAIN else _PLAIN
        return now, _PLAIN if code == NIL or not layout.confirms else _PALE if now == before else CHANGED

    return _Mini(
        titles=tuple(titles[code] for code in columns),
        rows=tuple(tuple(cell(unit, code) for code in columns) for unit in units),
        shares=tuple(_WIDTHS.get(code, 1.0) for code in columns),
    )


def _titles(it: Issue, form: str) -> dict[str, str]:
    """What stands above each column."""
    declared = it.program.form_by_code[form]
    return frame_labels(it.program, declared) | {x.code: x.label for x in declared.fields}


def _counts(it: Issue, form: str) -> tuple[SheetLayout, Field, Field]:
    """A sheet as it is to be confirmed; a total of it that may fall with a reason only, and another figure."""
    base: dict[tuple[str, str, str], Raw] = {(form, "", ""): 1}
    layout = next(x for x in replace(it, base=base).layouts() if x.form.code == form)
    counts = [x for x in layout.fields if x.type is FieldType.COUNT]
    falling = [x for x in counts if any(may_not_fall(rule, x.code) for rule in it.rules.get(form, ()))]
    first = next(iter(falling), counts[0])
    return layout, first, next((x for x in counts if x is not first), first)
