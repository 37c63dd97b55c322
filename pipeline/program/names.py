"""Names as people write them, reduced to what makes them themselves."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)  # the same few hundred labels and names, sheet after sheet
def plain(text: str) -> str:
    """A label reduced to what makes it itself: NFKC, no white space, no zero-width characters."""
    tight = "".join(unicodedata.normalize("NFKC", text).split())
    return tight if tight.isprintable() else "".join(ch for ch in tight if unicodedata.category(ch) not in {"Cf", "Cc"})
