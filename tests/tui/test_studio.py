"""The studio on the real engine: send, watch, look in from another process, leave."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from textual.pilot import Pilot

from studio import Engine, Journey, StudioClock, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.engine.loop.loop import EngineLoop
from studio.errors import StoreFull
from studio.language.incoming import incoming
from studio.store.inbox import lock_path, send
from studio.tui.app import StudioApp, run_studio
from studio.tui.picture import DESIGNER_KEYS, DESIGNER_SIZE, START, draw
from studio.tui.session.connection import Mode
from studio.tui.widgets import explorer_pane
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.log import LogList
from studio.tui.widgets.waiting import WaitingList
from tests.engine.loop.test_full_disk import no_room
from tests.engine.support import entries
from tests.tui.fakes import screen_text

ROOT = Path(__file__).parents[2]
WORKFLOWS = str(ROOT / "workflows")


async def until(pilot: Pilot[None], text: str, seconds: float = 60.0) -> str:
    """Wait until this stands on the screen."""
    end = time.monotonic() + seconds
    while text not in (shown := screen_text(pilot.app)):  # type: ignore[arg-type]
        if time.monotonic() > end:
            faulthandler.dump_traceback()
            raise AssertionError(f"{text!r} does not come:\n{shown}")
        await pilot.pause(0.03)
    return shown


@asynccontextmanager
async def open_studio(
    store: Path, workflows: str = WORKFLOWS
) -> AsyncIterator[tuple[StudioApp, Pilot[None]]]:
    """The studio as it is started by its command."""
    app = StudioApp(workflows, str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        yield app, pilot


async def test_one_key_on_an_empty_store_starts_a_journey(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "studio.db") as (_, pilot):
        await until(pilot, "⏎ sends this example")
        await until(pilot, "app/email.submitted")
        await pilot.press("enter")
        await until(pilot, "sent · started onboarding")
        await until(pilot, "◷ wait app/account.created")
        await until(pilot, "waited 1s for account.created")
        await until(pilot, "◆ reminder/account.created")
        await until(pilot, "onboarding pass 2")


async def test_an_answer_of_two_keys_reaches_the_journey(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def greet(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("app/verified", match={"plan.name": "pro", "ok": True}, timeout="1h")
        journey.log("verified [red]indeed[/red] \x1b[31m")
        return {"ok": True}

    async with Engine(greet, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "app/signup")
            await pilot.press("enter")
            await until(pilot, "of 1h")
            await pilot.press("escape", "3")
            await until(pilot, "▸◷ user1")
            await pilot.press("enter")
            await until(pilot, "✓ answers user1 ⏎")
            await pilot.press("enter")
            await until(pilot, "sent · answered greet")
            await until(pilot, "◉ user1")
            shown = await until(pilot, "greet completed")
            assert "verified [red]indeed[/red] ␛[31m" in shown
            await pilot.press("enter", "enter")
            await pilot.pause(0.2)
            assert (await engine.ingest("app/other", user="user9")).seq > 0
            await until(pilot, "user9")


async def test_countdowns_are_drawn_from_the_engines_clock(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def slow(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("app/verified", timeout="7d")
        return {"ok": True}

    async with Engine(slow, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/signup", user="user1")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "7d 0h of 7d")
            await engine.forward("1d")
            await until(pilot, "6d 0h of 7d")
            await engine.forward("7d")
            await until(pilot, "timed out app/verified")
            await until(pilot, "Nothing is waiting.")


async def test_a_file_that_does_not_load_is_said(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "broken.py").write_text("async def x(:\n", encoding="utf-8")
    async with open_studio(tmp_path / "studio.db", str(tmp_path / "flows")) as (_, pilot):
        await until(pilot, "✗ ")
        await until(pilot, "broken.py:1")


async def test_a_full_disk_is_seen_at_the_clock_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_studio(tmp_path / "studio.db") as (app, pilot):
        await until(pilot, "⏎ sends this example")
        desk = app.session.client
        assert isinstance(desk, LocalEngine)
        async with no_room(monkeypatch, desk.engine):
            with pytest.raises(StoreFull):
                await desk.engine.ingest("app/login", "ann", {"x": "y" * 20_000})
            shown = (await until(pilot, "✗ DISK FULL: engine paused")).splitlines()
            assert "RUNNING" not in shown[1]
            assert "studio.db: the disk is full" in shown[2]
        await until(pilot, "► RUNNING")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_an_engine_whose_thread_ends_is_seen_to_be_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_studio(tmp_path / "studio.db") as (app, pilot):
        await until(pilot, "► RUNNING")

        def break_down(*_: object) -> bool:
            raise ValueError("no way on")

        monkeypatch.setattr(EngineLoop, "_turn", break_down)
        # Nothing is sent: it is told all the same.
        await until(pilot, "✗ STOPPED: the engine's thread ended ")
        # The bar with the reason comes with the next drawing.
        shown = (await until(pilot, "ended: ValueError: no way on")).splitlines()
        assert "RUNNING" not in shown[1]
        assert "the engine's thread ended: ValueError: no way on" in shown[2]
        await pilot.press("escape", "1")
        assert "inject" not in screen_text(app).splitlines()[-1]
        desk = app.session.client
        assert isinstance(desk, LocalEngine)
        assert desk.engine.status().state == "stopped"


async def test_a_second_studio_is_a_viewer_that_may_send(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    code = (
        "import asyncio, sys\n"
        "from studio import Engine\n"
        "async def main():\n"
        "    async with Engine(sys.argv[1], store=sys.argv[2]) as engine:\n"
        "        await engine.ingest('app/email.submitted', user='ann', data={'email': 'ann@x.io'})\n"
        "        print('up', flush=True)\n"
        "        await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())\n"
    )
    pipe = asyncio.subprocess.PIPE
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, WORKFLOWS, str(store), stdin=pipe, stdout=pipe
    )
    try:
        assert engine.stdout is not None
        assert await engine.stdout.readline() == b"up\n"
        async with open_studio(store) as (app, pilot):
            await until(pilot, f"VIEWER of pid {engine.pid}")
            await until(pilot, "▸ann")
            live = app.live
            assert live is not None
            live.query_one(Inject).fill("app/email.submitted", "bob", {"email": "bob@x.io"}, "")
            await pilot.press("i", "enter")
            await until(pilot, f"pid {engine.pid} will process it")
            await until(pilot, "2 users")
            await until(pilot, "2 bob · onboarding")
            assert engine.returncode is None
    finally:
        assert engine.stdin is not None
        engine.stdin.close()
        await asyncio.wait_for(engine.wait(), 60)


async def test_an_id_that_came_already_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    @workflow(trigger="signup")
    async def greet(journey: Journey) -> bool:
        return True

    event = '{"event": "signup", "user": "ann", "id": "once"}'
    at = time.strftime("%H:%M:%S", time.localtime(START / 1000))
    async with Engine(greet, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "⏎ sends this example")
            inject = pilot.app.screen.query_one(Inject)
            await pilot.pause(0.2)
            inject.take_paste(event)
            await until(pilot, "signup for ann pasted")
            await pilot.press("enter")
            await until(pilot, "sent · started greet")
            await engine.forward("5s")
            inject.take_paste(event)
            await pilot.press("enter")
            await until(pilot, f"duplicate id, received at {at} · nothing sent")
            # Nor is there anything to explain.
            assert not inject.offers_why
            inject.take_paste(f"[{event}, {event.replace('once', 'new')}]")
            await pilot.press("enter")
            await until(pilot, "sent 1 · duplicate ×1, triggered nothing ×1")
            inject.take_paste(f"[{event}, {event}]")
            await pilot.press("enter")
            await until(pilot, "duplicates: 2 ids, received before · nothing sent")
        assert [each.id for each in entries(tmp_path / "s.db", "event")] == ["once", "new"]


@pytest.mark.long
async def test_who_only_looks_sees_what_waits_for_an_engine(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with Engine(WORKFLOWS, store=store) as engine:
        await engine.ingest("app/email.submitted", user="ann", data={"email": "ann@x.io"})
    await asyncio.to_thread(send, store, [incoming("app/login", "zed", {})])
    looks: list[tuple[Mode, str]] = [("read", "READ ONLY"), ("view", "VIEWER · no engine runs")]
    for mode, who in looks:
        app = StudioApp(WORKFLOWS, str(store), mode=mode)
        async with app.run_test(size=(120, 36)) as pilot:
            shown = (await until(pilot, "1 event waits in the inbox: no engine runs")).splitlines()
            assert who in shown[1]
    app = StudioApp(WORKFLOWS, str(store), mode="view")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "1 in the inbox")
        assert "undo" not in screen_text(app).splitlines()[-1]
        # An engine that starts is seen, and so is its end.
        async with Engine(WORKFLOWS, store=store, clock=StudioClock()):
            await until(pilot, "VIEWER of pid")
            shown = (await until(pilot, "2u")).splitlines()
            assert "in the inbox" not in shown[0]
            await until(pilot, "z undo")
        await until(pilot, "VIEWER · no engine runs")
        await until(pilot, "2u")


async def test_where_nothing_can_be_sent_no_example_is_promised(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with Engine(WORKFLOWS, store=store):
        pass
    app = StudioApp(WORKFLOWS, str(store), mode="read")
    async with app.run_test(size=(120, 36)) as pilot:
        assert "sends the example" not in await until(pilot, "Nobody here yet.")


async def test_a_store_whose_events_wait_in_the_inbox_is_no_first_start(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    send(store, [incoming("app/email.submitted", f"user{n}", {"email": "a@x.io"}) for n in range(5_000)])
    async with open_studio(store) as (app, pilot):
        await until(pilot, "5,000 users", 60)
        assert "sends this example" not in screen_text(app)
        assert app.focused is not None
        assert app.focused.id == "users"


async def test_an_engine_starts_while_others_look_whether_one_runs(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    with FileLock(lock_path(store), thread_local=False) as held:
        threading.Timer(0.03, held.release).start()
        async with Engine(store=store) as engine:
            assert engine.status().state == "running"


async def test_events_of_other_processes_appear(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with open_studio(store) as (_, pilot):
        await until(pilot, "⏎ sends this example")
        await asyncio.to_thread(send, store, [incoming("app/email.submitted", "zed", {"email": "z@x.io"})])
        await until(pilot, "▸zed")


@pytest.mark.long
async def test_a_flood_leaves_the_keys_alone(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "studio.db") as (app, pilot):
        await until(pilot, "⏎ sends this example")
        await pilot.press("escape")
        desk = app.session.client
        assert isinstance(desk, LocalEngine)
        stop = threading.Event()

        def flood(engine: Engine) -> None:
            number = 0
            while not stop.is_set():
                batch = [incoming("app/login", f"user{number + n}", {"userId": str(n)}) for n in range(100)]
                engine.submit(batch).result(10)
                number += 100

        thread = threading.Thread(target=flood, args=(desk.engine,))
        # As in a process of its own: what other tests have left is not gone through for garbage.
        gc.collect()
        gc.freeze()
        thread.start()
        try:
            worst = 0.0
            end = time.monotonic() + 3
            while time.monotonic() < end:
                began = time.monotonic()
                await asyncio.sleep(0.01)
                # How long the loop was busy is how long a key waits for it.
                worst = max(worst, time.monotonic() - began - 0.01)
            await pilot.press("j", "3", "k", "1")
            assert worst < 1.0, "a key waits no longer than one frame; bench measures how long that is"
        finally:
            stop.set()
            thread.join(60)
            gc.unfreeze()
        assert app.is_running


def test_a_store_that_cannot_be_opened_is_an_error_and_no_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "studio.db"
    store.write_text(
        "this is not a database, but a text that is long enough to be looked at " * 20, encoding="utf-8"
    )
    app = StudioApp(WORKFLOWS, str(store))

    async def main() -> None:
        async with app.run_test() as pilot:
            for _ in range(100):
                await pilot.pause(0.02)
                if app.failure:
                    return

    asyncio.run(main())
    assert app.failure is not None
    assert "not a database" in str(app.failure)
    assert app.return_code == 2
    assert callable(run_studio)
    assert capsys.readouterr().out == ""


@pytest.mark.long
async def test_the_pictures_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    # A machine that is busy explores as far as one that is not.
    monkeypatch.setattr(explorer_pane, "BOUNDS", replace(explorer_pane.BOUNDS, seconds=60.0, hang_after=60.0))
    events = ROOT / "data" / "onboarding.jsonl"
    time.tzset()
    try:
        live = [await draw(WORKFLOWS, events) for _ in range(2)]
        designer = [await draw(WORKFLOWS, events, DESIGNER_SIZE, keys=DESIGNER_KEYS) for _ in range(2)]
    finally:
        monkeypatch.undo()
        time.tzset()
    for (one, two), texts in ((live, ("user1", "studio.db", "waited")), (designer, ("Explorer", "timed"))):
        assert one == two
        assert "<svg" in one
        for text in texts:
            assert text in one


async def test_the_panes_hold_what_the_store_holds(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "studio.db") as (app, pilot):
        await until(pilot, "⏎ sends this example")
        await pilot.press("enter")
        await until(pilot, "waited 1s for account.created")
        live = app.live
        assert live is not None
        waiting, log = live.query_one(WaitingList), live.query_one(LogList)
        end = time.monotonic() + 60
        # Each pane reads by itself: that one shows it says nothing of another.
        while not (waiting.rows and log.rows):
            assert time.monotonic() < end, "a pane stays empty"
            await pilot.pause(0.03)
        assert waiting.rows[0].user == "user1"
        assert log.rows[0].line is not None
        begun = time.monotonic()
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert time.monotonic() - begun < 30
