"""What the passes of journeys have recorded, folded from the history into their state."""

from __future__ import annotations

from collections.abc import Iterable

from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.waits import Waits
from studio.kernel.pass_fold import OpenedInPass, fold
from studio.kernel.state import JourneyState
from studio.language.kinds import Kind
from studio.store import read_entries
from studio.store.changes import Changes, Row
from studio.store.read_waits import deadlines
from studio.store.sqlite import Store


class Passes:
    """Reads what was recorded of journeys, in the store and in a batch."""

    def __init__(self, store: Store, changes: Changes, names: NameNumbers, waits: Waits) -> None:
        self._store = store
        self._history = changes.history
        self._first = store.next_seq
        self._names = names
        self._waits = waits.by_id

    def load_passes(self, wanted: Iterable[JourneyState]) -> None:
        """Read what the current passes of journeys have recorded."""
        missing = {journey.id: journey for journey in wanted if not journey.loaded}
        if not missing:
            return
        for row in read_entries.passes(self._store, list(missing)):
            fold(missing[row.journey], row, self._waits, self._names.name_text)
        for journey in missing.values():
            journey.loaded = True

    def load_pass_until(self, journey: JourneyState, until: int) -> OpenedInPass:
        """Read what a pass had recorded up to an entry; gives what was open there."""
        found, name_text = OpenedInPass(), self._names.name_text
        for row in read_entries.pass_until(self._store, journey.id, journey.pass_seq, until):
            fold(journey, row, self._waits, name_text)
            found.fold(row, name_text)
        journey.loaded = True
        # What is open to this day may have had its deadline moved.
        by_seq = {found.opened[key][0]: key for key in found.open}
        for seq, due in deadlines(self._store, list(by_seq)):
            found.dues.pop(by_seq[seq], None)
            if due is not None:
                found.dues[by_seq[seq]] = due
        return found

    def moment_of(self, seq: int) -> int | None:
        """The moment of an entry; None when it is not there."""
        at = seq - self._first
        if 0 <= at < len(self._history):
            return int(self._history[at][1])
        return read_entries.moment_of_entry(self._store, seq)

    def once_results(
        self, journey: JourneyState, label: int
    ) -> list[tuple[int, int, int, int | None, str | None, int | None]]:
        """How steps of a name ended in the passes of a journey that were written, oldest first."""
        return [*read_entries.once_results(self._store, journey.id, label)]

    def said(self, journey: JourneyState, since: int) -> list[str]:
        """What the present pass of a journey has said."""
        mine = [
            row[13]
            for row in self._unwritten(journey, since)
            if Kind.LOG_DEBUG <= row[2] <= Kind.NOTE and row[0] >= journey.pass_seq
        ]
        return read_entries.said(self._store, journey.id, journey.pass_seq) + mine

    def newest_failure(self, journey: JourneyState) -> str | None:
        """The data of the entry at which a journey failed last, as JSON."""
        mine = [row[13] for row in self._unwritten(journey, 0) if row[2] == Kind.FAILED]
        if mine:
            return str(mine[-1])
        return read_entries.newest_failure(self._store, journey.id)

    def newest_end(self, journey: JourneyState) -> tuple[int, str | None] | None:
        """Where a journey was completed last, and the entry's data, as JSON; None when it is not there."""
        mine = [row for row in self._unwritten(journey, 0) if row[2] == Kind.COMPLETED]
        if mine:
            return mine[-1][0], mine[-1][13]
        return read_entries.newest_end(self._store, journey.id)

    def _unwritten(self, journey: JourneyState, since: int) -> list[Row]:
        """What this batch adds to a journey's history, oldest first."""
        rows = self._history
        first = max(0, since - self._first)
        return [row for row in rows[first:] if row[4] == journey.id]
