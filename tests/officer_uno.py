"""An officer's hands inside LibreOffice: runs under LibreOffice's own python, speaks UNO, knows nothing of the pipeline.

    python3 officer_uno.py PIPE PLAN ANSWERS

PLAN is a JSON list of steps ``[verb, argument, …]`` (see ``VERBS``); ANSWERS becomes a JSON list with one answer per
step, or an object ``{"error": …}``. Rows and columns count from 0.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]

PATIENCE_SECONDS = 45.0


class Officer:
    """One person with at most one workbook open."""

    def __init__(self, pipe: str) -> None:
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        self.context = _patiently(resolver, f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        self.desktop = self._service("com.sun.star.frame.Desktop")
        self.dispatcher = self._service("com.sun.star.frame.DispatchHelper")
        self.book: Any = None

    def _service(self, name: str) -> Any:
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)

    def _sheet(self, name: str) -> Any:
        return self.book.Sheets.getByName(name)

    def open(self, path: str, *, protected: bool = False) -> None:
        """Open a workbook in a window (nobody sees it): typing needs one. Protection comes off, unless it is to stay."""
        self.book = self.desktop.loadComponentFromURL(
            Path(path).as_uri(), "_blank", 0, (_named("Hidden", value=False),)
        )
        for name in () if protected else self.book.Sheets.ElementNames:
            self._sheet(name).unprotect("")  # what an officer can do who wants to: there is no password

    def open_as_it_is(self, path: str) -> None:
        """Open a workbook and leave its protection on."""
        self.open(path, protected=True)

    def close(self) -> None:
        """Close without saving."""
        self.book.close(True)
        self.book = None

    def rest(self) -> None:
        """Stop recalculating while much is typed."""
        self.book.enableAutomaticCalculation(False)

    def wake(self) -> None:
        """Recalculate what has changed, and go on doing so."""
        self.book.enableAutomaticCalculation(True)

    def recalculate(self) -> None:
        """Recalculate every formula, changed or not."""
        self.book.calculateAll()

    def type(self, sheet: str, row: int, col: int, text: str) -> None:
        """Go to a cell, type, press Enter: LibreOffice decides whether it is a number, a date or a text."""
        controller, cell = self.book.CurrentController, self._sheet(sheet).getCellByPosition(col, row)
        if controller.ActiveSheet.Name != sheet:
            controller.setActiveSheet(self._sheet(sheet))
        controller.select(cell)
        typed = (_named("StringName", text),)
        self.dispatcher.executeDispatch(controller.Frame, ".uno:EnterString", "", 0, typed)

    def paste(self, sheet: str, row: int, col: int, text: str) -> None:
        """Put a text into a cell as a paste would: no conversion, no validation."""
        self._sheet(sheet).getCellByPosition(col, row).setString(text)

    def clear(self, sheet: str, row: int, col: int) -> None:
        """Press Delete."""
        self._sheet(sheet).getCellByPosition(col, row).setFormula("")

    def sort(self, sheet: str, first_row: int, last_row: int, last_col: int, by_col: int, rising: bool) -> None:
        """Sort whole rows (from column A to ``last_col``) by one column; the header is not among them."""
        self.sort_block(sheet, [first_row, 0, last_row, last_col], by_col, rising)

    def sort_block(self, sheet: str, block: list[int], by_col: int, rising: bool) -> None:
        """Sort the rows of a block by a column of the sheet; what stands beside the block stays where it is."""
        field = uno.createUnoStruct("com.sun.star.table.TableSortField")
        field.Field, field.IsAscending = by_col - block[1], rising
        fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
        self._block(sheet, block).sort((_named("SortFields", fields), _named("ContainsHeader", value=False)))

    def insert_row(self, sheet: str, row: int) -> None:
        """Insert one empty row."""
        self._sheet(sheet).Rows.insertByIndex(row, 1)

    def insert_col(self, sheet: str, col: int) -> None:
        """Insert one empty column."""
        self._sheet(sheet).Columns.insertByIndex(col, 1)

    def delete_row(self, sheet: str, row: int) -> None:
        """Delete one row."""
        self._sheet(sheet).Rows.removeByIndex(row, 1)

    def delete_col(self, sheet: str, col: int) -> None:
        """Delete one column, hidden or not."""
        self._sheet(sheet).Columns.removeByIndex(col, 1)

    def hide_row(self, sheet: str, row: int) -> None:
        """Hide one row."""
        self._sheet(sheet).Rows.getByIndex(row).IsVisible = False

    def hide_col(self, sheet: str, col: int) -> None:
        """Hide one column."""
        self._sheet(sheet).Columns.getByIndex(col).IsVisible = False

    def copy_block(self, sheet: str, block: list[int], row: int, col: int) -> None:
        """Copy a block (first row, first column, last row, last column) and paste it with its top left at a cell."""
        one = self._sheet(sheet)
        one.copyRange(one.getCellByPosition(col, row).CellAddress, self._block(sheet, block).RangeAddress)

    def replace(self, sheet: str, block: list[int], old: str, new: str) -> int:
        """Find and replace everywhere in a block; how many cells were changed."""
        part = self._block(sheet, block)
        wanted = part.createReplaceDescriptor()
        wanted.SearchString, wanted.ReplaceString, wanted.SearchCaseSensitive = old, new, True
        return int(part.replaceAll(wanted))

    def replace_everywhere(self, old: str, new: str) -> int:
        """Find and replace on all sheets, hidden ones included; how many cells were changed."""
        return sum(self.replace(name, [], old, new) for name in self.book.Sheets.ElementNames)

    def merge(self, sheet: str, block: list[int], covered: str) -> None:
        """Merge cells; what stands in the covered ones is kept out of sight, moved into the first, or emptied."""
        first_row, first_col, last_row, last_col = block
        cells = [
            self._sheet(sheet).getCellByPosition(col, row)
            for row in range(first_row, last_row + 1)
            for col in range(first_col, last_col + 1)
        ]
        if covered == "moved":
            cells[0].setString(" ".join(cell.String for cell in cells if cell.String))
        for cell in cells[1:] if covered != "kept" else ():
            cell.setFormula("")
        self._block(sheet, block).merge(True)

    def formula(self, sheet: str, row: int, col: int, text: str) -> None:
        """Put a formula into a cell."""
        self._sheet(sheet).getCellByPosition(col, row).setFormula(text)

    def colour(self, sheet: str, block: list[int], colour: int) -> None:
        """Give cells a background."""
        self._block(sheet, block).CellBackColor = colour

    def comment(self, sheet: str, row: int, col: int, text: str) -> None:
        """Write a comment on a cell."""
        one = self._sheet(sheet)
        one.Annotations.insertNew(one.getCellByPosition(col, row).CellAddress, text)

    def freeze(self, sheet: str, row: int, col: int) -> None:
        """Freeze the panes above and left of a cell."""
        self._choose(sheet, self._sheet(sheet).getCellByPosition(0, 0))
        self.book.CurrentController.freezeAtPosition(col, row)

    def filter(self, sheet: str, block: list[int], by_col: int, text: str) -> None:
        """Set an autofilter on a block with its header, and show only the rows with a text in one column."""
        part = self._block(sheet, block)
        ranges = self.book.DatabaseRanges
        name = f"filter{ranges.Count}"
        ranges.addNewByName(name, part.RangeAddress)
        ranges.getByName(name).AutoFilter = True
        wanted = part.createFilterDescriptor(True)
        wanted.ContainsHeader = True
        field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
        field.Field, field.Operator = by_col, uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
        field.StringValue = text
        wanted.setFilterFields((field,))
        part.filter(wanted)

    def copy_sheet(self, sheet: str, name: str, position: int) -> None:
        """Copy a sheet."""
        self.book.Sheets.copyByName(sheet, name, position)

    def delete_sheet(self, sheet: str) -> None:
        """Delete a sheet."""
        self.book.Sheets.removeByName(sheet)

    def values_into_new(self) -> None:
        """Paste every visible sheet, values only, into a new workbook, and go on with that one."""
        old, new = self.book, self.desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, ())
        shown = [name for name in old.Sheets.ElementNames if old.Sheets.getByName(name).IsVisible]
        values_only = (
            _named("Flags", "SVD"),
            _named("FormulaCommand", 0),
            _named("SkipEmptyCells", value=False),
            _named("Transpose", value=False),
            _named("AsLink", value=False),
            _named("MoveMode", 4),
        )
        for n, name in enumerate(shown):
            self.book = old
            self._choose(name, self._used(name))
            self.dispatcher.executeDispatch(old.CurrentController.Frame, ".uno:Copy", "", 0, ())
            self.book, there = new, f"Sheet{n + 1}"
            if n >= new.Sheets.Count:
                new.Sheets.insertNewByName(there, n)
            self._choose(there, self._sheet(there).getCellByPosition(0, 0))
            self.dispatcher.executeDispatch(new.CurrentController.Frame, ".uno:InsertContents", "", 0, values_only)
        old.close(True)

    def rename(self, sheet: str, name: str) -> None:
        """Rename a sheet."""
        self._sheet(sheet).setName(name)

    def move(self, sheet: str, position: int) -> None:
        """Drag a sheet's tab."""
        self.book.Sheets.moveByName(sheet, position)

    def save(self, path: str, filter_name: str) -> None:
        """Save a copy in a format."""
        self.book.storeToURL(Path(path).as_uri(), (_named("FilterName", filter_name),))

    def look(self, sheet: str) -> list[list[Any]]:
        """Everything on a sheet as shown by its cells' values: numbers and texts, from A1 on."""
        return [list(row) for row in self._used(sheet).getDataArray()]

    def rules(self, sheet: str) -> dict[str, str]:
        """Address → kind of validation (WHOLE, LIST, …) of every cell in use that has one."""
        one, area = self._sheet(sheet), self._used(sheet).RangeAddress
        kinds = {}
        for row in range(area.EndRow + 1):
            for col in range(area.EndColumn + 1):
                cell = one.getCellByPosition(col, row)
                kind = cell.Validation.Type.value
                if kind != "ANY":
                    kinds[_address(cell)] = kind
        return kinds

    def dress(self, sheet: str) -> dict[str, Any]:
        """What a sheet wears: merged cells, hidden columns and rows (from 0), comments, colours, panes."""
        one, used = self._sheet(sheet), self._used(sheet)
        area = used.RangeAddress
        cells = [one.getCellByPosition(col, row) for row in range(area.EndRow + 1) for col in range(area.EndColumn + 1)]
        self._choose(sheet, cells[0])
        return {
            "merged": sorted(_address(cell) for cell in cells if cell.IsMerged),
            "columns": [n for n in range(area.EndColumn + 1) if not one.Columns.getByIndex(n).IsVisible],
            "rows": [n for n in range(area.EndRow + 1) if not one.Rows.getByIndex(n).IsVisible],
            "comments": [note.String for note in one.Annotations],
            "colours": sorted({cell.CellBackColor for cell in cells}),
            "frozen": self.book.CurrentController.hasFrozenPanes(),
        }

    def invalid(self, sheet: str) -> list[str]:
        """Addresses of the cells LibreOffice itself circles as invalid."""
        page, one = self._sheet(sheet).DrawPage, self._sheet(sheet)
        one.showInvalid()
        circled = [_address(page.getByIndex(n).Anchor) for n in range(page.Count)]
        one.clearArrows()
        return sorted(circled)

    def stop(self) -> None:
        """Quit LibreOffice."""
        self.desktop.terminate()

    def _choose(self, sheet: str, what: Any) -> None:
        """Go to a sheet and select something on it."""
        self.book.CurrentController.setActiveSheet(self._sheet(sheet))
        self.book.CurrentController.select(what)

    def _block(self, sheet: str, block: list[int]) -> Any:
        """First row, first column, last row, last column; none at all means everything in use."""
        if not block:
            return self._used(sheet)
        first_row, first_col, last_row, last_col = block
        return self._sheet(sheet).getCellRangeByPosition(first_col, first_row, last_col, last_row)

    def _used(self, sheet: str) -> Any:
        cursor = self._sheet(sheet).createCursor()
        cursor.gotoEndOfUsedArea(True)
        return self._sheet(sheet).getCellRangeByPosition(
            0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow
        )


VERBS = (
    "open",
    "open_as_it_is",
    "close",
    "rest",
    "wake",
    "recalculate",
    "type",
    "paste",
    "clear",
    "formula",
    "sort",
    "sort_block",
    "insert_row",
    "insert_col",
    "delete_row",
    "delete_col",
    "hide_row",
    "hide_col",
    "copy_block",
    "replace",
    "replace_everywhere",
    "merge",
    "colour",
    "comment",
    "freeze",
    "filter",
    "rename",
    "move",
    "copy_sheet",
    "delete_sheet",
    "values_into_new",
    "save",
    "look",
    "dress",
    "rules",
    "invalid",
    "stop",
)


def _named(name: str, value: Any) -> Any:
    one = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
    one.Name, one.Value = name, value
    return one


def _address(cell: Any) -> str:
    return str(cell.AbsoluteName).rpartition(".")[2].replace("$", "")


def _patiently(resolver: Any, url: str) -> Any:
    """LibreOffice takes a few seconds to listen."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return resolver.resolve(url)
        except Exception:  # UNO's own exceptions cannot be named before the office answers
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def main(pipe: str, plan: Path, answers: Path) -> None:
    """Do the plan, write the answers."""
    try:
        officer = Officer(pipe)
        said: Any = []
        for verb, *arguments in json.loads(plan.read_text(encoding="utf-8")):
            if verb not in VERBS:
                raise ValueError(verb)  # noqa: TRY301 - reported like any other fault
            said.append(getattr(officer, verb)(*arguments))
    except Exception:  # noqa: BLE001 - handed to the test, which fails with it
        said = {"error": traceback.format_exc()}
    answers.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
