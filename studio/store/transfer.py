"""The history as JSON lines, out of a store and into another.

The first line says what it is and which store it comes from; then come the versions of the
workflows' source, then the entries in order. Nothing derived is in it: that follows from the
entries, as `rebuild.py` knows. In an empty store entries keep their numbers, and the store takes over
the salt and the clock: so what waits there comes to the very same. Elsewhere the numbers are shifted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio import jsontext
from studio.errors import StoreError
from studio.store.connect import connect_reader, require_history, translate
from studio.store.lock import alone_on
from studio.store.rebuild import COLUMNS, derive
from studio.store.schema import KIND_TEXT, LEVEL_OF, Kind
from studio.store.snapshots import reserve
from studio.store.sqlite import ADD_CODE, ADD_HISTORY, ADD_NAME, ADD_USER, SET_META, open_database
from studio.store.undone import forget_undone

FORMAT = 1
PAGE = 1_000
Line = dict[str, Any]

FIELDS = "h.seq, h.at, h.kind, u.name, h.journey, h.pass, e.text, h.n, p.text, h.cause, h.code, h.late, h.id"
JOINS = """
LEFT JOIN users u ON u.id = h.user LEFT JOIN names e ON e.id = h.name LEFT JOIN names p ON p.id = h.place
"""
ALL = f"SELECT {FIELDS}, h.data, h.meta FROM history h {JOINS} WHERE h.seq > ? ORDER BY h.seq LIMIT ?"
# Of an event that another user's journey sent, or that went to another, only the user's own side.
OF_USER = f"""
SELECT {FIELDS}, h.data, h.meta, h.user, o.user FROM (
    SELECT m.seq FROM journeys j CROSS JOIN history m INDEXED BY history_journeys ON m.journey = j.id
    WHERE j.user = :user
    UNION SELECT seq FROM history WHERE user = :user AND kind = 1
) s CROSS JOIN history h ON h.seq = s.seq {JOINS} LEFT JOIN journeys o ON o.id = h.journey
ORDER BY h.seq
"""
NAMES = (
    "seq", "at", "kind", "user", "journey", "pass", "name", "n", "place", "cause", "code", "late", "id",
)  # fmt: skip
CODES = "SELECT id, workflow, hash, file, source, at FROM codes ORDER BY id"
CODE_NAMES = ("id", "workflow", "hash", "file", "source", "at")
SEQ_FIELDS = ("trigger", "bound", "after", "first")
"""Where the data of waits and passes names other entries."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came into a store."""

    entries: int
    users: int
    journeys: int
    same_salt: bool
    """What is drawn by chance in open passes comes out as where they come from."""


# -- out -----------------------------------------------------------------------------------


def export(path: Path, user: str | None = None) -> Iterator[Line]:
    """The history of a store, or of one user, line by line. Safe beside a running engine.

    Raises:
        StoreError: there is no such user, or the store cannot be read.
    """
    con = connect_reader(path)
    try:
        require_history(con, path)
        con.execute("BEGIN")
        id = None
        if user is not None:
            row = con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
            if row is None:
                raise StoreError(
                    f"there is no user {user!r}", where=str(path), fix="journey-studio users lists them."
                )
            id = int(row[0])
        meta = dict(con.execute("SELECT key, value FROM meta WHERE key IN ('salt', 'clock', 'last_at')"))
        yield {
            "journey-studio": FORMAT,
            "user": user,
            "salt": meta.get("salt", ""),
            "clock": json.loads(meta.get("clock") or "{}"),
            "last_at": int(meta.get("last_at") or 0),
        }
        for row in con.execute(CODES).fetchall():
            yield {"code": dict(zip(CODE_NAMES, row, strict=True))}
        yield from _all(con) if id is None else _of(con, id)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def _all(con: sqlite3.Connection) -> Iterator[Line]:
    after = 0
    while rows := con.execute(ALL, (after, PAGE)).fetchall():
        for row in rows:
            yield _line(row)
        after = rows[-1][0]


def _of(con: sqlite3.Connection, user: int) -> Iterator[Line]:
    for *row, owner, sender in con.execute(OF_USER, {"user": user}).fetchall():
        line = _line(row)
        if sender is not None and sender != user:
            for name in ("journey", "pass", "n", "place", "cause", "code"):
                line.pop(name, None)
        elif owner != user:
            for name in ("user", "id", "data", "meta"):
                line.pop(name, None)
        yield line


def _line(row: Any) -> Line:
    *values, data, meta = row
    line = {name: value for name, value in zip(NAMES, values, strict=True) if value is not None}
    line["what"] = KIND_TEXT.get(line["kind"], "")
    for name, text in (("data", data), ("meta", meta)):
        if text is not None:
            line |= _told(name, text, plain=line["kind"] in LEVEL_OF)
    return line


def _told(name: str, text: str, *, plain: bool) -> Line:
    """JSON as JSON where it reads back as the very same text; else as text."""
    if not plain:
        try:
            value = jsontext.loads(text)
            if jsontext.dumps(value) == text:
                return {name: value}
        except jsontext.NotJson:
            return {f"{name}_text": text}
    return {f"{name}_text": text}


# -- in ------------------------------------------------------------------------------------


def take_in(path: Path, lines: Iterable[bytes], name: str) -> Imported:
    """Add an exported history to a store, which is made when missing: all of it, or nothing.

    Args:
        name: of the file, for errors.

    Raises:
        StoreLocked: an engine runs on the store.
        StoreError: the file is no export or is damaged, says where; or one of its users is there already.
    """
    there = path.exists()
    con = open_database(path)
    try:
        with alone_on(path):
            con.execute("BEGIN IMMEDIATE")
            found = _Intake(con, path, name).take(lines)
            con.execute("COMMIT")
            return found
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        if con.in_transaction:
            con.execute("ROLLBACK")
        con.close()
        if not there and _is_empty(path):
            for suffix in ("", "-wal", "-shm", ".lock"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)


def _is_empty(path: Path) -> bool:
    con = connect_reader(path)
    try:
        return con.execute("SELECT 1 FROM history LIMIT 1").fetchone() is None
    finally:
        con.close()


_NO_EXPORT = (ValueError, KeyError, TypeError, AttributeError, OverflowError, sqlite3.IntegrityError)


class _Intake:
    """Takes one file in, inside a transaction of the caller."""

    def __init__(self, con: sqlite3.Connection, path: Path, name: str) -> None:
        self._con = con
        self._path = path
        self._name = name
        self._names: dict[str, int] = {}
        self._users: dict[str, int] = {}
        self._codes: dict[int, int] = {}
        self._journeys: set[int] = set()
        self._ids: set[str] = set()
        self._shift = self._journey_shift = self._last = 0
        self._last_at = 0

    def take(self, lines: Iterable[bytes]) -> Imported:
        entries, number, head = 0, 0, None
        rows: list[tuple[Any, ...]] = []
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
                if head is None:
                    head = self._begin(line)
                elif "code" in line and "seq" not in line:
                    self._code(line["code"])
                else:
                    rows.append(self._row(line))
                    entries += 1
            except _NO_EXPORT as error:
                raise StoreError(
                    f"the line is no part of an export ({type(error).__name__}: {error})",
                    where=f"{self._name}:{number}",
                    fix="journey-studio export writes such files; an event file is for play.",
                ) from error
            if len(rows) >= PAGE:
                self._con.executemany(ADD_HISTORY, rows)
                rows.clear()
        if head is None:
            raise StoreError("there is nothing in it", where=self._name)
        try:
            self._con.executemany(ADD_HISTORY, rows)
            self._finish()
        except _NO_EXPORT as error:
            raise StoreError(
                f"its entries make no history ({type(error).__name__}: {error})", where=self._name
            ) from error
        salt = self._con.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()
        same = salt is not None and salt[0] == head["salt"]
        return Imported(entries, len(self._users), len(self._journeys), same)

    def _begin(self, head: Line) -> Line:
        if head["journey-studio"] != FORMAT:
            raise ValueError(f"format {head['journey-studio']!r}, this version reads {FORMAT}")
        (last,) = self._con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
        (users,) = self._con.execute("SELECT count(*) FROM users").fetchone()
        next_seq = self._con.execute("SELECT value FROM meta WHERE key = 'next_seq'").fetchone()
        self._shift = max(last, int(next_seq[0]) - 1 if next_seq else 0)
        (self._journey_shift,) = self._con.execute("SELECT coalesce(max(id), 0) FROM journeys").fetchone()
        if not self._shift and not users:
            for key, value in (("salt", head["salt"]), ("clock", json.dumps(head["clock"]))):
                self._con.execute(SET_META, (key, value))
            self._last_at = int(head["last_at"])
        return head

    def _code(self, code: Line) -> None:
        id, workflow, hash, *rest = (code[name] for name in CODE_NAMES)
        row = self._con.execute(
            "SELECT id FROM codes WHERE workflow = ? AND hash = ?", (workflow, hash)
        ).fetchone()
        if row is None:
            (own,) = self._con.execute("SELECT coalesce(max(id), 0) + 1 FROM codes").fetchone()
            self._con.execute(ADD_CODE, (own, workflow, hash, *rest))
            row = (own,)
        self._codes[id] = int(row[0])

    def _row(self, line: Line) -> tuple[Any, ...]:
        seq, kind = int(line["seq"]), int(line["kind"])
        if seq + self._shift <= self._last:
            raise ValueError("entries are not in order")
        self._last = seq + self._shift
        self._last_at = max(self._last_at, line["at"] + line.get("late", 0))
        user = self._user(line["user"]) if "user" in line else None
        journey = line.get("journey")
        if journey is not None:
            journey += self._journey_shift
            self._journeys.add(journey)
        if (id := line.get("id")) is not None:
            self._new_id(id)
        code = line.get("code")
        return (
            self._last,
            int(line["at"]),
            kind,
            user,
            journey,
            line.get("pass"),
            self._named(line.get("name")),
            line.get("n"),
            self._named(line.get("place")),
            line["cause"] + self._shift if "cause" in line else None,
            self._codes[code] if code is not None else None,
            line.get("late"),
            id,
            self._text("data", line, kind),
            self._text("meta", line, kind),
        )

    def _text(self, name: str, line: Line, kind: int) -> str | None:
        if f"{name}_text" in line:
            text = str(line[f"{name}_text"])
            text.encode()
            return text
        if name not in line:
            return None
        value = line[name]
        if self._shift and name == "data" and isinstance(value, dict):
            value = self._shifted(value, kind)
        return jsontext.dumps(value)

    def _shifted(self, facts: Line, kind: int) -> Line:
        if Kind.WAIT_OPENED <= kind <= Kind.SLEEP_CLOSED or kind in (Kind.STARTED, Kind.PASS):
            moved = {key: facts[key] + self._shift for key in SEQ_FIELDS if isinstance(facts.get(key), int)}
            return {**facts, **moved}
        if kind == Kind.MOVED and "waits" in facts:
            waits = {str(int(seq) + self._shift): what for seq, what in facts["waits"].items()}
            return {**facts, "waits": waits}
        return facts

    def _user(self, name: str) -> int:
        if name not in self._users:
            if self._con.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
                raise StoreError(
                    f"the user {name!r} is there already",
                    where=str(self._path),
                    fix="Import into another store, or erase the user first.",
                )
            (id,) = self._con.execute("SELECT coalesce(max(id), 0) + 1 FROM users").fetchone()
            self._con.execute(ADD_USER, (id, name))
            self._users[name] = int(id)
        return self._users[name]

    def _named(self, text: str | None) -> int | None:
        if text is None:
            return None
        if text not in self._names:
            row = self._con.execute("SELECT id FROM names WHERE text = ?", (text,)).fetchone()
            if row is None:
                row = self._con.execute("SELECT coalesce(max(id), 0) + 1 FROM names").fetchone()
                self._con.execute(ADD_NAME, (row[0], text))
            self._names[text] = int(row[0])
        return self._names[text]

    def _new_id(self, id: str) -> None:
        if id in self._ids or self._con.execute("SELECT 1 FROM history WHERE id = ?", (id,)).fetchone():
            raise StoreError(
                f"an event with the id {id!r} is there already",
                where=str(self._path),
                fix="Import into another store.",
            )
        self._ids.add(id)

    def _finish(self) -> None:
        con = self._con
        reserve(con, self._last)
        row = con.execute("SELECT value FROM meta WHERE key = 'last_at'").fetchone()
        con.execute(SET_META, ("last_at", str(max(self._last_at, int(row[0]) if row else 0))))
        forget_undone(con)
        for table in COLUMNS:
            con.execute(f"DELETE FROM {table}")
        pages: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        for table, derived in derive(con):
            pages[table].append(derived)
            if len(pages[table]) >= PAGE:
                self._write(table, pages[table])
        for table, rest in pages.items():
            self._write(table, rest)

    def _write(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(COLUMNS[table].split(", ")))
        self._con.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", rows)
        rows.clear()
