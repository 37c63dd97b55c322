"""The Word documents: official geometry, text that stays text, the same bytes, templates that explain their faults."""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from pipeline.products.documents.template_names import WORDS as WORD_NAMES
from pipeline.products.documents.word import Picture, lint_template, normalise, render
from pipeline.system.errors import PipelineError, TemplateError
from tests.builder import whole_campaign

TEMPLATES = Path(__file__).parents[1] / "templates" / "docx"
BULLETIN, OVERDUE_LIST = TEMPLATES / "工作简报.docx", TEMPLATES / "逾期县清单.docx"
FONTS = ("仿宋_GB2312", "楷体_GB2312", "黑体", "宋体", "方正小标宋简体")
WORDS = whole_campaign().program.words
PICTURES = ("rank", "heat", "map", "trend", "bullet", "timely")
HOSTILE = "{{7*7}} {%p for %} <b>&amp;</w:t> “引号” \x07\x0c\x00\ud800完"
HOSTILE_AS_PRINTED = "{{7*7}} {%p for %} <b>&amp;</w:t> “引号” 完"


def png(width: int = 156, height: int = 95) -> bytes:
    """Return a white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bulletin_context(**changes: Any) -> dict[str, Any]:
    texts = ["org_line", "number_line", "office", "issued_on", "editor_note", "title"]
    foot = ["report_to", "send_to", "issue_to", "compiler", "copies"]
    lists = ["contents", "overall", "province_targets", "timeliness", "overdue", "next_due", "data_notes"]
    row = {"place": "1", "name": "昆明市", "completion": "61.0", "change": "+3.2", "range": "—", "reported": "14/14"}
    return {
        **{name: name for name in texts + foot},
        **{name: [f"{name}之一", f"{name}之二"] for name in lists},
        "actions_name": "八项行动",
        "words": WORDS,
        "is_demo": False,
        "actions": [SimpleNamespace(numeral="一", name="思想引领行动", paragraphs=["已完成4项。"])],
        "table_rows": [SimpleNamespace(**row, overdue="0", note="")] * 2,
        "overdue_groups": [SimpleNamespace(prefecture="昭通市", names=["镇雄县", "彝良县"], count=2)],
        **changes,
    }


def list_context(**changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(("no", "prefecture", "county", "reason", "contact", "due_on", "days", "streak"), "甲")
    return {
        **{name: name for name in ("title", "org_line", "as_of_line", "empty_line", "compiler", "issued_on")},
        "summary": ["共1个县逾期。"],
        "words": WORDS,
        "rows": [SimpleNamespace(**row)],
        "is_demo": True,
        **changes,
    }


def bulletin(**changes: Any) -> bytes:
    pictures = {name: Picture(png(), f"{name}图") for name in PICTURES}
    return render(BULLETIN, bulletin_context(**changes), pictures)


def part(data: bytes, name: str = "word/document.xml") -> Any:
    with ZipFile(BytesIO(data)) as package:
        return etree.fromstring(package.read(name))


def find(element: Any, path: str) -> list[Any]:
    namespaces = {"w": qn("w:p")[1:-2], "wp": qn("wp:inline")[1:-7]}
    return list(etree.XPath(path, namespaces=namespaces)(element))


def val(element: Any, path: str, attribute: str = "w:val") -> str | None:
    found = find(element, path)
    return found[0].get(qn(attribute)) if found else None


def text(element: Any) -> str:
    return "".join(find(element, ".//w:t/text()"))


def lines(data: bytes) -> list[str]:
    return [text(paragraph) for paragraph in find(part(data), "//w:p")]


def style_of(data: bytes, style_id: str) -> Any:
    return find(part(data, "word/styles.xml"), f"//w:style[@w:styleId='{style_id}']")[0]


def paragraph_with(data: bytes, words: str) -> Any:
    return next(paragraph for paragraph in find(part(data), "//w:p") if words in text(paragraph))


@pytest.fixture(scope="module")
def issued() -> bytes:
    return bulletin()


# --- geometry ----------------------------------------------------------------------------------------------------


def test_page_margins_and_grid_are_the_standards(issued: bytes) -> None:
    section = find(part(issued), "//w:sectPr")[0]
    attributes = {key.split("}")[1]: int(value) for key, value in find(section, "w:pgMar")[0].attrib.items()}
    assert val(section, "w:pgSz", "w:w") == "11906"
    assert val(section, "w:pgSz", "w:h") == "16838"
    assert attributes.items() >= {"top": 2098, "bottom": 1984, "left": 1587, "right": 1474, "footer": 1446}.items()
    assert val(section, "w:docGrid", "w:type") == "lines"
    assert val(section, "w:docGrid", "w:linePitch") == "579"


@pytest.mark.parametrize(
    ("words", "font", "size"),
    [
        ("org_line", "方正小标宋简体", "44"),
        ("工作简报", "方正小标宋简体", "108"),
        ("title", "方正小标宋简体", "44"),
        ("overall之一", "仿宋_GB2312", "32"),
        ("一、总体情况", "黑体", "32"),
        ("（一）思想引领行动", "楷体_GB2312", "32"),
        ("编者按：", "楷体_GB2312", "32"),
        ("报：report_to", "仿宋_GB2312", "28"),
    ],
)
def test_each_level_has_its_font_and_size(issued: bytes, words: str, font: str, size: str) -> None:
    style = style_of(issued, val(paragraph_with(issued, words), "w:pPr/w:pStyle") or "")
    assert val(style, "w:rPr/w:rFonts", "w:eastAsia") == font
    assert val(style, "w:rPr/w:rFonts", "w:ascii") == "Times New Roman"
    assert val(style, "w:rPr/w:sz") == size


def test_every_paragraph_style_names_its_chinese_font_and_no_theme(issued: bytes) -> None:
    styles = part(issued, "word/styles.xml")
    assert {
        val(style, "w:rPr/w:rFonts", "w:eastAsia") for style in find(styles, "//w:style[@w:type='paragraph']")
    } <= set(FONTS)
    assert not [key for element in styles.iter() for key in element.attrib if "Theme" in key]
    with ZipFile(BytesIO(issued)) as package:
        assert not [name for name in package.namelist() if "theme" in name]


def test_fonts_an_office_may_lack_have_a_substitute(issued: bytes) -> None:
    listed = {
        font.get(qn("w:name")): val(font, "w:altName") for font in find(part(issued, "word/fontTable.xml"), "//w:font")
    }
    assert listed.items() >= {"仿宋_GB2312": "仿宋", "楷体_GB2312": "楷体"}.items()
    assert all(listed[name] for name in FONTS)


def test_body_is_28_characters_on_an_exact_line(issued: bytes) -> None:
    normal, body = style_of(issued, "Normal"), style_of(issued, "BodyText")
    assert val(normal, "w:pPr/w:spacing", "w:line") == "579"
    assert val(normal, "w:pPr/w:spacing", "w:lineRule") == "exact"
    assert val(body, "w:rPr/w:spacing") == "-5"
    assert val(body, "w:pPr/w:ind", "w:firstLineChars") == "200"


def test_red_rule_spans_the_text_under_office_and_date(issued: bytes) -> None:
    paragraph = paragraph_with(issued, "issued_on")
    style = style_of(issued, val(paragraph, "w:pPr/w:pStyle") or "")
    assert text(paragraph) == "officeissued_on"
    assert val(style, "w:pPr/w:pBdr/w:bottom", "w:color") == "FF0000"
    assert not find(style, "w:pPr/w:ind")


def test_page_numbers_are_outside_on_both_sides(issued: bytes) -> None:
    assert find(part(issued, "word/settings.xml"), "//w:evenAndOddHeaders")
    document = Document(BytesIO(issued))
    odd, even = document.sections[0].footer._element, document.sections[0].even_page_footer._element  # noqa: SLF001
    assert [text(footer) for footer in (odd, even)] == ["— 1 —", "— 1 —"]
    assert val(style_of(issued, val(odd, ".//w:pStyle") or ""), "w:pPr/w:jc") == "right"
    assert val(style_of(issued, val(even, ".//w:pStyle") or ""), "w:pPr/w:jc") == "left"
    assert val(style_of(issued, "PageOdd"), "w:rPr/w:sz") == "28"


def test_colophon_closes_the_document(issued: bytes) -> None:
    table = find(part(issued), "//w:tbl")[-1]
    printed = ["报：report_to", "送：send_to", "发：issue_to", "compiler（共印copies份）"]
    assert [text(paragraph) for paragraph in find(table, ".//w:p")] == printed
    assert val(table, "w:tblPr/w:tblStyle") == "ColophonTable"
    rules = find(style_of(issued, "ColophonTable"), ".//w:tblBorders/*")
    assert [rule.get(qn("w:sz")) for rule in rules] == ["8", "8", "6"]


def test_tables_repeat_their_head_and_keep_rows_whole(issued: bytes) -> None:
    for table in find(part(issued), "//w:tbl[w:tblPr/w:tblStyle/@w:val='OfficialTable']"):
        rows = find(table, "w:tr")
        assert [bool(find(row, "w:trPr/w:tblHeader")) for row in rows] == [True] + [False] * (len(rows) - 1)
        assert all(find(row, "w:trPr/w:cantSplit") for row in rows)


def test_pictures_have_alt_text_and_room(issued: bytes) -> None:
    drawings = find(part(issued), "//w:drawing")
    described = [find(drawing, ".//wp:docPr")[0].get("descr") for drawing in drawings]
    assert sorted(described) == sorted(f"{name}图" for name in PICTURES)
    for drawing in drawings:
        style = style_of(issued, val(next(drawing.iterancestors(qn("w:p"))), "w:pPr/w:pStyle") or "")
        assert val(style, "w:pPr/w:spacing", "w:lineRule") == "auto"
        assert find(style, "w:pPr/w:keepNext")
        assert find(drawing, ".//wp:extent")[0].get("cx") == str(156 * 36000)


def test_headings_captions_and_their_order(issued: bytes) -> None:
    marks = [line for line in lines(issued) if re.match(r"[一二三四五]、|[图表]\d  |附注", line)]
    assert [mark[:2] for mark in marks] == [
        *("一、", "表1", "图1", "图2"),
        *("二、", "图3", "图4"),
        *("三、", "图5"),
        *("四、", "图6", "表2"),
        *("五、", "附注"),
    ]


def test_a_figure_that_moves_to_the_next_line_stretches_nothing(issued: bytes) -> None:
    assert val(style_of(issued, "BodyText"), "w:pPr/w:jc") == "left"


def test_notes_and_colophon_stay_together(issued: bytes) -> None:
    assert all(find(style_of(issued, name), "w:pPr/w:keepNext") for name in ("NoteTitle", "Note", "Gap"))


def test_the_list_has_nothing_after_its_table() -> None:
    some = render(OVERDUE_LIST, list_context(), {})
    table = find(part(some), "//w:tbl")[0]
    assert not "".join(text(element) for element in table.itersiblings())
    assert "编制：compilerissued_on" in lines(some)


# --- what is printed ---------------------------------------------------------------------------------------------


def test_sections_without_content_vanish_with_their_heading() -> None:
    lists = ("contents", "overall", "actions", "timeliness", "overdue", "overdue_groups", "next_due", "data_notes")
    empty: dict[str, list[str]] = {name: [] for name in lists}
    printed = "\n".join(lines(bulletin(**{**empty, "editor_note": ""})))
    for heading in ("编者按", "本期要目", "一、", "二、", "四、", "五、", "表2", "附注"):
        assert heading not in printed
    assert "三、县级工会进展" in printed


def test_contents_are_one_line(issued: bytes) -> None:
    assert "本期要目：◆contents之一 ◆contents之二 " in lines(issued)


def test_no_province_targets_no_heading() -> None:
    assert not [line for line in lines(bulletin(province_targets=[])) if "全省性目标" in line]


def test_invented_figures_say_so(issued: bytes) -> None:
    demo = "演示数据，数字均为虚构"
    assert demo in lines(bulletin(is_demo=True))
    assert demo not in lines(issued)


def test_a_list_printed_as_one_value_is_joined(issued: bytes) -> None:
    assert "镇雄县、彝良县" in lines(issued)


def test_overdue_list_prints_rows_or_says_there_are_none() -> None:
    some, none = render(OVERDUE_LIST, list_context(), {}), render(OVERDUE_LIST, list_context(rows=[]), {})
    assert len(find(part(some), "//w:tr")) == 2
    assert "empty_line" not in lines(some)
    assert "empty_line" in lines(none)
    assert not find(part(none), "//w:tbl")
    assert val(part(some), "//w:pgSz", "w:orient") == "landscape"


def test_text_is_only_text() -> None:
    action = SimpleNamespace(numeral=HOSTILE, name=HOSTILE, paragraphs=[HOSTILE])
    printed = lines(bulletin(title=HOSTILE, overall=[HOSTILE], actions=[action]))
    assert printed.count(HOSTILE_AS_PRINTED) == 3
    assert f"（{HOSTILE_AS_PRINTED}）{HOSTILE_AS_PRINTED}" in printed


def test_alt_text_is_only_text() -> None:
    pictures = {name: Picture(png(), HOSTILE, width_mm=100) for name in PICTURES}
    root = part(render(BULLETIN, bulletin_context(), pictures))
    assert {element.get("descr") for element in find(root, "//wp:docPr")} == {HOSTILE_AS_PRINTED}


def test_a_line_break_in_a_value_is_a_line_break() -> None:
    title = paragraph_with(bulletin(title="上一行\n下一行"), "上一行")
    assert len(find(title, ".//w:br")) == 1


# --- the same bytes ----------------------------------------------------------------------------------------------


def test_same_inputs_same_bytes(issued: bytes) -> None:
    assert bulletin() == issued


def test_normalising_drops_times_and_edit_marks(issued: bytes) -> None:
    edited = BytesIO()
    with ZipFile(BytesIO(issued)) as source, ZipFile(edited, "w") as target:
        for name in reversed(source.namelist()):
            target.writestr(name, source.read(name).replace(b"<w:p><w:pPr>", b'<w:p w:rsidR="00AB12CD"><w:pPr>'))
    assert normalise(edited.getvalue()) == issued
    assert not find(part(issued, "docProps/core.xml"), "//*[local-name()='created' or local-name()='modified']")


# --- broken templates --------------------------------------------------------------------------------------------


def written(folder: Path, *paragraphs: str, rows: tuple[tuple[str, str], ...] = ()) -> Path:
    """Write a template of plain paragraphs and a two-column table."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if rows:
        table = document.add_table(rows=0, cols=2)
        for row in rows:
            for cell, content in zip(table.add_row().cells, row, strict=True):
                cell.text = content
    path = folder / "样张.docx"
    document.save(str(path))
    return path


@pytest.mark.parametrize(
    ("paragraphs", "fault"),
    [
        (("｛｛title｝｝",), "有全角花括号，会原样印出；请改成半角 {{ }} 或 {% %}"),
        (("标题 {{ title",), "标签的括号不成对"),
        (("{{ titel }}",), "没有名为 titel 的内容；是否应为 title"),
        (("{{ zzz }}",), "没有名为 zzz 的内容；请对照模板说明改正名称"),
        (("{{ pictures.mpa }}",), "没有名为 mpa 的图片；是否应为 map"),
        (("{%p for x in items %}", "{{ x }}"), "{%p for x in items %} 没有结尾；请补上 endfor"),
        (("{{ title }}", "{%p endif %}"), "{%p endif %} 没有对应的开头；请补上 if 或删去它"),
        (("各项：{%p for x in items %}", "{%p endfor %}"), "{%p for x in items %} 要独占一段"),
        (("{%tr for x in items %}", "{%tr endfor %}"), "{%tr for x in items %} 只能放在表格里"),
        (("{% if title %}", "{% endif %}"), "{% endif %} 与开头的 {% if title %} 不在一处"),
        (("{%p fro x in items %}",), "不认识的标签 fro；是否应为 for"),
        (("前文", "{{ title | nosuch }}"), "标签写法有误"),
        (("{{ title title }}",), "标签写法有误"),
    ],
)
def test_lint_names_file_paragraph_and_remedy(tmp_path: Path, paragraphs: tuple[str, ...], fault: str) -> None:
    template = written(tmp_path, *paragraphs)
    found = lint_template(template, {"title", "items", "pictures.map"})
    assert any(fault in line for line in found), found
    for line in found:
        assert re.match(r"样张\.docx “.+”：.+；.+", line)
        assert "\n" not in line


def test_lint_reads_table_rows(tmp_path: Path) -> None:
    rows = (("{%tr for x in items %}", "多余"), ("{{ x }}", ""), ("{%tr endfor %}", ""))
    assert "要独占表格的一行" in "".join(lint_template(written(tmp_path, rows=rows), {"items"}))


def test_lint_wants_room_for_pictures(tmp_path: Path) -> None:
    document = Document(str(BULLETIN))
    document.add_paragraph("{{ pictures.map }}", style="公文正文")
    document.save(str(tmp_path / "改.docx"))
    assert [line for line in lint_template(tmp_path / "改.docx", bulletin_context()) if "固定行距" in line]


def test_shipped_templates_are_clean() -> None:
    names = {*bulletin_context(), *(f"pictures.{name}" for name in PICTURES)}
    assert lint_template(BULLETIN, names) == []
    assert lint_template(OVERDUE_LIST, list_context()) == []


def test_a_word_that_no_campaign_has_is_told(tmp_path: Path) -> None:
    (fault,) = lint_template(written(tmp_path, "各{{ words.rows }}", "{{ words.bodi }}"), WORD_NAMES)
    assert fault == "样张.docx “{{ words.bodi }}”：没有名为 bodi 的叫法；是否应为 bodies"


@pytest.mark.parametrize(
    ("paragraphs", "message"),
    [
        (("｛｛title｝｝",), "样张.docx “｛｛title｝｝”：有全角花括号"),
        (("好", "{{ titel }}"), "样张.docx “{{ titel }}”：没有名为 titel 的内容；是否应为 title"),
        (("好", "见{{ item.nmae }}"), "样张.docx “见{{ item.nmae }}”：没有名为 nmae 的内容；"),
        (("{{ pictures.nosuch }}",), "没有名为 nosuch 的内容；"),
        (("{{ item }}",), "样张.docx “{{ item }}”：这里要印的不是文字；"),
        (("{{ flag }}",), "这里要印的不是文字；"),
        (("{{ title + 1 }}",), "样张.docx “{{ title + 1 }}”：标签无法执行；"),
        (("{{ title.__class__.__mro__ }}",), "；"),
        (("{% if title %}",), "没有结尾；请补上 endif"),
    ],
)
def test_a_broken_template_is_one_line_for_staff(tmp_path: Path, paragraphs: tuple[str, ...], message: str) -> None:
    context = {"title": "标题", "item": SimpleNamespace(name="甲"), "flag": True}
    with pytest.raises(TemplateError) as caught:
        render(written(tmp_path, *paragraphs), context, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PipelineError)


def test_a_file_that_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "坏.docx").write_bytes(b"not a zip")
    with pytest.raises(TemplateError, match=r"坏\.docx 不是完好的 Word 文档"):
        render(tmp_path / "坏.docx", {}, {})
    with pytest.raises(TemplateError, match=r"缺\.docx 打不开"):
        render(tmp_path / "缺.docx", {}, {})
