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

    def open(self, path: str) -> None:
        """Open a workbook in a window (nobody sees it): typing needs one."""
        self.book = self.desktop.loadComponentFromURL(
            Path(path).as_uri(), "_blank", 0, (_named("Hidden", value=False),)
        )

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
        field = uno.createUnoStruct("com.sun.star.table.TableSortField")
        field.Field, field.IsAscending = by_col, rising
        fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
        rows = self._sheet(sheet).getCellRangeByPosition(0, first_row, last_col, last_row)
        rows.sort((_named("SortFields", fields), _named("ContainsHeader", value=False)))

    def insert_row(self, sheet: str, row: int) -> None:
        """Insert one empty row."""
        self._sheet(sheet).Rows.insertByIndex(row, 1)

    def insert_col(self, sheet: str, col: int) -> None:
        """Insert one empty column."""
        self._sheet(sheet).Columns.insertByIndex(col, 1)

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

    def _used(self, sheet: str) -> Any:
        cursor = self._sheet(sheet).createCursor()
        cursor.gotoEndOfUsedArea(True)
        return self._sheet(sheet).getCellRangeByPosition(
            0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow
        )


VERBS = ("open", "close", "rest", "wake", "recalculate", "type", "paste", "clear", "sort", "insert_row", "insert_col",
         "rename", "move", "save", "look", "rules", "invalid", "stop")  # fmt: skip


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
