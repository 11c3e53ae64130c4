"""The words of a workflow author: `workflow`, `Journey` and what they give.

A workflow is an async function of one `Journey`. Each `await journey.<something>`
yields a command to whoever drives the function (`engine/drive.py`) and gets its
outcome back. Nothing in this module reads, writes or waits.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import random as _random
import sys
import uuid as _uuid
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NoReturn, ParamSpec, Protocol, TypeVar, cast, overload

from studio import durations, jsontext
from studio.clock import to_datetime
from studio.errors import DurationError, WorkflowError
from studio.names import ANY, MAX_LENGTH, Names, fault, names

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

Duration = str | int | float | timedelta
"""A text such as "7d", a number of seconds, or a timedelta."""

Key = tuple[str, str, int]
"""Kind, name and occurrence in the pass, or kind, "=" + the given id, and -1."""

Place = tuple[str, int]
"""File (as the code object names it) and line."""

LONGEST = 1_000 * durations.YEAR
"""Milliseconds that a wait or a sleep may last: its deadline must be a date."""

WARN_COMMANDS = 1_000
MAX_COMMANDS = 10_000
MAX_CATCHES = 100
"""How often a function may catch `Suspended` while it is left before it counts as never ending."""


class Suspended(BaseException):
    """Raised by an await in a function that is being left, not ended (DESIGN rule 14).

    A `finally` block that awaits meets it when the engine closes a waiting journey.
    """


class StepFailed(Exception):
    """A step gave up: its function raised, ran out of retries or out of time.

    It is raised alike when the step has just failed and when that is replayed.
    """

    def __init__(self, name: str, type: str, message: str) -> None:
        super().__init__(
            f"step {name!r} failed: {type}: {message}" if message else f"step {name!r} failed: {type}"
        )
        self.name = name
        self.type = type
        """Name of the exception's class, or "Timeout", "interrupted", "closed"."""
        self.message = message
        self.key: Key | None = None


class Event(Mapping[str, Any]):
    """Something that happened to a user. Reads as a mapping over its data."""

    __slots__ = ("_data", "_text", "at_ms", "duplicate", "id", "name", "sent_at", "seq", "user")

    def __init__(
        self,
        name: str,
        user: str,
        at_ms: int,
        text: str | None = None,
        id: str | None = None,
        seq: int = 0,
        sent_at: int | None = None,
        duplicate: bool = False,
    ) -> None:
        self.name = name
        self.user = user
        """The user's id."""
        self.at_ms = at_ms
        """When the store accepted it, milliseconds since 1970, UTC."""
        self.id = id
        """The sender's id; events with the same id count once."""
        self.seq = seq
        """Place in the store's history; comparable within one user only."""
        self.sent_at = sent_at
        """The sender's own time stamp, milliseconds since 1970; it decides nothing."""
        self.duplicate = duplicate
        """True for what `ingest` gives back when this id had been taken before."""
        self._text = text
        self._data: dict[str, Any] | None = None

    @property
    def at(self) -> datetime:
        """When the store accepted it, in UTC."""
        return to_datetime(self.at_ms)

    @property
    def data(self) -> dict[str, Any]:
        """What came with it."""
        if self._data is None:
            self._data = jsontext.loads(self._text) if self._text else {}
        return self._data

    @property
    def text(self) -> str:
        """The data as JSON text."""
        return self._text or "{}"

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.name, self.user, self.at_ms, self.id, self.data) == (
            other.name,
            other.user,
            other.at_ms,
            other.id,
            other.data,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.user, self.at_ms, self.id))

    def __repr__(self) -> str:
        return f"Event({self.name!r}, user={self.user!r}, data={self.data!r})"


class User(Mapping[str, Any]):
    """Whom the journey is about: `id` and the profile as of the journey's position.

    `email` comes from the first event that carries one; an `identify` event merges its data.
    """

    __slots__ = ("_journey", "id")

    def __init__(self, id: str, journey: Journey) -> None:
        self.id = id
        self._journey = journey

    @property
    def email(self) -> str | None:
        """The e-mail address, None while none is known."""
        return cast("str | None", self.get("email"))

    def _profile(self) -> Mapping[str, Any]:
        return self._journey._reader.profile(self._journey._bound)

    def __getitem__(self, key: str) -> Any:
        return self.id if key == "id" else self._profile()[key]

    def __iter__(self) -> Iterator[str]:
        yield "id"
        yield from (key for key in self._profile() if key != "id")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"User({dict(self)!r})"


class Waited:
    """What a wait gave. True when something matched, False when its time ran out."""

    __slots__ = ("_count", "_events", "_load", "timed_out")

    def __init__(
        self, count: int = 0, load: Callable[[int | None], list[Event]] | None = None, *, over: bool = True
    ) -> None:
        self._count = count
        self._load = load
        self._events: list[Event] | None = None
        self.timed_out = over and count == 0
        """True when the time ran out; False for a member of `wait_any` that had not ended."""

    @property
    def result(self) -> list[Event] | None:
        """All matching events up to the moment it resolved, oldest first; None when there was none."""
        if not self._count:
            return None
        if self._events is None:
            assert self._load is not None
            self._events = self._load(None)
        return self._events

    @property
    def first(self) -> Event | None:
        """The oldest matching event."""
        if not self._count:
            return None
        if self._events is None and self._load is not None:
            return self._load(1)[0]
        return self._events[0] if self._events else None

    def __bool__(self) -> bool:
        return self._count > 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        return iter(self.result or ())

    def __getitem__(self, index: int) -> Event:
        return (self.result or [])[index]

    def __repr__(self) -> str:
        return f"Waited({self._count} events)" if self._count else f"Waited(timed_out={self.timed_out})"


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What a running step can know about itself, from `current_step()`."""

    journey: str
    name: str
    idempotency_key: str
    """The same for every attempt, also after a crash; hand it to the service that is called."""
    attempt: int
    """1 for the first; interrupted starts are not counted."""
    late: timedelta
    """How late the journey came to this step: large after downtime."""


STEP: ContextVar[StepInfo | None] = ContextVar("journey_step", default=None)


def current_step() -> StepInfo:
    """The step that is running here.

    Raises:
        WorkflowError: called outside a step's function.
    """
    if (info := STEP.get()) is None:
        raise WorkflowError("current_step() is for use inside a function that journey.step runs")
    return info


class Command(Generic[T]):
    """A thing a journey asks for. `await` gives its outcome; `wait_any` and `wait_all` take several."""

    __slots__ = ("journey", "key", "place")

    key: Key
    place: Place

    def __init__(self, journey: Journey, key: Key, place: Place) -> None:
        self.journey = journey
        self.key = key
        self.place = place

    def __await__(self) -> Generator[Command[Any], Any, T]:
        if self.journey._closing:
            self.journey._refuse()
        outcome: T = yield self
        return outcome

    def __bool__(self) -> NoReturn:
        path, line = self.place
        kind = self.key[0]
        raise WorkflowError(
            f"a {kind} is used without await, so it has no result yet",
            path=os.path.basename(path),
            line=line,
            fix="Put await in front of it.",
        )


class Wait(Command[Waited]):
    """`journey.wait_for(…)`."""

    __slots__ = ("match", "names", "past", "timeout")

    names: Names
    match: dict[str, Any] | None
    timeout: int | None
    """Milliseconds; None waits for ever."""
    past: Literal[True, False, "ever"]


class Sleep(Command[T]):
    """`journey.sleep(…)`."""

    __slots__ = ("duration", "value")

    duration: int
    """Milliseconds."""
    value: T


class Step(Command[T]):
    """`journey.step(…)`."""

    __slots__ = ("args", "function", "kwargs", "name", "once", "pause", "retries", "timeout")

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    retries: int
    pause: int
    """Milliseconds before the first retry; each later one doubles it."""
    timeout: int | None
    """Milliseconds for one attempt."""
    once: bool


class Ingest(Command[None]):
    """`journey.ingest(…)`."""

    __slots__ = ("event_id", "name", "text", "user")

    name: str
    user: str
    text: str
    event_id: str | None


class NewPass(Command[NoReturn]):
    """`journey.new_pass()`."""

    __slots__ = ()


class Group(Command[list[Any]]):
    """`journey.wait_any(…)` and `journey.wait_all(…)`."""

    __slots__ = ("all", "members", "timeout")

    members: tuple[Command[Any], ...]
    all: bool
    timeout: int | None
    """Milliseconds; None leaves it to the members."""


class Reader(Protocol):
    """What a journey may look up while it is driven; the engine gives it."""

    def events(
        self, wanted: Names, match: Mapping[str, Any] | None, past: Literal[True, "ever"], bound: int
    ) -> list[Event]:
        """The user's events up to the position `bound`, oldest first."""

    def profile(self, bound: int) -> Mapping[str, Any]:
        """The user's profile as of the position `bound`."""


Log = Callable[["Journey", str, str, Place], None]
"""Takes a journey, a level, a message and the place where it was said."""


class Journey:
    """One user's way through one workflow, as its function sees it."""

    __slots__ = (
        "_at",
        "_bound",
        "_caught",
        "_closing",
        "_counts",
        "_late",
        "_live",
        "_log",
        "_made",
        "_muted",
        "_reader",
        "_salt",
        "_trigger",
        "_user",
        "id",
        "pass_number",
    )

    def __init__(
        self,
        id: str,
        user: str,
        trigger: Event | Callable[[], Event],
        reader: Reader,
        *,
        log: Log,
        salt: str = "",
        pass_number: int = 1,
        at: int = 0,
        bound: int = 0,
        late: int = 0,
    ) -> None:
        self.id = id
        """`workflow/user[/key][~n]`."""
        self.pass_number = pass_number
        """Which call of the function this is, from 1."""
        self._trigger = trigger
        self._reader = reader
        self._log = log
        self._salt = salt
        # The position: how much of the history this point of the function sees, and its moment.
        self._bound = bound
        self._at = at
        self._late = late
        self._user = User(user, self)
        self._counts: dict[tuple[str, str], int] = {}
        self._made = 0
        self._live = False
        """False while replaying: what is said was recorded before."""
        self._closing = False
        self._caught = 0
        self._muted: dict[str, int] | None = None

    # -- waiting ---------------------------------------------------------------------------

    def wait_for(
        self,
        event: str | Sequence[str],
        match: Mapping[str, Any] | None = None,
        timeout: Duration | None = None,
        *,
        past: Literal[True, False, "ever"] = True,
        id: str | None = None,
    ) -> Wait:
        """Wait until the user's history has a matching event.

        Args:
            event: a name, several, or with a wildcard: "app/*".
            match: fields of the event's data that must agree, all of them. A key may be
                a path ("plan.name", "items.0.sku"), a value a nested mapping.
            timeout: how long; for ever when not given.
            past: True: what has come before counts. False: only what comes from here on.
                "ever": also what came before this journey began, with `key=` or `again=`.
            id: an identity of its own, which an edit of event or order does not change.

        Returns:
            True when something matched; `.result` has all matching events.
        """
        place = _place()
        try:
            wanted = names(event)
        except ValueError as error:
            raise _wrong(place, f"wait_for: {error}") from None
        wait = Wait(self, self._key("wait", wanted.text, id, place), place)
        wait.names = wanted
        wait.match = _match(match, wanted.text, place) if match else None
        wait.timeout = (
            None if timeout is None else _duration(timeout, f'wait_for("{wanted.text}") has timeout', place)
        )
        if past is not True and past is not False and past != "ever":
            raise _wrong(place, f'wait_for("{wanted.text}") has past={past!r}', 'Use True, False or "ever".')
        wait.past = past
        return wait

    def wait_any(
        self, *commands: Command[Any], timeout: Duration | None = None, id: str | None = None
    ) -> Group:
        """Wait for the first of several to succeed, or until all or the timeout are over.

        Returns:
            One result a command, in the order written. A wait that has not ended is
            false and not timed out, a sleep or step that has not ended is None.
        """
        return self._group("any", commands, timeout, id, _place())

    def wait_all(
        self, *commands: Command[Any], timeout: Duration | None = None, id: str | None = None
    ) -> Group:
        """Wait until each of several has ended, or until the timeout.

        Returns:
            One result a command, in the order written; see `wait_any`.
        """
        return self._group("all", commands, timeout, id, _place())

    def _group(
        self,
        kind: str,
        commands: tuple[Command[Any], ...],
        timeout: Duration | None,
        id: str | None,
        place: Place,
    ) -> Group:
        for command in commands:
            if not isinstance(command, Command) or isinstance(command, NewPass):
                raise _wrong(
                    place,
                    f"wait_{kind} was given {type(command).__name__}",
                    "It takes journey.wait_for, sleep, step, ingest, wait_any and wait_all, without await.",
                )
        if not commands:
            raise _wrong(place, f"wait_{kind} was given nothing to wait for")
        group = Group(self, self._key(kind, "", id, place), place)
        group.members = commands
        group.all = kind == "all"
        group.timeout = None if timeout is None else _duration(timeout, f"wait_{kind} has timeout", place)
        return group

    @overload
    def sleep(self, duration: Duration, *, id: str | None = None) -> Sleep[None]: ...
    @overload
    def sleep(self, duration: Duration, value: T, *, id: str | None = None) -> Sleep[T]: ...
    def sleep(self, duration: Duration, value: Any = None, *, id: str | None = None) -> Sleep[Any]:
        """Let time pass. Gives `value` back."""
        place = _place()
        sleep: Sleep[Any] = Sleep(self, self._key("sleep", "", id, place), place)
        sleep.duration = _duration(duration, "sleep has duration", place)
        sleep.value = value
        return sleep

    # -- doing -----------------------------------------------------------------------------

    @overload
    def step(
        self,
        name: str,
        function: Callable[..., Coroutine[Any, Any, R]],
        *args: Any,
        retries: int = 0,
        pause: Duration = "1s",
        timeout: Duration | None = None,
        once: bool = False,
        id: str | None = None,
        **kwargs: Any,
    ) -> Step[R]: ...
    @overload
    def step(
        self,
        name: str,
        function: Callable[..., R],
        *args: Any,
        retries: int = 0,
        pause: Duration = "1s",
        timeout: Duration | None = None,
        once: bool = False,
        id: str | None = None,
        **kwargs: Any,
    ) -> Step[R]: ...
    def step(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        retries: int = 0,
        pause: Duration = "1s",
        timeout: Duration | None = None,
        once: bool = False,
        id: str | None = None,
        **kwargs: Any,
    ) -> Step[Any]:
        """Do something outside: send, charge, write. Its result is recorded, and replayed.

        The function runs at least once; `current_step().idempotency_key` (also given
        as the argument `idempotency_key` to a function that has one) is the same for all attempts.

        Args:
            name: what is done, for people and as the step's identity.
            function: async, or plain (runs in a thread). Its result must be JSON.
            retries: how often a failure is tried again.
            pause: before the first retry; each later one waits twice as long, an hour at most.
            timeout: for one attempt.
            once: once in the whole journey, not once in each pass.

        Raises:
            StepFailed: at the await, when it gave up.
        """
        place = _place()
        if why := fault(name):
            raise _wrong(place, f"the step's name {why}", 'Write journey.step("send welcome", send, …).')
        if not callable(function):
            raise _wrong(
                place,
                f'step "{name}" was given {type(function).__name__} and no function',
                'Write journey.step("send welcome", send, to), without calling send.',
            )
        if not isinstance(retries, int) or retries < 0:
            raise _wrong(place, f'step "{name}" has retries={retries!r}', "Use a whole number, 0 or more.")
        step: Step[Any] = Step(self, self._key("once" if once else "step", name, id, place), place)
        step.name = name
        step.function = function
        step.args = args
        step.kwargs = kwargs
        step.retries = retries
        step.pause = _duration(pause, f'step "{name}" has pause', place)
        step.timeout = None if timeout is None else _duration(timeout, f'step "{name}" has timeout', place)
        step.once = once
        return step

    def ingest(
        self,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        user: str | None = None,
        id: str | None = None,
    ) -> Ingest:
        """Send an event, to this user or another, exactly once. Gives None.

        Args:
            event: its name.
            data: a mapping that JSON can hold.
            user: an id; this journey's user when not given.
            id: events with the same id count once.
        """
        place = _place()
        for what, value in (("event name", event), ("user", user), ("id", id)):
            if (value is not None or what == "event name") and (why := fault(value)):
                raise _wrong(place, f"ingest: the {what} {why}")
        if data is not None and not isinstance(data, Mapping):
            raise _wrong(
                place, f'ingest("{event}") has data of type {type(data).__name__}', "Give a mapping."
            )
        command = Ingest(self, self._key("ingest", event, None, place), place)
        command.name = event
        command.user = self._user.id if user is None else user
        command.event_id = id
        try:
            command.text = jsontext.dumps(dict(data)) if data else "{}"
        except jsontext.NotJson as error:
            raise _wrong(place, f'ingest("{event}") has data that cannot be stored: {error}') from None
        return command

    def new_pass(self) -> NewPass:
        """End this pass and begin the next at once, with the same trigger: for long loops."""
        place = _place()
        return NewPass(self, self._key("pass", "", None, place), place)

    # -- looking ---------------------------------------------------------------------------

    def events(
        self,
        event: str | Sequence[str],
        match: Mapping[str, Any] | None = None,
        *,
        past: Literal[True, "ever"] = True,
    ) -> list[Event]:
        """The user's matching events so far, oldest first, without waiting."""
        try:
            wanted = names(event)
        except ValueError as error:
            raise _wrong(_place(), f"events: {error}") from None
        checked = _match(match, wanted.text, _place()) if match else None
        return self._reader.events(wanted, checked, past, self._bound)

    @property
    def trigger(self) -> Event:
        """The event that started this pass."""
        if not isinstance(self._trigger, Event):
            self._trigger = self._trigger()
        return self._trigger

    @property
    def user(self) -> User:
        """Whom this is about: a mapping of `id` and profile, as of this point of the journey."""
        return self._user

    def now(self) -> datetime:
        """The moment of this point of the journey, in UTC; the same at every replay."""
        return to_datetime(self._at)

    @property
    def late(self) -> timedelta:
        """How late the last timer was served: large after downtime."""
        return timedelta(milliseconds=self._late)

    def random(self, id: str | None = None) -> float:
        """A number from 0 up to 1, the same at every replay."""
        return _random.Random(self._hash("random", id)).random()

    def uuid(self, id: str | None = None) -> _uuid.UUID:
        """A version 4 UUID, the same at every replay."""
        return _uuid.UUID(bytes=self._hash("uuid", id)[:16], version=4)

    def _hash(self, kind: str, id: str | None) -> bytes:
        key = self._key(kind, "", id, _place(3))
        text = f"{self._salt}\0{self.id}\0{self.pass_number}\0{key_text(key)}"
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    # -- telling ---------------------------------------------------------------------------

    def log(self, *parts: object, level: Literal["debug", "info", "warning", "error"] = "info") -> None:
        """Write a line to the journey's log; `print` and `logging` do the same."""
        if self._live and not self._closing:
            self._say(level, " ".join(map(str, parts)), _place())

    def note(self, text: object) -> None:
        """Say in a few words where this journey stands; the screens show it beside the user."""
        if self._live and not self._closing:
            self._say("note", str(text)[:200], _place())

    # -- for the driver --------------------------------------------------------------------

    def _say(self, level: str, message: str, place: Place) -> None:
        if self._muted and self._muted.get(message):
            self._muted[message] -= 1
            return
        self._log(self, level, message, place)

    def _key(self, kind: str, name: str, id: str | None, place: Place) -> Key:
        self._made += 1
        if self._made >= WARN_COMMANDS:
            self._crowded(place)
        if id is not None:
            if why := fault(id):
                raise _wrong(place, f"the id= of a {kind} {why}")
            if len(id) == MAX_LENGTH:
                raise _wrong(place, f"the id= of a {kind} has {MAX_LENGTH} characters", "Make it shorter.")
            return (kind, "=" + id, -1)
        counts = self._counts
        slot = (kind, name)
        n = counts.get(slot, 0)
        counts[slot] = n + 1
        return (kind, name, n)

    def _crowded(self, place: Place) -> None:
        if self._made == WARN_COMMANDS and self._live:
            self._say(
                "warning", f"{WARN_COMMANDS:,} commands in one pass; journey.new_pass() begins afresh", place
            )
        elif self._made > MAX_COMMANDS:
            raise _wrong(
                place,
                f"more than {MAX_COMMANDS:,} commands in one pass",
                "Use await journey.new_pass() in the loop.",
            )

    def _refuse(self) -> None:
        """Answer an await in a function that is being left (DESIGN rule 14).

        Returns, so that the await yields and the closing fails, once it was caught too often.
        """
        self._caught += 1
        if self._caught <= MAX_CATCHES:
            raise Suspended

    def __repr__(self) -> str:
        return f"<Journey {self.id} pass {self.pass_number}>"


# -- workflows -----------------------------------------------------------------------------

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

    @property
    def source(self) -> str:
        """The source of the file that it stands in; of the function alone when there is no file."""
        try:
            lines, _ = inspect.findsource(self.function)
        except (OSError, TypeError):
            return ""
        return "".join(lines)

    @property
    def code(self) -> str:
        """Hash of the source: which version of the code made an entry."""
        source = self.source
        content = source.encode() if source else self.function.__code__.co_code
        return hashlib.blake2b(content, digest_size=8).hexdigest()

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


# -- helpers -------------------------------------------------------------------------------


def key_text(key: Key) -> str:
    """A key as it is shown and hashed: "wait:app/login#0", "sleep#1", "wait=mine"."""
    kind, name, n = key
    if n < 0:
        return kind + name
    return f"{kind}:{name}#{n}" if name else f"{kind}#{n}"


def _place(depth: int = 2) -> Place:
    frame = sys._getframe(depth)
    return frame.f_code.co_filename, frame.f_lineno


def _wrong(place: Place, what: str, fix: str = "") -> WorkflowError:
    return WorkflowError(what, path=os.path.basename(place[0]), line=place[1], fix=fix)


def _duration(value: Duration, what: str, place: Place) -> int:
    try:
        ms = durations.parse(value)
        if ms <= LONGEST:
            return ms
        raise _wrong(
            place,
            f"{what} {value!r:.80}, which is more than 1,000 years",
            "Leave the timeout out to wait for ever.",
        )
    except DurationError:
        raise WorkflowError(
            f"{what} {value!r:.80}, which is no duration",
            path=os.path.basename(place[0]),
            line=place[1],
            fix='Write it as "90s", "2h30m" or "7d".',
        ) from None


def _match(match: Mapping[str, Any], name: str, place: Place) -> dict[str, Any]:
    if not isinstance(match, Mapping):
        raise _wrong(
            place, f'"{name}" has match of type {type(match).__name__}', 'Write match={"field": value}.'
        )
    try:
        return cast("dict[str, Any]", jsontext.loads(jsontext.dumps(dict(match))))
    except jsontext.NotJson as error:
        raise _wrong(place, f'"{name}" has a match that JSON cannot hold: {error}') from None
