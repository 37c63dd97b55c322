"""A prefecture officer for tests: figures to report, ways of typing them, and LibreOffice to type them into.

What is invented here is known before any of the pipeline's code has seen it, so it is what the results are held against.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.domain.value import Value
    from pipeline.program.model import County, Field, Period, Program

WHOLES = (
    ("Q06-3d", "Q06-3n"),
    ("Q06-3n", "Q06-3"),
    ("Q08-d", "Q08-1n"),
    ("Q08-d", "Q08-2n"),
    ("Q13-2d", "Q13-2n"),
    ("Q30-1d", "Q30-1n"),
    ("Q30-2d", "Q30-2n"),
)
"""(whole, part): what the notice's rates are made of."""

FILTERS = {"xlsx": "Calc MS Excel 2007 XML", "xls": "MS Excel 97", "ods": "calc8"}
UNO_SCRIPT = Path(__file__).with_name("officer_uno.py")
NUMERALS = {3: "三", 10: "十", 12: "十二", 20: "二十", 35: "三十五", 101: "一百零一", 110: "一百一十"}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One figure and how it is put into its cell.

    Attributes:
        value: What is meant.
        text: What is typed or pasted.
        pasted: Put in as text, past the cell's validation.
        raw: What the cell shows afterwards.
        kind: The habit of writing it follows.
    """

    value: Value
    text: str
    pasted: bool
    raw: str
    kind: str


Figures = dict[tuple[str, str], Entry]
"""(county code, field code) → entry; cells left blank are not in it."""


def typed(value: Value, text: str | None = None, kind: str = "plain") -> Entry:
    """Typed at the keyboard, so that the program reads numbers and dates as such."""
    shown = value.isoformat() if isinstance(value, date) else str(value)
    return Entry(value=value, text=shown if text is None else text, pasted=False, raw=shown, kind=kind)


def pasted(value: Value, text: str, kind: str) -> Entry:
    """Pasted as text."""
    return Entry(value=value, text=text, pasted=True, raw=text, kind=kind)


def invent(program: Program, period: Period, counties: Iterable[County], seed: int) -> Figures:
    """Figures for every field asked in ``period``: no count occurs twice, the rules hold, optional cells may be blank."""
    chance = random.Random(seed)  # noqa: S311 - invented figures
    fields = [f for form in program.forms for f in form.fields_in(period)]
    counties = tuple(counties)
    numbers = iter(chance.sample(range(1, 3 * len(fields) * len(counties)), len(fields) * len(counties)))
    figures: Figures = {}
    for county in counties:
        values = {f.code: _value(f, period, next(numbers), chance) for f in fields}
        for whole, part in WHOLES * 2:
            big, small = values.get(whole), values.get(part)
            if isinstance(big, int) and isinstance(small, int) and small > big:
                values[whole], values[part] = small, big
        for one in fields:
            value = values[one.code]
            if one.required or chance.random() < 0.7:
                dates = sum(isinstance(entry.value, date) for entry in figures.values())
                figures[county.code, one.code] = _entry(one, value, chance, turn=2 * seed + dates)
    return figures


def _value(one: Field, period: Period, number: int, chance: random.Random) -> Value:
    if one.not_applicable and chance.random() < 0.4:
        return "不适用"
    if one.type is FieldType.COUNT:
        return number
    if one.type is FieldType.YESNO:
        return chance.choice("是否")
    if one.type is FieldType.CHOICE:
        return chance.choice(one.options)
    if one.type is FieldType.DATE:
        return period.end - timedelta(days=chance.randint(0, 90))
    return "、".join(o for o in one.options if chance.random() < 0.6) or "无"


def _entry(one: Field, value: Value, chance: random.Random, *, turn: int) -> Entry:
    """Mostly as asked, now and then as people do; dates, being few, take their turn at each way."""
    ways = [typed(value)] * 3
    if isinstance(value, int):
        ways += [
            typed(value, f" {value} ", "spaces"),
            typed(value, f"{value}.0", "decimal"),
            pasted(value, f"{value}{one.unit}", "unit"),
            pasted(value, f"　{value}　", "full-width spaces"),
            pasted(value, str(value).translate(FULL_WIDTH), "full-width digits"),
        ]
        ways = [pasted(value, NUMERALS[value], "numeral")] if value in NUMERALS else ways
    elif isinstance(value, date):
        ways = [
            typed(value),
            pasted(value, f"{value.year}年{value.month}月{value.day}日", "date in words"),
            pasted(value, f"{value.year}.{value.month}.{value.day}", "date with dots"),
            pasted(value, value.isoformat(), "date as text"),
        ]
        return ways[turn % len(ways)]
    elif one.type is FieldType.YESNO and value in {"是", "否"}:
        ways.append(pasted(value, "√" if value == "是" else "×", "tick"))
    elif one.type is FieldType.CHECKLIST and "、" in str(value):
        backwards = "、".join(reversed(str(value).split("、")))
        ways += [typed(value, backwards, "other order"), pasted(value, str(value).replace("、", "，"), "comma")]
    way = chance.choice(ways)
    return (
        way
        if way.kind != "other order"
        else Entry(value=value, text=way.text, pasted=False, raw=way.text, kind=way.kind)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where LibreOffice and a python that can speak to it are."""

    soffice: str
    python: str


def find_office() -> Office | str:
    """LibreOffice on this machine, or why it cannot be used."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        return "没有安装 LibreOffice，跳过（soffice is not on PATH）"
    beside = Path(soffice).resolve().with_name("python")
    for python in (str(beside), "/usr/bin/python3", shutil.which("python3")):
        if python and shutil.which(python) and _can_import_uno(python):
            return Office(soffice=soffice, python=python)
    return "没有能 import uno 的 Python，跳过（no python can import uno; on Debian install python3-uno）"


def office_stamp() -> str:
    """Which LibreOffice this is: another one makes other files."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    return f"{Path(soffice).resolve()} {Path(soffice).resolve().stat().st_mtime_ns}" if soffice else ""


def _can_import_uno(python: str) -> bool:
    return subprocess.run([python, "-c", "import uno"], capture_output=True, check=False, timeout=60).returncode == 0


class Session:
    """LibreOffice running without a screen, with a profile of its own.

    Args:
        office: Where it is.
        folder: For its profile, plans and answers.
    """

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.folder = folder
        self.pipe = f"officer{os.getpid()}"
        self.plans = 0

    def __enter__(self) -> Self:
        arguments = [
            "--headless",
            "--norestore",
            "--nologo",
            "--nodefault",
            f"-env:UserInstallation={(self.folder / 'profile').as_uri()}",
            f"--accept=pipe,name={self.pipe};urp;",
        ]
        self.process = subprocess.Popen(
            [self.office.soffice, *arguments],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.work([["stop"]])
            self.process.wait(timeout=10)
        except (RuntimeError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)  # our own group, by its id
            self.process.wait(timeout=10)

    def saved_as(self, kind: str, source: Path, *, anew: bool = False) -> bytes:
        """The workbook opened and saved in one of :data:`FILTERS`; computed anew where told, links to other files too."""
        target = self.folder / f"saved{self.plans}.{kind}"
        steps = [["open_as_it_is", str(source)], *([["recalculate"]] if anew else [])]
        self.work([*steps, ["save", str(target), FILTERS[kind]], ["close"]])
        return target.read_bytes()

    def work(self, steps: list[list[Any]], *, patience_seconds: float = 300) -> list[Any]:
        """Let the officer do these steps.

        Args:
            steps: ``[verb, argument, …]``, see ``officer_uno.VERBS``.
            patience_seconds: How long before giving up.

        Returns:
            One answer per step.

        Raises:
            RuntimeError: A step failed inside LibreOffice; its traceback.
        """
        self.plans += 1
        plan, answers = self.folder / f"plan{self.plans}.json", self.folder / f"answers{self.plans}.json"
        plan.write_text(json.dumps(steps, ensure_ascii=False), encoding="utf-8")
        command = [self.office.python, str(UNO_SCRIPT), self.pipe, str(plan), str(answers)]
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=patience_seconds)
        if not answers.is_file():
            raise RuntimeError(done.stderr)
        said = json.loads(answers.read_text(encoding="utf-8"))
        if "error" in said:
            raise RuntimeError(said["error"])
        return list(said)
