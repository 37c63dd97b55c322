"""Rebuild ``docs/图集.md`` and its pictures from a demo: ``python -m tools.make_gallery DEMO_DIR [DOCS_DIR]``.

The demo (``run-pipeline demo DEMO_DIR``) is only read. The same demo gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.office.queries import look
from pipeline.products.pictures.pictures import FILE_NAMES, pictures
from pipeline.workspace.paths import Workspace

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("图") / "图集"
FIRST, MIDDLE = 0, 3  # the first period, and one with enough behind it and something still to come
EARLY = ("rank", "trend", "problems", "calendar")  # those that look different in a first period

HEAD = """# 图集

程序每期画在 `outbox/期次/图表/` 里的图，文件按下面的顺序编号；Word 模板里用“模板中的写法”一栏放图。
图中数字都是演示数据（虚构）。本页由 `python -m tools.make_gallery 演示文件夹` 生成，请勿手工修改。

各图共同的约定：

- 宽 156 毫米、高不超过 100 毫米，按原大放进版心；黑白打印也能分辨。
- 图内没有标题，标题写在文档的图题里。
- 没有已接收的数的画斜线并写“未计入”，绝不画成零；“—”表示不要求填报或尚未发生。
- “已报/应报”是给出该项数字的单位数和应给出的单位数，比率只按已报的算。
- 文字超出边界、互相重叠或字体缺字时程序报错，不出有毛病的图。

前六幅每期都有。后六幅在专项工作有相应的表、并且至少有一个单位报送时才有（应报事项办理日历总有），
所以模板里要先问有没有这幅图，三行各占一段：

```
{%p if pictures.funding is defined %}
{{ pictures.funding }}
{%p endif %}
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one picture is to be read."""

    shows: str
    reading: str


WORDS = {
    "rank": Words(
        shows="各州（市）完成率，由高到低；没有报送的排在最后，不排名次。",
        reading="深色达到序时进度，浅色未达到；红色虚线是序时进度；短竖线是上期完成率。第一期没有上期，“比上期”一列不出现。",
    ),
    "trend": Words(
        shows="全省、最高和最低的州（市）各期完成率，以及序时进度。",
        reading="图下的表给出同样的数字，行首的线样就是图例。中间有一期没有报送时线断开，不连过去。",
    ),
    "heat": Words(
        shows="各州（市）、各项行动的完成率。", reading="颜色越深完成率越高；右列是各州（市）合计，下行是全省。"
    ),
    "bullet": Words(
        shows="有数量目标的任务，按已报县计的完成数和目标数；超过十二项时取完成比例最低的十二项。",
        reading="条形是占目标的百分比，红色标记是到本期末应达到的数；箭头表示已超过目标。“差 N”是离应达数还差多少，不足一个按一个计。",
    ),
    "map": Words(
        shows="各县级工会完成率。",
        reading="每格一个县，粗线分开州（市），右上角折角表示有逾期的报送。格子的位置只是示意，不代表地理位置。",
    ),
    "timely": Words(
        shows="各州（市）历次报送是否及时。",
        reading="各种标记形状不同：按时、迟报、逾期、未到期；有收到而不能采用的，另有“收到待处理”。",
    ),
    "funding": Words(
        shows="各项资金的安排、到账、配套和支出（万元），执行率。",
        reading="整条浅底是安排数（要求配套的含应配套数），宽条是到账，空框是配套，窄条是支出。执行率是支出占到账与配套之和的百分比，"
        "只按各数均已填报的单位计算，超过 100% 标红。",
    ),
    "problems": Words(
        shows="问题清单里的全部问题，以及按类别、按请求解决的层级分，已办结的和未办结的各有多久。",
        reading="时长从首次列入的报送期末算到统计日；“超期”是过了计划解决日期仍未解决的个数。",
    ),
    "calendar": Words(
        shows="谁在哪个月应当办结什么，办结了多少；到本专项工作结束为止，包括还没到期的。",
        reading="每格上面的条分按时办结、逾期办结、逾期未办结、未到期；下面是“已办结/应办结”，红字是欠的件数。"
        "办公室自己的工作没有报表可以证明，只列件数。问题的解决期限由填报单位自定，晚于最后一个月的并入最后一列。",
    ),
    "milestones": Words(
        shows="方案规定的各个节点，按时完成、逾期完成、未完成、未计入的各有多少家。",
        reading="条形按应完成的家数算满格；“逾期”是过了时限仍未完成或没有可用的报表的家数。超过十八个节点时取逾期最多的十八个。",
    ),
    "survey": Words(
        shows="调研提纲中答“是”或“否”和勾选的题，各有多少单位答“是”或勾选。",
        reading="占比按作答的单位算，答“不适用”的算已报，不算作答。超过二十行时取占比最低的二十行，并注明未列的项数。",
    ),
    "ten_tasks": Words(
        shows="“十个一”各项任务的主要指标：是否类的为占比，数量类的为全省合计。",
        reading="序号对应任务的序号；一项任务可有几个指标。",
    ),
}


def main(demo: Path, docs: Path) -> None:
    """Write the pictures and the page."""
    workspace = Workspace(root=demo.resolve())
    made = sorted(p for p in (workspace.root / "outbox").iterdir() if (p / "manifest.json").is_file())
    folder = docs / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    page, early = [HEAD], _drawn(workspace, made[FIRST])
    for no, (name, picture) in enumerate(_drawn(workspace, made[MIDDLE]).items(), 1):
        (folder / f"{name}.png").write_bytes(picture[0])
        page.append(_section(no, name, picture[1]))
        if name in EARLY and name in early:
            (folder / f"{name}_第一期.png").write_bytes(early[name][0])
            page.append(f"第一期时：\n\n![{early[name][1]}]({FOLDER.as_posix()}/{name}_第一期.png)\n")
    (docs / "图集.md").write_text("\n".join(page), encoding="utf-8")


def _drawn(workspace: Workspace, folder: Path) -> dict[str, tuple[bytes, str]]:
    """Name → picture and its words, as the demo told them on the day it made them."""
    as_of = date.fromisoformat(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["as_of"])
    return {name: (one.png, one.alt) for name, one in pictures(look(workspace, folder.name, as_of)).items()}


def _section(no: int, name: str, alt: str) -> str:
    title, words = FILE_NAMES[name].split("_", 1)[1].removesuffix(".png"), WORDS[name]
    return (
        f"## {no}. {title}\n\n模板中的写法：`{{{{ pictures.{name} }}}}`。{words.shows}\n\n"
        f"![{alt}]({FOLDER.as_posix()}/{name}.png)\n\n{words.reading}\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else ROOT / "docs")
