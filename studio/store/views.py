"""What every front end asks: users, journeys, waits, timelines, logs. Read-only.

Pages go on after the last row that was seen, and counts come from `totals`: nothing
here costs more in a large store than in a small one, but for the filters that say so.
All rows are fetched at once: an unfinished cursor keeps the write-ahead log from being
folded in, and it grows without end (sqlite.org/wal.html, 6).
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.errors import StoreError
from studio.store import view_funnel, view_journeys, view_users
from studio.store import view_sql as sql
from studio.store.connect import connect_reader, translate
from studio.store.entries import entry, key_of
from studio.store.holds import HOLD, HeldStep, held_steps
from studio.store.records import (
    Entry,
    JourneyRow,
    JourneysView,
    LeftWaiting,
    Totals,
    UserRow,
    WaitRow,
    journey_id,
)
from studio.store.scenes import Scenes
from studio.store.schema import (
    KIND_TEXT,
    LEVEL_OF,
    LEVELS,
    STATUS_TEXT,
    TOTAL_STATUS,
    TOTAL_USERS,
    TOTAL_WAITS,
    Kind,
    Status,
)
from studio.store.view_funnel import PlaceCounts
from studio.store.view_users import UserCount, UserPage, UserSearch

Row = tuple[Any, ...]

WINDOW_ROWS = 50_000
"""Entries that one statement walks over at most: a reader must not hold a snapshot for long."""

NEAR_JOURNEYS = 100
"""Of a user with more waiting journeys than this, a glance (`UserRow`) looks at the newest."""

SUGGEST_ROWS = 10_000
"""Entries, from either end of the history, in which event names are looked for."""

MOST_INBOX = 10_000
"""Events in the inbox that are counted: more are more than enough to know."""

_STATUS_OF = {text: status for status, text in STATUS_TEXT.items()}
# The most telling first; a waiting journey is one of step, waiting, sleeping.
_TELLING = (
    Status.FAILED,
    Status.WAITING,
    Status.IDLE,
    Status.COMPLETED,
    Status.EXITED,
    Status.CANCELLED,
)
_SEVERITY = ("debug", "info", "warning", "error")
_FAILURES = (Kind.FAILED, Kind.WORKFLOW_FAILED)
_ENDLESS = 1 << 62


class Views(Scenes):
    """A read-only connection to a store. Belongs to the thread that made it.

    Raises:
        StoreError: there is no store, it is no database, or a newer version made it;
            later, of any question: the database cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._con = connect_reader(path)
        try:
            self._con.create_function("folded", 1, _folded, deterministic=True)
            if not self._rows(sql.HAS_HISTORY):
                raise StoreError(
                    "nothing was ever stored here",
                    where=str(path),
                    fix="Start journey-studio, or send an event.",
                )
            self._version = self._data_version()
        except BaseException:
            self._con.close()
            raise

    def close(self) -> None:
        """Let the connection go."""
        self._con.close()

    def __enter__(self) -> Views:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the store as a whole --------------------------------------------------------------

    def changed(self) -> bool:
        """Whether anything was committed since this was last asked. Costs microseconds."""
        version = self._data_version()
        moved = version != self._version
        self._version = version
        return moved

    def last_seq(self) -> int:
        """The newest entry of the history; 0 when there is none."""
        return self._rows(sql.LAST_SEQ)[0][0] or 0

    def clock(self) -> dict[str, Any]:
        """The state of the store's clock; empty while it runs with the wall's."""
        rows = self._rows(sql.META, "clock")
        found = json.loads(rows[0][0]) if rows and rows[0][0] else {}
        return found if isinstance(found, dict) else {}

    def totals(self) -> Totals:
        """The counts that the engine keeps."""
        n = self._totals(0)
        return Totals(
            users=n.get(TOTAL_USERS, 0),
            waits=n.get(TOTAL_WAITS, 0),
            events=n.get(Kind.EVENT, 0),
            waiting=n.get(TOTAL_STATUS + Status.WAITING, 0),
            idle=n.get(TOTAL_STATUS + Status.IDLE, 0),
            completed=n.get(TOTAL_STATUS + Status.COMPLETED, 0),
            failed=n.get(TOTAL_STATUS + Status.FAILED, 0),
            exited=n.get(TOTAL_STATUS + Status.EXITED, 0),
            cancelled=n.get(TOTAL_STATUS + Status.CANCELLED, 0),
        )

    def funnel(self, workflow: str) -> list[PlaceCounts]:
        """How people get on at each line of a workflow; empty when it never ran."""
        with self._snapshot():
            id = self._name_id(workflow)
            return [] if id is None else view_funnel.funnel(self._rows, id, self.last_seq())

    def left_waiting(self) -> LeftWaiting:
        """The events that no engine has taken in yet, counted up to `MOST_INBOX`."""
        count = int(self._rows(sql.INBOX_EVENTS, MOST_INBOX + 1)[0][0])
        return LeftWaiting(min(count, MOST_INBOX), count > MOST_INBOX)

    def hold(self) -> dict[str, Any] | None:
        """Why steps are on hold; None when they run."""
        rows = self._rows(sql.META, HOLD)
        found = json.loads(rows[0][0]) if rows and rows[0][0] else None
        return found if isinstance(found, dict) else None

    def held_steps(self, *, limit: int = 1000) -> list[HeldStep]:
        """The steps that wait for a yes, oldest first."""
        try:
            return held_steps(self._con, limit)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def event_names(self, prefix: str = "", limit: int = 50) -> list[str]:
        """Names to suggest: of events seen or waited for lately, or at the very beginning."""
        last = self.last_seq()
        spans = {(max(0, last - SUGGEST_ROWS), last), (0, min(last, SUGGEST_ROWS))}
        found = {
            name for low, high in spans for (name,) in self._rows(sql.EVENT_NAMES, {"from": low, "to": high})
        }
        # A wait for several names has them all in one text.
        plain = {part for name in found for part in name.split(", ") if "*" not in part}
        return sorted(name for name in plain if name.startswith(prefix))[:limit]

    # -- users -----------------------------------------------------------------------------

    def users(
        self, *, limit: int = 100, after: str | None = None, contains: str | None = None
    ) -> list[UserRow]:
        """Users by id.

        Args:
            after: the last id of the page before.
            contains: a part of the id, in capitals or not. Rare ones take a walk over all ids.
        """
        values = {"after": after or "", "limit": limit, "contains": contains}
        with self._snapshot():
            return self._user_rows(self._rows(sql.USERS_CONTAINING if contains else sql.USERS, values))

    def recent_users(self, *, limit: int = 100) -> list[UserRow]:
        """The users with the newest entries first; behind them, those that came last."""
        with self._snapshot():
            last = self.last_seq()
            ids: dict[int, None] = {}
            for low in (last - WINDOW_ROWS // 10, last - WINDOW_ROWS):
                span = {"from": max(0, low), "to": last, "limit": limit}
                ids.update(dict.fromkeys(row[0] for row in self._rows(sql.USERS_ACTIVE, span)))
                if len(ids) >= limit or low <= 0:
                    break
            ids.update(dict.fromkeys(row[0] for row in self._rows(sql.USERS_NEWEST, {"limit": limit})))
            wanted = list(ids)[:limit]
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(wanted)}))
            return self._user_rows([(id, names[id]) for id in wanted if id in names])

    def users_before(self, before: str | None, *, limit: int = 100) -> list[UserRow]:
        """The page of users before an id, in order; the very last page for None."""
        with self._snapshot():
            values = {"before": before, "limit": limit}
            rows = self._rows(sql.USERS_LAST_PAGE if before is None else sql.USERS_BEFORE, values)
            return self._user_rows(rows[::-1])

    def users_starting(self, prefix: str, *, limit: int = 100) -> list[UserRow]:
        """Users whose id begins with a text: at once, however many there are."""
        with self._snapshot():
            return self._user_rows(list(view_users.starting(self._rows, prefix, limit)))

    def users_named(self, ids: Collection[str]) -> list[UserRow]:
        """These users, as far as they are there."""
        with self._snapshot():
            return self._user_rows(self._rows(sql.USERS_NAMED, {"names": json.dumps(list(ids))}))

    def users_by_deadline(self, *, limit: int = 100) -> list[UserRow]:
        """The users with the nearest deadlines; behind them, those that acted last."""
        return self._users_filled(view_users.by_deadline(self._rows, limit), limit)

    def users_by_state(self, *, limit: int = 100) -> list[UserRow]:
        """The failed first, then those with a running step, then by deadline, then what acted last."""
        rows = self._users_filled(view_users.telling(self._rows, limit), limit)
        return sorted(rows, key=view_users.rank)

    def failed_users(self, *, limit: int = 1000) -> list[str]:
        """Ids of users with a failed journey, the newest first."""
        with self._snapshot():
            ids = dict.fromkeys(row[0] for row in self._rows(sql.USERS_FAILED, {"limit": limit}))
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(list(ids))}))
            return [names[id] for id in ids if id in names]

    def find_users(self, search: UserSearch, *, before: int | None = None, limit: int = 200) -> UserPage:
        """One step of a search through all users, which takes milliseconds however many there are.

        Args:
            before: `UserPage.before` of the step before; None begins with the newest users.
        """
        with self._snapshot():
            found, next_before, done = view_users.step(self._rows, search, before, limit)
            rows = [row for row in self._user_rows(list(found)) if search.fits(row)]
            return view_users.UserPage(rows, next_before, done)

    def count_users(self, search: UserSearch, *, before: int | None = None) -> UserCount:
        """One step of counting the users that a search finds, which takes some ten milliseconds.

        Args:
            before: `UserCount.before` of the step before; None begins with the newest users.
        """
        rows_too = view_users.needs_rows(search)
        limit = view_users.COUNT_ROWS if rows_too else view_users.COUNT_PAGE
        with self._snapshot():
            found, next_before, done = view_users.step(self._rows, search, before, limit)
            count = sum(map(search.fits, self._user_rows(list(found)))) if rows_too else len(found)
            return UserCount(count, next_before, done)

    def _users_filled(self, ids: list[int], limit: int) -> list[UserRow]:
        with self._snapshot():
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(ids)}))
            rows = self._user_rows([(id, names[id]) for id in ids if id in names])
            if len(rows) < limit:
                known = {row.id for row in rows}
                rows += [row for row in self.recent_users(limit=limit) if row.id not in known]
            return rows[:limit]

    def user(self, id: str) -> UserRow | None:
        """One user; None when there is none of this id."""
        with self._snapshot():
            rows = self._rows(sql.USER_ID, id)
            return self._user_rows([(rows[0][0], id)])[0] if rows else None

    def _user_rows(self, users: list[Row]) -> list[UserRow]:
        statuses: dict[int, dict[int, tuple[int, int]]] = {id: {} for id, _ in users}
        for user, status, count, newest in self._rows(
            sql.USER_STATUSES, {"users": json.dumps(list(statuses))}
        ):
            statuses[user][status] = (count, newest)
        waiting = {
            user: [row[0] for row in self._rows(sql.USER_WAITING, {"user": user, "limit": NEAR_JOURNEYS})]
            for user, found in statuses.items()
            if Status.WAITING in found
        }
        opened = self._open_waits(journey for found in waiting.values() for journey in found)
        drafts: list[tuple[int, str, str, int | None, list[Row]]] = []
        for user, name in users:
            waits = [wait for journey in waiting.get(user, ()) for wait in opened.get(journey, ())]
            state, journey = _state(statuses[user], waits)
            drafts.append((user, name, state, journey, waits))
        spoken = self._journeys_by_id(journey for *_, journey, _ in drafts if journey is not None)
        result = []
        for user, name, state, journey, waits in drafts:
            row = spoken.get(journey) if journey is not None else None
            nearest = _nearest(waits)
            last = self._rows(sql.USER_LAST_EVENT, {"user": user})
            last_at, last_event = last[0] if last else (None, None)
            result.append(
                UserRow(
                    id=name,
                    state=state,
                    workflow=row[2] if row else None,
                    journeys=sum(count for count, _ in statuses[user].values()),
                    due_at=nearest[3] if nearest else None,
                    waits_for=_waits_for(_oldest(wait for wait in waits if wait[0] == nearest[0]))
                    if nearest
                    else None,
                    note=row[8] if row else None,
                    last_event=last_event,
                    last_at=last_at,
                )
            )
        return result

    # -- journeys --------------------------------------------------------------------------

    def journeys(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        status: str | None = None,
        limit: int = 100,
        after: int | str = 0,
    ) -> list[JourneyRow]:
        """Journeys, the oldest first.

        Args:
            status: waiting, idle, completed, failed, exited or cancelled.
            after: the last of the page before, by its id (or its number in the store).
        """
        with self._snapshot():
            wanted = None if status is None else _STATUS_OF.get(status)
            values = {
                "workflow": self._name_id(workflow),
                "status": wanted,
                "user": self._user_id(user),
                "after": (self._journey_number(after) or _ENDLESS) if isinstance(after, str) else after,
                "limit": limit,
            }
            if -1 in (values["workflow"], values["user"]) or (status is not None and wanted is None):
                return []
            if wanted is not None and not self._totals(values["workflow"] or 0).get(TOTAL_STATUS + wanted):
                return []
            if user is not None:
                rows = self._rows(sql.JOURNEYS_OF_USER, values)
            elif wanted == Status.FAILED:
                rows = self._rows(sql.JOURNEYS_FAILED, values)
            else:
                rows = self._rows(sql.JOURNEYS, values)
            return self._journey_rows(rows)

    def journey(self, id: str) -> JourneyRow | None:
        """One journey by its id, `workflow/user[/key][~n]`; None when there is none."""
        with self._snapshot():
            number = self._journey_number(id)
            if number is None:
                return None
            return self._journey_rows(list(self._journeys_by_id((number,)).values()))[0]

    def side_by_side(
        self,
        user: str,
        *,
        journeys: int = view_journeys.MOST_JOURNEYS,
        entries: int = view_journeys.ENTRIES_EACH,
        only: Collection[str] | None = None,
    ) -> JourneysView:
        """A user's journeys over time: those that matter most, with the newest entries of each.

        Args:
            journeys: how many at most.
            entries: how many of each journey at most.
            only: ids; these journeys of the user and no others.
        """
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return JourneysView([], [], [], 0)
            numbers, total = view_journeys.chosen(self._rows, user_id, journeys)
            if only is not None:
                meant = (self._journey_number(id) for id in list(only)[:journeys])
                numbers = [number for number in meant if number is not None]
            by_id = self._journeys_by_id(numbers)
            found = view_journeys.entries_of(self._rows, numbers, entries)
            moves = view_journeys.moves_since(self._rows, found[0].seq, self.last_seq()) if found else []
            return JourneysView(
                self._journey_rows([by_id[id] for id in numbers if id in by_id]), found, moves, total
            )

    def _journeys_by_id(self, ids: Iterable[int]) -> dict[int, Row]:
        return {row[0]: row for row in self._rows(sql.JOURNEYS_BY_ID, {"journeys": json.dumps(list(ids))})}

    def _journey_rows(self, rows: list[Row]) -> list[JourneyRow]:
        opened = self._open_waits(row[0] for row in rows if row[5] == Status.WAITING)
        result = []
        for id, user, workflow, key, n, status, pass_number, started_at, note in rows:
            waits = opened.get(id, [])
            dues = [wait[3] for wait in waits if wait[3] is not None]
            result.append(
                JourneyRow(
                    id=journey_id(workflow, user, key, n),
                    user=user,
                    workflow=workflow,
                    key=_key(key),
                    status=STATUS_TEXT[status],
                    pass_number=pass_number,
                    started_at=started_at or 0,
                    note=note,
                    due_at=min(dues, default=None),
                    waits_for=_waits_for(_oldest(waits)) if waits else None,
                )
            )
        return result

    def _open_waits(self, journeys: Iterable[int]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self._rows(sql.OPEN_WAITS, {"journeys": json.dumps(list(journeys))}):
            found.setdefault(row[0], []).append(row)
        return found

    def _journey_number(self, id: str) -> int | None:
        """Where in `journeys` an id is; user and key may hold "/" and "~" themselves."""
        workflow, _, rest = id.partition("/")
        workflow_id = self._name_id(workflow)
        if workflow_id == -1 or not rest:
            return None
        readings = [(rest, 1)]
        head, tilde, number = rest.rpartition("~")
        if tilde and number.isascii() and number.isdigit() and len(number) < 10 and int(number) > 1:
            readings.insert(0, (head, int(number)))
        for text, n in readings:
            for user, key in _splits(text):
                user_id = self._user_id(user)
                if user_id == -1:
                    continue
                for rows in (self._rows(sql.JOURNEY_ID, user_id, workflow_id, spelled, n) for spelled in key):
                    if rows:
                        return int(rows[0][0])
        return None

    # -- time ------------------------------------------------------------------------------

    def due_until(self, at: int) -> int:
        """How many deadlines come up to a moment (ms since 1970)."""
        return int(self._rows(sql.DUE_UNTIL, at)[0][0])

    # -- waits -----------------------------------------------------------------------------

    def waits(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        limit: int = 100,
        after: tuple[int | None, int] | None = None,
    ) -> list[WaitRow]:
        """Open waits, sleeps and steps: the nearest deadline first, then those without one.

        Args:
            after: `due_at` and `seq` of the last of the page before.
        """
        with self._snapshot():
            workflow_id = self._name_id(workflow)
            if workflow_id == -1:
                return []
            if user is not None:
                return self._waits_of(user, workflow, limit, after)
            due, id = (-_ENDLESS, 0) if after is None else (after[0], after[1])
            values = {"due": due, "id": id, "workflow": workflow_id, "limit": limit}
            rows: list[Row] = []
            if due is not None:
                if after is not None:
                    rows = self._rows(sql.WAITS_DUE_AT, values)
                if len(rows) < limit:
                    rows += self._rows(sql.WAITS_DUE_AFTER, {**values, "limit": limit - len(rows)})
                values["id"] = 0
            if len(rows) < limit:
                rows += self._rows(sql.WAITS_FOREVER, {**values, "limit": limit - len(rows)})
            return [_wait(row) for row in rows]

    def _waits_of(
        self, user: str, workflow: str | None, limit: int, after: tuple[int | None, int] | None
    ) -> list[WaitRow]:
        journeys = self._rows(sql.USER_WAITING, {"user": self._user_id(user), "limit": -1})
        opened = [
            (wait[3] is None, wait[3] or 0, wait[1])
            for waits in self._open_waits(row[0] for row in journeys).values()
            for wait in waits
        ]
        if after is not None:
            last = (after[0] is None, after[0] or 0, after[1])
            opened = [place for place in opened if place > last]
        opened.sort()
        if workflow is None:
            opened = opened[:limit]
        found = [
            _wait(row)
            for row in self._rows(sql.WAITS_BY_ID, {"waits": json.dumps([seq for *_, seq in opened])})
        ]
        found = [wait for wait in found if workflow is None or wait.workflow == workflow]
        found.sort(key=lambda wait: (wait.due_at is None, wait.due_at or 0, wait.seq))
        return found[:limit]

    # -- the history -----------------------------------------------------------------------

    def timeline(self, user: str, *, limit: int = 200, before: int | None = None) -> list[Entry]:
        """What happened to a user, in all journeys: the newest entries before a seq, oldest first."""
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return []
            values: dict[str, Any] = {"user": user_id, "before": before or _ENDLESS, "limit": limit}
            sources = [
                (newest, statement, source)
                for sources, statement in (
                    (sql.USER_EVENT_SOURCES, sql.EVENT_SEQS),
                    (sql.USER_JOURNEY_SOURCES, sql.JOURNEY_SEQS),
                )
                for source, newest in self._rows(sources, values)
                if newest is not None
            ]
            sources = heapq.nlargest(limit, sources)
            # With a full hand of sources, nothing older than the newest of the last can be among them.
            floor = sources[-1][0] if len(sources) == limit else 0
            seqs: set[int] = set()
            for _, statement, source in sources:
                seqs.update(
                    row[0] for row in self._rows(statement, {**values, "source": source, "floor": floor})
                )
            newest_seqs = heapq.nlargest(limit, seqs)
            found = [entry(row) for row in self._rows(sql.ENTRIES_BY_SEQ, {"seqs": json.dumps(newest_seqs)})]
            found.sort(key=lambda e: e.seq)
            return found

    def given_with(self, events: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What came with events beside their data ("profile", "sent_at", "extra"), by their seqs."""
        rows = self._rows(sql.EVENTS_META, {"seqs": json.dumps(list(events))})
        return {seq: json.loads(meta) for seq, meta in rows}

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        kinds: Collection[str] | None = None,
        user: str | None = None,
        workflow: str | None = None,
        since_at: int | None = None,
    ) -> list[Entry]:
        """Entries after a seq, in order: for streams.

        Args:
            kinds: as they are printed ("event", "wait.opened", …); all when not given.
            since_at: milliseconds since 1970; earlier entries are left out.
        """
        values = self._filter(_kinds(kinds), user, workflow)
        values["since"] = since_at
        found: list[Entry] = []
        last = self.last_seq()
        while after < last and len(found) < limit and -1 not in (values["user"], values["workflow"]):
            upto = min(last, after + max(WINDOW_ROWS, limit))
            span = {**values, "from": after, "to": upto, "limit": limit - len(found)}
            found += [entry(row) for row in self._rows(sql.ENTRIES_AFTER, span)]
            after = upto
        return found

    def logs(
        self,
        *,
        limit: int = 200,
        before: int | None = None,
        user: str | None = None,
        workflow: str | None = None,
        level: str | None = None,
        contains: str | None = None,
    ) -> list[Entry]:
        """What journeys said, failures, and what was done to the clock: the newest, oldest first.

        Args:
            before: a seq; only what is older.
            level: debug, info, warning or error: this and above; "note": only notes.
            contains: a part of the text, in capitals or not.
        """
        kinds = _log_kinds(level)
        if user is not None:
            return self._logs_of(user, kinds, workflow, limit, before, contains)
        values = self._filter(kinds, None, workflow)
        if values["workflow"] == -1:
            return []
        values["contains"] = contains or None
        # How many there can be at most: a store without logs needs no walk to say so.
        totals = self._totals(values["workflow"] or 0)
        left = sum(totals.get(kind, 0) for kind in kinds)
        if values["workflow"]:
            left += self._totals(0).get(Kind.WORKFLOW_FAILED, 0)
        left = min(left, limit)
        found: list[Entry] = []
        upto = self.last_seq() if before is None else before - 1
        while upto > 0 and len(found) < left:
            low = max(0, upto - WINDOW_ROWS)
            span = {**values, "from": low, "to": upto, "limit": left - len(found)}
            found += [entry(row) for row in self._rows(sql.ENTRIES_BEFORE, span)]
            upto = low
        return found[::-1]

    def logs_step(
        self, before: int | None, *, level: str | None = None, contains: str | None = None, limit: int = 1000
    ) -> tuple[list[Entry], int]:
        """One stretch of the log, newest first, and where the next begins, 0 at the end.

        Takes milliseconds however rare the entries are; `logs` walks on until it has found enough.

        Args:
            before: a seq; only what is older. None begins with the newest.
        """
        upto = self.last_seq() if before is None else before - 1
        low = max(0, upto - WINDOW_ROWS)
        values = {**self._filter(_log_kinds(level), None, None), "contains": contains or None}
        rows = self._rows(sql.ENTRIES_BEFORE, {**values, "from": low, "to": upto, "limit": limit})
        found = [entry(row) for row in rows]
        next_before = found[-1].seq if len(found) == limit else low + 1
        return found, next_before if next_before > 1 else 0

    def _logs_of(
        self,
        user: str,
        kinds: Iterable[int],
        workflow: str | None,
        limit: int,
        before: int | None,
        contains: str | None,
    ) -> list[Entry]:
        levels = {LEVEL_OF[kind] for kind in kinds if kind in LEVEL_OF}
        part = contains.casefold() if contains else ""
        found: list[Entry] = []
        while len(found) < limit:
            page = self.timeline(user, limit=max(1000, limit), before=before)
            if not page:
                break
            found += [
                e
                for e in reversed(page)
                if (e.level in levels or (e.kind == "journey.failed" and "error" in levels))
                and (workflow is None or e.workflow == workflow)
                and part in (e.message or "").casefold()
            ]
            before = page[0].seq
        return found[:limit][::-1]

    def _filter(
        self, kinds: Collection[int] | None, user: str | None, workflow: str | None
    ) -> dict[str, Any]:
        return {
            "kinds": None if kinds is None else json.dumps(list(kinds)),
            "user": self._user_id(user),
            "workflow": self._name_id(workflow),
            "since": None,
            "contains": None,
        }

    # -- asking ----------------------------------------------------------------------------

    def _user_id(self, user: str | None) -> int | None:
        """None for None, -1 for a user that is not there."""
        return self._id(sql.USER_ID, user)

    def _name_id(self, name: str | None) -> int | None:
        return self._id(sql.NAME_ID, name)

    def _id(self, statement: str, text: str | None) -> int | None:
        if text is None:
            return None
        try:
            rows = self._rows(statement, text)
        except UnicodeEncodeError:
            # Half of a surrogate pair (a terminal in another encoding): nothing is called so.
            return -1
        return int(rows[0][0]) if rows else -1

    def _totals(self, workflow: int) -> dict[int, int]:
        return dict(self._rows(sql.TOTALS, workflow))

    def _data_version(self) -> int:
        return int(self._rows("PRAGMA data_version")[0][0])

    def _rows(self, statement: str, *values: Any) -> list[Row]:
        parameters = values[0] if values and isinstance(values[0], dict) else values
        try:
            return self._con.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several statements that see one state of the store."""
        if self._con.in_transaction:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        finally:
            # After an error of the disk SQLite may have ended it already.
            with suppress(sqlite3.Error):
                self._con.execute("ROLLBACK")


def _folded(text: object) -> str | None:
    return text.casefold() if isinstance(text, str) else None


def _kinds(kinds: Collection[str] | None) -> list[int] | None:
    return None if kinds is None else [kind for kind, text in KIND_TEXT.items() if text in kinds]


def _log_kinds(level: str | None) -> list[int]:
    if level == "note":
        return [Kind.NOTE]
    lowest = _SEVERITY.index(level) if level in _SEVERITY else 0
    kinds: list[int] = [LEVELS[name] for name in _SEVERITY[lowest:]]
    if lowest <= _SEVERITY.index("info"):
        kinds += [Kind.NOTE, Kind.CLOCK_MOVED]
    return [*kinds, *_FAILURES]


def _splits(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The ways to read `user[/key]`: each user with the spellings that its key may have in the store."""
    yield text, ("",)
    at = text.find("/")
    while at >= 0:
        key = text[at + 1 :]
        yield text[:at], (json.dumps(key, ensure_ascii=False), key)
        at = text.find("/", at + 1)


def _key(key: str) -> str | None:
    if not key:
        return None
    value = json.loads(key)
    return value if isinstance(value, str) else key


def _state(statuses: dict[int, tuple[int, int]], waits: list[Row]) -> tuple[str, int | None]:
    """The most telling state of a user's journeys, and the journey of which it speaks."""
    for status in _TELLING:
        if status not in statuses:
            continue
        newest = statuses[status][1]
        if status != Status.WAITING:
            return STATUS_TEXT[status], newest
        for state, kinds in (
            ("step", (Kind.STEP_STARTED, Kind.STEP_RETRY)),
            ("waiting", (Kind.WAIT_OPENED, Kind.GROUP_OPENED)),
            ("sleeping", (Kind.SLEEP_OPENED,)),
        ):
            nearest = _nearest([wait for wait in waits if wait[2] in kinds])
            if nearest is not None:
                return state, nearest[0]
        return "waiting", newest
    return "none", None


def _nearest(waits: list[Row]) -> Row | None:
    return min(waits, key=lambda wait: (wait[3] is None, wait[3] or 0, wait[1]), default=None)


def _oldest(waits: Iterable[Row]) -> Row:
    """The one that tells best what is waited for: a group only when nothing in it is open."""
    return min(waits, key=lambda wait: (wait[2] == Kind.GROUP_OPENED, wait[1]))


def _waits_for(wait: Row) -> str:
    _, _, kind, _, name = wait
    if kind in (Kind.STEP_STARTED, Kind.STEP_RETRY):
        return f"step {name}"
    if kind == Kind.SLEEP_OPENED:
        return "sleep"
    return name or ""


_WAIT_KIND = {
    Kind.WAIT_OPENED: "wait",
    Kind.GROUP_OPENED: "group",
    Kind.SLEEP_OPENED: "sleep",
    Kind.STEP_STARTED: "step",
    Kind.STEP_RETRY: "step",
}


def _wait(row: Row) -> WaitRow:
    seq, kind, user, workflow, journey_key, journey_n, name, n, data, opened_at, due, place = row
    given = json.loads(data) if data else {}
    return WaitRow(
        seq=seq,
        kind=_WAIT_KIND.get(kind, "wait"),
        user=user,
        journey=journey_id(workflow, user, journey_key, journey_n),
        workflow=workflow,
        key=key_of(kind, name, n, given) or "",
        name=name,
        match=given.get("match"),
        opened_at=opened_at,
        due_at=due,
        line=place,
    )
