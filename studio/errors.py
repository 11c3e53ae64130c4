"""What can go wrong, as people read it: what happened, where, what to do.

    StudioError
    ├── DurationError        a text that is not a duration
    ├── WorkflowError        a workflow file, or what a workflow asks for, is wrong
    │   ├── NoWorkflows      Python files, and no workflow in them
    │   └── EditError        a change of its source that is refused: nothing was written
    │       └── EditConflict the file has changed on disk in between
    ├── EventError           an event that is refused before it is stored
    │   └── EventTooLarge    its data, or what came with it, is more than is kept
    ├── JourneyError         an act on a journey that is not there, or not in that state
    ├── ClockError           time that cannot be moved, or not to there
    ├── NotOffered           what the driver of the journeys cannot do
    └── StoreError           the database
        ├── StoreLocked      another engine runs on it
        ├── StoreFull        no room: nothing of the batch was written
        ├── StoreReadOnly    it cannot be written
        ├── StoreUnsure      what was read is not sound, which may be a fault of this one read
        ├── StoreDamaged     an examination has found it damaged
        ├── StoreGone        its file was removed or replaced
        └── StoreRefusal     it takes no such row or statement, however often it is tried

Every message is one sentence or two that a face can show as it is.
"""

from __future__ import annotations

from typing import Literal

Advice = Literal[
    "make a store",
    "fill a store",
    "name a file",
    "name a store",
    "start an engine",
    "send to the engine",
    "erase again",
    "list refused",
    "list journeys",
    "list users",
    "list entries",
    "show entries",
    "move the clock",
    "export",
    "examine",
    "verify",
    "let the clock go on",
    "rewind",
    "undo",
    "release steps",
]
"""What helps, where a face knows better how it is called than who raises the error."""


class StudioError(Exception):
    """Base of all errors that are meant for people.

    Args:
        what: what happened, a sentence without its full stop.
        where: the place, `file:line`, a path or a field; put in front.
        fix: what to do, a sentence; put behind.
        advice: what to do, by a name for which a face has words of its own: a command, a key.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "", advice: Advice | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        self.advice = advice
        super().__init__(self.advised(fix))

    def advised(self, fix: str) -> str:
        """The whole message, with other words for what to do."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text.rstrip('.')}. {fix}" if fix else text


class DurationError(StudioError):
    """A text or number that is no duration.

    Args:
        value: what was given, as it is shown.
        reason: goes on with "which" or with the value: "has no unit".
    """

    def __init__(self, value: str, reason: str = "is not a duration", *, fix: str = "") -> None:
        self.reason = reason
        super().__init__(f"{value} {reason}", fix=fix)


class WorkflowError(StudioError):
    """A workflow file that does not load, or a workflow that asks for what cannot be.

    `path` and `line` make the place, so that a screen can go there.
    """

    def __init__(self, what: str, *, path: str = "", line: int | None = None, fix: str = "") -> None:
        self.path = path
        self.line = line
        super().__init__(what, where=f"{path}:{line}" if line else path, fix=fix)


class NoWorkflows(WorkflowError):
    """A folder, or a file that was named, has Python in it and no workflow."""


class EditError(WorkflowError):
    """A change of a workflow's source that is refused; path and line say where to edit by hand."""


class EditConflict(EditError):
    """The file on disk is not the one that the change was made for; nothing was written."""


class EventError(StudioError):
    """An event that is refused; nothing of it was stored."""


class EventTooLarge(EventError):
    """An event that holds more than is kept."""


class JourneyError(StudioError):
    """An act on a journey that is not there, or not in a state for it."""


class ClockError(StudioError):
    """Time that cannot be moved, or not to there."""


class NotOffered(StudioError):
    """What the driver that carries the journeys on cannot do, or not from here."""


class StoreError(StudioError):
    """The database cannot be used as asked."""


class StoreLocked(StoreError):
    """Another engine runs on this store."""


class StoreFull(StoreError):
    """There is no room for it. The batch was rolled back as a whole; the engine tries again by itself."""


class StoreReadOnly(StoreError):
    """The store, or the folder it lies in, cannot be written."""


class StoreUnsure(StoreError):
    """What was read is not what a store holds; an examination says whether it is damaged."""


class StoreDamaged(StoreError):
    """What the store holds cannot be read, or an examination has found it damaged."""


class StoreGone(StoreError):
    """The store's file was removed, or another stands in its place."""


class StoreRefusal(StoreError):
    """What was to be written or asked can never be: waiting does not help."""
