"""What an event file expects to have happened, held against a history.

    {"at": "3d", "expect": "log", "user": "ada", "message": "no answer yet"}

An expectation is met at its moment (`within` allows more), each by an entry of its own.
`not sent` holds up to its moment, and speaks of all events that no `sent` line expects.
What is not mentioned may happen.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.clocks import durations
from studio.errors import DurationError, EventError
from studio.events.trace import Trace
from studio.language.journey_ids import journey_id
from studio.language.names import names
from studio.store.records import Entry

EXPECT = "expect"
"""The field that makes a line of an event file an expectation."""

_EXAMPLE = 'Write a line such as {"at": "3d", "expect": "log", "user": "user1", "message": "…"}.'
_ALWAYS = (EXPECT, "at", "user", "within")
FIELDS: dict[str, tuple[str, ...]] = {
    "log": ("message", "level", "workflow"),
    "sent": ("event", "data", "workflow"),
    "not sent": ("event",),
    "waiting": ("event", "workflow"),
    "completed": ("result", "workflow"),
    "failed": ("message", "workflow"),
    "exited": ("workflow",),
}
"""What each may say beside `_ALWAYS`."""
_NEEDED = {"log": "message", "sent": "event", "not sent": "event", "waiting": "event"}
_KINDS = {
    "log": "log",
    "sent": "event",
    "waiting": "wait.opened",
    "completed": "journey.completed",
    "failed": "journey.failed",
    "exited": "journey.exited",
}
_WAIT_ENDS = ("wait.matched", "wait.timeout", "wait.closed")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of an event file that says what is to have happened."""

    what: str
    """log, sent, not sent, waiting, completed, failed or exited."""
    user: str
    at: int
    """Milliseconds since 1970, UTC."""
    within_ms: int
    fields: dict[str, Any]
    """What else the line says."""
    where: str
    """File and line."""

    def __str__(self) -> str:
        said = "".join(
            f" {json.dumps(self.fields[name], ensure_ascii=False)}"
            for name in ("event", "message", "data", "result")
            if name in self.fields
        )
        return f"{self.what}{said} of {self.user}"


def expectation(fields: dict[str, Any], at: int, where: str) -> Expectation:
    """Check a line that has `expect`.

    Args:
        at: the line's moment, milliseconds since 1970, UTC.
        where: file and line, for errors.

    Raises:
        EventError: names the field that is not known, missing or wrong.
    """

    def wrong(what: str, fix: str = _EXAMPLE) -> EventError:
        return EventError(what, where=where, fix=fix)

    what = fields[EXPECT]
    if not isinstance(what, str) or what not in FIELDS:
        raise wrong(f"the field expect is {what!r:.60}", f"Write one of: {', '.join(FIELDS)}.")
    known = FIELDS[what]
    for name in fields:
        if name not in known and name not in _ALWAYS:
            fix = f"It may have: {', '.join((*_ALWAYS[1:], *known))}."
            raise wrong(f'expect "{what}" has no field {name!r:.60}', fix)
    needed = _NEEDED.get(what)
    for each in ("user", needed):
        if each is not None and each not in fields:
            raise wrong(f'expect "{what}" lacks the field {each}')
    for name in ("user", "message", "event", "workflow", "level"):
        if name in fields and not (isinstance(fields[name], str) and fields[name]):
            raise wrong(f"the field {name} is {fields[name]!r:.60} and must be a text")
    if "data" in fields and not isinstance(fields["data"], dict):
        raise wrong("the field data is not an object")
    try:
        within_ms = durations.parse(fields.get("within", 0))
    except DurationError as error:
        raise wrong(f"the field within: {error.what}", error.fix) from None
    said = {name: value for name, value in fields.items() if name not in _ALWAYS}
    return Expectation(what, fields["user"], at, within_ms, said, where)


# -- holding them against a history --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What did not come as it was expected."""

    problems: tuple[str, ...]
    """A sentence each, with file and line."""
    diff: str
    """The timeline that was expected against the one that came, as a unified diff."""

    def __str__(self) -> str:
        return "\n".join([*self.problems, "", self.diff])


def check(
    expected: Sequence[Expectation], entries: Sequence[Entry], start: int, name: str = "events"
) -> Mismatch | None:
    """Hold expectations against a history; None when all are met.

    Args:
        entries: of all users that are spoken of, in order.
        start: the moment that is shown as +0s, milliseconds since 1970, UTC.
        name: of the event file, for the head of the diff.
    """
    users = {each.user for each in expected}
    users |= {e.user for e in entries if e.kind == "journey.failed" and e.user is not None}
    entries = [e for e in entries if e.user in users]
    open_until = _open_until(entries)
    claimed: set[int] = set()
    unmet: list[Expectation] = []
    for each in expected:
        if each.what == "not sent":
            continue
        found = next((e for e in entries if _meets(each, e, open_until, claimed)), None)
        if found is None:
            unmet.append(each)
        else:
            claimed.add(found.seq)
    problems = [f"{each.where}: expected {each}, which did not come" for each in unmet]
    extra: set[int] = set()
    for each in expected:
        if each.what == "not sent":
            sent = [e for e in entries if _breaks(each, e, claimed)]
            extra.update(e.seq for e in sent)
            if sent:
                told = ", ".join(dict.fromkeys(e.name or "" for e in sent))
                problems.append(f"{each.where}: expected {each}, but {told} was sent")
    for e in entries:
        if e.kind == "journey.failed" and e.seq not in claimed:
            extra.add(e.seq)
            problems.append(f"{name}: {e.journey} failed, which no line expects")
    if not problems:
        return None
    instead: dict[int, Expectation] = {}
    for each in unmet:
        others = [e for e in entries if _is_of(each, e) and e.seq not in claimed | extra]
        if others:
            other = min(others, key=lambda e: abs(e.at - each.at))
            extra.add(other.seq)
            if other.at == each.at:
                instead[other.seq] = each
    wanted = [line for each in _wanted(entries, unmet, extra, instead) for line in _lines(each, start, users)]
    came = [line for e in entries for line in _lines(e, start, users)]
    lines = difflib.unified_diff(wanted, came, f"expected by {name}", "what came", lineterm="")
    return Mismatch(tuple(problems), "\n".join(lines))


def _wanted(
    entries: Sequence[Entry],
    unmet: Sequence[Expectation],
    extra: Collection[int],
    instead: Mapping[int, Expectation],
) -> list[Entry | Expectation]:
    """The history as it was expected: without what is extra, with what is missing.

    Args:
        instead: what was expected in the place of an entry, by its seq.
    """
    wanted = [instead.get(e.seq, e) for e in entries if e.seq not in extra or e.seq in instead]
    for each in unmet:
        if each not in instead.values():
            at = next((i for i, other in enumerate(wanted) if other.at > each.at), len(wanted))
            wanted.insert(at, each)
    return wanted


def _lines(each: Entry | Expectation, start: int, users: Iterable[str]) -> list[str]:
    """One part of a timeline; what was expected names its line, so that it differs from all that came."""
    if isinstance(each, Entry):
        return timeline([each], start, users)
    *lines, last = timeline([_as_entry(each)], start, users)
    return [*lines, f"{last}   (line {each.where.rpartition(':')[2]})"]


def _open_until(entries: Sequence[Entry]) -> dict[int, float]:
    """When each wait that was opened was over, by the seq of its entry."""
    found: dict[int, float] = {}
    waiting: dict[tuple[str | None, int | None, str | None], int] = {}
    for e in entries:
        key = (e.journey, e.pass_number, e.key)
        if e.kind == "wait.opened":
            waiting[key] = e.seq
            found[e.seq] = math.inf
        elif e.kind in _WAIT_ENDS and key in waiting:
            found[waiting.pop(key)] = e.at
    return found


def _is_of(each: Expectation, e: Entry) -> bool:
    """Whether an entry is of the kind and the user that are spoken of."""
    sent = each.what != "sent" or e.journey is not None
    return e.kind == _KINDS[each.what] and e.user == each.user and sent


def _meets(each: Expectation, e: Entry, open_until: dict[int, float], claimed: set[int]) -> bool:
    if not _is_of(each, e):
        return False
    if each.what == "waiting":
        # A wait that goes on may be spoken of more than once.
        if not e.at - each.within_ms <= each.at < open_until[e.seq] + each.within_ms:
            return False
    elif e.seq in claimed or abs(e.at - each.at) > each.within_ms:
        return False
    return all(_AGREES[name](value, e) for name, value in each.fields.items())


def _breaks(each: Expectation, e: Entry, claimed: set[int]) -> bool:
    sent = e.kind == "event" and e.journey is not None and e.user == each.user
    meant = names(each.fields["event"])
    return sent and e.at <= each.at and e.seq not in claimed and meant.meets(e.name or "")


def _agrees_event(value: str, e: Entry) -> bool:
    return e.name is not None and value in (e.name, *e.name.split(", "))


def _agrees_data(value: dict[str, Any], e: Entry) -> bool:
    return isinstance(e.data, dict) and all(name in e.data and e.data[name] == v for name, v in value.items())


_AGREES: dict[str, Callable[[Any, Entry], bool]] = {
    "message": lambda value, e: e.message == value,
    "level": lambda value, e: e.level == value,
    "workflow": lambda value, e: e.workflow == value,
    "event": _agrees_event,
    "data": _agrees_data,
    "result": lambda value, e: isinstance(e.data, dict) and e.data.get("result") == value,
}


# -- showing what differs ------------------------------------------------------------------


def timeline(entries: Iterable[Entry], start: int, users: Iterable[str] = ()) -> list[str]:
    """A history as lines that are the same in each run: offsets, no ids that change.

    Args:
        start: the moment that is shown as +0s, milliseconds since 1970, UTC.
        users: whose names are to stand beside the lines; none when there is one.
    """
    longest = [len(user) for user in users]
    trace = Trace(start=start, users=max(longest) if len(longest) > 1 else 0, whole=True)
    return [*trace.take(entries), *trace.flush()]


def _as_entry(each: Expectation) -> Entry:
    """The entry that was expected, as far as the line says what it has."""
    workflow = each.fields.get("workflow", "a journey")
    message = each.fields.get("message")
    if "result" in each.fields:
        message = json.dumps(each.fields["result"], ensure_ascii=False)
    return Entry(
        seq=0,
        at=each.at,
        kind=_KINDS[each.what],
        user=each.user,
        workflow=workflow,
        journey=journey_id(workflow, each.user, "", 1),
        pass_number=None,
        name=each.fields.get("event"),
        key=None,
        line=None,
        message=message,
        data=each.fields.get("data"),
        level=each.fields.get("level"),
    )
