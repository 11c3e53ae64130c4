"""When those who wait for an idle engine are told; in the engine: `test_idle.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import StudioClock
from studio.clocks.clock import Clock
from studio.engine.loop.idle_waiters import IdleWaiters
from studio.engine.loop.state import LoopState


class Desk:
    """Somebody who waits, and all that could be still to do."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.state = LoopState(path, {}, clock, 100, None, None)
        self.migrations = SimpleNamespace(busy=False)
        self.log_forwarding = SimpleNamespace(is_behind=False)
        self.is_asking = False
        self.idle = IdleWaiters(
            self.state,
            self.migrations,  # type: ignore[arg-type]
            self.log_forwarding,  # type: ignore[arg-type]
            lambda: self.is_asking,
        )
        self.future = self.idle.add()

    def is_told(self) -> bool:
        self.idle.settle()
        return self.future.done()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "s.db", StudioClock())


LEFT: dict[str, tuple[Callable[[Desk], Any], Callable[[Desk], Any]]] = {
    "queue": (
        lambda desk: desk.state.queue.append((0, None)),  # type: ignore[arg-type]
        lambda desk: desk.state.queue.clear(),
    ),
    "running": (
        lambda desk: desk.state.running.add((1, 1, ("step", "a", 0), 1)),
        lambda desk: desk.state.running.clear(),
    ),
    "held": (
        lambda desk: desk.state.held.append(None),  # type: ignore[arg-type]
        lambda desk: desk.state.held.clear(),
    ),
    "asking": (
        lambda desk: setattr(desk, "is_asking", True),
        lambda desk: setattr(desk, "is_asking", False),
    ),
    "log": (
        lambda desk: setattr(desk.log_forwarding, "is_behind", True),
        lambda desk: setattr(desk.log_forwarding, "is_behind", False),
    ),
    "reload": (
        lambda desk: setattr(desk.migrations, "busy", True),
        lambda desk: setattr(desk.migrations, "busy", False),
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_nobody_is_told_while_anything_is_left(desk: Desk, what: str) -> None:
    begin, end = LEFT[what]
    begin(desk)
    assert not desk.is_told()
    end(desk)
    assert desk.is_told()
    assert desk.future.result() is True


def test_a_deadline_of_this_millisecond_is_waited_for_unless_time_stands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, now = desk.state.clock_control, 1_000
    monkeypatch.setattr(desk.state.clock, "now", lambda: now)
    monkeypatch.setattr(control, "seconds_until", lambda due: 0.001)
    desk.state.next_due = now
    assert not desk.is_told()
    monkeypatch.setattr(control, "seconds_until", lambda due: None)
    assert desk.is_told()


@pytest.mark.parametrize("due", [None, 1_001])
def test_a_deadline_that_is_to_come_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, due: int | None
) -> None:
    monkeypatch.setattr(desk.state.clock, "now", lambda: 1_000)
    desk.state.next_due = due
    assert desk.is_told()


def test_each_is_told_once(desk: Desk) -> None:
    assert desk.is_told()
    assert desk.idle.take() == []
    other = desk.idle.add()
    assert desk.idle.take() == [other]
    desk.idle.settle()
    assert not other.done()
