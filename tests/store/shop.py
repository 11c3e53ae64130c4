"""A store in which a little of everything has happened, up to any of its entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.language.kinds import Kind, Status
from studio.store.checksums import add_checksums
from tests.store.build import START, Builder

HOUR = 3_600_000


def life(b: Builder) -> list[Callable[[], Any]]:
    """What happens in a store, one entry each: users who come, learn, wait, run steps and end."""
    j: dict[str, int] = {}

    def begin(workflow: str, user: str, trigger: int, **more: Any) -> None:
        j[f"{workflow}/{user}"] = b.journey(workflow, user, trigger, **more)

    def ended(journey: str, opened: int) -> None:
        b.match(j[journey], opened, b.seq, b.seq)

    def step_done(journey: str, opened: int, name: str, late: int | None = None) -> None:
        b.con.execute("DELETE FROM waits WHERE id = ?", (opened,))
        b.entry(
            Kind.STEP_DONE,
            15,
            journey=j[journey],
            name=name,
            n=0,
            place="buy.py:9",
            late=late,
            data={"result": 1},
        )

    def loaded(id: int, at: int) -> None:
        values = (id, "buy", f"hash{id}", "buy.py", "source", START + at)
        b.con.execute("INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?)", values)
        seq = b.entry(Kind.WORKFLOW_LOADED, at, name="buy")
        b.con.execute("UPDATE history SET code = ? WHERE seq = ?", (id, seq))

    return [
        lambda: loaded(1, 0),
        lambda: b.event("go", "ann", 1, {"email": "ann@b.c"}),
        lambda: begin("buy", "ann", 2, at=1),
        lambda: b.wait(j["buy/ann"], "paid", 1, HOUR, place="buy.py:3"),
        lambda: b.event("paid", "ann", 4),
        lambda: ended("buy/ann", 4),
        lambda: b.wait(
            j["buy/ann"], "charge", 4, kind=Kind.STEP_STARTED, place="buy.py:9", attempt=1, start=1
        ),
        lambda: step_done("buy/ann", 7, "charge"),
        lambda: b.log(j["buy/ann"], "charged", 8),
        lambda: b.wait(j["buy/ann"], "", 9, 60_000, kind=Kind.SLEEP_OPENED, place="buy.py:12"),
        lambda: loaded(2, 10),
        lambda: b.event("go", "bob", 11, {"email": "bob@b.c"}),
        lambda: begin("buy", "bob", 12, at=11),
        lambda: b.wait(
            j["buy/bob"], "charge", 11, kind=Kind.STEP_STARTED, place="buy.py:9", attempt=1, start=1
        ),
        lambda: step_done("buy/bob", 14, "charge", 5),
        lambda: b.wait(j["buy/bob"], "left", 16, place="buy.py:11"),
        lambda: b.log(j["buy/bob"], "careful", 17, Kind.LOG_WARNING),
        lambda: b.event("hello", "cat", 17),
        lambda: begin("greet", "cat", 18, at=17),
        lambda: b.end(j["greet/cat"], Kind.COMPLETED, Status.COMPLETED, 17, {"result": True}),
        lambda: b.event("go", "cat", 20, {"email": "cat@b.c"}),
        lambda: begin("buy", "cat", 21, at=20),
        lambda: b.wait(j["buy/cat"], "paid", 20, HOUR, place="buy.py:3"),
        lambda: b.entry(Kind.SLEEP_CLOSED, 23, journey=j["buy/ann"], n=0, place="buy.py:12"),
        lambda: b.end(j["buy/ann"], Kind.EXITED, Status.EXITED, 23),
    ]


LENGTH = 25
ENDS = [0, 1, 4, 7, 10, 11, 14, 17, 20, 23]
"""The last entry of each cause, but of the last."""


def store(path: Path, upto: int = LENGTH) -> Path:
    """A store in which so many entries were written, as three batches."""
    b = Builder(path)
    for happens in life(b)[:upto]:
        happens()
    assert b.seq == upto
    b.done()
    con = sqlite3.connect(path)
    with con:
        for first, last in ((1, 9), (10, 15), (16, LENGTH)):
            add_checksums(con, first, min(last, upto))
    con.close()
    return path


DERIVED = ("journeys", "waits", "totals", "places")


def dump(con: sqlite3.Connection) -> dict[str, list[Any]]:
    """All rows, but counts that have come to nothing."""
    found = {}
    for table in ("users", "codes", "history", "journeys", "waits", "profiles", "checksums"):
        found[table] = con.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    for table in ("totals", "places"):
        found[table] = con.execute(f"SELECT * FROM {table} WHERE n <> 0 ORDER BY 1, 2, 3").fetchall()
    found["meta"] = con.execute("SELECT key FROM meta WHERE key LIKE 'ask%'").fetchall()
    return found
