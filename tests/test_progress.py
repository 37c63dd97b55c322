"""A bar for whoever waits at a terminal, and nothing for anybody else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

from pipeline.system.progress import PATIENCE_SECONDS, on_screen, quiet

if TYPE_CHECKING:
    import pytest

JOB = """
import time
from pipeline.system.progress import on_screen
with on_screen() as progress:
    for n in range(4):
        progress(f"读取文件：{{n}}号", n, 4)
        time.sleep({pause})
"""


def seen(pause: float) -> str:
    """What a terminal gets of a job of four steps."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", JOB.format(pause=pause)],
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"},
    ) as job:
        os.close(theirs)
        text = b""
        try:
            while some := os.read(ours, 4096):
                text += some
        except OSError:  # the other end is closed
            pass
        assert job.wait() == 0
    os.close(ours)
    return text.decode(errors="replace")


def test_a_long_job_shows_how_far_it_is() -> None:
    text = seen(PATIENCE_SECONDS / 2.5)
    assert "读取文件" in text
    assert "3/4" in text
    assert "3号" in text
    assert "读取文件：0号" not in text.rpartition("3号")[2], "one line for a stage"


def test_a_short_job_shows_nothing() -> None:
    assert "读取文件" not in seen(0.01)


def test_without_a_terminal_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with on_screen() as progress:
        assert progress is quiet
        progress("读取文件", 1, 2)
    assert capsys.readouterr() == ("", "")
