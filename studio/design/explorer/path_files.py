"""Explored paths as event files that expect what happens on them: each is a test.

A file says in its first line by which choices its path goes, and a hash of the rest: so a later run knows
what is new, what exists no longer, and what somebody has edited by hand, which is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.clocks.clock import VirtualClock
from studio.design.explorer.explored_path import ExploredPath
from studio.design.explorer.search import Exploration
from studio.engine.engine import Engine
from studio.events.recording import record
from studio.language.incoming import incoming
from studio.store.seed import FIXED
from studio.store.views import Views
from studio.text.printable import json_line

MOST_FILES = 50
_FIRST = re.compile(r"# path of (?P<workflow>.+), choices (?P<choices>[\d-]+), text (?P<digest>[0-9a-f]{16})")
_UNSAFE = re.compile(r"[^\w.-]+")

AFTER_TIMER_MS = 1_000
"""An event that comes after a time-out comes so much later."""

Line = dict[str, Any]
Told = tuple[str, Any]
""" "log" and its text, "sent" and the event, "completed" and the result, "failed", "exited"."""


@dataclass(frozen=True, slots=True)
class PathFile:
    """A path as a file."""

    name: str
    choices: str
    """ "0-1-0"; "-" of a path without decisions."""
    text: str


@dataclass(slots=True)
class Written:
    """What is to be done with a folder, and what was found in it."""

    new: list[PathFile] = field(default_factory=list)
    changed: list[PathFile] = field(default_factory=list)
    """Their paths go otherwise now, and nobody has edited them."""
    same: int = 0
    edited: list[str] = field(default_factory=list)
    """Files that were edited by hand, and are left alone."""
    gone: list[str] = field(default_factory=list)
    """Files whose paths no longer exist."""


def choices_of(path: ExploredPath) -> str:
    """A path's choices, as a file's name and first line have them."""
    return "-".join(map(str, path.choices)) or "-"


def file_name(workflow: str, path: ExploredPath) -> str:
    """What a path's file is called."""
    return f"{_UNSAFE.sub('_', workflow)}-{choices_of(path).strip('-') or 'only'}.jsonl"


def shortest_first(path: ExploredPath) -> tuple[int, int, tuple[int, ...]]:
    """In which order paths are written."""
    return len(path.events), path.time, path.choices


def is_playable(path: ExploredPath) -> bool:
    """Whether the path's events alone lead along it."""
    for step in path.steps:
        if step.kind == "split" or (step.kind == "step" and step.outcome == "failed"):
            return False
        if any(each.kind == "step" and each.outcome in ("failed", "open") for each in step.members):
            return False
    return True


async def path_file(found: Exploration, path: ExploredPath, start: int) -> PathFile | None:
    """A path as an event file: its events, and what an engine makes of them in virtual time.

    Steps are stood in for by the samples.

    Args:
        start: its moment, milliseconds since 1970, UTC.

    Returns:
        None when events alone do not lead along the path.
    """
    if not is_playable(path):
        return None
    user = found.samples.user
    lines = await _played(found, path, user, start)
    if _told(lines) != _wanted(path):
        return None
    name, choices = found.workflow.name, choices_of(path)
    body = "".join(f"{json_line(line)}\n" for line in lines)
    first = f"# path of {name}, choices {choices}, text {_digest(body)}\n"
    return PathFile(file_name(name, path), choices, first + body)


def compare(files: Mapping[str, str], workflow: str, paths: Sequence[PathFile]) -> Written:
    """What is to be done.

    Args:
        files: the event files of a folder, by name.
        paths: those that there are now, the shortest first.
    """
    written = Written()
    known: dict[str, tuple[str, str, bool]] = {}
    for file, text in files.items():
        first, _, body = text.partition("\n")
        found = _FIRST.fullmatch(first)
        if found is not None and found["workflow"] == workflow:
            known[found["choices"]] = (file, text, found["digest"] != _digest(body))
    for path in paths:
        file, text, is_edited = known.pop(path.choices, ("", "", False))
        if not file and path.name in files:
            # Somebody's own, of the same name.
            written.edited.append(path.name)
        elif not file:
            written.new.append(path)
        elif is_edited:
            written.edited.append(file)
        elif text == path.text:
            written.same += 1
        else:
            written.changed.append(PathFile(file, path.choices, path.text))
    written.gone = sorted(file for file, _, _ in known.values())
    return written


def read_folder(folder: Path) -> dict[str, str]:
    """The event files of a folder, by name."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.jsonl"))}


def _digest(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=8).hexdigest()


# -- what comes of a path ----------------------------------------------------------------------


async def _played(found: Exploration, path: ExploredPath, user: Mapping[str, Any], start: int) -> list[Line]:
    """What an engine records of the path's events, with expectations."""

    def stand_in(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        result = found.samples.step_result(step, function)
        return lambda *args, **kwargs: result

    spaced, later = _spaced(path)
    events = [
        incoming(name, user if number == 0 else user["id"], data, at=start + at)
        for number, (at, name, data) in enumerate(spaced)
    ]
    end = start + path.time + later
    engine = Engine(
        found.workflow, clock=VirtualClock(start), durability="normal", stand_in=stand_in, seed=FIXED
    )
    async with engine:
        await engine.play(events, end)
        with Views(engine.path) as views:
            return record(views, str(user["id"]), expect=True).lines


def _spaced(path: ExploredPath) -> tuple[list[tuple[int, str, dict[str, Any]]], int]:
    """The events that came, each behind the time-out that it came after; and by how much all is later.

    On a path no time passes between the two; played, an event goes before a deadline of its moment (rule 2).
    """
    timers = {step.at for step in path.steps if step.outcome == "timed out" or step.kind == "sleep"}
    later = 0
    found = []
    for at, name, data in path.events:
        if at in timers:
            later += AFTER_TIMER_MS
        found.append((at + later, name, data))
    return found, later


def _wanted(path: ExploredPath) -> list[Told]:
    """What a path says, sends and comes to."""
    found: list[Told] = []
    for step in path.steps:
        if step.kind == "log":
            found.append(("log", step.name))
        elif step.kind == "send" and step.outcome == "sent" and step.user is None:
            found.append(("sent", step.name))
        found += [
            ("sent", each.name) for each in step.members if each.kind == "send" and each.outcome == "sent"
        ]
    if path.end.kind in ("completed", "failed", "exited"):
        found.append((path.end.kind, path.end.result if path.end.kind == "completed" else None))
    return found


def _told(lines: Iterable[Line]) -> list[Told]:
    """The same of a recording."""
    fields = {"log": "message", "sent": "event", "completed": "result"}
    return [
        (line["expect"], line.get(fields.get(line["expect"], "")))
        for line in lines
        if line.get("expect") in ("log", "sent", "completed", "failed", "exited")
    ]
