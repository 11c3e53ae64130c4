"""What a run of a user's workflow hands to the next: everything, packed.

As plain JSON a busy user's would pass the 2 MB that Temporal takes in one payload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from studio.kernel.packed import pack, unpack
from studio.temporal.wire import Item, framed, unframed

VERSION = 1
LONG = 2_000
"""Events of Temporal's history after which a run is continued as a new one. It warns at 10,240."""


@dataclass(slots=True)
class Carried:
    """A user's workflow between two runs."""

    user: str
    base: bytes = b""
    """The user's partition; b"": nothing has come yet."""
    begins: int = 1
    """Of a user who is new, the number of the first entry: one who was erased goes on counting."""
    due: int | None = None
    """The next deadline, milliseconds since 1970, UTC."""
    inbox: list[Item] = field(default_factory=list)
    launches: list[dict[str, Any]] = field(default_factory=list)
    """Steps that had not ended."""
    unsent: list[bytes] = field(default_factory=list)
    """Turns that nobody was told of."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    """What `check_event` was asked, and has not answered."""
    left_out: list[dict[str, Any]] = field(default_factory=list)
    deployed: int = 0
    """The deploy by whose code the user's journeys wait."""
    hashes: dict[str, str] = field(default_factory=dict)
    """The version of each workflow then."""
    long: int = LONG
    """Events of Temporal's history after which a run is continued as a new one."""

    def packed(self) -> bytes:
        """It as bytes."""
        head = {"version": VERSION, "user": self.user, "due": self.due, "inbox": self.inbox}
        head |= {"launches": self.launches, "messages": self.messages}
        head |= {"left_out": self.left_out, "long": self.long}
        head |= {"begins": self.begins, "questions": self.questions}
        head |= {"deployed": self.deployed, "hashes": self.hashes}
        return framed([pack(head), self.base, *self.unsent])


def carried_from(data: bytes) -> Carried:
    """What a run begins with.

    Raises:
        ValueError: it was written by a newer version.
    """
    packed, base, *unsent = unframed(data)
    head = unpack(packed)
    if head["version"] > VERSION:
        raise ValueError(f"it has form {head['version']}, and this version reads up to {VERSION}")
    del head["version"]
    return Carried(base=base, unsent=unsent, **head)
