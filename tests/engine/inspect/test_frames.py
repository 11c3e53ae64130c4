"""Pictures of frames: where each stands, and its variables as short texts."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Coroutine
from types import FrameType
from typing import Any

from studio.engine.inspect import frames as module
from studio.engine.inspect.frames import Camera, Frame, first_line


class Pause:
    """Waits once, without a frame of its own."""

    def __await__(self) -> Any:
        return iter([None])


async def inner(topic: str) -> None:
    doubled = topic * 2
    await Pause()
    assert doubled


async def outer() -> None:
    steers = "a\x1b[31mb"
    numbers = list(range(3))
    await inner("ab")
    assert steers
    assert numbers


def standing(function: Any) -> Coroutine[Any, Any, Any]:
    coroutine: Coroutine[Any, Any, Any] = function()
    coroutine.send(None)
    return coroutine


def values(frame: Frame) -> dict[str, str]:
    return {each.name: each.text for each in frame.variables}


def test_the_stack_of_awaits_is_taken_outermost_first() -> None:
    coroutine = standing(outer)
    first, second = Camera({}).suspended(coroutine)
    coroutine.close()
    assert (first.function, second.function) == ("outer", "inner")
    assert (first.source, second.source) == ('await inner("ab")', "await Pause()")
    assert values(second) == {"topic": "'ab'", "doubled": "'abab'"}
    assert values(first)["numbers"] == "[0, 1, 2]"
    assert "\x1b" not in values(first)["steers"]
    assert second.place == f"test_frames.py:{inner.__code__.co_firstlineno + 2}"
    assert [each.type for each in second.variables] == ["str", "str"]


def test_a_file_is_shown_as_it_was_when_it_was_loaded() -> None:
    coroutine = standing(outer)
    shown = Camera({__file__: "only one line"}).suspended(coroutine)
    coroutine.close()
    assert [frame.source for frame in shown] == ["", ""]


def test_what_is_not_the_authors_is_left_out_but_of_an_exception() -> None:
    camera = Camera({})
    try:
        linecache.updatecache(7)  # type: ignore[arg-type]
    except Exception as error:
        taken = camera.raised(error.__traceback__)
    assert taken[0].own
    assert taken[0].function == "test_what_is_not_the_authors_is_left_out_but_of_an_exception"
    assert {frame.own for frame in taken} == {True, False}
    assert all(frame.variables == () for frame in taken if not frame.own)


def test_a_function_that_is_not_driven_is_not_running() -> None:
    assert Camera({}).running(sys._getframe()) == ()


def deep(n: int) -> FrameType:
    return deep(n - 1) if n else sys._getframe()


def test_of_a_recursion_both_ends_are_shown() -> None:
    frame: FrameType | None = deep(100)
    places = []
    while frame is not None and frame.f_code is deep.__code__:
        places.append((frame, frame.f_lineno))
        frame = frame.f_back
    shown = Camera({}).take(reversed(places))
    assert len(shown) == module.MOST_FRAMES
    assert (values(shown[0])["n"], values(shown[-1])["n"]) == ("100", "0")
    assert values(shown[module.OUTERMOST - 1])["n"] == "93"


class Slow:
    calls = 0

    def __repr__(self) -> str:
        Slow.calls += 1
        return "slow"


async def holds() -> None:
    value = Slow()
    await Pause()
    assert value


def test_once_it_is_hushed_no_repr_of_the_author_is_called() -> None:
    coroutine = standing(holds)
    camera = Camera({})
    (frame,) = camera.suspended(coroutine)
    assert (values(frame), Slow.calls) == ({"value": "slow"}, 1)
    camera.hush()
    (frame,) = camera.suspended(coroutine)
    coroutine.close()
    assert Slow.calls == 1
    assert frame.variables[0].type == "Slow"


def test_the_first_line_of_a_body_is_behind_its_head() -> None:
    assert first_line(deep(0)) == deep.__code__.co_firstlineno + 1
