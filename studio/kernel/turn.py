"""What one turn of a user's partition changed, as it goes over to whoever keeps all users' histories.

A turn is plain JSON: entries with the numbers of the user's own history, and texts in place of numbers of
names. Turns of one user follow one another without a gap: each begins where the former ended.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any

from studio.kernel.packed import encode, pack, unpack
from studio.kernel.partition import Partition
from studio.kernel.text_numbers import TextNumbers, journey_fields, row_out
from studio.language.names import fault

VERSION = 1


class TurnError(ValueError):
    """A turn that is not what `turn_of` makes; the message says why."""


@dataclass(slots=True)
class Turn:
    """A turn of one user."""

    user: str
    first: int
    """Number of its first entry."""
    next: int
    """Number of the first entry of the turn that follows."""
    rows: list[list[Any]]
    """Entries as a store's rows: names, places and codes are indexes into `names`, users into `users`."""
    names: list[str]
    users: list[str]
    journeys: list[list[Any]]
    """Those that it touched, as `journey_fields` has them; the workflow is an index into `names`."""
    waits: list[list[Any]]
    """Those that it left open: entry, journey, kind, event's name, deadline.

    The name is an index; -1: a pattern, None: no event ends it.
    """
    ended: list[int]
    """Waits of earlier turns that it ended."""
    moved: list[list[Any]]
    """Waits of earlier turns with their new deadlines."""
    profiles: list[list[Any]]
    """What it learned: entry, profile."""
    origins: list[list[Any]]
    """Entries that another user's journey sent: entry, the user, the entry's number in the user's own."""

    def packed(self) -> bytes:
        """It as bytes."""
        return pack({"version": VERSION, **self._fields()})

    def digest(self) -> str:
        """The same for the same turn, told however often."""
        return blake2b(encode(self._fields()), digest_size=16).hexdigest()

    def _fields(self) -> dict[str, Any]:
        # Not `asdict`, which copies each row.
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(each.name for each in fields(Turn))


def turn_of(partition: Partition) -> Turn:
    """What a partition has changed since `begin_turn`."""
    names = TextNumbers(partition.name_text)
    by_id = {user.id: user.name for user in partition.users.values()}
    users = TextNumbers(by_id.__getitem__)
    rows = [row_out(row, names, users) for row in partition.rows_of_turn()]
    journeys = []
    for journey in partition.journeys:
        if journey.touched:
            fields = journey_fields(journey)
            fields[1] = names(fields[1])
            journeys.append(fields)
    waits = []
    for wait in partition.waits.values():
        if not wait.stored:
            name = -1 if wait.name == 0 else None if wait.name is None else names(wait.name)
            waits.append([wait.id, wait.journey.id, wait.kind, name, wait.due])
    return Turn(
        partition.name,
        partition.turn_from,
        partition.seq,
        rows,
        names.texts,
        users.texts,
        journeys,
        waits,
        list(partition.ended),
        [[id, due] for id, due in partition.moved.items() if id not in partition.ended],
        [[seq, profile] for _, seq, profile in partition.profiles],
        [list(origin) for origin in partition.origins],
    )


def turn_from(packed: bytes) -> Turn:
    """The turn of such bytes.

    Raises:
        TurnError: they are none, or of a newer form.
    """
    try:
        fields = unpack(packed)
        version = fields.pop("version")
        if version != VERSION:
            raise TurnError(f"it has form {version}, and this version reads form {VERSION}")
        turn = Turn(**fields)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise TurnError(f"it is no turn: {error}") from None
    if (why := fault(turn.user)) is not None:
        raise TurnError(f"its user {why}")
    return turn
