"""What looking through a file costs beside reading it: CPU in one process, the best of several, over normal returns."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import python_calamine

from pipeline.reading.formats import package
from pipeline.reading.guard import inspect
from tests.builder import SMALL, as_ods, as_xls, filled

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
PREFECTURES = (SMALL, "530100", "532900")  # 3, 14 and 12 counties


def ratios() -> dict[str, tuple[float, float]]:
    """Format → (guard, calamine) CPU seconds a file."""
    returns = [filled(prefecture_code=code) for code in PREFECTURES]
    kinds = {"xlsx": returns, "xls": [as_xls(one) for one in returns], "ods": [as_ods(one) for one in returns]}
    return {kind: (_best(_anew, some), _best(_calamine, some)) for kind, some in kinds.items()}


def _anew(content: bytes) -> object:
    """As if no file with the same parts had come before."""
    package._followed.cache_clear()  # noqa: SLF001 - for this comparison only
    return inspect(content)


def _calamine(content: bytes) -> object:
    """All sheets, by another reader."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]


def _best(work: Callable[[bytes], object], returns: list[bytes]) -> float:
    """Seconds a file in the quickest of the rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for content in returns:
            work(content)
        seconds.append(time.process_time() - start)
    return min(seconds) / len(returns)


if __name__ == "__main__":
    for kind, (guard, calamine) in ratios().items():
        print(f"{kind}: guard {guard * 1000:.1f} ms, calamine {calamine * 1000:.1f} ms a file: {guard / calamine:.1f}×")
