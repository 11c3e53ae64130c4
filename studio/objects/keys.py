"""Where things stand in an object store: PREFIX/users/<user>/events/<event>/<id>.json.

Names are percent-coded, so that each is one part of a key; one that is long is cut, with a digest behind it,
as a key of S3 has 1,024 bytes and a file's name 255.
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote, unquote

PART_BYTES = 200
"""Of a part of a key, at the most."""
KEPT_BYTES = 130
"""Of a part that is cut, in front of its digest."""
CUT = "~"
"""Stands in front of a digest, and nowhere else."""


def part(name: str) -> str:
    """A name as a part of a key."""
    text = quote(name, safe="").replace(CUT, "%7E")
    if not text.strip("."):
        # "." and ".." mean folders.
        text = text.replace(".", "%2E")
    if len(text) <= PART_BYTES:
        return text
    kept = re.sub("%.?$", "", text[:KEPT_BYTES])
    return f"{kept}{CUT}{sha256(name.encode()).hexdigest()}"


def name_of(part: str) -> str | None:
    """The name of a part of a key; None when it is cut."""
    return None if CUT in part else unquote(part)


class Keys:
    """The keys below a prefix."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix.strip("/")

    def at(self, *parts: str) -> str:
        """A key, of parts that are coded."""
        return "/".join([self.prefix, *parts] if self.prefix else parts)

    def event(self, user: str, event: str, id: str) -> str:
        """Of an event."""
        return self.at("users", part(user), "events", part(event), part(id) + ".json")

    def user(self, user: str) -> str:
        """What all keys of a user begin with: events, hand-overs."""
        return self.at("users", part(user)) + "/"

    def events(self, user: str, event: str | None = None) -> str:
        """What the keys of a user's events begin with, of one name or of all."""
        found = self.at("users", part(user), "events")
        return found + "/" if event is None else f"{found}/{part(event)}/"


def event_of(key: str) -> tuple[str | None, str | None]:
    """The name and the id in an event's key; None for what is cut."""
    name, _, id = key.rpartition("/")
    return name_of(name.rpartition("/")[2]), name_of(id.removesuffix(".json"))
