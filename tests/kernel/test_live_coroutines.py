"""Which functions stand where they wait, and that none outlives its batch."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.live_coroutines import LiveCoroutine, LiveCoroutines
from studio.kernel.state import JourneyState
from studio.language.kinds import Status
from tests.kernel.rules import Rules, kinds


class Calls:
    """How often a function began and was left."""

    def __init__(self) -> None:
        self.began = 0
        self.left = 0


def counting(calls: Calls) -> Any:
    @workflow(trigger="go", name="ticks")
    async def ticks(journey: Journey) -> None:
        calls.began += 1
        try:
            for _ in range(10):
                await journey.wait_for("tick", past=False)
        finally:
            calls.left += 1

    return ticks


def test_a_function_is_closed_after_its_first_drive_and_stands_after_its_second() -> None:
    calls = Calls()
    rules = Rules(counting(calls))
    live = rules.monitor.live
    rules.transition.event(rules.incoming("go"), 0)
    assert (calls.began, calls.left, live.standing()) == (1, 1, [])
    for drives in (2, 2, 2):
        rules.transition.event(rules.incoming("tick"), 0)
        assert (calls.began, calls.left) == (drives, 1)
        assert [stand.state for stand in live.standing()] == [rules.journey()]
    rules.end()
    assert (calls.left, live.standing()) == (2, [])


def test_each_drive_begins_at_the_top_where_that_is_asked_for() -> None:
    calls = Calls()
    rules = Rules(counting(calls))
    rules.monitor.live.replays = True
    for name in ("go", "tick", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    assert (calls.began, calls.left) == (3, 3)


def test_who_stands_is_found_by_the_others() -> None:
    rules = Rules(counting(Calls()))
    for name in ("go", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    live = rules.monitor.live
    number = rules.journey().id
    assert (live.any_other(number), live.any_other(number + 1)) == (False, True)
    rules.end()
    assert not live.any_other(number + 1)


def test_what_stands_in_a_thread_that_was_given_up_is_closed_by_the_next() -> None:
    calls = Calls()
    rules = Rules(counting(calls))
    for name in ("go", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    after = LiveCoroutines(ThreadMonitor())
    after.inherit(rules.monitor.live)
    assert rules.monitor.live.standing() == []
    assert calls.left == 1
    after.end()
    assert (calls.left, after.standing()) == (2, [])


def test_one_that_does_not_let_itself_be_left_fails_its_journey(monkeypatch: pytest.MonkeyPatch) -> None:
    @workflow(trigger="go", name="clings")
    async def clings(journey: Journey) -> None:
        await journey.wait_for("tick", past=False)
        try:
            await journey.wait_for("tick", past=False)
        finally:
            while True:
                try:
                    await journey.wait_for("tick")
                except BaseException:
                    continue

    rules = Rules(clings)
    rules.event("go")
    rules.transition.event(rules.incoming("other"), 0)
    told = rules.event("tick")
    assert kinds(told)[-1] == "journey.failed"
    assert rules.journey().status == Status.FAILED


def test_a_journey_that_stands_nowhere_is_left_without_a_word() -> None:
    rules = Rules(counting(Calls()))
    rules.event("go")
    state: JourneyState = rules.journey()
    assert rules.monitor.live.leave(state) is None
    assert LiveCoroutine(state).coroutine is None


def test_each_batch_drives_once_from_the_top_before_one_stands() -> None:
    calls = Calls()
    rules = Rules(counting(calls))
    for name in ("go", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    rules.end()
    rules.transition.event(rules.incoming("tick"), 0)
    assert (calls.began, calls.left, rules.monitor.live.standing()) == (3, 3, [])


def test_who_is_left_is_watched_while_it_is() -> None:
    rules = Rules(counting(Calls()))
    for name in ("go", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    noted: list[Any] = []

    class Noting(ThreadMonitor):
        def begin(self, journey: Journey, id: int) -> None:
            noted.append(id)

        def over(self) -> float:
            noted.append("over")
            return 0.0

    after = LiveCoroutines(Noting())
    after.inherit(rules.monitor.live)
    after.end()
    assert noted == [rules.journey().id, "over"]


def test_one_that_clings_is_told_as_failed_by_who_leaves_it() -> None:
    @workflow(trigger="go", name="clings")
    async def clings(journey: Journey) -> None:
        await journey.wait_for("tick", past=False)
        while True:
            try:
                await journey.wait_for("tock")
            except BaseException:
                continue

    rules = Rules(clings)
    for name in ("go", "tick"):
        rules.transition.event(rules.incoming(name), 0)
    failed = rules.monitor.live.leave(rules.journey())
    assert failed is not None
    assert "again and again" in failed.message


def test_a_function_that_stands_goes_on_with_the_outcome_that_it_waited_for() -> None:
    @workflow(trigger="go", name="collects")
    async def collects(journey: Journey) -> Any:
        found = []
        for name in ("a", "b", "c"):
            result = await journey.wait_for(name, past=False)
            assert result.first is not None
            found.append(result.first["n"])
        return found

    rules = Rules(collects)
    rules.transition.event(rules.incoming("go"), 0)
    for name, n in (("a", 1), ("other", 9), ("b", 2), ("c", 3)):
        rules.transition.event(rules.incoming(name, n=n), 0)
    told = rules.end()
    assert told[-1][4] == {"result": [1, 2, 3]}
