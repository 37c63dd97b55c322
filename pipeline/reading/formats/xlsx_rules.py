"""Rules of a sheet of an xlsx by which cells look otherwise: those under which a value is not seen, or is struck.

Newer programs write some of them a second way, behind the cells, with their looks beside them ([MS-XLSX] 2.6.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import NUMBER, alike, compares
from pipeline.reading.formats.number_formats import NOTHING_SHOWN
from pipeline.reading.formats.xlsx_styles import BLACK, FALSE, WHITE, colour_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pipeline.domain.value import Raw
    from pipeline.reading.formats.package import Watcher

_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"
_MOST_LIMITS = 3  # formulas of a rule


@dataclass(slots=True, eq=False)
class _XlsxCondition:
    """One that hides or strikes where it applies; ``always``: wherever it stands, as a bar without its number."""

    attributes: dict[str, str]
    areas: str = ""
    limits: list[str] = field(default_factory=list)
    look: dict[str, str | None] | None = None
    always: bool = False
    kept: bool = False

    def hides(self, value: Raw) -> bool | None:
        """Whether it applies to a value; None where that is not worked out here."""
        kind, limits = self.attributes.get("type"), [text.strip() for text in self.limits]
        if self.always:
            return isinstance(value, (int, float))
        if kind == "expression" and limits[:1] in (["1"], ["TRUE"]):
            return True
        if kind != "cellIs" or not limits or not all(map(NUMBER, limits)):
            return None
        return compares(self.attributes.get("operator", ""), value, float(limits[0]), float(limits[-1]))


class XlsxConditions:
    """Those of one sheet; ``watcher`` follows the part."""

    def __init__(self, watcher: Watcher, hiding: Collection[str]) -> None:
        self.found: list[_XlsxCondition] = []
        self._watcher, self._hiding = watcher, hiding
        self._areas = ""
        self._rule = _XlsxCondition({})
        self._late: list[_XlsxCondition] = []  # of those written the second way, whose areas come last
        self.listens = False
        watcher.on(cfRule=self._begin_rule, formula=self._limit, dataBar=self._bare, iconSet=self._bare)
        watcher.opened |= {
            f"{_X14} conditionalFormatting": self._begin_late,
            f"{_X14} cfRule": self._late_rule,
            f"{_X14} dxf": self._look,
            f"{_X14} dataBar": self._bare,
            f"{_X14} iconSet": self._bare,
            f"{XM} f": self._limit,
            f"{XM} sqref": self._late_areas,
        }
        for name, handle in {
            "strike": self._strike,
            "color": self._ink,
            "bgColor": self._paper,
            "numFmt": self._format,
        }.items():
            for space in watcher.spaces:
                watcher.opened[f"{space} {name}"] = self._in_looks(handle, watcher.opened.get(f"{space} {name}"))

    def begin(self, attributes: dict[str, str]) -> None:
        """Rules of some cells follow."""
        self._areas, self._late = attributes.get("sqref", ""), []

    def _begin_late(self, attributes: dict[str, str]) -> None:
        self.begin(attributes)

    def _begin_rule(self, attributes: dict[str, str]) -> None:
        self._rule = _XlsxCondition(attributes, self._areas)
        if attributes.get("dxfId") in self._hiding:
            self._keep()

    def _late_rule(self, attributes: dict[str, str]) -> None:
        self._rule = _XlsxCondition(attributes)

    def _keep(self) -> None:
        rule = self._rule
        if not rule.kept:
            (self.found if rule.areas else self._late).append(rule)
        rule.kept = True

    def _bare(self, attributes: dict[str, str]) -> None:
        """A bar or a sign in place of the number."""
        if attributes.get("showValue", "1") in FALSE:
            self._rule.always = True
            self._keep()

    def _limit(self, _: dict[str, str]) -> None:
        limits = self._rule.limits
        self._listen(None)
        if self._watcher.open[-2].endswith(" cfRule") and len(limits) < _MOST_LIMITS:
            limits.append("")
            self._listen(lambda text: limits.__setitem__(-1, limits[-1] + text))

    def _listen(self, to: Callable[[str], None] | None) -> None:
        self.listens = to is not None
        self._watcher.parser.CharacterDataHandler = to

    def _late_areas(self, _: dict[str, str]) -> None:
        rules, self._late = self._late, []
        self.found += rules

        def collect(text: str) -> None:
            for rule in rules:
                rule.areas += text

        self._listen(collect)

    # looks that stand beside their rule

    def _in_looks(
        self, handle: Callable[[dict[str, str]], None], other: Callable[[dict[str, str]], None] | None
    ) -> Callable[[dict[str, str]], None]:
        def begins(attributes: dict[str, str]) -> None:
            if f"{_X14} dxf" in self._watcher.open:
                handle(attributes)
            elif other:
                other(attributes)

        return begins

    def _look(self, _: dict[str, str]) -> None:
        self._rule.look = {}

    def _strike(self, attributes: dict[str, str]) -> None:
        if attributes.get("val") not in FALSE:
            self._say(hides="strike")

    def _ink(self, attributes: dict[str, str]) -> None:
        if self._watcher.open[-2].endswith(" font"):
            self._say(ink=colour_of(attributes, BLACK))

    def _paper(self, attributes: dict[str, str]) -> None:
        self._say(paper=colour_of(attributes, WHITE))

    def _format(self, attributes: dict[str, str]) -> None:
        if NOTHING_SHOWN.fullmatch(attributes.get("formatCode", "")):
            self._say(hides="format")

    def _say(self, **looks: str | None) -> None:
        """What a look says; whether it hides is known when all of it was said, and asked when it is used."""
        look = self._rule.look
        if look is not None:
            look |= looks
            self._keep()

    def hiding(self) -> list[_XlsxCondition]:
        """Those that hide, all being said."""
        return [rule for rule in self.found if rule.look is None or rule.always or _unseen(rule.look)]


def _unseen(look: dict[str, str | None]) -> bool:
    return "hides" in look or alike(look.get("ink", BLACK), look.get("paper", WHITE))
