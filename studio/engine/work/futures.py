"""Answering those who wait in other threads: each once, and whether or not it still waits.

A future may be cancelled at any instant by whoever holds it, and whoever ends the engine answers
what its thread may be answering too: neither may harm the one who answers.
"""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def answer(future: Future[T], result: T) -> None:
    """Give it its result, unless it has one, or nobody waits for it any more."""
    with suppress(InvalidStateError):
        future.set_result(result)


def refuse(future: Future[T], error: BaseException) -> None:
    """Have it raise, unless it is answered, or nobody waits for it any more."""
    with suppress(InvalidStateError):
        future.set_exception(error)
