"""A store written row by row, for tests of what reads it: no engine runs here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlite_utils

from studio.language.kinds import Kind, Status
from studio.store.line_statistics import OPENING
from studio.store.migrations import migrations
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS

START = 1_767_225_600_000
"""2026-01-01 00:00 UTC, milliseconds since 1970."""


class Builder:
    """Writes what an engine would have written. Moments are milliseconds after `START`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.con = sqlite3.connect(path, isolation_level=None)
        self.con.execute("PRAGMA journal_mode = WAL")
        migrations.apply(sqlite_utils.Database(self.con))
        self.con.execute("PRAGMA synchronous = OFF")
        self.con.execute("BEGIN")
        self._names: dict[str, int] = {}
        self._users: dict[str, int] = {}
        self._profiles: dict[int, dict[str, Any]] = {}
        self.seq = 0

    def name(self, text: str) -> int:
        if text not in self._names:
            self._names[text] = len(self._names) + 1
            self.con.execute("INSERT INTO names VALUES (?, ?)", (self._names[text], text))
        return self._names[text]

    def user(self, name: str) -> int:
        if name not in self._users:
            self._users[name] = len(self._users) + 1
            self.con.execute("INSERT INTO users VALUES (?, ?)", (self._users[name], name))
        return self._users[name]

    def entry(
        self,
        kind: int,
        at: int,
        *,
        user: str | None = None,
        journey: int | None = None,
        name: str | None = None,
        n: int | None = None,
        place: str | None = None,
        cause: int | None = None,
        data: Any = None,
        text: str | None = None,
        meta: Any = None,
        late: int | None = None,
        id: str | None = None,
    ) -> int:
        """Append to the history; gives its seq."""
        self.seq += 1
        owner = pass_number = None
        if journey is not None:
            owner, pass_number = self.con.execute(
                "SELECT user, pass FROM journeys WHERE id = ?", (journey,)
            ).fetchone()
        self.con.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)",
            (
                self.seq,
                START + at,
                kind,
                self.user(user) if user is not None else owner,
                journey,
                pass_number,
                None if name is None else self.name(name),
                n,
                None if place is None else self.name(place),
                cause,
                late,
                id,
                text
                if text is not None
                else None
                if data is None
                else json.dumps(data, separators=(",", ":")),
                None if meta is None else json.dumps(meta),
            ),
        )
        return self.seq

    def event(self, name: str, user: str, at: int = 0, data: Any = None, **more: Any) -> int:
        """An event from outside, or of a journey."""
        seq = self.entry(Kind.EVENT, at, user=user, name=name, data=data or {}, **more)
        user_id = self.user(user)
        known = self._profiles.get(user_id, {})
        email = (data or {}).get("email")
        if email and "email" not in known:
            self._profiles[user_id] = known | {"email": email}
            text = json.dumps(self._profiles[user_id], separators=(",", ":"))
            self.con.execute("INSERT INTO profiles VALUES (?, ?, ?)", (user_id, seq, text))
        return seq

    def journey(
        self,
        workflow: str,
        user: str,
        trigger: int,
        at: int = 0,
        *,
        key: Any = None,
        n: int = 1,
        status: int = Status.WAITING,
    ) -> int:
        """A journey that an event began."""
        key_text = "" if key is None else json.dumps(key)
        (id,) = self.con.execute("SELECT ifnull(max(id), 0) + 1 FROM journeys").fetchone()
        values = (
            id,
            self.user(user),
            self.name(workflow),
            key_text,
            n,
            status,
            1,
            self.seq + 1,
            trigger,
            trigger,
            0,
        )
        self.con.execute(f"INSERT INTO journeys VALUES ({', '.join('?' * 11)}, NULL)", values)
        data = {"key": key} if key is not None else {}
        if n > 1:
            data["n"] = n
        self.entry(Kind.STARTED, at, journey=id, name=workflow, cause=trigger, data=data or None)
        return int(id)

    def wait(
        self,
        journey: int,
        event: str,
        at: int = 0,
        timeout: int | None = None,
        *,
        kind: int = Kind.WAIT_OPENED,
        n: int = 0,
        place: str = "welcome.py:7",
        **data: Any,
    ) -> int:
        """An open wait, sleep (event "") or step."""
        if timeout is not None:
            data["duration" if kind == Kind.SLEEP_OPENED else "timeout"] = timeout
        seq = self.entry(kind, at, journey=journey, name=event or None, n=n, place=place, data=data or None)
        waited = None if kind != Kind.WAIT_OPENED else 0 if "events" in data else self.name(event)
        due = None if timeout is None else START + at + timeout
        self.con.execute(
            "INSERT INTO waits SELECT ?, id, user, ?, ?, ? FROM journeys WHERE id = ?",
            (seq, kind, waited, due, journey),
        )
        return seq

    def match(self, journey: int, wait: int, cause: int, at: int) -> int:
        """An event ends a wait."""
        event, n = self.con.execute(
            "SELECT e.text, h.n FROM history h JOIN names e ON e.id = h.name WHERE h.seq = ?", (wait,)
        ).fetchone()
        self.con.execute("DELETE FROM waits WHERE id = ?", (wait,))
        return self.entry(Kind.WAIT_MATCHED, at, journey=journey, name=event, n=n, cause=cause)

    def log(
        self, journey: int, message: str, at: int = 0, kind: int = Kind.LOG, place: str = "welcome.py:9"
    ) -> int:
        """What a journey said."""
        if kind == Kind.NOTE:
            self.con.execute("UPDATE journeys SET note = ? WHERE id = ?", (message, journey))
        return self.entry(kind, at, journey=journey, text=message, place=place)

    def end(self, journey: int, kind: int, status: int, at: int = 0, data: Any = None) -> int:
        """A journey ends; so do its waits."""
        self.con.execute("DELETE FROM waits WHERE journey = ?", (journey,))
        self.con.execute("UPDATE journeys SET status = ? WHERE id = ?", (status, journey))
        return self.entry(kind, at, journey=journey, data=data)

    def done(self) -> Path:
        """Count the totals, commit, close."""
        rows: list[tuple[int, int, int]] = []

        def count(statement: str) -> None:
            rows.extend(self.con.execute(statement).fetchall())

        history = "history h LEFT JOIN journeys j ON j.id = h.journey"
        count("SELECT 0, kind, count(*) FROM history GROUP BY kind")
        count(f"SELECT j.workflow, h.kind, count(*) FROM {history} WHERE h.journey IS NOT NULL GROUP BY 1, 2")
        count(f"SELECT 0, {TOTAL_USERS}, count(*) FROM users")
        count(f"SELECT 0, {TOTAL_WAITS}, count(*) FROM waits")
        waits = "waits w JOIN journeys j ON j.id = w.journey"
        count(f"SELECT j.workflow, {TOTAL_WAITS}, count(*) FROM {waits} GROUP BY 1")
        count(f"SELECT 0, {TOTAL_STATUS} + status, count(*) FROM journeys GROUP BY status")
        count(f"SELECT workflow, {TOTAL_STATUS} + status, count(*) FROM journeys GROUP BY 1, 2")
        self.con.executemany("INSERT INTO totals VALUES (?, ?, ?)", rows)
        opening = ", ".join(map(str, OPENING))
        ended, waiting = f"h.kind NOT IN ({opening})", "h.seq IN (SELECT id FROM waits)"
        for which in (ended, waiting):
            self.con.execute(
                "INSERT INTO places SELECT j.workflow, h.place, coalesce(h.name, 0), h.kind, count(*)"
                f" FROM {history} WHERE h.place IS NOT NULL AND h.journey IS NOT NULL AND {which}"
                " GROUP BY 1, 2, 3, 4"
            )
        self.con.execute("COMMIT")
        self.con.close()
        return self.path


HOSTILE = "\x1b[31mred\x1b]0;title\x07 [b]bold[/b] \u202eevil 名前\n\ttab"


def small(path: Path) -> Path:
    """Two users, three journeys: one waits, one failed, one sleeps; and text that bites."""
    b = Builder(path)
    signup = b.event("signup", "ada", 0, {"email": "ada@example.com"})
    welcome = b.journey("welcome", "ada", signup)
    opened = b.wait(welcome, "activated", 0, 7 * 86_400_000, match={"plan": "pro"})
    b.log(welcome, HOSTILE, 10)
    b.log(welcome, "careful", 11, Kind.LOG_WARNING)
    b.log(welcome, "second day", 12, Kind.NOTE)
    activated = b.event("activated", "ada", 2_000, {"plan": "pro"})
    b.match(welcome, opened, activated, 2_000)
    b.wait(welcome, "paid, left", 2_000, 60_000, events=["paid", "left"])
    other = b.event("cart/created", "bob/x~2", 3_000, {"cart_id": "c1"}, id="evt-1")
    cart = b.journey("cart", "bob/x~2", other, 3_000, key="c1")
    failure = {
        "type": "KeyError",
        "message": "'email'",
        "line": "cart.py:12",
        "source": "x",
        "traceback": "Traceback (most recent call last):\nKeyError: 'email'\n",
    }
    b.end(cart, Kind.FAILED, Status.FAILED, 3_000, failure)
    again = b.event("cart/created", "ada", 4_000, {"cart_id": 7})
    sleeping = b.journey("cart", "ada", again, 4_000, key=7, n=2)
    b.wait(sleeping, "", 4_000, 3_600_000, kind=Kind.SLEEP_OPENED)
    return b.done()


def many(path: Path, users: Iterable[str], events: int = 1) -> Path:
    """Users with events, and a waiting journey each."""
    b = Builder(path)
    for i, user in enumerate(users):
        for k in range(events):
            seq = b.event(f"e{k % 3}", user, i + k)
        journey = b.journey("welcome", user, seq, i)
        b.wait(journey, "activated", i, 1_000)
    return b.done()
