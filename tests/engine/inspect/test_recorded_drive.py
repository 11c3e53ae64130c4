"""A drive through what is recorded, to a goal and no further; from outside: `test_inspect.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.engine.inspect.frames import Camera
from studio.engine.inspect.recorded_drive import DriveGoal, DriveResult, ReadDrive, awaited, is_open
from studio.kernel.state import JourneyState
from studio.language.commands import key_text
from tests.engine.bench import Bench


@workflow(trigger="go", name="winding")
async def winding(journey: Journey) -> Any:
    paid = await journey.wait_for("paid", timeout="1d")
    amount = paid.first["n"] if paid.first else 0
    await journey.sleep("1h")
    journey.log(f"slept on {amount}")
    await journey.wait_any(journey.wait_for("a"), journey.sleep("2h"), timeout="3h")


class Stopped:
    """A journey that stands in its `wait_any`, looked at as of any entry."""

    def __init__(self, path: Path) -> None:
        self.bench = Bench(path, winding)
        self.bench.event("go", 10)
        self.bench.event("paid", 20, n=7)
        self.bench.timer()
        self.bench.write()
        self.last = self.bench.store.next_seq - 1

    def state(self) -> JourneyState:
        (state,) = self.bench.journeys()
        return state

    def look(self, goal: DriveGoal, until: int | None = None) -> DriveResult:
        unit, state = self.bench.batch.unit, self.state()
        recorded = unit.load_pass_until(state, self.last if until is None else until)
        drive = ReadDrive(
            unit,
            state,
            winding,
            recorded,
            goal,
            Camera({}),
            listen=lambda journey: None,
            said=lambda frames: None,
        )
        return drive.run()


@pytest.fixture
def stopped(tmp_path: Path) -> Stopped:
    return Stopped(tmp_path / "a.db")


def variables(seen: DriveResult) -> dict[str, str]:
    return {each.name: each.text for each in seen.frames[-1].variables}


def test_it_goes_to_where_the_journey_waits(stopped: Stopped) -> None:
    seen = stopped.look(DriveGoal())
    assert (seen.state, seen.reached) == ("waits", True)
    assert seen.command is not None
    assert key_text(seen.command.key) == "any#0"
    assert variables(seen)["amount"] == "7"


def test_it_stops_at_a_command_and_may_look_at_what_that_gave(stopped: Stopped) -> None:
    before = stopped.look(DriveGoal(command="wait:paid#0"))
    assert (before.reached, before.result, "amount" in variables(before)) == (True, None, False)
    after = stopped.look(DriveGoal(command="wait:paid#0", ended=True))
    assert after.result is not None
    assert "'paid'" in after.result


def test_it_begins_at_the_first_line(stopped: Stopped) -> None:
    seen = stopped.look(DriveGoal(end="begins"))
    assert (seen.state, seen.reached) == ("begins", True)
    assert seen.frames[0].source.startswith("paid = await")


def test_it_stops_where_a_line_is_said(stopped: Stopped) -> None:
    line = winding.function.__code__.co_firstlineno + 5
    kind, place = next(
        (kind, text)
        for kind, text in stopped.bench.store.rows(
            "SELECT h.kind, n.text FROM history h JOIN names n ON n.id = h.place WHERE h.data LIKE 'slept%'"
        )
    )
    assert place == f"test_recorded_drive.py:{line}"
    seen = stopped.look(DriveGoal(end="said", said=(kind, place, 1)))
    assert (seen.state, seen.reached, variables(seen)["amount"]) == ("said", True, "7")
    assert not stopped.look(DriveGoal(end="said", said=(kind, place, 2))).reached


def test_what_was_open_at_an_entry_is_told_with_its_deadline(stopped: Stopped) -> None:
    unit, state = stopped.bench.batch.unit, stopped.state()
    now = unit.load_pass_until(state, stopped.last)
    assert sorted(key_text(key) for key in now.open) == ["any#0", "sleep#1", "wait:a#0"]
    moment = 20 + 3_600_000
    assert {key_text(key): due - moment for key, due in now.dues.items()} == {
        "any#0": 3 * 3_600_000,
        "sleep#1": 2 * 3_600_000,
    }
    then = unit.load_pass_until(stopped.state(), 3)
    assert [key_text(key) for key in then.open] == ["wait:paid#0"]
    assert list(then.dues.values()) == [10 + 86_400_000]


def test_a_command_is_shown_with_its_members(stopped: Stopped) -> None:
    seen, state = stopped.look(DriveGoal()), stopped.state()
    recorded = stopped.bench.batch.unit.load_pass_until(state, stopped.last)
    assert seen.command is not None
    shown = awaited(seen.command, state, recorded)
    assert (shown.kind, shown.key, [member.key for member in shown.members]) == (
        "any", "any#0", ["wait:a#0", "sleep#1"],
    )  # fmt: skip
    assert (shown.members[0].name, shown.over, is_open(shown, recorded)) == ("a", False, True)
    recorded.open.clear()
    assert not is_open(shown, recorded)
