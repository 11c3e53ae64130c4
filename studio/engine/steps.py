"""Running side effects: async functions on a loop of their own, plain ones in threads.

A step runs after its `step.started` entry is durable, and reports once how it ended.
Nothing here knows the store. Threads are daemons: a step that hangs holds up neither
the engine nor the end of the program.
"""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from studio import jsontext
from studio.commands import Place
from studio.engine import capture
from studio.engine.answers import Launch
from studio.engine.cause import StepResult
from studio.engine.drive import describe, traceback_text
from studio.step_info import STEP

THREADS = 32
"""Plain functions that run at the same time."""

Report = Callable[[StepResult], None]

StandIn = Callable[[str, Callable[..., Any]], Callable[..., Any] | None]
"""Given a step's name and function: what is called instead of the function, None to call that."""


class Steps:
    """Runs steps and reports how each ended, from whatever thread it ran in."""

    def __init__(self, stand_in: StandIn | None = None) -> None:
        self._stand_in = stand_in
        self._waiting: queue.SimpleQueue[tuple[Launch, Report] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, launch: Launch, report: Report) -> None:
        """Start a step. Returns at once."""
        command = launch.command
        if (ask := self._stand_in) is not None and (other := ask(command.name, command.function)) is not None:
            # Each drive makes its own commands: this one is nobody else's.
            command.function = other
        function = command.function
        call = getattr(function, "__call__", None)  # noqa: B004 - an object whose __call__ is async
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):
            loop = self._running_loop()
            loop.call_soon_threadsafe(self._spawn, launch, report)
        else:
            self._submit(launch, report)

    def stop(self) -> None:
        """Cancel what runs on the loop and let go of the threads."""
        with self._lock:
            for _ in self._threads:
                self._waiting.put(None)
            self._threads.clear()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    # -- plain functions -------------------------------------------------------------------

    def _submit(self, launch: Launch, report: Report) -> None:
        with self._lock:
            if self._idle == 0 and len(self._threads) < THREADS:
                thread = threading.Thread(target=self._work, name="journey-steps", daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._idle -= 1
        self._waiting.put((launch, report))

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            launch, report = job
            timeout = launch.command.timeout
            if timeout is None:
                report(copy_context().run(_run_plain, launch))
            else:
                self._run_with_limit(launch, timeout, report)
            with self._lock:
                self._idle += 1

    @staticmethod
    def _run_with_limit(launch: Launch, timeout: int, report: Report) -> None:
        """A thread cannot be stopped: past its time it is left alone, and what it gives is not looked at."""
        done: queue.SimpleQueue[StepResult] = queue.SimpleQueue()
        context = copy_context()
        worker = threading.Thread(
            target=lambda: done.put(context.run(_run_plain, launch)), name="journey-step", daemon=True
        )
        worker.start()
        try:
            report(done.get(timeout=timeout / 1000))
        except queue.Empty:
            report(_timed_out(launch, timeout))

    # -- async functions -------------------------------------------------------------------

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = self._loop = asyncio.new_event_loop()
                threading.Thread(target=_serve, args=(loop,), name="journey-steps-loop", daemon=True).start()
            return self._loop

    def _spawn(self, launch: Launch, report: Report) -> None:
        task = asyncio.ensure_future(_run_async(launch, report))
        # The loop keeps weak references only.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()


def _arguments(launch: Launch) -> dict[str, Any]:
    """The keyword arguments, with `idempotency_key` for a function that takes one and was not given it."""
    step = launch.command
    if "idempotency_key" in step.kwargs:
        return step.kwargs
    try:
        parameters = inspect.signature(step.function).parameters
    except (TypeError, ValueError):
        return step.kwargs
    wanted = parameters.get("idempotency_key")
    if wanted is None or wanted.kind is inspect.Parameter.POSITIONAL_ONLY:
        return step.kwargs
    return {**step.kwargs, "idempotency_key": launch.info.idempotency_key}


def _enter(launch: Launch) -> list[tuple[str, str, Place]]:
    said: list[tuple[str, str, Place]] = []

    def hear(level: str, message: str, place: Place) -> bool:
        said.append((level, message, place))
        return True

    STEP.set(launch.info)
    capture.listen(hear)
    return said


def _run_plain(launch: Launch) -> StepResult:
    said = _enter(launch)
    step = launch.command
    try:
        value = step.function(*step.args, **_arguments(launch))
        if inspect.iscoroutine(value):
            # A lambda or a partial around an async function.
            value = asyncio.run(value)
    except BaseException as error:
        return _failure(launch, error, said)
    return _success(launch, value, said)


async def _run_async(launch: Launch, report: Report) -> None:
    said = _enter(launch)
    step = launch.command
    try:
        async with asyncio.timeout(None if step.timeout is None else step.timeout / 1000) as limit:
            value = await step.function(*step.args, **_arguments(launch))
    except BaseException as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The engine stops: no result counts, and the next start runs the step again.
            raise
        expired = isinstance(error, TimeoutError) and limit.expired() and step.timeout is not None
        report(_timed_out(launch, step.timeout or 0, said) if expired else _failure(launch, error, said))
    else:
        report(_success(launch, value, said))


def _success(launch: Launch, value: Any, said: list[tuple[str, str, Place]]) -> StepResult:
    try:
        return StepResult(launch, jsontext.dumps(value), said=said)
    except jsontext.NotJson as error:
        return StepResult(launch, None, "NotJson", f"its result cannot be stored: {error}", said=said)


def _failure(launch: Launch, error: BaseException, said: list[tuple[str, str, Place]]) -> StepResult:
    text = traceback_text(error, error.__traceback__)
    return StepResult(launch, None, type(error).__name__, describe(error), text, said)


def _timed_out(launch: Launch, timeout: int, said: list[tuple[str, str, Place]] | None = None) -> StepResult:
    return StepResult(
        launch, None, "Timeout", f"it took longer than {timeout / 1000:g} s", "", list(said or ())
    )
