"""The commands of a journey: what it yields at an `await`, and the key that each is known by.

`Journey` makes and fills them, `kernel/drive.py` takes them and sends the outcome back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, Literal, NoReturn, Protocol, TypeVar

from studio.errors import WorkflowError
from studio.language.event import Event
from studio.language.message_result import MessageResult
from studio.language.names import Names
from studio.language.waited import E, Waited

T = TypeVar("T")

Key = tuple[str, str, int]
"""Kind, name and occurrence in the pass, or kind, "=" + the given id, and -1."""

Place = tuple[str, int]
"""File (as the code object names it) and line."""


def key_text(key: Key) -> str:
    """A key as it is shown and hashed: "wait:app/login#0", "sleep#1", "wait=mine"."""
    kind, name, n = key
    if n < 0:
        return kind + name
    return f"{kind}:{name}#{n}" if name else f"{kind}#{n}"


class Suspended(BaseException):
    """Raised by an await in a function that is being left, not ended (DESIGN rule 14).

    A `finally` block that awaits meets it when the engine closes a waiting journey.
    """


class CommandOwner(Protocol):
    """Whose commands these are: a `Journey`."""

    @property
    def _closing(self) -> bool:
        """Its function is being left."""

    def _refuse(self) -> None:
        """Refuse a command to a function that is being left.

        Raises:
            Suspended: unless it has caught that so often that it is to be given up.
        """


class Command(Generic[T]):
    """A thing a journey asks for. `await` gives its outcome; `wait_any` and `wait_all` take several."""

    __slots__ = ("journey", "key", "place")

    key: Key
    place: Place

    def __init__(self, journey: CommandOwner, key: Key, place: Place) -> None:
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


class Wait(Command["Waited[E]"], Generic[E]):
    """`journey.wait_for(…)`."""

    __slots__ = ("late", "match", "names", "past", "read", "timeout")

    names: Names
    match: dict[str, Any] | None
    timeout: int | None
    """Milliseconds; None waits for ever."""
    late: int
    """Milliseconds since its time was over when it was made; then `timeout` is 0."""
    past: Literal[True, False, "ever"]
    read: Callable[[Event], Any] | None
    """Makes an object of the type of an event that was waited for; None: the event itself is given."""

    def __await__(self) -> Generator[Command[Any], Any, Waited[E]]:
        # Not by way of `super`: each wait would have another frame.
        if self.journey._closing:
            self.journey._refuse()
        outcome: Waited[E] = yield self
        return outcome if self.read is None else outcome.reads(self.read)


class Collect(Wait[E]):
    """`journey.collect(…)`. What came before is not looked at; `timeout` counts while nothing has come."""

    __slots__ = ("at_most", "count", "quiet")

    quiet: int | None
    """Milliseconds without another event after which it ends."""
    at_most: int | None
    """Milliseconds from the first event after which it ends."""
    count: int | None
    """Events with which it ends."""

    def facts(self) -> dict[str, int]:
        """What ends it, as it is recorded."""
        given = {"quiet": self.quiet, "at_most": self.at_most, "count": self.count}
        return {name: value for name, value in given.items() if value is not None}

    def due(self, begun: int, newest: int) -> int | None:
        """When it ends by itself: ms since 1970.

        Args:
            begun: when its first event came.
            newest: when its newest one came.
        """
        return collected_at(self.facts(), begun, newest)


def collected_at(facts: Mapping[str, int], begun: int, newest: int) -> int | None:
    """When a collection ends by itself, of what `Collect.facts` gave; None: only with enough events."""
    ends = [newest + facts["quiet"]] if "quiet" in facts else []
    ends += [begun + facts["at_most"]] if "at_most" in facts else []
    return min(ends, default=None)


class Sleep(Command[T]):
    """`journey.sleep(…)`."""

    __slots__ = ("duration", "late", "value")

    duration: int
    """Milliseconds."""
    late: int
    """Milliseconds since its time was over when it was made; then `duration` is 0."""
    value: T


class Until(Sleep[bool]):
    """`journey.until(…)`. Its value is False where the moment had passed and is not waited for."""

    __slots__ = ("local", "no_zone", "shifted", "zone", "zone_from")

    local: dict[str, Any]
    """What was asked for, as JSON holds it."""
    zone: str
    zone_from: str
    """Who named it: "profile", "workflow" or "default"."""
    no_zone: Any
    """What the profile has in place of a zone; None when that names one, or there is none."""
    shifted: int
    """Milliseconds by which the moment is later on the clock, as its day does not have the time."""

    def facts(self) -> dict[str, Any]:
        """What is recorded of it, beside how long it lasts."""
        found: dict[str, Any] = {"local": self.local, "zone": self.zone, "zone_from": self.zone_from}
        if self.no_zone is not None:
            found["no_zone"] = str(self.no_zone)[:80]
        if self.shifted:
            found["shifted"] = self.shifted
        return found


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


class Message(Step[MessageResult]):
    """`journey.message(…)`: a step that goes through a channel."""

    __slots__ = ("channel", "priority", "transactional", "valid_for")

    channel: Any
    """The `Channel`; channels know places, which are of here."""
    priority: int
    transactional: bool
    valid_for: int | None
    """Milliseconds from when it is asked for."""


class Ingest(Command[None]):
    """`journey.ingest(…)`."""

    __slots__ = ("event_id", "name", "text", "user")

    name: str
    user: str
    text: str
    event_id: str | None


class Split(Command[str]):
    """`journey.split(…)`."""

    __slots__ = ("arms", "gone", "name")

    name: str
    arms: dict[str, float]
    """Their percentages, in the order written."""
    gone: str | None
    """Where people go whose arm is none of these any more."""


class NewPass(Command[NoReturn]):
    """`journey.new_pass()`."""

    __slots__ = ()


class Group(Command[list[Any]]):
    """`journey.wait_any(…)` and `journey.wait_all(…)`."""

    __slots__ = ("all", "late", "members", "timeout", "typed")

    members: tuple[Command[Any], ...]
    all: bool
    timeout: int | None
    """Milliseconds; None leaves it to the members."""
    late: int
    """Milliseconds since its time was over when it was made; then `timeout` is 0."""
    typed: bool
    """A wait in it, at any depth, is for the type of an event."""

    def __await__(self) -> Generator[Command[Any], Any, list[Any]]:
        outcome = yield from super().__await__()
        if self.typed:
            _read_typed(self, outcome)
        return outcome


def _read_typed(group: Group, outcome: list[Any]) -> None:
    """Let the results of typed waits, at any depth, give objects of their types."""
    for member, result in zip(group.members, outcome, strict=True):
        if isinstance(member, Group) and isinstance(result, list):
            _read_typed(member, result)
        elif isinstance(member, Wait) and member.read is not None:
            result.reads(member.read)
