"""Paused, fast and ended by hand: deadlines stay true, other processes tell the same time."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, WallClock, incoming, workflow
from studio.clocks.adjustable_clock import ShownClock
from studio.clocks.clock import LAST_MOMENT
from studio.engine.time.clock_control import ClockControl
from studio.engine.work.jump import JumpProgress
from studio.errors import ClockError, JourneyError, StoreError
from studio.store.inbox import ask, send
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.engine.bench import Bench
from tests.engine.faulty import faulty
from tests.engine.support import child, entries, journey, logs, python, settled, sound, until

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    paid = await journey.wait_for("paid", timeout="1h")
    journey.log(f"paid {bool(paid)}")
    return {"paid": bool(paid)}


@workflow(trigger="hello")
async def ticking(journey: Journey) -> dict[str, bool]:
    for n in range(30):
        await journey.sleep(f"{n + 1}m")
    return {"ok": True}


def moves(path: Path) -> list[dict[str, Any]]:
    """What was done to the clock."""
    return [entry.data for entry in entries(path, "clock.moved") if isinstance(entry.data, dict)]


async def test_a_turn_that_could_not_be_written_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StudioClock()
    with faulty(monkeypatch) as faults:
        async with Engine(welcome, store=path, clock=clock) as engine:
            faults.armed, faults.times = True, 1000
            faults.fail_if = lambda statement: "FROM waits" in statement
            with pytest.raises(StoreError):
                await engine.pause()
            assert not clock.reading().paused
            faults.times = 0
            assert moves(path) == []
            await until(lambda: engine.status().state == "running")
            await engine.pause()
            assert clock.reading().paused
    assert [move.get("paused") for move in moves(path)] == [True]


async def test_a_paused_clock_lets_no_deadline_come(path: Path) -> None:
    @workflow(trigger="go")
    async def soon(journey: Journey) -> dict[str, bool]:
        await journey.sleep("80ms")
        return {"ok": True}

    async with Engine(soon, store=path, clock=StudioClock()) as engine:
        await engine.pause()
        await engine.ingest("go", "ada")
        before = engine.clock.now()
        await asyncio.sleep(0.2)
        assert engine.clock.now() == before
        assert engine.next_due() == before + 80
        assert journey(path, "soon/ada").status == "waiting"
        await engine.run()
        await until(lambda: journey(path, "soon/ada").status == "completed")
    assert [move["paused"] for move in moves(path)] == [True, False]
    sound(path)


async def test_pausing_what_is_paused_writes_nothing(path: Path) -> None:
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.run()
        await engine.speed(1)
        await engine.pause()
        await engine.pause()
        with pytest.raises(ClockError, match="there is no speed 7"):
            await engine.speed(7)
    assert len(moves(path)) == 1


async def test_events_of_another_process_are_stamped_by_the_paused_and_moved_clock(path: Path) -> None:
    code = (
        "import sys\nfrom studio import incoming\nfrom studio.store.inbox import send\n"
        "send(sys.argv[1], [incoming('paid', sys.argv[2])])\n"
    )
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.pause()
        start = engine.clock.now()
        await engine.ingest("signup", "ada")
        await engine.jump(start + HOUR - 1)
        await asyncio.to_thread(python, code, str(path), "ada")
        await until(lambda: entries(path, "event", user="ada")[1:])
        await settled(engine)
        assert journey(path, "welcome/ada").status == "completed"
    assert [entry.at for entry in entries(path, "event")] == [start, start + HOUR - 1]
    assert logs(path) == ["paid True"]


async def test_events_sent_while_no_engine_runs_are_stamped_by_the_clock_that_stands(path: Path) -> None:
    for speed in (1, 3600):
        async with Engine(welcome, store=path, clock=StudioClock()) as engine:
            await engine.speed(speed)
            if speed == 1:
                await engine.pause()
                await engine.jump(engine.clock.now() + 9 * DAY)
            else:
                await engine.run()
        stands = engine.clock.now()
        user = f"user{speed}"
        await asyncio.sleep(0.02)
        await asyncio.to_thread(send, path, [incoming("signup", user)])
        async with Engine(welcome, store=path, clock=StudioClock()) as engine:
            await until(partial(entries, path, "event", user=user))
            if speed == 3600:
                # It runs on at once.
                assert engine.clock.now() > stands
                await engine.pause()
        assert entries(path, "event", user=user)[0].at == stands


async def test_the_clock_survives_a_restart(path: Path) -> None:
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.jump(engine.clock.now() + 3 * DAY)
        ahead = engine.clock.state()["ahead"]
        assert 3 * DAY - 1000 < ahead <= 3 * DAY
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        assert engine.clock.state()["ahead"] == ahead
        assert abs(engine.clock.now() - WallClock().now() - ahead) < 1000
        await engine.speed(60)
        await engine.pause()
        stands = engine.clock.now()
    await asyncio.sleep(0.02)
    clock = StudioClock()
    async with Engine(welcome, store=path, clock=clock) as engine:
        assert engine.clock.now() == stands
        assert (clock.reading().paused, clock.reading().speed) == (True, 60)
    # In production the time goes on from there.
    async with Engine(welcome, store=path) as engine:
        assert engine.clock.now() >= stands


@pytest.mark.parametrize("speed", [60, 3600])
async def test_a_fast_clock_serves_each_deadline_at_its_own_time(path: Path, speed: int) -> None:
    async with Engine(ticking, store=path, clock=StudioClock()) as engine:
        await engine.pause()
        start = (await engine.ingest("hello", "ada")).at_ms
        await engine.speed(speed)
        await engine.run()
        wanted = 2 if speed == 60 else 29
        await until(lambda: len(entries(path, "sleep.done")) > wanted)
    due = start
    for n, done in enumerate(entries(path, "sleep.done")):
        due += (n + 1) * MINUTE
        assert done.at == due
        # Real time: what the engine is slow by is not sped up.
        assert (done.late_ms or 0) < 3000
    sound(path)


gate = threading.Event()


def slow() -> str:
    gate.wait(60)
    return "sent"


@workflow(trigger="go")
async def mailer(journey: Journey) -> dict[str, bool]:
    sent, late = await journey.wait_any(journey.step("mail", slow), journey.sleep("10m"))
    return {"sent": bool(sent), "late": bool(late)}


async def test_a_second_of_a_step_is_no_hour_at_3600(path: Path) -> None:
    gate.clear()
    clock = StudioClock()
    async with Engine(mailer, store=path, clock=clock) as engine:
        await engine.speed(3600)
        start = (await engine.ingest("go", "ada")).at_ms
        await until(lambda: clock.reading().held)
        before = engine.clock.now()
        await asyncio.sleep(0.3)
        assert engine.clock.now() - before < 10_000
        gate.set()
        await until(lambda: journey(path, "mailer/ada").status == "completed")
        assert not clock.reading().held
        assert entries(path, "step.done")[0].at - start < 10 * MINUTE
        await until(lambda: engine.clock.now() > start + 10 * MINUTE)
    assert entries(path, "journey.completed")[0].data == {"result": {"sent": True, "late": False}}


# -- one wait by hand ------------------------------------------------------------------------


def open_waits(path: Path, user: str) -> list[int]:
    with Views(path) as views:
        return [row.seq for row in views.waits(user=user)]


async def test_one_wait_is_ended_by_hand_and_the_clock_stays(path: Path) -> None:
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        for user in ("ada", "bob"):
            await engine.ingest("signup", user)
        before = engine.clock.now()
        await engine.time_out(open_waits(path, "ada")[0])
        assert engine.clock.now() - before < 10_000
        assert journey(path, "welcome/ada").status == "completed"
        assert journey(path, "welcome/bob").status == "waiting"
    ((ended),) = entries(path, "wait.timeout")
    assert ended.data == {"by_hand": True}
    assert before <= ended.at < before + 10_000
    assert moves(path) == []
    assert logs(path) == ["paid False"]
    sound(path)


async def test_sleeps_groups_and_waits_without_end_are_ended_by_hand_too(path: Path) -> None:
    @workflow(trigger="go")
    async def long(journey: Journey) -> dict[str, Any]:
        await journey.wait_for("never")
        await journey.sleep("1y")
        either = await journey.wait_any(journey.wait_for("x", id="mine"), journey.wait_for("y"))
        both = await journey.wait_all(journey.wait_for("a", timeout="1d"), journey.sleep("2d"), timeout="9d")
        return {"either": [bool(one) for one in either], "both": [bool(one) for one in both]}

    async with Engine(long, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("go", "ada")
        for _ in range(20):
            waits = open_waits(path, "ada")
            if not waits:
                break
            await engine.time_out(waits[-1])
        assert journey(path, "long/ada").status == "completed"
    sound(path)


async def test_a_wait_that_is_over_and_a_step_are_not_ended_by_hand(path: Path) -> None:
    gate.clear()
    async with Engine([welcome, mailer], store=path, clock=StudioClock()) as engine:
        await engine.ingest("signup", "ada")
        (wait,) = open_waits(path, "ada")
        await engine.ingest("paid", "ada")
        for seq in (wait, 1, 10**9):
            with pytest.raises(JourneyError, match="it has already ended, or there is no such wait"):
                await engine.time_out(seq)
        await engine.ingest("go", "bob")
        kinds = {}
        with Views(path) as views:
            kinds = {row.kind: row.seq for row in views.waits(user="bob")}
        with pytest.raises(JourneyError, match="mailer/bob: a step ends by itself"):
            await engine.time_out(kinds["step"])
        await engine.time_out(kinds["sleep"])
        gate.set()
        await until(lambda: journey(path, "mailer/bob").status == "completed")


# -- asked for by another process -------------------------------------------------------------


async def test_another_process_asks_for_acts_of_the_clock_and_reads_how_it_stands(path: Path) -> None:
    shown = ShownClock()

    def learn() -> ShownClock:
        with Views(path) as views:
            shown.learn(views.clock())
        return shown

    async def do(command: str, **body: Any) -> None:
        await asyncio.to_thread(ask, path, command, body)

    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.ingest("signup", "ada")
        assert learn().reading().movable
        await do("clock.pause")
        assert learn().reading().paused
        assert shown.now() == engine.clock.now()
        await do("clock.speed", speed=60)
        assert learn().reading().speed == 60
        await do("clock.jump", to=engine.clock.now() + 2 * HOUR)
        await until(lambda: journey(path, "welcome/ada").status == "completed")
        await until(lambda: learn().reading().jump is None)
        assert shown.now() == engine.clock.now()
        await do("clock.run")
        assert not learn().reading().paused
        await do("clock.stop_jump")
        await engine.ingest("signup", "bob")
        await do("time_out", wait=open_waits(path, "bob")[0])
        assert journey(path, "welcome/bob").status == "completed"
        bad: list[tuple[str, dict[str, Any], str]] = [
            ("clock.speed", {"speed": 5}, "there is no speed 5"),
            ("clock.speed", {"speed": True}, "names no speed"),
            ("clock.speed", {}, "names no speed"),
            ("clock.jump", {"to": "soon"}, "names no to"),
            ("clock.jump", {"to": 5}, "is over"),
            ("time_out", {"wait": 2**70}, "names no wait"),
        ]
        for command, body, words in bad:
            with pytest.raises(JourneyError, match=words):
                await do(command, **body)
    sound(path)


async def test_an_engine_in_real_time_refuses_what_another_process_asks(path: Path) -> None:
    async with Engine(welcome, store=path):
        with pytest.raises(JourneyError, match="runs in real time, which nobody can pause or move"):
            await asyncio.to_thread(ask, path, "clock.pause", {})
        with Views(path) as views:
            shown = ShownClock()
            shown.learn(views.clock())
        assert not shown.reading().movable


def test_a_killed_engine_goes_on_where_its_clock_stood(path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom studio import Engine, StudioClock\n"
        "from tests.engine.time.test_clock_control import welcome\n"
        "async def main():\n"
        "    async with Engine(welcome, store=sys.argv[1], clock=StudioClock()) as engine:\n"
        "        await engine.speed(3600)\n"
        "        await engine.ingest('signup', 'ada')\n"
        "        await engine.pause()\n"
        "        print(engine.clock.now(), flush=True)\n"
        "        sys.stdin.read()\n"
        "asyncio.run(main())\n"
    )
    other = child(code, str(path))
    assert other.stdout is not None
    stands = int(other.stdout.readline())
    other.kill()
    other.communicate()
    clock = StudioClock()
    with Engine(welcome, store=path, clock=clock) as engine:
        assert engine.clock.now() == stands
        assert clock.reading().speed == 3600
        assert clock.reading().paused
    sound(path)


# -- the deck itself -------------------------------------------------------------------------


class Still(WallClock):
    """A clock of real time that stands."""

    def now(self) -> int:
        return 1_000


def test_how_long_a_deadline_is_away_and_how_late_it_is() -> None:
    clock_control = ClockControl(Still())
    # It is served when its millisecond is over: an event of that very moment comes before it.
    assert [clock_control.seconds_until(due) for due in (2_000, 1_000, 999, 0)] == [1.001, 0.001, 0.0, 0.0]
    assert [clock_control.late(due) for due in (2_000, 1_000, 999, 0)] == [0, 0, 1, 1_000]
    assert not clock_control.moved
    assert ClockControl(VirtualClock(0)).moved


def test_how_long_a_deadline_is_away_on_a_clock_that_stands_or_is_fast() -> None:
    clock = StudioClock()
    clock.adopt({}, 0)
    deck = ClockControl(clock)
    due = clock.now() + 60_000
    seconds = deck.seconds_until(due)
    assert seconds is not None
    assert 50 < seconds <= 60.001
    clock.set_speed(60)
    fast = deck.seconds_until(due)
    assert fast is not None
    assert 0 < fast < 1.001
    clock.pause()
    assert deck.seconds_until(due) is None


def test_a_jump_goes_forward_to_a_moment_that_there_is_and_is_the_only_one(tmp_path: Path) -> None:
    clock_control = ClockControl(VirtualClock(1_000))
    for to in (999, LAST_MOMENT + 1):
        with pytest.raises(ClockError, match="is over" if to < 1_000 else "that is too far away"):
            clock_control.ask_jump(to, None)
    future = clock_control.ask_jump(1_000, None)
    assert clock_control.goal(busy=False) is None
    with pytest.raises(ClockError, match="a jump is under way"):
        clock_control.ask_jump(2_000, None)
    with closing(Store(tmp_path / "a.db")) as store:
        clock_control.begin_jump(store)
        assert clock_control.jump is not None
        with pytest.raises(ClockError, match="a jump is under way"):
            clock_control.ask_jump(2_000, None)
    clock_control.fail(ClockError("the engine ends", fix="Start it."))
    assert isinstance(future.exception(timeout=0), ClockError)
    assert clock_control.goal(busy=False) is None
    clock_control.ask_jump(LAST_MOMENT, None)


def test_on_a_fast_clock_a_moment_that_has_just_passed_is_now() -> None:
    clock = StudioClock()
    clock.adopt({}, 0)
    clock.pause()
    clock_control = ClockControl(clock)
    now = clock.now()
    assert not clock_control.ask_jump(now - 1_999, None).done()
    assert clock_control._asked is not None
    assert clock_control._asked.to == now
    clock_control.fail(ClockError("the engine ends", fix="Start it."))
    with pytest.raises(ClockError, match="is over"):
        clock_control.ask_jump(now - 2_000, None)


def test_where_a_jump_may_lead_and_when_its_batch_is_written(tmp_path: Path) -> None:
    clock_control = ClockControl(VirtualClock(1_000))
    clock_control.ask_jump(5_000, None)
    assert not clock_control.enough(0.0)
    with closing(Store(tmp_path / "a.db")) as store:
        clock_control.begin_jump(store)
    assert clock_control.goal(busy=False) == 5_000
    # What is still under way from before holds the clock.
    assert clock_control.goal(busy=True) is None
    now = time.monotonic()
    assert clock_control.enough(now - 1)
    assert not clock_control.enough(now + 60)
    assert clock_control.stop_jump()
    assert clock_control.enough(now + 60)
    # Where it has come to, also while something is under way.
    assert clock_control.goal(busy=True) == clock_control.goal(busy=False) == 1_000


def test_how_far_a_jump_has_come_is_told_after_each_batch(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db", ticking)
    bench.event("hello", 0)
    bench.write()
    told: list[JumpProgress] = []
    clock_control = ClockControl(VirtualClock(1_000))
    future = clock_control.ask_jump(5 * MINUTE, told.append)
    clock_control.begin_jump(bench.store)
    assert clock_control.jump is not None
    assert (clock_control.jump.total, clock_control.jump.served, clock_control.jump.since) == (
        1,
        0,
        bench.store.next_seq,
    )
    clock_control.jump.serving = 2
    clock_control.jump.counted = time.monotonic() + 60
    clock_control.tell_jump(bench.store, 3, None)
    assert told == [JumpProgress(served=2, total=2, at=1_000, to=5 * MINUTE, steps=3)]
    assert clock_control.jump.serving == 0
    # They are counted again now and then: one is open, whatever was thought.
    clock_control.jump.counted = 0.0
    clock_control.tell_jump(bench.store, 0, None)
    assert told[-1] == JumpProgress(served=2, total=3, at=1_000, to=5 * MINUTE, steps=0)
    clock_control.jump.serving = 1
    clock_control.jump.began -= 7
    end = clock_control.arrive(bench.batch, 4 * MINUTE)
    assert (end.start, end.at, end.served, end.stopped) == (1_000, 4 * MINUTE, 2, False)
    ((kind, at, cause, late, facts),) = bench.told()
    assert (kind, at, cause, late) == ("clock.moved", 4 * MINUTE, None, None)
    assert 7_000 <= facts.pop("took") < 60_000
    assert facts == {"from": 1_000, "to": 4 * MINUTE, "deadlines": 3}
    clock_control.stop_jump()
    assert clock_control.arrive(bench.batch, 4 * MINUTE).stopped
    assert bench.told()[0][-1]["stopped"]
    clock_control.tell_jump(bench.store, 0, end)
    assert future.result(timeout=0).served == 3
    assert clock_control.goal(busy=False) is None
    assert not clock_control.stop_jump()


def test_a_jump_that_was_withdrawn_may_be_asked_for_once_more(tmp_path: Path) -> None:
    clock_control = ClockControl(VirtualClock(1_000))
    clock_control.ask_jump(5_000, None, 8)
    with pytest.raises(ClockError, match="a jump is under way"):
        clock_control.ask_jump(5_000, None, 8)
    clock_control.withdraw_jump()
    assert not clock_control.stop_jump()
    clock_control.ask_jump(6_000, None, 8)
    with closing(Store(tmp_path / "a.db")) as store:
        clock_control.begin_jump(store)
    jump = clock_control.jump
    assert jump is not None
    assert clock_control.next_jump is jump
    assert (jump.to, jump.inbox) == (6_000, 8)


def test_time_goes_by_itself_again_when_a_jump_is_given_up(tmp_path: Path) -> None:
    clock = StudioClock()
    clock_control = ClockControl(clock)
    future = clock_control.ask_jump(clock.now() + HOUR, None)
    with closing(Store(tmp_path / "a.db")) as store:
        clock_control.begin_jump(store)
    assert clock.reading().jump is not None
    clock_control.fail(StoreError("it is broken"))
    assert clock_control.next_jump is None
    assert not clock.reading().stands
    with pytest.raises(StoreError, match="it is broken"):
        future.result(timeout=0)
