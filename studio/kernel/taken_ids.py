"""Which senders' ids of events were taken: an event with an id counts once."""

from __future__ import annotations

from studio.kernel.ports import History


class TakenIds:
    """The ids that were taken before these causes, and by them."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._taken: dict[str, int] = {}
        self._asked: set[str] = set()

    def load(self, ids: list[str]) -> None:
        """Look several up at once."""
        fresh = [id for id in ids if id not in self._asked]
        self._asked.update(fresh)
        self._taken.update(self._history.known_ids(fresh))

    def find(self, id: str) -> int | None:
        """The entry of the event that has this id; None when there is none."""
        if id not in self._asked:
            self.load([id])
        return self._taken.get(id)

    def take(self, id: str | None, seq: int) -> None:
        """An event with this id is accepted."""
        if id is not None:
            self._asked.add(id)
            self._taken[id] = seq
