"""A wait that collects: events begin it and may fill it, and time ends it.

An event that does neither leaves no entry: when its time seems to be over, the wait looks whether it was
quiet for long enough.
"""

from __future__ import annotations

from typing import Any

from studio.kernel.ports import EVENTS_MAX, UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import WaitState, fitting
from studio.kernel.wait_changes import WaitChanges
from studio.language.commands import collected_at
from studio.language.event import Event
from studio.language.kinds import Kind
from studio.language.names import Names, names
from studio.text import json_text as jsontext

NEWEST = 1 << 62
"""Behind every entry."""


def collects(wait: WaitState) -> bool:
    """Whether a wait collects events."""
    return wait.data is not None and '"collect":' in wait.data and bool(wait.spec.get("collect"))


def takes(work: UnitOfWork, waits: WaitChanges, wait: WaitState, event: Event, cause: Cause) -> str | None:
    """An event comes to a collection; gives what is recorded of it where that fills it, as JSON."""
    facts, spec = wait.spec["collect"], wait.spec
    count = facts.get("count")
    if count is not None:
        seqs = _found(work, wait, event.seq, count)
        if len(seqs) + ("trigger" in spec) >= count:
            return _told(wait, seqs)
    if "begun" not in spec:
        _move(work, waits, wait, collected_at(facts, cause.at, cause.at), cause, begun=cause.at)
    return None


def is_over(work: UnitOfWork, waits: WaitChanges, wait: WaitState) -> str | None:
    """The time of a collection that has begun seems to be over; gives what is recorded of it when it is.

    Where it was not quiet for long enough, its deadline is moved.
    """
    facts, spec = wait.spec["collect"], wait.spec
    assert wait.due is not None
    seqs = _in_time(work, wait, NEWEST, 1)
    last = work.event(seqs[-1]).at_ms if seqs else spec["begun"]
    due = collected_at(facts, spec["begun"], max(last, spec["begun"]))
    if due is not None and due > wait.due:
        _move(work, waits, wait, due, Cause(wait.due, None))
        return None
    return _told(wait, _in_time(work, wait, NEWEST, EVENTS_MAX))


def filled_meanwhile(work: UnitOfWork, wait: WaitState, bound: int) -> str | None:
    """What is recorded of a collection that was filled while nothing moved; None when it was not."""
    count = wait.spec["collect"].get("count")
    if count is None:
        return None
    more = count - ("trigger" in wait.spec)
    seqs = _in_time(work, wait, bound, EVENTS_MAX)[:more]
    return _told(wait, seqs) if len(seqs) == more else None


def _in_time(work: UnitOfWork, wait: WaitState, bound: int, limit: int) -> list[int]:
    """As `_found`, without what came after its deadline while that stood by."""
    found = _found(work, wait, bound, limit)
    if wait.due is None or not found or work.event(found[-1]).at_ms <= abs(wait.due):
        return found
    seqs = _found(work, wait, bound, EVENTS_MAX)
    return [seq for seq in seqs if work.event(seq).at_ms <= abs(wait.due)][-limit:]


def _found(work: UnitOfWork, wait: WaitState, bound: int, limit: int) -> list[int]:
    """The newest events that it has collected, oldest first."""
    journey = wait.journey
    wanted = _names_of(work, wait)
    match = wait.spec.get("match")
    if match is None and not journey.key:
        return work.event_seqs(journey.user, wanted, wait.after, bound, limit)[::-1]
    found, _ = work.fitting_seqs(journey.user, wanted, fitting(match, journey), wait.after, bound)
    return found[-limit:]


def _names_of(work: UnitOfWork, wait: WaitState) -> Names:
    if wait.name == 0:
        return names(wait.spec["events"])
    assert wait.label is not None
    return names(work.name_text(wait.label))


def _told(wait: WaitState, seqs: list[int]) -> str:
    trigger: int | None = wait.spec.get("trigger")
    first = seqs[0] if trigger is None else trigger
    facts: dict[str, Any] = {"count": len(seqs) + (trigger is not None), "first": first}
    if (match := wait.spec.get("match")) is not None:
        facts["match"] = match
    if wait.key[2] < 0:
        facts["id"] = wait.key[1][1:]
    return jsontext.dumps(facts)


def _move(
    work: UnitOfWork, waits: WaitChanges, wait: WaitState, due: int | None, cause: Cause, **more: int
) -> None:
    """It ends at another moment by itself; None: only when it is full."""
    opened_at: int | None = wait.spec.get("since")
    if opened_at is None:
        opened_at = work.moment_of(wait.id)
    assert opened_at is not None
    changed: dict[str, Any] = {"timeout": None if due is None else due - opened_at, **more}
    facts: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
    data = jsontext.dumps({**facts, "collect": True, "waits": {str(wait.id): changed}})
    journey, n, place = wait.journey, wait.key[2], wait.place
    work.append(cause.at, Kind.WAIT_MOVED, journey.user.id, journey, wait.label, n, place, cause.seq, data)
    wait.spec.update(changed)
    work.set_due(wait, due)
    if due is not None:
        waits.add_timer(wait)
