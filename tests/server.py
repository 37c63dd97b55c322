"""A PostgreSQL server of the distribution's own package, started for the tests; nothing of it outlives them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOW = "没有 PostgreSQL 服务器程序（Debian/Ubuntu：apt-get install postgresql），跳过共享数据集的测试"
UNPRIVILEGED = "postgres"  # the server refuses to run as root


def find_server() -> Path | None:
    """Folder of initdb and postgres: the newest there is."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    found = next((home for home in reversed(homes) if (home / "initdb").exists()), None)
    own = shutil.which("initdb")
    return found or (Path(own).resolve().parent if own else None)


@contextmanager
def running() -> Iterator[str]:
    """A fresh server on a port of its own; gives the address up to the database's name."""
    home = find_server()
    assert home is not None
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        as_user = ["runuser", "-u", UNPRIVILEGED, "--"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(folder, UNPRIVILEGED)
        data, port = f"{folder}/data", _free_port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": "/"}
        subprocess.run([*as_user, str(home / "initdb"), "-D", data, "-A", "trust", "-U", "office", "-E", "UTF8", "--no-sync",
                        "--locale=C"], check=True, **quiet)  # type: ignore[call-overload]  # fmt: skip
        command = [*as_user, str(home / "pg_ctl"), "-D", data, "-w", "-l", f"{folder}/log",
                   "-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off", "start"]  # fmt: skip
        subprocess.run(command, check=True, **quiet)  # type: ignore[call-overload]
        try:
            yield f"postgresql+psycopg://office@127.0.0.1:{port}"
        finally:
            stop = [*as_user, str(home / "pg_ctl"), "-D", data, "-m", "immediate", "stop"]
            subprocess.run(stop, check=False, **quiet)  # type: ignore[call-overload]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def new_database(address: str, name: str) -> str:
    """An empty database on a server; its address."""
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(f"{address.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{address}/{name}"
