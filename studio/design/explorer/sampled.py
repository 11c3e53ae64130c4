"""A history of samples, which notes what was asked for and is in none of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from studio.kernel.memory import MemoryUnit
from studio.kernel.state import JourneyState, UserState, WaitState
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.text import json_text as jsontext

Note = Callable[[str, str], None]
"""Is told of a field that is not there, as a path, and where it was looked for: an event, "the user"."""


class Sampled(dict[str, Any]):
    """Data that notes which of its fields were asked for and are not there."""

    __slots__ = ("_note", "_path", "_source")

    def __init__(self, data: Mapping[str, Any], note: Note, source: str, path: str = "") -> None:
        self._note = note
        self._source = source
        self._path = path
        super().__init__(
            (name, noting(value, note, source, f"{path}{name}.")) for name, value in data.items()
        )

    def __missing__(self, name: str) -> Any:
        self._note(f"{self._path}{name}", self._source)
        raise KeyError(name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sampled:
        return Sampled(self, self._note, self._source, self._path)


def noting(value: Any, note: Note, source: str, path: str = "") -> Any:
    """The value with objects that note what they have not."""
    if isinstance(value, dict):
        return Sampled(value, note, source, path)
    if isinstance(value, list):
        return [noting(each, note, source, f"{path}{n}.") for n, each in enumerate(value)]
    return value


class SampledEvent(Event):
    """An event whose data note what was asked for and is not there."""

    __slots__ = ("_note",)

    def __init__(self, event: Event, note: Note) -> None:
        super().__init__(
            event.name,
            event.user,
            event.at_ms,
            event._text,
            event.id,
            event.seq,
            event.sent_at,
            event.duplicate,
        )
        self._note = note

    def copy(self) -> Event:
        """The same event for another reader, who may change its data."""
        return SampledEvent(self, self._note)

    @property
    def data(self) -> dict[str, Any]:
        """What came with it."""
        if self._data is None:
            given = jsontext.loads(self._text) if self._text else {}
            self._data = Sampled(given, self._note, self.name)
        return self._data


class SampledHistory(MemoryUnit):
    """A history in memory whose events and profiles note what was asked for and is not there."""

    def __init__(self, workflows: Mapping[str, Workflow], note: Note, seed: str, salt: str = "") -> None:
        super().__init__(workflows, seed, salt)
        self._note = note
        self._shown: tuple[Mapping[str, Any], Sampled] | None = None
        """The profile that was asked for last, and what was given of it."""
        # Open waits by user and name: a group may have thousands.
        self._named: dict[tuple[int, int], dict[int, WaitState]] = {}

    def fork(self, note: Note) -> SampledHistory:
        """The same history for who goes another path from here: a cause on the one is none on the other.

        Args:
            note: who is told of what is not there.
        """
        other = copy.copy(self)
        other._note, other._shown = note, None
        other.history, other.names, other.profiles = self.history[:], self.names[:], self.profiles[:]
        other._name_ids, other._ids = dict(self._name_ids), dict(self._ids)
        other._events = {seq: SampledEvent(event, note) for seq, event in self._events.items()}
        other.users = {name: user.copy() for name, user in self.users.items()}
        for user in other.users.values():
            user.events = [other._events[event.seq] for event in user.events]
        other.journeys = [journey.copy(other.users[journey.user.name]) for journey in self.journeys]
        other._marks = {slot: found[:] for slot, found in self._marks.items()}
        other._keyed = {slot: other.journeys[each.id - 1] for slot, each in self._keyed.items()}
        other.waits, other._named = {}, {}
        for wait in self.waits.values():
            other._place(other.journeys[wait.journey.id - 1].opened[wait.key])
        return other

    def first_due(self) -> WaitState | None:
        """The open wait whose deadline comes first."""
        return min((wait for wait in self.waits.values() if wait.due is not None), key=_by_due, default=None)

    def waits_for(self, user: UserState, name: int) -> list[WaitState]:
        """The open waits that an event of this name may end, oldest first."""
        named, patterns = self._named.get((user.id, name)), self._named.get((user.id, 0))
        if not named or not patterns:
            return list((named or patterns or {}).values())
        return sorted((*named.values(), *patterns.values()), key=_by_id)

    def open_wait(
        self,
        journey: JourneyState,
        seq: int,
        kind: int,
        name: int | None,
        due: int | None,
        key: Key,
        data: str | None,
        cause: int | None,
        label: int | None,
        place: int | None,
    ) -> WaitState:
        """Open a wait that an entry speaks of."""
        wait = super().open_wait(journey, seq, kind, name, due, key, data, cause, label, place)
        self._place(wait)
        return wait

    def _place(self, wait: WaitState) -> None:
        self.waits[wait.id] = wait
        if wait.name is not None:
            self._named.setdefault((wait.journey.user.id, wait.name), {})[wait.id] = wait

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""
        super().end_wait(wait)
        if wait.name is not None:
            self._named[wait.journey.user.id, wait.name].pop(wait.id, None)

    def add_event(self, user: UserState, event: Event) -> None:
        """An event was accepted, and its entry appended."""
        super().add_event(user, SampledEvent(event, self._note))

    def profile(self, user: UserState, bound: int) -> dict[str, Any]:
        """What is known of a user as of a position."""
        known = super().profile(user, bound)
        if self._shown is None or known is not self._shown[0]:
            self._shown = (known, Sampled(known, self._note, "the user"))
        return self._shown[1]


_by_id = attrgetter("id")
_by_due = attrgetter("due", "id")
