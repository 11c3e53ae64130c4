"""Where a user's journeys stood at a moment, told from their entries before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.language.names import Names, names
from studio.store.records import Entry

Standing = Literal["waiting", "idle", "completed", "failed", "exited", "cancelled"]

_ENDS: dict[str, Standing] = {
    "journey.completed": "completed",
    "journey.failed": "failed",
    "journey.exited": "exited",
    "journey.cancelled": "cancelled",
    # A journey that was under way is cancelled by its restart; one that had ended stays ended.
    "journey.restarted": "cancelled",
}
_OPENS = (
    *("wait.opened", "sleep.opened", "step.started", "step.retry"),
    *("message.asked", "message.deferred"),
)


@dataclass(slots=True)
class JourneyPosition:
    """One journey at a moment."""

    journey: str
    workflow: str
    standing: Standing = "idle"
    since: int | None = None
    """When it began, ms since 1970, where that is among what was read."""
    last: Entry | None = None
    """Its newest entry before the moment."""
    open: dict[str, Entry] = field(default_factory=dict)
    """What it waited for: key to the entry that opened it."""
    over: list[tuple[Entry, Entry]] = field(default_factory=list)
    """Waits that had ended: the entry that opened each, and the one that ended it."""


def stand_of(entries: list[Entry]) -> JourneyPosition:
    """Where a journey stood after these entries, the newest of which comes last."""
    first = entries[0]
    stand = JourneyPosition(first.journey or "", first.workflow or "")
    for entry in entries:
        stand.last = entry
        key = entry.key or ""
        if entry.kind in _ENDS:
            if entry.kind != "journey.restarted" or stand.standing in ("waiting", "idle", "failed"):
                stand.standing = _ENDS[entry.kind]
            stand.open.clear()
        elif entry.kind in ("journey.started", "journey.pass", "journey.resumed", "journey.reopened"):
            stand.since = entry.at if entry.kind == "journey.started" else stand.since
            stand.standing = "idle"
            stand.open.clear()
        elif entry.kind in _OPENS:
            stand.open[key] = entry
            stand.standing = "waiting"
        elif entry.kind != "event":
            opening = stand.open.pop(key, None)
            if opening is not None and opening.kind == "wait.opened":
                stand.over.append((opening, entry))
            if not stand.open and stand.standing == "waiting":
                stand.standing = "idle"
    return stand


def wanted(opening: Entry) -> Names | None:
    """The events that may end a wait; None for a group, which no event ends by itself."""
    if opening.kind != "wait.opened" or not opening.name or (opening.key or "").startswith(("any", "all")):
        return None
    events = fields(opening).get("events")
    return names(events if isinstance(events, list) and events else opening.name)


def match_of(opening: Entry) -> Mapping[str, Any] | None:
    """What an event's data must agree with."""
    match = fields(opening).get("match")
    return match if isinstance(match, Mapping) else None


def fields(entry: Entry) -> Mapping[str, Any]:
    """What came with an entry; empty when that is no object."""
    return entry.data if isinstance(entry.data, Mapping) else {}
