"""What tests on Temporal share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from studio.language.kinds import KIND_TEXT
from studio.store.views import Views

ROOT = Path(__file__).parents[2]
HISTORIES = Path(__file__).parent / "histories"
"""What `record.py` has recorded: files of each release, compressed."""
PATIENCE = 60.0
"""Seconds after which a test no longer waits."""


def entries(store: Path) -> list[dict[str, Any]]:
    """The whole history that a sink has, as `--json` prints it."""
    if not store.exists():
        return []
    with Views(store) as views:
        return [entry.as_json() for entry in views.entries(limit=100_000)]


def count(store: Path, what: str) -> int:
    """How many entries are of a kind, or have a name: much cheaper than to read them."""
    if not store.exists():
        return 0
    con = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        kinds = ", ".join(str(int(kind)) for kind, text in KIND_TEXT.items() if text == what)
        if kinds:
            found = con.execute(f"SELECT count(*) FROM history WHERE kind IN ({kinds})").fetchone()
        else:
            ask = "SELECT count(*) FROM history WHERE name = (SELECT id FROM names WHERE text = ?)"
            found = con.execute(ask, (what,)).fetchone()
    except sqlite3.OperationalError:
        # It is being made.
        return 0
    finally:
        con.close()
    number: int = found[0]
    return number


async def until(what: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "it did not come to it in time"
        await asyncio.sleep(0.05)


def new_queue() -> str:
    """A task queue of its own for each test."""
    return f"queue-{uuid4().hex[:8]}"
