"""Awaiting in a thread that has no event loop."""

from __future__ import annotations

import asyncio

import pytest

from studio.engine.effects.awaiting import awaited


async def gives(value: int) -> int:
    await asyncio.sleep(0)
    return value


def test_its_result_is_given() -> None:
    assert awaited(gives(7)) == 7


def test_what_it_raises_is_raised() -> None:
    async def fails() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        awaited(fails())


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def test_one_that_was_cancelled_and_came_to_its_end_keeps_its_result() -> None:
    async def goes_on() -> int:
        await cancels_itself()
        return 7

    assert awaited(goes_on()) == 7


def test_one_that_was_cancelled_before_its_end_has_none() -> None:
    async def meets_it() -> int:
        await cancels_itself()
        await asyncio.sleep(0)
        return 7

    with pytest.raises(asyncio.CancelledError):
        awaited(meets_it())
