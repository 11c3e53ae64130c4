"""Open waits, sleeps, groups and steps, as a batch knows them."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from studio.engine.work.journeys import JourneyIdentityMap
from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.totals import KIND_BITS, TotalsDelta
from studio.engine.work.users import Users
from studio.kernel.pass_fold import key_of
from studio.kernel.state import JourneyState, UserState, WaitState
from studio.language.commands import Key
from studio.store import read_waits
from studio.store.changes import Changes
from studio.store.read_waits import Waiting
from studio.store.schema import TOTAL_WAITS
from studio.store.sqlite import Store

FEW = 8
"""So many are gone through faster than looked for in a better way."""

_is_open = attrgetter("open")
_by_id = attrgetter("id")


class Waits:
    """The waits that a batch has to do with, the same object for the same wait."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        totals: TotalsDelta,
        names: NameNumbers,
        users: Users,
        journeys: JourneyIdentityMap,
    ) -> None:
        self._store = store
        self._changes = changes
        self._slots = totals.slots
        self._names = names
        self._users = users
        self._journeys = journeys
        self.by_id: dict[int, WaitState] = {}
        self._stored: dict[tuple[int, int], list[WaitState]] = {}
        """By user and event name, those for a pattern among them."""
        self._new: dict[tuple[int, int], list[WaitState]] = {}
        self._due: dict[tuple[int, int], list[WaitState]] = {}
        """Stored waits by user and deadline, as they were read."""
        self._opened: list[WaitState] = []
        self.ended: list[WaitState] = []
        """Stored waits that are over."""

    def load(self, wanted: Iterable[tuple[UserState, int]]) -> None:
        """Read the open waits that events of these users and names may end."""
        stored = self._stored
        missing: dict[int, list[int]] = {}
        for user, name in wanted:
            slot = (user.id, name)
            if not user.new and slot not in stored:
                stored[slot] = []
                missing.setdefault(name, []).append(user.id)
        for name, ids in missing.items():
            for found in read_waits.waits_named(self._store, ids, name):
                user_id = found[1].user
                stored[(user_id, name)].append(self._take_wait(found, self._users.by_id[user_id]))

    def waits_for(self, user: UserState, name: int) -> list[WaitState]:
        """The open waits that an event of this name may end, oldest first."""
        slot = (user.id, name)
        found: list[WaitState] = []
        if not user.new:
            if slot not in self._stored:
                self.load(((user, name),))
            found += self._stored[slot]
        if self._new:
            for key in (slot, (user.id, 0)):
                if (new := self._new.get(key)) is not None:
                    if len(new) > FEW:
                        # In a loop of waits all but the newest are over.
                        new[:] = filter(_is_open, new)
                    found += new
        if not found:
            return found
        found = [wait for wait in found if wait.open]
        if len(found) > 1:
            found.sort(key=_by_id)
        return found

    def due_waits(self, until: int, limit: int) -> list[WaitState]:
        """The stored waits whose deadline has come, in order."""
        return self._take_waits(read_waits.waits_due(self._store, until, limit))

    def due_at(self, user: UserState, due: int) -> list[WaitState]:
        """The user's open waits whose deadline is this moment."""
        slot = (user.id, due)
        if (stored := self._due.get(slot)) is None:
            rows = [] if user.new else read_waits.waits_due_at(self._store, user.id, due)
            stored = self._due[slot] = [self._take_wait(row, user) for row in rows]
        mine = [wait for journey in user.journeys for wait in journey.opened.values()]
        found = {wait.id: wait for wait in (*stored, *mine) if wait.open and wait.due == due}
        return list(found.values())

    def wait_at(self, id: int) -> WaitState | None:
        """The open wait that this entry opened."""
        found = self.by_id.get(id)
        if found is None:
            row = read_waits.wait_at(self._store, id)
            found = None if row is None else self._take_wait(row, self._users.user_by_id(row[1].user))
        return found if found is not None and found.open else None

    def running_steps(self, after: int, limit: int) -> list[WaitState]:
        """Steps that were started and have not ended, a page at a time."""
        return self._take_waits(read_waits.running_steps(self._store, after, limit))

    def _take_waits(self, rows: list[Waiting]) -> list[WaitState]:
        users = self._users.load_by_id({of.user for _, of in rows})
        return [self._take_wait(row, users[row[1].user]) for row in rows]

    def _take_wait(self, row: Waiting, user: UserState) -> WaitState:
        """The wait of a row that was read, the same object for the same wait."""
        (id, kind, name, due, label, n, data, cause, place, at, newest), of = row
        found = self.by_id.get(id)
        if found is None:
            journey = self._journeys.take(of, user)
            key = key_of(kind, label, n, data, self._names.name_text)
            found = WaitState(id, journey, kind, name, due, key, data, cause, label, place, True)
            self.by_id[id] = found
            first = newest == id == journey.pass_seq + 1 and journey.pass_no == 1
            if first and cause is not None and not journey.loaded:
                # Its first command, and the last thing that happened to it: the pass is known.
                journey.start = (at, cause, 0)
                journey.pass_at, journey.pass_cause = at, cause
                journey.opened[key] = found
                journey.loaded = True
        return found

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
        self.by_id[seq] = wait
        journey.opened[key] = wait
        self._opened.append(wait)
        if name is not None:
            self._new.setdefault((journey.user.id, name), []).append(wait)
        # As `TotalsDelta.count` does, without the call.
        slot = journey.workflow_id << KIND_BITS | TOTAL_WAITS
        self._slots[slot] = self._slots.get(slot, 0) + 1
        return wait

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""
        wait.open = False
        journey = wait.journey
        if journey.opened.get(wait.key) is wait:
            del journey.opened[wait.key]
        if wait.stored:
            self._changes.ended_waits.append((wait.id,))
            self.ended.append(wait)
        slot = journey.workflow_id << KIND_BITS | TOTAL_WAITS
        self._slots[slot] = self._slots.get(slot, 0) - 1

    def suspend_timer(self, wait: WaitState) -> None:
        """Its workflow is not loaded: the deadline stands by until it is (`due` is kept negated)."""
        assert wait.due is not None
        self._changes.due_changes.append((-wait.due, wait.id))
        wait.due = None
        self.missed(wait.journey)

    def set_due(self, wait: WaitState, due: int | None) -> None:
        """An open wait has another deadline now."""
        wait.due = due
        if wait.stored:
            self._changes.due_changes.append((due, wait.id))

    def missed(self, journey: JourneyState) -> None:
        """Something came for a journey whose workflow is not loaded; remembered until it is."""
        self._changes.meta.append((f"missed/{journey.workflow_id}", "1"))

    @property
    def opened(self) -> list[WaitState]:
        """Those that this batch has opened and that are open."""
        return [wait for wait in self._opened if wait.open]

    def finish(self) -> None:
        """Say what is to be written of them."""
        self._changes.waits += [
            (w.id, w.journey.id, w.journey.user.id, w.kind, w.name, w.due) for w in self._opened if w.open
        ]
        # In the order of their pages: each is fetched and changed once.
        self._changes.ended_waits.sort()
