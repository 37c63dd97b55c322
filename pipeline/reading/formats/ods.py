"""Through an ods package, or the single file of a fods: its values, and what an officer sees that a value does not say."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.value import show
from pipeline.reading.formats.notes import (
    COMMENT,
    COVERED,
    PICTURE,
    RULED,
    SHOWN_LENGTH,
    TEXT_BOX,
    UNCALCULATED,
    Cells,
    Doubt,
    Notes,
    Refusal,
    Run,
    Tally,
    doubt_of,
    percent,
    shown_otherwise,
)
from pipeline.reading.formats.number_formats import SCALED, worded
from pipeline.reading.formats.ods_rules import ALL, applies, areas
from pipeline.reading.formats.ods_styles import OdsStyles
from pipeline.reading.formats.package import UnreadablePart, Watcher, follow_alone
from pipeline.reading.formats.sums import contradiction

if TYPE_CHECKING:
    from pipeline.domain.value import Raw
    from pipeline.reading.formats.ods_rules import Area
    from pipeline.reading.formats.package import Package

_MODULE = re.compile(r"basic/[^/]+/(?!script-l[bc]\.xml$|dialog-l[bc]\.xml$)[^/]+|scripts/.*[^/]")
_OTHER_FILE = re.compile(r"'([^']*)'#|\bDDE\(\s*\"([^\"]*)\"")  # 'file:///D:/other.ods'#$Sheet1.A1
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_SPACE = re.compile(r"[ \t\r\n]+")
_FIGURE = re.compile(r"[￥¥$]?\s*(-?[\d,]*\d(?:\.(\d+))?)\s*([^\x00-\u2e7f]*)", re.ASCII)
_NO_WORDS = ["", ""]
_MAX_RULES = 10_000  # of all sheets, by the areas they are for
_MAX_SPACES = 32_767  # characters of a cell
_TABLE_NAMES = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_NUMBERS = {"float", "currency"}
_COVERED_CELL = "table:covered-table-cell"
HIDDEN = {"collapse", "filter"}
IN_CELL, IN_COMMENT, IN_BOX, PIECE, ASIDE = range(5)


def look_through_ods(package: Package) -> Notes:
    """Follow every part once, the manifest first: it says what is encrypted.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    package.follow("meta-inf/manifest.xml", _Manifest)
    modules = [name for name in package.names if _MODULE.fullmatch(name)]
    styles = package.follow("styles.xml", _NamedStyles)
    content = package.follow("content.xml", _Content, styles, remember=False)  # a cell may be repeated 500,000 times
    with suppress(UnreadablePart):  # no figure stands there
        if package.follow("settings.xml", _Settings).noughts_unseen:
            content.noughts_unseen()
    package.follow_the_rest()
    if modules:
        content.tally.parts["MACROS_IGNORED"] = f"部件“{modules[0]}”"
    return content.notes()


def look_through_fods(content: bytes) -> Notes:
    """The same of the parts written one behind the other in a single file.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    return follow_alone(content, _Content(_NamedStyles())).notes()


class _Manifest(Watcher):
    def __init__(self) -> None:
        super().__init__()
        self.opened |= {"encryption-data": _encrypted}


def _encrypted(_: dict[str, str]) -> None:
    raise Refusal("FILE_ENCRYPTED", "内容已加密")


class _Settings(Watcher):
    """Whether noughts are shown: set for all sheets together."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self.opened |= {"config:config-item": self._item}

    @property
    def noughts_unseen(self) -> bool:
        """Somebody set it so."""
        return "".join(self._said).strip() == "false"

    def _item(self, attributes: dict[str, str]) -> None:
        asked = attributes.get("config:name") == "ShowZeroValues" and not self._said
        self.parser.CharacterDataHandler = self._said.append if asked else None


class _NamedStyles(Watcher):
    """The styles that others are derived from."""

    def __init__(self) -> None:
        super().__init__()
        self.styles = OdsStyles()
        self.opened |= self.styles.handlers


class _Place(NamedTuple):
    """A cell under way: its attributes, and how often it stands there."""

    attributes: dict[str, str]
    col: int
    cols: int
    covered: bool


class _Content(Watcher):
    """All sheets, row by row with their repetitions."""

    def __init__(self, named: _NamedStyles) -> None:
        super().__init__()
        self.tally = Tally()
        self._grids: dict[str, Cells] = {}
        self._styles = OdsStyles(named.styles)
        self._cells = Cells("", self.tally)
        self._sheet, self._link = "", ""
        self._row, self._rows, self._row_style, self._col = 0, 0, "", 0
        self._columns: list[tuple[int, str]] = []  # where they end, and their style
        self._place: _Place | None = None
        self._open_pieces: list[tuple[int, int, str]] = []  # how deep, what, style
        self._texts: list[str] = []  # of the cell, and which of them are struck or raised
        self._marks: dict[int, tuple[bool, bool]] = {}
        self._words = ["", ""]  # of a comment, of a box
        self._picture = False
        self._linked = ""
        self._ruled: list[Area] = []
        self._rules: list[tuple[str, Area, str, str]] = []  # sheet, cells, condition, style
        self.opened |= self._styles.handlers | {
            "table:table": self._open_sheet,
            "table:table-column": self._open_column,
            "table:table-row": self._open_row,
            "table:table-cell": self._open_cell,
            _COVERED_CELL: self._open_cell,
            "text:p": self._open_paragraph,
            "text:span": self._open_piece,
            "text:ruby-text": self._open_aside,
            "text:s": self._spaces,
            "text:tab": self._break,
            "text:line-break": self._break,
            "draw:image": self._open_picture,
            "table:table-source": self._source,
            "calcext:conditional-format": self._open_rules,
            "calcext:condition": self._rule,
            "calcext:data-bar": self._bar,
            "calcext:icon-set": self._bar,
            "table:dde-link": self._dde,
            "document-content": self._root,
            "document": self._root,
            "script:module": self._module,
        }

    def notes(self) -> Notes:
        """What was gathered."""
        self._report_rules()
        if self._linked:
            self.tally.parts["LINKS_UNUSED"] = self._linked
        return self.tally.notes({name: cells.rows for name, cells in self._grids.items()})

    def noughts_unseen(self) -> None:
        """No sheet shows a number that is nought."""
        for name, cells in self._grids.items():
            self.tally.noughts_unseen(name, cells.rows)

    def _root(self, attributes: dict[str, str]) -> None:
        if attributes.get("xmlns:table") != _TABLE_NAMES:
            raise Refusal("FILE_BAD_MEMBERS", "表格的名称空间不是通常的写法")

    def _open_rules(self, attributes: dict[str, str]) -> None:
        self._ruled = areas(attributes.get("calcext:target-range-address", ""))

    def _rule(self, attributes: dict[str, str]) -> None:
        self._keep_rule(attributes.get("calcext:value", ""), attributes.get("calcext:apply-style-name", ""))

    def _bar(self, attributes: dict[str, str]) -> None:
        if attributes.get("calcext:show-value") == "false":
            self._keep_rule(ALL, "")

    def _keep_rule(self, condition: str, style: str) -> None:
        self._rules += [(self._sheet, area, condition, style) for area in self._ruled]
        if len(self._rules) > _MAX_RULES:
            raise Refusal("FILE_TOO_MANY_CELLS", f"条件格式超过{_MAX_RULES}处")

    def _report_rules(self) -> None:
        """Cells that a rule hides, or may hide."""
        for sheet, area, condition, style in self._rules:
            if condition == ALL or self._styles.hides(style):
                rows = self._grids[sheet].rows if sheet in self._grids else []
                within = area.top, area.bottom, area.left, area.right
                self.tally.rule(sheet, rows, within, partial(applies, condition))

    def _module(self, _: dict[str, str]) -> None:
        self.tally.parts["MACROS_IGNORED"] = "有宏"

    def _dde(self, _: dict[str, str]) -> None:
        self.finish()
        self._linked = "DDE"

    def _source(self, attributes: dict[str, str]) -> None:
        self._link = attributes.get("xlink:href", "") or "别的文件"

    def _open_sheet(self, attributes: dict[str, str]) -> None:
        self.finish()
        self._sheet, self._link, self._row, self._rows, self._columns = attributes.get("table:name", ""), "", 0, 0, []
        self._cells = Cells(self._sheet, self.tally)
        if self._linked == "DDE" and "table:dde-link" in self.open:
            return  # what another program sent; cells take it by a formula
        self.tally.sheet(self._sheet)
        self._grids[self._sheet] = self._cells
        if attributes.get("table:style-name") in self._styles.unseen_tables:
            self.tally.seen[self._sheet].hidden = True

    def _open_column(self, attributes: dict[str, str]) -> None:
        start = self._columns[-1][0] if self._columns else 0
        end = start + _repeated(attributes, "table:number-columns-repeated")
        self._columns.append((end, attributes.get("table:default-cell-style-name", "")))
        if attributes.get("table:visibility") in HIDDEN or attributes.get("table:style-name") in self._styles.small:
            self.tally.seen[self._sheet].cols.update(range(start, min(end, 500)))

    def _open_row(self, attributes: dict[str, str]) -> None:
        self.finish()
        self._row += self._rows
        self._rows = _repeated(attributes, "table:number-rows-repeated")
        self._row_style = attributes.get("table:default-cell-style-name", "")
        self._col = 0
        seen = attributes.get("table:visibility")
        if seen in HIDDEN or attributes.get("table:style-name") in self._styles.small:
            rows = range(self._row, min(self._row + self._rows, 20_000))
            self.tally.seen[self._sheet].rows.update(dict.fromkeys(rows, seen == "filter"))

    def _open_cell(self, attributes: dict[str, str]) -> None:
        if self._place is not None:
            self.finish()
        times = attributes.get("table:number-columns-repeated")
        cols = 1 if times is None else _times(times)
        self._place = _Place(attributes, self._col, cols, self.open[-1] == _COVERED_CELL)
        self._col += cols

    def _open_paragraph(self, _: dict[str, str]) -> None:
        if self._place is None:
            return
        kind = (
            IN_CELL
            if self.open[-2].endswith("table-cell")
            else IN_COMMENT
            if "office:annotation" in self.open
            else IN_BOX
        )
        if kind == IN_CELL:
            self._texts.append("\n" if self._texts else "")
        self._push(kind)
        self.parser.CharacterDataHandler = self._text

    def _open_piece(self, attributes: dict[str, str]) -> None:
        self._push(PIECE, attributes.get("text:style-name", ""))

    def _open_aside(self, _: dict[str, str]) -> None:
        """How a word is pronounced."""
        self._push(ASIDE)

    def _push(self, kind: int, style: str = "") -> None:
        pieces, depth = self._open_pieces, len(self.open)
        while pieces and pieces[-1][0] >= depth:  # over by now
            pieces.pop()
        pieces.append((depth, kind, style))

    def _open_picture(self, _: dict[str, str]) -> None:
        self._picture = self._picture or self._place is not None

    def _spaces(self, attributes: dict[str, str]) -> None:
        count = int(attributes.get("text:c", "1"))
        if count > _MAX_SPACES:
            raise Refusal("FILE_TEXT_TOO_LONG", f"工作表“{self._sheet}”第{self._row + 1}行的一格里有{count}个空格")
        if self._place is not None and count > 0:
            self.tally.repeat_text(count)
            self._add(" " * count)

    def _break(self, _: dict[str, str]) -> None:
        if self._place is not None:
            self._add("\n")

    def _text(self, text: str) -> None:
        self._add(_SPACE.sub(" ", text))

    def _add(self, text: str) -> None:
        """A piece of the innermost paragraph that is still open."""
        pieces, depth = self._open_pieces, len(self.open)
        while pieces and pieces[-1][0] > depth:
            pieces.pop()
        struck = raised = False
        for _, kind, style in reversed(pieces):
            if kind == ASIDE:
                return
            if kind == PIECE:
                look = self._styles.look(style)
                struck, raised = struck or look.struck, raised or look.raised
            elif kind == IN_CELL:
                if struck or raised:
                    self._marks[len(self._texts)] = struck, raised
                self._texts.append(text)
                return
            else:
                self._words[kind == IN_BOX] += text
                return

    def finish(self) -> None:
        """A cell ends where the next cell, row or sheet begins."""
        place, self._place = self._place, None
        if place is None:
            return
        self.parser.CharacterDataHandler = None
        texts, marks, attributes = self._texts, self._marks, place.attributes
        if texts:
            self._texts, self._marks, self._open_pieces = [], {}, []
        if self._picture or self._words != _NO_WORDS:
            self._tell_beside(place)
        if texts or "office:value-type" in attributes or "table:formula" in attributes:
            value = _value(attributes, "".join(texts), seen=bool(texts))
            if value is not None and value != "":
                self._take(place, value, self._doubt(place, value, texts, marks))

    def _take(self, place: _Place, value: Raw, doubt: tuple[str, str] | None) -> None:
        """A cell that is not blank, wherever it is repeated."""
        rows, cols = self._rows, place.cols
        self.tally.count(self._sheet, self._row, place.col, rows, cols)
        if isinstance(value, str) and (rows > 1 or cols > 1):
            self.tally.repeat_text(len(value) * (rows * cols - 1))
        for row in range(self._row, self._row + rows):
            for col in range(place.col, place.col + cols):
                self._cells.put(row, col, value)
                if doubt:
                    code, seen = doubt
                    instead = code not in {"CELL_LINKED", "CELL_MAYBE_UNSEEN"}
                    self.tally.seen[self._sheet].doubts[row, col] = Doubt(
                        code=code, seen=seen[:SHOWN_LENGTH], instead=instead
                    )

    def _doubt(
        self, place: _Place, value: Raw, texts: list[str], marks: dict[int, tuple[bool, bool]]
    ) -> tuple[str, str] | None:
        """Finding code and words for a value that its officer does not see as it is."""
        if place.covered:
            return "CELL_UNSEEN", COVERED.format(show(value))
        style = place.attributes.get("table:style-name") or self._row_style or self._column_style(place.col)
        look = self._styles.look(style)
        if look.struck:
            return "CELL_STRUCK", f"{show(value)}（画了删除线）"
        formula = place.attributes.get("table:formula", "")
        if words := contradiction(formula.rpartition("=")[2], value) if formula else "":
            return "CELL_CONTRADICTS", words
        if look.unseen:
            return "CELL_UNSEEN", f"{show(value)}（字与底色相同，看不见）"
        if texts and not isinstance(value, str) and not any(text.strip() for text in texts):
            return "CELL_UNSEEN", f"{show(value)}（单元格格式使它不显示）"
        if marks:
            plain = False, False
            runs = [(text, *marks.get(nth, plain)) for nth, text in enumerate(texts)]
            return doubt_of([Run(text=text, struck=struck, raised=raised) for text, struck, raised in runs])
        for condition, brings in self._styles.maps(style):
            if self._styles.hides(brings) and (found := RULED.get(applies(condition, value))):
                return found[0], found[1].format(show(value))
        other = _OTHER_FILE.search(formula) if "'" in formula or "DDE" in formula else None
        link = (other[1] or other[2] or "别的文件") if other else self._link
        return ("CELL_LINKED", f"引用了“{link}”") if link else None

    def _column_style(self, col: int) -> str:
        return next((style for end, style in self._columns if col < end), "")

    def _tell_beside(self, place: _Place) -> None:
        """What hangs on a cell or lies over it."""
        comment, box = (words.strip() for words in self._words)
        beside = ([PICTURE] if self._picture else []) + ([COMMENT.format(comment)] if comment else [])
        for what in beside + ([TEXT_BOX.format(box)] if box else []):
            self.tally.beside(self._sheet, self._row, place.col, what)
        self._words, self._picture, self._open_pieces = ["", ""], False, []


def _value(cell: dict[str, str], text: str, *, seen: bool) -> Raw:
    """What a cell holds, where that is what is seen; None for a blank."""
    kind, formula = cell.get("office:value-type"), cell.get("table:formula")
    if cell.get("calcext:value-type") == "error":
        return text if text.startswith("#") else "#VALUE!"  # Err:502 and its like
    if kind in {None, "string"}:
        words = text.strip("\n") or cell.get("office:string-value", "")
        return words or (UNCALCULATED if formula is not None and kind is None and not seen else None)
    if kind == "percentage":
        return percent(cell.get("office:value", ""))
    if kind == "boolean":
        return cell.get("office:boolean-value") == "true"
    if kind == "date":
        return _day(cell.get("office:date-value", "")) or text
    if kind == "time":
        return _duration(cell.get("office:time-value", "")) or text
    if kind not in _NUMBERS or "office:value" not in cell:
        return text.strip() or None
    number = float(cell["office:value"])
    return _as_shown(int(number) if number.is_integer() else number, text.strip())


def _as_shown(number: float, text: str) -> Raw:
    """A number, with the word behind it; as a text that nobody takes for a number where another is shown."""
    figure = _FIGURE.fullmatch(text)
    if figure is None:
        return shown_otherwise(number, text) if SCALED.search(text) else number
    digits, decimals, word = figure.groups()
    off = abs(float(digits.replace(",", "")) - number)
    if off > 0.5 * 10.0 ** -len(decimals or "") + 1e-9 * abs(number):
        return shown_otherwise(number, text)
    return worded(number, word) if word else number


def _day(written: str) -> date | datetime | None:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at.date() if at.time() == time() else at.replace(tzinfo=None)


def _duration(written: str) -> time | timedelta | None:
    match = _DURATION.fullmatch(written)
    if not match:
        return None
    span = timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3]))
    return (datetime.min + span).time() if span < timedelta(days=1) else span  # noqa: DTZ901 - a wall clock's


def _repeated(attributes: dict[str, str], name: str) -> int:
    return _times(attributes.get(name, "1"))


def _times(written: str) -> int:
    times = int(written)
    if times < 1:
        raise ValueError
    return times
