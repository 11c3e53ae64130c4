"""Who acts on journeys does so through one protocol, whether the engine runs here or elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, workflow
from studio.engine.client import EngineClient, Stored, Trouble
from studio.engine.local import LocalEngine
from studio.engine.on_demand import OnDemandEngine, carry_out
from studio.engine.remote import RemoteEngine
from studio.engine.status import EngineStatus
from studio.errors import ClockError, JourneyError, StoreError, StoreFull, StoreGone, StudioError
from studio.language.incoming import incoming
from studio.store.inbox import engine_of
from studio.store.refused import Refusal
from tests.engine.support import entries, until

START = 1_795_519_800_000
HOUR = 3_600_000
WELCOME = """
from studio import workflow

@workflow(trigger="signup")
async def welcome(journey):
    paid = await journey.wait_for("paid", timeout="1h")
    return {"paid": bool(paid)}
"""


@pytest.fixture
def workflows(tmp_path: Path) -> str:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "welcome.py").write_text(WELCOME)
    return str(folder)


async def act(client: EngineClient) -> None:
    """The same acts, whoever is asked."""
    await client.send(incoming("signup", "ann", {}))
    await client.send_many([incoming("signup", "bob", {}), incoming("signup", "cleo", {})])


async def looks_into(client: EngineClient, wait: int) -> None:
    """The inside of a journey, its past, and why it still waits."""
    now = await client.inspect("welcome/cleo")
    assert (now.state, now.entry.seq) == ("waits", wait)
    assert [frame.function for frame in now.frames] == ["welcome"]
    seqs = [entry.seq for entry in await client.inspectable("welcome/cleo")]
    assert seqs[-1] == wait
    assert (await client.inspect("welcome/cleo", seqs[0])).state == "begins"
    with client.look() as views:
        why = client.why(views, wait)
        assert why is not None
        assert why.answer is not None
        assert (why.answer.event, why.answer.user) == ("paid", "cleo")
        assert client.why(views, 10_000) is None
    with pytest.raises(JourneyError, match="no such journey"):
        await client.inspectable("welcome/nobody")


async def test_an_engine_here_and_one_elsewhere_are_asked_alike(tmp_path: Path, workflows: str) -> None:
    histories = []
    for name in ("local", "remote"):
        store = tmp_path / f"{name}.db"
        async with Engine(workflows, store=store, clock=VirtualClock(START)) as engine:
            client: EngineClient = LocalEngine(engine) if name == "local" else RemoteEngine(store, workflows)
            await act(client)
            await engine.run_until_idle()
            await client.act("cancel", "welcome/ann")
            waits = {each.user: each.seq for each in entries(store, "wait.opened")}
            await client.act("time_out", waits["bob"])
            await engine.run_until_idle()
            undone = await client.undo()
            assert (undone["what"], undone["user"]) == ("wait.timeout", "bob")
            preview = await client.preview_rewind(waits["cleo"])
            assert preview.behind.entries
            assert await client.redo()
            assert (await client.preview_undo()).act.user == "bob"
            assert {*client.workflows} == {"welcome"}
            await looks_into(client, waits["cleo"])
            assert (client.problems, client.trouble(), client.path) == ([], None, store)
        histories.append([(each.kind, each.user, each.name) for each in entries(store)])
    assert histories[0] == histories[1]


async def test_both_go_back_and_forth_and_tell_what_they_kept(tmp_path: Path, workflows: str) -> None:
    told = []
    for name in ("local", "remote"):
        store = tmp_path / f"{name}.db"
        async with Engine(workflows, store=store, clock=VirtualClock(START)) as engine:
            client: EngineClient = LocalEngine(engine) if name == "local" else RemoteEngine(store, workflows)
            await act(client)
            await engine.run_until_idle()
            (first,) = (each.seq for each in entries(store, "wait.opened") if each.user == "ann")
            assert await client.snapshots() == []
            back = await client.rewind(first)
            assert {each.user for each in entries(store, "event")} == {"ann"}
            (kept,) = await client.snapshots()
            forth = await client.restore(kept.number)
            assert {each.user for each in entries(store, "event")} == {"ann", "bob", "cleo"}
            told.append([back.keys() - {"ok"}, forth.keys() - {"ok"}, kept.number])
    # What comes through the inbox says besides that it went well.
    assert told[0] == told[1] == [{"at", "keep", "snapshot"}, {"at", "snapshot"}, 1]


async def test_an_engine_here_tells_what_it_stored_and_that_it_has_stopped(
    tmp_path: Path, workflows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is.
    monkeypatch.setattr("studio.engine.local.STOP_SECONDS", 20.0)
    async with Engine(workflows, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        client = LocalEngine(engine)
        assert (client.no_steps, client.stuck, client.time.reading().movable) == (False, False, False)
        first = await client.send(incoming("signup", "ann", {}, "one"))
        assert first is not None
        assert (first.came_at, first.id) == (None, "one")
        assert await client.send(incoming("signup", "ann", {}, "one")) == Stored(first.seq, START, "one")
        # By hand, when nobody says otherwise: an act that can be taken back.
        assert (await client.preview_undo()).act.user == "ann"
        await client.close()
        assert engine.status().state == "stopped"
        assert not client.stuck
        assert client.trouble() == Trouble("STOPPED: the engine has stopped", "the engine has stopped", True)


@pytest.mark.parametrize(
    ("state", "problem", "fault", "trouble"),
    [
        ("stopped", "the store is gone: s.db", None, ("STOPPED: the store is gone", True)),
        ("paused", "it is full", StoreFull("the disk is full"), ("DISK FULL: engine paused", False)),
        ("paused", "it fails", StoreError("it cannot be read", where="s.db"), ("it cannot be read", False)),
        ("paused", "it fails", None, ("it fails", False)),
    ],
)
def test_what_keeps_an_engine_here_is_said_in_short_and_in_full(
    state: Literal["paused", "stopped"],
    problem: str,
    fault: StoreError | None,
    trouble: tuple[str, bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    monkeypatch.setattr(engine, "status", lambda: EngineStatus(state, problem, 0, 0, 0, fault))
    found = LocalEngine(engine).trouble()
    assert found is not None
    assert (found.head.removeprefix("ENGINE PAUSED: "), found.ended) == trouble
    assert found.why == problem


def test_a_store_that_is_gone_is_told_as_an_end(tmp_path: Path) -> None:
    client = RemoteEngine(tmp_path / "s.db", None)
    client.gone = StoreGone("the store is gone", where="s.db")
    assert client.trouble() == Trouble("STOPPED: the store is gone", str(client.gone), True)


async def test_events_that_were_refused_are_kept_and_dropped_by_number(
    tmp_path: Path, workflows: str
) -> None:
    store = tmp_path / "s.db"
    async with Engine(workflows, store=store):
        client = RemoteEngine(store, None)
        numbers = await client.keep_refused([Refusal("{", "no JSON"), Refusal("[", "no JSON")])
        assert len({*numbers}) == 2
        assert await client.drop_refused(numbers[0]) == 1
        assert await client.drop_refused(None) == 1


def test_a_command_asks_who_runs_or_does_it_itself(tmp_path: Path, workflows: str) -> None:
    store = tmp_path / "s.db"
    client = OnDemandEngine(store, workflows)
    assert carry_out(client.send_many([incoming("signup", "ann"), incoming("signup", "bob")])) == [None, None]
    ran = [client.engine_runs]
    # Nobody runs: an engine is started for each, and takes in what waits.
    with Engine(workflows, store=store):
        pass
    carry_out(client.act("cancel", "welcome/ann"))
    carry_out(client.time.pause())
    with client.look() as views:
        assert [each.user for each in views.waits()] == ["bob"]
        assert views.clock()["paused"]
    carry_out(client.time.run())
    with client.look() as views:
        assert not views.clock().get("paused")
    # One runs: it is asked.
    with Engine(workflows, store=store):
        assert client.look_for_engine()
        ran.append(client.engine_runs)
        carry_out(client.act("cancel", "welcome/bob"))
        with client.look() as views:
            assert views.waits() == []
        with pytest.raises(StudioError, match="there is no such journey"):
            carry_out(client.act("cancel", "welcome/nobody"))
    assert client.look_for_engine()
    assert ran == [False, True]


def test_a_command_reads_workflows_once_it_looks_into_a_journey(tmp_path: Path, workflows: str) -> None:
    store, wrong = tmp_path / "s.db", Path(workflows) / "wrong.py"
    with Engine(workflows, store=store) as engine:
        engine.submit([incoming("signup", "ann"), incoming("signup", "cleo")]).result(20)
    wrong.write_text("import nothing_of_this_name\n")
    told: list[str] = []
    client = OnDemandEngine(store, workflows, on_problem=lambda problem: told.append(str(problem)))
    assert told == []
    (wait,) = (each.seq for each in entries(store, "wait.opened") if each.user == "cleo")
    carry_out(looks_into(client, wait))
    assert len(client.problems) == len(told) == 1
    assert "nothing_of_this_name" in told[0]
    # And of those that an engine does not load which is started for an act.
    carry_out(client.act("cancel", "welcome/ann"))
    assert [text for text in told if "nothing_of_this_name" in text] == told
    assert len(told) == 2


gate = threading.Event()


@workflow(trigger="signup")
async def mailer(journey: Journey) -> None:
    await journey.step("mail", mail)
    await journey.sleep("1h")


def mail() -> None:
    assert gate.wait(20)


async def test_a_command_waits_until_the_jump_it_asked_for_has_come_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.clear()
    looks = 0
    sleep = time.sleep

    def look_again(seconds: float) -> None:
        nonlocal looks
        looks += 1
        sleep(seconds)

    monkeypatch.setattr("studio.engine.on_demand.time", SimpleNamespace(sleep=look_again))
    store = tmp_path / "s.db"
    async with Engine(mailer, store=store, clock=StudioClock()) as engine:
        await engine.ingest("signup", "ann")
        to = engine.clock.now() + 5 * HOUR
        command = OnDemandEngine(store, str(tmp_path))
        jump = asyncio.ensure_future(asyncio.to_thread(carry_out, command.time.jump(to)))
        await until(lambda: looks > 3 or jump.done())
        assert not jump.done()
        assert engine.clock.now() < to
        gate.set()
        await jump
        assert engine.clock.now() >= to


@pytest.mark.parametrize("clock", [StudioClock, VirtualClock])
async def test_a_command_hears_that_its_jump_was_stopped_before_anything_came_of_it(
    tmp_path: Path, clock: type[StudioClock | VirtualClock]
) -> None:
    gate.clear()
    store = tmp_path / "s.db"
    async with Engine(mailer, store=store, clock=clock()) as engine:
        # A step runs, and time waits for its end.
        await engine.ingest("signup", "ann")
        to = engine.clock.now() + 5 * HOUR
        command = OnDemandEngine(store, str(tmp_path))
        jump = asyncio.ensure_future(asyncio.to_thread(carry_out, command.time.jump(to)))
        await until(lambda: engine._running.state.clock_control.next_jump is not None)
        assert await engine.stop_jump()
        gate.set()
        with pytest.raises(ClockError, match="the jump was stopped before its end"):
            await asyncio.wait_for(asyncio.shield(jump), 60)
        assert engine.clock.now() < to
        assert entries(store, "clock.moved")[-1].data["stopped"]


@pytest.mark.parametrize("stopped", [False, True])
async def test_an_end_that_is_not_kept_any_more_is_seen_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """A command that slept for minutes, while others were answered, finds no answer to it."""
    gate.clear()
    store = tmp_path / "s.db"
    sleep = time.sleep
    async with Engine(mailer, store=store, clock=StudioClock()) as engine:

        def sleep_long(seconds: float) -> None:
            control = engine._running.state.clock_control
            if stopped:
                engine._running.stop_jump()
            gate.set()
            while control.next_jump is not None:
                sleep(seconds)
            with closing(sqlite3.connect(store)) as con, con:
                con.execute("DELETE FROM answers")

        monkeypatch.setattr("studio.engine.on_demand.time", SimpleNamespace(sleep=sleep_long))
        await engine.ingest("signup", "ann")
        command = OnDemandEngine(store, str(tmp_path))
        wanted = pytest.raises(ClockError, match="was stopped") if stopped else nullcontext()
        with wanted:
            await asyncio.to_thread(carry_out, command.time.jump(engine.clock.now() + 5 * HOUR))


@pytest.mark.parametrize("after", [None, (1, 1)], ids=["none", "another"])
async def test_a_command_does_not_wait_for_an_engine_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: tuple[int, int] | None
) -> None:
    gate.clear()
    store = tmp_path / "s.db"
    ended = False

    def end(seconds: float) -> None:
        nonlocal ended
        ended = True

    monkeypatch.setattr("studio.engine.on_demand.time", SimpleNamespace(sleep=end))
    monkeypatch.setattr("studio.store.inbox.engine_of", lambda path: after if ended else engine_of(path))
    async with Engine(mailer, store=store, clock=StudioClock()) as engine:
        await engine.ingest("signup", "ann")
        command = OnDemandEngine(store, str(tmp_path))
        with pytest.raises(StudioError, match="the engine has ended before the jump did"):
            await asyncio.to_thread(carry_out, command.time.jump(engine.clock.now() + 5 * HOUR))
        await engine.stop_jump()
        gate.set()


async def test_a_jump_is_asked_of_an_engine_that_was_started_in_this_moment(
    tmp_path: Path, workflows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "s.db"
    found: list[tuple[int, int] | None] = []

    def look(path: Path) -> tuple[int, int] | None:
        found.append(engine_of(path) if found else None)
        return found[-1]

    monkeypatch.setattr("studio.store.inbox.engine_of", look)
    async with Engine(workflows, store=store, clock=StudioClock()) as engine:
        command = OnDemandEngine(store, workflows)
        found.clear()
        to = engine.clock.now() + 5 * HOUR
        await asyncio.to_thread(carry_out, command.time.jump(to))
        assert engine.clock.now() >= to
        assert found[0] is None


def test_what_needs_an_event_loop_is_not_carried_out_without_one() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        carry_out(asyncio.sleep(0))
