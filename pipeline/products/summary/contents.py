"""目录: the days the book stands for, what its colours mean, and a link to every sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, State
from pipeline.forms.style import ok
from pipeline.products.summary.overview import COUNTIES, FIRST_ROW, PCT, PREFECTURES, STATE_COL, WHOLE_ROW
from pipeline.products.summary.style import NUMBERS_AS, height_of, write_formula, write_text, write_value
from pipeline.products.wording import cn_date
from pipeline.program.layout import address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.style import Look

_MEANINGS = {
    State.ACCEPTED: "报来并通过检查，计入统计",
    State.NIL: "本期无新进展，沿用上次已接收的数，计入统计",
    State.RETURNED: "有错退回，改正报来之前不计入；各表中画橙色斜纹",
    State.UNUSABLE: "收到的表整份不能采用、没有填报，或要等办公室认定；重报、认定之前不计入；各表中画棕色斜纹",
    State.UNREAD: "收件箱里有所属州（市）的文件，程序没有读成；不计入；各表中画紫色斜纹",
    State.MISSING: "没有收到，不计入，也不按零计；各表中画灰色斜纹",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A sheet as the contents tell of it."""

    sheet: str
    what: str
    covers: str


def contents(sheet: Any, f: Look, m: PeriodMeasures, listed: Sequence[Listed]) -> None:
    """What the book covers, what its colours mean, and a link to every sheet."""
    w = m.program.words
    sheet.hide_gridlines(2)
    for col, width in enumerate((7, 25, 60, 26)):
        sheet.set_column(col, col, width)
    sheet.set_row(0, 34)
    write_text(sheet, 0, 0, f"{m.program.title}{w.whole}汇总（{m.period.title}）", f.title)
    row = _facts(sheet, f, m, 1)
    row = _states(sheet, f, m, row + 1)
    _links(sheet, f, listed, row + 1)
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&8第 &P 页，共 &N 页")


def _facts(sheet: Any, f: Look, m: PeriodMeasures, row: int) -> int:
    """The days it stands for and the province's share, a line each; gives the next row."""
    w = m.program.words
    done = m.now.province
    facts = (
        ("数据截至", cn_date(m.period.end)),
        ("报送截至", f"{cn_date(m.snapshot.as_of)}收到的报表"),
        ("覆盖", f"按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}"),
    )
    for label, text in facts:
        write_text(sheet, row, 0, label, f.note)
        write_text(sheet, row, 1, text, f.note)
        row += 1
    write_text(sheet, row, 0, "完成率", f.note)
    if done.pct is None:
        write_text(sheet, row, 1, f"本期没有已报的{w.row}，不作完成情况统计", f.note)
    else:
        there = m.program.worded(PREFECTURES)
        share = f"'{there}'!{address(WHOLE_ROW, PCT)}"
        formula = f'="{w.whole}"&TEXT({share},"{NUMBERS_AS["pct"]}")&"，为达标数占应达标数的比例，见“{there}”"'
        write_formula(
            sheet,
            row,
            1,
            formula,
            f.note,
            f"{w.whole}{done.met / done.applicable:.1%}，为达标数占应达标数的比例，见“{there}”",
        )
    return row + 1


def _states(sheet: Any, f: Look, m: PeriodMeasures, row: int) -> int:
    """The legend: each state, what it means, how many counties are in it."""
    w = m.program.words
    for col, text in enumerate(("图例", "状态", "含义", f"{w.row}数")):
        write_text(sheet, row, col, text, f.head)
    last = FIRST_ROW + len(m.program.measured) - 1
    for state in State:
        row += 1
        write_text(sheet, row, 0, "", f.states[state] if state.is_reported else f.hatched[state])
        write_text(sheet, row, 1, STATE_NAMES[state], f.states[state])
        write_text(sheet, row, 2, m.program.worded(_MEANINGS[state]), f.text)
        cells = f"'{m.program.worded(COUNTIES)}'!{address(FIRST_ROW, STATE_COL)}:{address(last, STATE_COL)}"
        formula = f'=COUNTIF({cells},"{STATE_NAMES[state]}")'
        write_formula(sheet, row, 3, formula, f.number("count"), m.states[state])
    return row + 1


def _links(sheet: Any, f: Look, listed: Sequence[Listed], row: int) -> None:
    for col, text in enumerate(("序号", "工作表", "内容", "覆盖")):
        write_text(sheet, row, col, text, f.head)
    for no, one in enumerate(listed, 1):
        write_value(sheet, f, row + no, 0, no, "plain")
        ok(sheet.write_url(row + no, 1, f"internal:'{one.sheet}'!A1", f.link, one.sheet))
        write_text(sheet, row + no, 2, one.what, f.text)
        write_text(sheet, row + no, 3, one.covers, f.text)
        sheet.set_row(row + no, height_of(((one.what, 60), (one.covers, 26))))
