"""Texts of an xls, with what is struck or raised in them; those of one workbook run on through records that continue each other."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import MAX_VALUED, Refusal, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDE, EXTRA, RICH = 1, 4, 8


class Chain:
    """Data of a record and of those that continue it, read from one end to the other.

    Raises:
        IndexError: It is over before what it announced has come.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces, self._nth, self._at = pieces, 0, 0

    @property
    def over(self) -> bool:
        """Nothing is left."""
        return self._nth >= len(self._pieces) - 1 and self._at >= len(self._pieces[-1])

    def take(self, size: int) -> bytes:
        """So many bytes, wherever a record ends."""
        taken = b""
        while len(taken) < size:
            self._step()
            piece = self._pieces[self._nth][self._at : self._at + size - len(taken)]
            self._at += len(piece)
            taken += piece
        return taken

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        while size > 0:
            self._step()
            step = min(size, len(self._pieces[self._nth]) - self._at)
            self._at += step
            size -= step

    def characters(self, count: int, *, wide: bool) -> str:
        """A text; each continuing record begins by saying anew how wide its characters are."""
        text = ""
        while count:
            if self._at >= len(self._pieces[self._nth]):
                self._step()
                wide = bool(self._pieces[self._nth][0] & WIDE)
                self._at = 1
            size = 2 if wide else 1
            got = min(count, (len(self._pieces[self._nth]) - self._at) // size)
            if not got:
                raise IndexError
            data = self._pieces[self._nth][self._at : self._at + got * size]
            text += data.decode("utf-16-le" if wide else "latin-1", "replace")
            self._at += got * size
            count -= got
        return text

    def _step(self) -> None:
        while self._at >= len(self._pieces[self._nth]):
            self._nth, self._at = self._nth + 1, 0
            if self._nth >= len(self._pieces):
                raise IndexError


def shared_texts(pieces: Sequence[bytes], looks: Mapping[int, tuple[bool, bool]]) -> Iterator[str | tuple[Run, ...]]:
    """Each text of the workbook, in order; in runs where not all of it looks alike.

    Args:
        pieces: The record and those that continue it.
        looks: Font → struck, raised; of those that are one of them.
    """
    chain = Chain(pieces)
    count = struct.unpack("<I", chain.take(8)[4:])[0]
    if count > MAX_VALUED:
        raise Refusal("FILE_TOO_MANY_CELLS", f"有{count}条文字")
    for _ in range(count):
        if chain.over:  # a careless count
            return
        yield _rich(chain, looks)


def _rich(chain: Chain, looks: Mapping[int, tuple[bool, bool]]) -> str | tuple[Run, ...]:
    length, flags = struct.unpack("<HB", chain.take(3))
    runs = struct.unpack("<H", chain.take(2))[0] if flags & RICH else 0
    extra = struct.unpack("<I", chain.take(4))[0] if flags & EXTRA else 0
    text = chain.characters(length, wide=bool(flags & WIDE))
    fonts = chain.take(4 * runs)
    chain.skip(extra)  # how it is pronounced
    return in_runs(text, fonts, looks) if fonts and looks else text


def in_runs(text: str, fonts: bytes, looks: Mapping[int, tuple[bool, bool]]) -> str | tuple[Run, ...]:
    """A text cut where its font changes; as it is, if nothing in it is struck or raised."""
    turns = [*struct.iter_unpack("<HH", fonts[: len(fonts) // 4 * 4])]
    if not any(font in looks for _, font in turns):
        return text
    ends = [at for at, _ in turns[1:]] + [len(text)]
    first = [Run(text=text[: turns[0][0]])] if turns[0][0] else []
    pieces = [(text[at:end], *looks.get(font, (False, False))) for (at, font), end in zip(turns, ends, strict=True)]
    return (*first, *(Run(text=piece, struck=struck, raised=raised) for piece, struck, raised in pieces if piece))
