"""Which paths of the explorer journeys have gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio import Journey, channel, workflow
from studio.design.coverage.recorded_journeys import gone_in
from studio.design.coverage.turns import as_told, asked_of, is_gone, read_told, turns_of, without_asking
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


news = channel("turns news", cap="1 per 24h")


def send(user: str) -> None:
    raise AssertionError("a step's own function was called")


@workflow(trigger="go", key="n")
async def messages(journey: Journey) -> str:
    """One message of which nobody asks, and one of which the way depends on it."""
    await journey.message(news, "first", send, journey.user.id)
    if await journey.message(news, "second", send, journey.user.id):
        return "sent"
    return "not sent"


def test_a_message_of_which_nobody_asks_is_no_way_of_its_own() -> None:
    paths = explore(messages).paths
    turns = [turns_of(path) for path in paths]
    asked = asked_of(turns)
    assert [choices_of(path) for path in paths] == ["0", "1"]
    assert len(asked) == 1
    with Journeys(messages) as journeys:
        journeys.stub("*")
        journeys.send("go", "ada", {"n": 1})
        # Neither is sent: the cap is full.
        journeys.send("go", "ada", {"n": 2})
        engine, _ = journeys._running()
        found, _ = gone_in(engine.path, engine.workflows)
    went = found["messages"].went
    assert [sum(turn.outcome == "sent" for turn in each.turns) for each in went] in ([1, 0], [0, 1])
    plain = {without_asking(each, asked) for each in went}
    gone = [is_gone(path, own, plain) for path, own in zip(paths, turns, strict=True)]
    assert gone == [False, True]
