"""One user's state behind the port: all that the rules ask, and nothing of anybody else (DESIGN rule 6).

For drivers that keep a user at a time: it is carried on by turns (`begin_turn`, causes, `rows_of_turn`), made
small (`compact`), and goes over to another process as bytes (`partition_dump.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate, chain, takewhile
from typing import NamedTuple

from studio.kernel.event_blocks import BLOCK_EVENTS, BLOCK_TEXT, EventBlock, block_of, digest, newest_first
from studio.kernel.marks import Mark
from studio.kernel.memory import MemoryUnit
from studio.kernel.ports import EVENTS_MAX
from studio.kernel.profiles import learned
from studio.kernel.records import Chain
from studio.kernel.state import OPEN_STATUSES, JourneyState, Row, UserState, WaitState
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind, Status
from studio.language.names import Names
from studio.text import json_text as jsontext


class OutgoingEvent(NamedTuple):
    """An event that a journey sent to another user."""

    user: str
    event: Event
    chain: Chain = Chain()


class Partition(MemoryUnit):
    """A user's events, journeys, waits and what passes have recorded.

    Entries are numbered within the user. Events of others are handed out: `sent` has them.

    Args:
        name: the user's id.
        workflows: those that journeys are driven by, by name.
        seed: what `random` and `uuid` of journeys are drawn from.
        salt: what idempotency keys are made from.
        codes: the hash of each workflow's source, by the workflow's name.
    """

    def __init__(
        self,
        name: str,
        workflows: Mapping[str, Workflow],
        seed: str = "",
        salt: str = "",
        codes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(workflows, seed, salt)
        self.name = name
        self.codes = codes or {}
        self.me = super().user(name)
        self.last_at = 0
        """Its newest moment, milliseconds since 1970, UTC: no cause is put before it."""
        self.next_journey = 1
        self.blocks: list[EventBlock] = []
        """Older events; those in `me.events` follow."""
        self.sent: list[OutgoingEvent] = []
        """What this turn sends to others, in order."""
        self.sent_ids: dict[str, int] = {}
        """Ids that the user's journeys gave to events of others, with the entry that sent each."""
        self.ended: list[int] = []
        """Waits from before this turn that it ended."""
        self.moved: dict[int, int | None] = {}
        """Deadlines of waits from before this turn that it changed."""
        self.delivered: dict[str, int] = {}
        """Of each user whose journeys sent an event here, the newest entry that did."""
        self.origins: list[tuple[int, str, int]] = []
        """What other users' journeys sent in this turn: entry, user, the entry's number there."""
        self.turn_from = 1
        """Number of this turn's first entry."""
        self._numbered: dict[int, JourneyState] = {}

    # -- turns -----------------------------------------------------------------------------

    def begin_turn(self) -> None:
        """Begin anew to count what is changed."""
        self.turn_from = self.seq
        self._nothing_changed()
        for wait in self.waits.values():
            wait.stored = True
            # Time has moved, or something came: no longer the same standing moment.
            wait.causation_depth = 0
        for journey in self.journeys:
            journey.touched = journey.new = False

    def _nothing_changed(self) -> None:
        self.sent, self.ended, self.profiles, self.moved, self.origins = [], [], [], {}, []

    def has_delivered(self, sender: str, number: int) -> bool:
        """Whether an event that this user's journey sent came before; they come in the order of sending."""
        return number <= self.delivered.get(sender, 0)

    def note_origin(self, sender: str, number: int, seq: int | None) -> None:
        """An event that a journey of another user sent was taken as this entry; None: its id was known."""
        self.delivered[sender] = number
        if seq is not None:
            self.origins.append((seq, sender, number))

    def sent_since(self, at: int) -> int:
        """How many events the user's journeys sent at a moment or later, as far as their entries are kept."""
        newest = takewhile(lambda row: row[1] >= at, reversed(self.history))
        return sum(row[2] == Kind.EVENT and row[4] is not None for row in newest)

    def rows_of_turn(self) -> list[Row]:
        """The entries that this turn appended, oldest first."""
        rows = self.history
        count = self.seq - self.turn_from
        return rows[len(rows) - count :]

    # -- what the rules ask ----------------------------------------------------------------

    def carries(self, user: UserState) -> bool:
        """Only this user is here."""
        return user is self.me

    def learn(self, event: Event, meta: str | None) -> None:
        """Take from an event what it says of its user; what is said of others is theirs to learn."""
        if event.user == self.name:
            known = self.profile(self.me, event.seq)
            if (profile := learned(known, event, meta)) != known:
                self.me.versions.append((event.seq, profile))
                self.profiles.append((self.me.id, event.seq, profile))

    def add_event(self, user: UserState, event: Event) -> None:
        """An event was accepted, or is sent to somebody else."""
        if user is self.me:
            super().add_event(user, event)
            return
        self.sent.append(OutgoingEvent(user.name, event))
        if event.id is not None:
            self.sent_ids[event.id] = event.seq

    def event(self, seq: int) -> Event:
        """The event of an entry that must be there."""
        found = self._events.get(seq)
        if found is None:
            blocks = newest_first(self.blocks, seq - 1, seq)
            events = (event for block in blocks for event in block.events(self.name) if event.seq == seq)
            found = next(events, None) or self._sent_event(seq)
        return found

    def _sent_event(self, seq: int) -> Event:
        """What the user's journeys sent to somebody else; known by its id alone once it was handed out."""
        id = next(id for id, sent in self.sent_ids.items() if sent == seq)
        for row in reversed(self.history):
            if row[0] == seq:
                user = next(user.name for user in self.users.values() if user.id == row[3])
                return Event(self.name_text(row[6]), user, row[1], row[13], id, seq)
        return Event("", self.name, self.last_at, None, id, seq)

    def known_ids(self, ids: list[str]) -> dict[str, int]:
        """Which of these senders' ids were taken before, and where: in this user's history alone."""
        found = {}
        for id in ids:
            seq = self._ids.get(id, self.sent_ids.get(id))
            if seq is None:
                seq = self._packed_id(id)
            if seq is not None:
                found[id] = seq
        return found

    def _packed_id(self, id: str) -> int | None:
        short = digest(id)
        for block in self.blocks:
            if short in block.ids:
                for event in block.events(self.name):
                    if event.id == id:
                        return event.seq
        return None

    def _newest(self, wanted: Names, after: int, bound: int) -> Iterable[Event]:
        """The user's events of these names, newest first; blocks are opened as they are needed."""
        yield from reversed(super()._within(self.me, wanted, after, bound))
        for block in newest_first(self.blocks, after, bound):
            if block.may_have(wanted):
                for event in reversed(block.events(self.name)):
                    if after < event.seq <= bound and wanted.meets(event.name):
                        yield event

    def event_seqs(
        self, user: UserState, wanted: Names, after: int, bound: int, limit: int = EVENTS_MAX
    ) -> list[int]:
        """Where the user's events of these names stand, newest first."""
        return [event.seq for event, _ in zip(self._newest(wanted, after, bound), range(limit), strict=False)]

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
        found = (e for e in self._newest(wanted, after, bound) if fits is None or fits(e.text))
        return [event.copy() for event, _ in zip(found, range(limit), strict=False)][::-1]

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
        newest = [e for e, _ in zip(self._newest(wanted, after, bound), range(limit + 1), strict=False)]
        return [e.seq for e in reversed(newest[:limit]) if fits(e.text)], len(newest) > limit

    # -- journeys and waits ----------------------------------------------------------------

    def journey_by_id(self, id: int) -> JourneyState | None:
        """One journey by its number."""
        return self._numbered.get(id)

    def add_journey(
        self, user: UserState, workflow: Workflow, workflow_id: int, key: str, n: int, seq: int, trigger: int
    ) -> JourneyState:
        """Begin a journey; `seq` is that of its first entry, which follows."""
        id = self.next_journey
        self.next_journey += 1
        row = (id, user.id, workflow_id, key, n, Status.WAITING, 1, seq, trigger, trigger, 0, None)
        return self.put_journey(row, new=True)

    def put_journey(self, row: Row, *, new: bool) -> JourneyState:
        """A journey by its fields, as a store's row has them; its user is this one."""
        workflow = self.name_text(row[2])
        loaded = self.workflows.get(workflow)
        hash = self.codes.get(workflow)
        code = None if hash is None else self.name_id(f"{workflow}@{hash}")
        journey = JourneyState(self.me, loaded, code, row, new)
        journey.loaded = True
        self.journeys.append(journey)
        self.me.journeys.append(journey)
        self._numbered[journey.id] = journey
        self._keyed[(self.me.id, journey.workflow_id, journey.key)] = journey
        return journey

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""
        super().end_wait(wait)
        if wait.stored:
            self.ended.append(wait.id)

    def set_due(self, wait: WaitState, due: int | None) -> None:
        """An open wait has another deadline now."""
        super().set_due(wait, due)
        if wait.stored:
            self.moved[wait.id] = due

    def suspend_timer(self, wait: WaitState) -> None:
        """Its workflow is not loaded: the deadline does not count."""
        super().suspend_timer(wait)
        self.moved[wait.id] = None

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
        if code is None and journey is not None:
            code = journey.code
        self.last_at = max(self.last_at, at)
        return super().append(at, kind, user, journey, name, n, place, cause, data, late, id, meta, code)

    def own_marks(self) -> Iterable[tuple[int, Mark]]:
        """What counts later of the user, each with its kind."""
        for (_, kind), marks in self._marks.items():
            for mark in marks:
                yield kind, mark

    def put_mark(self, kind: int, mark: Mark) -> None:
        """What counts later, from elsewhere; in the order of the entries."""
        self._marks.setdefault((self.me.id, kind), []).append(mark)

    @property
    def next_due(self) -> int | None:
        """The nearest deadline, milliseconds since 1970, UTC."""
        return min((wait.due for wait in self.waits.values() if wait.due is not None), default=None)

    # -- made small ------------------------------------------------------------------------

    def compact(self) -> None:
        """Drop what was handed out and no rule asks for: call it between turns.

        What stays: all events (old ones in blocks), the rows of open passes, results of `once` steps,
        profiles from the oldest open pass on, and of journeys that have ended the newest of each key.
        """
        self._pack_events()
        open_journeys = [journey for journey in self.journeys if journey.status in OPEN_STATUSES]
        self._drop_journeys()
        self._drop_rows(open_journeys)
        first = min((j.start[1] for j in open_journeys if j.status != Status.IDLE), default=self.seq)
        self._drop_profiles(first)
        self.turn_from = self.seq
        self._nothing_changed()

    def _pack_events(self) -> None:
        tail = self.me.events
        text = sum(len(event.text) for event in tail)
        while len(tail) >= 2 * BLOCK_EVENTS or text >= 2 * BLOCK_TEXT:
            taken = accumulate(len(event.text) for event in tail[:BLOCK_EVENTS])
            # The newest stays, whatever its size.
            old = tail[: min(1 + sum(size < BLOCK_TEXT for size in taken), BLOCK_EVENTS, len(tail) - 1)]
            if not old:
                break
            del tail[: len(old)]
            text -= sum(len(event.text) for event in old)
            self.blocks.append(block_of(old))
            for event in old:
                del self._events[event.seq]
                if event.id is not None:
                    del self._ids[event.id]

    def _drop_journeys(self) -> None:
        kept = {id(journey) for journey in self._keyed.values()}
        met = {mark.journey for mark in self.marks(self.me, Kind.GOAL)}
        stays = [
            j
            for j in self.journeys
            if j.status in OPEN_STATUSES or id(j) in kept or (j.id not in met and self._may_meet(j))
        ]
        self.journeys = stays
        self.me.journeys = list(stays)
        self._numbered = {journey.id: journey for journey in stays}
        for journey in stays:
            if journey.status not in OPEN_STATUSES or journey.status == Status.IDLE:
                journey.outcomes, journey.opened = {}, {}

    def _may_meet(self, journey: JourneyState) -> bool:
        """Whether an event to come may be the goal of a journey that has ended."""
        goal = None if journey.workflow is None else journey.workflow.goal
        if goal is None or journey.entered is None:
            return False
        return goal.within is None or self.last_at <= journey.entered[1] + goal.within

    def _drop_rows(self, open_journeys: list[JourneyState]) -> None:
        since = {journey.id: journey for journey in open_journeys}
        self.history = [
            row
            for row in self.history
            if (journey := since.get(row[4])) is not None and _is_asked_for(row, journey)
        ]

    def _drop_profiles(self, first: int) -> None:
        versions = self.me.versions
        while len(versions) > 1 and versions[1][0] <= first:
            del versions[0]

    def all_events(self) -> Iterable[Event]:
        """All events of the user, oldest first."""
        return chain(chain.from_iterable(block.events(self.name) for block in self.blocks), self.me.events)


def _is_asked_for(row: Row, journey: JourneyState) -> bool:
    """Whether a rule may ask for an entry of an open journey."""
    if row[2] == Kind.STEP_DONE and row[13] is not None and '"once":true' in row[13]:
        return "once" in jsontext.loads(row[13])
    if row[0] < journey.pass_seq:
        return False
    return journey.status != Status.IDLE or row[2] in (Kind.STARTED, Kind.PASS)
