"""What the results of waits hold: which events stand in a `.result` of one pass."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from studio.kernel.matching import meets
from studio.language.event import Event
from studio.language.names import Names
from studio.text import json_text as jsontext


class Resolved(NamedTuple):
    """What a wait's `.result` holds: all matching events in (after, bound]."""

    names: Names
    match: Mapping[str, Any] | None
    after: int
    bound: int

    def holds(self, event: Event) -> bool:
        """Whether this event is in it."""
        return (
            self.after < event.seq <= self.bound
            and self.names.meets(event.name)
            and meets(self.match, event.data if self.match else {})
        )


class Results:
    """What the results of one pass hold: asked for each trigger of the pass, of which each may be in any."""

    def __init__(self, resolved: Iterable[Resolved]) -> None:
        groups: dict[tuple[str, str | None], list[Resolved]] = {}
        for each in resolved:
            match = None if each.match is None else jsontext.dumps(each.match)
            groups.setdefault((each.names.text, match), []).append(each)
        self._named: dict[str, list[_Windows]] = {}
        self._others: list[_Windows] = []
        for group in groups.values():
            names = group[0].names
            kept = self._named.setdefault(names.text, []) if names.simple else self._others
            kept.append(_Windows(group))

    def hold(self, event: Event) -> bool:
        """Whether this event is in one of them."""
        named = self._named.get(event.name, ())
        return any(each.hold(event) for each in named) or any(each.hold(event) for each in self._others)


class _Windows:
    """The results of waits for the same event and match."""

    def __init__(self, group: list[Resolved]) -> None:
        self._group = group
        # As a loop makes them: of those that end at an event or later the first begins first.
        self._in_order = all(a.after <= b.after and a.bound <= b.bound for a, b in pairwise(group))

    def hold(self, event: Event) -> bool:
        if not self._in_order:
            return any(each.holds(event) for each in self._group)
        index = bisect_left(self._group, event.seq, key=attrgetter("bound"))
        return index < len(self._group) and self._group[index].holds(event)
