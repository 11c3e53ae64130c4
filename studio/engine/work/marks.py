"""What counts later of users, as a batch knows it: what is written, and the batch's own."""

from __future__ import annotations

from itertools import islice

from studio.engine.work.journeys import JourneyIdentityMap
from studio.kernel.marks import Entered, Mark, is_mark, mark_of
from studio.kernel.state import UserState
from studio.store import read_marks
from studio.store.changes import Changes
from studio.store.sqlite import Store


class Marks:
    """The draws, messages, goals and refusals that a batch has to do with."""

    def __init__(self, store: Store, changes: Changes, journeys: JourneyIdentityMap) -> None:
        self._store = store
        self._history = changes.history
        self._journeys = journeys
        self._looked_at = 0
        """Rows of this batch that were gone through: each once, however often is asked."""
        self._own: dict[tuple[int, int], list[Mark]] = {}
        self._stored: dict[tuple[int, int], tuple[int, list[Mark]]] = {}
        """From which moment on they were read, and they."""
        self._entered: dict[tuple[int, int], list[Entered]] = {}

    def marks(self, user: UserState, kind: int, since: int = -1) -> list[Mark]:
        """The user's entries of a kind after a moment, oldest first."""
        slot = (user.id, kind)
        found = [] if user.new else self._read(slot, since)
        for row in islice(self._history, self._looked_at, None):
            if is_mark(row[2]):
                self._own.setdefault((row[3], row[2]), []).append(mark_of(row, self._workflow_of))
        self._looked_at = len(self._history)
        return [mark for mark in (*found, *self._own.get(slot, ())) if mark.at > since]

    def entered(self, user: UserState, workflow_id: int) -> list[Entered]:
        """Where the user's journeys in a workflow began, oldest first."""
        slot = (user.id, workflow_id)
        if (found := self._entered.get(slot)) is None:
            rows = [] if user.new else read_marks.entered(self._store, *slot)
            found = self._entered[slot] = [Entered(*row) for row in rows]
        mine = (j for j in user.journeys if j.workflow_id == workflow_id and j.entered is not None)
        return [*found, *(Entered(j.id, *j.entered) for j in mine if j.entered is not None)]

    def _read(self, slot: tuple[int, int], since: int) -> list[Mark]:
        known = self._stored.get(slot)
        if known is None or since < known[0]:
            rows = read_marks.marks(self._store, *slot, since)
            known = self._stored[slot] = (since, [Mark(*row) for row in rows])
        return known[1]

    def _workflow_of(self, journey: int) -> int | None:
        found = self._journeys.by_id.get(journey)
        return None if found is None else found.workflow_id
