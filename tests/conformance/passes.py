"""Passes: what begins a journey, what begins another pass, and what ends them for good."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Case, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def counts_passes(journey: Journey) -> str | None:
    journey.log(f"pass {journey.pass_number} by {journey.trigger['n']}")
    return "third" if journey.pass_number == 3 else None


@workflow
async def on_anything(journey: Journey) -> None:
    journey.log(journey.trigger.name)


@workflow(trigger=["start", "app/*"])
async def on_several(journey: Journey) -> None:
    journey.log(journey.trigger.name)


@workflow(trigger="go")
async def falsy_result(journey: Journey) -> int:
    return 0


CASES += [
    Case(
        "None ends a pass, the next trigger begins another, a result ends the journey for good",
        (counts_passes,),
        (Send("go", {"n": 1}), Send("go", {"n": 2}), Send("no"), Send("go", {"n": 3}), Send("go", {"n": 4})),
        """
        +0s event go {"n":1}
        +0s journey.started
        +0s log pass 1 by 1
        +0s event go {"n":2}
        +0s journey.pass 2
        +0s log pass 2 by 2
        +0s event no
        +0s event go {"n":3}
        +0s journey.pass 3
        +0s log pass 3 by 3
        +0s journey.completed "third"
        +0s event go {"n":4}
        """,
        killed=True,
    ),
    Case(
        "without a trigger any event begins a pass, but identify",
        (on_anything,),
        (Send("identify", {"plan": "pro"}), Send("a"), Send("identify", {"plan": "free"}), Send("b")),
        """
        +0s event identify {"plan":"pro"}
        +0s event a
        +0s journey.started
        +0s log a
        +0s event identify {"plan":"free"}
        +0s event b
        +0s journey.pass 2
        +0s log b
        """,
    ),
    Case(
        "a trigger may be several names and wildcards",
        (on_several,),
        (Send("app/login"), Send("stop"), Send("start"), Send("app")),
        """
        +0s event app/login
        +0s journey.started
        +0s log app/login
        +0s event stop
        +0s event start
        +0s journey.pass 2
        +0s log start
        +0s event app
        """,
    ),
    Case(
        "0 is a result, for it is not None",
        (falsy_result,),
        (Send("go"), Send("go")),
        """
        +0s event go
        +0s journey.started
        +0s journey.completed 0
        +0s event go
        """,
    ),
]


@workflow(trigger="ping")
async def busy(journey: Journey) -> None:
    await journey.sleep("1d")
    journey.log(f"slept for {journey.trigger['n']}")


CASES += [
    Case(
        "triggers that came during a pass begin one more at its end, however many they were, by the newest",
        (busy,),
        (
            Send("ping", {"n": 1}),
            Forward("1h"),
            Send("ping", {"n": 2}),
            Send("ping", {"n": 3}),
            Forward("1h"),
            Send("ping", {"n": 4}),
            Forward("10d"),
        ),
        """
        +0s event ping {"n":1}
        +0s journey.started
        +0s sleep.opened #0 1d
        +1h event ping {"n":2}
        +1h event ping {"n":3}
        +2h event ping {"n":4}
        +1d sleep.done #0
        +1d log slept for 1
        +1d journey.pass 2 by ping
        +1d sleep.opened #0 1d
        +2d sleep.done #0
        +2d log slept for 4
        """,
    ),
]


@workflow(trigger="ping")
async def takes_in(journey: Journey) -> None:
    other = await journey.wait_for("ping", past=False, timeout="1h")
    journey.log(f"{journey.trigger['n']} and {[ping['n'] for ping in other]}")


CASES += [
    Case(
        "a trigger that is in a result of the pass begins no other",
        (takes_in,),
        (
            Send("ping", {"n": 1}),
            Send("ping", {"n": 2}),
            Forward("1d"),
            Send("ping", {"n": 3}),
            Forward("1d"),
        ),
        """
        +0s event ping {"n":1}
        +0s journey.started
        +0s wait.opened ping#0 1h
        +0s event ping {"n":2}
        +0s wait.matched ping#0
        +0s log 1 and [2]
        +1d event ping {"n":3}
        +1d journey.pass 2
        +1d wait.opened ping#0 1h
        +1d1h wait.timeout ping#0
        +1d1h log 3 and []
        """,
    ),
]


@workflow(trigger=["ping", "pong"])
async def takes_pong(journey: Journey) -> None:
    pong = await journey.wait_for("pong")
    journey.log(f"{journey.trigger.name} and {len(pong)} pongs")


CASES += [
    Case(
        "of the triggers of a pass those that no result holds begin the next",
        (takes_pong,),
        (Send("ping"), Send("ping", {"n": 2}), Send("pong")),
        """
        +0s event ping
        +0s journey.started
        +0s wait.opened pong#0
        +0s event ping {"n":2}
        +0s event pong
        +0s wait.matched pong#0
        +0s log ping and 1 pongs
        +0s journey.pass 2 by ping
        +0s wait.matched pong#0
        +0s log ping and 1 pongs
        """,
    ),
]


@workflow(trigger="go")
async def past_again(journey: Journey) -> None:
    found = await journey.wait_for("x", timeout="1d")
    journey.log(f"{len(found)} of x")


CASES += [
    Case(
        "each pass looks back to the user's first event",
        (past_again,),
        (Send("x"), Send("go"), Forward("1h"), Send("x"), Send("go")),
        """
        +0s event x
        +0s event go
        +0s journey.started
        +0s wait.matched x#0
        +0s log 1 of x
        +1h event x
        +1h event go
        +1h journey.pass 2
        +1h wait.matched x#0 x2
        +1h log 2 of x
        """,
    ),
]


@workflow(trigger="go")
async def afresh(journey: Journey) -> int:
    await journey.wait_for("tick", past=False)
    if journey.pass_number == 3:
        return journey.trigger["n"]  # type: ignore[no-any-return]
    return await journey.new_pass()


CASES += [
    Case(
        "new_pass begins afresh where it stands, with the same trigger",
        (afresh,),
        (Send("go", {"n": 7}), Send("tick"), Send("tick"), Forward("1h"), Send("tick")),
        """
        +0s event go {"n":7}
        +0s journey.started
        +0s wait.opened tick#0
        +0s event tick
        +0s wait.matched tick#0
        +0s journey.pass 2 by go
        +0s wait.opened tick#0
        +0s event tick
        +0s wait.matched tick#0
        +0s journey.pass 3 by go
        +0s wait.opened tick#0
        +1h event tick
        +1h wait.matched tick#0
        +1h journey.completed 7
        """,
    ),
]


@workflow(trigger="go")
async def spins(journey: Journey) -> None:
    await journey.new_pass()


@workflow(trigger="again")
async def feeds_itself(journey: Journey) -> None:
    await journey.ingest("again")


@workflow(trigger="go")
async def spins_slowly(journey: Journey) -> str:
    await journey.sleep("1m")
    if journey.pass_number == 250:
        return "no runaway"
    return await journey.new_pass()


SLOWLY = "\n".join(
    f"+{n // 60}h{n % 60}m ".replace("+0h", "+").replace("h0m", "h") + text
    for n in range(1, 250)
    for text in ("sleep.done #0", f"journey.pass {n + 1} by go", "sleep.opened #0 1m")
)

CASES += [
    Case(
        "passes without time moving are a runaway, which fails",
        (spins,),
        (Send("go"),),
        "+0s event go\n+0s journey.started\n"
        + "".join(f"+0s journey.pass {n}\n" for n in range(2, 102))
        + "+0s journey.failed WorkflowError: …runaway…100 passes…",
    ),
    Case(
        "a journey that sends its own trigger without time moving is a runaway, which fails",
        (feeds_itself,),
        (Send("again"),),
        "+0s event again\n+0s journey.started\n"
        + "".join(f"+0s event again from feeds_itself/u\n+0s journey.pass {n}\n" for n in range(2, 102))
        + "+0s journey.failed WorkflowError: …runaway…100 passes…",
    ),
    Case(
        "as long as time moves there may be any number of passes",
        (spins_slowly,),
        (Send("go"), Forward("1d")),
        "+0s event go\n+0s journey.started\n+0s sleep.opened #0 1m\n"
        + SLOWLY
        + '\n+4h10m sleep.done #0\n+4h10m journey.completed "no runaway"',
    ),
]


@workflow(trigger="go", again=True)
async def once_more(journey: Journey) -> str:
    x = await journey.wait_for("x", timeout="1h")
    return f"{journey.id} {len(x)}"


CASES += [
    Case(
        "with again=True a trigger after the end begins a new journey, which sees only its own past",
        (once_more,),
        (Send("x"), Send("go"), Send("x"), Send("go"), Forward("2h"), Send("go"), Send("x")),
        """
        +0s event x
        +0s event go
        +0s once_more/u journey.started
        +0s once_more/u wait.opened x#0 1h
        +0s event x
        +0s once_more/u wait.matched x#0
        +0s once_more/u journey.completed "once_more/u 1"
        +0s event go
        +0s once_more/u~2 journey.started
        +0s once_more/u~2 wait.opened x#0 1h
        +1h once_more/u~2 wait.timeout x#0
        +1h once_more/u~2 journey.completed "once_more/u~2 0"
        +2h event go
        +2h once_more/u~3 journey.started
        +2h once_more/u~3 wait.opened x#0 1h
        +2h event x
        +2h once_more/u~3 wait.matched x#0
        +2h once_more/u~3 journey.completed "once_more/u~3 1"
        """,
    ),
    Case(
        "with again=True a trigger while one is under way begins none",
        (once_more,),
        (Send("go"), Send("go"), Send("x")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 1h
        +0s event go
        +0s event x
        +0s wait.matched x#0
        +0s journey.completed "once_more/u 1"
        """,
    ),
]


@workflow(trigger="go", again=True)
async def idles_again(journey: Journey) -> str | None:
    found = await journey.wait_for("x", past="ever", timeout="1h")
    own = await journey.wait_for("x", {"n": 1}, timeout="1h")
    journey.log(f"ever {len(found)}, own {len(own)}, listed {len(journey.events('x'))}")
    return "end" if journey.pass_number == 2 else None


CASES += [
    Case(
        'past="ever" asks for everything; an idle journey with again=True goes on with a pass',
        (idles_again,),
        (Send("x", {"n": 1}), Forward("1d"), Send("go"), Forward("2h"), Send("x", {"n": 1}), Send("go")),
        """
        +0s event x {"n":1}
        +1d event go
        +1d journey.started
        +1d wait.matched x#0
        +1d wait.opened x#1 {"n":1} 1h
        +1d1h wait.timeout x#1
        +1d1h log ever 1, own 0, listed 0
        +1d2h event x {"n":1}
        +1d2h event go
        +1d2h journey.pass 2
        +1d2h wait.matched x#0 x2
        +1d2h wait.matched x#1
        +1d2h log ever 2, own 1, listed 1
        +1d2h journey.completed "end"
        """,
    ),
]


@workflow(trigger="go", exit_on=["bye", "gone/*"])
async def may_leave(journey: Journey) -> str | None:
    await journey.wait_any(journey.wait_for("bye"), journey.wait_for("x"), timeout="1d")
    return None


CASES += [
    Case(
        "exit_on ends a waiting journey at once, also when it waits for that event",
        (may_leave,),
        (Send("go"), Forward("1h"), Send("bye"), Send("go"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened bye#0
        +0s wait.opened x#0
        +0s wait.opened any#0 [wait:bye#0, wait:x#0] 1d
        +1h event bye
        +1h wait.closed bye#0
        +1h wait.closed x#0
        +1h wait.closed any#0
        +1h journey.exited
        +1h event go
        """,
    ),
    Case(
        "exit_on ends an idle journey, and means nothing before the first",
        (may_leave,),
        (Send("gone/far"), Send("x"), Send("go"), Send("gone/away"), Send("gone/away"), Send("go")),
        """
        +0s event gone/far
        +0s event x
        +0s event go
        +0s journey.started
        +0s wait.matched x#0
        +0s wait.matched any#0 [wait:x#0]
        +0s event gone/away
        +0s journey.exited
        +0s event gone/away
        +0s event go
        """,
    ),
]
