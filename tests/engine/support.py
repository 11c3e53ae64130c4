"""What the tests of the running engine share: a child process, histories that can be compared."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from studio.engine.engine import Engine
from studio.language.kinds import Kind
from studio.store.rebuild import compare
from studio.store.records import Entry, JourneyRow
from studio.store.views import Views

KIND_NAME = {value: name for name, value in vars(Kind).items() if isinstance(value, int)}
ROOT = Path(__file__).parents[2]

Row = tuple[Any, ...]

blocks_on = pytest.mark.skipif(
    sys.gettrace() is not None and sys.version_info < (3, 12),
    reason="with a thread that was given up and still blocks, Python 3.11 traces nothing more (`any_blocks`)",
)
"""A test whose call goes on blocking after its thread was given up: not where something traces."""


def entries(path: Path, *kinds: str, user: str | None = None) -> list[Entry]:
    """All entries of some kinds, oldest first."""
    with Views(path) as views:
        found: list[Entry] = []
        while more := views.entries(
            after=found[-1].seq if found else 0, limit=10_000, kinds=kinds or None, user=user
        ):
            found += more
        return found


def journey(path: Path, id: str) -> JourneyRow:
    """A journey that must be there."""
    with Views(path) as views:
        found = views.journey(id)
    assert found is not None, f"there is no journey {id}"
    return found


def logs(path: Path, user: str | None = None) -> list[str]:
    """What journeys said, in order."""
    return [entry.message or "" for entry in entries(path, "log", user=user)]


def failure(path: Path, user: str) -> dict[str, Any]:
    """How the journey of a user failed, the last time."""
    found = entries(path, "journey.failed", user=user)
    assert found, f"no journey of {user} failed"
    assert isinstance(found[-1].data, dict)
    return found[-1].data


def sound(path: Path) -> None:
    """The derived tables agree with the history, and the file with itself."""
    assert compare(path) == []
    con = sqlite3.connect(path)
    try:
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        doubled = con.execute(
            "SELECT cause, journey, pass, kind, name, n, data, place, count(*) FROM history"
            " WHERE kind BETWEEN 10 AND 33 AND kind NOT IN (30, 31)"
            " GROUP BY journey, pass, kind, name, n, data"
            " HAVING count(*) > 1 AND n >= 0"
        ).fetchall()
        assert doubled == []
    finally:
        con.close()


SEQS = ("after", "first", "bound", "trigger")
"""Fields of an entry's data that point at entries."""


def history(path: Path) -> list[Row]:
    """The whole history, comparable between stores: entries are told by their place, not by `seq`.

    What is about the engine (workflows loaded, clocks moved) is left out.
    """
    con = sqlite3.connect(path)
    try:
        names = dict(con.execute("SELECT id, text FROM names").fetchall())
        users = dict(con.execute("SELECT id, name FROM users").fetchall())
        rows = con.execute(
            "SELECT seq, at, kind, user, journey, pass, name, n, place, cause, late, id, data, meta"
            " FROM history WHERE kind < ? ORDER BY seq",
            (Kind.WORKFLOW_LOADED,),
        ).fetchall()
    finally:
        con.close()
    place = {row[0]: number for number, row in enumerate(rows)}
    found: list[Row] = []
    for _, at, kind, user, journey, pass_number, name, n, line, cause, late, id, data, meta in rows:
        fields: Any = data
        if data and not Kind.LOG_DEBUG <= kind <= Kind.NOTE:
            fields = json.loads(data)
            if kind != Kind.EVENT:
                fields |= {key: place[fields[key]] for key in SEQS if key in fields}
            fields = json.dumps(fields, sort_keys=True)
        found.append(
            (
                at,
                KIND_NAME[kind],
                users.get(user),
                journey,
                pass_number,
                names.get(name),
                n,
                names.get(line),
                None if cause is None else place[cause],
                late,
                id,
                fields,
                meta,
            )
        )
    return found


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    """A test that hangs is cancelled after 90 s: a lost event must fail one test, not stop them all."""
    loop = asyncio.get_running_loop()
    handle = loop.call_later(90, lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    yield
    handle.cancel()


async def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it did not become so in time.
    """
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.005)


async def settled(engine: Engine, seconds: float = 60.0) -> None:
    """Wait until the engine is idle; it must become so."""
    async with asyncio.timeout(seconds):
        await engine.run_until_idle()


def python(
    code: str, *arguments: str, timeout: float = 30.0, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        check=False,
        **more,
    )


def child(code: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Start Python code in a process of its own, its output on a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **more,
    )
