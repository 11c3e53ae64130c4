"""What stood around an event or a wait: what it brought about, what was open, who is called nearly so.

The questions behind "why did nothing happen". Each is bounded: it walks an index and
stops at its limit, also for a user with very much.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from studio.store import view_context_sql as sql
from studio.store.entries import entry
from studio.store.records import Entry, WaitRow
from studio.store.view_base import ENDLESS
from studio.store.view_journey_rows import JourneyViews
from studio.store.view_journeys import entries_of

EFFECT_ROWS = 10_000
"""Entries behind a cause in which its effects are looked for."""
JOURNEYS = 30
"""Of a user with more journeys than this, the newest are looked at."""
JOURNEY_ROWS = 120
"""Entries of a journey that are looked at, newest first."""
MATCH_ROWS = 20
ENDINGS = 1_000
"""Ends of other waits of a journey behind which that of one is looked for."""
EVENT_NAMES = 500
NEIGHBOURS = 10


class ContextViews(JourneyViews):
    """A part of `Views`."""

    def entry(self, seq: int) -> Entry | None:
        """One entry of the history; None when it is not there (any more)."""
        rows = self._rows(sql.ENTRY, {"seq": seq})
        return entry(rows[0]) if rows else None

    def journey_entries(self, journey: str, *, limit: int) -> list[Entry] | None:
        """The newest entries of a journey, oldest first; None when there is no such journey."""
        with self._snapshot():
            number = self._journey_number(journey)
            return None if number is None else entries_of(self._rows, [number], limit, self.top)

    def is_open(self, seq: int) -> bool:
        """Whether the wait, sleep or step that this entry opened is still open."""
        return bool(self._rows(sql.IS_OPEN, {"seq": seq}))

    def effects(self, causes: Collection[int], limit: int = 200) -> list[Entry]:
        """What events, timers or acts brought about at once, in order.

        Args:
            causes: `seq` of each; they are looked for from the first to `EFFECT_ROWS` behind the last.
        """
        if not causes:
            return []
        first, last = min(causes), max(causes)
        # Many causes of one delivery stand close together; more than this is walked for nobody.
        upto = min(last, first + 10 * EFFECT_ROWS) + EFFECT_ROWS
        values = {"from": first, "to": upto, "seqs": json.dumps(list(causes)), "limit": limit}
        return [entry(row) for row in self._rows(sql.EFFECTS, values)]

    def before(self, user: str, seq: int) -> list[list[Entry]]:
        """What the user's journeys had done before an entry: a list for each journey, oldest entry first.

        Logs are left out. The newest `JOURNEYS` journeys, the newest `JOURNEY_ROWS` entries of each.
        """
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return []
            values: dict[str, Any] = {"user": user_id, "seq": seq, "limit": JOURNEYS}
            found = []
            for (journey,) in self._rows(sql.JOURNEYS_BEFORE, values):
                rows = self._rows(sql.JOURNEY_BEFORE, {"journey": journey, "seq": seq, "limit": JOURNEY_ROWS})
                if rows:
                    found.append([entry(row) for row in reversed(rows)])
            return found

    def matched_after(self, user: str, seq: int) -> list[Entry]:
        """Waits of the user that were answered after an entry by what had come before them.

        The newest `JOURNEYS` journeys, the first `MATCH_ROWS` answers of each.
        """
        user_id = self._user_id(user)
        if user_id in (None, -1):
            return []
        found = []
        newest: dict[str, Any] = {"user": user_id, "seq": ENDLESS, "limit": JOURNEYS}
        for (journey,) in self._rows(sql.JOURNEYS_BEFORE, newest):
            values = {"journey": journey, "seq": seq, "limit": MATCH_ROWS}
            found += [entry(row) for row in self._rows(sql.JOURNEY_MATCHES, values)]
        return found

    def ending(self, wait: WaitRow) -> Entry | None:
        """What ended a wait, a group, a sleep or an attempt of a step; None when the history does not say."""
        number = self._journey_number(wait.journey)
        if number is None:
            return None
        values = {"journey": number, "seq": wait.seq, "limit": ENDINGS}
        ends = (entry(row) for row in self._rows(sql.JOURNEY_ENDINGS, values))
        return next((each for each in ends if each.key == wait.key), None)

    def failure(self, journey: str) -> Entry | None:
        """How a journey failed last; None when it never did."""
        number = self._journey_number(journey)
        if number is None:
            return None
        seq = self._rows(sql.JOURNEY_FAILURE, {"journey": number})[0][0]
        return None if seq is None else self.entry(seq)

    def events_of(self, user: str) -> dict[str, int]:
        """The names of a user's events, up to `EVENT_NAMES`, with their numbers in the store."""
        user_id = self._user_id(user)
        if user_id in (None, -1):
            return {}
        rows = self._rows(sql.USER_EVENT_NAMES, {"user": user_id, "limit": EVENT_NAMES})
        return {text: number for number, text in rows}

    def newest_events(self, user: str, name: int, limit: int = 20) -> list[Entry]:
        """A user's newest events of one name, oldest first.

        Args:
            name: its number, from `events_of`.
        """
        values = {"user": self._user_id(user), "name": name, "limit": limit}
        return [entry(row) for row in reversed(self._rows(sql.EVENTS_NAMED, values))]

    def known_users(self, names: Collection[str]) -> list[str]:
        """Those of the ids that are users here."""
        rows = self._rows(sql.USERS_NAMED, {"names": json.dumps(list(names))})
        return [name for _, name in rows]

    def neighbours(self, user: str) -> list[str]:
        """The users before and behind an id in the order of ids: those that begin alike."""
        values = {"name": user, "limit": NEIGHBOURS}
        rows = [*self._rows(sql.USERS_BEFORE, values), *self._rows(sql.USERS_BEHIND, values)]
        return [name for _, name in rows]

    def has_journey(self, user: str) -> bool:
        """Whether any journey of the user ever began."""
        return bool(self._rows(sql.HAS_JOURNEY, {"user": self._user_id(user)}))
