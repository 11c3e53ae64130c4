"""A partition made anew of its bytes and what turns changed; the conformance list goes this way, too."""

from __future__ import annotations

import pytest

from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump
from studio.kernel.partition_replay import replay
from studio.kernel.turn import Turn, turn_from
from studio.language.names import IDENTIFY
from tests.kernel.partitions import START, WORKFLOWS, event, partition, time, turn


def anew(base: bytes, turns: list[Turn], of: Partition) -> Partition:
    return replay(base, turns, of.delivered, WORKFLOWS, "seed", "salt")


def test_its_turns_give_the_same_bytes_and_it_goes_on_alike() -> None:
    ada = partition()
    base = dump(ada)
    turns = []
    sent = event("signup", "1s", n=1)._replace(origin=("bob", 7))
    for came in (event(IDENTIFY, plan="pro", id="i"), sent, sent, time("7d"), event("active", "8d", n=2)):
        turns.append(turn_from(turn(ada, came).turn.packed()))
        again = anew(base, turns, ada)
        assert dump(again) == dump(ada)
        assert again.next_due == ada.next_due
        assert again.profile(again.me, 9) == {"plan": "pro"}
    assert again.has_delivered("bob", 7)
    (journey,) = again.journeys
    assert turn(again, event("signup", "9d")).turn == turn(ada, event("signup", "9d")).turn
    assert journey.user is again.me


def test_it_may_begin_at_any_bytes() -> None:
    ada = partition()
    turn(ada, event("signup"))
    ada.compact()
    base = dump(ada)
    turns = [turn(ada, event("other", id="a")).turn, turn(ada, time("7d")).turn]
    again = anew(base, turns, ada)
    assert dump(again) == dump(ada)
    assert again.last_at == START + 7 * 86_400_000
    assert again.known_ids(["a"]) == {"a": 5}


def test_a_turn_that_is_missing_is_seen() -> None:
    ada = partition()
    base = dump(ada)
    turn(ada, event("signup"))
    late = turn(ada, time("7d")).turn
    with pytest.raises(ValueError, match="a turn begins at 5, and 1 is wanted"):
        anew(base, [late], ada)
