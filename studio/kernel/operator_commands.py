"""Acts of the operator: each is a cause of its own, in a batch like any other."""

from __future__ import annotations

from studio.errors import JourneyError
from studio.kernel.records import Cause
from studio.kernel.state import OPEN_STATUSES, JourneyState
from studio.kernel.transition import TIMER_KINDS, Transition
from studio.language.commands import key_text
from studio.language.kinds import STATUS_TEXT, Kind, Status
from studio.text import json_text as jsontext


def cancel(transition: Transition, journey: JourneyState, at: int) -> None:
    """End a journey by hand."""
    if journey.status not in OPEN_STATUSES:
        raise JourneyError(f"it is {STATUS_TEXT[journey.status]} already", where=transition.id_of(journey))
    transition.journeys.finish(journey, Status.CANCELLED, Kind.CANCELLED, Cause(at, None, outside=True), None)


def resume(transition: Transition, journey: JourneyState, at: int) -> None:
    """Drive a failed journey again.

    What it has done is kept; the step that it did not survive is tried anew.
    """
    if journey.status != Status.FAILED:
        raise JourneyError(
            f"it is {STATUS_TEXT[journey.status]}, and only a failed journey can be resumed",
            where=transition.id_of(journey),
        )
    if journey.workflow is None:
        raise _stands(transition, journey)
    work = transition.work
    failure = work.newest_failure(journey)
    step = jsontext.loads(failure).get("step") if failure else None
    work.load_passes((journey,))
    void = [step] if step else []
    data = jsontext.dumps({"void": void}) if void else None
    transition.monitor.quarantined.pop(journey.id, None)
    seq = work.append(at, Kind.RESUMED, journey.user.id, journey, journey.workflow_id, data=data)
    journey.outcomes = {key: record for key, record in journey.outcomes.items() if key_text(key) not in void}
    journey.status, journey.runaway_count, journey.touched = Status.WAITING, 0, True
    journey.resuming = True
    transition.journeys.drive(journey, Cause(at, seq, outside=True))
    transition.drain()


def restart(transition: Transition, journey: JourneyState, at: int) -> JourneyState:
    """Begin a journey anew, as the next of its number, inheriting nothing."""
    if journey.workflow is None:
        raise _stands(transition, journey)
    work = transition.work
    newest = work.keyed(journey.user, journey.workflow_id, journey.key)
    if newest is not None and newest.n > journey.n and newest.status in OPEN_STATUSES:
        raise JourneyError(
            "a newer one is under way",
            where=transition.id_of(journey),
            fix=f"Restart {transition.id_of(newest)}.",
        )
    n = (newest.n if newest is not None else journey.n) + 1
    cause = Cause(at, None, outside=True)
    if journey.status in OPEN_STATUSES:
        work.load_passes((journey,))
        transition.live.leave(journey)
        transition.waits.close_all(journey, transition.journeys.to_come(cause, journey))
        journey.status, journey.touched = Status.CANCELLED, True
    seq = work.append(
        at, Kind.RESTARTED, journey.user.id, journey, journey.workflow_id, data=jsontext.dumps({"as": n})
    )
    fresh = transition.journeys.start(
        journey.user, journey.workflow, journey.key, n, journey.trigger, Cause(at, seq, outside=True)
    )
    transition.drain()
    return fresh


def time_out(transition: Transition, id: int, at: int) -> None:
    """End one wait or sleep by hand, as its deadline would; the clock is not touched.

    Args:
        id: the seq of the entry that opened it.
    """
    wait = transition.work.wait_at(id)
    if wait is None:
        raise JourneyError("it has already ended, or there is no such wait", where=f"wait {id}")
    journey = wait.journey
    if wait.kind not in TIMER_KINDS:
        raise JourneyError("a step ends by itself", where=transition.id_of(journey))
    if journey.workflow is None:
        raise _stands(transition, journey)
    transition.work.load_passes((journey,))
    if transition.migration is not None:
        transition.migration.journey(journey, at)
        transition.drain()
        if not wait.open:
            raise JourneyError("the workflow's new code does not wait there", where=transition.id_of(journey))
    data = jsontext.dumps({**transition.ended_without(wait), "by_hand": True})
    seq = transition.waits.end(wait, TIMER_KINDS[wait.kind], Cause(at, None), data)
    transition.journeys.drive(journey, Cause(at, seq, outside=True))
    transition.drain()


def _stands(transition: Transition, journey: JourneyState) -> JourneyError:
    """Why nothing can drive a journey now."""
    if journey.paused is not None:
        return JourneyError(
            "its workflow is paused", where=transition.id_of(journey), fix="Unpause it, and try again."
        )
    return JourneyError("its workflow is not loaded", where=transition.id_of(journey))
