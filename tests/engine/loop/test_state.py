"""What other threads hand in to the loop, and what they are told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Journey, VirtualClock, incoming, workflow
from studio.engine.loop.state import LoopState
from studio.engine.work.work_items import OperatorCommand, QueuedEvent
from studio.kernel.records import StepResult
from tests.kernel.rules import Rules


@workflow(trigger="go", name="works")
async def works(journey: Journey) -> None:
    await journey.step("look", print)


@pytest.fixture
def state(tmp_path: Path) -> LoopState:
    return LoopState(tmp_path / "a.db", {"works": works}, VirtualClock(50), 100, None, None)


def test_what_is_handed_in_wakes_the_loop_and_keeps_its_order(state: LoopState) -> None:
    first, second = (QueuedEvent(incoming(name, "ada", {}), None) for name in ("a", "b"))
    state.hand_in([(10, first), (20, second)])
    assert state.wake.wait(0)
    assert (list(state.queue), state.queued) == ([(10, first), (20, second)], 2)


def test_an_engine_that_ends_takes_nothing_more_but_how_its_steps_ended(state: LoopState) -> None:
    state.stopping = True
    state.hand_in([(10, QueuedEvent(incoming("a", "ada", {}), None))])
    assert state.queued == 0
    assert state.wake.wait(0)
    rules = Rules(works)
    rules.event("go")
    result = StepResult(rules.launches[0], "1")
    state.report(result)
    assert list(state.queue) == [(50, result)]
    assert state.wake.wait(0)


def test_a_hook_that_failed_is_told_as_an_act_of_its_own(state: LoopState) -> None:
    failure: Any = SimpleNamespace()
    state.hook_failed(failure)
    ((at, item),) = state.queue
    assert (at, isinstance(item, OperatorCommand)) == (50, True)


def test_who_looks_on_hears_when_something_is_durable(tmp_path: Path) -> None:
    told: list[str] = []
    teller: Any = SimpleNamespace(wake=lambda: told.append("set_event"))
    state = LoopState(tmp_path / "a.db", {}, VirtualClock(0), 1, teller, lambda: told.append("screens"))
    state.announce()
    assert told == ["set_event", "screens"]
    LoopState(tmp_path / "a.db", {}, VirtualClock(0), 1, None, None).announce()


def test_one_of_those_who_look_on_hears_it_where_the_other_is_not_there(tmp_path: Path) -> None:
    told: list[str] = []
    teller: Any = SimpleNamespace(wake=lambda: told.append("set_event"))
    LoopState(tmp_path / "a.db", {}, VirtualClock(0), 1, teller, None).announce()
    LoopState(tmp_path / "a.db", {}, VirtualClock(0), 1, None, lambda: told.append("screens")).announce()
    assert told == ["set_event", "screens"]


def test_an_engine_that_was_made_has_done_nothing(state: LoopState) -> None:
    assert (state.queued, state.one_by_one, state.watermark, state.last_batch) == (0, 0, 0, 0)
    assert not state.stopping
    assert not state.backlog
