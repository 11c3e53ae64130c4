"""Rows that are gathered in memory and moved come out as those that are handed over one by one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, incoming, workflow
from studio.errors import StoreError, StoreFull
from studio.language.kinds import Kind, Status
from studio.store import changes as written
from studio.store import staged
from studio.store.changes import Changes, Row
from studio.store.database import open_database
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.engine.support import sound
from tests.store.test_plans import GROWING, plan

COUNT = staged.WORTH_STAGING + 7
TABLES = (*GROWING, "checksums", "totals", "meta")
TEXTS = ("12", "1e3", "0x1f", "", "ä\U0001f600", "a\0b", " 7 ", '{"n":12345678901234567890}', "null")
"""Texts that something on the way could take for another value."""
NUMBERS = (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))


def filled(first: int = 1) -> Changes:
    """A large batch with all that rows may hold."""
    changes = Changes()
    changes.names.append((first, f"go {first}"))
    for n in range(first, first + COUNT):
        text, number = TEXTS[n % len(TEXTS)], NUMBERS[n % len(NUMBERS)]
        changes.users.append((n, f"{n}"))
        event = (n, number, Kind.EVENT, n, None, None, 1, None, None, None, None, None, None, text, None)
        rows: tuple[Row, ...] = (
            event,
            (*event[:11], number, f"{n}", text, text),
            (*event[:11], 3, None, None, None),
            (n, number, Kind.STARTED, n, n, 1, 1, 0, 1, n, 1, None, None, text, None),
            (n, number, Kind.COMPLETED, n, n, number, 1, -1, number, n, number, None, None, None, None),
        )
        changes.history.append(rows[n % len(rows)])
        changes.journeys.append((n, n, 1, text, 1, Status.WAITING, 1, n, number, n, 0, text))
        changes.waits.append((n, n, n, Kind.WAIT_OPENED, None if n % 2 else 1, number))
    changes.totals.append((0, 1, COUNT))
    changes.meta.append(("a", "1"))
    return changes


def changed(first: int) -> Changes:
    """What comes behind it, and changes a part of it."""
    changes = filled(first)
    ended = range(1, COUNT, 3)
    changes.journey_updates += [(Status.COMPLETED, 2, 5, n, 0, TEXTS[n % len(TEXTS)], n) for n in ended]
    changes.ended_waits += [(n,) for n in ended]
    return changes


def written_to(path: Path, *batches: Changes) -> dict[str, list[Row]]:
    """All that a store holds after these batches, each value with its type."""
    store = Store(path)
    for batch in batches:
        store.write(batch)
    con = store.connection
    found = {}
    for table in TABLES:
        columns = [row[1] for row in con.execute(f"PRAGMA table_info({table})").fetchall()]
        typed = ", ".join(f"{column}, typeof({column})" for column in columns)
        found[table] = con.execute(f"SELECT {typed} FROM {table} WHERE 1 ORDER BY 1, 3").fetchall()
    store.close()
    return found


def test_a_store_holds_the_same_whichever_way_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged_too = written_to(tmp_path / "staged.db", filled(), changed(COUNT + 1))
    monkeypatch.setattr(written, "CAN_STAGE", False)
    plain = written_to(tmp_path / "plain.db", filled(), changed(COUNT + 1))
    drop = [row for row in plain["meta"] if row[0] != "salt"]
    assert [row for row in staged_too.pop("meta") if row[0] != "salt"] == drop
    plain.pop("meta")
    assert staged_too == plain
    assert len(plain["history"]) == 2 * COUNT
    assert len(plain["waits"]) == 2 * COUNT - len(range(1, COUNT, 3))


def test_a_large_batch_of_one_user_and_one_journey_is_moved_as_well(tmp_path: Path) -> None:
    changes = Changes()
    changes.names.append((1, "go"))
    changes.users.append((1, "ada"))
    changes.journeys.append((1, 1, 1, "", 1, Status.WAITING, 1, 2, 1, 1, 0, None))
    changes.waits.append((3, 1, 1, Kind.WAIT_OPENED, 1, None))
    shared = (1, None, None, 1, None, None, None, None, None, None, None, None)
    changes.history += [(n, n, Kind.EVENT, *shared) for n in range(1, COUNT + 1)]
    assert changes.staged() is not None
    found = written_to(tmp_path / "s.db", changes)
    assert [len(found[table]) for table in ("users", "journeys", "waits", "history")] == [1, 1, 1, COUNT]


@pytest.mark.parametrize(
    ("count", "statements"), [(0, 0), (31, 31), (32, 1), (70, 2 + 6)], ids=lambda number: f"{number}"
)
def test_most_rows_are_put_in_many_at_once(count: int, statements: int) -> None:
    assert staged.AT_ONCE == 32
    con = sqlite3.connect(":memory:", isolation_level=None)
    con.execute("CREATE TABLE pairs (a, b)")
    traced = list[str]()
    con.set_trace_callback(traced.append)
    staged._put(con, "pairs", 2, ((n, f"{n}") for n in range(count)), count)
    con.set_trace_callback(None)
    assert con.execute("SELECT a, b FROM pairs").fetchall() == [(n, f"{n}") for n in range(count)]
    assert len(traced) == statements
    con.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda changes: changes.history.__setitem__(9, (*changes.history[9][:13], "\ud800", None)),
        lambda changes: changes.waits.__setitem__(9, (10, 2**63, 1, 1, None, None)),
        lambda changes: changes.users.__setitem__(9, (10, object())),
        lambda changes: changes.users.__setitem__(9, (10, "9")),
        lambda changes: changes.journeys.__setitem__(9, (9, *changes.journeys[9][1:])),
    ],
    ids=["half a surrogate pair", "too large", "no value", "a name that is taken", "a number that is taken"],
)
def test_what_cannot_be_held_leaves_nothing_and_the_next_batch_goes(
    tmp_path: Path, spoil: Callable[[Changes], Any]
) -> None:
    store = Store(tmp_path / "s.db")
    broken = filled()
    spoil(broken)
    with pytest.raises((StoreError, UnicodeError, OverflowError)):
        store.write(broken)
    for table in ("history", "users", "journeys", "waits", "names"):
        assert store.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    store.write(filled())
    assert store.rows("SELECT count(*) FROM history") == [(COUNT,)]
    store.close()


def test_a_full_store_is_named_and_leaves_nothing_of_a_large_batch(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    (pages,) = store.rows("PRAGMA page_count")[0]
    store.rows(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreFull, match="the disk is full; nothing of this batch was stored"):
        store.write(filled())
    assert store.rows("SELECT count(*) FROM history") == [(0,)]
    store.rows("PRAGMA max_page_count = 100000")
    store.write(filled())
    assert store.rows("SELECT count(*) FROM history") == [(COUNT,)]
    store.close()


@workflow(trigger="signup", name="waiting")
async def waiting(journey: Journey) -> dict[str, bool]:
    activated = await journey.wait_for("activated", timeout="7d")
    journey.log(f"{len(activated)} of {journey.user.id}")
    return {"activated": bool(activated)}


async def test_what_a_flood_leaves_is_what_its_history_amounts_to(tmp_path: Path) -> None:
    users, path = [f"user{number}" for number in range(COUNT)], tmp_path / "s.db"
    async with Engine(waiting, store=path, durability="normal") as engine:
        await engine.ingest_many([incoming("signup", {"id": user, "plan": "pro"}) for user in users])
        await engine.ingest_many([incoming("activated", user, {"n": 1}, f"id of {user}") for user in users])
        await engine.ingest_many([incoming("signup", user) for user in users[::2]])
    sound(path)
    with Views(path) as views:
        assert views.totals().events == 2 * COUNT + len(users[::2])


def test_few_entries_and_those_with_a_gap_between_them_are_handed_over_one_by_one() -> None:
    few = filled()
    del few.history[staged.WORTH_STAGING - 1 :]
    assert few.staged() is None
    gap = filled()
    del gap.history[1]
    assert gap.staged() is None
    assert filled().staged() is not None
    assert Changes().staged() is None


ROWID = r"USING INTEGER PRIMARY KEY \(rowid=\?\)"


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        (staged.MOVE_ENTRIES, ["SCAN e", f"SEARCH s {ROWID}"]),
        (staged.MOVE_MARKED_ENTRIES, ["SCAN e", f"SEARCH s {ROWID}", f"SEARCH m {ROWID}"]),
        (staged.MOVE_USERS, [r"SCAN staged\.users"]),
        (staged.MOVE_JOURNEYS, [r"SCAN staged\.journeys"]),
        (staged.UPDATE_JOURNEYS, [rf"SEARCH (main\.)?journeys {ROWID}"]),
        (staged.END_WAITS, [rf"SEARCH (main\.)?waits {ROWID}"]),
        (staged.MOVE_WAITS, [r"SCAN staged\.waits"]),
    ],
)
def test_of_the_store_only_what_changes_is_looked_up(
    tmp_path: Path, statement: str, lines: list[str]
) -> None:
    con: sqlite3.Connection = open_database(tmp_path / "s.db")
    rows = filled().staged()
    assert rows is not None
    rows.attach(con)
    found = [line for line in plan(con, statement) if line.startswith(("SCAN", "SEARCH"))]
    assert len(found) >= len(lines)
    assert all(re.match(wanted, line) for wanted, line in zip(lines, found, strict=False)), found
    con.close()
