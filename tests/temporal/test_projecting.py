"""Turns of all users into one store: one who gives up waiting stops nobody else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from studio.kernel.turn import Turn
from studio.sink.receipts import TurnReceipt
from studio.sink.sink import Sink
from studio.store.views import Views
from studio.temporal.projecting import Projection
from tests.sink.test_sink import life

PATIENCE = 60.0


class Busy(Sink):
    """One that is at work until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "normal", "Temporal")
        self.is_at_work, self.may_go = threading.Event(), threading.Event()

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        self.is_at_work.set()
        assert self.may_go.wait(PATIENCE)
        return super().take(turns, at)


def test_what_was_given_up_stops_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "sink.db"
    opened: list[Busy] = []

    def opening() -> Busy:
        opened.append(Busy(path))
        return opened[0]

    projection = Projection([opening])
    (sink,) = opened
    try:
        first = projection.put([life("ada")[0].packed()])
        assert sink.is_at_work.wait(PATIENCE)
        second = projection.put([life("bob")[0].packed()])
        third = projection.put([life("eve")[0].packed()])
        # The one that is being written is written; the one behind it need not be.
        assert not first.cancel()
        assert second.cancel()
        sink.may_go.set()
        first.result(PATIENCE)
        third.result(PATIENCE)
    finally:
        sink.may_go.set()
        projection.close()
    with Views(path) as views:
        assert {user.id for user in views.users()} == {"ada", "eve"}
