"""A user by itself: what it keeps, hands out and forgets."""

from __future__ import annotations

import pytest

from studio import Event, Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.event_blocks import BLOCK_EVENTS
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import Came, Ran, StepEnded, run_turn
from studio.kernel.records import StepResult
from studio.kernel.triggers import Routes
from studio.language.kinds import Kind, Status
from studio.language.names import names
from tests.kernel.partitions import START, event, kinds, partition, time, turn


def test_entries_are_numbered_within_the_user() -> None:
    ada = partition()
    ran = turn(ada, event("signup"))
    assert kinds(ran.turn.rows) == [Kind.EVENT, Kind.STARTED, Kind.LOG, Kind.WAIT_OPENED]
    assert [row[0] for row in ran.turn.rows] == [1, 2, 3, 4]
    assert (ran.turn.first, ran.turn.next, ada.seq) == (1, 5, 5)
    assert ada.next_due == time("7d").until


def test_what_is_sent_to_others_is_handed_out_and_no_cause_here() -> None:
    ada = partition()
    turn(ada, event("signup"))
    ran = turn(ada, time("7d"))
    ((to, sent, chain),) = ran.sent
    assert (to, sent.name, sent.data, sent.seq) == ("crm", "welcomed", {"ok": False}, 6)
    assert chain == (1, 0)
    assert ada.me.events[-1].name == "signup"
    assert ran.turn.users == ["ada", "crm"]


def test_an_id_counts_once_for_each_user() -> None:
    ada, bob = partition(), partition("bob")
    first = turn(ada, event("signup", id="a"), event("signup", id="a")).answers
    assert [answer.duplicate for answer in first] == [False, True]  # type: ignore[union-attr]
    (other,) = turn(bob, event("signup", user="bob", id="a")).answers
    assert other is not None
    assert not other.duplicate  # type: ignore[union-attr]


def test_an_id_that_a_journey_gave_to_anothers_event_is_taken_here() -> None:
    @workflow(trigger="go")
    async def sends(journey: Journey) -> None:
        await journey.ingest("told", {"a": 1}, user="bob", id="same")

    ada = Partition("ada", {"sends": sends})
    for _ in range(2):
        watch = ThreadMonitor()
        came = (event("go"), event("other", id="same"))
        ran = run_turn(ada, Routes({"sends": sends}), came, monitor=watch, live=watch.live)
        answer = ran.answers[1]
        assert isinstance(answer, Event)
        assert (answer.duplicate, answer.seq) == (True, 3)
        # What was handed out is dropped; the id is known all the same.
        ada.compact()


def test_an_event_of_another_users_journey_comes_once() -> None:
    crm = partition("crm")
    came = event("welcomed", user="crm")._replace(origin=("ada", 6))
    assert turn(crm, came).turn.origins == [[1, "ada", 6]]
    again = turn(crm, came, event("welcomed", user="crm")._replace(origin=("ada", 5)))
    assert (again.answers, again.turn.rows, again.turn.origins) == ([None, None], [], [])


def test_nothing_comes_before_the_users_newest_moment() -> None:
    ada = partition()
    turn(ada, event("signup", "1h"))
    (late,) = turn(ada, event("active", "5m", n=1)).answers
    assert late is not None
    assert late.at_ms == time("1h").until  # type: ignore[union-attr]


def test_made_small_it_keeps_what_open_passes_need_and_nothing_of_the_rest() -> None:
    ada = partition()
    turn(ada, event("signup"))
    turn(ada, event("active", "1h", n=1))
    ada.compact()
    assert kinds(ada.history) == [
        *(Kind.STARTED, Kind.LOG, Kind.WAIT_OPENED, Kind.WAIT_MATCHED),
        *(Kind.EVENT, Kind.WAIT_OPENED),
    ]
    ran = turn(ada, event("active", "2h", n=2))
    assert kinds(ran.turn.rows) == [Kind.EVENT, Kind.WAIT_MATCHED, Kind.COMPLETED]
    assert ran.turn.rows[-1][13] == '{"result":{"first":1,"then":2}}'
    ada.compact()
    assert ada.history == []
    (journey,) = ada.journeys
    assert journey.status == Status.COMPLETED
    assert turn(ada, event("signup", "3h")).turn.journeys == []


def test_old_events_are_packed_and_found() -> None:
    ada = partition()
    turn(ada, *(event("tick", id=f"id{n}", n=n) for n in range(3 * BLOCK_EVENTS)))
    ada.compact()
    assert [(block.first, block.last) for block in ada.blocks] == [(1, 1000), (1001, 2000)]
    assert len(ada.me.events) == BLOCK_EVENTS
    tick = names("tick")
    assert ada.event_seqs(ada.me, tick, 0, ada.seq, 3) == [3000, 2999, 2998]
    assert ada.event_seqs(ada.me, tick, 998, 1002) == [1002, 1001, 1000, 999]
    assert [each["n"] for each in ada.events(ada.me, tick, None, 0, 2001, 2)] == [1999, 2000]
    assert ada.fitting_seqs(ada.me, tick, lambda text: '"n":7}' in text, 0, 1000) == ([8], False)
    assert ada.fitting_seqs(ada.me, tick, lambda _: True, 0, 3000, 5) == (
        [2996, 2997, 2998, 2999, 3000],
        True,
    )
    assert ada.event(17)["n"] == 16
    # The first and the last of a block, too.
    assert [ada.event(seq)["n"] for seq in (1, 1000, 1001, 2000, 2001)] == [0, 999, 1000, 1999, 2000]
    assert ada.known_ids(["id3", "id2999", "no"]) == {"id3": 4, "id2999": 3000}
    assert ada.event_seqs(ada.me, names("other"), 0, ada.seq) == []
    assert [each.seq for each in ada.all_events()] == list(range(1, 3001))


def test_profiles_are_kept_as_far_as_a_pass_looks_back() -> None:
    ada = partition()
    turn(ada, event("identify", plan="free"))
    turn(ada, event("signup", "1h"))
    turn(ada, event("identify", "2h", plan="pro"))
    ada.compact()
    assert [profile for _, profile in ada.me.versions] == [{"plan": "free"}, {"plan": "pro"}]
    assert ada.profile(ada.me, 2) == {"plan": "free"}
    turn(ada, event("active", "3h", n=1))
    turn(ada, event("active", "4h", n=2))
    ada.compact()
    assert [profile for _, profile in ada.me.versions] == [{"plan": "pro"}]


def test_what_is_learned_of_others_is_theirs() -> None:
    ada = partition()
    turn(ada, event("signup", email="a@x.io"))
    turn(ada, time("7d"))
    assert list(ada.users) == ["ada", "crm"]
    assert ada.users["crm"].versions == []
    assert ada.me.versions == [(1, {"email": "a@x.io"})]


@pytest.mark.parametrize("code", [None, "abc"])
def test_entries_name_the_code_that_made_them(code: str | None) -> None:
    ada = partition(codes={} if code is None else {"welcome": code})
    ran = turn(ada, event("signup"))
    named = [None if row[10] is None else ran.turn.names[row[10]] for row in ran.turn.rows]
    assert named == [None, *([f"welcome@{code}" if code else None] * 3)]


def test_the_result_of_a_step_that_runs_once_outlives_its_pass_and_no_other_does() -> None:
    @workflow(trigger="go", name="pays")
    async def pays(journey: Journey) -> None:
        await journey.step("pay", print, once=True)
        await journey.step("look", print)

    ada, routes = Partition("ada", {"pays": pays}), Routes({"pays": pays})

    def run(*came: Came) -> Ran:
        watch = ThreadMonitor()
        return run_turn(ada, routes, came, monitor=watch, live=watch.live)

    def launched(ran: Ran) -> str:
        (launch,) = ran.launches
        return launch.command.name

    ran = run(event("go"))
    assert launched(ran) == "pay"
    ran = run(StepEnded(StepResult(ran.launches[0], "1"), START))
    # What looks like the mark of such a step is a part of what this one returned.
    run(StepEnded(StepResult(ran.launches[0], '{"once":true}'), START))
    ada.compact()
    assert [row[2] for row in ada.history] == [Kind.STARTED, Kind.STEP_DONE]
    assert launched(run(event("go", "1h"))) == "look"
