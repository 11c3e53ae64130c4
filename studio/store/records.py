"""The frozen records that leave the store. Moments are milliseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.clocks.clock import iso

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history."""

    seq: int
    at: int
    kind: str
    """ "event", "wait.opened", "log" …: the kinds of DESIGN §4."""
    user: str | None
    workflow: str | None
    journey: str | None
    """`workflow/user[/key][~n]`; None for an event from outside."""
    pass_number: int | None
    name: str | None
    """The event or step; None for sleeps, logs and what is about the journey itself."""
    key: str | None
    """What a command is found by, "wait:app/login#0"; None for what is no command's."""
    line: str | None
    """ "onboarding.py:13"."""
    message: str | None
    """Of a log entry: the text. Of others: a few words, where there are some."""
    data: Any
    """What JSON holds it; None when there is none."""
    level: str | None = None
    """Of a log entry: debug, info, warning, error, note."""
    cause: int | None = None
    """`seq` of the entry that drove the journey here."""
    code: str | None = None
    """Hash of the workflow's source that made it."""
    late_ms: int = 0
    id: str | None = None
    """The sender's id of an event."""

    def as_json(self) -> Json:
        """The entry as `--json` prints it."""
        line: Json = {
            "time": iso(self.at),
            "kind": self.kind,
            "user": self.user,
            "workflow": self.workflow,
            "journey": self.journey,
            "pass": self.pass_number,
            "name": self.name,
            "line": self.line,
            "message": self.message,
            "data": self.data,
            "seq": self.seq,
        }
        for name, value in (
            ("key", self.key),
            ("level", self.level),
            ("id", self.id),
            ("late_ms", self.late_ms),
        ):
            if value:
                line[name] = value
        return line


@dataclass(frozen=True, slots=True)
class WaitRow:
    """An open wait, sleep or running step."""

    seq: int
    """Of the entry that opened it: the order of opening."""
    kind: str
    """ "wait", "sleep", "step", "message" (put off) or "group" (the timeout of a wait_any or wait_all)."""
    user: str
    journey: str
    workflow: str
    key: str
    name: str | None
    """The event, "app/*, web/login" for several; the step's name."""
    match: Mapping[str, Any] | None
    opened_at: int
    due_at: int | None
    """None: only an event can end it."""
    line: str | None
    local: str | None = None
    """Of a wait for a time by the user's clock, the deadline by that: "Tue 3 Mar 09:00 Europe/Berlin"."""
    parts: tuple[WaitRow, ...] = ()
    """Of a group that is shown as one: what is open in it, in the order in which it was written."""
    stands_by: bool = False
    """Its deadline has come while its workflow was paused or gone, and ends nothing until that is back."""

    @property
    def place(self) -> tuple[int | None, int]:
        """Where it stands among all: what the next page begins after."""
        return (-self.due_at if self.stands_by and self.due_at is not None else self.due_at), self.seq

    @property
    def nearest(self) -> WaitRow:
        """The row whose deadline comes first: of a group, its own or that of a part; else the row itself."""
        dues = [row for row in (*self.parts, self) if row.due_at is not None]
        return min(dues, key=lambda row: row.due_at or 0, default=self)

    @property
    def answerable(self) -> tuple[WaitRow, ...]:
        """The waits that an event ends: the row itself, or parts of it."""
        return tuple(row for row in (self, *self.parts) if row.kind == "wait")


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A journey as it stands now."""

    id: str
    user: str
    workflow: str
    key: str | None
    status: str
    """waiting, idle, completed, failed, exited, cancelled."""
    pass_number: int
    started_at: int
    note: str | None
    due_at: int | None
    """The nearest deadline among its open waits."""
    waits_for: str | None
    """The event of its oldest open wait, "sleep", or "step NAME"; "workflow deleted" when it is gone."""
    number: int = 0
    """In the store: the order in which journeys began, for the next page."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user at a glance."""

    id: str
    state: str
    """The most telling status of the user's journeys: failed, step, waiting, sleeping, idle,
    completed, exited, cancelled; "none" without any journey."""
    workflow: str | None
    """Of the journey that `state` speaks of."""
    journeys: int
    due_at: int | None
    waits_for: str | None
    note: str | None
    last_event: str | None
    last_at: int | None


@dataclass(frozen=True, slots=True)
class LeftWaiting:
    """Events in the inbox, which an engine would take in."""

    events: int
    more: bool
    """There are more than were counted."""

    def __bool__(self) -> bool:
        return self.events > 0

    @property
    def number(self) -> str:
        """ "3", "10,000+"."""
        return f"{self.events:,}{'+' if self.more else ''}"

    @property
    def words(self) -> str:
        """ "3 events wait in the inbox: no engine runs"."""
        return f"{self.number} event{' waits' if self.events == 1 else 's wait'} in the inbox: no engine runs"


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts that the engine keeps."""

    users: int
    waits: int
    """Open waits, sleeps and steps."""
    events: int
    waiting: int
    """Journeys, by status."""
    idle: int
    completed: int
    failed: int
    exited: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class JourneysView:
    """The journeys of one user side by side, as far as a screen can show them."""

    journeys: list[JourneyRow]
    """The nearest deadline first, then what is open without one, then the newest that have ended."""
    entries: list[Entry]
    """The newest entries of each of these journeys, oldest first."""
    moves: list[Entry]
    """Where the clock was moved meanwhile, oldest first."""
    total: int
    """How many journeys the user has in all."""
