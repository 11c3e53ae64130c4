"""A sink by what `--sink` says: a store of ours, or a database of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from studio.kernel.turn import Turn
from studio.sink.postgres_sink import PostgresSink, is_postgres
from studio.sink.sink import Sink, TurnReceipt
from studio.store.database import Durability


class TurnSink(Protocol):
    """What takes turns. Belongs to the thread that opened it."""

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        """Take turns; those of one user in their order. See `Sink.take`."""

    def take_packed(self, packed: Sequence[bytes], at: int) -> list[TurnReceipt]:
        """Take turns as they come over the wire."""

    def erase(self, user: str, begins: int | None = None) -> None:
        """Forget a user, and refuse turns of theirs that come late."""

    def add_code(self, workflow: str, hash: str, file: str, source: str, at: int) -> None:
        """Keep the source of a workflow's version."""

    def close(self) -> None:
        """Let it go."""


def open_sink(place: str | Path, durability: Durability = "full", driver: str = "another driver") -> TurnSink:
    """Open what takes turns.

    Args:
        place: a file, or postgresql://….
        durability: of a store of ours.
        driver: what carries the users on, as people call it.

    Raises:
        StudioError: it cannot be used; see `Sink` and `PostgresSink`.
    """
    if is_postgres(str(place)):
        return PostgresSink(str(place))
    return Sink(place, durability, driver)
