"""A campaign of thirty periods: what a run costs early and late, and how large a period's folder is. Alone: ``python -m benchmarks.thirty``.

It is the other province of the tests, with as many respondents as the demonstration.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.demo import Filler, set_stage
from pipeline.demo.stage import issued_on
from pipeline.office.issuing import ISSUED, issue_period
from pipeline.office.run import run
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tests.test_sizes import made_up

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIODS, MEASURED = 30, (2, 12, 30)
RUN = (
    "import json, os, sys; from benchmarks.metered import peak_memory; from pipeline.cli import main;"
    "main(sys.argv[1:], standalone_mode=False); print(json.dumps([sum(os.times()[:4]), peak_memory() / 1024]))"
)


def compare(folder: Path) -> None:
    """Print the costs, and how much the last is of the first."""
    found = []
    for no, cost in play(folder):
        found.append(cost)
        print("(e) 第{}期：{:.1f} CPU秒，内存最高 {:.0f} MiB，产品 {:.2f} MiB".format(no, *cost), flush=True)
    seconds, memory, size = (last / first for first, last in zip(found[0], found[-1], strict=True))
    print(
        f"    末期是第{MEASURED[0]}期的：CPU {seconds:.2f}（目标 ≤ 1.3），内存 {memory:.2f}（目标 ≤ 1.3），产品 {size:.2f}（目标 ≤ 1.1）"
    )


def play(folder: Path) -> Iterator[tuple[int, tuple[float, float, float]]]:
    """Number of a period, and of its run in a process of its own: CPU seconds and MiB of memory, and MiB of its products."""
    workspace = Workspace(root=made_up(folder, respondents=16, rows=8, months=PERIODS).root)
    set_stage(workspace)
    campaign = load_campaign(workspace)
    filler = Filler(campaign)
    for no, period in enumerate(campaign.program.periods, 1):
        issue_period(workspace, period.code, None, issued_on(period))
        for one in filler.returns(workspace, period):
            path = workspace.inbox / one.on.isoformat() / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one.content)
        day = period.due_on + timedelta(days=7)
        if no not in MEASURED:
            run(workspace, period.code, day)
            continue
        words = ("--project", str(workspace.root), "--as-of", day.isoformat(), "--period", period.code)
        done = subprocess.run([sys.executable, "-c", RUN, *words], check=True, capture_output=True, text=True)
        seconds, memory = json.loads(done.stdout.splitlines()[-1])
        made = (p for p in workspace.outbox(period.code).rglob("*") if p.is_file() and ISSUED not in p.parts)
        yield no, (seconds, memory, sum(path.stat().st_size for path in made) / 2**20)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder) / "w")
