"""What the cell formats of an xlsx say of how a value looks: per cent, a date, another number, struck through, unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from pipeline.workbook.notes import DISGUISE
from pipeline.workbook.package import Watcher

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
FALSE = {"0", "false", "off"}
PERCENT_FORMATS = {"9", "10"}
DURATION_FORMATS = {"46"}
# 27 to 36 and 50 to 58 are dates and times of Chinese Excel and WPS, which declare no format for them
DATE_FORMATS = {str(n) for n in (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))}
LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)
DATE_LETTERS = re.compile("[dmyhs]", re.IGNORECASE)
NOTHING_SHOWN = re.compile(";{3,}")
WHITE, BLACK = "FFFFFF", "000000"
KNOWN_COLOURS = {("theme", "0"): WHITE, ("theme", "1"): BLACK, **{("indexed", n): BLACK for n in ("0", "8", "64")},
                 **{("indexed", n): WHITE for n in ("1", "9", "65")}}  # fmt: skip
NEAR = 16  # of 255 in every part of a colour: nobody tells them apart
LAST_SERIAL = 2_958_466  # the day after 9999-12-31
MILLISECONDS = 86_400_000


@dataclass(slots=True)
class Looks:
    """Positions of cell formats, as cells refer to them, by what they do to a value."""

    percent: set[str] = field(default_factory=set)
    disguised: dict[str, str] = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)
    durations: set[str] = field(default_factory=set)
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
            kinds = _kinds(number, code)
            if "percent" in kinds:
                looks.percent.add(at)
            elif "duration" in kinds:
                looks.durations.add(at)
            elif "date" in kinds:
                looks.dates.add(at)
            elif DISGUISE.search(code):
                looks.disguised[at] = code
            if font in self._struck:
                looks.struck.add(at)
            ink, paper = inks.get(font, BLACK), papers.get(int(use.get("fillId", "0")), WHITE)
            if NOTHING_SHOWN.fullmatch(code) or _alike(ink, paper):
                looks.unseen.add(at)


def _kinds(number: str, code: str) -> set[str]:
    """What a format is; a code of its own counts for more than the number."""
    if not code:
        named = {"percent": PERCENT_FORMATS, "duration": DURATION_FORMATS, "date": DATE_FORMATS}
        return {kind for kind, numbers in named.items() if number in numbers}
    if "%" in code:
        return {"percent"}
    plain = LITERALS.sub("", code)
    if DURATION.search(plain):
        return {"duration"}
    return {"date"} if DATE_LETTERS.search(plain) and "general" not in plain.lower() else set()


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


def moment(serial: float, *, since_1904: bool) -> date | datetime | time | float:
    """A number that a format shows as a date or a time; as it is where no calendar has it."""
    if since_1904:
        serial += 1_462
    if not 0 <= serial < LAST_SERIAL:
        return serial
    days = int(serial)
    milliseconds = round((serial - days) * MILLISECONDS)
    if days == 0:
        return (datetime(1900, 1, 1) + timedelta(milliseconds=min(milliseconds, MILLISECONDS - 1))).time()  # noqa: DTZ001
    day = datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)  # noqa: DTZ001, PLR2004 - 1900 had no leap day
    when = day + timedelta(days=days, milliseconds=milliseconds)
    return when.date() if when.time() == time() else when
