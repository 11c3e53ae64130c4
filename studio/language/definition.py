"""The definition of a workflow: its function, and what starts and ends its journeys."""

from __future__ import annotations

import functools
import hashlib
import inspect
import linecache
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, overload

from studio.errors import WorkflowError
from studio.language.arguments import Duration, read_duration
from studio.language.event import Event
from studio.language.goals import Goal
from studio.language.journey import Journey
from studio.language.local_time import ZoneError
from studio.language.local_time import zone as zone_of
from studio.language.modules import Module
from studio.language.names import ANY, Names, fault, names
from studio.language.user import User

WorkflowFunction = Callable[[Journey], Coroutine[Any, Any, Any]]
Refusing = Callable[[User, Event], str | None]
"""Says why a user may not enter at an event; None when they may."""
Share = int | float
"""Per cent."""

MOST_WRAPPERS = 100
"""A function may be wrapped in itself."""

_made: ContextVar[list[Workflow] | None] = ContextVar("made", default=None)


class Workflow:
    """A workflow function with what starts and ends its journeys. Calling it calls the function."""

    def __init__(
        self,
        function: WorkflowFunction,
        *,
        name: str,
        trigger: Names = ANY,
        key: str | None = None,
        again: bool = False,
        exit_on: Names | None = None,
        timezone: str | None = None,
        goal: Goal | None = None,
        refuse: Refusing | None = None,
        again_after: int | None = None,
        holdout: Share | None = None,
    ) -> None:
        self.function = function
        self.name = name
        self.trigger = trigger
        self.key = key
        self.again = again
        self.exit_on = exit_on
        self.timezone = timezone
        """Of users whose profile names none; None: UTC."""
        self.goal = goal
        self.refuse = refuse
        self.again_after = again_after
        """Milliseconds from when a journey began until the next may begin; None: as soon as it has ended."""
        self.holdout = holdout
        """Per cent of its users who get no message."""
        self.original = original(function)
        """What the author wrote, below decorators, partials and methods."""
        code = self.original.__code__
        self.path: str = code.co_filename
        """The file in which `original` stands."""
        self.line: int = code.co_firstlineno
        self.file: str = self.path
        """The workflow file that it was found in: another than `path` when a helper made it."""
        self.made = _statement() or (self.path, self.line)
        """File and line of the top-level statement that made it, while files are loaded."""
        self.__doc__ = function.__doc__
        self.__name__ = name
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self.modules: tuple[Module, ...] = ()
        """The user's own modules that its file imports, in the order of their names."""
        self._source: str | None = None

    def keep_source(self, text: str) -> None:
        """The source of its file when it was loaded: the file may read otherwise later."""
        self._source = text

    @property
    def source(self) -> str:
        """The source of the file that it was found in; of the function alone when there is no file."""
        if self._source is not None:
            return self._source
        try:
            lines, _ = inspect.findsource(self.original)
        except (OSError, TypeError):
            return ""
        return "".join(lines)

    def source_of(self, path: str) -> str:
        """The source of a file that it was made of, as it was loaded; "" when that is not known."""
        if path == self.file:
            return self.source
        kept = (module.text for module in self.modules if module.path == path)
        return next(kept, None) or "".join(linecache.getlines(path))

    @property
    def code(self) -> str:
        """Hash of the source, and of the user's own modules that it imports: which version made an entry."""
        source = self.source
        digest = hashlib.blake2b(source.encode() if source else self.original.__code__.co_code, digest_size=8)
        for module in self.modules:
            digest.update(f"\0{module.name}\0{module.text}".encode())
        return digest.hexdigest()

    def __call__(self, journey: Journey) -> Coroutine[Any, Any, Any]:
        return self.function(journey)

    def __repr__(self) -> str:
        return f"<Workflow {self.name} at {os.path.basename(self.path)}:{self.line}>"


@overload
def workflow(function: WorkflowFunction, /) -> Workflow: ...
@overload
def workflow(
    *,
    trigger: str | type[Any] | Iterable[str | type[Any]] = "*",
    key: str | None = None,
    again: bool | Duration = False,
    exit_on: str | type[Any] | Iterable[str | type[Any]] | None = None,
    goal: Goal | None = None,
    refuse: Refusing | None = None,
    holdout: Share | None = None,
    timezone: str | None = None,
    name: str | None = None,
) -> Callable[[WorkflowFunction], Workflow]: ...
def workflow(
    function: WorkflowFunction | None = None,
    /,
    *,
    trigger: str | type[Any] | Iterable[str | type[Any]] = "*",
    key: str | None = None,
    again: bool | Duration = False,
    exit_on: str | type[Any] | Iterable[str | type[Any]] | None = None,
    goal: Goal | None = None,
    refuse: Refusing | None = None,
    holdout: Share | None = None,
    timezone: str | None = None,
    name: str | None = None,
) -> Workflow | Callable[[WorkflowFunction], Workflow]:
    """Make an async function a workflow: one journey a user.

    Args:
        trigger: which events begin a journey and its passes; any when not given. A class with `@event` stands
            for its event.
        key: a field of the trigger's data: one journey per user and value.
        again: let a new journey begin at the next trigger after one has ended; a duration such as "30d": and
            that long after it began.
        exit_on: events that end a journey at once.
        goal: the event that journeys are to lead to, `goal("billing/paid", within="30d")`.
        refuse: a function of user and event that says why somebody may not enter, or None.
        holdout: per cent of the users, 1 to 99, who go through it and get no message, to compare with.
        timezone: of users whose profile has no `timezone`: "Europe/Berlin". UTC when not given.
        name: for people and the journeys' ids; the function's name when not given.

    Raises:
        WorkflowError: the function is not async, or an argument makes no sense.
    """

    def make(function: WorkflowFunction) -> Workflow:
        return _make_workflow(
            function, trigger, key, again, exit_on, timezone, name, goal=goal, refuse=refuse, holdout=holdout
        )

    return make if function is None else make(function)


def _make_workflow(
    function: WorkflowFunction,
    trigger: str | type[Any] | Iterable[str | type[Any]],
    key: str | None,
    again: bool | Duration,
    exit_on: str | type[Any] | Iterable[str | type[Any]] | None,
    timezone: str | None,
    name: str | None,
    *,
    goal: Goal | None,
    refuse: Refusing | None,
    holdout: Share | None,
) -> Workflow:
    code = getattr(original(function), "__code__", None)
    path, line = (code.co_filename, code.co_firstlineno) if code else ("", None)

    def wrong(what: str, fix: str = "") -> WorkflowError:
        return WorkflowError(what, path=os.path.basename(path), line=line, fix=fix)

    if not inspect.iscoroutinefunction(function) or code is None:
        what = getattr(function, "__name__", type(function).__name__)
        raise wrong(
            f"{what} is not an async function", "Write: @workflow, async def welcome(journey: Journey): …"
        )
    if not _takes_one(function):
        raise wrong(f"{original(function).__name__} must take one argument, the journey")
    title = getattr(function, "__name__", original(function).__name__) if name is None else name
    if why := fault(title):
        raise wrong(f"the workflow's name {why}")
    if "/" in title or "~" in title:
        raise wrong(f"the workflow's name {title!r} has / or ~, which divide a journey's id")
    if key is not None and (why := fault(key)):
        raise wrong(f"key= {why}")
    try:
        triggers = ANY if trigger == "*" else names(trigger)
        exits = None if exit_on is None else names(exit_on)
        if timezone is not None:
            zone_of(timezone)
    except ZoneError as error:
        raise wrong(f"timezone= {error}", 'Write it as "Europe/Berlin".') from None
    except ValueError as error:
        raise wrong(str(error)) from None
    if goal is not None and not isinstance(goal, Goal):
        raise wrong(f"goal= is {type(goal).__name__}", 'Write goal=goal("billing/paid", within="30d").')
    if refuse is not None and (why := _no_refusal(refuse)):
        raise wrong(f"refuse= {why}", "Give a plain function of user and event that gives a reason, or None.")
    if holdout is not None and (why := share_fault(holdout)):
        raise wrong(f"holdout={holdout!r:.40} {why}")
    after = None
    if not isinstance(again, bool):
        after = read_duration(again, f'workflow "{title}" has again', (path, line or 0))
    made = Workflow(
        function,
        name=title,
        trigger=triggers,
        key=key,
        again=bool(again) or after is not None,
        exit_on=exits,
        timezone=timezone,
        goal=goal,
        refuse=refuse,
        again_after=after or None,
        holdout=holdout,
    )
    if (kept := _made.get()) is not None:
        kept.append(made)
    return made


def _no_refusal(refuse: object) -> str:
    """Why something cannot refuse users; "" when it can."""
    if not callable(refuse):
        return f"is {type(refuse).__name__}, not a function"
    if inspect.iscoroutinefunction(refuse):
        return f"is an async function, {getattr(refuse, '__name__', '')}"
    try:
        inspect.signature(refuse).bind(None, None)
    except TypeError:
        return f"cannot be called with a user and an event: {getattr(refuse, '__name__', refuse)!s:.80}"
    except ValueError:
        # Some built-in functions do not say what they take.
        return ""
    return ""


def share_fault(share: object) -> str:
    """Why something is no share of users in per cent; "" when it is one."""
    if isinstance(share, bool) or not isinstance(share, int | float):
        return "is no number"
    if 0 < share < 1:
        return f"is a part of one, and per cent are meant: did you mean {share * 100:g}?"
    return "" if 1 <= share <= 99 else "is not from 1 to 99 per cent"


@contextmanager
def collecting() -> Iterator[list[Workflow]]:
    """Gives the workflows that are made meanwhile, whatever becomes of them."""
    found: list[Workflow] = []
    token = _made.set(found)
    try:
        yield found
    finally:
        _made.reset(token)


def original(function: Any) -> Any:
    """The function that an author wrote, below decorators that keep it, partials and methods."""
    for _ in range(MOST_WRAPPERS):
        inner = function.func if isinstance(function, functools.partial) else None
        for name in ("__wrapped__", "__func__"):
            inner = inner or getattr(function, name, None)
        if inner is None:
            break
        function = inner
    return function


def _takes_one(function: WorkflowFunction) -> bool:
    """Whether a journey, and nothing else, can be given to it."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    return True


def _statement() -> tuple[str, int] | None:
    """Where in a file that is being loaded a workflow is made: the statement of the innermost module."""
    frame = None if _made.get() is None else sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)
