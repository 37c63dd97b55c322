"""全省汇总.xlsx: what staff would build by hand. Contents, charts, prefectures, counties, and one sheet per form.

Sums and shares are formulas with their results beside them: the province's share leads to the prefectures, to the
counties, to the sheet of an action, and from a county's row there to the file, sheet and cell it was read from.
"""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import TYPE_CHECKING

import xlsxwriter

from pipeline.forms.style import FONT, PlainSheet
from pipeline.products.summary.registry import Summary
from pipeline.products.summary.style import Look, Pen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures


def summary_workbook(m: PeriodMeasures, unread: Sequence[str] | None = ()) -> bytes:
    """Write the workbook. Sums are over reported counties only; a cell nobody reported is hatched, never 0.

    Args:
        m: Of the period.
        unread: Columns that no product reads; None where that is not known.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "default_format_properties": {"font_name": FONT, "font_size": 11}}
    )
    created = datetime.combine(m.snapshot.as_of, time())
    book.set_properties({"title": f"{m.program.words.whole}汇总 {m.period.title}", "created": created})
    look, summary = Look(book), Summary(m, book, None if unread is None else tuple(unread))
    tabs = [(one, book.add_worksheet(one.name, PlainSheet)) for one in summary.sheets]
    for one, sheet in tabs:
        sheet.set_tab_color(one.tab)
        one.write(summary, Pen(sheet, look))
    book.close()
    return out.getvalue()
