"""An event of the user's history, as a workflow sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from studio.clocks.clock import to_datetime
from studio.text import json_text as jsontext


class Event(Mapping[str, Any]):
    """Something that happened to a user. Reads as a mapping over its data."""

    __slots__ = ("_data", "_text", "at_ms", "duplicate", "id", "name", "sent_at", "seq", "user")

    def __init__(
        self,
        name: str,
        user: str,
        at_ms: int,
        text: str | None = None,
        id: str | None = None,
        seq: int = 0,
        sent_at: int | None = None,
        duplicate: bool = False,
    ) -> None:
        self.name = name
        self.user = user
        """The user's id."""
        self.at_ms = at_ms
        """When the store accepted it, milliseconds since 1970, UTC."""
        self.id = id
        """The sender's id; events with the same id count once."""
        self.seq = seq
        """Place in the store's history; comparable within one user only."""
        self.sent_at = sent_at
        """The sender's own time stamp, milliseconds since 1970; it decides nothing."""
        self.duplicate = duplicate
        """True for what `ingest` gives back when this id had been taken before."""
        self._text = text
        self._data: dict[str, Any] | None = None

    def copy(self) -> Event:
        """The same event for another reader, who may change its data."""
        return Event(
            self.name, self.user, self.at_ms, self._text, self.id, self.seq, self.sent_at, self.duplicate
        )

    @property
    def at(self) -> datetime:
        """When the store accepted it, in UTC."""
        return to_datetime(self.at_ms)

    @property
    def data(self) -> dict[str, Any]:
        """What came with it."""
        if self._data is None:
            self._data = jsontext.loads(self._text) if self._text else {}
        return self._data

    @property
    def text(self) -> str:
        """The data as JSON text."""
        return self._text or "{}"

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.name, self.user, self.at_ms, self.id, self.data) == (
            other.name,
            other.user,
            other.at_ms,
            other.id,
            other.data,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.user, self.at_ms, self.id))

    def __repr__(self) -> str:
        return f"Event({self.name!r}, user={self.user!r}, data={self.data!r})"
