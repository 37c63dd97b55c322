"""A campaign of the whole country: ``python -m benchmarks.national`` prints what loading, issuing and filling cost a workbook."""

from __future__ import annotations

import argparse
import csv
import io
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.national_program import LEVELS, PROVINCES, make_program
from benchmarks.national_returns import FAULTS, Known, blank, figures, fill, make_returns
from pipeline.forms.issue import issue_workbook
from pipeline.program.model import FieldType, Rows
from pipeline.workspace.campaign import load_campaign

if TYPE_CHECKING:
    from pipeline.program.model import Unit
    from pipeline.workspace.paths import Workspace

__all__ = ["FAULTS", "LEVELS", "PROVINCES", "Known", "known_totals", "make_program", "make_returns"]


def known_totals(workspace: Workspace, known: Known) -> dict[tuple[str, str, str], tuple[int | None, int, int]]:
    """(level, unit, field) → total, units that gave it, units there are: added up one by one from the lists of units."""
    program = load_campaign(workspace).program
    above, level = _parents(workspace.program, program.levels, program.code)
    totals: dict[tuple[str, str, str], list[Any]] = {}
    for form in program.roster_forms:
        units: tuple[Unit, ...] = program.prefectures if form.rows is Rows.PREFECTURE else program.counties
        for one in form.fields:
            if one.type not in {FieldType.COUNT, FieldType.AMOUNT}:
                continue
            for unit in units:
                value, at = known.values.get((unit.code, one.code)), unit.code
                while at:
                    sums = totals.setdefault((level[at], at, one.code), [None, 0, 0])
                    sums[2] += 1
                    if value is not None:
                        sums[0], sums[1] = (sums[0] or 0) + value, sums[1] + 1
                    at = above[at]
    return {key: (total, reported, roster) for key, (total, reported, roster) in totals.items()}


def _parents(folder: Path, levels: tuple[str, ...], whole: str) -> tuple[dict[str, str], dict[str, str]]:
    """Code → the code above, and code → level, as the files say; the whole is above all and has nothing above."""
    above, level = {whole: ""}, {whole: levels[0]}
    lists = {
        name: list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text("utf-8-sig"))))
        for name in ("regions", "prefectures", "counties")
    }
    below = 1 if lists["counties"] else 0
    for name, rows in lists.items():
        for row in rows:
            above[row["code"]] = row.get("prefecture_code", row.get("parent_code")) or whole
            level[row["code"]] = row.get("level") or levels[-1 if name == "counties" else -1 - below]
    return above, level


def costs(folder: Path, respondents: str, sizes: tuple[int, ...], workers: int) -> None:
    """Make one program, and returns of several numbers of its respondents; print CPU seconds and milliseconds a workbook."""
    start = time.process_time()
    workspace = make_program(folder, respondents=respondents)
    made = time.process_time()
    campaign = load_campaign(workspace)
    print(
        f"{respondents}：填报单位 {len(campaign.program.prefectures)} 个，行 {len(campaign.program.counties)} 个，"
        f"上级 {len(campaign.program.regions)} 个；生成 {made - start:.1f}，载入 {time.process_time() - made:.1f} CPU秒"
    )
    everyone = campaign.program.prefectures
    sizes = tuple(sorted({min(size, len(everyone)) for size in sizes}))
    for size in sizes:
        spent = {"下发": 0.0, "填表": 0.0}
        for n in range(size):
            issue = blank(campaign, everyone[n * len(everyone) // size])
            begun = time.process_time()
            content = issue_workbook(issue)
            issued = time.process_time()
            fill(issue, content, figures(issue, random.Random(n)))  # noqa: S311 - invented figures
            spent["下发"] += issued - begun
            spent["填表"] += time.process_time() - issued
        print(f"  {size} 份：" + "，".join(f"{what} {1000 * s / size:.1f} 毫秒/份" for what, s in spent.items()))
    known = make_returns(workspace, max(sizes), workers=workers)
    print(f"  收件箱 {known.files} 份，其中有错 {len(known.faults)} 份，退回单位 {len(known.returned)} 个")


def main() -> None:
    """Measure both kinds of respondents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 4_000])
    parser.add_argument("--respondents", choices=["township", "county"], nargs="+", default=["township", "county"])
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    for respondents in asked.respondents:
        with tempfile.TemporaryDirectory() as folder:
            costs(Path(folder) / "national", respondents, tuple(asked.sizes), asked.workers)


if __name__ == "__main__":
    main()
