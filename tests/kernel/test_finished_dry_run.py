"""What would become of somebody who has finished, without anything being written."""

from __future__ import annotations

from studio import Journey, workflow
from studio.kernel.finished_dry_run import Reopening, would_reopen
from tests.kernel.rules import Rules
from tests.kernel.test_reopening import finished, series


def test_it_says_where_they_would_stand_and_writes_nothing() -> None:
    rules = finished()
    before = list(rules.unit.history)
    found = would_reopen(rules.transition, rules.journey())
    assert (found.goes_on, found.what, found.why_not) == (True, "wait:paid#0", "")
    assert found.line.startswith("test_reopening.py:")
    assert rules.unit.history == before


def test_who_would_only_end_again_stays() -> None:
    short, _ = series()
    rules = Rules(short)
    rules.event("go")
    rules.timer()
    assert would_reopen(rules.transition, rules.journey()) == Reopening(False)


def test_one_that_would_fail_is_told_with_its_line() -> None:
    @workflow(trigger="go", name="series")
    async def broken(journey: Journey) -> None:
        await journey.sleep("1s")
        raise KeyError("plan")

    rules = finished()
    rules.journey().workflow = broken
    found = would_reopen(rules.transition, rules.journey())
    assert (found.goes_on, found.error) == (False, "KeyError")
    assert found.line.startswith("test_finished_dry_run.py:")


def test_who_would_begin_another_pass_goes_on() -> None:
    @workflow(trigger="go", name="series")
    async def round_again(journey: Journey) -> None:
        await journey.sleep("1s")
        await journey.new_pass()

    rules = finished()
    rules.journey().workflow = round_again
    found = would_reopen(rules.transition, rules.journey())
    assert (found.goes_on, found.what) == (True, "new pass")


def test_why_one_cannot_go_on_is_said() -> None:
    rules = finished(exit_on="left")
    rules.event("left", 9_000)
    assert would_reopen(rules.transition, rules.journey()) == Reopening(False, why_not="left came since")
