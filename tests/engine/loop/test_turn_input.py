"""What a turn takes from the inbox and from the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import VirtualClock, incoming
from studio.clocks.clock import Clock
from studio.engine.loop import turn_input
from studio.engine.loop.scheduler import Scheduler
from studio.engine.loop.state import LoopState
from studio.engine.loop.turn_input import TurnInput
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.jump import Jump
from studio.engine.work.slow_causes import SlowCauses
from studio.engine.work.work_items import Entry, Item, QueuedEvent
from studio.store.inbox import queued, send
from studio.store.sqlite import Store


class Desk:
    """What a turn takes, and nothing that handles it."""

    def __init__(self, path: Path, clock: Clock, batch: int = 100) -> None:
        self.state = LoopState(path, {}, clock, batch, None, None)
        self.store = Store(path)
        self.input = TurnInput(self.state, Scheduler(self.state, Heartbeat(), SlowCauses()), self._item)

    def _item(self, row: int, kind: str, body: str) -> Item:
        return QueuedEvent(incoming(kind, "inbox"), None, inbox=row)

    def hand_in(self, name: str, at: int) -> None:
        self.state.queue.append((at, QueuedEvent(incoming(name, "ada"), None)))

    def take(self, goal: int | None = None, *held: Entry) -> tuple[list[Any], int]:
        """The names of the events and the moments of the rest."""
        entries, limit = self.input.take(self.store, goal, list(held))
        said = [item.incoming.name if isinstance(item, QueuedEvent) else at for at, item in entries]
        return said, limit


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "s.db", VirtualClock(1_000))


def test_the_horizon_is_taken_while_no_sender_can_stamp_an_event(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[bool] = []

    def read(store: Store, size: int) -> Any:
        locked.append(store._con.in_transaction)
        return queued(store, size)

    monkeypatch.setattr(turn_input, "queued", read)
    assert desk.take() == ([], 1_000)
    assert locked == [True]
    assert not desk.store._con.in_transaction


def test_a_jump_comes_behind_all_that_was_handed_in_and_not_while_time_must_stand(desk: Desk) -> None:
    desk.hand_in("paid", 1_000)
    desk.state.clock_control.jump = Jump(9_000)
    assert desk.take() == (["paid"], 1_000)
    desk.hand_in("paid", 1_000)
    assert desk.take(9_000) == (["paid", 9_000], 1_000)
    desk.state.clock_control.jump = None
    assert desk.take(9_000) == ([], 1_000)


def test_what_held_the_clock_comes_first_and_is_put_back_with_all_else(desk: Desk) -> None:
    held: Entry = (1_000, QueuedEvent(incoming("result", "ada"), None))
    desk.hand_in("paid", 1_000)
    assert desk.take(None, held) == (["result", "paid"], 1_000)
    assert [item.incoming.name for _, item in desk.state.in_flight if isinstance(item, QueuedEvent)] == [
        "result",
        "paid",
    ]


def test_of_an_inbox_that_is_full_nothing_comes_before_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    desk = Desk(path, VirtualClock(1_000), batch=2)
    send(path, [incoming("a", "ada"), incoming("b", "ada"), incoming("c", "ada")])
    desk.hand_in("later", 2_000)
    assert desk.take() == (["event", "event"], 1_000)
    assert desk.state.backlog
    assert [at for at, _ in desk.state.queue] == [2_000]
