"""Names as people write them, reduced to what makes them themselves."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

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
