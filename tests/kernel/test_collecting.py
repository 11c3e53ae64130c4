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
from studio.text import json_text
from tests.kernel.partitions import START, event, time
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


def matched(rules: Rules) -> list[Any]:
    """What was recorded of the collections that came to something."""
    return [json_text.loads(row[13]) for row in rules.unit.history if row[2] == Kind.WAIT_MATCHED]


def test_so_many_end_it_at_once_and_fewer_when_it_was_quiet() -> None:
    rules = Rules(digest(count=3, quiet="10m"))
    rules.event("go")
    assert kinds(rules.event("tick", 1)) == ["event", "wait.moved"]
    assert kinds(rules.event("tick", 2)) == ["event"]
    assert kinds(rules.event("tick", 3)) == ["event", "wait.matched", "journey.completed"]
    assert matched(rules) == [{"count": 3, "first": 4}]
    assert kinds(rules.event("tick", 4)) == ["event"]
    fewer = Rules(digest(count=3, quiet="10m"))
    for at, name in enumerate(("go", "tick", "tick")):
        fewer.event(name, at)
    while fewer.waits():
        fewer.timer()
    assert matched(fewer) == [{"count": 2, "first": 4}]
    assert fewer.unit.history[-1][1] == 10 * MINUTE + 2


def test_a_trigger_is_the_first_of_a_collection() -> None:
    @workflow(trigger="tick")
    async def begins(journey: Journey) -> int:
        return len(await journey.collect("tick", count=3, quiet="10m"))

    rules = Rules(begins)
    assert kinds(rules.event("tick")) == ["event", "journey.started", "wait.opened"]
    assert kinds(rules.event("tick", 1)) == ["event"]
    assert kinds(rules.event("tick", 2)) == ["event", "wait.matched", "journey.completed"]
    assert matched(rules) == [{"count": 3, "first": 1}]
    assert rules.unit.history[-1][13] == '{"result":3}'
    alone = Rules(begins)
    alone.event("tick")
    alone.timer()
    assert matched(alone) == [{"count": 1, "first": 1}]
    assert alone.unit.history[-1][1] == 10 * MINUTE


def test_what_does_not_agree_is_not_collected_and_what_was_asked_for_is_recorded() -> None:
    @workflow(trigger="go", key="cart", name="digest")
    async def of_carts(journey: Journey) -> list[int]:
        found = await journey.collect(["tick", "app/*"], {"ok": True}, count=2, id="mine")
        return [event["n"] for event in found.result or []]

    rules = Rules(of_carts)
    rules.event("go", cart=1)
    assert kinds(rules.event("tick", 1, n=1, ok=False, cart=1)) == ["event"]
    assert kinds(rules.event("tick", 1, n=2, ok=True, cart=2)) == ["event"]
    assert kinds(rules.event("other", 1, n=3, ok=True, cart=1)) == ["event"]
    _, moved = rules.event("app/x", 2, n=4, ok=True, cart=1)
    assert moved[4] == {"id": "mine", "collect": True, "waits": {"3": {"timeout": None, "begun": 2}}}
    assert kinds(rules.event("tick", 3, n=5, ok=False)) == ["event"]
    told = rules.event("tick", 3, n=6, ok=True)
    assert kinds(told) == ["event", "wait.matched", "journey.completed"]
    assert told[1][4] == {"count": 2, "first": 7, "match": {"ok": True}, "id": "mine"}
    assert told[2][4] == {"result": [4, 6]}


def test_events_that_do_not_agree_do_not_fill_a_collection_without_a_key() -> None:
    @workflow(trigger="go")
    async def of_pros(journey: Journey) -> list[int]:
        found = await journey.collect("tick", {"plan": "pro"}, count=2, quiet="10m")
        return [event["n"] for event in found.result or []]

    rules = Rules(of_pros)
    rules.event("go")
    for n, plan in enumerate(("pro", "free", "free", "pro")):
        told = rules.event("tick", n, n=n, plan=plan)
    assert told[-1][4] == {"result": [0, 3]}
    assert matched(rules) == [{"count": 2, "first": 4, "match": {"plan": "pro"}}]


def test_events_of_other_keys_do_not_fill_a_collection_without_a_match() -> None:
    @workflow(trigger="go", key="cart", name="digest")
    async def of_carts(journey: Journey) -> list[int]:
        found = await journey.collect("tick", count=2, id="mine")
        return [event["n"] for event in found.result or []]

    rules = Rules(of_carts)
    rules.event("go", cart=1)
    rules.event("tick", 1, n=1, cart=1)
    rules.event("tick", 1, n=2, cart=2)
    told = rules.event("tick", 1, n=3, cart=1)
    assert told[-1][4] == {"result": [1, 3]}
    assert matched(rules) == [{"count": 2, "first": 4, "id": "mine"}]


def test_where_only_so_many_end_it_no_time_does_once_it_has_begun() -> None:
    rules = Rules(digest(count=2, timeout="1h"))
    rules.event("go")
    assert [wait.due for wait in rules.waits()] == [60 * MINUTE]
    _, moved = rules.event("tick", MINUTE)
    assert moved == (
        "wait.moved",
        MINUTE,
        4,
        None,
        {"collect": True, "waits": {"3": {"timeout": None, "begun": MINUTE}}},
    )
    opened, row = rules.unit.history[2], rules.unit.history[4]
    assert row[4:9] == opened[4:9]
    assert [wait.due for wait in rules.waits()] == [None]
    assert kinds(rules.event("tick", 600 * MINUTE)) == ["event", "wait.matched", "journey.completed"]


def test_a_deadline_that_is_moved_may_come_in_the_same_turn() -> None:
    ada = Partition("ada", {"digest": digest(quiet="10m", timeout="1h")})
    ran = turn(ada, event("go"), event("tick", "1m"), event("tick", "5m"), time("2h"))
    rows = [(row[2], row[1] - START) for row in ran.turn.rows if row[2] != Kind.EVENT]
    assert rows[2:] == [
        (Kind.WAIT_MOVED, MINUTE),
        (Kind.WAIT_MOVED, 11 * MINUTE),
        (Kind.WAIT_MATCHED, 15 * MINUTE),
        (Kind.COMPLETED, 15 * MINUTE),
    ]


def test_a_deadline_that_is_moved_is_one_of_its_batch() -> None:
    rules = Rules(digest(quiet="10m", timeout="1h"))
    rules.event("go")
    rules.transition.event(rules.incoming("tick"), MINUTE)
    (wait,) = rules.waits()
    assert rules.transition.waits.timers == [(11 * MINUTE, wait.id, wait)]


def test_a_wait_for_a_field_of_that_name_collects_nothing() -> None:
    @workflow(trigger="go")
    async def waits(journey: Journey) -> int:
        return len(await journey.wait_for("tick", {"collect": {"count": 2}}))

    rules = Rules(waits)
    rules.event("go")
    assert kinds(rules.event("tick", collect={"count": 2})) == ["event", "wait.matched", "journey.completed"]


def test_of_a_collection_whose_match_was_edited_times_count_from_its_first_opening() -> None:
    def edited(**given: Any) -> Workflow:
        @workflow(trigger="go", name="digest")
        async def made(journey: Journey) -> int:
            return len(await journey.collect("tick", {"n": 1}, **given))

        return made

    ada = Partition("ada", {"digest": digest(quiet="10m", timeout="1h")})
    turn(ada, event("go"))
    again = load(dump(ada), {"digest": edited(quiet="10m", timeout="1h")})
    turn(again, code=CodeCame({"digest"}, START + 2 * MINUTE))
    assert again.next_due == START + 60 * MINUTE
    ran = turn(again, event("tick", "5m", n=1))
    assert json_text.loads(ran.turn.rows[-1][13])["waits"].popitem()[1]["timeout"] == 15 * MINUTE
    assert again.next_due == START + 15 * MINUTE
    third = load(dump(again), {"digest": edited(quiet="30m", timeout="1h")})
    turn(third, code=CodeCame({"digest"}, START + 6 * MINUTE))
    assert third.next_due == START + 15 * MINUTE
