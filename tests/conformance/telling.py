"""What a journey says and asks of itself: logs, notes, time and chance; the same at every replay."""

from __future__ import annotations

import io
import logging
from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []

logger = logging.getLogger("tests.conformance")
logger.setLevel(logging.DEBUG)


@workflow(trigger="go")
async def talks(journey: Journey) -> str:
    print("one", 2, sep=" and ")
    await journey.wait_for("x")
    logger.warning("watch %s", "out")
    logger.debug("a detail")
    await journey.wait_for("y")
    journey.log("said", {"n": 1}, level="error")
    _aside("by the way")
    return "said"


def _aside(words: str) -> None:
    print(words)
    print("elsewhere", file=io.StringIO())


CASES += [
    Case(
        "print, logging and log are log entries, said once however often the journey is driven",
        (talks,),
        (Send("go"), Send("x"), Forward("1h"), Send("y")),
        """
        +0s event go
        +0s journey.started
        +0s log one and 2
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s log.warning watch out
        +0s log.debug a detail
        +0s wait.opened y#0
        +1h event y
        +1h wait.matched y#0
        +1h log.error said {'n': 1}
        +1h log by the way
        +1h journey.completed "said"
        """,
        killed=True,
    ),
]


@workflow(trigger="go")
async def notes(journey: Journey) -> None:
    journey.note("waits for the first login")
    await journey.wait_for("login")
    journey.note("active")


CASES += [
    Case(
        "a note says where a journey stands, once",
        (notes,),
        (Send("go"), Send("login")),
        """
        +0s event go
        +0s journey.started
        +0s note waits for the first login
        +0s wait.opened login#0
        +0s event login
        +0s wait.matched login#0
        +0s note active
        """,
    ),
]


def by_chance(journey: Journey) -> list[Any]:
    return [journey.random(), str(journey.uuid()), journey.random("named"), journey.now().isoformat()]


@workflow(trigger="go")
async def gambles(journey: Journey) -> list[bool]:
    one = by_chance(journey)
    kept = await journey.step("keep one", remember, one)
    await journey.wait_for("x")
    two = by_chance(journey)
    await journey.step("keep two", remember, two)
    await journey.sleep("1h")
    again = by_chance(journey)
    same = KEPT[-2:] == [one, two]
    return [
        same,
        kept,
        one[0] != two[0],
        one[1] != two[1],
        one[2] == again[2],
        again[3][11:13] == "01",
    ]


def remember(value: Any) -> bool:
    KEPT.append(value)
    return True


KEPT: list[Any] = []

CASES += [
    Case(
        "random, uuid and now are the same at every replay, and differ from call to call",
        (gambles,),
        (Send("go"), Send("x"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s step.started keep one#0
        +0s step.done keep one#0 true
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s step.started keep two#0
        +0s step.done keep two#0 true
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h journey.completed [true,true,true,true,true,true]
        """,
    ),
]


@workflow(trigger="go")
async def each_its_own(journey: Journey) -> str:
    if journey.pass_number == 1 and DRAWN and DRAWN[-1][0] == 3:
        # Another way plays the case; how often it drives a pass is its own affair.
        DRAWN.clear()
    DRAWN.append([journey.pass_number, journey.random(), journey.uuid().int])
    if journey.pass_number < 3:
        await journey.sleep("1h")
        await journey.new_pass()
    return f"{len({str(drawn[1:]) for drawn in DRAWN})} draws"


DRAWN: list[list[float]] = []


CASES += [
    Case(
        "each pass draws other numbers, and the same when it is driven again",
        (each_its_own,),
        (Send("go"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h journey.pass 2 by go
        +1h sleep.opened #0 1h
        +2h sleep.done #0
        +2h journey.pass 3 by go
        +2h journey.completed "3 draws"
        """,
    ),
]


@workflow(trigger="go")
async def reads_clock(journey: Journey) -> list[str]:
    seen = [f"{journey.now():%H:%M}"]
    await journey.wait_for("x", timeout="1h")
    seen.append(f"{journey.now():%H:%M}")
    await journey.wait_for("y", timeout="1h")
    seen.append(f"{journey.now():%H:%M}")
    return seen


CASES += [
    Case(
        "now is the moment of the position: an event's, or a deadline's",
        (reads_clock,),
        (Send("go"), Forward("30m"), Send("x"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 1h
        +30m event x
        +30m wait.matched x#0
        +30m wait.opened y#0 1h
        +1h30m wait.timeout y#0
        +1h30m journey.completed ["00:00","00:30","01:30"]
        """,
    ),
]
