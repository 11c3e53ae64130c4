"""Steps that wait for a yes, and those that are answered from before a cut; with cuts: `test_rewind.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.engine.effects.approval import Approvals
from studio.errors import JourneyError
from studio.kernel.records import StepResult
from studio.language.idempotency import StepKeys
from studio.store.approvals import FORMER, HELD, HOLD
from studio.store.meta import SET_META
from tests.engine.bench import Bench


@workflow(trigger="go")
async def calls(journey: Journey) -> str:
    await journey.wait_any(journey.step("ring up", len, "ada"), journey.wait_for("enough"))
    await journey.step("hang up", len, "ada")
    return "done"


class Held(Bench):
    """A bench whose steps may wait for a yes."""

    def __init__(self, path: Path, held: bool = True) -> None:
        super().__init__(path, calls)
        self.approvals = Approvals()
        if held:
            self.put(HOLD, json.dumps({"why": "rewind", "at": 7}))
        self.approvals.load(self.store)

    def put(self, key: str, value: str) -> None:
        with self.store.transaction() as con:
            con.execute(SET_META, (key, value))

    def begin(self) -> None:
        """A batch begins; one that was not written has come to nothing."""
        self.batch, self._seen = self._next(), 0
        self.approvals.begin()
        self.batch.steps.on_hold = self.approvals.held

    def commit(self) -> list[bool]:
        """Make the batch durable; gives of each step that was launched whether it waits."""
        batch = self.batch
        self.approvals.prepare(batch)
        self.write()
        self.approvals.committed(batch)
        waits = [self.approvals.keeps(launch) for launch in batch.steps.launches]
        self.begin()
        return waits

    def stored(self) -> list[str]:
        """Which steps wait, as the store says."""
        return [
            key for (key,) in self.store.rows("SELECT key FROM meta WHERE key LIKE 'held/%' ORDER BY key")
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Held:
    return Held(tmp_path / "studio.db")


def test_where_nothing_is_held_steps_run(tmp_path: Path) -> None:
    bench = Held(tmp_path / "studio.db", held=False)
    assert bench.approvals.why is None
    bench.event("go")
    assert bench.commit() == [False]
    assert bench.stored() == []


def test_a_new_step_waits_until_it_gets_its_yes_and_is_launched_as_it_stands(bench: Held) -> None:
    assert bench.approvals.why == {"why": "rewind", "at": 7}
    bench.event("go")
    seq = bench.seq("step.started")
    assert bench.commit() == [True]
    assert bench.stored() == [f"{HELD}{seq}"]
    assert bench.approvals.held == {seq}
    # Another runner of this store reads it.
    again = Approvals()
    again.load(bench.store)
    assert (again.why, again.held) == (bench.approvals.why, bench.approvals.held)
    for wrong in (seq - 1, seq + 1):
        with pytest.raises(JourneyError, match=f"no step {wrong} waits for approval"):
            bench.approvals.release(bench.batch, 5, wrong)
    bench.approvals.release(bench.batch, 5, seq)
    # Nothing is written of it: it is the same start.
    assert bench.told() == []
    (launch,) = bench.batch.steps.launches
    assert (launch.start, launch.info.attempt, launch.at) == (seq, 1, 5)
    # That batch comes to nothing.
    bench.begin()
    assert bench.approvals.held == {seq}
    bench.approvals.release(bench.batch, 6, seq)
    assert bench.commit() == [False]
    assert bench.stored() == []
    assert bench.approvals.held == set()
    # The next waits as this one did.
    assert [row[0] for row in bench.result(7, result="3")] == [
        "step.done",
        "wait.closed",
        "wait.matched",
        "step.started",
    ]
    assert bench.commit() == [True]


def test_the_last_yes_is_one_for_whatever_comes(bench: Held) -> None:
    bench.event("go")
    bench.event("go", user="bob")
    assert bench.commit() == [True, True]
    bench.approvals.release_all(bench.batch, 5)
    bench.event("go", user="cyd")
    assert len(bench.batch.steps.launches) == 3
    assert bench.commit() == [False] * 3
    assert bench.stored() == []
    assert bench.approvals.why is None
    assert bench.store.meta(HOLD) is None
    # Should that come to nothing, they wait on.
    bench = Held(bench.store.path.with_name("other.db"))
    bench.event("go")
    bench.commit()
    bench.approvals.release_all(bench.batch, 5)
    bench.begin()
    assert bench.approvals.why is not None
    assert len(bench.approvals.held) == 1
    assert not bench.approvals.lifted


def test_a_step_of_a_batch_that_came_to_nothing_does_not_wait(bench: Held) -> None:
    bench.event("go")
    (launch,) = bench.batch.steps.launches
    bench.approvals.prepare(bench.batch)
    assert bench.approvals.keeps(launch)
    bench.begin()
    assert not bench.approvals.keeps(launch)


def test_a_step_whose_workflow_is_not_loaded_gets_no_yes(bench: Held) -> None:
    bench.event("go")
    seq = bench.seq("step.started")
    bench.commit()
    bench.workflows.clear()
    bench.begin()
    with pytest.raises(JourneyError, match="its workflow is not loaded"):
        bench.approvals.release(bench.batch, 5, seq)
    bench.approvals.release_all(bench.batch, 5)
    assert bench.batch.steps.launches == []
    assert bench.approvals.held == {seq}


def test_a_step_that_ends_while_it_waits_waits_no_more(bench: Held) -> None:
    bench.event("go")
    first = bench.seq("step.started")
    bench.commit()
    assert [row[0] for row in bench.event("enough")][-1] == "step.started"
    second = bench.seq("step.started")
    assert bench.commit() == [True]
    assert bench.stored() == [f"{HELD}{second}"]
    assert bench.approvals.held == {second} != {first}


SAID = [("warning", "busy", "call.py:7"), ("info", "again", "somewhere")]


def test_a_step_that_was_done_before_a_cut_is_answered_by_what_it_gave(bench: Held) -> None:
    bench.event("go")
    launch = bench.launches[0]
    bench.put(FORMER + launch.keys.own, json.dumps({"result": 42, "said": SAID}))
    bench.approvals.load(bench.store)
    assert bench.commit() == [False]
    assert bench.stored() == []
    answer = bench.approvals.answer(launch)
    assert answer is not None
    assert (answer.launch, answer.result) == (launch, "42")
    assert answer.said == [("warning", "busy", ("call.py", 7)), ("info", "again", ("somewhere", 0))]
    # Once.
    assert bench.approvals.answer(launch) is None


def test_a_step_that_waits_and_was_done_before_after_all_waits_no_more(bench: Held) -> None:
    bench.event("go")
    launch = bench.launches[0]
    bench.commit()
    bench.put(FORMER + launch.keys.own, json.dumps({"result": 42}))
    bench.approvals.load(bench.store)
    bench.batch.steps.relaunch.add(launch.start)
    bench.batch.steps.on_hold = ()
    bench.recover(5)
    assert bench.commit() == [False]
    assert bench.stored() == []
    answer = bench.approvals.answer(launch)
    assert answer is not None
    assert answer.said == []


def test_what_was_done_for_a_history_that_is_gone_is_kept_under_all_its_keys(bench: Held) -> None:
    bench.event("go")
    launch = bench.launches[0]
    bench.approvals.remember(bench.batch, StepResult(launch, None, "Refused", "no"))
    assert bench.batch.unit.changes.meta == []
    launch.keys = StepKeys("now", again="then")
    bench.approvals.remember(bench.batch, StepResult(launch, "3", said=[("warning", "busy", ("call.py", 7))]))
    kept = [(key, json.loads(value)) for key, value in bench.batch.unit.changes.meta]
    facts = {"result": 3, "said": [["warning", "busy", "call.py:7"]]}
    assert kept == [(f"{FORMER}now", facts), (f"{FORMER}then", facts)]


def test_what_was_kept_before_ids_were_unambiguous_answers_only_who_is_meant(bench: Held) -> None:
    bench.put(FORMER + "before", json.dumps({"result": 42}))
    bench.approvals.load(bench.store)
    bench.event("go")
    launch = bench.launches[0]
    launch.keys = StepKeys("now", before="before")
    assert bench.commit() == [False]
    assert bench.approvals.answer(launch) is not None


@workflow(trigger="both")
async def calls_both(journey: Journey) -> None:
    await journey.wait_any(journey.step("ring up", len, "ada"), journey.step("write", len, "ada"))


class Pair(Held):
    """A bench with two steps that were started one right behind the other."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.swap(calls_both)
        self.event("both")
        self.first, self.second = sorted(launch.start for launch in self.batch.steps.launches)
        assert self.second == self.first + 1
        assert self.commit() == [True, True]

    def launched(self) -> list[int]:
        return sorted(launch.start for launch in self.batch.steps.launches)


def test_a_yes_is_for_the_very_step_and_not_for_its_neighbour(tmp_path: Path) -> None:
    bench = Pair(tmp_path / "studio.db")
    bench.approvals.release(bench.batch, 5, bench.second)
    assert bench.launched() == [bench.second]
    assert bench.commit() == [False]
    assert bench.approvals.held == {bench.first}


def test_a_yes_for_all_calls_two_steps_of_a_journey_once_each(tmp_path: Path) -> None:
    bench = Pair(tmp_path / "studio.db")
    bench.approvals.release_all(bench.batch, 5)
    assert bench.launched() == [bench.first, bench.second]
    assert bench.commit() == [False, False]
    assert bench.approvals.held == set()
