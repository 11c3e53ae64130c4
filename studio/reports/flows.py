"""The ways between nodes: how many journeys went from one to the next, by first visits."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Iterable
from typing import NamedTuple

from studio.reports.progress import INSIDE, LEFT, Progress


class Flow(NamedTuple):
    """Journeys that went one way."""

    source: int
    """The node."""
    target: int | str
    """The next node; or how it ended: "completed", "failed", "exited", "cancelled"; or where it is: "inside"
    the node, "idle" between two passes."""
    journeys: int


def flows(cohort: Iterable[Progress], members: Container[int] = ()) -> list[Flow]:
    """The ways of a cohort. Of each node as many come as go, the start aside.

    Args:
        members: nodes that are parts of a group, which is one node.
    """
    counts: Counter[tuple[int, int | str]] = Counter()
    for each in cohort:
        path = [number for number in each.path if number not in members]
        counts.update(itertools.pairwise(path))
        counts[path[-1], _end(each, path[-1])] += 1
    found = [Flow(source, target, n) for (source, target), n in counts.items()]
    return sorted(found, key=lambda flow: (flow.source, -flow.journeys, str(flow.target)))


def _end(each: Progress, last: int) -> str:
    if each.end is not None:
        return each.end
    state = each.states[last]
    if state in LEFT:
        return LEFT[state]
    return "inside" if state == INSIDE or each.open else "idle"
