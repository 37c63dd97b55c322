"""全省汇总.xlsx: what staff would build by hand. Contents, charts, prefectures, counties, and one sheet per form.

Sums and shares are formulas with their results beside them: the province's share leads to the prefectures, to the
counties, to the sheet of an action, and from a county's row there to the file, sheet and cell it was read from.
"""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipeline.forms.style import FONT, PlainSheet
from pipeline.products.summary.charts import CHARTS, charts_sheet, trend_chart
from pipeline.products.summary.contents import Listed, contents
from pipeline.products.summary.forms import form_sheet, scores_of
from pipeline.products.summary.grid import grids, scored
from pipeline.products.summary.lists import ODD, SURVEY, coverage_of_list, list_sheet, odd_sheet, survey_sheet
from pipeline.products.summary.overview import (
    COUNTIES,
    PREFECTURES,
    TREND,
    counties_sheet,
    prefectures_sheet,
    trend_sheet,
)
from pipeline.products.summary.style import CONTENTS, Look

if TYPE_CHECKING:
    from pipeline.measures.figures import Values
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.grid import Grid
    from pipeline.program.model import Form

__all__ = ["SURVEY", "summary_workbook"]

_TABS = {
    CONTENTS: "#1F3864",
    CHARTS: "#1F3864",
    PREFECTURES: "#1F3864",
    COUNTIES: "#1F3864",
    TREND: "#1F3864",
    SURVEY: "#8A94A0",
    ODD: "#E0A84A",
}
OF_ACTIONS, OF_OTHERS = "#5B84BD", "#9DB8DC"


def summary_workbook(m: PeriodMeasures) -> bytes:
    """Write the workbook. Sums are over reported counties only; a cell nobody reported is hatched, never 0."""
    w = m.program.words
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "default_format_properties": {"font_name": FONT, "font_size": 11}}
    )
    book.set_properties(
        {"title": f"{w.whole}汇总 {m.period.title}", "created": datetime.combine(m.snapshot.as_of, time())}
    )
    f, values = Look(book), m.snapshot.values(m.program, m.period)
    by_form = grids(m, values)
    actions, absences = scored(by_form.values()), _absences(m, values)
    listed = _listed(m, by_form, values)
    sheets = {
        name: _add(book, m.program.worded(name), _TABS[name])
        for name in (CONTENTS, CHARTS, PREFECTURES, COUNTIES, TREND)
    }
    contents(sheets[CONTENTS], f, m, listed)
    charts_sheet(book, sheets[CHARTS], f, m, actions)
    prefectures_sheet(sheets[PREFECTURES], f, m, actions)
    counties_sheet(sheets[COUNTIES], f, m, actions, absences)
    trend_sheet(sheets[TREND], f, m)
    trend_chart(book, sheets[TREND], m)
    scores = scores_of(m)
    for form in m.program.forms:
        sheet = _add(book, form.sheet, OF_ACTIONS if form.action else OF_OTHERS)
        if form.is_list:
            list_sheet(sheet, f, m, form)
        else:
            form_sheet(sheet, f, m, by_form[form.code], values, absences, scores)
    if m.systems.survey:
        survey_sheet(_add(book, SURVEY, _TABS[SURVEY]), f, m, by_form)
    odd_sheet(_add(book, ODD, _TABS[ODD]), f, m)
    book.close()
    return out.getvalue()


def _add(book: xlsxwriter.Workbook, name: str, color: str) -> Any:
    sheet = book.add_worksheet(name, PlainSheet)
    sheet.set_tab_color(color)
    return sheet


def _absences(m: PeriodMeasures, values: Values) -> dict[str, str]:
    """Unit → why nothing of it stands."""
    return {unit.code: m.snapshot.absence(m.period, unit) for unit in m.program.reporters if unit.code not in values}


def _listed(m: PeriodMeasures, by_form: dict[str, Grid], values: Values) -> list[Listed]:
    """Every sheet after the contents, in order."""
    w = m.program.words
    counties = f"已报{m.reported}/{len(m.program.measured)}{w.rows}"
    first = [
        Listed(sheet=CHARTS, what="完成率、报送状态、各行动和各期的图，随各表的数变动", covers=counties),
        Listed(
            sheet=m.program.worded(PREFECTURES),
            covers=counties,
            what=f"{len(m.program.prefectures)}{w.respondents}的排名、报送状态、完成率和各行动完成率",
        ),
        Listed(
            sheet=m.program.worded(COUNTIES),
            what=f"各{w.row}的状态、收到日期、达标数、完成率和没有计入的原因",
            covers=counties,
        ),
        Listed(sheet=TREND, what="各期完成率与时间进度", covers=f"{len(m.scores)}期"),
    ]
    forms = [Listed(sheet=x.sheet, what=x.heading, covers=_covers(m, x, by_form, values)) for x in m.program.forms]
    survey = [Listed(sheet=SURVEY, what=f"调研提纲各题的合计、平均和各选项的{w.row}数", covers=counties)]
    odd = Listed(sheet=ODD, what=f"与本{w.row}以往或其他{w.row}相差悬殊的数，请核对", covers=f"{len(m.outliers)}处")
    return [*first, *forms, *(survey if m.systems.survey else []), odd]


def _covers(m: PeriodMeasures, form: Form, by_form: dict[str, Grid], values: Values) -> str:
    w = m.program.words
    if form.is_list:
        return coverage_of_list(m, form)
    units = [unit.code for _, mine in by_form[form.code].units for unit in mine]
    whose = w.respondents if by_form[form.code].of_prefectures else w.rows
    return f"已报{sum(code in values for code in units)}/{len(units)}{whose}"
