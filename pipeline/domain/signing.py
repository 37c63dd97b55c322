"""A receipt that is signed: its check code, the slip by which its scan files itself, and where the signature stands."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "ACDEFGHJKMNPQRTUVWXY3479"  # without what looks alike on paper: B8, I1L, O0, S5, Z2, 6
_DIGITS, _GROUP = 12, 4
_MARK = "RPQ1"
_SLIP = re.compile(rf"{_MARK}:([A-Za-z0-9_]{{1,20}}):(\d{{4}}-\d\d):([0-9A-Za-z]{{1,20}}):([{ALPHABET}]{{{_DIGITS}}})")


class SignOff(StrEnum):
    """Whether a respondent signs for what was accepted of it."""

    REQUIRED = "required"  # owed like the report
    ASKED = "asked"
    OFF = "off"


class SignState(StrEnum):
    """Where the signature of a respondent for a period stands."""

    SIGNED = "SIGNED"
    VOID = "VOID"  # a value was changed since
    UNSIGNED = "UNSIGNED"


SIGN_NAMES = {SignState.SIGNED: "已签认", SignState.VOID: "签认失效", SignState.UNSIGNED: "未签认"}
SIGN_AGAIN = "签认以后有数据改动，请打印新的确认单，重新签字盖章后发回"


def check_code(canonical: bytes) -> str:
    """Twelve characters over a canonical text, 55 bits: as good as impossible to hit by chance, and short enough to read out."""
    number, digits = int.from_bytes(hashlib.sha256(canonical).digest()), []
    for _ in range(_DIGITS):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)


def shown_code(code: str) -> str:
    """As it is printed: 7K3M-QRTX-W4HJ."""
    return "-".join(code[n : n + _GROUP] for n in range(0, len(code), _GROUP))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What the square of a receipt says: whose values of which period were printed, by their check code."""

    program: str
    period: str
    unit: str
    code: str

    def __str__(self) -> str:
        return f"{_MARK}:{self.program}:{self.period}:{self.unit}:{self.code}"

    @classmethod
    def parse(cls, text: str) -> Slip | None:
        """None for what no receipt of ours says."""
        found = _SLIP.fullmatch(text)
        return cls(program=found[1], period=found[2], unit=found[3], code=found[4]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the squares in a file say.

    Attributes:
        slips: Each once, in the order of pages.
        fault: Why some of it could not be looked at, in words; empty where all was.
    """

    slips: tuple[Slip, ...] = ()
    fault: str = ""
