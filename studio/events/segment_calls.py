"""Segment's calls one by one, so that one that cannot be taken loses no other.

Its clients send up to some hundred calls in one body and do not send again what was refused. So each call
is read by itself, also where JSON as a whole is refused for what one of them holds: NaN, as Python writes it,
half of an emoji, as JavaScript does, a thousand levels. What is not valid JSON at all is refused as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from studio.errors import EventError, EventTooLarge
from studio.events import adapters
from studio.events.event_files import type_name
from studio.language.incoming import Incoming
from studio.store.refused import readable
from studio.text import json_text as jsontext

BATCH = "batch"
MOST_REFUSED = 1_000
"""In one body. More are none that somebody will mend one by one."""
MOST_CALLS = 50_000
"""In a body of which some are refused."""
MOST_REASON = 2_000
"""Characters."""

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]++|[\]}]++|,|"', re.DOTALL)
_LIST_BEGINS = re.compile(r"\s*:\s*\[")
_WHO = re.compile(r'"(userId|anonymousId)"\s*:\s*("(?:[^"\\]++|\\.)*+")', re.DOTALL)
_WHAT = re.compile(r'"event"\s*:\s*("(?:[^"\\]++|\\.)*+")', re.DOTALL)


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call that cannot be taken."""

    index: int
    """Its place in the batch."""
    body: str
    """As it was sent, with its type."""
    reason: str
    too_large: bool
    user: str | None
    """Whose it is, as far as it can be read."""
    event: str | None


@dataclass(slots=True)
class Calls:
    """What a body holds."""

    events: list[Incoming] = field(default_factory=list)
    refused: list[RefusedCall] = field(default_factory=list)


class NoCalls(Exception):
    """The body as a whole is nothing that could be taken or kept; the message says why."""


Check = Callable[[list[Incoming]], None]
"""Raises an EventError for events that may not be taken, though they can be read."""


def read_calls(text: str, call: str, where: str, check: Check | None = None) -> Calls:
    """Read a body of Segment's clients.

    Args:
        call: what the address says: "batch", or one of `adapters.SEGMENT`.
        where: what it is, for errors.
        check: what else is asked of events; nothing when not given.

    Raises:
        NoCalls: it is not valid JSON, no object or has no list of calls, or far too many of them are refused.
    """
    try:
        return _all_good(text, call, where, check)
    except _OneIsNot:
        return _one_by_one(text, call, where, check)


class _OneIsNot(Exception):
    """At least one call cannot be taken."""


def _all_good(text: str, call: str, where: str, check: Check | None) -> Calls:
    """The calls where nothing is wrong with any, which costs what reading JSON costs."""
    try:
        body = jsontext.loads_event(text)
    except jsontext.NotJson as error:
        if not _is_json(text):
            raise NoCalls(f"The body is not valid JSON: {error}") from None
        raise _OneIsNot from None
    if not isinstance(body, dict):
        raise NoCalls("The body is not an object.")
    if call != BATCH:
        body.pop(BATCH, None)
        body["type"] = call
    elif BATCH not in body:
        raise NoCalls(f"{where}: the field batch is missing.")
    elif not isinstance(body[BATCH], list):
        raise NoCalls(f"{where}: the field batch is {type_name(body[BATCH])}, not a list.")
    try:
        found = Calls(adapters.events(body, where, 0, "segment"))
        if check is not None:
            check(found.events)
    except EventError:
        raise _OneIsNot from None
    return found


def _one_by_one(text: str, call: str, where: str, check: Check | None) -> Calls:
    if call == BATCH:
        bodies = split(text)
        if bodies is None:
            raise NoCalls("The body is not valid JSON: no list of calls can be found in it.")
        place = f"{where}: batch[{{index}}]"
    else:
        bodies, place = [_typed(text, call)], where
    found = Calls()
    for index, body in enumerate(bodies):
        try:
            events = _read(body, place.format(index=index))
            if check is not None:
                check(events)
            found.events += events
        except EventError as error:
            found.refused.append(_refused(index, body, error))
        if len(found.refused) > MOST_REFUSED:
            raise NoCalls(
                f"More than {MOST_REFUSED:,} calls cannot be taken. The first: {found.refused[0].reason}"
            )
    return found


def _read(body: str, place: str) -> list[Incoming]:
    try:
        value = jsontext.loads_event(body)
    except jsontext.NotJson as error:
        if not _is_json(body):
            raise NoCalls(f"The body is not valid JSON: {place}: {error}") from None
        raise EventError(str(error), where=place, fix="Send it without.") from None
    if isinstance(value, dict):
        # A call holds no calls.
        value.pop(BATCH, None)
        return adapters.events(value, place, 0, "segment")
    raise EventError(
        f"it is {type_name(value)}, not an object", where=place, fix=adapters.EXAMPLES["segment"]
    )


def _is_json(text: str) -> bool:
    """Whether a text is JSON, though it may hold what is never stored; so is what is too deep to tell."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    except (RecursionError, ValueError):
        return text.lstrip()[:1] == "{"
    return True


def _typed(text: str, call: str) -> str:
    """A call whose address says of which type it is, as it would stand in a batch."""
    head, _, rest = text.partition("{")
    return f'{head}{{"type":{json.dumps(call)}{"" if rest.lstrip().startswith("}") else ","}{rest}'


def split(text: str) -> list[str] | None:
    """The calls of a batch, each as it stands in the text; None when no list of them can be found.

    Raises:
        NoCalls: there are far too many.
    """
    found: list[str] | None = None
    depth = start = 0
    inside = awaited = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark[0] == '"':
            if len(mark) == 1:
                # A text without an end.
                return None
            named = depth == 1 and _text(mark) == BATCH
            awaited = named and _LIST_BEGINS.match(text, token.end()) is not None
        elif mark[0] in "[{":
            if awaited:
                # The list's own bracket comes first, and what the first call begins with may follow at once.
                found, inside, awaited, start = [], True, False, token.start() + 1
            depth += len(mark)
        elif mark[0] == ",":
            if inside and depth == 2 and found is not None:
                found.append(text[start : token.start()])
                start = token.end()
                if len(found) > MOST_CALLS:
                    raise NoCalls(f"The batch has more than {MOST_CALLS:,} calls, and some cannot be taken.")
        else:
            if inside and depth - len(mark) < 2 and found is not None:
                last = text[start : token.start() + depth - 2]
                found += [last] if found or last.strip() else []
                inside = False
            depth -= len(mark)
    return None if inside or depth else found


def spread(body: str) -> str:
    """What was refused, over several lines where it can be read; NaN and its like stay in it."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
    # Half of a surrogate pair is written as it came.
    return text.encode("utf-8", "backslashreplace").decode()


def again(value: Any, where: str) -> list[Incoming]:
    """The events of what was refused once and is sent again: a call, or whatever it was made.

    Args:
        where: what it is, for errors.

    Raises:
        EventError: it cannot be taken, and why; or there is none in it.
    """
    call = isinstance(value, dict) and adapters.says_call(value)
    whose = call and ("userId" in value or "anonymousId" in value)
    found = adapters.events(value, where, 0, "segment" if whose else None)
    if not found:
        raise EventError("there is no event in it", where=where, fix=adapters.EXAMPLES["segment"])
    return found


def _refused(index: int, body: str, error: EventError) -> RefusedCall:
    user, event = _named(body)
    reason = str(error)[:MOST_REASON]
    return RefusedCall(index, body, reason, isinstance(error, EventTooLarge), user, event)


def _named(body: str) -> tuple[str | None, str | None]:
    """User and event of a call as far as they can be read."""
    try:
        call = json.loads(body)
    except (RecursionError, ValueError):
        who = {match[1]: _text(match[2]) for match in reversed(list(_WHO.finditer(body)))}
        what = _WHAT.search(body)
        return who.get("userId") or who.get("anonymousId"), _text(what[1]) if what else None
    if not isinstance(call, dict):
        return None, None
    event = readable(call.get("event")) or readable(call.get("type"))
    return readable(call.get("userId")) or readable(call.get("anonymousId")), event


def _text(literal: str) -> str | None:
    try:
        return readable(json.loads(literal))
    except ValueError:
        return None
