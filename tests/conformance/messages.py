"""message: steps that go through a channel. The first moment of a case is Thursday, 2026-01-01, 00:00 UTC."""

from __future__ import annotations

from typing import Any

from studio import Journey, StepFailed, channel, workflow
from tests.conformance.case import BY_USER, Call, Cancel, Case, Forward, Send

CASES: list[Case] = []

plain = channel("plain")
night = channel("night", quiet_hours="22:00-08:00")
capped = channel("capped", cap="1 per 24h", over="drop")
held = channel("held", cap=["1 per 24h", "3 per week"], over="hold 2d")
daily = channel("daily", cap="1 per day", over="hold 2d")


def send(to: str = "u") -> str:
    return f"to {to}"


@workflow(trigger="go")
async def greeting(journey: Journey) -> list[Any]:
    sent = await journey.message(plain, "hello", send, to="you")
    return [bool(sent), sent.result, sent.reason]


@workflow(trigger="go", timezone="Europe/Berlin")
async def by_night(journey: Journey) -> None:
    for _ in range(2):
        await journey.message(night, "late", send)
        await journey.sleep("12h")


CASES += [
    Case(
        "a message is asked for, judged at the same moment, and handed over",
        (greeting,),
        (Send("go"), Forward("1s")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked hello#0 plain
        +0s message.started hello plain
        +0s step.started hello#0
        +0s message.sent hello#0 "to you"
        +0s journey.completed [true,"to you",null]
        """,
    ),
    Case(
        "in quiet hours a message waits until they are over, by the clock of the user",
        (by_night,),
        (Send("go"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked late#0 night
        +0s message.deferred late#0 7h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 Europe/Berlin
        +7h message.started late night
        +7h step.started late#0
        +7h message.sent late#0 "to u"
        +7h sleep.opened #0 12h
        +19h sleep.done #0
        +19h message.asked late#1 night
        +19h message.started late night
        +19h step.started late#1
        +19h message.sent late#1 "to u"
        +19h sleep.opened #1 12h
        """,
    ),
]


@workflow(trigger="go")
async def brief(journey: Journey) -> str:
    sent = await journey.message(night, "brief", send, valid_for="6h")
    return str(sent.reason)


@workflow(trigger="go")
async def receipt(journey: Journey) -> list[bool]:
    return [
        bool(await journey.message(night, "receipt", send, transactional=True)),
        bool(await journey.message(capped, "first", send, transactional=True)),
        bool(await journey.message(capped, "second", send)),
        bool(await journey.message(capped, "third", send)),
        bool(await journey.message(capped, "fourth", send, transactional=True)),
    ]


CASES += [
    Case(
        "a message that is no longer valid when quiet hours end is dropped at once",
        (brief,),
        (Send("go"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked brief#0 night
        +0s message.dropped brief#0 quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC, when …
        +0s journey.completed "quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC, when it is no longer valid"
        """,
        {"wall": "time jumps by a day at once, and it is late"},
    ),
    Case(
        "a transactional message goes by night and over a cap, and counts for none",
        (receipt,),
        (Send("go"), Forward("1s")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked receipt#0 night
        +0s step.started receipt#0
        +0s message.sent receipt#0 "to u"
        +0s message.asked first#0 capped
        +0s step.started first#0
        +0s message.sent first#0 "to u"
        +0s message.asked second#0 capped
        +0s message.started second capped
        +0s step.started second#0
        +0s message.sent second#0 "to u"
        +0s message.asked third#0 capped
        +0s message.dropped third#0 cap 1 per 24h after receipt: second
        +0s message.asked fourth#0 capped
        +0s step.started fourth#0
        +0s message.sent fourth#0 "to u"
        +0s journey.completed [true,true,true,false,true]
        """,
    ),
]


@workflow(trigger="go", again=True)
async def news(journey: Journey) -> bool:
    return bool(await journey.message(held, "news", send))


@workflow(trigger="go", again=True, timezone="America/Lima")
async def tips(journey: Journey) -> bool:
    return bool(await journey.message(daily, "tip", send))


CASES += [
    Case(
        "a cap in hours rolls, and what is over it is held until there is room",
        (news,),
        (Send("go"), Send("go", after="1h"), Forward("22h"), Send("go"), Forward("3d")),
        """
        +0s event go
        +0s news/u journey.started
        +0s news/u message.asked news#0 held
        +0s news/u message.started news held
        +0s news/u step.started news#0
        +0s news/u message.sent news#0 "to u"
        +0s news/u journey.completed true
        +1h event go
        +1h news/u~2 journey.started
        +1h news/u~2 message.asked news#0 held
        +1h news/u~2 message.deferred news#0 23h cap 1 per 24h after news: news
        +23h event go
        +1d news/u~2 message.started news held
        +1d news/u~2 step.started news#0
        +1d news/u~2 message.sent news#0 "to u"
        +1d news/u~2 journey.completed true
        """,
    ),
    Case(
        "a cap of a day is of the calendar of the user",
        (tips,),
        (Send("go"), Send("go", after="4h"), Forward("3d")),
        """
        +0s event go
        +0s tips/u journey.started
        +0s tips/u message.asked tip#0 daily
        +0s tips/u message.started tip daily
        +0s tips/u step.started tip#0
        +0s tips/u message.sent tip#0 "to u"
        +0s tips/u journey.completed true
        +4h event go
        +4h tips/u~2 journey.started
        +4h tips/u~2 message.asked tip#0 daily
        +4h tips/u~2 message.deferred tip#0 1h cap 1 per day after tips: tip
        +5h tips/u~2 message.started tip daily
        +5h tips/u~2 step.started tip#0
        +5h tips/u~2 message.sent tip#0 "to u"
        +5h tips/u~2 journey.completed true
        """,
    ),
]


@workflow(trigger="go")
async def a_low(journey: Journey) -> str | None:
    return (await journey.message(capped, "low", send)).reason or "sent"


@workflow(trigger="go")
async def b_high(journey: Journey) -> str | None:
    return (await journey.message(capped, "high", send, priority=9)).reason or "sent"


@workflow(trigger="go")
async def c_sleeper(journey: Journey) -> str | None:
    await journey.sleep(0)
    return (await journey.message(capped, "highest", send, priority=10)).reason or "sent"


CASES += [
    Case(
        "of what is asked for in one moment the higher priority comes first, and the loser names the winner",
        (a_low, b_high, c_sleeper),
        (Send("go"), Forward("1s")),
        """
        +0s event go
        +0s a_low/u journey.started
        +0s a_low/u message.asked low#0 capped
        +0s b_high/u journey.started
        +0s b_high/u message.asked high#0 capped
        +0s c_sleeper/u journey.started
        +0s c_sleeper/u sleep.opened #0 0s
        +0s c_sleeper/u sleep.done #0
        +0s c_sleeper/u message.asked highest#0 capped
        +0s c_sleeper/u message.started highest capped
        +0s c_sleeper/u step.started highest#0
        +0s c_sleeper/u message.sent highest#0 "to u"
        +0s c_sleeper/u journey.completed "sent"
        +0s b_high/u message.dropped high#0 cap 1 per 24h after c_sleeper: highest
        +0s b_high/u journey.completed "cap 1 per 24h"
        +0s a_low/u message.dropped low#0 cap 1 per 24h after c_sleeper: highest
        +0s a_low/u journey.completed "cap 1 per 24h"
        """,
        dict.fromkeys(BY_USER, "a turn serves a moment's deadlines before steps that it launched end"),
    ),
]


@workflow(trigger="go", exit_on="left")
async def leaves(journey: Journey) -> None:
    await journey.message(night, "late", send)


@workflow(trigger="go")
async def either(journey: Journey) -> list[Any]:
    paid, sent = await journey.wait_any(journey.wait_for("paid"), journey.message(night, "late", send))
    return [bool(paid), bool(sent)]


CASES += [
    Case(
        "who exits while a message is put off does not get it",
        (leaves,),
        (Send("go"), Send("left", after="1h"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked late#0 night
        +0s message.deferred late#0 8h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC
        +1h event left
        +1h message.dropped late#0 exited by left
        +1h journey.exited
        """,
    ),
    Case(
        "a journey that is cancelled sends nothing any more",
        (leaves,),
        (Send("go"), Forward("1h"), Cancel("leaves/u"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked late#0 night
        +0s message.deferred late#0 8h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC
        +1h message.dropped late#0 cancelled
        +1h journey.cancelled
        """,
    ),
    Case(
        "a message may be a member of a group, and is dropped where another comes first",
        (either,),
        (Send("go"), Send("go", user="v"), Send("paid", user="v", after="1h"), Forward("1d")),
        """
        +0s event go @u
        +0s either/u journey.started
        +0s either/u wait.opened paid#0
        +0s either/u message.asked late#0 night
        +0s either/u wait.opened any#0 [wait:paid#0, message:late#0]
        +0s event go @v
        +0s either/v journey.started
        +0s either/v wait.opened paid#0
        +0s either/v message.asked late#0 night
        +0s either/v wait.opened any#0 [wait:paid#0, message:late#0]
        +0s either/u message.deferred late#0 8h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC
        +0s either/v message.deferred late#0 8h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC
        +1h event paid @v
        +1h either/v wait.matched paid#0
        +1h either/v message.dropped late#0 the journey went on without it
        +1h either/v wait.matched any#0 [wait:paid#0]
        +1h either/v journey.completed [true,false]
        +8h either/u message.started late night
        +8h either/u step.started late#0
        +8h either/u message.sent late#0 "to u"
        +8h either/u wait.closed paid#0
        +8h either/u wait.matched any#0 [message:late#0]
        +8h either/u journey.completed [false,true]
        """,
    ),
]

FAILS: list[int] = []


def fail() -> str:
    FAILS.append(1)
    if len(FAILS) < 3:
        raise ConnectionError("no route")
    return "at last"


@workflow(trigger="go")
async def retried(journey: Journey) -> list[Any]:
    first = await journey.message(capped, "first", fail, retries=5, pause="1m")
    second = await journey.message(capped, "second", send)
    return [first.result, second.reason]


@workflow(trigger="go")
async def broken(journey: Journey) -> list[Any]:
    try:
        await journey.message(capped, "first", fail)
    except StepFailed as error:
        second = await journey.message(capped, "second", send)
        return [error.type, second.reason]
    return []


CASES += [
    Case(
        "a failure is tried again through the channel, and counts once",
        (retried,),
        (Call(FAILS.clear), Send("go"), Forward("1h")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked first#0 capped
        +0s message.started first capped
        +0s step.started first#0
        +0s step.retry first#0 ConnectionError: no route, 1m
        +1m step.started first#0 attempt 2
        +1m step.retry first#0 ConnectionError: no route, 2m
        +3m step.started first#0 attempt 3
        +3m message.sent first#0 "at last"
        +3m message.asked second#0 capped
        +3m message.dropped second#0 cap 1 per 24h after retried: first
        +3m journey.completed ["at last","cap 1 per 24h"]
        """,
    ),
    Case(
        "a message that failed for good raises, and counts all the same",
        (broken,),
        (Call(FAILS.clear), Send("go"), Forward("1s")),
        """
        +0s event go
        +0s journey.started
        +0s message.asked first#0 capped
        +0s message.started first capped
        +0s step.started first#0
        +0s step.failed first#0 ConnectionError: no route
        +0s message.asked second#0 capped
        +0s message.dropped second#0 cap 1 per 24h after broken: first
        +0s journey.completed ["ConnectionError","cap 1 per 24h"]
        """,
    ),
]


@workflow(trigger="go", holdout=40)
async def offer(journey: Journey) -> list[Any]:
    sent = await journey.message(night, "offer", send)
    done = await journey.step("count", send)
    receipt = await journey.message(plain, "receipt", send, transactional=True)
    return [sent.reason, done, bool(receipt)]


CASES += [
    Case(
        "who is held out gets no message, at the very time at which it would have come; steps run",
        (offer,),
        (Send("go", user="v"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s split.drawn holdout held out
        +0s message.asked offer#0 night
        +0s message.deferred offer#0 8h quiet hours 22:00-08:00, until Thu 1 Jan 08:00 UTC
        +8h message.withheld offer#0 holdout
        +8h step.started count#0
        +8h step.done count#0 "to u"
        +8h message.asked receipt#0 plain
        +8h step.started receipt#0
        +8h message.sent receipt#0 "to u"
        +8h journey.completed ["holdout","to u",true]
        """,
        seed="w2",
    ),
    Case(
        "a test user is not capped",
        (news,),
        (Send("go", user={"id": "u", "test": True}), Forward("1s"), Send("go"), Forward("1s")),
        """
        +0s event go
        +0s news/u journey.started
        +0s news/u message.asked news#0 held
        +0s news/u message.started news held
        +0s news/u step.started news#0
        +0s news/u message.sent news#0 "to u"
        +0s news/u journey.completed true
        +1s event go
        +1s news/u~2 journey.started
        +1s news/u~2 message.asked news#0 held
        +1s news/u~2 message.started news held
        +1s news/u~2 step.started news#0
        +1s news/u~2 message.sent news#0 "to u"
        +1s news/u~2 journey.completed true
        """,
    ),
]


weeks = channel("weekly", cap="1 per 7d")


@workflow(trigger="go", again=True)
async def weekly(journey: Journey) -> str:
    """For test_kept.py."""
    return (await journey.message(weeks, "news", send)).reason or "sent"
