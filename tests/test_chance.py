"""What is more than chance: tiny numbers name nobody, and counties that differ do not make their prefecture differ."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pipeline.measures.chance import Band, banded, county_band
from pipeline.measures.completion import Completion, UnitPart


def group(*counties: tuple[int, int], roster: int | None = None, first: int = 0) -> Completion:
    units = {str(first + n): UnitPart(met=met, applicable=of) for n, (met, of) in enumerate(counties)}
    return Completion(
        met=sum(met for met, _ in counties),
        applicable=sum(of for _, of in counties),
        reported=len(counties),
        roster=len(counties) if roster is None else roster,
        units=units,
    )


def bands(*groups: Completion, coverage: float = 75.0, chance: float = 5.0) -> list[Band | None]:
    whole = group(*((p.met, p.applicable) for g in groups for p in g.units.values()))
    found = banded(whole, {str(n): g for n, g in enumerate(groups)}, chance=chance, coverage=coverage)
    return [found[str(n)].band if str(n) in found else None for n in range(len(groups))]


def test_six_of_nine_is_no_news() -> None:
    rest = [group(*[(8, 9)] * 10) for _ in range(5)]
    assert bands(group((2, 3), (2, 3), (2, 3)), *rest) == [Band.MIDDLE] * 6


def test_a_group_that_is_far_below_and_one_far_above_are_named() -> None:
    rest = [group(*[(20, 42), (22, 42)] * 5) for _ in range(6)]
    assert bands(group(*[(4, 42)] * 10), *rest, group(*[(40, 42)] * 10)) == [Band.LAST, *[Band.MIDDLE] * 6, Band.AHEAD]


def test_counties_that_differ_do_not_make_their_prefecture_differ() -> None:
    dice = Random(18)  # noqa: S311 - the same every time
    shares = [dice.choice((2, 40)) for _ in range(120)]  # half of the counties have met all, half nothing
    groups = [group(*((met, 42) for met in shares[n : n + 8])) for n in range(0, 120, 8)]
    assert bands(*groups) == [Band.MIDDLE] * len(groups)
    assert len({g.pct for g in groups}) > 3  # though they differ by as much as chance lets them


def test_chance_alone_names_somebody_as_seldom_as_declared() -> None:
    dice, named = Random(5), 0  # noqa: S311 - the same every time
    for _ in range(200):
        groups = [group(*((sum(dice.random() < 0.6 for _ in range(42)), 42) for _ in range(8))) for _ in range(16)]
        named += any(band is not Band.MIDDLE for band in bands(*groups))
    assert named <= 0.08 * 200


def test_too_few_reported_stand_nowhere() -> None:
    thin = group((1, 42), roster=4)
    assert bands(thin, group(*[(20, 42)] * 8), group(*[(21, 42)] * 8)) == [None, Band.MIDDLE, Band.MIDDLE]
    assert bands(thin, group(*[(20, 42)] * 8)) == [None, None]  # with one alone there is nothing to compare
    assert bands(Completion(met=0, applicable=0, reported=0, roster=4), group((1, 2), (1, 2)), group((1, 2))) == [
        None,
        Band.MIDDLE,
        Band.MIDDLE,
    ]


def test_one_county_by_the_binomial() -> None:
    whole = group(*[(25, 42)] * 115)
    far, near = group((12, 42)), group((16, 42))
    assert county_band(whole, far, chance=5.0, among=115) is Band.LAST
    assert county_band(whole, near, chance=5.0, among=115) is Band.MIDDLE
    assert county_band(whole, near, chance=5.0, among=1) is Band.LAST  # alone it would be
    assert county_band(whole, group((39, 42)), chance=5.0, among=115) is Band.AHEAD
    assert county_band(whole, group((0, 0)), chance=5.0, among=115) is Band.MIDDLE


def test_old_figures_of_the_silent_put_nobody_last() -> None:
    """Eight of ten reported and are ahead; what the two silent said long ago would pull the group below the others."""
    rest = [group(*[(20, 42), (22, 42)] * 5) for _ in range(6)]
    stale = {str(n): UnitPart(met=0, applicable=42) for n in (98, 99)}
    mine = replace(group(*[(19, 42)] * 8, roster=10, first=50), known=2, known_applicable=84, carried=stale)
    assert mine.known_pct is not None
    groups = {"mine": mine, **{str(n): g for n, g in enumerate(rest)}}
    parts = {f"{code}.{n}": part for code, g in groups.items() for n, part in enumerate(g.units.values())}
    whole = Completion(
        met=sum(p.met for p in parts.values()),
        applicable=sum(p.applicable for p in parts.values()),
        reported=len(parts),
        roster=len(parts) + 2,
        known=2,
        known_applicable=84,
        units=parts,
        carried=stale,
    )
    assert "mine" not in banded(whole, groups, chance=5.0, coverage=75.0)
    everybody = banded(
        replace(whole, carried={}), groups | {"mine": replace(mine, carried={})}, chance=5.0, coverage=75.0
    )
    assert everybody["mine"].band is Band.MIDDLE
