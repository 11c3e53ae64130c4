"""A user's older events, packed in blocks that never change: a turn loads those that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from studio.kernel.packed import pack, unpack
from studio.language.event import Event
from studio.language.names import Names

BLOCK_EVENTS = 1_000
"""Events of a block."""
BLOCK_TEXT = 500_000
"""Characters of the data of a block's events, more or less: of large ones there are fewer."""
DIGEST_BYTES = 8
"""Of a sender's id: enough to leave a block closed, and what it finds is looked at as it is."""


@dataclass(slots=True)
class EventBlock:
    """Events that follow one another in one user's history, packed."""

    first: int
    """Number of its first entry."""
    last: int
    names: frozenset[str]
    """Names of the events in it."""
    ids: frozenset[bytes]
    """Digests of the senders' ids in it."""
    packed: bytes
    _events: list[Event] | None = field(default=None, repr=False)

    def events(self, user: str) -> list[Event]:
        """Its events, oldest first."""
        if self._events is None:
            self._events = [event_of(row, user) for row in unpack(self.packed)]
        return self._events

    def may_have(self, wanted: Names) -> bool:
        """Whether an event of these names is in it."""
        return any(map(wanted.meets, self.names))

    def record(self) -> dict[str, Any]:
        """What stands of it in a partition's dump, beside its packed events."""
        return {
            "first": self.first,
            "last": self.last,
            "names": sorted(self.names),
            "ids": b"".join(sorted(self.ids)).hex(),
        }


def block_of(events: list[Event]) -> EventBlock:
    """Pack events, oldest first; at least one."""
    return EventBlock(
        events[0].seq,
        events[-1].seq,
        frozenset(event.name for event in events),
        frozenset(digest(event.id) for event in events if event.id is not None),
        pack([row_of(event) for event in events]),
    )


def block_from(record: dict[str, Any], packed: bytes) -> EventBlock:
    """A block as it stands in a dump."""
    ids = bytes.fromhex(record["ids"])
    digests = frozenset(ids[at : at + DIGEST_BYTES] for at in range(0, len(ids), DIGEST_BYTES))
    return EventBlock(record["first"], record["last"], frozenset(record["names"]), digests, packed)


def digest(id: str) -> bytes:
    """A short digest of a sender's id."""
    return blake2b(id.encode(), digest_size=DIGEST_BYTES).digest()


def row_of(event: Event) -> list[Any]:
    """An event as a list; its user is known from where it stands."""
    return [event.seq, event.at_ms, event.name, event._text, event.id, event.sent_at]


def event_of(row: list[Any], user: str) -> Event:
    """The event of such a list."""
    seq, at, name, text, id, sent_at = row
    return Event(name, user, at, text, id, seq, sent_at)


def newest_first(blocks: list[EventBlock], after: int, bound: int) -> Iterator[EventBlock]:
    """The blocks that may have events behind an entry, up to a bound."""
    for block in reversed(blocks):
        if block.last <= after:
            return
        if block.first <= bound:
            yield block
