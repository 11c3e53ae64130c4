"""Whether the caller is inside something that the engine has called, and waits for."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from studio.engine.effects.reentrancy import INSIDE, HookCall, calling, inside


def test_a_hook_is_inside_its_call_and_nobody_else_is() -> None:
    calls: set[HookCall] = set()
    assert inside() is None
    with calling("check_event", "ada", calls):
        call = inside()
        assert call is not None
        assert (call.kind, calls) == ("check_event", {call})
        # A thread without its context is another caller.
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(INSIDE.get()))
        thread.start()
        thread.join(60)
        assert found in ([None], [call])
    assert (inside(), calls) == (None, set())


def test_what_a_call_has_left_behind_is_inside_nothing_once_it_is_over() -> None:
    calls: set[HookCall] = set()
    with calling("set_event", "ada", calls):
        left = copy_context()
        assert left.run(inside) is not None
    assert left.run(inside) is None


def test_one_that_raises_is_over_too() -> None:
    calls: set[HookCall] = set()
    with pytest.raises(KeyError), calling("check_event", "ada", calls):
        raise KeyError
    assert (inside(), calls) == (None, set())


def test_behind_a_call_within_a_call_one_is_inside_the_outer_again() -> None:
    calls: set[HookCall] = set()
    with calling("set_event", "ada", calls):
        outer = inside()
        with calling("check_event", "bob", calls):
            assert inside() is not outer
        assert inside() is outer
    assert INSIDE.get() is None
