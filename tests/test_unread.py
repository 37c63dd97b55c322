"""What lies unread in the inbox is kept as changes, and the changes give it back."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.unread import Unread, UnreadKind, unread_by, unread_change

DAY = date(2023, 3, 3)
ONE, TWO = (Unread(name=name, kind=next(iter(UnreadKind)), reason="打不开", since=DAY) for name in ("a.xlsx", "b.xlsx"))


def act(told: str, day: date) -> Act:
    return Act(kind=ActKind.UNREAD, period="", reason=told, who="张三", done_on=day)


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [((), (ONE,), (ONE,)), ((ONE,), (), ()), ((ONE,), (TWO,), (TWO,)), ((ONE,), (ONE, TWO), (TWO,))],
    ids=["new", "gone", "both", "one more"],
)
def test_a_change_is_told_and_gives_back_what_lies_there(
    before: tuple[Unread, ...], now: tuple[Unread, ...], new: tuple[Unread, ...]
) -> None:
    first, _ = unread_change((), before)
    told, fresh = unread_change(before, now)
    assert fresh == new
    acts = [act(text, DAY) for text in (first, told) if text]
    assert unread_by(acts) == now


def test_without_a_change_nothing_is_told() -> None:
    assert unread_change((ONE,), (ONE,)) == ("", ())
