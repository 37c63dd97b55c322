"""Targets met, completion with its bounds, totals, and where each county is on the path the notice expects."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import comb, floor
from typing import TYPE_CHECKING

import pandas as pd
from scipy.stats import binom, norm

from tests.oracle.notice import NONE_TICKED, NOT_APPLICABLE, YES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.oracle.memory import Known
    from tests.oracle.notice import Campaign, Measure, Span

PACES = ("met", "on_path", "behind", "not_due", "not_applicable", "unclear")


def table(campaign: Campaign, known: Known) -> pd.DataFrame:
    """A row for each county and quantity of the period.

    Returns:
        county, prefecture, action, item, quantity, knowledge; judged (something is to be reached and its time has begun);
        value (count, per cent, 1 or 0; None where there is none); result (``met``, ``unmet``, or why it counts as neither:
        ``n/a``, ``unsaid``, ``early``, ``free``); pace.
    """
    period, rows = known.period, []
    followed = [m for m in campaign.measures if m.columns and campaign.asked(m, period)]
    for county, prefecture in campaign.roster(period).items():
        knowledge = known.of(county)
        for m in followed:
            value = None if m.begins > period.end else figure(campaign, m, known, county)
            result = _result(m, known, county, value)
            rows.append(
                {
                    "county": county,
                    "prefecture": prefecture,
                    "action": m.action,
                    "item": m.item,
                    "quantity": m.code,
                    "knowledge": knowledge,
                    "judged": m.threshold is not None and m.begins <= period.end,
                    "value": value,
                    "result": result,
                    "pace": _pace(m, period, result, value, knowledge),
                }
            )
    return pd.DataFrame(rows)


def figure(campaign: Campaign, m: Measure, known: Known, county: str) -> float | None:
    """A county's figure of a quantity, by its last words."""
    if m.is_rate:
        part, whole = (known.number(county, code) for code in m.columns)
        return float(100 * part / whole) if part is not None and whole else None
    column, said = campaign.columns[m.columns[0]], known.value(county, m.columns[0])
    if said is None or said == NOT_APPLICABLE:
        return None
    if column.kind in {"count", "amount"}:
        return float(said)
    if column.kind == "checklist":
        ticked = set() if said == NONE_TICKED else set(said.split("、"))
        return float(ticked == set(column.options) if m.every_option else bool(ticked))
    return float(said == (column.options[0] if column.options else YES))


def _result(m: Measure, known: Known, county: str, value: float | None) -> str:
    if m.begins > known.period.end:
        return "early"
    if value is None:
        said = [known.value(county, code) for code in m.columns]
        nothing_of = m.is_rate and None not in said  # of none there is no share
        return "n/a" if NOT_APPLICABLE in said or nothing_of else "unsaid"
    if m.threshold is None:
        return "free"
    return "met" if value >= m.threshold else "unmet"


def wanted(m: Measure, period: Span) -> float | None:
    """What the path asks of one county by a period's end; None while it asks nothing."""
    if m.threshold is None or m.begins > period.end:
        return None
    if m.due <= period.end:
        return m.threshold
    if not m.in_proportion:
        return None
    gone, all_days = (period.end - m.begins).days + 1, (m.due - m.begins).days + 1
    return m.threshold * gone / all_days


def _pace(m: Measure, period: Span, result: str, value: float | None, knowledge: str) -> str:
    if result == "met":
        return "met"
    if result in {"n/a", "free"}:
        return "not_applicable"
    if result == "early":
        return "not_due"
    if knowledge != "reported" or value is None:
        return "unclear"
    asked = wanted(m, period)
    if asked is None:
        return "not_due"
    return "on_path" if value >= floor(asked) else "behind"


@dataclass(frozen=True, kw_only=True)
class Completion:
    """Targets met of those that apply: of the counties that reported, and with those that did not.

    Attributes:
        carried: Counties that did not report and of which something is known; with what they had met, of what applied.
        silent: What those that did not report could have met.
    """

    met: int
    of: int
    reported: int
    roster: int
    carried: int
    carried_met: int
    carried_of: int
    silent: int

    @property
    def pct(self) -> float | None:
        """On the counties reported."""
        return share(self.met, self.of)

    @property
    def with_last(self) -> float | None:
        """With last known values."""
        return share(self.met + self.carried_met, self.of + self.carried_of)

    @property
    def least(self) -> float | None:
        """Had the silent met nothing."""
        return share(self.met, self.of + self.silent)

    @property
    def most(self) -> float | None:
        """Had they met all."""
        return share(self.met + self.silent, self.of + self.silent)


def share(part: float | Decimal, whole: float | Decimal) -> float | None:
    """In per cent."""
    return 100 * float(part) / float(whole) if whole else None


def completion(rows: pd.DataFrame) -> Completion:
    """Of some rows of :func:`table`."""
    return by(rows.assign(all="all"), "all").get(("all",), Completion(**dict.fromkeys(_COUNTED, 0)))


_COUNTED = ("met", "of", "reported", "roster", "carried", "carried_met", "carried_of", "silent")


def by(rows: pd.DataFrame, *columns: str) -> dict[tuple[str, ...], Completion]:
    """By one or more columns."""
    met, counted = rows["result"] == "met", rows["result"].isin(["met", "unmet"])
    spoke, kept = rows["knowledge"] == "reported", rows["knowledge"] == "known"
    each = rows.assign(
        met=met & spoke,
        of=counted & spoke,
        carried_met=met & kept,
        carried_of=counted & kept,
        silent=rows["judged"] & ~spoke,
    )
    sums = each.groupby(list(columns), sort=False)[["met", "of", "carried_met", "carried_of", "silent"]].sum()
    counties = rows[list(dict.fromkeys(["county", "knowledge", *columns]))].drop_duplicates()
    states = counties["knowledge"]
    heads = counties.assign(reported=states == "reported", carried=states == "known", roster=states != "")
    sums = sums.join(heads.groupby(list(columns), sort=False)[["reported", "carried", "roster"]].sum())
    return {
        tuple(str(part) for part in (key if isinstance(key, tuple) else (key,))): Completion(
            **{name: int(counts[name]) for name in _COUNTED}
        )
        for key, counts in zip(sums.index, sums.to_dict("records"), strict=True)
    }


@dataclass(frozen=True, kw_only=True)
class Change:
    """Two periods over the counties that reported in both; in percentage points, as printed."""

    now: float | None
    before: float | None
    came: tuple[str, ...]
    went: tuple[str, ...]

    @property
    def step(self) -> Decimal | None:
        """As two printed figures differ."""
        return None if self.now is None or self.before is None else rounded(self.now) - rounded(self.before)


def spoken(rows: pd.DataFrame, same: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Targets met and those that apply of each reported county and action, under the code it has now.

    Args:
        rows: Of :func:`table`.
        same: County of then → the same county now; those not in it are called ``-`` and their code.
    """
    met, counted = rows["result"] == "met", rows["result"].isin(["met", "unmet"])
    some = rows.assign(met=met, of=counted)[rows["knowledge"] == "reported"]
    if same is not None:
        some = some.assign(county=[same.get(county, f"-{county}") for county in some["county"]])
    return some.groupby(["county", "prefecture", "action"], sort=False)[["met", "of"]].sum().reset_index()


def change(now: pd.DataFrame, before: pd.DataFrame) -> Change:
    """The change of some rows of :func:`spoken`: of the counties that are in both."""
    mine, then = set(now["county"]), {county for county in before["county"] if not county.startswith("-")}
    both = mine & then
    some = [rows[rows["county"].isin(both)] for rows in (now, before)]
    return Change(
        now=share(int(some[0]["met"].sum()), int(some[0]["of"].sum())),
        before=share(int(some[1]["met"].sum()), int(some[1]["of"].sum())),
        came=tuple(sorted(mine - then)),
        went=tuple(sorted(then - mine)),
    )


def same_counties(campaign: Campaign, now: Span, before: Span) -> dict[str, str]:
    """County of an earlier period → the county it is now, unless another has been merged into it since."""
    lives, then = campaign.lives, campaign.roster(before)
    heirs: dict[str, list[str]] = {}
    for county in then:
        code = county
        while code not in campaign.roster(now) and lives.loc[code, "successor"]:
            code = str(lives.loc[code, "successor"])
        heirs.setdefault(code, []).append(county)
    return {old[0]: new for new, old in heirs.items() if len(old) == 1}


def apart(met: int, of: int, whole: Completion, *, among: int, chance: float) -> int:
    """-1 or 1 where a county is below or above all of them by more than chance: fewer or more targets met than it gives."""
    mean, tail = whole.met / whole.of, (1 - (1 - chance / 100) ** (1 / among)) / 2
    at_most = [0.0]
    for k in range(met + 1):
        at_most.append(at_most[-1] + comb(of, k) * mean**k * (1 - mean) ** (of - k))
    return -1 if at_most[-1] < tail else int(at_most[-2] >= 1 - tail)


PLACES = {-1: "居后", 0: "居中", 1: "居前"}


def bands(rows: pd.DataFrame, *, chance: float, coverage: float) -> dict[str, str]:
    """Prefecture → 居前, 居中 or 居后; not of one of which too few reported, or whose silent counties could move it.

    Away from the whole by more than as many counties drawn from all would be, and by more than its targets are by chance.
    """
    each = by(rows, "prefecture", "county")
    parts = {
        code: d for (code,), d in by(rows, "prefecture").items() if d.of and 100 * d.reported >= coverage * d.roster
    }
    by_report = {key: (d.met, d.of) for key, d in each.items() if d.of}
    by_last = by_report | {key: (d.carried_met, d.carried_of) for key, d in each.items() if d.carried_of}
    reported, last = (_bands(some, list(parts), chance) for some in (by_report, by_last))
    return {code: place for code, place in last.items() if reported.get(code) == place}


def _bands(counties: Mapping[tuple[str, ...], tuple[int, int]], codes: list[str], chance: float) -> dict[str, str]:
    if len(counties) < 2 or len(codes) < 2:
        return {}
    frame = pd.DataFrame([(key[0], *done) for key, done in counties.items()], columns=["prefecture", "met", "of"])
    mean, size, n = frame["met"].sum() / frame["of"].sum(), frame["of"].mean(), len(frame)
    spread = ((frame["met"] - mean * frame["of"]) ** 2).sum() / (n - 1)
    tail = (1 - (1 - chance / 100) ** (1 / len(codes))) / 2
    found = {}
    for code in codes:
        mine = frame[frame["prefecture"] == code]
        met, of, k = mine["met"].sum(), mine["of"].sum(), len(mine)
        reach = -norm.ppf(tail) * (spread / k * (1 - k / n)) ** 0.5 / size
        low = max(min(mean - reach, binom.ppf(tail, of, mean) / of), 0)
        high = min(max(mean + reach, binom.ppf(1 - tail, of, mean) / of), 1)
        found[code] = PLACES[int(met / of > high) - int(met / of < low)]
    return found


def rounded(value: float) -> Decimal:
    """To one decimal, half up; but 100 says all and 0 says none."""
    shown = Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if 0 < value < 100:  # per cent
        return min(max(shown, Decimal("0.1")), Decimal("99.9"))
    return shown


@dataclass(frozen=True, kw_only=True)
class Total:
    """A quantity over all counties of which it is known.

    Attributes:
        actual: Sum of counts, number of yes, or 100 × Σ part ÷ Σ whole.
        asked: What the path asks of them together; of a rate, the rate.
        paces: Counties by their verdict; nothing where nothing is to be reached yet.
    """

    actual: float | None
    part: int | None
    whole: int | None
    met: int
    of: int
    asked: float | None
    paces: dict[str, int]
    known: int
    carried: int


def total(m: Measure, known: Known, rows: pd.DataFrame) -> Total:
    """Of the rows of one quantity."""
    values = rows["value"].dropna()
    part = whole = None
    actual = float(values.sum()) if len(values) else None
    if m.is_rate:
        pairs = [tuple(known.number(county, code) for code in m.columns) for county in rows["county"]]
        given = [(int(a), int(b)) for a, b in pairs if a is not None and b]
        part, whole = sum(a for a, _ in given), sum(b for _, b in given)
        actual = share(part, whole)
    counted, asked = int(rows["result"].isin(["met", "unmet"]).sum()), wanted(m, known.period)
    paces = Counter(rows["pace"])
    return Total(
        actual=actual,
        part=part,
        whole=whole,
        met=int((rows["result"] == "met").sum()),
        of=counted if m.threshold is not None else len(values),
        asked=None if asked is None else asked * (1 if m.is_rate else counted),
        paces={name: paces[name] for name in PACES} if rows["judged"].any() else {},
        known=int((rows["knowledge"] != "unknown").sum()),
        carried=int((rows["knowledge"] == "known").sum()),
    )


def of_the_whole(m: Measure, known: Known, counties: Iterable[str]) -> tuple[float | None, int]:
    """What the province as a whole has come to by a target of its own, and of how many counties it is known."""
    assert m.whole is not None
    code = m.whole.get("sum_of") or m.whole["share_of"]
    said = [value for county in counties if (value := known.value(county, code)) not in {None, NOT_APPLICABLE}]
    if "share_of" in m.whole:
        return share(sum(value == YES for value in said), len(said)), len(said)
    return (float(sum(Decimal(value) for value in said if value)) if said else None), len(said)
