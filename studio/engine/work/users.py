"""Users and what is known of them, as a batch knows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.engine.work.totals import TotalsDelta
from studio.kernel.profiles import learned, tells
from studio.kernel.state import UserState
from studio.language.event import Event
from studio.store import read_users
from studio.store.changes import Changes
from studio.store.schema import TOTAL_USERS
from studio.store.sqlite import Store
from studio.text import json_text as jsontext


class Users:
    """The users that a batch has to do with."""

    def __init__(self, store: Store, changes: Changes, totals: TotalsDelta) -> None:
        self._store = store
        self._changes = changes
        self._totals = totals
        self._first = store.next_seq
        self._next = store.next_user
        self.by_name: dict[str, UserState] = {}
        self._absent: set[str] = set()
        """Who was looked for and is not there. Made by the first cause that has to do with them: a batch may
        end before it comes to all that it has read for, and the next must find them new."""
        self.by_id: dict[int, UserState] = {}

    def load(self, wanted: Iterable[str]) -> None:
        """Read users by their names, as far as they are there."""
        missing = set(wanted).difference(self.by_name)
        if not missing:
            return
        for name, id in read_users.user_ids(self._store, list(missing)).items():
            self._add_user(UserState(id, name, False))
            missing.discard(name)
        self._absent |= missing

    def _add_user(self, user: UserState) -> None:
        self.by_name[user.name] = self.by_id[user.id] = user

    def has_user(self, name: str) -> bool:
        """Whether a user is there."""
        if name not in self.by_name and name not in self._absent:
            self.load((name,))
        return name in self.by_name

    def user(self, name: str) -> UserState:
        """A user; made when not there."""
        found = self.by_name.get(name)
        if found is None:
            if not self.has_user(name):
                self._add_user(UserState(self._make_user(name), name, True))
            found = self.by_name[name]
        return found

    def user_by_id(self, id: int) -> UserState:
        """A user that must be there."""
        return self.load_by_id({id})[id]

    def load_by_id(self, ids: set[int]) -> dict[int, UserState]:
        """Read users by their numbers, and give all that were read."""
        missing = [id for id in ids if id not in self.by_id]
        for id, name in read_users.user_names(self._store, missing).items():
            self._add_user(UserState(id, name, False))
        return self.by_id

    def _make_user(self, name: str) -> int:
        id = self._next
        self._next += 1
        self._changes.users.append((id, name))
        self._totals.count(0, TOTAL_USERS)
        return id

    def profile(self, user: UserState, bound: int) -> dict[str, Any]:
        """What is known of a user as of a position."""
        profile: dict[str, Any]
        for seq, profile in reversed(user.versions):
            if seq <= bound:
                return profile
        if user.new:
            return {}
        for since, until, profile in user.read_versions:
            if since <= bound <= until:
                return profile
        # Mostly the newest is meant, which holds from there on; an earlier one, up to where it was asked for.
        until = self._first + len(self._changes.history)
        seq, profile = self._stored_profile(user, until)
        if seq > bound:
            until = bound
            seq, profile = self._stored_profile(user, bound)
        user.read_versions.append((seq, until, profile))
        return profile

    def _stored_profile(self, user: UserState, bound: int) -> tuple[int, dict[str, Any]]:
        """The newest stored version up to a position, and the entry that made it."""
        row = read_users.profile(self._store, user.id, bound)
        return (0, {}) if row is None else (row.seq, jsontext.loads(row.profile))

    def learn(self, event: Event, meta: str | None) -> None:
        """Take from an event what it says of its user."""
        if not tells(event, meta):
            return
        user = self.by_name[event.user]
        known = self.profile(user, event.seq)
        profile = learned(known, event, meta)
        if profile != known:
            user.versions.append((event.seq, profile))
            self._changes.profiles.append((user.id, event.seq, jsontext.dumps(profile)))

    def put_profile(self, user: UserState, seq: int, profile: dict[str, Any]) -> None:
        """What was learned of a user elsewhere, from an entry on."""
        user.versions.append((seq, profile))
        self._changes.profiles.append((user.id, seq, jsontext.dumps(profile)))

    def written(self) -> None:
        """The batch is durable: the numbers that were given out count."""
        self._store.next_user = self._next

    def release(self) -> None:
        """Let go of what points back here."""
        for user in self.by_name.values():
            user.journeys.clear()
