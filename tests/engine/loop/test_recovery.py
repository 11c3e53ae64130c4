"""Where an engine goes on: at its start, and when rows were taken away."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Journey, VirtualClock, incoming, workflow
from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.loop import committer as module
from studio.engine.loop.committer import Committer
from studio.engine.loop.recovery import Recovery
from studio.engine.work.batch import Batch
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.running_code import RunningCode
from studio.engine.work.work_items import Acknowledgement, QueuedEvent
from studio.errors import StoreError, StoreFull
from studio.kernel.drive import Abandoned
from studio.kernel.records import Launch
from studio.kernel.state import WaitState
from studio.language.kinds import Kind
from studio.store.meta import SET_META
from studio.store.sqlite import Store
from tests.engine.loop.test_committer import Desk, sent


class Start:
    """An engine that starts on a store, without its thread."""

    def __init__(self, path: Path) -> None:
        self.desk = Desk(path, VirtualClock(50))
        self.registered = 0
        self.asked = 0
        self.ready = 0
        self.launched: list[Launch] = []
        self.waited: list[StoreError] = []
        state, batches = self.desk.state, self.desk.batches
        self.committer = Committer(
            state,
            batches,
            Heartbeat(),
            LogForwarding(lambda: None),
            self._launch,
            lambda asks: None,
            lambda: None,
        )
        wait_out = self.committer.wait_out

        def waited_out(error: StoreError, store: Store | None) -> None:
            self.waited.append(error)
            wait_out(error, store)

        committer: Any = self.committer
        committer.wait_out = waited_out
        moves: Any = SimpleNamespace(register=lambda *_: None, registered=self._count("registered"))
        self.recovery = Recovery(
            state, batches, self.committer, moves, self._count("asked"), self._count("ready")
        )

    def _launch(self, launch: Launch) -> None:
        self.launched.append(launch)
        self.desk.state.running.add(launch.which)

    def _count(self, name: str) -> Any:
        def count(*_: Any) -> None:
            setattr(self, name, getattr(self, name) + 1)

        return count

    def prepare(self) -> None:
        self.recovery.prepare(self.desk.store, self.desk.watch)

    def steps(self) -> list[WaitState]:
        return self.desk.batch().unit.running_steps(0, 100)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setattr(module, "RETRY", 0.0)
    made = Start(tmp_path / "a.db")
    # The process that ran the step is gone.
    assert made.desk.commit(sent("go"))
    return made


def test_a_step_that_ran_when_the_last_process_died_is_started_again_and_charged(start: Start) -> None:
    start.prepare()
    (launch,) = start.launched
    (wait,) = start.steps()
    assert (wait.id, wait.spec["start"]) == (launch.start, 2)
    assert (start.registered, start.asked) == (1, 1)


def test_where_something_else_killed_the_process_the_step_is_not_charged(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine = start.desk.state.quarantine
    load = quarantine.load

    def load_named(store: Store) -> None:
        load(store)
        quarantine.is_named = True

    monkeypatch.setattr(quarantine, "load", load_named)
    start.prepare()
    assert start.steps()[0].spec["start"] == 1


def test_what_does_not_run_after_rows_were_taken_away_is_launched_as_it_stands(start: Start) -> None:
    (before,) = start.steps()
    start.recovery.relaunch_steps(start.desk.store, start.desk.watch)
    (launch,) = start.launched
    assert (launch.start, launch.info.attempt) == (before.id, 1)
    start.recovery.relaunch_steps(start.desk.store, start.desk.watch)
    assert len(start.launched) == 1


@workflow(trigger="both")
async def rings_two(journey: Journey) -> str:
    await journey.wait_all(journey.step("ring ada", len, "ada"), journey.step("ring bob", len, "bob"))
    return "done"


@pytest.mark.parametrize("size", [1, 100])
def test_two_steps_of_one_journey_are_launched_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    start = Start(tmp_path / "two.db")
    start.desk.state.code = RunningCode({"rings_two": rings_two})
    assert start.desk.commit(sent("both"))
    before = start.steps()
    monkeypatch.setattr(start.desk.state.quarantine, "size", lambda _: size)
    start.recovery.relaunch_steps(start.desk.store, start.desk.watch)
    assert [launch.start for launch in start.launched] == [step.id for step in before]
    assert [step.id for step in start.steps()] == [step.id for step in before]


def test_what_cannot_be_read_at_once_is_read_again(start: Start) -> None:
    answers: list[Any] = [StoreError("the disk could not be read"), StoreError("again"), 7]

    def read() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert start.recovery.patiently(read) == 7
    # Each was waited out: a disk that is away is not asked without a pause.
    assert [str(error) for error in start.waited] == ["the disk could not be read", "again"]
    # Whoever waits for the start sees meanwhile why it is paused.
    assert start.ready == 2


def test_what_cannot_be_written_at_once_is_made_and_written_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    write, left = start.desk.store.write, 2

    def refuse(changes: Any) -> None:
        nonlocal left
        if left:
            left -= 1
            raise StoreFull("the disk is full")
        write(changes)

    def make() -> Any:
        made.append(batch := start.desk.batch())
        batch.unit.changes.meta.append(("mine", "1"))
        return batch

    monkeypatch.setattr(start.desk.store, "write", refuse)
    assert start.recovery.insist(start.desk.store, make) is made[-1]
    assert len(made) == 3
    assert start.desk.store.meta("mine") == "1"


def test_an_engine_that_is_to_stop_waits_for_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreError("the disk could not be read")

    start.desk.state.stopping = True
    with pytest.raises(Abandoned):
        start.recovery.patiently(fail)
    start.desk.refuse(monkeypatch, StoreFull("the disk is full"))
    with pytest.raises(Abandoned):
        start.recovery.insist(start.desk.store, start.desk.batch)


def go(user: str) -> QueuedEvent:
    return QueuedEvent(incoming("go", user, {}), Acknowledgement(1))


def put(store: Store, *rows: tuple[str, str]) -> None:
    """Rows of `meta`."""
    with store.transaction() as con:
        con.executemany(SET_META, rows)


def test_journeys_whose_workflow_is_back_look_once_each_at_what_came_meanwhile(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = start.desk.store
    assert start.desk.commit(go("bob"), go("cyd"))
    number = start.desk.batch().unit.name_id("rings")
    put(store, (f"missed/{number}", "1"), ("missed/999", "1"))
    looked: list[Any] = []
    monkeypatch.setattr(
        Batch, "look_again", lambda self, journey, cause: looked.append((journey.user.name, cause.again))
    )
    start.recovery.return_missing(store, start.desk.watch)
    assert looked == [("ada", True), ("bob", True), ("cyd", True)]
    # One entry says so, and what is still missing stays noted.
    rows = store.rows("SELECT name, data FROM history WHERE kind = ?", Kind.WORKFLOW_LOADED)
    assert rows == [(number, '{"file":"","again":true}')]
    assert [key for key, _ in store.meta_under("missed/")] == ["999"]


def test_deadlines_whose_workflow_is_back_count_again(start: Start) -> None:
    store = start.desk.store
    with store.transaction() as con:
        con.execute("UPDATE waits SET due = -9000")
    start.recovery.return_missing(store, start.desk.watch)
    assert store.rows("SELECT due FROM waits") == [(9_000,)]


def test_all_steps_that_ran_are_started_again_in_as_few_batches_as_there_is_time_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start.desk.commit(go("bob"), go("cyd"))
    made: list[str] = []
    new = start.desk.batches.new

    def counted(store: Store, watch: Any, part: Any = "other") -> Batch:
        made.append(part)
        return new(store, watch, part)

    monkeypatch.setattr(start.desk.batches, "new", counted)
    start.recovery.relaunch_steps(start.desk.store, start.desk.watch)
    assert len(start.launched) == 3
    assert made == ["recover"]


def test_steps_are_started_again_in_more_batches_when_one_takes_long(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start.desk.commit(go("bob"), go("cyd"))
    made: list[int] = []
    commit = start.committer.commit

    def counted(store: Store, batch: Batch, finished: Any) -> bool:
        made.append(len(batch.steps.launches))
        return commit(store, batch, finished)

    monkeypatch.setattr(start.committer, "commit", counted)
    monkeypatch.setattr("studio.engine.loop.recovery.Budget.is_over", lambda budget, served: served == 2)
    start.recovery.relaunch_steps(start.desk.store, start.desk.watch)
    assert made == [2, 1]


def test_a_jump_that_the_last_process_did_not_end_is_told(start: Start) -> None:
    store = start.desk.store
    put(
        store,
        (
            "clock",
            json.dumps(
                {
                    "virtual": True,
                    "at": 60,
                    "jump": {"from": 10, "to": 900, "served": 4, "total": 9, "at": 60},
                }
            ),
        ),
    )
    before = store.next_seq
    start.prepare()
    kind, data = store.rows("SELECT kind, data FROM history WHERE seq = ?", before)[0]
    assert kind == Kind.CLOCK_MOVED
    assert json.loads(data)["interrupted"]
