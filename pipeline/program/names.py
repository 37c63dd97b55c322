"""Names as people write them, reduced to what makes them themselves."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)  # the same few hundred labels and names, sheet after sheet
def plain(text: str) -> str:
    """A label reduced to what makes it itself: NFKC, no white space, no zero-width characters."""
    return "".join(
        ch
        for ch in unicodedata.normalize("NFKC", text)
        if not ch.isspace() and unicodedata.category(ch) not in {"Cf", "Cc"}
    )
