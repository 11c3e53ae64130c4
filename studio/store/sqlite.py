"""The hot statements: what the engine's thread reads and writes, in one place.

A `Store` belongs to the thread that opened it. Reads take many keys at once (as a
JSON array: one statement a batch, whatever its size); all that a batch changes is
written by `write` in one transaction, or not at all.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from studio.errors import StoreError, StoreReadOnly
from studio.store.connect import check_version, translate
from studio.store.places import ADD_PLACE
from studio.store.schema import VERSION

MEMORY = ":memory:"
CACHE_KIB = 48 * 1024
"""Page cache of the engine's connection. More made no journey faster, less did."""
BUSY = 10.0
"""Seconds to wait for another writer."""
WAL_LIMIT = 64 << 20
CHECKPOINT_PAGES = 16_000
"""Where the write-ahead log is folded into the store: 64 MiB. What many batches touch is written once."""

Durability = Literal["full", "normal"]
Row = tuple[Any, ...]

AT_ONCE = 16
"""Rows that an INSERT takes where there are many."""

JOURNEY = (
    "g.id, g.user, g.workflow, g.key, g.n, g.status, g.pass, g.pass_seq, g.trigger, g.since, g.still, g.note"
)
# An open wait and the entry that opened it; last, the newest entry of its journey.
WAIT = """
w.id, w.kind, w.name, w.due, h.name, h.n, h.data, h.cause, h.place, h.at,
(SELECT max(m.seq) FROM history m WHERE m.journey = w.journey)
"""
WAIT_COLUMNS = 11

USERS = "SELECT u.name, u.id FROM json_each(?) j CROSS JOIN users u ON u.name = j.value"
USER_NAMES = "SELECT u.id, u.name FROM json_each(?) j CROSS JOIN users u ON u.id = j.value"

# Open waits that an event of one name may end, of these users, with their journeys; 0: patterns.
WAITS_NAMED = f"""
SELECT {WAIT}, {JOURNEY}
FROM json_each(?) j
CROSS JOIN waits w ON w.user = j.value AND w.name IN (0, ?)
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
"""

WAITS_DUE = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.due > 0 AND w.due <= ?
ORDER BY w.due, w.id LIMIT ?
"""

WAITS_STEPS = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.kind IN (30, 31) AND w.kind = 30 AND w.id > ?
ORDER BY w.id LIMIT ?
"""

WAIT_AT = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.id = ?
"""

COUNT_DUE = "SELECT count(*) FROM waits WHERE due > 0 AND due <= ?"
NEXT_DUE = "SELECT due FROM waits WHERE due > 0 ORDER BY due LIMIT 1"
# A deadline whose workflow is not loaded stands by, negated, until it is.
PARKED = """
SELECT w.id, w.due FROM waits w CROSS JOIN journeys g ON g.id = w.journey
WHERE w.due < 0 AND g.workflow IN (SELECT value FROM json_each(?))
"""
ASKED = "SELECT key, value FROM meta WHERE key > 'ask/' AND key < 'ask0' ORDER BY key"
MISSED = "SELECT key FROM meta WHERE key LIKE 'missed/%'"
WAITING_IN = f"""
SELECT {JOURNEY} FROM journeys g WHERE g.id > ? AND g.workflow = ? AND g.status = 1 ORDER BY g.id LIMIT ?
"""

JOURNEYS = f"SELECT {JOURNEY} FROM json_each(?) j CROSS JOIN journeys g ON g.id = j.value"

# The newest journey of each user in a workflow without key=.
JOURNEYS_NEWEST = f"""
SELECT {JOURNEY} FROM json_each(?) j
CROSS JOIN journeys g ON g.id = (
    SELECT m.id FROM journeys m WHERE m.user = j.value AND m.workflow = ? AND m.key = ''
    ORDER BY m.n DESC LIMIT 1
)
"""
# The same of each user, workflow and key.
JOURNEYS_KEYED = f"""
SELECT {JOURNEY} FROM json_each(?) j
CROSS JOIN journeys g ON g.id = (
    SELECT m.id FROM journeys m WHERE m.user = json_extract(j.value, '$[0]')
        AND m.workflow = json_extract(j.value, '$[1]') AND m.key = json_extract(j.value, '$[2]')
    ORDER BY m.n DESC LIMIT 1
)
"""

JOURNEYS_OF = (
    f"SELECT {JOURNEY} FROM journeys g WHERE g.user = ? AND g.workflow = ? AND g.status IN (1, 2, 4)"
)
JOURNEY_NUMBERED = (
    f"SELECT {JOURNEY} FROM journeys g WHERE g.user = ? AND g.workflow = ? AND g.key = ? AND g.n = ?"
)

# What the current passes of journeys have recorded, without what they said.
PASSES = """
SELECT h.journey, h.seq, h.at, h.kind, h.name, h.n, h.cause, h.late, h.data, h.place, w.id, w.name, w.due
FROM json_each(?) j
CROSS JOIN journeys g ON g.id = j.value
CROSS JOIN history h ON h.journey = g.id AND h.seq >= g.pass_seq
LEFT JOIN waits w ON w.id = h.seq
WHERE h.kind < 40 OR h.kind >= 50
ORDER BY h.journey, h.seq
"""

# The same of one journey, up to an entry; what is open is not looked up.
PASS_UNTIL = """
SELECT journey, seq, at, kind, name, n, cause, late, data, place, NULL, NULL, NULL FROM history
WHERE journey = ? AND seq >= ? AND seq <= ? AND (kind < 40 OR kind >= 50) ORDER BY seq
"""
PASS_AT = """
SELECT seq, pass, cause, data FROM history
WHERE journey = ? AND seq <= ? AND kind IN (50, 51) ORDER BY seq DESC LIMIT 1
"""

SAID = "SELECT data FROM history WHERE journey = ? AND seq >= ? AND kind BETWEEN 40 AND 44"
ONCE = """
SELECT seq, at, kind, cause, late, data, n FROM history
WHERE journey = ? AND kind IN (32, 33) AND name = ? ORDER BY seq
"""

EVENT_SEQS = """
SELECT seq FROM history WHERE user = ? AND name = ? AND kind = 1 AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENTS = """
SELECT seq, at, data, id, meta FROM history WHERE user = ? AND name = ? AND kind = 1 AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENT_TEXTS = """
SELECT seq, data FROM history WHERE user = ? AND name = ? AND kind = 1 AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENT_AT = "SELECT seq, at, data, id, meta, name, user FROM history WHERE seq = ?"
EVENT_IDS = "SELECT h.id, h.seq FROM json_each(?) j CROSS JOIN history h ON h.id = j.value"
# A walk from name to name through the index: a user has few names, and may have many events.
USER_EVENT_NAMES = """
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = ?1 AND kind = 1)
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = ?1 AND kind = 1 AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
) SELECT name FROM seen WHERE name IS NOT NULL
"""

PROFILE = "SELECT seq, profile FROM profiles WHERE user = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"

INBOX = "SELECT id, at, kind, body FROM inbox ORDER BY id LIMIT ?"

NAME_ID = "SELECT id FROM names WHERE text = ?"
NAME_TEXT = "SELECT text FROM names WHERE id = ?"

ADD_NAME = "INSERT INTO names (id, text) VALUES (?, ?)"
ADD_CODE = "INSERT INTO codes (id, workflow, hash, file, source, at) VALUES (?, ?, ?, ?, ?, ?)"
ADD_HISTORY = "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_USER = "INSERT INTO users VALUES (?, ?)"
ADD_JOURNEY = "INSERT INTO journeys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_WAIT = "INSERT INTO waits VALUES (?, ?, ?, ?, ?, ?)"
SET_JOURNEY = """
UPDATE journeys SET status = ?, pass = ?, pass_seq = ?, trigger = ?, still = ?, note = ? WHERE id = ?
"""
SET_DUE = "UPDATE waits SET due = ? WHERE id = ?"
END_META = "DELETE FROM meta WHERE key = ?"
END_WAIT = "DELETE FROM waits WHERE id = ?"
ADD_PROFILE = "INSERT OR REPLACE INTO profiles (user, seq, profile) VALUES (?, ?, ?)"
ADD_TOTAL = """
INSERT INTO totals (workflow, kind, n) VALUES (?, ?, ?)
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""
SET_META = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
END_INBOX = "DELETE FROM inbox WHERE id = ?"
ADD_ANSWER = "INSERT OR REPLACE INTO answers (id, at, body) VALUES (?, ?, ?)"
END_ANSWERS = "DELETE FROM answers WHERE at < ?"


class Changes:
    """All that one batch will write."""

    def __init__(self) -> None:
        self.names: list[Row] = []
        self.users: list[Row] = []
        self.codes: list[Row] = []
        self.history: list[Row] = []
        self.journeys: list[Row] = []
        self.journey_updates: list[Row] = []
        self.waits: list[Row] = []
        self.ended_waits: list[Row] = []
        self.parked: list[Row] = []
        self.profiles: list[Row] = []
        self.totals: list[Row] = []
        self.places: list[Row] = []
        self.meta: list[Row] = []
        self.ended_meta: list[Row] = []
        self.inbox: list[Row] = []
        """Ids of the rows that were taken."""
        self.answers: list[Row] = []

    def statements(self) -> Iterable[tuple[str, list[Row]]]:
        """Each statement with its rows, in an order that every reader may see."""
        yield ADD_NAME, self.names
        yield from _several(ADD_USER, self.users)
        yield ADD_CODE, self.codes
        yield from _several(ADD_HISTORY, self.history)
        yield from _several(ADD_JOURNEY, self.journeys)
        yield SET_JOURNEY, self.journey_updates
        yield END_WAIT, self.ended_waits
        yield from _several(ADD_WAIT, self.waits)
        yield SET_DUE, self.parked
        yield ADD_PROFILE, self.profiles
        yield ADD_TOTAL, self.totals
        yield ADD_PLACE, self.places
        yield SET_META, self.meta
        yield END_META, self.ended_meta
        yield END_INBOX, self.inbox
        yield ADD_ANSWER, self.answers


def _several(insert: str, rows: list[Row]) -> Iterable[tuple[str, list[Row]]]:
    """Rows that one statement takes several of, a fifth faster than one by one; then what is left."""
    whole = len(rows) // AT_ONCE * AT_ONCE
    if whole:
        values = list(chain.from_iterable(rows[:whole]))
        width = AT_ONCE * len(rows[0])
        yield many_rows(insert), [tuple(values[at : at + width]) for at in range(0, len(values), width)]
    yield insert, rows[whole:]


@cache
def many_rows(insert: str) -> str:
    """An INSERT of one row as one of `AT_ONCE` rows."""
    head, values, row = insert.partition("VALUES ")
    return head + values + ", ".join([row] * AT_ONCE)


class Store:
    """The engine's own connection.

    Raises:
        StoreError: on opening, when the file is no store of this version or cannot be used.
    """

    def __init__(self, path: str | Path, durability: Durability = "full") -> None:
        self._use(Path(path), open_database(Path(path), durability))

    def _use(self, path: Path, con: sqlite3.Connection) -> None:
        self.path = path
        self._con = con
        self.salt = self.meta("salt") or ""
        # After a rewind the numbers of what was cut off are not given out again.
        self.next_seq = max(self._next("SELECT max(seq) FROM history"), int(self.meta("next_seq") or 0))
        self.next_user = self._next("SELECT max(id) FROM users")
        self.next_journey = self._next("SELECT max(id) FROM journeys")
        self.next_name = self._next("SELECT max(id) FROM names")
        self.last_at: int = int(self.meta("last_at") or 0)
        """The moment that the engine had come to."""
        self.known_names: dict[str, int] = {}
        """Numbers of names, by their texts; a batch looks here first."""
        self._texts: dict[int, str] = {}

    def close(self) -> None:
        """Fold the write-ahead log into the file and let it go."""
        self.truncate_wal()
        self._con.close()

    def abandon(self) -> None:
        """Let go without tidying up."""
        self._con.close()

    # -- reading ---------------------------------------------------------------------------

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a statement. Nothing stays open: an open cursor lets the log grow without end."""
        try:
            return self._con.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def many(self, statement: str, keys: Sequence[Any]) -> list[Row]:
        """All rows of a statement that takes its keys as one JSON array."""
        return self.rows(statement, json.dumps(keys)) if keys else []

    def meta(self, key: str) -> str | None:
        """A value of the `meta` table."""
        rows = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def next_due(self) -> int | None:
        """The nearest deadline, milliseconds since 1970, UTC."""
        rows = self.rows(NEXT_DUE)
        return rows[0][0] if rows else None

    def count_due(self, until: int) -> int:
        """How many deadlines there are up to a moment."""
        return int(self.rows(COUNT_DUE, until)[0][0])

    def version(self) -> int:
        """Moves when another process has committed. Costs microseconds."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def _next(self, statement: str) -> int:
        return (self.rows(statement)[0][0] or 0) + 1

    # -- names -----------------------------------------------------------------------------

    def name_id(self, text: str, changes: Changes) -> int:
        """The number of a name; a new one is written with the batch."""
        found = self.known_names.get(text)
        if found is not None:
            return found
        rows = self.rows(NAME_ID, text)
        if rows:
            found = int(rows[0][0])
        else:
            found = self.next_name
            self.next_name += 1
            changes.names.append((found, text))
        self._remember(found, text)
        return found

    def find_name(self, text: str) -> int | None:
        """The number of a name that is there already."""
        rows = self.rows(NAME_ID, text)
        return int(rows[0][0]) if rows else None

    def name_text(self, id: int) -> str:
        """The text of a name."""
        found = self._texts.get(id)
        if found is None:
            found = str(self.rows(NAME_TEXT, id)[0][0])
            self._remember(id, found)
        return found

    def _remember(self, id: int, text: str) -> None:
        # Names given by ids of the author's own may be as many as there are users.
        if len(self.known_names) > 50_000:
            self.known_names.clear()
            self._texts.clear()
        self.known_names[text] = id
        self._texts[id] = text

    def reload(self) -> None:
        """Rows were taken away or replaced: begin anew with what is known of them."""
        self.known_names.clear()
        self._texts.clear()
        self.next_seq = max(
            self.next_seq, self._next("SELECT max(seq) FROM history"), int(self.meta("next_seq") or 0)
        )
        self.next_user = self._next("SELECT max(id) FROM users")
        self.next_journey = self._next("SELECT max(id) FROM journeys")
        self.next_name = self._next("SELECT max(id) FROM names")

    # -- writing ---------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do what goes beyond a batch: all of it, or nothing.

        Raises:
            StoreError: nothing was written.
        """
        con = self._con
        try:
            con.execute("BEGIN IMMEDIATE")
            yield con
            con.execute("COMMIT")
        except BaseException as error:
            if con.in_transaction:
                con.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """For what cannot run in a transaction: whole copies, attached files."""
        return self._con

    def begin(self) -> None:
        """Take the write lock."""
        try:
            self._con.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def release(self) -> None:
        """Give the write lock back; nothing was written."""
        self._con.execute("ROLLBACK")

    def write(self, changes: Changes) -> None:
        """Write a batch: all of it, or nothing.

        Raises:
            StoreFull: nothing was written, and later tries may succeed.
            StoreError: nothing was written.
        """
        con = self._con
        try:
            con.execute("BEGIN IMMEDIATE")
            for statement, rows in changes.statements():
                if rows:
                    con.executemany(statement, rows)
            if changes.answers:
                con.execute(END_ANSWERS, (changes.answers[-1][1] - 60_000,))
            con.execute("COMMIT")
        except BaseException as error:
            self.forget(changes)
            # A full disk may have rolled the transaction back already.
            if con.in_transaction:
                con.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    def forget(self, changes: Changes) -> None:
        """Take back the names that a batch would have added."""
        for id, text in changes.names:
            self.known_names.pop(text, None)
            self._texts.pop(id, None)

    def truncate_wal(self) -> None:
        """Give the log's space back; readers that are still in it make this do less."""
        try:
            self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            # Busy or full: the next idle moment tries again, and nothing depends on it.
            if not isinstance(translate(error, self.path), StoreError):
                raise


def open_database(path: Path, durability: Durability = "full") -> sqlite3.Connection:
    """Open or make a store for writing.

    Raises:
        StoreError: it is no database, was made by a newer version, or cannot be written.
    """
    if path.is_dir():
        raise StoreError("it is a folder", where=str(path), fix="Name a file: --store data/studio.db")
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreReadOnly(
            "the store cannot be written", where=str(path), fix="Give yourself the right to write it."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnly(f"its folder cannot be made: {error.strerror}", where=str(path)) from error
    con: sqlite3.Connection | None = None
    try:
        con = sqlite3.connect(path, isolation_level=None, timeout=BUSY, cached_statements=256)
        known = check_version(con, path)
        _use_wal(con)
        con.execute(f"PRAGMA synchronous = {durability.upper()}")
        con.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        con.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        con.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if known < VERSION:
            migrate(con)
    except sqlite3.Error as error:
        if con is not None:
            con.close()
        raise translate(error, path) from error
    except StoreError:
        if con is not None:
            con.close()
        raise
    return con


def _use_wal(con: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. Another process may be doing the same to a new file."""
    end = time.monotonic() + BUSY
    while True:
        try:
            con.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            # This one statement does not wait for a lock by itself (sqlite.org/c3ref/busy_handler.html).
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.005)


def migrate(con: sqlite3.Connection) -> None:
    """Bring the tables up to this version, and give a new store its salt."""
    import sqlite_utils

    from studio.store.migrations import migrations

    database = sqlite_utils.Database(con)
    # Two processes may make a store at the same moment: the second waits here, and finds it made.
    con.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(database)
        con.execute(
            "INSERT INTO meta (key, value) VALUES ('salt', ?) ON CONFLICT DO NOTHING", (secrets.token_hex(8),)
        )
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


def temporary_store() -> Path:
    """A file for ":memory:": readers in other threads need one; it goes when the engine stops."""
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    handle, name = tempfile.mkstemp(prefix="journey-studio-", suffix=".db", dir=folder)
    os.close(handle)
    return Path(name)


def remove_store(path: Path) -> None:
    """Delete a store with what lies beside it."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
