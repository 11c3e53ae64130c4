"""journey.user: the profile as of the position (rule 13)."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def shows_user(journey: Journey) -> dict[str, Any]:
    return {**journey.user, "len": len(journey.user), "email": journey.user.email}


CASES += [
    Case(
        "the first event that carries an e-mail gives it",
        (shows_user,),
        (
            Send("a", {"email": "first@x"}),
            Send("b", {"email": "second@x"}),
            Send("c", {"plan": "pro"}),
            Send("go", {"email": "third@x"}),
        ),
        """
        +0s event a {"email":"first@x"}
        +0s event b {"email":"second@x"}
        +0s event c {"plan":"pro"}
        +0s event go {"email":"third@x"}
        +0s journey.started
        +0s journey.completed {"id":"u","email":"first@x","len":2}
        """,
    ),
    Case(
        "the trigger's own e-mail is there at once",
        (shows_user,),
        (Send("go", {"email": "only@x"}),),
        """
        +0s event go {"email":"only@x"}
        +0s journey.started
        +0s journey.completed {"id":"u","email":"only@x","len":2}
        """,
    ),
    Case(
        "identify merges its data, and its e-mail replaces the first",
        (shows_user,),
        (
            Send("a", {"email": "first@x"}),
            Send("identify", {"plan": "free", "name": "Ann"}),
            Send("identify", {"plan": "pro", "email": "new@x"}),
            Send("b", {"email": "late@x"}),
            Send("go"),
        ),
        """
        +0s event a {"email":"first@x"}
        +0s event identify {"plan":"free","name":"Ann"}
        +0s event identify {"plan":"pro","email":"new@x"}
        +0s event b {"email":"late@x"}
        +0s event go
        +0s journey.started
        +0s journey.completed {"id":"u","email":"new@x","plan":"pro","name":"Ann","len":4}
        """,
    ),
    Case(
        "what comes with a user is part of the profile",
        (shows_user,),
        (Send("go", user={"id": "u", "plan": "pro", "email": "u@x"}),),
        """
        +0s event go
        +0s journey.started
        +0s journey.completed {"id":"u","plan":"pro","email":"u@x","len":3}
        """,
    ),
    Case(
        "a user has a profile of its own",
        (shows_user,),
        (Send("identify", {"plan": "pro"}, user="v"), Send("go")),
        """
        +0s event identify @v {"plan":"pro"}
        +0s event go @u
        +0s journey.started
        +0s journey.completed {"id":"u","len":1,"email":null}
        """,
    ),
]


@workflow(trigger="go")
async def branches(journey: Journey) -> dict[str, str]:
    before = journey.user.get("plan", "free")
    if before == "free":
        await journey.wait_for("a", timeout="1d")
    else:
        await journey.wait_for("b", timeout="1d")
    after = journey.user.get("plan", "free")
    if after == "free":
        await journey.wait_for("c", timeout="1d")
    return {"before": before, "after": after, "end": journey.user.get("plan", "free")}


CASES += [
    Case(
        "identify between two awaits: a branch before the first goes on as it went",
        (branches,),
        (Send("go"), Send("identify", {"plan": "pro"}), Send("b"), Send("a")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 1d
        +0s event identify {"plan":"pro"}
        +0s event b
        +0s event a
        +0s wait.matched a#0
        +0s journey.completed {"before":"free","after":"pro","end":"pro"}
        """,
        killed=True,
    ),
    Case(
        "identify after an await changes nothing before the next",
        (branches,),
        (Send("go"), Send("a"), Send("identify", {"plan": "pro"}), Send("c")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 1d
        +0s event a
        +0s wait.matched a#0
        +0s wait.opened c#0 1d
        +0s event identify {"plan":"pro"}
        +0s event c
        +0s wait.matched c#0
        +0s journey.completed {"before":"free","after":"free","end":"pro"}
        """,
    ),
    Case(
        "a deadline moves the profile on as an event does",
        (branches,),
        (Send("go"), Forward("1h"), Send("identify", {"plan": "pro"}), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened a#0 1d
        +1h event identify {"plan":"pro"}
        +1d wait.timeout a#0
        +1d journey.completed {"before":"free","after":"pro","end":"pro"}
        """,
    ),
]


@workflow(trigger="identify")
async def on_identify(journey: Journey) -> None:
    again = await journey.wait_for("identify", {"plan": "pro"}, timeout="1d")
    journey.log(f"{journey.trigger['plan']}, then {journey.user['plan']}, {len(again)}")


@workflow(trigger="*")
async def on_all(journey: Journey) -> None:
    journey.log(journey.trigger.name)


CASES += [
    Case(
        "identify is met by its own name, as a trigger and in a wait, and by no wildcard",
        (on_identify, on_all),
        (Send("identify", {"plan": "free"}), Send("identify", {"plan": "pro"})),
        """
        +0s event identify {"plan":"free"}
        +0s journey.started
        +0s wait.opened identify#0 {"plan":"pro"} 1d
        +0s event identify {"plan":"pro"}
        +0s wait.matched identify#0
        +0s log free, then pro, 1
        """,
    ),
]


@workflow(trigger="go")
async def by_email(journey: Journey) -> str:
    found = await journey.wait_for("account", {"email": journey.user["email"]}, timeout="1d")
    return str(found[0]["n"])


CASES += [
    Case(
        "a match by the user's e-mail stays what it was when the wait was opened",
        (by_email,),
        (
            Send("go", {"email": "old@x"}),
            Send("identify", {"email": "new@x"}),
            Send("account", {"n": 1, "email": "new@x"}),
            Send("account", {"n": 2, "email": "old@x"}),
        ),
        """
        +0s event go {"email":"old@x"}
        +0s journey.started
        +0s wait.opened account#0 {"email":"old@x"} 1d
        +0s event identify {"email":"new@x"}
        +0s event account {"n":1,"email":"new@x"}
        +0s event account {"n":2,"email":"old@x"}
        +0s wait.matched account#0
        +0s journey.completed "2"
        """,
    ),
]


@workflow(trigger="go")
async def knows_of_each_time(journey: Journey) -> list[str]:
    plans = [str(journey.user.get("plan"))]
    for event in ("x", "y"):
        await journey.wait_for(event)
        plans.append(str(journey.user.get("plan")))
    return plans


CASES += [
    Case(
        "the profile is at each await what it was there, however often it has changed since",
        (knows_of_each_time,),
        (
            Send("identify", {"plan": "free"}),
            Send("go"),
            Send("identify", {"plan": "pro"}),
            Send("x"),
            Send("identify", {"plan": "max"}),
            Send("y"),
        ),
        """
        +0s event identify {"plan":"free"}
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s event identify {"plan":"pro"}
        +0s event x
        +0s wait.matched x#0
        +0s wait.opened y#0
        +0s event identify {"plan":"max"}
        +0s event y
        +0s wait.matched y#0
        +0s journey.completed ["free","pro","max"]
        """,
    ),
]
