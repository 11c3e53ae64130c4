"""wait_any and wait_all: over waits, sleeps, steps and one another."""

from __future__ import annotations

from typing import Any

from studio import Journey, StepFailed, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def paid_or_left(journey: Journey) -> list[list[bool]]:
    paid, left = await journey.wait_any(journey.wait_for("paid"), journey.wait_for("left"), timeout="7d")
    return [[bool(paid), paid.timed_out], [bool(left), left.timed_out]]


CASES += [
    Case(
        "wait_any ends at the first match, with a result for each",
        (paid_or_left,),
        (Send("go"), Forward("1d"), Send("left")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:paid#0, wait:left#0] 7d
        +1d event left
        +1d wait.matched left#0
        +1d wait.closed paid#0
        +1d wait.matched any#0 [wait:left#0]
        +1d journey.completed [[false,false],[true,false]]
        """,
        killed=True,
    ),
    Case(
        "of two events in one moment the first ends a wait_any",
        (paid_or_left,),
        (Send("go"), Send("left"), Send("paid")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:paid#0, wait:left#0] 7d
        +0s event left
        +0s wait.matched left#0
        +0s wait.closed paid#0
        +0s wait.matched any#0 [wait:left#0]
        +0s journey.completed [[false,false],[true,false]]
        +0s event paid
        """,
    ),
    Case(
        "the own timeout of a wait_any ends its members with it",
        (paid_or_left,),
        (Send("go"), Forward("8d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:paid#0, wait:left#0] 7d
        +7d wait.timeout any#0 []
        +7d wait.closed paid#0
        +7d wait.closed left#0
        +7d journey.completed [[false,false],[false,false]]
        """,
    ),
    Case(
        "a match in the moment of the group's timeout beats it",
        (paid_or_left,),
        (Send("go"), Send("paid", after="7d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:paid#0, wait:left#0] 7d
        +7d event paid
        +7d wait.matched paid#0
        +7d wait.closed left#0
        +7d wait.matched any#0 [wait:paid#0]
        +7d journey.completed [[true,false],[false,false]]
        """,
    ),
    Case(
        "a wait_any that the past answers opens nothing",
        (paid_or_left,),
        (Send("left"), Send("go")),
        """
        +0s event left
        +0s event go
        +0s journey.started
        +0s wait.matched left#0
        +0s wait.matched any#0 [wait:left#0]
        +0s journey.completed [[false,false],[true,false]]
        """,
    ),
]


@workflow(trigger="go")
async def both_in_time(journey: Journey) -> list[bool]:
    a, b = await journey.wait_any(journey.wait_for("a", timeout="1d"), journey.wait_for("b", timeout="2d"))
    return [bool(a), a.timed_out, bool(b), b.timed_out]


CASES += [
    Case(
        "a timeout is no match: wait_any goes on with the others",
        (both_in_time,),
        (Send("go"), Forward("1d12h"), Send("b")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 1d
        +0s wait.opened b#0 2d
        +0s wait.opened any#0 [wait:a#0, wait:b#0]
        +1d wait.timeout a#0
        +1d12h event b
        +1d12h wait.matched b#0
        +1d12h wait.matched any#0 [wait:a#0, wait:b#0]
        +1d12h journey.completed [false,true,true,false]
        """,
    ),
    Case(
        "wait_any ends when every member is over",
        (both_in_time,),
        (Send("go"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 1d
        +0s wait.opened b#0 2d
        +0s wait.opened any#0 [wait:a#0, wait:b#0]
        +1d wait.timeout a#0
        +2d wait.timeout b#0
        +2d wait.timeout any#0 [wait:a#0, wait:b#0]
        +2d journey.completed [false,true,false,true]
        """,
    ),
]


@workflow(trigger="go")
async def all_of(journey: Journey) -> list[bool]:
    a, b = await journey.wait_all(
        journey.wait_for("a", timeout="2d"), journey.wait_for("b", timeout="1d"), timeout="30h"
    )
    return [bool(a), a.timed_out, bool(b), b.timed_out]


CASES += [
    Case(
        "wait_all ends when each has matched",
        (all_of,),
        (Send("go"), Send("b"), Forward("1h"), Send("a")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 2d
        +0s wait.opened b#0 1d
        +0s wait.opened all#0 [wait:a#0, wait:b#0] 1d6h
        +0s event b
        +0s wait.matched b#0
        +1h event a
        +1h wait.matched a#0
        +1h wait.matched all#0 [wait:a#0, wait:b#0]
        +1h journey.completed [true,false,true,false]
        """,
    ),
    Case(
        "for wait_all a timeout is an end like a match",
        (all_of,),
        (Send("go"), Forward("25h"), Send("a")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 2d
        +0s wait.opened b#0 1d
        +0s wait.opened all#0 [wait:a#0, wait:b#0] 1d6h
        +1d wait.timeout b#0
        +1d1h event a
        +1d1h wait.matched a#0
        +1d1h wait.matched all#0 [wait:a#0, wait:b#0]
        +1d1h journey.completed [true,false,false,true]
        """,
    ),
    Case(
        "the own timeout of a wait_all ends it with what there is",
        (all_of,),
        (Send("go"), Send("b"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 2d
        +0s wait.opened b#0 1d
        +0s wait.opened all#0 [wait:a#0, wait:b#0] 1d6h
        +0s event b
        +0s wait.matched b#0
        +1d6h wait.timeout all#0 [wait:b#0]
        +1d6h wait.closed a#0
        +1d6h journey.completed [false,false,true,false]
        """,
    ),
]


@workflow(trigger="go")
async def paid_or_late(journey: Journey) -> list[Any]:
    paid, late = await journey.wait_any(journey.wait_for("paid"), journey.sleep("1d", "too late"))
    return [bool(paid), late]


CASES += [
    Case(
        "a sleep ends a wait_any, and gives its value",
        (paid_or_late,),
        (Send("go"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s sleep.opened #0 1d
        +0s wait.opened any#0 [wait:paid#0, sleep#0]
        +1d sleep.done #0
        +1d wait.closed paid#0
        +1d wait.matched any#0 [sleep#0]
        +1d journey.completed [false,"too late"]
        """,
    ),
    Case(
        "a sleep that was not slept gives None",
        (paid_or_late,),
        (Send("go"), Send("paid"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s sleep.opened #0 1d
        +0s wait.opened any#0 [wait:paid#0, sleep#0]
        +0s event paid
        +0s wait.matched paid#0
        +0s sleep.closed #0
        +0s wait.matched any#0 [wait:paid#0]
        +0s journey.completed [true,null]
        """,
    ),
]


def add(a: int, b: int) -> int:
    return a + b


async def fail(why: str) -> None:
    raise ValueError(why)


@workflow(trigger="go")
async def parallel(journey: Journey) -> list[int]:
    return await journey.wait_all(journey.step("one", add, 1, 0), journey.step("two", add, 1, b=1))


@workflow(trigger="go")
async def step_or_wait(journey: Journey) -> list[Any]:
    left, sum = await journey.wait_any(journey.wait_for("left"), journey.step("sum", add, 2, 3))
    return [bool(left), sum]


@workflow(trigger="go")
async def failing_member(journey: Journey) -> list[str]:
    try:
        await journey.wait_any(journey.wait_for("left"), journey.step("charge", fail, "no money"))
    except StepFailed as error:
        return [error.name, error.type, error.message]
    return []


CASES += [
    Case(
        "steps in wait_all are under way together",
        (parallel,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started one#0
        +0s step.started two#0
        +0s wait.opened all#0 [step:one#0, step:two#0]
        +0s step.done one#0 1
        +0s step.done two#0 2
        +0s wait.matched all#0 [step:one#0, step:two#0]
        +0s journey.completed [1,2]
        """,
        not_by={"wall": "in real time either step may end first", "run": "in real time either may end first"},
    ),
    Case(
        "a step ends a wait_any",
        (step_or_wait,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened left#0
        +0s step.started sum#0
        +0s wait.opened any#0 [wait:left#0, step:sum#0]
        +0s step.done sum#0 5
        +0s wait.closed left#0
        +0s wait.matched any#0 [step:sum#0]
        +0s journey.completed [false,5]
        """,
    ),
    Case(
        "a step that fails in a group raises at the group's await",
        (failing_member,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened left#0
        +0s step.started charge#0
        +0s wait.opened any#0 [wait:left#0, step:charge#0]
        +0s step.failed charge#0 ValueError: no money
        +0s wait.closed left#0
        +0s wait.matched any#0 [step:charge#0]
        +0s journey.completed ["charge","ValueError","no money"]
        """,
    ),
]


@workflow(trigger="go")
async def nest(journey: Journey) -> list[Any]:
    docs = journey.wait_all(journey.wait_for("a"), journey.wait_for("b"))
    both, late = await journey.wait_any(docs, journey.sleep("1d"))
    return [None if both is None else [len(found) for found in both], late]


CASES += [
    Case(
        "groups nest: the inner one ends the outer",
        (nest,),
        (Send("go"), Send("b"), Forward("1h"), Send("a")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0
        +0s wait.opened b#0
        +0s wait.opened all#0 [wait:a#0, wait:b#0]
        +0s sleep.opened #0 1d
        +0s wait.opened any#0 [all#0, sleep#0]
        +0s event b
        +0s wait.matched b#0
        +1h event a
        +1h wait.matched a#0
        +1h wait.matched all#0 [wait:a#0, wait:b#0]
        +1h sleep.closed #0
        +1h wait.matched any#0 [all#0]
        +1h journey.completed [[1,1],null]
        """,
    ),
    Case(
        "groups nest: what is still open ends with the outer one, the inner group too",
        (nest,),
        (Send("go"), Send("b"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0
        +0s wait.opened b#0
        +0s wait.opened all#0 [wait:a#0, wait:b#0]
        +0s sleep.opened #0 1d
        +0s wait.opened any#0 [all#0, sleep#0]
        +0s event b
        +0s wait.matched b#0
        +1d sleep.done #0
        +1d wait.closed a#0
        +1d wait.closed all#0
        +1d wait.matched any#0 [sleep#0]
        +1d journey.completed [null,true]
        """,
    ),
]


@workflow(trigger="go")
async def nest_all(journey: Journey) -> list[Any]:
    first = journey.wait_any(journey.wait_for("a"), journey.sleep("1h", "slept"))
    second = journey.step("sum", add, 1, 1)
    third = journey.wait_any(journey.wait_for("b", timeout="2h"), journey.wait_for("c", timeout="3h"))
    (a, slept), sum, (b, c) = await journey.wait_all(first, second, third, timeout="150m")
    return [bool(a), slept, sum, bool(b), bool(c)]


CASES += [
    Case(
        "a wait_all of groups, sleeps and steps waits for each",
        (nest_all,),
        (Send("go"), Forward("2h15m"), Send("c")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0
        +0s sleep.opened #0 1h
        +0s wait.opened any#0 [wait:a#0, sleep#0]
        +0s wait.opened b#0 2h
        +0s wait.opened c#0 3h
        +0s wait.opened any#1 [wait:b#0, wait:c#0]
        +0s step.started sum#0
        +0s wait.opened all#0 [any#0, step:sum#0, any#1] 2h30m
        +0s step.done sum#0 2
        +1h sleep.done #0
        +1h wait.closed a#0
        +1h wait.matched any#0 [sleep#0]
        +2h wait.timeout b#0
        +2h15m event c
        +2h15m wait.matched c#0
        +2h15m wait.matched any#1 [wait:b#0, wait:c#0]
        +2h15m wait.matched all#0 [any#0, step:sum#0, any#1]
        +2h15m journey.completed [false,"slept",2,false,true]
        """,
    ),
]


@workflow(trigger="go")
async def two_of_one(journey: Journey) -> list[int]:
    red, big = await journey.wait_any(
        journey.wait_for("box", {"colour": "red"}), journey.wait_for("box", {"size": "big"}), id="boxes"
    )
    return [len(red), len(big)]


CASES += [
    Case(
        "one event may end several members, and the outcome names them; a group may have an id",
        (two_of_one,),
        (Send("go"), Send("box", {"colour": "red", "size": "big"})),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened box#0 {"colour":"red"}
        +0s wait.opened box#1 {"size":"big"}
        +0s wait.opened any=boxes [wait:box#0, wait:box#1]
        +0s event box {"colour":"red","size":"big"}
        +0s wait.matched box#0
        +0s wait.matched box#1
        +0s wait.matched any=boxes [wait:box#0, wait:box#1]
        +0s journey.completed [1,1]
        """,
    ),
]


@workflow(trigger="go")
async def until_stop(journey: Journey) -> int:
    ticks = 0
    while True:
        tick, stop = await journey.wait_any(journey.wait_for("tick"), journey.wait_for("stop"))
        ticks += len(tick)
        if stop:
            return ticks


CASES += [
    Case(
        "a loop over wait_any gets each event once",
        (until_stop,),
        (Send("go"), Send("tick"), Send("tick"), Send("stop"), Send("tick")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0
        +0s wait.opened stop#0
        +0s wait.opened any#0 [wait:tick#0, wait:stop#0]
        +0s event tick
        +0s wait.matched tick#0
        +0s wait.closed stop#0
        +0s wait.matched any#0 [wait:tick#0]
        +0s wait.opened tick#1
        +0s wait.opened stop#1
        +0s wait.opened any#1 [wait:tick#1, wait:stop#1]
        +0s event tick
        +0s wait.matched tick#1
        +0s wait.closed stop#1
        +0s wait.matched any#1 [wait:tick#1]
        +0s wait.opened tick#2
        +0s wait.opened stop#2
        +0s wait.opened any#2 [wait:tick#2, wait:stop#2]
        +0s event stop
        +0s wait.matched stop#2
        +0s wait.closed tick#2
        +0s wait.matched any#2 [wait:stop#2]
        +0s journey.completed 2
        +0s event tick
        """,
    ),
]


@workflow(trigger="go")
async def after_the_group(journey: Journey) -> list[Any]:
    paid, left = await journey.wait_any(journey.wait_for("paid"), journey.wait_for("left"))
    await journey.sleep("1d")
    again = await journey.wait_for("paid", timeout="1d")
    return [bool(paid), bool(left), bool(again)]


CASES += [
    Case(
        "what a group closed can be waited for again, and finds what came since",
        (after_the_group,),
        (Send("go"), Send("left"), Forward("1h"), Send("paid"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:paid#0, wait:left#0]
        +0s event left
        +0s wait.matched left#0
        +0s wait.closed paid#0
        +0s wait.matched any#0 [wait:left#0]
        +0s sleep.opened #0 1d
        +1h event paid
        +1d sleep.done #0
        +1d wait.matched paid#1
        +1d journey.completed [false,true,true]
        """,
    ),
]


@workflow(trigger="go")
async def two_photos(journey: Journey) -> list[list[int]]:
    one, two = await journey.wait_all(journey.wait_for("photo"), journey.wait_for("photo"), timeout="1d")
    return [[photo["n"] for photo in one], [photo["n"] for photo in two]]


CASES += [
    Case(
        "a second wait of the same in a group goes on behind the first: it wants another event",
        (two_photos,),
        (Send("go"), Send("photo", {"n": 1}), Send("photo", {"n": 2})),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened photo#0
        +0s wait.opened photo#1
        +0s wait.opened all#0 [wait:photo#0, wait:photo#1] 1d
        +0s event photo {"n":1}
        +0s wait.matched photo#0
        +0s event photo {"n":2}
        +0s wait.matched photo#1
        +0s wait.matched all#0 [wait:photo#0, wait:photo#1]
        +0s journey.completed [[1],[2]]
        """,
    ),
    Case(
        "in a group the past goes to the first wait of the same, and the second waits",
        (two_photos,),
        (Send("photo", {"n": 1}), Send("photo", {"n": 2}), Send("go"), Send("photo", {"n": 3})),
        """
        +0s event photo {"n":1}
        +0s event photo {"n":2}
        +0s event go
        +0s journey.started
        +0s wait.matched photo#0 x2
        +0s wait.opened photo#1
        +0s wait.opened all#0 [wait:photo#0, wait:photo#1] 1d
        +0s event photo {"n":3}
        +0s wait.matched photo#1
        +0s wait.matched all#0 [wait:photo#0, wait:photo#1]
        +0s journey.completed [[1,2],[3]]
        """,
    ),
]
