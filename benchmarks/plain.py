"""The same work done the plain way, for comparison: what a careful office would write with the usual libraries.

pandas.read_excel (openpyxl) for every sheet, each workbook opened as often as it has sheets, Great Expectations once per
workbook, pyplot for six pictures, docxtpl for the bulletin. A straw man: see :mod:`benchmarks.competent`.
Run as ``python -m benchmarks.plain WORKSPACE STEP`` with STEP ``read`` or ``all``.
"""

from __future__ import annotations

import io
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.intake.first_round import registry
from pipeline.office.queries import look
from pipeline.program.layout import CODE_ROW
from pipeline.workspace.campaign import choose_period, load_campaign
from pipeline.workspace.paths import Workspace

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Program

PERIOD, AS_OF = "2022-12", date(2023, 1, 16)


def read(workspace: Workspace, program: Program) -> list[dict[str, pd.DataFrame]]:
    """Every form sheet of every workbook of the first period, with the codes as header."""
    return [
        {
            form.code: pd.read_excel(path, sheet_name=form.sheet, header=CODE_ROW, engine="openpyxl")
            for form in program.forms
        }
        for path in sorted(workspace.inbox.rglob("*.xlsx"))
    ]


def check(workspace: Workspace) -> int:
    """All rules on one workbook after the other."""
    from pipeline.checks.check import check_returns  # noqa: PLC0415
    from pipeline.domain.past import NO_PAST  # noqa: PLC0415
    from pipeline.intake.inbox import read_inbox  # noqa: PLC0415
    from pipeline.reading.read import read_return  # noqa: PLC0415

    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, PERIOD, AS_OF)
    found = 0
    for arrival in read_inbox(workspace, AS_OF).arrivals:
        returns = read_return(registry(campaign, ()), arrival).returns
        checked = check_returns(campaign.program, campaign.rules, period, returns, NO_PAST)
        found += sum(map(len, checked.findings))
    return found


def draw(m: PeriodMeasures) -> dict[str, bytes]:
    """Six pictures with pyplot at the same size and resolution."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Noto Sans CJK JP"]
    names = [p.short_name for p in m.program.prefectures]
    scores = [m.now.by_prefecture[p.code].pct or 0 for p in m.program.prefectures]
    grid = [
        [m.now.by_prefecture_action[p.code, a.no].pct or 0 for a in m.program.actions] for p in m.program.prefectures
    ]
    done: dict[str, bytes] = {}
    for name in ("rank", "bullet", "trend", "heat", "map", "timely"):
        figure, axes = plt.subplots(figsize=(156 / 25.4, 95 / 25.4), dpi=220)
        if name in {"rank", "bullet"}:
            for text, bar in zip(scores, axes.barh(names, scores), strict=True):
                axes.text(text, bar.get_y() + 0.2, f"{text:.1f}")
        elif name == "trend":
            axes.plot(range(6), [10, 20, 30, 40, 50, 60], marker="o")
        elif name == "heat":
            axes.imshow(grid, aspect="auto")
            for row, line in enumerate(grid):
                for col, value in enumerate(line):
                    axes.text(col, row, f"{value:.0f}", ha="center")
        elif name == "map":
            for c in m.program.counties:
                axes.add_patch(plt.Rectangle((c.tile_col, c.tile_row), 1, 1))
                axes.text(c.tile_col, c.tile_row, c.short_name, fontsize=5)
            axes.autoscale()
        else:
            axes.scatter([1] * len(names), range(len(names)))
            axes.set_yticks(range(len(names)), names)
        out = io.BytesIO()
        figure.savefig(out, format="png")
        plt.close(figure)
        done[name] = out.getvalue()
    return done


def write(workspace: Workspace, m: PeriodMeasures, drawn: dict[str, bytes]) -> bytes:
    """The bulletin with docxtpl."""
    from docx.shared import Mm  # noqa: PLC0415
    from docxtpl import DocxTemplate, InlineImage  # noqa: PLC0415

    from pipeline.products.documents.bulletin import bulletin_context  # noqa: PLC0415

    template = DocxTemplate(workspace.templates / "工作简报.docx")
    context: dict[str, Any] = bulletin_context(m, is_demo=True)[0]
    context["pictures"] = {n: InlineImage(template, io.BytesIO(png), width=Mm(156)) for n, png in drawn.items()}
    template.render(context)
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()


def main(root: str, step: str) -> None:
    """Do ``step`` and print the seconds of reading."""
    workspace = Workspace(root=Path(root))
    program = load_campaign(workspace).program
    begun = time.process_time()
    read(workspace, program)
    print(time.process_time() - begun)
    if step == "all":
        check(workspace)
        m = look(workspace, PERIOD, AS_OF)
        write(workspace, m, draw(m))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
