"""The definition of a workflow: its function, and what starts and ends its journeys."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, overload

from studio.errors import WorkflowError
from studio.journey import Journey
from studio.modules import Module
from studio.names import ANY, Names, fault, names

WorkflowFunction = Callable[[Journey], Coroutine[Any, Any, Any]]


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
    ) -> None:
        self.function = function
        self.name = name
        self.trigger = trigger
        self.key = key
        self.again = again
        self.exit_on = exit_on
        code = function.__code__
        self.path: str = code.co_filename
        self.line: int = code.co_firstlineno
        self.__doc__ = function.__doc__
        self.__name__ = name
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self.modules: tuple[Module, ...] = ()
        """The user's own modules that its file imports, in the order of their names."""
        self._source: str | None = None

    def keep_source(self, text: str) -> None:
        """The source that it was made of: its file may read otherwise later."""
        self._source = text

    @property
    def source(self) -> str:
        """The source of the file that it stands in; of the function alone when there is no file."""
        if self._source is not None:
            return self._source
        try:
            lines, _ = inspect.findsource(self.function)
        except (OSError, TypeError):
            return ""
        return "".join(lines)

    @property
    def code(self) -> str:
        """Hash of the source, and of the user's own modules that it imports: which version made an entry."""
        source = self.source
        digest = hashlib.blake2b(source.encode() if source else self.function.__code__.co_code, digest_size=8)
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
    trigger: str | Iterable[str] = "*",
    key: str | None = None,
    again: bool = False,
    exit_on: str | Iterable[str] | None = None,
    name: str | None = None,
) -> Callable[[WorkflowFunction], Workflow]: ...
def workflow(
    function: WorkflowFunction | None = None,
    /,
    *,
    trigger: str | Iterable[str] = "*",
    key: str | None = None,
    again: bool = False,
    exit_on: str | Iterable[str] | None = None,
    name: str | None = None,
) -> Workflow | Callable[[WorkflowFunction], Workflow]:
    """Make an async function a workflow: one journey a user.

    Args:
        trigger: which events begin a journey and its passes; any when not given.
        key: a field of the trigger's data: one journey per user and value.
        again: let a new journey begin at the next trigger after one has ended.
        exit_on: events that end a journey at once.
        name: for people and the journeys' ids; the function's name when not given.

    Raises:
        WorkflowError: the function is not async, or an argument makes no sense.
    """

    def make(function: WorkflowFunction) -> Workflow:
        return _make_workflow(function, trigger, key, again, exit_on, name)

    return make if function is None else make(function)


def _make_workflow(
    function: WorkflowFunction,
    trigger: str | Iterable[str],
    key: str | None,
    again: bool,
    exit_on: str | Iterable[str] | None,
    name: str | None,
) -> Workflow:
    code = getattr(function, "__code__", None)
    path, line = (code.co_filename, code.co_firstlineno) if code else ("", None)

    def wrong(what: str, fix: str = "") -> WorkflowError:
        return WorkflowError(what, path=os.path.basename(path), line=line, fix=fix)

    if not inspect.iscoroutinefunction(function):
        what = getattr(function, "__name__", type(function).__name__)
        raise wrong(
            f"{what} is no async function", "Write: @workflow, async def welcome(journey: Journey): …"
        )
    if len(inspect.signature(function).parameters) != 1:
        raise wrong(f"{function.__name__} must take one argument, the journey")
    title = function.__name__ if name is None else name
    if why := fault(title):
        raise wrong(f"the workflow's name {why}")
    if "/" in title or "~" in title:
        raise wrong(f"the workflow's name {title!r} has / or ~, which divide a journey's id")
    if key is not None and (why := fault(key)):
        raise wrong(f"key= {why}")
    try:
        triggers = ANY if trigger == "*" else names(trigger)
        exits = None if exit_on is None else names(exit_on)
    except ValueError as error:
        raise wrong(str(error)) from None
    return Workflow(function, name=title, trigger=triggers, key=key, again=again, exit_on=exits)
