"""A turn: what came is carried out in order, and says what came of it."""

from __future__ import annotations

import json
import re
from collections import deque

import pytest

from studio import Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import JourneyError
from studio.kernel import decision_applier
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import ActCame, EventCame, journey_named, run_turn
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.language.incoming import Incoming
from studio.language.kinds import Kind, Status
from tests.kernel.partitions import START, event, kinds, partition, time, turn


def test_several_that_came_are_the_history_of_several_turns() -> None:
    ada, bob = partition(), partition()
    together = turn(ada, event("signup"), event("active", "1h", n=1), event("active", "2h", n=2)).turn
    one_by_one = [
        row
        for came in (event("signup"), event("active", "1h", n=1), event("active", "2h", n=2))
        for row in turn(bob, came).turn.rows
    ]
    assert kinds(together.rows) == kinds(one_by_one)
    assert [row[0] for row in together.rows] == [row[0] for row in one_by_one]


def test_a_deadline_that_is_served_late_says_so() -> None:
    ada = partition()
    turn(ada, event("signup"))
    late = time("7d")._replace(now=START + 8 * 86_400_000)
    rows = turn(ada, late).turn.rows
    assert (rows[0][2], rows[0][1], rows[0][11]) == (Kind.WAIT_TIMEOUT, time("7d").until, 86_400_000)


def test_acts_are_done_or_refused_and_what_follows_goes_on() -> None:
    ada = partition()
    turn(ada, event("signup"))
    ran = turn(
        ada,
        ActCame("resume", "welcome/ada", START),
        ActCame("cancel", "nobody/ada", START),
        ActCame("time_out", 4, START),
        ActCame("cancel", "welcome/ada", START),
    )
    refused, unknown, *rest = ran.answers
    assert isinstance(refused, JourneyError)
    assert "only a failed journey" in str(refused)
    assert "no such journey" in str(unknown)
    assert rest == [None, None]
    assert kinds(ran.turn.rows)[0] == Kind.WAIT_TIMEOUT
    assert kinds(ran.turn.rows)[-1] == Kind.CANCELLED
    assert ran.turn.journeys[0][4] == Status.CANCELLED
    assert ran.turn.ended == [4]


def test_nothing_stands_when_a_turn_is_over() -> None:
    left: list[str] = []

    @workflow(trigger="go", name="ticks")
    async def ticks(journey: Journey) -> None:
        try:
            for _ in range(5):
                await journey.wait_for("tick", past=False)
        finally:
            left.append("left")

    ada, watch = Partition("ada", {"ticks": ticks}), ThreadMonitor()
    came = (event("go"), event("tick"), event("tick"))
    run_turn(ada, Routes(ada.workflows), came, monitor=watch, live=watch.live)
    # After its first drive, and at the end.
    assert (left, watch.live.standing()) == (["left"] * 2, [])


def test_an_act_on_an_id_that_two_journeys_have_names_both() -> None:
    @workflow(trigger="go", key="k", name="keyed")
    async def keyed(journey: Journey) -> None:
        await journey.wait_for("tick")

    ada, watch = Partition("ada", {"keyed": keyed}), ThreadMonitor()
    # A text and a number that read alike.
    came = (event("go", k=7), event("go", k="7"), ActCame("cancel", "keyed/ada/7", START))
    ran = run_turn(ada, Routes(ada.workflows), came, monitor=watch, live=watch.live)
    assert isinstance(ran.answers[-1], JourneyError)
    assert Kind.CANCELLED not in kinds(ran.turn.rows)
    assert journey_named(ada, 'keyed//ada/"7"').key == '"7"'


@workflow(trigger="begin")
async def answers(journey: Journey) -> None:
    while True:
        heard = await journey.wait_for("heard", past=False)
        assert heard.first is not None
        for _ in range(heard.first["times"]):
            told = {"from": journey.user.id, "times": heard.first["times"]}
            await journey.ingest("heard", told, user=heard.first["from"])


@workflow(trigger="heard", name="by passes")
async def by_passes(journey: Journey) -> None:
    await journey.ingest("heard", {"from": journey.user.id, "times": 0}, user=journey.trigger["from"])


def talk(by: Workflow, times: int, at_most: int, *, later: int = 0) -> list[str]:
    """Two users who answer one another, each in turns of their own; what their journeys failed of.

    Args:
        later: milliseconds that have gone by for a user when an event of the other comes.
    """
    routes = Routes({by.name: by})
    users = {name: Partition(name, {by.name: by}) for name in ("ada", "bob")}
    waiting = deque((name, event("begin", user=name)) for name in users)
    begins = Incoming("heard", "ada", json.dumps({"from": "bob", "times": times}))
    waiting.append(("ada", EventCame(begins, START)))
    failed: list[str] = []
    for _ in range(at_most):
        if not waiting:
            break
        name, came = waiting.popleft()
        # Each turn on a worker of its own.
        watch = ThreadMonitor()
        if later and came.origin is not None:
            tick = event("tick", user=name)._replace(at=came.at + later)
            run_turn(users[name], routes, [tick], monitor=watch, live=watch.live)
        ran = run_turn(users[name], routes, [came], monitor=watch, live=watch.live)
        failed += [json.loads(row[13])["message"] for row in ran.turn.rows if row[2] == Kind.FAILED]
        for user, sent, chain in ran.sent:
            told = Incoming(sent.name, user, sent.text)
            waiting.append((user, EventCame(told, sent.at_ms, (name, sent.seq), chain)))
    return failed


def test_users_who_answer_one_another_without_end_fail_as_on_one_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 8)
    (failed,) = talk(answers, 1, 100)
    assert re.search(r"test_partition_turn\.py:\d+: runaway: 8 events were sent one after another", failed)
    # Time that passes begins anew.
    assert talk(answers, 1, 100, later=1) == []


def test_users_who_answer_with_ever_more_fail_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision_applier, "MAX_FAN_OUT", 20)
    failed = talk(answers, 2, 1_000)
    assert len(failed) == 2
    assert all("runaway: 20 events were sent in answer to one another" in each for each in failed)


def test_passes_that_users_begin_for_one_another_are_a_runaway() -> None:
    (failed,) = talk(by_passes, 1, 1_000)
    assert failed.startswith("runaway: 100 passes without time moving")
