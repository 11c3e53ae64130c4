"""Into which arms of its splits a workflow's journeys were drawn, by place: counted once, then kept up."""

from __future__ import annotations

from collections import Counter
from typing import Any

from studio.language.kinds import Kind
from studio.store.schema import IS_MARK
from studio.store.view_base import WINDOW_ROWS, Rows

_ARMS = f"""
SELECT p.text, n.text, CAST(json_extract(h.data, '$.arm') AS TEXT), count(*)
FROM history h {{index}} CROSS JOIN journeys j ON j.id = h.journey
JOIN names p ON p.id = h.place JOIN names n ON n.id = h.name
WHERE h.kind = {Kind.SPLIT} AND {{of}} AND h.seq > :after AND h.seq <= :upto AND j.workflow = :workflow
GROUP BY 1, 2, 3
"""
# All draws stand in the index of what counts later; of what came since, the history is the shorter way.
ARMS = _ARMS.format(index="INDEXED BY history_marks", of=f"h.{IS_MARK}")
ARMS_SINCE = _ARMS.format(index="NOT INDEXED", of="h.place IS NOT NULL")

Arms = Counter[tuple[str, str, str]]
"""Place, split and arm, with how many journeys were drawn into it, each time round counted."""


class ArmCounts:
    """The counts of one reader, kept from one look to the next."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, Arms]] = {}

    def of(self, rows: Rows, workflow: int, last: int, drawn: int) -> Arms:
        """The counts of a workflow.

        Args:
            workflow: names.id.
            last: the newest entry.
            drawn: how many draws there are by the store's own counts. When it is another number than is
                found, something was taken away, and all is counted anew.
        """
        after, found = self._known.get(workflow, (0, Counter()))
        if last >= after:
            found = found + self._read(rows, workflow, after, last)
        if last < after or found.total() != drawn:
            found = self._read(rows, workflow, 0, last)
        self._known[workflow] = (last, found)
        return found

    def _read(self, rows: Rows, workflow: int, after: int, upto: int) -> Arms:
        if upto <= after:
            return Counter()
        values: dict[str, Any] = {"after": after, "upto": upto, "workflow": workflow}
        statement = ARMS_SINCE if upto - after <= WINDOW_ROWS else ARMS
        return Counter({(place, name, arm): n for place, name, arm, n in rows(statement, values)})
