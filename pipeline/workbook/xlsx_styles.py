"""What the cell formats of an xlsx say of how a value looks: per cent, a date, another number, struck through, unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from pipeline.workbook.formats import Format, Shown, format_of
from pipeline.workbook.package import Watcher

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
FALSE = {"0", "false", "off"}
NOTHING_SHOWN = re.compile(";{3,}")
WHITE, BLACK = "FFFFFF", "000000"
KNOWN_COLOURS = {("theme", "0"): WHITE, ("theme", "1"): BLACK, **{("indexed", n): BLACK for n in ("0", "8", "64")},
                 **{("indexed", n): WHITE for n in ("1", "9", "65")}}  # fmt: skip
NEAR = 16  # of 255 in every part of a colour: nobody tells them apart


@dataclass(slots=True)
class Looks:
    """Positions of cell formats, as cells refer to them, by what they do to a value; those that do nothing are not there."""

    formats: dict[str, Format] = field(default_factory=dict)
    struck: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)


class Styles(Watcher):
    """Follows the styles part; ``looks`` is what it says. Whatever the order of its lists, it is put together at the end."""

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()
        self._codes: dict[str, str] = {}
        self._inks: list[str | None] = []
        self._struck: set[int] = set()
        self._papers: list[str | None] = []
        self._uses: list[dict[str, str]] = []
        self._in = ""
        lists = ("fonts", "fills", "borders", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs", "colors", "tableStyles")
        self.on(numFmt=self._format, font=self._font, strike=self._strike, color=self._ink, fill=self._fill,
                patternFill=self._pattern, fgColor=self._paper, xf=self._use)  # fmt: skip
        for name in lists:
            self.on(**{name: lambda _, name=name: setattr(self, "_in", name)})

    def _format(self, attributes: dict[str, str]) -> None:
        if self._in != "dxfs":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")

    def _font(self, _: dict[str, str]) -> None:
        if self._in == "fonts":
            self._inks.append(BLACK)

    def _strike(self, attributes: dict[str, str]) -> None:
        if self._in == "fonts" and attributes.get("val") not in FALSE:
            self._struck.add(len(self._inks) - 1)

    def _ink(self, attributes: dict[str, str]) -> None:
        if self._in == "fonts" and self._inks:
            self._inks[-1] = _colour(attributes, BLACK)

    def _fill(self, _: dict[str, str]) -> None:
        if self._in == "fills":
            self._papers.append(WHITE)

    def _pattern(self, attributes: dict[str, str]) -> None:
        if self._in == "fills" and self._papers and attributes.get("patternType", "none") != "none":
            self._papers[-1] = BLACK if attributes["patternType"] == "solid" else None

    def _paper(self, attributes: dict[str, str]) -> None:
        if self._in == "fills" and self._papers and self._papers[-1] == BLACK:
            self._papers[-1] = _colour(attributes, BLACK)

    def _use(self, attributes: dict[str, str]) -> None:
        if self._in == "cellXfs":
            self._uses.append(attributes)

    def finish(self) -> None:
        """Which format uses what."""
        looks, inks, papers = self.looks, dict(enumerate(self._inks)), dict(enumerate(self._papers))
        for nth, use in enumerate(self._uses):
            at, number, font = str(nth), use.get("numFmtId", "0"), int(use.get("fontId", "0"))
            code = self._codes.get(number, "")
            form = format_of(int(number), code)
            if form.shown is not Shown.PLAIN:
                looks.formats[at] = form
            if font in self._struck:
                looks.struck.add(at)
            ink, paper = inks.get(font, BLACK), papers.get(int(use.get("fillId", "0")), WHITE)
            if NOTHING_SHOWN.fullmatch(code) or _alike(ink, paper):
                looks.unseen.add(at)


def _colour(attributes: dict[str, str], default: str) -> str | None:
    """Six digits where they are known, else the words that name it; None where nobody can say."""
    tint = attributes.get("tint", "0")
    if "rgb" in attributes:
        return attributes["rgb"][-6:].upper()
    for kind in ("theme", "indexed"):
        if kind in attributes:
            known = KNOWN_COLOURS.get((kind, attributes[kind])) if not float(tint) else None
            return known or f"{kind} {attributes[kind]} {tint}"
    return default


def _alike(ink: str | None, paper: str | None) -> bool:
    if ink is None or paper is None or ink == paper:
        return ink is not None and ink == paper
    try:
        parts = [(int(ink[n : n + 2], 16), int(paper[n : n + 2], 16)) for n in (0, 2, 4)]
    except ValueError:  # named, and not the same
        return False
    return all(abs(one - other) <= NEAR for one, other in parts)
