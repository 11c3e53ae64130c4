"""What stands in for the functions of steps in a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.language.names import names


class StubFailed(Exception):
    """What a stub raises that was told to fail."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a stub: what the workflow gave to the step's function."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Stub:
    """Stands in for the function of each step whose name it meets, and counts its calls.

    Args:
        pattern: the step's name; `*` is any run of characters.
        returns: the step's result, or a function that is called with what the step's would be.
        fails: how many calls raise first; True lets all.
        error: what they raise.
    """

    def __init__(
        self, pattern: str, returns: Any = None, *, fails: int | bool = 0, error: Exception | None = None
    ) -> None:
        self.pattern = pattern
        self.calls: list[Call] = []
        """Every attempt, those that failed too, in order."""
        self._names = names(pattern)
        self._returns = returns
        self._fails = fails
        self._error = error

    @property
    def count(self) -> int:
        """How often it was called."""
        return len(self.calls)

    def meets(self, step: str) -> bool:
        """Whether it stands in for the step of this name."""
        return self._names.meets(step)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(Call(args, kwargs))
        if self._fails is True or len(self.calls) <= self._fails:
            raise self._error or StubFailed(f"call {len(self.calls)} of the stub {self.pattern!r} fails")
        return self._returns(*args, **kwargs) if callable(self._returns) else self._returns

    def __repr__(self) -> str:
        return f"<Stub {self.pattern!r}, called {self.count} times>"


class Stubs:
    """The stubs of a test; the newest that meets a step stands in for it."""

    def __init__(self) -> None:
        self._stubs: list[Stub] = []

    def add(self, stub: Stub) -> None:
        """Take one more."""
        self._stubs.append(stub)

    def stand_in(self, step: str, _: Callable[..., Any]) -> Callable[..., Any] | None:
        """What is called instead of a step's function; None when no stub meets it."""
        return next((stub for stub in reversed(self._stubs) if stub.meets(step)), None)
