"""wait_for: what counts, until when, and what comes back."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Elsewhere, Forward, Send

CASES: list[Case] = []


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    account = await journey.wait_for("activated", timeout="7d")
    journey.log("activated" if account else "gave up")
    return {"ok": bool(account)}


CASES += [
    Case(
        "an event ends a wait",
        (welcome,),
        (Send("signup"), Forward("1h"), Send("activated")),
        """
        +0s event signup
        +0s journey.started
        +0s wait.opened activated#0 7d
        +1h event activated
        +1h wait.matched activated#0
        +1h log activated
        +1h journey.completed {"ok":true}
        """,
        killed=True,
    ),
    Case(
        "a deadline ends a wait at its own moment",
        (welcome,),
        (Send("signup"), Forward("30d")),
        """
        +0s event signup
        +0s journey.started
        +0s wait.opened activated#0 7d
        +7d wait.timeout activated#0
        +7d log gave up
        +7d journey.completed {"ok":false}
        """,
    ),
    Case(
        "what came before counts, and is answered without opening a wait",
        (welcome,),
        (Send("activated"), Forward("1h"), Send("signup")),
        """
        +0s event activated
        +1h event signup
        +1h journey.started
        +1h wait.matched activated#0
        +1h log activated
        +1h journey.completed {"ok":true}
        """,
    ),
    Case(
        "an event in the very moment of the deadline beats it",
        (welcome,),
        (Send("signup"), Send("activated", after="7d")),
        """
        +0s event signup
        +0s journey.started
        +0s wait.opened activated#0 7d
        +7d event activated
        +7d wait.matched activated#0
        +7d log activated
        +7d journey.completed {"ok":true}
        """,
    ),
    Case(
        "an event a millisecond behind the deadline is too late",
        (welcome,),
        (Send("signup"), Send("activated", after="7d1ms")),
        """
        +0s event signup
        +0s journey.started
        +0s wait.opened activated#0 7d
        +7d wait.timeout activated#0
        +7d log gave up
        +7d journey.completed {"ok":false}
        +7d1ms event activated
        """,
    ),
    Case(
        "events of another user end nothing",
        (welcome,),
        (Send("signup"), Send("activated", user="v"), Forward("8d")),
        """
        +0s event signup @u
        +0s journey.started
        +0s wait.opened activated#0 7d
        +0s event activated @v
        +7d wait.timeout activated#0
        +7d log gave up
        +7d journey.completed {"ok":false}
        """,
    ),
]


@workflow(trigger="go")
async def only_new(journey: Journey) -> list[int]:
    found = await journey.wait_for("tick", timeout="1d", past=False)
    return [tick["n"] for tick in found]


CASES += [
    Case(
        "with past=False what came before does not count",
        (only_new,),
        (Send("tick", {"n": 1}), Send("go"), Forward("2d")),
        """
        +0s event tick {"n":1}
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0 1d
        +1d wait.timeout tick#0
        +1d journey.completed []
        """,
    ),
    Case(
        "a result ends at the position, though the next event is of the same moment",
        (only_new,),
        (Send("tick", {"n": 1}), Send("go"), Send("tick", {"n": 2}), Send("tick", {"n": 3})),
        """
        +0s event tick {"n":1}
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0 1d
        +0s event tick {"n":2}
        +0s wait.matched tick#0
        +0s journey.completed [2]
        +0s event tick {"n":3}
        """,
    ),
]


@workflow(trigger="go")
async def two_ticks(journey: Journey) -> list[int]:
    one = await journey.wait_for("tick", past=False)
    two = await journey.wait_for("tick", past=False)
    return [one[0]["n"], two[0]["n"]]


CASES += [
    Case(
        "two ticks in one instant are two ticks for past=False",
        (two_ticks,),
        (Send("go"), Send("tick", {"n": 1}), Send("tick", {"n": 2})),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0
        +0s event tick {"n":1}
        +0s wait.matched tick#0
        +0s wait.opened tick#1
        +0s event tick {"n":2}
        +0s wait.matched tick#1
        +0s journey.completed [1,2]
        """,
    ),
]


@workflow(trigger="go")
async def tick_loop(journey: Journey) -> list[int]:
    seen: list[int] = []
    while len(seen) < 4:
        seen += [tick["n"] for tick in await journey.wait_for("tick")]
    return seen


CASES += [
    Case(
        "a loop over one wait gets each event once, those of the past together",
        (tick_loop,),
        (
            Send("tick", {"n": 1}),
            Send("tick", {"n": 2}),
            Send("go"),
            Send("tick", {"n": 3}),
            Send("tick", {"n": 4}),
        ),
        """
        +0s event tick {"n":1}
        +0s event tick {"n":2}
        +0s event go
        +0s journey.started
        +0s wait.matched tick#0 x2
        +0s wait.opened tick#1
        +0s event tick {"n":3}
        +0s wait.matched tick#1
        +0s wait.opened tick#2
        +0s event tick {"n":4}
        +0s wait.matched tick#2
        +0s journey.completed [1,2,3,4]
        """,
        killed=True,
    ),
]


@workflow(trigger="go")
async def timeout_loop(journey: Journey) -> int:
    ticks = 0
    while await journey.wait_for("tick", timeout="1h"):
        ticks += 1
    return ticks


CASES += [
    Case(
        "in a loop each wait has its own time, from where it was opened",
        (timeout_loop,),
        (Send("go"), Forward("30m"), Send("tick"), Forward("59m"), Send("tick"), Forward("2h")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened tick#0 1h
        +30m event tick
        +30m wait.matched tick#0
        +30m wait.opened tick#1 1h
        +1h29m event tick
        +1h29m wait.matched tick#1
        +1h29m wait.opened tick#2 1h
        +2h29m wait.timeout tick#2
        +2h29m journey.completed 2
        """,
    ),
]


@workflow(trigger="go")
async def other_matches(journey: Journey) -> list[int]:
    one = await journey.wait_for("tick", match={"n": 1})
    two = await journey.wait_for("tick", match={"n": 2})
    every = await journey.wait_for("tick")
    return [len(one), len(two), len(every)]


CASES += [
    Case(
        "only a wait of the same event and match goes on behind the former",
        (other_matches,),
        (Send("tick", {"n": 1}), Send("tick", {"n": 2}), Send("go")),
        """
        +0s event tick {"n":1}
        +0s event tick {"n":2}
        +0s event go
        +0s journey.started
        +0s wait.matched tick#0
        +0s wait.matched tick#1
        +0s wait.matched tick#2 x2
        +0s journey.completed [1,1,2]
        """,
    ),
]


@workflow(trigger="go")
async def no_time(journey: Journey) -> bool:
    return bool(await journey.wait_for("now", timeout=0))


CASES += [
    Case(
        "a timeout of nothing is over in its own moment",
        (no_time,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened now#0 0s
        +0s wait.timeout now#0
        +0s journey.completed false
        """,
    ),
    Case(
        "an event in the moment of a timeout of nothing still beats it",
        (no_time,),
        (Send("go"), Send("now")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened now#0 0s
        +0s event now
        +0s wait.matched now#0
        +0s journey.completed true
        """,
    ),
    Case(
        "an event that another process sends in the moment of the deadline beats it",
        (no_time,),
        (Send("go"), Elsewhere("now")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened now#0 0s
        +0s event now
        +0s wait.matched now#0
        +0s journey.completed true
        """,
    ),
]


@workflow(trigger="go")
async def for_ever(journey: Journey) -> str:
    await journey.wait_for("at last")
    return journey.now().isoformat()


CASES += [
    Case(
        "without a timeout a wait waits for ever",
        (for_ever,),
        (Send("go"), Forward("4000d"), Send("at last")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened at last#0
        +4000d event at last
        +4000d wait.matched at last#0
        +4000d journey.completed "2036-12-14T00:00:00+00:00"
        """,
    ),
]


@workflow(trigger="go")
async def what_comes_back(journey: Journey) -> dict[str, Any]:
    some = await journey.wait_for("post", match={"by": "ann"})
    none = await journey.wait_for("never", timeout="1h")
    return {
        "some": [bool(some), len(some), some.timed_out, [p["n"] for p in some.result or ()]],
        "first": some.first["n"] if some.first else None,
        "last": [some[-1]["n"], some[-1].name, some[-1].user, some[-1].id],
        "none": [bool(none), len(none), none.timed_out, none.result, none.first, list(none)],
    }


CASES += [
    Case(
        "a result holds all matching events, oldest first, and none when the time ran out",
        (what_comes_back,),
        (
            Send("post", {"n": 1, "by": "ann"}),
            Send("post", {"n": 2, "by": "bob"}),
            Send("post", {"n": 3, "by": "ann"}, id="third"),
            Send("go"),
            Forward("2h"),
        ),
        """
        +0s event post {"n":1,"by":"ann"}
        +0s event post {"n":2,"by":"bob"}
        +0s event post {"n":3,"by":"ann"} id=third
        +0s event go
        +0s journey.started
        +0s wait.matched post#0 x2
        +0s wait.opened never#0 1h
        +1h wait.timeout never#0
        +1h journey.completed {"some":[true,2,false,[1,3]],"first":1,"last":[3,"post","u","third"],"""
        """"none":[false,0,true,null,null,[]]}
        """,
    ),
]


@workflow(trigger="go")
async def either_name(journey: Journey) -> str | None:
    found = await journey.wait_for(["app/login", "web/login"], timeout="1d")
    return found.first.name if found.first else None


@workflow(trigger="go")
async def any_of_app(journey: Journey) -> list[str]:
    found = await journey.wait_for("app/*")
    return [event.name for event in found]


@workflow(trigger="go")
async def anything(journey: Journey) -> list[str]:
    found = await journey.wait_for("*", past=False)
    return [event.name for event in found]


CASES += [
    Case(
        "one of several names is enough",
        (either_name,),
        (Send("go"), Send("other/login"), Send("web/login")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened app/login, web/login#0 1d
        +0s event other/login
        +0s event web/login
        +0s wait.matched app/login, web/login#0
        +0s journey.completed "web/login"
        """,
    ),
    Case(
        "a wildcard meets what begins like it, and nothing else",
        (any_of_app,),
        (Send("go"), Send("web/login"), Send("app"), Send("app/post/new")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened app/*#0
        +0s event web/login
        +0s event app
        +0s event app/post/new
        +0s wait.matched app/*#0
        +0s journey.completed ["app/post/new"]
        """,
    ),
    Case(
        "a wildcard finds what came before, of several names in order",
        (any_of_app,),
        (Send("app/b"), Send("web/x"), Send("app/a"), Send("go")),
        """
        +0s event app/b
        +0s event web/x
        +0s event app/a
        +0s event go
        +0s journey.started
        +0s wait.matched app/*#0 x2
        +0s journey.completed ["app/b","app/a"]
        """,
    ),
    Case(
        "identify is met by no wildcard",
        (anything,),
        (Send("go"), Send("identify", {"plan": "pro"}), Send("hello")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened *#0
        +0s event identify {"plan":"pro"}
        +0s event hello
        +0s wait.matched *#0
        +0s journey.completed ["hello"]
        """,
    ),
]


@workflow(trigger="go")
async def named_or_wild(journey: Journey) -> list[str]:
    found = await journey.wait_for(["identify", "app/*"])
    more = await journey.wait_for(["identify", "app/*"])
    return [event.name for event in (*found, *more)]


CASES += [
    Case(
        "identify is met by its name beside a wildcard",
        (named_or_wild,),
        (Send("go"), Send("identify", {"plan": "pro"}), Send("hello"), Send("app/x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened identify, app/*#0
        +0s event identify {"plan":"pro"}
        +0s wait.matched identify, app/*#0
        +0s wait.opened identify, app/*#1
        +0s event hello
        +0s event app/x
        +0s wait.matched identify, app/*#1
        +0s journey.completed ["identify","app/x"]
        """,
    ),
]


@workflow(trigger="go")
async def known_by_id(journey: Journey) -> int:
    first = await journey.wait_for("x", id="mine")
    second = await journey.wait_for("y", id="yours", timeout="1h")
    return len(first) + len(second)


CASES += [
    Case(
        "a wait with an id has that for its key",
        (known_by_id,),
        (Send("go"), Send("x"), Forward("2h")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened =mine
        +0s event x
        +0s wait.matched =mine
        +0s wait.opened =yours 1h
        +1h wait.timeout =yours
        +1h journey.completed 1
        """,
    ),
]


async def _paid(journey: Journey, number: int) -> str:
    return await _deeper(journey, {"order": {"number": number}})


async def _deeper(journey: Journey, match: dict[str, Any]) -> str:
    paid = await journey.wait_for("paid", match, timeout="1d")
    return "paid" if paid else "unpaid"


@workflow(trigger="go")
async def by_helpers(journey: Journey) -> list[str]:
    return [await _paid(journey, 1), await _paid(journey, 2)]


CASES += [
    Case(
        "helpers may await, at any depth",
        (by_helpers,),
        (Send("go"), Send("paid", {"order": {"number": 1, "sum": 5}}), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0 {"order":{"number":1}} 1d
        +0s event paid {"order":{"number":1,"sum":5}}
        +0s wait.matched paid#0
        +0s wait.opened paid#1 {"order":{"number":2}} 1d
        +1d wait.timeout paid#1
        +1d journey.completed ["paid","unpaid"]
        """,
    ),
]


@workflow(trigger="go")
async def own_trigger(journey: Journey) -> list[int]:
    mine = await journey.wait_for("go")
    more = await journey.wait_for("go")
    return [len(mine), more[0]["n"]]


CASES += [
    Case(
        "the trigger is part of the past, and the next of its name is another",
        (own_trigger,),
        (Send("go", {"n": 1}), Send("go", {"n": 2})),
        """
        +0s event go {"n":1}
        +0s journey.started
        +0s wait.matched go#0
        +0s wait.opened go#1
        +0s event go {"n":2}
        +0s wait.matched go#1
        +0s journey.completed [1,2]
        """,
    ),
]


@workflow(trigger="go")
async def newest_only(journey: Journey) -> int:
    return len(await journey.wait_for("tick"))


CASES += [
    Case(
        "an opening wait looks at no more than the newest 10,000, and says so",
        (newest_only,),
        (*[Send("tick")] * 10_001, Send("go")),
        """
        +0s event tick (many)
        +0s event go
        +0s journey.started
        +0s wait.matched tick#0 x10000
        +0s log.warning …10,000…
        +0s journey.completed 10000
        """,
        not_by=dict.fromkeys(
            ("batch of 1", "restarted", "abandoned", "reloaded", "hooks", "wall", "run"),
            "10,001 acts take long, and the batch of 1000 and play show the rule",
        ),
    ),
]
