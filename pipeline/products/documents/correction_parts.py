"""更正: what the next bulletin says of figures that moved after the last one was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.entries import NO_REASON
from pipeline.domain.value import show
from pipeline.measures.completion import change_pp
from pipeline.products.documents.outline import clipped, quoted
from pipeline.products.wording import LIST_LIMIT, in_quotes, listing

if TYPE_CHECKING:
    from pipeline.measures.corrections import Correction, Moved
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figures

_EXAMPLES, _REASON = 3, 40  # changes that are named, and characters of each one's reason


def correction_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """One paragraph for each earlier period that moved."""
    return [_paragraph(m, correction, say) for correction in m.corrections]


def _paragraph(m: PeriodMeasures, correction: Correction, say: Figures) -> str:
    w = m.program.words
    key, what = f"correction.{correction.period.code}", []
    if correction.added:
        names = [m.program.unit_by_code[code].short_name for code in correction.added]
        listed = listing(names, w.rows, say, f"{key}.added")
        what.append(
            f"补报{say(f'{key}.added', len(names))}{w.rows}（{listed}）"
            if len(names) <= LIST_LIMIT
            else f"补报{listed}"
        )
    if correction.removed:
        names = [m.program.unit_by_code[code].short_name for code in correction.removed]
        what.append(f"撤回{listing(names, w.rows, say, f'{key}.removed')}的报送")
    if correction.changes:
        what.append(
            f"更正{say(f'{key}.units', len(correction.corrected))}个单位填报的{say(f'{key}.changes', len(correction.changes))}项数据"
        )
    text = f"{quoted(say, f'{key}.period', correction.period.title)}的数据，{say.day(f'{key}.told_on', correction.published_on)}以后{'，'.join(what)}"
    text = f"更正：{text}{_moved(correction, say, key)}。"
    if m.before and correction.period == m.before.period:
        text += "本期与上期的比较，按更正后的数计算。"
    return text + _examples(m, correction, say, key)


def _moved(correction: Correction, say: Figures, key: str) -> str:
    if correction.after_pct is None:
        return ""
    after = say.pct(f"{key}.after", correction.after_pct)
    if correction.before_pct is None:
        return f"，该期总体完成率现为{after}"
    if not change_pp(correction.after_pct, correction.before_pct):
        return f"，该期总体完成率仍为{after}"
    return f"，该期总体完成率由{say.pct(f'{key}.before', correction.before_pct)}更正为{after}"


def _examples(m: PeriodMeasures, correction: Correction, say: Figures, key: str) -> str:
    if not correction.changes:
        return ""
    some = correction.changes[:_EXAMPLES]
    if len(some) > 1 and all(change.why == NO_REASON for change in some):  # said once
        said = "；".join(_change(m, change, say, key) for change in some) + f"（均{NO_REASON}）"
    else:
        said = "；".join(f"{_change(m, change, say, key)}（{_why(change, say, key)}）" for change in some)
    return f"{'更正的数如' if len(correction.changes) > _EXAMPLES else '更正的有'}：{said}。"


def _change(m: PeriodMeasures, change: Moved, say: Figures, key: str) -> str:
    unit, field = m.program.unit_by_code[change.county_code], m.program.field_by_code[change.field]
    prefecture = m.program.prefecture_by_code[unit.prefecture_code]
    whose = prefecture.short_name + unit.short_name if unit is not prefecture else prefecture.own_name
    old, new = (quoted(say, f"{key}.{change.field}", show(value)) or "空" for value in (change.old, change.new))
    return f"{whose}{quoted(say, f'{key}.title', in_quotes(field.title))}由{old}更正为{new}"


def _why(change: Moved, say: Figures, key: str) -> str:
    return quoted(say, f"{key}.why", clipped(change.why.removeprefix("说明："), _REASON))
