"""Threads and pools that a journey's or a step's function uses know whose they are.

Python starts a thread with an empty context. While engines run, one that is started, or given
a job, where somebody listens takes that context along: what it says is said there, and
`current_step()` is known. All others are as they were.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

_start = threading.Thread.start
_submit: Callable[..., Future[Any]] = ThreadPoolExecutor.submit
_who: ContextVar[Any] | None = None


def install(who: ContextVar[Any]) -> None:
    """Let threads and pools look at the context.

    Args:
        who: has a value where somebody listens.
    """
    global _who
    _who = who
    threading.Thread.start = _start_inside  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submit_inside  # type: ignore[method-assign, assignment]


def uninstall() -> None:
    """Put both back."""
    threading.Thread.start = _start  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submit  # type: ignore[method-assign]


def start_outside(thread: threading.Thread) -> None:
    """Start a thread of the engine's own, which is nobody's, wherever that is done."""
    _start(thread)


def _start_inside(self: threading.Thread) -> None:
    if _who is not None and _who.get() is not None:
        context, run = copy_context(), self.run

        def run_inside() -> None:
            context.run(run)

        self.run = run_inside  # type: ignore[method-assign]
    _start(self)


def _submit_inside(
    self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    if _who is None or _who.get() is None:
        return _submit(self, fn, *args, **kwargs)
    context, outside = copy_context(), copy_context()
    # A thread of the pool outlives this job, and the next may be somebody else's.
    outside.run(_who.set, None)
    return outside.run(_submit, self, context.run, fn, *args, **kwargs)
