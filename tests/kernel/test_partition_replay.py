"""A partition made anew of its bytes and what turns changed; the conformance list goes this way, too."""

from __future__ import annotations

import pytest

from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_replay import replay
from studio.kernel.partition_turn import Came, CodeCame
from studio.kernel.turn import Turn, turn_from
from studio.language.kinds import Kind
from studio.language.names import IDENTIFY
from tests.kernel.partitions import START, WORKFLOWS, event, kinds, partition, time, turn
from tests.kernel.test_go_over import turn as run_by
from tests.kernel.test_go_over import version


def run(of: Partition, *came: Came, code: CodeCame | None = None) -> Turn:
    return run_by(of, *came, code=code).turn


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


def test_a_wait_whose_deadline_was_moved_is_met_by_its_event() -> None:
    ada = Partition("ada", {"shop": version("1d")})
    base = dump(ada)
    turns = [run(ada, event("go"), event("a", "1s"))]
    other = load(dump(ada), {"shop": version("9d")})
    turns.append(run(other, code=CodeCame({"shop"}, START + 2_000)))
    assert turns[-1].moved
    again = replay(base, turns, {}, {"shop": version("9d")})
    assert (dump(again), again.next_due) == (dump(other), START + 1_000 + 9 * 86_400_000)
    rows = run(again, event("b", "5d")).rows
    assert kinds(rows) == [Kind.EVENT, Kind.WAIT_MATCHED, Kind.COMPLETED]
