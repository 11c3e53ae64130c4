"""What a sink gives back for each turn that it is told, and turns as they come over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from studio.kernel.turn import Turn, TurnError, turn_from

ERASED = "its user was erased"

Came = Literal["taken", "known", "early", "refused"]


@dataclass(slots=True)
class TurnReceipt:
    """What came of a turn."""

    user: str
    first: int
    came: Came
    """taken; known: it was taken before; early: others come first; refused: it is kept aside."""
    wanted: str = ""
    """Of an early turn: whose turn is missing."""
    wanted_from: int = 0
    """And the number at which that begins."""
    reason: str = ""
    """Why it was refused."""


def unpacked(packed: Sequence[bytes]) -> tuple[list[Turn], list[TurnReceipt]]:
    """Turns of their bytes, and a refusal for each that is none."""
    turns: list[Turn] = []
    unreadable: list[TurnReceipt] = []
    for each in packed:
        try:
            turns.append(turn_from(each))
        except TurnError as error:
            unreadable.append(TurnReceipt("", 0, "refused", reason=str(error)))
    return turns, unreadable
