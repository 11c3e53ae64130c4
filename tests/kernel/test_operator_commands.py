"""What is done by hand to a journey, and when it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.errors import JourneyError
from studio.kernel.operator_commands import cancel, restart, resume, time_out
from studio.kernel.records import Cause
from studio.language.kinds import Status
from tests.kernel.rules import Rules, kinds


@workflow(trigger="go", name="waits")
async def waits(journey: Journey) -> Any:
    paid = await journey.wait_for("paid", timeout="1m")
    await journey.step("look", print)
    return bool(paid)


def begun() -> Rules:
    rules = Rules(waits)
    rules.event("go")
    return rules


def test_a_cancel_closes_what_is_open_and_comes_once() -> None:
    rules = begun()
    cancel(rules.transition, rules.journey(), 7)
    closed, cancelled = rules.end()
    assert (closed[:2], cancelled[:2]) == (("wait.closed", 7), ("journey.cancelled", 7))
    # Waits say what ended them: the entry that follows.
    assert closed[2] == 5
    with pytest.raises(JourneyError, match="cancelled already"):
        cancel(rules.transition, rules.journey(), 8)


def test_a_resume_drives_again_and_voids_the_step_that_was_not_survived() -> None:
    rules = begun()
    with pytest.raises(JourneyError, match="only a failed journey can be resumed"):
        resume(rules.transition, rules.journey(), 1)
    rules.event("paid", 2)
    rules.result(3, type="E", message="no")
    assert rules.journey().status == Status.FAILED
    resume(rules.transition, rules.journey(), 4)
    resumed, started = rules.end()
    assert resumed == ("journey.resumed", 4, None, None, {"void": ["step:look#0"]})
    assert started[0] == "step.started"
    # The wait's outcome is kept.
    assert kinds(rules.result(5, result="1")) == ["step.done", "journey.completed"]


def test_a_restart_begins_the_next_of_its_number_and_ends_the_one_before() -> None:
    rules = begun()
    restart(rules.transition, rules.journey(), 5)
    assert kinds(rules.end()) == ["wait.closed", "journey.restarted", "journey.started", "wait.opened"]
    old, new = rules.journey(1), rules.journey(2)
    assert (old.status, new.status, new.n, new.trigger) == (Status.CANCELLED, Status.WAITING, 2, 1)
    with pytest.raises(JourneyError, match="a newer one is under way"):
        restart(rules.transition, old, 6)


def test_a_wait_is_ended_by_hand_at_this_moment_as_its_deadline_would() -> None:
    rules = begun()
    (wait,) = rules.waits()
    time_out(rules.transition, wait.id, 9)
    ended, started = rules.end()
    assert ended == ("wait.timeout", 9, None, None, {"by_hand": True})
    assert started[0] == "step.started"
    with pytest.raises(JourneyError, match="already ended"):
        time_out(rules.transition, wait.id, 10)
    with pytest.raises(JourneyError, match="a step ends by itself"):
        time_out(rules.transition, rules.waits()[0].id, 10)


@pytest.mark.parametrize("act", [resume, restart])
def test_a_journey_whose_workflow_is_not_loaded_is_not_driven(act: Any) -> None:
    rules = begun()
    journey = rules.journey()
    journey.workflow, journey.status = None, Status.FAILED
    with pytest.raises(JourneyError, match="its workflow is not loaded"):
        act(rules.transition, journey, 1)
    assert rules.end() == []


def test_a_resumed_journey_stands_where_it_is_resumed_and_is_written_so() -> None:
    @workflow(trigger="go", name="fails")
    async def fails(journey: Journey) -> Any:
        if fail:
            raise KeyError
        await journey.ingest("note")
        return journey.now().timestamp() * 1000

    fail = True
    rules = Rules(fails)
    rules.event("go", 1)
    fail = False
    resume(rules.transition, rules.journey(), 50)
    assert rules.journey().touched
    assert rules.end()[-1][4] == {"result": 50.0}


def test_the_first_of_its_number_may_be_restarted_again_and_again() -> None:
    @workflow(trigger="go", name="ends")
    async def ends(journey: Journey) -> int:
        return 1

    rules = Rules(ends)
    rules.event("go")
    for n in (2, 3):
        fresh = restart(rules.transition, rules.journey(), 5)
        assert (fresh.n, fresh.trigger, fresh.touched) == (n, 1, True)
        assert kinds(rules.end()) == ["journey.restarted", "journey.started", "journey.completed"]
    # What had ended stays as it was.
    assert [rules.journey(n).status for n in (1, 2, 3)] == [Status.COMPLETED] * 3
    rules.journey().n = 9
    assert restart(rules.transition, rules.journey(), 6).n == 4


def test_one_under_way_is_cancelled_by_its_restart_and_written_so() -> None:
    rules = begun()
    rules.journey().touched = False
    restart(rules.transition, rules.journey(), 5)
    assert (rules.journey().status, rules.journey().touched) == (Status.CANCELLED, True)


def test_a_wait_that_a_reload_has_closed_cannot_be_ended_by_hand() -> None:
    rules = begun()
    (wait,) = rules.waits()
    transition = rules.transition

    class Closes:
        """A migration whose new code waits for nothing."""

        def journey(self, journey: Any, at: int, cause: int | None = None) -> None:
            transition.waits.close_all(journey, Cause(at, None))

    class Keeps:
        def journey(self, journey: Any, at: int, cause: int | None = None) -> None: ...

    transition.migration = Keeps()  # type: ignore[assignment]
    time_out(transition, wait.id, 9)
    assert rules.end()[0][0] == "wait.timeout"
    rules = begun()
    (wait,), transition = rules.waits(), rules.transition
    transition.migration = Closes()  # type: ignore[assignment]
    with pytest.raises(JourneyError, match="the workflow's new code does not wait there"):
        time_out(transition, wait.id, 9)
