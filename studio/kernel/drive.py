"""Drive a workflow's function through what is recorded. Pure: no I/O, no clock, no SQL.

The function is a coroutine that is sent the outcome of each command it yields. Where
`answer` knows no outcome the journey is blocked: the coroutine is closed, and the
next drive begins at the top again (DESIGN §1); or it is left in a `SuspendedCoroutine`, and the
next drive goes on from there.
"""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from types import AsyncGeneratorType, FrameType, TracebackType
from typing import Any, Protocol

from studio.errors import WorkflowError
from studio.language.commands import Command, NewPass, Suspended, key_text
from studio.language.definition import Workflow
from studio.language.journey import MAX_CATCHES, Journey
from studio.language.step_info import StepFailed
from studio.text.source_code import OwnCode, describe

OTHER = "it awaits a command of another journey, or one that was kept from before"


class SourceCode(Protocol):
    """Knows the author's code: their files, what they may not await, lines to show with a failure."""

    def is_own(self, path: str) -> bool:
        """Whether a file is the author's, and not a library's or ours."""

    def is_foreign_await(self, error: BaseException, path: str) -> bool:
        """Whether something was awaited that only another driver of coroutines can end.

        Args:
            path: the file of the innermost frame of what was raised.
        """

    def line(self, path: str, number: int) -> str:
        """A line without the blanks around it; "" when it is not to be had."""

    def traceback(self, error: BaseException, tb: TracebackType | None) -> str:
        """A traceback with its lines, as Python prints it; "" when it is not to be had."""


NO_LINES: SourceCode = OwnCode()
"""For drives after whose failures nobody asks."""


class Abandoned(BaseException):
    """Ends a driving thread that was given up."""


_undying: list[object] = []
"""Coroutines that would not close. Kept, because forgetting one closes it once more."""


class Outcome:
    """What a command came to, and the position it moves the journey to."""

    __slots__ = ("at", "bound", "error", "fresh", "hit", "late", "value")

    def __init__(
        self,
        value: Any,
        at: int,
        bound: int,
        late: int = 0,
        error: StepFailed | None = None,
        fresh: bool = True,
        hit: bool = True,
    ) -> None:
        self.value = value
        self.error = error
        """Raised at the await in place of giving `value`."""
        self.at = at
        """Milliseconds since 1970: the moment of the position."""
        self.bound = bound
        """How much of the history the journey sees from here on."""
        self.late = late
        self.fresh = fresh
        """False for what an earlier drive has passed already: up to there logs are mute."""
        self.hit = hit
        """Whether it ends a `wait_any`: a match, a sleep or a step, not a timeout."""


@dataclass(slots=True)
class Ended:
    """The function returned."""

    result: Any


@dataclass(slots=True)
class Blocked:
    """The function waits at a command without an outcome."""

    command: Command[Any]


@dataclass(slots=True)
class Again:
    """The function asked for a new pass."""


@dataclass(slots=True)
class Failed:
    """The function raised, or did what no workflow may."""

    type: str
    message: str
    line: str
    """ "onboarding.py:20", the deepest place in the author's own code; "" when there is none."""
    source: str
    """The text of that line."""
    traceback: str
    step: str | None = None
    """Key text of the failed step that was not caught."""


End = Ended | Blocked | Again | Failed


class SuspendedCoroutine:
    """Where a function stands at a command without an outcome, while it is kept to go on from there."""

    __slots__ = ("_context", "command", "coroutine")

    def __init__(self) -> None:
        self.coroutine: Coroutine[Any, Any, Any] | None = None
        """None when the next drive begins at the top."""
        self.command: Command[Any] | None = None
        # What it sets in its context (decimal.localcontext) is nobody else's while it stands.
        self._context = copy_context()

    def drive(
        self,
        workflow: Workflow,
        journey: Journey,
        answer: Callable[[Command[Any]], Outcome | None],
        code: SourceCode = NO_LINES,
    ) -> End:
        """Drive the function on, or from its top, and leave it standing where it blocks."""
        return self._context.run(drive, workflow, journey, answer, None, None, self, code)

    def leave(self, journey: Journey, workflow: Workflow, code: SourceCode = NO_LINES) -> Failed | None:
        """Close the function, if it stands; gives how it failed that would not be left."""
        coroutine, self.coroutine, self.command = self.coroutine, None, None
        if coroutine is None:
            return None
        stuck = self._context.run(_close, coroutine, journey, workflow, code)
        return None if stuck is None else _caught(stuck, code)


def drive(
    workflow: Workflow,
    journey: Journey,
    answer: Callable[[Command[Any]], Outcome | None],
    stepped: Callable[[Coroutine[Any, Any, Any]], None] | None = None,
    raised: Callable[[BaseException, TracebackType | None], None] | None = None,
    standing: SuspendedCoroutine | None = None,
    code: SourceCode = NO_LINES,
) -> End:
    """Drive a function on, from its top or from where it stands.

    It comes to its end, its failure or the first open command.

    Args:
        answer: gives a command's outcome, None when the journey must wait for it.
        stepped: is shown the suspended coroutine before it is closed (to look inside).
        raised: is shown what the function raised, and the traceback that leads to its lines.
        standing: where the function is left when it blocks, in place of being closed; it goes on
            there when it was left there before.
        code: what is shown with a failure.
    """
    command: Any = None
    coroutine = None if standing is None else standing.coroutine
    if coroutine is None:
        try:
            coroutine = workflow.function(journey)
        except Exception as error:
            return _failed(error, workflow, code, raised)
    elif standing is not None:
        command, standing.coroutine, standing.command = standing.command, None, None
    send = coroutine.send
    value: Any = None
    failure: StepFailed | None = None
    while True:
        if command is None:
            try:
                command = send(value) if failure is None else coroutine.throw(failure)
            except StopIteration as stop:
                return Ended(stop.value)
            except Suspended as error:
                return _failed(error, workflow, code, raised)
            except Abandoned:
                raise
            except BaseException as error:
                return _failed(error, workflow, code, raised)
            if not isinstance(command, Command) or command.journey is not journey:
                if stepped is not None:
                    stepped(coroutine)
                if not isinstance(command, Command):
                    return _foreign(command, coroutine, workflow, code)
                return _wrong(OTHER, coroutine, workflow, code)
        try:
            outcome = answer(command)
        except WorkflowError as error:
            _close(coroutine, journey, workflow, code)
            return _failed(error, workflow, code)
        except BaseException:
            # The batch comes to nothing: the function is left, and says nothing more.
            _close(coroutine, journey, workflow, code)
            raise
        if outcome is None:
            if stepped is not None:
                stepped(coroutine)
            if standing is not None and not isinstance(command, NewPass):
                standing.coroutine, standing.command = coroutine, command
                return Blocked(command)
            if (stuck := _close(coroutine, journey, workflow, code)) is not None:
                return _caught(stuck, code)
            return Again() if isinstance(command, NewPass) else Blocked(command)
        journey._bound = outcome.bound
        journey._at = outcome.at
        journey._late = outcome.late
        if outcome.fresh:
            journey._live = True
        value, failure, command = outcome.value, outcome.error, None


def _close(
    coroutine: Coroutine[Any, Any, Any], journey: Journey, workflow: Workflow, code: SourceCode
) -> tuple[str, int] | None:
    """Leave a suspended function without ending it. Gives the place that would not be left.

    `finally` blocks and context exits run although the journey has not left them:
    each command in them raises `Suspended`, and what they say is mute.
    """
    journey._closing = True
    journey._caught = 0
    try:
        coroutine.close()
    except Abandoned:
        raise
    except BaseException:
        # Whatever a finally block raises now, it raises in a place that was not left.
        if journey._caught > MAX_CATCHES:
            _undying.append(coroutine)
            return _innermost(coroutine, workflow, code)
    return None


def _caught(where: tuple[str, int], code: SourceCode) -> Failed:
    path, number = where
    what = WorkflowError(
        "it catches the engine's own Suspended again and again, so it cannot wait here",
        path=os.path.basename(path),
        line=number,
        fix="Catch Exception, not BaseException, around an await.",
    )
    return Failed("WorkflowError", str(what), _line(path, number), code.line(path, number), "")


def _foreign(
    yielded: object, coroutine: Coroutine[Any, Any, Any], workflow: Workflow, code: SourceCode
) -> Failed:
    what = "something that is not a journey command" if yielded is None else f"a {type(yielded).__name__}"
    return _wrong(
        f"it awaits {what}",
        coroutine,
        workflow,
        code,
        "A workflow may await journey.… only; put other awaits into await journey.step(name, function).",
    )


def _wrong(
    what: str, coroutine: Coroutine[Any, Any, Any], workflow: Workflow, code: SourceCode, fix: str = ""
) -> Failed:
    path, number = _innermost(coroutine, workflow, code)
    try:
        coroutine.close()
    except Abandoned:
        raise
    except BaseException:
        _undying.append(coroutine)
    return Failed(
        "WorkflowError",
        str(WorkflowError(what, path=os.path.basename(path), line=number, fix=fix)),
        _line(path, number),
        code.line(path, number),
        "",
    )


def _innermost(coroutine: Any, workflow: Workflow, code: SourceCode) -> tuple[str, int]:
    """The deepest line of the author's own code that the coroutine stands at."""
    path, number = workflow.path, workflow.line
    for frame in suspended_frames(coroutine):
        if code.is_own(frame.f_code.co_filename):
            path, number = frame.f_code.co_filename, frame.f_lineno
    return path, number


def suspended_frames(coroutine: Any) -> Iterator[FrameType]:
    """The frames in which a suspended coroutine stands, outermost first."""
    awaited: Any = coroutine
    while awaited is not None:
        if type(awaited).__name__ in _OF_GENERATORS:
            # `async for` awaits a step of its generator, which says by no attribute whose step it is.
            awaited = next((o for o in gc.get_referents(awaited) if isinstance(o, AsyncGeneratorType)), None)
        frame = next((f for name in _FRAMES if (f := getattr(awaited, name, None)) is not None), None)
        if frame is None:
            return
        yield frame
        awaited = next((a for name in _AWAITED if (a := getattr(awaited, name, None)) is not None), None)


_FRAMES = ("cr_frame", "gi_frame", "ag_frame")
_AWAITED = ("cr_await", "gi_yieldfrom", "ag_await")
_OF_GENERATORS = ("async_generator_asend", "async_generator_athrow")


def _failed(
    error: BaseException,
    workflow: Workflow,
    code: SourceCode,
    raised: Callable[[BaseException, TracebackType | None], None] | None = None,
) -> Failed:
    tb = error.__traceback__
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration):
        # Python makes it of a StopIteration that leaves a coroutine (PEP 479), without the line.
        tb = error.__cause__.__traceback__
    if raised is not None:
        raised(error, tb)
    frames = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(tb)]
    own = [(path, number) for path, number in frames if code.is_own(path)]
    line, source = (_line(*own[-1]), code.line(*own[-1])) if own else ("", "")
    if not own and isinstance(error, WorkflowError) and error.line:
        # Raised for what a command asks for: it says itself where that is written.
        line = _line(error.path, error.line)
    message = describe(error)
    kind = type(error).__name__
    if isinstance(error, Suspended):
        kind, message = "WorkflowError", f"{line}: {OTHER}"
    if own and code.is_foreign_await(error, frames[-1][0]):
        message = (
            f"{line}: asyncio cannot be used in a workflow ({message}). "
            "Write await journey.sleep(…) to wait, and await journey.step(name, function) "
            "for everything else that is awaited"
        )
        kind = "WorkflowError"
    step = key_text(error.key) if isinstance(error, StepFailed) and error.key else None
    text = code.traceback(error, _from_workflow(error.__traceback__, code))
    return Failed(kind, message, line, source, text, step)


def printable(text: str, longest: int) -> str:
    """Text as SQLite can hold it: half surrogate pairs shown as what they are, the rest cut off."""
    if len(text) > longest:
        text = text[:longest] + "…"
    elif text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def _from_workflow(tb: TracebackType | None, code: SourceCode) -> TracebackType | None:
    while tb is not None and not code.is_own(tb.tb_frame.f_code.co_filename) and tb.tb_next is not None:
        tb = tb.tb_next
    return tb


def _line(path: str, number: int) -> str:
    return f"{os.path.basename(path)}:{number}"
