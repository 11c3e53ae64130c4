"""Where control goes from nodes: on to what follows, or away."""

from __future__ import annotations

from collections.abc import Iterable

from studio.design.outline.model import Node, Side

FALL = "fall"
"""On to what follows."""


class ControlFlow:
    """The ways out of nodes, each found out once."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def of(self, nodes: Iterable[Node]) -> frozenset[str]:
        """The ways out of nodes that follow each other."""
        found: set[str] = set()
        for node in nodes:
            ways = self.out(node)
            found |= ways - {FALL}
            if FALL not in ways:
                return frozenset(found)
        return frozenset(found | {FALL})

    def out(self, node: Node) -> frozenset[str]:
        """The ways out of one node."""
        if node.id not in self._known:
            self._known[node.id] = self._out(node)
        return self._known[node.id]

    def _out(self, node: Node) -> frozenset[str]:
        if node.kind in ("return", "raise", "leave", "again"):
            return frozenset({node.outcome if node.outcome == "back" else node.kind})
        if node.kind == "new_pass":
            return frozenset({"return"})
        if node.kind == "branch":
            return frozenset().union(*(self.of(side.body) for side in node.sides))
        if node.kind == "loop":
            return self._loop(node)
        if node.kind == "try":
            return self._try(node)
        if node.kind in ("with", "call"):
            inner = frozenset().union(*(self.of(side.body) for side in node.sides)) or {FALL}
            return frozenset(FALL if way == "back" else way for way in inner)
        return frozenset({FALL})

    def _loop(self, node: Node) -> frozenset[str]:
        inner = self.of(_body(node, "body"))
        out = inner - {"leave", "again", FALL}
        after = _side(node, "else")
        # Without break, `while True` is left by return and raise alone.
        if not is_endless(node):
            out |= self.of(after.body) if after else {FALL}
        return out | {FALL} if "leave" in inner else out

    def _try(self, node: Node) -> frozenset[str]:
        out = self.of((*_body(node, "body"), *_body(node, "else")))
        for side in node.sides:
            if side.kind == "except":
                out |= self.of(side.body)
        last = self.of(_body(node, "finally"))
        return (out | last) if FALL in last else last


def is_endless(node: Node) -> bool:
    """Whether a loop's own condition never ends it."""
    return node.text in ("while True", "while 1")


def _side(node: Node, kind: str) -> Side | None:
    return next((side for side in node.sides if side.kind == kind), None)


def _body(node: Node, kind: str) -> tuple[Node, ...]:
    side = _side(node, kind)
    return side.body if side else ()
