"""A jump gives the very history that the time would have given, wherever it is stopped, cut or held."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, WallClock, incoming, workflow
from studio.engine.work.jump import JumpProgress
from studio.errors import ClockError, StoreFull
from studio.language.kinds import Kind
from studio.store.changes import Changes
from studio.store.inbox import send
from studio.store.sqlite import Store
from tests.engine.support import ROOT, SEQS, Row, entries, history, logs, settled, sound, until
from tests.engine.time.jump_child import DAY, drip, nudged, signups

CHILD = Path(__file__).with_name("jump_child.py")
HOUR = 3_600_000
MANY = 6_000
"""More deadlines than are served before a test can stop a jump."""


async def forwarded(path: Path, start: int, days: int = 60) -> list[Row]:
    """The history when the same time passes in virtual time."""
    async with Engine([drip, nudged], store=path, clock=VirtualClock(start)) as engine:
        await engine.ingest_many(signups())
        await engine.forward_to(start + days * DAY)
        await settled(engine)
    return history(path)


async def begun(engine: Engine) -> int:
    """Everyone has signed up at one moment, at which the clock stands."""
    await engine.pause()
    await engine.ingest_many(signups())
    return engine.clock.now()


async def test_a_jump_of_60_days_gives_the_history_of_60_days(tmp_path: Path) -> None:
    seen: list[JumpProgress] = []
    path = tmp_path / "studio.db"
    async with Engine([drip, nudged], store=path, clock=StudioClock()) as engine:
        start = await begun(engine)
        assert engine.next_due() == start + DAY
        end = await engine.jump(start + 60 * DAY, seen.append)
        assert engine.clock.now() == start + 60 * DAY
        assert engine.next_due() is None
    assert (end.start, end.at, end.stopped) == (start, start + 60 * DAY, False)
    assert end.served == seen[-1].served > 1200
    assert [each.served for each in seen] == sorted(each.served for each in seen)
    assert all(each.served <= each.total and each.at <= each.to for each in seen)
    assert history(path) == await forwarded(tmp_path / "other.db", start)
    sound(path)


@pytest.mark.long
async def test_a_jump_stopped_half_way_leaves_the_clock_where_it_got_to_and_the_rest_to_the_next(
    tmp_path: Path,
) -> None:
    path = tmp_path / "studio.db"
    async with Engine([drip, nudged], store=path, clock=StudioClock(), batch=50) as engine:
        start = await begun(engine)
        stops = 0
        while engine.clock.now() < start + 60 * DAY:
            first = engine.clock.now()

            def stop(progress: JumpProgress) -> None:
                if progress.served > 300:
                    engine._running.stop_jump()

            end = await engine.jump(start + 60 * DAY, stop)
            assert first < end.at == engine.clock.now() <= start + 60 * DAY
            assert end.stopped == (end.at < start + 60 * DAY)
            stops += end.stopped
        assert stops > 3
        assert not await engine.stop_jump()
    moves = [entry.data for entry in entries(path, "clock.moved")]
    assert [move["to"] for move in moves[1:-1] if isinstance(move, dict)] == [
        move["from"] for move in moves[2:] if isinstance(move, dict)
    ]
    assert history(path) == await forwarded(tmp_path / "other.db", start)


@pytest.mark.long
async def test_jumps_restarts_and_single_steps_of_time_add_up_to_the_same_history(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    chance = random.Random(7)
    start = 0
    while True:
        async with Engine([drip, nudged], store=path, clock=StudioClock()) as engine:
            start = start or await begun(engine)
            for _ in range(chance.randint(1, 9)):
                due = engine.next_due()
                to = engine.clock.now() + chance.randint(0, 4 * DAY)
                await engine.jump(min(start + 60 * DAY, due if due and chance.random() < 0.5 else to))
            stands = engine.clock.now()
            assert engine.clock.state()["paused"]
        if stands == start + 60 * DAY:
            break
    assert history(path) == await forwarded(tmp_path / "other.db", start)
    sound(path)


def test_a_kill_during_a_jump_loses_nothing_that_it_has_come_past(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    other = subprocess.Popen(
        [sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert other.stdout is not None
    start = int(other.stdout.readline())
    served = 0
    while served < 300:
        served = int(other.stdout.readline())
    other.kill()
    other.communicate()

    async def go_on() -> tuple[int, list[Row]]:
        async with Engine([drip, nudged], store=path, clock=StudioClock()) as engine:
            stands = engine.clock.now()
            time.sleep(0.05)
            assert engine.clock.now() == stands, "it was paused before the jump"
            await engine.jump(start + 60 * DAY)
        return stands, await forwarded(tmp_path / "other.db", start)

    stands, expected = asyncio.run(go_on())
    assert start < stands < start + 60 * DAY
    moves = [entry.data for entry in entries(path, "clock.moved")]
    cut = next(move for move in moves if isinstance(move, dict) and move.get("interrupted"))
    assert (cut["from"], cut["to"]) == (start, stands)
    assert cut["deadlines"] >= served
    assert told(path) == told(tmp_path / "other.db")
    assert len(expected) <= len(history(path))
    sound(path)


def told(path: Path) -> list[tuple[object, ...]]:
    """The history but for what a kill adds to it: a step that it cut short is started again."""
    plain: list[tuple[object, ...]] = []
    for entry in entries(path):
        data = dict(entry.data) if isinstance(entry.data, dict) else entry.data
        if isinstance(data, dict) and entry.kind == "step.started" and data.pop("start", 1) != 1:
            continue
        if isinstance(data, dict):
            # Numbers of entries.
            data = {key: value for key, value in data.items() if key not in SEQS}
        if entry.kind not in ("workflow.loaded", "clock.moved"):
            plain.append((entry.at, entry.kind, entry.journey, entry.name, entry.message, str(data)))
    return plain


@pytest.mark.long
def test_kills_at_any_moments_of_a_jump_leave_the_history_of_60_days(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    chance = random.Random(11)
    to: list[str] = []
    kills = cut = start = 0
    while True:
        other = subprocess.Popen(
            [sys.executable, str(CHILD), str(path), *to], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert other.stdout is not None
        stands = int(other.stdout.readline())
        if not to:
            start, to = stands, [str(stands + 60 * DAY)]
        # From the first of its batches on, at any moment.
        said = other.stdout.readline()
        if said.strip().isdecimal() and kills < 12:
            time.sleep(chance.uniform(0.0, 0.08))
            other.kill()
            kills += 1
        rest = other.communicate(timeout=60)[0]
        if rest.endswith("there\n") or said == "there\n":
            break
        sound(path)
        cut += 1
    assert cut >= 3
    asyncio.run(forwarded(tmp_path / "other.db", start))
    assert told(path) == told(tmp_path / "other.db")
    sound(path)


@pytest.mark.long
async def test_a_disk_that_is_full_for_a_while_holds_a_jump_up_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    writes, ends = 0, 0
    write = Store.write

    def full_at_times(store: Store, changes: Changes) -> None:
        nonlocal writes, ends
        writes += 1
        ends += any(row[2] == Kind.CLOCK_MOVED and '"deadlines"' in row[13] for row in changes.history)
        if writes in (5, 6, 40) or ends == 1:
            ends += ends == 1
            raise StoreFull("the disk is full")
        write(store, changes)

    async with Engine([drip, nudged], store=path, clock=StudioClock()) as engine:
        start = await begun(engine)
        monkeypatch.setattr(Store, "write", full_at_times)
        end = await engine.jump(start + 60 * DAY)
        assert ends == 3
        assert (end.at, end.stopped) == (start + 60 * DAY, False)
        assert engine.clock.now() == end.at
        monkeypatch.undo()
    assert history(path) == await forwarded(tmp_path / "other.db", start)
    sound(path)


# -- what holds a jump ------------------------------------------------------------------------

gate = threading.Event()


def slow() -> str:
    gate.wait(60)
    return "sent"


@workflow(trigger="go")
async def mailer(journey: Journey) -> str:
    sent, late = await journey.wait_any(journey.step("mail", slow), journey.sleep("1h"))
    journey.log(f"sent {sent} late {late} at {journey.now():%H:%M}")
    await journey.sleep("1h")
    return "ok"


async def test_a_step_that_runs_is_not_overrun_by_a_jump(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    gate.clear()
    seen: list[JumpProgress] = []
    async with Engine(mailer, store=path, clock=StudioClock()) as engine:
        await engine.ingest("go", "ada")
        jump = asyncio.ensure_future(engine.jump(engine.clock.now() + 5 * HOUR, seen.append))
        await asyncio.sleep(0.2)
        before = engine.clock.now()
        await asyncio.sleep(0.05)
        assert engine.clock.now() == before
        assert not jump.done()
        gate.set()
        await jump
        assert engine.clock.now() >= before + 4 * HOUR
    assert logs(path)[0].startswith("sent sent late None")
    assert len(entries(path, "journey.completed")) == 1


async def test_a_jump_that_waits_for_a_step_can_be_stopped(tmp_path: Path) -> None:
    gate.clear()
    async with Engine(mailer, store=tmp_path / "studio.db", clock=StudioClock()) as engine:
        await engine.ingest("go", "ada")
        jump = asyncio.ensure_future(engine.jump(engine.clock.now() + 5 * HOUR))
        await asyncio.sleep(0.1)
        assert await engine.stop_jump()
        end = await jump
        assert end.stopped
        assert end.served == 0
        gate.set()


@workflow(trigger="go")
async def sleeper(journey: Journey) -> str:
    await journey.sleep("1h")
    return "ok"


async def test_what_is_handed_in_during_a_jump_is_taken_at_once_and_at_its_moment(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    reached: list[JumpProgress] = []
    async with Engine(sleeper, store=path, clock=StudioClock(), batch=200) as engine:
        await engine.pause()
        for n in range(0, MANY, 1000):
            await engine.ingest_many([incoming("go", f"user{n + k}") for k in range(1000)])
        start = engine.clock.now()
        jump = asyncio.ensure_future(engine.jump(start + DAY, reached.append))
        await until(lambda: reached)
        event = await engine.ingest("hello", "here")
        await asyncio.to_thread(send, path, [incoming("hello", "there")])
        await until(lambda: entries(path, "event", user="there"))
        assert not jump.done(), "else this shows nothing"
        await engine.stop_jump()
        end = await jump
    assert start <= event.at_ms <= end.at
    assert start <= entries(path, "event", user="there")[0].at <= end.at
    sound(path)


async def test_a_second_jump_is_refused_while_one_is_under_way(tmp_path: Path) -> None:
    gate.clear()
    async with Engine(mailer, store=tmp_path / "studio.db", clock=StudioClock()) as engine:
        await engine.ingest("go", "ada")
        jump = asyncio.ensure_future(engine.jump(engine.clock.now() + 5 * HOUR))
        await asyncio.sleep(0.05)
        with pytest.raises(ClockError, match="a jump is under way"):
            await engine.jump(engine.clock.now() + HOUR)
        gate.set()
        await jump


async def test_stopping_the_engine_stops_the_jump(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(sleeper, store=path, clock=StudioClock(), batch=100) as engine:
        await engine.pause()
        for n in range(0, MANY, 1000):
            await engine.ingest_many([incoming("go", f"user{n + k}") for k in range(1000)])
        seen: list[JumpProgress] = []
        jump = asyncio.ensure_future(engine.jump(engine.clock.now() + DAY, seen.append))
        await until(lambda: seen)
    end = await jump
    assert end.stopped
    assert end.served < MANY
    sound(path)


@pytest.mark.parametrize("to", [-1, 10**18])
async def test_time_goes_forward_only(tmp_path: Path, to: int) -> None:
    async with Engine(sleeper, store=tmp_path / "studio.db", clock=StudioClock()) as engine:
        with pytest.raises(ClockError, match="forward only"):
            await engine.jump(to)
        with pytest.raises(ClockError, match="is over"):
            await engine.jump(engine.clock.now() - HOUR)


async def test_real_time_refuses_with_a_sentence(tmp_path: Path) -> None:
    async with Engine(sleeper, store=tmp_path / "studio.db", clock=WallClock()) as engine:
        for act in (engine.pause(), engine.run(), engine.speed(10), engine.jump(engine.clock.now() + 1)):
            with pytest.raises(ClockError, match="nobody can pause or move"):
                await act
        assert not await engine.stop_jump()


@pytest.mark.long
async def test_a_virtual_clock_jumps_too_and_has_no_speed(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine([drip, nudged], store=path, clock=VirtualClock(5 * DAY)) as engine:
        await engine.ingest_many(signups())
        await engine.jump(65 * DAY)
        with pytest.raises(ClockError, match="a virtual clock has no speed"):
            await engine.speed(60)
    assert history(path) == await forwarded(tmp_path / "other.db", 5 * DAY)


async def test_a_callback_that_raises_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def bad(progress: JumpProgress) -> None:
        raise RuntimeError("no")

    async with Engine(sleeper, store=tmp_path / "studio.db", clock=StudioClock()) as engine:
        await engine.ingest("go", "ada")
        assert (await engine.jump(engine.clock.now() + DAY, bad)).served == 1
    assert "a function given to jump failed" in caplog.text
