"""What of a node can be changed, and what the engine would say of a value.

A value is checked by the very functions that check it when the workflow runs.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from studio.design.outline.model import Kind, Node
from studio.errors import EditError, WorkflowError
from studio.language.arguments import (
    PRIORITY,
    read_collect,
    read_duration,
    read_match,
    read_message,
    wrong,
)
from studio.language.commands import Place
from studio.language.definition import share_fault
from studio.language.goals import goal
from studio.language.local_time import read_until, zone
from studio.language.names import fault, names
from studio.language.splits import read_arms
from studio.text import json_text as jsontext


class _Removed(enum.Enum):
    REMOVED = "removed"


REMOVED: Final = _Removed.REMOVED
"""Given as a value: the argument, or the key of a match, goes."""

ENDS = ("quiet", "at_most", "count")
"""What ends a collection: one of them at least."""

FIELDS: dict[Kind, tuple[str, ...]] = {
    "start": ("goal", "within", "holdout", "trigger", "exit_on", "again", "key", "timezone"),
    "wait": ("timeout", "event", "match", *ENDS),
    "events": ("event", "match"),
    "any": ("timeout",),
    "all": ("timeout",),
    "sleep": ("duration",),
    "until": ("time", "on", "days", "date", "if_past"),
    "step": ("retries", "timeout", "pause", "once", "name"),
    "message": ("priority", "valid_for", "transactional", "retries", "timeout", "pause", "name"),
    "split": ("arms", "gone", "name"),
    "ingest": ("event",),
    "log": ("text",),
    "note": ("text",),
}
"""What can be changed, by the kind of node, the most likely first."""

NEEDED = ("event", "duration", "name", "text", "time", "arms")
"""What no call can be without."""


def fields_of(node: Node) -> tuple[str, ...]:
    """What of a node can be changed, the most likely first."""
    found = FIELDS.get(node.kind, ())
    if node.kind != "wait":
        return found
    if any(node.detail(each) is not None for each in ENDS):
        return (*ENDS, "timeout", "event", "match")
    return tuple(each for each in found if each not in ENDS)


def check(kind: str, what: str, value: Any, place: Place, key: str = "") -> Any:
    """A value as it is to be written; `REMOVED` for what need not be written at all.

    Raises:
        EditError: the engine would refuse it, or it cannot be left out.
    """
    path, line = place
    if value is None and what != "match":
        value = REMOVED
    if value is REMOVED:
        if what in NEEDED:
            raise EditError(f"a {kind} cannot be without its {what}", path=path, line=line)
        return REMOVED
    with _refusing(place):
        return _checked(kind, what, value, place, key)


def check_together(node: Node, what: str, value: Any, place: Place) -> None:
    """Whether a value agrees with the other arguments of its call, as far as these are written out.

    Raises:
        EditError: the engine would refuse them together.
    """
    given: dict[str, Any] = {name: text for name, text in node.details if name != what}
    if value is not REMOVED:
        given[what] = value
    with _refusing(place):
        if node.kind == "wait" and what in ENDS and not any(name in given for name in ENDS):
            read_collect(node.text, None, None, None, place)
        elif node.kind == "until":
            _until_together(node, given, place)
        elif node.kind == "split" and what == "gone" and value is not REMOVED:
            arms = [side.text.rpartition(" ")[0] for side in node.sides]
            if arms and value not in arms:
                raise wrong(place, f"{value!r:.80} is none of its arms", f"There is {', '.join(arms)}.")


def _until_together(node: Node, given: Mapping[str, Any], place: Place) -> None:
    """Whether all that an `until` is given agrees; what is computed is taken for right."""
    days = given.get("days")
    if isinstance(days, str):
        days = int(days) if days.isdecimal() else None
    day, on, past = (given.get(name) for name in ("date", "on", "if_past"))
    if any(isinstance(each, str) and "(" in each for each in (day, on, past)):
        return
    read_until("09:00", on, days, day, "now" if past is None else past, place)


@contextmanager
def _refusing(place: Place) -> Iterator[None]:
    """What the engine says of a value, as a refusal of the edit."""
    path, line = place
    try:
        yield
    except EditError:
        raise
    except WorkflowError as error:
        raise EditError(error.what, path=path, line=line, fix=error.fix) from None
    except ValueError as error:
        raise EditError(str(error), path=path, line=line) from None


def _checked(kind: str, what: str, value: Any, place: Place, key: str) -> Any:
    path, line = place
    if kind == "start":
        return _started(what, value, place)
    if what in ("timeout", "duration", "pause", "valid_for", "quiet", "at_most"):
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise EditError(
                f"a {what} of type {type(value).__name__} cannot be written down",
                path=path,
                line=line,
                fix='Give a text such as "2h30m", or seconds.',
            )
        read_duration(value, f"{kind} has {what}", place)
        return value
    if what == "match":
        return read_match({key: value}, "the wait", place)[key]
    if what == "event" and kind in ("wait", "events"):
        return _names(value)
    if what in ("event", "name"):
        if why := fault(value):
            raise EditError(f"the {what} {why}", path=path, line=line)
        return value
    if what == "count":
        return read_collect("", None, None, value, place)[2]
    if what == "priority":
        read_message("message", value, None, 0, place)
        return value if value != PRIORITY else REMOVED
    if kind == "until":
        return _until(what, value, place)
    if what == "arms":
        return read_arms("split", value, None, place)
    if what == "gone":
        if why := fault(value):
            raise EditError(f"the arm {why}", path=path, line=line)
        return value
    if what == "retries":
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise EditError(
                f"a {kind} cannot have retries={value!r:.40}",
                path=path,
                line=line,
                fix="Use a whole number, 0 or more.",
            )
        return value
    if what in ("once", "transactional"):
        if not isinstance(value, bool):
            raise EditError(f"{what} is True or False, not {value!r:.40}", path=path, line=line)
        return value or REMOVED
    if not isinstance(value, str):
        raise EditError(f"a {type(value).__name__} is not text", path=path, line=line)
    # What cannot be stored cannot be logged either.
    jsontext.dumps(value)
    return value


def _until(what: str, value: Any, place: Place) -> Any:
    """A value of `journey.until`."""
    if what == "date":
        read_until("09:00", None, None, value, "now", place)
    elif what == "days":
        read_until("09:00", None, value, None, "now", place)
    elif what == "if_past":
        read_until("09:00", None, 0, None, value, place)
    else:
        at, on = (value, None) if what == "time" else ("09:00", value)
        read_until(at, on, None, None, "now", place)
    return value


def _started(what: str, value: Any, place: Place) -> Any:
    """A value of `@workflow`; of a goal its event."""
    path, line = place
    if what == "within":
        goal("goal", within=value)
        return value
    if what in ("goal", "trigger", "exit_on"):
        return _names(value)
    if what == "again":
        if not isinstance(value, bool):
            read_duration(value, "workflow has again", place)
        return value if value is not False else REMOVED
    if what == "holdout":
        if why := share_fault(value):
            raise EditError(f"holdout={value!r:.40} {why}", path=path, line=line)
        return value
    if what == "timezone":
        zone(value)
    elif (fails := fault(value)) is not None:
        raise EditError(f"the {what} {fails}", path=path, line=line)
    return value


def _names(value: Any) -> Any:
    several = isinstance(value, Sequence) and not isinstance(value, str)
    found = list(value) if several else value
    names(found)
    return found
