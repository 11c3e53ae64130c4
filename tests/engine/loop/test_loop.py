"""How an engine pauses and ends: with a reason, and everybody who waits is answered."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, incoming, workflow
from studio.cli import call
from studio.cli.output import Exit
from studio.engine.loop import committer as writing_module
from studio.engine.loop import loop as runner_module
from studio.engine.loop.loop import EngineLoop
from studio.engine.loop.scheduler import Scheduler
from studio.errors import StoreDamaged, StoreError, StoreUnsure, StudioError
from studio.store.connect import examined, translate
from studio.store.database import open_database
from studio.store.inbox import engine_of, send
from studio.store.paused import paused_path, read_sign
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.engine.faulty import faulty
from tests.engine.support import entries, in_time, journey, sound, until

__all__ = ["in_time"]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> int:
    await journey.wait_for("paid", timeout="1h")
    return 1


@workflow(trigger="signup", name="careless")
async def careless(journey: Journey) -> int:
    try:
        return len(journey.events("seen"))
    except Exception:
        return -1


# -- its thread ends -----------------------------------------------------------------------


class Strange(BaseException):
    """What no engine has thought of."""


def strange(scheduler: Scheduler, *_: Any) -> Any:
    raise Strange("the roof fell in")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.ingest("signup", "ada"),
        lambda engine: engine.run_until_idle(),
        lambda engine: engine.forward("1h"),
        lambda engine: engine.jump(engine.clock.now() + 1_000),
        lambda engine: engine.cancel("welcome/ada"),
    ],
    ids=["ingest", "idle", "forward", "jump", "act"],
)
async def test_everybody_is_answered_when_the_thread_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Engine], Awaitable[object]]
) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path, clock=VirtualClock()) as engine:
        monkeypatch.setattr(Scheduler, "serve", strange)
        with pytest.raises(StudioError, match="the roof fell in"):
            await ask(engine)
        await until(lambda: engine.has_ended)
        status = engine.status()
        assert (status.state, "the roof fell in" in (status.problem or "")) == ("stopped", True)
        # While its process lives on, nobody takes the store for one that is served.
        await until(lambda: engine_of(path) is None)
        with pytest.raises(StudioError, match="the roof fell in"):
            await engine.ingest("signup", "cyd")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_who_waits_for_idleness_is_answered_when_the_thread_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    @workflow(trigger="mail", name="mails")
    async def mails(journey: Journey) -> bool:
        return await journey.step("send", go.wait, 20)

    path = tmp_path / "studio.db"
    async with Engine(mails, store=path) as engine:
        await engine.ingest("mail", "ada")
        idle = asyncio.ensure_future(engine.run_until_idle())
        await asyncio.sleep(0.1)
        assert not idle.done()
        monkeypatch.setattr(Scheduler, "serve", strange)
        with pytest.raises(StudioError, match="the roof fell in"):
            await engine.ingest("mail", "bob")
        with pytest.raises(StudioError, match="the roof fell in"):
            await idle
        monkeypatch.undo()
        go.set()
        # Another goes on from there, beside the one that has ended.
        async with Engine(mails, store=path):
            await until(lambda: journey(path, "mails/ada").status == "completed")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_who_follows_hears_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Engine(welcome, store=tmp_path / "studio.db") as engine:
        await engine.ingest("signup", "ada")
        followed = engine.subscribe(after=0, kinds=["event"])
        monkeypatch.setattr(Scheduler, "serve", strange)
        with pytest.raises(StudioError):
            await engine.ingest("signup", "bob")
        assert [entry.user async for entry in followed] == ["ada"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_whose_engine_ends_says_why_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "w.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='a')\nasync def w(journey):\n    return 1\n"
    )
    send(tmp_path / "s.db", [incoming("a", "ada")])
    monkeypatch.setattr(Scheduler, "serve", strange)
    for words in (("--for", "60s"), ("--until-idle",)):
        assert call(["run", *words, "--store", "s.db"]) == Exit.FAILED
        err = capsys.readouterr().err
        assert err.count("the engine has ended: the engine's thread ended: Strange: the roof fell in") == 1


# -- futures -------------------------------------------------------------------------------


class Cancelled(Future[Any]):
    """Is cancelled in the very instant before its answer."""

    def set_result(self, result: Any) -> None:
        self.cancel()
        super().set_result(result)

    def set_exception(self, exception: BaseException | None) -> None:
        self.cancel()
        super().set_exception(exception)


async def test_whatever_await_is_cancelled_as_its_answer_comes_the_engine_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    asks: list[Callable[[Engine], Awaitable[object]]] = [
        lambda engine: asyncio.wrap_future(engine.submit([incoming("signup", "ada")])),
        lambda engine: engine.ingest("", "ada"),
        lambda engine: engine.run_until_idle(),
        lambda engine: engine.pause(),
        lambda engine: engine.run(),
        lambda engine: engine.cancel("welcome/ada"),
        lambda engine: engine.cancel("welcome/nobody"),
        lambda engine: engine.jump(engine.clock.now() + 2_000),
        lambda engine: engine.undo(),
        lambda engine: engine.rewind(1),
        lambda engine: engine.rewind(1_000_000),
    ]
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        for module in (
            "loop.hand_in",
            "loop.idle_waiters",
            "work.work_items",
            "work.jump",
            "reload.migration",
        ):
            monkeypatch.setattr(f"studio.engine.{module}.Future", Cancelled)
        for ask in asks:
            with pytest.raises((asyncio.CancelledError, StudioError)):
                async with asyncio.timeout(20):
                    await ask(engine)
            assert engine.status().state == "running", engine.status().problem
        monkeypatch.undo()
        assert (await engine.ingest("signup", "zoe")).seq
    sound(path)


async def test_an_ingest_that_is_cancelled_is_stored_and_those_beside_it_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine:
        for number in range(20):
            asked = [asyncio.create_task(engine.ingest("signup", f"user{number}-{n}")) for n in range(3)]
            # So far that it is handed in, and at times that it is answered.
            await asyncio.sleep(0)
            time.sleep(0.001 * number)
            asked[1].cancel()
            first, gone, last = await asyncio.gather(*asked, return_exceptions=True)
            assert isinstance(gone, asyncio.CancelledError)
            assert [getattr(each, "user", each) for each in (first, last)] == [
                f"user{number}-0",
                f"user{number}-2",
            ]
    sound(path)
    with Views(path) as views:
        assert views.totals().events == 60


# -- reading -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SQLITE_IOERR_READ", "SQLITE_CORRUPT", "SQLITE_NOTADB"])
async def test_one_read_that_fails_is_waited_out_and_fails_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "studio.db"
    said: list[str | None] = []
    with faulty(monkeypatch) as faults:
        async with Engine(careless, store=path) as engine:
            await engine.ingest("seen", "ada")
            engine.on_change(lambda: said.append(engine.status().problem))
            faults.name = name
            faults.fail_if = lambda statement: (
                "h.user = ? AND h.name" in statement or "FROM history" in statement
            )
            faults.times = 1
            faults.armed = True
            stored = await engine.ingest("signup", "ada")
            assert stored.seq
            await engine.run_until_idle()
    assert len(faults.failed) == 1
    assert any(problem is not None and "damaged" not in problem for problem in said)
    # What its author's code has caught is not what it goes on with.
    assert entries(path, "journey.completed")[0].data["result"] == 1
    sound(path)


async def test_a_store_that_is_damaged_ends_the_engine_and_only_then_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest_many([incoming("signup", f"user{n}", {"x": "y" * 500}) for n in range(500)])
    assert examined(path) is None
    content = bytearray(path.read_bytes())
    content[4096 * 8 :] = b"\xa5" * (len(content) - 4096 * 8)
    path.write_bytes(content)
    found = examined(path)
    assert isinstance(found, StoreDamaged)
    assert str(found).startswith(f"{path}: the database is damaged (")
    engine = Engine(welcome, store=path)
    with pytest.raises(StudioError, match=r"damaged|no store holds"):
        await _start_and_send(engine)
    await engine.stop()


async def _start_and_send(engine: Engine) -> None:
    """One of these finds what is damaged."""
    await engine.start()
    await engine.ingest("signup", "user1")
    await engine.run_until_idle()


def test_an_error_of_sqlite_alone_calls_nothing_damaged(tmp_path: Path) -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorname = "SQLITE_CORRUPT"
    found = translate(error, tmp_path / "s.db")
    assert isinstance(found, StoreUnsure)
    assert "damaged" not in str(found)


# -- pausing -------------------------------------------------------------------------------


async def test_a_write_lock_that_is_held_is_told_and_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        con = open_database(path)
        con.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(engine.ingest("paid", "ada"))
        await until(lambda: engine.status().state == "paused")
        assert "holds the store's write lock" in (engine.status().problem or "")
        sign = read_sign(path)
        assert sign is not None
        assert "write lock" in sign.why
        assert not waiting.done()
        con.execute("ROLLBACK")
        con.close()
        assert (await waiting).seq
        assert engine.status().state == "running"
        assert not paused_path(path).exists()
    assert journey(path, "welcome/ada").status == "completed"


async def test_patient_events_wait_and_the_rest_of_a_refused_delivery_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    monkeypatch.setattr(writing_module, "RETRY", 0.02)
    monkeypatch.setattr(runner_module, "RETRY", 0.02)
    write, full, turns = Store.write, threading.Event(), 0

    def limited(store: Store, changes: Any) -> None:
        nonlocal turns
        turns += bool(changes.history)
        if turns > 1 and full.is_set():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise translate(error, path)
        write(store, changes)

    async with Engine((), store=path, batch=2) as engine:
        full.set()
        monkeypatch.setattr(Store, "write", limited)
        with pytest.raises(StoreError, match=r"of 6 events .* the first 2 are stored"):
            await engine.ingest_many([incoming("a", f"user{n}") for n in range(6)])
        patient = engine.submit([incoming("b", f"user{n}") for n in range(5)], patient=True)
        await asyncio.sleep(0.1)
        assert not patient.done()
        full.clear()
        stored = await asyncio.wrap_future(patient)
    assert [event.user for event in stored] == [f"user{n}" for n in range(5)]
    assert [e.name for e in entries(path, "event")] == ["a"] * 2 + ["b"] * 5


async def test_a_stop_while_it_is_paused_answers_those_who_are_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: Store, changes: Any) -> None:
        raise StoreError("no room")

    async with Engine((), store=tmp_path / "s.db") as engine:
        monkeypatch.setattr(Store, "write", refuse)
        patient = engine.submit([incoming("b", "ada")], patient=True)
        await until(lambda: engine.status().state == "paused")
        await engine.stop()
        with pytest.raises(StudioError, match="has stopped"):
            patient.result(10)


async def test_a_thread_that_does_not_end_writes_nothing_after_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    go, busy = threading.Event(), threading.Event()
    serve = Scheduler.serve

    def slowly(scheduler: Scheduler, *arguments: Any) -> Any:
        busy.set()
        go.wait(60)
        return serve(scheduler, *arguments)

    stop = EngineLoop.stop
    monkeypatch.setattr(EngineLoop, "stop", lambda runner, timeout=0.1: stop(runner, timeout))
    engine = Engine(welcome, store=path)
    await engine.start()
    monkeypatch.setattr(Scheduler, "serve", slowly)
    lost = engine.submit([incoming("signup", "ada")])
    await asyncio.to_thread(busy.wait, 20)
    threads = [each for each in threading.enumerate() if each.name == "journey-engine"]
    await engine.stop()
    go.set()
    for thread in threads:
        await asyncio.to_thread(thread.join, 20)
    with pytest.raises(StudioError, match="has stopped"):
        lost.result(10)
    assert entries(path, "event") == []
