"""How far a long job is, for whoever waits: jobs tell, the command line shows."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 2.0


class Tell(Protocol):
    """Told by a job: what it is doing, and how much of it is done."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total``; 0 at the beginning."""


def quiet(what: str, done: int, total: int) -> None:
    """Nobody is waiting."""


@contextmanager
def shown() -> Iterator[Tell]:
    """A bar on the terminal from the third second on, gone at the end; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console  # noqa: PLC0415 - only for those who see it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, int] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

    waited = threading.Timer(PATIENCE_SECONDS, bar.start)
    waited.daemon = True
    waited.start()
    try:
        yield tell
    finally:
        waited.cancel()
        bar.stop()
