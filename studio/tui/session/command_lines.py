"""What a key does, as the `journey-studio` command that does the same: for a shell, for a script. Pure.

Where a command cannot do the same there is none: a line that does nearly the same would be believed.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.clocks.adjustable_clock import next_speed
from studio.clocks.clock import iso
from studio.errors import StudioError
from studio.source.project import STORE, WORKFLOWS, project
from studio.tui.session.send_command import send_command

PROGRAM = "journey-studio"
READS_STORE = frozenset(
    {"send", "users", "journeys", "waits", "timeline", "logs", "refused", "record", "rewind", "fork"}
)
"""These know a store and no workflow files."""
ACTS = frozenset({"send", "cancel", "resume", "restart"})
"""These do something where journeys are carried on; all others look at the store."""


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """What commands are about, and what they would be about by themselves. All paths are absolute."""

    store: Path
    workflows: Path
    usual_store: Path | None
    """None: nobody can tell, and so it is always named."""
    usual_workflows: Path | None
    acting: tuple[str, ...] = ()
    """Options of what acts, where journeys are carried on elsewhere: "--temporal=HOST:PORT"."""

    @classmethod
    def of(cls, store: Path, workflows: str, folder: Path, acting: tuple[str, ...] = ()) -> CommandPlace:
        """The place of a studio that was started in a folder."""
        try:
            found = project(folder)
        except StudioError:
            # Its table makes no sense by now: a command would say so, and what it would take is not known.
            return cls(folder / store, folder / workflows, None, None, acting)
        usual_store = folder / found.get("store", STORE)
        usual_workflows = folder / found.get("workflows", WORKFLOWS)
        return cls(folder / store, folder / workflows, usual_store, usual_workflows, acting)

    def unnamed(self) -> CommandPlace:
        """The same, as if commands took all of it by themselves: for lists, where each would say it again."""
        return replace(self, usual_store=self.store, usual_workflows=self.workflows, acting=())

    def options(self, command: str) -> list[str]:
        """What a command has to be told, and would not take by itself."""
        told = []
        if command not in READS_STORE and self.workflows != self.usual_workflows:
            told.append(f"--workflows={self.workflows}")
        if self.store != self.usual_store:
            told.append(f"--store={self.store}")
        return [*told, *self.acting] if command in ACTS else told


@dataclass(frozen=True, slots=True)
class EventToSend:
    """An event that a command is to send."""

    name: str
    user: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at, as far as commands can name it."""

    place: CommandPlace
    own: str = ""
    """The id of the binding that stands for what is under the cursor: its command is the one to copy."""
    user: str | None = None
    journey: str | None = None
    seq: int | None = None
    """Of the entry of the journey that is meant; None for how it stands now."""
    event: EventToSend | None = None
    """Under the cursor, or what answers the wait there."""
    again: EventToSend | None = None
    """Sent last from here."""
    why: str | None = None
    """The name of the event that is explained; None for the waits of the user."""
    cut: int | None = None
    """Of the entry at the timeline's cursor, up to which the store is cut or copied."""
    fork: str = ""
    """A name that is free, for a copy."""
    workflow: str | None = None
    file: str | None = None
    """Of its source."""
    due_at: int | None = None
    """Of the nearest deadline of all, ms since 1970."""
    wait_due_at: int | None = None
    """Of the wait under the cursor."""
    paused: bool = False
    speed: int = 1


_Words = Callable[[Looked], "tuple[list[str], list[str]] | None"]
"""The command with its flags, and the values it is given."""


def _about(*words: str, of: str) -> _Words:
    """A command about one of the texts that are looked at; none where there is none."""

    def found(looked: Looked) -> tuple[list[str], list[str]] | None:
        value = getattr(looked, of)
        return None if value is None else ([*words], [str(value)])

    return found


def _plain(*words: str) -> _Words:
    return lambda looked: ([*words], [])


def _why(looked: Looked) -> tuple[list[str], list[str]] | None:
    named = [] if looked.why is None else [looked.why]
    return None if looked.user is None else (["why"], [looked.user, *named])


def _inspect(looked: Looked) -> tuple[list[str], list[str]] | None:
    at = [] if looked.seq is None else [f"--at={looked.seq}"]
    return None if looked.journey is None else (["inspect", *at], [looked.journey])


def _speed(by: int) -> _Words:
    def found(looked: Looked) -> tuple[list[str], list[str]]:
        return ["clock"], ["speed", str(next_speed(looked.speed, by))]

    return found


def _clock_to(of: str) -> _Words:
    def found(looked: Looked) -> tuple[list[str], list[str]] | None:
        due_at: int | None = getattr(looked, of)
        return None if due_at is None else (["clock"], ["to", iso(due_at)])

    return found


def _pause(looked: Looked) -> tuple[list[str], list[str]]:
    return ["clock"], ["resume" if looked.paused else "pause"]


def _fork(looked: Looked) -> tuple[list[str], list[str]] | None:
    return None if looked.cut is None else (["fork"], [str(looked.cut), looked.fork])


def _here(looked: Looked) -> tuple[list[str], list[str]] | None:
    return None if looked.workflow is None else (["waits", f"--workflow={looked.workflow}"], [])


_FUNNEL, _MAP = _about("funnel", of="workflow"), _about("map", "--counts", of="workflow")
_WORDS: Mapping[str, _Words] = {
    "pane.users": _plain("users"),
    "pane.timeline": _about("timeline", of="user"),
    "pane.waiting": _plain("waits"),
    "pane.log": _plain("logs"),
    "pane.why": _why,
    "why": _why,
    "inspect": _inspect,
    "designer.inspect": _inspect,
    "save_test": _about("record", "--expect", of="user"),
    "refused": _plain("refused"),
    "rewind": _about("rewind", of="cut"),
    "fork": _fork,
    "clock.pause": _pause,
    "clock.faster": _speed(1),
    "clock.slower": _speed(-1),
    "clock.next": _clock_to("due_at"),
    "wait.time_out": _clock_to("wait_due_at"),
    "act.cancel": _about("cancel", of="journey"),
    "act.resume": _about("resume", of="journey"),
    "act.restart": _about("restart", of="journey"),
    "charts": _FUNNEL,
    "charts.funnel": _FUNNEL,
    "charts.time": _FUNNEL,
    "charts.ahead": _here,
    "designer": _MAP,
    "designer.map": _MAP,
    "designer.source": _about("check", of="file"),
    "designer.explorer": _about("explore", of="workflow"),
    "designer.here": _here,
}
_SENDS = {"inject.send": "event", "wait.answer": "event", "edit_again": "event", "send_again": "again"}


def command_words(name: str, looked: Looked) -> str | None:
    """The command without what stands in each of them: its program, and the place."""
    short = replace(looked, place=looked.place.unnamed(), fork=Path(looked.fork).name)
    line = command_line(name, short)
    return None if line is None else line.removeprefix(f"{PROGRAM} ")


def command_line(name: str, looked: Looked) -> str | None:
    """The command that does what a key does, quoted for a POSIX shell; None where none does the same.

    Args:
        name: the id of the key's binding.
    """
    place = looked.place
    if name in _SENDS:
        sent: EventToSend | None = getattr(looked, _SENDS[name])
        if sent is None:
            return None
        return send_command(sent.name, sent.user, sent.data, place.store, place.usual_store, place.acting)
    found = _WORDS[name](looked) if name in _WORDS else None
    if found is None:
        return None
    flags, values = found
    options = place.options(flags[0])
    # Behind "--" what begins with a dash is a name, as ids may.
    dashed = any(each.startswith("-") for each in values)
    words = [*flags, *options, "--", *values] if dashed else [*flags, *values, *options]
    return shlex.join([PROGRAM, *words])
