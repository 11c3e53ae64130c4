"""What a driven journey may look up: its trigger, its user's events and profile, as of where it stands."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from studio.kernel.ports import UnitOfWork
from studio.kernel.state import JourneyState, fitting
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.journey import Journey, Log
from studio.language.names import Names


class JourneyReader:
    """What a driven journey may look up."""

    __slots__ = ("_given", "_known", "_state", "_work")

    def __init__(self, work: UnitOfWork, state: JourneyState) -> None:
        self._work = work
        self._state = state
        self._known: Mapping[str, Any] | None = None
        self._given: Mapping[str, Any] | None = None

    def trigger(self) -> Event:
        return self._work.event(self._state.trigger).copy()

    def events(self, wanted: Names, match: Mapping[str, Any] | None, past: Any, bound: int) -> list[Event]:
        state = self._state
        workflow = state.workflow
        assert workflow is not None
        narrow = past != "ever" and bool(workflow.key or workflow.again)
        fits = fitting(match, state if narrow else None) if match or narrow else None
        return self._work.events(state.user, wanted, fits, state.since - 1 if narrow else 0, bound)

    @property
    def timezone(self) -> str | None:
        workflow = self._state.workflow
        return None if workflow is None else workflow.timezone

    def profile(self, bound: int) -> Mapping[str, Any]:
        known = self._work.profile(self._state.user, bound)
        if known is not self._known:
            # The author may change what was given, and changes it for nobody else.
            self._known, self._given = known, copy.deepcopy(known)
        assert self._given is not None
        return self._given


def replayed_journey(work: UnitOfWork, state: JourneyState, workflow: Workflow, log: Log) -> Journey:
    """What a function is given that is driven through what is recorded, by those who leave nothing behind.

    Args:
        log: takes what it says.
    """
    reader = JourneyReader(work, state)
    id, exact = state.text_id(workflow.name), state.exact_id(workflow.name)
    return Journey(
        id, state.user.name, reader.trigger, reader, log, work.seed, state.pass_no, *state.start, exact
    )
