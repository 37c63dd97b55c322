"""``program/`` as it is written: what is asked, of whom, by when. Only what the figures rest on is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

if TYPE_CHECKING:
    from pathlib import Path

YES, NO, NOT_APPLICABLE, NONE_TICKED = "是", "否", "不适用", "无"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A reporting period."""

    code: str
    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a sheet.

    Attributes:
        condition: The column, and the word in it, for which this one is filled in at all.
    """

    code: str
    form: str
    kind: str
    unit: str
    options: tuple[str, ...]
    condition: tuple[str, str] | None
    begins: date | None
    ends: date | None
    shows: str
    role: str
    serves: str
    title: str
    cumulative: bool

    def asked(self, period: Span) -> bool:
        """Whether the form of a period has it."""
        return (self.begins is None or self.begins <= period.end) and (self.ends is None or period.end <= self.ends)

    @property
    def sums(self) -> bool:
        """Whether two counties' values make one of the county they became."""
        return self.kind in {"count", "amount"} and not self.shows and self.unit != "%"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A form: who has a row on it, and its columns."""

    code: str
    kind: str
    rows: str
    columns: tuple[Column, ...]
    closing: tuple[str, tuple[str, ...]] | None
    groups: tuple[tuple[int, tuple[str, ...]], ...]

    def of_role(self, role: str, serves: str = "") -> list[Column]:
        """The columns of a role, of one milestone or line where it is named."""
        return [c for c in self.columns if c.role == role and (not serves or c.serves == serves)]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """An assessed quantity.

    Attributes:
        columns: One, or numerator and denominator of a rate.
        threshold: Per cent for a rate, 1 for words; None where there is nothing to reach.
        due: Its day: its own, else the end of its window.
    """

    code: str
    title: str
    ambiguous: bool
    action: int
    item: int
    columns: tuple[str, ...]
    threshold: float | None
    every_option: bool
    begins: date
    due: date
    in_proportion: bool
    whole: dict[str, Any] | None

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of two columns."""
        return len(self.columns) == 2


class Campaign:
    """A folder ``program/``."""

    def __init__(self, folder: Path) -> None:
        said = _yaml(folder / "program.yaml")
        self.said: dict[str, Any] = said
        self.window = _day(said["window"]["start"]), _day(said["window"]["end"])
        self.periods = [
            Span(code=str(p["code"])[:7], start=_day(p["start"]), end=_day(p["end"])) for p in said["periods"]
        ]
        names = [action["form"] for action in said["actions"]] + said.get("sheets", [])
        texts = [_yaml(folder / "forms" / f"{name}.yaml") for name in names]
        self.sheets = [_sheet(text) for text in texts]
        self.measures = [m for text in texts for m in _measures(text, self.window)]
        self.columns = {c.code: c for sheet in self.sheets for c in sheet.columns}
        self.prefectures = list(_table(folder / "prefectures.csv")["code"])
        self.counties = _table(folder / "counties.csv")
        self.contacts = _table(folder / "contacts.csv") if (folder / "contacts.csv").is_file() else pd.DataFrame()

    def span(self, code: str) -> Span:
        """A period by its code."""
        return next(p for p in self.periods if p.code == code)

    def through(self, period: Span) -> list[Span]:
        """The periods up to one."""
        return [p for p in self.periods if p.end <= period.end]

    def sheets_of(self, kind: str) -> list[Sheet]:
        """The sheets of one system."""
        return [sheet for sheet in self.sheets if sheet.kind == kind]

    @cached_property
    def lives(self) -> pd.DataFrame:
        """Of each county's code: prefecture, first day and last (NaT where there is none), and what it became."""
        table = self.counties.reindex(
            columns=["code", "prefecture_code", "valid_from", "valid_until", "successor"], fill_value=""
        )
        return table.groupby("code", sort=True).agg(
            prefecture_code=("prefecture_code", "last"),
            first=("valid_from", "first"),
            last=("valid_until", "last"),
            successor=("successor", "last"),
        )

    @cached_property
    def became(self) -> dict[str, list[tuple[str, str]]]:
        """County → those that became it, each with its last day."""
        gone = self.lives[self.lives["successor"] != ""]
        return {str(heir): list(zip(some.index, some["last"], strict=True)) for heir, some in gone.groupby("successor")}

    @cache  # noqa: B019 - a campaign lives as long as its test
    def roster(self, period: Span) -> dict[str, str]:
        """County → prefecture, of those there are on a period's last day."""
        lives, day = self.lives, period.end.isoformat()
        there = lives[(lives["first"] <= day) & ((lives["last"] == "") | (lives["last"] >= day))]
        return dict(there["prefecture_code"])

    def asked(self, measure: Measure, period: Span) -> bool:
        """Whether a quantity is followed in a period: its columns are asked, or its time is yet to come."""
        return measure.begins > period.end or all(self.columns[code].asked(period) for code in measure.columns)


class _Yaml(yaml.SafeLoader):
    """As it is read today: ``no`` and ``yes`` are words, true and false are not."""


_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Yaml)  # noqa: S506 - a safe loader


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", comment="#")


def _day(value: Any) -> date:
    return value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))


def _sheet(text: dict[str, Any]) -> Sheet:
    columns = tuple(_column(text["form"], one) for item in text["items"] for one in item["fields"])
    closing = text.get("closing")
    return Sheet(
        code=text["form"],
        kind=text.get("kind", "action"),
        rows=text.get("rows", "county"),
        columns=columns,
        closing=(closing["field"], tuple(closing["values"])) if closing else None,
        groups=tuple((item["no"], tuple(one["code"] for one in item["fields"])) for item in text["items"]),
    )


def _column(form: str, one: dict[str, Any]) -> Column:
    code, _, word = one.get("required_if", "").partition("=")
    return Column(
        code=one["code"],
        form=form,
        kind=one["type"],
        unit=one.get("unit", ""),
        options=tuple(one.get("options", ())),
        condition=(code, word or YES) if code else None,
        begins=one.get("counts_from"),
        ends=one.get("counts_until"),
        shows=one.get("shows", ""),
        role=one.get("role", ""),
        serves=one.get("serves", ""),
        title=one["title"],
        cumulative=one.get("accumulation") == "cumulative",
    )


def _measures(text: dict[str, Any], window: tuple[date, date]) -> list[Measure]:
    return [_measure(text, item, one, window) for item in text["items"] for one in item.get("quantities") or ()]


def _measure(text: dict[str, Any], item: dict[str, Any], one: dict[str, Any], window: tuple[date, date]) -> Measure:
    assert "targets" not in one, f"{one['code']}：这里不算中途改目标的"
    columns = [one.get("value")] if one.get("value") else [one.get("numerator"), one.get("denominator")]
    target = one.get("target") if one.get("judged", True) else None
    own = one.get("window")
    begins, ends = (_day(own["start"]), _day(own["end"])) if own else window
    return Measure(
        code=one["code"],
        title=one["title"],
        ambiguous=one.get("ambiguous", False),
        action=text["action"],
        item=item["no"],
        columns=tuple(code for code in columns if code),
        threshold=float(target.get("at_least", 1)) if target else None,
        every_option=bool(target and target.get("all_options")),
        begins=begins,
        due=one.get("deadline") or ends,
        in_proportion=one.get("path") == "proportional",
        whole=one.get("province"),
    )
