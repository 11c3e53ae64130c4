"""A server of PostgreSQL of one's own: a cluster in a temporary folder, gone with its tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.store.postgres_schema import SCHEMA

START_SECONDS = "120"
OWNER = "postgres"


def programs() -> Path | None:
    """Where the newest server's programs are; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return None if elsewhere is None else Path(elsewhere).parent


@contextmanager
def cluster() -> Iterator[str]:
    """A server that listens on a socket in its own folder; gives its URL."""
    bin = programs()
    assert bin is not None
    # As root it does not run; short, as the path of a socket has 107 bytes at the most.
    owner = {"user": OWNER} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if owner:
        shutil.chown(folder, OWNER)
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        command = [str(bin / program), *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **owner)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout + done.stderr

    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    try:
        run("initdb", "-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync")
        log = str(folder / "log")
        run("pg_ctl", "-D", str(data), "-l", log, "-o", options, "-w", "-t", START_SECONDS, "start")
        try:
            yield f"postgresql://{OWNER}@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """One for the tests of a file."""
    with cluster() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """A database with nothing of ours in it."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as con:
        con.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return server


def ask(url: str, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """What somebody reads there."""
    import psycopg

    with psycopg.connect(url) as con:
        con.execute(f"SET search_path TO {SCHEMA}")
        return con.execute(question, values).fetchall()
