"""Who may enter a workflow, and who of them is held out.

A refusal is an entry, one a user, workflow, reason and day; the events that were refused carry it, too, so
that whoever looks can count them.
"""

from __future__ import annotations

import copy
import os
import traceback
from collections.abc import Mapping
from typing import Any

from studio.kernel.drive import Abandoned, printable
from studio.kernel.ports import History, UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import JourneyState, UserState
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind
from studio.language.local_time import DEFAULT_ZONE, day_of, is_zone, zone
from studio.language.splits import HOLDOUT, WHOLE, draw
from studio.language.user import User
from studio.text import json_text as jsontext
from studio.text.source_code import error_text

MAX_REASON = 200
HELD_OUT, IN = "held out", "in"


class _AsOf:
    """A user's profile as of an entry."""

    def __init__(self, work: UnitOfWork, user: UserState, bound: int) -> None:
        self._work = work
        self._user = user
        self._bound = bound

    @property
    def _reader(self) -> _AsOf:
        return self

    def profile(self, bound: int) -> Mapping[str, Any]:
        return copy.deepcopy(self._work.profile(self._user, bound))


def may_enter(
    work: UnitOfWork,
    user: UserState,
    workflow: Workflow,
    event: Event,
    cause: Cause,
    newest: JourneyState | None,
) -> bool:
    """Whether a journey may begin at an event; where it may not, the refusal is an entry.

    Args:
        newest: the last journey of the user, workflow and key, which has ended.
    """
    facts: dict[str, Any] | None = None
    if newest is not None and workflow.again_after is not None:
        began = next((e.at for e in work.entered(user, newest.workflow_id) if e.journey == newest.id), None)
        if began is not None and cause.at < began + workflow.again_after:
            facts = {"reason": "entered too short a time ago", "again_after": workflow.again_after}
    if facts is None and workflow.refuse is not None:
        facts = _refused(work, user, workflow, event)
    if facts is None:
        return True
    _note(work, user, workflow, event, cause, facts)
    return False


def _refused(work: UnitOfWork, user: UserState, workflow: Workflow, event: Event) -> dict[str, Any] | None:
    assert workflow.refuse is not None
    try:
        said: object = workflow.refuse(User(user.name, _AsOf(work, user, event.seq)), event.copy())
    except Abandoned:
        raise
    except BaseException as error:
        # Also what would end a thread.
        # One that is broken lets nobody in: whom it was to keep out, nobody knows.
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {
            "reason": _short(f"refuse= failed: {error_text(error)}"),
            "broken": f"{os.path.basename(place.filename)}:{place.lineno}",
        }
    if said is None or said is False:
        return None
    # Nothing else is compared: what a table or an array gives there is neither true nor false.
    if isinstance(said, str):
        return {"reason": _short(said)} if said else None
    code = getattr(workflow.refuse, "__code__", None)
    where = "" if code is None else f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"
    return {"reason": f"refuse= gave {type(said).__name__} in place of a reason", "broken": where}


def _short(text: str) -> str:
    return printable(" ".join(text.split()), MAX_REASON)


def _note(
    work: UnitOfWork,
    user: UserState,
    workflow: Workflow,
    event: Event,
    cause: Cause,
    facts: dict[str, Any],
) -> None:
    reason, label = facts["reason"], work.name_id(workflow.name)
    known = work.meta_of(event.seq)
    meta = jsontext.loads(known) if known else {}
    meta["refused"] = {**meta.get("refused", {}), workflow.name: reason}
    work.annotate(event.seq, jsontext.dumps(meta))
    where = zone_of(work, user, workflow, event.seq)
    facts["day"], facts["until"] = day_of(cause.at, zone(where))
    for mark in work.marks(user, Kind.REFUSED, cause.at - 2 * 86_400_000):
        told = mark.facts
        if mark.name == label and (told.get("reason"), told.get("day")) == (reason, facts["day"]):
            return
    data = jsontext.dumps(facts)
    work.append(cause.at, Kind.REFUSED, user.id, None, label, cause=cause.seq, data=data, late=cause.late)


def zone_of(work: History, user: UserState, workflow: Workflow | None, bound: int) -> str:
    """The name of the time zone that counts for a user as of a position."""
    told = work.profile(user, bound).get("timezone")
    if is_zone(told):
        return str(told)
    return (workflow.timezone if workflow is not None else None) or DEFAULT_ZONE


def hold_out(work: UnitOfWork, journey: JourneyState, workflow: Workflow, cause: Cause) -> None:
    """Draw whether a user who enters is held out, once for each user and workflow."""
    assert workflow.holdout is not None
    user, label = journey.user, work.name_id(HOLDOUT)
    assert cause.seq is not None
    if holdout_of(work, journey) is not None or work.profile(user, cause.seq).get("test") is True:
        return
    arms = {HELD_OUT: workflow.holdout, IN: WHOLE - workflow.holdout}
    arm = draw(work.seed, workflow.name, HOLDOUT, user.name, arms)
    data = jsontext.dumps({"arm": arm, "of": arms})
    work.append(cause.at, Kind.SPLIT, user.id, journey, label, None, None, cause.seq, data)


def holdout_of(work: History, journey: JourneyState) -> str | None:
    """Into which part a user was drawn when they entered a workflow first; None when nothing was drawn."""
    label = work.name_id(HOLDOUT)
    for mark in work.marks(journey.user, Kind.SPLIT):
        if mark.name == label and mark.workflow == journey.workflow_id:
            return str(mark.facts["arm"])
    return None
