"""sleep, and time as the rules want it: each deadline at its own moment, whenever it is served."""

from __future__ import annotations

from datetime import timedelta

from studio import Journey, workflow
from tests.conformance.case import BY_USER, Case, Down, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def value_back(journey: Journey) -> str:
    return (await journey.sleep("1h", {"foo": "bar"}))["foo"]


@workflow(trigger="go")
async def nap(journey: Journey) -> str:
    value: str | None = await journey.sleep(0, None)
    return f"gave {value}"


CASES += [
    Case(
        "a sleep gives its second argument back",
        (value_back,),
        (Send("go"), Forward("2h")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h journey.completed "bar"
        """,
    ),
    Case(
        "a sleep of nothing is over in its own moment",
        (nap,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 0s
        +0s sleep.done #0
        +0s journey.completed "gave None"
        """,
    ),
]


@workflow(trigger="go")
async def lengths(journey: Journey) -> None:
    await journey.sleep(timedelta(minutes=1))
    await journey.sleep(1.5)
    await journey.sleep("1 month", id="long")
    await journey.sleep("250ms")


CASES += [
    Case(
        "a sleep takes texts, seconds and timedeltas, and an id",
        (lengths,),
        (Send("go"), Forward("40d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1m
        +1m sleep.done #0
        +1m sleep.opened #1 1.5s
        +1m1.5s sleep.done #1
        +1m1.5s sleep.opened =long 30d
        +30d1m1.5s sleep.done =long
        +30d1m1.5s sleep.opened #2 250ms
        +30d1m1.75s sleep.done #2
        """,
    ),
]


@workflow(trigger="go")
async def causation_depth(journey: Journey) -> str:
    for length in ("1d", "1h", "1d", "12h"):
        await journey.sleep(length)
        journey.log(f"{journey.now():%d %H:%M}")
    answer = await journey.wait_for("answer", timeout="1d")
    return "in time" if answer else f"{journey.now():%d %H:%M}"


CHAIN = """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1d
        +1d sleep.done #0
        +1d log 02 00:00
        +1d sleep.opened #1 1h
        +1d1h sleep.done #1
        +1d1h log 02 01:00
        +1d1h sleep.opened #2 1d
        +2d1h sleep.done #2
        +2d1h log 03 01:00
        +2d1h sleep.opened #3 12h
        +2d13h sleep.done #3
        +2d13h log 03 13:00
        +2d13h wait.opened answer#0 1d
        +3d13h wait.timeout answer#0
        +3d13h journey.completed "04 13:00"
        """

CASES += [
    Case(
        "a jump of many days gives each deadline its own moment",
        (causation_depth,),
        (Send("go"), Forward("30d")),
        CHAIN,
    ),
    Case(
        "many small jumps give the history of the big one",
        (causation_depth,),
        (Send("go"), *[Forward("5h")] * 24),
        CHAIN,
        not_by={"wall": "one jump lands on a deadline, which real time serves a millisecond later"},
    ),
    Case(
        "after three days of downtime each deadline has its own moment, and later ones count from there",
        (causation_depth,),
        (Send("go"), Down("4d")),
        CHAIN,
        killed=True,
    ),
    Case(
        "an event after the downtime comes behind the deadlines that it missed",
        (causation_depth,),
        (Send("go"), Down("3d"), Send("answer")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1d
        +1d sleep.done #0
        +1d log 02 00:00
        +1d sleep.opened #1 1h
        +1d1h sleep.done #1
        +1d1h log 02 01:00
        +1d1h sleep.opened #2 1d
        +2d1h sleep.done #2
        +2d1h log 03 01:00
        +2d1h sleep.opened #3 12h
        +2d13h sleep.done #3
        +2d13h log 03 13:00
        +2d13h wait.opened answer#0 1d
        +3d event answer
        +3d wait.matched answer#0
        +3d journey.completed "in time"
        """,
    ),
]


@workflow(trigger="go")
async def undisturbed(journey: Journey) -> int:
    await journey.sleep("1d")
    return len(journey.events("noise"))


CASES += [
    Case(
        "events do not wake a sleep, and are there after it",
        (undisturbed,),
        (Send("go"), Send("noise"), Forward("1h"), Send("noise"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1d
        +0s event noise
        +1h event noise
        +1d sleep.done #0
        +1d journey.completed 2
        """,
    ),
]


@workflow(trigger="go/*")
async def same_moment(journey: Journey) -> str:
    await journey.sleep("1h" if journey.trigger.name == "go/now" else "30m")
    return journey.trigger.name


CASES += [
    Case(
        "deadlines of one moment come in the order in which they were opened",
        (same_moment,),
        (
            Send("go/now", user="zoe"),
            Forward("30m"),
            Send("go/later", user="ann"),
            Send("go/later", user="bob"),
            Forward("2h"),
        ),
        """
        +0s event go/now @zoe
        +0s same_moment/zoe journey.started
        +0s same_moment/zoe sleep.opened #0 1h
        +30m event go/later @ann
        +30m same_moment/ann journey.started
        +30m same_moment/ann sleep.opened #0 30m
        +30m event go/later @bob
        +30m same_moment/bob journey.started
        +30m same_moment/bob sleep.opened #0 30m
        +1h same_moment/zoe sleep.done #0
        +1h same_moment/zoe journey.completed "go/now"
        +1h same_moment/ann sleep.done #0
        +1h same_moment/ann journey.completed "go/later"
        +1h same_moment/bob sleep.done #0
        +1h same_moment/bob journey.completed "go/later"
        """,
        not_by=dict.fromkeys(BY_USER, "where each user is by itself, there is no order among users"),
    ),
]
