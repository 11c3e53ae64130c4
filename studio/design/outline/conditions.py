"""What a condition says of the waits whose results it tests."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from studio.design.outline.model import Role
from studio.design.outline.values import Result, Value

Known = Callable[[ast.expr], "Value | None"]
"""The value of an expression that was read before."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What holds where a condition is true, and where it is false."""

    waits: frozenset[str] = frozenset()
    true: Role = ""
    false: Role = ""

    def turned(self) -> Tested:
        """The opposite condition."""
        return Tested(self.waits, self.false, self.true)


def tested(test: ast.expr, known: Known) -> Tested:
    """Read a condition such as `not account`, `paid.timed_out`, `a and b`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return tested(test.operand, known).turned()
    if isinstance(test, ast.BoolOp):
        return _several(test, known)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and len(test.args) == 1:
        return tested(test.args[0], known) if test.func.id in ("bool", "len") else Tested()
    if isinstance(test, ast.Attribute):
        result = known(test.value)
        if isinstance(result, Result) and test.attr in ("result", "first"):
            return _truth(result)
        if isinstance(result, Result) and test.attr == "timed_out":
            return Tested(result.waits, "timed out", "" if result.member else "matched")
        return Tested()
    if isinstance(test, ast.Compare):
        return _none(test, known)
    value = known(test)
    return _truth(value) if isinstance(value, Result) else Tested()


def _truth(result: Result) -> Tested:
    return Tested(result.waits, "matched", "" if result.member else "timed out")


def _several(test: ast.BoolOp, known: Known) -> Tested:
    parts = [tested(each, known) for each in test.values]
    waits = frozenset[str]().union(*(part.waits for part in parts))
    if isinstance(test.op, ast.And):
        roles = {part.true for part in parts}
        return Tested(waits, true=roles.pop()) if len(roles) == 1 else Tested()
    roles = {part.false for part in parts}
    return Tested(waits, false=roles.pop()) if len(roles) == 1 else Tested()


def _none(test: ast.Compare, known: Known) -> Tested:
    """`account.first is None` and its opposite."""
    (operator, right), left = (test.ops[0], test.comparators[0]), test.left
    if len(test.ops) != 1 or not (isinstance(right, ast.Constant) and right.value is None):
        return Tested()
    if not (isinstance(left, ast.Attribute) and left.attr in ("result", "first")):
        return Tested()
    result = known(left.value)
    if not isinstance(result, Result) or not isinstance(operator, ast.Is | ast.IsNot):
        return Tested()
    there = _truth(result)
    return there if isinstance(operator, ast.IsNot) else there.turned()
