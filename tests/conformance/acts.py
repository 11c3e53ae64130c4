"""What the operator does to a journey: cancel, resume, restart. (Resuming steps: steps.py.)"""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Call, Cancel, Case, Forward, Restart, Resume, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def waits_long(journey: Journey) -> str:
    await journey.wait_any(journey.wait_for("x"), journey.sleep("7d"), timeout="30d")
    return "over"


@workflow(trigger="go", again=True)
async def for_a_while(journey: Journey) -> str:
    await journey.sleep("7d")
    return journey.id


CASES += [
    Case(
        "cancel ends a journey for good, with all that it waits for",
        (waits_long,),
        (Send("go"), Forward("1d"), Cancel("waits_long/u"), Send("x"), Send("go"), Forward("40d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0
        +0s sleep.opened #0 7d
        +0s wait.opened any#0 [wait:x#0, sleep#0] 30d
        +1d wait.closed x#0
        +1d sleep.closed #0
        +1d wait.closed any#0
        +1d journey.cancelled
        +1d event x
        +1d event go
        """,
    ),
    Case(
        "with again=True the next trigger begins a new journey after a cancel",
        (for_a_while,),
        (Send("go"), Cancel("for_a_while/u"), Send("go"), Forward("8d")),
        """
        +0s event go
        +0s for_a_while/u journey.started
        +0s for_a_while/u sleep.opened #0 7d
        +0s for_a_while/u sleep.closed #0
        +0s for_a_while/u journey.cancelled
        +0s event go
        +0s for_a_while/u~2 journey.started
        +0s for_a_while/u~2 sleep.opened #0 7d
        +7d for_a_while/u~2 sleep.done #0
        +7d for_a_while/u~2 journey.completed "for_a_while/u~2"
        """,
    ),
]


@workflow(trigger="go")
async def pays_once(journey: Journey) -> str:
    paid = await journey.step("pay", str, journey.trigger["n"], once=True)
    x = await journey.wait_for("x", timeout="1d")
    return f"{paid}, {len(x)} of x"


CASES += [
    Case(
        "restart begins a waiting journey anew as ~2, by the same trigger, inheriting nothing",
        (pays_once,),
        (Send("go", {"n": 1}), Forward("1h"), Restart("pays_once/u"), Forward("1h"), Send("x")),
        """
        +0s event go {"n":1}
        +0s pays_once/u journey.started
        +0s pays_once/u step.started once:pay#0
        +0s pays_once/u step.done once:pay#0 "1"
        +0s pays_once/u wait.opened x#0 1d
        +1h pays_once/u wait.closed x#0
        +1h pays_once/u journey.restarted as ~2
        +1h pays_once/u~2 journey.started
        +1h pays_once/u~2 step.started once:pay#0
        +1h pays_once/u~2 step.done once:pay#0 "1"
        +1h pays_once/u~2 wait.opened x#0 1d
        +2h event x
        +2h pays_once/u~2 wait.matched x#0
        +2h pays_once/u~2 journey.completed "1, 1 of x"
        """,
    ),
    Case(
        "restart begins an ended journey anew, and its past is the user's",
        (pays_once,),
        (Send("go", {"n": 1}), Send("x"), Forward("1d"), Restart("pays_once/u")),
        """
        +0s event go {"n":1}
        +0s pays_once/u journey.started
        +0s pays_once/u step.started once:pay#0
        +0s pays_once/u step.done once:pay#0 "1"
        +0s pays_once/u wait.opened x#0 1d
        +0s event x
        +0s pays_once/u wait.matched x#0
        +0s pays_once/u journey.completed "1, 1 of x"
        +1d pays_once/u journey.restarted as ~2
        +1d pays_once/u~2 journey.started
        +1d pays_once/u~2 step.started once:pay#0
        +1d pays_once/u~2 step.done once:pay#0 "1"
        +1d pays_once/u~2 wait.matched x#0
        +1d pays_once/u~2 journey.completed "1, 1 of x"
        """,
    ),
]


WORLD = {"broken": True}


def break_world() -> None:
    WORLD["broken"] = True


def mend_world() -> None:
    WORLD["broken"] = False


@workflow(trigger="go")
async def has_a_bug(journey: Journey) -> list[int]:
    print("at work")
    x = await journey.wait_for("x")
    print("has x")
    if WORLD["broken"]:
        raise RuntimeError("a bug")
    y = await journey.wait_for("y", timeout="1d")
    print("has y")
    return [len(x), len(y)]


CASES += [
    Case(
        "resume drives a mended journey on, and says nothing twice",
        (has_a_bug,),
        (
            Call(break_world),
            Send("go"),
            Send("x"),
            Forward("1h"),
            Call(mend_world),
            Resume("has_a_bug/u"),
            Forward("1h"),
            Send("y"),
        ),
        """
        +0s event go
        +0s journey.started
        +0s log at work
        +0s wait.opened x#0
        +0s event x
        +0s wait.matched x#0
        +0s log has x
        +0s journey.failed RuntimeError: a bug at raise RuntimeError("a bug")
        +1h journey.resumed
        +1h wait.opened y#0 1d
        +2h event y
        +2h wait.matched y#0
        +2h log has y
        +2h journey.completed [1,1]
        """,
    ),
    Case(
        "what came while a journey was failed is there for it when it is resumed",
        (has_a_bug,),
        (
            Call(break_world),
            Send("x"),
            Send("go"),
            Send("y"),
            Forward("1h"),
            Call(mend_world),
            Resume("has_a_bug/u"),
        ),
        """
        +0s event x
        +0s event go
        +0s journey.started
        +0s log at work
        +0s wait.matched x#0
        +0s log has x
        +0s journey.failed RuntimeError: a bug at raise RuntimeError("a bug")
        +0s event y
        +1h journey.resumed
        +1h wait.matched y#0
        +1h log has y
        +1h journey.completed [1,1]
        """,
    ),
    Case(
        "a trigger while a journey is failed begins nothing",
        (has_a_bug,),
        (
            Call(break_world),
            Send("x"),
            Send("go"),
            Send("go"),
            Restart("has_a_bug/u"),
            Cancel("has_a_bug/u~2"),
        ),
        """
        +0s event x
        +0s event go
        +0s has_a_bug/u journey.started
        +0s has_a_bug/u log at work
        +0s has_a_bug/u wait.matched x#0
        +0s has_a_bug/u log has x
        +0s has_a_bug/u journey.failed RuntimeError: a bug at raise RuntimeError("a bug")
        +0s event go
        +0s has_a_bug/u journey.restarted as ~2
        +0s has_a_bug/u~2 journey.started
        +0s has_a_bug/u~2 log at work
        +0s has_a_bug/u~2 wait.matched x#0
        +0s has_a_bug/u~2 log has x
        +0s has_a_bug/u~2 journey.failed RuntimeError: a bug at raise RuntimeError("a bug")
        +0s has_a_bug/u~2 journey.cancelled
        """,
    ),
]


def refuses() -> None:
    raise OSError("busy")


@workflow(trigger="go", key="of")
async def tries_long(journey: Journey) -> None:
    await journey.step("call", refuses, retries=9, pause="1h")


CASES += [
    Case(
        "cancel ends a step that pauses; ids may hold the marks that divide them",
        (tries_long,),
        (Send("go", {"of": "x~2"}, user="a/b"), Forward("30m"), Cancel("tries_long/a/b/x~2"), Forward("1d")),
        """
        +0s event go {"of":"x~2"}
        +0s journey.started
        +0s step.started call#0
        +0s step.retry call#0 OSError: busy, 1h
        +30m step.failed call#0 closed: …
        +30m journey.cancelled
        """,
        not_by={"wall": "a step in real time ends when it ends"},
    ),
]
