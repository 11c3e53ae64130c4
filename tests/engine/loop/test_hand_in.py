"""What other threads hand in to an engine: how it stands in the queue, and that it wakes the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio import StudioClock, VirtualClock, incoming
from studio.clocks.clock import Clock
from studio.engine.effects.reentrancy import calling
from studio.engine.loop.loop import EngineLoop
from studio.engine.reload.migration import Swap
from studio.engine.work.work_items import QueuedEvent
from studio.errors import StudioError


def loop_of(tmp_path: Path, clock: Clock | None = None) -> EngineLoop:
    """An engine's loop whose thread never began, so that what is handed in stays where it is."""
    return EngineLoop(tmp_path / "s.db", {}, clock or StudioClock())


ASKS: dict[str, Callable[[EngineLoop], object]] = {
    "submit": lambda loop: loop.submit([incoming("paid", "ada")]),
    "act": lambda loop: loop.act(lambda batch, at: None),
    "alone": lambda loop: loop.alone("undo", {}),
    "swap": lambda loop: loop.swap(Swap({}, {}, [], ())),
    "advance": lambda loop: loop.advance(loop.state.clock.now()),
    "turn_clock": lambda loop: loop.turn_clock({"paused": True}),
    "jump": lambda loop: loop.jump(loop.state.clock.now() + 1_000, None),
    "stop_jump": lambda loop: loop.stop_jump(),
    "idle": lambda loop: loop.idle(),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_whatever_is_asked_for_wakes_the_engine(tmp_path: Path, ask: Callable[[EngineLoop], object]) -> None:
    loop = loop_of(tmp_path)
    rung: list[bool] = []
    loop.state.wake = SimpleNamespace(ring=lambda: rung.append(True))  # type: ignore[assignment]
    ask(loop)
    assert rung == [True]


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_was_handed_in_together_is_one_act(tmp_path: Path, by_hand: bool) -> None:
    loop = loop_of(tmp_path)
    loop.submit([incoming(name, "ada") for name in "abc"], by_hand=by_hand)
    marks = [item.by_hand for _, item in loop.state.queue if isinstance(item, QueuedEvent)]
    assert marks == [by_hand, False, False]


def test_what_a_step_or_hook_hands_in_stands_before_all_that_moves_the_time(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, VirtualClock(1_000))
    loop.submit([incoming("outer", "ada", at=5_000)])
    loop.advance(9_000)
    with calling("step", "send", set()):
        loop.submit([incoming("first", "ada", at=7_000), incoming("second", "ada")])
        loop.act(lambda batch, at: None)
    loop.act(lambda batch, at: None)
    assert [(at, getattr(item, "is_inner", None)) for at, item in loop.state.queue] == [
        # Its own moment moves no time: a step takes none.
        (1_000, True),
        (1_000, True),
        (1_000, True),
        (5_000, False),
        (9_000, None),
        (1_000, False),
    ]
    names = [item.incoming.name for _, item in loop.state.queue if isinstance(item, QueuedEvent)]
    assert names == ["first", "second", "outer"]


@pytest.mark.parametrize("kind", ["step", "check_event", "set_event"])
def test_what_the_engine_waits_for_cannot_wait_for_the_engine(tmp_path: Path, kind: str) -> None:
    loop = loop_of(tmp_path, VirtualClock(1_000))
    with calling(kind, "send", set()):
        for ask in ("advance", "idle"):
            if kind == "set_event":
                # It is told after the commit, by a thread that nobody waits for.
                ASKS[ask](loop)
            else:
                with pytest.raises(StudioError, match=f"a {kind} cannot (let time pass|wait until)"):
                    ASKS[ask](loop)
