"""What undo took away is there after a restart and after a kill, and goes when anything new comes."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from studio.clocks.adjustable_clock import StudioClock
from studio.engine.engine import Engine
from studio.engine.rewind.rewind import Rewinds
from studio.errors import StudioError
from studio.store.rebuild import compare
from studio.store.snapshots import fork_store
from tests.engine.rewind.test_rewind import dump
from tests.engine.rewinding import engine_on, send
from tests.engine.support import child, entries, settled, sound

UNDONE = ("undone", "undone_history", "undone_users", "undone_codes", "undone_profiles")
RUN = "import runpy, sys; runpy.run_path(sys.argv[2], run_name='__main__')"
CHILD = Path(__file__).with_name("redo_child.py")
HOUR = 3_600_000


def kept(path: Path) -> int:
    """Rows that are kept to be brought back."""
    con = sqlite3.connect(path)
    try:
        return sum(con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in UNDONE)
    finally:
        con.close()


async def two_acts(engine: Engine) -> None:
    """Two orders, and time for what follows from them."""
    await send(engine, "order", "ann", {"n": 1})
    await engine.forward("4s")
    await send(engine, "order", "bob", {"n": 2})
    await engine.forward("30s")
    await settled(engine)


async def test_each_start_finds_what_the_last_took_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await two_acts(engine)
        full, moment = dump(path), engine.clock.now()
    for _ in range(2):
        async with engine_on(path) as engine:
            await engine.undo()
    assert entries(path, "event") == []
    async with engine_on(path) as engine:
        await engine.redo()
        assert [entry.user for entry in entries(path, "event", user="ann")] == ["ann"]
        assert compare(path) == []
    async with engine_on(path) as engine:
        await engine.redo()
        assert dump(path) == full
        assert engine.clock.now() == moment
        assert kept(path) == 0
        with pytest.raises(StudioError, match="there is nothing to redo"):
            await engine.redo()
        # It can be taken back again.
        assert (await engine.undo())["user"] == "bob"
    sound(path)


def test_a_kill_between_undo_and_redo_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = child(RUN, str(path), str(CHILD))
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "acted\n"
    full = dump(path)
    other.stdin.write("go on\n")
    other.stdin.flush()
    assert other.stdout.readline() == "undone\n"
    other.kill()
    other.communicate()
    assert [entry.user for entry in entries(path, "event")] == ["ann"]
    sound(path)

    async def again() -> None:
        async with engine_on(path) as engine:
            await engine.redo()
            assert dump(path) == full

    asyncio.run(again())
    sound(path)


@pytest.mark.parametrize("let_go", [True, False])
async def test_what_comes_after_an_undo_makes_it_final_also_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_go: bool
) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await two_acts(engine)
        await engine.undo()
        await engine.forward("5s")
        assert kept(path) > 0, "time that passes brings nothing new"
        if not let_go:
            # As if the process had died right after the batch.
            monkeypatch.setattr(Rewinds, "_let_go", lambda self, store: None)
        await engine.ingest("hello", "cat")
        assert (kept(path) == 0) == let_go
        monkeypatch.undo()
    async with engine_on(path) as engine:
        assert kept(path) == 0
        with pytest.raises(StudioError):
            await engine.redo()
        # The next undo begins anew.
        await engine.undo()
        await engine.redo()
        assert [entry.user for entry in entries(path, "event", user="ann")] == ["ann"]
    sound(path)


async def test_an_act_makes_an_undo_final_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await engine.ingest("hello", "ann")
        await engine.ingest("paid", "cat")
        for act in ("cancel", "time_out"):
            await send(engine, "hello", "bob")
            await engine.undo()
            assert kept(path) > 0
            if act == "cancel":
                await engine.cancel("greets/ann")
            else:
                await engine.time_out(entries(path, "wait.opened", user="cat")[-1].seq)
            assert kept(path) == 0
            with pytest.raises(StudioError, match="1 other event"):
                await engine.redo()


async def test_snapshots_and_forks_carry_nothing_to_bring_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await two_acts(engine)
        await engine.undo()
        seq = entries(path, "event")[0].seq
        await engine.fork(seq, tmp_path / "fork.db")
        await engine.rewind(seq)
        assert kept(path) == kept(tmp_path / "fork.db") == kept(tmp_path / "a.1.db") == 0
        with pytest.raises(StudioError, match="there is nothing to redo"):
            await engine.redo()


async def test_a_night_at_3600_does_not_pass_between_undo_and_redo(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path, clock=StudioClock()) as engine:
        await engine.speed(3600)
        await send(engine, "paid", "ann")
        await engine.undo()
        at = engine.clock.now()
    con = sqlite3.connect(path)
    # As if all of it had been a day ago.
    ((text,),) = con.execute("SELECT clock FROM undone").fetchall()
    assert '"rate": 3600' in text
    con.execute(
        "UPDATE undone SET clock = json_set(clock, '$.real', json_extract(clock, '$.real') - 86400000)"
    )
    con.commit()
    con.close()
    async with engine_on(path, clock=StudioClock()) as engine:
        await engine.redo()
        assert engine.clock.now() - at < 10 * HOUR


async def test_a_store_and_a_snapshot_of_the_first_version_are_brought_up_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await two_acts(engine)
        full = dump(path)
        await engine.rewind(entries(path, "event")[0].seq)
    for each in (path, tmp_path / "a.1.db"):
        con = sqlite3.connect(each)
        for table in UNDONE:
            con.execute(f"DROP TABLE {table}")
        con.execute("DELETE FROM _sqlite_migrations WHERE name = 'm002_keep_what_was_undone'")
        con.commit()
        con.close()
    fork_store(path, None, tmp_path / "fork.db", 0)
    async with engine_on(tmp_path / "fork.db"):
        assert kept(tmp_path / "fork.db") == 0
    async with engine_on(path) as engine:
        await engine.restore(1)
        assert dump(path) == full
        # The return is an act itself, and so is the rewind before it.
        assert [(await engine.undo())["what"] for _ in range(2)] == ["restore", "rewind"]
        assert dump(path) == full
        await engine.undo()
        await engine.redo()
        assert dump(path) == full
