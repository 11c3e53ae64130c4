"""Running steps: whatever a function does, how it ended is told once."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from studio.engine.effects.steps import Steps
from studio.engine.effects.stuck_calls import stand
from studio.kernel.records import Launch, StepResult
from studio.language.commands import Step
from studio.language.journey import HistoryReader, Journey
from studio.language.step_info import StepInfo


def launch(function: Callable[..., Any], *args: Any, timeout: int | None = None, name: str = "it") -> Launch:
    """A step as the engine starts it."""
    reader: HistoryReader = None  # type: ignore[assignment]
    journey = Journey("w/ada", "ada", lambda: None, reader, lambda *_: None)  # type: ignore[arg-type, return-value]
    step: Step[Any] = Step(journey, ("step", name, 0), ("w.py", 1))
    step.name, step.function, step.args, step.kwargs, step.timeout = name, function, args, {}, timeout
    step.once = False
    return Launch(1, 1, step.key, 1, step, StepInfo("w/ada", name, "key", 1, timedelta(0)))


@contextmanager
def running() -> Iterator[tuple[Steps, SimpleQueue[StepResult]]]:
    steps = Steps()
    told: SimpleQueue[StepResult] = SimpleQueue()
    try:
        yield steps, told
    finally:
        steps.stop()


def result_of(function: Callable[..., Any], *args: Any, timeout: int | None = None) -> StepResult:
    """How a step ends; and it must end but once."""
    with running() as (steps, told):
        steps.run(launch(function, *args, timeout=timeout), told.put)
        result = told.get(timeout=60)
        with pytest.raises(Empty):
            told.get(timeout=0.02)
        return result


def how(result: StepResult) -> str:
    return result.result if result.result is not None else result.type


# -- async functions that were cancelled, or raise what ends a task ----------------------------


async def fails_late() -> None:
    await asyncio.sleep(0.01)
    raise ConnectionError("no route")


async def failing_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fails_late())
        group.create_task(asyncio.sleep(10))


async def survives_a_group() -> str:
    try:
        await failing_group()
    except* ConnectionError:
        await asyncio.sleep(0.01)
    return "mailed instead"


async def cancels_itself_and_goes_on() -> str:
    """What clients with time-outs of their own do: cancel the task, and never take it back."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        return "answered from the cache"
    return "never"


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(10)


async def cancelled_before_its_end() -> str:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    return "done"


async def awaits_a_cancelled_child() -> None:
    child = asyncio.ensure_future(asyncio.sleep(10))
    child.cancel()
    await child


async def own_timeout() -> None:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(10)


async def pages() -> AsyncIterator[int]:
    for page in range(10):
        yield page
        await asyncio.sleep(0)


async def leaves_a_generator() -> list[int]:
    seen = []
    async for page in pages():
        seen.append(page)
        if page == 1:
            break
    return seen


async def stops_its_loop() -> str:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)
    return "went on"


async def raises(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


async def child_raises(error: BaseException) -> None:
    await asyncio.ensure_future(raises(error))


def raises_plain(error: BaseException) -> None:
    raise error


class Odd(BaseException):
    pass


@pytest.mark.parametrize("timeout", [None, 20_000])
@pytest.mark.parametrize(
    ("function", "end"),
    [
        (failing_group, "ExceptionGroup"),
        (survives_a_group, '"mailed instead"'),
        (cancels_itself_and_goes_on, '"answered from the cache"'),
        (cancels_itself, "CancelledError"),
        (cancelled_before_its_end, '"done"'),
        (awaits_a_cancelled_child, "CancelledError"),
        (own_timeout, "TimeoutError"),
        (leaves_a_generator, "[0,1]"),
        (stops_its_loop, '"went on"'),
    ],
)
def test_only_the_engine_ends_an_async_step_without_a_report(
    function: Callable[[], Any], end: str, timeout: int | None
) -> None:
    assert how(result_of(function, timeout=timeout)) == end
    # In a thread, where a lambda around it is awaited.
    if function is not stops_its_loop:
        assert how(result_of(lambda: function(), timeout=timeout)) == end


ENDERS = [
    asyncio.CancelledError(),
    GeneratorExit(),
    KeyboardInterrupt(),
    SystemExit(3),
    StopAsyncIteration(),
    Odd("x"),
]


@pytest.mark.parametrize("error", ENDERS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("function", [raises, raises_plain, child_raises])
def test_whatever_a_step_raises_is_its_failure(function: Callable[..., Any], error: BaseException) -> None:
    result = result_of(function, error)
    assert result.type == type(error).__name__
    assert result.message == str(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)], ids=["interrupt", "exit"])
def test_a_task_that_would_end_the_loop_ends_no_other_step(error: BaseException) -> None:
    async def waits() -> str:
        await asyncio.sleep(0.1)
        return "undisturbed"

    with running() as (steps, told):
        steps.run(launch(waits), told.put)
        steps.run(launch(child_raises, error), told.put)
        assert {how(told.get(timeout=60)) for _ in range(2)} == {'"undisturbed"', type(error).__name__}


def test_an_async_step_past_its_time_is_cancelled_and_may_clean_up() -> None:
    cleaned = []

    async def slow() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    result = result_of(slow, timeout=20)
    assert (result.type, result.message) == ("Timeout", "it took longer than 0.02 s")
    assert cleaned == [True]


def test_the_time_of_a_step_is_over_also_in_a_task_that_was_cancelled_before() -> None:
    async def slow() -> None:
        await cancels_itself_and_goes_on()
        await asyncio.sleep(10)

    assert result_of(slow, timeout=50).type == "Timeout"


def test_an_async_step_that_is_deaf_to_its_time_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.engine.effects.async_steps.GRACE", 0.05)
    free = asyncio.Event()

    async def deaf() -> None:
        while not free.is_set():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    with running() as (steps, told):
        steps.run(launch(deaf, timeout=20), told.put)
        assert told.get(timeout=60).type == "Timeout"
        # Let it end: the loop waits for it.
        assert steps._async._loop is not None
        steps._async._loop.call(free.set)


def test_a_plain_step_past_its_time_is_left_alone_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.engine.effects.steps.THREADS", 2)
    free = threading.Event()
    with running() as (steps, told):
        for _ in range(6):
            steps.run(launch(free.wait, 60, timeout=20), told.put)
        assert [told.get(timeout=60).type for _ in range(6)] == ["Timeout"] * 6
        steps.run(launch(lambda: "served"), told.put)
        assert how(told.get(timeout=60)) == '"served"'
        free.set()


def test_steps_that_do_not_come_back_are_named_and_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.steps.LONG", 0.1)
    free = threading.Event()

    def hang() -> None:
        free.wait(60)

    async def block() -> None:
        free.wait(60)

    async def hang_async() -> None:
        while not free.is_set():
            await asyncio.sleep(0.01)

    async def quick() -> str:
        return "served"

    with running() as (steps, told):
        steps.run(launch(hang_async, name="async"), told.put)
        for _ in range(40):
            steps.run(launch(hang, name="plain"), told.put)
        steps.run(launch(block, name="blocking"), told.put)
        steps.run(launch(lambda: "served"), told.put)
        assert how(told.get(timeout=60)) == '"served"'
        steps.run(launch(quick), told.put)
        assert how(told.get(timeout=60)) == '"served"'
        stuck = [call for call in steps.calls() if call.began is not None]
        assert sorted({(each.kind, each.name, each.journey) for each in stuck}) == [
            ("step", "async", "w/ada"),
            ("step", "blocking", "w/ada"),
            ("step", "plain", "w/ada"),
        ]
        lines = {each.name: int(stand(each).removeprefix("test_steps.py:")) for each in stuck}
        first = hang.__code__.co_firstlineno
        assert lines["plain"] == first + 1
        assert lines["blocking"] == block.__code__.co_firstlineno + 1
        assert lines["async"] >= hang_async.__code__.co_firstlineno
        free.set()
        assert len([told.get(timeout=60) for _ in range(42)]) == 42
        assert steps.calls() == []


def test_a_step_that_no_time_is_given_times_out() -> None:
    assert result_of(functools.partial(asyncio.sleep, 10), timeout=0).type == "Timeout"


def test_an_engine_that_ends_cancels_async_steps_and_takes_no_result_of_them() -> None:
    ended = threading.Event()

    async def waits() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.set()

    with running() as (steps, told):
        begun = threading.Event()

        async def begins() -> None:
            begun.set()
            await waits()

        steps.run(launch(begins), told.put)
        assert begun.wait(60)
    assert ended.wait(60)
    assert told.empty()


# -- results that cannot be stored -------------------------------------------------------------


class Response:
    status = 202


class Broken(dict[str, Any]):
    """A mapping that is read from elsewhere."""

    def items(self) -> Any:
        raise ConnectionError("the connection is closed")


def cycle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def deep() -> Any:
    value: Any = []
    for _ in range(5_000):
        value = [value]
    return value


UNSTORABLE = [
    (Response, "a value of type Response is not JSON"),
    (lambda: {1, 2}, "a value of type set is not JSON"),
    (lambda: float("nan"), "NaN"),
    (lambda: "\ud800", "half of a surrogate pair"),
    (lambda: "x" * (1 << 20), "1.0 MiB"),
    (cycle, "contains itself"),
    (deep, "it is nested "),
    (lambda: 10**5_000, "4,300 digits"),
    (lambda: {(1, 2): 3}, "keys must be str"),
    (lambda: Broken(a=1), "ConnectionError: the connection is closed"),
    (pages, "a value of type async_generator is not JSON"),
]


@pytest.mark.parametrize(("function", "why"), UNSTORABLE, ids=[why for _, why in UNSTORABLE])
def test_a_result_that_cannot_be_stored_is_told_and_is_final(function: Callable[[], Any], why: str) -> None:
    async def as_async() -> Any:
        return function()

    for each in (function, as_async):
        result = result_of(each)
        assert result.is_final
        assert result.type == "NotJson"
        assert "it did its work, but its result cannot be stored: " in result.message
        assert why in result.message


def test_what_a_function_raised_may_be_tried_again() -> None:
    assert not result_of(raises_plain, ValueError("x")).is_final
    assert not result_of(time.sleep, 10, timeout=20).is_final


def test_a_plain_function_may_give_anything_that_is_awaited() -> None:
    class Later:
        def __await__(self) -> Generator[None, None, str]:
            yield from asyncio.sleep(0).__await__()
            return "awaited"

    assert how(result_of(Later)) == '"awaited"'


def test_a_stand_in_that_raises_is_the_steps_failure() -> None:
    def ask(name: str, function: Callable[..., Any]) -> None:
        raise LookupError(f"nothing stands in for {name}")

    told: SimpleQueue[StepResult] = SimpleQueue()
    Steps(ask).run(launch(time.sleep, 0), told.put)
    assert told.get(timeout=60).message == "nothing stands in for it"


# -- what stands in for a step ------------------------------------------------------------------


def test_a_step_is_stood_in_for_by_name_and_its_key_then_is_the_same_in_each_run() -> None:
    steps = Steps(lambda name, function: (lambda: "mock") if name == "mail" else None, "seed")
    told: SimpleQueue[StepResult] = SimpleQueue()
    mail, real = launch(lambda: "sent", name="mail"), launch(lambda: "charged", name="charge")
    try:
        for each, said in ((mail, '"mock"'), (real, '"charged"')):
            steps.run(each, told.put)
            assert told.get(timeout=60).result == said
    finally:
        steps.stop()
    assert real.info.idempotency_key == "key"
    other, again = Steps(lambda name, function: lambda: "mock", "seed"), launch(lambda: "sent", name="mail")
    other.run(again, told.put)
    told.get(timeout=60)
    other.stop()
    assert again.info.idempotency_key == mail.info.idempotency_key != "key"


def test_what_stands_in_without_a_seed_leaves_the_key_as_it_is() -> None:
    steps, told = Steps(lambda name, function: lambda: "mock"), SimpleQueue[StepResult]()
    step = launch(lambda: "sent")
    steps.run(step, told.put)
    assert told.get(timeout=60).result == '"mock"'
    assert step.info.idempotency_key == "key"
    steps.stop()
