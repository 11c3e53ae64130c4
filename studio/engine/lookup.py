"""What a driven journey may look up: its trigger, its user's events and profile, as of where it stands."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from studio.engine.overlay import Overlay
from studio.engine.state import JourneyState, fitting
from studio.event import Event
from studio.names import Names


class Lookup:
    """What a driven journey may look up."""

    __slots__ = ("_given", "_known", "_overlay", "_state")

    def __init__(self, overlay: Overlay, state: JourneyState) -> None:
        self._overlay = overlay
        self._state = state
        self._known: dict[str, Any] | None = None
        self._given: dict[str, Any] | None = None

    def trigger(self) -> Event:
        return self._overlay.event(self._state.trigger).copy()

    def events(self, wanted: Names, match: Mapping[str, Any] | None, past: Any, bound: int) -> list[Event]:
        state = self._state
        workflow = state.workflow
        assert workflow is not None
        narrow = past != "ever" and bool(workflow.key or workflow.again)
        fits = fitting(match, state if narrow else None) if match or narrow else None
        return self._overlay.events(state.user, wanted, fits, state.since - 1 if narrow else 0, bound)

    def profile(self, bound: int) -> Mapping[str, Any]:
        known = self._overlay.profile(self._state.user, bound)
        if known is not self._known:
            # The author may change what was given, and changes it for nobody else.
            self._known, self._given = known, copy.deepcopy(known)
        assert self._given is not None
        return self._given
