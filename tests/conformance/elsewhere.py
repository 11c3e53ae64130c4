"""check_event: events that another store knows (rule 19)."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def needs_payment(journey: Journey) -> str:
    paid = await journey.wait_for("paid", {"plan": "pro"}, timeout="1d")
    return f"paid {paid[0]['sum']}" if paid else "unpaid"


def _paid(plan: str, sum: int, id: str | None, user: str = "u") -> dict[str, object]:
    return {"name": "paid", "user": user, "data": {"plan": plan, "sum": sum}, "id": id}


CASES += [
    Case(
        "what check_event knows is appended first, and answers the wait as any event",
        (needs_payment,),
        (Send("go"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0 {"plan":"pro"} 1d
        +0s event paid {"plan":"pro","sum":5} id=p1
        +0s wait.matched paid#0
        +0s journey.completed "paid 5"
        """,
        elsewhere=(_paid("pro", 5, "p1"),),
    ),
    Case(
        "what check_event gives must match, and be the user's",
        (needs_payment,),
        (Send("go"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0 {"plan":"pro"} 1d
        +1d wait.timeout paid#0
        +1d journey.completed "unpaid"
        """,
        elsewhere=(_paid("free", 5, "p1"), _paid("pro", 6, "p2", user="v")),
    ),
    Case(
        "check_event is not asked when our own history has a match",
        (needs_payment,),
        (Send("paid", {"plan": "pro", "sum": 7}), Send("go")),
        """
        +0s event paid {"plan":"pro","sum":7}
        +0s event go
        +0s journey.started
        +0s wait.matched paid#0
        +0s journey.completed "paid 7"
        """,
        elsewhere=(_paid("pro", 5, "p1"),),
    ),
]
