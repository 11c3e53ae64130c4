"""What charts draw beside the funnel: deadlines ahead, happenings by the minute, workflows side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from studio.language.kinds import Kind, Status
from studio.store.schema import TOTAL_STATUS, TOTAL_WAITS
from studio.store.view_base import ViewBase

DUE_ROWS = 20_000
"""Deadlines that one statement gives at most."""
MOST_OVERDUE = 10_000
"""Overdue waits that are counted: beyond, "10,000" says enough."""
PACE_ROWS = 50_000
"""Entries of the history that one statement looks at, and that are looked back at most."""

DUE_WINDOW = """
SELECT w.due, w.id, j.workflow = :workflow FROM waits w INDEXED BY waits_due
CROSS JOIN journeys j ON j.id = w.journey
WHERE w.due IS NOT NULL AND (w.due, w.id) > (:due, :id)
ORDER BY w.due, w.id LIMIT :limit
"""
OVERDUE = """
SELECT n.text, count(*) FROM (
    SELECT journey FROM waits INDEXED BY waits_due WHERE due > 0 AND due < :before ORDER BY due LIMIT :limit
) w
CROSS JOIN journeys j ON j.id = w.journey CROSS JOIN names n ON n.id = j.workflow
GROUP BY n.id
"""
WORKFLOW_TOTALS = """
SELECT n.text, t.kind, t.n FROM totals t CROSS JOIN names n ON n.id = t.workflow
WHERE t.workflow > 0 ORDER BY n.text
"""
PACE = f"""
SELECT at / 60000, kind = {Kind.FAILED}, count(*) FROM history
WHERE seq > :after AND seq <= :upto AND kind IN ({Kind.EVENT}, {Kind.FAILED})
GROUP BY 1, 2
"""
NUMBERED_USERS = "SELECT u.id, u.name FROM json_each(:ids) i CROSS JOIN users u ON u.id = i.value"


@dataclass(frozen=True, slots=True)
class WorkflowCounts:
    """How the journeys of one workflow do; from the counts that the engine keeps."""

    name: str
    entered: int
    waiting: int
    """In a pass, the overdue among them."""
    idle: int
    """Between two passes."""
    overdue: int
    """Waits whose deadline is past, and that did not go on."""
    failed: int
    completed: int
    left: int
    """Exited or cancelled."""
    waits: int
    """Open waits, sleeps and steps."""
    paused: bool = False
    """No journey of it moves."""


class ChartViews(ViewBase):
    """A part of `Views`."""

    def deadlines(
        self, workflow: str, after: tuple[int, int] = (0, 0)
    ) -> tuple[list[int], tuple[int, int] | None]:
        """The deadlines of a workflow in the next window of all, the nearest first.

        Returns:
            Them, in ms since 1970, and where the next window begins; None when this was the last.
        """
        with self._snapshot():
            values = {"workflow": self._name_id(workflow), "due": after[0], "id": after[1], "limit": DUE_ROWS}
            rows = self._rows(DUE_WINDOW, values)
        found = [due for due, _, own in rows if own]
        return found, (rows[-1][0], rows[-1][1]) if len(rows) == DUE_ROWS else None

    def overdue(self, before: int) -> dict[str, int]:
        """Waits whose deadline came before a moment (ms since 1970), by workflow; `MOST_OVERDUE` at most."""
        return dict(self._rows(OVERDUE, {"before": before, "limit": MOST_OVERDUE}))

    def waiting_of(self, workflow: str) -> int:
        """How many journeys of a workflow wait; 0 where it never ran."""
        return next((each.waiting for each in self.workflow_counts(0) if each.name == workflow), 0)

    def workflow_counts(self, overdue_before: int) -> list[WorkflowCounts]:
        """All workflows that ever ran here, by name.

        Args:
            overdue_before: what was due before it (ms since 1970) is overdue.
        """
        with self._snapshot():
            overdue, paused = self.overdue(overdue_before), self.paused_workflows()
            totals: dict[str, dict[int, int]] = {}
            for name, kind, n in self._rows(WORKFLOW_TOTALS):
                totals.setdefault(name, {})[kind] = n

        def counts(name: str, of: dict[int, int]) -> WorkflowCounts:
            status = {
                each: of.get(TOTAL_STATUS + each, 0) for each in range(Status.WAITING, Status.CANCELLED + 1)
            }
            return WorkflowCounts(
                name,
                sum(status.values()),
                status[Status.WAITING],
                status[Status.IDLE],
                overdue.get(name, 0),
                status[Status.FAILED],
                status[Status.COMPLETED],
                status[Status.EXITED] + status[Status.CANCELLED],
                of.get(TOTAL_WAITS, 0),
                name in paused,
            )

        found = (counts(name, of) for name, of in totals.items())
        return [each for each in found if each.entered]

    def pace(self, after: int) -> tuple[list[tuple[int, bool, int]], int]:
        """Events and failures in the next window of the history.

        Returns:
            Minute (since 1970), whether they are failures, and how many; and up to which entry was
            looked: `after` itself when there is nothing more.
        """
        with self._snapshot():
            upto = min(after + PACE_ROWS, self.last_seq())
            if upto <= after:
                return [], after
            rows = self._rows(PACE, {"after": after, "upto": upto})
        return [(minute, bool(failed), n) for minute, failed, n in rows], upto

    def users_numbered(self, numbers: Iterable[int]) -> dict[int, str]:
        """Users by their numbers."""
        return dict(self._rows(NUMBERED_USERS, {"ids": json.dumps(list(numbers))}))
