"""Who waits is answered once, and who answers is never harmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from studio.engine.work.futures import Answers, answer, refuse
from studio.engine.work.work_items import Acknowledgement
from studio.errors import StudioError


def test_the_first_answer_counts() -> None:
    future: Future[int] = Future()
    answer(future, 1)
    answer(future, 2)
    refuse(future, StudioError("no"))
    assert future.result(0) == 1
    refused: Future[int] = Future()
    refuse(refused, StudioError("no"))
    answer(refused, 1)
    assert str(refused.exception(0)) == "no"


def test_who_has_gone_is_answered_by_nobody() -> None:
    future: Future[int] = Future()
    assert future.cancel()
    answer(future, 1)
    refuse(future, StudioError("no"))
    assert future.cancelled()


def test_a_future_that_is_cancelled_or_answered_is_answered_by_nobody_again() -> None:
    cancelled, refused = Acknowledgement(1), Acknowledgement(1)
    cancelled.future.cancel()
    cancelled.put(0, None)  # type: ignore[arg-type]
    cancelled.fail(StudioError("no"))
    refused.fail(StudioError("no"))
    refused.put(0, None)  # type: ignore[arg-type]
    assert cancelled.future.cancelled()
    assert str(refused.future.exception()) == "no"


async def test_coroutines_are_answered_in_their_loop_by_one_call_for_all() -> None:
    loop, calls = asyncio.get_running_loop(), 0
    call_soon_threadsafe = loop.call_soon_threadsafe

    def counted(callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:
        nonlocal calls
        calls += 1
        return call_soon_threadsafe(callback, *args)

    loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
    futures = [loop.create_future() for _ in range(5)]
    gone = futures.pop()
    gone.cancel()

    def settle() -> None:
        answers = Answers()
        for number, future in enumerate(futures):
            answer(future, number, answers)
        answer(gone, 7, answers)
        answers.hand_over()

    await asyncio.to_thread(settle)
    assert await asyncio.gather(*futures) == [0, 1, 2, 3]
    # The other is the end of the thread.
    assert calls == 2
    assert gone.cancelled()


async def test_a_coroutine_hears_of_a_refusal_and_of_the_first_answer_alone() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    refuse(future, StudioError("no"))
    answer(future, 1)
    with pytest.raises(StudioError, match="no"):
        await future


def test_a_loop_that_has_ended_harms_nobody() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    answers, waiting = Answers(), Future[int]()
    answer(future, 1, answers)
    answers.hand_over()
    refuse(future, StudioError("no"))
    answer(waiting, 2, answers)
    assert waiting.result(0) == 2
    assert not future.done()
