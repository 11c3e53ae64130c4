"""goal=: a journey meets its goal once, by the first event of it in its window, whatever has become of it."""

from __future__ import annotations

from studio import Journey, goal, workflow
from tests.conformance.case import Call, Case, Down, Forward, Restart, Send

CASES: list[Case] = []


@workflow(trigger="go", goal=goal("paid", within="1d"))
async def brief(journey: Journey) -> str:
    return "over"


@workflow(trigger="go", goal=goal("paid", within="1d"))
async def waits(journey: Journey) -> None:
    await journey.wait_for("paid", timeout="12h")


CASES += [
    Case(
        "a goal counts once for a journey, also after its end",
        (brief,),
        (Send("go"), Send("paid", after="2h"), Send("paid", after="1h"), Send("go", after="1h")),
        """
        +0s event go
        +0s journey.started
        +0s journey.completed "over"
        +2h event paid
        +2h goal.met paid 2h
        +3h event paid
        +4h event go
        """,
    ),
    Case(
        "a goal event before the entry is none, and the journey may still meet it",
        (brief,),
        (Send("paid"), Send("go"), Send("paid", after="1h")),
        """
        +0s event paid
        +0s event go
        +0s journey.started had paid
        +0s journey.completed "over"
        +1h event paid
        +1h goal.met paid 1h
        """,
    ),
    Case(
        "the end of the window is in it, and what comes later is not",
        (brief,),
        (Send("go"), Send("go", user="v"), Send("paid", after="1d"), Send("paid", user="v", after="1ms")),
        """
        +0s event go @u
        +0s brief/u journey.started
        +0s brief/u journey.completed "over"
        +0s event go @v
        +0s brief/v journey.started
        +0s brief/v journey.completed "over"
        +1d event paid @u
        +1d brief/u goal.met paid 1d
        +1d1ms event paid @v
        """,
    ),
    Case(
        "a goal is met before the event wakes a wait, and in later passes as well",
        (waits,),
        (Send("go"), Down("13h"), Send("go"), Send("paid")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0 12h
        +12h wait.timeout paid#0
        +13h event go
        +13h journey.pass 2
        +13h wait.opened paid#0 12h
        +13h event paid
        +13h goal.met paid 13h
        +13h wait.matched paid#0
        """,
    ),
]


@workflow(trigger="go", goal=goal("paid", match={"plan": "pro"}), exit_on="paid")
async def leaves(journey: Journey) -> None:
    await journey.sleep("30d")


@workflow(trigger="go", goal=goal(["app/*", "paid"]), again=True, key="cart")
async def carts(journey: Journey) -> str:
    return "over"


@workflow(trigger="go", goal=goal("go"))
async def itself(journey: Journey) -> None:
    await journey.ingest("go", {"again": True})
    await journey.sleep("1h")


CASES += [
    Case(
        "goal and exit by one event are one cause, and both count",
        (leaves,),
        (Send("go"), Send("paid", {"plan": "pro"}, after="40d"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 30d
        +30d sleep.done #0
        +40d event paid {"plan":"pro"}
        +40d goal.met paid 40d
        +40d journey.exited
        """,
    ),
    Case(
        "a goal's match must agree",
        (leaves,),
        (Send("go"), Send("paid", {"plan": "free"})),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 30d
        +0s event paid {"plan":"free"}
        +0s sleep.closed #0
        +0s journey.exited
        """,
    ),
    Case(
        "each journey meets its goal for itself; with key= by events of its own value and by those without",
        (carts,),
        (
            *(Send("go", {"cart": 1}), Send("go", {"cart": 2}), Send("go", {"cart": 1}, after="1h")),
            *(Send("paid", {"cart": 1}, after="1h"), Send("app/login", after="1h")),
        ),
        """
        +0s event go {"cart":1}
        +0s carts/u/1 journey.started
        +0s carts/u/1 journey.completed "over"
        +0s event go {"cart":2}
        +0s carts/u/2 journey.started
        +0s carts/u/2 journey.completed "over"
        +1h event go {"cart":1}
        +1h carts/u/1~2 journey.started
        +1h carts/u/1~2 journey.completed "over"
        +2h event paid {"cart":1}
        +2h carts/u/1 goal.met paid 2h
        +2h carts/u/1~2 goal.met paid 1h
        +3h event app/login
        +3h carts/u/2 goal.met app/login 3h
        """,
    ),
    Case(
        "what a journey sends may be its goal, and its own trigger is not",
        (itself,),
        (Send("go"), Restart("itself/u")),
        """
        +0s event go
        +0s itself/u journey.started
        +0s event go {"again":true} from itself/u
        +0s itself/u sleep.opened #0 1h
        +0s itself/u goal.met go 0s
        +0s itself/u sleep.closed #0
        +0s itself/u journey.restarted as ~2
        +0s itself/u~2 journey.started had go
        +0s event go {"again":true} from itself/u~2
        +0s itself/u~2 sleep.opened #0 1h
        +0s itself/u~2 goal.met go 0s
        """,
    ),
]


@workflow(trigger="go", goal=goal("paid"))
async def edited(journey: Journey) -> str:
    return "over"


def goal_is(event: str) -> Call:
    """The code is edited."""

    def edit() -> None:
        edited.goal = goal(event)

    return Call(edit)


CASES += [
    Case(
        "a changed goal counts from then on",
        (edited,),
        (
            *(goal_is("paid"), Send("go"), Send("bought", after="1h"), goal_is("bought")),
            *(Send("paid", after="1h"), Send("bought", after="1h"), goal_is("paid")),
        ),
        """
        +0s event go
        +0s journey.started
        +0s journey.completed "over"
        +1h event bought
        +2h event paid
        +3h event bought
        +3h goal.met bought 3h
        """,
    ),
]
