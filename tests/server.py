"""A PostgreSQL server of the distribution's own package, started for the tests; nothing of it outlives them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCUMENTED = Path(__file__).resolve().parent.parent / "docs" / "security.md"
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
        subprocess.run(
            [
                *as_user,
                str(home / "initdb"),
                "-D",
                data,
                "-A",
                "trust",
                "-U",
                "office",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C",
            ],
            check=True,
            **quiet,
        )  # type: ignore[call-overload]
        command = [
            *as_user,
            str(home / "pg_ctl"),
            "-D",
            data,
            "-w",
            "-l",
            f"{folder}/log",
            "-o",
            f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off",
            "start",
        ]
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


def as_documented(address: str) -> list[str]:
    """Make the database and its roles by the very lines of docs/security.md; the lines for after the first run."""
    import psycopg  # noqa: PLC0415 - only where there is a server

    (block,) = re.findall(r"```sql\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    on_server, before, after = (
        [one for one in part.split(";\n") if one.strip()] for part in re.split(r"-- in that .*\n", block)
    )
    plain = address.replace("+psycopg", "")
    for database, lines in (("postgres", on_server), ("report", before)):
        with psycopg.connect(f"{plain}/{database}", autocommit=True) as connection:
            for line in lines:
                connection.execute(line.encode())
    return after


def said_as(address: str, role: str, lines: Iterable[str]) -> None:
    """SQL in the documented database as one of its roles."""
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(of_role(address, role).replace("+psycopg", ""), autocommit=True) as connection:
        for line in lines:
            connection.execute(line.encode())


def of_role(address: str, role: str) -> str:
    """The address of the documented database for one of its roles."""
    return f"{address.replace('//office@', f'//{role}@')}/report"
