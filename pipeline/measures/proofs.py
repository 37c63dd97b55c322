"""Proofs that are named in a return, and whether a document of that name came with one: told where it did not, never held against it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, attached
from pipeline.domain.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.measures.known import KnownState
    from pipeline.program.model import Field, Program, Unit

PROOF = "proof"  # role of a column that asks for the name
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$", re.ASCII)
_BETWEEN = re.compile(r"[、，,；;\n]+")
_NONE = {"", "无", "没有", "略"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProof:
    """One document that a unit named.

    Attributes:
        name: As it was typed.
        since: Code of the period whose return named it.
        came: The act by which a document of that name was filed; None while none was.
    """

    unit: Unit
    field: Field
    name: str
    since: str
    came: Act | None


def proofs(program: Program, known: KnownState, acts: Iterable[Act]) -> tuple[NamedProof, ...]:
    """What the units there are have named, as it is known, by unit and column; a document may come with any return."""
    there: dict[tuple[str, str], Act] = {}
    for act in attached(acts):
        there.setdefault((act.prefecture_code, _key(act.file.rsplit("/", 1)[-1])), act)
    fields = [one for form in program.roster_forms for one in form.of_role(PROOF)]
    return tuple(
        NamedProof(
            unit=unit,
            field=one,
            name=name,
            since=known.since[unit.code][one.code],
            came=there.get((unit.prefecture_code, _key(name))),
        )
        for unit in program.reporters
        for one in fields
        for name in _named(known.values.get(unit.code, {}).get(one.code))
    )


def _named(value: object) -> list[str]:
    """The names in a cell."""
    parts = (part.strip(" 《》“”\"'") for part in _BETWEEN.split(value)) if isinstance(value, str) else ()
    return [part for part in parts if plain(part) not in _NONE]


def _key(name: str) -> str:
    """A name as it is compared: written anyhow, with or without its ending."""
    return _ENDING.sub("", plain(name)).casefold()
