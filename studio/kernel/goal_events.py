"""An event that a workflow is for: each journey that began before it has met its goal, once."""

from __future__ import annotations

from typing import Any

from studio.kernel.matching import meets
from studio.kernel.ports import UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import UserState
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind
from studio.text import json_text as jsontext


def had_already(work: UnitOfWork, user: UserState, workflow: Workflow, bound: int) -> dict[str, Any] | None:
    """The newest goal event of a user up to a position: who enters after it has had it already."""
    goal = workflow.goal
    if goal is None or (user.new and not user.events):
        return None

    def fits(text: str) -> bool:
        return meets(goal.match, jsontext.loads(text))

    found = work.events(user, goal.names, fits if goal.match is not None else None, 0, bound)[-1:]
    return {"event": found[0].name, "at": found[0].at_ms} if found else None


def goal_met(work: UnitOfWork, user: UserState, workflow: Workflow, event: Event, cause: Cause) -> None:
    """Record which journeys have met their goal by an event of its name: open and ended ones alike.

    The window is that of the code as it is now: what came before an edit is not looked at again.
    """
    goal = workflow.goal
    assert goal is not None
    if not meets(goal.match, event.data):
        return
    met = {mark.journey for mark in work.marks(user, Kind.GOAL)}
    for entered in work.entered(user, work.name_id(workflow.name)):
        is_late = goal.within is not None and cause.at > entered.at + goal.within
        if entered.journey in met or entered.seq > event.seq or is_late:
            continue
        journey = work.journey_by_id(entered.journey)
        if journey is None or not journey.concerns(event.data):
            continue
        facts: dict[str, Any] = {"took": cause.at - entered.at}
        if goal.within is not None:
            facts["within"] = goal.within
        facts |= _credit(work, user, entered.journey)
        data, name = jsontext.dumps(facts), work.name_id(event.name)
        work.append(cause.at, Kind.GOAL, user.id, journey, name, None, None, cause.seq, data)


def _credit(work: UnitOfWork, user: UserState, journey: int) -> dict[str, Any]:
    """The last message that the journey has really sent."""
    sent = [mark for mark in work.marks(user, Kind.MESSAGE_SENT) if mark.journey == journey]
    if not sent or sent[-1].name is None:
        return {}
    told: dict[str, Any] = {"message": work.name_text(sent[-1].name)}
    channel = sent[-1].facts.get("channel")
    return {**told, "channel": channel} if channel else told
