"""Texts of an xlsx, run by run: what is struck through or raised is no digit, and how a text is pronounced is none of it."""

from __future__ import annotations

import re
from typing import ClassVar

from pipeline.reading.formats.notes import alike
from pipeline.reading.formats.package import Watcher
from pipeline.reading.formats.xlsx_styles import BLACK, FALSE, MAIN, WHITE, colour_of

_LONG_TEXT = 400  # shared texts longer than this are counted wherever they are used: fewer cannot come to much
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_TEXT_ENDS = frozenset(f"{space} t" for space in MAIN)
_SPOKEN = frozenset(f"{space} rPh" for space in MAIN)
STRUCK, UNSEEN, RAISED = "CELL_STRUCK", "CELL_UNSEEN", "CELL_SUPERSCRIPT"
MARKS = {STRUCK: "已划去", UNSEEN: "白字", RAISED: "上下标"}

Mark = tuple[str, str]
"""(finding code, the text with its marks in words)."""


def unescaped(text: str) -> str:
    """_x000D_ and its like as the characters they stand for."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


class Runs:
    """One text as it comes by; ``watcher`` follows the part it stands in."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher, self._open = watcher, watcher.open
        self._pieces: list[str] = []
        self._marked: list[tuple[int, str]] = []
        self._mark = ""
        watcher.on(r=self._run, strike=self._strike, vertAlign=self._raise, color=self._colour, t=self._text)

    def end(self, name: str) -> None:
        """An element is over; of texts, this must be known."""
        self._open.remove(name)
        if name in _TEXT_ENDS:
            self._watcher.parser.CharacterDataHandler = None

    def take(self) -> tuple[str, Mark | None]:
        """The text that is over, and what was marked in it."""
        pieces = self._pieces
        text = unescaped(pieces[0] if len(pieces) == 1 else "".join(pieces))
        mark = None
        if self._marked:
            mark = self._seen()
            self._marked.clear()
        self._mark = ""
        pieces.clear()
        return text, mark

    def _run(self, _: dict[str, str]) -> None:
        self._mark = ""

    def _strike(self, attributes: dict[str, str]) -> None:
        if attributes.get("val") not in FALSE:
            self._mark = STRUCK

    def _raise(self, attributes: dict[str, str]) -> None:
        if attributes.get("val") in {"superscript", "subscript"}:
            self._mark = self._mark or RAISED

    def _colour(self, attributes: dict[str, str]) -> None:
        if alike(colour_of(attributes, BLACK), WHITE):
            self._mark = self._mark or UNSEEN

    def _text(self, _: dict[str, str]) -> None:
        if self._open[-2] in _SPOKEN:
            return
        if self._mark or self._marked:
            self._marked.append((len(self._pieces), self._mark))
        self._watcher.parser.CharacterDataHandler = self._pieces.append

    def _seen(self) -> Mark | None:
        ends = [at for at, _ in self._marked[1:]] + [len(self._pieces)]
        written, found = unescaped("".join(self._pieces[: self._marked[0][0]])), set()
        for (at, kind), end in zip(self._marked, ends, strict=True):
            piece = unescaped("".join(self._pieces[at:end]))
            marked = kind and piece.strip()
            found |= {kind} if marked else set()
            written += f"（{MARKS[kind]}：{piece}）" if marked else piece
        return next(((kind, written) for kind in MARKS if kind in found), None)


class SharedTexts(Watcher):
    """Position → text, those that are marked, and the length of the long ones."""

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.marks: dict[int, Mark] = {}
        self.long: dict[int, int] = {}
        self._runs = Runs(self)
        self._begun = False
        self.on(si=self._next)
        self.parser.EndElementHandler = self._runs.end

    def _next(self, _: dict[str, str]) -> None:
        self._settle()
        self._begun = True

    def _settle(self) -> None:
        """A text ends where the next begins."""
        if not self._begun:
            return
        text, mark = self._runs.take()
        if mark:
            self.marks[len(self.texts)] = mark
        if len(text) > _LONG_TEXT:
            self.long[len(self.texts)] = len(text)
        self.texts.append(text)

    def finish(self) -> None:
        """The last one."""
        self._settle()
