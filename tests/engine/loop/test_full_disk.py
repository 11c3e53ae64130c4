"""A full disk: nothing half-written, nothing lost that was acknowledged, and the engine goes on by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, event, incoming, workflow
from studio.engine.engine import Engine as EngineClass
from studio.errors import StoreFull
from studio.store.changes import Changes
from studio.store.inbox import send
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.engine.support import entries, in_time, journey, sound, until

__all__ = ["in_time"]

pytestmark = pytest.mark.xdist_group("disk")

ROOM = 1 << 20
"""Bytes of the small disk."""


@workflow(trigger="signup")
async def welcome(journey: Journey) -> int:
    await journey.wait_for("paid", timeout="300ms")
    return 1


@event("billing/paid")
@dataclass(frozen=True)
class Paid:
    amount: int


@workflow(trigger="signup")
async def pays(journey: Journey) -> int:
    await journey.wait_for(Paid)
    return 1


@workflow(trigger="mail")
async def mails(journey: Journey) -> int:
    return await journey.step("send", send_mail)


def send_mail() -> int:
    time.sleep(0.2)
    return 7


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with very little room."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return ballast


async def fill_up(engine: EngineClass) -> int:
    """Send events until one is refused; gives how many were taken."""
    taken = 0
    while True:
        try:
            await engine.ingest("noise", f"user{taken}", {"x": "y" * 2_000})
        except StoreFull as error:
            said = str(error)
            break
        taken += 1
    assert "the disk is full; nothing of this batch was stored. Free some space." in said
    return taken


async def test_a_full_disk_pauses_the_engine_and_room_lets_it_go_on(disk: Path) -> None:
    path = disk / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: journey(path, "welcome/ada").status == "completed")
        ballast = fill(disk)
        taken = await fill_up(engine)
        status = engine.status()
        assert status.state == "paused"
        assert status.problem is not None
        assert "the disk is full" in status.problem
        with pytest.raises(StoreFull):
            await engine.ingest("signup", "bob", {"x": "y" * 50_000})
        ballast.unlink()
        # By itself, without anybody asking.
        await until(lambda: engine.status().state == "running")
        assert engine.status().problem is None
        await engine.ingest("signup", "cyd")
        await until(lambda: journey(path, "welcome/cyd").status == "completed")
    names = [entry.name for entry in entries(path, "event")]
    assert names.count("noise") == taken
    assert [e.user for e in entries(path, "event") if e.name == "signup"] == ["ada", "cyd"]
    sound(path)


async def test_an_event_that_is_to_be_kept_aside_waits_in_the_inbox_for_room(disk: Path) -> None:
    """Its sender was told that it is durable: the row goes when what was sent stands aside, not before."""
    path, large = disk / "studio.db", "y" * 150_000
    async with Engine(pays, store=path, durability="normal") as engine:
        await engine.ingest("signup", "ada")
        # Room for the row of the inbox, and not for what is kept aside besides.
        ballast = fill(disk)
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - 220_000)
        send(path, [incoming("billing/paid", "ada", {"amount": large}, id="e1")])
        await until(lambda: engine.status().state == "paused")
        assert "the disk is full" in (engine.status().problem or "")
        with Views(path) as views:
            assert (views.left_aside().kept, views.left_waiting().events) == (0, 1)
        ballast.unlink()
        await until(lambda: engine.status().state == "running")
        with Views(path) as views:
            assert (views.left_aside().kept, views.left_waiting().events) == (1, 0)
            (refused,) = views.refused()
            assert refused.reason.startswith('"billing/paid" of ada does not fit Paid')
            assert large in views.refused_event(refused.number)[1]
    assert entries(path, "event")[-1].name == "signup"
    sound(path)


async def test_a_deadline_that_comes_while_the_disk_is_full_is_served_when_there_is_room(disk: Path) -> None:
    path = disk / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        ballast = fill(disk)
        await fill_up(engine)
        await asyncio.sleep(0.5)
        ballast.unlink()
        await until(lambda: journey(path, "welcome/ada").status == "completed")
    (timeout,) = entries(path, "wait.timeout")
    (opened,) = entries(path, "wait.opened")
    # Its entry carries the deadline, however late it was served.
    assert timeout.at == opened.at + 300
    sound(path)


async def test_a_step_that_ends_while_the_disk_is_full_keeps_its_result(disk: Path) -> None:
    path = disk / "studio.db"
    async with Engine(mails, store=path) as engine:
        await engine.ingest("mail", "ada")
        ballast = fill(disk)
        await fill_up(engine)
        await asyncio.sleep(0.5)
        assert journey(path, "mails/ada").status == "waiting"
        ballast.unlink()
        await until(lambda: journey(path, "mails/ada").status == "completed")
    (done,) = entries(path, "journey.completed")
    assert done.data["result"] == 7
    assert len(entries(path, "step.started")) == 1
    sound(path)


async def test_an_engine_stops_on_a_full_disk_and_starts_again_with_room(disk: Path) -> None:
    path = disk / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        ballast = fill(disk)
        taken = await fill_up(engine)
    ballast.unlink()
    async with Engine(welcome, store=path):
        await until(lambda: journey(path, "welcome/ada").status == "completed")
    assert len(entries(path, "event")) == taken + 1
    sound(path)


async def test_an_engine_that_starts_on_a_full_disk_says_so_and_goes_on_with_room(disk: Path) -> None:
    path = disk / "studio.db"
    async with Engine([welcome, mails], store=path) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("mail", "bob")
        await until(lambda: journey(path, "mails/bob").status == "completed")
    ballast = fill(disk)
    engine = Engine([welcome, mails], store=path)
    said = None
    try:
        await engine.start()
    except StoreFull as error:
        said = str(error)
    # Refusing to start is as good as being paused.
    if said is None:
        assert engine.status().state == "paused"
        ballast.unlink()
    else:
        assert "the disk is full" in said
        ballast.unlink()
        await engine.start()
    await until(lambda: engine.status().state == "running")
    await until(lambda: journey(path, "welcome/ada").status == "completed")
    await engine.ingest("signup", "cyd")
    await engine.stop()
    sound(path)


async def test_what_others_send_to_a_full_disk_is_refused_or_kept(disk: Path) -> None:
    path = disk / "studio.db"
    kept = 0
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        ballast = fill(disk)
        try:
            while kept < 2_000:
                await asyncio.to_thread(send, path, [incoming("tick", "ada", {"x": "y" * 2_000}, f"t{kept}")])
                kept += 1
        except StoreFull:
            ballast.unlink()
        assert kept < 2_000
        await until(lambda: len(entries(path, "event")) == kept + 1)
    sound(path)


# -- without root: the database may not grow -----------------------------------------------


@asynccontextmanager
async def no_room(monkeypatch: pytest.MonkeyPatch, engine: EngineClass) -> AsyncIterator[None]:
    """While this lasts the engine's own connection may add no page: SQLite itself says SQLITE_FULL."""
    limited: set[int] = set()
    full = True
    write = Store.write

    def limit(store: Store, changes: Changes) -> None:
        (pages,) = store.rows("PRAGMA page_count")[0]
        store.rows(f"PRAGMA max_page_count = {pages if full else 1_000_000}")
        limited.add(id(store))
        write(store, changes)

    monkeypatch.setattr(Store, "write", limit)
    yield
    full = False


BIG = {"x": "y" * 20_000}


async def test_nothing_of_a_refused_batch_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("signup", "ada")
        before = len(entries(path))
        async with no_room(monkeypatch, engine):
            batch = [incoming("signup", f"user{n}", BIG, f"id{n}") for n in range(5)]
            with pytest.raises(StoreFull):
                await engine.ingest_many(batch)
            assert engine.status().state == "paused"
            assert len(entries(path, "event")) == 1
            assert before <= len(entries(path))
        # Not one of their ids was taken: they may be sent again.
        again = await engine.ingest_many(batch)
        assert not any(event.duplicate for event in again)
        assert engine.status().state == "running"
    assert len(entries(path, "event")) == 6
    sound(path)


async def test_the_same_users_and_names_may_come_again_after_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that the refused batch gave out must not be taken for stored ones."""
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine:
        async with no_room(monkeypatch, engine):
            for _ in range(3):
                with pytest.raises(StoreFull):
                    await engine.ingest("new/name", "new user", BIG)
        await engine.ingest("other/name", "other user")
        await engine.ingest("new/name", "new user")
        await engine.ingest("signup", "new user")
    assert [(e.name, e.user) for e in entries(path, "event")] == [
        ("other/name", "other user"),
        ("new/name", "new user"),
        ("signup", "new user"),
    ]
    sound(path)


async def test_a_step_that_is_found_at_a_start_without_room_runs_when_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    go = asyncio.Event()

    @workflow(trigger="mail", name="mails")
    async def stuck(journey: Journey) -> int:
        return await journey.step("send", go.wait) and 7

    async with Engine(stuck, store=path) as engine:
        await engine.ingest("mail", "ada")
        await until(lambda: engine.status().steps == 1)
    write, refused = Store.write, 0

    def refuse(store: Store, changes: Changes) -> None:
        nonlocal refused
        if refused < 3:
            refused += 1
            raise StoreFull("the disk is full; nothing of this batch was stored", fix="Free some space.")
        write(store, changes)

    monkeypatch.setattr(Store, "write", refuse)
    async with Engine(mails, store=path) as engine:
        await until(lambda: journey(path, "mails/ada").status == "completed")
        await engine.ingest("mail", "bob")
        await until(lambda: journey(path, "mails/bob").status == "completed")
    # What it registers at its start is there as well.
    assert {entry.code for entry in entries(path, user="bob") if entry.journey} != {None}
    sound(path)


async def test_virtual_time_stands_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @workflow(trigger="signup", name="welcome")
    async def big(journey: Journey) -> int:
        await journey.sleep("1h")
        journey.log("x" * 60_000)
        await journey.sleep("1h")
        return 1

    path = tmp_path / "studio.db"
    async with Engine(big, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        async with no_room(monkeypatch, engine):
            with pytest.raises(StoreFull):
                await engine.forward("3h")
        await until(lambda: engine.status().state == "running")
        await engine.forward("3h")
    done = [entry.at - entries(path, "event")[0].at for entry in entries(path, "sleep.done")]
    assert done == [3_600_000, 7_200_000]
    sound(path)


async def test_callers_that_wait_while_paused_are_told_when_the_engine_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as engine, no_room(monkeypatch, engine):
        futures = [engine.submit([incoming("signup", f"user{n}", BIG)]) for n in range(10)]
        await engine.stop()
        assert all(future.done() for future in futures)
        assert all(future.exception() is not None for future in futures)
