"""Events that ask for a workflow by its name: it begins for people who are there already."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="signup")
async def welcome_back(journey: Journey) -> list[Any]:
    seen = await journey.wait_for("seen", timeout="7d")
    paid = await journey.wait_for("paid", timeout="7d")
    return [journey.trigger.name, bool(seen), bool(paid)]


@workflow(trigger="cart", key="id", again=True)
async def cart_again(journey: Journey) -> str:
    await journey.sleep("1h")
    return f"{journey.id} by {journey.trigger.name}"


@workflow
async def any_event(journey: Journey) -> None:
    journey.log(journey.trigger.name)


CASES += [
    Case(
        "a journey that is asked for begins now, sees the past, and begins once",
        (welcome_back,),
        (
            Send("seen"),
            Forward("1d"),
            Send("studio/start/welcome_back"),
            Send("studio/start/welcome_back"),
            Forward("30d"),
            Send("studio/start/welcome_back"),
            Send("studio/start/nothing"),
        ),
        """
        +0s event seen
        +1d event studio/start/welcome_back
        +1d journey.started
        +1d wait.matched seen#0
        +1d wait.opened paid#0 7d
        +1d event studio/start/welcome_back
        +8d wait.timeout paid#0
        +8d journey.completed ["studio/start/welcome_back",true,false]
        +31d event studio/start/welcome_back
        +31d event studio/start/nothing
        """,
        killed=True,
    ),
    Case(
        "its trigger is the newest event that it begins at, or what the asking event says itself",
        (cart_again,),
        (
            Send("cart", {"id": "a"}),
            Send("cart", {"id": "b"}),
            Send("studio/start/cart_again"),
            Forward("1d"),
            Send("studio/start/cart_again"),
            Send("studio/start/cart_again", {"id": "c"}),
            Forward("1d"),
        ),
        """
        +0s event cart {"id":"a"}
        +0s cart_again/u/a journey.started
        +0s cart_again/u/a sleep.opened #0 1h
        +0s event cart {"id":"b"}
        +0s cart_again/u/b journey.started
        +0s cart_again/u/b sleep.opened #0 1h
        +0s event studio/start/cart_again
        +1h cart_again/u/a sleep.done #0
        +1h cart_again/u/a journey.completed "cart_again/u/a by cart"
        +1h cart_again/u/b sleep.done #0
        +1h cart_again/u/b journey.completed "cart_again/u/b by cart"
        +1d event studio/start/cart_again
        +1d cart_again/u/b~2 journey.started
        +1d cart_again/u/b~2 sleep.opened #0 1h
        +1d event studio/start/cart_again {"id":"c"}
        +1d cart_again/u/c journey.started
        +1d cart_again/u/c sleep.opened #0 1h
        +1d1h cart_again/u/b~2 sleep.done #0
        +1d1h cart_again/u/b~2 journey.completed "cart_again/u/b~2 by cart"
        +1d1h cart_again/u/c sleep.done #0
        +1d1h cart_again/u/c journey.completed "cart_again/u/c by studio/start/cart_again"
        """,
        killed=True,
    ),
    Case(
        "no wildcard meets an event that asks, and it begins no further pass",
        (any_event,),
        (
            Send("studio/start/other"),
            Send("studio/start/any_event"),
            Send("studio/start/any_event"),
            Send("x"),
        ),
        """
        +0s event studio/start/other
        +0s event studio/start/any_event
        +0s journey.started
        +0s log studio/start/any_event
        +0s event studio/start/any_event
        +0s event x
        +0s journey.pass 2
        +0s log x
        """,
    ),
]
