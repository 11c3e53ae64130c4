"""Raw SQLite: how long the very rows that the engine writes take when nobody decides them.

An engine writes the reference journeys once, untimed, and what it wrote is kept. Then
the same rows go into a new store of the same schema by the same statements, in the same
order and transactions, and only that is timed: the ratio holds on any machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from bench.checks import count_entries, expect
from bench.journeys import chunks, reference, reference_events
from bench.machine import pin
from bench.numbers import Numbers
from studio import Engine
from studio.language.kinds import Kind
from studio.store.changes import ADD_HISTORY, Changes, Row, many_rows
from studio.store.database import Durability, open_database
from studio.store.sqlite import Store

Batch = list[tuple[str, list[Row]]]
"""The statements of a transaction, each with its rows."""


def rows(folder: Path, users: int, durability: Durability = "full") -> Numbers:
    """The rows of these users' journeys: of the history alone, and of every table."""
    pin()
    batches = _record(folder / "recorded.db", users)
    history = [
        [(statement, rows) for statement, rows in batch if statement == ADD_HISTORY] for batch in batches
    ]
    count = sum(len(rows) for batch in history for _, rows in batch)
    history_seconds = _write(folder / "history.db", history, durability)
    expect("events in the raw store", count_entries(folder / "history.db", Kind.EVENT), 2 * users)
    all_seconds = _write(folder / "all.db", batches, durability)
    return {
        "journeys_per_s": users / history_seconds,
        "rows_per_s": count / history_seconds,
        "rows_per_journey": count / users,
        "every_table_journeys_per_s": users / all_seconds,
    }


def _record(store: Path, users: int) -> list[Batch]:
    """Run the journeys and keep what was written of their events."""
    batches: list[Batch] = []
    write: Callable[[Store, Changes], None] = Store.write

    def recording(self: Store, changes: Changes) -> None:
        batch = [
            (ADD_HISTORY, [_plain(row) for row in changes.history]),
            *(
                (text, [_plain(row) for row in rows])
                for text, rows in changes.statements()
                if rows and text not in (ADD_HISTORY, many_rows(ADD_HISTORY))
            ),
        ]
        batches.append(batch)
        write(self, changes)

    async def ingest() -> None:
        async with Engine(reference, store=store, durability="normal") as engine:
            # What starting wrote is no part of a journey.
            batches.clear()
            for chunk in chunks(reference_events(users, "phases")):
                await engine.ingest_many(chunk)
            written.extend(batches)

    written: list[Batch] = []
    Store.write = recording  # type: ignore[method-assign]
    try:
        asyncio.run(ingest())
    finally:
        Store.write = write  # type: ignore[method-assign, assignment]
    return written


def _plain(row: Row) -> Row:
    """Members of an enum as plain integers, which SQLite's module takes without asking."""
    return tuple(int(value) if isinstance(value, IntEnum) else value for value in row)


def _write(store: Path, batches: list[Batch], durability: Durability) -> float:
    con = open_database(store, durability)
    try:
        start = time.perf_counter()
        for batch in batches:
            con.execute("BEGIN IMMEDIATE")
            for statement, rows in batch:
                con.executemany(statement, rows)
            con.execute("COMMIT")
        return time.perf_counter() - start
    finally:
        con.close()
