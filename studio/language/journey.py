"""The journey that a workflow's function is given, and what can be asked of it.

A workflow is an async function of one `Journey`. Each `await journey.<something>`
yields a command to whoever drives the function (`kernel/drive.py`) and gets its
outcome back. Nothing in this module reads, writes or waits.
"""

from __future__ import annotations

import hashlib
import random as _random
import uuid as _uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from datetime import time as Time
from typing import Any, Literal, Protocol, TypeVar, overload

from studio.clocks.clock import to_datetime
from studio.language.arguments import (
    PRIORITY,
    Duration,
    calling_place,
    read_collect,
    read_duration,
    read_match,
    read_message,
    read_time,
    wrong,
)
from studio.language.channels import Channel
from studio.language.commands import (
    Collect,
    Command,
    Group,
    Ingest,
    Key,
    Message,
    NewPass,
    Place,
    Sleep,
    Split,
    Step,
    Suspended,
    Until,
    Wait,
    key_text,
)
from studio.language.event import Event
from studio.language.event_types import reader, types_of
from studio.language.local_time import DEFAULT_ZONE, find, is_zone, read_until
from studio.language.local_time import zone as zone_of
from studio.language.names import MAX_LENGTH, Names, fault, names
from studio.language.splits import read_arms
from studio.language.user import User
from studio.text import json_text as jsontext
from studio.text.spoken import spoken

T = TypeVar("T")
R = TypeVar("R")

WARN_COMMANDS = 1_000
MAX_COMMANDS = 10_000
MAX_CATCHES = 100
"""How often a function may catch `Suspended` while it is left before it counts as never ending."""


class HistoryReader(Protocol):
    """What a journey may look up while it is driven; the engine gives it."""

    def events(
        self, wanted: Names, match: Mapping[str, Any] | None, past: Literal[True, "ever"], bound: int
    ) -> list[Event]:
        """The user's events up to the position `bound`, oldest first."""

    def profile(self, bound: int) -> Mapping[str, Any]:
        """The user's profile as of the position `bound`."""

    @property
    def timezone(self) -> str | None:
        """The time zone of the workflow."""


Log = Callable[["Journey", str, str, Place], bool | None]
"""Takes a journey, a level, a message and the place where it was said. False when it is left out."""


def _reader(given: object) -> Callable[[Event], Any] | None:
    """What makes objects of the types of events that were asked for; None where names alone were."""
    if isinstance(given, str):
        return None
    types = types_of(given)
    return None if types is None else reader(types)


class Journey:
    """One user's way through one workflow, as its function sees it."""

    __slots__ = (
        "_at",
        "_bound",
        "_caught",
        "_closing",
        "_counts",
        "_exact_id",
        "_late",
        "_live",
        "_log",
        "_made",
        "_muted",
        "_reader",
        "_salt",
        "_trigger",
        "_user_id",
        "id",
        "pass_number",
    )

    def __init__(
        self,
        id: str,
        user: str,
        trigger: Event | Callable[[], Event],
        reader: HistoryReader,
        log: Log,
        salt: str = "",
        pass_number: int = 1,
        at: int = 0,
        bound: int = 0,
        late: int = 0,
        exact_id: str | None = None,
    ) -> None:
        self.id = id
        """`workflow/user[/key][~n]`."""
        self.pass_number = pass_number
        """Which call of the function this is, from 1."""
        self._trigger = trigger
        self._reader = reader
        self._log = log
        self._salt = salt
        self._exact_id = id if exact_id is None else exact_id
        """What chances are drawn from, beside the salt: of no other journey."""
        # The position: how much of the history this point of the function sees, and its moment.
        self._bound = bound
        self._at = at
        self._late = late
        self._user_id = user
        self._counts: dict[tuple[str, str], int] = {}
        self._made = 0
        self._live = False
        """False while replaying: what is said was recorded before."""
        self._closing = False
        self._caught = 0
        self._muted: dict[str, int] | None = None

    # -- waiting ---------------------------------------------------------------------------

    @overload
    def wait_for(
        self,
        event: str | Sequence[str],
        match: Mapping[str, Any] | None = None,
        timeout: Duration | datetime | None = None,
        *,
        past: Literal[True, False, "ever"] = True,
        id: str | None = None,
    ) -> Wait: ...
    @overload
    def wait_for(
        self,
        event: type[T],
        match: Mapping[str, Any] | None = None,
        timeout: Duration | datetime | None = None,
        *,
        past: Literal[True, False, "ever"] = True,
        id: str | None = None,
    ) -> Wait[T]: ...
    @overload
    def wait_for(
        self,
        event: Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        timeout: Duration | datetime | None = None,
        *,
        past: Literal[True, False, "ever"] = True,
        id: str | None = None,
    ) -> Wait[Any]: ...
    def wait_for(
        self,
        event: str | type[Any] | Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        timeout: Duration | datetime | None = None,
        *,
        past: Literal[True, False, "ever"] = True,
        id: str | None = None,
    ) -> Wait[Any]:
        """Wait until the user's history has a matching event.

        Args:
            event: a name, several, or with a wildcard: "app/*"; or a class with `@event`, of which the result
                then has objects.
            match: fields of the event's data that must agree, all of them. A key may be
                a path ("plan.name", "items.0.sku"), a value a nested mapping.
            timeout: how long, or the moment until when; for ever when not given. One that has passed
                is over at once, unless the past has a match.
            past: True: what has come before counts. False: only what comes from here on.
                "ever": also what came before this journey began, with `key=` or `again=`.
            id: an identity of its own, which an edit of event or order does not change.

        Returns:
            True when something matched; `.result` has all matching events.
        """
        place = calling_place()
        try:
            wanted = names(event)
        except ValueError as error:
            raise wrong(place, f"wait_for: {error}") from None
        wait: Wait[Any] = Wait(self, self._key("wait", wanted.text, id, place), place)
        wait.names, wait.read = wanted, _reader(event)
        wait.match = read_match(match, wanted.text, place) if match else None
        wait.timeout, wait.late = None, 0
        if timeout is not None:
            what = f'wait_for("{wanted.text}") has timeout'
            wait.timeout, wait.late = read_time(timeout, what, place, self._at)
        if past is not True and past is not False and past != "ever":
            raise wrong(place, f'wait_for("{wanted.text}") has past={past!r}', 'Use True, False or "ever".')
        wait.past = past
        return wait

    @overload
    def collect(
        self,
        event: str | Sequence[str],
        match: Mapping[str, Any] | None = None,
        *,
        quiet: Duration | None = None,
        at_most: Duration | None = None,
        count: int | None = None,
        timeout: Duration | datetime | None = None,
        id: str | None = None,
    ) -> Collect: ...
    @overload
    def collect(
        self,
        event: type[T],
        match: Mapping[str, Any] | None = None,
        *,
        quiet: Duration | None = None,
        at_most: Duration | None = None,
        count: int | None = None,
        timeout: Duration | datetime | None = None,
        id: str | None = None,
    ) -> Collect[T]: ...
    @overload
    def collect(
        self,
        event: Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        *,
        quiet: Duration | None = None,
        at_most: Duration | None = None,
        count: int | None = None,
        timeout: Duration | datetime | None = None,
        id: str | None = None,
    ) -> Collect[Any]: ...
    def collect(
        self,
        event: str | type[Any] | Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        *,
        quiet: Duration | None = None,
        at_most: Duration | None = None,
        count: int | None = None,
        timeout: Duration | datetime | None = None,
        id: str | None = None,
    ) -> Collect[Any]:
        """Collect events that come from here on, to go on with all of them at once: a digest.

        The trigger of this pass is the first where it matches. Times run from the first event that counts.

        Args:
            event: a name, several, or with a wildcard: "app/*"; or a class with `@event`.
            match: fields of the event's data that must agree, all of them.
            quiet: it ends when so long no other has come.
            at_most: it ends so long after the first.
            count: it ends with so many.
            timeout: it ends, with nothing, when none has come by then.

        Returns:
            True when something came; `.result` has all of it. Else `.timed_out`.
        """
        place = calling_place()
        try:
            wanted = names(event)
        except ValueError as error:
            raise wrong(place, f"collect: {error}") from None
        what = f'collect("{wanted.text}") has'
        collect: Collect[Any] = Collect(self, self._key("wait", wanted.text, id, place), place)
        collect.names, collect.past, collect.late = wanted, False, 0
        collect.read = _reader(event)
        collect.match = read_match(match, wanted.text, place) if match else None
        collect.quiet, collect.at_most, collect.count = read_collect(
            wanted.text, quiet, at_most, count, place
        )
        collect.timeout = None
        if timeout is not None:
            collect.timeout, collect.late = read_time(timeout, f"{what} timeout", place, self._at)
        return collect

    def wait_any(
        self, *commands: Command[Any], timeout: Duration | datetime | None = None, id: str | None = None
    ) -> Group:
        """Wait for the first of several to succeed, or until all or the timeout are over.

        Returns:
            One result a command, in the order written. A wait that has not ended is
            false and not timed out, a sleep or step that has not ended is None.
        """
        return self._group("any", commands, timeout, id, calling_place())

    def wait_all(
        self, *commands: Command[Any], timeout: Duration | datetime | None = None, id: str | None = None
    ) -> Group:
        """Wait until each of several has ended, or until the timeout.

        Returns:
            One result a command, in the order written; see `wait_any`.
        """
        return self._group("all", commands, timeout, id, calling_place())

    def _group(
        self,
        kind: str,
        commands: tuple[Command[Any], ...],
        timeout: Duration | datetime | None,
        id: str | None,
        place: Place,
    ) -> Group:
        for command in commands:
            if isinstance(command, Split):
                raise wrong(
                    place,
                    f'wait_{kind} was given the split "{command.name}", for which nothing is to be waited',
                    "Await it by itself, before.",
                )
            if not isinstance(command, Command) or isinstance(command, NewPass):
                raise wrong(
                    place,
                    f"wait_{kind} was given {type(command).__name__}",
                    "It takes journey.wait_for, sleep, step, ingest, wait_any and wait_all, without await.",
                )
        if not commands:
            raise wrong(place, f"wait_{kind} was given nothing to wait for")
        group = Group(self, self._key(kind, "", id, place), place)
        group.members = commands
        group.all = kind == "all"
        group.typed = any(
            (isinstance(each, Wait) and each.read is not None) or (isinstance(each, Group) and each.typed)
            for each in commands
        )
        group.timeout, group.late = None, 0
        if timeout is not None:
            group.timeout, group.late = read_time(timeout, f"wait_{kind} has timeout", place, self._at)
        return group

    @overload
    def sleep(self, duration: Duration | datetime, *, id: str | None = None) -> Sleep[None]: ...
    @overload
    def sleep(self, duration: Duration | datetime, value: T, *, id: str | None = None) -> Sleep[T]: ...
    def sleep(self, duration: Duration | datetime, value: Any = None, *, id: str | None = None) -> Sleep[Any]:
        """Let time pass. Gives `value` back.

        Args:
            duration: how long, or the moment until when; one that has passed is over at once.
        """
        place = calling_place()
        sleep: Sleep[Any] = Sleep(self, self._key("sleep", "", id, place), place)
        sleep.duration, sleep.late = read_time(duration, "sleep has duration", place, self._at)
        sleep.value = value
        return sleep

    def until(
        self,
        time: str | Time,
        *,
        on: str | None = None,
        days: int | None = None,
        date: str | Date | None = None,
        if_past: Literal["now", "next", "skip"] = "now",
        id: str | None = None,
    ) -> Until:
        """Wait until a time by the clock of the user: the next one strictly after now.

        The zone is the `timezone` of the profile, else the workflow's, else UTC; when that of the profile
        changes, the moment is found anew. A time that a day does not have, where clocks are put forward, is
        later by what is left out; of one that comes twice it is the first.

        Args:
            time: "09:00", or with seconds.
            on: days of the week on which it may be: "mon-fri", "thu", "sat,sun".
            days: so many days from today, by the calendar: 0 is today, 1 is tomorrow.
            date: a date, "2026-05-01".
            if_past: what to do when the time of a date, or of `days=0`, has passed: go on now, wait
                for the next day that has it, or skip the wait.

        Returns:
            True; False when it was skipped.
        """
        place = calling_place()
        wanted = read_until(time, on, days, date, if_past, place)
        until = Until(self, self._key("sleep", "", id, place), place)
        told = self._reader.profile(self._bound).get("timezone")
        own = self._reader.timezone
        if is_zone(told):
            until.zone, until.zone_from = str(told), "profile"
        elif own is not None:
            until.zone, until.zone_from = own, "workflow"
        else:
            until.zone, until.zone_from = DEFAULT_ZONE, "default"
        until.no_zone = None if until.zone_from == "profile" else told
        try:
            found = find(wanted, self._at, zone_of(until.zone))
        except OverflowError:
            raise wrong(place, f"until {wanted.time:%H:%M} lies behind the year 9999") from None
        until.local, until.shifted = wanted.facts(), found.shifted
        until.duration, until.late, until.value = found.at - self._at, found.late, not found.skipped
        return until

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
        place = calling_place()
        if why := fault(name):
            raise wrong(place, f"the step's name {why}", 'Write journey.step("send welcome", send, …).')
        if not callable(function):
            raise wrong(
                place,
                f'step "{name}" was given {type(function).__name__}, not a function',
                'Write journey.step("send welcome", send, to), without calling send.',
            )
        if not isinstance(retries, int) or retries < 0:
            raise wrong(place, f'step "{name}" has retries={retries!r}', "Use a whole number, 0 or more.")
        step: Step[Any] = Step(self, self._key("once" if once else "step", name, id, place), place)
        step.name = name
        step.function = function
        step.args = args
        step.kwargs = kwargs
        step.retries = retries
        step.pause = read_duration(pause, f'step "{name}" has pause', place)
        step.timeout = (
            None if timeout is None else read_duration(timeout, f'step "{name}" has timeout', place)
        )
        step.once = once
        return step

    def message(
        self,
        channel: Channel,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        retries: int = 0,
        pause: Duration = "1s",
        timeout: Duration | None = None,
        priority: int = PRIORITY,
        valid_for: Duration | None = None,
        transactional: bool = False,
        id: str | None = None,
        **kwargs: Any,
    ) -> Message:
        """Send a message to the user: a step that goes through a channel.

        It is handed over when the channel's quiet hours, caps and its own `valid_for` let it, judged by the
        clock at each attempt; before that it waits, or it is dropped. Of what is asked for in one moment the
        higher priority comes first, then the older.

        Args:
            channel: by which way, from `channel("email", …)`.
            name: what is sent, for people and as the message's identity.
            function: sends it, as of `step`.
            retries: how often a failure is tried again, each time when the channel lets it.
            priority: from 0 to 100; the higher goes first.
            valid_for: how long after it is asked for it may still be sent.
            transactional: it is sent whatever the hour, the caps and the holdout, and counts for none.

        Returns:
            True when it was handed over: `.result` is what the function gave. Else `.reason` says why not.

        Raises:
            StepFailed: at the await, when its function failed and was not to be tried again.
        """
        place = calling_place()
        read_message(name, priority, valid_for, retries, place)
        if not isinstance(channel, Channel):
            raise wrong(
                place,
                f'message "{name}" was given {type(channel).__name__}, not a channel',
                'Make one at the top of a module: email = channel("email"), journey.message(email, …).',
            )
        if not callable(function):
            raise wrong(
                place,
                f'message "{name}" was given {type(function).__name__}, not a function',
                'Write journey.message(email, "day 1", send, to), without calling send.',
            )
        message = Message(self, self._key("message", name, id, place), place)
        message.name, message.function, message.args, message.kwargs = name, function, args, kwargs
        message.retries, message.once = retries, False
        message.pause = read_duration(pause, f'message "{name}" has pause', place)
        message.timeout = (
            None if timeout is None else read_duration(timeout, f'message "{name}" has timeout', place)
        )
        message.channel, message.priority, message.transactional = channel, priority, bool(transactional)
        message.valid_for = (
            None if valid_for is None else read_duration(valid_for, f'message "{name}" has valid_for', place)
        )
        return message

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
        place = calling_place()
        for what, value in (("event name", event), ("user", user), ("id", id)):
            if (value is not None or what == "event name") and (why := fault(value)):
                raise wrong(place, f"ingest: the {what} {why}")
        if data is not None and not isinstance(data, Mapping):
            raise wrong(place, f'ingest("{event}") has data of type {type(data).__name__}', "Give a mapping.")
        command = Ingest(self, self._key("ingest", event, None, place), place)
        command.name = event
        command.user = self._user_id if user is None else user
        command.event_id = id
        try:
            command.text = jsontext.dumps(dict(data)) if data else "{}"
        except jsontext.NotJson as error:
            raise wrong(place, f'ingest("{event}") has data that cannot be stored: {error}') from None
        return command

    def split(
        self, name: str, arms: Mapping[str, float], *, gone: str | None = None, id: str | None = None
    ) -> Split:
        """Deal the user to one of several arms; gives its name. Drawn once for each user, workflow and split.

        The draw is recorded and counts from then on: in later passes and journeys, and when the percentages
        change, which are for new draws only.

        Args:
            name: what is divided.
            arms: their percentages, which add up to 100; an arm of 0 gets nobody new.
            gone: the arm of people whose own is none of these any more. Without it their journeys fail there.
            id: an identity of its own, which an edit of the name does not change.
        """
        place = calling_place()
        checked = read_arms(name, arms, gone, place)
        split = Split(self, self._key("split", name, id, place), place)
        split.name, split.arms, split.gone = name, checked, gone
        return split

    def new_pass(self) -> NewPass:
        """End this pass and begin the next at once, with the same trigger: for long loops."""
        place = calling_place()
        return NewPass(self, self._key("pass", "", None, place), place)

    # -- looking ---------------------------------------------------------------------------

    @overload
    def events(
        self,
        event: str | Sequence[str],
        match: Mapping[str, Any] | None = None,
        *,
        past: Literal[True, "ever"] = True,
    ) -> list[Event]: ...
    @overload
    def events(
        self,
        event: type[T],
        match: Mapping[str, Any] | None = None,
        *,
        past: Literal[True, "ever"] = True,
    ) -> list[T]: ...
    @overload
    def events(
        self,
        event: Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        *,
        past: Literal[True, "ever"] = True,
    ) -> list[Any]: ...
    def events(
        self,
        event: str | type[Any] | Sequence[str | type[Any]],
        match: Mapping[str, Any] | None = None,
        *,
        past: Literal[True, "ever"] = True,
    ) -> list[Any]:
        """The user's matching events so far, oldest first, without waiting."""
        try:
            wanted = names(event)
        except ValueError as error:
            raise wrong(calling_place(), f"events: {error}") from None
        checked = read_match(match, wanted.text, calling_place()) if match else None
        found = self._reader.events(wanted, checked, past, self._bound)
        read = _reader(event)
        return found if read is None else [read(each) for each in found]

    @property
    def trigger(self) -> Event:
        """The event that started this pass."""
        if not isinstance(self._trigger, Event):
            self._trigger = self._trigger()
        return self._trigger

    @property
    def user(self) -> User:
        """Whom this is about: a mapping of `id` and profile, as of this point of the journey."""
        # Not kept: the two would point at each other, and wait for the garbage collector.
        return User(self._user_id, self)

    def now(self) -> datetime:
        """The moment of this point of the journey, in UTC; the same at every replay."""
        return to_datetime(self._at)

    @property
    def late(self) -> timedelta:
        """How late the last timer was served: large after downtime, and when its time had passed already."""
        return timedelta(milliseconds=self._late)

    def random(self, id: str | None = None) -> float:
        """A number from 0 up to 1, the same at every replay."""
        return _random.Random(self._hash("random", id)).random()

    def uuid(self, id: str | None = None) -> _uuid.UUID:
        """A version 4 UUID, the same at every replay."""
        return _uuid.UUID(bytes=self._hash("uuid", id)[:16], version=4)

    def _hash(self, kind: str, id: str | None) -> bytes:
        key = self._key(kind, "", id, calling_place(3))
        text = f"{self._salt}\0{self._exact_id}\0{self.pass_number}\0{key_text(key)}"
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    # -- telling ---------------------------------------------------------------------------

    def log(self, *parts: object, level: Literal["debug", "info", "warning", "error"] = "info") -> None:
        """Write a line to the journey's log; `print` and `logging` do the same."""
        if self._live and not self._closing:
            self._say(level, spoken(*parts), calling_place())

    def note(self, text: object) -> None:
        """Say in a few words where this journey stands; the screens show it beside the user."""
        if self._live and not self._closing:
            self._say("note", spoken(text)[:200], calling_place())

    # -- for the driver --------------------------------------------------------------------

    def _say(self, level: str, message: str, place: Place) -> bool:
        """Say it, unless that was said before. Whether it is new, and written."""
        if self._muted and self._muted.get(message):
            self._muted[message] -= 1
            return False
        return self._log(self, level, message, place) is not False

    def _key(self, kind: str, name: str, id: str | None, place: Place) -> Key:
        self._made += 1
        if self._made >= WARN_COMMANDS:
            self._crowded(place)
        if id is not None:
            if why := fault(id):
                raise wrong(place, f"the id= of a {kind} {why}")
            if len(id) == MAX_LENGTH:
                raise wrong(place, f"the id= of a {kind} has {MAX_LENGTH} characters", "Make it shorter.")
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
            raise wrong(
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
