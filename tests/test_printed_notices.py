"""Every number of the notices that went out with what was returned, against the published tables of the same run."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import docx
import pandas as pd
import pytest

from pipeline.workspace.paths import Workspace
from tests.oracle.notice import Campaign
from tests.oracle.owed import workday_after
from tests.test_oracle import _played

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTED = 30


def tables(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "数据包" / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def notices(root: Path) -> Iterator[tuple[Path, Path]]:
    """Folder of a period, and each of its notices."""
    yield from ((path.parents[1], path) for path in sorted(root.glob("outbox/*/退回/*_退回通知.docx")))


@pytest.mark.parametrize("name", _played())
def test_every_number_of_a_notice_is_in_the_published_tables(name: str) -> None:
    workspace = Workspace(root=_played()[name]())
    campaign = Campaign(workspace.root / "program")
    owners = pd.read_csv(workspace.root / "program" / "prefectures.csv", dtype=str, comment="#")
    names = {
        code: name
        for some in (owners, campaign.counties)
        for code, name in zip(some["code"], some["short_name"], strict=True)
    }
    seen = Counter[str]()
    for folder, path in notices(workspace.root):
        document = docx.Document(str(path))
        text = "\n".join(p.text for p in document.paragraphs)
        findings, submissions = tables(folder, "findings"), tables(folder, "submissions").set_index("submission")
        mine = [no for one in re.findall(r"附件：.*|　　　\d+\..*", text) for no in re.findall(r"退回(\d+)\.xlsx", one)]
        asked = findings[findings["submission"].isin(mine) & (findings["severity"] != "info")]
        rest = submissions[(submissions["prefecture_code"] == path.name[:6]) & ~submissions.index.isin(mine)]
        refused = rest[(rest["verdict"] == "RETURNED") & (rest["period"] == folder.name)]
        whole = findings[findings["submission"].isin(refused.index[-1:]) & (findings["severity"] == "critical")]
        if not mine:
            asked, days = asked.iloc[:0], set(refused["received_on"])
            assert {
                f"{y}-{int(m):02}-{int(d):02}" for y, m, d in re.findall(r"你单位(\d+)年(\d+)月(\d+)日报来", text)
            } <= days
        else:
            counts = Counter(asked["severity"])
            said = {key: {int(x) for x in re.findall(rf"{words}(\d+)处", text)} for key, words in _COUNTED.items()}
            assert said == {key: {counts[key]} if counts[key] else set() for key in _COUNTED}
            by_county = re.search(r"（((?:[^（）、]+\d+处、)*[^（）、]+\d+处)）。退回的表", text)
            if by_county:
                told = dict(re.findall(r"([^、\d]+)(\d+)处", by_county[1]))
                ours = Counter(names[code] for code in asked["county_code"] if code)
                assert told == {county: str(n) for county, n in ours.items()}
        rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows[1:]]
        listed = [*whole.to_dict("records"), *asked.to_dict("records")]
        assert [row[0] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
        assert len(rows) == min(len(whole), LISTED) + min(len(asked), LISTED)
        cells = Counter((names.get(one["county_code"], "全表"), one["found"]) for one in listed)
        assert not (extra := Counter((row[1], row[4]) for row in rows) - cells), (path.name, extra, cells)
        due = workday_after(campaign, campaign.span(folder.name))
        said_days = re.findall(r"(?:报送截止日（|请于)(\d+)年(\d+)月(\d+)日", text)
        assert {tuple(map(int, day)) for day in said_days} <= {(due.year, due.month, due.day)}
        seen[folder.name] += len(rows)
    assert sum(seen.values()) >= 2


_COUNTED = {"critical": "须改正", "warning": "请核对"}
