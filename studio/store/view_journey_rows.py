"""Journeys as rows: by user, workflow and status, by id, and those of one user side by side."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from studio.language.journey_ids import Parts, bounds_of, is_escaped, meant, shown_id, which_of
from studio.language.kinds import STATUS_TEXT, Status
from studio.store import view_journeys
from studio.store import view_sql as sql
from studio.store.records import JourneyRow, JourneysView
from studio.store.schema import TOTAL_STATUS
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
            after: `number` of the last of the page before (or its id).
        """
        with self._snapshot():
            wanted = None if status is None else _STATUS_OF.get(status)
            values = {
                "workflow": self._name_id(workflow),
                "status": wanted,
                "user": self._user_id(user),
                "after": max(self._journey_numbers(after), default=ENDLESS)
                if isinstance(after, str)
                else after,
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
        """One journey by its id, `workflow/user[/key][~n]`; None when there is none.

        Raises:
            JourneyError: several have it.
        """
        with self._snapshot():
            number = self._journey_number(id)
            if number is None:
                return None
            return self._journey_rows(list(self._journeys_by_id((number,)).values()))[0]

    def journeys_called(self, id: str) -> list[JourneyRow]:
        """All journeys that an id may mean: several where `journey` refuses it."""
        with self._snapshot():
            return self._journey_rows(list(self._journeys_by_id(self._journey_numbers(id)).values()))

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
                numbers = [number for id in list(only)[:journeys] for number in self._journey_numbers(id)]
            by_id = self._journeys_by_id(numbers)
            found = view_journeys.entries_of(self._rows, numbers, entries, self.top)
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
        for id, user, workflow, key, n, status, pass_number, started_at, note, bounds in rows:
            waits = opened.get(id, [])
            dues = [abs(wait[3]) for wait in waits if wait[3] is not None]
            result.append(
                JourneyRow(
                    id=shown_id(workflow, user, key, n, id, bounds),
                    user=user,
                    workflow=workflow,
                    key=_key(key),
                    status=STATUS_TEXT[status],
                    pass_number=pass_number,
                    started_at=started_at or 0,
                    note=note,
                    due_at=min(dues, default=None),
                    waits_for=missing.get(workflow) or (waits_for(oldest_wait(waits)) if waits else None),
                    number=id,
                )
            )
        return result

    def _missing(self) -> dict[str, str]:
        """Workflows that do not run now, and what is said of who waits there."""
        paused = dict.fromkeys(self.paused_workflows(), "workflow paused")
        return paused | {name: f"workflow {why}" for name, why in self._rows(sql.MISSING)}

    def _journey_number(self, id: str) -> int | None:
        """Where in `journeys` an id is.

        Raises:
            JourneyError: several have it.
        """
        found = self._journey_numbers(id)
        if len(found) > 1:
            rows = self._journeys_by_id(found).values()
            raise which_of(id, (Parts(workflow, user, key, n) for _, user, workflow, key, n, *_ in rows))
        return found[0] if found else None

    def _journey_numbers(self, id: str) -> list[int]:
        """Where in `journeys` all are that an id may mean."""
        bounds: dict[int, str | None] = {}

        def find(parts: Parts) -> int | None:
            workflow, user = self._name_id(parts.workflow), self._user_id(parts.user)
            if -1 in (workflow, user):
                return None
            for number, escaped in self._rows(sql.JOURNEY_ID, user, workflow, parts.key, parts.n):
                bounds[number] = escaped
                return int(number)
            return None

        return meant(id, find, lambda number: is_escaped(number, bounds_of(bounds[number])))


def _key(key: str) -> str | None:
    if not key:
        return None
    value = json.loads(key)
    return value if isinstance(value, str) else key
