"""What the cell formats of an xlsx say of how a value looks: per cent, a date, another number, struck through, unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline.reading.formats.notes import LEAST_SIZE, alike
from pipeline.reading.formats.number_formats import NOTHING_SHOWN, Format, Shown, format_of
from pipeline.reading.formats.package import Watcher

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
FALSE = {"0", "false", "off"}
WHITE, BLACK = "FFFFFF", "000000"
_KNOWN_COLOURS = {
    ("theme", "0"): WHITE,
    ("theme", "1"): BLACK,
    **{("indexed", n): BLACK for n in ("0", "8", "64")},
    **{("indexed", n): WHITE for n in ("1", "9", "65")},
}


@dataclass(slots=True)
class Looks:
    """Positions of cell formats, as cells refer to them, by what they do to a value; those that do nothing are not there.

    Attributes:
        papers: The colour behind the text, of those where it is not white.
        hiding: Positions of the formats of rules that let nothing be seen, or strike it.
    """

    formats: dict[str, Format] = field(default_factory=dict)
    struck: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    papers: dict[str, str | None] = field(default_factory=dict)
    hiding: set[str] = field(default_factory=set)


class Styles(Watcher):
    """Follows the styles part; ``looks`` is what it says. Whatever the order of its lists, it is put together at the end."""

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()
        self._codes: dict[str, str] = {}
        self._inks: list[str | None] = []
        self._struck: set[int] = set()
        self._tiny: set[int] = set()
        self._papers: list[str | None] = []
        self._uses: list[dict[str, str]] = []
        self._in = self._part = ""
        self._rules: list[dict[str, str | None]] = []
        lists = ("fonts", "fills", "borders", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs", "colors", "tableStyles")
        self.on(
            numFmt=self._format,
            font=self._font,
            strike=self._strike,
            sz=self._size,
            color=self._ink,
            fill=self._fill,
            patternFill=self._pattern,
            fgColor=self._paper,
            xf=self._use,
            dxf=self._rule,
            bgColor=self._rule_paper,
            border=self._border,
        )
        for name in lists:
            self.on(**{name: lambda _, name=name: setattr(self, "_in", name)})

    def _format(self, attributes: dict[str, str]) -> None:
        code = attributes.get("formatCode", "")
        if self._in != "dxfs":
            self._codes[attributes.get("numFmtId", "")] = code
        elif self._rules and NOTHING_SHOWN.fullmatch(code):
            self._rules[-1]["hides"] = code

    def _rule(self, _: dict[str, str]) -> None:
        self._rules.append({})

    def _border(self, _: dict[str, str]) -> None:
        self._part = "border"

    def _rule_paper(self, attributes: dict[str, str]) -> None:
        if self._in == "dxfs" and self._rules:
            self._rules[-1]["paper"] = colour_of(attributes, WHITE)

    def _font(self, _: dict[str, str]) -> None:
        self._part = "font"
        if self._in == "fonts":
            self._inks.append(BLACK)

    def _strike(self, attributes: dict[str, str]) -> None:
        if self._in == "fonts" and attributes.get("val") not in FALSE:
            self._struck.add(len(self._inks) - 1)
        elif self._in == "dxfs" and self._rules and attributes.get("val") not in FALSE:
            self._rules[-1]["hides"] = "strike"

    def _size(self, attributes: dict[str, str]) -> None:
        if self._in == "fonts" and float(attributes.get("val", "11")) < LEAST_SIZE:
            self._tiny.add(len(self._inks) - 1)

    def _ink(self, attributes: dict[str, str]) -> None:
        if self._in == "fonts" and self._inks:
            self._inks[-1] = colour_of(attributes, BLACK)
        elif self._in == "dxfs" and self._rules and self._part == "font":
            self._rules[-1]["ink"] = colour_of(attributes, BLACK)

    def _fill(self, _: dict[str, str]) -> None:
        if self._in == "fills":
            self._papers.append(WHITE)

    def _pattern(self, attributes: dict[str, str]) -> None:
        if self._in == "fills" and self._papers and attributes.get("patternType", "none") != "none":
            self._papers[-1] = BLACK if attributes["patternType"] == "solid" else None

    def _paper(self, attributes: dict[str, str]) -> None:
        if self._in == "fills" and self._papers and self._papers[-1] == BLACK:
            self._papers[-1] = colour_of(attributes, BLACK)

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
            if not alike(paper, WHITE):
                looks.papers[at] = paper
            if NOTHING_SHOWN.fullmatch(code) or alike(ink, paper) or font in self._tiny:
                looks.unseen.add(at)
        looks.hiding = {
            str(nth)
            for nth, rule in enumerate(self._rules)
            if "hides" in rule or alike(rule.get("ink", BLACK), rule.get("paper", WHITE))
        }


def colour_of(attributes: dict[str, str], default: str) -> str | None:
    """Six digits where they are known, else the words that name it; None where nobody can say."""
    tint = attributes.get("tint", "0")
    if "rgb" in attributes:
        return attributes["rgb"][-6:].upper()
    for kind in ("theme", "indexed"):
        if kind in attributes:
            known = _KNOWN_COLOURS.get((kind, attributes[kind])) if not float(tint) else None
            return known or f"{kind} {attributes[kind]} {tint}"
    return default
