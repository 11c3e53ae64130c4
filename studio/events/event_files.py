"""Event files: one JSON object a line, the same format for every way in.

    {"at": "2s", "event": "app/login", "user": "user1", "data": {"plan": "pro"}}

`at` is an offset from the file's start ("2s", or a number of seconds), an ISO time or
milliseconds since 1970 (a whole number from 10^11 on, which is 1973); seconds since 1970 are
refused. Without it the event comes at the moment of the line above. `user` is an id or {"id": …, …profile}.
`id` may be left out; fields that are not known here are kept. Empty lines and lines
that begin with # are passed over.

The first line may carry a `seed` (a text): what `random` and `uuid` are drawn from where the file is played.
Or it is no event and says when the file begins: {"start": "2026-03-02T09:00", "timezone": "Europe/Berlin"}.

A line with `expect` is no event: it says what is to have happened (`expectations.py`).
`play --check` and tests look at it, everything else passes it over.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from studio.clocks import durations
from studio.clocks.clock import LAST_MOMENT, iso, to_ms
from studio.errors import DurationError, EventError
from studio.events.expectations import EXPECT, Expectation, expectation
from studio.events.named_start import SEED, is_start_line, read_start_line
from studio.language.incoming import Incoming, incoming
from studio.text import json_text as jsontext

FIRST_EPOCH_MS = 10**11
"""From here on a whole number is milliseconds since 1970, below it seconds from the start."""

FIRST_UNIX_SECONDS = 5 * 10**8
"""From here on (1985) up to `FIRST_EPOCH_MS` a number is taken for seconds since 1970, which are refused:
as an offset it would be more than 15 years."""

_EXAMPLE = 'Write a line such as {"at": "2s", "event": "app/login", "user": "user1", "data": {}}.'
_AT_FIX = 'Write an offset such as "2s", an ISO time, or milliseconds since 1970.'
_KNOWN = ("at", "event", "user", "data", "id")
_DATE = re.compile(r"\s*\d{4}-\d\d")

Line = str | bytes


class _UnixSeconds(Exception):
    """A number that is hardly meant as an offset; `ms` are the milliseconds that it stands for."""

    def __init__(self, ms: int) -> None:
        self.ms = ms


def read(lines: Iterable[Line], start: int, name: str = "events") -> Iterator[Incoming]:
    """Events with their moments, for `play` and imports. Arguments and errors are those of `read_all`."""
    for line in read_all(lines, start, name):
        if isinstance(line, Incoming):
            yield line


def read_all(lines: Iterable[Line], start: int, name: str = "events") -> Iterator[Incoming | Expectation]:
    """Events and expectations with their moments, in the order of time.

    Args:
        lines: of the file, as text or as UTF-8.
        start: the moment that offsets count from, milliseconds since 1970, UTC.
        name: of the file, for errors.

    Raises:
        EventError: names file, line and field, and says what to write; also when a line
            lies before the one above it.
    """
    now = start
    for number, (where, fields) in enumerate(_objects(lines, name)):
        if number == 0 and isinstance(fields.get(SEED), str):
            del fields[SEED]
        if is_start_line(fields):
            read_start_line(fields, where)
            if number:
                raise EventError(
                    "it says when the file begins and is not its first line",
                    where=where,
                    fix="Put it into the first line.",
                )
            continue
        at, sent = now, fields.get("at")
        if sent is not None:
            at = _moment(sent, start, where)
        if at < now:
            raise EventError(
                f"the field at ({sent!r:.60}) lies before the start or the line above it ({iso(now)})",
                where=where,
                fix="Put the lines in the order of time.",
            )
        now = at
        if EXPECT in fields:
            yield expectation(fields, at, where)
            continue
        event = _incoming(fields, where)
        event.at = at
        yield event


def parse_line(text: Line, where: str, start: int) -> Incoming | None:
    """One line of a stream that comes now: `at` is kept as the sender's own time stamp.

    Args:
        where: file and line, for errors.
        start: the moment that offsets count from, milliseconds since 1970, UTC.

    Returns:
        None for an empty line, a comment, an expectation, and the line that says when a file begins.

    Raises:
        EventError: as `read`.
    """
    fields = line_fields(text, where)
    return None if fields is None or says_start(fields, where) else own_event(fields, where, start)


def says_start(fields: Mapping[str, Any], where: str) -> bool:
    """Whether a line says when a file begins, which does not count for a stream that comes now.

    Raises:
        EventError: it does, and names no moment.
    """
    if not is_start_line(fields):
        return False
    read_start_line(fields, where)
    return True


def own_event(fields: dict[str, Any], where: str, start: int) -> Incoming | None:
    """The event that comes now of an object in this format; None for an expectation. As `parse_line`."""
    sent = fields.get("at")
    if EXPECT in fields:
        expectation(fields, start, where)
        return None
    event = _incoming(fields, where)
    if sent is not None:
        event.sent_at = _moment(sent, start, where)
    return event


def whole_event(fields: Mapping[str, Any], beside: Iterable[object], now: int) -> Incoming:
    """An event that is given as one object in this format, and comes now.

    Args:
        beside: what was given beside it; all must be None.
        now: the moment that an offset in its `at` counts from, milliseconds since 1970, UTC.

    Raises:
        EventError: as `read`; or it expects something, or is given twice.
    """
    if any(given is not None for given in beside):
        raise EventError(
            "an event as one object was given, and more beside it",
            fix='Put it into the object: {"user": "user1"}.',
        )
    found = own_event(dict(fields), "ingest", now)
    if found is None:
        raise EventError("it expects something and is no event", where="ingest", fix=_EXAMPLE)
    return found


def first_moment(lines: Iterable[Line], name: str = "events") -> int | None:
    """The moment that the first line names, or its own when that is no offset."""
    for where, fields in _objects(lines, name):
        if is_start_line(fields):
            return read_start_line(fields, where)
        at = fields.get("at")
        return _moment(at, 0, where) if _is_absolute(at) else None
    return None


def named_start(lines: Iterable[Line], name: str = "events") -> int | None:
    """The moment at which the first line says that the file begins."""
    for where, fields in _objects(lines, name):
        return read_start_line(fields, where) if is_start_line(fields) else None
    return None


def first_seed(lines: Iterable[Line], name: str = "events") -> str | None:
    """The seed that the first line carries."""
    for _, fields in _objects(lines, name):
        seed = fields.get(SEED)
        return seed if isinstance(seed, str) else None
    return None


def _objects(lines: Iterable[Line], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        fields = line_fields(line, where)
        if fields is not None:
            yield where, fields


def line_fields(line: Line, where: str) -> dict[str, Any] | None:
    """The object that a line holds; None for an empty line and a comment. Errors are those of `read`."""
    if isinstance(line, bytes):
        try:
            # Far cheaper than "utf-8-sig", which only a first line needs.
            line = line.decode("utf-8-sig" if line.startswith(BOM_UTF8) else "utf-8")
        except UnicodeDecodeError as error:
            raise EventError(
                f"byte {error.start + 1} of the line is not UTF-8", where=where, fix="Save the file as UTF-8."
            ) from None
    line = line.strip().removeprefix("\ufeff")
    if not line or line.startswith("#"):
        return None
    try:
        fields = jsontext.loads_event(line)
    except jsontext.KeyTwice as error:
        raise EventError(str(error), where=where, fix="Leave out one of the two.") from None
    except jsontext.NotJson as error:
        what = str(error).replace("at line 1, column", "at column")
        raise EventError(f"it is not valid JSON: {what}", where=where, fix=_EXAMPLE) from None
    if not isinstance(fields, dict):
        raise EventError(f"it is {type_name(fields)}, not an object", where=where, fix=_EXAMPLE)
    return fields


def _incoming(fields: dict[str, Any], where: str) -> Incoming:
    for field in ("event", "user"):
        if field not in fields:
            raise EventError(f"the field {field} is missing", where=where, fix=_EXAMPLE)
    extra = {name: value for name, value in fields.items() if name not in _KNOWN}
    try:
        return incoming(
            fields["event"], fields["user"], fields.get("data"), fields.get("id"), extra=extra or None
        )
    except EventError as error:
        fix = error.fix or "Make it smaller, or leave it out."
        raise type(error)(error.what, where=where, fix=fix) from None


def _is_absolute(at: object) -> bool:
    if isinstance(at, str):
        return _DATE.match(at) is not None
    return type(at) is int and at >= FIRST_EPOCH_MS


def _moment(at: object, start: int, where: str) -> int:
    """What an `at` says, milliseconds since 1970, UTC."""
    try:
        moment = _read_moment(at, start)
    except _UnixSeconds as error:
        raise EventError(
            f"the field at is {at!r}, which looks like Unix seconds and is more than 15 years from the start",
            where=where,
            fix=f"Write milliseconds: {error.ms}, which is {iso(error.ms)}.",
        ) from None
    except (ValueError, DurationError, OverflowError) as error:
        why = f" ({error.what})" if isinstance(error, DurationError) else ""
        raise EventError(
            f"the field at is {at!r:.60}, which is not a time{why}", where=where, fix=_AT_FIX
        ) from None
    if not 0 <= moment <= LAST_MOMENT:
        raise EventError(
            f"the field at is {at!r:.60}, which lies outside the years 1970 to 9999", where=where, fix=_AT_FIX
        )
    return moment


def _read_moment(at: object, start: int) -> int:
    if isinstance(at, str):
        if _is_absolute(at):
            return to_ms(datetime.fromisoformat(at.strip()))
        return start + durations.parse(at)
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise ValueError
    if FIRST_UNIX_SECONDS <= at < FIRST_EPOCH_MS:
        raise _UnixSeconds(round(at * 1000))
    return at if _is_absolute(at) and isinstance(at, int) else start + durations.parse(at)


def type_name(value: object) -> str:
    """What a value of JSON is, in a sentence."""
    if value is None:
        return "null"
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)
