"""Damaged and edited returns, seeded: nothing is raised, nothing hangs, and no figure changes unseen.

Bytes are flipped and cut off, and the XML inside is edited and packed again. Every file is read where it would be in a
run, in a worker; everything that was read is judged by all rules in one go. What is accepted must be what was typed; the
only exceptions are edits that leave a whole file which says something else, and those are counted: openpyxl, which
shares no code with our reader, must see the same other figure in the same cell.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.checks import lines
from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State
from pipeline.engine import engines as engine
from pipeline.intake.first_round import lost, registry
from pipeline.reading.read import read_return
from tests.builder import arrival, as_ods, as_xls, campaign, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.checks.decide import Decision
    from pipeline.domain.arrival import Arrival
    from pipeline.domain.value import Value
    from pipeline.reading.read import Reading

SEED, FLIPS, CUTS, EDITS = 20221026, 60, 15, 120
LIMITS = engine.Limits(seconds=20, cpu_seconds=20)
START = date(2023, 3, 1)
UNSEEN_BUDGET = 0.5
"""The largest share of XML edits that may change a figure unseen: most edits of this kind hit a figure."""

Values = dict[tuple[str, str], "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One spoilt file: how, and its bytes."""

    kind: str
    how: str
    content: bytes


def flips(content: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for _ in range(FLIPS):
        spoilt = bytearray(content)
        for _ in range(chance.choice((1, 1, 1, 4, 32))):
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        yield "flip", bytes(spoilt)


def cuts(content: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for _ in range(CUTS):
        yield "cut", content[: chance.randrange(1, len(content))]


def _swap_digits(xml: str, chance: random.Random) -> str:
    at = [m.start() for m in re.finditer(r"\d", xml)]
    where = chance.choice(at)
    return f"{xml[:where]}{chance.randrange(10)}{xml[where + 1 :]}"


def _other_figure(xml: str, chance: random.Random) -> str:
    """A whole file that says something else: the one edit nobody can see."""
    found = list(re.finditer(r'(?<=<v>)\d+(?=</v>)|(?<=office:value=")\d+(?=")', xml))
    if not found:
        return xml
    one = chance.choice(found)
    return f"{xml[: one.start()]}{chance.randrange(50)}{xml[one.end() :]}"


def _drop(pattern: str) -> Callable[[str, random.Random], str]:
    def edit(xml: str, chance: random.Random) -> str:
        found = list(re.finditer(pattern, xml, re.DOTALL))
        if not found:
            return xml
        one = chance.choice(found)
        return xml[: one.start()] + xml[one.end() :]

    return edit


def _double(pattern: str) -> Callable[[str, random.Random], str]:
    def edit(xml: str, chance: random.Random) -> str:
        found = list(re.finditer(pattern, xml, re.DOTALL))
        if not found:
            return xml
        one = chance.choice(found)
        return xml[: one.end()] + one[0] + xml[one.end() :]

    return edit


def _attribute(xml: str, chance: random.Random) -> str:
    found = list(re.finditer(r' (\w+(?::[\w-]+)?)="([^"]*)"', xml))
    if not found:
        return xml
    one = chance.choice(found)
    other = chance.choice(("", "0", "-1", "99999999999", "e", "str", "inlineStr", "Z9", "A1", "&#0;", "é"))
    return f'{xml[: one.start()]} {one[1]}="{other}"{xml[one.end() :]}'


def _break(xml: str, chance: random.Random) -> str:
    where = chance.randrange(len(xml))
    return xml[:where] + chance.choice(("<", ">", "&", "</x>", "<x>", '"', "]]>", "<!--", "<![CDATA[")) + xml[where:]


XML_EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "digit": _swap_digits,
    "figure": _other_figure,
    "drop cell": _drop(r"<(?:c|table:table-cell)\b[^>]*>.*?</(?:c|table:table-cell)>"),
    "double cell": _double(r"<(?:c|table:table-cell)\b[^>]*>.*?</(?:c|table:table-cell)>"),
    "drop row": _drop(r"<(?:row|table:table-row)\b[^>]*>.*?</(?:row|table:table-row)>"),
    "double row": _double(r"<(?:row|table:table-row)\b[^>]*>.*?</(?:row|table:table-row)>"),
    "attribute": _attribute,
    "break": _break,
    "drop tag": _drop(r"<[^>]+>"),
}


def edits(content: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Well packed again, so that no checksum gives them away."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = [
        n
        for n in members
        if re.search(r"sheets/sheet\d+\.xml$|sharedStrings\.xml$|workbook\.xml$|styles\.xml$|content\.xml$", n)
    ]
    weights = [4 if "sheets/" in name or name == "content.xml" else 1 for name in names]
    for n in range(EDITS):
        how = list(XML_EDITS)[n % len(XML_EDITS)]
        (name,) = chance.choices(names, weights)
        spoilt = XML_EDITS[how](members[name].decode("utf-8"), chance).encode("utf-8")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(member, spoilt if member == name else data)
        yield how, out.getvalue()


@pytest.fixture(scope="module")
def originals() -> dict[str, bytes]:
    content = filled()
    return {"xlsx": content, "xls": as_xls(content), "ods": as_ods(content)}


@pytest.fixture(scope="module")
def mutants(originals: dict[str, bytes]) -> list[Mutant]:
    made = []
    for kind, content in originals.items():
        chance = random.Random(f"{SEED} {kind}")  # noqa: S311 - repeatable damage
        ways = (flips, cuts) if kind == "xls" else (flips, cuts, edits)
        made += [Mutant(kind=kind, how=how, content=spoilt) for way in ways for how, spoilt in way(content, chance)]
    return made


def received(contents: list[bytes]) -> list[Arrival]:
    """Each on a day of its own, so that none is another's rival."""
    return [arrival(content, f"{n}", START + timedelta(days=n)) for n, content in enumerate(contents)]


def read_all(contents: list[bytes]) -> list[Reading]:
    known = registry(campaign(), ())
    return list(engine.Pool(limits=LIMITS).each(_Read(known), received(contents), lost=partial(lost, known)))


@dataclass(frozen=True, slots=True)
class _Read:
    known: Any

    def __call__(self, one: Arrival) -> Reading:
        """Whatever comes back need not carry the bytes along."""
        reading = read_return(self.known, one)
        return replace(reading, returns=tuple(replace(r, arrival=replace(one, content=b"")) for r in reading.returns))


@pytest.fixture(scope="module")
def readings(mutants: list[Mutant]) -> list[Reading]:
    return read_all([one.content for one in mutants])


def judged(readings: list[Reading]) -> dict[int, Decision]:
    """Number of the file → decision on its return for the period."""
    c = campaign()
    period = c.program.period_by_code["2023-02"]
    returns = [one for reading in readings for one in reading.returns if one.period == period.code]
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr(lines, "days_of_report", lambda *_: {})  # no file fills another's blanks
        checked = check_returns(c.program, c.rules, period, returns, NO_PAST)
    return {int(d.source.arrival.name): d for d in decide(c.program, returns, checked, NO_PAST)}


@pytest.fixture(scope="module")
def decisions(readings: list[Reading]) -> dict[int, Decision]:
    return judged(readings)


def accepted(decision: Decision) -> Values:
    return {
        (record.county_code, code): value
        for record in decision.records
        if record.state in {State.ACCEPTED, State.NIL}
        for line in record.lines.values()
        for code, value in line.values.items()
    }


@pytest.fixture(scope="module")
def typed(originals: dict[str, bytes]) -> Values:
    """What the undamaged files say, all three alike and accepted whole."""
    decided = judged(read_all(list(originals.values())))
    values = [accepted(decided[n]) for n in range(len(originals))]
    assert values[0] == values[1] == values[2]
    assert {county for county, _ in values[0]} == {c.code for c in campaign().program.counties_of("533400")}
    return values[0]


def test_nothing_hangs_and_every_file_is_answered(mutants: list[Mutant], readings: list[Reading]) -> None:
    assert len(readings) == len(mutants)
    told = [{f.code for f in (*r.findings, *(x for one in r.returns for x in one.findings))} for r in readings]
    silent = [m for m, r, codes in zip(mutants, readings, told, strict=True) if not codes and not r.returns]
    assert silent == []
    assert not any("FILE_READER_HUNG" in codes for codes in told)


def test_no_figure_changes_unseen(
    mutants: list[Mutant], decisions: dict[int, Decision], typed: Values, capsys: pytest.CaptureFixture[str]
) -> None:
    unseen: Counter[str] = Counter()
    for n, decision in decisions.items():
        mutant, values = mutants[n], accepted(decision)
        wrong = {key: value for key, value in values.items() if value != typed.get(key)}
        noted = {(f.county_code, f.field) for f in decision.findings}
        for (county, field), value in wrong.items():
            if (county, field) in noted:
                continue
            unseen[f"{mutant.kind} {mutant.how}"] += 1
            assert mutant.how != "cut"
            assert mutant.kind == "xls" or mutant.how != "flip", "a zip has checksums"
            if mutant.kind == "xlsx":
                assert as_openpyxl_sees(mutant.content, decision, county, field) in {value, str(value)}
    with capsys.disabled():
        print(f"\n{len(mutants)} spoilt files, {len(decisions)} read; changed unseen: {dict(unseen)}")  # noqa: T201 - counted, as asked
    edited = sum(m.how in XML_EDITS for m in mutants)
    assert sum(unseen.values()) < UNSEEN_BUDGET * edited


def as_openpyxl_sees(content: bytes, decision: Decision, county: str, field: str) -> Any:
    """The cell our reader took the figure from, by another reader."""
    form = next(f.code for f in campaign().program.forms if any(x.code == field for x in f.fields))
    row = next(r.row for r in decision.source.rows[form] if r.county_code == county)
    sheet = openpyxl.load_workbook(io.BytesIO(content))[decision.source.sheets[form]]
    value = sheet[f"{decision.source.columns[form][field]}{row}"].value
    return value.date() if isinstance(value, datetime) else value
