"""A workflow is paused: nothing of it begins or moves, what comes is kept; it goes on as after downtime."""

from __future__ import annotations

from studio import Journey, goal, workflow
from tests.conformance.case import Case, Forward, Pause, Send, Unpause

CASES: list[Case] = []


@workflow(trigger="go")
async def held(journey: Journey) -> str:
    x = await journey.wait_for("x", timeout="1d")
    await journey.sleep("1d")
    return f"{len(x)} of x, {journey.now():%d %H}"


CASES += [
    Case(
        "in a paused workflow deadlines stand by, and come at their own moments when it goes on",
        (held,),
        (Send("go"), Forward("1h"), Pause("held"), Forward("3d"), Unpause("held")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 1d
        +1h workflow.paused held
        +3d1h workflow.unpaused held
        +1d wait.timeout x#0
        +1d sleep.opened #0 1d
        +2d sleep.done #0
        +2d journey.completed "0 of x, 03 00"
        """,
        killed=True,
    ),
    Case(
        "a deadline that is to come when a paused workflow goes on is as it was",
        (held,),
        (Send("go"), Pause("held"), Forward("2h"), Unpause("held"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 1d
        +0s workflow.paused held
        +2h workflow.unpaused held
        +1d wait.timeout x#0
        +1d sleep.opened #0 1d
        +2d sleep.done #0
        +2d journey.completed "0 of x, 03 00"
        """,
    ),
    Case(
        "what came in time while a workflow was paused answers a wait when it goes on, not what came late",
        (held,),
        (
            *(Send("go"), Send("go", user="v"), Pause("held"), Forward("2h"), Send("x"), Forward("2d")),
            *(Send("x", user="v"), Unpause("held"), Forward("2d")),
        ),
        """
        +0s event go @u
        +0s held/u journey.started
        +0s held/u wait.opened x#0 1d
        +0s event go @v
        +0s held/v journey.started
        +0s held/v wait.opened x#0 1d
        +0s workflow.paused held
        +2h event x @u
        +2d2h event x @v
        +2d2h workflow.unpaused held
        +2d2h held/u wait.matched x#0
        +2d2h held/u sleep.opened #0 1d
        +1d held/v wait.timeout x#0
        +1d held/v sleep.opened #0 1d
        +2d held/v sleep.done #0
        +2d held/v journey.completed "0 of x, 03 00"
        +3d2h held/u sleep.done #0
        +3d2h held/u journey.completed "1 of x, 04 02"
        """,
        killed=True,
    ),
    Case(
        "a trigger while a workflow is paused begins nothing, also not when it goes on",
        (held,),
        (
            *(Pause("held"), Send("go"), Send("studio/start/held"), Unpause("held"), Forward("1h")),
            *(Send("go", user="v"), Forward("1h")),
        ),
        """
        +0s workflow.paused held
        +0s event go @u
        +0s event studio/start/held @u
        +0s workflow.unpaused held
        +1h event go @v
        +1h journey.started
        +1h wait.opened x#0 1d
        """,
    ),
]


@workflow(trigger="go")
async def passes(journey: Journey) -> None:
    journey.log(f"pass by {journey.trigger.id}")


CASES += [
    Case(
        "a trigger while a workflow is paused begins no pass of a journey that is idle",
        (passes,),
        (
            *(Send("go", id="1"), Pause("passes"), Send("go", id="2"), Unpause("passes"), Forward("1h")),
            Send("go", id="3"),
        ),
        """
        +0s event go id=1
        +0s journey.started
        +0s log pass by 1
        +0s workflow.paused passes
        +0s event go id=2
        +0s workflow.unpaused passes
        +1h event go id=3
        +1h journey.pass 2
        +1h log pass by 3
        """,
    ),
]


@workflow(trigger="go", key="cart", exit_on="left", goal=goal("paid", within="30d"))
async def carts(journey: Journey) -> str:
    await journey.sleep("7d")
    return "over"


CASES += [
    Case(
        "goals and exits of a paused workflow count at their own moments, with key= for their journey alone",
        (carts,),
        (
            *(Send("go", {"cart": 1}), Send("go", {"cart": 2}), Pause("carts"), Forward("1d")),
            *(Send("paid", {"cart": 1}), Send("left", {"cart": 2}), Forward("9d"), Unpause("carts")),
        ),
        """
        +0s event go {"cart":1}
        +0s carts/u/1 journey.started
        +0s carts/u/1 sleep.opened #0 7d
        +0s event go {"cart":2}
        +0s carts/u/2 journey.started
        +0s carts/u/2 sleep.opened #0 7d
        +0s workflow.paused carts
        +1d event paid {"cart":1}
        +1d carts/u/1 goal.met paid 1d
        +1d event left {"cart":2}
        +1d carts/u/2 sleep.closed #0
        +1d carts/u/2 journey.exited
        +10d workflow.unpaused carts
        +7d carts/u/1 sleep.done #0
        +7d carts/u/1 journey.completed "over"
        """,
    ),
    Case(
        "others go on while a workflow is paused, and what they send it is kept",
        (held, passes),
        (
            *(Send("go", id="1"), Pause("held"), Send("x"), Send("go", id="2"), Forward("1h")),
            *(Unpause("held"), Forward("2d")),
        ),
        """
        +0s event go id=1
        +0s held/u journey.started
        +0s held/u wait.opened x#0 1d
        +0s passes/u journey.started
        +0s passes/u log pass by 1
        +0s workflow.paused held
        +0s event x
        +0s event go id=2
        +0s passes/u journey.pass 2
        +0s passes/u log pass by 2
        +1h workflow.unpaused held
        +1h held/u wait.matched x#0
        +1h held/u sleep.opened #0 1d
        +1d1h held/u sleep.done #0
        +1d1h held/u journey.completed "1 of x, 02 01"
        """,
    ),
]


@workflow(trigger="go")
async def digest(journey: Journey) -> str:
    said = await journey.collect("comment", quiet="10m", at_most="1d", count=3, timeout="2d")
    return f"{len(said)}, {journey.now():%d %H:%M}"


CASES += [
    Case(
        "a digest of a paused workflow runs its time: quiet for long enough, it is over at that moment",
        (digest,),
        (
            *(Send("go"), Pause("digest"), Forward("1h"), Send("comment"), Forward("5m"), Send("comment")),
            *(Forward("1h"), Send("comment"), Forward("1h"), Unpause("digest")),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0 2d
        +0s workflow.paused digest
        +1h event comment
        +1h wait.moved comment#0 1h10m
        +1h5m event comment
        +2h5m event comment
        +3h5m workflow.unpaused digest
        +1h10m wait.moved comment#0 1h15m
        +1h15m wait.matched comment#0 x2
        +1h15m journey.completed "2, 01 01:15"
        """,
    ),
    Case(
        "a digest that was filled while its workflow was paused is over when that goes on",
        (digest,),
        (
            *(Send("go"), Pause("digest"), Forward("1h"), Send("comment"), Send("comment")),
            *(Send("comment"), Send("comment"), Forward("1m"), Unpause("digest")),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0 2d
        +0s workflow.paused digest
        +1h event comment
        +1h wait.moved comment#0 1h10m
        +1h event comment
        +1h event comment
        +1h event comment
        +1h1m workflow.unpaused digest
        +1h1m wait.matched comment#0 x3
        +1h1m journey.completed "3, 01 01:01"
        """,
    ),
]


@workflow(trigger="go")
async def nudged(journey: Journey) -> str:
    either = await journey.wait_any(journey.wait_for("x"), journey.wait_for("y"), timeout="1d")
    return "answered" if any(either) else "nudged"


CASES += [
    Case(
        "with skip_late those leave whose next deadline is further behind, unless answered before it",
        (nudged,),
        (
            *(Send("go"), Send("go", user="v"), Pause("nudged"), Forward("1h"), Send("y", user="v")),
            *(Forward("2d"), Send("x"), Forward("2d"), Unpause("nudged", "2d")),
        ),
        """
        +0s event go @u
        +0s nudged/u journey.started
        +0s nudged/u wait.opened x#0
        +0s nudged/u wait.opened y#0
        +0s nudged/u wait.opened any#0 [wait:x#0, wait:y#0] 1d
        +0s event go @v
        +0s nudged/v journey.started
        +0s nudged/v wait.opened x#0
        +0s nudged/v wait.opened y#0
        +0s nudged/v wait.opened any#0 [wait:x#0, wait:y#0] 1d
        +0s workflow.paused nudged
        +1h event y @v
        +2d1h event x @u
        +4d1h workflow.unpaused nudged 2d
        +4d1h nudged/u wait.closed x#0
        +4d1h nudged/u wait.closed y#0
        +4d1h nudged/u wait.closed any#0
        +4d1h nudged/u journey.exited 3d1h
        +4d1h nudged/v wait.matched y#0
        +4d1h nudged/v wait.closed x#0
        +4d1h nudged/v wait.matched any#0 [wait:y#0]
        +4d1h nudged/v journey.completed "answered"
        """,
        killed=True,
    ),
    Case(
        "with skip_late who is late by less goes on",
        (nudged,),
        (Send("go"), Pause("nudged"), Forward("3d"), Unpause("nudged", "2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s wait.opened y#0
        +0s wait.opened any#0 [wait:x#0, wait:y#0] 1d
        +0s workflow.paused nudged
        +3d workflow.unpaused nudged 2d
        +1d wait.timeout any#0 []
        +1d wait.closed x#0
        +1d wait.closed y#0
        +1d journey.completed "nudged"
        """,
    ),
]
