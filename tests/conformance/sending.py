"""journey.ingest, ids and journey.events: events that journeys send, and events that count once."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from studio import Journey, workflow
from tests.conformance.case import BY_USER, Case, Elsewhere, Forward, Send

CASES: list[Case] = []


async def as_it_is(command: Awaitable[Any]) -> Any:
    return await command


@workflow(trigger="go")
async def sends(journey: Journey) -> list[Any]:
    gives: Any = await as_it_is(journey.ingest("ping", {"n": 1}))
    ping = await journey.wait_for("ping", timeout="1h")
    return [gives, len(ping), ping[0]["n"]]


@workflow(trigger="go")
async def sends_once(journey: Journey) -> int:
    await journey.ingest("ping", {"pair": (1, 2)})
    await journey.ingest("ping")
    await journey.wait_for("x")
    await journey.sleep("1h")
    pings = journey.events("ping")
    return len(pings) if pings[0]["pair"] == [1, 2] else -1


CASES += [
    Case(
        "ingest gives None, and its event is in the past of the next await",
        (sends,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s event ping {"n":1} from sends/u
        +0s wait.matched ping#0
        +0s journey.completed [null,1,1]
        """,
    ),
    Case(
        "ingest sends once, however often the journey is driven, and its data is JSON at once",
        (sends_once,),
        (Send("go"), Send("x"), Forward("2h")),
        """
        +0s event go
        +0s journey.started
        +0s event ping {"pair":[1,2]} from sends_once/u
        +0s event ping from sends_once/u
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s sleep.opened #0 1h
        +1h sleep.done #0
        +1h journey.completed 2
        """,
        killed=True,
    ),
]


@workflow(trigger="go")
async def asks(journey: Journey) -> str:
    await journey.ingest("question")
    journey.log("asked")
    answer = await journey.wait_for("answer", timeout="1h")
    return "answered" if answer else "no answer"


@workflow(trigger="question")
async def replies(journey: Journey) -> str:
    journey.log("thinking")
    await journey.ingest("answer")
    return "replied"


CASES += [
    Case(
        "an event that a journey sends is the next cause, not a nested one",
        (asks, replies),
        (Send("go"),),
        """
        +0s event go
        +0s asks/u journey.started
        +0s event question from asks/u
        +0s asks/u log asked
        +0s asks/u wait.opened answer#0 1h
        +0s replies/u journey.started
        +0s replies/u log thinking
        +0s event answer from replies/u
        +0s replies/u journey.completed "replied"
        +0s asks/u wait.matched answer#0
        +0s asks/u journey.completed "answered"
        """,
    ),
]


@workflow(trigger="invite")
async def inviter(journey: Journey) -> str:
    await journey.ingest("invited", {"by": journey.user.id}, user="bob")
    journey.log("invited bob")
    joined = await journey.wait_for("joined", timeout="7d")
    return "welcome" if joined else "alone"


@workflow(trigger="invited")
async def guest(journey: Journey) -> str:
    await journey.sleep("1d")
    host = journey.trigger["by"]
    await journey.ingest("joined", {"who": journey.user.id}, user=host)
    return f"joined {host}"


CASES += [
    Case(
        "an event to another user is the next cause there",
        (inviter, guest),
        (Send("invite", user="ann"), Forward("8d")),
        """
        +0s event invite @ann
        +0s inviter/ann journey.started
        +0s event invited @bob {"by":"ann"} from inviter/ann
        +0s inviter/ann log invited bob
        +0s inviter/ann wait.opened joined#0 7d
        +0s guest/bob journey.started
        +0s guest/bob sleep.opened #0 1d
        +1d guest/bob sleep.done #0
        +1d event joined @ann {"who":"bob"} from guest/bob
        +1d guest/bob journey.completed "joined ann"
        +1d inviter/ann wait.matched joined#0
        +1d inviter/ann journey.completed "welcome"
        """,
    ),
]


@workflow(trigger="go")
async def several_at_once(journey: Journey) -> None:
    for n in (1, 2, 3):
        await journey.ingest("job", {"n": n})


@workflow(trigger="job")
async def worker(journey: Journey) -> None:
    journey.log(f"job {journey.trigger['n']} of {len(journey.events('job'))}")


CASES += [
    Case(
        "events that a journey sends become causes in their order, each seeing up to itself",
        (several_at_once, worker),
        (Send("go"),),
        """
        +0s event go
        +0s several_at_once/u journey.started
        +0s event job {"n":1} from several_at_once/u
        +0s event job {"n":2} from several_at_once/u
        +0s event job {"n":3} from several_at_once/u
        +0s worker/u journey.started
        +0s worker/u log job 1 of 1
        +0s worker/u journey.pass 2
        +0s worker/u log job 2 of 2
        +0s worker/u journey.pass 3
        +0s worker/u log job 3 of 3
        """,
    ),
]


@workflow(trigger="order")
async def mails(journey: Journey) -> None:
    await journey.ingest("mail", id=f"mail for {journey.trigger['order']}")


@workflow(trigger="mail")
async def counts_mail(journey: Journey) -> None:
    journey.log(f"{len(journey.events('mail'))} mails, this one {journey.trigger.id}")


CASES += [
    Case(
        "events with one id count once, also when journeys send them",
        (mails, counts_mail),
        (
            Send("order", {"order": 1}, id="o1"),
            Send("order", {"order": 1}, id="o1"),
            Send("order", {"order": 1}, id="o2"),
            Send("order", {"order": 2}, user="v", id="o2"),
            Send("mail", id="mail for 1"),
        ),
        """
        +0s event order {"order":1} id=o1
        +0s mails/u journey.started
        +0s event mail id=mail for 1 from mails/u
        +0s counts_mail/u journey.started
        +0s counts_mail/u log 1 mails, this one mail for 1
        +0s event order {"order":1} id=o2
        +0s mails/u journey.pass 2
        +0s mails/u event.duplicate ingest:mail#0
        """,
        not_by=dict.fromkeys(BY_USER, "where each user is by itself, an id counts once for each"),
        killed=True,
    ),
]


@workflow(trigger="go")
async def looks(journey: Journey) -> list[Any]:
    before = [event["n"] for event in journey.events("x")]
    await journey.wait_for("y")
    after = [event["n"] for event in journey.events("x")]
    await journey.sleep("1h")
    odd = [event["n"] for event in journey.events(["x", "z*"], match={"odd": True})]
    return [before, after, odd]


CASES += [
    Case(
        "journey.events has what came up to the position, and does not wait",
        (looks,),
        (
            Send("x", {"n": 1, "odd": True}),
            Send("go"),
            Send("x", {"n": 2}),
            Send("y"),
            Send("x", {"n": 3, "odd": True}),
            Send("zoo", {"n": 5, "odd": True}),
            Forward("2h"),
        ),
        """
        +0s event x {"n":1,"odd":true}
        +0s event go
        +0s journey.started
        +0s wait.opened y#0
        +0s event x {"n":2}
        +0s event y
        +0s wait.matched y#0
        +0s sleep.opened #0 1h
        +0s event x {"n":3,"odd":true}
        +0s event zoo {"n":5,"odd":true}
        +1h sleep.done #0
        +1h journey.completed [[1],[1,2],[1,3,5]]
        """,
    ),
]


@workflow(trigger="email")
async def reminders(journey: Journey) -> str:
    while True:
        sent = await journey.wait_for(
            "reminder", timeout=0, past=True, id=f"sent {len(journey.events('reminder'))}"
        )
        pause = f"{len(sent) * 2 or 1}s"
        account = await journey.wait_for("account", timeout=pause, past=False)
        if account:
            return f"after {len(journey.events('reminder'))} reminders"
        journey.log(f"waited {pause}")
        await journey.ingest("reminder")
        await journey.new_pass()


CASES += [
    Case(
        "a back-off counts the reminders in the history, no counter anywhere",
        (reminders,),
        (Send("email"), Forward("5s"), Send("account")),
        """
        +0s event email
        +0s journey.started
        +0s wait.opened =sent 0 0s
        +0s wait.timeout =sent 0
        +0s wait.opened account#0 1s
        +1s wait.timeout account#0
        +1s log waited 1s
        +1s event reminder from reminders/u
        +1s journey.pass 2 by email
        +1s wait.matched =sent 1
        +1s wait.opened account#0 2s
        +3s wait.timeout account#0
        +3s log waited 2s
        +3s event reminder from reminders/u
        +3s journey.pass 3 by email
        +3s wait.matched =sent 2 x2
        +3s wait.opened account#0 4s
        +5s event account
        +5s wait.matched account#0
        +5s journey.completed "after 2 reminders"
        """,
    ),
]


@workflow(trigger="go")
async def knows_times(journey: Journey) -> dict[str, Any]:
    trigger = journey.trigger
    return {"sent_at": trigger.sent_at, "accepted": (trigger.at - journey.now()).total_seconds()}


CASES += [
    Case(
        "the sender's own time is kept and decides nothing",
        (knows_times,),
        (Forward("1h"), Send("go", sent_at=1_000)),
        """
        +1h event go
        +1h journey.started
        +1h journey.completed {"sent_at":1000,"accepted":0.0}
        """,
    ),
]


@workflow(trigger="job")
async def takes_jobs(journey: Journey) -> None:
    journey.log(f"job {journey.trigger['n']}")


CASES += [
    Case(
        "events of other processes come in their order, behind what was there",
        (takes_jobs,),
        (
            Send("job", {"n": 1}),
            Elsewhere("job", {"n": 2}),
            Elsewhere("job", {"n": 3}),
            Send("job", {"n": 4}),
        ),
        """
        +0s event job {"n":1}
        +0s journey.started
        +0s log job 1
        +0s event job {"n":2}
        +0s journey.pass 2
        +0s log job 2
        +0s event job {"n":3}
        +0s journey.pass 3
        +0s log job 3
        +0s event job {"n":4}
        +0s journey.pass 4
        +0s log job 4
        """,
    ),
]
