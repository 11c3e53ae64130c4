"""What can go wrong, as people read it: what happened, where, what to do.

    StudioError
    ├── DurationError        a text that is no duration
    ├── WorkflowError        a workflow file, or what a workflow asks for, is wrong
    │   └── EditError        a change of its source that is refused: nothing was written
    │       └── EditConflict the file has changed on disk in between
    ├── EventError           an event that is refused before it is stored
    │   └── EventTooLarge    its data, or what came with it, is more than is kept
    ├── JourneyError         an act on a journey that is not there, or not in that state
    ├── ClockError           time that cannot be moved, or not to there
    └── StoreError           the database
        ├── StoreLocked      another engine runs on it
        ├── StoreFull        the disk is full: nothing of the batch was written
        └── StoreReadOnly    it cannot be written

Every message is one sentence or two that a face can show as it is.
"""

from __future__ import annotations


class StudioError(Exception):
    """Base of all errors that are meant for people.

    Args:
        what: what happened, a sentence without its full stop.
        where: the place, `file:line`, a path or a field; put in front.
        fix: what to do, a sentence; put behind.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        text = f"{where}: {what}" if where else what
        if fix:
            text = f"{text.rstrip('.')}. {fix}"
        super().__init__(text)


class DurationError(StudioError):
    """A text or number that is no duration."""


class WorkflowError(StudioError):
    """A workflow file that does not load, or a workflow that asks for what cannot be.

    `path` and `line` make the place, so that a screen can go there.
    """

    def __init__(self, what: str, *, path: str = "", line: int | None = None, fix: str = "") -> None:
        self.path = path
        self.line = line
        super().__init__(what, where=f"{path}:{line}" if line else path, fix=fix)


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


class StoreError(StudioError):
    """The database cannot be used as asked."""


class StoreLocked(StoreError):
    """Another engine runs on this store."""


class StoreFull(StoreError):
    """The disk is full. The batch was rolled back as a whole; the engine tries again by itself."""


class StoreReadOnly(StoreError):
    """The store, or the folder it lies in, cannot be written."""
