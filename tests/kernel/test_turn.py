"""A turn as bytes."""

from __future__ import annotations

import pytest

from studio import Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.packed import pack
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import run_turn
from studio.kernel.triggers import Routes
from studio.kernel.turn import VERSION, TurnError, turn_from
from studio.language.kinds import Kind
from tests.kernel.partitions import event, partition, time, turn


def test_it_comes_back_as_it_was_and_has_one_digest() -> None:
    ada = partition()
    first = turn(ada, event("signup")).turn
    then = turn(ada, time("7d")).turn
    assert turn_from(first.packed()) == first
    assert turn_from(then.packed()).digest() == then.digest() != first.digest()


def test_it_names_what_it_left_open_and_what_it_ended() -> None:
    ada = partition()
    first = turn(ada, event("signup")).turn
    ((entry, journey, _, name, due),) = first.waits
    assert (entry, journey, first.names[name], due) == (4, 1, "active", time("7d").until)
    assert first.journeys[0][:4] == [1, first.names.index("welcome"), "", 1]
    then = turn(ada, time("7d")).turn
    assert (then.first, then.ended) == (5, [4])


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (b"x", "no turn"),
        (pack([1]), "no turn"),
        (pack({"version": VERSION + 1}), f"reads form {VERSION}"),
        (pack({"version": VERSION, "user": "a"}), "no turn"),
    ],
)
def test_other_bytes_are_refused(packed: bytes, says: str) -> None:
    with pytest.raises(TurnError, match=says):
        turn_from(packed)


def test_a_user_whose_name_cannot_be_is_refused() -> None:
    ran = turn(partition(), event("signup")).turn
    ran.user = "\x1b[2J"
    with pytest.raises(TurnError, match="control character"):
        turn_from(ran.packed())


def test_an_open_wait_says_by_which_name_it_ends_or_that_it_is_by_a_pattern_or_none() -> None:
    @workflow(trigger="go", name="many")
    async def many(journey: Journey) -> None:
        await journey.wait_any(journey.wait_for("a"), journey.wait_for("b*"), journey.sleep("1h"))

    ada, watch = Partition("ada", {"many": many}), ThreadMonitor()
    told = run_turn(ada, Routes(ada.workflows), [event("go")], monitor=watch, live=watch.live).turn
    found = {kind: name for _, _, kind, name, _ in told.waits if kind != Kind.WAIT_OPENED}
    assert found == {Kind.GROUP_OPENED: None, Kind.SLEEP_OPENED: None}
    assert [name for _, _, kind, name, _ in told.waits if kind == Kind.WAIT_OPENED] == [
        told.names.index("a"),
        -1,
    ]


def test_the_digest_of_a_turn_is_kept_by_others_and_has_its_length() -> None:
    assert len(turn(partition(), event("signup")).turn.digest()) == 32
