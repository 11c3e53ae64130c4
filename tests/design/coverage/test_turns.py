"""Which paths of the explorer journeys have gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio import Journey, workflow
from studio.design.coverage.recorded_journeys import gone_in
from studio.design.coverage.turns import as_told, is_gone, read_told, turns_of
from studio.design.explorer.path_files import choices_of
from studio.design.explorer.search import explore
from studio.testing import Journeys


@workflow(trigger="go")
async def tried(journey: Journey) -> str | None:
    """A wait that ends, one that does not, and another pass."""
    if not await journey.wait_for("yes", timeout="1d"):
        return None
    journey.log(f"{journey.user.id} said yes")
    await journey.wait_for("paid")
    return "paid"


def _stays_away(journeys: Journeys) -> None:
    journeys.forward("2d")


def _comes_again(journeys: Journeys) -> None:
    journeys.forward("2d")
    journeys.send("go", "ada")
    journeys.send("yes", "ada")


def _pays(journeys: Journeys) -> None:
    journeys.send("yes", "ada")
    journeys.send("paid", "ada")


def _paid_before(journeys: Journeys) -> None:
    journeys.send("paid", "ada")
    journeys.send("yes", "ada")


def _waits(journeys: Journeys) -> None:
    """The wait has an end that has not come."""


@pytest.mark.parametrize(
    ("act", "gone"),
    [
        (_waits, set()),
        # Yes, and paid: 0-0. Whoever has paid before has not stood at the wait for it.
        (_pays, {"0-0", "0-1"}),
        (_paid_before, {"0-0"}),
        # Away, and no other pass: 1-1.
        (_stays_away, {"1-1"}),
        (_comes_again, {"1-1", "1-0-0-1"}),
    ],
)
def test_a_path_is_gone_by_whoever_has_come_to_its_end(
    act: Callable[[Journeys], None], gone: set[str]
) -> None:
    with Journeys(tried) as journeys:
        journeys.send("go", "ada")
        act(journeys)
        engine, _ = journeys._running()
        found, _ = gone_in(engine.path, engine.workflows)
    went = found["tried"].went
    assert {read_told(as_told(each)) for each in went} == went
    paths = explore(tried).paths
    assert {choices_of(path) for path in paths if is_gone(path, turns_of(path), went)} == gone
