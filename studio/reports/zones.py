"""In which time zone a user was when something happened, by what the profile said there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, tzinfo

from studio.language.local_time import is_zone, zone


class UserZones:
    """The zones of users, as their profiles have come to say.

    A name that is no zone counts for nothing, as it does for waits.
    """

    def __init__(self) -> None:
        self.otherwise: tzinfo = UTC
        """Of users whose profile names none: that of the workflow."""
        self._known: dict[int, list[tuple[int, str]]] = {}
        """By user, each with the entry from which it counts; what says the same again is left out."""

    def take(self, rows: Iterable[tuple[int, int, str]]) -> None:
        """Take user, entry and zone, each user's in the order of entries."""
        for user, seq, name in rows:
            known = self._known.setdefault(user, [])
            if not known or known[-1][1] != name:
                known.append((seq, name))

    def of(self, user: int, seq: int) -> tzinfo:
        """The zone of a user at an entry of the history."""
        known = self._known.get(user)
        if known is None:
            return self.otherwise
        at = bisect_right(known, seq, key=lambda each: each[0]) - 1
        name = known[at][1] if at >= 0 else ""
        return zone(name) if is_zone(name) else self.otherwise
