"""The order of causes, and what one event does to several journeys (rules 1 and 2)."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go", name="b first")
async def named_b(journey: Journey) -> str:
    await journey.wait_for("x")
    return "b"


@workflow(trigger="go", name="a second")
async def named_a(journey: Journey) -> str:
    await journey.wait_for("x")
    return "a"


@workflow(trigger="x", name="0 by x")
async def named_0(journey: Journey) -> str:
    return "0"


CASES += [
    Case(
        "an event starts workflows in the order of their names, and wakes waits before it starts any",
        (named_b, named_a, named_0),
        (Send("go"), Send("x")),
        """
        +0s event go
        +0s a second/u journey.started
        +0s a second/u wait.opened x#0
        +0s b first/u journey.started
        +0s b first/u wait.opened x#0
        +0s event x
        +0s a second/u wait.matched x#0
        +0s a second/u journey.completed "a"
        +0s b first/u wait.matched x#0
        +0s b first/u journey.completed "b"
        +0s 0 by x/u journey.started
        +0s 0 by x/u journey.completed "0"
        """,
    ),
]


@workflow(trigger="late", name="anna")
async def anna(journey: Journey) -> str:
    await journey.wait_for("x")
    return "anna"


@workflow(trigger="early", name="zack")
async def zack(journey: Journey) -> str:
    await journey.wait_for("x")
    return "zack"


CASES += [
    Case(
        "an event wakes journeys in the order of their workflows' names, whichever waits longer",
        (zack, anna),
        (Send("early"), Forward("1h"), Send("late"), Send("x")),
        """
        +0s event early
        +0s zack/u journey.started
        +0s zack/u wait.opened x#0
        +1h event late
        +1h anna/u journey.started
        +1h anna/u wait.opened x#0
        +1h event x
        +1h anna/u wait.matched x#0
        +1h anna/u journey.completed "anna"
        +1h zack/u wait.matched x#0
        +1h zack/u journey.completed "zack"
        """,
    ),
]


@workflow(trigger="go")
async def woken_and_asked(journey: Journey) -> str | None:
    go = await journey.wait_for("go", past=False, timeout="1h")
    return "twice" if go else None


CASES += [
    Case(
        "a trigger that wakes its own journey starts no pass",
        (woken_and_asked,),
        (Send("go"), Send("go"), Send("go")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened go#0 1h
        +0s event go
        +0s wait.matched go#0
        +0s journey.completed "twice"
        +0s event go
        """,
    ),
]


@workflow(trigger="go")
async def sees_position(journey: Journey) -> list[int]:
    seen = [len(journey.events("tick"))]
    for _ in range(3):
        await journey.wait_for("tick", past=False)
        seen.append(len(journey.events("tick")))
    return seen


CASES += [
    Case(
        "a journey sees history up to its position only, however many events are handed in at once",
        (sees_position,),
        (Send("tick"), Send("go"), *[Send("tick")] * 4),
        """
        +0s event tick
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0
        +0s event tick
        +0s wait.matched tick#0
        +0s wait.opened tick#1
        +0s event tick
        +0s wait.matched tick#1
        +0s wait.opened tick#2
        +0s event tick
        +0s wait.matched tick#2
        +0s journey.completed [1,2,3,4]
        +0s event tick
        """,
    ),
]


@workflow(trigger="go")
async def sleeps_then_waits(journey: Journey) -> str:
    await journey.sleep("1h")
    found = await journey.wait_for("x", past=False, timeout="1h")
    return "after" if found else "never"


CASES += [
    Case(
        "an event in the moment of a sleep's end comes before it, and is past for what follows",
        (sleeps_then_waits,),
        (Send("go"), Send("x", after="1h"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1h
        +1h event x
        +1h sleep.done #0
        +1h wait.opened x#0 1h
        +2h wait.timeout x#0
        +2h journey.completed "never"
        """,
    ),
    Case(
        "events and deadlines of many users merge by time",
        (sleeps_then_waits,),
        (
            Send("go", user="a"),
            Send("go", user="b", after="10m"),
            Send("x", user="a", after="55m"),
            Forward("1d"),
        ),
        """
        +0s event go @a
        +0s sleeps_then_waits/a journey.started
        +0s sleeps_then_waits/a sleep.opened #0 1h
        +10m event go @b
        +10m sleeps_then_waits/b journey.started
        +10m sleeps_then_waits/b sleep.opened #0 1h
        +1h sleeps_then_waits/a sleep.done #0
        +1h sleeps_then_waits/a wait.opened x#0 1h
        +1h5m event x @a
        +1h5m sleeps_then_waits/a wait.matched x#0
        +1h5m sleeps_then_waits/a journey.completed "after"
        +1h10m sleeps_then_waits/b sleep.done #0
        +1h10m sleeps_then_waits/b wait.opened x#0 1h
        +2h10m sleeps_then_waits/b wait.timeout x#0
        +2h10m sleeps_then_waits/b journey.completed "never"
        """,
    ),
]


@workflow(trigger="start", name="first sends")
async def sends_late(journey: Journey) -> str:
    await journey.sleep("1h")
    await journey.ingest("x")
    return "sent"


@workflow(trigger=["start", "wait"], name="second waits")
async def waits_for_it(journey: Journey) -> str:
    return "in time" if await journey.wait_for("x", timeout="1h") else "too late"


CASES += [
    Case(
        "an event that a deadline brings beats the deadlines of its moment that are still to come",
        (sends_late, waits_for_it),
        (Send("start"), Forward("2h")),
        """
        +0s event start
        +0s first sends/u journey.started
        +0s first sends/u sleep.opened #0 1h
        +0s second waits/u journey.started
        +0s second waits/u wait.opened x#0 1h
        +1h first sends/u sleep.done #0
        +1h event x from first sends/u
        +1h first sends/u journey.completed "sent"
        +1h second waits/u wait.matched x#0
        +1h second waits/u journey.completed "in time"
        """,
    ),
    Case(
        "an event that a deadline brings is too late for a deadline of its moment that was opened before",
        (sends_late, waits_for_it),
        (Send("wait"), Send("start"), Forward("2h")),
        """
        +0s event wait
        +0s second waits/u journey.started
        +0s second waits/u wait.opened x#0 1h
        +0s event start
        +0s first sends/u journey.started
        +0s first sends/u sleep.opened #0 1h
        +1h second waits/u wait.timeout x#0
        +1h second waits/u journey.completed "too late"
        +1h first sends/u sleep.done #0
        +1h event x from first sends/u
        +1h first sends/u journey.completed "sent"
        """,
    ),
]
