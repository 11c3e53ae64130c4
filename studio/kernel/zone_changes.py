"""A user is in another time zone: what waits for a time by their clock waits for another moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.kernel.ports import UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import JourneyState, UserState, WaitState
from studio.kernel.wait_changes import WaitChanges
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind, Status
from studio.language.local_time import ZoneError, find, local_time, zone
from studio.language.names import IDENTIFY
from studio.text import json_text as jsontext


def may_tell(event: Event, meta: str | None) -> bool:
    """Whether an event may say in which zone its user is: a quick look."""
    told = meta is not None and '"timezone":' in meta
    return told or (event.name == IDENTIFY and '"timezone":' in event.text)


def zone_told(
    work: UnitOfWork, waits: WaitChanges, workflows: Iterable[Workflow], user: UserState, cause: Cause
) -> None:
    """Take note of the zone that an event has named; what is waited for in it is found anew.

    A name that is no zone is said so, and moves nothing.

    Args:
        workflows: in the order of their names.
    """
    assert cause.seq is not None
    name = work.profile(user, cause.seq).get("timezone")
    if name is None or name == work.profile(user, cause.seq - 1).get("timezone"):
        return
    try:
        zone(name)
    except ZoneError as error:
        message = f"the timezone of {user.name}: {error}"
        work.append(cause.at, Kind.LOG_WARNING, user.id, None, cause=cause.seq, data=message)
        return
    for workflow in workflows:
        for journey in work.open_journeys(user, work.name_id(workflow.name)):
            if journey.status == Status.WAITING:
                work.load_passes((journey,))
                for wait in sorted(journey.opened.values(), key=lambda wait: wait.id):
                    if wait.spec.get("local") and wait.spec.get("zone") != name:
                        _move(work, waits, journey, wait, str(name), cause)


def _move(
    work: UnitOfWork, waits: WaitChanges, journey: JourneyState, wait: WaitState, name: str, cause: Cause
) -> None:
    """Find the moment anew, as of when the wait was opened; what has passed by now is due now."""
    spec = wait.spec
    opened_at: int | None = spec.get("since")
    if opened_at is None:
        opened_at = work.moment_of(wait.id)
    assert opened_at is not None
    found = find(local_time(spec["local"]), opened_at, zone(name))
    changed: dict[str, Any] = {"duration": found.at - opened_at, "zone": name, "zone_from": "profile"}
    facts: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
    facts |= {"from": spec.get("zone"), "to": name, "local": spec["local"], "waits": {str(wait.id): changed}}
    data = jsontext.dumps(facts)
    user, n, place = journey.user.id, wait.key[2], wait.place
    work.append(cause.at, Kind.WAIT_MOVED, user, journey, wait.label, n, place, cause.seq, data)
    spec.update(changed)
    work.set_due(wait, max(found.at, cause.at))
    waits.add_timer(wait)
