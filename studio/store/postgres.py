"""What a PostgreSQL sink asks of its database and writes there, each question with a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.errors import StoreError
from studio.store.postgres_schema import SCHEMA, VERSIONS

if TYPE_CHECKING:
    import psycopg

Row = Sequence[Any]

MIGRATIONS = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.migrations (
    version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()
)
"""
ADD_USERS = f"INSERT INTO {SCHEMA}.users (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
# In one order, so that two sinks wait for each other and do not stand in each other's way.
HOLD_USERS = f"SELECT name, next FROM {SCHEMA}.users WHERE name = ANY(%s) ORDER BY name FOR UPDATE"
DIGEST = f"SELECT digest FROM {SCHEMA}.turns WHERE user_name = %s AND first = %s"
FORGOTTEN = f"SELECT mark, begins FROM {SCHEMA}.forgotten WHERE mark = ANY(%s)"
DROP_NEW_USERS = f"DELETE FROM {SCHEMA}.users WHERE name = ANY(%s) AND next = 1"

ADD_TURN = f"INSERT INTO {SCHEMA}.turns VALUES (%s, %s, %s, %s)"
ADD_ENTRY = f"INSERT INTO {SCHEMA}.history VALUES ({', '.join(['%s'] * 17)})"
SET_USER = f"UPDATE {SCHEMA}.users SET next = %s, changed_at = coalesce(%s, changed_at) WHERE name = %s"
SET_PROFILE = f"UPDATE {SCHEMA}.users SET profile = %s WHERE name = %s"
SET_JOURNEY = f"""
INSERT INTO {SCHEMA}.journeys VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (user_name, number) DO UPDATE SET status = excluded.status, pass = excluded.pass,
    note = excluded.note, changed_at = excluded.changed_at
"""
JOURNEYS = f"""
SELECT j.user_name, j.number, j.id, j.workflow FROM {SCHEMA}.journeys j
JOIN unnest(%s::text[], %s::bigint[]) AS w (user_name, number) USING (user_name, number)
"""
ADD_WAIT = f"INSERT INTO {SCHEMA}.waits VALUES (%s, %s, %s, %s, %s, %s)"
END_WAIT = f"DELETE FROM {SCHEMA}.waits WHERE user_name = %s AND seq = %s"
SET_DUE = f"UPDATE {SCHEMA}.waits SET due_at = %s WHERE user_name = %s AND seq = %s"
ADD_REFUSED = f"INSERT INTO {SCHEMA}.refused_turns VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
ADD_CODE = f"INSERT INTO {SCHEMA}.codes VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
ADD_FORGOTTEN = f"""
INSERT INTO {SCHEMA}.forgotten VALUES (%s, %s) ON CONFLICT (mark) DO UPDATE SET begins = excluded.begins
"""
TO_NOBODY = f"UPDATE {SCHEMA}.history SET about = NULL, id = NULL, data = NULL WHERE about = %s"
FROM_NOBODY = f"UPDATE {SCHEMA}.history SET sent_by = NULL WHERE sent_by = %s"
OF_USER = ("history", "journeys", "waits", "turns", "refused_turns")


class JourneyName(NamedTuple):
    """What a journey is called."""

    id: str
    workflow: str


@dataclass(slots=True)
class TurnRows:
    """A turn as rows, in the order of their tables' columns."""

    user: str
    first: int
    next: int
    digest: str
    newest_at: datetime | None
    entries: list[Row]
    ended: list[int]
    """Waits that are over, by the entries that opened them."""
    waits: list[Row]
    moved: list[Row]
    """Waits with another deadline: due_at, user_name, seq."""
    journeys: list[Row]
    profile: str | None
    """What is known of the user from here on, JSON; None: the same as before."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """What an error of the database means to the person who started the sink.

    Raises:
        StoreError: nothing of what was under way is written.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL: {str(error).strip().partition(chr(10))[0]}", where=where) from error


def is_of_database(error: Exception) -> bool:
    """Whether it is the database's fault, and not that of what was to be written."""
    import psycopg

    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def connect_postgres(url: str, where: str) -> psycopg.Connection[Any]:
    """A connection to a database whose schema is up to date.

    Raises:
        StoreError: it cannot be reached, or a newer version made its schema.
    """
    import psycopg

    with translated(where):
        con = psycopg.connect(url, autocommit=True)
        try:
            _migrate(con, where)
        except BaseException:
            con.close()
            raise
    return con


def _migrate(con: psycopg.Connection[Any], where: str) -> None:
    with con.transaction():
        # Of two sinks that start at once, one does it; held to the end of the transaction.
        con.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        if con.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
            con.execute(f"CREATE SCHEMA {SCHEMA}")
        con.execute(MIGRATIONS)
        row = con.execute(f"SELECT coalesce(max(version), 0) FROM {SCHEMA}.migrations").fetchone()
        known = int(row[0]) if row is not None else 0
        if known > len(VERSIONS):
            raise StoreError(
                "the schema was made by a newer version of Journey Studio "
                f"(schema {known}, this one knows {len(VERSIONS)})",
                where=where,
                fix="Update Journey Studio.",
            )
        for version in range(known, len(VERSIONS)):
            con.execute(VERSIONS[version])
            con.execute(f"INSERT INTO {SCHEMA}.migrations (version) VALUES (%s)", (version + 1,))


class PostgresBatch:
    """One transaction of a sink; it holds the users whose turns it takes.

    Turns are written together at the end (`flush`), as most batches have none that is wrong; of one that has,
    nothing is kept (`forget`), and each is then written by itself.
    """

    def __init__(self, con: psycopg.Connection[Any], users: Iterable[str]) -> None:
        self._con = con
        names = sorted(set(users))
        self.forgotten = self._forgotten(names)
        held = [name for name in names if name not in self.forgotten or self.forgotten[name] is not None]
        con.execute(ADD_USERS, (held,))
        self._stored = dict(con.execute(HOLD_USERS, (held,)).fetchall())
        for name, begins in self.forgotten.items():
            if name in self._stored:
                self._stored[name] = max(self._stored[name], begins or 1)
        self.forget()

    def forget(self) -> None:
        """Begin anew, with what the database has."""
        self.next: dict[str, int] = dict(self._stored)
        """At which number the next turn of each begins."""
        self.named: dict[tuple[str, int], JourneyName] = {}
        """Journeys by user and number: those that were looked up or are written."""
        self._digests: dict[tuple[str, int], str] = {}
        self._turns: list[TurnRows] = []

    def _forgotten(self, users: list[str]) -> dict[str, int | None]:
        marks = {mark_of(user): user for user in users}
        return {
            marks[mark]: begins for mark, begins in self._con.execute(FORGOTTEN, (list(marks),)).fetchall()
        }

    def look_up_forgotten(self, users: Iterable[str]) -> None:
        """Know of these users, too, whether they were erased."""
        self.forgotten.update(self._forgotten([user for user in users if user not in self.forgotten]))

    def digest(self, user: str, first: int) -> str | None:
        """Of the turn of a user that begins at a number."""
        found = self._digests.get((user, first))
        if found is None:
            row = self._con.execute(DIGEST, (user, first)).fetchone()
            found = None if row is None else str(row[0])
        return found

    def look_up_journeys(self, wanted: set[tuple[str, int]]) -> None:
        """Know what these journeys are called, by user and number."""
        pairs = sorted(wanted)
        if pairs:
            users, numbers = [user for user, _ in pairs], [number for _, number in pairs]
            for user, number, id, workflow in self._con.execute(JOURNEYS, (users, numbers)).fetchall():
                self.named[(user, number)] = JourneyName(id, workflow)

    def add(self, rows: TurnRows) -> None:
        """Take a turn to those that are to be written."""
        self._turns.append(rows)
        self.next[rows.user] = rows.next
        self._digests[(rows.user, rows.first)] = rows.digest

    def flush(self) -> None:
        """Write what was added: all, or nothing, inside a savepoint."""
        turns, self._turns = self._turns, []
        users = {turn.user: turn for turn in turns}
        newest: dict[str, datetime] = {}
        for turn in turns:
            if turn.newest_at is not None:
                newest[turn.user] = max(turn.newest_at, newest.get(turn.user, turn.newest_at))
        written: tuple[tuple[str, list[Row]], ...] = (
            (ADD_TURN, [(turn.user, turn.first, turn.next, turn.digest) for turn in turns]),
            (ADD_ENTRY, [row for turn in turns for row in turn.entries]),
            (ADD_WAIT, [row for turn in turns for row in turn.waits]),
            (SET_DUE, [row for turn in turns for row in turn.moved]),
            (END_WAIT, [(turn.user, seq) for turn in turns for seq in turn.ended]),
            (SET_JOURNEY, [row for turn in turns for row in turn.journeys]),
            (SET_PROFILE, [(turn.profile, turn.user) for turn in turns if turn.profile is not None]),
            (SET_USER, [(turn.next, newest.get(user), user) for user, turn in users.items()]),
        )
        with self._con.transaction(), self._con.cursor() as cursor:
            for statement, rows in written:
                if rows:
                    cursor.executemany(statement, rows)

    def keep_aside(self, row: Row) -> None:
        """A turn that cannot be taken: digest, at, user, first, reason, body."""
        self._con.execute(ADD_REFUSED, row)

    def drop_new_users(self) -> None:
        """Who has no turn yet is not there."""
        self._con.execute(
            DROP_NEW_USERS, ([user for user, following in self.next.items() if following == 1],)
        )


def add_code(con: psycopg.Connection[Any], row: Row) -> None:
    """Keep the source of a workflow's version: workflow, hash, file, source, at."""
    con.execute(ADD_CODE, row)


def erase_user(con: psycopg.Connection[Any], user: str, begins: int | None) -> None:
    """Forget a user, inside a transaction of the caller, and refuse their turns from here on."""
    con.execute(ADD_FORGOTTEN, (mark_of(user), begins))
    for table in OF_USER:
        con.execute(f"DELETE FROM {SCHEMA}.{table} WHERE user_name = %s", (user,))
    con.execute(f"DELETE FROM {SCHEMA}.users WHERE name = %s", (user,))
    con.execute(TO_NOBODY, (user,))
    con.execute(FROM_NOBODY, (user,))


def mark_of(user: str) -> str:
    """What stands for a user who was erased."""
    return hashlib.sha256(f"{SCHEMA}\n{user}".encode()).hexdigest()
