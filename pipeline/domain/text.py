"""Names as people write them, reduced to what makes them themselves; days as official texts write them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

_MARKS = 30  # combining marks in a row that any writing needs (UAX #15, stream-safe text)


def nfkc(text: str) -> str:
    """NFKC; a text with a longer run of combining marks stays as it is: to order them costs the square of the run."""
    run = 0
    for ch in text if len(text) > _MARKS else "":
        run = run + 1 if unicodedata.combining(ch) else 0
        if run > _MARKS:
            return text
    return unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=4096)  # the same few hundred labels and names, sheet after sheet
def plain(text: str) -> str:
    """A label reduced to what makes it itself: NFKC, no white space, no zero-width characters."""
    tight = "".join(nfkc(text).split())
    return tight if tight.isprintable() else "".join(ch for ch in tight if unicodedata.category(ch) not in {"Cf", "Cc"})


def cn_date(day: date) -> str:
    """2023年3月7日, no leading zeros (GB/T 9704)."""
    return f"{day.year}年{day.month}月{day.day}日"
