"""A user's packed state that is larger than a payload: cut into parts, most of which never change.

Of the state's bytes the blocks of old events come last and are only added to: they are cut at the same places
each time, so that a part that was put away once is that part for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from studio.kernel.packed import pack, unpack
from studio.kernel.partition_dump import head_bytes
from studio.temporal.wire import framed, unframed

MARK = b"journey-parts\x01"
MOST_WHOLE = 500_000
"""Bytes of a state that stays in one piece: others travel with it in a payload; Temporal takes 2 MB of it."""
PART_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class Divided:
    """A state as it is carried: what parts it has, and what is left between them."""

    pieces: list[str | None]
    """Names of parts, in order; None: the next of `left`."""
    left: list[bytes]
    unused: list[str] = field(default_factory=list)
    """Parts of the state before, which nobody needs once this one counts."""

    @property
    def parts(self) -> list[str]:
        """The names of its parts."""
        return [name for name in self.pieces if name is not None]

    def packed(self) -> bytes:
        """It as bytes."""
        return MARK + framed([pack([self.pieces, self.unused]), *self.left])

    def joined(self, parts: Mapping[str, bytes]) -> bytes:
        """The state's bytes, from its parts by their names."""
        left = iter(self.left)
        return b"".join(next(left) if name is None else parts[name] for name in self.pieces)


def divided_from(base: bytes) -> Divided | None:
    """What such bytes say; None of a state that is in one piece."""
    if not base.startswith(MARK):
        return None
    head, *left = unframed(base[len(MARK) :])
    pieces, unused = unpack(head)
    return Divided(pieces, left, unused)


def divide(state: bytes, former: bytes = b"") -> tuple[bytes, dict[str, bytes]]:
    """A state as it is carried on, and the parts that are to be put away before.

    Args:
        state: a partition's bytes.
        former: what the present run began with.
    """
    before = divided_from(former)
    unused = [] if before is None else before.parts
    if len(state) <= MOST_WHOLE and not unused:
        return state, {}
    parts: dict[str, bytes] = {}
    pieces: list[str | None] = []
    left: list[bytes] = []
    cut = head_bytes(state)
    for some in (state[:cut], state[cut:]):
        at = 0
        while len(state) > MOST_WHOLE and len(some) - at >= PART_BYTES:
            part = some[at : at + PART_BYTES]
            name = blake2b(part, digest_size=16).hexdigest()
            parts[name] = part
            pieces.append(name)
            at += PART_BYTES
        pieces.append(None)
        left.append(some[at:])
    return Divided(pieces, left, [name for name in unused if name not in parts]).packed(), parts
