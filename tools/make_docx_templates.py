"""Build the Word templates in ``templates/docx/`` from scratch, in GB/T 9704-2012 geometry.

A developer's tool: ``python -m tools.make_docx_templates [DIR]``. Staff edit the templates themselves in Word or WPS;
this only makes the first version, and the same one each time. Lengths are in the units of the format: twips (1/20 pt)
and half-points for type.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml import etree

from pipeline.reports.documents import normalise

TEMPLATES = Path(__file__).parents[1] / "templates" / "docx"

FANGSONG, KAITI, HEITI, SONGTI, XIAOBIAOSONG = "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体", "方正小标宋简体"
LATIN = "Times New Roman"
# The name an office may have instead, and the family Word looks in when it has neither.
FONTS = {
    FANGSONG: ("仿宋", "modern"),
    KAITI: ("楷体", "modern"),
    HEITI: ("SimHei", "modern"),
    SONGTI: ("SimSun", "auto"),
    XIAOBIAOSONG: ("华文中宋", "script"),
}

LINE = 579  # 28.95 pt: 22 lines in 225 mm
TEXT_WIDTH = 8845  # 156 mm
LIST_WIDTH = 12756  # 225 mm, the list lies on its side


# --- styles ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A paragraph style; ``layout`` is raw w:pPr content, in the schema's order."""

    id: str
    name: str
    font: str = FANGSONG
    latin: str = LATIN
    size: int = 32
    layout: str = ""
    red: bool = False
    tracking: int = -5
    based_on: str = "Normal"

    def xml(self) -> str:
        """Return the w:style element."""
        colour = '<w:color w:val="FF0000"/>' if self.red else ""
        parent = "" if self.id == "Normal" else f'<w:basedOn w:val="{self.based_on}"/>'
        builtin = self.name in {"Normal", "Title", "heading 1", "heading 2"}
        kind = ' w:default="1"' if self.id == "Normal" else "" if builtin else ' w:customStyle="1"'
        return (
            f'<w:style w:type="paragraph" w:styleId="{self.id}"{kind}><w:name w:val="{self.name}"/>{parent}'
            f"<w:qFormat/><w:pPr>{self.layout}</w:pPr><w:rPr>{fonts(self.font, self.latin)}{colour}"
            f'<w:spacing w:val="{self.tracking}"/><w:sz w:val="{self.size}"/><w:szCs w:val="{self.size}"/></w:rPr>'
            "</w:style>"
        )


def fonts(east_asia: str, latin: str = LATIN) -> str:
    """Return w:rFonts with every script named, so that no theme font creeps in."""
    return f'<w:rFonts w:ascii="{latin}" w:eastAsia="{east_asia}" w:hAnsi="{latin}" w:cs="{latin}"/>'


def spacing(before: int = 0, after: int = 0, line: int = LINE, rule: str = "exact") -> str:
    """Return w:spacing."""
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="{rule}"/>'


KEEP = "<w:keepNext/><w:keepLines/>"
OFF_GRID = '<w:snapToGrid w:val="0"/>'
INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
CENTRE, LEFT = '<w:jc w:val="center"/>', '<w:jc w:val="left"/>'
FRAME = "".join(f'<w:{side} w:val="single" w:sz="6" w:space="2" w:color="auto"/>' for side in ("top", "bottom"))
# No quarter-character gap between digits and Chinese characters.
SOLID_DIGITS = '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
# The rule stands 4 mm (11 pt) below the line that carries it.
RED_RULE = '<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="11" w:color="FF0000"/></w:pBdr>'

STYLES = (
    Style(id="Normal", name="Normal", layout=f'<w:widowControl w:val="0"/>{spacing()}<w:jc w:val="both"/>'),
    Style(id="HeadOrg", name="简报机关", font=XIAOBIAOSONG, size=44, red=True, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 640) + CENTRE),
    Style(id="HeadName", name="简报名称", font=XIAOBIAOSONG, size=108, red=True, tracking=0,
          layout=OFF_GRID + spacing(60, 60, 1240) + CENTRE),
    Style(id="HeadNumber", name="简报期号", layout=spacing() + CENTRE),
    Style(id="HeadIssue", name="简报编发行", size=28, tracking=-12,
          layout=RED_RULE + f'<w:tabs><w:tab w:val="right" w:pos="{TEXT_WIDTH}"/></w:tabs>' + SOLID_DIGITS + spacing()
          + LEFT),
    Style(id="Demo", name="演示标记", font=HEITI, size=28,
          layout=f"<w:pBdr>{FRAME}</w:pBdr>" + OFF_GRID + spacing(220, 80, 380) + CENTRE),
    # Left, not justified: a figure such as 79.2%（3,995/5,042） that moves to the next line would stretch the one it left.
    Style(id="BodyText", name="公文正文", layout=INDENT + LEFT),
    Style(id="Salutation", name="主送机关", layout=LEFT),
    Style(id="SignOff", name="落款", layout=KEEP + '<w:ind w:rightChars="200" w:right="640"/><w:jc w:val="right"/>'),
    Style(id="EditorNote", name="编者按", font=KAITI, layout=INDENT, based_on="BodyText"),
    Style(id="Contents", name="本期要目", size=24, layout=OFF_GRID + spacing(60, 0, 420) + CENTRE),
    Style(id="Title", name="Title", font=XIAOBIAOSONG, size=44, tracking=0,
          layout=KEEP + OFF_GRID + spacing(240, 200) + CENTRE + '<w:outlineLvl w:val="9"/>'),
    Style(id="Heading1", name="heading 1", font=HEITI, layout=KEEP + INDENT + '<w:outlineLvl w:val="0"/>'),
    Style(id="PasteHeading", name="粘贴文字标题", font=HEITI, layout="<w:pageBreakBefore/>" + LEFT),
    Style(id="Heading2", name="heading 2", font=KAITI, layout=KEEP + INDENT + '<w:outlineLvl w:val="1"/>'),
    # A picture is taller than any fixed line: automatic height, off the grid. Small type, so that the line is no taller
    # than the picture and two pictures with their captions fill a page.
    Style(id="Figure", name="图", size=10, tracking=0,
          layout="<w:keepNext/>" + OFF_GRID + spacing(60, 0, 240, "auto") + CENTRE),
    Style(id="FigureCaption", name="图题", font=HEITI, size=24, tracking=0,
          layout=OFF_GRID + spacing(0, 80, 360) + CENTRE),
    Style(id="TableCaption", name="表题", font=HEITI, size=24, tracking=0,
          layout=KEEP + OFF_GRID + spacing(100, 40, 360) + CENTRE),
    Style(id="TableHead", name="表头", font=HEITI, size=22, tracking=0,
          layout="<w:keepNext/>" + OFF_GRID + spacing(0, 0, 270) + CENTRE),
    Style(id="TableText", name="表格文字", size=22, tracking=0, layout=OFF_GRID + spacing(0, 0, 270) + CENTRE),
    Style(id="TableLeft", name="表格文字左齐", size=22, tracking=0, layout=LEFT, based_on="TableText"),
    Style(id="TableKept", name="表格文字同页", size=22, tracking=0, layout="<w:keepNext/>", based_on="TableText"),
    Style(id="TableLeftKept", name="表格文字左齐同页", size=22, tracking=0, layout="<w:keepNext/>", based_on="TableLeft"),
    Style(id="BodyKept", name="正文末段", layout=KEEP, based_on="BodyText"),
    Style(id="NoteTitle", name="附注标题", font=HEITI, size=24, tracking=0,
          layout=KEEP + OFF_GRID + spacing(120, 0, 360) + LEFT),
    # The notes stay together and with the colophon, which must not stand on a page without text.
    Style(id="Note", name="附注", size=24, tracking=0,
          layout=KEEP + OFF_GRID + spacing(0, 0, 360) + '<w:ind w:firstLineChars="200" w:firstLine="480"/>'),
    Style(id="ContentsLine", name="目录行", size=28, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 440) + '<w:ind w:left="560" w:hanging="280"/>' + LEFT),
    Style(id="CaseTitle", name="案例标题", font=HEITI,
          layout=KEEP + spacing(160, 0) + CENTRE + '<w:outlineLvl w:val="1"/>'),
    Style(id="LetterMark", name="函件序号", font=HEITI, size=28,
          layout=KEEP + f"<w:pBdr>{FRAME.partition('/>')[0]}/></w:pBdr>" + OFF_GRID + spacing(240, 60, 460) + LEFT),
    Style(id="ProfileTitle", name="画像标题", font=XIAOBIAOSONG, size=36, tracking=0,
          layout=KEEP + OFF_GRID + spacing(0, 0, 480) + CENTRE + '<w:outlineLvl w:val="9"/>'),
    Style(id="ProfileSubject", name="画像副题", font=KAITI, size=24, tracking=0, layout=KEEP + OFF_GRID + spacing(0, 60, 360) + CENTRE),
    Style(id="ProfileDemo", name="画像演示标记", font=HEITI, size=24,
          layout=f"<w:pBdr>{FRAME}</w:pBdr>" + OFF_GRID + spacing(60, 100, 320) + CENTRE),
    Style(id="ProfileCaption", name="画像表题", font=HEITI, size=24, tracking=0,
          layout=KEEP + OFF_GRID + spacing(60, 20, 300) + CENTRE),
    Style(id="ProfileGap", name="画像表后距", size=2, tracking=0, layout=OFF_GRID + spacing(60, 0, 20)),
    Style(id="ProfileCell", name="画像表格", size=21, tracking=0, layout="<w:keepNext/>" + OFF_GRID + spacing(0, 0, 240) + CENTRE),
    Style(id="ProfileCellLeft", name="画像表格左齐", size=21, tracking=0, layout=LEFT, based_on="ProfileCell"),
    Style(id="ProfileText", name="画像正文", size=24, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 320) + '<w:ind w:firstLineChars="200" w:firstLine="480"/>' + LEFT),
    Style(id="ProfileSign", name="画像落款", size=24, tracking=0,
          layout=OFF_GRID + spacing(40, 0, 320) + '<w:jc w:val="right"/>'),
    Style(id="CaseMeta", name="案例来源", font=KAITI, size=28, layout=KEEP + spacing(0, 80) + CENTRE),
    Style(id="Colophon", name="版记", size=28, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 460) + '<w:ind w:left="840" w:right="280" w:hanging="560"/>'),
    Style(id="ColophonLast", name="版记末行", size=28, tracking=-16,
          layout=f'<w:tabs><w:tab w:val="right" w:pos="{TEXT_WIDTH - 280}"/></w:tabs>' + SOLID_DIGITS + OFF_GRID
          + spacing(0, 0, 460)
          + '<w:ind w:left="280" w:right="280"/>' + LEFT),
    # Above the table, where a signature cannot be left alone on a last page.
    Style(id="ListIssue", name="编制行", size=24, tracking=0,
          layout=f'<w:keepNext/><w:tabs><w:tab w:val="right" w:pos="{LIST_WIDTH}"/></w:tabs>' + OFF_GRID
          + spacing(120, 60, 360) + LEFT),
    Style(id="Gap", name="版记前距", size=2, tracking=0,
          layout="<w:keepNext/>" + OFF_GRID + spacing(220, 0, 20)),
    Style(id="Tail", name="篇末", size=2, tracking=0, layout=OFF_GRID + spacing(0, 0, 20)),
    Style(id="PageOdd", name="单页码", font=SONGTI, latin=SONGTI, size=28, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 240, "auto")
          + '<w:ind w:rightChars="100" w:right="280"/><w:jc w:val="right"/>'),
    Style(id="PageEven", name="双页码", font=SONGTI, latin=SONGTI, size=28, tracking=0,
          layout=OFF_GRID + spacing(0, 0, 240, "auto") + '<w:ind w:leftChars="100" w:left="280"/>' + LEFT),
)  # fmt: skip


def borders(outer: int, inner: int, *, upright: bool = True) -> str:
    """Return w:tblBorders; thickness in eighths of a point."""
    sides = {"top": outer, "left": outer, "bottom": outer, "right": outer, "insideH": inner, "insideV": inner}
    lines = [
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="auto"/>'
        for side, size in sides.items()
        if upright or side in {"top", "bottom", "insideH"}
    ]
    return f"<w:tblBorders>{''.join(lines)}</w:tblBorders>"


def table_style(style_id: str, name: str, lines: str) -> str:
    """Return a table style: its rules and narrow cell margins."""
    sides = {"top": 20, "left": 57, "bottom": 20, "right": 57}
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in sides.items())
    return (
        f'<w:style w:type="table" w:customStyle="1" w:styleId="{style_id}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="TableNormal"/><w:tblPr>{lines}<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr></w:style>'
    )


def styles_xml() -> str:
    """Return everything inside w:styles."""
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{fonts(FANGSONG)}<w:sz w:val="32"/><w:szCs w:val="32"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/>'
        "</w:docDefaults>"
    )
    characters = (
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/></w:style>'
        '<w:style w:type="character" w:customStyle="1" w:styleId="EditorNoteLead"><w:name w:val="编者按引词"/>'
        f"<w:qFormat/><w:rPr>{fonts(HEITI)}</w:rPr></w:style>"
    )
    tables = (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/></w:style>'
        + table_style("OfficialTable", "公文表格", borders(8, 4))
        + table_style("ColophonTable", "版记表", borders(8, 6, upright=False))
    )
    return defaults + "".join(style.xml() for style in STYLES) + characters + tables


# --- content -----------------------------------------------------------------------------------------------------


def run(text: str, *, style: str = "", extra: str = "") -> str:
    """Return a run of text, a tab or a line break; the hint makes Word set “ ” — … in the Chinese font."""
    chosen = f'<w:rStyle w:val="{style}"/>' if style else ""
    breaks = {"\t": "<w:tab/>", "\n": "<w:br/>"}
    inner = breaks.get(text, f'<w:t xml:space="preserve">{text}</w:t>')
    return f'<w:r><w:rPr>{chosen}<w:rFonts w:hint="eastAsia"/>{extra}</w:rPr>{inner}</w:r>'


def para(style: str, *texts: str) -> str:
    """Return a paragraph; a text that is already a run stays as it is."""
    runs = "".join(text if text.startswith("<w:r>") else run(text) for text in texts if text)
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>'


def tag(code: str) -> str:
    """Return the paragraph of its own that a block tag needs."""
    return para("Normal", f"{{%p {code} %}}")


def when(condition: str, *content: str) -> str:
    """Return content that vanishes unless the condition holds."""
    return tag(f"if {condition}") + "".join(content) + tag("endif")


def each(style: str, items: str, lead: str = "") -> str:
    """Return one paragraph for each text of a list."""
    return tag(f"for text in {items}") + para(style, lead + "{{ text }}") + tag("endfor")


def figure(name: str, caption: str) -> str:
    """Return a picture and, kept on its page, the numbered caption below it."""
    number = f"图{{{{ pictures.{name}.no }}}}  "
    return para("Figure", f"{{{{ pictures.{name} }}}}") + para("FigureCaption", number + caption)


def pictured(name: str, caption: str) -> str:
    """Return a picture that not every period has."""
    return when(f"pictures.{name} is defined", figure(name, caption))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: heading, width, what each row prints, and how."""

    heading: str
    width: int
    value: str
    style: str = "TableText"


def cell(width: int, content: str) -> str:
    """Return a table cell."""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>{content}</w:tc>'


def row(*cells: str, header: bool = False, height: int = 320) -> str:
    """Return a table row that never breaks across pages; a header repeats on each."""
    repeat = "<w:tblHeader/>" if header else ""
    return f'<w:tr><w:trPr><w:cantSplit/><w:trHeight w:val="{height}"/>{repeat}</w:trPr>{"".join(cells)}</w:tr>'


def grid(style: str, widths: list[int], *rows: str, position: str = "") -> str:
    """Return a table of fixed column widths."""
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/>{position}<w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def table(items: str, *columns: Column, height: int = 320) -> str:
    """Return a table with one row for each of ``items``, named ``row`` in the tags."""
    widths = [column.width for column in columns]

    def tag_row(code: str) -> str:
        first = cell(widths[0], para("TableText", f"{{%tr {code} %}}"))
        return row(first, *(cell(width, para("TableText")) for width in widths[1:]))

    head = [cell(column.width, para("TableHead", *column.heading.partition("\n"))) for column in columns]
    body = [cell(column.width, para(column.style, f"{{{{ row.{column.value} }}}}")) for column in columns]
    return grid(
        "OfficialTable", widths,
        row(*head, header=True, height=400),
        tag_row(f"for row in {items}"), row(*body, height=height), tag_row("endfor"),
    )  # fmt: skip


DEMO_TEXT = "演示数据，数字均为虚构"
DEMO = when("is_demo", para("Demo", DEMO_TEXT))


def bulletin_head() -> str:
    """Return the red head, the editor's note, the contents and the title."""
    widely = '<w:spacing w:val="160"/>'  # on all but the last character, which would shift the name off centre
    return "".join((
        para("HeadOrg", "{{ org_line }}"),
        para("HeadName", run("工作简", extra=widely), "报"),
        para("HeadNumber", "{{ number_line }}"),
        para("HeadIssue", "{{ office }}", run("\t"), "{{ issued_on }}"),
        DEMO,
        when("editor_note", para("EditorNote", run("编者按：", style="EditorNoteLead"), "{{ editor_note }}")),
        when("contents", para("Contents", run("本期要目：", style="EditorNoteLead"),
                              "{% for text in contents %}◆{{ text }} {% endfor %}")),
        para("Title", "{{ title }}"),
    ))  # fmt: skip


def bulletin_overall() -> str:
    """Return 一、总体情况."""
    columns = (
        Column("名次", 650, "rank"),
        Column("州（市）", 1350, "name"),
        Column("完成率\n（%）", 1150, "completion"),
        Column("比上期\n（百分点）", 1350, "change"),
        Column("已报\n县数", 950, "reported"),
        Column("逾期\n县数", 950, "overdue"),
        Column("备注", 2445, "note"),
    )
    return when(
        "overall",
        para("Heading1", "一、总体情况"),
        each("BodyText", "overall"),
        para("BodyText", "各州（市）情况见表1、图{{ pictures.rank.no }}，各期完成率见图{{ pictures.trend.no }}。"),
        para("TableCaption", "表1  各州（市）完成情况"),
        table("table_rows", *columns, height=400),
        figure("rank", "各州（市）完成率排名"),
        figure("trend", "各期完成率"),
    )


def bulletin_actions() -> str:
    """Return 二、八项行动进展 (as many as there are)."""
    return when(
        "actions or overall",  # where nobody reported, the pictures show that; headings have fixed numbers
        para("Heading1", "二、{{ actions_name }}进展"),
        para(
            "BodyText",
            "{{ actions_name }}完成率见图{{ pictures.heat.no }}，重点量化任务完成情况见图{{ pictures.bullet.no }}。",
        ),
        figure("heat", "各州（市）{{ actions_name }}完成率"),
        figure("bullet", "重点量化任务完成情况"),
        tag("for action in actions"),
        para("Heading2", "（{{ action.numeral }}）{{ action.name }}"),
        each("BodyText", "action.paragraphs"),
        tag("endfor"),
        when("province_targets", para("Heading2", "全省性目标完成情况"), each("BodyText", "province_targets")),
    )


def bulletin_counties() -> str:
    """Return 三、县级工会进展 and 四、报送情况."""
    columns = (
        Column("州（市）", 2050, "prefecture"),
        Column("逾期县", 5895, "names", "TableLeft"),
        Column("县数", 900, "count"),
    )
    return "".join((
        para("Heading1", "三、县级工会进展"),
        para("BodyText", "各县级工会完成率见图{{ pictures.map.no }}，没有计入的县单独标示，不按零计。"),
        figure("map", "各县级工会完成率"),
        when(
            "timeliness or overdue",
            para("Heading1", "四、报送情况"),
            each("BodyText", "timeliness"),
            each("BodyText", "overdue"),
            para("BodyText", "各州（市）各期报送及时情况见图{{ pictures.timely.no }}。"),
            figure("timely", "各州（市）报送及时情况"),
            when(
                "overdue_groups",
                para("TableCaption", "表2  逾期县名单"),
                table("overdue_groups", *columns),
                para("Gap"),
            ),
        ),
    ))  # fmt: skip


def bulletin_foot() -> str:
    """Return 五、下一步工作, the notes and the colophon."""
    return "".join((
        when("next_due", para("Heading1", "五、下一步工作"), each("BodyText", "next_due")),
        when("data_notes", para("NoteTitle", "附注"), each("Note", "data_notes")),
        para("Gap"), colophon(), para("Tail"),
    ))  # fmt: skip


# The last rule of the colophon lies on the last line of the text area (LibreOffice leaves it below the text).
AT_FOOT = (
    '<w:tblpPr w:vertAnchor="margin" w:horzAnchor="margin" w:tblpX="0" w:tblpYSpec="bottom"/>'
    '<w:tblOverlap w:val="never"/>'
)


def colophon() -> str:
    """Return 版记: whom it goes to, who compiled it, how many were printed."""
    addressed = (("报", "report_to"), ("送", "send_to"), ("发", "issue_to"))
    lines = "".join(para("Colophon", f"{word}：", f"{{{{ {name} }}}}") for word, name in addressed)
    last = para("ColophonLast", "{{ compiler }}", run("\t"), "（共印{{ copies }}份）")
    rows = row(cell(TEXT_WIDTH, lines)), row(cell(TEXT_WIDTH, last))
    return grid("ColophonTable", [TEXT_WIDTH], *rows, position=AT_FOOT)


def overdue_list() -> str:
    """Return the body of 逾期县清单."""
    columns = (
        Column("序号", 700, "no"),
        Column("州（市）", 1400, "prefecture"),
        Column("县（市、区）", 1700, "county"),
        Column("逾期原因", 1400, "reason"),
        Column("联系单位", 3900, "contact"),
        Column("应报日期", 2256, "due_on"),
        Column("逾期\n天数", 700, "days"),
        Column("连续\n期数", 700, "streak"),
    )
    return "".join((
        para("Title", "{{ title }}"),
        para("HeadNumber", "{{ org_line }}"),
        para("HeadNumber", "{{ as_of_line }}"),
        DEMO,
        each("BodyText", "summary"),
        para("ListIssue", "编制：{{ compiler }}", run("\t"), "{{ issued_on }}"),
        tag("if rows"), table("rows", *columns, height=360),
        tag("else"), para("BodyText", "{{ empty_line }}"), tag("endif"), para("Tail"),
    ))  # fmt: skip


def return_notice() -> str:
    """Return the body of 退回通知."""
    columns = (
        Column("序号", 600, "no"),
        Column("县（市、区）", 1300, "county"),
        Column("工作表", 1300, "where"),
        Column("问题", 2045, "what", "TableLeft"),
        Column("所填", 1400, "found", "TableLeft"),
        Column("应为", 2200, "expected", "TableLeft"),
    )
    return "".join((
        para("Title", "{{ title }}"),
        para("HeadNumber", "{{ period_line }}"),
        DEMO,
        para("Salutation", "{{ to_line }}"),
        each("BodyText", "paragraphs"),
        when("rows", para("TableCaption", "问题一览"), table("rows", *columns)),
        when("more_line", para("Note", "{{ more_line }}")),
        each("BodyText", "attachments"),
        para("SignOff", "{{ office }}"), para("SignOff", "{{ issued_on }}"),
        para("PasteHeading", "以下文字可直接复制发送"),
        each("BodyText", "paste"), para("Tail"),
    ))  # fmt: skip


# --- the documents a period calls for ----------------------------------------------------------------------------


def fresh(style: str, *texts: str) -> str:
    """Return a paragraph that begins a page."""
    return para(style, *texts).replace("</w:pPr>", "<w:pageBreakBefore/></w:pPr>", 1)


KEPT = {"TableText": "TableKept", "TableLeft": "TableLeftKept"}


def section(key: str, title: str, *content: str) -> str:
    """Return a section with its running number; it vanishes, heading and all, when ``key`` is empty."""
    return when(key, para("Heading1", f"{{{{ no.{key} }}}}、{title}"), *content)


def captioned(items: str, caption: str, *columns: Column, keep: bool = False) -> str:
    """Return a table under its running number; it vanishes when there are no rows; a short one stays on one page."""
    if keep:
        columns = tuple(replace(one, style=KEPT[one.style]) for one in columns)
    return when(items, para("TableCaption", f"表{{{{ tab.{items} }}}}  {caption}"), table(items, *columns), para("Gap"))


def parted(items: str) -> str:
    """Return （一）, （二） … with their paragraphs."""
    return "".join((
        tag(f"for part in {items}"),
        para("Heading2", "（{{ part.numeral }}）{{ part.name }}"), each("BodyText", "part.paragraphs"),
        tag("endfor"),
    ))  # fmt: skip


def head(name: str) -> str:
    """Return the red head of a document of the office."""
    widely = '<w:spacing w:val="160"/>'
    return "".join((
        para("HeadOrg", "{{ org_line }}"),
        para("HeadName", run(name[:-1], extra=widely), name[-1]),
        para("HeadNumber", "{{ number_line }}"),
        para("HeadIssue", "{{ office }}", run("\t"), "{{ issued_on }}"),
        DEMO,
        para("Title", "{{ title }}"),
    ))  # fmt: skip


def notes() -> str:
    """Return how the figures are to be read."""
    return when("data_notes", para("NoteTitle", "附注"), each("Note", "data_notes"))


def prefecture_table(since: str) -> str:
    """Return the sixteen prefectures by rank."""
    return captioned(
        "prefecture_rows", "各州（市）完成情况",
        Column("名次", 650, "rank"), Column("州（市）", 1350, "name"), Column("完成率\n（%）", 1050, "completion"),
        Column(f"比{since}\n（百分点）", 1300, "change"), Column("名次\n变化", 800, "moved"),
        Column("已报\n县数", 950, "reported"), Column("逾期\n县数", 800, "overdue"), Column("备注", 1945, "note"),
    )  # fmt: skip


def milestone_table() -> str:
    """Return the steps of section 四, counties and prefectures apart."""
    return captioned(
        "milestone_rows", "工作节点完成情况",
        Column("工作节点", 2695, "name", "TableLeft"), Column("单位", 1000, "level"), Column("时限", 1950, "due_on"),
        Column("应完\n成数", 640, "owed"), Column("已完\n成数", 640, "done"), Column("其中\n逾期", 640, "late"),
        Column("未完\n成数", 640, "not_done"), Column("未填\n报数", 640, "silent"),
    )  # fmt: skip


def funding_table() -> str:
    """Return money by line."""
    return captioned(
        "funding_rows", "专项资金计划、到位和支出情况（单位：万元）",
        Column("资金项目", 1395, "name", "TableLeft"), Column("计划", 1150, "planned"), Column("到位", 1150, "arrived"),
        Column("配套", 950, "matched"), Column("支出", 1150, "spent"), Column("执行率\n（%）", 850, "execution"),
        Column("到位数\n填报单位", 1100, "told_arrived"), Column("支出数\n填报单位", 1100, "told_spent"),
    )  # fmt: skip


def category_table() -> str:
    """Return problems by category."""
    return captioned(
        "category_rows", "各类问题办理情况",
        Column("类别", 1500, "name"), Column("解决途径", 3845, "action", "TableLeft"), Column("累计", 875, "total"),
        Column("已办结", 875, "closed"), Column("未解决", 875, "open"), Column("其中\n超期", 875, "overdue"), keep=True,
    )  # fmt: skip


def department_table() -> str:
    """Return open problems by department."""
    return captioned(
        "department_rows", "需研究解决的问题（按省总部室）",
        Column("部室", 4445, "name", "TableLeft"), Column("累计", 1100, "total"), Column("已办结", 1100, "closed"),
        Column("未解决", 1100, "open"), Column("其中\n超期", 1100, "overdue"),
    )  # fmt: skip


def candidate_table() -> str:
    """Return commendation candidates with their figures."""
    return captioned(
        "candidate_rows", "工作完成情况较好的县级工会（供研究）",
        Column("序号", 700, "no"), Column("州（市）", 1500, "prefecture"), Column("县（市、区）", 2045, "county"),
        Column("完成率\n（%）", 1100, "completion"), Column("已达标/\n应达标", 1150, "met"),
        Column("达标或达到\n序时进度", 1250, "on_pace"), Column("按时报送/\n应报期数", 1100, "on_time"),
    )  # fmt: skip


def lagging_table() -> str:
    """Return lagging counties with the figures that put them there."""
    return captioned(
        "lagging_rows", "进度滞后的县级工会",
        Column("序号", 550, "no"), Column("州（市）", 1250, "prefecture"), Column("县（市、区）", 1450, "county"),
        Column("完成率\n（%）", 850, "completion"), Column("与全省相差\n（百分点）", 1250, "gap"),
        Column("按时/\n应报", 700, "on_time"), Column("连续\n期数", 750, "streak"), Column("情形", 2045, "why", "TableLeft"),
    )  # fmt: skip


def quarterly() -> str:
    """Return the body of 季度通报."""
    work = captioned(
        "work_rows", "各州（市）亮点经验和问题办理情况",
        Column("州（市）", 1645, "name"), Column("本季度\n亮点（条）", 1200, "sent"), Column("累计亮点\n（条）", 1200, "all_sent"),
        Column("累计问题\n（个）", 1200, "total"), Column("已办结", 1200, "closed"), Column("未解决", 1200, "open"),
        Column("其中\n超期", 1200, "overdue"),
    )  # fmt: skip
    late = captioned(
        "overdue_groups", "逾期县名单",
        Column("州（市）", 2050, "prefecture"), Column("逾期县", 5895, "names", "TableLeft"), Column("县数", 900, "count"),
    )  # fmt: skip
    return "".join((
        head("季度通报"),
        each("BodyText", "intro"),
        section("overall", "总体情况", each("BodyText", "overall"), prefecture_table("上次")),
        section(
            "actions", "各项行动进展", parted("actions"),
            when("counted", figure("heat", "各州（市）各项行动完成率")),
        ),
        section("highlights", "亮点工作和经验推广", each("BodyText", "highlights")),
        section("problems", "困难和问题", each("BodyText", "problems")),
        work,
        section("milestones", "工作节点", each("BodyText", "milestones"), milestone_table()),
        section("timeliness", "报送情况", each("BodyText", "timeliness"),
                pictured("calendar", "应报事项办理日历"), late),
        section("next", "下一步工作", parted("next")),
        notes(), para("Gap"), colophon(), para("Tail"),
    ))  # fmt: skip


def party_report(name: str) -> str:
    """Return the body of 中期调度报告 or of 总结报告."""
    final = name == "总结报告"
    goals = captioned(
        "goal_rows", "“五强”目标完成情况（本项目的读法）",
        Column("目标", 2245, "name"), Column("所含任务（附件1序号）", 2700, "tasks"), Column("应达标\n（项次）", 1300, "applicable"),
        Column("已达标\n（项次）", 1300, "met"), Column("完成率\n（%）", 1300, "completion"), keep=True,
    )  # fmt: skip
    tasks = captioned(
        "task_rows", "“十个一”任务进展（按填报的县统计）",
        Column("序号", 600, "no"), Column("任务", 1900, "title"), Column("进展", 5145, "text", "TableLeft"),
        Column("填报\n县数", 1200, "reported"),
    )  # fmt: skip
    trend = captioned(
        "trend_rows", "各期完成情况",
        Column("报送期", 2245, "period"), Column("完成率\n（%）", 1200, "completion"), Column("比上期\n（百分点）", 1300, "change"),
        Column("序时进度\n（%）", 1200, "pace"), Column("已达标/应达标\n（项次）", 1800, "met"), Column("已报\n县数", 1100, "reported"), keep=True,
    )  # fmt: skip
    items = table(
        "item_rows",
        Column("任务", 600, "no"), Column("指标", 2945, "title", "TableLeft"), Column("全省合计", 1600, "actual"),
        Column("目标", 1500, "target"), Column("达标县/\n适用县", 1100, "met"), Column("填报县/\n全部县", 1100, "reported"),
    )  # fmt: skip
    survey = table(
        "survey_rows",
        Column("题号", 600, "no"), Column("调研内容", 1900, "title", "TableLeft"), Column("汇总情况", 5145, "text", "TableLeft"),
        Column("填报\n县数", 1200, "reported"),
    )  # fmt: skip
    return "".join((
        para("Title", "{{ title }}"), DEMO,
        para("Salutation", "{{ to_line }}"), each("BodyText", "intro"),
        section(
            "overall", "总体情况", each("BodyText", "overall"), trend,
            when("counted", figure("trend", "各期完成率")) if final else "",
            prefecture_table("上期"),
        ),
        section(
            "actions", "{{ actions_name }}完成情况",
            para("BodyText", "各项任务指标的完成情况见附表1。"), parted("actions"),
            when("counted", figure("heat", "各州（市）{{ actions_name }}完成率")),
        ),
        section("strands", "工作措施落实情况", parted("strands")),
        section(
            "goal_rows", "“五强”目标实现情况",
            para("BodyText", "方案未规定哪些任务属于哪一目标，以下按本项目的读法归并，仅供参考。"), goals,
        ),
        section("task_rows", "“十个一”任务进展", para("BodyText", "各县级工会和对口联系单位填报的“十个一”任务进展如下。"), tasks,
                pictured("ten_tasks", "“十个一”任务完成情况"),
                when("survey_rows", para("BodyText", "调研提纲的填报情况汇总见附表2。"))),
        section("funding", "资金安排和使用情况", each("BodyText", "funding"), funding_table(),
                pictured("funding", "专项工作经费安排、到账和支出情况"), parted("funding_parts")),
        section("milestones", "工作节点完成情况", each("BodyText", "milestones"), milestone_table(),
                pictured("milestones", "工作节点完成情况")),
        section("problems", "困难和问题", each("BodyText", "problems"), pictured("problems", "问题清单分类和办理情况"),
                category_table(), department_table(),
                each("BodyText", "pressing")),
        section("candidates", "工作完成情况较好的县级工会（供研究）", each("BodyText", "candidates"), candidate_table()),
        section("lagging", "进度滞后的县级工会", each("BodyText", "lagging"), lagging_table()),
        section("next", "尚需推进的工作" if final else "下一步工作", parted("next")),
        para("BodyKept", "特此报告。"),
        para("SignOff", "{{ office }}"), para("SignOff", "{{ issued_on }}"),
        when("item_rows", fresh("Salutation", "附表1"), para("TableCaption", "{{ actions_name }}任务指标完成情况"), items, para("Gap")),
        when("survey_rows", fresh("Salutation", "附表2"), para("TableCaption", "调研提纲填报情况汇总"), survey, para("Gap"),
             pictured("survey", "调研提纲各题回答情况")),
        notes(), para("Tail"),
    ))  # fmt: skip


def half_year() -> str:
    """Return the body of 半年会议材料."""
    listed = table(
        "department.rows",
        Column("单位和编号", 1600, "county"),
        Column("问题", 2500, "problem", "TableLeft"),
        Column("举措", 1450, "measure", "TableLeft"), Column("首次\n报送期", 1100, "since"), Column("计划\n解决日期", 1450, "due"),
        Column("状态", 745, "status"),
    )  # fmt: skip
    return "".join((
        para("Title", "{{ title }}"), para("HeadNumber", "{{ office }}"), para("HeadNumber", "（{{ issued_on }}）"), DEMO,
        each("BodyText", "intro"),
        section("problems", "困难和问题", each("BodyText", "problems"), pictured("problems", "问题清单分类和办理情况"),
                category_table()),
        section(
            "departments", "问题清单（按部室）",
            para("BodyText", "以下为尚未解决的问题，按建议研究解决的部室分列，超过计划解决日期的排在前面。"),
            tag("for department in departments"),
            para("Heading2", "（{{ department.numeral }}）{{ department.name }}（{{ department.count }}个）"), listed, para("Gap"),
            tag("endfor"),
        ),
        section("overall", "工作进展", each("BodyText", "overall"), prefecture_table("上期"), parted("actions")),
        section("strands", "工作措施落实情况", parted("strands")),
        section("funding", "资金安排和使用情况", each("BodyText", "funding"), funding_table(),
                pictured("funding", "专项工作经费安排、到账和支出情况")),
        section("candidates", "工作完成情况较好的县级工会（供研究）", each("BodyText", "candidates"), candidate_table()),
        section("lagging", "进度滞后的县级工会", each("BodyText", "lagging"), lagging_table()),
        section("next", "下一步工作", parted("next")),
        notes(), para("Tail"),
    ))  # fmt: skip


def casebook() -> str:
    """Return the body of 典型案例汇编."""
    return "".join((
        para("Title", "{{ title }}"), para("HeadNumber", "{{ office }}"), para("HeadNumber", "（{{ issued_on }}）"), DEMO,
        when("foreword", para("EditorNote", run("编者按：", style="EditorNoteLead"), "{{ foreword }}")),
        when("empty_line", para("BodyText", "{{ empty_line }}")),
        when("chapters", para("NoteTitle", "目　录")),
        tag("for chapter in chapters"),
        para("NoteTitle", "{{ chapter.numeral }}、{{ chapter.name }}（{{ chapter.count }}条）"),
        tag("for case in chapter.cases"), para("ContentsLine", "{{ case.no }}.{{ case.title }}（{{ case.place }}）"), tag("endfor"),
        tag("endfor"),
        tag("for chapter in chapters"),
        fresh("Heading1", "{{ chapter.numeral }}、{{ chapter.name }}"),
        tag("for case in chapter.cases"),
        para("CaseTitle", "{{ case.no }}.{{ case.title }}"), para("CaseMeta", "{{ case.meta }}"),
        each("BodyText", "case.paragraphs"),
        tag("endfor"),
        tag("endfor"),
        para("Tail"),
    ))  # fmt: skip


def letter() -> str:
    """Return the body of 催报函: a page for each letter."""
    return "".join((
        when("compact", DEMO),
        tag("for letter in letters"),
        tag("if compact"), para("LetterMark", "{{ letter.no }}.{{ letter.level }}"),
        tag("else"), fresh("Title", "{{ letter.title }}"), DEMO, tag("endif"),
        para("Salutation", "{{ letter.to_line }}"), each("BodyText", "letter.paragraphs"), para("BodyKept", "{{ letter.closing }}"),
        para("SignOff", "{{ letter.office }}"), para("SignOff", "{{ letter.issued_on }}"),
        tag("endfor"), para("Tail"),
    ))  # fmt: skip


def profile() -> str:
    """Return the body of 县级画像: one page."""
    periods = table(
        "periods",
        Column("报送期", 1745, "period", "ProfileCell"), Column("报表", 1300, "state", "ProfileCell"),
        Column("报送", 1200, "timely", "ProfileCell"), Column("收到日期", 2000, "met_on", "ProfileCell"),
        Column("完成率%", 1200, "completion", "ProfileCell"), Column("名次/已报县", 1400, "rank", "ProfileCell"), height=260,
    )  # fmt: skip
    actions = table(
        "actions",
        Column("行动", 3545, "name", "ProfileCellLeft"), Column("达标/应达标", 1300, "met", "ProfileCell"),
        Column("本县%", 1200, "county", "ProfileCell"), Column("本州（市）%", 1600, "prefecture", "ProfileCell"),
        Column("全省%", 1200, "province", "ProfileCell"), height=260,
    )  # fmt: skip
    return "".join((
        para("ProfileTitle", "{{ title }}"), para("ProfileSubject", "{{ subject }}"),
        when("is_demo", para("ProfileDemo", DEMO_TEXT)),
        para("ProfileText", "{{ summary }}"),
        para("ProfileCaption", "各期报送和完成情况"), periods,
        para("ProfileCaption", "本期各项行动完成率"), actions,
        para("ProfileGap"), each("ProfileText", "notes"), para("ProfileSign", "{{ office }}"), para("Tail"),
    ))  # fmt: skip


# --- package -----------------------------------------------------------------------------------------------------

SETTINGS = (
    '<w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>'
    '<w:characterSpacingControl w:val="compressPunctuation"/>'
    "<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/>"
    '<w:doNotExpandShiftReturn/><w:useFELayout/><w:compatSetting w:name="compatibilityMode" '
    'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
)
PORTRAIT = (
    '<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587" w:header="851" w:footer="1446" w:gutter="0"/>'
)
# The portrait page turned: the same four margins.
LANDSCAPE = (
    '<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
    '<w:pgMar w:top="1587" w:right="1984" w:bottom="1474" w:left="2098" w:header="851" w:footer="936" w:gutter="0"/>'
)
DROPPED = ("theme", "stylesWithEffects", "customXml", "webSettings", "numbering", "thumbnail", "extended-properties")


def children(xml: str) -> list[Any]:
    """Parse WordprocessingML fragments."""
    return list(parse_xml(f"<w:fragments {nsdecls('w')}>{xml}</w:fragments>"))


def refill(element: Any, xml: str) -> None:
    """Replace all that an element holds."""
    for child in list(element):
        element.remove(child)
    element.extend(children(xml))


def font_table() -> bytes:
    """Return fontTable.xml: each Chinese font with the name it may go by instead."""
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{family}"/></w:font>'
        for name, (other, family) in FONTS.items()
    )
    latin = f'<w:font w:name="{LATIN}"><w:charset w:val="00"/><w:family w:val="roman"/></w:font>'
    root = parse_xml(f"<w:fonts {nsdecls('w')}>{latin}{entries}</w:fonts>")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def strip_package(document: Any) -> None:
    """Drop what python-docx's own default document brings along, and set our font table."""
    for rels in (document.part.rels, document.part.package.rels):
        unwanted = (*DROPPED, "fontTable")
        for key in [key for key, rel in rels.items() if rel.reltype.rsplit("/", 1)[1] in unwanted]:
            rels.pop(key)
    uri, package = PackURI("/word/fontTable.xml"), document.part.package
    part = Part(uri, CONTENT_TYPE.WML_FONT_TABLE, font_table(), package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FONT_TABLE)


def number_pages(section: Any) -> None:
    """Set — 1 — at the outer edge: right on odd pages, left on even ones."""
    number = f'{run("— ")}<w:fldSimple w:instr=" PAGE ">{run("1")}</w:fldSimple>{run(" —")}'
    for footer, style in ((section.footer, "PageOdd"), (section.even_page_footer, "PageEven")):
        footer.is_linked_to_previous = False
        refill(footer._element, f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{number}</w:p>')  # noqa: SLF001


def build(body: str, page: str, title: str) -> bytes:
    """Return a template: the same bytes each time."""
    document = Document()
    strip_package(document)
    refill(document.styles.element, styles_xml())
    refill(document.settings.element, SETTINGS)
    grid_lines = f'<w:docGrid w:type="lines" w:linePitch="{LINE}"/>'
    refill(document.element.body, f"{body}<w:sectPr>{page}{grid_lines}</w:sectPr>")
    number_pages(document.sections[0])
    document.core_properties.title = title
    document.core_properties.author = document.core_properties.comments = document.core_properties.keywords = ""
    buffer = BytesIO()
    document.save(buffer)
    return normalise(buffer.getvalue())


def templates() -> dict[str, bytes]:
    """Return every template by file name."""
    bulletin = bulletin_head() + bulletin_overall() + bulletin_actions() + bulletin_counties() + bulletin_foot()
    return {
        "工作简报.docx": build(bulletin, PORTRAIT, "工作简报"),
        "逾期县清单.docx": build(overdue_list(), LANDSCAPE, "逾期县清单"),
        "退回通知.docx": build(return_notice(), PORTRAIT, "退回通知"),
        "季度通报.docx": build(quarterly(), PORTRAIT, "季度通报"),
        "中期调度报告.docx": build(party_report("中期调度报告"), PORTRAIT, "中期调度报告"),
        "半年会议材料.docx": build(half_year(), PORTRAIT, "半年会议材料"),
        "总结报告.docx": build(party_report("总结报告"), PORTRAIT, "总结报告"),
        "典型案例汇编.docx": build(casebook(), PORTRAIT, "典型案例汇编"),
        "催报函.docx": build(letter(), PORTRAIT, "催报函"),
        "县级画像.docx": build(profile(), PORTRAIT, "县级画像"),
    }


def main() -> None:
    """Write the templates to the folder named, or to ``templates/docx/``."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATES
    for name, data in templates().items():
        (folder / name).write_bytes(data)
        print(folder / name)


if __name__ == "__main__":
    main()
