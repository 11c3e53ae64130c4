"""What fails a journey, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def raises(journey: Journey) -> None:
    await journey.wait_for("x")
    raise ValueError("no good")


@workflow(trigger="go")
async def steady(journey: Journey) -> str:
    await journey.wait_for("x")
    return "fine"


CASES += [
    Case(
        "a pass that raises leaves the journey failed with its line, and the others go on",
        (raises, steady),
        (Send("go"), Send("x"), Send("go")),
        """
        +0s event go
        +0s raises/u journey.started
        +0s raises/u wait.opened x#0
        +0s steady/u journey.started
        +0s steady/u wait.opened x#0
        +0s event x
        +0s raises/u wait.matched x#0
        +0s raises/u journey.failed ValueError: no good at raise ValueError("no good")
        +0s steady/u wait.matched x#0
        +0s steady/u journey.completed "fine"
        +0s event go
        """,
    ),
]


@workflow(trigger="go")
async def returns_object(journey: Journey) -> object:
    await journey.sleep("1h")
    return {"what": {1, 2}}


@workflow(trigger="go")
async def returns_nan(journey: Journey) -> float:
    return float("nan")


CASES += [
    Case(
        "a result that JSON cannot hold fails the journey",
        (returns_object,),
        (Send("go"), Forward("2h")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h journey.failed WorkflowError: …set…
        """,
    ),
    Case(
        "NaN is no result",
        (returns_nan,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …NaN…
        """,
    ),
]


@workflow(trigger="go")
async def sleeps_for_real(journey: Journey) -> None:
    await journey.wait_for("x")
    await asyncio.sleep(1)


@workflow(trigger="go")
async def yields_bare(journey: Journey) -> None:
    await asyncio.sleep(0)


@workflow(trigger="go")
async def wants_loop(journey: Journey) -> None:
    asyncio.get_running_loop()


@workflow(trigger="go")
async def forgets_await(journey: Journey) -> None:
    if journey.wait_for("x"):
        journey.log("never")  # type: ignore[unreachable]


@workflow(trigger="go")
async def odd_duration(journey: Journey) -> None:
    await journey.wait_for("paid", timeout="3x")


@workflow(trigger="go")
async def steps_a_result(journey: Journey) -> None:
    await journey.step("sum", sum([1, 2]))  # type: ignore[call-overload]


CASES += [
    Case(
        "asyncio.sleep fails the journey at its line, saying what to write instead",
        (sleeps_for_real,),
        (Send("go"), Send("x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s journey.failed WorkflowError: …await journey.… at await asyncio.sleep(1)
        """,
    ),
    Case(
        "a bare yield to an event loop fails the journey at its line",
        (yields_bare,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …await journey.… at await asyncio.sleep(0)
        """,
    ),
    Case(
        "there is no event loop in a workflow",
        (wants_loop,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …await journey.… at asyncio.get_running_loop()
        """,
    ),
    Case(
        "a forgotten await fails the journey at its line",
        (forgets_await,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …await… at if journey.wait_for("x"):
        """,
    ),
    Case(
        "what is not a duration fails the journey at its line, with an example",
        (odd_duration,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …paid…3x…7d… at await journey.wait_for("paid", timeout="3x")
        """,
    ),
    Case(
        "a step that was given a result and no function fails the journey",
        (steps_a_result,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed WorkflowError: …function… at await journey.step("sum", sum([1, 2]))…
        """,
    ),
]


def tidy(word: str) -> str:
    return word


@workflow(trigger="go")
async def finally_awaits(journey: Journey) -> str:
    try:
        await journey.wait_for("x")
        journey.log("x is here")
    finally:
        journey.log("cleaning up")
        await journey.step("clean", tidy, "clean")
    return "done"


@workflow(trigger="go")
async def finally_after_error(journey: Journey) -> None:
    try:
        await journey.wait_for("x")
        raise KeyError("lost")
    finally:
        await journey.sleep("1h")
        print("slept on it")


CASES += [
    Case(
        "a finally block that awaits runs when the journey really leaves, and not before",
        (finally_awaits,),
        (Send("go"), Send("noise"), Send("x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s event noise
        +0s event x
        +0s wait.matched x#0
        +0s log x is here
        +0s log cleaning up
        +0s step.started clean#0
        +0s step.done clean#0 "clean"
        +0s journey.completed "done"
        """,
    ),
    Case(
        "a finally block may wait for days before its error goes on",
        (finally_after_error,),
        (Send("go"), Send("x"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h log slept on it
        +1h journey.failed KeyError: 'lost' at raise KeyError("lost")
        """,
    ),
]


@contextmanager
def mentioned(journey: Journey, what: str) -> Iterator[None]:
    journey.log(f"begin {what}")
    try:
        yield
    finally:
        journey.log(f"end {what}")


@workflow(trigger="go")
async def in_context(journey: Journey) -> int:
    with mentioned(journey, "waiting"):
        await journey.wait_for("x")
        await journey.wait_for("y")
    return 1


CASES += [
    Case(
        "leaving a suspended journey is no exit of its contexts",
        (in_context,),
        (Send("go"), Send("x"), Send("y")),
        """
        +0s event go
        +0s journey.started
        +0s log begin waiting
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s wait.opened y#0
        +0s event y
        +0s wait.matched y#0
        +0s log end waiting
        +0s journey.completed 1
        """,
    ),
]


@workflow(trigger="go")
async def catches_all(journey: Journey) -> str:
    try:
        await journey.wait_for("x")
    except BaseException:
        print("caught")
        await journey.wait_for("never")
    return "past it"


@workflow(trigger="go")
async def catches_for_ever(journey: Journey) -> None:
    while True:
        try:
            await journey.wait_for("x")
            return
        except BaseException:
            continue


CASES += [
    Case(
        "except BaseException around a wait harms nothing",
        (catches_all,),
        (Send("go"), Send("x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s journey.completed "past it"
        """,
    ),
    Case(
        "except BaseException around a wait in a loop fails the journey with the line",
        (catches_for_ever,),
        (Send("go"), Send("x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s wait.closed x#0
        +0s journey.failed WorkflowError: … at await journey.wait_for("x")
        +0s event x
        """,
    ),
]


@workflow(trigger="go")
async def exits(journey: Journey) -> None:
    raise SystemExit("enough")


@workflow(trigger="go")
async def hands_over(journey: Journey) -> None:
    shelf.append(journey)
    await journey.wait_for("x")


@workflow(trigger="steal")
async def steals(journey: Journey) -> None:
    await shelf[-1].wait_for("x")


shelf: list[Journey] = []

CASES += [
    Case(
        "SystemExit ends the journey and not the engine",
        (exits,),
        (Send("go"), Send("still here")),
        """
        +0s event go
        +0s journey.started
        +0s journey.failed SystemExit: enough at raise SystemExit("enough")
        +0s event still here
        """,
    ),
    Case(
        "a command of another journey fails the one that awaits it",
        (hands_over, steals),
        (Send("go"), Send("steal"), Send("x")),
        """
        +0s event go
        +0s hands_over/u journey.started
        +0s hands_over/u wait.opened x#0
        +0s event steal
        +0s steals/u journey.started
        +0s steals/u journey.failed WorkflowError: …another journey… at await shelf[-1].wait_for("x")
        +0s event x
        +0s hands_over/u wait.matched x#0
        """,
        not_by={
            "restarted": "the shelf is memory, and after a restart nothing may stand on it",
            "abandoned": "the shelf is memory, and after a restart nothing may stand on it",
        },
    ),
]


@workflow(trigger="go")
async def a_thousand(journey: Journey) -> int:
    for _ in range(1_200):
        await journey.ingest("drop")
    return len(journey.events("drop"))


@workflow(trigger="go")
async def ten_thousand(journey: Journey) -> None:
    while True:
        await journey.ingest("drop")


CASES += [
    Case(
        "a thousand commands in a pass give a warning",
        (a_thousand,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s event drop from a_thousand/u (many)
        +0s log.warning …1,000…new_pass…
        +0s event drop from a_thousand/u (many)
        +0s journey.completed 1200
        """,
    ),
    Case(
        "ten thousand commands in a pass fail the journey with the line",
        (ten_thousand,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s event drop from ten_thousand/u (many)
        +0s log.warning …1,000…new_pass…
        +0s event drop from ten_thousand/u (many)
        +0s journey.failed WorkflowError: …10,000…new_pass… at await journey.ingest("drop")
        """,
    ),
]
