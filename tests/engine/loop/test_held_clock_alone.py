"""What holds the clock, without an engine around it; in the engine: `test_held_clock.py`."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import VirtualClock, WallClock
from studio.clocks.clock import Clock
from studio.engine.loop.held_clock import HeldClock
from studio.engine.loop.state import LoopState
from studio.kernel.records import Ask


class Desk:
    """Steps and questions that are begun and end by hand."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.state = LoopState(path, {}, clock, 100, None, None)
        self.ran: list[Any] = []
        self.asked: list[Any] = []
        self.put: list[Any] = []
        self.heard: list[Any] = []
        steps: Any = SimpleNamespace(run=lambda launch, end: self.ran.append((launch, end)))
        questions: Any = SimpleNamespace(
            ask=self.asked.extend,
            put=lambda ask, end: self.put.append((ask, end)),
            hear=lambda ask, epoch, future: self.heard.append((ask, future.result())),
            answer_of=lambda ask, answer: [(self.state.clock.now(), each) for each in answer],
        )
        self.held = HeldClock(self.state, steps, questions)

    @property
    def queue(self) -> list[Any]:
        return list(self.state.queue)

    def next(self) -> Any:
        return self.held.next()

    def hold(self, *launches: str) -> None:
        """Steps are to hold the clock; a name stands for a launch."""
        self.state.held.extend(launches)  # type: ignore[arg-type]
        self.state.rewinds.approvals.answer = lambda launch: None  # type: ignore[method-assign]


def ask(wait: int = 1) -> Ask:
    return Ask(wait, "ada", ("paid",), None)


def answered(*events: Any) -> Future[list[Any]]:
    future: Future[list[Any]] = Future()
    future.set_result(list(events))
    return future


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "s.db", VirtualClock(1_000))


def test_a_question_holds_moved_time_until_it_is_answered(desk: Desk) -> None:
    assert (desk.held.holds, desk.held.asks) == (False, False)
    desk.held.ask([ask()])
    assert (desk.held.holds, desk.held.asks) == (True, True)
    assert desk.next() is None
    ((_, end),) = desk.put
    end(answered("seen"))
    assert desk.next() is None
    assert (desk.held.holds, desk.held.asks) == (False, False)
    assert desk.queue == [(1_000, "seen")]


def test_a_question_in_real_time_holds_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s.db", WallClock())
    desk.held.ask([ask()])
    assert desk.asked == [ask()]
    assert (desk.held.holds, desk.held.asks) == (False, False)


def test_steps_hold_moved_time_one_after_the_other(desk: Desk) -> None:
    desk.hold("first", "second")
    assert desk.next() is None
    assert [launch for launch, _ in desk.ran] == ["first"]
    desk.ran[0][1]("result of first")
    assert desk.next() == (1_000, "result of first")
    assert desk.held.holds
    assert desk.next() is None
    assert [launch for launch, _ in desk.ran] == ["first", "second"]
    desk.ran[1][1]("result of second")
    assert desk.next() == (1_000, "result of second")
    assert not desk.held.holds


def test_when_time_goes_by_itself_all_that_held_it_goes_on_as_any_other(desk: Desk) -> None:
    desk.hold("first", "second", "third")
    assert desk.next() is None
    desk.held.release()
    assert not desk.held.holds
    assert [launch for launch, _ in desk.ran] == ["first", "second", "third"]
    for number, (_, end) in enumerate(desk.ran):
        end(number)
    assert [result for _, result in desk.queue] == [0, 1, 2]


def test_when_time_goes_by_itself_questions_go_on_too_and_none_is_asked_twice(desk: Desk) -> None:
    desk.held.ask([ask(1), ask(2), ask(3)])
    assert desk.next() is None
    desk.put[0][1](answered("first"))
    assert desk.next() is None
    assert [each.wait for each, _ in desk.put] == [1, 2]
    desk.held.release()
    assert (desk.held.holds, desk.held.asks) == (False, False)
    assert [each.wait for each in desk.asked] == [3]
    # What was answered before is handed in, what is under way when it is there.
    assert desk.queue == [(1_000, "first")]
    desk.put[1][1](answered("second"))
    assert desk.heard == [(ask(2), ["second"])]


def test_a_result_that_nobody_has_fetched_is_handed_in_when_time_goes_by_itself(desk: Desk) -> None:
    desk.hold("first")
    assert desk.next() is None
    desk.ran[0][1]("result")
    desk.held.release()
    assert [result for _, result in desk.queue] == ["result"]


def test_after_a_cut_nothing_of_before_holds_the_clock(desk: Desk) -> None:
    desk.held.ask([ask(1), ask(2)])
    assert desk.next() is None
    desk.held.forget()
    assert (desk.held.holds, desk.held.asks) == (False, False)
    desk.put[0][1](answered("seen"))
    assert desk.next() is None
    assert desk.queue == []
    # Whoever asked hears it; that it is of before the cut is its own matter.
    assert desk.heard == [(ask(1), ["seen"])]
