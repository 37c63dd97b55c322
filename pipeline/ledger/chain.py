"""The chain that holds the ledger together: a link for every entry, signed, naming the link before it.

A link says what was entered (``facts``), and what hangs on it (``content``, a hash over all rows of all tables). Its
signature needs the workspace's key, so that a link can be neither made nor changed without it; its hash covers the
hash of the link before, so that none can be taken out of the middle. What was cut off at the end shows against the
seal, which is kept outside the database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b32encode
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.domain.acts import KEEPING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SUBMISSION, FILES, PROGRAM, KEY, ISSUED = "SUBMISSION", "FILES", "PROGRAM", "KEY", "ISSUED"
WITH_BYTES = (SUBMISSION, PROGRAM, *(kind.value for kind in KEEPING))  # whose ``sha256`` names bytes that are kept
NOT_ACTS = (SUBMISSION, FILES, PROGRAM, KEY, ISSUED)  # other kinds are those of acts
START = "0" * 64  # what the first link names as the one before
_SEAL_WORD = re.compile(r"\s*(\d+)-([A-Z2-7]{4}(?:-[A-Z2-7]{4}){2})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the chain.

    Attributes:
        no: 1 for the first; no number is left out.
        kind: ``SUBMISSION``, ``FILES`` (files of which nothing is left to take in), ``PROGRAM`` (what the office wrote, from
            here on), ``KEY`` (another key, from here on), ``ISSUED`` (workbooks that went out), or the kind of an act.
        seq: Number of the entry in its own table.
        together: Number of the first link that was judged together with it, of the same respondent; its own where none was.
        day: When it was entered.
        facts: JSON: what was entered, as far as no file proves it.
        counts: JSON: table → number of rows.
        content: Hash over these rows.
        hash: Over all this and the hash of the link before.
        signature: Of the hash and all this, with the workspace's key; empty without a key.
    """

    no: int
    kind: str
    seq: int
    together: int
    day: date
    facts: str
    counts: str
    content: str
    hash: str = ""
    signature: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What was entered."""
        told: dict[str, Any] = json.loads(self.facts)
        return told

    @property
    def word(self) -> str:
        """The seal of the chain up to here, short enough to write down."""
        text = b32encode(bytes.fromhex(self.signature or self.hash))[:12].decode()
        return f"{self.no}-{text[:4]}-{text[4:8]}-{text[8:]}"

    @property
    def _statement(self) -> bytes:
        said = (
            self.no,
            self.kind,
            self.seq,
            self.together,
            self.day.isoformat(),
            self.facts,
            self.counts,
            self.content,
        )
        return canonical(said)

    def closed(self, before: str, key: bytes) -> Link:
        """The link with hash and signature, behind the link whose hash is ``before``."""
        statement = self._statement
        over = _hash(before, statement)
        return replace(self, hash=over, signature=_signature(key, over, statement))

    def hash_after(self, before: str) -> str:
        """What its hash has to be behind a link."""
        return _hash(before, self._statement)

    def signed(self, key: bytes) -> str:
        """What its signature has to be."""
        return _signature(key, self.hash, self._statement)


def _hash(before: str, statement: bytes) -> str:
    return hashlib.sha256(before.encode() + statement).hexdigest()


def _signature(key: bytes, over: str, statement: bytes) -> str:
    return sign(key, "link", over.encode() + statement) if key else ""


def sign(key: bytes, purpose: str, content: bytes) -> str:
    """An HMAC, with a key of its own for each purpose, derived from the one that signs stamps."""
    return hmac.digest(_own_key(key, purpose), content, "sha256").hex()


@cache
def _own_key(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"ledger:{purpose}".encode(), "sha256")


def same(one: str, other: str) -> bool:
    """Whether two signatures are equal."""
    return hmac.compare_digest(one.encode(), other.encode())


def _plain(value: Any) -> Any:
    """As every database gives it: yes and no as 1 and 0, a day as text; bytes, which only somebody else can have put there."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else repr(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
Row = dict[str, Any]


def canonical(value: Any) -> bytes:
    """The same bytes for the same value, whichever database it comes from."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def plain_row(columns: Iterable[str], values: Iterable[Any]) -> Row:
    """A row as it is hashed: without its number in the ledger and without what is not there, so that a column may be added."""
    return {
        name: _plain(value) for name, value in zip(columns, values, strict=True) if value is not None and name != "seq"
    }


def content_of(rows: Mapping[str, list[Row]]) -> tuple[str, str]:
    """Counts and hash of the rows of one entry, by table; their order says nothing."""
    there = {name: sorted(map(_ENCODER.encode, some)) for name, some in rows.items() if some}
    counts = canonical({name: len(some) for name, some in there.items()}).decode()
    return counts, hashlib.sha256(canonical(there)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Where the chain ends, as kept outside the database."""

    program: str
    no: int
    hash: str
    word: str
    signature: str = ""

    @classmethod
    def of(cls, program: str, last: Link | None, key: bytes) -> Seal:
        """The seal of a chain that ends with a link; of one without links, too."""
        no, over, word = (last.no, last.hash, last.word) if last else (0, START, "0")
        made = cls(program=program, no=no, hash=over, word=word)
        return cls(program=program, no=no, hash=over, word=word, signature=made.signed(key))

    @classmethod
    def parse(cls, content: bytes) -> Seal | None:
        """As read; None for what is none."""
        try:
            read = json.loads(content)
            one = cls(**{name: read[name] for name in ("program", "no", "hash", "word", "signature")})
        except (ValueError, KeyError, TypeError):
            return None
        return (
            one
            if isinstance(one.no, int) and all(map(_is_text, (one.program, one.hash, one.word, one.signature)))
            else None
        )

    def signed(self, key: bytes) -> str:
        """What its signature has to be."""
        return sign(key, "seal", canonical((self.program, self.no, self.hash, self.word))) if key else ""

    @property
    def content(self) -> bytes:
        """As kept."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def parse_word(text: str) -> tuple[int, str] | None:
    """Number and word of a seal that somebody wrote down; None for what is none."""
    found = _SEAL_WORD.fullmatch(text)
    return (int(found[1]), f"{int(found[1])}-{found[2].upper()}") if found else None
