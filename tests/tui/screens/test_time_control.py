"""R, F, z, Z, s, S and H on the real engine: each asks with its numbers, and ⏎ is the safe answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.engine.remote import RemoteEngine
from studio.engine.rewind.preview import RewindPreview
from studio.language.incoming import incoming
from studio.store.cut import Behind
from studio.store.records import Entry
from studio.tui.app import StudioApp
from studio.tui.picture import START
from studio.tui.screens.stores import size
from studio.tui.screens.time_control import beside, fork_name, rewind_question
from studio.tui.widgets.timeline import EntryList
from tests.engine.support import entries
from tests.tui.fakes import screen_text
from tests.tui.test_studio import until

calls: list[str] = []


def charge(user: str) -> str:
    calls.append(user)
    return "paid"


@workflow(trigger="app/signup")
async def greet(journey: Journey) -> dict[str, bool]:
    await journey.step("charge", charge, journey.user.id)
    await journey.wait_for("app/verified", timeout="1h")
    return {"ok": True}


@asynccontextmanager
async def open_studio(
    store: Path, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[Engine, StudioApp, Pilot[None]]]:
    """Two users of greet, the first of whom is chosen."""
    calls.clear()
    async with Engine(greet, store=store, clock=VirtualClock(START), durability="normal") as engine:
        for user in ("ann", "bob"):
            await engine.ingest("app/signup", user)
            await engine.run_until_idle()
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=size) as pilot:
            await until(pilot, "bob")
            await choose(pilot, "ann")
            yield engine, app, pilot
            await app.session.stores.close()


async def choose(pilot: Pilot[None], user: str) -> None:
    live = pilot.app.live  # type: ignore[attr-defined]
    live.choose(user)
    await until(pilot, user)
    if pilot.app.size.width >= 100:
        await until(pilot, "greet started")
    listed = live.query_one(EntryList)
    listed.focus()
    await until(pilot, "greet started")
    # The list of users chooses, too, as long as it finds its first rows.
    end = time.monotonic() + 10
    while {entry.user for entry in listed.entries if entry.user is not None} != {user}:
        assert time.monotonic() < end, "the timeline is not that user's"
        await pilot.pause(0.1)
        live.choose(user)
    await pilot.press("home")
    await pilot.pause()


def text_of(entry: Entry) -> str:
    return f"{entry.kind} {entry.user}"


def story(path: Path) -> list[str]:
    return [text_of(entry) for entry in entries(path) if entry.kind not in ("workflow.loaded", "clock.moved")]


async def send(engine: Engine, event: str, user: str) -> None:
    engine.submit([incoming(event, user, {})], by_hand=True).result(10)


async def test_rewind_asks_with_numbers_and_enter_leaves_all_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (_, _, pilot):
        before = story(path)
        await pilot.press("R")
        shown = await until(pilot, "Rewind to ")
        assert "entries of 2 users are removed, 2 done steps would run again (charge ×2)." in " ".join(
            shown.split()
        )
        assert "Kept as snapshot 1." in " ".join(shown.split())
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert story(path) == before
        assert not (tmp_path / "s.1.db").exists()


async def test_rewind_with_y_cuts_and_keeps_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        await pilot.press("R")
        await until(pilot, "Rewind to ")
        await pilot.press("y")
        await until(pilot, "the state before is snapshot 1")
        await until(pilot, "STEPS ON HOLD")
        await engine.run_until_idle()
        assert not [line for line in story(path) if "bob" in line]
        assert "step.done ann" in story(path)
        assert calls == ["ann", "bob"]
        assert (tmp_path / "s.1.db").exists()


async def test_a_held_step_runs_after_h_and_y(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        await pilot.press("R")
        await until(pilot, "Rewind to ")
        await pilot.press("y")
        await until(pilot, "STEPS ON HOLD")
        await engine.ingest("app/signup", "cat")
        await until(pilot, "charge cat")
        await until(pilot, "on hold · H")
        await pilot.press("H")
        await until(pilot, "y approves this")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert calls == ["ann", "bob"]
        await pilot.press("H")
        await until(pilot, "y approves this")
        await pilot.press("y")
        await until(pilot, "no step is waiting for approval")
        await engine.run_until_idle()
        assert calls == ["ann", "bob", "cat"]
        await pilot.press("H")
        await until(pilot, "No step is waiting for approval now")
        await pilot.press("a")
        await until(pilot, "steps run again")
        assert "STEPS ON HOLD" not in screen_text(pilot.app)  # type: ignore[arg-type]
        await pilot.press("H")
        await until(pilot, "no step is waiting for approval")


async def test_undo_takes_back_what_was_sent_and_redo_brings_it_back(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        before = story(path)
        await send(engine, "app/verified", "ann")
        full = story(path)
        await pilot.press("z")
        await until(pilot, "undone: app/verified of ann · Z redoes it")
        assert story(path) == before
        await pilot.press("Z")
        await until(pilot, "redone: app/verified of ann")
        assert story(path) == full
        await pilot.press("Z")
        await until(pilot, "there is nothing to redo")


async def test_undo_asks_when_others_are_touched(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        await send(engine, "app/verified", "ann")
        await engine.ingest("app/other", "bob")
        full = story(path)
        await pilot.press("z")
        shown = " ".join((await until(pilot, "Undo app/verified of ann?")).split())
        assert "entries of 2 users are removed, 1 other event or actions with it" in shown
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert story(path) == full
        await pilot.press("z")
        await until(pilot, "Undo ")
        await pilot.press("y")
        await until(pilot, "undone: app/verified of ann")
        assert "event bob" in story(path)
        assert story(path).count("event bob") == 1


async def test_undo_takes_back_jumps_and_rewinds(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        await send(engine, "app/verified", "ann")
        before = story(path)
        await pilot.press("space", "greater_than_sign", *"3d", "enter")
        await until(pilot, "jumped 3d")
        await pilot.press("z")
        await until(pilot, "undone: the jump of 3d 0h · Z redoes it")
        assert story(path) == before
        await pilot.press("2", "g", "R")
        await until(pilot, "Rewind to")
        await pilot.press("y")
        await until(pilot, "rewound to")
        await pilot.press("z")
        await until(pilot, "Undo the rewind? The store will be what snapshot 1 holds.")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert story(path) != before
        await pilot.press("z")
        await until(pilot, "Undo the rewind?")
        await pilot.press("y")
        await until(pilot, "undone: the rewind · the state before is snapshot 2 · s shows it")
        assert story(path)[: len(before)] == before


async def test_nothing_to_undo_is_said(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db") as (_, _, pilot):
        await pilot.press("z")
        await until(pilot, "there is nothing to undo")


async def test_fork_asks_for_a_name_opens_it_and_one_key_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (_, app, pilot):
        before = story(path)
        await pilot.press("F")
        await until(pilot, "s-fork.db")
        await pilot.press("enter")
        await until(pilot, "this is s-fork.db")
        assert "STEPS ON HOLD" in await until(pilot, "STEPS ON HOLD")
        assert app.session.client is not None
        assert app.session.client.path.name == "s-fork.db"
        # The bar may be drawn a moment after what was said.
        await until(pilot, "Journey Studio s-fork.db")
        assert not [line for line in story(tmp_path / "s-fork.db") if "bob" in line]
        assert story(path) == before
        await pilot.press("S")
        await pilot.pause(0.2)
        assert app.session.client.path == path
        await until(pilot, "bob")
        await pilot.press("s")
        await until(pilot, "Stores and snapshots")
        await pilot.press("2")
        await pilot.pause(0.2)
        assert app.session.client.path.name == "s-fork.db"
        await pilot.press("s")
        await until(pilot, "Stores and snapshots")
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.session.client.path == path


async def test_leaving_the_name_of_a_fork_makes_none(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db") as (_, app, pilot):
        await pilot.press("F")
        await until(pilot, "s-fork.db")
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert len(app.session.stores.open) == 1
        await pilot.press("S")
        await until(pilot, "no other store is open")


@pytest.mark.long
async def test_a_snapshot_is_returned_to_from_the_list_of_stores(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (engine, _, pilot):
        before = story(path)
        await pilot.press("R")
        await until(pilot, "Rewind to ")
        await pilot.press("y")
        await until(pilot, "the state before is snapshot 1")
        await engine.run_until_idle()
        await pilot.press("s")
        await until(pilot, "before rewind to")
        await pilot.press("down", "enter")
        await until(pilot, "Return to snapshot 1")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert story(path) != before
        await pilot.press("s")
        await until(pilot, "before rewind to")
        await pilot.press("down", "enter")
        await until(pilot, "Return to snapshot 1")
        await pilot.press("y")
        await until(pilot, "the state before is snapshot 2")
        assert story(path) == before


async def test_a_snapshot_is_opened_as_a_copy_and_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with open_studio(path) as (_, app, pilot):
        before = story(path)
        await pilot.press("R")
        await until(pilot, "Rewind to ")
        await pilot.press("y")
        await until(pilot, "the state before is snapshot 1")
        was = (tmp_path / "s.1.db").read_bytes()
        await pilot.press("s")
        await until(pilot, "before rewind to")
        await pilot.press("down", "enter")
        await until(pilot, "open a copy beside")
        await pilot.press("o")
        await until(pilot, "a copy of snapshot 1")
        assert app.session.client is not None
        assert app.session.client.path.name == "s.1-fork.db"
        assert story(app.session.client.path) == before
        assert (tmp_path / "s.1.db").read_bytes() == was


async def test_a_viewer_asks_the_engine_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(greet, store=path, clock=VirtualClock(START)) as engine:
        await engine.ingest("app/signup", "ann")
        await engine.run_until_idle()
        await send(engine, "app/verified", "ann")
        desk = RemoteEngine(path, str(tmp_path))
        app = StudioApp(client=desk)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "ann")
            await pilot.press("1", "z")
            await until(pilot, "undone: app/verified of ann")
            await pilot.press("Z")
            await until(pilot, "redone: app/verified of ann")
            await choose(pilot, "ann")
            await pilot.press("R")
            await until(pilot, "Rewind to")
            await pilot.press("y")
            await until(pilot, "the state before is snapshot 1")
            await pilot.press("Z")
            await until(pilot, "there is nothing to redo")
            await app.session.stores.close()


@pytest.mark.parametrize("shape", [(80, 24), (200, 60)])
async def test_a_question_is_whole_at_every_size(tmp_path: Path, shape: tuple[int, int]) -> None:
    async with open_studio(tmp_path / "s.db", shape) as (_, _, pilot):
        await pilot.press("R")
        shown = " ".join((await until(pilot, "⏎ no")).split())
        assert "Kept as snapshot 1. y rewind ⏎ no" in shown


def test_a_question_names_at_most_five_steps() -> None:
    steps: Any = tuple((f"s{n}", 1) for n in range(7))
    found = Behind(5, START, 1, 1, 1, steps, 0)
    text = rewind_question(RewindPreview(5, START, found, 3))
    assert "1 entry of 1 user is removed, 7 done steps would run again (s0, s1, s2, s3, s4, …)" in text
    nothing = Behind(5, START, 0, 0, 0, (), 0)
    assert "Nothing came after it" in rewind_question(RewindPreview(5, START, nothing, 3))


def test_names_of_files_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a-fork.db").touch()
    assert fork_name(tmp_path / "a.db") == "a-fork-2.db"
    assert beside(tmp_path / "a.db", "b.db") == tmp_path / "b.db"
    assert beside(tmp_path / "a.db", "/x/b.db") == Path("/x/b.db")
    assert [size(n) for n in (12, 2048, 3 << 20)] == ["12 B", "2.0 KiB", "3.0 MiB"]
