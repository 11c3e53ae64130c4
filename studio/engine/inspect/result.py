"""What is seen inside a journey: the records that `inspect` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from studio.clocks.clock import iso
from studio.engine.inspect.frames import Frame
from studio.store.records import Entry, Json

State = Literal["begins", "waits", "said", "returned", "raised", "hangs"]
STATE_WORDS: Mapping[State, str] = {
    "begins": "its pass begins",
    "waits": "waits",
    "said": "says this",
    "returned": "returned",
    "raised": "raised",
    "hangs": "does not come back",
}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A command at which a journey stands."""

    kind: str
    """wait, sleep, step, any, all, ingest, "new pass"."""
    key: str
    name: str | None
    """The event, "app/*, web/login" for several; the step's name."""
    match: Mapping[str, Any] | None
    opened_at: int | None
    """Milliseconds since 1970, UTC; None while it was not opened yet."""
    due_at: int | None
    """None: only an event, or a step's end, can end it."""
    over: bool
    """It had an outcome already: a member of a group that went on, or the entry itself."""
    members: tuple[Awaited, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """The inside of a journey at one of its entries."""

    journey: str
    entry: Entry
    """Where in its history it stands: as of this entry, and nothing after it."""
    now: bool
    """Whether this is how it stands now."""
    status: str
    """How the journey stands now: waiting, idle, completed, failed, exited, cancelled."""
    state: State
    """What the function does: begins its pass, waits at an await, says something, has returned, raised, or
    does not come back."""
    pass_number: int
    at: int
    """The moment of the position, milliseconds since 1970, UTC."""
    position: int
    """seq up to which the journey sees the history."""
    code: str
    """Hash of the source that was driven."""
    current: bool
    """Whether that is the version that is loaded."""
    frames: tuple[Frame, ...] = ()
    """The stack of awaits and calls, outermost first."""
    waits: Awaited | None = None
    """What it waits for."""
    result: str | None = None
    """What the await gives, or the function returned, when the entry says that it has ended."""
    error: str | None = None
    """What the await or the function raises."""
    note: str | None = None
    """Why this may not be what happened, when the function goes another way than it did."""

    @property
    def selected(self) -> int:
        """Which frame to look at first: the deepest that is the author's own; -1 without any."""
        own = [at for at, frame in enumerate(self.frames) if frame.own]
        return own[-1] if own else -1

    def as_json(self) -> Json:
        """As `--json` prints it."""
        return {
            "journey": self.journey,
            "entry": self.entry.as_json(),
            "now": self.now,
            "status": self.status,
            "state": self.state,
            "pass": self.pass_number,
            "time": iso(self.at),
            "position": self.position,
            "code": self.code,
            "current": self.current,
            "frames": [
                {
                    "file": frame.file,
                    "line": frame.line,
                    "function": frame.function,
                    "source": frame.source,
                    "own": frame.own,
                    "variables": [asdict(variable) for variable in frame.variables],
                }
                for frame in self.frames
            ],
            "selected": self.selected,
            "waits": None if self.waits is None else _awaited_json(self.waits),
            "result": self.result,
            "error": self.error,
            "note": self.note,
        }


def _awaited_json(awaited: Awaited) -> Json:
    return {
        "kind": awaited.kind,
        "key": awaited.key,
        "name": awaited.name,
        "match": awaited.match,
        "opened": None if awaited.opened_at is None else iso(awaited.opened_at),
        "due": None if awaited.due_at is None else iso(awaited.due_at),
        "over": awaited.over,
        "members": [_awaited_json(member) for member in awaited.members],
    }
