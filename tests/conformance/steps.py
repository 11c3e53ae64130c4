"""Steps: what is done outside, at least once, with its result recorded."""

from __future__ import annotations

import asyncio
from typing import Any

from studio import Journey, StepFailed, current_step, workflow
from tests.conformance.case import Call, Case, Forward, Kill, Resume, Send, gate

CASES: list[Case] = []


def charge(sum: int, *, to: str) -> dict[str, Any]:
    return {"charged": sum, "to": to}


async def send(to: str) -> str:
    await asyncio.sleep(0)
    return f"sent to {to}"


@workflow(trigger="go")
async def two_steps(journey: Journey) -> list[Any]:
    bill = await journey.step("charge", charge, 5, to=journey.user.id)
    mail = await journey.step("send mail", send, to="ann")
    return [bill["charged"], mail]


CASES += [
    Case(
        "steps run one behind the other, plain and async functions alike",
        (two_steps,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started charge#0
        +0s step.done charge#0 {"charged":5,"to":"u"}
        +0s step.started send mail#0
        +0s step.done send mail#0 "sent to ann"
        +0s journey.completed [5,"sent to ann"]
        """,
        killed=True,
    ),
]


def pair() -> tuple[int, tuple[str, ...]]:
    return 1, ("two", "three")


def numbered() -> dict[int, str]:
    return {1: "one"}


@workflow(trigger="go")
async def live_is_replayed(journey: Journey) -> list[Any]:
    both = await journey.step("pair", pair)
    named = await journey.step("numbered", numbered)
    live = [type(both).__name__, type(both[1]).__name__, sorted(named)]
    await journey.step("keep", list, live)
    await journey.wait_for("more")
    return [await journey.step("kept", list, live) == live, live]


CASES += [
    Case(
        "a tuple as result is a list from the first moment, a key a text",
        (live_is_replayed,),
        (Send("go"), Send("more")),
        """
        +0s event go
        +0s journey.started
        +0s step.started pair#0
        +0s step.done pair#0 [1,["two","three"]]
        +0s step.started numbered#0
        +0s step.done numbered#0 {"1":"one"}
        +0s step.started keep#0
        +0s step.done keep#0 ["list","list",["1"]]
        +0s wait.opened more#0
        +0s event more
        +0s wait.matched more#0
        +0s step.started kept#0
        +0s step.done kept#0 ["list","list",["1"]]
        +0s journey.completed [true,["list","list",["1"]]]
        """,
    ),
]


def fails_until(attempt: int) -> str:
    step = current_step()
    if step.attempt < attempt:
        raise ConnectionError(f"attempt {step.attempt}")
    return f"done at attempt {step.attempt}"


@workflow(trigger="go")
async def persistent(journey: Journey) -> str:
    return await journey.step("call", fails_until, 3, retries=5, pause="10s")


@workflow(trigger="go")
async def gives_up(journey: Journey) -> list[str]:
    try:
        await journey.step("call", fails_until, 9, retries=1)
    except StepFailed as error:
        journey.log(f"gave up: {error.type}")
        await journey.wait_for("go on", timeout="1h")
        return [error.name, error.type, error.message]
    return []


CASES += [
    Case(
        "a step that fails is tried again after pauses that double",
        (persistent,),
        (Send("go"), Forward("1h")),
        """
        +0s event go
        +0s journey.started
        +0s step.started call#0
        +0s step.retry call#0 ConnectionError: attempt 1, 10s
        +10s step.started call#0 attempt 2
        +10s step.retry call#0 ConnectionError: attempt 2, 20s
        +30s step.started call#0 attempt 3
        +30s step.done call#0 "done at attempt 3"
        +30s journey.completed "done at attempt 3"
        """,
        killed=True,
    ),
    Case(
        "a step out of retries raises StepFailed, the same at every replay",
        (gives_up,),
        (Send("go"), Forward("10m"), Send("go on")),
        """
        +0s event go
        +0s journey.started
        +0s step.started call#0
        +0s step.retry call#0 ConnectionError: attempt 1, 1s
        +1s step.started call#0 attempt 2
        +1s step.failed call#0 ConnectionError: attempt 2
        +1s log gave up: ConnectionError
        +1s wait.opened go on#0 1h
        +10m event go on
        +10m wait.matched go on#0
        +10m journey.completed ["call","ConnectionError","attempt 2"]
        """,
    ),
]


@workflow(trigger="go")
async def unlucky(journey: Journey) -> None:
    await journey.step("call", fails_until, 2)


CASES += [
    Case(
        "a step's failure that nobody catches fails the journey at its await",
        (unlucky,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started call#0
        +0s step.failed call#0 ConnectionError: attempt 1
        +0s journey.failed StepFailed: …ConnectionError… at await journey.step("call", fails_until, 2)
        """,
    ),
]


def unstorable() -> object:
    return {"when": object()}


async def slow() -> None:
    await asyncio.sleep(20)


@workflow(trigger="go")
async def bad_results(journey: Journey) -> list[str]:
    kinds = []
    for name, function in (("odd", unstorable), ("nan", float)):
        try:
            await journey.step(name, function, *(["nan"] if name == "nan" else []))
        except StepFailed as error:
            kinds.append(error.name)
    return kinds


@workflow(trigger="go")
async def impatient(journey: Journey) -> str:
    try:
        await journey.step("slow", slow, timeout="50ms")
    except StepFailed as error:
        return error.type
    return ""


CASES += [
    Case(
        "a result that JSON cannot hold is a failure of the step",
        (bad_results,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started odd#0
        +0s step.failed odd#0 …object…
        +0s step.started nan#0
        +0s step.failed nan#0 …NaN…
        +0s journey.completed ["odd","nan"]
        """,
    ),
    Case(
        "a step has its time, and fails behind it",
        (impatient,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started slow#0
        +0s step.failed slow#0 Timeout: …
        +0s journey.completed "Timeout"
        """,
    ),
]


def stable_key(idempotency_key: str) -> str:
    step = current_step()
    assert step.idempotency_key == idempotency_key
    KEYS.append(idempotency_key)
    if step.attempt < 3:
        raise OSError("again")
    return "one key" if len(set(KEYS[-3:])) == 1 else f"keys: {KEYS}"


def other_key(idempotency_key: str) -> bool:
    return idempotency_key not in KEYS


KEYS: list[str] = []


@workflow(trigger="go")
async def idempotent(journey: Journey) -> list[Any]:
    same = await journey.step("pay", stable_key, retries=2)
    return [same, await journey.step("pay", other_key)]


CASES += [
    Case(
        "all attempts of a step have one idempotency key, and no other step has it",
        (idempotent,),
        (Call(KEYS.clear), Send("go"), Forward("1m")),
        """
        +0s event go
        +0s journey.started
        +0s step.started pay#0
        +0s step.retry pay#0 OSError: again, 1s
        +1s step.started pay#0 attempt 2
        +1s step.retry pay#0 OSError: again, 2s
        +3s step.started pay#0 attempt 3
        +3s step.done pay#0 "one key"
        +3s step.started pay#1
        +3s step.done pay#1 true
        +3s journey.completed ["one key",true]
        """,
    ),
]


def count(word: str) -> str:
    return word.upper()


@workflow(trigger="go")
async def each_pass(journey: Journey) -> str | None:
    always = await journey.step("always", count, f"pass {journey.pass_number}")
    only = await journey.step("only", count, f"pass {journey.pass_number}", once=True)
    journey.log(f"{always} and {only}")
    return "enough" if journey.pass_number == 3 else None


CASES += [
    Case(
        "a step runs again in each pass, with once=True it keeps its first result",
        (each_pass,),
        (Send("go"), Forward("1d"), Send("go"), Forward("1d"), Send("go")),
        """
        +0s event go
        +0s journey.started
        +0s step.started always#0
        +0s step.done always#0 "PASS 1"
        +0s step.started once:only#0
        +0s step.done once:only#0 "PASS 1"
        +0s log PASS 1 and PASS 1
        +1d event go
        +1d journey.pass 2
        +1d step.started always#0
        +1d step.done always#0 "PASS 2"
        +1d log PASS 2 and PASS 1
        +2d event go
        +2d journey.pass 3
        +2d step.started always#0
        +2d step.done always#0 "PASS 3"
        +2d log PASS 3 and PASS 1
        +2d journey.completed "enough"
        """,
    ),
]


@workflow(trigger="go")
async def failing_once(journey: Journey) -> str | None:
    try:
        return await journey.step("only", fails_until, 9, once=True)
    except StepFailed:
        journey.log("not this time")
        return None


CASES += [
    Case(
        "a step with once=True that failed is tried again in the next pass",
        (failing_once,),
        (Send("go"), Send("go")),
        """
        +0s event go
        +0s journey.started
        +0s step.started once:only#0
        +0s step.failed once:only#0 ConnectionError: attempt 1
        +0s log not this time
        +0s event go
        +0s journey.pass 2
        +0s step.started once:only#0
        +0s step.failed once:only#0 ConnectionError: attempt 1
        +0s log not this time
        """,
    ),
]


def talkative(name: str) -> int:
    print("hello", name)
    return len(name)


@workflow(trigger="go")
async def hears_steps(journey: Journey) -> int:
    return await journey.step("greet", talkative, "ann")


CASES += [
    Case(
        "what a step prints stands in the journey's log, with the step's name",
        (hears_steps,),
        (Send("go"),),
        """
        +0s event go
        +0s journey.started
        +0s step.started greet#0
        +0s log (greet) hello ann
        +0s step.done greet#0 3
        +0s journey.completed 3
        """,
    ),
]


def dangerous(word: str) -> str:
    gate.enter()
    return word


@workflow(trigger="go")
async def survivor(journey: Journey) -> str:
    journey.log("before")
    first = await journey.step("first", count, "a")
    word = await journey.step("dangerous", dangerous, "alive", retries=1)
    return first + word


@workflow(trigger="go")
async def interrupted(journey: Journey) -> list[str]:
    try:
        await journey.step("dangerous", dangerous, "alive", retries=9)
    except StepFailed as error:
        return [error.name, error.type]
    return []


CASES += [
    Case(
        "a kill in a step starts the step again, and nothing else",
        (survivor,),
        (Send("go"), Kill()),
        """
        +0s event go
        +0s journey.started
        +0s log before
        +0s step.started first#0
        +0s step.done first#0 "A"
        +0s step.started dangerous#0
        +0s step.started dangerous#0 start 2
        +0s step.done dangerous#0 "alive"
        +0s journey.completed "Aalive"
        """,
        killed=True,
    ),
    Case(
        "a step in which the process dies is started three more times, then it is interrupted",
        (interrupted,),
        (Send("go"), Kill(), Kill(), Kill(), Kill()),
        """
        +0s event go
        +0s journey.started
        +0s step.started dangerous#0
        +0s step.started dangerous#0 start 2
        +0s step.started dangerous#0 start 3
        +0s step.started dangerous#0 start 4
        +0s step.failed dangerous#0 interrupted: …
        +0s journey.completed ["dangerous","interrupted"]
        """,
        killed=True,
    ),
]


OPEN = {"shop": False}


def open_shop() -> None:
    OPEN["shop"] = True


def close_shop() -> None:
    OPEN["shop"] = False


def buy(what: str) -> str:
    if not OPEN["shop"]:
        raise LookupError("the shop is closed")
    return f"bought {what}"


@workflow(trigger="go")
async def shopper(journey: Journey) -> str:
    journey.log("off to the shop")
    money = await journey.step("take money", count, "five")
    try:
        await journey.step("buy", buy, "wine")
    except StepFailed:
        journey.log("no wine, then")
    bread = await journey.step("buy", buy, "bread")
    journey.log(f"{bread} for {money}")
    return bread


CASES += [
    Case(
        "resume tries the step again that the pass did not survive, and keeps the rest",
        (shopper,),
        (Call(close_shop), Send("go"), Forward("1d"), Call(open_shop), Resume("shopper/u")),
        """
        +0s event go
        +0s journey.started
        +0s log off to the shop
        +0s step.started take money#0
        +0s step.done take money#0 "FIVE"
        +0s step.started buy#0
        +0s step.failed buy#0 LookupError: the shop is closed
        +0s log no wine, then
        +0s step.started buy#1
        +0s step.failed buy#1 LookupError: the shop is closed
        +0s journey.failed StepFailed: …closed at bread = await journey.step("buy", buy, "bread")
        +1d journey.resumed [step:buy#1]
        +1d step.started buy#1
        +1d step.done buy#1 "bought bread"
        +1d log bought bread for FIVE
        +1d journey.completed "bought bread"
        """,
        not_by={"wall": "a step in real time ends when it ends"},
    ),
    Case(
        "a journey that fails again can be resumed again",
        (shopper,),
        (Call(close_shop), Send("go"), Resume("shopper/u"), Call(open_shop), Resume("shopper/u")),
        """
        +0s event go
        +0s journey.started
        +0s log off to the shop
        +0s step.started take money#0
        +0s step.done take money#0 "FIVE"
        +0s step.started buy#0
        +0s step.failed buy#0 LookupError: the shop is closed
        +0s log no wine, then
        +0s step.started buy#1
        +0s step.failed buy#1 LookupError: the shop is closed
        +0s journey.failed StepFailed: …closed at bread = await journey.step("buy", buy, "bread")
        +0s journey.resumed [step:buy#1]
        +0s step.started buy#1
        +0s step.failed buy#1 LookupError: the shop is closed
        +0s journey.failed StepFailed: …closed at bread = await journey.step("buy", buy, "bread")
        +0s journey.resumed [step:buy#1]
        +0s step.started buy#1
        +0s step.done buy#1 "bought bread"
        +0s log bought bread for FIVE
        +0s journey.completed "bought bread"
        """,
    ),
]


@workflow(trigger="go")
async def meanwhile(journey: Journey) -> list[int]:
    await journey.step("call", fails_until, 2, retries=1, pause="1h")
    return [len(await journey.wait_for("x")), journey.now().hour]


CASES += [
    Case(
        "what comes while a step pauses is there when it has ended",
        (meanwhile,),
        (Send("go"), Forward("10m"), Send("x"), Forward("10m"), Send("x"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s step.started call#0
        +0s step.retry call#0 ConnectionError: attempt 1, 1h
        +10m event x
        +20m event x
        +1h step.started call#0 attempt 2
        +1h step.done call#0 "done at attempt 2"
        +1h wait.matched x#0 x2
        +1h journey.completed [2,1]
        """,
    ),
]


@workflow(trigger="go")
async def left_behind(journey: Journey) -> bool:
    stop, _ = await journey.wait_any(
        journey.wait_for("stop"), journey.step("call", fails_until, 9, retries=9, pause="1h", id="calls")
    )
    return bool(stop)


CASES += [
    Case(
        "a step that a group leaves behind is closed, and not tried again",
        (left_behind,),
        (Send("go"), Forward("10m"), Send("stop"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened stop#0
        +0s step.started =calls
        +0s wait.opened any#0 [wait:stop#0, step=calls]
        +0s step.retry =calls ConnectionError: attempt 1, 1h
        +10m event stop
        +10m wait.matched stop#0
        +10m step.failed =calls closed: …
        +10m wait.matched any#0 [wait:stop#0]
        +10m journey.completed true
        """,
    ),
]


@workflow(trigger="go")
async def step_between_sleeps(journey: Journey) -> str:
    await journey.sleep("1d")
    word = await journey.step("spell", count, "a")
    await journey.sleep("1d")
    return f"{word} on day {journey.now().day}"


CASES += [
    Case(
        "in virtual time a step takes no time and holds the clock, in the middle of a jump",
        (step_between_sleeps,),
        (Send("go"), Send("go", user="v", after="12h"), Forward("30d")),
        """
        +0s event go @u
        +0s step_between_sleeps/u journey.started
        +0s step_between_sleeps/u sleep.opened #0 1d
        +12h event go @v
        +12h step_between_sleeps/v journey.started
        +12h step_between_sleeps/v sleep.opened #0 1d
        +1d step_between_sleeps/u sleep.done #0
        +1d step_between_sleeps/u step.started spell#0
        +1d step_between_sleeps/u step.done spell#0 "A"
        +1d step_between_sleeps/u sleep.opened #1 1d
        +1d12h step_between_sleeps/v sleep.done #0
        +1d12h step_between_sleeps/v step.started spell#0
        +1d12h step_between_sleeps/v step.done spell#0 "A"
        +1d12h step_between_sleeps/v sleep.opened #1 1d
        +2d step_between_sleeps/u sleep.done #1
        +2d step_between_sleeps/u journey.completed "A on day 3"
        +2d12h step_between_sleeps/v sleep.done #1
        +2d12h step_between_sleeps/v journey.completed "A on day 3"
        """,
    ),
]
