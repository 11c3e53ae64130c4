"""What asks for a person: journeys that failed, by their causes, and events of which nothing came."""

from __future__ import annotations

from dataclasses import dataclass

from studio.language.journey_ids import shown_id
from studio.language.kinds import Kind, Status
from studio.store.schema import ID_BOUNDS
from studio.store.view_base import ViewBase
from studio.text import json_text

IDLE_ROWS = 2_000
"""Entries of the history that are looked back for events of which nothing came."""

FAILED_CAUSES = f"""
SELECT h.seq, h.at, u.name, w.text, g.key, g.n, h.data, g.id, {ID_BOUNDS}
FROM journeys g INDEXED BY journeys_failed
CROSS JOIN users u ON u.id = g.user CROSS JOIN names w ON w.id = g.workflow
CROSS JOIN history h ON h.seq = (
    SELECT max(f.seq) FROM history f INDEXED BY history_journeys
    WHERE f.journey = g.id AND f.kind = {Kind.FAILED} AND f.seq <= :top)
WHERE g.status = {Status.FAILED} ORDER BY g.id DESC LIMIT :limit
"""
IDLE_EVENTS = f"""
SELECT seq FROM history
WHERE seq > :from AND seq <= :top AND kind = {Kind.EVENT} AND journey IS NULL AND at >= :since
    AND seq NOT IN (SELECT cause FROM history WHERE seq > :from AND cause IS NOT NULL)
ORDER BY seq DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class FailedJourney:
    """One that failed, and was not resumed."""

    seq: int
    """Of the entry that says so."""
    at: int
    user: str
    workflow: str
    journey: str
    type: str
    """ "KeyError"; "" when the entry does not say."""
    message: str
    line: str | None
    """ "trial.py:44"."""


class NeedViews(ViewBase):
    """A part of `Views`."""

    def failures(self, *, limit: int = 500) -> list[FailedJourney]:
        """Journeys that failed, the newest first."""
        found = []
        for seq, at, user, workflow, key, n, data, *of in self._rows(
            FAILED_CAUSES, {"limit": limit, "top": self.top}
        ):
            facts = json_text.loads(data or "{}")
            found.append(
                FailedJourney(
                    seq,
                    at,
                    user,
                    workflow,
                    shown_id(workflow, user, key, n, *of),
                    str(facts.get("type") or ""),
                    str(facts.get("message") or ""),
                    facts.get("line"),
                )
            )
        return found

    def idle_events(self, since: int, *, limit: int = 20) -> list[int]:
        """Events from outside of which nothing came, since a moment (ms since 1970), the newest first.

        They are looked for among the newest `IDLE_ROWS` entries.
        """
        values = {"from": self.last_seq() - IDLE_ROWS, "top": self.top, "since": since, "limit": limit}
        return [seq for (seq,) in self._rows(IDLE_EVENTS, values)]
