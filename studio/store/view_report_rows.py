"""The entries of one workflow's journeys, window by window, for those who count how journeys do."""

from __future__ import annotations

from typing import NamedTuple

from studio.language.kinds import LEVEL_OF, Kind
from studio.store.schema import IS_MARK
from studio.store.view_base import WINDOW_ROWS, ViewBase

_SAID = ", ".join(str(kind) for kind in sorted(LEVEL_OF))

# A step's result and what an event carries may be large, and are not asked for.
REPORT_ROWS = f"""
SELECT h.seq, h.at, h.kind, h.journey, j.user, h.name, h.n, h.place, h.code,
    CASE h.kind WHEN {Kind.EVENT} THEN NULL
        WHEN {Kind.STEP_DONE} THEN json_remove(h.data, '$.result')
        ELSE h.data END
FROM history h CROSS JOIN main.journeys j ON j.id = h.journey
WHERE h.seq > :after AND h.seq <= :upto AND j.workflow = :workflow AND h.kind NOT IN ({_SAID})
ORDER BY h.seq
"""
REPORT_NAMES = "SELECT n.id, n.text FROM json_each(:ids) i CROSS JOIN names n ON n.id = i.value"
REPORT_CODES = "SELECT id, hash FROM codes WHERE workflow = ? ORDER BY at, id"
REPORT_USERS = "SELECT id, name FROM users"
# The index has the user's events by name; what journeys sent themselves is no answer.
REPORT_EVENTS = f"""
SELECT h.user, h.at FROM history h INDEXED BY history_events
WHERE h.kind = {Kind.EVENT} AND h.name = :name AND h.journey IS NULL AND h.seq <= :top
"""
REPORT_ENTERED = """
SELECT DISTINCT u.name FROM journeys j CROSS JOIN history h ON h.seq = j.since
CROSS JOIN users u ON u.id = j.user
WHERE j.workflow = :workflow AND (:since IS NULL OR h.at >= :since) ORDER BY u.id
"""
# Not `= 1`: to those who send messages, a profile with `test: 1` is no tester's.
TEST_USERS = "SELECT user FROM profiles WHERE json_type(profile, '$.test') = 'true' AND seq <= :top"
# Of what came since: a profile stands under the event that changed it, and is not looked for among all.
TEST_USERS_SINCE = f"""
SELECT p.user FROM history h CROSS JOIN profiles p ON p.user = h.user AND p.seq = h.seq
WHERE h.seq > :after AND h.seq <= :top AND h.kind = {Kind.EVENT} AND json_type(p.profile, '$.test') = 'true'
"""
# Each version of a profile that has a zone, in the order in which they came.
USER_ZONES = """
SELECT user, seq, json_extract(profile, '$.timezone') AS zone FROM profiles
WHERE zone IS NOT NULL AND seq <= :top ORDER BY user, seq
"""
USER_ZONES_SINCE = f"""
SELECT p.user, p.seq, json_extract(p.profile, '$.timezone') AS zone
FROM history h CROSS JOIN profiles p ON p.user = h.user AND p.seq = h.seq
WHERE h.seq > :after AND h.seq <= :top AND h.kind = {Kind.EVENT} AND zone IS NOT NULL ORDER BY h.seq
"""


_REFUSALS = f"""
SELECT h.seq, h.user, h.at, json_extract(h.data, '$.reason') FROM history h {{index}}
WHERE h.kind = {Kind.REFUSED} AND {{of}} AND h.seq > :after AND h.seq <= :upto AND h.name = :workflow
ORDER BY h.seq
"""
# All refusals stand in the index of what counts later; of what came since, the history is the shorter way.
REFUSALS = _REFUSALS.format(index="INDEXED BY history_marks", of=f"h.{IS_MARK}")
REFUSALS_SINCE = _REFUSALS.format(index="NOT INDEXED", of="h.journey IS NULL")


# SQLite gives the other columns of the row that has the maximum (sqlite.org/lang_select.html, 2.5).
ZONES = """
SELECT zone, count(*) FROM (
    SELECT user, max(seq), CAST(json_extract(profile, '$.timezone') AS TEXT) AS zone
    FROM profiles GROUP BY user
) WHERE zone IS NOT NULL GROUP BY zone ORDER BY 2 DESC
"""


class TurnedAway(NamedTuple):
    """Somebody whom a workflow did not let in: one entry a user, reason and day."""

    seq: int
    user: int
    at: int
    """Milliseconds since 1970, UTC."""
    reason: str


class ReportRow(NamedTuple):
    """An entry of a journey, in numbers; see the table `history`."""

    seq: int
    at: int
    """Milliseconds since 1970, UTC."""
    kind: int
    journey: int
    user: int
    """The journey's own, also of an event that it sent to another."""
    name: int | None
    n: int | None
    place: int | None
    code: int | None
    data: str | None
    """JSON; without results of steps and data of events."""


class ReportViews(ViewBase):
    """A part of `Views`."""

    def report_rows(self, workflow: str, after: int) -> tuple[list[ReportRow], int]:
        """The entries of a workflow's journeys in the next window of the history, oldest first.

        Returns:
            Them, and the entry up to which was looked: `after` itself when there is nothing more.
        """
        with self._snapshot():
            last = self.last_seq()
            upto = min(after + WINDOW_ROWS, last)
            number = self._name_id(workflow)
            if upto <= after:
                return [], after
            values = {"after": after, "upto": upto, "workflow": number}
            return [ReportRow(*row) for row in self._rows(REPORT_ROWS, values)], upto

    def refusals(self, workflow: str, after: int, upto: int) -> list[TurnedAway]:
        """Whom a workflow did not let in, by the entries behind one and up to another, oldest first."""
        values = {"after": after, "upto": upto, "workflow": self._name_id(workflow)}
        statement = REFUSALS_SINCE if upto - after <= WINDOW_ROWS else REFUSALS
        return [TurnedAway(*row) for row in self._rows(statement, values)]

    def texts(self, ids: str) -> dict[int, str]:
        """The texts of names.

        Args:
            ids: their numbers, as a list in JSON.
        """
        return dict(self._rows(REPORT_NAMES, {"ids": ids}))

    def code_hashes(self, workflow: str) -> dict[int, str]:
        """The versions of a workflow's source that ran here: number and hash, the oldest first."""
        return dict(self._rows(REPORT_CODES, workflow))

    def test_users(self, after: int = 0) -> set[int]:
        """Numbers of users whose profile says `test: true`, by what became known after an entry."""
        rows = self._rows(TEST_USERS_SINCE if after else TEST_USERS, {"after": after, "top": self.top})
        return {user for (user,) in rows}

    def user_zones(self, after: int = 0) -> list[tuple[int, int, str]]:
        """What profiles say for `timezone`, by what became known after an entry.

        Returns:
            User, the entry from which it counts, and the text; of each user in the order of entries.
        """
        rows = self._rows(USER_ZONES_SINCE if after else USER_ZONES, {"after": after, "top": self.top})
        return [(user, seq, zone) for user, seq, zone in rows if isinstance(zone, str)]

    def zones(self) -> dict[str, int]:
        """The time zones that the newest profiles say, each with how many users have it."""
        return dict(self._rows(ZONES))

    def events_from_outside(self, name: str) -> list[tuple[int, int]]:
        """The events of a name that no journey sent: user and moment, each user's oldest first."""
        values = {"name": self._name_id(name), "top": self.top}
        return sorted((user, at) for user, at in self._rows(REPORT_EVENTS, values))

    def entered(self, workflow: str, since: int | None) -> list[str]:
        """Who entered a workflow at a moment (milliseconds since 1970, UTC) or later; None: whenever."""
        values = {"workflow": self._name_id(workflow), "since": since}
        return [user for (user,) in self._rows(REPORT_ENTERED, values)]

    def user_names(self) -> dict[int, str]:
        """All users, by number."""
        return dict(self._rows(REPORT_USERS))
