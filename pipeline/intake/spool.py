"""Readings between the two rounds of an intake: put away as they come, taken out by period and turn; memory stays flat."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path
    from types import TracebackType
    from typing import IO, Self

IN_MEMORY = 64 << 20  # bytes; what is more goes to a file without a name, gone with the process


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A return, packed, with what is needed to put it in its turn; ``content`` is empty once it is on the shelf."""

    period: str
    prefecture_code: str
    received_on: date
    admission: int
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolPlace:
    """Where a return lies on the shelf."""

    prefecture_code: str
    start: int
    size: int


class Shelf:
    """Packed returns, by period.

    Args:
        folder: Where what does not fit into memory goes: it is as private as the dataset.
    """

    def __init__(self, folder: Path) -> None:
        where = str(folder) if folder.is_dir() else None
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=where)  # noqa: SIM115
        self._days: dict[str, dict[str, dict[date, list[SpoolPlace]]]] = {}
        self._end = self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def put(self, returns: Iterable[Shelved]) -> None:
        """Put away what one file gave."""
        for workbook in returns:
            self._file.seek(self._end)
            self._file.write(workbook.content)
            place = SpoolPlace(prefecture_code=workbook.prefecture_code, start=self._end, size=len(workbook.content))
            days = self._days.setdefault(workbook.period, {}).setdefault(workbook.prefecture_code, {})
            days.setdefault(workbook.received_on, []).append(place)
            self._end += len(workbook.content)
            self._count += 1

    def turns(self, period: str) -> list[list[SpoolPlace]]:
        """Returns of one period, so that each prefecture's are judged day by day, against what it sent before.

        All prefectures' first days together, then their second days: what came on one day is judged together.
        """
        turns: list[list[SpoolPlace]] = []
        for of_prefecture in self._days.get(period, {}).values():
            for n, day in enumerate(sorted(of_prefecture)):
                turns += [[]] if n == len(turns) else []
                turns[n] += of_prefecture[day]
        return turns

    def content(self, place: SpoolPlace) -> bytes:
        """What lies there."""
        self._file.seek(place.start)
        return self._file.read(place.size)
