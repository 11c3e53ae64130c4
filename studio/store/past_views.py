"""The same questions as `Views`, as of an entry of the past.

In front of the tables that say how things stand *now* stand temporary ones of the same names, with the
store's own shape and indexes: what was then is derived into them as it is asked for (`past_journeys.py`,
`checkpoints.py`). So every statement of `Views` answers of the past, and nothing is said twice. A step to
another entry derives anew only what the entries between have changed.

What waited then, nearest deadline first, is found by going on from that moment: what was due next is what
ended next. Where nothing more is found so, what is open to this day follows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from studio.clocks import moments
from studio.clocks.adjustable_clock import moment
from studio.clocks.clock import wall_ms
from studio.errors import StoreError
from studio.store import past_sql as sql
from studio.store.approvals import HeldStep
from studio.store.causes import begin_of_cause, end_of_cause, last_entry_by
from studio.store.checkpoints import Counts, counts_at, entries_counted
from studio.store.past_journeys import journeys_as_of
from studio.store.rebuild import COLUMNS
from studio.store.records import JourneyRow, LeftWaiting, Totals, UserRow, WaitRow
from studio.store.refused import LeftAside
from studio.store.slow import SLOW
from studio.store.snapshots import standing
from studio.store.stuck import STUCK
from studio.store.under_way import UnderWay
from studio.store.view_base import ENDLESS, Row
from studio.store.view_charts import WorkflowCounts
from studio.store.view_users import UserCount, UserPage, UserSearch
from studio.store.views import Views

LOOKED_AT = 300
"""Of a user with more journeys than this, the newest are looked at."""
FIRST_WALK = 2_000
"""Entries behind the moment in which the next deadlines are looked for at first; then twice as many."""
MOST_WALKED = 10_000
STILL_OPEN = 20_000
"""Of the waits that are open to this day, so many are looked through for those that were open then."""
MOST_OVERDUE = 1_000
"""Waits that are looked for where the overdue ones are counted: there were few, if an engine ran."""
NEAR = 5_000
"""Up to so many entries away, what was derived for one moment is kept for the next."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the past, as of which things are looked at: the last of its cause."""

    seq: int
    """0: before all."""
    at: int
    """The moment to which the store had come, ms since 1970."""
    missing: int | None
    """The entry that was asked for, where it is gone: `seq` is before it. Else None."""
    entries: int | None
    """How many of the entries up to here are still in the store; None when they were not counted."""

    @property
    def gone(self) -> int:
        """How many entries up to here were taken away since: by prune, erase, rewind or undo."""
        return 0 if self.entries is None else max(0, self.seq - self.entries)


class PastViews(Views):
    """A read-only connection to a store as of an entry. Belongs to the thread that made it.

    It begins at the newest entry; `go` leads to another.

    Raises:
        StoreError: as `Views`.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._users: set[int] = set()
        """Of whom all journeys were derived."""
        self._journeys: set[int] = set()
        """Which were derived, or had not begun."""
        self._walked = 0
        """Up to which entry the ends of waits were looked for."""
        self._to_the_end = False
        """Also those that are open to this day are there."""
        self._counts: tuple[int, Counts] | None = None
        try:
            with self._translated():
                # The file is open read-only; what is derived goes into temporary tables.
                self._con.execute("PRAGMA query_only = 0")
                self._make_tables()
            with self._snapshot():
                self.moment = self._set(self._newest())
        except BaseException:
            self.close()
            raise

    # -- the moment ------------------------------------------------------------------------------

    def go(self, seq: int) -> Moment:
        """Look at the store as of an entry and what its cause brought; if it is gone, of the one before."""
        with self._snapshot():
            upto = self._entry_upto(seq)
            with self._translated():
                end = end_of_cause(self._con, upto, self.path) if upto else 0
            self.moment = self._set(end, None if seq == upto else seq)
            return self.moment

    def go_to_time(self, at: int) -> Moment:
        """Look at the store as of a moment, ms since 1970."""
        with self._snapshot():
            with self._translated():
                upto = last_entry_by(self._con, at, self._newest())
            return self.go(upto)

    def go_to(self, text: str) -> Moment:
        """Look at the store as of what a person names: an entry by its number, or a time in the past.

        Raises:
            StoreError: there is no such entry yet.
            ClockError: it is neither.
        """
        text = text.strip()
        if not text.isdecimal():
            return self.go_to_time(moments.parse_past(text, moment(super().clock(), wall_ms())))
        newest = self._newest()
        if int(text) > newest:
            fix = f"The newest is {newest:,}."
            raise StoreError(f"there is no entry {int(text):,} yet", fix=fix)
        return self.go(int(text))

    def step(self, by: int, user: str | None = None) -> Moment:
        """Look at the next cause, or the one before.

        Args:
            by: 1 or -1.
            user: only what is about this user.
        """
        with self._snapshot():
            seq = self.moment.seq
            if by > 0:
                found = self._next_entry(seq, user)
                return self.moment if found is None else self.go(found)
            if not seq:
                return self.moment
            with self._translated():
                first = begin_of_cause(self._con, seq, self.path)
            if user is None:
                return self.go(first - 1)
            before = self.timeline(user, limit=1, before=first)
            return self.go(before[-1].seq) if before else self.moment

    def next_at(self, user: str | None = None) -> int | None:
        """When the next cause after the moment came, ms since 1970; None at the end of the history."""
        with self._snapshot():
            found = self._next_entry(self.moment.seq, user)
            return None if found is None else int(self._rows(sql.MOMENT_OF, found)[0][0])

    def _next_entry(self, seq: int, user: str | None) -> int | None:
        if user is None:
            rows = self._rows(sql.ENTRY_BEHIND, seq)
            return int(rows[0][0]) if rows else None
        top, self.top = self.top, ENDLESS
        try:
            found = self.timeline_from(user, limit=1, after=seq)
        finally:
            self.top = top
        return found[0].seq if found else None

    def _entry_upto(self, seq: int) -> int:
        rows = self._rows(sql.ENTRY_UPTO, seq)
        return int(rows[0][0] or 0)

    def _newest(self) -> int:
        return int(self._rows(sql.LAST_SEQ)[0][0] or 0)

    def _set(self, seq: int, missing: int | None = None) -> Moment:
        """Let the temporary tables be those of an entry."""
        before = self._counts[0] if self._counts is not None else None
        last = self._newest()
        with self._translated():
            if before is None or abs(seq - before) > NEAR or last < max(before, seq):
                self._forget()
            else:
                self._forget_touched(min(before, seq), max(before, seq), seq)
            counts = counts_at(self._con, seq, last, self._counts)
            self._fill_counts(counts)
            self._con.execute(sql.SET_MOMENT, (self._newest_user(seq),))
        self._counts = None if counts is None else (seq, counts)
        self.top = seq
        self._walked = max(self._walked, seq) if self._walked else seq
        at = self._rows(sql.MOMENT_OF, seq) if seq else self._rows(sql.FIRST_MOMENT)
        entries = None if counts is None else entries_counted(counts)
        return Moment(seq, int(at[0][0]) if at else 0, missing, entries)

    def _newest_user(self, seq: int) -> int:
        """The number of the newest user of then: numbers and first events go up together."""
        low, high = 0, int(self._rows(sql.NEWEST_USER)[0][0] or 0)
        while low < high:
            middle = (low + high + 1) // 2
            rows = self._rows(sql.FIRST_EVENT, {"from": middle, "to": high})
            if not rows or (rows[0][1] is not None and rows[0][1] > seq):
                high = middle - 1
            else:
                low = int(rows[0][0])
        return low

    # -- what is derived -------------------------------------------------------------------------

    def _make_tables(self) -> None:
        for name in ("journeys", "waits", "totals", "places"):
            for kind, text in self._con.execute(sql.SHAPE, (name,)).fetchall():
                made = f"CREATE {kind.upper()} "
                self._con.execute(text.replace(made, f"{made}temp.", 1))
        self._con.execute(sql.MOMENT)
        self._con.execute(sql.SET_MOMENT, (0,))
        self._con.execute(sql.USERS)

    def _forget(self) -> None:
        for table in ("journeys", "waits"):
            self._con.execute(f"DELETE FROM temp.{table}")
        self._know_nothing()

    def _know_nothing(self) -> None:
        self._users.clear()
        self._journeys.clear()
        self._walked, self._to_the_end = 0, False

    def _forget_touched(self, low: int, high: int, bound: int) -> None:
        """Forget the journeys that have entries after one, up to another; all others stand alike at both."""
        rows = self._con.execute(sql.TOUCHED, (low, high)).fetchall()
        touched = [journey for journey, _ in rows]
        self._drop(touched)
        self._users -= {user for _, user in rows}
        if self._walked:
            # The list of waits goes on from what has ended up to there, and has all of these in it.
            self._need_journeys(touched, bound)

    def _drop(self, journeys: Iterable[int]) -> None:
        ids = json.dumps(list(journeys))
        self._con.execute(sql.DROP_JOURNEYS, (ids,))
        self._con.execute(sql.DROP_WAITS, (ids,))
        self._journeys.difference_update(json.loads(ids))

    def _fill_counts(self, counts: Counts | None) -> None:
        for table in ("totals", "places"):
            self._con.execute(f"DELETE FROM temp.{table}")
        rows = [(*slot, n) for slot, n in (counts or {}).items() if n]
        self._con.executemany(sql.ADD_TOTAL, [row for row in rows if len(row) == 3])
        self._con.executemany(sql.ADD_PLACE, [row for row in rows if len(row) == 5])

    def _need_journeys(self, ids: Iterable[int], bound: int | None = None) -> None:
        wanted = sorted(set(ids) - self._journeys)
        if not wanted:
            return
        with self._translated():
            for journey in journeys_as_of(self._con, wanted, self.top if bound is None else bound):
                for table, row in journey.rows(_uncounted):
                    marks = ", ".join("?" * len(row))
                    self._con.execute(f"INSERT INTO temp.{table} ({COLUMNS[table]}) VALUES ({marks})", row)
        self._journeys.update(wanted)

    def _need_users(self, users: Iterable[int]) -> None:
        wanted = sorted(set(users) - self._users)
        found: list[int] = []
        for user in wanted:
            rows = self._rows(sql.NEWEST_OF_USER, {"user": user, "top": self.top, "limit": LOOKED_AT})
            found += [id for (id,) in rows]
        self._need_journeys(found)
        self._users.update(wanted)

    def _need_nearest(self, count: int, after: tuple[int | None, int] | None = None) -> None:
        """Have so many waits of then, behind a place in their order, as far as they are found."""
        due = -ENDLESS if after is None else after[0]
        size, last = FIRST_WALK, self._newest()
        while not self._to_the_end:
            horizon = self._rows(sql.MOMENT_OF, self._walked) if self._walked else []
            if due is not None and horizon:
                span = {"from": due, "to": horizon[0][0]}
                if int(self._rows(sql.COUNT_DUE, span)[0][0]) >= count:
                    return
            if self._walked >= min(last, self.top + MOST_WALKED):
                self._need_still_open()
                return
            upto = min(self._walked + size, last)
            span = {"from": self._walked, "to": upto, "top": self.top}
            self._need_journeys(id for (id,) in self._rows(sql.ENDED, span))
            self._walked, size = upto, 2 * size

    def _need_still_open(self) -> None:
        """Also what is open to this day."""
        for statement in (sql.OPEN_DUE, sql.OPEN_FOREVER):
            rows = self._rows(statement, {"top": self.top, "limit": STILL_OPEN})
            self._need_journeys(id for (id,) in rows[: STILL_OPEN // 10])
        self._to_the_end = True

    def _need_failed(self, count: int) -> None:
        self._need_journeys(id for (id,) in self._rows(sql.FAILED, {"top": self.top, "limit": count}))

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        if self._con.in_transaction:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._con.execute("ROLLBACK")
            # What was derived meanwhile went with it.
            self._counts = None
            self._know_nothing()
            raise
        self._rows("COMMIT")

    # -- questions that need something derived, or are about now ----------------------------------

    def last_seq(self) -> int:
        """The newest entry of then."""
        return self.top

    def totals(self) -> Totals:
        """The counts of then; all 0 where they are not known (`Moment.entries`)."""
        return super().totals() if self._counts is not None else Totals(*(0,) * len(fields(Totals)))

    def _totals(self, workflow: int) -> dict[int, int]:
        # Where those of then are not known: there were no more of anything.
        return super()._totals(workflow) if self._counts else dict(self._rows(sql.ALL_TOTALS, workflow))

    def _journeys_in(self, workflow: int) -> int:
        # Those that were derived are not all: each user is asked for.
        return ENDLESS

    def _missing(self) -> dict[str, str]:
        """Those that were paused: which are gone is so now."""
        return dict.fromkeys(self.paused_workflows(), "workflow paused")

    def paused_workflows(self) -> list[str]:
        """Those that were paused then."""
        return [name for name, each in self.pauses().items() if each.held(self.top + 1)]

    def clock(self) -> dict[str, Any]:
        """A clock that stands at the moment."""
        return standing(self.moment.at, wall_ms(), False)

    def meta(self, key: str) -> str | None:
        """As `Views`; None for what the engine says of this moment."""
        return None if key in (STUCK, SLOW) else super().meta(key)

    def under_way(self) -> list[UnderWay]:
        """None: it is so now."""
        return []

    def left_aside(self) -> LeftAside:
        """None: what was refused is no part of the history."""
        return LeftAside()

    def left_waiting(self) -> LeftWaiting:
        """Nothing: what waits in the inbox is no past yet."""
        return LeftWaiting(0, False)

    def hold(self) -> dict[str, Any] | None:
        """None: what is on hold is so now."""
        return None

    def held_steps(self, *, limit: int = 1000) -> list[HeldStep]:
        """None: what is on hold is so now."""
        return []

    def _user_rows(self, users: list[Row]) -> list[UserRow]:
        with self._snapshot():
            self._need_users(id for id, _ in users)
            # Some came later, or all that was known of them is gone.
            return [row for row in super()._user_rows(users) if row.journeys or row.last_at is not None]

    def users_by_deadline(self, *, limit: int = 100) -> list[UserRow]:
        """As `Views`."""
        with self._snapshot():
            self._need_nearest(limit)
            return super().users_by_deadline(limit=limit)

    def users_by_state(self, *, limit: int = 100) -> list[UserRow]:
        """As `Views`; of those that failed, whoever has not gone on to this day or soon after."""
        with self._snapshot():
            self._need_failed(limit)
            self._need_nearest(limit)
            return super().users_by_state(limit=limit)

    def last_users(self, *, limit: int = 100, by_deadline: bool = False) -> list[UserRow]:
        """As `Views`."""
        with self._snapshot():
            if by_deadline:
                self._need_nearest(limit)
            return super().last_users(limit=limit, by_deadline=by_deadline)

    def failed_users(self, *, limit: int = 1000) -> list[str]:
        """As `Views`; see `users_by_state`."""
        with self._snapshot():
            self._need_failed(limit)
            self._need_nearest(0)
            return super().failed_users(limit=limit)

    def find_users(self, search: UserSearch, *, before: int | None = None, limit: int = 200) -> UserPage:
        """As `Views`."""
        with self._snapshot():
            page = super().find_users(_all_states(search), before=before, limit=limit)
            return UserPage([row for row in page.rows if search.fits(row)], page.before, page.done)

    def count_users(self, search: UserSearch, *, before: int | None = None) -> UserCount:
        """As `Views`."""
        with self._snapshot():
            page = self.find_users(search, before=before, limit=500)
            return UserCount(len(page.rows), page.before, page.done)

    def journeys(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        status: str | None = None,
        limit: int = 100,
        after: int | str = 0,
    ) -> list[JourneyRow]:
        """As `Views`."""
        with self._snapshot():
            first = max(self._journey_numbers(after), default=ENDLESS) if isinstance(after, str) else after
            values = {"user": self._user_id(user), "workflow": self._name_id(workflow), "top": self.top}
            statement = sql.JOURNEYS if user is None else sql.JOURNEYS_OF_USER
            found: list[JourneyRow] = []
            while len(found) < limit:
                page = [id for (id,) in self._rows(statement, {**values, "after": first, "limit": limit})]
                rows = self._journeys_by_id(page)
                there = self._journey_rows([rows[id] for id in page if id in rows])
                found += [row for row in there if status is None or row.status == status]
                if len(page) < limit:
                    break
                first = page[-1]
            return found[:limit]

    def journey(self, id: str) -> JourneyRow | None:
        """As `Views`; None when it had not begun."""
        with self._snapshot():
            number = self._journey_number(id)
            rows = {} if number is None else self._journeys_by_id((number,))
            return self._journey_rows(list(rows.values()))[0] if rows else None

    def side_by_side(self, user: str, **limits: Any) -> Any:
        """As `Views`."""
        with self._snapshot():
            if (user_id := self._user_id(user)) not in (None, -1):
                self._need_users((user_id,))
            return super().side_by_side(user, **limits)

    def _journeys_by_id(self, ids: Iterable[int]) -> dict[int, Row]:
        ids = list(ids)
        with self._snapshot():
            self._need_journeys(ids)
            return super()._journeys_by_id(ids)

    def waits(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        kind: str | None = None,
        limit: int = 100,
        after: tuple[int | None, int] | None = None,
    ) -> list[WaitRow]:
        """As `Views`."""
        with self._snapshot():
            if user is None:
                # Of one workflow there may be few among the nearest.
                self._need_nearest(limit if workflow is None and kind is None else ENDLESS, after)
            elif (user_id := self._user_id(user)) not in (None, -1):
                self._need_users((user_id,))
            return super().waits(user=user, workflow=workflow, kind=kind, limit=limit, after=after)

    def waiting(
        self, *, limit: int = 100, after: tuple[int | None, int] | None = None, last: bool = False
    ) -> tuple[list[WaitRow], tuple[int | None, int] | None]:
        """As `Views`."""
        with self._snapshot():
            self._need_nearest(limit, after)
            if last:
                self._need_still_open()
            return super().waiting(limit=limit, after=after, last=last)

    def waits_at(self, workflow: str, place: str, *, limit: int = 100) -> list[WaitRow]:
        """As `Views`."""
        with self._snapshot():
            self._need_nearest(limit)
            return super().waits_at(workflow, place, limit=limit)

    def deadlines(
        self, workflow: str, after: tuple[int, int] = (0, 0)
    ) -> tuple[list[int], tuple[int, int] | None]:
        """As `Views`; as far as they are found."""
        with self._snapshot():
            self._need_nearest(ENDLESS)
            return super().deadlines(workflow, after)

    def workflow_counts(self, overdue_before: int) -> list[WorkflowCounts]:
        """As `Views`."""
        with self._snapshot():
            # The overdue ones are the nearest of all.
            self._need_nearest(MOST_OVERDUE)
            return super().workflow_counts(overdue_before)

    def open_among(self, waits: Iterable[WaitRow]) -> set[int]:
        """As `Views`."""
        waits = list(waits)
        with self._snapshot():
            rows = self._rows(sql.OWNERS, {"seqs": json.dumps([wait.seq for wait in waits])})
            self._need_journeys(id for (id,) in rows)
            return super().open_among(waits)

    def is_open(self, seq: int) -> bool:
        """As `Views`."""
        with self._snapshot():
            self._need_journeys(id for (id,) in self._rows(sql.OWNERS, {"seqs": json.dumps([seq])}))
            return super().is_open(seq)


def _all_states(search: UserSearch) -> UserSearch:
    """The same search for whatever state: what is told by the present ones says nothing of the past."""
    return UserSearch(search.words, search.without, search.workflows, search.not_workflows)


def _uncounted(*_: Collection[Any] | int) -> None:
    """Counts are kept otherwise."""
