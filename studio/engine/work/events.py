"""The events of users, as a batch knows them: those that are written, and its own."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable
from operator import attrgetter

from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.users import Users
from studio.kernel.ports import EVENTS_MAX
from studio.kernel.state import UserState
from studio.language.event import Event
from studio.language.names import Names
from studio.store import read_events
from studio.store.sqlite import Store

FEW = 8
"""So many are gone through faster than looked for in a better way."""

_by_seq = attrgetter("seq")


class Events:
    """The events that a batch has to do with."""

    def __init__(self, store: Store, names: NameNumbers, users: Users) -> None:
        self._store = store
        self._names = names
        self._users = users
        self._by_entry: dict[int, Event] = {}

    def add(self, user: UserState, event: Event) -> None:
        """An event was accepted."""
        user.events.append(event)
        self._by_entry[event.seq] = event

    def event(self, seq: int) -> Event:
        """The event of an entry that must be there."""
        if (found := self._by_entry.get(seq)) is not None:
            return found
        row = read_events.event_at(self._store, seq)
        user = self._users.user_by_id(row.user)
        return Event(
            self._names.name_text(row.name), user.name, row.at, row.data, row.id, seq, _sent_at(row.meta)
        )

    def event_seqs(
        self, user: UserState, wanted: Names, after: int, bound: int, limit: int = EVENTS_MAX
    ) -> list[int]:
        """Where the user's events of these names stand, newest first."""
        found = [e.seq for e in _after(user.events, after) if after < e.seq <= bound and wanted.meets(e.name)]
        if not user.new:
            for name in self._names_of(user, wanted):
                found += read_events.event_seqs(self._store, user.id, name, after, bound, limit)
        if not found:
            return found
        found.sort(reverse=True)
        return found[:limit]

    def events(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool] | None,
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> list[Event]:
        """Those of the user's newest events of these names whose data fit, oldest first.

        Each is a copy of the caller's own.
        """
        found = [
            e.copy()
            for e in _after(user.events, after)
            if after < e.seq <= bound and wanted.meets(e.name) and (fits is None or fits(e.text))
        ]
        if not user.new:
            for name in self._names_of(user, wanted):
                text = self._names.name_text(name)
                found += (
                    Event(text, user.name, at, data, id, seq, _sent_at(meta))
                    for seq, at, data, id, meta in read_events.events(
                        self._store, user.id, name, after, bound, limit
                    )
                    if fits is None or fits(data or "{}")
                )
        found.sort(key=_by_seq)
        return found[-limit:]

    def fitting_seqs(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool],
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> tuple[list[int], bool]:
        """Where those of the user's newest events of these names stand whose data fit, oldest first.

        Returns:
            Them, and whether there are older ones that were not looked at.
        """
        found = [
            (e.seq, e.text)
            for e in _after(user.events, after)
            if after < e.seq <= bound and wanted.meets(e.name)
        ]
        if not user.new:
            for name in self._names_of(user, wanted):
                rows = read_events.event_texts(self._store, user.id, name, after, bound, limit + 1)
                found += [(seq, text or "{}") for seq, text in rows]
        found.sort()
        return [seq for seq, text in found[-limit:] if fits(text)], len(found) > limit

    def _names_of(self, user: UserState, wanted: Names) -> list[int]:
        if wanted.simple:
            return [self._names.name_id(wanted.text)]
        return [
            name
            for name in read_events.event_names(self._store, user.id)
            if wanted.meets(self._names.name_text(name))
        ]

    def known_ids(self, ids: list[str]) -> dict[str, int]:
        """Which of these senders' ids were taken before this batch, and where."""
        return read_events.event_ids(self._store, ids)


def _after(events: list[Event], seq: int) -> list[Event]:
    """A user's events of this batch, from the first on that may come after an entry."""
    if len(events) <= FEW or seq < events[0].seq:
        return events
    return events[bisect_right(events, seq, key=_by_seq) :]


def _sent_at(meta: str | None) -> int | None:
    return json.loads(meta).get("sent_at") if meta else None
