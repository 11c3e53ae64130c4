"""collect: a digest of events, which quiet, a longest time or a number of them ends."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def digest(journey: Journey) -> list[Any]:
    found = await journey.collect("comment", quiet="10m", at_most="25m", timeout="1h")
    return [bool(found), found.timed_out, [each["n"] for each in found.result or []]]


@workflow(trigger="comment")
async def from_trigger(journey: Journey) -> list[Any]:
    found = await journey.collect("comment", quiet="10m", count=3)
    return [each["n"] for each in found.result or []]


@workflow(trigger="comment")
async def twice(journey: Journey) -> list[Any]:
    both = [await journey.collect("comment", quiet="10m") for _ in range(2)]
    return [[each["n"] for each in found.result or []] for found in both]


def comment(n: int, after: str | None = None, **more: Any) -> Send:
    return Send("comment", {"n": n, **more}, after=after)


CASES += [
    Case(
        "a digest ends when it was quiet, and an event that only makes it longer leaves no entry",
        (digest,),
        (Send("go"), comment(1, "30m"), comment(2, "9m"), comment(3, "1m"), Forward("1h")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0 1h
        +30m event comment {"n":1}
        +30m wait.moved comment#0 40m
        +39m event comment {"n":2}
        +40m event comment {"n":3}
        +40m wait.moved comment#0 50m
        +50m wait.matched comment#0 x3
        +50m journey.completed [true,false,[1,2,3]]
        """,
    ),
    Case(
        "a digest ends at the latest so long after its first event",
        (digest,),
        (Send("go"), comment(1), comment(2, "9m"), comment(3, "9m"), comment(4, "6m"), Forward("1h")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0 1h
        +0s event comment {"n":1}
        +0s wait.moved comment#0 10m
        +9m event comment {"n":2}
        +10m wait.moved comment#0 19m
        +18m event comment {"n":3}
        +19m wait.moved comment#0 25m
        +24m event comment {"n":4}
        +25m wait.matched comment#0 x4
        +25m journey.completed [true,false,[1,2,3,4]]
        """,
    ),
    Case(
        "a digest of nothing is false, and timed out",
        (digest,),
        (comment(0), Send("go"), Forward("2h")),
        """
        +0s event comment {"n":0}
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0 1h
        +1h wait.timeout comment#0
        +1h journey.completed [false,true,[]]
        """,
    ),
    Case(
        "the trigger counts if it matches, and a digest ends with its number of events",
        (from_trigger,),
        (comment(1), comment(2, "5m"), comment(3, "1m"), Forward("1h")),
        """
        +0s event comment {"n":1}
        +0s journey.started
        +0s wait.opened comment#0 10m
        +5m event comment {"n":2}
        +6m event comment {"n":3}
        +6m wait.matched comment#0 x3
        +6m journey.completed [1,2,3]
        """,
    ),
    Case(
        "the next digest of a pass begins behind the former one",
        (twice,),
        (comment(1), comment(2, "5m"), comment(3, "20m"), Forward("1h")),
        """
        +0s event comment {"n":1}
        +0s journey.started
        +0s wait.opened comment#0 10m
        +5m event comment {"n":2}
        +10m wait.moved comment#0 15m
        +15m wait.matched comment#0 x2
        +15m wait.opened comment#1
        +25m event comment {"n":3}
        +25m wait.moved comment#1 20m
        +35m wait.matched comment#1
        +35m journey.completed [[1,2],[3]]
        """,
    ),
]


@workflow(trigger="go", key="post")
async def of_post(journey: Journey) -> list[Any]:
    found = await journey.collect(["comment", "like/*"], {"ok": True}, at_most="10m", id="all")
    return [each.name for each in found.result or []]


@workflow(trigger="go")
async def either(journey: Journey) -> list[Any]:
    found, left = await journey.wait_any(journey.collect("comment", count=2), journey.wait_for("left"))
    return [bool(found), bool(left)]


CASES += [
    Case(
        "a digest takes several names, a match, and with key= what concerns its journey",
        (of_post,),
        (
            *(Send("go", {"post": 1}), comment(1, ok=True, post=2), comment(2, ok=False, post=1)),
            *(comment(3, "1m", ok=True, post=1), Send("like/it", {"ok": True}, after="1m"), Forward("1h")),
        ),
        """
        +0s event go {"post":1}
        +0s journey.started
        +0s wait.opened =all {"ok":true}
        +0s event comment {"n":1,"ok":true,"post":2}
        +0s event comment {"n":2,"ok":false,"post":1}
        +1m event comment {"n":3,"ok":true,"post":1}
        +1m wait.moved =all 11m
        +2m event like/it {"ok":true}
        +11m wait.matched =all x2
        +11m journey.completed ["comment","like/it"]
        """,
    ),
    Case(
        "a digest may be a member of a group",
        (either,),
        (Send("go"), comment(1), comment(2)),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened comment#0
        +0s wait.opened left#0
        +0s wait.opened any#0 [wait:comment#0, wait:left#0]
        +0s event comment {"n":1}
        +0s wait.moved comment#0
        +0s event comment {"n":2}
        +0s wait.matched comment#0 x2
        +0s wait.closed left#0
        +0s wait.matched any#0 [wait:comment#0]
        +0s journey.completed [true,false]
        """,
    ),
]
