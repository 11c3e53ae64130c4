"""What every front end asks: users, journeys, waits, timelines, logs. Read-only.

Pages go on after the last row that was seen, and counts come from `totals`: nothing
here costs more in a large store than in a small one, but for the filters that say so.
Here are the questions about the store as a whole; each other subject has a file of its own.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any, Self

from studio.language.kinds import Kind, Status
from studio.store import view_funnel
from studio.store import view_sql as sql
from studio.store.approvals import HOLD, HeldStep, held_steps
from studio.store.capabilities import LOCAL, Capabilities, declared_by
from studio.store.connect import connect_reader, require_history
from studio.store.damage import read_fields
from studio.store.file import file_of
from studio.store.foreign import REFUSED_TURNS_COUNT
from studio.store.records import LeftWaiting, Totals
from studio.store.refused import MOST_ROWS as MOST_REFUSED
from studio.store.refused import LeftAside, Refused, left_aside, listed, none_of, one
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS
from studio.store.under_way import UnderWay, change_under_way, reloads
from studio.store.view_arms import ArmCounts
from studio.store.view_charts import ChartViews
from studio.store.view_context import ContextViews
from studio.store.view_funnel import PlaceCounts
from studio.store.view_history import HistoryViews
from studio.store.view_needs import NeedViews
from studio.store.view_report_rows import ReportViews
from studio.store.view_user_rows import UserViews

LOOK_OPERATIONS = 100_000
"""Of SQLite's, some milliseconds: so often a statement looks whether nobody wants its rows any more."""
MOST_INBOX = 10_000
"""Events in the inbox that are counted: more are more than enough to know."""
SUGGEST_ROWS = 10_000
"""Entries, from either end of the history, in which event names are looked for."""


class Views(ContextViews, UserViews, HistoryViews, ReportViews, ChartViews, NeedViews):
    """A read-only connection to a store. Belongs to the thread that made it.

    Raises:
        StoreError: there is no store, it is no database, or a newer version made it;
            later, of any question: the database cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._con = connect_reader(path)
        self._ended = threading.Event()
        self._arms = ArmCounts()
        # An interruption between two statements is none: so the next one looks, too.
        self._con.set_progress_handler(self._ended.is_set, LOOK_OPERATIONS)
        try:
            self._file = file_of(self.path)
            self._con.create_function("folded", 1, _folded, deterministic=True)
            require_history(self._con, self.path)
            self._version = self._data_version()
        except BaseException:
            self._con.close()
            raise

    def close(self) -> None:
        """Let the connection go."""
        self._con.close()

    def interrupt(self) -> None:
        """End what is asked now and later, with an error; may be called by any thread."""
        self._ended.set()
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was let go: nothing is asked
            self._con.interrupt()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def changed(self) -> bool:
        """Whether anything was committed since this was last asked. Costs microseconds.

        Raises:
            StoreGone: its file was removed or replaced.
        """
        version = self._data_version()
        moved = version != self._version
        self._version = version
        return moved

    def clock(self) -> dict[str, Any]:
        """The state of the store's clock; empty while it runs with the wall's."""
        rows = self._rows(sql.META, "clock")
        return read_fields(rows[0][0] if rows else None, "its clock")

    def meta(self, key: str) -> str | None:
        """A value that the engine keeps under a name; None when there is none."""
        rows = self._rows(sql.META, key)
        return None if not rows else str(rows[0][0])

    def under_way(self) -> list[UnderWay]:
        """What the engine is at that takes long, beside a jump, which its clock tells of."""
        with self._translated():
            found = reloads(self._con)
        change = change_under_way(self.path)
        return found if change is None else [change, *found]

    def capabilities(self) -> Capabilities:
        """What the driver of the store's journeys can do."""
        with self._translated():
            return declared_by(self._con)

    def turns_refused(self) -> int:
        """How many turns of other drivers could not be taken."""
        # A store that an older version made has no such table.
        if self.capabilities() is LOCAL:
            return 0
        return int(self._rows(REFUSED_TURNS_COUNT)[0][0])

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
            return [] if id is None else view_funnel.funnel(self._rows, id, self.last_seq(), self._arms)

    def left_waiting(self) -> LeftWaiting:
        """The events that no engine has taken in yet, counted up to `MOST_INBOX`."""
        count = int(self._rows(sql.INBOX_EVENTS, MOST_INBOX + 1)[0][0])
        return LeftWaiting(min(count, MOST_INBOX), count > MOST_INBOX)

    def left_aside(self) -> LeftAside:
        """How many events are kept aside because they could not be taken."""
        with self._translated():
            return left_aside(self._con)

    def refused(self, *, after: int = 0, limit: int = MOST_REFUSED) -> list[Refused]:
        """The events that are kept aside, the oldest first."""
        with self._translated():
            return listed(self._con, after, limit)

    def refused_event(self, number: int) -> tuple[Refused, str]:
        """One of them, and what was sent.

        Raises:
            StoreError: there is none of this number.
        """
        with self._translated():
            found = one(self._con, number)
        if found is None:
            raise none_of(self.path, number)
        return found

    def hold(self) -> dict[str, Any] | None:
        """Why steps are on hold; None when they run."""
        rows = self._rows(sql.META, HOLD)
        return read_fields(rows[0][0] if rows else None, "steps on hold") or None

    def held_steps(self, *, limit: int = 1000) -> list[HeldStep]:
        """The steps that wait for a yes, oldest first."""
        with self._translated():
            return held_steps(self._con, limit)

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


def _folded(text: object) -> str | None:
    return text.casefold() if isinstance(text, str) else None
