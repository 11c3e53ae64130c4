"""The types of events that workflow files know, and what is done with an event that does not fit its own.

A type counts where the file of a workflow, or a module of the user's own that it imports, has its class.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from studio.errors import EventError, WorkflowError
from studio.language.definition import Workflow
from studio.language.event_types import EventFault, EventType, alike, event_type, place_text
from studio.language.incoming import Incoming
from studio.source.project import EVENT_MODES as EVENT_MODES
from studio.text import json_text as jsontext

EventMode = Literal["refuse", "warn"]
Types = Mapping[str, EventType[Any]]
MOST_TOLD = 1_000
"""Different faults that are told in one process when events are only looked at."""

_log = logging.getLogger("studio")


def types_in(workflows: Iterable[Workflow]) -> dict[str, EventType[Any]]:
    """The types of events that workflows know, by the names of the events."""
    return {own.name: own for own in reversed(list(_all(workflows)))}


def other_event(workflows: Iterable[Workflow]) -> WorkflowError | None:
    """Two types of one event that differ, or one that cannot be read, among those that workflows know."""
    known: dict[str, EventType[Any]] = {}
    for own in _all(workflows):
        other = known.setdefault(own.name, own)
        try:
            same = alike(other, own)
            _ = own.schema
        except WorkflowError as error:
            return error
        if not same:
            path, line = own.place
            return WorkflowError(
                f'the event "{own.name}" has two types, and they differ; the other is {other.cls.__name__}'
                f" at {place_text(other.place)}",
                path=place_text((path, line)).rpartition(":")[0],
                line=line,
                fix="Make it once, in a module that both import.",
            )
    return None


def misfit(types: Types, event: Incoming) -> EventFault | None:
    """Why an event does not fit its type; None when it does, or has none."""
    if (own := types.get(event.name)) is None:
        return None
    try:
        own.read(jsontext.loads(event.text))
    except EventFault as found:
        return found
    except WorkflowError as error:
        # Told where its file is loaded; here it may end nobody.
        return EventFault("", str(error))
    return None


def refusal(event: Incoming, found: EventFault, types: Types, where: str = "") -> EventError:
    """The error for an event that does not fit."""
    own = types[event.name]
    of = f" of {event.user}"
    return EventError(
        f'"{event.name}"{of} does not fit {own.cls.__name__} ({place_text(own.place)}): {found}',
        where=where,
        fix="Send what the class says, or change the class.",
    )


class EventDoor:
    """Looks at events before they are taken in.

    Args:
        workflows: gives those that run now.
        mode: "refuse": what does not fit is an error. "warn": it is told in the log, and taken.
    """

    def __init__(self, workflows: Callable[[], Mapping[str, Workflow]], mode: EventMode = "refuse") -> None:
        self._workflows = workflows
        self.mode: EventMode = mode
        self._known: tuple[Mapping[str, Workflow], Types] | None = None
        self._told: set[tuple[str, str]] = set()

    @property
    def types(self) -> Types:
        """The types that count now."""
        workflows = self._workflows()
        if self._known is None or self._known[0] is not workflows:
            self._known = workflows, types_in(workflows.values())
        return self._known[1]

    def check(self, events: Iterable[Incoming], where: str = "") -> None:
        """Let events in, or not.

        Args:
            where: where they stand, for the error.

        Raises:
            EventError: one does not fit, and such are refused.
        """
        if not (types := self.types):
            return
        for event in events:
            if (found := misfit(types, event)) is not None:
                self.refuse(event, found, where)

    def refuse(self, event: Incoming, found: EventFault, where: str = "") -> None:
        """Turn an event away that does not fit, or only tell of it.

        Raises:
            EventError: such are refused.
        """
        error = refusal(event, found, self.types, where)
        if self.mode == "refuse":
            raise error
        if len(self._told) < MOST_TOLD and (which := (event.name, str(found))) not in self._told:
            self._told.add(which)
            _log.warning("%s. It is taken all the same.", error.what)


def spaces_of(workflows: Iterable[Workflow]) -> dict[str, Mapping[str, Any]]:
    """What names stand for in the files of workflows and in the user's own modules, by their paths."""
    found: dict[str, Mapping[str, Any]] = {}
    for workflow in workflows:
        found.setdefault(workflow.path, getattr(workflow.original, "__globals__", {}))
        for module in workflow.modules:
            if module.name in sys.modules:
                found.setdefault(module.path, vars(sys.modules[module.name]))
    return found


def _all(workflows: Iterable[Workflow]) -> Iterator[EventType[Any]]:
    """Every type that workflows know; some more than once."""
    workflows = list(workflows)
    spaces = list(spaces_of(workflows).values())
    for workflow in workflows:
        # A workflow within a function sees what stands there.
        cells = getattr(workflow.original, "__closure__", None) or ()
        spaces.append({str(n): cell.cell_contents for n, cell in enumerate(cells) if _full(cell)})
    for space in spaces:
        # A copy: another thread may import into it meanwhile.
        for value in list(space.values()):
            if issubclass(type(value), type) and (own := event_type(value)) is not None:
                yield own


def _full(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        # Not set yet.
        return False
    return True
