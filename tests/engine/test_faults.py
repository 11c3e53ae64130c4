"""A fault at any statement that the engine executes: it goes on, and everybody who waits is answered.

A scripted life with events, timers, steps, acts, an inbox, a jump, a rewind and a reload is played
once without a fault, and then again and again with faults among its statements. Who is told that
something could not be stored hands it in again, as an application does: in the end the history must be
that of the life without faults, entry for entry.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from studio import Engine, StudioClock, VirtualClock, incoming
from studio.engine.loop import committer as writing_module
from studio.engine.loop import loop as runner_module
from studio.errors import StoreError
from studio.store.inbox import engine_of, send
from studio.store.views import Views
from tests.engine.faulty import Faults, faulty
from tests.engine.reloading import write
from tests.engine.rewinding import START, WORKFLOWS
from tests.engine.support import Row, entries, history, sound, until

T = TypeVar("T")

ERRORS = [
    (sqlite3.SQLITE_IOERR, "SQLITE_IOERR_READ"),
    (sqlite3.SQLITE_FULL, "SQLITE_FULL"),
    (sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"),
    (sqlite3.SQLITE_BUSY, "SQLITE_BUSY"),
]
RUNS = 8
"""Lives in which one statement in twenty fails; `EVERY_FAULT=1` has one life for each statement."""

BEFORE = """
    await journey.wait_for("paid", timeout="1m")
    return 1
"""
AFTER = """
    await journey.wait_for("paid", timeout="2m")
    return 2
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paused engine tries again at once."""
    monkeypatch.setattr(writing_module, "RETRY", 0.001)
    monkeypatch.setattr(runner_module, "RETRY", 0.001)
    # On a slow machine a batch would end sooner, and a step's result come before the next event.
    monkeypatch.setattr(
        "studio.engine.work.budget.Budget.is_over", lambda budget, served, invested=0.0: False
    )
    # Chance is the same in every run.
    monkeypatch.setattr(secrets, "token_hex", lambda size: "ab" * size)


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Do something again until it is done. Whoever waits is answered, well or badly, in time."""
    while True:
        try:
            async with asyncio.timeout(60):
                return await call()
        except StoreError:
            continue


async def life(folder: Path, faults: Faults) -> list[Row]:
    """The scripted life; gives its history."""
    folder.mkdir()
    path = folder / "studio.db"
    write(folder / "workflows", BEFORE)
    engine = Engine(
        [*WORKFLOWS, folder / "workflows"], store=path, clock=VirtualClock(START), durability="normal"
    )
    await insist(engine.start)
    faults.armed = True
    events = [("order", {"n": 1}, "o1"), ("hello", {}, "h1"), ("order", {"n": 2}, "o2"), ("signup", {}, "s1")]
    await insist(lambda: engine.ingest_many([incoming(n, "ada", data, id) for n, data, id in events]))
    await insist(lambda: engine.ingest("order", "bob", {"n": 1}, "o3"))
    await insist(lambda: engine.forward_to(START + 4_000))
    send(path, [incoming("paid", "ada", {"n": 1}, "p1"), incoming("bye", "ada", {}, "b1")])
    await until(lambda: len(entries(path, "event")) >= 7, 60)
    await insist(engine.run_until_idle)
    await insist(lambda: engine.cancel("order/ada/2"))
    await insist(lambda: engine.restart("order/ada/2"))
    await insist(lambda: engine.jump(START + 12_000))
    first = next(entry.seq for entry in entries(path, "event") if entry.name == "order/late")
    await insist(lambda: engine.rewind(first))
    await insist(engine.release_steps)
    write(folder / "workflows", AFTER)
    await insist(engine.reload)
    await insist(engine.run_until_idle)
    await insist(lambda: engine.forward_to(START + 40_000))
    await insist(engine.run_until_idle)
    assert engine.status().state == "running", engine.status().problem
    faults.armed = False
    await engine.stop()
    assert engine_of(path) is None
    sound(path)
    return history(path)


async def clean_life(folder: Path, faults: Faults) -> tuple[list[Row], int]:
    """The life without a fault, and how many statements it takes."""
    faults.fail_at = set()
    clean = await life(folder / "clean", faults)
    assert len({row[1] for row in clean}) > 12, "the script has too little in it"
    assert faults.count > 400
    return clean, faults.count


@pytest.mark.long
async def test_faults_at_many_statements_change_nothing_of_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = set[str]()
    with faulty(monkeypatch) as faults:
        clean, total = await clean_life(tmp_path, faults)
        for run in range(RUNS):
            chance = random.Random(run)
            # Not one after the other: an examination that fails twice takes the store for damaged.
            fail_at = {n for n in range(0, 2 * total, 2) if chance.random() < 0.1}
            faults.begin(fail_at, ERRORS[run % len(ERRORS)])
            assert await life(tmp_path / str(run), faults) == clean, (run, faults.failed)
            assert len(faults.failed) > 10
            failed.update(faults.failed)
    assert failed >= {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "PRAGMA data_version"}


@pytest.mark.skipif(
    "EVERY_FAULT" not in os.environ, reason="minutes: EVERY_FAULT=1 pytest -o faulthandler_timeout=0"
)
@pytest.mark.parametrize("in_a_row", [1, 3])
async def test_a_fault_at_each_statement_changes_nothing_of_what_happens(
    in_a_row: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty(monkeypatch) as faults:
        clean, total = await clean_life(tmp_path, faults)
        for n in range(1, total + 1):
            faults.begin(set(range(n, n + in_a_row)), ERRORS[n % len(ERRORS)])
            assert await life(tmp_path / str(n), faults) == clean, (n, faults.failed)
            shutil.rmtree(tmp_path / str(n))


async def real_life(folder: Path, faults: Faults) -> dict[str, str]:
    """A life in real time, with a clock to turn and steps in threads; gives where each journey ended."""
    folder.mkdir()
    path = folder / "studio.db"
    write(folder / "workflows", BEFORE)
    clock = StudioClock()
    engine = Engine([*WORKFLOWS, folder / "workflows"], store=path, clock=clock, durability="normal")
    await insist(engine.start)
    faults.armed = True
    await insist(engine.pause)
    assert clock.reading().paused
    for user in ("ada", "bob"):
        await insist(partial(engine.ingest, "order", user, {"n": 1}, f"o-{user}"))
        await insist(partial(engine.ingest, "hello", user, {}, f"h-{user}"))
    await insist(lambda: engine.ingest("signup", "cyd", {}, "s-cyd"))
    await until(lambda: len(entries(path, "step.done")) == 2, 60)
    send(path, [incoming("paid", "ada", {"n": 1}, "p-ada")])
    await until(lambda: len(entries(path, "event")) == 6, 60)
    write(folder / "workflows", AFTER)
    await insist(engine.reload)
    now = clock.now()
    await insist(lambda: engine.jump(now + 600_000))
    await until(lambda: engine.status().steps == 0, 60)
    await insist(lambda: engine.speed(60))
    await insist(engine.run)
    await until(lambda: not engine.reloading, 60)
    await insist(engine.run_until_idle)
    assert engine.status().state == "running", engine.status().problem
    assert clock.reading().speed == 60
    faults.armed = False
    await engine.stop()
    sound(path)
    moved = [e for e in entries(path, "clock.moved") if "deadlines" not in e.data]
    assert [{k: v for k, v in e.data.items() if k not in ("from", "to")} for e in moved] == [
        {"paused": True},
        {"speed": 60},
        {"paused": False},
    ]
    assert len({e.id for e in entries(path, "event") if e.id}) == 6
    with Views(path) as views:
        return {row.id: row.status for row in views.journeys(limit=100)}


async def test_faults_in_real_time_change_nothing_of_where_journeys_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty(monkeypatch) as faults:
        clean = await real_life(tmp_path / "clean", faults)
        assert "completed" in clean.values()
        total = faults.count
        for run in range(3):
            chance = random.Random(run)
            fail_at = {n for n in range(0, 4 * total, 2) if chance.random() < 0.1}
            faults.begin(fail_at, ERRORS[run % len(ERRORS)])
            assert await real_life(tmp_path / str(run), faults) == clean, (run, faults.failed)
            assert len(faults.failed) > 10
