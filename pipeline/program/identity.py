"""Who a sheet says it is, whether we wrote that, and what staff have admitted in spite of it.

Every issued sheet carries a stamp; its token is an HMAC over the rest with the workspace's key, so that a changed
identity shows. The file name means nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.domain.text import nfkc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.program.model import Program

STAMP_WORD = "表样识别码"
_STAMP_PATTERN = re.compile(
    STAMP_WORD + r"\s*([A-Za-z0-9_]+)\|([A-Za-z0-9_]+)\|(\d{1,4})\|(\d{4}-\d\d)\|(\w+)\|(\w+)(?:\|([0-9a-f]+))?",
    re.ASCII,
)
WAITING = -1  # stands for the number of the admission of what is held until there is one
_TOKEN_LENGTH = 20  # hexadecimal digits: 80 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The identity of a sheet.

    Attributes:
        token: Proof that this workspace wrote the rest; empty when there is none.
    """

    program: str
    form: str
    version: int
    period: str
    prefecture_code: str
    issue_no: str
    token: str = ""

    def __str__(self) -> str:
        return f"{STAMP_WORD} {self._statement}|{self.token}"

    @property
    def _statement(self) -> str:
        parts = (self.program, self.form, str(self.version), self.period, self.prefecture_code, self.issue_no)
        return "|".join(parts)

    @classmethod
    def parse(cls, text: str) -> Stamp | None:
        """The stamp contained in a cell's text, or None."""
        match = _STAMP_PATTERN.search(nfkc(text))
        if not match:
            return None
        program, form, version, period, prefecture_code, issue_no, token = match.groups(default="")
        return cls(
            program=program,
            form=form,
            version=int(version),
            period=period,
            prefecture_code=prefecture_code,
            issue_no=issue_no,
            token=token,
        )

    def signed(self, key: bytes) -> Stamp:
        """The same identity with its token."""
        return replace(self, token=self._token(key))

    def genuine(self, key: bytes) -> bool:
        """Whether this workspace wrote it; nothing is genuine without a key."""
        return bool(key) and hmac.compare_digest(self.token, self._token(key))

    def _token(self, key: bytes) -> str:
        return hmac.new(key, self._statement.encode(), hashlib.sha256).hexdigest()[:_TOKEN_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A staff member's word on whose and for when a held file is; an entry of the ledger.

    Attributes:
        seq: Number of the entry among the acts of the ledger.
    """

    seq: int
    prefecture_code: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What the office knows of the returns it expects.

    Attributes:
        key: The key its stamps are signed with; empty when the workspace has none.
        admissions: (sha256 of a file, prefecture, period its stamps claim; both empty without stamps) → the admission
            that holds.
        closed: Period → day it was closed; whatever comes for it now is held, on whatever day it was received.
    """

    program: Program
    key: bytes
    admissions: Mapping[tuple[str, str, str], Admission] = field(default_factory=dict)
    closed: Mapping[str, date] = field(default_factory=dict)
