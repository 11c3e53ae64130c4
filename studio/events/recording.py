"""A user's history as an event file that plays to the same history.

The file has what came from outside: events with what came with them. What the user's own
journeys did follows from it again; with expectations, the file says what that is to be.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.clocks import durations
from studio.clocks.clock import iso
from studio.errors import StudioError
from studio.events.named_start import SEED
from studio.source.project import short
from studio.store.records import Entry
from studio.store.views import Views
from studio.text.printable import json_line

Line = dict[str, Any]

PAGE_ROWS = 1_000
_ACTS = ("journey.cancelled", "journey.resumed", "journey.restarted", "journey.moved", "journey.reopened")
_STEP_ENDS = ("step.retry", "step.done", "step.failed")
_OWN = ("at", "event", "user", "data", "id", "expect")


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded of a user."""

    lines: list[Line]
    """Of the event file, as JSON objects."""
    events: int
    """How many of them are events."""
    lasted_ms: int
    """From the first event to the newest entry."""
    acts: int
    """Acts of the operator, which an event file cannot have."""


def record(views: Views, user: str, *, expect: bool = False) -> Recording:
    """Make an event file of what came to a user from outside.

    Args:
        expect: say also what the user's journeys logged, sent, waited for and came to.
    """
    entries = _history(views, user)
    seqs = {e.seq for e in entries if e.kind == "event" and _from_outside(views, e, user)}
    start = next((e.at for e in entries if e.seq in seqs), 0)
    # What came before the first event can only have been of the machine.
    entries = [e for e in entries if e.at >= start and seqs]
    acts = sum(_is_act(e) for e in entries)
    if not entries:
        return Recording([], 0, 0, acts)
    lines = _lines(entries, seqs, views.given_with(seqs), user, expect)
    # The first says when it was and what chances are drawn from: what a journey makes of them is the same.
    first, *rest = lines
    moments = [{**line, "at": durations.show(line["at"] - start)} for line in rest]
    first |= {"at": iso(start), SEED: views.seed()}
    return Recording([first, *moments], len(seqs), entries[-1].at - start, acts)


def save(file: Path, lines: Sequence[Line], make_folder: bool = False) -> None:
    """Write an event file; a file that exists is not written over.

    Raises:
        StudioError: it already exists, or cannot be written.
    """
    try:
        if make_folder:
            file.parent.mkdir(parents=True, exist_ok=True)
        # "x": what was recorded before, and mended by hand since, stays.
        with file.open("x", encoding="utf-8") as opened:
            opened.writelines(f"{json_line(line)}\n" for line in lines)
    except FileExistsError:
        raise StudioError("the file already exists", where=short(file), fix="Name another.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StudioError(f"the file cannot be written: {why}", where=short(file)) from None


def _history(views: Views, user: str) -> list[Entry]:
    found: list[Entry] = []
    while page := views.timeline(user, limit=PAGE_ROWS, before=found[0].seq if found else None):
        found = page + found
    return sorted(found, key=lambda e: (e.at, e.seq))


def _from_outside(views: Views, e: Entry, user: str) -> bool:
    """Whether the user's own journeys did not send an event."""
    if e.journey is None:
        return True
    return all(journey.user != user for journey in views.journeys_called(e.journey))


def _is_act(e: Entry) -> bool:
    by_hand = e.kind.startswith(("wait.", "sleep.")) and isinstance(e.data, dict) and e.data.get("by_hand")
    return e.kind in _ACTS or by_hand is True


def _lines(
    entries: Sequence[Entry], outside: Collection[int], given: dict[int, Line], user: str, expect: bool
) -> list[Line]:
    lines: list[Line] = []
    open_waits = {e.seq for e in _lasting(entries)}
    within_ms = _spent_in_steps(entries)
    within = {"within": durations.show(within_ms)} if within_ms else {}
    for e in entries:
        if e.seq in outside:
            lines.append(_event(e, given.get(e.seq, {}), user))
        elif expect and (said := _expected(e, user, open_waits)) is not None:
            lines.append({"at": e.at, "expect": said.pop("expect"), "user": user, **said, **within})
    if expect:
        end = {"at": entries[-1].at, "expect": "not sent", "user": user, "event": "*"}
        lines.append(end)
    return lines


def _event(e: Entry, given: Line, user: str) -> Line:
    profile = given.get("profile")
    line: Line = {"at": e.at, "event": e.name, "user": {"id": user, **profile} if profile else user}
    if e.data:
        line["data"] = e.data
    if e.id is not None:
        line["id"] = e.id
    return line | {name: value for name, value in (given.get("extra") or {}).items() if name not in _OWN}


def _expected(e: Entry, user: str, open_waits: Collection[int]) -> Line | None:
    said: Line | None = None
    if e.kind == "log":
        said = {"expect": "log", "message": e.message}
        if not e.message:
            return None
        if e.level not in (None, "info"):
            said["level"] = e.level
    elif e.kind == "event" and e.user == user:
        said = {"expect": "sent", "event": e.name}
        if e.data:
            said["data"] = e.data
    elif e.seq in open_waits:
        said = {"expect": "waiting", "event": e.name}
    elif e.kind == "journey.completed":
        said = {"expect": "completed"}
        if isinstance(e.data, dict) and "result" in e.data:
            said["result"] = e.data["result"]
    elif e.kind in ("journey.failed", "journey.exited"):
        said = {"expect": e.kind.removeprefix("journey.")}
    if said is not None and e.workflow:
        said["workflow"] = e.workflow
    return said


def _lasting(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Waits that were open for longer than the moment in which they were opened."""
    closed: dict[tuple[str | None, int | None, str | None], int] = {}
    for e in reversed(entries):
        key = (e.journey, e.pass_number, e.key)
        if e.kind in ("wait.matched", "wait.timeout", "wait.closed"):
            closed[key] = e.at
        elif e.kind == "wait.opened" and e.name not in ("wait_any", "wait_all") and closed.get(key) != e.at:
            yield e


def _spent_in_steps(entries: Sequence[Entry]) -> int:
    """How long steps took, in whole seconds, rounded up: in virtual time they take none."""
    began: dict[tuple[str | None, int | None, str | None], int] = {}
    spent = 0
    for e in entries:
        key = (e.journey, e.pass_number, e.key)
        if e.kind == "step.started":
            began[key] = e.at
        elif e.kind in _STEP_ENDS and key in began:
            spent += e.at - began.pop(key)
    return math.ceil(spent / 1000) * 1000
