"""Whether the caller is inside something that the engine itself has called, and waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class RunningCall(Protocol):
    """A step's or a hook's function that was called."""

    @property
    def kind(self) -> str:
        """ "step", "check_event" or "set_event"."""

    @property
    def is_over(self) -> bool:
        """Nobody waits for it any more; a thread that it has left behind may still run."""


INSIDE: ContextVar[RunningCall | None] = ContextVar("studio_inside", default=None)


def inside() -> RunningCall | None:
    """The step or hook that calls this, itself or by a thread or task that knows of it; None: nobody does."""
    call = INSIDE.get()
    return None if call is None or call.is_over else call


class HookCall:
    """A hook that was called."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        """Whom or what it was called for."""
        self.journey = ""
        self.coroutine = None
        self.began: float | None = time.monotonic()
        self.thread = threading.get_ident()
        self.is_over = False


@contextmanager
def calling(kind: str, name: str, calls: set[HookCall]) -> Iterator[None]:
    """A hook is called in this thread; it stands in `calls` meanwhile."""
    call = HookCall(kind, name)
    calls.add(call)
    token = INSIDE.set(call)
    try:
        yield
    finally:
        INSIDE.reset(token)
        call.is_over = True
        calls.discard(call)
