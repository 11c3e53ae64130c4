"""What a batch puts down of each cause, entry by entry: on a real store, with no engine around it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, incoming, workflow
from studio.engine.work.prefetch import prefetch
from studio.kernel.records import Cause, StepResult
from studio.language.definition import Workflow
from studio.language.kinds import Kind
from studio.language.names import START
from tests.engine.bench import Bench, Told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


# -- what is the cause of what -------------------------------------------------------------------


@workflow(trigger="go")
async def in_turn(journey: Journey) -> str:
    await journey.sleep("1s")
    journey.log("slept")
    await journey.wait_for("paid", timeout="2s")
    await journey.ingest("reminded")
    await journey.wait_for("paid")
    return "done"


def test_what_follows_a_deadline_has_its_end_as_the_cause_and_is_as_late(path: Path) -> None:
    bench = Bench(path, in_turn)
    assert bench.event("go", 10) == [
        ("journey.started", 10, 1, None, None),
        ("sleep.opened", 10, 1, None, {"duration": 1000}),
    ]
    slept = [
        ("sleep.done", 1010, None, None, None),
        ("log", 1010, 4, None, "slept"),
        ("wait.opened", 1010, 4, None, {"timeout": 2000}),
    ]
    assert bench.timer() == slept
    # However late it is served: it is as if it had been served then.
    assert bench.timer(late=500) == [
        ("wait.timeout", 3010, None, 500, None),
        ("event", 3010, 7, None, None),
        ("wait.opened", 3010, 7, None, {"after": 8}),
    ]
    assert bench.event("paid", 4000) == [
        ("wait.matched", 4000, 10, None, None),
        ("journey.completed", 4000, 10, None, {"result": "done"}),
    ]


async def send(n: int) -> int:
    return n


@workflow(trigger="go")
async def grouped(journey: Journey) -> Any:
    found = await journey.wait_any(
        journey.wait_for("a", {"n": 1}), journey.sleep("1s"), journey.step("send", send, 1), timeout="5s"
    )
    each = await journey.wait_all(journey.wait_for("b"), journey.wait_for("c", timeout="1s"), timeout="3s")
    return [bool(found[0]), *found[1:], [bool(one) for one in each]]


CLOSED = {"type": "closed", "message": "the journey went on without it"}
NEXT_GROUP: list[tuple[str, Any]] = [
    ("wait.opened", {"group": "all#0"}),
    ("wait.opened", {"timeout": 1000, "group": "all#0"}),
    ("wait.opened", {"members": ["wait:b#0", "wait:c#0"], "timeout": 3000}),
]


def in_group(at: int, cause: int, *rows: tuple[str, Any]) -> list[Told]:
    return [(kind, at, cause, None, data) for kind, data in (*rows, *NEXT_GROUP)]


@pytest.fixture
def group(path: Path) -> Bench:
    bench = Bench(path, grouped)
    assert bench.event("go", 10) == [
        ("journey.started", 10, 1, None, None),
        ("wait.opened", 10, 1, None, {"match": {"n": 1}, "group": "any#0"}),
        ("sleep.opened", 10, 1, None, {"duration": 1000, "group": "any#0"}),
        ("step.started", 10, 1, None, {"attempt": 1, "start": 1, "group": "any#0"}),
        ("wait.opened", 10, 1, None, {"members": ["wait:a#0", "sleep#0", "step:send#0"], "timeout": 5000}),
    ]
    return bench


def test_an_event_ends_a_group_and_what_else_it_waited_for(group: Bench) -> None:
    assert group.event("a", 11, n=2) == []
    assert group.event("a", 12, n=1) == in_group(
        12,
        8,
        ("wait.matched", None),
        ("sleep.closed", None),
        ("step.failed", CLOSED),
        ("wait.matched", {"ended": ["wait:a#0"]}),
    )
    # A member that has ended leaves the others open, and the group.
    assert group.event("b", 13) == [("wait.matched", 13, 16, None, None)]
    assert group.timer() == [
        ("wait.timeout", 1012, None, None, None),
        ("wait.matched", 1012, 18, None, {"ended": ["wait:b#0", "wait:c#0"]}),
        ("journey.completed", 1012, 18, None, {"result": [True, None, None, [True, False]]}),
    ]


def test_a_deadline_ends_a_group_and_what_else_it_waited_for(group: Bench) -> None:
    assert group.timer() == [
        ("sleep.done", 1010, None, None, None),
        *in_group(
            1010,
            7,
            ("wait.closed", None),
            ("step.failed", CLOSED),
            ("wait.matched", {"ended": ["sleep#0"]}),
        ),
    ]
    assert group.timer() == [("wait.timeout", 2010, None, None, None)]
    # The group's own end says which members had ended till then.
    assert group.timer(late=7) == [
        ("wait.timeout", 4010, None, 7, {"ended": ["wait:c#0"]}),
        ("wait.closed", 4010, 15, None, None),
        ("journey.completed", 4010, 15, 7, {"result": [False, True, None, [False, False]]}),
    ]


def test_a_step_ends_a_group_and_what_else_it_waited_for(group: Bench) -> None:
    assert group.result(10, result="7") == [
        ("step.done", 10, None, None, {"result": 7}),
        *in_group(
            10,
            7,
            ("wait.closed", None),
            ("sleep.closed", None),
            ("wait.matched", {"ended": ["step:send#0"]}),
        ),
    ]
    # What was closed gets no result any more.
    assert not group.batch.step_result(StepResult(group.launches[-1], "7"), 11)


def test_a_step_that_fails_in_a_group_fails_its_journey(group: Bench) -> None:
    found = group.result(10, type="Refused", message="no", traceback="where")
    failed = {"attempt": 1, "type": "Refused", "message": "no", "traceback": "where"}
    assert found[0] == ("step.failed", 10, None, None, failed)
    assert [(kind, cause) for kind, _, cause, _, _ in found[1:]] == [
        ("wait.closed", 7),
        ("sleep.closed", 7),
        ("wait.matched", 7),
        ("journey.failed", 7),
    ]
    assert found[-1][-1]["step"] == "step:send#0"
    assert found[-1][-1]["message"] == "step 'send' failed: Refused: no"


# -- steps -----------------------------------------------------------------------------------


@workflow(trigger="go")
async def tries(journey: Journey) -> Any:
    one = await journey.step("send", send, 1, retries=2, pause="1s")
    two = await journey.step("keep", send, 2, once=True, id="mine")
    await journey.wait_for("x", id="the x")
    if journey.pass_number < 3:
        await journey.new_pass()
    return [one, two]


STARTED = {"attempt": 1, "start": 1, "retries": 2, "pause": 1000}


def test_a_step_is_tried_again_after_pauses_that_double_and_then_fails(path: Path) -> None:
    bench = Bench(path, tries)
    failed: dict[str, Any] = {"type": "E", "message": "no", "traceback": "where"}
    assert bench.event("go", 10)[1:] == [("step.started", 10, 1, None, STARTED)]
    assert bench.result(11, **failed, said=[("warning", "careful", ("/a/shop.py", 7))]) == [
        ("log", 11, 3, None, "careful"),
        ("step.retry", 11, 3, None, {"attempt": 1, "type": "E", "message": "no", "pause": 1000}),
    ]
    assert bench.timer(late=3) == [("step.started", 1011, 5, 3, {**STARTED, "attempt": 2})]
    assert bench.result(2000, **failed) == [
        ("step.retry", 2000, 6, None, {"attempt": 2, "type": "E", "message": "no", "pause": 2000})
    ]
    assert bench.timer() == [("step.started", 4000, 7, None, {**STARTED, "attempt": 3})]
    found = bench.result(6000, **failed)
    assert found[0] == ("step.failed", 6000, None, None, {"attempt": 3, **failed})
    assert found[1][:3] == ("journey.failed", 6000, 9)
    launches = bench.launches
    assert [(each.at, each.start, each.info.attempt) for each in launches] == [
        (10, 3, 1),
        (1011, 6, 2),
        (4000, 8, 3),
    ]
    assert [each.info.late for each in launches] == [timedelta(milliseconds=late) for late in (0, 3, 0)]
    assert len({each.info.idempotency_key for each in launches}) == 1


def test_a_failure_that_another_call_cannot_mend_is_the_last(path: Path) -> None:
    bench = Bench(path, tries)
    bench.event("go")
    found = bench.result(12, type="F", message="never", is_final=True)
    assert [row[0] for row in found] == ["step.failed", "journey.failed"]


def test_a_step_of_the_whole_journey_runs_in_its_first_pass_only(path: Path) -> None:
    bench = Bench(path, tries)
    bench.event("go", 10)
    kept = {"attempt": 1, "start": 1, "once": True, "id": "mine"}
    assert bench.result(10, result="5") == [
        ("step.done", 10, None, None, {"result": 5}),
        ("step.started", 10, 4, None, kept),
    ]
    assert bench.result(10, result="6") == [
        ("step.done", 10, None, None, {"result": 6, "once": True, "id": "mine"}),
        ("wait.opened", 10, 6, None, {"id": "the x"}),
    ]
    assert bench.event("x", 20) == [
        ("wait.matched", 20, 8, None, {"id": "the x"}),
        ("journey.pass", 20, 8, None, {"trigger": 1}),
        ("step.started", 20, 8, None, STARTED),
    ]
    # Whether it has ended in this batch, or its end is read again.
    assert bench.result(20, result="5")[:2] == [
        ("step.done", 20, None, None, {"result": 5}),
        ("wait.matched", 20, 12, None, {"count": 1, "first": 8, "id": "the x"}),
    ]
    bench.write()
    bench.event("x", 21)
    assert bench.result(21, result="5") == [
        ("step.done", 21, None, None, {"result": 5}),
        ("wait.matched", 21, 17, None, {"count": 2, "first": 8, "id": "the x"}),
        ("journey.completed", 21, 17, None, {"result": [5, 6]}),
    ]
    # In virtual time a step takes no time: what follows at the same moment is one chain.
    assert [(each.at, each.causation_depth) for each in bench.launches] == [
        (10, 0),
        (10, 1),
        (20, 0),
        (20, 1),
    ]


@pytest.mark.parametrize("charge", [0, 1])
def test_a_step_whose_process_died_is_started_again_and_given_up_at_the_fourth_time(
    path: Path, charge: int
) -> None:
    bench = Bench(path, tries)
    bench.event("go", 10)
    for start in (2, 3, 4):
        bench.write()
        bench.batch.steps.charge = charge
        seq = bench.store.next_seq - 1
        assert bench.recover(20) == [
            ("step.started", 20, seq, None, {**STARTED, "start": start if charge else 1})
        ]
    bench.write()
    found = bench.recover(30)
    if not charge:
        assert found == [("step.started", 30, 6, None, {**STARTED, "start": 2})]
        return
    interrupted = {"type": "interrupted", "message": "the process ended while it ran, four times"}
    assert found[0] == ("step.failed", 30, None, None, interrupted)
    assert found[1][:3] == ("journey.failed", 30, 6)


def test_a_step_that_runs_or_waits_for_a_yes_is_not_started_again(path: Path) -> None:
    bench = Bench(path, tries)
    bench.event("go", 10)
    # It is to be run after this batch.
    assert bench.recover(20) == []
    bench.write()
    bench.batch.steps.on_hold = {3}
    assert bench.recover(20) == []
    bench.batch.steps.on_hold = {4}
    assert [row[0] for row in bench.recover(20)] == ["step.started"]


# -- what an event leads to ------------------------------------------------------------------


@workflow(trigger="go", key="k", again=True, exit_on="out")
async def keyed(journey: Journey) -> Any:
    await journey.wait_for("x")
    await journey.wait_any(journey.wait_for("z"), journey.sleep("9s"))


def test_each_key_has_a_journey_and_an_ended_one_is_followed_by_the_next(path: Path) -> None:
    bench = Bench(path, keyed)
    for at, data, key in ((10, {"k": 1}, 1), (12, {"k": "b"}, "b"), (13, {}, None)):
        seq = bench.batch.unit.seq
        assert bench.event("go", at, **data) == [
            ("journey.started", at, seq, None, {"key": key}),
            ("wait.opened", at, seq, None, None),
        ]
        assert bench.event("go", at, **data) == []
    assert [row[0] for row in bench.event("x", 14)] == [
        "wait.matched",
        "wait.opened",
        "sleep.opened",
        "wait.opened",
    ] * 3
    ended = ["wait.closed", "sleep.closed", "wait.closed", "journey.exited"]
    found = bench.event("out", 15, k=1)
    assert found == [(kind, 15, found[0][2], None, None) for kind in ended]
    assert [row[0] for row in bench.event("out", 16)] == ended * 2
    assert bench.event("out", 16) == []
    seq = bench.batch.unit.seq
    assert bench.event("go", 17, k=1)[0] == ("journey.started", 17, seq, None, {"key": 1, "n": 2})
    bench.write()
    seq = bench.batch.unit.seq
    assert bench.event("go", 18, k="b")[0] == ("journey.started", 18, seq, None, {"key": "b", "n": 2})


@workflow(trigger="go", key="k", again=True)
async def asked(journey: Journey) -> Any:
    if journey.trigger.get("k") != 5:
        await journey.wait_for("x")
        return "done"
    return None


ASK = f"{START}asked"


def test_a_journey_begins_when_it_is_asked_for_unless_it_is_there(path: Path) -> None:
    bench = Bench(path, asked)
    assert bench.event(ASK, 18, k=9) == [
        ("journey.started", 18, 1, None, {"key": 9}),
        ("wait.opened", 18, 1, None, None),
    ]
    assert bench.event(ASK, 19, k=9) == []
    # Nothing of it has come: its own data, of which there is none.
    assert bench.event(ASK, 20)[0] == ("journey.started", 20, 5, None, {"key": None})
    assert [row[0] for row in bench.event("x", 21)] == ["wait.matched", "journey.completed"] * 2
    assert bench.event(ASK, 22, k=9)[0] == ("journey.started", 22, 13, None, {"key": 9, "n": 2})
    assert bench.event(f"{START}nothing", 23, k=9) == []
    # One that waits for its trigger is there.
    assert [row[0] for row in bench.event(ASK, 24, "bob", k=5)] == ["journey.started"]
    assert bench.event(ASK, 25, "bob", k=5) == []


def test_a_journey_that_is_asked_for_begins_with_the_newest_of_its_triggers(path: Path) -> None:
    bench = Bench(path)
    bench.event("go", 1, k=1)
    bench.event("go", 2, k=2)
    bench.event("go", 3, "bob", k=3)
    bench.write()
    bench.workflows["asked"] = asked
    bench.write()
    assert bench.event(ASK, 18) == [
        ("journey.started", 18, 4, None, {"key": 2, "trigger": 2}),
        ("wait.opened", 18, 4, None, None),
    ]
    # Data of its own is asked for.
    assert bench.event(ASK, 19, k=7)[0] == ("journey.started", 19, 7, None, {"key": 7})


@workflow(trigger="go")
async def idles(journey: Journey) -> None:
    if journey.trigger.get("n") == 1:
        await journey.wait_for("x")
    journey.log(f"{journey.pass_number}")


def test_a_trigger_that_came_during_a_pass_begins_the_next_and_each_begins_one(path: Path) -> None:
    bench = Bench(path, idles)
    assert bench.event("go", 10, n=1)[0] == ("journey.started", 10, 1, None, None)
    assert bench.event("go", 11, n=2) == []
    assert bench.event("x", 12) == [
        ("wait.matched", 12, 5, None, None),
        ("log", 12, 5, None, "1"),
        ("journey.pass", 12, 5, None, {"trigger": 4}),
        ("log", 12, 5, None, "2"),
    ]
    assert bench.event("go", 12) == [("journey.pass", 12, 10, None, None), ("log", 12, 10, None, "3")]
    bench.write()
    assert bench.event("go", 12) == [("journey.pass", 12, 13, None, None), ("log", 12, 13, None, "4")]
    assert bench.event("go", 12, n=1) == [
        ("journey.pass", 12, 16, None, None),
        ("wait.matched", 12, 16, None, {"count": 1, "first": 5}),
        ("log", 12, 16, None, "5"),
    ]
    assert bench.event("x", 13) == []


def test_ids_are_asked_for_once_and_a_copy_gives_back_the_first(path: Path) -> None:
    bench = Bench(path)
    sent = [incoming("paid", "ada", {"n": n}, id=f"id {n}") for n in range(3)]
    first = bench.batch.event(sent[0], 10)
    bench.write()
    asked_for: list[list[str]] = []
    known_ids = bench.batch.unit.known_ids

    def known(ids: list[str]) -> dict[str, int]:
        asked_for.append(ids)
        return known_ids(ids)

    bench.batch.unit.known_ids = known
    prefetch(bench.batch, sent)
    found = [bench.batch.event(each, 20) for each in sent] + [bench.batch.event(sent[1], 30)]
    assert [(each.seq, each.at_ms, each.duplicate) for each in found] == [
        (first.seq, 10, True),
        (2, 20, False),
        (3, 20, False),
        (2, 20, True),
    ]
    assert not found[1].duplicate
    assert asked_for == [["id 0", "id 1", "id 2"]]


# -- runaways --------------------------------------------------------------------------------


@workflow(trigger="go")
async def begins_again(journey: Journey) -> None:
    await journey.new_pass()


@workflow(trigger="go")
async def naps_and_sends(journey: Journey) -> None:
    while True:
        await journey.sleep(0)
        await journey.ingest("woke")


@workflow(trigger="go")
async def steps_and_sends(journey: Journey) -> None:
    while True:
        await journey.step("send", send, 1)
        await journey.ingest("woke")


def test_a_hundred_passes_without_time_moving_are_a_runaway(path: Path) -> None:
    bench = Bench(path, begins_again, idles)
    found = [row for row in bench.event("go", 10) if row[0] != "log"]
    assert [row[0] for row in found].count("journey.pass") == 100
    (failed,) = (row for row in found if row[0] == "journey.failed")
    assert failed[-1]["message"] == "runaway: 100 passes without time moving"
    # Each event from outside is a moment of its own.
    for _ in range(150):
        assert [row[0] for row in bench.event("go", 10)][:1] == ["journey.pass"]


@pytest.mark.parametrize("way", [naps_and_sends, pytest.param(steps_and_sends, marks=pytest.mark.long)])
def test_a_thousand_events_without_time_moving_are_a_runaway(path: Path, way: Workflow) -> None:
    bench = Bench(path, way)
    bench.event("go", 10)
    sent = 0
    while True:
        found = bench.timer() if way is naps_and_sends else bench.result(10, result="1")
        if found[-1][0] == "journey.failed":
            break
        sent += 1
    assert sent == 999
    assert "runaway: 1,000 events were sent one after another" in found[-1][-1]["message"]


# -- a workflow that is missing for a while ------------------------------------------------------


@workflow(trigger="go")
async def pays_late(journey: Journey) -> str:
    paid = await journey.wait_for("paid", timeout="1s")
    await journey.wait_for("sent", {"n": 1}, past=False)
    return f"paid {bool(paid)}"


def without(bench: Bench) -> None:
    """Go on without the workflow."""
    bench.write()
    bench.workflows.clear()
    bench.batch = bench._next()


def test_what_comes_for_a_workflow_that_is_missing_is_seen_when_it_is_back(path: Path) -> None:
    bench = Bench(path, pays_late)
    bench.event("go", 10)
    without(bench)
    assert bench.event("paid", 500) == []
    changes = bench.batch.unit.changes
    assert {key for key, _ in changes.meta} == {f"missed/{bench.batch.unit.name_id('pays_late')}"}
    # Its deadline stands by.
    assert bench.timer() == []
    assert changes.due_changes == [(-1_010, 3)]
    assert bench.waits()[0].due is None
    bench.swap(pays_late)
    assert bench.batch.unit.due_waits(until=5_000, limit=9) == []
    (state,) = bench.journeys()
    loaded = bench.batch.unit.append(2_000, Kind.WORKFLOW_LOADED, None, None)
    bench.batch.look_again(state, Cause(2_000, loaded, again=True))
    assert bench.told()[1:] == [
        ("wait.matched", 2_000, loaded, None, {"count": 1, "first": 4}),
        ("wait.opened", 2_000, loaded, None, {"match": {"n": 1}}),
    ]
    # One that is asked to look again and has nothing to see waits on.
    bench.batch.look_again(state, Cause(2_001, loaded, again=True))
    assert bench.told() == []
    assert bench.event("sent", 3_000, n=1)[-1][-1] == {"result": "paid True"}
    # One that has ended looks at nothing.
    bench.batch.look_again(state, Cause(4_000, loaded, again=True))
    assert bench.told() == []
