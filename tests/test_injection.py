"""What officers type never becomes a formula, markup, template code, a link, a path or a command, in anything we write.

Two returns, one xlsx and one xls, carry every hostile text in every place an officer can reach; each output is then
taken apart by programs of its own kind.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlwt
from click.testing import CliRunner
from lxml import etree
from openpyxl.cell import Cell

from pipeline.cli import main
from pipeline.program.identity import Stamp
from pipeline.program.layout import APPENDIX_SHEET, CHECK_SHEET, COVER_SHEET, PROBLEM_SHEET, sheet_layout
from pipeline.workspace.paths import Workspace
from tests.browser import chromium, find_chromium, opened
from tests.builder import FIRST, SMALL, campaign, filled, new_workspace, own_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

C = campaign()
AS_OF = date(2023, 3, 8)
PERIOD = "2023-02"
A1 = "1.思想引领"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
FORMULAS = (
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("http://x.example","点")',
    "{=1+1}",
    "\n=1+1",
    "＝1+1",
    "\t=1+1",
    "\u200b=1+1",
)
TEMPLATES = ("{{7*7}}", "{% raw %}", "${x}", "{# x #}", "{{ ''.__class__ }}", "{%p for x in y %}", "%s%(x)s{0}{x}")
MARKUP = (
    "<script>alert(1)</script>",
    "]]>",
    "&amp;",
    "&#60;b&#62;",
    "<!--",
    "' onmouseover='alert(1)",
    '" onerror="x',
    "<w:p/></w:t>",
    "<a href='http://x.example'>",
    "javascript:alert(1)",
    "http://x.example/y",
    "mailto:a@b.example",
    "external:c:\\x.xlsx",
    "internal:'x'!A1",
    "file:///etc/passwd",
)
PATHS = ("../../etc/x", "..\\..\\x", "/etc/passwd", "C:\\x", "CON", "a\x00b")
HIDDEN = ("甲\u202e乙", "\u2066丙\u2069", "零\u200b宽", "\ufeff序", "\u2028行", "\u0085")
CONTROLS = (
    "\x1b[31m红\x1b[0m",
    "\x07\x08",
    "\x1b]0;标题\x07",
    "\x9b31m",
    "回\r车",
    "_x0041_",
    "_x0000_",
    "_x001B_[31m",
)
ODD = ("字" * 32_000, "😀" * 50, "𠀀\u0301\u0301", "\ufffe\uffff", "'")
TEXTS = (*FORMULAS, *TEMPLATES, *MARKUP, *PATHS, *HIDDEN, *CONTROLS, *ODD)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def xml_safe(text: str) -> str:
    """As an xlsx can hold it: openpyxl refuses what XML cannot."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def put(sheet: Any, row: int, col: int, text: str) -> None:
    """A text, whatever it looks like."""
    cell = sheet.cell(row, col)
    if isinstance(cell, Cell):  # not one covered by a merged one
        cell.value = re.sub("_(x[0-9A-F]{4}_)", r"_x005F_\1", text)  # as Excel stores what looks like an escape
        cell.data_type = "s"


def poison(book: Any) -> None:
    """Every text in every place of an xlsx."""
    texts = [xml_safe(t) for t in TEXTS]
    turn = cycle(texts)
    counties = C.program.counties_of(SMALL)
    for form in C.program.forms:
        layout, sheet = sheet_layout(form, C.program.period_by_code[PERIOD], counties), book[form.sheet]
        rows, cols = range(7, 7 + len(counties)), [*range(3, layout.remark_col + 2), layout.remark_col + 4]
        for row, col in product(rows, cols):
            put(sheet, row, col, next(turn))
        for row in (1, 2, 5, 6, 20, 21, 22):  # headings of one more column, and rows below
            put(sheet, row, layout.remark_col + 3, next(turn))
        put(sheet, 5, 5, next(turn))
    for row in range(9, 13):
        put(book[COVER_SHEET], row, 2, next(turn))
    for row, text in enumerate(texts, 31):
        put(book[A1], row, 2, text)
    for n, name in enumerate(("=1+1|x", "<script>", "{{7*7}}", "甲\u202e乙", "..", "&amp;", "' or 1")):
        extra = book.create_sheet("x")
        setattr(extra, "_WorkbookChild__title", f"{name}{n}")  # noqa: B010 - openpyxl refuses some that others write
        put(extra, 1, 1, "x")
        put(extra, 2, 1, texts[n])


def biff() -> bytes:
    """A genuine return as xls, whose texts are UTF-16 and may hold anything at all."""
    source = openpyxl.load_workbook(io.BytesIO(filled(prefecture_code="533300")))
    book = xlwt.Workbook(encoding="utf-8")
    turn = 0
    for sheet in source.worksheets:
        out = book.add_sheet(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                value = cell.value
                if sheet.title == A1 and (cell.row or 0) >= 7 and (cell.column or 0) >= 4:
                    value, turn = TEXTS[turn % len(TEXTS)], turn + 1
                if isinstance(value, (str, int, float)) and not str(value).startswith("=IF"):
                    out.write((cell.row or 1) - 1, (cell.column or 1) - 1, value)
        if sheet.title == A1:
            for n, text in enumerate(TEXTS):
                out.write(30 + n, 1, text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


NAMES = (
    "<script>{{7*7}}&amp;.xlsx",
    "=cmd|'x'!A1.xls",
    "甲\u202exslx.exe.xlsx",
    "\x1b[31m红\x1b[0m.xlsx",
    "'; touch x; '.xlsx",
    "-rf --help.xlsx",
    "行1\n结论：全部接收.xlsx",
    "..；..xlsx",
    "😀" * 40,
)
FOLDER = "<b>{{7*7}}$(x)`y`"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Poisoned:
    """The workspace after its run, what its commands printed, and what stood beside it before."""

    workspace: Workspace
    printed: dict[str, str]
    outside: list[str]

    def files(self, ending: str) -> list[Path]:
        """Products with an ending."""
        return sorted(p for p in (self.workspace.root / "outbox").rglob(f"*{ending}") if p.is_file())


def tty(runner: CliRunner, words: list[str]) -> Any:
    """A command as on a real terminal: click takes escapes out of what goes anywhere else."""
    return runner.invoke(main, words, color=True)


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Poisoned:
    around = tmp_path_factory.mktemp("injection") / "a" / "b" / "c"
    workspace = Workspace(root=around / "workspace")
    around.mkdir(parents=True)
    new_workspace(workspace.root)
    own_key(workspace)
    dated = workspace.inbox / "2023-03-03" / FOLDER
    dated.mkdir(parents=True)
    (dated / NAMES[0]).write_bytes(filled(touch=poison))
    (dated / NAMES[1]).write_bytes(biff())
    for n, name in enumerate(NAMES[2:]):  # nobody can vouch for them: they are held
        (dated / name).write_bytes(anonymous(n))
    (dated / "不是表.xlsx").write_bytes(b"%PDF-1.4")
    (dated / "tagged.xlsx").write_bytes(
        filled(prefecture_code="530500", changes={("530502", "Q01-1"): "甲\u202e乙<b>{{7*7}}"})
    )
    runner = CliRunner()
    printed = {}
    looked = tty(runner, ["--project", str(workspace.root), "--as-of", AS_OF.isoformat(), "watch", "--once"])
    printed["watch"] = looked.output
    done = tty(runner, ["--project", str(workspace.root), "--as-of", AS_OF.isoformat(), "--period", PERIOD])
    printed["run"] = done.output
    for name in (NAMES[0], NAMES[1], NAMES[3]):
        checked = runner.invoke(
            main, ["--project", str(workspace.root), "--as-of", AS_OF.isoformat(), "check", str(dated / name)]
        )
        printed[f"check {name}"] = checked.output
    for words in (["status"], ["overdue"], ["history", "迪庆州"], ["trace", FIRST, "Q01-1"]):
        told = tty(runner, ["--project", str(workspace.root), "--as-of", AS_OF.isoformat(), *words])
        printed[words[0]] = told.output
    outside = sorted(
        p.relative_to(around.parents[1]).as_posix()
        for p in around.parents[1].rglob("*")
        if p.is_file() and not p.is_relative_to(workspace.root)
    )
    assert done.exit_code == 0, done.output
    return Poisoned(workspace=workspace, printed=printed, outside=outside)


def anonymous(n: int) -> bytes:
    """A return of ours without its stamps: it is held until staff say whose it is."""

    def touch(book: Any) -> None:
        for sheet in book.worksheets:
            for row in sheet.iter_rows(max_row=20):
                for cell in row:
                    if isinstance(cell.value, str) and Stamp.parse(cell.value):
                        cell.value = None
        book[A1]["D7"] = n

    return filled(touch=touch)


SUMMARY = "全省汇总.xlsx"
# What its own sums are made of: our functions, cells, our sheets by name, our words; no officer's text, no other program.
OURS = re.compile(
    r"=(?:(?:SUM|SUMIF|COUNTA|COUNTIFS?|AVERAGE|AVERAGEIF|ROUND|IF|TEXT)\(|'[\w.（）]+'!|\$?[A-Z]{1,3}\$?\d+|\d+|[-+*/&=:,()]"
    r"|\"(?:[是否/% ]|<>|合计|全省|已接收|零报告|退回待改|收到、不能采用|有文件未能读取|未报|未计入"
    r"|\[>=1\]0\.0%;\[>=0\.9995\]\"\"99\.9%\"\";0\.0%|0\.0%|，为达标数占应达标数的比例，见“州（市）完成率”)*\")+"
)


PLACE = r"'[\w.（）]+'![A-Z]+\d+"
TICKED_OFF = re.compile(
    rf'=IF\(ISERROR\(({PLACE})\),"未改",IF\(EXACT\(\1&"",J\d+&""\),(?:"未改"|IF\(IF\(ISERROR\(H\d+\).*=0,"已说明","未改"\)),"已改"\)\)'
    r'|=IF\(COUNTIF\(\$G\$\d+:\$G\$\d+,"未改"\)=0,"[^"=]*","所列各格还有"&.*\)'
)


def parts(path: Path) -> Iterator[tuple[str, Any]]:
    """Every XML part of a package, parsed strictly."""
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            assert ".." not in name
            if name.endswith((".xml", ".rels", ".vml")):
                yield name, etree.fromstring(package.read(name))


def test_both_returns_came_back_with_a_copy(poisoned: Poisoned) -> None:
    names = {p.name[:6] for p in (poisoned.workspace.outbox(PERIOD) / "退回").glob("*.xlsx")}
    assert {SMALL, "533300", "530500"} <= names


def test_no_formula_stands_in_a_workbook_but_ours(poisoned: Poisoned) -> None:
    checked = 0
    for path in poisoned.files(".xlsx"):
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets:
            formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
            if path.name == SUMMARY:
                assert not [text for text in formulas if not OURS.fullmatch(str(text))], sheet.title
            elif sheet.title == PROBLEM_SHEET:
                assert not [text for text in formulas if not TICKED_OFF.fullmatch(str(text))]
            else:
                assert bool(formulas) == (sheet.title == CHECK_SHEET), (path.name, sheet.title)
            checked += 1
        for name, root in parts(path):
            for link in root.iter(f"{{{MAIN}}}hyperlink"):
                assert not [key for key in link.attrib if key.endswith("}id")], (path.name, name)
                assert re.fullmatch(r"'[^']+'![A-Z]+\d+", link.attrib["location"]), (path.name, name)
            if name.endswith(".rels"):
                assert not [r for r in root if r.attrib.get("TargetMode") == "External"], (path.name, name)
                assert not [r for r in root if "://" in r.attrib["Target"]]
            assert "externalLink" not in name
            for formula in root.iter(f"{{{MAIN}}}f") if path.name != SUMMARY else ():
                assert any(word in f"={formula.text}" for word in ("SUMPRODUCT", "SUM(")) or TICKED_OFF.fullmatch(
                    f"={formula.text}"
                )
    assert checked > 20


def test_text_that_looks_like_a_formula_is_marked_as_text(poisoned: Poisoned) -> None:
    """Editing a cell and pressing Enter must not make a formula of it either."""
    for path in (poisoned.workspace.outbox(PERIOD) / "退回").glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value[:1] in tuple("=+-@") and cell.data_type != "f":
                        assert cell.style.quotePrefix if hasattr(cell.style, "quotePrefix") else cell.quotePrefix, (
                            cell.coordinate
                        )


def test_what_was_typed_stands_in_the_copy_letter_for_letter(poisoned: Poisoned) -> None:
    """Also what a program might take for an escape, code or markup."""
    (path,) = (poisoned.workspace.outbox(PERIOD) / "退回").glob(f"{SMALL}*.xlsx")
    book = openpyxl.load_workbook(path)
    assert {PROBLEM_SHEET, APPENDIX_SHEET} <= set(book.sheetnames)
    there = {c.value for sheet in book.worksheets for row in sheet.iter_rows() for c in row if isinstance(c.value, str)}
    for text in (*FORMULAS[:6], *TEMPLATES, *MARKUP, *PATHS[:5], "_x0041_", "😀" * 50, ODD[0]):
        assert text.strip() in {t.strip() for t in there}, text[:40]


def test_documents_hold_officers_words_as_text(poisoned: Poisoned) -> None:
    allowed = {"PAGE", "NUMPAGES"}
    for path in poisoned.files(".docx"):
        for name, root in parts(path):
            tags = {etree.QName(e).localname for e in root.iter(etree.Element)}
            assert not tags & {"altChunk", "object", "hyperlink"}, (path.name, name)
            instructions = [
                (e.text or "").split()[0] for e in root.iter(f"{{{WORD}}}instrText") if (e.text or "").strip()
            ]
            instructions += [e.attrib[f"{{{WORD}}}instr"].split()[0] for e in root.iter(f"{{{WORD}}}fldSimple")]
            assert set(instructions) <= allowed, (path.name, name, instructions)
            if name.endswith(".rels"):
                assert not [r for r in root if r.attrib.get("TargetMode") == "External"], (path.name, name)
    (letter,) = (poisoned.workspace.outbox(PERIOD) / "退回").glob("530500*.docx")
    text = "".join("".join(root.itertext()) for name, root in parts(letter) if name == "word/document.xml")
    assert "<b>{{7*7}}" in text
    assert "49" not in re.sub(r"20\d\d", "", text)


class Page(HTMLParser):  # its methods are documented by the library
    """Elements and attributes of a page as a browser finds them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Text between elements."""
        self.text.append(data)


def test_the_page_holds_officers_words_as_text(poisoned: Poisoned) -> None:
    for path in poisoned.files(".html"):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        assert not page.tags & {"b", "w:p", "iframe", "object", "form", "base"}, path
        assert path.read_text(encoding="utf-8").count("<script") == 2, path  # the page's own data and code
        assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
        for link in page.links:
            assert re.match(r"#[\w-]+$|data:image/png;base64,|%|[^:/]+$|\.\./\.\./inbox/[^:]*$", link), link[:80]
        text = "".join(page.text)
        assert "<script>alert(1)</script>" in text
        assert "{{7*7}}" in text


def test_a_browser_runs_nothing_of_theirs(poisoned: Poisoned) -> None:
    program = find_chromium()
    if program is None:
        pytest.skip("没有安装 chromium")
    page = poisoned.workspace.outbox(PERIOD) / "index.html"
    with chromium(program) as browser, opened(browser, page) as tab:
        for code in (FIRST, SMALL):
            tab.page.evaluate(f"location.hash = 'c-{code}'")
            tab.page.locator("#detail-name").wait_for()
            assert tab.page.locator("script").count() == 2
            assert tab.page.locator("[onmouseover], [onerror], iframe, main img:not([src^=data])").count() == 0
        assert "{{7*7}}" in tab.page.locator("#finding-table").inner_text()
        assert tab.complaints == []
        assert tab.requests == [page.as_uri()]


def test_tables_open_in_a_spreadsheet_as_text(poisoned: Poisoned) -> None:
    checked = 0
    for path in poisoned.files(".csv"):
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        assert len({len(row) for row in rows}) == 1
        for row in rows:
            for cell in row:
                checked += 1
                if re.fullmatch(r"[+-]?\d+(\.\d+)?", cell):
                    continue
                assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}, (
                    path.name,
                    cell[:40],
                )
    assert checked > 1_000


def test_json_is_json(poisoned: Poisoned) -> None:
    for path in poisoned.files(".json"):
        assert json.loads(path.read_text(encoding="utf-8"))


def test_the_terminal_gets_no_commands(poisoned: Poisoned) -> None:
    """No control characters, none that turn the reading order round, and no line that only a file's name made."""
    loud = {
        (command.split()[0], f"{ord(ch):04x}")
        for command, text in poisoned.printed.items()
        for ch in text
        if (unicodedata.category(ch) == "Cc" and ch not in "\n\t") or ch in BIDI
    }
    assert loud == set()
    forged_lines = [
        c for c, text in poisoned.printed.items() if re.search(r"^结论：全部接收\.xlsx", text, re.MULTILINE)
    ]
    assert forged_lines == []
    assert not [c for c, text in poisoned.printed.items() if "Traceback" in text]


def test_a_command_to_copy_is_one_command(poisoned: Poisoned) -> None:
    """What the run suggests for held files can be pasted into a shell, whatever the file is called."""
    import shlex  # noqa: PLC0415 - only here

    suggested = re.findall(r"核实后：(run-pipeline admit .*)", poisoned.printed["run"])
    assert suggested
    for line in suggested:
        assert ";" not in shlex.split(line)[4:], line
        assert shlex.split(line)[:2] == ["run-pipeline", "admit"]
        assert shlex.split(line)[3] == "--as", line


def test_verdict_files_are_plain_text(poisoned: Poisoned) -> None:
    verdicts = list(poisoned.workspace.verdicts.iterdir())
    assert len(verdicts) == len(NAMES) + 2
    for path in verdicts:
        assert path.suffix == ".txt"
        text = path.read_bytes().decode("utf-8-sig")
        assert not [ch for ch in text if unicodedata.category(ch) == "Cc" and ch not in "\r\n\t"], path.name
        assert len(re.findall(r"(?m)^结论：|　结论：", text)) <= 1 + text.count("迪庆州 ") + text.count("怒江州 ")


def test_nothing_is_written_elsewhere(poisoned: Poisoned) -> None:
    assert poisoned.outside == []
    root = poisoned.workspace.root
    tops = {p.name for p in root.iterdir()}
    assert tops == {"program", "expectations", "templates", "inbox", "outbox", "dataset", "issue.key", ".gitignore"}
    for path in (root / "outbox").rglob("*"):
        assert not path.is_symlink()
        assert not set(path.name) & set('<>|*?"\x1b\n' + BIDI), path.name


@pytest.mark.parametrize("ending", [".xlsx", ".docx", ".html", ".txt"])
def test_nothing_that_disguises_text_passes_through(poisoned: Poisoned, ending: str) -> None:
    """Characters that turn the reading order round would make a document say what it does not.

    Returned copies carry them back as they were typed; csv and json are records of what was.
    """
    for path in poisoned.files(ending):
        if ending == ".xlsx" and path.parent.name == "退回":
            continue
        if ending in {".xlsx", ".docx"}:
            with zipfile.ZipFile(path) as package:
                text = "".join(
                    package.read(n).decode("utf-8", "replace") for n in package.namelist() if n.endswith(("xml", "vml"))
                )
        else:
            text = path.read_text(encoding="utf-8")
        assert not [ch for ch in BIDI if ch in text], path.name


@pytest.mark.parametrize(
    "name", ["😀" * 60, "字" * 80, "a" * 255, "." * 30 + "x", "% " * 60], ids=["emoji", "wide", "long", "dots", "signs"]
)
def test_no_file_name_stops_the_watch(workspace: Workspace, name: str) -> None:
    folder = workspace.inbox / "2023-03-03"
    folder.mkdir()
    (folder / name).write_bytes(b"%PDF-1.4")
    looked = CliRunner().invoke(
        main, ["--project", str(workspace.root), "--as-of", AS_OF.isoformat(), "watch", "--once"]
    )
    assert looked.exit_code == 0, looked.output
    assert len(list(workspace.verdicts.iterdir())) == 1
