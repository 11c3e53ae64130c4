"""Acts of the operator: each is a cause of its own, in a batch like any other."""

from __future__ import annotations

from studio import jsontext
from studio.commands import key_text
from studio.engine.batch import TIMER_KINDS, Batch
from studio.engine.cause import Cause
from studio.engine.state import OPEN_STATUSES, JourneyState
from studio.errors import JourneyError
from studio.store.schema import STATUS_TEXT, Kind, Status


def cancel(batch: Batch, journey: JourneyState, at: int) -> None:
    """End a journey by hand."""
    if journey.status not in OPEN_STATUSES:
        raise JourneyError(f"it is {STATUS_TEXT[journey.status]} already", where=batch.id_of(journey))
    batch.finish(journey, Status.CANCELLED, Kind.CANCELLED, Cause(at, None, outside=True), None)


def resume(batch: Batch, journey: JourneyState, at: int) -> None:
    """Drive a failed journey again.

    What it has done is kept; the step that it did not survive is tried anew.
    """
    if journey.status != Status.FAILED:
        raise JourneyError(
            f"it is {STATUS_TEXT[journey.status]}, and only a failed journey can be resumed",
            where=batch.id_of(journey),
        )
    if journey.workflow is None:
        raise JourneyError("its workflow is not loaded", where=batch.id_of(journey))
    overlay = batch.overlay
    # It may have failed in this very batch.
    rows = [row[13:14] for row in batch.unwritten(journey) if row[2] == Kind.FAILED][-1:]
    rows = rows or overlay.store.rows(
        "SELECT data FROM history WHERE journey = ? AND kind = ? ORDER BY seq DESC LIMIT 1",
        journey.id,
        Kind.FAILED,
    )
    step = jsontext.loads(rows[0][0]).get("step") if rows and rows[0][0] else None
    overlay.load_passes((journey,))
    void = [step] if step else []
    data = jsontext.dumps({"void": void}) if void else None
    batch.watch.poisoned.pop(journey.id, None)
    seq = overlay.append(at, Kind.RESUMED, journey.user.id, journey, journey.workflow_id, data=data)
    journey.outcomes = {key: record for key, record in journey.outcomes.items() if key_text(key) not in void}
    journey.status, journey.still, journey.touched = Status.WAITING, 0, True
    journey.resuming = True
    batch.drive(journey, Cause(at, seq, outside=True))
    batch.drain()


def restart(batch: Batch, journey: JourneyState, at: int) -> JourneyState:
    """Begin a journey anew, as the next of its number, inheriting nothing."""
    if journey.workflow is None:
        raise JourneyError("its workflow is not loaded", where=batch.id_of(journey))
    overlay = batch.overlay
    newest = overlay.keyed(journey.user, journey.workflow_id, journey.key)
    if newest is not None and newest.n > journey.n and newest.status in OPEN_STATUSES:
        raise JourneyError(
            "a newer one is under way", where=batch.id_of(journey), fix=f"Restart {batch.id_of(newest)}."
        )
    n = (newest.n if newest is not None else journey.n) + 1
    cause = Cause(at, None, outside=True)
    if journey.status in OPEN_STATUSES:
        overlay.load_passes((journey,))
        batch.close_waits(journey, batch.to_come(cause, journey))
        journey.status, journey.touched = Status.CANCELLED, True
    seq = overlay.append(
        at, Kind.RESTARTED, journey.user.id, journey, journey.workflow_id, data=jsontext.dumps({"as": n})
    )
    fresh = batch.start(
        journey.user, journey.workflow, journey.key, n, journey.trigger, Cause(at, seq, outside=True)
    )
    batch.drain()
    return fresh


def time_out(batch: Batch, id: int, at: int) -> None:
    """End one wait or sleep by hand, as its deadline would; the clock is not touched.

    Args:
        id: the seq of the entry that opened it.
    """
    wait = batch.overlay.wait_at(id)
    if wait is None:
        raise JourneyError("it is over already, or there is no such wait", where=f"wait {id}")
    journey = wait.journey
    if wait.kind not in TIMER_KINDS:
        raise JourneyError("a step ends by itself", where=batch.id_of(journey))
    if journey.workflow is None:
        raise JourneyError("its workflow is not loaded", where=batch.id_of(journey))
    batch.overlay.load_passes((journey,))
    if batch.moving is not None:
        batch.moving.journey(journey, at)
        batch.drain()
        if not wait.open:
            raise JourneyError("the workflow's new code does not wait there", where=batch.id_of(journey))
    data = jsontext.dumps({**batch.ended_without(wait), "by_hand": True})
    seq = batch.end_wait(wait, TIMER_KINDS[wait.kind], Cause(at, None), data)
    batch.drive(journey, Cause(at, seq, outside=True))
    batch.drain()
