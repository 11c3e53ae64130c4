"""What stands in for every step where none is called: its log says what would run."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any

from studio.engine.effects.steps import StandIn


def announced(result_of: Callable[[str], Any] = lambda step: None) -> StandIn:
    """A stand-in that tells of each call, with its arguments, and gives a result.

    Args:
        result_of: gives the result of a step of this name, to each call its own.
    """

    def stand_in(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def told(*args: Any, **kwargs: Any) -> Any:
            given = [reprlib.repr(each) for each in args]
            given += [f"{name}={reprlib.repr(value)}" for name, value in kwargs.items()]
            # Captured, as what a step prints is: a line in the log of its journey.
            print(f"would run {step}({', '.join(given)})")
            return result_of(step)

        return told

    return stand_in
