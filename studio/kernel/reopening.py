"""Somebody has finished, and the workflow has grown a step: their journey goes on from where it ended.

Its end is void, what it did stays, and the code of now drives it: it goes through what is recorded, and
stands at the first thing that it has not done. That is asked for by an event, `names.REOPEN`, one a journey.
"""

from __future__ import annotations

from studio.kernel.journey_driver import JourneyDriver
from studio.kernel.ports import EVENTS_MAX, UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import JourneyState, UserState
from studio.kernel.triggers import key_value
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import STATUS_TEXT, Kind, Status
from studio.text import json_text as jsontext

FINISHED = (Status.COMPLETED, Status.IDLE)
"""A journey that may go on from its end: it gave a result, or its last pass ended without one."""
GONE = "what it did is not known any more"
"""Why one does not go on that was pruned, or of which a partition kept no more than that it ended."""


def why_not(work: UnitOfWork, journey: JourneyState, bound: int) -> str | None:
    """Why a journey cannot go on from its end; None when it can. Its pass must have been read.

    Args:
        bound: the position at which that is asked.
    """
    if journey.status not in FINISHED:
        return f"it is {STATUS_TEXT[journey.status]}"
    workflow = journey.workflow
    if workflow is None:
        return "its workflow is not loaded"
    if not journey.outcomes:
        return GONE
    if journey.status == Status.COMPLETED:
        end = work.newest_end(journey)
        if end is None or (end[1] is not None and '"pruned":true' in end[1] and _is_pruned(end[1])):
            return GONE
        if workflow.exit_on is not None:
            # Who left after it had ended would have left in the midst of it.
            for seq in work.event_seqs(journey.user, workflow.exit_on, end[0], bound, EVENTS_MAX):
                event = work.event(seq)
                if journey.concerns(event.data):
                    return f"{event.name} came since"
    return None


def _is_pruned(data: str) -> bool:
    """A result may have a field of this name."""
    return jsontext.loads(data).get("pruned") is True


def reopen_asked(
    work: UnitOfWork,
    journeys: JourneyDriver,
    workflow: Workflow,
    event: Event,
    user: UserState,
    cause: Cause,
) -> None:
    """Have the newest journey of a user in a workflow go on from its end, if it can.

    Args:
        event: what asks for it; with `key=` its data carry the value.
    """
    key = "" if workflow.key is None else key_value(workflow, event.data)
    journey = work.keyed(user, work.name_id(workflow.name), key)
    if journey is None or journey.status not in FINISHED:
        return
    work.load_passes((journey,))
    if why_not(work, journey, event.seq) is not None:
        return
    work.append(
        cause.at, Kind.REOPENED, user.id, journey, journey.workflow_id, cause=cause.seq, late=cause.late
    )
    journey.status, journey.runaway_count, journey.touched = Status.WAITING, 0, True
    journey.resuming = True
    journeys.drive(journey, cause)
