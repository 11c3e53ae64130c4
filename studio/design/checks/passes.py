"""Where a pass can end without ending the journey, so that the next one comes this way again. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from studio.design.checks.sources import Function


@dataclass(frozen=True, slots=True)
class _Way:
    """Whether a pass can end with None where the statement may go on to."""

    back: bool
    """A return that gives None."""
    value: bool
    """A return that gives something."""
    head: bool = False
    """The head of the loop around it."""
    out: bool = False
    """Behind the loop around it."""
    caught: bool = False
    """A handler around it."""


def passes_after(function: Function, journeys: frozenset[str], after: bool | None = None) -> dict[int, bool]:
    """For each statement of a function: whether the pass can end with None behind it.

    Args:
        journeys: names that stand for the journey.
        after: of a helper, the same for the place that called it; None for a workflow.

    Returns:
        By `id()` of the statement; of one with a block it is what holds behind its head.
    """
    flow = _Flow(journeys)
    if after is None:
        flow.block(function.body, True, _Way(back=True, value=False))
    else:
        flow.block(function.body, after, _Way(back=after, value=after))
    return flow.after


def is_endless(loop: ast.stmt) -> bool:
    """Whether a loop can only be left by return or raise."""
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value) and not _breaks(loop.body)
    if isinstance(loop, ast.For):
        return ast.unparse(loop.iter).startswith("itertools.count(") and not _breaks(loop.body)
    return False


def _breaks(body: list[ast.stmt]) -> bool:
    for statement in body:
        if isinstance(statement, ast.Break):
            return True
        if isinstance(statement, ast.For | ast.AsyncFor | ast.While):
            if _breaks(statement.orelse):
                return True
            continue
        if any(_breaks(block) for block in blocks(statement)):
            return True
    return False


def blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks in a statement; those of a function or class in it are its own."""
    if isinstance(statement, Function | ast.ClassDef):
        return []
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    parts = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    return [block for block in [*found, *(part.body for part in parts)] if block]


class _Flow:
    def __init__(self, journeys: frozenset[str]) -> None:
        self.after: dict[int, bool] = {}
        self._journeys = journeys

    def block(self, body: list[ast.stmt], after: bool, way: _Way) -> bool:
        for statement in reversed(body):
            after = self._statement(statement, after, way)
        return after

    def _statement(self, statement: ast.stmt, after: bool, way: _Way) -> bool:
        """Whether None can be reached from in front of a statement."""
        behind = self._behind(statement, after, way) or way.caught
        self.after[id(statement)] = self.after.get(id(statement), False) or behind
        return behind

    def _behind(self, statement: ast.stmt, after: bool, way: _Way) -> bool:
        if isinstance(statement, ast.Return):
            return way.back if self._gives_none(statement.value) else way.value
        if isinstance(statement, ast.Raise):
            return False
        if isinstance(statement, ast.Break):
            return way.out
        if isinstance(statement, ast.Continue):
            return way.head
        if isinstance(statement, ast.If):
            yes, no = self.block(statement.body, after, way), self.block(statement.orelse, after, way)
            return yes or no
        if isinstance(statement, ast.While | ast.For | ast.AsyncFor):
            behind = False if is_endless(statement) else self.block(statement.orelse, after, way)
            head = behind
            for _ in range(2):
                # What comes later in the loop may come before, in the next round.
                inner = replace(way, head=head, out=after)
                head = self.block(statement.body, head, inner) or behind
            return head
        if isinstance(statement, ast.Try):
            end = self.block(statement.finalbody, after, way)
            handled = [self.block(handler.body, end, way) for handler in statement.handlers]
            done = self.block(statement.orelse, end, way)
            return self.block(statement.body, done, replace(way, caught=way.caught or any(handled)))
        if isinstance(statement, ast.With | ast.AsyncWith):
            return self.block(statement.body, after, way)
        if isinstance(statement, ast.Match):
            cases = [self.block(case.body, after, way) for case in statement.cases]
            return any(cases) or after
        return after or self._begins_pass(statement)

    def _gives_none(self, value: ast.expr | None) -> bool:
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return True
        if isinstance(value, ast.IfExp):
            return self._gives_none(value.body) or self._gives_none(value.orelse)
        return isinstance(value, ast.Await) and self._is_call(value.value, ("ingest", "new_pass"))

    def _begins_pass(self, statement: ast.stmt) -> bool:
        value = getattr(statement, "value", None)
        return isinstance(value, ast.Await) and self._is_call(value.value, ("new_pass",))

    def _is_call(self, node: ast.expr, methods: tuple[str, ...]) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in methods
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in self._journeys
        )
