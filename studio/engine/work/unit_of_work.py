"""What a batch knows: rows that were read, and what it has changed since.

A batch is driven with no transaction open. Everything that it reads is kept here,
everything that it decides is put on top, and `StoreUnit.changes` gives what must be
written. When the batch has been written, or has failed, all of this is forgotten:
nothing in memory is worth saving.
"""

from __future__ import annotations

from collections.abc import Mapping

from studio.engine.work.events import Events
from studio.engine.work.journeys import JourneyIdentityMap
from studio.engine.work.marks import Marks
from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.passes import Passes
from studio.engine.work.totals import KIND_BITS, TotalsDelta, place_rows
from studio.engine.work.users import Users
from studio.engine.work.waits import Waits
from studio.kernel.state import JourneyState, UserState
from studio.language.definition import Workflow
from studio.store.away import is_away
from studio.store.changes import Changes
from studio.store.sqlite import Store


class StoreUnit:
    """The store as this batch sees it: read through, and written on top.

    Each subject has a part of its own, which is given the parts that it needs; what the rules ask for
    (`kernel/ports.py`) is the method of a part, with nothing in between.

    Args:
        workflows: what journeys are driven by.
        codes: codes.id of each workflow's running version.
        paused: workflows by which nothing is driven now.
    """

    def __init__(
        self,
        store: Store,
        workflows: Mapping[str, Workflow],
        codes: dict[str, int],
        paused: Mapping[str, Workflow] | None = None,
    ) -> None:
        self.store = store
        self.workflows = workflows
        self.codes = codes
        """codes.id of each workflow's running version."""
        changes = self.changes = Changes()
        self._history = changes.history
        self.seq = store.next_seq
        totals = self._totals = TotalsDelta()
        self._slots = totals.slots

        names = self._names = NameNumbers(store, changes)
        self.name_id = names.name_id
        self.name_text = names.name_text
        self.place_id = names.place_id

        users = self._users = Users(store, changes, totals)
        self.users = users.by_name
        self.load_users = users.load
        self.has_user = users.has_user
        self.user = users.user
        self.user_by_id = users.user_by_id
        self.profile = users.profile
        self.learn = users.learn
        self.put_profile = users.put_profile

        journeys = self._journeys = JourneyIdentityMap(store, workflows, codes, names, users, paused or {})
        self.journeys = journeys.by_id
        self.load_keyed = journeys.load_keyed
        self.keyed = journeys.keyed
        self.open_journeys = journeys.open_journeys
        self.journey_numbered = journeys.journey_numbered
        self.journey_by_id = journeys.journey_by_id
        self.journey_named = journeys.journey_named
        self.journey_of = journeys.journey_of
        self.journeys_in = journeys.journeys_in
        self.journeys_among = journeys.journeys_among
        self.finished_among = journeys.finished_among
        self.late_in = journeys.late_in
        self.add_journey = journeys.add_journey
        self.load_journeys = journeys.load
        self.put_journey = journeys.put_journey

        marks = Marks(store, changes, journeys)
        self.marks = marks.marks
        self.entered = marks.entered

        waits = self._waits = Waits(store, changes, totals, names, users, journeys)
        self.waits = waits.by_id
        self.load_waits = waits.load
        self.waits_for = waits.waits_for
        self.due_waits = waits.due_waits
        self.due_at = waits.due_at
        self.wait_at = waits.wait_at
        self.running_steps = waits.running_steps
        self.open_wait = waits.open_wait
        self.end_wait = waits.end_wait
        self.suspend_timer = waits.suspend_timer
        self.set_due = waits.set_due
        self.missed = waits.missed

        passes = Passes(store, changes, names, waits)
        self.load_passes = passes.load_passes
        self.moment_of = passes.moment_of
        self.load_pass_until = passes.load_pass_until
        self.once_results = passes.once_results
        self.said = passes.said
        self.newest_failure = passes.newest_failure
        self.newest_end = passes.newest_end

        events = Events(store, names, users)
        self.add_event = events.add
        self.event = events.event
        self.event_seqs = events.event_seqs
        self.events = events.events
        self.fitting_seqs = events.fitting_seqs
        self.known_ids = events.known_ids

    @property
    def seed(self) -> str:
        """What `random` and `uuid` of journeys are drawn from."""
        return self.store.seed

    @property
    def salt(self) -> str:
        """What idempotency keys are made from."""
        return self.store.salt

    @property
    def has_plain_ids(self) -> bool:
        """Journeys may be there from before ids were escaped."""
        return self.store.id_bounds != (1,)

    def is_away(self, user: str) -> bool:
        """Whether a user was handed over to another engine."""
        return self.store.has_handovers and is_away(self.store.meta, user)

    def carries(self, user: UserState) -> bool:
        """All users of a store are here."""
        return True

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
        """Append an entry to the history; gives its seq."""
        seq = self.seq
        self.seq = seq + 1
        totals = self._slots
        if journey is None:
            totals[kind] = totals.get(kind, 0) + 1
            row = (seq, at, kind, user, None, None, name, n, place, cause, code, late, id, data, meta)
        else:
            slot = journey.workflow_id << KIND_BITS | kind
            totals[slot] = totals.get(slot, 0) + 1
            number, pass_no = journey.id, journey.pass_no
            if code is None:
                code = journey.code
            row = (seq, at, kind, user, number, pass_no, name, n, place, cause, code, late, id, data, meta)
        self._history.append(row)
        return seq

    def annotate(self, seq: int, meta: str) -> None:
        """Give an event of this batch what is known beside its data."""
        at = seq - self.store.next_seq
        self._history[at] = (*self._history[at][:14], meta)

    def meta_of(self, seq: int) -> str | None:
        """What is known beside the data of an event of this batch, as JSON."""
        found: str | None = self._history[seq - self.store.next_seq][14]
        return found

    def finish(self) -> Changes:
        """All that is to be written."""
        changes = self.changes
        self._journeys.finish(changes, self._totals)
        self._waits.finish()
        changes.totals += self._totals.rows()
        workflows = {code: self.name_id(name) for name, code in self.codes.items()}
        changes.places += place_rows(
            self._history,
            workflows,
            lambda id: self.journeys[id].workflow_id,
            self._waits.opened,
            self._waits.ended,
        )
        return changes

    def commit(self) -> None:
        """Write it all, and let the numbers that were given out count.

        Raises:
            StoreError: nothing was written, and nothing counts.
        """
        self.store.write(self.finish())
        self.store.next_seq = self.seq
        self._users.written()
        self._journeys.written()
        self._names.written()

    def release(self) -> None:
        """Let go of what was read: these point at one another, and would wait for the garbage collector."""
        self._users.release()
        self._journeys.release()
