"""key=: one journey per user and value of a field."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="cart/created", key="cart", again=True, exit_on="cart/deleted")
async def cart(journey: Journey) -> str:
    paid = await journey.wait_for("paid", timeout="1d")
    return "paid" if paid else "abandoned"


CASES += [
    Case(
        "each value of the key has its own journey, and hears only its own events",
        (cart,),
        (
            Send("cart/created", {"cart": "a"}),
            Send("cart/created", {"cart": "b"}),
            Send("paid", {"cart": "b"}),
            Forward("2d"),
        ),
        """
        +0s event cart/created {"cart":"a"}
        +0s cart/u/a journey.started
        +0s cart/u/a wait.opened paid#0 1d
        +0s event cart/created {"cart":"b"}
        +0s cart/u/b journey.started
        +0s cart/u/b wait.opened paid#0 1d
        +0s event paid {"cart":"b"}
        +0s cart/u/b wait.matched paid#0
        +0s cart/u/b journey.completed "paid"
        +1d cart/u/a wait.timeout paid#0
        +1d cart/u/a journey.completed "abandoned"
        """,
        killed=True,
    ),
    Case(
        "an event without the key field is for all of them",
        (cart,),
        (Send("cart/created", {"cart": "a"}), Send("cart/created", {"cart": "b"}), Send("paid")),
        """
        +0s event cart/created {"cart":"a"}
        +0s cart/u/a journey.started
        +0s cart/u/a wait.opened paid#0 1d
        +0s event cart/created {"cart":"b"}
        +0s cart/u/b journey.started
        +0s cart/u/b wait.opened paid#0 1d
        +0s event paid
        +0s cart/u/a wait.matched paid#0
        +0s cart/u/a journey.completed "paid"
        +0s cart/u/b wait.matched paid#0
        +0s cart/u/b journey.completed "paid"
        """,
    ),
    Case(
        "the second cart of a value begins ~2, and what was paid before is not its own",
        (cart,),
        (
            Send("cart/created", {"cart": "a"}),
            Send("paid", {"cart": "a"}),
            Forward("1h"),
            Send("cart/created", {"cart": "a"}),
            Send("cart/created", {"cart": "a"}),
            Forward("2d"),
        ),
        """
        +0s event cart/created {"cart":"a"}
        +0s cart/u/a journey.started
        +0s cart/u/a wait.opened paid#0 1d
        +0s event paid {"cart":"a"}
        +0s cart/u/a wait.matched paid#0
        +0s cart/u/a journey.completed "paid"
        +1h event cart/created {"cart":"a"}
        +1h cart/u/a~2 journey.started
        +1h cart/u/a~2 wait.opened paid#0 1d
        +1h event cart/created {"cart":"a"}
        +1d1h cart/u/a~2 wait.timeout paid#0
        +1d1h cart/u/a~2 journey.completed "abandoned"
        """,
    ),
    Case(
        "exit_on with the key field ends only the journey of this value",
        (cart,),
        (
            Send("cart/created", {"cart": "a"}),
            Send("cart/created", {"cart": "b"}),
            Send("cart/deleted", {"cart": "b"}),
            Send("cart/created", {"cart": "b"}),
        ),
        """
        +0s event cart/created {"cart":"a"}
        +0s cart/u/a journey.started
        +0s cart/u/a wait.opened paid#0 1d
        +0s event cart/created {"cart":"b"}
        +0s cart/u/b journey.started
        +0s cart/u/b wait.opened paid#0 1d
        +0s event cart/deleted {"cart":"b"}
        +0s cart/u/b wait.closed paid#0
        +0s cart/u/b journey.exited
        +0s event cart/created {"cart":"b"}
        +0s cart/u/b~2 journey.started
        +0s cart/u/b~2 wait.opened paid#0 1d
        """,
    ),
    Case(
        "the same value for another user, or as a number, is another journey",
        (cart,),
        (
            Send("cart/created", {"cart": "7"}),
            Send("cart/created", {"cart": 8}),
            Send("cart/created", {"cart": "7"}, user="v"),
            Send("paid", {"cart": 8}),
        ),
        """
        +0s event cart/created @u {"cart":"7"}
        +0s cart/u/7 journey.started
        +0s cart/u/7 wait.opened paid#0 1d
        +0s event cart/created @u {"cart":8}
        +0s cart/u/8 journey.started
        +0s cart/u/8 wait.opened paid#0 1d
        +0s event cart/created @v {"cart":"7"}
        +0s cart/v/7 journey.started
        +0s cart/v/7 wait.opened paid#0 1d
        +0s event paid @u {"cart":8}
        +0s cart/u/8 wait.matched paid#0
        +0s cart/u/8 journey.completed "paid"
        """,
    ),
]


@workflow(trigger="order", key="item.id")
async def order(journey: Journey) -> None:
    before = len(journey.events("note"))
    ever = len(journey.events("note", past="ever"))
    note = await journey.wait_for("note", timeout="1h")
    journey.log(f"{journey.trigger['n']}: {before} of {ever} before, then {[event['n'] for event in note]}")


CASES += [
    Case(
        "with key= the past begins at the own trigger, in each pass",
        (order,),
        (
            Send("note", {"n": 1, "item": {"id": 1}}),
            Send("order", {"n": 1, "item": {"id": 1}}),
            Send("note", {"n": 2, "item": {"id": 2}}),
            Send("note", {"n": 3}),
            Send("order", {"n": 2, "item": {"id": 1}}),
        ),
        """
        +0s event note {"n":1,"item":{"id":1}}
        +0s event order {"n":1,"item":{"id":1}}
        +0s journey.started
        +0s wait.opened note#0 1h
        +0s event note {"n":2,"item":{"id":2}}
        +0s event note {"n":3}
        +0s wait.matched note#0
        +0s log 1: 0 of 1 before, then [3]
        +0s event order {"n":2,"item":{"id":1}}
        +0s journey.pass 2
        +0s wait.matched note#0
        +0s log 2: 1 of 3 before, then [3]
        """,
    ),
    Case(
        "a trigger of another value, though it came during the pass, begins no pass of this one",
        (order,),
        (
            Send("order", {"n": 1, "item": {"id": 1}}),
            Send("order", {"n": 2, "item": {"id": 2}}),
            Send("note", {"n": 3, "item": {"id": 1}}),
            Forward("2h"),
        ),
        """
        +0s event order {"n":1,"item":{"id":1}}
        +0s order/u/1 journey.started
        +0s order/u/1 wait.opened note#0 1h
        +0s event order {"n":2,"item":{"id":2}}
        +0s order/u/2 journey.started
        +0s order/u/2 wait.opened note#0 1h
        +0s event note {"n":3,"item":{"id":1}}
        +0s order/u/1 wait.matched note#0
        +0s order/u/1 log 1: 0 of 0 before, then [3]
        +1h order/u/2 wait.timeout note#0
        +1h order/u/2 log 2: 0 of 0 before, then []
        """,
    ),
]


@workflow(trigger="cart/created", key="cart")
async def cart_with_fields(journey: Journey) -> str:
    paid = await journey.wait_for("paid", timeout="1d")
    return "paid" if paid else "abandoned"


CASES += [
    Case(
        "the value of a key may be an object, with any fields",
        (cart_with_fields,),
        (Send("cart/created", {"cart": {"bound": 1, "n": 2}}), Send("paid")),
        """
        +0s event cart/created {"cart":{"bound":1,"n":2}}
        +0s journey.started
        +0s wait.opened paid#0 1d
        +0s event paid
        +0s wait.matched paid#0
        +0s journey.completed "paid"
        """,
        killed=True,
    ),
]
