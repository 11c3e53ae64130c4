"""Taking a statement out of a workflow, where nothing else hangs on it."""

from __future__ import annotations

import ast

import libcst as cst
import libcst.matchers as m

from studio.design.editing import checking
from studio.design.editing.checking import EditedLines
from studio.design.editing.edit import Edit, lines_of
from studio.design.editing.insertion_points import last_line, own_statement, tests
from studio.design.editing.source import Source, Statement
from studio.design.outline.calls import AWAITED, KINDS
from studio.design.outline.labels import title
from studio.design.outline.model import Node, Outline
from studio.design.outline.sources import Resolver
from studio.text import syntax


def remove(source: str, node: Node, resolve: Resolver) -> Edit:
    """See `studio.design.editing.remove`."""
    text = Source(source, node.span.file)
    outlines = checking.read(text, node, resolve)
    if node.kind not in KINDS.values() or node.kind == "new_pass":
        raise text.refuse(node, f"a {node.kind} decides how the journey goes on")
    gone = _statements(text, outlines, node)
    first, last = text.position(gone[0]).start.line, last_line(text, gone[-1])
    _check_uses(text, node, first, last)
    alone = len(gone) == len(text.siblings(gone[0]))
    code = _without(text, first, last, alone)
    made = (first, first) if alone else (first, first - 1)
    lines = EditedLines((first, last), alone - (last - first + 1))
    checking.check_lines(text, outlines, code, node, lines, made, resolve)
    branch = " and its timed-out branch" if len(gone) > 1 else ""
    there = lines_of(code)
    line = next((at for at in range(first, len(there) + 1) if there[at - 1].strip()), max(len(there), 1))
    return Edit(node.span.file, source, text.whole(code), f"{node.kind} {title(node)}{branch} removed", line)


def _statements(text: Source, outlines: list[Outline], node: Node) -> list[Statement]:
    """The statement that does nothing but what the node does; and the `if` for its timeout below it."""
    call = text.call(node)
    statement = own_statement(text, node, call)
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    value = small.value if isinstance(small, cst.Expr | cst.Assign | cst.AnnAssign) else None
    if node.kind in AWAITED:
        value = value.expression if isinstance(value, cst.Await) else None
    if small is None or value is not call:
        raise text.refuse(node, "its result is used in the same statement")
    if len(m.findall(statement, m.Await())) > 1:
        raise text.refuse(node, "something else is awaited in the same statement")
    for kept in m.findall(statement, m.AssignTarget() | m.AnnAssign()):
        target = kept.target if isinstance(kept, cst.AssignTarget | cst.AnnAssign) else None
        if target is not None and m.findall(target, m.Attribute() | m.Subscript()):
            raise text.refuse(node, f"its result is kept in {text.code(target)}")
    siblings = text.siblings(statement)
    behind = siblings[siblings.index(statement) + 1 :]
    branch = tests(text, outlines, node, behind[0]) if behind else None
    if branch is not None and branch.sides[0].role == "timed out":
        below = behind[0]
        if isinstance(below, cst.If) and below.orelse is None:
            return [statement, below]
    return [statement]


def _check_uses(text: Source, node: Node, first: int, last: int) -> None:
    """Refuse when a name that is bound in lines that go is used in others."""
    functions = [
        each
        for each in ast.walk(syntax.module(text.text))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and each.lineno <= first
        and last <= (each.end_lineno or 0)
    ]
    function = min(functions, key=lambda each: (each.end_lineno or 0) - each.lineno)
    bound: set[str] = set()
    used: list[tuple[int, str]] = []
    for each in ast.walk(function):
        line = getattr(each, "lineno", 0)
        inside = first <= line <= last
        if isinstance(each, ast.Global | ast.Nonlocal):
            used += [(line, name) for name in each.names]
        elif isinstance(each, ast.Name) and not (inside or isinstance(each.ctx, ast.Store)):
            used.append((line, each.id))
        elif inside:
            bound |= _bound(each)
    for line, name in sorted(used):
        if name in bound:
            raise text.refuse(line, f"{name}, which line {first} makes, is used here")


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {each.asname or each.name.partition(".")[0] for each in node.names}
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return {node.name}
    return {node.rest} if isinstance(node, ast.MatchMapping) and node.rest else set()


def _without(text: Source, first: int, last: int, alone: bool) -> str:
    """The text without some lines; an emptied block gets a `pass`."""
    above, below = "".join(text.lines[: first - 1]), "".join(text.lines[last:])
    ended = text.lines[last - 1].endswith(("\n", "\r"))
    if alone:
        above += f"{text.indent(first)}pass{text.newline(last) if ended else ''}"
    elif not below and not ended:
        # A file whose last line does not end stays one.
        above = above.removesuffix("\n").removesuffix("\r")
    return above + below
