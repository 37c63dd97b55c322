"""Through an xlsx package: the values of every sheet, and what an officer sees that a value does not say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from pipeline.reading.formats.notes import Notes, Refusal, Tally
from pipeline.reading.formats.ooxml import RELATIONS, relations_of
from pipeline.reading.formats.package import Watcher
from pipeline.reading.formats.xlsx_beside import look_beside
from pipeline.reading.formats.xlsx_sheet import Book, SheetPart
from pipeline.reading.formats.xlsx_styles import FALSE, MAIN, Styles
from pipeline.reading.formats.xlsx_texts import SharedTexts

if TYPE_CHECKING:
    from pipeline.domain.value import Raw
    from pipeline.reading.formats.ooxml import Relations
    from pipeline.reading.formats.package import Package

_MACRO_SHEETS = ("xlMacrosheet", "xlIntlMacrosheet")
_WITHOUT_CELLS = ("chartsheet", "dialogsheet", *_MACRO_SHEETS)


def look_through_xlsx(package: Package, part: str) -> Notes:
    """Follow every part once, those that explain the sheets first.

    Args:
        package: The file.
        part: Its workbook.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    workbook = package.follow(part, _Workbook)
    relations = relations_of(package, part)
    texts = package.follow(relations.part("sharedStrings"), SharedTexts)
    book = Book(
        looks=package.follow(relations.part("styles"), Styles).looks,
        texts=texts.texts,
        marks=texts.marks,
        long=texts.long,
        since_1904=workbook.since_1904,
        links=any(relations.of_kind("externalLink")),
        pictures=any(relations.of_kind("richValueRel")),
    )
    tally = Tally()
    grids: dict[str, list[list[Raw]]] = {}
    for (name, hidden), sheet_part in sheets_of(workbook.sheets, relations):
        tally.sheet(name)
        if sheet_part not in package.members:
            raise Refusal("FILE_DAMAGED", f"没有工作表“{name}”的内容")
        sheet = package.follow(sheet_part, SheetPart, name, book, remember=False)
        tally.take(sheet.tally)
        if hidden:
            tally.seen[name].hidden = True
        grids[name] = sheet.grid
        look_beside(package, name, sheet_part, tally)
    note_macros(package, relations, tally)
    _note_links(package, relations, tally)
    package.follow_the_rest()
    return replace(tally.notes(), grids=grids)


_Listed = tuple[str, bool]
"""(name, hidden) of a sheet as the workbook lists it."""


def sheets_of(listed: list[tuple[_Listed, str]], relations: Relations) -> list[tuple[_Listed, str]]:
    """Every sheet with cells and its part, each once: a reader would read one named often as often.

    Raises:
        Refusal: A sheet has no part, or two have one.
    """
    sheets = []
    for sheet, relation in listed:
        found = relations.by_id.get(relation)
        if found is None:
            raise Refusal("FILE_DAMAGED", f"没有工作表“{sheet[0]}”的内容")
        if found.kind not in _WITHOUT_CELLS:
            sheets.append((sheet, found.part))
    if not sheets:
        raise Refusal("FILE_DAMAGED", "没有登记工作表")
    if len({part for _, part in sheets}) < len(sheets):
        raise Refusal("FILE_BAD_MEMBERS", "几张工作表用的是同一个部件")
    return sheets


def note_macros(package: Package, relations: Relations, tally: Tally) -> None:
    """Programs in the file: they are never run."""
    parts = [relation.part for relation in relations.of_kind("vbaProject", *_MACRO_SHEETS)]
    parts += [name for name in package.names if name.endswith("vbaproject.bin")]
    if parts:
        tally.parts["MACROS_IGNORED"] = f"部件“{parts[0]}”"


def _note_links(package: Package, relations: Relations, tally: Tally) -> None:
    """Links to other files that no cell uses; cells that use one have their own finding."""
    links = [relation.part for relation in relations.of_kind("externalLink")]
    used = any(doubt.code == "CELL_LINKED" for seen in tally.seen.values() for doubt in seen.doubts.values())
    if links and not used:
        targets = [
            relation.part
            for link in links
            for relation in relations_of(package, link).by_id.values()
            if relation.outside
        ]
        tally.parts["LINKS_UNUSED"] = "指向" + "、".join(f"“{unquote(target)}”" for target in targets or links)


class _Workbook(Watcher):
    """The sheets, in order, each with its relation; and from which day dates are counted."""

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[_Listed, str]] = []
        self.since_1904 = False
        self.on(sheet=self._sheet, workbookPr=self._properties)

    def _sheet(self, attributes: dict[str, str]) -> None:
        relation = next((attributes[key] for space in RELATIONS if (key := f"{space} id") in attributes), "")
        hidden = attributes.get("state", "visible") != "visible"
        self.sheets.append(((attributes.get("name", ""), hidden), relation))

    def _properties(self, attributes: dict[str, str]) -> None:
        self.since_1904 = attributes.get("date1904", "0") not in FALSE
