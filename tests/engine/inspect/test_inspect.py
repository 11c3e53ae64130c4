"""Inside a journey, now and then: on the real engine and a real file."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.inspect.inspect import Inspection, _Look, inspect, steps_of
from studio.errors import JourneyError, StudioError, WorkflowError
from studio.language.definition import Workflow
from studio.source import loader
from studio.store.records import Entry
from tests.engine.support import blocks_on, settled, sound, until
from tests.engine.support import in_time as in_time
from tests.store.build import START

calls: list[str] = []
"""What the step functions were called with: no inspection calls one."""


def send(what: str) -> str:
    calls.append(what)
    print(f"sending {what}")
    return f"sent {what}"


async def ask(journey: Journey, what: str) -> bool:
    patience = "1h"
    answer = await journey.wait_for(f"{what}/answered", timeout=patience)  # deepest
    return bool(answer)


async def twice(journey: Journey, what: str) -> list[bool]:
    answers = []
    for attempt in range(2):
        answers.append(await ask(journey, f"{what}{attempt}"))  # middle
    return answers


@workflow(trigger="nested/start")
async def nested(journey: Journey) -> dict[str, int]:
    topic = "q"
    answers = await twice(journey, topic)  # outermost
    total = sum(answers)
    return {"total": total}  # the end


@workflow(trigger="mixed/start", again=True)
async def mixed(journey: Journey) -> dict[str, str]:
    first = journey.trigger.data.get("n", 0)
    journey.log("hello")  # hello
    sent = await journey.step("send", send, f"{first}")  # the step
    for n in range(3):
        print("round", n)  # the round
    await journey.ingest("mixed/told", {"n": first})  # the ingest
    await journey.sleep("10s")  # the sleep
    left, right = await journey.wait_any(
        journey.wait_for("left"), journey.wait_for("right", match={"n": 1}), timeout="1d"
    )
    if right:
        logging.getLogger("mine").warning("right came")  # logged
        raise ValueError(f"no {sent}")  # raised
    return {"left": str(bool(left))}


@workflow(trigger="loop/start")
async def loop(journey: Journey) -> dict[str, int]:
    seen = []
    for turn in range(5):
        tick = await journey.wait_for("tick", timeout="1h")  # the tick
        seen.append((turn, tick.first["n"] if tick.first else None))
    return {"seen": len(seen)}


@workflow(trigger="list/start")
async def comprehends(journey: Journey) -> dict[str, int]:
    every = [await journey.wait_for(name, timeout="1h") for name in ("a", "b", "c")]  # the list
    return {"n": len(every)}


@workflow(trigger="pass/*")
async def passes(journey: Journey) -> None:
    number = journey.pass_number
    done = await journey.wait_for("go", past=False)  # the go
    del done, number


FILE = Path(__file__)
LINES = FILE.read_text().splitlines()


def line(mark: str) -> int:
    """The line of this file that ends with a comment."""
    (found,) = [number for number, text in enumerate(LINES, 1) if text.endswith(f"  # {mark}")]
    return found


class World:
    """An engine, and a look inside its journeys."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path

    async def send(self, event: str, **data: Any) -> int:
        event_ = await self.engine.ingest(event, user="ada", data=data)
        await settled(self.engine)
        return event_.seq

    def look(self, journey: str, seq: int | None = None) -> Inspection:
        before = dump(self.path)
        found = inspect(self.path, self.engine.workflows, journey, seq)
        assert dump(self.path) == before
        return found

    def steps(self, journey: str, *kinds: str) -> list[Entry]:
        return [entry for entry in steps_of(self.path, journey) if not kinds or entry.kind in kinds]


def dump(path: Path) -> str:
    con = sqlite3.connect(path)
    try:
        return "\n".join(con.iterdump())
    finally:
        con.close()


def places(found: Inspection) -> list[tuple[str, int]]:
    return [(frame.function, frame.line) for frame in found.frames]


def values(found: Inspection, at: int = -1) -> dict[str, str]:
    return {variable.name: variable.text for variable in found.frames[at].variables}


Enter = Callable[..., Awaitable[World]]


@pytest.fixture
async def enter(tmp_path: Path) -> AsyncIterator[Enter]:
    engines = []
    calls.clear()

    async def enter(*workflows: Workflow | Path, **more: Any) -> World:
        path = tmp_path / "s.db"
        engine = Engine(list(workflows), store=path, clock=VirtualClock(START), **more)
        engines.append(await engine.__aenter__())
        return World(engine, path)

    yield enter
    for engine in engines:
        await engine.__aexit__(None, None, None)


async def test_the_stack_of_awaits_is_shown_with_its_variables(enter: Enter) -> None:
    world = await enter(nested)
    await world.send("nested/start")
    found = world.look("nested/ada")
    assert (found.now, found.status, found.state, found.note) == (True, "waiting", "waits", None)
    assert places(found) == [
        ("nested", line("outermost")),
        ("twice", line("middle")),
        ("ask", line("deepest")),
    ]
    assert found.selected == 2
    assert found.frames[0].file == str(FILE)
    assert found.frames[2].source == LINES[line("deepest") - 1].strip()
    assert values(found, 0) == {"topic": "'q'"}
    assert values(found, 1) == {"what": "'q'", "answers": "[]", "attempt": "0"}
    assert values(found, 2) == {"what": "'q0'", "patience": "'1h'"}
    assert [each.type for each in found.frames[1].variables] == ["str", "list", "int"]
    assert found.waits is not None
    assert (found.waits.kind, found.waits.name, found.waits.over) == ("wait", "q0/answered", False)
    assert (found.waits.opened_at, found.waits.due_at) == (START, START + 3_600_000)
    assert (found.at, found.pass_number, found.position) == (START, 1, 1 + found.entry.seq - 3)
    assert (found.code, found.current) == (nested.code, True)


async def test_then_is_seen_as_it_was_then(enter: Enter) -> None:
    world = await enter(nested)
    await world.send("nested/start")
    await world.send("q0/answered", by="eve")
    await world.engine.forward("1h")
    opened = [world.look("nested/ada", e.seq) for e in world.steps("nested/ada", "wait.opened")]
    assert [values(each, 1)["answers"] for each in opened] == ["[]", "[True]"]
    assert [each.result for each in opened] == [None, None]
    ended = [
        world.look("nested/ada", e.seq) for e in world.steps("nested/ada", "wait.matched", "wait.timeout")
    ]
    assert [places(each)[-1] for each in ended] == [("ask", line("deepest"))] * 2
    assert ended[0].result is not None
    assert ended[0].result.startswith("Waited(1 events), first Event('q0/answered', user='ada'")
    assert ended[1].result == "Waited(timed_out=True)"
    end = world.look("nested/ada")
    assert (end.state, end.entry.kind, end.now) == ("returned", "journey.completed", True)
    assert places(end) == [("nested", line("the end"))]
    assert values(end) == {"topic": "'q'", "answers": "[True, False]", "total": "1"}
    assert end.result == "{'total': 1}"
    begun = world.look("nested/ada", world.steps("nested/ada")[0].seq)
    assert (begun.state, begun.entry.kind, values(begun)) == ("begins", "journey.started", {})
    assert begun.frames[0].source == 'topic = "q"'


async def test_what_is_said_is_seen_where_it_is_said_and_nobody_hears_it_again(
    enter: Enter, capsys: pytest.CaptureFixture[str]
) -> None:
    world = await enter(mixed)
    await world.send("mixed/start", n=7)
    await world.engine.forward("10s")
    await world.send("right", n=1)
    world.look("mixed/ada")
    said = {(e.message, e.level): world.look("mixed/ada", e.seq) for e in world.steps("mixed/ada", "log")}
    assert [places(found)[-1][1] for found in said.values()] == [
        line("hello"),
        line("the step"),
        *[line("the round")] * 3,
        line("logged"),
    ]
    assert values(said[("round 1", "info")])["n"] == "1"
    assert values(said[("hello", "info")]) == {"first": "7"}
    assert said[("sending 7", "info")].state == "waits"
    assert said[("right came", "warning")].state == "said"
    assert all(found.note is None for found in said.values())
    assert calls == ["7"]
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


async def test_each_entry_stands_at_its_command(enter: Enter) -> None:
    world = await enter(mixed)
    await world.send("mixed/start", n=7)
    await world.engine.forward("10s")
    await world.send("right", n=1)

    def at(kind: str, name: str | None = None) -> Inspection:
        (entry,) = [e for e in world.steps("mixed/ada", kind) if e.name == name]
        return world.look("mixed/ada", entry.seq)

    assert places(at("step.started", "send")) == [("mixed", line("the step"))]
    done = at("step.done", "send")
    assert (places(done)[0][1], done.result) == (line("the step"), "'sent 7'")
    assert "sent" not in values(done)
    told = at("event", "mixed/told")
    assert places(told) == [("mixed", line("the ingest"))]
    assert told.waits is not None
    assert told.waits.kind == "ingest"
    opened = at("sleep.opened")
    assert places(opened) == [("mixed", line("the sleep"))]
    assert opened.waits is not None
    assert opened.waits.due_at == START + 10_000
    assert at("sleep.done").result == "None"
    group = at("wait.opened", "wait_any")
    assert group.waits is not None
    assert (group.waits.kind, group.waits.due_at) == ("any", START + 10_000 + 86_400_000)
    assert [(m.name, m.match, m.over) for m in group.waits.members] == [
        ("left", None, False),
        ("right", {"n": 1}, False),
    ]
    member = at("wait.matched", "right")
    assert member.waits is not None
    assert [m.over for m in member.waits.members] == [False, True]
    assert (member.result or "").startswith("Waited(1 events), first Event('right'")
    assert at("wait.matched", "wait_any").result == "[Waited(timed_out=False), Waited(1 events)]"


async def test_a_failed_journey_shows_where_it_raised(enter: Enter) -> None:
    world = await enter(mixed)
    await world.send("mixed/start", n=7)
    await world.engine.forward("10s")
    await world.send("right", n=1)
    found = world.look("mixed/ada")
    assert (found.status, found.state, found.note) == ("failed", "raised", None)
    assert places(found) == [("mixed", line("raised"))]
    assert found.error == "ValueError: no sent 7"
    assert values(found)["sent"] == "'sent 7'"
    assert found.waits is None


async def test_a_loop_shows_the_variables_of_its_turn(enter: Enter) -> None:
    world = await enter(loop)
    await world.send("loop/start")
    for n in range(3):
        await world.send("tick", n=n)
    found = world.look("loop/ada")
    assert values(found)["turn"] == "3"
    assert values(found)["seen"] == "[(0, 0), (1, 1), (2, 2)]"
    turns = [values(world.look("loop/ada", e.seq))["turn"] for e in world.steps("loop/ada", "wait.matched")]
    assert turns == ["0", "1", "2"]


async def test_a_comprehension_of_waits_is_looked_into(enter: Enter) -> None:
    world = await enter(comprehends)
    await world.send("list/start")
    await world.send("a")
    found = world.look("comprehends/ada")
    # From Python 3.12 on (PEP 709) it is no function of its own.
    frames = ["comprehends", "<listcomp>"] if sys.version_info < (3, 12) else ["comprehends"]
    assert places(found) == [(name, line("the list")) for name in frames]
    assert values(found)["name"] == "'b'"


async def test_an_async_generator_is_a_frame(enter: Enter) -> None:
    async def ticks(journey: Journey) -> AsyncIterator[int]:
        for n in range(3):
            await journey.wait_for("tick")
            yield n

    @workflow(trigger="start")
    async def generates(journey: Journey) -> dict[str, int]:
        last = -1
        async for n in ticks(journey):
            last = n
        return {"last": last}

    world = await enter(generates)
    await world.send("start")
    await world.send("tick")
    found = world.look("generates/ada")
    assert [frame.function for frame in found.frames] == ["generates", "ticks"]
    assert values(found, 0)["last"] == "0"
    assert values(found, 1) == {"n": "1"}


async def test_each_pass_is_seen_as_its_own(enter: Enter) -> None:
    world = await enter(passes)
    await world.send("pass/one")
    await world.send("go")
    idle = world.look("passes/ada")
    assert (idle.status, idle.state, idle.result, idle.note) == ("idle", "returned", "None", None)
    await world.send("pass/two")
    found = world.look("passes/ada")
    assert (found.pass_number, values(found)["number"]) == (2, "2")
    first, second = world.steps("passes/ada", "wait.opened")
    then = world.look("passes/ada", first.seq)
    assert (then.pass_number, values(then), then.now) == (1, {"number": "1"}, False)
    assert world.look("passes/ada", second.seq).now
    (begun,) = world.steps("passes/ada", "journey.pass")
    assert world.look("passes/ada", begun.seq).state == "begins"


async def test_what_came_later_is_not_seen(enter: Enter) -> None:
    @workflow(trigger="start")
    async def once(journey: Journey) -> dict[str, str]:
        sent = await journey.step("send", send, "x", once=True)
        known = len(journey.events("*"))
        await journey.wait_for("go")
        await journey.ingest("told", id="told once")
        return {"sent": sent, "known": str(known)}

    world = await enter(once)
    await world.send("start")
    await world.send("other")
    await world.send("go")
    (started,) = world.steps("once/ada", "step.started")
    found = world.look("once/ada", started.seq)
    assert found.waits is not None
    assert (found.waits.key, found.result, found.waits.over) == ("once:send#0", None, False)
    (opened,) = world.steps("once/ada", "wait.opened")
    assert values(world.look("once/ada", opened.seq)) == {"sent": "'sent x'", "known": "1"}
    (matched,) = world.steps("once/ada", "wait.matched")
    assert places(world.look("once/ada", matched.seq))[0][1] < places(world.look("once/ada"))[0][1]
    assert calls == ["x"]


async def test_a_failed_step_shows_what_it_raises_and_a_resume_where_it_goes_on(
    enter: Enter,
) -> None:
    ready: list[bool] = []

    def charge() -> str:
        if not ready:
            raise OSError("no line")
        return "paid"

    @workflow(trigger="start")
    async def charges(journey: Journey) -> dict[str, str]:
        journey.log("begins")
        paid = await journey.step("charge", charge, retries=1)
        await journey.wait_for("go")
        return {"paid": paid}

    world = await enter(charges)
    await world.send("start")
    await world.engine.forward("1m")
    (retry,) = world.steps("charges/ada", "step.retry")
    assert world.look("charges/ada", retry.seq).error == "OSError: no line"
    (failed,) = world.steps("charges/ada", "step.failed")
    seen = world.look("charges/ada", failed.seq)
    assert (seen.state, seen.error) == ("waits", "StepFailed: step 'charge' failed: OSError: no line")
    assert world.look("charges/ada").state == "raised"
    ready.append(True)
    await world.engine.resume("charges/ada")
    await settled(world.engine)
    (resumed,) = world.steps("charges/ada", "journey.resumed")
    then = world.look("charges/ada", resumed.seq)
    assert then.waits is not None
    assert (then.waits.key, then.position) == ("step:charge#0", resumed.seq)
    now = world.look("charges/ada")
    assert (now.state, values(now), now.note) == ("waits", {"paid": "'paid'"}, None)


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Endless:
    def __repr__(self) -> str:
        while True:
            pass


async def test_hostile_values_are_shown_as_what_they_are(enter: Enter) -> None:
    @workflow(trigger="start")
    async def hostile(journey: Journey) -> dict[str, bool]:
        raises, endless, huge = Raises(), Endless(), "x" * 10_000_000
        itself: list[Any] = []
        itself.append(itself)
        text = "\x1b[2J[bold]red[/bold]\n"
        many = {f"v{n}": "y" * 1_000 for n in range(1_000)}
        __hidden = 1
        me = journey
        await journey.wait_for("go")
        del raises, endless, huge, itself, text, many, __hidden, me
        return {"ok": True}

    world = await enter(hostile)
    await world.send("start")
    found = values(world.look("hostile/ada"))
    assert list(found) == ["raises", "endless", "huge", "itself", "text", "many"]
    assert found["raises"] == "<Raises: its text cannot be made (RuntimeError)>"
    assert found["endless"] == "<Endless: its text takes too long>"
    assert found["text"] == repr("\x1b[2J[bold]red[/bold]\n")
    assert max(map(len, found.values())) <= 200


async def test_a_deep_recursion_is_cut_in_its_middle(enter: Enter) -> None:
    async def down(journey: Journey, depth: int) -> None:
        if depth < 100:
            await down(journey, depth + 1)
        await journey.wait_for("go")

    @workflow(trigger="start")
    async def deep(journey: Journey) -> dict[str, bool]:
        await down(journey, 0)
        return {"ok": True}

    world = await enter(deep)
    await world.send("start")
    found = world.look("deep/ada")
    assert len(found.frames) == 40
    assert (found.frames[0].function, values(found)["depth"]) == ("deep", "100")


WAITING = """
from studio import Journey, workflow


@workflow(trigger="start")
async def flow(journey: Journey):
    colour = "red"
    await journey.wait_for("go")
    return {"ok": colour}
"""


async def test_an_old_entry_shows_the_code_of_its_time(enter: Enter, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    file = folder / "flow.py"
    file.write_text(WAITING)
    world = await enter(folder)
    await world.send("start")
    old = world.engine.workflows["flow"].code
    (opened,) = world.steps("flow/ada", "wait.opened")
    file.write_text("# one line more\n" + WAITING.replace('colour = "red"', 'colour = "blue"; more = 1'))
    loaded = loader.load(folder).workflows
    then = inspect(world.path, loaded, "flow/ada", opened.seq)
    assert (then.code, then.current, values(then)) == (old, False, {"colour": "'red'"})
    assert then.frames[0].source == 'await journey.wait_for("go")'
    # The journey waits for what the new code waits for: so that is how it stands.
    now = inspect(world.path, loaded, "flow/ada")
    assert (now.current, now.note) == (True, None)
    assert values(now) == {"colour": "'blue'", "more": "1"}
    # With code that goes another way, it stands where it did.
    file.write_text(WAITING.replace('wait_for("go")', 'wait_for("come")'))
    now = inspect(world.path, loader.load(folder).workflows, "flow/ada")
    assert (now.code, now.current, now.note) == (old, False, None)
    # Also when the workflow is gone.
    gone = inspect(world.path, {}, "flow/ada")
    assert (gone.code, values(gone)) == (old, {"colour": "'red'"})


async def test_code_that_does_not_load_any_more_says_so(enter: Enter, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    words = folder / "words.txt"
    words.write_text("red")
    (folder / "flow.py").write_text(
        f"from pathlib import Path; COLOUR = Path({str(words)!r}).read_text()\n" + WAITING
    )
    world = await enter(folder / "flow.py")
    await world.send("start")
    words.unlink()
    with pytest.raises(WorkflowError, match=r"flow\.py:1: FileNotFoundError"):
        inspect(world.path, {}, "flow/ada")


async def test_a_module_that_is_gone_is_had_from_the_store(enter: Enter, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "helpful.py").write_text("colour = 'red'\n")
    (folder / "flow.py").write_text("import helpful\n" + WAITING)
    world = await enter(folder / "flow.py")
    await world.send("start")
    (folder / "helpful.py").unlink()
    sys.modules.pop("helpful", None)
    assert inspect(world.path, {}, "flow/ada").state == "waits"
    assert "helpful" not in sys.modules


async def test_what_goes_another_way_than_it_did_is_told(enter: Enter) -> None:
    way = ["a"]

    @workflow(trigger="start")
    async def sways(journey: Journey) -> dict[str, bool]:
        await journey.wait_for(way[0])
        journey.log(f"came {way[0]}")
        return {"ok": True}

    world = await enter(sways)
    await world.send("start")
    (opened,) = world.steps("sways/ada", "wait.opened")
    way[0] = "b"
    found = world.look("sways/ada", opened.seq)
    assert (found.note or "").startswith("driven again, this code does not come to wait:a#0: it waits at")
    now = world.look("sways/ada")
    assert now.note == "this code stands at wait:b#0, and the journey waits for something else"
    way[0] = "a"
    assert world.look("sways/ada").note is None


@blocks_on
async def test_what_does_not_come_back_is_given_up_and_shown(enter: Enter) -> None:
    hanging: list[str] = []
    free = threading.Event()

    @workflow(trigger="start")
    async def hangs(journey: Journey) -> dict[str, bool]:
        turns, odd = 0, Raises()
        journey.log("before")
        while hanging == ["loop"]:
            turns += 1
        if hanging == ["call"]:
            free.wait(60)
        await journey.wait_for("go")
        return {"ok": bool(odd)}

    world = await enter(hangs)
    await world.send("start")
    (before,) = world.steps("hangs/ada", "log")
    for way in ("loop", "call"):
        hanging[:] = [way]
        began = time.monotonic()
        found = inspect(world.path, world.engine.workflows, "hangs/ada", patience=0.3)
        assert time.monotonic() - began < 30
        assert (found.state, found.frames[0].function) == ("hangs", "hangs")
        assert "did not come back within 0.3 s" in (found.error or "")
        # What was said before it is seen all the same.
        said = inspect(world.path, world.engine.workflows, "hangs/ada", before.seq, patience=0.3)
        assert (said.state, values(said)["turns"]) == ("said", "0")
        # While a call blocks that was given up, nothing can be traced, so no `__repr__` is called.
        odd = "<Raises: its text cannot be made (RuntimeError)>" if way == "loop" else "<Raises>"
        assert values(said)["odd"] == odd
    hanging.clear()
    free.set()
    await until(lambda: not [t for t in threading.enumerate() if t.name == "journey-inspect"])
    assert world.look("hangs/ada").state == "waits"


async def test_who_or_what_is_not_there_is_said(enter: Enter) -> None:
    world = await enter(nested)
    seq = await world.send("nested/start")
    with pytest.raises(JourneyError, match="nested/eve: there is no such journey"):
        world.look("nested/eve")
    with pytest.raises(JourneyError, match="there is no such journey"):
        steps_of(world.path, "nested/eve")
    with pytest.raises(JourneyError, match=f"nested/ada: it has no entry {seq}"):
        world.look("nested/ada", seq)
    with pytest.raises(StudioError, match="there is no store here"):
        inspect(world.path.with_name("none.db"), {}, "nested/ada")


async def test_hooks_are_not_asked(enter: Enter) -> None:
    asked: list[str] = []

    def check(user: str, event: str, match: Any) -> None:
        asked.append(event)

    world = await enter(nested, check_event=check)
    await world.send("nested/start")
    await until(lambda: asked)
    count = len(asked)
    world.look("nested/ada")
    world.look("nested/ada", world.steps("nested/ada")[-1].seq)
    await asyncio.sleep(0.05)
    assert len(asked) == count


async def test_every_entry_can_be_stepped_to_while_an_engine_runs(enter: Enter) -> None:
    world = await enter(mixed, nested)
    await world.send("mixed/start", n=1)
    stop = threading.Event()
    errors: list[BaseException] = []
    looked: list[int] = []

    def look() -> None:
        try:
            while not stop.is_set():
                for entry in steps_of(world.path, "mixed/ada"):
                    found = inspect(world.path, world.engine.workflows, "mixed/ada", entry.seq)
                    assert (found.note, found.entry.seq) == (None, entry.seq)
                    looked.append(entry.seq)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for n in range(30):
            await world.engine.ingest("nested/start", user=f"u{n}")
        await world.engine.forward("10s")
        await world.send("left")
        await until(lambda: errors or len(set(looked)) >= len(world.steps("mixed/ada")))
    finally:
        stop.set()
        thread.join(60)
    assert errors == []
    assert world.steps("mixed/ada")[-1].kind == "journey.completed"
    sound(world.path)


async def test_steps_name_their_causes_in_order(enter: Enter) -> None:
    world = await enter(nested)
    start = await world.send("nested/start")
    answer = await world.send("q0/answered")
    steps = world.steps("nested/ada")
    assert [(entry.kind, entry.cause) for entry in steps] == [
        ("journey.started", start),
        ("wait.opened", start),
        ("wait.matched", answer),
        ("wait.opened", answer),
    ]


async def test_a_look_is_cheap_also_in_a_long_pass(enter: Enter) -> None:
    @workflow(trigger="start")
    async def long(journey: Journey) -> dict[str, bool]:
        for n in range(5_000):
            await journey.sleep("1s", id=f"s{n}") if n >= 4_999 else await journey.ingest("beat")
        return {"ok": True}

    world = await enter(long, nested)
    await world.send("start")
    await world.send("nested/start")
    best = {}
    for name in ("long", "nested"):
        times = []
        for _ in range(3):
            began = time.process_time()
            assert inspect(world.path, world.engine.workflows, f"{name}/ada").note is None
            times.append(time.process_time() - began)
        best[name] = min(times)
    assert best["long"] < 1
    assert best["nested"] < 0.1


async def test_an_inspection_is_json(enter: Enter) -> None:
    world = await enter(mixed)
    await world.send("mixed/start", n=7)
    await world.engine.forward("10s")
    found = json.loads(json.dumps(world.look("mixed/ada").as_json()))
    assert found["waits"]["members"][1]["match"] == {"n": 1}
    assert found["frames"][0]["variables"][0] == {"name": "first", "text": "7", "type": "int"}


def test_nothing_is_printed_by_a_source_that_is_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "flow.py").write_text("print('loud')\n" + WAITING)

    async def play() -> None:
        async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
            await engine.ingest("start", user="ada")
            await settled(engine)

    asyncio.run(play())
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    assert inspect(tmp_path / "s.db", {}, "flow/ada").state == "waits"
    assert out.getvalue() == ""


def test_one_that_came_back_in_the_moment_it_was_given_up_is_not_hanging() -> None:
    store: Any = None
    look = _Look(store, {}, "welcome/ada", None)
    with pytest.raises(StudioError, match=r"welcome/ada: nothing came back within 2 s"):
        look.stopped(None, 2)
    look._done = True
    assert look.stopped(None, 2) is None
    look._done, look._error = False, KeyError("id")
    assert look.stopped(None, 2) is None


@workflow(trigger="both/start")
async def gathers(journey: Journey) -> dict[str, int]:
    one, two = await journey.wait_all(journey.wait_for("one"), journey.wait_for("two", timeout="1h"))
    plan = journey.user.get("plan")
    seen = journey.events("one")
    again = await journey.step("send", send, f"{plan}", once=True)
    three = await journey.wait_for("three", past=False)
    return {"n": len(one) + len(two) + len(three) + len(seen) + len(again)}


async def test_an_entry_of_the_past_is_seen_as_it_was_when_it_was_the_newest(enter: Enter) -> None:
    world = await enter(gathers)

    def newest() -> tuple[int, Inspection]:
        seq = world.steps("gathers/ada")[-1].seq
        return seq, world.look("gathers/ada", seq)

    seen = []
    await world.send("both/start")
    seen.append(newest())
    for name in ("one", "two", "one", "identify", "three"):
        await world.send(name, plan=name)
        if newest()[0] != seen[-1][0]:
            seen.append(newest())
    assert [found.entry.kind for _, found in seen] == [
        *("wait.opened", "wait.matched", "wait.opened", "journey.completed")
    ]
    for seq, found in seen:
        then = world.look("gathers/ada", seq)
        # Whether it is the newest, and how the journey stands by now, are all that is of today.
        assert replace(then, now=found.now, status=found.status) == found
