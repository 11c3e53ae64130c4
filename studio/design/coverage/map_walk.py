"""Which ways of a map a run has gone, told by the lines, the commands and the log lines that it came by.

A place may be drawn several times and a line may hold several nodes, so it is not always known at once where
on the map a run is. All places that it may be at are followed at the same time, until what comes next
leaves one of them. A run that comes to something which does not follow on the map (what the map could not
read) is taken up there again, and no way is counted for the gap.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from studio.design.outline.control_flow import is_endless
from studio.design.outline.flow import drawn, edges
from studio.design.outline.model import Node, Outline, meets

COMMANDS = frozenset(
    ("wait", "any", "all", "sleep", "until", "step", "ingest", "message", "split", "new_pass")
)
"""Kinds of nodes at which a run is when their command says so. The others are told by their lines."""
_UNSEEN = frozenset(("try", "leave", "again"))
"""Kinds that may be passed without a line of their own: one way leads on from each."""

BETWEEN = " / "
"""Stands between the conditions of a way that is taken under several."""

Line = tuple[str, int]
"""The file's own name, without folders, and a line."""


class Way(NamedTuple):
    """An edge of the map. Several conditions that lead from one node to the same next one are one way."""

    source: str
    target: str
    caught: bool = False
    """Taken by an exception from inside the source."""


class Position(NamedTuple):
    """A node at which a run may be, and the ways that have led there since it was last known for sure."""

    steps: int
    ways: tuple[Way, Position] | None


class MapGraph:
    """The ways of a map, and where its nodes stand."""

    def __init__(self, outline: Outline) -> None:
        self.nodes = {node.id: node for node in drawn(outline.nodes)}
        self.start = outline.nodes[0].id
        self.labels: dict[Way, str] = {}
        """All ways, in the order of the source, with the conditions under which each is taken."""
        for edge in edges(outline):
            way = Way(edge.source, edge.target, edge.caught)
            known = self.labels.get(way)
            both = known is not None and edge.label and edge.label not in known.split(BETWEEN)
            self.labels[way] = f"{known}{BETWEEN}{edge.label}" if both else known or edge.label
        self.out: dict[str, list[Way]] = {}
        for way in self.labels:
            self.out.setdefault(way.source, []).append(way)
        self.tries: dict[str, tuple[str, ...]] = {}
        """Of each node the `try` nodes in whose body it stands, the innermost first."""
        self._note_tries(outline.nodes, ())
        self.at: dict[Line, frozenset[str]] = {}
        """The nodes of a line."""
        found: dict[Line, set[str]] = {}
        for node in self.nodes.values():
            if node.kind != "start":
                for line in _lines(node):
                    found.setdefault(line, set()).add(node.id)
        self.at = {line: frozenset(ids) for line, ids in found.items()}

    @property
    def files(self) -> frozenset[str]:
        """The names of the files that the map was read from."""
        return frozenset(file for file, _ in self.at)

    def _note_tries(self, nodes: tuple[Node, ...], around: tuple[str, ...]) -> None:
        for node in nodes:
            self.tries[node.id] = around
            for side in node.sides:
                inner = (node.id, *around) if node.kind == "try" and side.kind == "body" else around
                self._note_tries(side.body, inner)


def _lines(node: Node) -> Iterator[Line]:
    file = os.path.basename(node.span.file)
    for line in range(node.span.line, node.span.end_line + 1):
        yield file, line


@dataclass(frozen=True, slots=True)
class Passed:
    """A command, or a line of the log, as an entry of the history would name it."""

    place: str
    """ "onboarding.py:26"."""
    kind: str
    """ "wait", "sleep", "step", "event", "split", "message", "log"; "new_pass"."""
    name: str | None = None


class MapWalk:
    """Follows one run of a workflow's function after another.

    Args:
        gone: takes the ways that were gone.
    """

    def __init__(self, graph: MapGraph, gone: set[Way]) -> None:
        self.graph = graph
        self.gone = gone
        self._at: dict[str, Position] = {}
        self._recent: frozenset[Line] = frozenset()
        """Lines that ran since the run was last found on the map, and those it is called from."""
        self._raised = False

    def begin(self) -> None:
        """The function is called."""
        self._at = {self.graph.start: Position(0, None)}
        self._recent, self._raised = frozenset(), False

    def raised(self) -> None:
        """An exception goes through a line."""
        self._raised = True

    def line(self, line: Line, stack: Iterable[Line]) -> None:
        """A line begins to run.

        Args:
            stack: the lines that the functions around it are at, and this one.
        """
        here = self.graph.at.get(line, frozenset())
        around = frozenset(stack)
        if here and self._move(lambda node: node.id in here and node.kind not in COMMANDS):
            self._recent = around
        else:
            self._recent |= around

    def command(self, passed: Passed) -> None:
        """A command is awaited, or a line of the log is said."""

        def fits(node: Node) -> bool:
            if node.place != passed.place:
                return False
            return node.kind == passed.kind or meets(node, passed.kind, passed.name)

        if not self._move(fits):
            # Taken up again where that stands.
            found = [node.id for node in self.graph.nodes.values() if fits(node)]
            if found:
                self._settle({id: Position(0, None) for id in found})

    def returned(self) -> None:
        """The workflow's function has returned."""
        ends = [id for id in self._at if self._is_end(self.graph.nodes[id])]
        if ends:
            self._settle({id: self._at[id] for id in ends})
        elif not self._move(lambda node: self._is_end(node) and not self._recent.isdisjoint(_lines(node))):
            self._move(lambda node: self._is_end(node) and not node.text)
        self.stopped()

    def stopped(self) -> None:
        """The run stands, or has failed."""
        self._commit(min(self._at.values(), key=lambda each: each.steps, default=Position(0, None)))

    @staticmethod
    def _is_end(node: Node) -> bool:
        return node.kind == "return" and node.outcome != "back"

    # -- moving ------------------------------------------------------------------------------------

    def _move(self, accepts: Callable[[Node], bool]) -> bool:
        """Go on to the nodes that this may be; False when none of them follows."""
        found = self._reached(accepts, by_exception=True) if self._raised else {}
        found = found or self._reached(accepts)
        if not found:
            return False
        self._settle(found)
        self._raised = False
        return True

    def _reached(self, accepts: Callable[[Node], bool], by_exception: bool = False) -> dict[str, Position]:
        found: dict[str, Position] = {}
        for id, position in self._at.items():
            if not by_exception and accepts(self.graph.nodes[id]):
                _put(found, id, position)
            seen: set[str] = set()
            todo = [(way, position) for way in self._first(id, by_exception)]
            for way, before in todo:
                if way.target in seen:
                    continue
                seen.add(way.target)
                there = Position(before.steps + 1, (way, before))
                node = self.graph.nodes[way.target]
                if accepts(node):
                    _put(found, way.target, there)
                elif self._may_pass(node):
                    todo += [(each, there) for each in self.graph.out.get(way.target, ()) if not each.caught]
        return found

    def _first(self, id: str, by_exception: bool) -> list[Way]:
        if not by_exception:
            return [way for way in self.graph.out.get(id, ()) if not way.caught]
        around = (*((id,) if self.graph.nodes[id].kind == "try" else ()), *self.graph.tries[id])
        return [way for each in around for way in self.graph.out.get(each, ()) if way.caught]

    def _may_pass(self, node: Node) -> bool:
        """Whether a run may have come by a node without a sign of its own."""
        if node.kind in COMMANDS:
            return False
        if node.kind in _UNSEEN or (node.kind == "loop" and is_endless(node)):
            return True
        return not self._recent.isdisjoint(_lines(node))

    def _settle(self, found: dict[str, Position]) -> None:
        self._at = found
        if len(found) == 1:
            ((id, position),) = found.items()
            self._commit(position)
            self._at = {id: Position(0, None)}

    def _commit(self, position: Position) -> None:
        ways = position.ways
        while ways is not None:
            way, before = ways
            self.gone.add(way)
            ways = before.ways


def _put(found: dict[str, Position], id: str, position: Position) -> None:
    """Of several ways to the same node the shortest counts."""
    known = found.get(id)
    if known is None or position.steps < known.steps:
        found[id] = position
