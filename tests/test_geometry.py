"""Every Word document as it is rendered, with the real pictures: page, grid, type, rules, tables, pictures, numbering.

The figures are those of GB/T 9704-2012 in the units of the format: twips, half-points, eighths of a point.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx.oxml.ns import qn
from lxml import etree

from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.overdue_list import overdue_context
from pipeline.products.documents.profile import TEMPLATE as PROFILE
from pipeline.products.documents.profile import profile_context
from pipeline.products.documents.receipt import receipt_pages
from pipeline.products.documents.return_notice import notice_context
from pipeline.products.documents.template_names import PICTURES, TEMPLATE_NAMES
from pipeline.products.documents.word import render
from pipeline.products.pictures.registry import pictures
from tests.prose_cases import DIQING, PROGRAM, case, returned
from tests.test_publications import AS_OF, TEMPLATES, drafts, measures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.products.documents.receipt import ReceiptPage
    from pipeline.products.documents.word import Picture

PORTRAIT = {"w": 11906, "h": 16838, "top": 2098, "bottom": 1984, "left": 1587, "right": 1474, "footer": 1446}
LANDSCAPE = {"w": 16838, "h": 11906, "top": 1587, "bottom": 1474, "left": 2098, "right": 1984, "footer": 936}
LINE, LINES, CHARACTERS = 579, 22, 28
FANGSONG, KAITI, HEITI, SONGTI, XIAOBIAOSONG = "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体", "方正小标宋简体"
LEVELS = {
    "Title": (XIAOBIAOSONG, 44),
    "Heading1": (HEITI, 32),
    "Heading2": (KAITI, 32),
    "BodyText": (FANGSONG, 32),
    "BodyKept": (FANGSONG, 32),
    "Salutation": (FANGSONG, 32),
    "SignOff": (FANGSONG, 32),
    "EditorNote": (KAITI, 32),
    "HeadOrg": (XIAOBIAOSONG, 44),
    "HeadName": (XIAOBIAOSONG, 108),
    "HeadNumber": (FANGSONG, 32),
    "HeadIssue": (FANGSONG, 28),
    "Colophon": (FANGSONG, 28),
    "ColophonLast": (FANGSONG, 28),
    "PageOdd": (SONGTI, 28),
    "PageEven": (SONGTI, 28),
    "CaseTitle": (HEITI, 32),
    "CaseMeta": (KAITI, 28),
    "TableHead": (HEITI, 22),
    "TableText": (FANGSONG, 22),
    "TableCaption": (HEITI, 24),
    "FigureCaption": (HEITI, 24),
    "Note": (FANGSONG, 24),
    "ProfileTitle": (XIAOBIAOSONG, 36),
    "ProfileText": (FANGSONG, 24),
    "ProfileCell": (FANGSONG, 21),
}
MADE: dict[str, Callable[[], dict[str, Any]]] = {
    "工作简报": lambda: bulletin_context(measures("2023-10"), is_demo=True)[0],
    "逾期县清单": lambda: overdue_context(measures("2023-04"), is_demo=True)[0],
    "季度通报": lambda: drafts("2023-10")["季度通报"].make()[0],
    "中期调度报告": lambda: drafts("2023-04")["中期调度报告"].make()[0],
    "半年会议材料": lambda: drafts("2023-10")["半年会议材料"].make()[0],
    "总结报告": lambda: drafts("2023-10")["总结报告"].make()[0],
    "典型案例汇编": lambda: drafts("2023-10")["典型案例汇编"].make()[0],
    "催报函": lambda: drafts("2023-04")["催报/530600_昭通市_催报函"].make()[0],
    "退回通知": lambda: notice_context(
        case("本期封存"), PROGRAM.prefecture_by_code[DIQING], [returned(12)], is_demo=True
    )[0],
    "回执": lambda: receipt().document()[0],
    "县级画像": lambda: fullest(),  # noqa: PLW0108 - defined below
}
COLOPHON, RED = ("工作简报", "季度通报"), "FF0000"
SQUARE = "回执"  # its picture is read by machines
PICTURED = ("工作简报", "季度通报", "中期调度报告", "半年会议材料", "总结报告")
CAPTION = re.compile(r"^([图表])(\d+)  (?=\S)")


@cache
def drawn() -> dict[str, Picture]:
    return pictures(measures("2023-10"))


@cache
def made(name: str) -> bytes:
    """A document as a run renders it."""
    square = receipt().square if name == SQUARE else {}
    return render(TEMPLATES / f"{name}.docx", MADE[name](), drawn() if name in PICTURED else square)


def receipt() -> ReceiptPage:
    """One of which everything is to be said, at length."""
    page = max(
        (page for _, _, page in receipt_pages(measures("2023-10"), is_demo=True)), key=lambda page: len(str(page))
    )
    named = (
        f"{name}“已建工会组织的企业数”1,234（情况属实：今年统一清理空壳组织以后重新核定）"
        for name in ("五华区", "安宁市")
    )
    void = "签认失效：2023年11月8日收到的确认单校验码为YEGV-FQGK-N7QA，此后数据有改动，请在本页重新签字盖章。"
    notes = (f"附说明接收12处：{'；'.join(named)}等。", *page.notes, void)
    return replace(page, files=page.files * 3, states=(*page.states, page.states[0]), notes=notes)


def fullest() -> dict[str, Any]:
    """A county of which everything is to be said at the greatest length that any county's note has in any period."""
    pages = [profile_context(m, c, is_demo=True)[0] for m in map(measures, AS_OF) for c in m.program.counties]
    said: dict[str, str] = {}
    for note in (note for page in pages for note in page["notes"]):
        kind = note.partition("：")[0]
        said[kind] = max(said.get(kind, ""), note, key=len)
    longest = {
        key: max((page[key] for page in pages), key=len)
        for key in ("title", "subject", "summary", "periods", "actions")
    }
    assert len(said) == 5
    return {**pages[0], **longest, "notes": list(said.values())}


@cache
def part(name: str, member: str = "word/document.xml") -> Any:
    with ZipFile(BytesIO(made(name))) as package:
        return etree.fromstring(package.read(member))


def find(element: Any, path: str) -> list[Any]:
    namespaces = {"w": qn("w:p")[1:-2], "wp": qn("wp:inline")[1:-7], "a": qn("a:blip")[1:-5], "r": qn("r:embed")[1:-6]}
    return list(etree.XPath(path, namespaces=namespaces)(element))


def text(element: Any) -> str:
    return "".join(find(element, ".//w:t/text()"))


def number(element: Any, path: str, attribute: str = "val") -> int:
    return int(find(element, f"{path}/@w:{attribute}")[0])


def style(name: str, style_id: str) -> Any:
    return find(part(name, "word/styles.xml"), f"//w:style[@w:styleId='{style_id}']")[0]


def inherited(name: str, style_id: str, path: str) -> str:
    """A property of a style, or of the nearest one it is based on that says it."""
    while True:
        one = style(name, style_id)
        if found := find(one, path):
            return str(found[0])
        based = find(one, "w:basedOn/@w:val")
        if not based:
            return ""
        style_id = str(based[0])


def used(name: str) -> set[str]:
    """Styles of paragraphs in the body and the footers; none leaves its style unsaid."""
    roots = [part(name)]
    with ZipFile(BytesIO(made(name))) as package:
        roots += [part(name, member) for member in package.namelist() if re.fullmatch(r"word/footer\d\.xml", member)]
    paragraphs = [p for root in roots for p in find(root, "//w:p")]
    return {str((find(p, "w:pPr/w:pStyle/@w:val") or ["Normal"])[0]) for p in paragraphs}


def numbers(kind: str, name: str) -> list[int]:
    captions = [CAPTION.match(text(p)) for p in find(part(name), "//w:p[w:pPr/w:pStyle/@w:val]")]
    return [int(one[2]) for one in captions if one and one[1] == kind]


@pytest.fixture(params=MADE)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_template_is_rendered_here() -> None:
    assert {f"{name}.docx" for name in MADE} == set(TEMPLATE_NAMES)


def test_page_and_margins(name: str) -> None:
    (section,) = find(part(name), "//w:sectPr")
    size, margins = find(section, "w:pgSz")[0], find(section, "w:pgMar")[0]
    found = {key.rpartition("}")[2]: value for key, value in (*size.attrib.items(), *margins.attrib.items())}
    wanted = LANDSCAPE if name == "逾期县清单" else PORTRAIT
    assert {key: int(found[key]) for key in wanted} == wanted
    assert found.get("orient") == ("landscape" if name == "逾期县清单" else None)


def test_22_lines_of_28_characters(name: str) -> None:
    (section,) = find(part(name), "//w:sectPr")
    assert find(section, "w:docGrid/@w:type") == ["lines"]
    assert number(section, "w:docGrid", "linePitch") == LINE
    assert inherited(name, "BodyText", "w:pPr/w:spacing/@w:line") == str(LINE)
    assert inherited(name, "BodyText", "w:pPr/w:spacing/@w:lineRule") == "exact"
    if name != "逾期县清单":
        assert (PORTRAIT["h"] - PORTRAIT["top"] - PORTRAIT["bottom"]) // LINE == LINES
        character = 10 * int(inherited(name, "BodyText", "w:rPr/w:sz/@w:val")) + int(
            inherited(name, "BodyText", "w:rPr/w:spacing/@w:val")
        )
        assert (PORTRAIT["w"] - PORTRAIT["left"] - PORTRAIT["right"]) // character == CHARACTERS
    assert inherited(name, "BodyText", "w:pPr/w:ind/@w:firstLineChars") == "200"


def test_each_level_has_its_type(name: str) -> None:
    for style_id in used(name):
        font = inherited(name, style_id, "w:rPr/w:rFonts/@w:eastAsia")
        assert font in {FANGSONG, KAITI, HEITI, SONGTI, XIAOBIAOSONG}, style_id
        assert inherited(name, style_id, "w:rPr/w:rFonts/@w:ascii") in {"Times New Roman", SONGTI}
        if style_id in LEVELS:
            assert (font, int(inherited(name, style_id, "w:rPr/w:sz/@w:val"))) == LEVELS[style_id], style_id


def test_nothing_overrides_the_type_of_its_style(name: str) -> None:
    assert not find(part(name), "//w:r/w:rPr/w:rFonts[@w:eastAsia or @w:ascii or @w:eastAsiaTheme or @w:asciiTheme]")
    assert not find(part(name), "//w:r/w:rPr/w:sz | //w:r/w:rPr/w:b | //w:r/w:rPr/w:color")
    assert not find(part(name), "//w:p/w:pPr/w:spacing | //w:p/w:pPr/w:ind | //w:p/w:pPr/w:jc")


def test_only_what_the_office_publishes_has_red_head_and_colophon(name: str) -> None:
    red = {one for one in used(name) if inherited(name, one, "w:rPr/w:color/@w:val") == RED}
    ruled = {one for one in used(name) if find(style(name, one), f"w:pPr/w:pBdr/w:bottom[@w:color='{RED}']")}
    closing = find(part(name), "//w:tbl[w:tblPr/w:tblStyle/@w:val='ColophonTable']")
    if name not in COLOPHON:
        assert (red, ruled, closing) == (set(), set(), [])
        return
    assert (red, ruled) == ({"HeadOrg", "HeadName"}, {"HeadIssue"})
    (rule,) = find(style(name, "HeadIssue"), "w:pPr/w:pBdr/w:bottom")
    assert 12 <= int(rule.get(qn("w:sz"))) <= 18
    assert rule.get(qn("w:space")) == "11"  # 4 mm
    assert not find(style(name, "HeadIssue"), "w:pPr/w:ind")
    (table,) = closing
    assert table.getnext().tag == qn("w:p")
    assert text(table.getnext()) == ""
    assert [text(p)[:2] for p in find(table, ".//w:p")][:3] == ["报：", "送：", "发："]
    assert re.search(r"（共印\d+份）$", text(find(table, ".//w:p")[-1]))
    assert find(table, "w:tblPr/w:tblpPr/@w:tblpYSpec") == ["bottom"]
    assert find(style(name, "ColophonTable"), ".//w:tblBorders/*/@w:sz") == ["8", "8", "6"]


def test_page_numbers_stand_outside_on_both_sides(name: str) -> None:
    assert find(part(name, "word/settings.xml"), "//w:evenAndOddHeaders")
    (section,) = find(part(name), "//w:sectPr")
    assert not find(section, "w:titlePg")
    targets = {one.get("Id"): one.get("Target") for one in part(name, "word/_rels/document.xml.rels")}
    sides = {}
    for reference in find(section, "w:footerReference"):
        footer = part(name, f"word/{targets[reference.get(qn('r:id'))]}")
        assert text(footer) == "— 1 —"
        assert find(footer, "//w:fldSimple/@w:instr") == [" PAGE "]
        (style_id,) = find(footer, "//w:pStyle/@w:val")
        sides[reference.get(qn("w:type"))] = inherited(name, str(style_id), "w:pPr/w:jc/@w:val")
        ends = {"right": "w:right", "left": "w:left"}[sides[reference.get(qn("w:type"))]]
        assert inherited(name, str(style_id), f"w:pPr/w:ind/@{ends}") == "280"
    assert sides == {"default": "right", "even": "left"}


def test_tables_are_as_wide_as_the_text_repeat_their_head_and_keep_rows_whole(name: str) -> None:
    page = LANDSCAPE if name == "逾期县清单" else PORTRAIT
    for table in find(part(name), "//w:tbl"):
        widths = [int(value) for value in find(table, "w:tblGrid/w:gridCol/@w:w")]
        assert sum(widths) == number(table, "w:tblPr/w:tblW", "w") == page["w"] - page["left"] - page["right"]
        rows = find(table, "w:tr")
        for row in rows:
            assert [int(value) for value in find(row, "w:tc/w:tcPr/w:tcW/@w:w")] == widths
            assert find(row, "w:trPr/w:cantSplit")
        if find(table, "w:tblPr/w:tblStyle/@w:val") == ["OfficialTable"]:
            assert [bool(find(row, "w:trPr/w:tblHeader")) for row in rows] == [True] + [False] * (len(rows) - 1)
            assert all(text(cell) for cell in find(rows[0], "w:tc"))
            assert len(rows) > 1


def test_pictures_are_of_the_width_of_the_text_and_leave_room_for_it(name: str) -> None:
    if name == SQUARE:
        (extent,) = find(part(name), "//w:drawing//wp:extent")
        assert int(extent.get("cx")) == int(extent.get("cy")) == 30 * 36000
        return
    drawings = find(part(name), "//w:drawing")
    assert bool(drawings) == (name in PICTURED)
    for drawing in drawings:
        (extent,) = find(drawing, ".//wp:extent")
        assert int(extent.get("cx")) == 156 * 36000
        assert int(extent.get("cy")) <= 100 * 36000
        paragraph = next(drawing.iterancestors(qn("w:p")))
        (style_id,) = find(paragraph, "w:pPr/w:pStyle/@w:val")
        assert inherited(name, str(style_id), "w:pPr/w:spacing/@w:lineRule") == "auto"
        assert inherited(name, str(style_id), "w:pPr/w:keepNext") != ""
        assert find(style(name, str(style_id)), "w:pPr/w:snapToGrid/@w:val") == ["0"]
        assert find(paragraph.getnext(), "w:pPr/w:pStyle/@w:val") == ["FigureCaption"]


def test_every_picture_is_described_and_has_an_identity(name: str) -> None:
    properties = find(part(name), "//wp:docPr")
    told = [one.get("descr") or "" for one in properties]
    assert all(len(one) > 10 and one.endswith("。") for one in told)
    assert len(set(told)) == len(told)
    assert len({one.get("id") for one in properties}) == len(properties)


def test_all_pictures_are_shown_somewhere() -> None:
    shown = {one.get("descr") for name in PICTURED for one in find(part(name), "//wp:docPr")}
    assert shown == {picture.alt for picture in drawn().values()}
    assert {f"pictures.{name}" for name in drawn()} == set(PICTURES) - {"pictures"}


@pytest.mark.parametrize("kind", ["图", "表"])
def test_figures_and_tables_are_numbered_one_after_the_other(name: str, kind: str) -> None:
    found = numbers(kind, name)
    assert found == list(range(1, len(found) + 1))
    things = (
        []
        if name == SQUARE
        else find(part(name), "//w:drawing" if kind == "图" else "//w:p[w:pPr/w:pStyle/@w:val='TableCaption']")
    )
    plain = [one for one in things if kind == "表" and not CAPTION.match(text(one))]  # 附表, 问题一览: by their name
    assert len(found) == len(things) - len(plain)
    titles = [
        text(p)
        for p in find(
            part(name), "//w:p[w:pPr/w:pStyle/@w:val='FigureCaption' or w:pPr/w:pStyle/@w:val='TableCaption']"
        )
    ]
    assert not [title for title in titles if len(re.findall(r"[图表]\d+", title)) > 1], titles


def test_what_the_text_refers_to_is_there(name: str) -> None:
    body = "".join(text(p) for p in find(part(name), "//w:p[w:pPr/w:pStyle/@w:val='BodyText']"))
    for sentence in re.findall(r"[^。；，]*见[^。；，]*", body):
        for kind, no in re.findall(r"(?<!附)([图表])(\d+)", sentence):
            assert int(no) in numbers(kind, name), sentence
        for annex in re.findall(r"附表\d", sentence):
            assert [p for p in find(part(name), "//w:p") if text(p) == annex], sentence


# --- what Word itself would refuse -----------------------------------------------------------------------------------


def refused(content: bytes, folder: Path) -> list[str]:
    """What the rules of Microsoft's Open XML SDK (ISO/IEC 29500 transitional and its own) have against a document."""
    validator = pytest.importorskip("openxml_audit", reason="没有安装 openxml-audit，不对照 OOXML 的规则")
    path = folder / "one.docx"
    path.write_bytes(content)
    found = [str(error) for error in validator.OpenXmlValidator().validate(str(path)).errors]
    return [one for one in found if "relationships/theme" not in one]  # no theme: its fonts would come in by themselves


def test_it_keeps_to_the_schema(name: str, tmp_path: Path) -> None:
    assert refused(made(name), tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<w:cantSplit/>", b'<w:cantSplit/><w:jc w:val="middle"/>'),
        (b"<w:tblHeader/>", b"<w:tblHead/>"),
        (b"<w:pgSz w:w=", b"<w:pgSz w:wide="),
    ],
)
def test_the_schema_is_one_that_refuses(old: bytes, new: bytes, tmp_path: Path) -> None:
    out = BytesIO()
    with ZipFile(BytesIO(made("逾期县清单"))) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for member in source.namelist():
            content = source.read(member)
            assert member != "word/document.xml" or old in content
            target.writestr(member, content.replace(old, new) if member == "word/document.xml" else content)
    assert refused(out.getvalue(), tmp_path)


# --- one page --------------------------------------------------------------------------------------------------------


def pages(content: bytes, folder: Path) -> int:
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        pytest.skip("没有安装 LibreOffice，数不了页（soffice is not on PATH）")
    (folder / "one.docx").write_bytes(content)
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder),
            str(folder / "one.docx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    found = len(re.findall(rb"/Type\s*/Page\b(?!s)", (folder / "one.pdf").read_bytes()))
    shutil.rmtree(folder / "profile", ignore_errors=True)
    return found


@pytest.mark.libreoffice
def test_the_fullest_county_and_receipt_are_on_one_page(tmp_path: Path) -> None:
    assert PROFILE == "县级画像.docx"
    assert pages(made("县级画像"), tmp_path) == 1
    assert pages(made(SQUARE), tmp_path) == 1
    long = {**fullest(), "notes": [note * 3 for note in fullest()["notes"]]}
    assert pages(render(TEMPLATES / PROFILE, long, {}), tmp_path) > 1  # pages are really counted
