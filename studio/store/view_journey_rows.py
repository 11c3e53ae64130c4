"""Journeys as rows: by user, workflow and status, by id, and those of one user side by side."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from studio.store import view_journeys
from studio.store import view_sql as sql
from studio.store.records import JourneyRow, JourneysView, journey_id
from studio.store.schema import STATUS_TEXT, TOTAL_STATUS, Status
from studio.store.view_base import ENDLESS, Row
from studio.store.view_waits import WaitViews, oldest_wait, waits_for

STRETCH = 1_000
"""Journeys of which the latest beginning is looked at together: one late timer among them says nothing."""

_STATUS_OF = {text: status for status, text in STATUS_TEXT.items()}


class JourneyViews(WaitViews):
    """A part of `Views`."""

    def journeys(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        status: str | None = None,
        limit: int = 100,
        after: int | str = 0,
    ) -> list[JourneyRow]:
        """Journeys, the oldest first.

        Args:
            status: waiting, idle, completed, failed, exited or cancelled.
            after: the last of the page before, by its id (or its number in the store).
        """
        with self._snapshot():
            wanted = None if status is None else _STATUS_OF.get(status)
            values = {
                "workflow": self._name_id(workflow),
                "status": wanted,
                "user": self._user_id(user),
                "after": (self._journey_number(after) or ENDLESS) if isinstance(after, str) else after,
                "limit": limit,
            }
            if -1 in (values["workflow"], values["user"]) or (status is not None and wanted is None):
                return []
            if wanted is not None and not self._totals(values["workflow"] or 0).get(TOTAL_STATUS + wanted):
                return []
            if user is not None:
                rows = self._rows(sql.JOURNEYS_OF_USER, values)
            elif wanted == Status.FAILED:
                rows = self._rows(sql.JOURNEYS_FAILED, values)
            else:
                rows = self._rows(sql.JOURNEYS, values)
            return self._journey_rows(rows)

    def began_since(self, at: int) -> int:
        """The number in the store behind which all journeys stand that began at or after a moment.

        Among them may be some that began before: numbers and moments go up together, but for late timers.
        """
        with self._snapshot():
            low, high = 0, -(-int(self._rows(sql.JOURNEYS_LAST)[0][0] or 0) // STRETCH)
            while low < high:
                middle = (low + high) // 2
                span = {"from": middle * STRETCH, "to": (middle + 1) * STRETCH}
                latest = self._rows(sql.JOURNEYS_BEGAN, span)[0][0]
                low, high = (low, middle) if latest is not None and latest >= at else (middle + 1, high)
            return low * STRETCH

    def journey(self, id: str) -> JourneyRow | None:
        """One journey by its id, `workflow/user[/key][~n]`; None when there is none."""
        with self._snapshot():
            number = self._journey_number(id)
            if number is None:
                return None
            return self._journey_rows(list(self._journeys_by_id((number,)).values()))[0]

    def side_by_side(
        self,
        user: str,
        *,
        journeys: int = view_journeys.MOST_JOURNEYS,
        entries: int = view_journeys.ENTRIES_EACH,
        only: Collection[str] | None = None,
    ) -> JourneysView:
        """A user's journeys over time: those that matter most, with the newest entries of each.

        Args:
            journeys: how many at most.
            entries: how many of each journey at most.
            only: ids; these journeys of the user and no others.
        """
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return JourneysView([], [], [], 0)
            numbers, total = view_journeys.chosen(self._rows, user_id, journeys)
            if only is not None:
                meant = (self._journey_number(id) for id in list(only)[:journeys])
                numbers = [number for number in meant if number is not None]
            by_id = self._journeys_by_id(numbers)
            found = view_journeys.entries_of(self._rows, numbers, entries)
            moves = view_journeys.moves_since(self._rows, found[0].seq, self.last_seq()) if found else []
            return JourneysView(
                self._journey_rows([by_id[id] for id in numbers if id in by_id]), found, moves, total
            )

    def _journeys_by_id(self, ids: Iterable[int]) -> dict[int, Row]:
        return {row[0]: row for row in self._rows(sql.JOURNEYS_BY_ID, {"journeys": json.dumps(list(ids))})}

    def _journey_rows(self, rows: list[Row]) -> list[JourneyRow]:
        opened = self._open_waits(row[0] for row in rows if row[5] == Status.WAITING)
        missing = self._missing()
        result = []
        for id, user, workflow, key, n, status, pass_number, started_at, note in rows:
            waits = opened.get(id, [])
            dues = [wait[3] for wait in waits if wait[3] is not None]
            result.append(
                JourneyRow(
                    id=journey_id(workflow, user, key, n),
                    user=user,
                    workflow=workflow,
                    key=_key(key),
                    status=STATUS_TEXT[status],
                    pass_number=pass_number,
                    started_at=started_at or 0,
                    note=note,
                    due_at=min(dues, default=None),
                    waits_for=missing.get(workflow) or (waits_for(oldest_wait(waits)) if waits else None),
                )
            )
        return result

    def _missing(self) -> dict[str, str]:
        """Workflows that do not run any more, and what is said of who waits there."""
        return {name: f"workflow {why}" for name, why in self._rows(sql.MISSING)}

    def _journey_number(self, id: str) -> int | None:
        """Where in `journeys` an id is; user and key may hold "/" and "~" themselves."""
        workflow, _, rest = id.partition("/")
        workflow_id = self._name_id(workflow)
        if workflow_id == -1 or not rest:
            return None
        readings = [(rest, 1)]
        head, tilde, number = rest.rpartition("~")
        if tilde and number.isascii() and number.isdigit() and len(number) < 10 and int(number) > 1:
            readings.insert(0, (head, int(number)))
        for text, n in readings:
            for user, key in _splits(text):
                user_id = self._user_id(user)
                if user_id == -1:
                    continue
                for rows in (self._rows(sql.JOURNEY_ID, user_id, workflow_id, spelled, n) for spelled in key):
                    if rows:
                        return int(rows[0][0])
        return None


def _splits(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The ways to read `user[/key]`: each user with the spellings that its key may have in the store."""
    yield text, ("",)
    at = text.find("/")
    while at >= 0:
        key = text[at + 1 :]
        yield text[:at], (json.dumps(key, ensure_ascii=False), key)
        at = text.find("/", at + 1)


def _key(key: str) -> str | None:
    if not key:
        return None
    value = json.loads(key)
    return value if isinstance(value, str) else key
