"""目录: the days the book stands for, what its colours mean, and a link to every sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.state import STATE_NAMES, State
from pipeline.domain.text import cn_date
from pipeline.products.coverage import bounds_of
from pipeline.products.summary.registry import FRONT, SummarySheet, known_note
from pipeline.products.summary.sheets.counties import COUNTIES, STATE_COL
from pipeline.products.summary.sheets.prefectures import PCT, PREFECTURES, WHOLE_ROW
from pipeline.products.summary.style import CONTENTS, FIRST_ROW, SHARE_AS, Put, hatched, height_of
from pipeline.products.wording import one_decimal
from pipeline.program.layout import address

if TYPE_CHECKING:
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_MEANINGS = {
    State.ACCEPTED: "报来并通过检查，计入统计",
    State.NIL: "各行都选了“√”：核对过、没有新进展，沿用上次已接收的数，计入统计",
    State.RETURNED: "有错退回，改正报来之前不计入完成率；报过的数沿用上次，没有报过的画橙色斜纹",
    State.UNUSABLE: "收到的表整份不能采用、没有填报，或要等办公室认定；重报、认定之前不计入完成率；报过的数沿用上次，没有报过的画棕色斜纹",
    State.UNREAD: "收件箱里有所属州（市）的文件，程序没有读成；不计入完成率；报过的数沿用上次，没有报过的画紫色斜纹",
    State.MISSING: "没有收到，不计入完成率，也不按零计；报过的数沿用上次，没有报过的画灰色斜纹",
}
_WIDTHS = (7, 25, 60, 26)


def _write(s: Summary, pen: Pen) -> None:
    sheet, m = pen.sheet, s.m
    sheet.hide_gridlines(2)
    for col, width in enumerate(_WIDTHS):
        sheet.set_column(col, col, width)
    sheet.set_row(0, 34)
    pen.put(0, 0, f"{m.program.title}{m.program.words.whole}汇总（{m.period.title}）", "title")
    facts = _facts(s)
    for row, (label, said) in enumerate(facts, 1):
        pen.line(row, (label, said), "note")
    row = _states(s, pen, len(facts) + 2)
    _links(s, pen, row + 2)
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&8第 &P 页，共 &N 页")


def _facts(s: Summary) -> tuple[tuple[str, str | Put], ...]:
    """The days it stands for and the province's share."""
    m, w, done = s.m, s.m.program.words, s.m.now.province
    share: str | Put = f"本期没有已报的{w.row}，不作完成情况统计"
    if done.pct is not None:
        there = s.named(PREFECTURES)
        said = f"，为达标数占应达标数的比例，见“{there}”"
        cell = f"'{there}'!{address(WHOLE_ROW, PCT)}"
        shown = SHARE_AS.replace('"', '""')
        formula = f'="{w.whole}"&TEXT({cell},"{shown}")&"{said}"'
        share = Put(f"{w.whole}{one_decimal(done.pct)}%{said}", "note", formula)
    before, bounds = known_note(s), bounds_of(done)
    return (
        ("数据截至", cn_date(m.period.end)),
        ("报送截至", f"{cn_date(m.snapshot.as_of)}收到的报表"),
        ("覆盖", f"按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}"),
        *([("沿用上次", f"各表的合计{before}，完成率不含")] if before else []),
        ("完成率", share),
        *([("可能范围", f"{bounds}（没有报的{w.row}全不达标到全达标）")] if bounds else []),
    )


def _states(s: Summary, pen: Pen, row: int) -> int:
    """The legend: each state, what it means, how many counties are in it; gives its last row."""
    m = s.m
    pen.line(row, ("图例", "状态", "含义", f"{m.program.words.row}数"), "head")
    last = FIRST_ROW + len(m.program.measured) - 1
    cells = f"'{s.named(COUNTIES)}'!{address(FIRST_ROW, STATE_COL)}:{address(last, STATE_COL)}"
    for state, name in ((state, STATE_NAMES[state]) for state in State):
        row += 1
        said = m.program.worded(_MEANINGS[state])
        swatch = f"state {state}" if state.is_reported else hatched(state)
        count = Put(m.states[state], "count", f'=COUNTIF({cells},"{name}")')
        pen.line(row, (Put("", swatch), Put(name, f"state {state}"), Put(said, "wrapped"), count))
        pen.sheet.set_row(row, height_of([(said, _WIDTHS[2])]))
    return row


def _links(s: Summary, pen: Pen, row: int) -> None:
    pen.line(row, ("序号", "工作表", "内容", "覆盖"), "head")
    for no, one in enumerate((one for one in s.sheets if one is not s.sheets[0]), 1):
        what, covers = one.what(s), one.covers(s)
        pen.put(row + no, 0, no, "plain")
        pen.link(row + no, 1, one.name, one.name, "link")
        pen.line(row + no, (what, covers), "wrapped", col=2)
        pen.sheet.set_row(row + no, height_of(list(zip((what, covers), _WIDTHS[2:], strict=True))))


SHEET = SummarySheet(name=CONTENTS, number=0, tab=FRONT, what=lambda _: "", write=_write)
