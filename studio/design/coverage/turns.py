"""What a journey came to, turn by turn, and whether it has gone a path of the explorer.

A turn is a command with its outcome, or the beginning of a pass. What carries a name that is computed is the
same turn for each user; what was said in the log decides nothing, and is left out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from studio.design.explorer.explored_path import ExploredPath, PathStep

STANDS = "stands"
"""The outcome of the command at which a journey stands."""
IDLE = "idle"
"""How a journey ends that is between two passes."""

SENT, UNSENT = "sent", "not sent"

_SAME = {"matched before": "matched", "done before": "done", "sent before": "sent", "held out": UNSENT}
"""Outcomes that lead the same way."""
Told = list[list[str]]
"""A `Went` as JSON holds it: first how it ended, then its turns."""


class JourneyTurn(NamedTuple):
    """One thing that a journey came to."""

    kind: str
    line: str
    """ "onboarding.py:26"."""
    outcome: str
    opened: bool = True
    """The journey stood there for a while."""

    def agrees(self, other: JourneyTurn) -> bool:
        """Whether it leads the same way."""
        return self[:3] == other[:3]


class Went(NamedTuple):
    """The way of one journey of a test."""

    end: str
    """ "completed", "failed", "exited", `IDLE`, or `STANDS`."""
    turns: tuple[JourneyTurn, ...]


def turn_of(step: PathStep, *, opened: bool = True) -> JourneyTurn | None:
    """The turn that a step is; None for a line of the log."""
    if step.kind == "log":
        return None
    outcome = _SAME.get(step.outcome, step.outcome)
    members = [_SAME.get(each.outcome, each.outcome) for each in step.members]
    return JourneyTurn(step.kind, step.line, " ".join([outcome, *members]), opened)


def turns_of(path: ExploredPath) -> tuple[JourneyTurn, ...]:
    """The turns of a path."""
    return tuple(turn for step in path.steps if (turn := turn_of(step)) is not None)


def asked_of(paths: Iterable[Sequence[JourneyTurn]]) -> frozenset[str]:
    """The lines of messages of which the code asks whether they were sent: both ways are there."""
    found = {
        turn.line for turns in paths for turn in turns if turn[0] == "message" and turn.outcome == UNSENT
    }
    return frozenset(found)


def without_asking(went: Went, asked: Container[str]) -> Went:
    """A way on which each message of which nobody asks was sent, as on the paths of the explorer."""
    turns = tuple(
        turn._replace(outcome=SENT) if turn.kind == "message" and turn.line not in asked else turn
        for turn in went.turns
    )
    return Went(went.end, turns)


def is_gone(path: ExploredPath, turns: Sequence[JourneyTurn], went: Iterable[Went]) -> bool:
    """Whether one of several journeys has gone a path to its end.

    A path on which somebody waits for ever is gone by whoever has stood where that is. One that is cut off is
    gone by whoever came as far.
    """
    return any(_has_gone(path, turns, each) for each in went)


def _has_gone(path: ExploredPath, turns: Sequence[JourneyTurn], went: Went) -> bool:
    kind, n = path.end.kind, len(turns)
    if kind in ("completed", "failed", "exited"):
        return went.end == kind and len(went.turns) == n and _agree(turns, went.turns)
    if kind != "waits for ever":
        return len(went.turns) >= n and _agree(turns, went.turns)
    if path.steps and path.steps[-1].outcome == "waits for ever":
        # It stands at its last command.
        last = turns[-1]
        there = went.turns[n - 1] if len(went.turns) >= n else None
        stood = there is not None and there.opened and there[:2] == last[:2]
        return stood and _agree(turns[:-1], went.turns)
    if len(went.turns) == n:
        return went.end == IDLE and _agree(turns, went.turns)
    return len(went.turns) > n and went.turns[n].kind == "pass" and _agree(turns, went.turns)


def _agree(turns: Sequence[JourneyTurn], went: Sequence[JourneyTurn]) -> bool:
    return len(went) >= len(turns) and all(a.agrees(b) for a, b in zip(turns, went, strict=False))


def as_told(went: Went) -> Told:
    """As JSON holds it."""
    turns = [[turn.kind, turn.line, turn.outcome, "o" if turn.opened else ""] for turn in went.turns]
    return [[went.end], *turns]


def read_told(told: Told) -> Went:
    """What `as_told` made."""
    (end,), *turns = told
    return Went(end, tuple(JourneyTurn(kind, line, what, bool(o)) for kind, line, what, o in turns))
