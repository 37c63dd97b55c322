"""What people type → values. Never guesses: a text is taken as it stands, taken with a note, or refused with the fix.

DESIGN §6.3. NFKC is needed (５ → 5) and dangerous (① → 1), so number-like symbols are refused before it.
Numbers are exact (int and Decimal, never float arithmetic). Nothing here knows about workbooks.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from pipeline.domain.value import BACKWARDS, LARGEST, TURNING, Raw, Value, show, tidy
from pipeline.program.model import NO, NONE_TICKED, NOT_APPLICABLE, YES, Field, FieldType

_YES_WORDS = frozenset({"√", "✓", "✔", "有", "对", "Y", "y", "YES", "Yes", "yes", "TRUE", "True", "true"})
TICKS = _YES_WORDS | {YES}  # what stands for √ in 本期无新进展
_NO_WORDS = frozenset({"×", "✗", "✘", "无", "没有", "N", "n", "NO", "No", "no", "FALSE", "False", "false"})
_ERROR_TEXTS = frozenset(
    {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#####"}
)
_SCALES = {"千": 1_000, "万": 10_000, "亿": 100_000_000}
_OVERRIDE = "\u202e"  # turns every character after it
CENT = Decimal("0.01")  # the smallest part of an amount
_NOISE = 1e-9  # what binary arithmetic in a formula may add to two decimals
_LONGEST = 24  # characters a number can sensibly take (within exact Decimal); longer texts are not looked into
_NUMERIC = r"[0-9〇零一二三四五六七八九十百千万亿.,]"
_DIGITS = "零一二三四五六七八九"
_SIGN = re.compile(r"^(?:[-−‐–—]|负)\s*")
_CHINESE = str.maketrans("〇壹贰叁肆伍陆柒捌玖拾佰仟两", "零一二三四五六七八九十百千二")
_APPROXIMATE = re.compile(r"约|大概|左右|上下|将近|近|余|多|几|若干|不少于|不低于|超过?|以上|以下|以内|>|<|≥|≤|\+$|\?")
_RANGE = re.compile(r".*[0-9一二三四五六七八九十].*(-|~|—|–|至|到|/).*[0-9一二三四五六七八九十].*")
_NOTHING = frozenset(
    {
        "无",
        "没有",
        "暂无",
        "无数据",
        "暂无数据",
        "没有数据",
        "暂缺",
        "缺",
        "空",
        "略",
        "待定",
        "待报",
        "待补",
        "待统计",
        "未统计",
        "不详",
        "/",
        "//",
        "\\",
        "-",
        "--",
        "---",
        "—",
        "——",
        "―",
        "–",
        "−",
        "_",
        "...",
        "。",
        "*",
        "N/A",
        "n/a",
        "NA",
        "NULL",
        "null",
        "None",
    }
)
_ELSEWHERE = re.compile(
    r"同(?:上|前|左|右|下|上期|上月|上次|上一期|上一行)|[〃″\"]"
    r"|(?:请|详)?(?:见|参见|参阅|详)(?:附件|附表|附页|备注|说明|另表|另页|后|下|上).{0,6}|附后|另附|另报|见另报"
)
_SAYS_NOTHING = frozenset({"CELL_NOT_A_NUMBER", "CELL_UNKNOWN_WORD", "CELL_BAD_CHECKLIST", "CELL_BAD_DATE"})
_DATE_TEXT = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?|(\d{4})(\d{2})(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The outcome of reading one cell.

    Attributes:
        raw: The text as typed, for the record.
        value: int, word or date; None when blank or refused.
        problem: A finding code when refused.
        note: How it was read, when not simply as it stood.
    """

    raw: str
    value: Value = None
    problem: str = ""
    expected: str = ""
    note: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed."""
        return self.value is None and not self.problem


PROSE = frozenset({FieldType.TEXT, FieldType.COUNTY})  # words are kept as they are, ① and all
_MAY_BE_EMPTY = PROSE | {FieldType.DATE, FieldType.CHOICE}  # kinds in which 无 is no answer of its own
_ACTS = {
    FieldType.COUNT: "直接填数",
    FieldType.AMOUNT: "直接填数",
    FieldType.YESNO: "填“是”或“否”",
    FieldType.CHOICE: "从下拉列表中选",
    FieldType.CHECKLIST: "填给出的选项",
    FieldType.DATE: "直接填日期，如 2023-02-15",
    FieldType.TEXT: "直接写文字",
    FieldType.COUNTY: "从下拉列表中选县名",
}


def parse(raw: Raw, field: Field) -> Parsed:
    """Read what was typed in a cell of ``field``."""
    shown, marks = show(raw), _unseen_marks(raw)
    if marks & BACKWARDS and not _reads_alike(shown, marks):
        return Parsed(raw=shown, problem="CELL_BACKWARDS", expected=wanted(field))
    is_text = isinstance(raw, str) or raw is None
    problem, value, note = _parse_text(shown, field) if is_text else _TYPED[field.type](raw, field)
    if problem:
        return Parsed(raw=shown, problem=problem, expected=wanted(field))
    if marks and value is not None and (field.type not in PROSE or marks & TURNING):
        note = f"{note or f'读作{show(value)}'}（已去掉看不见的字符）"
    return Parsed(raw=shown, value=value, note=note)


def parse_new(raw: Raw, field: Field) -> Parsed:
    """Read what came in this period of a total: as the total is read, but it may be less than nothing, where the last was too many."""
    parsed = parse(raw, field)
    if parsed.problem != "CELL_NEGATIVE":
        return parsed
    unsigned = -raw if isinstance(raw, (int, float)) else _SIGN.sub("", tidy(show(raw)), count=1)
    without = parse(unsigned, field)
    if not isinstance(without.value, (int, Decimal)):
        return parsed
    return Parsed(raw=parsed.raw, value=-without.value, note=f"读作{-without.value}" if without.note else "")


def _parse_text(shown: str, field: Field) -> _Outcome:
    text, is_prose = tidy(shown), field.type in PROSE
    if not text:
        return _read(None)
    if problem := _unreadable_text("" if is_prose else shown, text):
        return _refuse(problem)
    if text == NOT_APPLICABLE and not is_prose:
        return _read(NOT_APPLICABLE) if field.not_applicable else _refuse("CELL_NOT_APPLICABLE")
    nothing = text not in field.options and _stands_for_nothing(text)
    if nothing and not field.required and field.type in _MAY_BE_EMPTY:
        return _read(None, f"“{text}”读作空{'' if text in _NOTHING else '；附件和别处所写不会读取，请写在这一格'}")
    outcome = _TEXT[field.type](shown.strip() if is_prose else text, field)
    says_nothing = nothing and (is_prose or outcome[0] in _SAYS_NOTHING)
    return _refuse("CELL_PLACEHOLDER") if says_nothing else outcome


def _reads_alike(shown: str, marks: frozenset[str]) -> bool:
    """Whether marks that turn text change nothing one sees: digits alone keep their order, unless each character is turned."""
    digits = shown.strip()
    return digits.isdecimal() and (_OVERRIDE not in marks or len(digits) == 1)


def _unseen_marks(raw: Raw) -> frozenset[str]:
    """Characters of a text that show nothing themselves: direction marks, joiners, byte-order marks."""
    if not isinstance(raw, str) or raw.isprintable():  # nearly every cell
        return frozenset()
    return frozenset(ch for ch in raw if unicodedata.category(ch) == "Cf")


def _stands_for_nothing(text: str) -> bool:
    """A word in place of what is asked: it points elsewhere, or says that there is nothing to say."""
    return len(text) <= _LONGEST and (text in _NOTHING or _ELSEWHERE.fullmatch(text) is not None)


def remedy(code: str, field: Field) -> str:
    """How to mend a refused cell where the catalogue's sentence does not fit the kind of field; empty where it does."""
    act = _ACTS[field.type]
    if code == "REQUIRED":
        return "请补填，没有发生填0" if field.type in {FieldType.COUNT, FieldType.AMOUNT} else f"请{act}"
    if code in {"CELL_ERROR_VALUE", "CELL_FORMULA_TEXT"}:
        is_text = code == "CELL_FORMULA_TEXT" and field.type is FieldType.TEXT
        return "请去掉开头的“=”，直接写文字" if is_text else f"请删去公式，{act}"
    if code == "CELL_SPECIAL_DIGIT" and field.type not in {FieldType.COUNT, FieldType.AMOUNT}:
        return f"请{act}，不要用带圈数字、上标等特殊字符"
    if code == "CELL_PERCENT" and field.unit == "%":
        return "单位已是%：请只填数字，如 60"
    if code == "CELL_PLACEHOLDER":
        none = {
            FieldType.COUNT: "，没有发生填0",
            FieldType.AMOUNT: "，没有发生填0",
            FieldType.CHECKLIST: "，一项也没有填“无”",
        }
        return f"请{act}{none.get(field.type, '')}{'' if field.required else '；没有的留空'}；写在附件、备注里的，请填到这一格"
    return ""


def parse_tick(raw: Raw) -> tuple[bool, bool]:
    """Read the tick 本期无新进展: (ticked, unclear)."""
    if isinstance(raw, bool):
        return raw, False
    text = tidy(show(raw))
    if text in {"", NO, "×", "✗", "✘"}:  # 无 may mean either: it is asked about
        return False, False
    ticked = text in TICKS
    return ticked, not ticked


def wanted(field: Field) -> str:
    """What a cell of ``field`` should hold, in words."""
    own = {
        FieldType.COUNT: f"0或正整数（单位：{field.unit}）",
        FieldType.YESNO: "是 或 否",
        FieldType.CHOICE: "、".join(field.options) + " 之一",
        FieldType.CHECKLIST: "、".join(field.options) + "（可多选，用顿号隔开），或 无",
        FieldType.DATE: "日期，如 2023-02-15",
        FieldType.AMOUNT: f"0或正数，最多两位小数（单位：{field.unit}）",
        FieldType.TEXT: f"文字，{field.min}到{field.max}字" if field.min else f"文字，不超过{field.max}字",
        FieldType.COUNTY: f"本{field.respondent_word}的{field.row_word}名，从下拉列表中选",
    }[field.type]
    return f"{own}，或 不适用" if field.not_applicable else own


_Outcome = tuple[str, Value, str]


def _read(value: Value, note: str = "") -> _Outcome:
    return "", value, note


def _refuse(code: str) -> _Outcome:
    return code, None, ""


def _unreadable_text(shown: str, text: str) -> str:
    if text.upper() in _ERROR_TEXTS or re.fullmatch(r"#[A-Z/0]{2,15}[!?]", text):
        return "CELL_ERROR_VALUE"
    if text.startswith("="):
        return "CELL_FORMULA_TEXT"
    if any(unicodedata.category(ch) in {"No", "Nl"} and ch != "〇" for ch in shown):
        return "CELL_SPECIAL_DIGIT"
    return ""


def _count_text(text: str, field: Field) -> _Outcome:
    compact = _compact(text)
    if re.fullmatch(r"[0-9]+(\.0+)?", compact):
        value = int(compact.split(".")[0])
        return _checked(value, "" if compact == text and not re.match(r"0[0-9]", text) else f"读作{value}")
    if compact == NONE_TICKED:
        return _read(0, "“无”读作0")
    return _refused_count(compact, field) or _spelt_count(text, compact, field)


def _compact(text: str) -> str:
    """A number without the spaces in it; empty where it is too long, or two numbers, which are never joined."""
    joined = len(text) > _LONGEST or re.search(rf"{_NUMERIC}\s+{_NUMERIC}", text)
    return "" if joined else re.sub(r"\s+", "", text)


def _refused_count(compact: str, field: Field) -> _Outcome | None:
    """Nothing that can be read; signs, and percentages where no percentage is asked."""
    if not compact:
        return _refuse("CELL_NOT_A_NUMBER")
    if re.match(r"[-−‐–—](?=[0-9一二三四五六七八九十.])|负[0-9一二三四五六七八九十]", compact):
        return _refuse("CELL_NEGATIVE")
    percentage = "‰" in compact or compact.startswith("百分之") or ("%" in compact and field.unit != "%")
    if percentage:
        return _refuse("CELL_PERCENT")
    return None


def _spelt_count(text: str, compact: str, field: Field) -> _Outcome:
    """A number with separators, scale, unit or in Chinese numerals."""
    number, unit = _split_unit(compact, field.unit)
    if number is None:
        return _refuse(_why_not_a_number(compact))
    if unit not in {"", field.unit}:
        return _refuse("CELL_WRONG_UNIT" if re.fullmatch(r"[^\W\d_]{1,4}", unit) else "CELL_NOT_A_NUMBER")
    if number != number.to_integral_value():
        return _refuse("CELL_FRACTION")
    return _checked(int(number), f"“{text}”读作{int(number)}")


def _checked(value: int, note: str = "") -> _Outcome:
    return _read(value, note) if value < LARGEST else _refuse("OUT_OF_RANGE")


def _split_unit(text: str, unit: str) -> tuple[Decimal | None, str]:
    """The exact number a text begins with and what follows it; (None, …) when it is not exactly a number."""
    if _APPROXIMATE.search(text.removesuffix(unit)) or _RANGE.fullmatch(text):
        return None, ""
    match = re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?([千万亿])?(.*)", text)
    if match:
        whole, fraction, scale, rest = match.groups("")
        number = Decimal(whole.replace(",", "") + fraction) * _SCALES.get(scale, 1)
        return (None, "") if re.search(r"[0-9,.]", rest) else (number, rest)
    match = re.fullmatch(rf"([{_DIGITS}十百千万]+)(.*)", text.translate(_CHINESE))
    if match:
        chinese = chinese_integer(match[1])
        return (None, "") if chinese is None else (Decimal(chinese), match[2])
    return None, ""


def _why_not_a_number(text: str) -> str:
    if _APPROXIMATE.search(text) and re.search(rf"[0-9{_DIGITS}十百千万几若]", text):
        return "CELL_APPROXIMATE"
    return "CELL_RANGE" if _RANGE.fullmatch(text) else "CELL_NOT_A_NUMBER"


def chinese_integer(text: str) -> int | None:
    """A Chinese numeral up to 99,999,999 in standard form (十二, 一百零五, 三万五千); None when it is anything else."""
    value = _chinese_value(text)
    if not text or value is None or value >= _SCALES["亿"]:
        return None
    standard = spell(value)
    return value if text == standard or (standard.startswith("十") and text == "一" + standard) else None


def _chinese_value(text: str) -> int | None:
    total = section = digit = 0
    for ch in text:
        if ch in _DIGITS:
            digit = _DIGITS.index(ch)
        elif ch == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        elif ch in "十百千":
            section, digit = section + (digit or 1) * {"十": 10, "百": 100, "千": 1000}[ch], 0
        else:
            return None
    return total + section + digit


def spell(value: int) -> str:
    """The standard Chinese numeral of 0 … 99,999,999, with 一十 at the head written 十."""
    if value == 0:
        return "零"
    high, low = divmod(value, 10_000)
    words = (_spell_section(high) + "万" if high else "") + (
        ("零" if high and 0 < low < 1000 else "") + _spell_section(low) if low else ""  # noqa: PLR2004 - a gap below 千
    )
    return words.removeprefix("一") if words.startswith("一十") else words


def _spell_section(value: int) -> str:
    words, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return words


def _count_typed(raw: Raw, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    if isinstance(raw, bool):
        return _refuse("CELL_NOT_A_NUMBER")
    if isinstance(raw, (date, time, timedelta)):
        return _refuse("CELL_DATE_IN_COUNT")
    if not isinstance(raw, (int, float)) or not math.isfinite(raw):
        return _refuse("CELL_NOT_A_NUMBER")
    if raw < 0:
        return _refuse("CELL_NEGATIVE")
    if raw != int(raw):
        return _refuse("CELL_FRACTION")
    return _checked(int(raw))


def _yesno_text(text: str, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    if text in {YES, NO}:
        return _read(text)
    if text in _YES_WORDS:
        return _read(YES, f"“{text}”读作“是”")
    return _read(NO, f"“{text}”读作“否”") if text in _NO_WORDS else _refuse("CELL_UNKNOWN_WORD")


def _yesno_typed(raw: Raw, field: Field) -> _Outcome:
    return _yesno_text(show(raw), field) if isinstance(raw, bool) else _refuse("CELL_UNKNOWN_WORD")


def _choice_text(text: str, field: Field) -> _Outcome:
    return _read(text) if text in field.options else _refuse("CELL_UNKNOWN_WORD")


def _no_word(raw: Raw, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    return _refuse("CELL_UNKNOWN_WORD")


def _checklist_text(text: str, field: Field) -> _Outcome:
    ticked = [word for word in re.split(r"[、,;/\s]+", text) if word]
    if ticked == [NONE_TICKED]:
        return _read(NONE_TICKED)
    normal = {tidy(option): option for option in field.options}
    if not ticked or any(word not in normal for word in ticked):
        return _refuse("CELL_BAD_CHECKLIST")
    value = "、".join(option for option in field.options if tidy(option) in ticked)
    return _read(value, f"读作“{value}”" if len(set(ticked)) < len(ticked) else "")


def _no_checklist(raw: Raw, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    return _refuse("CELL_BAD_CHECKLIST")


def _date_text(text: str, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    match = None if re.search(r"[0-9]\s+[0-9]", text) else _DATE_TEXT.fullmatch(re.sub(r"\s+", "", text))
    if not match:
        return _refuse("CELL_BAD_DATE")
    try:
        value = date(*(int(part) for part in match.groups() if part))
    except ValueError:
        return _refuse("CELL_BAD_DATE")
    return _read(value, "" if text == value.isoformat() else f"“{text}”读作{value.isoformat()}")


def _date_typed(raw: Raw, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    if isinstance(raw, datetime):
        return _read(raw.date())
    return _read(raw) if isinstance(raw, date) else _refuse("CELL_BAD_DATE")


def _amount_text(text: str, field: Field) -> _Outcome:
    compact = _compact(text)
    if compact == NONE_TICKED:
        return _read(Decimal("0.00"), "“无”读作0")
    if refused := _refused_count(compact, field):
        return refused
    match = re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?(.*)", compact)
    if not match or _APPROXIMATE.search(compact) or _RANGE.fullmatch(compact):
        return _refuse(_why_not_a_number(compact))
    whole, fraction, unit = match.groups("")
    if unit not in {"", field.unit}:
        return _refuse("CELL_WRONG_UNIT" if re.fullmatch(r"[^\W\d_]{1,4}", unit) else "CELL_NOT_A_NUMBER")
    plain = re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", text) is not None
    return _amount(Decimal(whole.replace(",", "") + fraction), "" if plain else text)


def _amount(value: Decimal, noted: str) -> _Outcome:
    exact = value.quantize(CENT) if value < LARGEST else value
    if value >= LARGEST:
        return _refuse("OUT_OF_RANGE")
    return _read(exact, f"“{noted}”读作{exact}" if noted else "") if exact == value else _refuse("CELL_TOO_FINE")


def _amount_typed(raw: Raw, field: Field) -> _Outcome:
    outcome = _count_typed(raw, field)
    if outcome[0] != "CELL_FRACTION" or not isinstance(raw, float):
        value = outcome[1]
        return _read(Decimal(value).quantize(CENT)) if isinstance(value, int) else outcome
    near = Decimal(repr(raw)).quantize(CENT)
    return _amount(near if abs(float(near) - raw) < _NOISE else Decimal(repr(raw)), "")


def _prose_text(text: str, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    return _read(text)


def _prose_typed(raw: Raw, field: Field) -> _Outcome:  # noqa: ARG001 - one signature for all types
    return _read(show(raw))


_TEXT = {
    FieldType.COUNT: _count_text,
    FieldType.YESNO: _yesno_text,
    FieldType.CHOICE: _choice_text,
    FieldType.CHECKLIST: _checklist_text,
    FieldType.DATE: _date_text,
    FieldType.AMOUNT: _amount_text,
    FieldType.TEXT: _prose_text,
    FieldType.COUNTY: _prose_text,
}
_TYPED = {
    FieldType.COUNT: _count_typed,
    FieldType.YESNO: _yesno_typed,
    FieldType.CHOICE: _no_word,
    FieldType.CHECKLIST: _no_checklist,
    FieldType.DATE: _date_typed,
    FieldType.AMOUNT: _amount_typed,
    FieldType.TEXT: _prose_typed,
    FieldType.COUNTY: _prose_typed,
}
