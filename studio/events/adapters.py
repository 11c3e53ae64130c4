"""Events as other systems write them, read as ours: Inngest, Segment and CloudEvents 1.0.

    {"name": "app/login", "data": {}, "user": {"external_id": "u1"}, "ts": 1750000000000, "id": "…"}
    {"type": "track", "event": "Login", "userId": "u1", "properties": {}, "messageId": "…", "timestamp": "…"}
    {"specversion": "1.0", "type": "app/login", "source": "/shop", "id": "1", "subject": "u1", "data": {}}

Which of them an object is, its own fields say; whatever has `event` and `user` is ours (`eventfiles.py`).
A sender's time stamp is kept beside the event and decides nothing. Fields that have no place here are
kept, too. Whatever cannot be read is told by the name that its sender gives the field.

Sources: inngest.com/docs/events, segment.com/docs/connections/spec, github.com/cloudevents/spec (1.0.2).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from studio.clocks.clock import LAST_MOMENT, to_ms
from studio.errors import EventError
from studio.events import event_files as eventfiles
from studio.events.event_files import Line, line_fields, type_name
from studio.events.expectations import EXPECT
from studio.language.incoming import Incoming, incoming
from studio.language.names import IDENTIFY, fault
from studio.text import json_text as jsontext

Shape = Literal["own", "inngest", "segment", "cloudevents"]

SEGMENT: dict[str, tuple[str, tuple[str, ...]]] = {
    "track": ("properties", ()),
    "identify": ("traits", ()),
    "page": ("properties", ("name", "category")),
    "screen": ("properties", ("name", "category")),
    "group": ("traits", ("groupId",)),
    "alias": ("traits", ("previousId",)),
}
"""Segment's calls: the field that holds the data, and the fields that are put beside it."""

# Its SDK drops user.external_id: what is written into data arrives.
_INNGEST = (
    'Give data.user_id: {"name": "app/login", "data": {"user_id": "user1"}}. user.external_id is read, too,'
    " but the SDK of Inngest does not send it."
)
_SEGMENT = 'Write {"type": "track", "event": "Login", "userId": "user1", "properties": {}}.'
_CLOUD = (
    'Write {"specversion": "1.0", "type": "app/login", "source": "/shop", "id": "1", "subject": "user1",'
    ' "data": {}}.'
)

EXAMPLES: dict[Shape, str] = {"inngest": _INNGEST, "segment": _SEGMENT, "cloudevents": _CLOUD}
"""How an event of each of the others' shapes is written."""


def parse_line(text: Line, where: str, start: int) -> list[Incoming]:
    """The events of one line of a stream that comes now, in any of the shapes.

    Args:
        where: file and line, for errors.
        start: what an offset in our own `at` counts from, milliseconds since 1970, UTC.

    Returns:
        None of them for an empty line, a comment, an expectation and a start; several for a batch.

    Raises:
        EventError: names line and field, and says what to write.
    """
    fields = line_fields(text, where)
    return [] if fields is None or eventfiles.says_start(fields, where) else events(fields, where, start)


def shape_of(fields: Mapping[str, Any]) -> Shape:
    """In which shape an object is written; ours, when nothing says otherwise."""
    if "specversion" in fields:
        return "cloudevents"
    if EXPECT in fields or ("event" in fields and "user" in fields):
        return "own"
    if "batch" in fields or "userId" in fields or "anonymousId" in fields:
        return "segment"
    if says_call(fields):
        return "segment"
    if "event" in fields:
        return "own"
    return "inngest" if "name" in fields else "own"


def events(value: Any, where: str, start: int, shape: Shape | None = None) -> list[Incoming]:
    """The events of an object, or of a list of them.

    Args:
        where: what it is or where it stands, for errors.
        start: what an offset in our own `at` counts from, milliseconds since 1970, UTC.
        shape: the only one that is read; when not given, each object says its own.

    Raises:
        EventError: names the field, and says what to write.
        EventTooLarge: one of them holds more than is kept.
    """
    if not isinstance(value, list):
        return _one(value, where, start, shape)
    found: list[Incoming] = []
    for index, each in enumerate(value):
        found += _one(each, f"{where}[{index}]", start, shape)
    return found


def is_event(value: Any) -> bool:
    """Whether a value is meant as an event of one of the shapes, right or wrong, and not as its data."""
    if not isinstance(value, dict):
        return False
    if "event" in value or "specversion" in value:
        return True
    if "name" in value and isinstance(value.get("data"), dict):
        return True
    return (says_call(value) and ("userId" in value or "anonymousId" in value)) or _is_list_of_calls(value)


def _is_none(value: Any) -> bool:
    """Whether an id stands for none: clients send "" for a user who has not logged in, as others null."""
    return value is None or (isinstance(value, str) and not value.strip())


def says_call(fields: Mapping[str, Any]) -> bool:
    """Whether an object says that it is one of Segment's calls."""
    kind = fields.get("type")
    return isinstance(kind, str) and kind in SEGMENT


def _is_list_of_calls(fields: Mapping[str, Any]) -> bool:
    batch = fields.get("batch")
    return isinstance(batch, list) and all(isinstance(each, dict) and says_call(each) for each in batch)


def _one(fields: Any, where: str, start: int, shape: Shape | None) -> list[Incoming]:
    if not isinstance(fields, dict):
        raise EventError(f"it is {type_name(fields)}, not an object", where=where, fix=_INNGEST)
    try:
        return _read(fields, where, start, shape or shape_of(fields))
    except RecursionError:
        # A reader's limit is some 1,000 levels: what it let through may be too deep to be shown in an error.
        raise EventError("it is nested too deep (at most 100 levels)", where=where, fix=_INNGEST) from None


def _read(fields: dict[str, Any], where: str, start: int, shape: Shape) -> list[Incoming]:
    match shape:
        case "own":
            event = eventfiles.own_event(fields, where, start)
            return [] if event is None else [event]
        case "inngest":
            return [_inngest(fields, where)]
        case "segment":
            return _segment(fields, where)
        case "cloudevents":
            return [_cloud_event(fields, where)]


# -- Inngest -------------------------------------------------------------------------------


def _inngest(fields: dict[str, Any], where: str) -> Incoming:
    read = _Reader(fields, where, _INNGEST)
    name = read.text("name")
    data = read.object("data")
    user, profile = _inngest_user(read, data)
    # An empty id is what its SDK sends when none is given.
    id = None if _is_none(fields.get("id")) else read.text("id")
    # 0 stands for "now" (its Go SDK leaves the field so).
    sent_at = read.milliseconds("ts") if fields.get("ts") else None
    extra = read.rest("name", "data", "user", "id", "ts")
    return read.checked(
        lambda: incoming(name, {**profile, "id": user}, data, id, sent_at=sent_at, extra=extra)
    )


def _inngest_user(read: _Reader, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of the user, who is often told by the data alone, and what else is known."""
    user = read.fields.get("user")
    if isinstance(user, str) and not (_is_none(user) and ("user_id" in data or "userId" in data)):
        return read.text("user"), {}
    known = {} if isinstance(user, str) else read.object("user")
    found: list[tuple[str, Mapping[str, Any], str]]
    found = [("user", known, field) for field in ("id", "external_id") if field in known]
    found += [("data", data, field) for field in ("user_id", "userId") if field in data]
    if found:
        # The first that holds something; when none does, the first is refused by its name.
        place, holder, field = next((each for each in found if not _is_none(each[1].get(each[2]))), found[0])
        who = read.known(f"{place}.{field}", holder[field])
        taken = {name for name in ("id", "external_id") if _is_none(known.get(name))}
        taken |= {field} if place == "user" else set()
        return who, {name: value for name, value in known.items() if name not in taken}
    missing = "user" if user is None else "user.external_id"
    raise read.error(f"the field {missing} is missing, and neither data.user_id nor data.userId is there")


# -- Segment -------------------------------------------------------------------------------


def _segment(fields: dict[str, Any], where: str) -> list[Incoming]:
    if "batch" not in fields:
        return [_call(fields, where)]
    batch = fields["batch"]
    if not isinstance(batch, list):
        raise EventError(f"the field batch is {type_name(batch)}, not a list", where=where, fix=_SEGMENT)
    found = []
    for index, each in enumerate(batch):
        place = f"{where}: batch[{index}]"
        if not isinstance(each, dict):
            raise EventError(f"it is {type_name(each)}, not an object", where=place, fix=_SEGMENT)
        found.append(_call(each, place))
    return found


def _call(fields: dict[str, Any], where: str) -> Incoming:
    read = _Reader(fields, where, _SEGMENT)
    kind = read.text("type")
    if kind not in SEGMENT:
        raise read.error(f"the field type is {kind!r:.60} and none of {', '.join(SEGMENT)}")
    holder, beside = SEGMENT[kind]
    name = read.text("event") if kind == "track" else IDENTIFY if kind == "identify" else kind
    # Who is not known by name yet has an id all the same; null and "" stand for a field that is left out.
    who = "anonymousId" if _is_none(fields.get("userId")) and "anonymousId" in fields else "userId"
    user = read.text(who)
    data = {field: fields[field] for field in beside if fields.get(field) is not None} | read.object(holder)
    id = None if _is_none(fields.get("messageId")) else read.text("messageId")
    stamps = ("timestamp", "originalTimestamp")
    stamp = next((field for field in stamps if not _is_none(fields.get(field))), None)
    sent_at = read.moment(stamp) if stamp is not None else None
    extra = read.rest("type", "event", who, holder, "messageId", "timestamp", *beside)
    return read.checked(lambda: incoming(name, user, data, id, sent_at=sent_at, extra=extra))


# -- CloudEvents ---------------------------------------------------------------------------


def _cloud_event(fields: dict[str, Any], where: str) -> Incoming:
    read = _Reader(fields, where, _CLOUD)
    version = read.text("specversion")
    if not version.startswith("1."):
        raise read.error(f"the field specversion is {version!r:.20}, and 1.0 is read")
    name, user = read.text("type"), read.text("subject")
    data = _cloud_data(read)
    # An id is unique within its source only (spec, 3.1.1).
    id = read.text("id")
    if fields.get("source") is not None:
        id = read.known("source and id", _within(read.text("source"), id))
    sent_at = read.moment("time") if fields.get("time") is not None else None
    extra = read.rest("specversion", "type", "subject", "data", "data_base64", "id", "source", "time")
    return read.checked(lambda: incoming(name, user, data, id, sent_at=sent_at, extra=extra))


def _within(source: str, id: str) -> str:
    """An id that no other pair of source and id has, whatever marks are in them."""
    both = f"{source}#{id}"
    # Where one of them holds the mark, it says how long the source is. No pair without a mark has two.
    return both if both.count("#") == 1 else f"{both}#{len(source)}"


def _cloud_data(read: _Reader) -> dict[str, Any]:
    """What the event is about; it may have no data (spec, 3.3), and then it does not matter of what type."""
    packed = read.fields.get("data_base64")
    if packed is None and read.fields.get("data") is None:
        return {}
    kind = read.fields.get("datacontenttype")
    if kind is not None and not (isinstance(kind, str) and is_json(kind)):
        raise read.error(f"the field datacontenttype is {kind!r:.60}, and data is read that is JSON")
    if packed is None:
        return read.object("data")
    if read.fields.get("data") is not None:
        raise read.error("there are both the fields data and data_base64")
    if not isinstance(packed, str):
        raise read.error(f"the field data_base64 is {type_name(packed)} and must be text")
    try:
        # Clients write bytes so, also when these are JSON (json-format.md, 3.1.1).
        data = jsontext.loads_event(base64.b64decode(packed, validate=True))
    except ValueError as error:
        raise read.error(f"the field data_base64 is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise read.error(f"the field data_base64 is {type_name(data)}, not an object")
    return data


def is_json(kind: str) -> bool:
    """Whether a media type is JSON: application/json, text/json, application/vnd.shop+json."""
    family, _, name = kind.partition(";")[0].strip().lower().partition("/")
    return bool(family) and (name == "json" or name.endswith("+json"))


class _Reader:
    """Reads the fields of one object, and tells what is wrong by their names."""

    def __init__(self, fields: dict[str, Any], where: str, example: str) -> None:
        self.fields = fields
        self._where = where
        self._example = example

    def error(self, what: str) -> EventError:
        """What is wrong, with the place and an example of how it is written."""
        return EventError(what, where=self._where, fix=self._example)

    def text(self, field: str) -> str:
        """A name or an id, which must be there."""
        if field not in self.fields:
            raise self.error(f"the field {field} is missing")
        return self.known(field, self.fields[field])

    def known(self, field: str, value: Any) -> str:
        """A name or an id that was found in a field."""
        if not isinstance(value, str):
            raise self.error(f"the field {field} is {type_name(value)} and must be text")
        if why := fault(value):
            raise self.error(f"the field {field} {why}")
        return value

    def object(self, field: str) -> dict[str, Any]:
        """A copy of an object; empty when it is null or left out."""
        value = self.fields.get(field)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"the field {field} is {type_name(value)}, not an object")
        return dict(value)

    def milliseconds(self, field: str) -> int:
        """Milliseconds since 1970."""
        value = self.fields[field]
        if type(value) is not int or not 0 <= value <= LAST_MOMENT:
            raise self.error(f"the field {field} is {value!r:.60}, and milliseconds since 1970 are read")
        return value

    def moment(self, field: str) -> int:
        """A moment as RFC 3339 writes it, as milliseconds since 1970."""
        value = self.fields[field]
        try:
            at = to_ms(datetime.fromisoformat(value.strip()))
        except (AttributeError, ValueError, OverflowError):
            at = -1
        if not 0 <= at <= LAST_MOMENT:
            raise self.error(f"the field {field} is {value!r:.60}, and an ISO time from 1970 on is read")
        return at

    def rest(self, *known: str) -> dict[str, Any] | None:
        """The fields that have no place of their own here."""
        return {name: value for name, value in self.fields.items() if name not in known} or None

    def checked(self, make: Callable[[], Incoming]) -> Incoming:
        """The event, or its error with the place."""
        try:
            return make()
        except EventError as error:
            raise type(error)(error.what, where=self._where, fix=error.fix or "Make it smaller.") from None
