"""What looking through a file costs beside reading it: CPU in one process, the best of several, over normal returns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipeline.workbook.guard import inspect
from pipeline.workbook.read import load_grids
from tests.builder import SMALL, filled

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
PREFECTURES = (SMALL, "530100", "532900")  # 3, 14 and 12 counties


def ratio() -> tuple[float, float]:
    """(guard, calamine) CPU seconds a file."""
    returns = [filled(prefecture_code=code) for code in PREFECTURES]
    return _best(inspect, returns), _best(load_grids, returns)


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
    guard, calamine = ratio()
    print(f"guard {guard * 1000:.1f} ms, calamine {calamine * 1000:.1f} ms a file: {guard / calamine:.1f}×")
