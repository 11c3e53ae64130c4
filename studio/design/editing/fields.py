"""What of a node can be changed, and what the engine would say of a value.

A value is checked by the very functions that check it when the workflow runs.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Final

from studio.design.outline.model import Kind
from studio.errors import EditError, WorkflowError
from studio.language.arguments import read_duration, read_match
from studio.language.commands import Place
from studio.language.names import fault, names
from studio.text import json_text as jsontext


class _Removed(enum.Enum):
    REMOVED = "removed"


REMOVED: Final = _Removed.REMOVED
"""Given as a value: the argument, or the key of a match, goes."""

FIELDS: dict[Kind, tuple[str, ...]] = {
    "wait": ("timeout", "event", "match"),
    "events": ("event", "match"),
    "any": ("timeout",),
    "all": ("timeout",),
    "sleep": ("duration",),
    "step": ("retries", "timeout", "pause", "once", "name"),
    "ingest": ("event",),
    "log": ("text",),
    "note": ("text",),
}
"""What can be changed, by the kind of node, the most likely first."""

NEEDED = ("event", "duration", "name", "text")
"""What no call can be without."""


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
    try:
        return _checked(kind, what, value, place, key)
    except EditError:
        raise
    except WorkflowError as error:
        raise EditError(error.what, path=path, line=line, fix=error.fix) from None
    except ValueError as error:
        raise EditError(str(error), path=path, line=line) from None


def _checked(kind: str, what: str, value: Any, place: Place, key: str) -> Any:
    path, line = place
    if what in ("timeout", "duration", "pause"):
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
        several = isinstance(value, Sequence) and not isinstance(value, str)
        value = list(value) if several else value
        names(value)
        return value
    if what in ("event", "name"):
        if why := fault(value):
            raise EditError(f"the {what} {why}", path=path, line=line)
        return value
    if what == "retries":
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise EditError(
                f"a step cannot have retries={value!r:.40}",
                path=path,
                line=line,
                fix="Use a whole number, 0 or more.",
            )
        return value
    if what == "once":
        if not isinstance(value, bool):
            raise EditError(f"once is True or False, not {value!r:.40}", path=path, line=line)
        return value or REMOVED
    if not isinstance(value, str):
        raise EditError(f"a {type(value).__name__} is not text", path=path, line=line)
    # What cannot be stored cannot be logged either.
    jsontext.dumps(value)
    return value
