"""What the explorer finds: paths through a journey, their steps, and where they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

ROUNDS = 3
"""A path that is cut off when it has gone the same round so often in a row never ends."""

EndKind = Literal["completed", "failed", "exited", "waits for ever", "never ends", "bound reached"]
PathStepKind = Literal["wait", "any", "all", "sleep", "step", "send", "message", "split", "log", "pass"]


@dataclass(frozen=True, slots=True)
class Member:
    """What one member of a `wait_any` or `wait_all` came to."""

    kind: str
    name: str
    outcome: str
    match: Mapping[str, Any] | None = None
    timeout: int | None = None


class PathStep(NamedTuple):
    """Something that a journey did or met on its path."""

    kind: PathStepKind
    name: str
    """Of the event, the step; what a log says."""
    line: str
    """ "onboarding.py:20"."""
    at: int
    """When it was over, milliseconds since the journey began."""
    pass_number: int
    outcome: str = ""
    """ "matched", "timed out", "done", "failed", "waits for ever"; of a log its level, of a split its arm."""
    match: Mapping[str, Any] | None = None
    timeout: int | None = None
    """Milliseconds that a wait lasts at most; that a sleep lasts."""
    data: Mapping[str, Any] | None = None
    """What a sent event carries."""
    user: str | None = None
    """To whom it was sent, when that is another user."""
    members: tuple[Member, ...] = ()

    @property
    def turn(self) -> tuple[str, ...]:
        """What makes it another turn of the path than a neighbour: the same in each round of a loop."""
        said = "" if self.kind in ("log", "pass") else self.name
        return (self.kind, said, self.line, self.outcome, *(each.outcome for each in self.members))


@dataclass(frozen=True, slots=True)
class PathEnd:
    """Where a path ends."""

    kind: EndKind
    text: str = ""
    """For people: what went wrong, or what is waited for."""
    line: str = ""
    result: Any = None
    hint: str = ""
    """What to do about it."""


@dataclass(slots=True)
class Impossible:
    """A wait that no event can end, and why."""

    name: str
    line: str
    why: str


@dataclass(slots=True)
class ExploredPath:
    """A path that was gone."""

    choices: tuple[int, ...]
    """Which outcome was taken at each decision, from 0."""
    widths: tuple[int, ...]
    """How many there were to choose from."""
    steps: list[PathStep]
    end: PathEnd
    time: int
    """Milliseconds that it takes at the least."""
    passes: int
    impossible: list[Impossible] = field(default_factory=list)
    events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    """What came from outside: milliseconds since the journey began, name, data."""

    @property
    def sends(self) -> Iterator[tuple[PathStep, str, str]]:
        """What was sent and done, in groups too: the step, "event", "step" or "message", and its name."""
        for step in self.steps:
            if step.outcome in ("done", "sent") and step.kind in ("step", "send", "message"):
                yield step, "event" if step.kind == "send" else step.kind, step.name
            for each in step.members:
                if each.outcome in ("done", "sent") and each.kind in ("step", "send", "message"):
                    yield step, "event" if each.kind == "send" else each.kind, each.name


def goes_round(turns: Sequence[tuple[str, ...]], times: int) -> int:
    """How many turns a round has that a path has gone so often in a row at its end; 0 when it has not."""
    for length in range(1, len(turns) // times + 1):
        last = turns[-length:]
        if all(turns[-length * n : len(turns) - length * (n - 1)] == last for n in range(2, times + 1)):
            return length
    return 0
