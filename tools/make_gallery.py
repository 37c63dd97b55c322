"""Rebuild ``docs/图集.md`` and its pictures from a demo: ``python -m tools.make_gallery DEMO_DIR [DOCS_DIR]``.

The demo (``run-pipeline demo DEMO_DIR``) is only read. The same demo gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from pipeline.office.queries import look
from pipeline.products.pictures.registry import kinds, pictures
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
- “已报/应报”是本期报了的单位数和应报的单位数，完成率只按已报的算；“有数/应报”连同本期没有报、沿用上次的单位。
- 以前报过的，本期没有报也算数，图下注明沿用上次的有几个；不知道的写“情况不明”，不算未完成、不算逾期。
- 文字超出边界、互相重叠或字体缺字时程序报错，不出有毛病的图。

前六幅每期都有。后六幅在专项工作有相应的表、并且至少有一个单位报送时才有（应报事项办理日历总有），
所以模板里要先问有没有这幅图，三行各占一段：

```
{%p if pictures.funding is defined %}
{{ pictures.funding }}
{%p endif %}
```
"""


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
    kind = kinds()[name]
    return (
        f"## {no}. {kind.title}\n\n模板中的写法：`{{{{ pictures.{name} }}}}`。{kind.shows}\n\n"
        f"![{alt}]({FOLDER.as_posix()}/{name}.png)\n\n{kind.reading}\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else ROOT / "docs")
