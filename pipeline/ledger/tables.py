"""The dataset's tables, built from the program: a ledger, acts of staff, records, findings, and one wide table per form.

``seq`` of ``submissions`` is the dataset's only clock. Nothing is ever updated; what stands is a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.program.model import Field, Form, Program

NOT_APPLICABLE_COLUMN = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All tables of a dataset."""

    metadata: MetaData
    meta: Table
    revision: Table
    blobs: Table
    files: Table
    chain: Table
    submissions: Table
    acts: Table
    records: Table
    findings: Table
    forms: Mapping[str, Table]


def build_tables(program: Program) -> Tables:
    """The schema for ``program``."""
    metadata = MetaData()
    meta = Table("meta", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))
    revision = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))
    blobs = Table(  # of a server only; a file of SQLite has them beside it
        "blobs",
        metadata,
        Column("sha256", String(64), primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
    files = Table(
        "files",
        metadata,
        Column("sha256", String(64), primary_key=True),
        Column("file", Text, primary_key=True),
        Column("received_on", Date, nullable=False),
        Column(
            "seq", Integer, nullable=False, server_default="0"
        ),  # number of the link in the chain by which it was noted
    )
    chain = Table(  # see dataset.chain.Link
        "chain",
        metadata,
        Column("no", Integer, primary_key=True, autoincrement=False),
        Column("kind", String(10), nullable=False),
        Column("seq", Integer, nullable=False),
        Column("together", Integer, nullable=False),
        Column("day", Date, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("facts", "counts", "content", "hash", "signature")),
    )
    submissions = Table(
        "submissions",
        metadata,
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("sha256", String(64), nullable=False, index=True),
        Column("file", Text, nullable=False),
        Column("received_on", Date, nullable=False),
        Column("taken_on", Date, nullable=False),
        Column("prefecture_code", String(12), nullable=False, index=True),
        Column("period", String(7), nullable=False),
        Column("issue_no", Text, nullable=False),
        Column(
            "admission", Integer, nullable=False
        ),  # seq of the act that let it in; 0 when it came in by itself, -1 while it waits
        Column("verdict", String(10), nullable=False),
        Column("reason", Text, nullable=False),
        Column("sheets", Text, nullable=False),  # JSON: form code → sheet name
        Column("columns", Text, nullable=False),  # JSON: form code → field code → column letters
        Column("placed", Text, nullable=False, server_default=""),  # see identity.Placing; of entries before 0005 empty
        UniqueConstraint("period", "prefecture_code", "sha256", "admission"),
        sqlite_autoincrement=True,
    )
    acts = Table(
        "acts",
        metadata,
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("kind", String(10), nullable=False),  # see entries.ActKind
        Column("sha256", String(64), nullable=False),  # of the file admitted
        Column("file", Text, nullable=False),
        Column("claimed_prefecture", String(12), nullable=False),  # by the stamps of what was held
        Column("claimed_period", String(7), nullable=False),
        Column("prefecture_code", String(12), nullable=False),
        Column("period", String(7), nullable=False),
        Column("reason", Text, nullable=False),
        Column("who", Text, nullable=False),
        Column("done_on", Date, nullable=False),
        Column("target", Integer, nullable=False, server_default="0"),  # seq of the submission that the act is about
        Column("day", Date),  # on which that was received
        sqlite_autoincrement=True,
    )
    records = Table(
        "records",
        metadata,
        Column("seq", ForeignKey("submissions.seq"), primary_key=True),
        Column("county_code", String(12), primary_key=True),
        Column("period", String(7), nullable=False),
        Column("state", String(10), nullable=False),
        Index("ix_records_unit", "county_code", "period"),
    )
    findings = Table(
        "findings",
        metadata,
        Column("seq", ForeignKey("submissions.seq"), primary_key=True),
        Column("no", Integer, primary_key=True),
        *(
            Column(name, Text, nullable=False)
            for name in (
                "code",
                "severity",
                "sheet",
                "cell",
                "county_code",
                "field",
                "rule",
                "found",
                "expected",
                "fix",
            )
        ),
    )
    forms = {form.code: _form_table(metadata, form) for form in program.forms}
    return Tables(
        metadata=metadata,
        meta=meta,
        revision=revision,
        blobs=blobs,
        files=files,
        chain=chain,
        submissions=submissions,
        acts=acts,
        records=records,
        findings=findings,
        forms=forms,
    )


def _form_table(metadata: MetaData, form: Form) -> Table:
    """A row per unit accepted (county, or prefecture), or per entry of its list under the entry's number.

    A count's 不适用 stands in ``not_applicable`` (field codes joined by spaces); an amount is a text of two decimals.
    """
    return Table(
        f"form_{form.code}",
        metadata,
        Column("seq", ForeignKey("submissions.seq"), primary_key=True),
        Column("county_code", String(12), primary_key=True),
        Column("entry", String(24), primary_key=True),
        Column("period", String(7), nullable=False),
        Column("sheet_row", Integer, nullable=False),
        Column("nil", Boolean, nullable=False),
        Column(
            "typed", Text, nullable=False
        ),  # JSON: field → text as typed, where it differs from the value ("" where 零报告 carried it)
        Column(NOT_APPLICABLE_COLUMN, Text, nullable=False),
        *(_field_column(one) for one in form.fields),
        Index(f"ix_form_{form.code}_unit", "county_code", "period"),
    )


def _field_column(one: Field) -> Column[int] | Column[str]:
    if one.type is FieldType.COUNT:
        return Column(one.code, BigInteger)
    return Column(one.code, Date) if one.type is FieldType.DATE else Column(one.code, Text)  # type: ignore[return-value]
