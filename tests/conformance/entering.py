"""Who enters a workflow: refuse=, again="30d", holdout=."""

from __future__ import annotations

from studio import Event, Journey, User, workflow
from tests.conformance.case import Call, Case, Forward, Send

CASES: list[Case] = []


def customers(user: User, event: Event) -> str | None:
    """Who is a customer already, or comes with a code that is no code."""
    if event.get("code") == "bad":
        raise KeyError("code")
    return f"is a {user['plan']} customer" if user.get("plan") else None


def wrong(user: User, event: Event) -> str | None:
    return 7  # type: ignore[return-value]


@workflow(trigger="go", again=True, refuse=customers)
async def welcome(journey: Journey) -> str:
    return "hello"


@workflow(trigger="go", refuse=wrong)
async def broken(journey: Journey) -> str:
    return "hello"


CASES += [
    Case(
        "who is refused enters nothing: one entry a user, workflow, reason and day, with how often",
        (welcome,),
        (
            *(Send("identify", {"plan": "pro"}), Send("go"), Send("go", after="1h"), Send("go", after="22h")),
            *(Send("go", user="v"), Send("go", after="1h"), Send("identify", {"plan": "max"}), Send("go")),
        ),
        """
        +0s event identify @u {"plan":"pro"}
        +0s event go @u
        +0s journey.refused welcome is a pro customer x3
        +1h event go @u
        +23h event go @u
        +23h event go @v
        +23h journey.started
        +23h journey.completed "hello"
        +1d event go @u
        +1d journey.refused welcome is a pro customer
        +1d event identify @u {"plan":"max"}
        +1d event go @u
        +1d journey.refused welcome is a max customer
        """,
    ),
    Case(
        "the day of a refusal is that of the user",
        (welcome,),
        (
            Send("identify", {"plan": "pro", "timezone": "America/Lima"}),
            *(Send("go"), Send("go", after="4h59m"), Send("go", after="1m")),
        ),
        """
        +0s event identify {"plan":"pro","timezone":"America/Lima"}
        +0s event go
        +0s journey.refused welcome is a pro customer x2
        +4h59m event go
        +5h event go
        +5h journey.refused welcome is a pro customer
        """,
    ),
    Case(
        "a refusal that is broken refuses, and says so",
        (welcome, broken),
        (Send("go", {"code": "bad"}), Send("go")),
        """
        +0s event go {"code":"bad"}
        +0s journey.refused broken refuse= gave int in place of a reason x2
        +0s journey.refused welcome refuse= failed: KeyError: 'code'
        +0s event go
        +0s journey.started
        +0s journey.completed "hello"
        """,
    ),
]


@workflow(trigger="go", again="30d")
async def monthly(journey: Journey) -> str:
    found = await journey.wait_for("paid", timeout="10d")
    return "paid" if found else "not paid"


CASES += [
    Case(
        "again= with a time counts from the entry, and what comes sooner is refused",
        (monthly,),
        (
            *(Send("go"), Send("go", after="5d"), Send("go", after="15d"), Send("go", after="1h")),
            *(Send("paid", after="1d"), Send("go", after="10d"), Forward("10d")),
        ),
        """
        +0s event go
        +0s monthly/u journey.started
        +0s monthly/u wait.opened paid#0 10d
        +5d event go
        +10d monthly/u wait.timeout paid#0
        +10d monthly/u journey.completed "not paid"
        +20d event go
        +20d journey.refused monthly entered too short a time ago x2
        +20d1h event go
        +21d1h event paid
        +31d1h event go
        +31d1h monthly/u~2 journey.started
        +31d1h monthly/u~2 wait.opened paid#0 10d
        +41d1h monthly/u~2 wait.timeout paid#0
        +41d1h monthly/u~2 journey.completed "not paid"
        """,
    ),
]


@workflow(trigger="go", holdout=40, again=True)
async def offer(journey: Journey) -> str:
    return "over"


CASES += [
    Case(
        "a holdout is drawn at the entry, once for each user and workflow, and test users are in none",
        (offer,),
        (
            *(Send("go"), Send("go"), Send("go", user="v"), Send("go", user="w")),
            Send("go", user={"id": "tester", "test": True}),
        ),
        """
        +0s event go @u
        +0s offer/u journey.started
        +0s offer/u split.drawn holdout in
        +0s offer/u journey.completed "over"
        +0s event go @u
        +0s offer/u~2 journey.started
        +0s offer/u~2 journey.completed "over"
        +0s event go @v
        +0s offer/v journey.started
        +0s offer/v split.drawn holdout held out
        +0s offer/v journey.completed "over"
        +0s event go @w
        +0s offer/w journey.started
        +0s offer/w split.drawn holdout in
        +0s offer/w journey.completed "over"
        +0s event go @tester
        +0s offer/tester journey.started
        +0s offer/tester journey.completed "over"
        """,
        seed="w2",
    ),
]


@workflow(trigger="go", holdout=40, again=True)
async def edited(journey: Journey) -> str:
    return "over"


def holdout_is(share: int) -> Call:
    """The code is edited."""

    def edit() -> None:
        edited.holdout = share

    return Call(edit)


CASES += [
    Case(
        "a holdout that is raised is for new entrants, and who is held out stays so when it is lowered",
        (edited,),
        (
            *(holdout_is(1), Send("go"), holdout_is(99), Send("go"), Send("go", user="v")),
            *(holdout_is(1), Send("go", user="v"), holdout_is(40)),
        ),
        """
        +0s event go @u
        +0s edited/u journey.started
        +0s edited/u split.drawn holdout in
        +0s edited/u journey.completed "over"
        +0s event go @u
        +0s edited/u~2 journey.started
        +0s edited/u~2 journey.completed "over"
        +0s event go @v
        +0s edited/v journey.started
        +0s edited/v split.drawn holdout held out
        +0s edited/v journey.completed "over"
        +0s event go @v
        +0s edited/v~2 journey.started
        +0s edited/v~2 journey.completed "over"
        """,
        seed="w0",
    ),
]
