"""Running side effects: async functions on a loop of their own, plain ones in threads.

A step runs after its `step.started` entry is durable, and reports once how it ended.
Only the engine's own end keeps a step from reporting: whatever else a function does, also
to its own task, is a result or a failure. Nothing here knows the store. Threads are daemons:
a step that hangs holds up neither the engine nor the end of the program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from studio.engine.effects.async_steps import AsyncSteps
from studio.engine.effects.attempt import Attempt, Report
from studio.engine.effects.awaiting import awaited
from studio.engine.effects.timekeeper import Timekeeper
from studio.engine.effects.worker_threads import Threads, Worker
from studio.kernel.records import Launch, StepResult
from studio.language.commands import key_text
from studio.language.idempotency import idempotency_key, scope_of
from studio.language.journey_ids import escaped
from studio.language.step_info import StepInfo

if TYPE_CHECKING:
    from studio.engine.effects.spans import Spans

THREADS = 32
"""Plain functions that run at the same time, not counting those that take long."""
LONG = 5.0
"""Seconds after which a plain function takes long, and an event loop that does not answer is blocked."""

StandIn = Callable[[str, Callable[..., Any]], Callable[..., Any] | None]
"""Given a step's name and function: what is called instead of the function, None to call that."""


class Steps:
    """Runs steps and reports how each ended, from whatever thread it ran in."""

    def __init__(
        self, stand_in: StandIn | None = None, seed: str | None = None, spans: Spans | None = None
    ) -> None:
        self._stand_in = stand_in
        self._spans = spans
        """Traces them; None where nobody wants to know."""
        self._seed = seed
        """What idempotency keys are made from where steps are stood in for; None: as those of others."""
        self._keeper = Timekeeper("journey-steps-time")
        self._threads = Threads("journey-steps", THREADS, self._keeper, LONG)
        self._async = AsyncSteps(self._keeper, LONG)
        self._open: set[Attempt] = set()

    def run(self, launch: Launch, report: Report) -> None:
        """Start a step. Returns at once."""

        def ended(result: StepResult) -> None:
            self._open.discard(attempt)
            report(result)

        attempt = Attempt(launch, ended, self._spans)
        self._open.add(attempt)
        command = launch.command
        try:
            if (ask := self._stand_in) is not None:
                other = ask(command.name, command.function)
                # Each drive makes its own commands: this one is nobody else's.
                command.function = command.function if other is None else other
                if other is not None and self._seed is not None:
                    launch.info = _info_from(self._seed, launch)
            function = command.function
            call = getattr(function, "__call__", None)  # noqa: B004 - an object whose __call__ is async
            if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):
                self._async.run(attempt)
            else:
                self._threads.submit(partial(self._run_plain, attempt))
        except Exception as error:
            # What stands in for it cannot be found, or the system gives no thread: as if it had raised.
            attempt.failed(error)

    def stop(self) -> None:
        """Cancel what runs on the loop and let go of the threads."""
        self._async.stop()
        self._threads.stop()
        self._keeper.stop()

    def calls(self) -> list[Attempt]:
        """Those that were handed in and have not reported."""
        # A copy: threads add and take away meanwhile.
        return list(self._open)

    def _run_plain(self, attempt: Attempt) -> None:
        alarm = None
        if attempt.timeout is not None:
            worker = self._threads.me()
            alarm = self._keeper.after(attempt.timeout, partial(self._expire, attempt, worker))
        copy_context().run(_call, attempt)
        if alarm is not None:
            self._keeper.turn_off(alarm)

    def _expire(self, attempt: Attempt, worker: Worker) -> None:
        """A thread cannot be stopped: past its time it is left alone, and what it gives is not looked at."""
        attempt.timed_out()
        self._threads.let_go(worker)


def _call(attempt: Attempt) -> None:
    attempt.enter()
    try:
        value = attempt.call()
        if inspect.isawaitable(value):
            # A lambda or a partial around an async function.
            value = awaited(value)
    except BaseException as error:
        attempt.failed(error)
    else:
        attempt.done(value)


def _info_from(seed: str, launch: Launch) -> StepInfo:
    """With an idempotency key that is the same in each run: nobody is called who could know it."""
    info, key = launch.info, escaped(key_text(launch.command.key))
    scope = scope_of(info.journey, launch.pass_no, key, launch.command.once)
    return replace(info, idempotency_key=idempotency_key(seed, scope))
