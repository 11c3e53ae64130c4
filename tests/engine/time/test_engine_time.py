"""Time as an engine's methods move it: what they ask of its loop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import pytest

from studio import VirtualClock, incoming
from studio.clocks.clock import Clock, WallClock
from studio.engine.time.engine_time import YEAR, EngineTime
from studio.engine.work.jump import JumpEnd, JumpProgress
from studio.errors import StudioError
from studio.language.event import Event
from studio.language.incoming import Incoming

START = 1_795_519_800_000


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class Loop:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.is_over = True

    def advance(self, to: int, *, move: bool = True) -> Future[bool]:
        self.asked.append(("advance", to - START, move))
        return done(self.is_over)

    def idle(self) -> Future[bool]:
        self.asked.append(("idle",))
        return done(True)

    def turn_clock(self, facts: dict[str, Any]) -> Future[Any]:
        self.asked.append(("turn", facts))
        return done(None)

    def jump(self, to: int, progress: Callable[[JumpProgress], None] | None) -> Future[JumpEnd]:
        self.asked.append(("jump", to - START))
        return done(JumpEnd)

    def stop_jump(self) -> bool:
        return True

    def next_due(self) -> int | None:
        return START + 7


class Timed(EngineTime):
    """An engine as far as its time goes."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or VirtualClock(START)
        self.loop = Loop()

    @property
    def _running(self) -> Loop:
        return self.loop

    def submit(
        self, events: list[Incoming], *, by_hand: bool = False, patient: bool = False
    ) -> Future[list[Event]]:
        self.loop.asked.append(("submit", [event.name for event in events]))
        return done([])


async def test_a_virtual_clock_runs_on_by_a_span_or_to_a_moment() -> None:
    engine = Timed()
    await engine.forward("2s")
    await engine.forward_to(START + 5)
    await engine.forward_to(datetime.fromtimestamp(START / 1000, UTC))
    assert engine.loop.asked == [("advance", 2_000, True), ("advance", 5, True), ("advance", 0, True)]


async def test_what_is_due_now_is_done_before_it_is_idle() -> None:
    engine = Timed()
    await engine.run_until_idle()
    assert engine.loop.asked == [("advance", 0, False), ("idle",)]
    real = Timed(WallClock())
    await real.run_until_idle()
    assert real.loop.asked == [("idle",)]


async def test_real_time_cannot_be_moved() -> None:
    engine = Timed(WallClock())
    for act in (engine.forward("1s"), engine.forward_to(START), engine.play([])):
        with pytest.raises(StudioError, match="real time cannot be moved"):
            await act
    assert engine.loop.asked == []


async def test_what_is_played_is_followed_by_time_to_its_end() -> None:
    engine = Timed()
    events = [incoming("go", "ada", {}, at=START + 3), incoming("left", "ada", {}, at=START + 9)]
    assert await engine.play(events)
    # 365 days of 24 hours.
    assert YEAR == 31_536_000_000
    assert engine.loop.asked == [("submit", ["go", "left"]), ("advance", YEAR + 9, False), ("idle",)]
    engine.loop.asked.clear()
    engine.loop.is_over = False
    assert not await engine.play(events)
    engine.loop.asked.clear()
    assert await engine.play(events, START + 5)
    assert engine.loop.asked == [("submit", ["go"]), ("advance", 5, True), ("idle",)]


async def test_the_studios_clock_is_turned_and_led() -> None:
    engine = Timed()
    await engine.pause()
    await engine.run()
    await engine.speed(60)
    await engine.jump(datetime.fromtimestamp(START / 1000 + 1, UTC))
    await engine.jump(START + 2)
    assert engine.loop.asked == [
        ("turn", {"paused": True}),
        ("turn", {"paused": False}),
        ("turn", {"speed": 60}),
        ("jump", 1_000),
        ("jump", 2),
    ]
    assert (await engine.stop_jump(), engine.next_due()) == (True, START + 7)
