"""What people ask to have changed takes the files it should take, and no others: each is done here in a copy."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import openpyxl

from pipeline.checks import scaffold
from pipeline.domain.findings import CATALOGUE, Kind, Severity
from pipeline.engine.engines import InProcess
from tests.test_example_program import COUNTIES, DONGHU, FIRST, Project, document_text, figures, type_in, workbook_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PLAIN = """\
form: ZX
version: 1
kind: plain
title: 职工心理服务情况
sheet: 5.心理服务
rows: county
items:
  - no: 1
    label: 通知第六条
    title: 心理服务
    fields:
      - {code: ZX-1, title: 心理咨询场次, type: count, unit: 场, accumulation: cumulative}
      - {code: ZX-2, title: 是否建有心理驿站, type: yesno, accumulation: status}
"""


def test_a_new_sheet_of_a_plain_kind_is_data_only(tmp_path: Path) -> None:
    """One file in ``forms/``, its code in ``sheets``, rules drafted by ``lint --draft``: from issue to trace."""
    project = Project(tmp_path / "ningchuan")
    (project.root / "program/forms/ZX.yaml").write_text(PLAIN, encoding="utf-8")
    program = project.root / "program/program.yaml"
    program.write_text(program.read_text(encoding="utf-8").replace("[WT, FA]", "[WT, FA, ZX]"), encoding="utf-8")
    scaffold.draft(project.root / "program", project.root / "expectations")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-03-25", "issue")
    book = openpyxl.load_workbook(project.issued(FIRST, DONGHU))
    assert "5.心理服务" in book.sheetnames

    counties = COUNTIES[DONGHU]
    typed = figures(DONGHU, 1) | {(county, "ZX-1"): n for n, county in enumerate(counties)}
    typed |= {(county, "ZX-2"): "否" for county in counties} | {(counties[0], "ZX-2"): "也许"}
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), typed))
    said = project.run("2024-04-10")
    assert f"东湖市\t2/3\t退回待改：{counties[0]}" in said
    (copy,) = (project.root / "outbox" / FIRST[0] / "退回").glob("990100_东湖市_*.xlsx")
    project.receive("2024-04-09", "东湖改正", type_in(copy, {(counties[0], "ZX-2"): "是"}))
    assert "东湖市\t3/3" in project.run("2024-04-10")

    kept = {(row["county_code"], row["field"]): row["value"] for row in project.table(FIRST, "values")}
    assert [kept[code, "ZX-1"] for code in ("990102", "990121", "990122") if (code, "ZX-1") in kept] == ["0", "1", "2"]
    assert "心理咨询场次" in workbook_text(project.root / "outbox" / FIRST[0] / "全省汇总.xlsx")
    told = json.loads(project.call("trace", counties[2], "ZX-1", "--period", FIRST[0], "--json").stdout)
    assert (told["value"], told["sheet"]) == ("2", "5.心理服务")
    page = (project.root / "outbox" / FIRST[0] / "index.html").read_text(encoding="utf-8")
    assert "心理咨询场次" in page


def test_a_new_finding_is_one_entry_and_where_it_fires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry of the catalogue, and a rule that names it: told on the copy, on the notice, in the package, by ``check``."""
    monkeypatch.setitem(
        CATALOGUE, "NO_STATION", Kind(severity=Severity.CRITICAL, title="没有驿站却有驿站服务", fix="请核对两列")
    )
    monkeypatch.setattr("pipeline.scale.choose.open_engine", lambda *_: nullcontext(InProcess()))
    project = Project(tmp_path / "ningchuan")
    suite = project.root / "expectations/FW.json"
    text = suite.read_text(encoding="utf-8")
    assert '"code": "INCONSISTENT"' in text
    suite.write_text(text.replace('"code": "INCONSISTENT"', '"code": "NO_STATION"'), encoding="utf-8")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-03-25", "issue")
    counties = COUNTIES[DONGHU]
    content = type_in(project.issued(FIRST, DONGHU), figures(DONGHU, 1) | {(counties[1], "FW3-1"): 0})
    (tmp_path / "东湖.xlsx").write_bytes(content)
    asked = project.call("--as-of", "2024-04-10", "check", str(tmp_path / "东湖.xlsx"), "--json", exit_code=1).stdout
    assert [(f["code"], f["county_code"]) for f in json.loads(asked)] == [("NO_STATION", "990121")]
    project.receive("2024-04-08", "东湖", content)
    assert f"东湖市\t2/3\t退回待改：{counties[1]}" in project.run("2024-04-10")
    found = [(f["code"], f["county_code"], f["fix"]) for f in project.table(FIRST, "findings")]
    assert found == [("NO_STATION", "990121", "请核对两列")]
    outbox = project.root / "outbox" / FIRST[0]
    (copy,) = (outbox / "退回").glob("990100_东湖市_*.xlsx")
    assert "没有驿站却有驿站服务" in workbook_text(copy)
    (notice,) = (outbox / "退回").glob("990100_东湖市_退回通知.docx")
    assert "没有驿站却有驿站服务" in document_text(notice)
