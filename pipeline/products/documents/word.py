"""Word documents from the templates that staff edit; the only adapter over docxtpl.

A template is a .docx holding jinja tags: ``{{ title }}`` prints text, ``{%p for … %}`` repeats paragraphs,
``{%tr for … %}`` repeats table rows, ``{{ pictures.rank }}`` places a picture and ``{{ pictures.rank.no }}`` is its
number; ``{%p if pictures.funding is defined %}`` guards one that not every period has. Templates run in a sandbox, unknown
names are errors, and the text of a value is only ever text: never template code, never XML. The same inputs give the
same bytes.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import jinja2
from docx import Document
from docx.enum.text import WD_LINE_SPACING
from docx.opc.exceptions import OpcError
from docx.opc.part import XmlPart
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup

from pipeline.products.wording import ordinal
from pipeline.system.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from docx.document import Document as DocumentObject
    from docx.opc.part import Part

# What XML 1.0 cannot hold; \a and \f would also be layout commands to docxtpl.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHOLE_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_BLOCK_TAG = re.compile(r"\{%(?:(?P<kind>tr|tc|p|r)\s)?-?\s*(?P<word>\w+)[^%]*%\}")
_HALF_TAG = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_FULL_WIDTH = re.compile(r"[｛｝]|\{％|％\}")
_PICTURE_TAG = re.compile(r"\{\{-?\s*pictures\.\w+\s*-?\}\}")  # places a picture; .no behind it is only its number
_BLOCK_WORDS = ("for", "endfor", "if", "elif", "else", "endif", "set")
_CONTAINER = {"tr": "w:tbl", "tc": "w:tr"}
_RENDERED_PART = re.compile(r"/word/(document|(header|footer)\d*|footnotes)\.xml")
_VOLATILE_PROPERTIES = ("created", "modified", "lastModifiedBy", "lastPrinted", "revision")
_QUOTED_CHARACTERS = 40
# a picture's own paragraph is set very small
_CAPTION = '<w:rPr><w:rFonts w:eastAsia="黑体"/><w:sz w:val="24"/></w:rPr>'


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for a document.

    Attributes:
        png: The PNG file.
        alt: What it shows, for readers who cannot see it (Chinese).
        width_mm: Width on paper; the height follows.
        more: What follows it under the same number, where one sheet does not hold all.
        fault: Why it could not be drawn; ``png`` then says that it could not.
    """

    png: bytes
    alt: str
    width_mm: float = 156
    more: tuple[Picture, ...] = ()
    fault: Exception | None = None

    @property
    def parts(self) -> tuple[Picture, ...]:
        """All there is under its number, in order."""
        return self, *self.more


def render(template: Path, context: Mapping[str, Any], pictures: Mapping[str, Picture]) -> bytes:
    """Fill a template.

    Args:
        template: The .docx template.
        context: The values its tags may name: text, numbers, flags, and lists of objects holding them. A list of
            texts printed as one value is joined by 、.
        pictures: Picture by name, printed as ``{{ pictures.NAME }}`` in a paragraph of its own.

    Returns:
        The .docx file; byte-identical for the same inputs.

    Raises:
        TemplateError: The template is broken or names something that ``context`` and ``pictures`` lack.
    """
    problems = lint_template(template, {*context, "pictures"})
    if problems:
        more = f"（另有 {len(problems) - 1} 处问题）" if len(problems) > 1 else ""
        raise TemplateError(problems[0] + more)
    document = _Template(BytesIO(template.read_bytes()))
    numbered: list[Picture] = []
    drawings = {name: _DrawnPicture(document, picture, numbered) for name, picture in pictures.items()}
    try:
        document.render({**context, "pictures": drawings}, _environment())
    except (jinja2.TemplateError, etree.XMLSyntaxError, TypeError, ValueError, ArithmeticError, LookupError) as exc:
        raise TemplateError(_explain(template, document, exc)) from exc
    buffer = BytesIO()
    document.save(buffer)
    return normalise(buffer.getvalue())


def lint_template(template: Path, names: Collection[str]) -> list[str]:
    """Find what is wrong with a template before it is used.

    Args:
        template: The .docx template.
        names: The names its tags may use. Where some are of the form ``pictures.NAME`` or ``words.NAME``, those are checked too.

    Returns:
        One Chinese line for each problem, naming file, paragraph and remedy; empty when there is none.

    Raises:
        TemplateError: The file is missing or is not a Word document.
    """
    return list(_problems(template.name, _content(template), frozenset(names)))


@lru_cache(maxsize=128)
def _problems(template: str, content: bytes, names: frozenset[str]) -> tuple[str, ...]:
    """What is wrong with a template of this content: one run fills the same template for each of many letters."""
    document = _open(template, content)
    problems: list[str] = []
    for root in _rendered_roots(document):
        paragraphs = list(root.iter(qn("w:p")))
        faults = [fault for p in paragraphs for fault in _lint_paragraph(p, document)]
        faults += _lint_blocks(paragraphs)
        faults += _lint_source(root, paragraphs, names) if not faults else []
        problems += [f"{template} “{_clip(text)}”：{fault}" for text, fault in faults]
    return tuple(dict.fromkeys(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a template asks for, in the order in which it stands there.

    Attributes:
        names: All it uses.
        sections: Those numbered 一、二、三 (``no.NAME``).
        tables: Those numbered 表1, 表2 (``tab.NAME``).
    """

    names: tuple[str, ...]
    sections: tuple[str, ...]
    tables: tuple[str, ...]


def asked_by(template: Path) -> Asked:
    """What a template asks for.

    Raises:
        TemplateError: The file is missing or is not a Word document.
    """
    document = _open(template.name, _content(template))
    tags = [
        tag for root in _rendered_roots(document) for p in root.iter(qn("w:p")) for tag in _WHOLE_TAG.findall(_text(p))
    ]

    def found(pattern: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for tag in tags for name in re.findall(pattern, tag)))

    return Asked(
        names=found(r"(?<![\w.'\"])([A-Za-z_]\w*)"), sections=found(r"\bno\.(\w+)"), tables=found(r"\btab\.(\w+)")
    )


def normalise(package: bytes) -> bytes:
    """Return the .docx without what differs from run to run: member order, times, edit marks, volatile properties."""
    with ZipFile(BytesIO(package)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as target:
        for name in sorted(parts, key=lambda part: (part != "[Content_Types].xml", part != "_rels/.rels", part)):
            member = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type, member.create_system, member.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
            target.writestr(member, _without_edit_marks(name, parts[name]))
    return buffer.getvalue()


# --- rendering ---------------------------------------------------------------------------------------------------


class _Template(DocxTemplate):  # type: ignore[misc]  # docxtpl is untyped
    """A docxtpl template that remembers the source it runs and refuses malformed results."""

    source = ""

    def render_xml_part(self, src_xml: str, part: Any, context: Any, jinja_env: Any = None) -> Any:
        """Render one part; the source is kept, line by line as jinja counts, for error messages."""
        self.source = _by_line(src_xml)
        return super().render_xml_part(src_xml, part, context, jinja_env)

    def fix_tables(self, xml: str) -> Any:
        """Parse strictly first: docxtpl's own parser recovers from errors by dropping text."""
        etree.fromstring(xml)
        return super().fix_tables(xml)


@dataclass(frozen=True, slots=True)
class _DrawnPicture:
    """A picture bound to the document it is drawn in; ``numbered`` holds those the document has spoken of so far."""

    document: _Template
    picture: Picture
    numbered: list[Picture]

    @property
    def no(self) -> int:
        """Its number in the document: pictures are numbered as they are first named, in whatever order staff put them."""
        if self.picture not in self.numbered:
            self.numbered.append(self.picture)
        return self.numbered.index(self.picture) + 1

    def markup(self) -> Markup:
        """Return the drawing as a run that closes and reopens the text run around its tag; of several each under its name."""
        no, parts = self.no, self.picture.parts  # drawn before its caption is: numbered now
        runs = [f"<w:r>{self._inline(part)}</w:r>" for part in parts]
        if len(parts) > 1:
            named = (
                f"<w:r>{_CAPTION}<w:br/><w:t>图{no}{ordinal(n, len(parts))}</w:t></w:r>" for n in range(len(parts))
            )
            runs = [run + name for run, name in zip(runs, named, strict=True)]
        whole = "<w:r><w:br/></w:r>".join(runs)
        return Markup(f"</w:t></w:r>{whole}<w:r><w:t>")  # noqa: S704  # lxml escaped it

    def _inline(self, part: Picture) -> str:
        inline = self.document.current_rendering_part.new_pic_inline(BytesIO(part.png), width=Mm(part.width_mm))
        for side in ("distT", "distB", "distL", "distR"):
            inline.set(side, "0")  # LibreOffice keeps 3 mm free where none is given
        alt = _clean(part.alt)
        for properties in (*inline.iter(qn("wp:docPr")), *inline.iter(qn("pic:cNvPr"))):
            properties.set("descr", alt)
        xml = etree.tostring(inline, encoding="unicode")
        return f"<w:drawing>{xml}</w:drawing>"


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox that compiles a text once: one run fills the same template for each of many letters."""

    def from_string(self, source: Any, *_: Any, **__: Any) -> jinja2.Template:
        """The template of a text."""
        return _compiled(source)


@lru_cache(maxsize=128)
def _compiled(source: str) -> jinja2.Template:
    return ImmutableSandboxedEnvironment.from_string(_environment(), source)


@cache
def _environment() -> jinja2.Environment:
    return _Environment(
        undefined=jinja2.StrictUndefined, autoescape=True, finalize=_printed, keep_trailing_newline=True
    )


def _printed(value: Any) -> Any:
    """Return what a printed value becomes: a drawing, or plain text that jinja then escapes."""
    if isinstance(value, _DrawnPicture):
        return value.markup()
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, with the name
    if isinstance(value, list | tuple):
        return "、".join(_printed(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise TypeError(f"{type(value).__name__} is not text")
    return _clean(value)


def _clean(value: object) -> str:
    # str.join rather than str(): Markup must become plain text again.
    return _NOT_XML.sub("", "".join(value) if isinstance(value, str) else str(value))


def _explain(template: Path, document: _Template, exc: Exception) -> str:
    """Return the line for staff: where rendering failed, and what to do about it."""
    lines = [frame.lineno for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == "<template>"]
    text = _source_line(document.source, lines[-1] if lines else None)
    missing = re.search(r"has no (?:attribute|element) '(\w+)'|'(\w+)' is undefined", str(exc))
    if isinstance(exc, jinja2.UndefinedError) and missing:
        fault = f"没有名为 {missing[1] or missing[2]} 的内容；请对照模板说明改正名称"
    elif isinstance(exc, etree.XMLSyntaxError):
        fault = "标签切断了段落或表格；请让成对的标签位于同一段、同一单元格或同一表格"
    elif isinstance(exc, TypeError) and str(exc).endswith("is not text"):
        fault = "这里要印的不是文字；请用 for 逐项列出，或改用其中的一项"
    else:
        fault = "标签无法执行；请改回原来的写法，或从原模板复制这一段"
    return f"{template.name} “{_clip(text)}”：{fault}"


# --- lint --------------------------------------------------------------------------------------------------------

_Fault = tuple[str, str]  # paragraph text, fault with remedy


def _lint_paragraph(element: Any, document: DocumentObject) -> Iterator[_Fault]:
    """Find what can be seen in one paragraph alone."""
    text = _text(element)
    if _FULL_WIDTH.search(text):
        yield text, "有全角花括号，会原样印出；请改成半角 {{ }} 或 {% %}"
        return
    if _HALF_TAG.search(_WHOLE_TAG.sub("", text)):
        yield text, "标签的括号不成对；请补全 {{ }} 或 {% %}，一个标签不能跨段"
    for tag in _BLOCK_TAG.finditer(text):
        yield from ((text, fault) for fault in _lint_tag(tag, element, text))
    if _PICTURE_TAG.search(text) and _line_is_exact(Paragraph(element, document)):
        yield text, "图片所在段落是固定行距，图会被截断；请改用“图”样式"


def _lint_tag(tag: re.Match[str], element: Any, text: str) -> Iterator[str]:
    kind, word = tag["kind"], tag["word"]
    if word not in _BLOCK_WORDS:
        yield f"不认识的标签 {word}{_nearest(word, _BLOCK_WORDS)}"
    if kind == "p" and text.strip() != tag[0]:
        yield f"{tag[0]} 要独占一段；请把同段的其他文字移到另一段"
    if kind == "tr":
        row = next(element.iterancestors(qn("w:tr")), None)
        if row is None:
            yield f"{tag[0]} 只能放在表格里；表格以外请用 {{%p"
        elif "".join(map(_text, row.iter(qn("w:p")))).strip() != tag[0]:
            yield f"{tag[0]} 要独占表格的一行；请把同一行的其他文字移到另一行"


def _lint_blocks(paragraphs: list[Any]) -> Iterator[_Fault]:
    """Pair every for and if with its end, in the same paragraph, cell or table."""
    open_blocks: list[tuple[str, object, str, str]] = []
    for element in paragraphs:
        text = _text(element)
        for tag in _BLOCK_TAG.finditer(text):
            word, place = tag["word"], _place(element, tag["kind"])
            if word in {"for", "if"}:
                open_blocks.append((word, place, tag[0], text))
            elif word in {"endfor", "endif"}:
                opener = open_blocks.pop() if open_blocks else None
                if opener is None or opener[0] != word.removeprefix("end"):
                    yield text, f"{tag[0]} 没有对应的开头；请补上 {word.removeprefix('end')} 或删去它"
                    return
                if opener[1] != place:
                    yield text, f"{tag[0]} 与开头的 {opener[2]} 不在一处；两者的写法（{{%p、{{%tr）和所在表格要一致"
    yield from ((text, f"{tag} 没有结尾；请补上 end{word}") for word, _, tag, text in open_blocks)


def _lint_source(root: Any, paragraphs: list[Any], names: Collection[str]) -> Iterator[_Fault]:
    """Let jinja itself read the part, then compare the names it uses with those there are."""
    environment = _environment()
    source = _by_line(DocxTemplate(None).patch_xml(etree.tostring(root, encoding="unicode")))
    try:
        parsed = environment.parse(source)
        used = meta.find_undeclared_variables(parsed) - environment.globals.keys()
        environment.compile(parsed)
    except jinja2.TemplateSyntaxError as exc:
        yield _source_line(source, exc.lineno), "标签写法有误；请改回原来的写法，或从原模板复制这一段"
        return
    texts = [_text(element) for element in paragraphs]
    for name in sorted(used - {"pictures", *names}):
        yield _first_using(name, texts), f"没有名为 {name} 的内容{_nearest(name, names)}"
    for group, what in (("pictures", "图片"), ("words", "叫法")):
        known = {name.removeprefix(f"{group}.") for name in names if name.startswith(f"{group}.")}
        for text, name in _used_of(group, texts) if known else ():
            if name not in known:
                yield text, f"没有名为 {name} 的{what}{_nearest(name, known)}"


def _used_of(group: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for tag in _WHOLE_TAG.findall(text):
            yield from ((text, name) for name in re.findall(rf"\b{group}\.(\w+)", tag))


def _first_using(name: str, texts: list[str]) -> str:
    word = re.compile(rf"(?<![\w.]){re.escape(name)}\b")
    return next((text for text in texts if any(map(word.search, _WHOLE_TAG.findall(text)))), name)


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"；是否应为 {close[0]}" if close else "；请对照模板说明改正名称"


def _place(element: Any, kind: str | None) -> object:
    """Return what an opening tag and its end must share, beside their kind."""
    if kind is None or kind == "r":
        return kind, element
    if kind == "p":
        return kind, element.getparent()
    return kind, next(element.iterancestors(qn(_CONTAINER[kind])), None)


def _line_is_exact(paragraph: Paragraph) -> bool:
    """Whether the line height is fixed, by the paragraph or by the nearest style that says so."""
    holder: Any = paragraph
    while holder is not None:
        rule = holder.paragraph_format.line_spacing_rule
        if rule is not None:
            return bool(rule == WD_LINE_SPACING.EXACTLY)
        holder = holder.style if isinstance(holder, Paragraph) else holder.base_style
    return False


# --- reading the package -----------------------------------------------------------------------------------------


def _content(template: Path) -> bytes:
    try:
        return template.read_bytes()
    except OSError as exc:
        raise TemplateError(f"{template.name} 打不开；请确认 {template} 存在且没有被占用") from exc


def _open(template: str, content: bytes) -> DocumentObject:
    try:
        return Document(BytesIO(content))
    except (OpcError, BadZipFile, KeyError, ValueError, etree.XMLSyntaxError) as exc:
        raise TemplateError(f"{template} 不是完好的 Word 文档（.docx）；请用原模板替换") from exc


def _rendered_roots(document: DocumentObject) -> list[Any]:
    """Return the root elements of the parts that hold tags, the body first."""
    parts = {str(part.partname): part for part in document.part.package.iter_parts()}
    names = sorted(filter(_RENDERED_PART.fullmatch, parts), key=lambda name: (name != "/word/document.xml", name))
    return [_root(parts[name]) for name in names]


def _root(part: Part) -> Any:
    return part.element if isinstance(part, XmlPart) else etree.fromstring(part.blob)


def _text(paragraph: Any) -> str:
    """Return a paragraph's own text, without that of text boxes anchored in it."""
    return "".join(t.text or "" for t in paragraph.iter(qn("w:t")) if next(t.iterancestors(qn("w:p"))) is paragraph)


def _by_line(xml: str) -> str:
    """Start a line at each paragraph, as docxtpl does before jinja counts lines."""
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", xml)


def _source_line(source: str, lineno: int | None) -> str:
    lines = source.split("\n")
    return re.sub(r"<[^>]+>", "", lines[lineno - 1]) if lineno and lineno <= len(lines) else ""


def _clip(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"


@lru_cache(maxsize=512)
def _without_edit_marks(name: str, blob: bytes) -> bytes:
    """Drop who touched the file when: core properties, and the revision ids Word scatters over a document."""
    if name != "docProps/core.xml" and not re.fullmatch(r"word/\w+\.xml", name):
        return blob
    root = etree.fromstring(blob)
    for element in list(root.iter(etree.Element)):
        for key in [key for key in element.attrib if key.startswith(qn("w:rsid"))]:
            del element.attrib[key]
        local = etree.QName(element).localname
        if local == "rsids" or (name == "docProps/core.xml" and local in _VOLATILE_PROPERTIES):
            element.getparent().remove(element)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
