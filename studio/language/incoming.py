"""An event on its way in: checked where it is said, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.clocks.clock import LAST_MOMENT
from studio.errors import EventError, EventTooLarge
from studio.language.names import IDENTIFY, fault
from studio.text import json_text as jsontext


@dataclass(slots=True)
class Incoming:
    """An event that was checked and may be stored."""

    name: str
    user: str
    text: str
    """The data as compact JSON text, an object."""
    id: str | None = None
    profile: str | None = None
    """What came with the user, as JSON text; merged into the profile."""
    sent_at: int | None = None
    """The sender's own time stamp, milliseconds since 1970, UTC. Kept, and decides nothing."""
    extra: str | None = None
    """Fields that this program does not know, as JSON text. Kept."""
    at: int | None = None
    """Only for `play` and imports: the moment to which the clock is moved first."""


def incoming(
    event: str,
    user: str | Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    id: str | None = None,
    *,
    sent_at: int | None = None,
    extra: Mapping[str, Any] | None = None,
    at: int | None = None,
) -> Incoming:
    """Check an event.

    Args:
        event: its name, up to 512 characters, none of them control characters.
        user: an id, or a mapping with "id" and what else is known of the user.
        data: a mapping that JSON can hold, up to 1 MiB and 100 levels.
        id: events with the same id count once.
        sent_at: the sender's own time stamp, milliseconds since 1970, UTC.
        extra: further fields, kept as they are.
        at: the moment to which the clock is moved first, milliseconds since 1970, UTC.

    Raises:
        EventError: says which field is wrong, why, and what to write instead.
        EventTooLarge: its data, its profile or its further fields are more than 1 MiB.
    """
    if why := fault(event):
        raise EventError(f"the event name {why}", fix='Give a name such as "app/login".')
    profile: str | None = None
    who: Any = user
    if isinstance(user, Mapping):
        known = dict(user)
        who = known.pop("id", "")
        if known:
            profile = _json(known, f'the profile of user {who!r:.80} in "{event}"')
    if why := fault(who):
        raise EventError(
            f'the user of "{event}" {why}', fix='Give an id such as "user1", or {"id": "user1", …}.'
        )
    if id is not None and (why := fault(id)):
        raise EventError(
            f'the id of "{event}" {why}', fix="Leave it out, or give a text that is unique to the event."
        )
    if data:
        if not isinstance(data, Mapping):
            raise EventError(
                f'the data of "{event}" is a {type(data).__name__}, not an object',
                fix='Give fields: {"plan": "pro"}.',
            )
        text = _json(data if type(data) is dict else dict(data), f'the data of "{event}"')
    elif data is None or isinstance(data, Mapping):
        text = "{}"
    else:
        raise EventError(
            f'the data of "{event}" is a {type(data).__name__}, not an object',
            fix='Give fields: {"plan": "pro"}.',
        )
    kept = _json(dict(extra), f'the further fields of "{event}"') if extra else None
    if sent_at is not None:
        _check_moment(sent_at, f'the sent_at of "{event}"')
    if at is not None:
        _check_moment(at, f'the at of "{event}"')
    return Incoming(event, who, text, id, profile, sent_at, kept, at)


def zone_fault(event: Incoming) -> str | None:
    """What to tell the sender of an event that names a time zone that there is not.

    The event counts all the same; until the user has a zone the workflow's is taken.
    """
    given = None
    if event.profile is not None and '"timezone":' in event.profile:
        given = jsontext.loads(event.profile).get("timezone")
    if event.name == IDENTIFY and '"timezone":' in event.text:
        given = jsontext.loads(event.text).get("timezone", given)
    if given is None:
        return None
    # Imported here: few events name a zone.
    from studio.language.local_time import ZoneError, zone

    try:
        zone(given)
    except ZoneError as error:
        return f"the timezone of {event.user}: {error}"
    return None


def _check_moment(at: object, what: str) -> None:
    # A bool is an int to Python, and no moment to anybody.
    if type(at) is not int or not 0 <= at <= LAST_MOMENT:
        raise EventError(
            f"{what} is {at!r:.40} and no moment",
            fix="Give whole milliseconds since 1970, up to the year 9999.",
        )


def _json(value: Any, what: str) -> str:
    try:
        return jsontext.dumps(value)
    except jsontext.TooLarge as error:
        raise EventTooLarge(f"{what} cannot be stored: {error}") from None
    except jsontext.NotJson as error:
        raise EventError(f"{what} cannot be stored: {error}") from None
