"""Lateness, other processes at a deadline, and what hooks are told: what the list's lines do not show."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from studio import Engine, Event, Journey, channel, current_step, workflow
from studio.clocks.clock import VirtualClock, WallClock, to_datetime
from studio.language.incoming import incoming
from studio.store import inbox
from studio.store.records import Entry
from tests.conformance.case import Case, Down, Forward, Send
from tests.conformance.ways import ROOT, START, Stage, read, until

HOUR = 3_600_000
DAY = 24 * HOUR


async def _played(stage: Stage) -> list[Entry]:
    await stage.open()
    try:
        for op in stage.case.script:
            await stage.act(op)
        played = await stage.finish()
        assert played.full is not None
        return played.full
    finally:
        await stage.close()


@workflow(trigger="go")
async def two_naps(journey: Journey) -> list[float]:
    await journey.sleep("1d")
    one = journey.late.total_seconds()
    await journey.sleep("1d")
    two = journey.late.total_seconds()
    await journey.wait_for("x")
    return [one, two, journey.late.total_seconds()]


night = channel("night", quiet_hours="22:00-08:00")


@workflow(trigger="go", timezone="UTC")
async def evening(journey: Journey) -> None:
    await journey.sleep("21h")
    await journey.message(night, "late", str, "hello")


def test_a_message_that_was_due_by_day_is_not_sent_by_night_after_downtime(tmp_path: Path) -> None:
    script = (Send("go"), Down("23h30m"), Forward("10h"))
    entries = asyncio.run(_played(Stage(Case("late", (evening,), script, ""), tmp_path, wall=True)))
    told = [(e.kind, e.at - START) for e in entries if e.kind.startswith(("message", "step"))]
    assert told == [
        ("message.asked", 21 * HOUR),
        ("message.deferred", 21 * HOUR),
        ("message.started", 32 * HOUR),
        ("step.started", 32 * HOUR),
        ("message.sent", 33 * HOUR + HOUR // 2),
    ]


def test_after_downtime_a_timer_says_how_late_it_was_served(tmp_path: Path) -> None:
    script = (Send("go"), Down("3d"), Send("x"))
    entries = asyncio.run(_played(Stage(Case("late", (two_naps,), script, ""), tmp_path, wall=True)))
    late = [(e.kind, e.at - START, e.late_ms) for e in entries if e.kind.startswith("sleep")]
    assert late == [
        ("sleep.opened", 0, 0),
        ("sleep.done", DAY, 2 * DAY),
        ("sleep.opened", DAY, late[2][2]),
        ("sleep.done", 2 * DAY, DAY),
    ]
    (end,) = [e for e in entries if e.kind == "journey.completed"]
    assert end.data == {"result": [2 * 86400.0, 86400.0, 0.0]}
    assert end.at == START + 3 * DAY


def test_a_jump_of_a_virtual_clock_makes_nothing_late(tmp_path: Path) -> None:
    script = (Send("go"), Forward("30d"), Send("x"))
    entries = asyncio.run(_played(Stage(Case("in time", (two_naps,), script, ""), tmp_path)))
    assert {e.late_ms for e in entries} == {0}
    assert entries[-1].data == {"result": [0.0, 0.0, 0.0]}


def how_late() -> float:
    return current_step().late.total_seconds()


@workflow(trigger="go")
async def stale_step(journey: Journey) -> float:
    await journey.sleep("1h")
    return await journey.step("look", how_late)


def test_a_step_is_told_that_it_is_stale(tmp_path: Path) -> None:
    script = (Send("go"), Down("25h"))
    entries = asyncio.run(_played(Stage(Case("stale", (stale_step,), script, ""), tmp_path, wall=True)))
    (end,) = [e for e in entries if e.kind == "journey.completed"]
    assert end.data == {"result": 86400.0}


# -- other processes -----------------------------------------------------------------------

USERS = 40
TIMEOUT = 1_500
"""Milliseconds: time enough for another process to be told."""

SENDER = """
import sys, time
from studio.language.incoming import incoming
from studio.store.inbox import send
path, users = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
begin, end = map(float, sys.stdin.readline().split())
for n in range(users):
    time.sleep(max(0.0, begin + (end - begin) * n / users - time.time()))
    send(path, [incoming("x", f"user {n}")])
"""


@workflow(trigger="go")
async def races(journey: Journey) -> bool:
    return bool(await journey.wait_for("x", timeout=TIMEOUT / 1000))


def test_an_event_of_another_process_beats_the_deadline_up_to_its_very_moment(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    asyncio.run(_race(store))
    entries = read(store)
    opened = {e.user: e.at for e in entries if e.kind == "wait.opened"}
    sent = {e.user: e.at for e in entries if e.kind == "event" and e.name == "x"}
    ended: dict[str | None, list[str]] = {}
    for e in entries:
        if e.kind in ("wait.matched", "wait.timeout"):
            ended.setdefault(e.user, []).append(e.kind)
    assert len(sent) == len(opened) == USERS
    in_time = {user: sent[user] <= opened[user] + TIMEOUT for user in opened}
    assert ended == {user: ["wait.matched" if early else "wait.timeout"] for user, early in in_time.items()}
    assert set(in_time.values()) == {True, False}


async def _race(store: Path) -> None:
    async with Engine(races, store=store, durability="normal") as engine:
        sender = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SENDER, str(store), str(USERS)), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        assert sender.stdin is not None
        assert sender.stdout is not None
        assert await sender.stdout.readline()
        events = await asyncio.gather(*(engine.ingest("go", user=f"user {n}") for n in range(USERS)))
        # From before the first deadline to behind the last one.
        first, last = (of(event.at_ms for event in events) for of in (min, max))
        begin, end = (first + TIMEOUT) / 1000 - 0.1, (last + TIMEOUT) / 1000 + 0.1
        sender.stdin.write(f"{begin} {end}\n".encode())
        assert await sender.wait() == 0
        await asyncio.sleep(max(0.0, end + 0.2 - time.time()))
        await engine.run_until_idle()


@workflow(trigger="go")
async def thinks_long(journey: Journey) -> None:
    threading.Event().wait(0.3)


def test_an_event_of_another_process_that_comes_while_a_batch_is_driven_is_noticed(tmp_path: Path) -> None:
    store = tmp_path / "store.db"

    async def play() -> None:
        async with Engine(thinks_long, store=store, durability="normal") as engine:
            going = asyncio.create_task(engine.ingest("go", user="u"))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(inbox.send, store, [incoming("x", "u")])
            await going
            await asyncio.sleep(0.2)
            assert [e.name for e in read(store) if e.kind == "event"] == ["go", "x"]

    asyncio.run(play())


def test_a_wall_clock_goes_on_where_its_store_was_though_the_time_of_day_was_set_back(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    asyncio.run(_ahead(store))
    entries = read(store)
    assert [e.kind for e in entries if e.journey] == [
        "journey.started",
        "wait.opened",
        "wait.timeout",
        "journey.completed",
    ]
    assert [e.at for e in entries] == sorted(e.at for e in entries)


async def _ahead(store: Path) -> None:
    # A virtual clock leaves the store a week ahead of the time of day.
    week_ahead = WallClock().now() + 7 * DAY
    async with Engine(races, store=store, clock=VirtualClock(week_ahead), durability="normal") as engine:
        await engine.ingest("go", user="u")
    async with Engine(races, store=store, durability="normal") as engine:
        await asyncio.sleep(TIMEOUT / 1000 + 0.2)
        await engine.run_until_idle()


# -- hooks ---------------------------------------------------------------------------------


@workflow(trigger="go")
async def sends_one(journey: Journey) -> None:
    await journey.ingest("sent", {"n": 1}, id="mine")


def test_set_event_is_told_every_event_with_an_id_and_its_moment(tmp_path: Path) -> None:
    told: list[Event] = []

    async def play() -> None:
        engine = Engine(sends_one, store=tmp_path / "s.db", clock=VirtualClock(START), set_event=told.append)
        async with engine:
            await engine.ingest("go", user="u")
            await engine.forward("1h")
            await engine.ingest("again", user="u", id="yours")

    asyncio.run(play())
    assert [(e.name, e.user, e.at) for e in told] == [
        ("go", "u", to_datetime(START)),
        ("sent", "u", to_datetime(START)),
        ("again", "u", to_datetime(START + HOUR)),
    ]
    assert [e.id for e in told][1:] == ["mine", "yours"]
    assert told[0].id


def test_set_event_that_fails_is_told_again(tmp_path: Path) -> None:
    told: list[str] = []

    def flaky(event: Event) -> None:
        told.append(event.name)
        if len(told) == 1:
            raise OSError("not now")

    async def play() -> None:
        engine = Engine((), store=tmp_path / "s.db", clock=VirtualClock(START), set_event=flaky)
        async with engine:
            await engine.ingest("one", user="u")
            await engine.ingest("two", user="u")
            await until(lambda: len(told) == 3)

    asyncio.run(play())
    assert told == ["one", "one", "two"]


def test_a_duplicate_is_told_and_not_raised(tmp_path: Path) -> None:
    async def play() -> list[Event]:
        async with Engine((), store=tmp_path / "s.db", clock=VirtualClock(START), batch=1000) as engine:
            first = await engine.ingest("a", user="u", data={"n": 1}, id="x")
            return [first, await engine.ingest("b", user="v", id="x")]

    first, second = asyncio.run(play())
    assert not first.duplicate
    assert (second.duplicate, second.name, second.user, second["n"]) == (True, "a", "u", 1)
