"""Async functions on a loop of their own, and on another when that is blocked."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from studio.engine.effects.async_steps import AsyncSteps
from studio.engine.effects.attempt import Attempt
from studio.engine.effects.timekeeper import Timekeeper
from studio.kernel.records import StepResult
from tests.engine.effects.test_steps import launch


class Runs:
    """The async steps of an engine, and what came of each."""

    def __init__(self) -> None:
        self.keeper = Timekeeper("test-async")
        self.steps = AsyncSteps(self.keeper, 0.1)
        self.told: SimpleQueue[StepResult] = SimpleQueue()

    def run(self, function: Callable[..., Any], *args: Any, **more: Any) -> None:
        self.steps.run(Attempt(launch(function, *args, **more), self.told.put))

    def next(self) -> StepResult:
        return self.told.get(timeout=60)


@pytest.fixture
def runs() -> Iterator[Runs]:
    made = Runs()
    yield made
    made.steps.stop()
    made.keeper.stop()


async def gives(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def test_steps_share_a_loop(runs: Runs) -> None:
    async def who() -> int:
        await asyncio.sleep(0.01)
        return threading.get_ident()

    for _ in range(3):
        runs.run(who)
    threads = {runs.next().result for _ in range(3)}
    assert len(threads) == 1
    assert threads != {str(threading.get_ident())}


def test_a_function_that_blocks_the_loop_holds_up_none_that_comes_later(runs: Runs) -> None:
    free, blocked = threading.Event(), threading.Event()

    async def blocks() -> str:
        blocked.set()
        free.wait(60)  # where it should await
        return "blocked"

    runs.run(blocks)
    assert blocked.wait(60)
    runs.run(gives, "later")
    assert runs.next().result == '"later"'
    free.set()
    assert runs.next().result == '"blocked"'


def test_one_that_takes_too_long_is_cancelled_and_may_clean_up(runs: Runs) -> None:
    cleaned = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(20)
        finally:
            cleaned.set()

    runs.run(slow, timeout=20)
    result = runs.next()
    assert (result.type, result.message) == ("Timeout", "it took longer than 0.02 s")
    assert cleaned.is_set()


def test_one_that_takes_no_notice_is_left_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.async_steps.GRACE", 0.02)
    free = threading.Event()

    async def deaf() -> None:
        while not free.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    runs.run(deaf, timeout=20)
    assert runs.next().type == "Timeout"
    free.set()
    time.sleep(0.05)
    assert runs.told.empty()


def test_what_ends_a_loop_elsewhere_ends_none_here(runs: Runs) -> None:
    async def leaves() -> None:
        raise SystemExit(3)

    runs.run(leaves)
    assert runs.next().type == "SystemExit"
    runs.run(gives, 7)
    assert runs.next().result == "7"


def test_after_the_stop_nothing_is_told(runs: Runs) -> None:
    began, ended = threading.Event(), threading.Event()

    async def runs_on() -> None:
        began.set()
        try:
            await asyncio.sleep(20)
        finally:
            ended.set()

    runs.run(runs_on)
    assert began.wait(60)
    runs.steps.stop()
    assert ended.wait(60)
    runs.run(gives, 7)
    assert runs.steps._loop is None
    assert runs.told.empty()


def test_a_loop_that_answers_is_kept_and_looked_at_again(runs: Runs) -> None:
    runs.run(asyncio.sleep, 0.5)
    loop = runs.steps._loop
    assert loop is not None
    assert runs.next().result == "null"
    assert runs.steps._loop is loop
    assert runs.steps._blocked == []
    assert not loop.coming
    free = threading.Event()

    async def blocks() -> None:
        free.wait(60)

    runs.run(blocks)
    time.sleep(0.05)
    # When it blocks later, that is noticed as well.
    runs.run(gives, 7)
    assert runs.next().result == "7"
    assert runs.steps._blocked == [loop]
    free.set()
    assert runs.next().result == "null"
    time.sleep(0.05)
    # What was handed to two loops is called by one of them.
    assert runs.told.empty()


def test_what_one_raises_when_its_time_is_over_is_its_failure(runs: Runs) -> None:
    async def refuses() -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            raise ValueError("not now") from None

    runs.run(refuses, timeout=20)
    assert runs.next().type == "ValueError"


def test_a_cancellation_before_its_time_is_over_is_a_failure(runs: Runs) -> None:
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    runs.run(cancels_itself, timeout=20_000)
    assert runs.next().type == "CancelledError"


def test_what_is_cancelled_at_the_stop_may_clean_up_for_a_while(runs: Runs) -> None:
    began, cleaned = threading.Event(), threading.Event()

    async def cleans() -> None:
        began.set()
        try:
            await asyncio.sleep(20)
        finally:
            await asyncio.sleep(0.05)
            cleaned.set()

    runs.run(cleans)
    assert began.wait(60)
    runs.steps.stop()
    assert cleaned.wait(60)
    assert runs.told.empty()
