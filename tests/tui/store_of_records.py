"""Records that a test writes by hand, as rows of a real store: what the views read, the other way round.

The screens' tests draw what an engine would need a long history for: a user in each state, a wait that ends
between two looks, texts that attack a terminal in every field. So they say what is to be seen, in the records
that leave a store, and what stands here writes rows from which the store says that. Rows always agree with
one another, records need not; where these leave something open, it is decided here:

- All entries, of whatever list, are one history. A number (`seq`) that two of them have stands for one entry.
- A user that is due has an open wait: one of `rows_waits`, else one that is made up.
- A user whose events are not among the entries had one, `last_event`.
- A journey is waiting if it has an open wait. Else it is what its user is said to be, if that speaks of this
  journey, or what its last entry says; where that would be waiting, its pass has ended and it is idle.
- A user with more journeys than are known has others, which are completed.

That records are read back as they were written is held by `test_store_of_records.py`.
"""

from __future__ import annotations

import atexit
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from itertools import chain, count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar
from unittest.mock import patch

from studio.language.journey_ids import Parts, journey_id, parse
from studio.language.kinds import KIND_TEXT, LEVELS, STATUS_TEXT, Kind, Status
from studio.store import view_user_rows
from studio.store.database import open_database
from studio.store.entries import JOURNEY_KINDS, LOG_KINDS, WORKFLOW_KINDS, key_of
from studio.store.records import Entry, UserRow, WaitRow
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS
from studio.store.view_funnel import PlaceCounts
from studio.store.views import Views
from studio.tui.session.reader import Reader

T = TypeVar("T")
Row = tuple[Any, ...]

MADE_UP = 10_000
"""Entries that no record speaks of are numbered from here on."""

KIND_OF = {text: kind for kind, text in reversed(KIND_TEXT.items())}
STATUS_OF = {text: status for status, text in STATUS_TEXT.items() if status != Status.WAITING}
ENDS = {
    Kind.COMPLETED: Status.COMPLETED,
    Kind.FAILED: Status.FAILED,
    Kind.EXITED: Status.EXITED,
    Kind.CANCELLED: Status.CANCELLED,
}
GROUP_OF = {
    Kind.WAIT_OPENED: Kind.GROUP_OPENED,
    Kind.WAIT_MATCHED: Kind.GROUP_MATCHED,
    Kind.WAIT_TIMEOUT: Kind.GROUP_TIMEOUT,
    Kind.WAIT_CLOSED: Kind.GROUP_CLOSED,
}
OPENING = {
    "wait": Kind.WAIT_OPENED,
    "group": Kind.GROUP_OPENED,
    "sleep": Kind.SLEEP_OPENED,
    "step": Kind.STEP_STARTED,
    "message": Kind.MESSAGE_DEFERRED,
}
PLACES = {
    "wait": (Kind.WAIT_OPENED, Kind.WAIT_MATCHED, Kind.WAIT_TIMEOUT, Kind.WAIT_CLOSED),
    "sleep": (Kind.SLEEP_OPENED, Kind.SLEEP_DONE, None, Kind.SLEEP_CLOSED),
    "step": (Kind.STEP_STARTED, Kind.STEP_DONE, Kind.STEP_FAILED, None),
}
"""Of what waits: open now, matched, timed out, closed."""
SAID = {"event": Kind.EVENT, "log": Kind.LOG, "journey": Kind.FAILED}


class StoreRecords:
    """What is to stand in a store; a test changes it, and says to the screen that something was committed."""

    def __init__(self) -> None:
        self.rows_users: list[UserRow] = []
        """The first came last."""
        self.rows_waits: list[WaitRow] = []
        self.rows_timeline: dict[str, list[Entry]] = {}
        """Entries of a user."""
        self.rows_logs: list[Entry] = []
        """More entries: such as a log shows."""
        self.rows_entries: list[Entry] = []
        """More entries."""
        self.rows_funnel: list[PlaceCounts] = []
        """What happened at the lines of onboarding; who waits there now is told by `rows_waits`."""
        self.kept: dict[str, str] = {}
        """What the engine keeps under a name."""
        self.made_up: dict[tuple[str, str], int] = {}
        """Numbers of made-up entries, which stay when all is written anew."""

    def state(self) -> Row:
        """All of it, to see later whether it was changed."""
        timelines = {user: list(rows) for user, rows in self.rows_timeline.items()}
        lists = (self.rows_users, self.rows_waits, self.rows_logs, self.rows_entries, self.rows_funnel)
        return (timelines, dict(self.kept), *(list(each) for each in lists))

    def entries(self) -> dict[int, Entry]:
        """The entries of all lists, by number.

        Raises:
            ValueError: two that differ have one number, or one stands in the timeline of another user.
        """
        found: dict[int, Entry] = {}
        for user, rows in self.rows_timeline.items():
            for row in rows:
                if user != row.user:
                    raise ValueError(f"entry {row.seq} of {row.user!r} is in the timeline of {user!r}")
        for row in chain(self.rows_entries, self.rows_logs, *self.rows_timeline.values()):
            if found.setdefault(row.seq, row) != row:
                raise ValueError(f"two entries have the number {row.seq}: {row} and {found[row.seq]}")
        return dict(sorted(found.items()))

    def number_of(self, user: str, what: str) -> int:
        """The number of a made-up entry."""
        return self.made_up.setdefault((user, what), MADE_UP + len(self.made_up))


class Numbers(dict[str, int]):
    """Texts by their numbers, given out as they are asked for."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self) + 1
        return number


class StoreRows:
    """The rows of a store that says what records say."""

    def __init__(self, records: StoreRecords) -> None:
        self._records = records
        self._names = Numbers()
        self._entries = records.entries()
        self._waits = [*records.rows_waits, *self._made_up_waits()]
        self._users = self._user_numbers()
        self._journeys = self._journey_numbers()
        self._codes = self._code_numbers()
        self._history = self._history_rows()
        self._status = self._statuses()

    def tables(self) -> dict[str, list[Row]]:
        """The rows of each table, by its name."""
        found = {
            "users": [(id, name) for name, id in self._users.items()],
            "history": self._history,
            "journeys": self._journey_rows(),
            "waits": self._wait_rows(),
            "places": self._place_rows(),
            "totals": self._total_rows(),
            "codes": self._code_rows(),
        }
        # Last: all others name what stands there.
        return {**found, "names": [(id, text) for text, id in self._names.items()]}

    def _made_up_waits(self) -> Iterator[WaitRow]:
        """Of users that are due, and of whom no wait is known."""
        known = {wait.user for wait in self._records.rows_waits}
        for row in self._records.rows_users:
            if row.due_at is None or row.id in known or row.state not in ("waiting", "sleeping"):
                continue
            sleeps = row.state == "sleeping"
            name = None if sleeps else "order/paid"
            yield WaitRow(
                seq=self._records.number_of(row.id, "wait"),
                kind="sleep" if sleeps else "wait",
                user=row.id,
                journey=journey_id(row.workflow or "", row.id, "", 1),
                workflow=row.workflow or "",
                key="sleep#0" if sleeps else f"wait:{name}#0",
                name=name,
                match=None,
                opened_at=row.last_at or row.due_at,
                due_at=row.due_at,
                line=None,
            )

    def _spoken_of(self) -> Iterator[Entry | WaitRow]:
        yield from self._entries.values()
        yield from self._waits

    def _user_numbers(self) -> dict[str, int]:
        """The first that is listed came last."""
        listed = dict.fromkeys(row.id for row in self._records.rows_users)
        named = (each.user for each in self._spoken_of() if each.user is not None)
        others = dict.fromkeys(name for name in named if name not in listed)
        return {name: id for id, name in enumerate((*others, *reversed(listed)), 1)}

    def _journey_numbers(self) -> dict[str, int]:
        """Journeys by their ids: of each user in turn, in the order in which they are spoken of."""
        of: dict[str, dict[str, None]] = {name: {} for name in self._users}
        for row in self._records.rows_users:
            if row.state != "none":
                of[row.id][journey_id(row.workflow or "", row.id, "", 1)] = None
        for each in self._spoken_of():
            if each.journey is not None:
                of[parts_of(each.journey).user][each.journey] = None
        for row in self._records.rows_users:
            more = (journey_id(row.workflow or "", row.id, "", n) for n in count(2))
            while len(of[row.id]) < row.journeys and row.state != "none":
                of[row.id][next(more)] = None
        return {id: number for number, id in enumerate(chain.from_iterable(of.values()), 1)}

    def _code_numbers(self) -> dict[tuple[str, str], int]:
        """Versions of workflows: one of each at the least, for from these it is known which ever ran."""
        known = {(each.workflow or "", each.code): None for each in self._entries.values() if each.code}
        names = {name for name, _ in known}
        more = {parts_of(id).workflow: None for id in self._journeys}
        return {
            version: id
            for id, version in enumerate((*known, *((name, "0") for name in more if name not in names)), 1)
        }

    # -- history -------------------------------------------------------------------------------

    def _history_rows(self) -> list[Row]:
        rows = [self._entry_row(each) for each in self._entries.values()]
        rows += [self._opening_row(wait) for wait in self._waits if wait.seq not in self._entries]
        had_events = {each.user for each in self._entries.values() if each.kind == "event"}
        for row in self._records.rows_users:
            if row.last_event is not None and row.id not in had_events:
                seq, at = self._records.number_of(row.id, "event"), row.last_at or 0
                rows.append(self._row(seq, at, Kind.EVENT, user=row.id, name=row.last_event))
        return sorted(rows)

    def _entry_row(self, each: Entry) -> Row:
        kind = LEVELS[each.level or "info"] if each.kind == "log" else KIND_OF[each.kind]
        name, data = each.name, each.data
        if each.key is not None and each.key.startswith(("any#", "all#")):
            kind, name = GROUP_OF.get(kind, kind), f"wait_{each.key[:3]}"
        if kind in WORKFLOW_KINDS or kind in JOURNEY_KINDS:
            name = each.workflow
        if kind in (Kind.FAILED, Kind.STEP_FAILED) and each.message and "message" not in (data or {}):
            what, _, why = each.message.rpartition(": ")
            data = {"type": what, "message": why, **(data or {})}
        n = occurrence(each.key)
        if key_of(kind, name, n, data) != each.key:
            raise ValueError(f"entry {each.seq} has the name {name!r} and the key {each.key!r}")
        return self._row(
            each.seq,
            each.at,
            kind,
            user=each.user,
            journey=each.journey,
            pass_number=each.pass_number,
            name=name,
            n=n,
            line=each.line,
            cause=each.cause,
            code=None if each.code is None else self._codes[each.workflow or "", each.code],
            late=each.late_ms or None,
            id=each.id,
            data=each.message if kind in LOG_KINDS else None if data is None else json.dumps(data),
        )

    def _opening_row(self, wait: WaitRow) -> Row:
        """The entry that opened a wait."""
        given: dict[str, Any] = {} if wait.match is None else {"match": dict(wait.match)}
        if wait.due_at is not None:
            given["duration" if wait.kind == "sleep" else "timeout"] = wait.due_at - wait.opened_at
        return self._row(
            wait.seq,
            wait.opened_at,
            OPENING[wait.kind],
            user=wait.user,
            journey=wait.journey,
            pass_number=1,
            name=wait.name,
            n=occurrence(wait.key),
            line=wait.line,
            data=json.dumps(given) if given else None,
        )

    def _row(
        self,
        seq: int,
        at: int,
        kind: int,
        *,
        user: str | None,
        journey: str | None = None,
        pass_number: int | None = None,
        name: str | None = None,
        n: int | None = None,
        line: str | None = None,
        cause: int | None = None,
        code: int | None = None,
        late: int | None = None,
        id: str | None = None,
        data: str | None = None,
    ) -> Row:
        number = None if journey is None else self._journeys[journey]
        of = None if user is None else self._users[user]
        called = None if name is None else self._names[name]
        place = None if line is None else self._names[line]
        return seq, at, kind, of, number, pass_number, called, n, place, cause, code, late, id, data, None

    # -- what is derived of it ------------------------------------------------------------------

    def _statuses(self) -> dict[str, int]:
        """Of each journey."""
        said = dict.fromkeys(self._journeys, Status.COMPLETED)
        for each in self._entries.values():
            if each.journey is not None:
                said[each.journey] = ENDS.get(KIND_OF[each.kind], Status.IDLE)
        for row in self._records.rows_users:
            id = journey_id(row.workflow or "", row.id, "", 1)
            if id in said:
                said[id] = STATUS_OF.get(row.state, Status.IDLE)
        return said | dict.fromkeys((wait.journey for wait in self._waits), Status.WAITING)

    def _journey_rows(self) -> list[Row]:
        notes = {journey_id(r.workflow or "", r.id, "", 1): r.note for r in self._records.rows_users}
        first: dict[int, int] = {}
        last_pass: dict[int, int] = {}
        for seq, _, _, _, journey, pass_number, *_ in self._history:
            if journey is not None:
                first.setdefault(journey, seq)
                last_pass[journey] = pass_number or 1
        rows = []
        for id, number in self._journeys.items():
            parts, began = parts_of(id), first.get(number, 0)
            rows.append(
                (
                    *(number, self._users[parts.user], self._names[parts.workflow], parts.key, parts.n),
                    *(self._status[id], last_pass.get(number, 1), began, began, began, 0, notes.get(id)),
                )
            )
        return rows

    def _wait_rows(self) -> list[Row]:
        opened = {row[0]: row for row in self._history}
        rows = []
        for wait in self._waits:
            kind, journey, user = OPENING[wait.kind], self._journeys[wait.journey], self._users[wait.user]
            _, _, opens, of, within, _, _, n, *_ = opened[wait.seq]
            if (opens, of, within, n) != (kind, user, journey, occurrence(wait.key)):
                raise ValueError(f"entry {wait.seq} does not open {wait}: {self._entries[wait.seq]}")
            rows.append((wait.seq, journey, user, kind, self._awaited(wait), wait.due_at))
        return rows

    def _awaited(self, wait: WaitRow) -> int | None:
        if wait.kind != "wait" or wait.name is None:
            return None
        return 0 if "*" in wait.name or ", " in wait.name else self._names[wait.name]

    def _place_rows(self) -> list[Row]:
        workflow = self._names["onboarding"]
        counts: Counter[Row] = Counter()
        for each in self._records.rows_funnel:
            slot = (workflow, self._names[each.place], 0 if each.name is None else self._names[each.name])
            if each.kind in SAID:
                counts[(*slot, SAID[each.kind])] += each.said
                continue
            _, *ended = PLACES[each.kind]
            for kind, n in zip(ended, (each.matched, each.timed_out, each.closed), strict=True):
                counts[(*slot, kind)] += n
        for wait in self._waits:
            if wait.line is not None:
                name = 0 if wait.name is None else self._names[wait.name]
                counts[self._names[wait.workflow], self._names[wait.line], name, OPENING[wait.kind]] += 1
        return [(*slot, n) for slot, n in counts.items() if n]

    def _total_rows(self) -> list[Row]:
        counts: Counter[tuple[int, int]] = Counter()
        workflow_of = {number: self._names[parts_of(id).workflow] for id, number in self._journeys.items()}
        for row in self._history:
            counts[0, row[2]] += 1
            if row[4] is not None:
                counts[workflow_of[row[4]], row[2]] += 1
        for id, number in self._journeys.items():
            counts[0, TOTAL_STATUS + self._status[id]] += 1
            counts[workflow_of[number], TOTAL_STATUS + self._status[id]] += 1
        for wait in self._waits:
            counts[0, TOTAL_WAITS] += 1
            counts[self._names[wait.workflow], TOTAL_WAITS] += 1
        counts[0, TOTAL_USERS] = len(self._users)
        return [(*slot, n) for slot, n in counts.items() if n]

    def _code_rows(self) -> list[Row]:
        return [(id, name, hash, f"{name}.py", "", 0) for (name, hash), id in self._codes.items()]


@cache
def parts_of(id: str) -> Parts:
    """What a journey's id is made of.

    Raises:
        ValueError: it is none.
    """
    found = parse(id)
    if not found:
        raise ValueError(f"{id!r} is no id of a journey")
    return found[0]


def occurrence(key: str | None) -> int | None:
    """The number in a command's key, "wait:app/login#0".

    Raises:
        ValueError: it has none.
    """
    return None if key is None else int(key.rpartition("#")[2])


# -- the file ----------------------------------------------------------------------------------------------

TABLES = ("users", "history", "journeys", "waits", "places", "totals", "codes", "names")


@cache
def folder() -> Path:
    """Where this process has its stores; gone when it ends."""
    found = Path(mkdtemp(prefix="journey-studio-"))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found


@cache
def empty_store() -> Path:
    """A store as the product makes it: each other one is a copy."""
    path = folder() / "empty.db"
    open_database(path).close()
    return path


_numbers = count(1)


class StoreFile:
    """A real store in which stands what records say."""

    def __init__(self, records: StoreRecords) -> None:
        self.path = folder() / f"{next(_numbers)}.db"
        shutil.copyfile(empty_store(), self.path)
        self._records = records
        self._kept: set[str] = set()
        self._written: Row = ()

    def refresh(self) -> None:
        """Write what records say now, in one transaction, if they were changed."""
        state = self._records.state()
        if state == self._written:
            return
        tables = StoreRows(self._records).tables()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as con:
            con.execute("PRAGMA synchronous = OFF")
            con.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                con.execute(f"DELETE FROM {table}")
                if rows := tables[table]:
                    places = ", ".join("?" * len(rows[0]))
                    con.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
            con.executemany("DELETE FROM meta WHERE key = ?", ((key,) for key in self._kept))
            con.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", self._records.kept.items())
            con.execute("COMMIT")
        self._written, self._kept = state, set(self._records.kept)

    def remove(self) -> None:
        """Take the file away, and what SQLite keeps beside it."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink(missing_ok=True)


class ListedViews(Views):
    """A store's views, in which users come in the order in which they were listed, not by their entries."""

    def recent_users(self, *, limit: int = 100) -> list[UserRow]:
        """Those that came last first."""
        with patch.object(view_user_rows, "WINDOW_ROWS", 0):
            return super().recent_users(limit=limit)


class RecordsReader(Reader):
    """Reads the store of records as the studio reads any: what is asked sees what records say then."""

    def __init__(self, records: StoreRecords) -> None:
        self._store = StoreFile(records)
        super().__init__(self._store.path)

    def open_views(self) -> Views:
        return ListedViews(self.path)

    async def ask(self, question: Callable[[Views], T]) -> T:
        self._store.refresh()
        return await super().ask(question)

    def close(self, last: Callable[[], object] | None = None) -> None:
        super().close(last)
        self._store.remove()
