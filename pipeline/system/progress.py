"""How far a long job is, for whoever waits: jobs say it, the command line shows it."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 2.0


class Progress(Protocol):
    """Called by a job: what it is doing, and how much of it is done."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total``; 0 at the beginning. Behind ``：`` stands at which of them it is."""


def quiet(what: str, done: int, total: int) -> None:
    """Nobody is waiting."""


@contextmanager
def on_screen() -> Iterator[Progress]:
    """A bar on the terminal from the third second on, gone at the end; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield quiet
        return
    from rich import progress as rich_progress  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415 - only for those who see it

    bar = rich_progress.Progress(
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, int] = {}

    def move(what: str, done: int, total: int) -> None:
        stage = what.partition("：")[0]
        if stage not in tasks:
            tasks[stage] = bar.add_task(what, total=total)
        bar.update(tasks[stage], description=what, completed=done, total=total)  # type: ignore[arg-type]

    waited = threading.Timer(PATIENCE_SECONDS, bar.start)
    waited.daemon = True
    waited.start()
    try:
        yield move
    finally:
        waited.cancel()
        bar.stop()
