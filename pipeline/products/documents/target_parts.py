"""What the counties' figures come to, item by item, and the targets of the whole province: sentences of 工作简报."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.wording import counted, name_asked, statement
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import ProvinceResult, Total
    from pipeline.products.wording import Figures
    from pipeline.program.model import Item, Quantity


def item_text(m: PeriodMeasures, item: Item, say: Figures) -> str:
    """An item's number and title, and a clause for each of its quantities."""
    by_code = {t.quantity.code: t for t in m.totals}
    sentences = [_quantity(m, by_code[q.code], say) for q in item.quantities if q.code in by_code]
    return f"{say('item.no', item.no)}.{item.title}。" + ("；".join(sentences) + "。" if sentences else "")


def _quantity(m: PeriodMeasures, t: Total, say: Figures) -> str:
    """One quantity in a clause; its coverage is said when not all counties of which anything is known are in it."""
    w = m.program.words
    q, code = t.quantity, t.quantity.code
    if q.window.start > m.period.end:
        return f"{_what(q)}自{say.day(f'{code}.from', q.window.start)}起统计"
    if t.actual is None:
        return f"{_what(q)}没有适用的{w.row}"
    if q.is_rate:
        return _rate(t, say)
    if m.program.field_by_code[q.value or ""].type is FieldType.COUNT:
        return _count(t, say)
    among = f"{say(f'{code}.applicable', t.applicable)}{w.counter}适用{w.row}中，" if t.applicable < t.known else ""
    if t.actual == 0:
        return f"{among}尚无{_what(q)}的{w.row}"
    return f"{among}{_what(q)}的有{say(f'{code}.yes', t.actual)}{w.rows}"


def _rate(t: Total, say: Figures) -> str:
    q, code = t.quantity, t.quantity.code
    text = (
        f"{q.title}为{say.pct(f'{code}.rate', t.actual or 0.0)}"
        f"（{say(f'{code}.numerator', t.numerator or 0)}/{say(f'{code}.denominator', t.denominator or 0)}）"
    )
    if q.target is None:
        return text
    return text + f"，{_reached(t, say)}{say(f'{code}.target', _target(t))}%"


def _count(t: Total, say: Figures) -> str:
    w = say.words
    q, code = t.quantity, t.quantity.code
    if not t.actual:
        return f"{_what(q)}各{w.row}所报均为{say(f'{code}.total', 0)}"
    text = f"{_what(q)}共{say(f'{code}.total', t.actual)}{q.unit}"
    if q.target is None or not q.judged:
        return text
    return f"{text}，{_reached(t, say)}不少于{say(f'{code}.target', _target(t))}{q.unit}的要求"


def _reached(t: Total, say: Figures) -> str:
    """有97个县达到 / 75个适用县均达到 / 尚无县达到."""
    w = say.words
    some = (
        f"{say(f'{t.quantity.code}.applicable', t.applicable)}{w.counter}适用{w.row}" if t.applicable < t.known else ""
    )
    among = f"{some}中" if some else ""
    if t.met == 0:
        return f"{among}尚无{w.row}达到"
    if t.met == t.applicable > 1:
        return f"{some or f'有数据的各{w.row}'}均达到"
    return f"{among}有{say(f'{t.quantity.code}.met', t.met)}{w.rows}达到"


def _what(q: Quantity) -> str:
    return counted(statement(q.title))


def _target(t: Total) -> float:
    assert t.quantity.target is not None  # noqa: S101 - asked only of quantities with a target
    return float(t.quantity.target.threshold)


def province_target(m: PeriodMeasures, r: ProvinceResult, say: Figures) -> str:
    """A target of the whole province in a sentence; while some never reported, a share of 100 % is theirs that have."""
    w = m.program.words
    code, title = r.quantity.code, name_asked(r.quantity.title)
    if r.actual is None:
        return f"{title}：尚无可统计的数据。"
    if not r.is_share:
        done = "已达到" if r.met else "尚未达到"
        return (
            f"{title}：{say(f'{code}.sum', r.actual)}{r.quantity.unit}，"
            f"{done}{w.whole}至少{say(f'{code}.threshold', r.threshold)}{r.quantity.unit}的目标。"
        )
    whole = f"{title}：{say(f'{code}.base', r.base)}{w.counter}适用的{w.row}中"
    share = (
        f"有{say(f'{code}.met_count', r.met_count)}个，占{say.pct(f'{code}.share', r.actual)}"
        if r.met_count
        else "尚无做到的"
    )
    done = "尚未实现" if not r.met else "已实现" if r.known == r.roster else f"按有数据的{w.row}统计已达到"
    return f"{whole}{share}，{done}{say(f'{code}.threshold', r.threshold)}%的{w.whole}目标。"
