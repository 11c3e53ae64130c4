"""What is changed in a file, one place at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
COMPUTED: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.FloorDiv: "*"}


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a file, and what stands there instead."""

    file: Path
    line: int
    start: int
    """Offset in the file's bytes."""
    end: int
    before: str
    after: str
    called: bool
    """It stands in a function: else it runs once, when the file is imported."""

    def apply(self, source: bytes) -> bytes:
        """The whole file with the change in it."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def changes_of(file: Path) -> list[Change]:
    """Every change that is tried on a file, in its order."""
    source = file.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    tree = ast.parse(source)
    called = {node for function in _functions(tree) for part in function.body for node in ast.walk(part)}
    for node in set(ast.walk(tree)) - set(_of_dataclasses(tree)):
        for target, after in _instead(node, source.decode()):
            assert target.end_lineno is not None
            assert target.end_col_offset is not None
            start = starts[target.lineno - 1] + target.col_offset
            end = starts[target.end_lineno - 1] + target.end_col_offset
            found.append(
                Change(file, target.lineno, start, end, source[start:end].decode(), after, node in called)
            )
    return sorted(found, key=lambda change: (change.start, change.end, change.after))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _of_dataclasses(tree: ast.AST) -> Iterator[ast.AST]:
    """How a record is made, `frozen` and with `slots`: no test could tell."""
    for node in ast.walk(tree):
        for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            yield from ast.walk(decorator)


def _instead(node: ast.AST, source: str) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """What could stand in the place of a piece of code."""

    def text(part: ast.AST) -> str:
        return ast.get_source_segment(source, part) or ""

    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in COMPARED:
            yield node, f"({text(left)} {COMPARED[type(operator)]} {text(right)})"
        case ast.BoolOp(operator, values):
            word = " or " if isinstance(operator, ast.And) else " and "
            yield node, f"({word.join(f'({text(value)})' for value in values)})"
        case ast.UnaryOp(ast.Not(), operand):
            yield node, f"bool({text(operand)})"
        case ast.BinOp(left, operator, right) if type(operator) in COMPUTED and not _is_text(left, right):
            yield node, f"({text(left)} {COMPUTED[type(operator)]} {text(right)})"
        case ast.Constant(bool(value)):
            yield node, str(not value)
        case ast.Constant(int(value)):
            yield node, str(value + 1)
        case ast.If(test) | ast.While(test) | ast.IfExp(test):
            yield test, f"(not ({text(test)}))"
        case ast.Expr(ast.Call()) | ast.AugAssign():
            yield node, "pass"
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            yield value, "None"
        case ast.Continue() | ast.Break():
            yield node, "pass"


def _is_text(*parts: ast.expr) -> bool:
    return any(isinstance(part, ast.JoinedStr | ast.Constant) and not _number(part) for part in parts)


def _number(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and isinstance(part.value, int | float)
