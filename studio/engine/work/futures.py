"""Answering those who wait in other threads: each once, and whether or not it still waits.

A future may be cancelled at any instant by whoever holds it, and whoever ends the engine answers
what its thread may be answering too: neither may harm the one who answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

AnyFuture = Future[T] | asyncio.Future[T]
"""What a thread waits for, or a coroutine of an event loop."""
Settle = Callable[[], None]
"""Gives a coroutine's future its result or its error; called in its loop."""


def answer(future: AnyFuture[T], result: T, answers: Answers | None = None) -> None:
    """Give it its result, unless it has one, or nobody waits for it any more.

    Args:
        answers: takes it along to the event loop, in place of a call of its own.
    """
    if isinstance(future, asyncio.Future):
        _settle(future, partial(_unless_done, future, future.set_result, result), answers)
        return
    with suppress(InvalidStateError):
        future.set_result(result)


def refuse(future: AnyFuture[T], error: BaseException) -> None:
    """Have it raise, unless it is answered, or nobody waits for it any more."""
    if isinstance(future, asyncio.Future):
        _settle(future, partial(_unless_done, future, future.set_exception, error), None)
        return
    with suppress(InvalidStateError):
        future.set_exception(error)


class Answers:
    """Answers of a batch to coroutines that wait for it: one call into each event loop, for all of them.

    A call into a loop wakes its thread up, which costs a system call, and the interpreter's lock with it: to
    have that back the engine's thread waits for up to 5 ms. A call for each answer halved the rate.
    """

    def __init__(self) -> None:
        self._of_loops: dict[asyncio.AbstractEventLoop, list[Settle]] = {}

    def add(self, loop: asyncio.AbstractEventLoop, settle: Settle) -> None:
        """Take one along."""
        self._of_loops.setdefault(loop, []).append(settle)

    def hand_over(self) -> None:
        """Let the loops have them."""
        for loop, settled in self._of_loops.items():
            _call(loop, partial(_settle_all, settled))
        self._of_loops.clear()


def _settle(future: asyncio.Future[Any], settle: Settle, answers: Answers | None) -> None:
    loop = future.get_loop()
    if answers is not None:
        answers.add(loop, settle)
    else:
        _call(loop, settle)


def _call(loop: asyncio.AbstractEventLoop, settle: Settle) -> None:
    # A loop that has ended: nobody waits there any more.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(settle)


def _settle_all(settled: list[Settle]) -> None:
    for settle in settled:
        settle()


def _unless_done(future: asyncio.Future[T], settle: Callable[[Any], None], value: Any) -> None:
    if not future.done():
        settle(value)
