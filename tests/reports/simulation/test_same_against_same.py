"""A against A, end to end: where nothing differs, an interval of 95 % leaves 0 out about once in twenty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Journey, goal, workflow
from studio.reports.funnel import Funnel
from studio.reports.groups import grouped
from studio.reports.intervals import difference
from studio.reports.reading import FunnelReader
from studio.reports.simulation.compare import compared, outcomes
from studio.reports.simulation.profile import profile_of
from studio.reports.simulation.simulating import SimulationRun, simulate
from studio.store.views import Views
from tests.reports.journeys import START_MS

RUNS = 200
PEOPLE = 80
LEAST, MOST = 2, 20
"""Of 200 runs; ten are expected, and fewer than 2 or more than 20 come in one of 400 series."""
PROFILE: dict[str, Any] = {
    "arrivals": {"event": "signup", "over": "3d"},
    "events": {"paid": {"chance": 0.3, "p50": "1d", "after": {"offer": {"chance": 0.2, "p50": "8h"}}}},
}


def work(*_: object) -> None:
    raise AssertionError("no step is called")


@workflow(trigger="signup", goal=goal("paid", within="9d"))
async def trial(journey: Journey) -> str:
    arm = await journey.split("subject", {"a": 50, "b": 50})
    await journey.sleep("1d")
    await journey.step("offer", work)
    return arm


def run_of(seed: int) -> SimulationRun:
    until = START_MS + 20 * 86_400_000
    return SimulationRun(
        {"trial": trial}, profile_of(PROFILE, "p"), PEOPLE, START_MS, until, str(seed), lambda step: True
    )


class Run:
    """One simulation, read from its store."""

    def __init__(self, seed: int, store: Path) -> None:
        run = run_of(seed)
        assert simulate(run, store).is_whole
        with Views(store) as views:
            reader = FunnelReader(views, "trial")
            reader.declared(trial)
            reader.read()
            self.arms: list[Funnel] = [
                reader.funnel(run.until_ms, reader.goal, None, name, belongs)
                for name, belongs in grouped(reader.fold, reader.versions, "split")
            ]
            self.outcomes = {
                reader.user_name(user): came for user, came in outcomes(reader.fold.journeys, True).items()
            }
        store.unlink()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    return [Run(seed, folder / f"{seed}.db") for seed in range(RUNS)]


def test_two_arms_that_do_the_same_differ_in_about_one_of_twenty_runs(runs: list[Run]) -> None:
    excluded = 0
    for run in runs:
        a, b = run.arms
        assert a.finished + b.finished == PEOPLE
        found = difference(a.finished_reached, a.finished, b.finished_reached, b.finished)
        assert found.low <= found.value <= found.high
        excluded += not found.low <= 0 <= found.high
    assert LEAST <= excluded <= MOST


def test_the_same_version_for_other_people_differs_in_about_one_of_twenty_comparisons(
    runs: list[Run],
) -> None:
    # Each against the next: people of the same names whose chances have nothing to do with each other.
    excluded = 0
    for one, other in zip(runs, runs[1:] + runs[:1], strict=True):
        reached = compared(one.outcomes, other.outcomes)[0]
        assert reached.name == "reached"
        excluded += not reached.paired.low <= 0 <= reached.paired.high
    assert LEAST <= excluded <= MOST


def test_the_same_version_for_the_same_people_never_differs(tmp_path: Path) -> None:
    first, second = Run(7, tmp_path / "a.db"), Run(7, tmp_path / "b.db")
    for each in compared(first.outcomes, second.outcomes):
        assert (each.first, each.paired.low <= 0 <= each.paired.high) == (each.second, True)
