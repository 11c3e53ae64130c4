"""Workflows that do what none should: each fails alone, with its line; the engine and all others go on."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StepFailed, VirtualClock, incoming, workflow
from studio.language.definition import Workflow, WorkflowFunction
from studio.store.inbox import send
from tests.engine.support import entries, failure, in_time, journey, logs, settled, sound, until

__all__ = ["in_time"]

HERE = Path(__file__).name
HANG = 0.3


@workflow(name="good", trigger="signup")
async def good(journey: Journey) -> dict[str, int]:
    """The journey next door: three events, and it is done."""
    await journey.wait_for("one")
    await journey.wait_for("two")
    journey.log("nearly there")
    await journey.wait_for("three")
    return {"ok": 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


def bad(function: WorkflowFunction, **more: Any) -> Workflow:
    return workflow(name="bad", trigger="signup", **more)(function)


def line_of(function: Any, text: str) -> str:
    """ "file.py:20" of the line of a function that has this text."""
    lines, first = inspect.getsourcelines(function)
    return f"{HERE}:{first + next(i for i, line in enumerate(lines) if text in line)}"


async def beside_a_good_one(path: Path, wrong: Workflow, *, batch: int = 1000) -> dict[str, Any]:
    """Drive a bad workflow that comes back among good ones, in one batch and between; gives how it failed."""
    async with Engine([wrong, good], store=path, batch=batch) as engine:
        await engine.ingest("signup", "before")
        await engine.ingest_many([incoming("signup", user) for user in ("ada", "bob", "cyd")])
        await engine.ingest_many([incoming("one", user) for user in ("before", "ada", "bob", "cyd")])
        await engine.ingest("two", "ada")
        await engine.ingest("three", "ada")
        await settled(engine)
        assert engine.status().state == "running"
        assert engine.status().problem is None
    assert journey(path, "good/ada").status == "completed"
    for user in ("before", "bob", "cyd"):
        assert journey(path, f"good/{user}").waits_for == "two"
    for user in ("before", "ada", "bob", "cyd"):
        assert journey(path, f"bad/{user}").status == "failed"
    sound(path)
    return failure(path, "ada")


# -- raising -------------------------------------------------------------------------------


class Odd(BaseException):
    """An exception that is no Exception."""


class Mute(Exception):
    """An exception that cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError("not even this")


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("no such plan"),
        ValueError("half \ud800"),
        ValueError("x" * 3_000_000),
        KeyError("email"),
        SystemExit(1),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(1),
        StopAsyncIteration(),
        RecursionError(),
        MemoryError(),
        Odd("odd"),
        Mute(),
        ExceptionGroup("several", [ValueError("a"), KeyError("b")]),
    ],
    ids=lambda error: type(error).__name__ if isinstance(error, BaseException) else f"batch{error}",
)
async def test_a_workflow_that_raises_fails_with_its_line(
    path: Path, error: BaseException, batch: int
) -> None:
    async def raises(journey: Journey) -> None:
        raise error

    failed = await beside_a_good_one(path, bad(raises), batch=batch)
    assert failed["line"] == line_of(raises, "raise error")
    assert failed["type"] == ("RuntimeError" if isinstance(error, StopIteration) else type(error).__name__)
    assert failed["source"] == "raise error"


async def test_endless_recursion_fails_the_journey(path: Path) -> None:
    def down(n: int) -> int:
        return down(n + 1)

    async def raises(journey: Journey) -> int:
        return down(0)

    failed = await beside_a_good_one(path, bad(raises))
    assert failed["type"] == "RecursionError"
    assert failed["line"] == line_of(down, "return down")


async def test_a_workflow_that_raises_after_an_await_keeps_what_it_did(path: Path) -> None:
    async def raises(journey: Journey) -> None:
        journey.log("first")
        await journey.ingest("bad/said", {"n": 1})
        raise ValueError("second")

    failed = await beside_a_good_one(path, bad(raises))
    assert failed["message"] == "second"
    assert logs(path, "bob") == ["first"]
    assert [e.name for e in entries(path, "event", user="bob")] == ["signup", "bad/said", "one"]


# -- results -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1, 2}, "a value of type set"),
        (object(), "a value of type object"),
        (float("nan"), "NaN"),
        ("\ud800", "surrogate"),
        ("x" * 2_000_000, "more than the 1 MiB"),
        (b"x", "a value of type bytes"),
    ],
)
async def test_a_result_that_json_cannot_hold_fails_the_journey(path: Path, value: Any, why: str) -> None:
    async def returns(journey: Journey) -> Any:
        return value

    failed = await beside_a_good_one(path, bad(returns))
    assert failed["message"].startswith("it returned what cannot be stored: ")
    assert why in failed["message"]
    assert failed["line"].startswith(f"{HERE}:")


# -- awaiting what is foreign --------------------------------------------------------------


async def http_get(url: str) -> str:
    """Awaits as an HTTP client does."""
    _, writer = await asyncio.open_connection("127.0.0.1", 9)
    writer.close()
    return url


def awaits_sleep() -> Awaitable[Any]:
    return asyncio.sleep(0.01)


def awaits_future() -> Awaitable[Any]:
    return asyncio.get_event_loop_policy().new_event_loop().create_future()


FOREIGN: dict[str, Callable[[], Awaitable[Any]]] = {
    "asyncio.sleep": lambda: asyncio.sleep(0.01),
    "asyncio.sleep(0)": lambda: asyncio.sleep(0),
    "asyncio.to_thread": lambda: asyncio.to_thread(time.sleep, 0),
    "asyncio.wait_for": lambda: asyncio.wait_for(asyncio.sleep(0), 1),
    "asyncio.gather": lambda: asyncio.gather(asyncio.sleep(0)),
    "http": lambda: http_get("http://example.com"),
    "event": lambda: asyncio.Event().wait(),
    "queue": lambda: asyncio.Queue[int]().get(),
}


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_awaiting_something_foreign_fails_with_the_line_and_what_to_write(
    path: Path, what: str
) -> None:
    async def foreign(journey: Journey) -> None:
        await FOREIGN[what]()

    failed = await beside_a_good_one(path, bad(foreign))
    assert failed["line"].startswith(f"{HERE}:")
    assert failed["line"] in failed["message"]
    assert "await journey.step(name, function)" in failed["message"]


async def test_awaiting_a_future_fails_with_the_line(path: Path) -> None:
    loop = asyncio.get_running_loop()

    async def foreign(journey: Journey) -> None:
        await loop.create_future()

    failed = await beside_a_good_one(path, bad(foreign))
    assert failed["line"] == line_of(foreign, "create_future")


async def test_a_task_group_in_a_workflow_fails_the_journey(path: Path) -> None:
    async def foreign(journey: Journey) -> None:
        async with asyncio.TaskGroup():
            await journey.sleep("1s")

    failed = await beside_a_good_one(path, bad(foreign))
    assert failed["line"].startswith(f"{HERE}:")


async def test_running_a_loop_inside_a_workflow_does_no_harm(path: Path) -> None:
    """It is no await, so nothing forbids it; it must not leave a loop behind in the engine's thread."""

    async def runs(journey: Journey) -> None:
        asyncio.run(asyncio.sleep(0))
        await asyncio.sleep(0.01)

    failed = await beside_a_good_one(path, bad(runs))
    assert failed["line"] == line_of(runs, "await asyncio")


# -- never coming back ---------------------------------------------------------------------


@pytest.fixture
def engine_threads() -> Callable[[], int]:
    """How many threads of engines there are that were not there before the test."""
    before = set(threading.enumerate())
    return lambda: sum(each.name == "journey-engine" for each in set(threading.enumerate()) - before)


async def hang_beside_a_good_one(path: Path, function: WorkflowFunction, **more: Any) -> dict[str, Any]:
    """Let one journey hang while others go on; events handed in meanwhile must not be lost."""
    async with Engine([bad(function), good], store=path, hang_after=HANG, **more) as engine:
        await engine.ingest("signup", "before")
        began = time.monotonic()
        tasks = [
            asyncio.ensure_future(engine.ingest("signup", "ada", id="s1")),
            asyncio.ensure_future(engine.ingest("one", "before", id="s2")),
        ]
        await asyncio.sleep(HANG / 3)
        tasks += [
            asyncio.ensure_future(engine.ingest("signup", "eve", id="s3")),
            asyncio.ensure_future(engine.ingest("two", "before", id="s4")),
        ]
        send(path, [incoming("three", "before", id="s5")])
        events = await asyncio.wait_for(asyncio.gather(*tasks), 60)
        assert not any(event.duplicate for event in events)
        await settled(engine)
        assert time.monotonic() - began < 20
        await until(lambda: journey(path, "good/before").status == "completed")
        assert engine.status().state == "running"
        for name in ("one", "two", "three"):
            await engine.ingest(name, "ada")
        assert journey(path, "good/ada").status == "completed"
    for user in ("before", "ada", "eve"):
        assert journey(path, f"bad/{user}").status == "failed"
    assert sorted(e.id or "" for e in entries(path, "event") if e.id) == ["s1", "s2", "s3", "s4", "s5"]
    sound(path)
    return failure(path, "ada")


async def test_a_busy_loop_fails_with_its_line_and_the_thread_is_replaced(
    path: Path, engine_threads: Callable[[], int]
) -> None:
    async def spins(journey: Journey) -> None:
        n = 0
        while True:
            n += 1

    failed = await hang_beside_a_good_one(path, spins)
    assert failed["type"] == "Hung"
    assert failed["line"] in {line_of(spins, "while True"), line_of(spins, "n += 1")}
    assert f"it did not come back within {HANG:g} s" in failed["message"]
    assert "journey.step(name, function)" in failed["message"]
    # The loop was ended from outside; nobody burns a core for good.
    await until(lambda: engine_threads() == 0)


async def test_a_blocking_call_fails_with_the_line_it_hung_on(
    path: Path, engine_threads: Callable[[], int]
) -> None:
    async def sleeps(journey: Journey) -> None:
        time.sleep(0.8)

    failed = await hang_beside_a_good_one(path, sleeps)
    assert failed["line"] == line_of(sleeps, "time.sleep")
    assert failed["source"] == "time.sleep(0.8)"
    await until(lambda: engine_threads() == 0)


async def test_a_call_that_hangs_deep_in_a_library_is_told_at_the_authors_line(path: Path) -> None:
    async def waits(journey: Journey) -> None:
        threading.Event().wait(1.2)

    failed = await hang_beside_a_good_one(path, waits)
    assert failed["line"] == line_of(waits, "threading.Event")


async def test_a_busy_loop_that_catches_everything_is_left_alone(
    path: Path, engine_threads: Callable[[], int]
) -> None:
    stop = threading.Event()

    async def clings(journey: Journey) -> None:
        while not stop.is_set():
            try:
                while not stop.is_set():
                    sum(range(100))
            except BaseException:
                journey.log("you cannot stop me")

    try:
        failed = await hang_beside_a_good_one(path, clings)
    finally:
        stop.set()
    assert failed["line"].startswith(HERE)
    await until(lambda: engine_threads() == 0)
    assert logs(path, "ada") == ["nearly there"]


async def test_what_a_hung_journey_says_when_it_comes_back_is_not_heard(path: Path) -> None:
    went_on = threading.Event()

    async def sleeps(journey: Journey) -> int:
        await journey.wait_for("one")
        try:
            time.sleep(0.7)
        finally:
            journey.log("late")
            print("late")
            went_on.set()
        return 1

    async with Engine([bad(sleeps), good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("one", "ada")
        await until(went_on.is_set)
        await engine.ingest("two", "ada")
    assert logs(path, "ada") == ["nearly there"]
    assert journey(path, "bad/ada").status == "failed"
    sound(path)


async def test_a_deadline_at_which_a_journey_hangs_fails_it_too(path: Path) -> None:
    async def sleeps(journey: Journey) -> None:
        await journey.sleep("50ms")
        while True:
            pass

    async with Engine([bad(sleeps), good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: journey(path, "bad/ada").status == "failed")
        await engine.ingest("one", "ada")
    assert failure(path, "ada")["type"] == "Hung"
    sound(path)


async def test_a_hang_while_finally_blocks_run_fails_the_journey(path: Path) -> None:
    async def stays(journey: Journey) -> None:
        try:
            await journey.wait_for("one")
        finally:
            time.sleep(0.7)

    failed = await hang_beside_a_good_one(path, stays)
    assert failed["line"] == line_of(stays, "time.sleep")


@pytest.mark.parametrize("clock", ["wall", "virtual"])
async def test_a_hang_after_a_step_fails_the_journey(path: Path, clock: str) -> None:
    async def after(journey: Journey) -> None:
        await journey.step("send", lambda: 1)
        while True:
            pass

    more: dict[str, Any] = {"clock": VirtualClock()} if clock == "virtual" else {}
    async with Engine([bad(after), good], store=path, hang_after=HANG, **more) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        assert journey(path, "bad/ada").status == "failed"
        await engine.ingest("one", "ada")
    assert failure(path, "ada")["type"] == "Hung"
    sound(path)


async def test_a_journey_that_hangs_while_the_engine_starts_fails_and_the_engine_starts(path: Path) -> None:
    """A step was running when the process died; the new code hangs before it comes to it."""
    go = threading.Event()

    async def stops(journey: Journey) -> None:
        await journey.step("send", go.wait, 20)

    async def hangs(journey: Journey) -> None:
        while not go.is_set():
            time.sleep(0.01)

    engine = Engine([bad(stops), good], store=path)
    await engine.start()
    await engine.ingest("signup", "ada")
    await until(lambda: engine.status().steps == 1)
    await engine.stop()
    try:
        async with Engine([bad(hangs), good], store=path, hang_after=HANG) as engine:
            await until(lambda: journey(path, "bad/ada").status == "failed")
            await engine.ingest("one", "ada")
    finally:
        go.set()
    sound(path)


async def test_a_hung_journey_can_be_resumed_when_it_does_better(path: Path) -> None:
    slow = threading.Event()
    slow.set()

    async def moody(journey: Journey) -> int:
        while slow.is_set():
            time.sleep(0.01)
        return 7

    async with Engine([bad(moody), good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        assert journey(path, "bad/ada").status == "failed"
        slow.clear()
        await engine.resume("bad/ada")
        assert journey(path, "bad/ada").status == "completed"
    sound(path)


# -- never ending --------------------------------------------------------------------------


async def test_passes_without_time_moving_are_a_runaway(path: Path) -> None:
    async def again(journey: Journey) -> None:
        await journey.new_pass()

    failed = await beside_a_good_one(path, bad(again))
    assert failed["message"] == "runaway: 100 passes without time moving"
    assert failed["line"].startswith(f"{HERE}:")


async def test_a_workflow_that_wakes_itself_is_a_runaway(path: Path) -> None:
    @workflow(name="bad", trigger=["signup", "bad/*"])
    async def echo(journey: Journey) -> None:
        await journey.ingest("bad/echo")

    failed = await beside_a_good_one(path, echo)
    assert "runaway" in failed["message"]


async def test_a_workflow_that_answers_each_event_with_two_is_a_runaway(path: Path) -> None:
    async def doubles(journey: Journey) -> int:
        await journey.ingest("bad", {"n": 1})
        await journey.ingest("bad", {"n": 2})
        return 1

    async with Engine(workflow(trigger="bad", again=True)(doubles), store=path) as engine:
        await asyncio.wait_for(engine.ingest("bad", "ada"), 60)
    failed = entries(path, "journey.failed")
    assert len(failed) == 1
    assert "runaway: 10,000 events were sent in answer to one another" in failed[0].data["message"]
    sound(path)


@pytest.mark.parametrize("pause", ["step", "sleep"])
async def test_a_workflow_that_begins_itself_again_without_time_moving_is_a_runaway(
    path: Path, pause: str
) -> None:
    """In virtual time a step takes no time, and a sleep of nothing takes none in any."""

    async def again(journey: Journey) -> int:
        await (journey.step("send", lambda: 1) if pause == "step" else journey.sleep(0))
        await journey.ingest("bad")
        return 1

    looped = workflow(trigger="bad", again=True)(again)
    async with Engine([looped, good], store=path, clock=VirtualClock()) as engine:
        await asyncio.wait_for(engine.ingest("bad", "ada"), 60)
        await settled(engine)
        await engine.forward("1d")
        await engine.ingest("signup", "bob")
    (failed,) = entries(path, "journey.failed")
    assert "runaway: 1,000 events were sent one after another" in failed.data["message"]
    assert journey(path, "good/bob").waits_for == "one"
    sound(path)


async def test_two_workflows_that_wake_each_other_are_a_runaway(path: Path) -> None:
    @workflow(name="ping", trigger=["signup", "pong"])
    async def ping(journey: Journey) -> None:
        await journey.ingest("ping")

    @workflow(name="pong", trigger="ping")
    async def pong(journey: Journey) -> None:
        await journey.ingest("pong")

    async with Engine([ping, pong, good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("one", "ada")
        await settled(engine)
    assert "runaway" in failure(path, "ada")["message"]
    assert journey(path, "good/ada").waits_for == "two"
    sound(path)


async def test_two_users_who_wake_each_other_are_a_runaway(path: Path) -> None:
    @workflow(name="bad", trigger="ball")
    async def throw(journey: Journey) -> None:
        await journey.ingest("ball", user="bob" if journey.user.id == "ada" else "ada")

    async with Engine([throw, good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("ball", "ada")
        await settled(engine)
        await engine.ingest("one", "ada")
    assert [e.data["message"] for e in entries(path, "journey.failed")]
    assert journey(path, "good/ada").waits_for == "two"
    sound(path)


async def test_ten_thousand_commands_in_a_pass_fail_with_the_line(path: Path) -> None:
    async def endless(journey: Journey) -> None:
        while True:
            # Somebody forgot the await.
            journey.sleep("1s")

    failed = await beside_a_good_one(path, bad(endless))
    assert failed["line"] == line_of(endless, "journey.sleep")
    assert "10,000 commands" in failed["message"]


# -- being left ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), SystemExit(1), asyncio.CancelledError(), Odd("x"), GeneratorExit()],
    ids=lambda error: type(error).__name__,
)
async def test_a_finally_block_that_raises_while_it_is_left_changes_nothing(
    path: Path, error: BaseException
) -> None:
    async def odd(journey: Journey) -> int:
        done = False
        try:
            await journey.wait_for("one")
            done = True
        finally:
            if not done:
                raise error
        return 1

    async with Engine([bad(odd), good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        assert journey(path, "bad/ada").status == "waiting"
        await engine.ingest("one", "ada")
        assert journey(path, "bad/ada").status == "completed"
        await engine.ingest("two", "ada")
    sound(path)


async def test_a_finally_block_that_raises_at_the_end_fails_the_journey(path: Path) -> None:
    async def odd(journey: Journey) -> int:
        try:
            return 1
        finally:
            raise ValueError("in the end")

    failed = await beside_a_good_one(path, bad(odd))
    assert failed["message"] == "in the end"


async def test_catching_base_exceptions_around_a_wait_is_forgiven(path: Path) -> None:
    async def greedy(journey: Journey) -> str:
        try:
            await journey.wait_for("one")
        except BaseException:
            journey.log("not to be heard")
            await journey.ingest("not/to/be/sent")
        return "done"

    async with Engine([bad(greedy), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        assert journey(path, "bad/ada").status == "waiting"
        await engine.ingest("one", "ada")
    assert journey(path, "bad/ada").status == "completed"
    assert logs(path) == []
    assert [e.name for e in entries(path, "event")] == ["signup", "one"]
    sound(path)


async def test_catching_base_exceptions_for_ever_fails_with_the_line(path: Path) -> None:
    async def clings(journey: Journey) -> None:
        while True:
            try:
                await journey.wait_for("never")
            except BaseException:
                continue

    failed = await beside_a_good_one(path, bad(clings))
    assert failed["line"] == line_of(clings, "journey.wait_for")
    assert "Catch Exception, not BaseException" in failed["message"]


# -- numbers and texts that do not fit -----------------------------------------------------


@pytest.mark.parametrize("duration", [10**18, "9999999999999999y", "300000y", 1e17])
async def test_a_sleep_longer_than_the_store_can_hold_fails_or_waits_and_nothing_else_does(
    path: Path, duration: Any
) -> None:
    async def eternal(journey: Journey) -> None:
        await journey.sleep(duration)

    async with Engine([bad(eternal), good], store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("one", "ada")
        await settled(engine)
        assert engine.status().state == "running"
        assert engine.status().problem is None
    found = journey(path, "bad/ada")
    assert found.status in ("failed", "waiting")
    if found.status == "failed":
        assert failure(path, "ada")["line"] == line_of(eternal, "journey.sleep")
    assert journey(path, "good/ada").waits_for == "two"
    assert [entry.as_json() for entry in entries(path)]
    sound(path)


@pytest.mark.parametrize("text", ["half \ud800", "nul \x00", "x" * 3_000_000, "\x1b[31mred\n\r\u202e", ""])
async def test_whatever_a_journey_says_is_kept_or_cut_and_does_no_harm(path: Path, text: str) -> None:
    async def says(journey: Journey) -> int:
        journey.log(text)
        journey.note(text)
        print(text)
        return 1

    async with Engine([bad(says), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("one", "ada")
    assert journey(path, "bad/ada").status == "completed"
    assert len(entries(path, "log")) == 3
    assert all(len(message) <= 70_000 for message in logs(path))
    sound(path)


async def test_a_match_as_big_as_a_match_may_be_fails_at_most_its_journey(path: Path) -> None:
    async def big(journey: Journey) -> None:
        await journey.wait_for("one", {"x": "y" * ((1 << 20) - 10)}, timeout="1h")

    async with Engine([bad(big), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("one", "ada")
        await settled(engine)
        assert engine.status().state == "running"
    assert journey(path, "bad/ada").status in ("waiting", "failed")
    assert journey(path, "good/ada").waits_for == "two"
    sound(path)


# -- steps ---------------------------------------------------------------------------------


def raise_(error: BaseException) -> None:
    raise error


STEP_ERRORS: list[BaseException] = [
    ValueError("x" * 3_000_000),
    ValueError("half \ud800"),
    Mute(),
    SystemExit(1),
    KeyboardInterrupt(),
    asyncio.CancelledError(),
    Odd("x"),
    RecursionError(),
    StopIteration(),
    ExceptionGroup("several", [ValueError("\ud800")]),
]


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("error", STEP_ERRORS, ids=lambda error: type(error).__name__ + str(error.args)[:9])
async def test_whatever_a_step_raises_is_a_failed_step(
    path: Path, kind: str, retries: int, error: BaseException
) -> None:
    async def raise_async() -> None:
        raise error

    async def steps(journey: Journey) -> str:
        try:
            if kind == "plain":
                await journey.step("send", raise_, error, retries=retries, pause="1ms")
            else:
                await journey.step("send", raise_async, retries=retries, pause="1ms")
        except StepFailed as failed:
            return failed.type
        return "done"

    async with Engine([bad(steps), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: journey(path, "bad/ada").status != "waiting")
        await engine.ingest("one", "ada")
        await settled(engine)
        assert engine.status().steps == 0
    (done,) = entries(path, "journey.completed")
    # A StopIteration cannot leave a coroutine: Python makes a RuntimeError of it.
    expected = (
        "RuntimeError" if kind == "async" and isinstance(error, StopIteration) else type(error).__name__
    )
    assert done.data["result"] == expected
    assert len(entries(path, "step.retry")) == retries
    sound(path)


@pytest.mark.parametrize("text", ["half \ud800", "nul \x00", "x" * 3_000_000])
@pytest.mark.parametrize("clock", ["wall", "virtual"])
async def test_whatever_a_step_says_does_no_harm(path: Path, text: str, clock: str) -> None:
    async def steps(journey: Journey) -> int:
        return await journey.step("send", lambda: print(text) or 7)

    more: dict[str, Any] = {"clock": VirtualClock()} if clock == "virtual" else {}
    async with Engine([bad(steps), good], store=path, **more) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        await engine.ingest("one", "ada")
        assert engine.status().state == "running"
    assert journey(path, "bad/ada").status == "completed"
    (said,) = entries(path, "log")
    assert len(said.message or "") <= 70_000
    sound(path)


@pytest.mark.parametrize("value", [{1}, float("nan"), "\ud800", "x" * 2_000_000, object()])
async def test_a_step_result_that_json_cannot_hold_is_a_failed_step(path: Path, value: Any) -> None:
    async def steps(journey: Journey) -> str:
        try:
            await journey.step("send", lambda: value)
        except StepFailed as failed:
            return failed.type
        return "done"

    async with Engine([bad(steps), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    (done,) = entries(path, "journey.completed")
    assert done.data["result"] == "NotJson"
    sound(path)


async def test_a_step_result_of_a_mebibyte_reads_back(path: Path) -> None:
    async def steps(journey: Journey) -> int:
        text = await journey.step("read", lambda: "x" * ((1 << 20) - 2))
        await journey.wait_for("one")
        return len(text)

    async with Engine([bad(steps), good], store=path) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        await engine.ingest("one", "ada")
    (done,) = entries(path, "journey.completed")
    assert done.data["result"] == (1 << 20) - 2
    sound(path)


# -- what is shared ------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 1000])
async def test_a_workflow_that_changes_an_events_data_changes_it_for_nobody_else(
    path: Path, batch: int
) -> None:
    """Live equals replayed: what a function does to a dict it was given is gone at its next drive."""

    @workflow(name="a", trigger="signup")
    async def spoils(journey: Journey) -> int:
        journey.trigger.data["plan"] = "spoilt"
        journey.trigger.data["tags"].append("spoilt")
        (event,) = journey.events("signup")
        event.data.clear()
        return 1

    @workflow(name="b", trigger="signup")
    async def reads(journey: Journey) -> dict[str, Any]:
        found = await journey.wait_for("signup", match={"plan": "pro"}, timeout="1h")
        return {"trigger": dict(journey.trigger), "found": [dict(event) for event in found]}

    async with Engine([spoils, reads], store=path, batch=batch) as engine:
        given = await engine.ingest("signup", "ada", {"plan": "pro", "tags": ["x"]})
        assert given.data == {"plan": "pro", "tags": ["x"]}
        await settled(engine)
    (done,) = [e for e in entries(path, "journey.completed") if e.workflow == "b"]
    data = {"plan": "pro", "tags": ["x"]}
    assert done.data["result"] == {"trigger": data, "found": [data]}


async def test_a_workflow_that_changes_a_profile_changes_it_for_nobody(path: Path) -> None:
    @workflow(name="a", trigger="signup")
    async def spoils(journey: Journey) -> int:
        journey.user["tags"].append("spoilt")
        return 1

    @workflow(name="b", trigger="signup")
    async def reads(journey: Journey) -> Any:
        return journey.user["tags"]

    async with Engine([spoils, reads], store=path) as engine:
        await engine.ingest("signup", {"id": "ada", "tags": ["x"]})
        await engine.ingest("identify", "ada", {"age": 7})
        await engine.ingest("signup", {"id": "ada", "name": "Ada"})
    (done,) = [e for e in entries(path, "journey.completed") if e.workflow == "b"]
    assert done.data["result"] == ["x"]
    sound(path)


async def test_a_listener_that_raises_ends_nothing(path: Path) -> None:
    calls: list[int] = []

    def moody() -> None:
        calls.append(1)
        raise ValueError("the screen is gone")

    async with Engine(good, store=path) as engine:
        end = engine.on_change(moody)
        await asyncio.wait_for(engine.ingest("signup", "ada"), 60)
        await asyncio.wait_for(engine.ingest("one", "ada"), 60)
        assert engine.status().state == "running"
        end()
    assert calls
    sound(path)


async def test_names_with_commas_in_a_list_of_names_stay_whole(path: Path) -> None:
    async def commas(journey: Journey) -> list[str]:
        found = await journey.wait_for(["one, two", "three"])
        return [event.name for event in found]

    async with Engine([bad(commas)], store=path) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("two", "ada")
        assert journey(path, "bad/ada").status == "waiting"
        await engine.ingest("one, two", "ada")
    (done,) = entries(path, "journey.completed")
    assert done.data["result"] == ["one, two"]


def test_this_python_is_one_that_the_project_knows() -> None:
    assert sys.version_info >= (3, 11)
