"""split: who gets which arm is drawn once, recorded, and counts from then on."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Call, Case, Down, Forward, Restart, Resume, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def subject(journey: Journey) -> None:
    arm = await journey.split("subject", {"a": 0, "b": 100})
    journey.log(f"gets {arm}")


CASES += [
    Case(
        "a split is drawn once, and the draw counts in later passes",
        (subject,),
        (Send("go"), Send("go")),
        """
        +0s event go
        +0s journey.started
        +0s split.drawn subject#0 b
        +0s log gets b
        +0s event go
        +0s journey.pass 2
        +0s split.drawn subject#0 b again
        +0s log gets b
        """,
    ),
]


@workflow(trigger="go", again=True)
async def twice(journey: Journey) -> list[str]:
    first = await journey.split("subject", {"a": 100})
    second = await journey.split("subject", {"a": 100})
    await journey.sleep("1h")
    return [first, second, await journey.split("time", {"late": 100}, id="when")]


CASES += [
    Case(
        "a split that comes twice in a pass is drawn once, and again in the next journey",
        (twice,),
        (Send("go"), Forward("90m"), Send("go"), Down("2h")),
        """
        +0s event go
        +0s twice/u journey.started
        +0s twice/u split.drawn subject#0 a
        +0s twice/u split.drawn subject#1 a again
        +0s twice/u sleep.opened #0 1h
        +1h twice/u sleep.done #0
        +1h twice/u split.drawn =when late
        +1h twice/u journey.completed ["a","a","late"]
        +1h30m event go
        +1h30m twice/u~2 journey.started
        +1h30m twice/u~2 split.drawn subject#0 a again
        +1h30m twice/u~2 split.drawn subject#1 a again
        +1h30m twice/u~2 sleep.opened #0 1h
        +2h30m twice/u~2 sleep.done #0
        +2h30m twice/u~2 split.drawn =when late again
        +2h30m twice/u~2 journey.completed ["a","a","late"]
        """,
    ),
]


@workflow(trigger="go", key="cart")
async def carts(journey: Journey) -> str:
    return await journey.split("offer", {"ten": 100})


@workflow(trigger="go")
async def other_carts(journey: Journey) -> str:
    return await journey.split("offer", {"twenty": 100})


CASES += [
    Case(
        "a draw is for all journeys of a user in a workflow, and for no other workflow or user",
        (carts, other_carts),
        (Send("go", {"cart": 1}), Send("go", {"cart": 2}), Send("go", {"cart": 1}, user="v")),
        """
        +0s event go @u {"cart":1}
        +0s carts/u/1 journey.started
        +0s carts/u/1 split.drawn offer#0 ten
        +0s carts/u/1 journey.completed "ten"
        +0s other_carts/u journey.started
        +0s other_carts/u split.drawn offer#0 twenty
        +0s other_carts/u journey.completed "twenty"
        +0s event go @u {"cart":2}
        +0s carts/u/2 journey.started
        +0s carts/u/2 split.drawn offer#0 ten again
        +0s carts/u/2 journey.completed "ten"
        +0s event go @v {"cart":1}
        +0s carts/v/1 journey.started
        +0s carts/v/1 split.drawn offer#0 ten
        +0s carts/v/1 journey.completed "ten"
        +0s other_carts/v journey.started
        +0s other_carts/v split.drawn offer#0 twenty
        +0s other_carts/v journey.completed "twenty"
        """,
    ),
]

SHARES: dict[str, float] = {}
"""The percentages as the code says them now."""


def shares(**now: float) -> Call:
    """The code is edited."""

    def edit() -> None:
        SHARES.clear()
        SHARES.update(now)

    return Call(edit)


@workflow(trigger="go", again=True)
async def edited(journey: Journey) -> str:
    return await journey.split("price", dict(SHARES))


@workflow(trigger="go", again=True)
async def mended(journey: Journey) -> str:
    return await journey.split("price", dict(SHARES), gone="high" if "high" in SHARES else None)


CASES += [
    Case(
        "new percentages are for new draws only",
        (edited,),
        (shares(low=100, high=0), Send("go"), shares(low=0, high=100), Send("go"), Send("go", user="v")),
        """
        +0s event go @u
        +0s edited/u journey.started
        +0s edited/u split.drawn price#0 low
        +0s edited/u journey.completed "low"
        +0s event go @u
        +0s edited/u~2 journey.started
        +0s edited/u~2 split.drawn price#0 low again
        +0s edited/u~2 journey.completed "low"
        +0s event go @v
        +0s edited/v journey.started
        +0s edited/v split.drawn price#0 high
        +0s edited/v journey.completed "high"
        """,
    ),
    Case(
        "a draw counts after a restart",
        (edited,),
        (shares(low=100), Send("go"), shares(low=0, high=100), Restart("edited/u")),
        """
        +0s event go
        +0s edited/u journey.started
        +0s edited/u split.drawn price#0 low
        +0s edited/u journey.completed "low"
        +0s edited/u journey.restarted as ~2
        +0s edited/u~2 journey.started
        +0s edited/u~2 split.drawn price#0 low again
        +0s edited/u~2 journey.completed "low"
        """,
    ),
    Case(
        "a journey fails whose arm the code no longer has, and goes on when it is there again",
        (mended,),
        (
            *(shares(low=100), Send("go"), shares(middle=100), Send("go")),
            *(shares(low=50, middle=50), Resume("mended/u~2")),
        ),
        """
        +0s event go
        +0s mended/u journey.started
        +0s mended/u split.drawn price#0 low
        +0s mended/u journey.completed "low"
        +0s event go
        +0s mended/u~2 journey.started
        +0s mended/u~2 journey.failed WorkflowError: u was drawn into the arm "low" of split "price", …
        +0s mended/u~2 journey.resumed
        +0s mended/u~2 split.drawn price#0 low again
        +0s mended/u~2 journey.completed "low"
        """,
    ),
    Case(
        "gone= says where people go whose arm the code no longer has, and their draw stays",
        (mended,),
        (
            *(shares(low=100), Send("go"), shares(high=100), Send("go")),
            *(shares(low=50, high=50), Send("go")),
        ),
        """
        +0s event go
        +0s mended/u journey.started
        +0s mended/u split.drawn price#0 low
        +0s mended/u journey.completed "low"
        +0s event go
        +0s mended/u~2 journey.started
        +0s mended/u~2 split.drawn price#0 high was low
        +0s mended/u~2 journey.completed "high"
        +0s event go
        +0s mended/u~3 journey.started
        +0s mended/u~3 split.drawn price#0 low again
        +0s mended/u~3 journey.completed "low"
        """,
    ),
]
