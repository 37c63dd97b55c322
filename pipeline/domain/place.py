"""Whose a file is, and by what that is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Placing(StrEnum):
    """By what a file has its owner; nothing where nobody knows it yet."""

    STAMP = "STAMP"  # of a sheet of its, or of a part of it that can be read
    NAME = "NAME"  # of its own or of a folder: a guess
    STAFF = "STAFF"
    NOTHING = ""


PLACING_NAMES = {
    Placing.STAMP: "表样识别码",
    Placing.NAME: "文件名推定",
    Placing.STAFF: "工作人员认定",
    Placing.NOTHING: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose a file is and for when, as far as can be told; ``placed`` says by what."""

    prefecture_code: str = ""
    period: str = ""
    placed: Placing = Placing.NOTHING


NOBODYS = Place()
