"""Which node follows which: the map as a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from studio.design.outline.control_flow import is_endless
from studio.design.outline.model import Node, Outline, Side


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a node to the next."""

    source: str
    target: str
    label: str = ""
    """The condition under which it is taken, as written."""
    caught: bool = False
    """By an exception from anywhere inside the source."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A way that leads to whatever comes next."""

    source: str
    label: str = ""
    caught: bool = False


@dataclass(slots=True)
class _Exits:
    """Ways that leave what stands around them."""

    leave: list[_Open] = field(default_factory=list)
    again: list[_Open] = field(default_factory=list)
    back: list[_Open] = field(default_factory=list)


def edges(outline: Outline) -> list[Edge]:
    """All ways between nodes. Members of a group are no nodes of the graph: they are waited for at once."""
    flow = _Flow()
    flow.block(outline.nodes, [], _Exits())
    return list(dict.fromkeys(flow.edges))


class _Flow:
    def __init__(self) -> None:
        self.edges: list[Edge] = []

    def block(self, nodes: tuple[Node, ...], ways: list[_Open], exits: _Exits) -> list[_Open]:
        """Connect nodes that follow each other; gives the ways that lead on."""
        for node in nodes:
            ways = self.node(node, ways, exits)
        return ways

    def node(self, node: Node, ways: list[_Open], exits: _Exits) -> list[_Open]:
        self.edges += [Edge(way.source, node.id, way.label, way.caught) for way in ways]
        here = _Open(node.id)
        if node.kind == "return":
            exits.back += [here] if node.outcome == "back" else []
            return []
        if node.kind in ("raise", "new_pass"):
            return []
        if node.kind in ("leave", "again"):
            (exits.leave if node.kind == "leave" else exits.again).append(here)
            return []
        if node.kind == "branch":
            return [
                way
                for side in node.sides
                for way in self.block(side.body, [_Open(node.id, condition(side))], exits)
            ]
        if node.kind == "loop":
            return self._loop(node, exits)
        if node.kind == "try":
            return self._try(node, exits)
        if node.kind in ("with", "call") and node.sides:
            inner = _Exits(exits.leave, exits.again) if node.kind == "call" else exits
            after = self.block(node.sides[0].body, [here], inner)
            return after + inner.back if node.kind == "call" else after
        return [here]

    def _loop(self, node: Node, exits: _Exits) -> list[_Open]:
        inner = _Exits(back=exits.back)
        round_again = self.block(node.sides[0].body, [_Open(node.id, "each round")], inner) + inner.again
        self.edges += [Edge(way.source, node.id, way.label or "next round") for way in round_again]
        after = [] if is_endless(node) else [_Open(node.id, "after the last")]
        for side in node.sides[1:]:
            after = self.block(side.body, after, exits)
        return after + inner.leave

    def _try(self, node: Node, exits: _Exits) -> list[_Open]:
        sides = {side.kind: side for side in node.sides if side.kind != "except"}
        after = self.block(sides["body"].body, [_Open(node.id)], exits)
        if "else" in sides:
            after = self.block(sides["else"].body, after, exits)
        for side in node.sides:
            if side.kind == "except":
                after += self.block(side.body, [_Open(node.id, side.text, caught=True)], exits)
        if "finally" in sides:
            after = self.block(sides["finally"].body, after or [_Open(node.id, "finally")], exits)
        return after


def condition(side: Side) -> str:
    """Under which condition a side is taken, as the edge to it says."""
    return side.role if side.role and not side.written else side.text


def drawn(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """The nodes of the graph: all but the members of groups."""
    for node in nodes:
        yield node
        if node.kind not in ("any", "all"):
            for side in node.sides:
                yield from drawn(side.body)


def members(node: Node) -> Iterator[Side]:
    """What a group waits for."""
    if node.kind in ("any", "all"):
        yield from node.sides
