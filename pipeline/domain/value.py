"""What a cell holds: as it was typed, as it was read, and how it is shown."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from pipeline.domain.text import nfkc

Raw = str | int | float | bool | date | datetime | time | timedelta | None
Value = int | str | date | Decimal | None

BACKWARDS = frozenset("\u061c\u200f\u202b\u202e\u2067")  # what follows reads from right to left
TURNING = BACKWARDS | frozenset("\u200e\u202a\u202c\u202d\u2066\u2068\u2069")  # the others change nothing one sees
_NO_CHARACTERS = frozenset("\ufffe\uffff")  # what no XML file can hold
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + "".join(sorted(TURNING | _NO_CHARACTERS)) + "]")
LARGEST = 10**12


def show(raw: Raw | Decimal) -> str:
    """A cell as its officer would see it typed; control characters, and those that turn text around, dropped."""
    if isinstance(raw, str) and raw.isprintable():  # nearly every cell
        return raw
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, Decimal):
        return f"{raw:f}"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < LARGEST:
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == time() else raw.isoformat(sep=" ")
    return _UNSEEN.sub("", str(raw))


@lru_cache(maxsize=4096)  # headings, names and answers come again sheet after sheet
def tidy(text: str) -> str:
    """NFKC without zero-width and control characters, white space at the ends removed (full-width too)."""
    if not text.isprintable():
        text = "".join(ch for ch in text if unicodedata.category(ch) not in {"Cf", "Cc"} or ch in "\n\t")
    return (text if text.isascii() else nfkc(text)).strip()


def is_blank(raw: Raw) -> bool:
    """Nothing stands in a cell that anybody could see: the first visible character decides."""
    if isinstance(raw, str):
        return not any(not ch.isspace() and unicodedata.category(ch) not in {"Cf", "Cc"} for ch in raw)
    return raw is None
