"""``make bench``: CPU of whole processes, as ratios within one run (machines are noisy; wall time is not quoted).

Prints (a) a province run against the same work done by others, (b) --help, (c) the guard, (d) the products of a period, (e)
thirty periods, (h) what the demo's officers had to type: a quarter of an hour. ``make bench-national`` prints (f) the returns of a
country, (g) two workers against one, then issuing and the store, in about an hour.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import burden, honest, intake, national, store, thirty
from benchmarks.guard import ratios as guard_ratios
from benchmarks.metered import cpu
from pipeline.demo import Filler, play
from pipeline.office.issuing import issue_period
from pipeline.products.manifest import MANIFEST
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import DEMO_MARK, Workspace
from pipeline.workspace.starter import create_workspace

ROUNDS = 3
PRODUCTS = (
    "import sys, time; from pathlib import Path; from datetime import date;"
    "from pipeline.office.queries import look; from pipeline.office.making import make_reports; from pipeline.workspace.paths import Workspace;"
    "w = Workspace(root=Path(sys.argv[1])); m = look(w, sys.argv[2], date.fromisoformat(sys.argv[3]));"
    "t = time.process_time(); files = make_reports(w, m).files; print(time.process_time() - t, len(files))"
)
PACKAGES = (
    "great_expectations",
    "pandas",
    "polars",
    "fastexcel",
    "openpyxl",
    "python-calamine",
    "matplotlib",
    "docxtpl",
)


def make_workspace(folder: Path) -> Workspace:
    """16 filled workbooks of the first period."""
    create_workspace(folder)
    (folder / DEMO_MARK).write_text("", encoding="utf-8")
    workspace = Workspace(root=folder)
    campaign = load_campaign(workspace)
    period = campaign.program.periods[0]
    issue_period(workspace, period.code, None, period.end)
    for one in Filler(campaign).returns(workspace, period):
        path = workspace.inbox / one.on.isoformat() / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.content)
    return workspace


def main() -> None:
    """Alternate the sides and print medians and their ratio."""
    print(f"Python {platform.python_version()}，{platform.machine()}，{os.cpu_count()} 核")
    with tempfile.TemporaryDirectory() as folder:
        if "national" in sys.argv[1:]:
            intake.compare(Path(folder) / "nation")
            national.costs(Path(folder) / "issue", "township", (400, 4_000), 1)
            store.compare(intake.SIZES)
            return
        print("，".join(f"{name} {version(name)}" for name in PACKAGES))
        honest.compare(make_workspace(Path(folder) / "bench"), "2022-12", date(2023, 1, 16), ROUNDS)
        helped = median(cpu("-m", "pipeline.cli", "--help") for _ in range(5))
        print(f"(b) run-pipeline --help：{helped:.2f} CPU秒（目标 < 0.3）")
        for name, (guard, calamine) in guard_ratios().items():
            print(
                f"(c) 查验 {name}：{guard * 1000:.1f} 毫秒/份，calamine 读 {calamine * 1000:.1f} 毫秒/份，"
                f"比值 {guard / calamine:.1f}（目标 ≤ 4）"
            )
        demo_products(Path(folder) / "demo")
        last = load_campaign(Workspace(root=Path(folder) / "demo")).program.periods[-1]
        burden.compare(Workspace(root=Path(folder) / "demo"), last.due_on + timedelta(days=7))
        thirty.compare(Path(folder) / "thirty")


def demo_products(folder: Path) -> None:
    """Documents, pictures, workbooks and page of each period of the demo, drawn anew and with the pictures kept."""
    play(folder, say=lambda _: None)
    workspace = Workspace(root=folder)
    for period in load_campaign(workspace).program.periods:
        day = (period.due_on + timedelta(days=7)).isoformat()
        shutil.rmtree(workspace.pictures, ignore_errors=True)
        (workspace.outbox(period.code) / MANIFEST).unlink(missing_ok=True)  # without it nothing is kept but pictures
        anew, kept = (_products(workspace, period.code, day) for _ in range(2))
        print(
            f"(d) {period.title}全部产品（{anew[1]} 个文件）：{anew[0]:.1f} CPU秒，图已有缓存时 {kept[0]:.1f}（目标 < 10）"
        )


def _products(workspace: Workspace, period: str, day: str) -> tuple[float, int]:
    """CPU seconds, and how many files, without Python's start and the reading of the dataset."""
    command = [sys.executable, "-c", PRODUCTS, str(workspace.root), period, day]
    seconds, count = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(count)


if __name__ == "__main__":
    main()
