"""Snapshots and forks: whole copies of a store in files of their own.

A copy is made by `VACUUM INTO` under a passing name and gets its own name once it is on the
disk: so a file that is there is whole. A snapshot stands beside its store and bears a number
(`studio.db`, `studio.1.db`). Returning to one copies its rows into the store in one
transaction; no file is ever put in the place of one that is open (sqlite.org/howtocorrupt.html, 4.3).
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.approvals import HOLD, KEEP_FORMER, done_steps, hold_open_steps, keep_former
from studio.store.branches import begin_branch
from studio.store.capabilities import require
from studio.store.causes import end_of_cause
from studio.store.changes import ADD_TOTAL
from studio.store.checksums import add_checksums
from studio.store.connect import check_version, translate
from studio.store.cut import cut, moment_of
from studio.store.damage import read_fields, read_number
from studio.store.database import BUSY, migrate, open_database
from studio.store.engine_metrics import ENGINE_METRICS
from studio.store.meta import SET_META
from studio.store.refused import LET_GO, forget_refused
from studio.store.schema import IS_MARK, VERSION
from studio.store.undone import forget_undone
from studio.text.private import make_file

COUNT = "SELECT count(*) FROM history WHERE seq > ?"
ADD_ENTRY = "INSERT INTO history (seq, at, kind, data) VALUES (?, ?, ?, ?)"

ABOUT = "snapshot"
"""meta of a snapshot: what it was kept from and when."""
# Rows that belong to the engine that runs and to those who speak with it, and to no moment.
OWN_META = ("engine", ENGINE_METRICS, "told", "salt", "seed", ABOUT, LET_GO)
COPIED = (
    "names",
    "codes",
    "users",
    "history",
    "journeys",
    "waits",
    "profiles",
    "totals",
    "places",
    "checksums",
    "checkpoints",
)


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """A snapshot beside a store."""

    number: int
    path: Path
    size: int
    """Bytes."""
    made_at: int
    """ms since 1970, UTC, by the time of day."""
    why: str
    """What it was kept from: "before rewind to 11:30:02"."""


def snapshot_path(store: Path, number: int) -> Path:
    """Where the snapshot of a number is: `studio.7.db` beside `studio.db`."""
    return store.with_name(f"{store.stem}.{number}{store.suffix}")


def snapshots(store: Path) -> list[StoreSnapshot]:
    """The snapshots beside a store, newest first."""
    found = []
    for number, path in _numbered(store):
        if not path.is_file():
            continue
        about = _about(path)
        state = path.stat()
        made_at = int(about.get("at", state.st_mtime_ns // 1_000_000))
        found.append(StoreSnapshot(number, path, state.st_size, made_at, str(about.get("why", ""))))
    return found


def next_number(store: Path) -> int:
    """The number that the next snapshot gets."""
    return max((number for number, _ in _numbered(store)), default=0) + 1


def _numbered(store: Path) -> list[tuple[int, Path]]:
    pattern = re.compile(re.escape(store.stem) + r"\.(\d{1,9})" + re.escape(store.suffix))
    try:
        names = os.listdir(store.parent)
    except FileNotFoundError:
        return []
    found = [(int(match[1]), store.with_name(name)) for name in names if (match := pattern.fullmatch(name))]
    return sorted(found, reverse=True)


def _about(path: Path) -> dict[str, Any]:
    con = sqlite3.connect(path, timeout=BUSY)
    try:
        row = con.execute("SELECT value FROM meta WHERE key = ?", (ABOUT,)).fetchone()
        about = json.loads(row[0]) if row else {}
    except (sqlite3.Error, ValueError):
        # Listed all the same: a file that cannot be read says so when it is opened.
        return {}
    finally:
        con.close()
    return about if isinstance(about, dict) else {}


def keep_snapshot(con: sqlite3.Connection, store: Path, why: str, at: int) -> StoreSnapshot:
    """Copy the whole store into the next numbered file.

    Args:
        con: a connection to the store, in no transaction.

    Raises:
        StoreError: the copy could not be written; nothing is left of it.
    """
    number = next_number(store)
    path = snapshot_path(store, number)

    def finish(copy: sqlite3.Connection) -> None:
        copy.execute(SET_META, (ABOUT, json.dumps({"why": why, "at": at})))
        # It may be opened as a store of its own.
        begin_branch(copy, _next_seq(copy))
        copy.execute("DELETE FROM meta WHERE key IN ('engine', ?)", (ENGINE_METRICS,))
        forget_undone(copy)

    copy_store(con, path, finish)
    return StoreSnapshot(number, path, path.stat().st_size, at, why)


def fork_store(source: Path, seq: int | None, target: Path, now: int) -> int:
    """Copy a store up to the end of an entry's cause into a new file, where time stands and steps wait.

    Safe beside a running engine. The copy keeps the salt of the store, and so the ids and
    chances that replayed passes must meet again (DESIGN rule 5), and the idempotency keys of
    its steps: what was done before is answered with its result (rule 17), and what a person
    lets run in both stores is one and the same thing to a service that honours the keys. Only
    the ids under which new events are told to `set_event` are its own (see `branches.py`). What
    waits in the inbox or is kept aside as refused stays with the first store alone.

    Args:
        seq: None copies all of it.
        now: the time of day, ms since 1970, UTC.

    Returns:
        The last entry that the copy has.

    Raises:
        NotOffered: its journeys are carried on elsewhere.
        StoreError: there is no such entry, the file already exists or cannot be written.
    """
    if target.exists():
        raise StoreError("a file of this name already exists", where=str(target), fix="Give another name.")
    require(source, "fork")
    con = sqlite3.connect(source, isolation_level=None, timeout=BUSY)
    kept = 0

    def finish(copy: sqlite3.Connection) -> None:
        nonlocal kept
        if seq is None:
            kept = copy.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()[0]
        else:
            kept = end_of_cause(copy, seq, source)
        cut_and_hold(copy, kept, now, "fork")
        copy.execute("DELETE FROM meta WHERE key IN ('engine', ?, ?)", (ENGINE_METRICS, ABOUT))
        copy.execute("DELETE FROM inbox")
        forget_refused(copy)
        begin_branch(copy, _next_seq(copy))
        forget_undone(copy)

    try:
        check_version(con, source)
        copy_store(con, target, finish)
    except sqlite3.Error as error:
        raise translate(error, source) from error
    finally:
        con.close()
    return kept


def cut_and_hold(con: sqlite3.Connection, keep: int, now: int, why: str, given: int = 0, **facts: int) -> int:
    """Cut, let the clock stand at the cut, put steps on hold, and say so in the history.

    Args:
        why: "rewind" or "fork".
        given: the last seq that was given out.
        facts: what else is worth saying.

    Returns:
        The moment of the cut.
    """
    salt, virtual = _meta(con, "salt") or "", read_fields(_meta(con, "clock"), "its clock").get("virtual")
    at = moment_of(con, keep)
    last = con.execute("SELECT max(seq) FROM history").fetchone()[0] or 0
    before, entries = moment_of(con, last), con.execute(COUNT, (keep,)).fetchone()[0]
    keep_former(con, salt, keep)
    gone = con.execute(HANDED_OVER, (keep,)).fetchall()
    cut(con, keep)
    set_standing(con, at, now, bool(virtual))
    reserve(con, max(last, given))
    if why == "rewind":
        _tell_again(con, gone, at)
    say_clock_moved(con, at, {"from": before, "to": at, why: keep, "entries": entries, **facts})
    con.execute(SET_META, (HOLD, json.dumps({"why": why, "at": at})))
    hold_open_steps(con)
    return at


# What went out behind a cut, and what was told of it at an earlier one.
HANDED_OVER = f"""
SELECT u.name, h.name, coalesce(json_extract(h.data, '$.handed_at'), h.at + coalesce(h.late, 0)),
    json_extract(h.data, '$.channel'), json_extract(h.data, '$.counts')
FROM history h JOIN users u ON u.id = h.user
WHERE h.seq > ? AND h.{IS_MARK} AND (
    h.kind = {Kind.MESSAGE_STARTED} OR (h.kind = {Kind.MESSAGE_SENT} AND json_extract(h.data, '$.rewound'))
) ORDER BY h.seq
"""
ADD_SENT = f"""
INSERT INTO history (seq, at, kind, user, name, data)
SELECT ?, ?, {Kind.MESSAGE_SENT}, id, ?, ? FROM users WHERE name = ?
"""


def _tell_again(con: sqlite3.Connection, gone: list[tuple[Any, ...]], at: int) -> None:
    """Keep in the history that messages went out: caps go on counting what a rewind has cut off."""
    told = 0
    first = seq = _next_seq(con)
    for user, name, handed_at, channel, counts in gone:
        facts = {"rewound": True, "channel": channel, "handed_at": handed_at, "counts": counts}
        data = json.dumps(facts, separators=(",", ":"))
        # Of a user whom nobody has heard of any more nothing counts.
        added = con.execute(ADD_SENT, (seq, at, name, data, user)).rowcount
        seq, told = seq + added, told + added
    if told:
        add_checksums(con, first, seq - 1)
        con.execute(ADD_TOTAL, (0, Kind.MESSAGE_SENT, told))
        reserve(con, seq - 1)


def standing(at: int, now: int, virtual: bool) -> dict[str, Any]:
    """The state of a clock that stands at a moment.

    A clock that cannot stand goes on from there ("ahead"), at the pace of real time.
    """
    paused = {"at": at, "real": now, "rate": 0, "speed": 1, "paused": True}
    return {"virtual": virtual, "studio": True, "ahead": at - now, **paused}


def set_standing(con: sqlite3.Connection, at: int, now: int, virtual: bool) -> None:
    """Let the store's clock stand at a moment."""
    state = standing(at, now, virtual)
    con.execute(SET_META, ("clock", json.dumps(state)))
    con.execute(SET_META, ("last_at", str(at)))


def reserve(con: sqlite3.Connection, last: int) -> None:
    """Never give out a seq twice: readers and `set_event` go on after the last that they saw."""
    before = read_number(_meta(con, "next_seq"), "its entries")
    con.execute(SET_META, ("next_seq", str(max(before, last + 1))))


def _next_seq(con: sqlite3.Connection) -> int:
    """The first seq that was not given out yet."""
    (last,) = con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
    return max(int(last) + 1, read_number(_meta(con, "next_seq"), "its entries"))


def say_clock_moved(con: sqlite3.Connection, at: int, facts: dict[str, Any]) -> None:
    """Time was moved by hand: an act of the operator, and an entry (DESIGN rule 17)."""
    say_act(con, at, Kind.CLOCK_MOVED, facts)


def say_act(con: sqlite3.Connection, at: int, kind: int, facts: dict[str, Any]) -> None:
    """Add the entry of what the operator did to the store as a whole."""
    seq = _next_seq(con)
    con.execute(ADD_ENTRY, (seq, at, kind, json.dumps(facts)))
    add_checksums(con, seq, seq)
    con.execute(ADD_TOTAL, (0, kind, 1))
    reserve(con, seq)


def restore_rows(con: sqlite3.Connection, now: int, given: int, **facts: int) -> int:
    """Make the store what a snapshot holds, inside a transaction that is open.

    The snapshot must be attached as `kept` (see `attach`).

    Args:
        given: the last seq that was given out.
        facts: what is worth saying of it in the history.

    Returns:
        The moment at which the clock stands.
    """
    salt = _meta(con, "salt") or ""
    last = con.execute("SELECT max(seq) FROM history").fetchone()[0] or 0
    before = moment_of(con, last)
    common = con.execute("SELECT min(seq) FROM history WHERE seq NOT IN (SELECT seq FROM kept.history)")
    first = common.fetchone()[0]
    if first is not None:
        con.executemany(
            KEEP_FORMER, [("former/" + token, data) for token, data in done_steps(con, salt, first - 1)]
        )
    for table in reversed(COPIED):
        con.execute(f"DELETE FROM main.{table}")
    for table in COPIED:
        con.execute(f"INSERT INTO main.{table} SELECT * FROM kept.{table}")
    marks = ", ".join("?" * len(OWN_META))
    con.execute(
        f"DELETE FROM main.meta WHERE key NOT IN ({marks}, 'next_seq') AND key NOT LIKE 'former/%' "
        "AND key NOT LIKE 'paused/%'",
        OWN_META,
    )
    con.execute(
        f"INSERT OR IGNORE INTO main.meta SELECT * FROM kept.meta WHERE key NOT IN ({marks}) "
        "AND key NOT LIKE 'paused/%'",
        OWN_META,
    )
    clock = read_fields(_meta(con, "clock"), "its clock")
    at = int(_meta(con, "last_at") or now)
    set_standing(con, at, now, bool(clock.get("virtual")))
    reserve(con, max(last, given, con.execute("SELECT max(seq) FROM history").fetchone()[0] or 0))
    say_clock_moved(con, at, {"from": before, "to": at, **facts})
    # The snapshot may have run as a store of its own: its events keep the ids that they have there.
    begin_branch(con, _next_seq(con))
    con.execute(SET_META, (HOLD, json.dumps({"why": "restore", "at": at})))
    hold_open_steps(con)
    return at


def attach(con: sqlite3.Connection, snapshot: Path) -> None:
    """Make a snapshot readable as `kept`, bringing one of an older version up to this one first.

    Raises:
        StoreError: it is not there, or no store.
    """
    if not snapshot.exists():
        raise StoreError("there is no snapshot of this number", where=str(snapshot))
    other = sqlite3.connect(snapshot, timeout=BUSY)
    try:
        check_version(other, snapshot)
        (known,) = other.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
    except sqlite3.Error as error:
        raise translate(error, snapshot) from error
    finally:
        other.close()
    if known < VERSION:
        open_database(snapshot).close()
    try:
        # One that could not be let go of before.
        detach(con)
        con.execute("ATTACH DATABASE ? AS kept", (str(snapshot),))
    except sqlite3.Error as error:
        raise translate(error, snapshot) from error


def detach(con: sqlite3.Connection) -> None:
    """Let go of what is attached as `kept`, if anything is.

    Where that fails it stays, and the next `attach` does it.
    """
    with suppress(sqlite3.Error):
        con.execute("DETACH DATABASE kept")


def _meta(con: sqlite3.Connection, key: str) -> str | None:
    row = con.execute("SELECT value FROM main.meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def copy_store(con: sqlite3.Connection, path: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
    """Copy the whole store into a new file, and finish the copy before it has its name.

    Args:
        con: a connection to the store, in no transaction.
        finish: called with a connection to the copy, in a transaction.

    Raises:
        StoreError: the copy could not be written; nothing is left of it.
    """
    part = path.with_name(path.name + ".part")
    _clear(part)
    try:
        # VACUUM INTO takes an empty file, and the rights that it has (sqlite.org/lang_vacuum.html).
        make_file(part)
        con.execute("VACUUM INTO ?", (str(part),))
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            # A store of an older version is brought up to this one, as `finish` knows it.
            if check_version(copy, part) < VERSION:
                migrate(copy)
            copy.execute("BEGIN IMMEDIATE")
            finish(copy)
            copy.execute("COMMIT")
        finally:
            copy.close()
        # VACUUM INTO does not wait for the disk (sqlite.org/lang_vacuum.html).
        _sync(part)
        os.link(part, path)
        part.unlink()
        _sync(path.parent)
    except sqlite3.Error as error:
        _clear(part)
        raise translate(error, path) from error
    except FileExistsError as error:
        _clear(part)
        raise StoreError(
            "a file of this name already exists", where=str(path), fix="Give another name."
        ) from error
    except OSError as error:
        _clear(part)
        raise StoreError(f"the copy cannot be written: {error.strerror}", where=str(path)) from error
    except StoreError:
        _clear(part)
        raise


def _clear(part: Path) -> None:
    """Take away what an attempt has left. A journal of it would be rolled back into the next."""
    for suffix in ("-journal", "-wal", "-shm", ".lock", ""):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
