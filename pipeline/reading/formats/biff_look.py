"""How cells of an xls look: struck, raised or unseen; and what lies over them: pictures, text boxes, comments."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.reading.formats.biff_texts import WIDE
from pipeline.reading.formats.notes import COMMENT, LEAST_SIZE, PICTURE, TEXT_BOX, alike
from pipeline.reading.formats.number_formats import NOTHING_SHOWN, Format, format_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reading.formats.biff_rules import XlsLook
    from pipeline.reading.formats.notes import Tally

STRUCK, FIRST_OWN_COLOUR = 0x8, 8
_WHITE = b"\xff\xff\xff"
_BLACK = b"\0\0\0"
_PALETTE = bytes.fromhex(
    "000000 ffffff ff0000 00ff00 0000ff ffff00 ff00ff 00ffff 800000 008000 000080 808000 800080 008080 c0c0c0 808080"
    "9999ff 993366 ffffcc ccffff 660066 ff8080 0066cc ccccff 000080 ff00ff ffff00 00ffff 800080 800000 008080 0000ff"
    "00ccff ccffff ccffcc ffff99 99ccff ff99cc cc99ff ffcc99 3366ff 33cccc 99cc00 ffcc00 ff9900 ff6600 666699 969696"
    "003366 339966 003300 333300 993300 993366 333399 333333"
)
SYSTEM_FRONT, SYSTEM_BACK, AUTOMATIC = 64, 65, 0x7FFF
SOLID, NO_FILL = 1, 0
TWENTIETHS = 20  # of a point: what sizes are given in
_MAX_FORMATS = 0xFFFF
_BIFF8_FORMAT = 20  # bytes of a cell format
ANCHOR, CONTAINER, HEAD = 0xF010, 0xF, 8
IS_PICTURE, IS_COMMENT = 8, 25


@dataclass
class XlsLooks:
    """Fonts, colours and cell formats as the records before the sheets list them.

    Attributes:
        fonts: Font → struck, raised; of those that are one of them.
    """

    fonts: dict[int, tuple[bool, bool]] = field(default_factory=dict)
    _colours: list[int] = field(default_factory=list)
    _codes: dict[int, str] = field(default_factory=dict)
    _cells: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    _palette: bytes = _PALETTE
    _tiny: set[int] = field(default_factory=set)

    def font(self, data: bytes) -> None:
        """One font; there is none of number four."""
        number = len(self._colours) + (len(self._colours) > 3)  # noqa: PLR2004
        size, flags, colour, _, raised = struct.unpack_from("<5H", data)
        if size < LEAST_SIZE * TWENTIETHS:
            self._tiny.add(number)
        if flags & STRUCK or raised:
            self.fonts[number] = bool(flags & STRUCK), bool(raised)
        self._colours.append(colour)

    def palette(self, data: bytes) -> None:
        """The workbook's own colours."""
        own = b"".join(data[at : at + 3] for at in range(2, len(data) - 3, 4))
        self._palette = own + self._palette[len(own) :]

    def number_format(self, number: int, code: str) -> None:
        """A code and its number."""
        self._codes[number] = code

    def cell_format(self, data: bytes) -> None:
        """One cell format, as cells refer to them."""
        font, number = struct.unpack_from("<2H", data)
        if len(data) >= _BIFF8_FORMAT:
            pattern, colours = struct.unpack_from("<I", data, 14)[0] >> 26, struct.unpack_from("<H", data, 18)[0]
        else:
            colours, pattern = struct.unpack_from("<2H", data, 8)
            pattern &= 0x3F
        if len(self._cells) > _MAX_FORMATS:
            raise IndexError
        self._cells.append((font, number, pattern, colours & 0x7F, colours >> 7 & 0x7F))

    def formats(self) -> list[Format]:
        """How each cell format shows numbers."""
        kinds = {number: format_of(number, self._codes.get(number, "")) for _, number, *_ in self._cells}
        return [kinds[number] for _, number, *_ in self._cells]

    def marks(self) -> dict[int, str]:
        """Cell format → finding code, of those whose cells are struck or unseen as a whole."""
        found = {}
        for nth, (font, number, pattern, front, _) in enumerate(self._cells):
            behind = self._colour(front) if pattern == SOLID else _WHITE if pattern == NO_FILL else b""
            struck, _ = self.fonts.get(font, (False, False))
            nth_font = font - (font > 4)  # noqa: PLR2004
            own = self._colours[nth_font] if nth_font < len(self._colours) else AUTOMATIC
            if struck:
                found[nth] = "CELL_STRUCK"
            elif (
                font in self._tiny
                or NOTHING_SHOWN.fullmatch(self._codes.get(number, ""))
                or alike(self._colour(own).hex(), behind.hex() or None)
            ):
                found[nth] = "CELL_UNSEEN"
        return found

    def hides(self, look: XlsLook) -> bool:
        """Whether a rule lets nothing be seen, or strikes it."""
        ink = _BLACK if look.ink is None else self._colour(look.ink)
        paper = _WHITE if look.paper is None else self._colour(look.paper)
        return look.struck or alike(ink.hex(), paper.hex()) or bool(NOTHING_SHOWN.fullmatch(look.code))

    def _colour(self, number: int) -> bytes:
        if number < FIRST_OWN_COLOUR:
            return _PALETTE[3 * number : 3 * number + 3]
        if number < SYSTEM_FRONT:
            return self._palette[3 * (number - FIRST_OWN_COLOUR) : 3 * (number - FIRST_OWN_COLOUR) + 3]
        return _WHITE if number == SYSTEM_BACK else _BLACK


class Overlay:
    """Drawn objects and comments of one sheet, from the records that describe them piece by piece."""

    def __init__(self) -> None:
        self._anchor: tuple[int, int] | None = None
        self._kind = self._number = 0
        self._length = 0
        self._objects: dict[int, tuple[int, tuple[int, int]]] = {}
        self._texts: dict[int, str] = {}
        self._comments: list[tuple[int, int, int | str]] = []

    def drawing(self, data: bytes) -> None:
        """Where the next object lies: the last place that is given."""
        at = 0
        while at + HEAD <= len(data):
            kind, what, size = struct.unpack_from("<HHI", data, at)
            if what == ANCHOR and at + 18 <= len(data):
                self._anchor = struct.unpack_from("<H", data, at + 14)[0], struct.unpack_from("<H", data, at + 10)[0]
            at += HEAD if kind & 0xF == CONTAINER else HEAD + size

    def object(self, data: bytes) -> None:
        """What kind of thing an object is, and its number."""
        self._kind, self._number = struct.unpack_from("<HH", data, 4)
        if self._anchor:
            self._objects[self._number] = self._kind, self._anchor
        self._anchor, self._length = None, 0

    def text_follows(self, data: bytes) -> None:
        """How long the text of the latest object is."""
        self._length = struct.unpack_from("<H", data, 10)[0]

    def text(self, data: bytes) -> None:
        """The text, if it is one that was announced."""
        if self._length and data:
            encoding = "utf-16-le" if data[0] & WIDE else "latin-1"
            size = self._length * (2 if data[0] & WIDE else 1)
            self._texts[self._number] = data[1 : 1 + size].decode(encoding, "replace")
            self._length = 0

    def comment(self, data: bytes, decoded: Callable[[bytes], str] | None) -> None:
        """A comment on a cell: by the number of its object, before 1997 by its text."""
        row, col, length = struct.unpack_from("<3H", data)
        of = decoded(data[4:6] + data[6 : 6 + length]) if decoded else struct.unpack_from("<H", data, 6)[0]
        self._comments.append((row, col, of))

    def report(self, sheet: str, tally: Tally) -> None:
        """All of it."""
        for row, col, of in self._comments:
            words = of if isinstance(of, str) else self._texts.get(of, "")
            if words.strip():
                tally.beside(sheet, row, col, COMMENT.format(words.strip()))
        for number, (kind, (row, col)) in self._objects.items():
            words = self._texts.get(number, "").strip()
            if kind == IS_PICTURE:
                tally.beside(sheet, row, col, PICTURE)
            elif kind != IS_COMMENT and words:
                tally.beside(sheet, row, col, TEXT_BOX.format(words))
