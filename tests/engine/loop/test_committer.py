"""The end of a turn: who is told, what is kept, who is to blame; in the engine: `test_full_disk.py`."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, VirtualClock, WallClock, incoming, workflow
from studio.clocks.clock import Clock
from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.loop import committer as module
from studio.engine.loop.batches import Batches
from studio.engine.loop.committer import Committer
from studio.engine.loop.state import LoopState
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.jump import Jump
from studio.engine.work.work_items import Acknowledgement, Advance, Entry, Item, OperatorCommand, QueuedEvent
from studio.errors import StoreDamaged, StoreError, StoreFull, StoreGone, StoreUnsure, StudioError
from studio.kernel.records import Launch, StepResult
from studio.store.paused import read_sign
from studio.store.sqlite import Store

FULL = StoreFull("the disk is full", fix="Free some space.")


@workflow(trigger="go")
async def rings(journey: Journey) -> str:
    await journey.step("ring up", len, "ada")
    return "done"


class Desk:
    """A committer with a store, and nothing that runs."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.store = Store(path)
        self.changes = 0
        self.launched: list[Launch] = []
        self.asked: list[Any] = []
        self.ready: list[str | None] = []
        """Why it was paused, each time that whoever waits for the start was told that it has begun."""
        self.state = LoopState(path, {"rings": rings}, clock, 100, None, self._changed)
        self.batches = Batches(self.state, (), True)
        self.committer = Committer(
            self.state,
            self.batches,
            Heartbeat(),
            LogForwarding(lambda: None),
            self.launched.append,
            self.asked.extend,
            lambda: self.ready.append(self.state.problem),
        )
        self.watch = ThreadMonitor()

    def _changed(self) -> None:
        self.changes += 1

    def batch(self) -> Batch:
        return self.batches.new(self.store, self.watch)

    def serve(self, *items: Item, at: int = 10) -> tuple[Batch, list[tuple[Item, Any]]]:
        """Take items off the queue, and let them come into a batch."""
        self.state.in_flight = [(at, item) for item in items]
        batch = self.batch()
        return batch, [
            (item, batch.event(item.incoming, at) if isinstance(item, QueuedEvent) else "done")
            for item in items
        ]

    def commit(self, *items: Item) -> bool:
        batch, finished = self.serve(*items)
        return self.committer.commit(self.store, batch, finished)

    def refuse(self, patch: pytest.MonkeyPatch, error: Exception) -> None:
        """Have the store take nothing."""

        def write(changes: Any) -> None:
            raise error

        patch.setattr(self.store, "write", write)

    def paused(self) -> tuple[str | None, StoreError | None]:
        """Why the engine is paused."""
        return self.state.problem, self.state.fault

    @property
    def queue(self) -> list[Item]:
        return [item for _, item in self.state.queue]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Clock], Desk]:
    monkeypatch.setattr(module, "RETRY", 0.0)
    return lambda clock: Desk(tmp_path / "a.db", clock)


@pytest.fixture
def desk(make: Callable[[Clock], Desk]) -> Desk:
    return make(WallClock())


def sent(name: str = "paid", patient: bool = False, **more: Any) -> QueuedEvent:
    return QueuedEvent(incoming(name, "ada", {}), Acknowledgement(1, patient), **more)


def told(item: Item) -> Any:
    """What whoever waits for an item was told; None when nothing."""
    if isinstance(item, QueuedEvent):
        assert item.delivery is not None
        future: Any = item.delivery.future
    else:
        assert not isinstance(item, StepResult)
        future = item.future
    if not future.done():
        return None
    return future.exception() or future.result()


def run(*_: Any) -> None:
    """An act that does nothing."""


# -- durable -------------------------------------------------------------------------------


def test_whoever_waits_for_a_batch_is_told_when_it_is_durable(desk: Desk) -> None:
    event, act, refused = sent(), OperatorCommand(run, Future()), OperatorCommand(run, Future())
    batch, finished = desk.serve(event, act, refused)
    finished[-1] = (refused, StudioError("no", fix="Do not."))
    assert desk.committer.commit(desk.store, batch, finished)
    assert [each.name for each in told(event)] == ["paid"]
    assert told(act) == "done"
    assert isinstance(told(refused), StudioError)
    assert desk.state.in_flight == []
    assert desk.state.last_batch == 3
    assert desk.changes == 1
    assert not batch.watch.committing
    assert desk.store.rows("SELECT count(*) FROM history") == [(1,)]


def test_what_came_through_the_inbox_is_taken_out_and_answered_with_the_batch(desk: Desk) -> None:
    with desk.store.transaction() as con:
        con.executemany("INSERT INTO inbox (id, at, kind, body) VALUES (?, 0, 'x', '')", [(7,), (8,), (9,)])
    act, wrong = OperatorCommand(run, inbox=8), OperatorCommand(run, inbox=9)
    batch, finished = desk.serve(sent(inbox=7), act, wrong)
    error = StudioError("no", where="there", fix="Do not.", advice="list users")
    finished[-1] = (wrong, error)
    desk.committer.commit(desk.store, batch, finished)
    assert desk.store.rows("SELECT id FROM inbox") == []
    rows = {id: json.loads(text) for id, text in desk.store.rows("SELECT id, body FROM answers")}
    assert rows == {
        8: {"ok": True},
        9: {"error": str(error), "what": "no", "where": "there", "fix": "Do not.", "advice": "list users"},
    }


def test_who_lets_time_pass_is_told_whether_any_deadline_is_left(desk: Desk) -> None:
    none = Advance(Future())
    desk.commit(none)
    assert told(none) is True
    some = Advance(Future())
    batch, finished = desk.serve(some)
    desk.store.nearest = 5
    batch.unit.commit = lambda: None  # type: ignore[method-assign]
    desk.committer.commit(desk.store, batch, finished)
    assert told(some) is False
    assert desk.state.next_due == 5


def test_steps_begin_and_questions_are_asked_when_their_batch_is_durable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        desk.refuse(patch, FULL)
        desk.commit(sent("go"))
    assert desk.launched == []
    desk.commit(sent("go"))
    (launch,) = desk.launched
    assert launch.info.name == "ring up"
    # Its result counts as long as the history that it was launched for does.
    for epoch, left in ((launch.epoch + 1, 1), (launch.epoch, 0)):
        desk.state.running = {launch.which}
        launch.epoch = epoch
        desk.commit(StepResult(launch, "3"))
        assert len(desk.state.running) == left


def test_the_clock_is_written_when_it_stands_otherwise_than_it_did(make: Callable[[Clock], Desk]) -> None:
    clock = VirtualClock(5)
    desk = make(clock)

    def written() -> list[str]:
        batch = desk.batch()
        desk.committer.commit(desk.store, batch, [])
        return [key for key, _ in batch.unit.changes.meta]

    assert written() == ["last_at", "clock"]
    assert written() == ["last_at"]
    clock.move(9)
    assert written() == ["last_at", "clock"]
    assert desk.store.meta("last_at") == "9"
    assert json.loads(desk.store.meta("clock") or "") == clock.state()
    # Somebody else has written another.
    desk.committer.forget_state()
    assert written() == ["last_at", "clock"]


# -- refused -------------------------------------------------------------------------------


def test_what_could_not_be_written_is_told_and_what_nobody_hands_in_again_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = Launch(1, 1, ("step", "x", 0), 3, None, None)  # type: ignore[arg-type]
    result, later = StepResult(launch, "1"), sent("later")
    event, patient, act, own = (
        sent(),
        sent(patient=True),
        OperatorCommand(run, Future()),
        OperatorCommand(run),
    )
    desk.state.queue.append((20, later))
    taken_back: list[int] = []
    # Who then asks how the engine is, hears why.
    seen: list[str | None] = []
    assert act.future is not None
    act.future.add_done_callback(lambda _: seen.append(desk.state.problem))
    with monkeypatch.context() as patch:
        desk.refuse(patch, FULL)
        batch, finished = desk.serve(event, result, patient, act, own)
        batch.take_backs += [lambda: taken_back.append(1), lambda: taken_back.append(2)]
        assert not desk.committer.commit(desk.store, batch, finished)
    assert told(event) is told(act) is FULL
    assert seen == [str(FULL)]
    assert told(patient) is None
    # In their order, before what was handed in later, and with their moments.
    assert list(desk.state.queue) == [(10, result), (10, patient), (10, own), (20, later)]
    assert taken_back == [2, 1]
    assert desk.state.in_flight == []
    assert desk.state.batch is None
    assert desk.state.backlog
    assert desk.paused() == (str(FULL), FULL)
    assert desk.changes == 1
    assert (sign := read_sign(desk.state.path)) is not None
    assert sign.why == str(FULL)
    assert not batch.watch.committing
    assert desk.store.rows("SELECT count(*) FROM history") == [(0,)]
    # Once it can be written, all is well.
    assert desk.commit()
    assert desk.paused() == (None, None)
    assert read_sign(desk.state.path) is None


def test_events_that_were_handed_in_together_are_refused_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = Acknowledgement(2)
    first, second = (QueuedEvent(incoming("paid", "ada", {}), delivery, n) for n in range(2))
    other = sent()
    desk.state.queue += [(10, second), (10, other)]
    desk.refuse(monkeypatch, FULL)
    desk.commit(first)
    assert delivery.future.exception() is FULL
    assert desk.queue == [other]


def test_where_time_is_moved_the_result_of_a_step_comes_before_all_else(
    make: Callable[[Clock], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(VirtualClock(0))
    launch = Launch(1, 1, ("step", "x", 0), 3, None, None)  # type: ignore[arg-type]
    result, own = StepResult(launch, "1"), OperatorCommand(run)
    desk.refuse(monkeypatch, FULL)
    desk.commit(own, result)
    assert desk.queue == [own]
    assert desk.state.returned == [(10, result)]


def test_a_store_that_is_gone_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = StoreGone("the file is gone", fix="Put it back.")
    desk.refuse(monkeypatch, gone)
    with pytest.raises(StoreGone):
        desk.commit(sent())
    with pytest.raises(StoreGone):
        desk.committer.wait_out(gone, desk.store)


def test_a_store_that_cannot_be_read_for_sure_is_examined(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    unsure, damaged = StoreUnsure("a page reads wrongly"), StoreDamaged("it is damaged")
    monkeypatch.setattr(desk.store, "freshen", lambda: looked.append("freshen"))
    monkeypatch.setattr(module, "examined", lambda path: looked.append("examine"))
    desk.committer.pause(FULL, desk.store)
    assert looked == []
    desk.committer.pause(unsure, desk.store)
    assert looked == ["freshen", "examine"]
    # Before it is open there is nothing to be read anew.
    desk.committer.pause(unsure)
    assert looked[2:] == ["examine"]
    assert desk.state.problem == str(unsure)
    monkeypatch.setattr(module, "examined", lambda path: damaged)
    with pytest.raises(StoreDamaged):
        desk.committer.pause(unsure, desk.store)


def test_whoever_waits_while_another_writer_is_waited_for_sees_why(desk: Desk) -> None:
    error = StoreError("another program writes into it", fix="End it.")
    desk.committer.tell_waiting(error)
    assert desk.ready == [str(error)]
    assert desk.changes == 1
    assert desk.paused() == (str(error), error)


def test_what_cannot_be_read_twice_is_told_to_those_who_handed_it_in(desk: Desk) -> None:
    error = StoreError("the disk cannot be read", fix="Look at it.")
    event, own, later = sent(), OperatorCommand(run), sent()
    desk.serve(event, own)
    desk.state.queue.append((20, later))
    desk.committer.wait_out(error, desk.store)
    assert desk.queue == [event, own, later]
    assert told(event) is None
    desk.state.queue.clear()
    desk.serve(event, own)
    desk.state.queue.append((20, later))
    desk.committer.wait_out(error, desk.store)
    assert told(event) is error
    # What was not tried is not given up.
    assert desk.queue == [own, later]
    assert told(later) is None


# -- blame ---------------------------------------------------------------------------------


def test_the_journey_at_which_a_batch_broke_fails_the_next_time_it_is_driven(desk: Desk) -> None:
    event = sent()
    desk.serve(event)
    desk.watch.subject = 7
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [(10, event)])
    assert desk.state.quarantined[7].type == "EngineError"
    assert desk.state.quarantined[7].message == "the engine could not go on with it: RuntimeError: broken"
    assert desk.queue == [event]
    assert desk.state.one_by_one == 0
    # It is known, and it broke all the same: then a cause is looked for.
    desk.serve(event)
    desk.state.queue.clear()
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [(10, event)])
    assert desk.state.one_by_one == 1


def test_the_cause_at_which_a_batch_broke_is_looked_for_one_by_one_and_given_up(desk: Desk) -> None:
    with desk.store.transaction() as con:
        con.execute("INSERT INTO inbox (id, at, kind, body) VALUES (8, 0, 'x', '')")
    event, act = sent(), OperatorCommand(run, inbox=8)
    desk.serve(event, act)
    entries: list[Entry] = [(10, event), (10, act)]
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), entries)
    assert desk.state.one_by_one == 2
    assert desk.queue == [event, act]
    desk.state.queue = deque()
    desk.serve(act, event)
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [(10, act), (10, event)])
    assert desk.queue == [event]
    assert told(event) is None
    ((text,),) = desk.store.rows("SELECT body FROM answers WHERE id = 8")
    assert json.loads(text)["error"].startswith("the engine could not handle it: RuntimeError: broken")
    assert desk.store.rows("SELECT id FROM inbox") == []


def test_a_jump_at_which_a_batch_broke_ends(make: Callable[[Clock], Desk]) -> None:
    desk = make(VirtualClock(0))
    future = desk.state.clock_control.ask_jump(100, None)
    desk.state.clock_control.begin_jump(desk.store)
    jump = desk.state.clock_control.jump
    assert isinstance(jump, Jump)
    desk.state.one_by_one = 1
    desk.serve(jump)
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [(10, jump)])
    assert "could not handle it" in str(future.exception(timeout=0))
    assert desk.state.clock_control.jump is None


def answers(desk: Desk) -> dict[int, Any]:
    return {id: json.loads(text) for id, text in desk.store.rows("SELECT id, body FROM answers")}


def test_who_asked_for_a_jump_from_elsewhere_hears_that_it_broke(make: Callable[[Clock], Desk]) -> None:
    desk = make(VirtualClock(0))
    desk.state.clock_control.ask_jump(100, None, 8)
    desk.state.clock_control.begin_jump(desk.store)
    jump = desk.state.clock_control.jump
    assert isinstance(jump, Jump)
    desk.state.one_by_one = 1
    desk.serve(jump)
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [(10, jump)])
    assert answers(desk).keys() == {8}
    assert "could not handle it: RuntimeError: broken" in answers(desk)[8]["error"]


@pytest.mark.parametrize(("stopped", "end"), [(False, "there"), (True, "stopped")])
def test_the_end_of_a_jump_is_the_last_answer_to_its_request(
    make: Callable[[Clock], Desk], stopped: bool, end: str
) -> None:
    desk = make(VirtualClock(0))
    control = desk.state.clock_control
    control.ask_jump(100, None, 8)
    # Answers are kept for a minute: this one is given anew with each, before it begins and after.
    desk.commit(OperatorCommand(run, inbox=9))
    assert answers(desk) == {8: {"ok": True, "jump": 8}, 9: {"ok": True}}
    with desk.store.transaction() as con:
        con.execute("UPDATE answers SET at = 0")
    control.begin_jump(desk.store)
    desk.commit(OperatorCommand(run, inbox=10))
    assert answers(desk) == {8: {"ok": True, "jump": 8}, 10: {"ok": True}}
    jump = control.jump
    assert jump is not None
    jump.stop = stopped
    at = 50 if stopped else 100
    batch, _ = desk.serve(OperatorCommand(run, inbox=11), jump)
    finished: list[tuple[Item, Any]] = [
        (OperatorCommand(run, inbox=11), None),
        (jump, control.arrive(batch, at)),
    ]
    assert desk.committer.commit(desk.store, batch, finished)
    assert answers(desk)[8] == {"ok": True, "jump": 8, "ended": end}
    assert jump.future.result(timeout=0).at == at
    # It is over, and no answer of it is given again.
    with desk.store.transaction() as con:
        con.execute("UPDATE answers SET at = 0")
    desk.commit(OperatorCommand(run, inbox=12))
    assert answers(desk).keys() == {12}


def test_a_jump_that_is_asked_for_here_is_no_answer_to_anybody(make: Callable[[Clock], Desk]) -> None:
    desk = make(VirtualClock(0))
    desk.state.clock_control.ask_jump(100, None)
    desk.commit(OperatorCommand(run, inbox=9))
    desk.state.clock_control.begin_jump(desk.store)
    jump = desk.state.clock_control.jump
    assert jump is not None
    batch, _ = desk.serve(jump)
    assert desk.committer.commit(desk.store, batch, [(jump, jump.end(100))])
    assert answers(desk) == {9: {"ok": True}}


def test_a_batch_that_broke_with_no_cause_at_all_is_told(desk: Desk) -> None:
    desk.state.one_by_one = 2
    desk.batch()
    desk.committer.blame(desk.store, desk.watch, RuntimeError("broken"), [])
    assert desk.state.one_by_one == 1
    assert desk.state.problem == "the engine could not handle it: RuntimeError: broken"


def test_what_was_put_back_already_is_not_put_back_twice(desk: Desk) -> None:
    first, second, later = OperatorCommand(run), OperatorCommand(run), OperatorCommand(run)
    desk.state.in_flight = [(1, first), (2, second)]
    desk.state.queue.extend([(2, second), (3, later)])
    desk.committer.put_back()
    assert desk.queue == [first, second, later]
    assert desk.state.in_flight == []
    assert desk.state.backlog


def test_why_it_is_paused_stands_beside_the_store_and_what_the_batch_did_is_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back: list[int] = []
    desk.batch().take_backs.append(lambda: taken_back.append(1))
    desk.committer.wait_out(FULL)
    assert taken_back == [1]
    for error in (FULL, StoreError("it is held")):
        desk.committer.pause(error)
        sign = read_sign(desk.state.path)
        assert sign is not None
        assert sign.why == str(error)
    with monkeypatch.context() as patch:
        desk.refuse(patch, RuntimeError("no"))
        assert not desk.commit(sent())
