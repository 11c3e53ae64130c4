"""Digests; tests/conformance/collecting.py has how they look by every way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel.memory import MemoryUnit
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import CodeCame
from studio.language.definition import Workflow
from studio.language.kinds import Kind
from tests.kernel.partitions import START, event
from tests.kernel.rules import Rules, kinds
from tests.kernel.test_go_over import turn

MINUTE = 60_000


def digest(**ends: Any) -> Workflow:
    @workflow(trigger="go", name="digest")
    async def made(journey: Journey) -> int:
        return len(await journey.collect("tick", **ends))

    return made


@pytest.mark.parametrize(
    ("ends", "looks"), [({"quiet": "10m", "at_most": "1h"}, 12), ({"count": 10_000, "quiet": "10m"}, 10_012)]
)
def test_ten_thousand_events_cost_as_many_times_one(
    ends: dict[str, Any], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, asked = Rules(digest(**ends)), Counter[str]()
    look_up = MemoryUnit.event_seqs

    def event_seqs(unit: MemoryUnit, *given: Any) -> list[int]:
        asked["looks"] += 1
        asked["most"] = max(asked["most"], given[-1])
        return look_up(unit, *given)

    rules.event("go")
    monkeypatch.setattr(MemoryUnit, "event_seqs", event_seqs)
    told: Counter[str] = Counter()
    for n in range(5_000 if "count" in ends else 10_000):
        told.update(kinds(rules.event("tick", n)))
    while rules.unit.due_waits(until=2**60):
        told.update(kinds(rules.timer()))
    assert told["wait.matched"] == told["journey.completed"] == 1
    assert told["wait.moved"] <= 3
    assert asked["looks"] <= looks
    assert rules.unit.history[-1][13] == f'{{"result":{told["event"]}}}'


def test_events_that_came_while_nobody_served_count_up_to_the_moment() -> None:
    rules = Rules(digest(quiet="10m"))
    rules.event("go")
    rules.event("tick", MINUTE)
    rules.event("tick", 9 * MINUTE)
    assert kinds(rules.timer(late=MINUTE)) == ["wait.moved"]
    (matched, done) = rules.timer(late=5 * MINUTE)
    assert matched[:4] == ("wait.matched", 19 * MINUTE, None, 5 * MINUTE)
    assert matched[4] == {"count": 2, "first": 4}
    assert done[4] == {"result": 2}


@pytest.mark.parametrize(
    ("other", "rows", "due"),
    [
        ({"quiet": "10m", "timeout": "1h"}, [], 11),
        # What has begun goes on: the deadline is looked at when it comes.
        ({"quiet": "30m", "timeout": "1h"}, [Kind.MOVED], 11),
        ({"quiet": "10m", "timeout": "2h"}, [], 11),
    ],
)
def test_edited_code_goes_on_collecting(other: dict[str, Any], rows: list[int], due: int) -> None:
    ada = Partition("ada", {"digest": digest(quiet="10m", timeout="1h")})
    turn(ada, event("go"), event("tick", "1m"))
    again = load(dump(ada), {"digest": digest(**other)})
    ran = turn(again, code=CodeCame({"digest"}, START + 2 * MINUTE))
    assert [row[2] for row in ran.turn.rows] == rows
    assert again.next_due == START + due * MINUTE


def test_a_timeout_that_is_edited_before_anything_came_counts_from_the_opening() -> None:
    ada = Partition("ada", {"digest": digest(quiet="10m", timeout="1h")})
    turn(ada, event("go"))
    again = load(dump(ada), {"digest": digest(quiet="10m", timeout="2h")})
    turn(again, code=CodeCame({"digest"}, START + 2 * MINUTE))
    assert again.next_due == START + 120 * MINUTE
