"""Counts of nodes: who waits there now, who ever came, how many matched, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from studio.design.outline.model import Outline


@dataclass(frozen=True, slots=True)
class NodeTally:
    """The counts of one node. Loops count each time round, not people."""

    now: int = 0
    """Waiting there."""
    matched: int = 0
    """Of a wait; of a sleep or a step: done."""
    timed_out: int = 0
    """Of a step: failed."""
    closed: int = 0
    """Left without an outcome: another member of the group was first, the journey ended, the code changed."""
    said: int = 0
    """Of a log line or an event: how often."""
    median_ms: int | None = None
    """Of those that matched; None when none did."""
    arms: Mapping[str, int] = field(default_factory=dict)
    """Of a split: how many were drawn into each arm."""

    @property
    def left(self) -> int:
        """How many have left the node."""
        return self.matched + self.timed_out + self.closed

    @property
    def ever(self) -> int:
        """How many ever came."""
        return self.now + self.left + self.said

    def percent(self, count: int) -> int:
        """A share of those who left, in whole percents; 0 while nobody has."""
        return round(100 * count / self.left) if self.left else 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts as a store gives them, of one place, kind of entry and name."""

    place: str
    kind: str
    """ "wait", "sleep", "step", "event" or "log"."""
    name: str | None
    tally: NodeTally


class NodeCount(Protocol):
    """What a store counted at a place, of one kind and name."""

    @property
    def place(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def now(self) -> int: ...
    @property
    def matched(self) -> int: ...
    @property
    def timed_out(self) -> int: ...
    @property
    def closed(self) -> int: ...
    @property
    def said(self) -> int: ...
    @property
    def median_ms(self) -> int | None: ...
    @property
    def arms(self) -> Mapping[str, int]: ...


def tallied(outline: Outline, seen: Iterable[NodeCount]) -> Mapping[str, NodeTally]:
    """The counts of each node, by its id, from those of a store."""
    return join(
        outline,
        [
            Counted(
                each.place,
                each.kind,
                each.name,
                NodeTally(
                    each.now, each.matched, each.timed_out, each.closed, each.said, each.median_ms, each.arms
                ),
            )
            for each in seen
        ],
    )


def join(outline: Outline, counted: Iterable[Counted]) -> Mapping[str, NodeTally]:
    """The counts of each node, by its id.

    A place that is drawn several times, as a helper's, shows the counts of all its uses at each.
    """
    found: dict[str, NodeTally] = {}
    for each in counted:
        for node in outline.entry_nodes(each.place, each.kind, each.name):
            found[node.id] = _sum(found[node.id], each.tally) if node.id in found else each.tally
    return found


def _sum(a: NodeTally, b: NodeTally) -> NodeTally:
    larger = a if a.matched >= b.matched else b
    return NodeTally(
        a.now + b.now,
        a.matched + b.matched,
        a.timed_out + b.timed_out,
        a.closed + b.closed,
        a.said + b.said,
        larger.median_ms,
        {arm: a.arms.get(arm, 0) + b.arms.get(arm, 0) for arm in (*a.arms, *b.arms)},
    )
