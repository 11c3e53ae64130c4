"""What a journey says while it is driven."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel import journey_log
from studio.kernel.journey_log import JourneyLog
from studio.kernel.journey_reader import JourneyReader
from studio.kernel.log_limit import LEFT_OUT, MOST_LINES
from studio.kernel.records import Cause
from studio.language.event import Event
from studio.language.kinds import Kind
from tests.kernel.rules import Rules

PLACE = ("/w/flow.py", 7)


@workflow(trigger="go", name="says")
async def says(journey: Journey) -> Any:
    journey.log("first")
    await journey.wait_for("a")
    journey.log("second")


@pytest.fixture
def rules() -> Rules:
    made = Rules(says)
    made.event("go", 10)
    return made


def written(rules: Rules, log: JourneyLog, *lines: tuple[str, str]) -> list[bool]:
    return [log.write(None, level, message, PLACE) for level, message in lines]  # type: ignore[arg-type]


def test_a_line_is_an_entry_of_the_cause_at_which_it_is_said(rules: Rules) -> None:
    log = JourneyLog(rules.unit)
    log.begin(rules.journey(), Cause(20, 3, late=4))
    assert written(rules, log, ("warning", "careful")) == [True]
    assert rules.end() == [("log", 20, 3, 4, "careful")]
    assert rules.unit.history[-1][2] == Kind.LOG_WARNING
    log.over()
    with pytest.raises(AssertionError):
        written(rules, log, ("info", "nobody is driven"))


def test_a_note_is_what_the_journey_is_at(rules: Rules) -> None:
    log = JourneyLog(rules.unit)
    log.begin(rules.journey(), Cause(20, 3))
    written(rules, log, ("note", "half way"))
    assert (rules.journey().note, rules.journey().touched) == ("half way", True)


def test_what_is_too_long_is_cut_and_what_is_too_much_is_left_out(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey_log, "MAX_MESSAGE", 5)
    log = JourneyLog(rules.unit)
    log.begin(rules.journey(), Cause(20, 3))
    taken = written(rules, log, *[("info", "abcdefgh")] * (MOST_LINES + 2))
    assert taken == [True] * (MOST_LINES + 1) + [False]
    assert [row[13] for row in rules.unit.history[-2:]] == ["abcde…", LEFT_OUT]
    # Each drive may say as much.
    log.begin(rules.journey(), Cause(21, 3))
    assert written(rules, log, ("info", "again")) == [True]


def test_what_was_said_in_this_pass_is_mute_as_often_as_it_was_said(rules: Rules) -> None:
    state, log = rules.journey(), JourneyLog(rules.unit)
    trigger = Event("go", "ada", 10)
    driven = Journey("says/ada", "ada", trigger, JourneyReader(rules.unit, state), log.write)
    state.resuming = True
    log.mute_what_was_said(state, driven)
    assert (driven._muted, driven._live, state.resuming) == ({"first": 1}, True, False)
