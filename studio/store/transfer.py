"""The history as JSON lines, out of a store and into another.

The first line says what it is and which store it comes from; then come the versions of the
workflows' source, then the entries in order. Nothing derived is in it: that follows from the
entries, as `rebuild.py` knows. In an empty store entries keep their numbers, and the store takes over
the salt and the clock: so what waits there comes to the very same. Elsewhere the numbers are shifted.
Events that were refused and are kept aside come last; they are no history, and go along with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StoreError
from studio.kernel.entry_numbers import renumbered
from studio.language.journey_ids import bounds_of, joined_bounds
from studio.language.kinds import KIND_TEXT, LEVEL_OF, Kind
from studio.store.capabilities import declared_by
from studio.store.changes import ADD_CODE, ADD_HISTORY, ADD_NAME, ADD_USER
from studio.store.checksums import add_checksums
from studio.store.connect import connect_reader, require_history, translate
from studio.store.damage import read_fields, read_number
from studio.store.database import open_database
from studio.store.lock import alone_on
from studio.store.meta import SET_META
from studio.store.rebuild import COLUMNS, derive
from studio.store.refused import ABOUT, Refusal, add_refused, bodies, concerns, left_aside
from studio.store.schema import ESCAPED_IDS, IS_MARK, SEED, SEED_OF
from studio.store.snapshots import reserve
from studio.store.undone import forget_undone
from studio.text import json_text as jsontext
from studio.text.source_code import error_text

FORMAT = 1
PAGE = 1_000
NOBODY = -1
"""No number of a user."""
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
    UNION SELECT seq FROM history WHERE user = :user AND kind = {Kind.EVENT}
    UNION SELECT seq FROM history x WHERE x.user = :user AND x.{IS_MARK} AND x.journey IS NULL
) s CROSS JOIN history h ON h.seq = s.seq {JOINS} LEFT JOIN journeys o ON o.id = h.journey
ORDER BY h.seq
"""
NAMES = (
    "seq", "at", "kind", "user", "journey", "pass", "name", "n", "place", "cause", "code", "late", "id",
)  # fmt: skip
HAS_ID = "SELECT 1 FROM history WHERE id = ? AND seq <= ?"
CODES = "SELECT id, workflow, hash, file, source, at FROM codes ORDER BY id"
CODE_NAMES = ("id", "workflow", "hash", "file", "source", "at")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came into a store."""

    entries: int
    users: int
    journeys: int
    refused: int
    """Events that could not be taken where they come from, and are kept aside here as well."""
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
            if row is None and not any(_refused(con, user)):
                raise StoreError(
                    f"there is no user {user!r}",
                    where=str(path),
                    fix="Look how the user is written.",
                    advice="list users",
                )
            id = int(row[0]) if row is not None else NOBODY
        meta = dict(
            con.execute(
                "SELECT key, value FROM meta WHERE key IN ('salt', 'seed', 'clock', 'last_at', ?)",
                (ESCAPED_IDS,),
            )
        )
        yield {
            "journey-studio": FORMAT,
            "user": user,
            "salt": meta.get("salt", ""),
            "seed": meta.get("seed"),
            "clock": read_fields(meta.get("clock"), "its clock"),
            "last_at": read_number(meta.get("last_at"), "its clock"),
            ESCAPED_IDS: bounds_of(meta.get(ESCAPED_IDS)),
        }
        for row in con.execute(CODES).fetchall():
            yield {"code": dict(zip(CODE_NAMES, row, strict=True))}
        yield from _all(con) if id is None else _of(con, id)
        yield from _refused(con, user)
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


def _refused(con: sqlite3.Connection, user: str | None) -> Iterator[Line]:
    for number, subject, body in bodies(con):
        if user is None or concerns(user, (), subject, body):
            at, event, reason = con.execute(ABOUT, (number,)).fetchone()
            yield {"refused": {"at": at, "user": subject, "event": event, "reason": reason, "body": body}}


def _line(row: Any) -> Line:
    *values, data, meta = row
    line = {name: value for name, value in zip(NAMES, values, strict=True) if value is not None}
    line["what"] = KIND_TEXT.get(line["kind"], "")
    for name, text in (("data", data), ("meta", meta)):
        if text is not None:
            line |= _json_line(name, text, plain=line["kind"] in LEVEL_OF)
    return line


def _json_line(name: str, text: str, *, plain: bool) -> Line:
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
            declared_by(con).require("import", path)
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
        return con.execute("SELECT 1 FROM history LIMIT 1").fetchone() is None and not left_aside(con).kept
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
        self._ids: set[tuple[str, int | None]] = set()
        self._shift = self._journey_shift = self._last = 0
        self._last_at = self._refused = 0
        self._their_bounds: tuple[int, ...] = ()

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
                elif "refused" in line and "seq" not in line:
                    self._keep_aside(line["refused"])
                else:
                    rows.append(self._row(line))
                    entries += 1
            except _NO_EXPORT as error:
                raise StoreError(
                    f"the line is not part of an export ({error_text(error)})",
                    where=f"{self._name}:{number}",
                    fix="An event file is not an export.",
                    advice="export",
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
                f"its entries make no history ({error_text(error)})", where=self._name
            ) from error
        seed = self._con.execute(SEED_OF).fetchone()
        same = seed is not None and seed[0] == (head.get("seed") or head["salt"])
        return Imported(entries, len(self._users), len(self._journeys), self._refused, same)

    def _begin(self, head: Line) -> Line:
        if head["journey-studio"] != FORMAT:
            raise ValueError(f"format {head['journey-studio']!r}, this version reads {FORMAT}")
        (last,) = self._con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
        (users,) = self._con.execute("SELECT count(*) FROM users").fetchone()
        next_seq = self._con.execute("SELECT value FROM meta WHERE key = 'next_seq'").fetchone()
        self._shift = max(last, int(next_seq[0]) - 1 if next_seq else 0)
        (journeys,) = self._con.execute("SELECT coalesce(max(id), 0) FROM journeys").fetchone()
        # No number of before is given out again: it says how the journey's id is written.
        self._journey_shift = max(journeys, self._bounds()[-1] - 1)
        # Of a store of 0.1.0 nothing is said: none of its ids is escaped.
        self._their_bounds = tuple(int(bound) for bound in head.get(ESCAPED_IDS, ()))
        if not self._shift and not users:
            for key, value in (("salt", head["salt"]), ("clock", json.dumps(head["clock"]))):
                self._con.execute(SET_META, (key, value))
            if head.get("seed") is not None:
                self._con.execute(SET_META, (SEED, str(head["seed"])))
            self._last_at = int(head["last_at"])
        return head

    def _bounds(self) -> tuple[int, ...]:
        return bounds_of(
            self._con.execute("SELECT value FROM meta WHERE key = ?", (ESCAPED_IDS,)).fetchone()[0]
        )

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

    def _keep_aside(self, line: Line) -> None:
        texts = [line[name] for name in ("body", "reason", "user", "event")]
        if not all(isinstance(text, str) for text in texts[:2]):
            raise ValueError("a refused event needs body and reason")
        add_refused(self._con, [(int(line["at"]), Refusal(*texts))])
        self._refused += 1

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
            self._new_id(id, user)
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
            value = renumbered(value, kind, lambda seq: seq + self._shift)
        return jsontext.dumps(value)

    def _user(self, name: str) -> int:
        if name not in self._users:
            if self._con.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
                raise StoreError(
                    f"the user {name!r} already exists",
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

    def _new_id(self, id: str, user: int | None) -> None:
        # Once for each user where they come from another driver, and once in a store of an engine's own.
        if (id, user) in self._ids or self._con.execute(HAS_ID, (id, self._shift)).fetchone():
            raise StoreError(
                f"an event with the id {id!r} already exists",
                where=str(self._path),
                fix="Import into another store.",
            )
        self._ids.add((id, user))

    def _finish(self) -> None:
        con = self._con
        add_checksums(con, self._shift + 1, self._last)
        reserve(con, self._last)
        first = self._journey_shift + 1
        count = max(self._journeys, default=self._journey_shift) - self._journey_shift
        bounds = joined_bounds(self._bounds(), self._their_bounds, first, count)
        con.execute(SET_META, (ESCAPED_IDS, json.dumps(bounds)))
        row = con.execute("SELECT value FROM meta WHERE key = 'last_at'").fetchone()
        con.execute(SET_META, ("last_at", str(max(self._last_at, int(row[0]) if row else 0))))
        forget_undone(con)
        for table in COLUMNS:
            con.execute(f"DELETE FROM {table}")
        pages: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        for table, derived in derive(con, self._refuse):
            pages[table].append(derived)
            if len(pages[table]) >= PAGE:
                self._write(table, pages[table])
        for table, rest in pages.items():
            self._write(table, rest)

    def _refuse(self, seq: int) -> None:
        raise ValueError(f"entry {seq - self._shift} holds what no engine writes")

    def _write(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(COLUMNS[table].split(", ")))
        self._con.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", rows)
        rows.clear()
