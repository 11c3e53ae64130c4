"""What the passes of journeys have recorded, folded from the history into their state."""

from __future__ import annotations

from collections.abc import Iterable

from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.waits import Waits
from studio.kernel.pass_fold import fold, key_of
from studio.kernel.state import JourneyState
from studio.language.commands import Key
from studio.language.kinds import Kind
from studio.store import read_entries
from studio.store.changes import Changes, Row
from studio.store.read_entries import PassRow
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

    def load_pass_until(self, journey: JourneyState, until: int) -> list[tuple[Key | None, PassRow]]:
        """Read what a pass had recorded up to an entry: its outcomes. What was open is for the caller to see.

        Returns:
            The rows, those of commands with their keys.
        """
        rows = read_entries.pass_until(self._store, journey.id, journey.pass_seq, until)
        for row in rows:
            fold(journey, row, self._waits, self._names.name_text)
        journey.loaded = True
        return [(self._key(row), row) for row in rows]

    def _key(self, row: PassRow) -> Key | None:
        if row.kind >= Kind.STARTED:
            return None
        return key_of(row.kind, row.name, row.n, row.data, self._names.name_text)

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

    def _unwritten(self, journey: JourneyState, since: int) -> list[Row]:
        """What this batch adds to a journey's history, oldest first."""
        rows = self._history
        first = max(0, since - self._first)
        return [row for row in rows[first:] if row[4] == journey.id]
