"""The one font of our pictures, carried in the package and never looked up on the machine.

    ChartError                  a picture cannot be drawn as designed
    └── GlyphError              the font has no glyph for a character

The vendored Noto Sans SC (SIL OFL 1.1, see ``assets/OFL.txt``) is registered under a private family name, so
a Noto installed on the machine can never be drawn in its place: the same figures give the same bytes anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from pipeline.system.errors import PipelineError

_FAMILY = "Run Pipeline Sans"
FONT_FILE = Path(__file__).parent / "assets" / "NotoSansSC-Regular-subset.otf"
MISSING_GLYPH = "〓"  # as printers have always marked it
MM_PER_POINT = 25.4 / 72
_EM_UNITS = 1000


class ChartError(PipelineError):
    """A picture cannot be drawn as designed; nothing was written."""


class GlyphError(ChartError):
    """The font has no glyph for a character, which would have been printed as an empty box."""


@cache
def family() -> str:
    """Register the vendored font once and return its private family name.

    Raises:
        ChartError: matplotlib would pick another file for the name.
    """
    entry = font_manager.FontEntry(fname=str(FONT_FILE), name=_FAMILY, weight=400, size="scalable")
    font_manager.fontManager.ttflist.append(entry)
    found = font_manager.fontManager.findfont(_FAMILY, fallback_to_default=False)
    if Path(found) != FONT_FILE:
        raise ChartError(f"字体{_FAMILY}指向了别的文件：{found}")
    return _FAMILY


@cache
def _face() -> FT2Font:
    face = FT2Font(str(FONT_FILE))
    face.set_size(_EM_UNITS, 72)
    return face


@cache
def _characters() -> frozenset[int]:
    return frozenset(_face().get_charmap())


@cache
def _advance_em(character: str) -> float:
    glyph = _face().load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / _EM_UNITS


def require_glyphs(text: str) -> None:
    """Refuse a text the font cannot draw in full.

    Raises:
        GlyphError: at least one character has no glyph; the message names each of them.
    """
    missing = sorted({character for character in text if ord(character) not in _characters()})
    if missing:
        listed = "、".join(f"U+{ord(character):04X}" for character in missing)
        raise GlyphError(f"字体缺字：“{text}”中的{listed}没有字形，请改用常用字或补充字体")


def with_glyphs(text: str) -> str:
    """A text as the font can draw it: 〓 for a character it lacks."""
    return "".join(ch if ord(ch) in _characters() else MISSING_GLYPH for ch in text)


def width_mm(text: str, size_pt: float) -> float:
    """Return the advance width of one line of text, in mm.

    Raises:
        GlyphError: a character has no glyph.
    """
    require_glyphs(text)
    return sum(_advance_em(character) for character in text) * size_pt * MM_PER_POINT
