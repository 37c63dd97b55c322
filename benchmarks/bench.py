"""``make bench``: CPU of whole processes, as ratios within one run (machines are noisy; wall time is not quoted).

Prints (a) a province run against the same work done the plain way, (b) reading against pandas + openpyxl, (c) --help, (d) the
guard, (e) the products of a period, (f) the returns of a country, (g) two workers against one, then issuing and the store.
It takes about an hour.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import intake, national, store
from benchmarks.guard import ratios as guard_ratios
from pipeline.demo import Filler, play
from pipeline.office.issuing import issue_period
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import DEMO_MARK, Workspace
from pipeline.workspace.starter import create_workspace

ROUNDS = 3
READ = (
    "import sys; from pathlib import Path; from datetime import date;"
    "from pipeline.workspace.campaign import load_campaign; from pipeline.intake.first_round import registry;"
    "from pipeline.intake.inbox import read_inbox; from pipeline.workspace.paths import Workspace;"
    "from pipeline.reading.read import read_return; w = Workspace(root=Path(sys.argv[1]));"
    "c = load_campaign(w); [read_return(registry(c, ()), a) for a in read_inbox(w, date(2023, 1, 16)).arrivals]"
)
PRODUCTS = (
    "import sys, time; from pathlib import Path; from datetime import date;"
    "from pipeline.office.queries import look; from pipeline.office.making import make_reports; from pipeline.workspace.paths import Workspace;"
    "w = Workspace(root=Path(sys.argv[1])); m = look(w, sys.argv[2], date.fromisoformat(sys.argv[3]));"
    "t = time.process_time(); files = make_reports(w, m); print(time.process_time() - t, len(files))"
)
START = READ.rsplit(";", 1)[0] + "; c = load_campaign(w)"  # the same imports and program, nothing read
PLAIN_START = START + "; import openpyxl; import benchmarks.plain"
CALAMINE = (
    "import sys; from pathlib import Path; from python_calamine import CalamineWorkbook as W;"
    "[[b.get_sheet_by_name(n).to_python() for n in b.sheet_names]"
    " for b in (W.from_path(str(p)) for p in Path(sys.argv[1]).glob('inbox/*/*.xlsx'))]"
)


def cpu(*command: str) -> float:
    """CPU seconds (user + system) of one finished process."""
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


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


def province_run(workspace: Workspace) -> float:
    """The main job on an empty dataset."""
    shutil.rmtree(workspace.dataset, ignore_errors=True)
    return cpu("-m", "pipeline.cli", "--project", str(workspace.root), "--as-of", "2023-01-16", "--period", "2022-12")


def main() -> None:
    """Alternate the two sides and print medians and their ratio."""
    packages = ("great_expectations", "pandas", "openpyxl", "python-calamine", "matplotlib", "docxtpl")
    print(
        f"Python {platform.python_version()}，{platform.machine()}，{os.cpu_count()} 核；"
        + "，".join(f"{name} {version(name)}" for name in packages)
    )
    with tempfile.TemporaryDirectory() as folder:
        root = str(make_workspace(Path(folder) / "bench").root)
        workspace = Workspace(root=Path(root))
        ours, plain, ours_read, plain_read, start, plain_start, floor = ([] for _ in range(7))  # type: ignore[var-annotated]
        for _ in range(ROUNDS):
            ours.append(province_run(workspace))
            plain.append(cpu("-m", "benchmarks.plain", root, "all"))
            ours_read.append(cpu("-c", READ, root))
            plain_read.append(cpu("-m", "benchmarks.plain", root, "read"))
            start.append(cpu("-c", START, root))
            plain_start.append(cpu("-c", PLAIN_START, root))
            floor.append(cpu("-c", CALAMINE, root))
    a, b = median(ours), median(plain)
    print(f"(a) 全省一次运行：本程序 {a:.2f} CPU秒，常规做法 {b:.2f} CPU秒，比值 {b / a:.1f}（目标 ≥ 3）")
    c = max(median(ours_read) - median(start), 1e-3)
    d = median(plain_read) - median(plain_start)
    print(
        f"(b) 只读（各自扣除启动）：本程序 {c:.3f}，pandas+openpyxl {d:.2f}，比值 {d / c:.1f}（目标 ≥ 10）；"
        f"calamine 本身（含启动）{median(floor):.2f}"
    )
    helped = median(cpu("-m", "pipeline.cli", "--help") for _ in range(5))
    print(f"(c) run-pipeline --help：{helped:.2f} CPU秒（目标 < 0.3）")
    for name, (guard, calamine) in guard_ratios().items():
        print(
            f"(d) 查验 {name}：{guard * 1000:.1f} 毫秒/份，calamine 读 {calamine * 1000:.1f} 毫秒/份，"
            f"比值 {guard / calamine:.1f}（目标 ≤ 4）"
        )
    with tempfile.TemporaryDirectory() as folder:
        demo_products(Path(folder) / "demo")
        intake.compare(Path(folder) / "nation")
        national.costs(Path(folder) / "issue", "township", (400, 4_000), 1)
    store.compare(intake.SIZES)


def demo_products(folder: Path) -> None:
    """Documents, pictures, workbooks and page of each period of the demo, drawn anew and with the pictures kept."""
    play(folder, say=lambda _: None)
    workspace = Workspace(root=folder)
    for period in load_campaign(workspace).program.periods:
        day = (period.due_on + timedelta(days=7)).isoformat()
        shutil.rmtree(workspace.pictures, ignore_errors=True)
        anew, kept = (_products(workspace, period.code, day) for _ in range(2))
        print(
            f"(e) {period.title}全部产品（{anew[1]} 个文件）：{anew[0]:.1f} CPU秒，图已有缓存时 {kept[0]:.1f}（目标 < 10）"
        )


def _products(workspace: Workspace, period: str, day: str) -> tuple[float, int]:
    """CPU seconds, and how many files, without Python's start and the reading of the dataset."""
    command = [sys.executable, "-c", PRODUCTS, str(workspace.root), period, day]
    seconds, count = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(count)


if __name__ == "__main__":
    main()
