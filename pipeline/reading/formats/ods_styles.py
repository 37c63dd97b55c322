"""Styles of an ods, as far as they decide whether a cell or a piece of its text is seen as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import LEAST_SIZE as LEAST_FONT
from pipeline.reading.formats.notes import Refusal, alike
from pipeline.reading.formats.ods_rules import OF_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STYLES, MAX_PARENTS, MAX_MAPS = 100_000, 30, 20
LENGTH, POINTS = re.compile(r"(\d*\.?\d+)(mm|cm|in|pt)", re.ASCII), {"mm": 2.83, "cm": 28.3, "in": 72, "pt": 1}
_LEAST_SIZE = 2  # points
WHITE, BLACK = "#ffffff", "#000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OdsLook:
    """What a style says of a text; an empty string where it leaves a colour to its parent."""

    struck: bool = False
    raised: bool = False
    unseen: bool = False


_PLAIN = _OdsLook()
STRUCK, POSITION = ("style:text-line-through-style", "style:text-line-through-type"), "style:text-position"
FRONT, BACK, SIZE = "fo:color", "fo:background-color", "fo:font-size"


@dataclass
class OdsStyles:
    """By name, each with the properties that matter here and with the name of its parent.

    Attributes:
        above: The styles of another part, which those here are derived from.
        unseen_tables: Styles of tables that are not shown.
        small: Styles of rows and columns in which nothing can be read.
    """

    above: OdsStyles | None = None
    unseen_tables: set[str] = field(default_factory=set)
    small: set[str] = field(default_factory=set)
    _said: dict[str, dict[str, str]] = field(default_factory=dict)
    _maps: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _looks: dict[str, _OdsLook] = field(default_factory=dict)
    _current: dict[str, str] = field(default_factory=dict)
    _name: str = ""

    @property
    def handlers(self) -> dict[str, Callable[[dict[str, str]], None]]:
        """For whoever follows the part."""
        return {
            "style:style": self._open,
            "style:default-style": self._open,
            "style:text-properties": self._texts,
            "style:table-cell-properties": self._cells,
            "style:table-properties": self._tables,
            "style:map": self._map,
            "style:table-row-properties": self._sizes,
            "style:table-column-properties": self._sizes,
        }

    def look(self, name: str) -> _OdsLook:
        """How a text of this style looks."""
        if not name:
            return _PLAIN
        known = self._looks.get(name)
        if known is None:
            known = self._looks[name] = self._resolved(name)
        return known

    def _resolved(self, name: str) -> _OdsLook:
        said: dict[str, str] = {}
        for _ in range(MAX_PARENTS):
            own = self.said(name)
            said = own | said
            name = own.get("parent", "")
            if not name:
                break
        back = said.get(BACK, WHITE)
        return _OdsLook(
            struck=any(said.get(word, "none") != "none" for word in STRUCK) and said.get(STRUCK[0]) != "none",
            raised=said.get(POSITION, "0%").split()[0] not in {"0%", "0"},
            unseen=_points(said.get(SIZE, "")) < LEAST_FONT
            or alike(said.get(FRONT, BLACK)[1:].lower(), (WHITE if back == "transparent" else back)[1:].lower()),
        )

    def said(self, name: str) -> dict[str, str]:
        """What the style of this name says, here or above."""
        return self._said.get(name) or (self.above.said(name) if self.above else {})

    def maps(self, name: str) -> list[tuple[str, str]]:
        """The conditions that hang on a style, each with the style it brings."""
        return self._maps.get(name) or (self.above.maps(name) if self.above else [])

    def hides(self, name: str) -> bool:
        """Whether nothing is seen in this style, or what is seen is struck."""
        look = self.look(name)
        return look.unseen or look.struck

    def _map(self, attributes: dict[str, str]) -> None:
        condition = attributes.get("style:condition", "")
        if not condition.startswith(OF_NUMBERS) and len(self._maps) < MAX_STYLES:
            maps = self._maps.setdefault(self._name, [])
            maps += [(condition, attributes.get("style:apply-style-name", ""))] if len(maps) < MAX_MAPS else []

    def _open(self, attributes: dict[str, str]) -> None:
        self._name = attributes.get("style:name", "")
        self._current = self._said[self._name] = {}
        if "style:parent-style-name" in attributes:
            self._current["parent"] = attributes["style:parent-style-name"]
        if shown := attributes.get("style:display-name"):
            self._said.setdefault(shown, self._current)  # conditions name it so
        if len(self._said) > MAX_STYLES:
            raise Refusal("FILE_TOO_LARGE", f"有{MAX_STYLES // 10_000}万种以上的格式")

    def _texts(self, attributes: dict[str, str]) -> None:
        self._take(attributes, *STRUCK, POSITION, FRONT, SIZE)

    def _cells(self, attributes: dict[str, str]) -> None:
        self._take(attributes, BACK)

    def _take(self, attributes: dict[str, str], *names: str) -> None:
        self._current |= {name: attributes[name] for name in names if name in attributes}

    def _sizes(self, attributes: dict[str, str]) -> None:
        for name in ("style:row-height", "style:column-width"):
            if _points(attributes.get(name, "")) < _LEAST_SIZE:
                self.small.add(self._name)

    def _tables(self, attributes: dict[str, str]) -> None:
        if attributes.get("table:display") == "false":
            self.unseen_tables.add(self._name)


def _points(length: str) -> float:
    """A length in points; what is none, or relative, is no small one."""
    size = LENGTH.fullmatch(length)
    return float(size[1]) * POINTS[size[2]] if size else LEAST_FONT
