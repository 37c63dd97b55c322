"""A product is kept only where making it again would give the same, byte for byte."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.office import making
from pipeline.products.kept import LastMade, key_of
from pipeline.products.manifest import sha256
from tests.test_example_program import DONGHU, FIRST, NANLING, PROBLEMS, Project, figures, type_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY, NEXT_DAY = "2024-04-12", "2024-04-13"
MAKERS = "render", "returned_workbook", "overdue_workbook", "summary_workbook", "data_package", "index_page"


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A quarter of which one prefecture has something to mend."""
    project = Project(tmp_path_factory.mktemp("kept") / "ningchuan")
    project.call("--as-of", "2024-03-25", "issue")
    bad = figures(DONGHU, 1) | {("石桥县", "WQ2-n"): 21, ("望江县", "WQ1-1"): "约20"}
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), bad, PROBLEMS))
    project.receive("2024-04-09", "南岭", type_in(project.issued(FIRST, NANLING), figures(NANLING, 1)))
    project.run(DAY)
    return project


@pytest.fixture
def project(first_run: Project, tmp_path: Path) -> Project:
    return Project(tmp_path / "project", copied=first_run.root)


@pytest.fixture
def makings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the documents made since."""
    names: list[str] = []

    def heard(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def make(*given: Any, **how: Any) -> Any:
            names.append(name)
            return real(*given, **how)

        return make

    for name in MAKERS:
        monkeypatch.setattr(making, name, heard(name, getattr(making, name)))
    return names


def outbox(project: Project) -> dict[str, bytes]:
    """What was made."""
    folder = project.root / "outbox" / FIRST[0]
    paths = (path for path in folder.rglob("*") if path.is_file())
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in there.items() if name.split("/")[0] not in {"下发", "工作人员的文件"}}


def edited(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def mended(project: Project) -> None:
    copy = next((project.root / "outbox" / FIRST[0] / "退回").glob("990100_东湖市_*.xlsx"))
    project.receive("2024-04-11", "改正", type_in(copy, {("石桥县", "WQ2-n"): 17, ("望江县", "WQ1-1"): 21}))


def template_edited(project: Project, name: str = "工作简报") -> None:
    path = project.root / "templates" / "docx" / f"{name}.docx"
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"</w:body>", b"<w:p/></w:body>"))
    path.write_bytes(out.getvalue())


def by_hand(project: Project) -> None:
    path = project.root / "outbox" / FIRST[0] / "全省汇总.xlsx"
    path = path if path.is_file() else next(path.parent.glob("*汇总.xlsx"))
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A1"] = "改过"
    book.save(path)


def manifest_rewritten(project: Project) -> None:
    path = project.root / "outbox" / FIRST[0] / "manifest.json"
    told = json.loads(path.read_bytes())
    (path.parent / "index.html").write_text("x", "utf-8")
    told["outputs"]["index.html"] = sha256(b"x")
    path.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def issued_anew(project: Project) -> None:
    folder = project.root / "outbox" / FIRST[0] / "下发"
    shutil.copy(next(folder.glob("*.xlsx")), folder / "补发.xlsx")


CHANGES: dict[str, Callable[[Project], object]] = {
    "a workbook mended": mended,
    "a target": lambda p: edited(p, "program/forms/WQ.yaml", "at_least: ", "at_least: 1"),
    "a day of the period": lambda p: edited(
        p, "program/program.yaml", "working_days_after: 8", "working_days_after: 7"
    ),
    "a name": lambda p: edited(p, "program/counties.csv", "湖滨区", "湖浜区"),
    "a template": template_edited,
    "a template of what goes back": lambda p: template_edited(p, "退回通知"),
    "a day of a step": lambda p: edited(p, "program/program.yaml", "due: 2024-03-20", "due: 2024-03-19"),
    "how many copies are printed": lambda p: edited(p, "program/program.yaml", "copies: 60", "copies: 61"),
    "a word of the campaign": lambda p: edited(p, "program/program.yaml", "office: 专班办公室", "office: 专班秘书处"),
    "a day that is no working day": lambda p: edited(p, "program/workdays.csv", "\n", "\n2024-04-03,0,调休\n"),
    "whom a county is paired with": lambda p: edited(p, "program/contacts.csv", "NC:组织部,组织部", "NC:宣传部,宣传部"),
    "officers' names asked for": lambda p: (p.root / "settings.yaml").write_text("officer_contacts: true\n", "utf-8"),
    "a withdrawal": lambda p: p.call("--as-of", DAY, "withdraw", "2", "--reason", "报错了"),
    "another day of receipt": lambda p: p.call("--as-of", DAY, "received", "2", "2024-04-12", "--reason", "邮戳"),
    "a product edited by hand": by_hand,
    "a product gone": lambda p: (p.root / "outbox" / FIRST[0] / "index.html").unlink(),
    "a file beside the products": lambda p: (p.root / "outbox" / FIRST[0] / "笔记.txt").write_text("x", "utf-8"),
    "a manifest rewritten with its product": manifest_rewritten,
    "a workbook issued besides": issued_anew,
    "a file nobody can read": lambda p: p.receive("2024-04-11", "坏", b"PK\x03\x04"),
}


def test_what_staff_changed_or_put_there_is_never_lost(project: Project) -> None:
    folder = project.root / "outbox" / FIRST[0]
    edited_by_hand = {"工作简报.docx": b"first", "笔记/送审稿.docx": b"mine"}
    for name, content in edited_by_hand.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "~$工作简报.docx").write_bytes(b"open")
    said = project.run(DAY)
    assert "工作人员的文件/工作简报.docx" in said
    assert {name: (folder / "工作人员的文件" / name).read_bytes() for name in edited_by_hand} == edited_by_hand
    assert (folder / "工作简报.docx").read_bytes() != b"first"
    (folder / "工作简报.docx").write_bytes(b"second")
    project.run(NEXT_DAY)
    saved = {path.name: path.read_bytes() for path in (folder / "工作人员的文件").rglob("*") if path.is_file()}
    assert saved == {"工作简报.docx": b"first", "工作简报_2.docx": b"second", "送审稿.docx": b"mine"}
    assert "都与台账和底账相符" in project.call("--as-of", NEXT_DAY, "verify").output


def test_without_a_manifest_what_is_no_product_is_kept_all_the_same(project: Project) -> None:
    folder = project.root / "outbox" / FIRST[0]
    (folder / "送审稿.docx").write_bytes(b"mine")
    (folder / "manifest.json").unlink()
    assert "工作人员的文件/送审稿.docx" in project.run(DAY)
    assert [path.name for path in (folder / "工作人员的文件").iterdir()] == ["送审稿.docx"]


def test_a_manifest_nobody_signed_still_shows_what_was_changed(project: Project, makings: list[str]) -> None:
    folder = project.root / "outbox" / FIRST[0]
    content = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(content | {"signature": "x"}, ensure_ascii=False), "utf-8")
    (folder / "工作简报.docx").write_bytes(b"mine")
    said = project.run(DAY)
    assert {"render", "returned_workbook"} <= set(makings), "nothing of it is trusted"
    assert [path.name for path in (folder / "工作人员的文件").iterdir()] == ["工作简报.docx"]
    assert said.count("工作人员的文件/") == 1


def test_what_a_closed_period_gave_back_is_not_said_to_be_staff_s(project: Project) -> None:
    folder = project.root / "outbox" / FIRST[0]
    project.call("--as-of", DAY, "close", FIRST[0], "--reason", "定稿", "--yes")
    project.receive("2024-04-13", "990200_南岭市_2024年第一季度", b"PK\x03\x04")
    project.run("2024-04-13")
    assert list((folder / "退回（封存后）").iterdir())
    project.call("--as-of", "2024-04-14", "reopen", FIRST[0], "--reason", "补报")
    assert "有人改动" not in project.run("2024-04-14")
    assert not (folder / "工作人员的文件").exists()


def test_a_file_that_cannot_be_read_stops_the_swap_in_words(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project.root / "outbox" / FIRST[0]
    (folder / "index.html").write_bytes(b"changed")
    before = outbox(project)

    def refuse(self: LastMade, *_: object) -> Iterator[tuple[str, bytes]]:
        raise PermissionError(13, "x", str(self.folder / "index.html"))

    monkeypatch.setattr(LastMade, "altered", refuse)
    said = project.call("--as-of", DAY, exit_code=2).output
    assert "无法读取" in said
    assert "原来的产品没有动" in said
    assert outbox(project) == before


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_stale_is_kept(project: Project, what: str, makings: list[str]) -> None:
    CHANGES[what](project)
    assert "产品照旧" not in project.run(DAY)
    assert bool(makings) is (what != "a file beside the products")
    kept = outbox(project)
    for name in kept:
        (project.root / "outbox" / FIRST[0] / name).unlink()
    shutil.rmtree(project.root / "dataset" / "cache" / "图")
    project.run(DAY)
    assert outbox(project) == kept


def test_the_next_day_is_another(project: Project, makings: list[str]) -> None:
    project.run(NEXT_DAY)
    assert "render" in makings
    assert "returned_workbook" not in makings, "what goes back says nothing of the day"
    kept = outbox(project)
    (project.root / "outbox" / FIRST[0] / "manifest.json").unlink()
    project.run(NEXT_DAY)
    assert "returned_workbook" in makings
    assert outbox(project) == kept


def test_only_documents_that_say_something_else_are_made(project: Project, makings: list[str]) -> None:
    mended(project)
    project.run(DAY)
    assert 0 < makings.count("render") < len([name for name in outbox(project) if name.endswith(".docx")])


def test_a_template_is_no_reason_to_make_what_knows_no_template(project: Project, makings: list[str]) -> None:
    """Its document, and the summary, which says what documents read."""
    template_edited(project)
    said = project.run(DAY)
    assert sorted(makings) == ["render", "summary_workbook"]
    assert f"新制作2件，沿用{len(outbox(project)) - 3}件，用时" in said


def test_part_of_a_folder_is_not_kept(project: Project, makings: list[str]) -> None:
    folder = project.root / "outbox" / FIRST[0]
    kept = outbox(project)
    next(folder.glob("数据包/*.csv")).unlink()
    project.run(DAY)
    assert makings == ["data_package"]
    assert outbox(project) == kept


def test_nothing_new_makes_nothing(project: Project, makings: list[str]) -> None:
    before = outbox(project)
    said = project.run(DAY)
    assert "2024年第一季度：与上次相同，产品照旧" in said
    assert f"新制作0件，沿用{len(before) - 1}件，用时" in said
    assert makings == []
    assert outbox(project) == before


def test_another_program_makes_everything(
    project: Project, makings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.products.kept._program", lambda: "another")
    project.run(DAY)
    assert {"render", "returned_workbook", "summary_workbook", "data_package"} <= set(makings)


def values() -> Iterator[tuple[Any, Any]]:
    yield 1, "1"
    yield 1, True
    yield 1, 1.5
    yield None, ""
    yield date(2024, 1, 1), "2024-01-01"
    yield time(1), timedelta(hours=1)
    yield Decimal("1.0"), Decimal("1.00")
    yield {"a": 1}, {"a": 2}
    yield {"a": 1, "b": 2}, {"b": 2, "a": 1}
    yield b"a", b"b"
    yield ["a", "b"], ["ab"]


@pytest.mark.parametrize(("one", "other"), list(values()))
def test_other_values_have_another_key(one: Any, other: Any) -> None:
    assert key_of(one) == key_of(one) != key_of(other)


def test_a_value_without_one_text_has_no_key() -> None:
    with pytest.raises(TypeError, match="a product takes no set"):
        key_of({1, 2})


def test_a_folder_without_a_manifest_holds_nothing(tmp_path: Path) -> None:
    made = LastMade.of(tmp_path, b"key")
    assert made.get("a.docx", "") is None
    assert not made.is_whole("")
