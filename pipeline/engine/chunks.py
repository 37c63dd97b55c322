"""What goes to a worker and what comes back, whichever engine carries it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

# A chunk is closed early at this size. Dask keeps a thousand messages of less than 1 MB for each worker, in its
# scheduler, for its developers: what is heavy has to travel in chunks that are larger, what is light hardly matters.
CHUNK_BYTES = 1 << 20


class Loss(StrEnum):
    """Why an item has no result."""

    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    DIED = "died"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one item may use, where the system knows it: Windows only knows the clock, macOS no memory.

    Attributes:
        seconds: By the clock, from when a worker has the item.
        cpu_seconds: Of processor time; also ends a worker whose parent was killed.
        memory_bytes: Address space of the worker, interpreter included.
    """

    seconds: float = 60
    cpu_seconds: int = 60
    memory_bytes: int = 2 << 30


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception on its way home; ``error`` is pickled."""

    error: bytes
    traceback: str

    def again(self) -> BaseException:
        """The exception as it was raised, the traceback it had there as its cause."""
        error: BaseException = pickle.loads(self.error)  # noqa: S301 - from our own worker
        error.__cause__ = _Elsewhere(self.traceback)
        return error


class _Elsewhere(Exception):  # noqa: N818 - shown as the cause of an error, never raised
    """The traceback of an exception raised in another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


# A pickled result, or why there is none.
Outcome: TypeAlias = bytes | Loss | Raised


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Generic[T]):
    """Items that travel together.

    Attributes:
        items: As they were given; they stay here.
        packed: Each of them pickled.
    """

    items: tuple[T, ...]
    packed: tuple[bytes, ...]

    def results(self, outcomes: Iterable[Outcome], lost: Callable[[T, Loss], R]) -> Iterator[R]:
        """The results of the items in order; nothing comes after what was raised, which is raised here.

        Raises:
            BaseException: What the function raised.
        """
        for item, outcome in zip(self.items, outcomes, strict=False):
            if isinstance(outcome, Raised):
                raise outcome.again()
            yield lost(item, outcome) if isinstance(outcome, Loss) else pickle.loads(outcome)  # noqa: S301 - as above


def chunks(items: Iterable[T], most: int) -> Iterator[Chunk[T]]:
    """Items as they come, up to ``most`` together."""
    together: list[T] = []
    packed: list[bytes] = []
    for item in items:
        together.append(item)
        packed.append(pickle.dumps(item))
        if len(together) == most or sum(map(len, packed)) >= CHUNK_BYTES:
            yield Chunk(items=tuple(together), packed=tuple(packed))
            together, packed = [], []
    if together:
        yield Chunk(items=tuple(together), packed=tuple(packed))


def outcome_of(function: Callable[[Any], Any], packed: bytes) -> Outcome:
    """What becomes of an item, in the process that works on it."""
    try:
        return pickle.dumps(function(pickle.loads(packed)))  # noqa: S301 - from our own pipeline
    except MemoryError:
        return Loss.OUT_OF_MEMORY
    except BaseException as error:  # noqa: BLE001 - Rust's panics are none of Exception
        return _raised(error)


def _raised(error: BaseException) -> Raised:
    import traceback  # noqa: PLC0415 - slow to import, and only for what goes wrong

    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)  # noqa: S301 - an exception that cannot be made anew is better reported here
    except Exception:  # noqa: BLE001 - whatever its class does there
        pickled = pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return Raised(error=pickled, traceback="".join(traceback.format_exception(error)))
