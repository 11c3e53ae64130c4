"""One call of a step's function: it ends once, whatever it comes to."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest

from studio import current_step
from studio.engine.effects.attempt import Attempt
from studio.engine.effects.capture import listener
from studio.kernel.records import StepResult
from tests.engine.effects.test_steps import launch


def attempt(function: Callable[..., Any], *args: Any, **more: Any) -> tuple[Attempt, list[StepResult]]:
    told: list[StepResult] = []
    return Attempt(launch(function, *args, **more), told.append), told


def test_its_result_is_json_and_is_told_once() -> None:
    made, told = attempt(lambda a: {"a": a}, 1)
    assert made.take()
    assert not made.take()
    copy_context().run(made.enter)
    made.done(made.call())
    assert made.is_over
    made.failed(ValueError("too late"))
    made.timed_out()
    (result,) = told
    assert (result.result, result.launch) == ('{"a":1}', made.launch)


def test_a_failure_has_its_type_message_and_traceback() -> None:
    def fail() -> None:
        raise ValueError("no money")

    made, told = attempt(fail)
    try:
        made.call()
    except ValueError as error:
        made.failed(error)
    (result,) = told
    assert (result.result, result.type, result.message) == (None, "ValueError", "no money")
    assert "in fail" in result.traceback
    assert not result.is_final


def test_work_that_is_done_is_not_done_again_because_its_result_cannot_be_stored() -> None:
    made, told = attempt(object)
    made.done(made.call())
    (result,) = told
    assert (result.type, result.is_final) == ("NotJson", True)
    assert result.message.startswith("it did its work, but its result cannot be stored: ")


def test_a_time_that_is_over_is_told_in_seconds() -> None:
    made, told = attempt(print, timeout=1_500)
    assert made.timeout == 1.5
    made.timed_out()
    assert (told[0].type, told[0].message) == ("Timeout", "it took longer than 1.5 s")


def takes_key(idempotency_key: str) -> str:
    return idempotency_key


def takes_any(*args: Any, **kwargs: Any) -> Any:
    return kwargs


def positional(idempotency_key: str = "none", /) -> str:
    return idempotency_key


@pytest.mark.parametrize(
    ("function", "given", "got"),
    [
        (takes_key, {}, "key"),
        (takes_key, {"idempotency_key": "mine"}, "mine"),
        # What does not name it is not given it.
        (takes_any, {}, {}),
        (positional, {}, "none"),
    ],
)
def test_a_function_that_takes_the_idempotency_key_is_given_it(
    function: Callable[..., Any], given: dict[str, Any], got: Any
) -> None:
    made, _ = attempt(function)
    made.launch.command.kwargs = given
    assert made.call() == got


def test_whoever_is_called_knows_its_step() -> None:
    made, _ = attempt(current_step, name="look")
    context = copy_context()
    context.run(made.enter)
    info = context.run(made.call)
    assert (info.name, info.journey, made.name, made.journey) == ("look", "w/ada", "look", "w/ada")


def test_what_it_says_comes_with_its_end_and_nothing_after_it() -> None:
    given, told = attempt(print)
    made: Any = given
    context = copy_context()
    context.run(made.enter)
    heard = context.run(listener)
    assert heard is not None
    lines: list[Any] = [SimpleNamespace(is_wanted=wanted) for wanted in (True, False)]
    for line in lines:
        assert heard.say("warning", "whole", ("w.py", 1), line)
    assert heard.write("no end", ("w.py", 2))
    made.done(1)
    result: Any = told[0]
    assert result.said == [*[("warning", "whole", ("w.py", 1))] * 2, ("info", "no end", ("w.py", 2))]
    assert result.lines == lines[:1]
    assert not heard.say("info", "late", ("w.py", 3))
    assert not heard.write("late", ("w.py", 3))
    assert len(result.said) == 3


def test_it_may_take_as_long_as_it_likes_where_nothing_is_said_and_lets_go_of_what_it_awaits() -> None:
    made, _ = attempt(len, "abc")
    assert made.timeout is None
    assert made.call() == made.coroutine == 3
    made.done(3)
    assert made.coroutine is None


def test_a_function_whose_signature_is_not_known_is_called_as_it_was_asked() -> None:
    made, _ = attempt(max, "abc")
    made.launch.command.kwargs = {"key": ord}
    assert made.call() == "c"
