"""The pictures of a period: each is one object in one module of this folder, found here; and how they are made.

The bulletin's six are there in every period of every campaign; the others when they have something to show, so that a
template asks ``{%p if pictures.funding is defined %}`` first. What does not fit on one sheet is several drawings under one
number (图3之一、图3之二); what cannot be drawn is a picture that says so, so that the documents it stands in are made all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.products.coverage import bounds_of, carried
from pipeline.products.documents.word import Picture
from pipeline.products.drawing.cache import Drawing, drawn
from pipeline.products.drawing.parts import divided, sentence
from pipeline.products.found import found
from pipeline.products.wording import one_decimal, ordinal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures

T = TypeVar("T")
_UNDRAWN = "本图未能生成"
Parts = list[tuple[str, Drawing]]
"""The drawings of a picture, each with what it is of; one that is whole is of nothing in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKind:
    """One of the pictures.

    Attributes:
        name: What templates call it: ``{{ pictures.rank }}``.
        number: The order of the files, 图1 first; a document numbers its pictures as they stand in it.
        title: Its title, in the words of this programme.
        drawings: Measures → drawings; none where there is nothing to show.
        words: Measures → what it comes to, for who cannot see it.
        shows: What it is of, for docs/图集.md; as ``reading``, how it is to be read.
    """

    name: str
    number: int
    title: str
    drawings: Callable[[PeriodMeasures], Parts]
    words: Callable[[PeriodMeasures], str]
    shows: str
    reading: str

    def file_name(self, m: PeriodMeasures, n: int, of: int) -> str:
        """What a part of it is called as a file: 图3之一_….png."""
        return f"图{self.number}{ordinal(n, of)}_{m.program.worded(self.title)}.png"

    def alt_text(self, m: PeriodMeasures) -> str:
        """The period, what the picture is of, and what it comes to."""
        return f"{m.period.title}{m.program.worded(self.title)}；{self.words(m)}。"


@cache
def kinds() -> dict[str, PictureKind]:
    """Every module of the folder that has a ``PICTURE``, by its name, in the order of the numbers."""
    return {one.name: one for one in found(__package__, "PICTURE")}


def pictures(m: PeriodMeasures, cache: Path | None = None, secret: bytes = b"") -> dict[str, Picture]:
    """All there are, by the names the templates use.

    Args:
        m: The period's measures.
        cache: Folder of pictures drawn before (:mod:`pipeline.products.drawing.cache`); None draws each anew.
        secret: The workspace's key, which signs them.
    """
    draw = partial(drawn, folder=cache, secret=secret)
    return {name: picture for name, kind in kinds().items() if (picture := _picture(m, kind, draw))}


def _picture(m: PeriodMeasures, kind: PictureKind, draw: Callable[[Drawing], bytes]) -> Picture | None:
    """One of them; None when it has nothing to show."""
    try:
        parts = kind.drawings(m)
        alt = kind.alt_text(m)
        some = [
            Picture(
                png=draw(drawing),
                alt=f"{alt.removesuffix('。')}；{ordinal(n, len(parts))}：{of}。" if of else alt,
            )
            for n, (of, drawing) in enumerate(parts)
        ]
    except Exception as fault:  # noqa: BLE001 - whatever it is, it costs this picture only
        return Picture(png=sentence(_UNDRAWN), alt=_UNDRAWN, fault=fault)
    return replace(some[0], more=tuple(some[1:])) if some else None


def try_pictures(m: PeriodMeasures) -> Iterator[tuple[str, Exception]]:
    """Draw all with every figure there and the longest name everywhere; the files that could not be, and why."""
    longest = max((p.short_name for p in m.program.prefectures), key=len)
    for kind in kinds().values():
        parts = kind.drawings(m)
        for n, (_, drawing) in enumerate(parts):
            try:
                drawn(partial(drawing.func, *(filled(one, longest) for one in drawing.args), **drawing.keywords), None)
            except Exception as fault:  # noqa: BLE001 - any of them would cost the picture in a run
                yield kind.file_name(m, n, len(parts)), fault


def filled(value: Any, name: str) -> Any:
    """A value of a drawing with every share at 100 % and every name that nobody holds yet as ``name``."""
    if is_dataclass(value) and not isinstance(value, type):
        worst = {"float | None": 100.0, "str | None": name}
        lacking = {
            f.name: worst[str(f.type)] for f in fields(value) if str(f.type) in worst and getattr(value, f.name) is None
        }
        return replace(value, **lacking)
    if isinstance(value, list | tuple):
        return [filled(one, name) for one in value]
    return 100.0 if value is None else value


def whole(drawing: Drawing) -> Parts:
    """A picture that is one drawing."""
    return [("", drawing)]


def spans(rows: Sequence[T], most: int, name: Callable[[T], str]) -> Iterator[tuple[str, Sequence[T]]]:
    """Rows parted over drawings, each part with the names of its first and last."""
    parts = divided(rows, most)
    yield from ((f"{name(some[0])}至{name(some[-1])}" if len(parts) > 1 else "", some) for some in parts)


def as_float(amount: Decimal | None) -> float | None:
    """An amount as a length."""
    return None if amount is None else float(amount)


def reported(m: PeriodMeasures) -> str:
    """Its coverage, in words."""
    w = m.program.words
    return f"按已报{m.reported}{w.rows}统计" if m.reported else f"尚无{w.row}报送"


def known_of(m: PeriodMeasures) -> str:
    """The coverage of what is made of last known values, in words."""
    w, before = m.program.words, carried(m)
    if not before:
        return reported(m)
    said = f"本期已报{m.reported}{w.rows}" if m.reported else f"本期尚无{w.row}报送"
    return f"{said}，沿用上次{before}{w.rows}"


def overall(m: PeriodMeasures) -> str:
    """Completion of the whole with its coverage and what silence can do to it, in words."""
    w, done = m.program.words, m.now.province
    figure = f"{w.whole}尚无可统计的数据" if done.pct is None else f"{w.whole}完成率{one_decimal(done.pct)}%"
    bounds = bounds_of(done)
    return f"{figure}，{reported(m)}" + (f"，{bounds}" if bounds else "")
