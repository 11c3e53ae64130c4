"""A unit of work in memory: the whole history of some users as lists and dictionaries.

For drivers that keep a user's history themselves, and for tests of the rules without a store.
`engine/work/unit_of_work.py` is the other one, over SQLite; both give the same answers.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from studio.kernel.marks import Entered, Mark, is_mark, mark_of
from studio.kernel.ports import EVENTS_MAX
from studio.kernel.profiles import learned
from studio.kernel.state import OPEN_STATUSES, JourneyState, Row, UserState, WaitState
from studio.language.commands import Key, Place
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind, Status
from studio.language.names import Names


class MemoryUnit:
    """A history that lives as long as this object.

    Args:
        workflows: those that journeys are driven by, by name.
        seed: what `random` and `uuid` of journeys are drawn from.
        salt: what idempotency keys are made from.
    """

    has_plain_ids = False

    def __init__(self, workflows: Mapping[str, Workflow], seed: str = "", salt: str = "") -> None:
        self.workflows = workflows
        self.seed = seed
        self.salt = salt
        self.history: list[Row] = []
        """Entries in the order of the store's table `history`."""
        self.seq = 1
        """The number of the next entry."""
        self.names: list[str] = []
        self.users: dict[str, UserState] = {}
        self.journeys: list[JourneyState] = []
        self.waits: dict[int, WaitState] = {}
        """Those that are open, by the entry that opened each."""
        self.profiles: list[tuple[int, int, dict[str, Any]]] = []
        """User, the entry from which it holds, and the profile."""
        self._name_ids: dict[str, int] = {}
        self._events: dict[int, Event] = {}
        self._ids: dict[str, int] = {}
        self._keyed: dict[tuple[int, int, str], JourneyState] = {}
        self._marks: dict[tuple[int, int], list[Mark]] = {}
        """What counts later, by user and kind, oldest first."""

    # -- names -----------------------------------------------------------------------------

    def name_id(self, text: str) -> int:
        """The number of a name."""
        found = self._name_ids.get(text)
        if found is None:
            self.names.append(text)
            found = self._name_ids[text] = len(self.names)
        return found

    def name_text(self, id: int) -> str:
        """The text of a name."""
        return self.names[id - 1]

    def place_id(self, place: Place) -> int:
        """The number of a line of code."""
        return self.name_id(f"{os.path.basename(place[0])}:{place[1]}")

    # -- users -----------------------------------------------------------------------------

    def user(self, name: str) -> UserState:
        """A user; made when not there."""
        found = self.users.get(name)
        if found is None:
            found = self.users[name] = UserState(len(self.users) + 1, name, True)
        return found

    def profile(self, user: UserState, bound: int) -> dict[str, Any]:
        """What is known of a user as of a position."""
        return next((profile for seq, profile in reversed(user.versions) if seq <= bound), {})

    def learn(self, event: Event, meta: str | None) -> None:
        """Take from an event what it says of its user."""
        user = self.users[event.user]
        known = self.profile(user, event.seq)
        if (profile := learned(known, event, meta)) != known:
            user.versions.append((event.seq, profile))
            self.profiles.append((user.id, event.seq, profile))

    # -- events ----------------------------------------------------------------------------

    def is_away(self, user: str) -> bool:
        """Nobody was handed over."""
        return False

    def carries(self, user: UserState) -> bool:
        """All users are here."""
        return True

    def add_event(self, user: UserState, event: Event) -> None:
        """An event was accepted, and its entry appended."""
        user.events.append(event)
        self._events[event.seq] = event
        if event.id is not None:
            self._ids[event.id] = event.seq

    def event(self, seq: int) -> Event:
        """The event of an entry that must be there."""
        return self._events[seq]

    def known_ids(self, ids: list[str]) -> dict[str, int]:
        """Which of these senders' ids were taken before, and where."""
        return {id: self._ids[id] for id in ids if id in self._ids}

    def _within(self, user: UserState, wanted: Names, after: int, bound: int) -> list[Event]:
        events = user.events[bisect_right(user.events, after, key=_by_seq) :]
        return [event for event in events if event.seq <= bound and wanted.meets(event.name)]

    def event_seqs(
        self, user: UserState, wanted: Names, after: int, bound: int, limit: int = EVENTS_MAX
    ) -> list[int]:
        """Where the user's events of these names stand, newest first."""
        return [event.seq for event in reversed(self._within(user, wanted, after, bound))][:limit]

    def events(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool] | None,
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> list[Event]:
        """Those of the user's newest events of these names whose data fit, oldest first: copies."""
        found = self._within(user, wanted, after, bound)
        return [event.copy() for event in found if fits is None or fits(event.text)][-limit:]

    def fitting_seqs(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool],
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> tuple[list[int], bool]:
        """Where those of the user's newest events of these names stand whose data fit, oldest first.

        Returns:
            Them, and whether there are older ones that were not looked at.
        """
        found = self._within(user, wanted, after, bound)
        return [event.seq for event in found[-limit:] if fits(event.text)], len(found) > limit

    # -- journeys --------------------------------------------------------------------------

    def keyed(self, user: UserState, workflow_id: int, key: str) -> JourneyState | None:
        """The newest journey of a user, workflow and key."""
        return self._keyed.get((user.id, workflow_id, key))

    def open_journeys(self, user: UserState, workflow_id: int) -> list[JourneyState]:
        """The user's journeys in a workflow that have not ended, oldest first."""
        mine = (journey for journey in user.journeys if journey.workflow_id == workflow_id)
        return [journey for journey in mine if journey.status in OPEN_STATUSES]

    def entered(self, user: UserState, workflow_id: int) -> list[Entered]:
        """Where the user's journeys in a workflow began, oldest first."""
        return [
            Entered(journey.id, *journey.entered)
            for journey in user.journeys
            if journey.workflow_id == workflow_id and journey.entered is not None
        ]

    def journey_by_id(self, id: int) -> JourneyState | None:
        """One journey by its number."""
        return self.journeys[id - 1] if 0 < id <= len(self.journeys) else None

    def load_passes(self, wanted: Iterable[JourneyState]) -> None:
        """Nothing: what passes have recorded is there."""

    def add_journey(
        self, user: UserState, workflow: Workflow, workflow_id: int, key: str, n: int, seq: int, trigger: int
    ) -> JourneyState:
        """Begin a journey; `seq` is that of its first entry, which follows."""
        id = len(self.journeys) + 1
        row = (id, user.id, workflow_id, key, n, Status.WAITING, 1, seq, trigger, trigger, 0, None)
        journey = JourneyState(user, workflow, None, row, True)
        self.journeys.append(journey)
        user.journeys.append(journey)
        self._keyed[(user.id, workflow_id, key)] = journey
        return journey

    # -- waits -----------------------------------------------------------------------------

    def waits_for(self, user: UserState, name: int) -> list[WaitState]:
        """The open waits that an event of this name may end, oldest first."""
        found = [
            wait
            for journey in user.journeys
            for wait in journey.opened.values()
            if wait.name is not None and wait.name in (name, 0)
        ]
        return sorted(found, key=attrgetter("id"))

    def due_at(self, user: UserState, due: int) -> list[WaitState]:
        """The user's open waits whose deadline is this moment."""
        return [wait for journey in user.journeys for wait in journey.opened.values() if wait.due == due]

    def wait_at(self, id: int) -> WaitState | None:
        """The open wait that this entry opened."""
        return self.waits.get(id)

    def due_waits(self, until: int) -> list[WaitState]:
        """The open waits whose deadline has come, in order."""
        found = [wait for wait in self.waits.values() if wait.due is not None and wait.due <= until]
        return sorted(found, key=attrgetter("due", "id"))

    def open_wait(
        self,
        journey: JourneyState,
        seq: int,
        kind: int,
        name: int | None,
        due: int | None,
        key: Key,
        data: str | None,
        cause: int | None,
        label: int | None,
        place: int | None,
    ) -> WaitState:
        """Open a wait that an entry speaks of."""
        wait = WaitState(seq, journey, kind, name, due, key, data, cause, label, place, False)
        self.waits[seq] = wait
        journey.opened[key] = wait
        return wait

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""
        wait.open = False
        self.waits.pop(wait.id, None)
        if wait.journey.opened.get(wait.key) is wait:
            del wait.journey.opened[wait.key]

    def set_due(self, wait: WaitState, due: int | None) -> None:
        """An open wait has another deadline now."""
        wait.due = due

    def moment_of(self, seq: int) -> int | None:
        """The moment of an entry of an open pass; None when it is not there."""
        return next((row[1] for row in reversed(self.history) if row[0] == seq), None)

    def suspend_timer(self, wait: WaitState) -> None:
        """Its workflow is not loaded: the deadline does not count."""
        wait.due = None

    def missed(self, journey: JourneyState) -> None:
        """Something came for a journey whose workflow is not loaded, which is never loaded here."""

    # -- entries ---------------------------------------------------------------------------

    def append(
        self,
        at: int,
        kind: int,
        user: int | None,
        journey: JourneyState | None,
        name: int | None = None,
        n: int | None = None,
        place: int | None = None,
        cause: int | None = None,
        data: str | None = None,
        late: int | None = None,
        id: str | None = None,
        meta: str | None = None,
        code: int | None = None,
    ) -> int:
        """Append an entry; gives its number."""
        seq = self.seq
        self.seq = seq + 1
        number, pass_no = (None, None) if journey is None else (journey.id, journey.pass_no)
        row = (seq, at, kind, user, number, pass_no, name, n, place, cause, code, late, id, data, meta)
        self.history.append(row)
        if is_mark(kind):
            self.note_mark(row)
        return seq

    def annotate(self, seq: int, meta: str) -> None:
        """Give an event of this turn what is known beside its data."""
        at = self._place_of(seq)
        self.history[at] = (*self.history[at][:14], meta)

    def meta_of(self, seq: int) -> str | None:
        """What is known beside the data of an event of this turn."""
        found: str | None = self.history[self._place_of(seq)][14]
        return found

    def _place_of(self, seq: int) -> int:
        """Where an entry stands that was appended not long ago."""
        return next(at for at in range(len(self.history) - 1, -1, -1) if self.history[at][0] == seq)

    def note_mark(self, row: Row) -> None:
        """Keep what an entry says that counts later."""
        self._marks.setdefault((row[3], row[2]), []).append(mark_of(row, self._workflow_of))

    def _workflow_of(self, journey: int) -> int | None:
        found = self.journey_by_id(journey)
        return None if found is None else found.workflow_id

    def marks(self, user: UserState, kind: int, since: int = -1) -> list[Mark]:
        """The user's entries of a kind that counts later after a moment, oldest first."""
        return [mark for mark in self._marks.get((user.id, kind), ()) if mark.at > since]

    def _of(self, journey: JourneyState) -> list[Row]:
        return [row for row in self.history if row[4] == journey.id]

    def once_results(
        self, journey: JourneyState, label: int
    ) -> list[tuple[int, int, int, int | None, str | None, int | None]]:
        """How steps of a name ended in the passes of a journey, oldest first."""
        return [
            (row[0], row[1], row[2], row[11], row[13], row[7])
            for row in self._of(journey)
            if row[2] in (Kind.STEP_DONE, Kind.STEP_FAILED) and row[6] == label
        ]

    def said(self, journey: JourneyState, since: int) -> list[str]:
        """What the present pass of a journey has said."""
        rows = (row for row in self._of(journey) if row[0] >= journey.pass_seq)
        return [row[13] for row in rows if Kind.LOG_DEBUG <= row[2] <= Kind.NOTE]

    def newest_failure(self, journey: JourneyState) -> str | None:
        """The data of the entry at which a journey failed last, as JSON."""
        return next((row[13] for row in reversed(self._of(journey)) if row[2] == Kind.FAILED), None)

    def newest_end(self, journey: JourneyState) -> tuple[int, str | None] | None:
        """Where a journey was completed last, and the entry's data, as JSON; None when it is not there."""
        ends = (row for row in reversed(self._of(journey)) if row[2] == Kind.COMPLETED)
        return next(((row[0], row[13]) for row in ends), None)


_by_seq = attrgetter("seq")
