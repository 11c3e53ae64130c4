"""One user carried on in memory: causes in order of time, and functions that stand where they wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio import Journey, workflow
from studio.engine.effects import capture
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.records import Launch, StepResult
from studio.language.definition import Workflow
from studio.language.incoming import incoming
from studio.language.kinds import Kind
from studio.reports.one_user import OneUser, UserDrives

HOUR = 3_600_000


@pytest.fixture
def monitor() -> Iterator[ThreadMonitor]:
    capture.install()
    found = ThreadMonitor()
    capture.listen_to_drives(found)
    yield found
    capture.uninstall()


def life_of(made: Workflow, monitor: ThreadMonitor) -> OneUser:
    """A user whose steps end an hour after they began."""
    drives = UserDrives.of({made.name: made}, monitor)

    def launched(launch: Launch, at: int) -> None:
        life.at(at + HOUR, lambda moment: life.ended(StepResult(launch, "1"), moment))

    life = OneUser(Partition("ada", drives.workflows, "seed", "salt", drives.codes), drives, launched)
    return life


def send(life: OneUser, event: str, at: int) -> None:
    life.at(at, lambda moment: life.carry_out(lambda t: t.event(incoming(event, "ada"), moment), moment))


def test_events_go_before_deadlines_of_their_moment_and_steps_end_when_they_are_said_to(
    monitor: ThreadMonitor,
) -> None:
    @workflow(trigger="begin")
    async def visits(journey: Journey) -> bool:
        await journey.step("work", print)
        return bool(await journey.wait_for("go", timeout="2h"))

    life = life_of(visits, monitor)
    send(life, "begin", 0)
    send(life, "go", 3 * HOUR)
    assert life.go(10 * HOUR, 100)
    life.close()
    told = [(row[1] // HOUR, row[2]) for row in life.unit.history]
    assert told == [
        *((0, Kind.EVENT), (0, Kind.STARTED), (0, Kind.STEP_STARTED), (1, Kind.STEP_DONE)),
        *((1, Kind.WAIT_OPENED), (3, Kind.EVENT), (3, Kind.WAIT_MATCHED), (3, Kind.COMPLETED)),
    ]


def test_a_function_stands_where_it_waits_also_behind_the_start_of_a_step(monitor: ThreadMonitor) -> None:
    begun = 0

    @workflow(trigger="begin")
    async def many(journey: Journey) -> bool:
        nonlocal begun
        begun += 1
        for _ in range(20):
            await journey.step("work", print)
        return True

    life = life_of(many, monitor)
    send(life, "begin", 0)
    assert life.go(100 * HOUR, 100)
    life.close()
    # The first drive is closed where it waits, and the second stands from then on.
    assert begun == 2
    assert life.unit.history[-1][2] == Kind.COMPLETED


def test_it_ends_where_it_is_told_to_and_says_that_not_all_has_happened(monitor: ThreadMonitor) -> None:
    @workflow(trigger="begin")
    async def for_ever(journey: Journey) -> None:
        while True:
            await journey.sleep("1h")

    life = life_of(for_ever, monitor)
    send(life, "begin", 0)
    assert not life.go(1_000 * HOUR, 50)
    assert life.causes == 50
    assert not life.go(1_000 * HOUR, 100, lambda: life.causes >= 60)
    assert life.causes == 60
    life.close()
    assert monitor.live.standing() == []
