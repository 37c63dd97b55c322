"""What lies over the cells of a sheet, or hangs on them: pictures, text boxes, comments, threaded notes."""

from __future__ import annotations

import re
from contextlib import suppress
from string import digits
from typing import TYPE_CHECKING, ClassVar

from pipeline.reading.formats.notes import COMMENT, PICTURE, TEXT_BOX
from pipeline.reading.formats.ooxml import relations_of
from pipeline.reading.formats.package import UnreadablePart, Watcher
from pipeline.reading.formats.xlsx_sheet import ADDRESS, COLUMNS
from pipeline.reading.formats.xlsx_styles import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.reading.formats.notes import Tally
    from pipeline.reading.formats.package import Package

    Comments = Callable[[Package, str], Iterable[tuple[str, str]]]

_DRAWING = (
    "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "http://purl.oclc.org/ooxml/drawingml/spreadsheetDrawing",
    "http://schemas.openxmlformats.org/drawingml/2006/main",
    "http://purl.oclc.org/ooxml/drawingml/main",
)
_THREADED = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_STAND_IN = re.compile(r"\[(Threaded comment|线程批注|主题批注)\]")  # what older programs are shown of a threaded note
_ANCHOR = re.compile(r"\s*\d{1,9}(\s*,\s*\d{1,9}){7}\s*$", re.ASCII)
_OBJECT = "一个图片或嵌入的对象"
_MOST_CELLS = 40  # a picture over more is a background: its first cell names it


def _comments_of(package: Package, part: str) -> Iterable[tuple[str, str]]:
    """(cell, text) of every comment."""
    return package.follow(part, _Comments).texts


def look_beside(package: Package, sheet: str, part: str, tally: Tally, comments: Comments = _comments_of) -> None:
    """Everything the sheet in ``part`` refers to that is no cell; ``comments`` reads those of its kind of workbook."""
    relations = relations_of(package, part)
    for relation in relations.of_kind("drawing"):
        for (top, left), (bottom, right), what in package.follow(relation.part, _Anchored).objects:
            area = [(row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)][: _MOST_CELLS + 1]
            for row, col in area if len(area) <= _MOST_CELLS else area[:1]:
                tally.beside(sheet, row, col, what)
    for relation in relations.of_kind("vmlDrawing"):
        with suppress(UnreadablePart):  # old programs write what is no XML
            for row, col in package.follow(relation.part, _OldDrawing).pictures:
                tally.beside(sheet, row, col, _OBJECT)
    notes = {ref: text for relation in relations.of_kind("comments") for ref, text in comments(package, relation.part)}
    notes = {ref: text for ref, text in notes.items() if not _STAND_IN.match(text.lstrip())}
    for relation in relations.of_kind("threadedComment"):
        for ref, text in package.follow(relation.part, _Threads).texts:
            notes[ref] = f"{notes[ref]}；{text}" if ref in notes else text
    for ref, text in notes.items():
        letters = ref.rstrip(digits)
        if ADDRESS.fullmatch(ref) and letters in COLUMNS and text.strip():
            tally.beside(sheet, int(ref[len(letters) :]) - 1, COLUMNS[letters], COMMENT.format(text.strip()))


class _Anchored(Watcher):
    """Objects over the cells: (first cell, last cell, what), the first of each anchor."""

    spaces: ClassVar[tuple[str, ...]] = _DRAWING

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[tuple[tuple[int, int], tuple[int, int], str]] = []
        self._places: list[str] = []
        self._what, self._texts, self._begun = "", list[str](), False
        self.on(
            twoCellAnchor=self._anchor,
            oneCellAnchor=self._anchor,
            absoluteAnchor=self._anchor,
            row=self._place,
            col=self._place,
            pic=lambda _: self._is(PICTURE),
            sp=lambda _: self._is(TEXT_BOX),
            graphicFrame=lambda _: self._is("一张图表"),
            t=self._text,
        )

    def unknown(self, _: str) -> None:
        """Only what is asked for is collected."""
        self.parser.CharacterDataHandler = None

    def _anchor(self, _: dict[str, str]) -> None:
        self.finish()
        self._places, self._what, self._texts, self._begun = [], "", [], True

    def _place(self, _: dict[str, str]) -> None:
        self._places.append("")
        self.parser.CharacterDataHandler = self._collect

    def _collect(self, text: str) -> None:
        self._places[-1] += text

    def _is(self, what: str) -> None:
        self._what = self._what or what
        self.parser.CharacterDataHandler = None

    def _text(self, _: dict[str, str]) -> None:
        self.parser.CharacterDataHandler = self._texts.append

    def finish(self) -> None:
        """An anchor ends where the next begins."""
        if not self._begun or not self._what:
            return
        numbers = [int(place) if place.strip().isdecimal() else 0 for place in self._places[:4]]
        left, top, right, bottom = (numbers + numbers[:2] + [0] * 4)[:4] if len(numbers) in {2, 4} else (0, 0, 0, 0)
        text = "".join(self._texts).strip()
        if self._what != TEXT_BOX or text:
            self.objects.append(((top, left), (max(top, bottom), max(left, right)), self._what.format(text)))


class _OldDrawing(Watcher):
    """The first cells of pictures and of objects of other programs, where a drawing is written as VML. Comments are there too."""

    spaces: ClassVar[tuple[str, ...]] = ("urn:schemas-microsoft-com:office:excel",)

    def __init__(self) -> None:
        super().__init__()
        self._anchors: list[str] = []
        self._is_picture = False
        self.on(ClientData=self._object, Anchor=self._anchor)

    @property
    def pictures(self) -> list[tuple[int, int]]:
        """(row, column), from 0."""
        numbers = [[int(part) for part in text.split(",")] for text in self._anchors if _ANCHOR.match(text)]
        return [(row, col) for col, _, row, *_ in numbers]

    def unknown(self, _: str) -> None:
        """Only anchors are collected."""
        self.parser.CharacterDataHandler = None

    def _object(self, attributes: dict[str, str]) -> None:
        self.parser.CharacterDataHandler = None
        self._is_picture = attributes.get("ObjectType") == "Pict"

    def _anchor(self, _: dict[str, str]) -> None:
        if self._is_picture:
            self._anchors.append("")
            self.parser.CharacterDataHandler = self._collect

    def _collect(self, text: str) -> None:
        self._anchors[-1] += text


class _Comments(Watcher):
    """(cell, text) of every comment."""

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.on(comment=self._comment, t=self._text)

    def unknown(self, _: str) -> None:
        """Only texts are collected."""
        self.parser.CharacterDataHandler = None

    def _comment(self, attributes: dict[str, str]) -> None:
        self.parser.CharacterDataHandler = None
        self.texts.append((attributes.get("ref", ""), ""))

    def _text(self, _: dict[str, str]) -> None:
        self.parser.CharacterDataHandler = self._collect if self.texts else None

    def _collect(self, text: str) -> None:
        ref, before = self.texts[-1]
        self.texts[-1] = ref, before + text


class _Threads(_Comments):
    """The same of threaded notes."""

    spaces: ClassVar[tuple[str, ...]] = (_THREADED,)

    def __init__(self) -> None:
        super().__init__()
        self.on(threadedComment=self._comment, text=self._text)
