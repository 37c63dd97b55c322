"""Map one function over many workbooks. Today in this process; the seam for worker processes and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``function`` over ``items``, in order."""
    return map(function, items)
