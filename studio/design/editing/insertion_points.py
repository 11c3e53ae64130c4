"""Where in a file a statement can be put, and what belongs to the one that stands there."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from studio.design.editing.checking import is_end
from studio.design.editing.source import Source, Statement
from studio.design.editing.templates import Where
from studio.design.outline.calls import AWAITED, KINDS
from studio.design.outline.model import Node, Outline

_CALLS = frozenset(KINDS.values())
_OWN = ("branch", "loop", "try", "with")
"""Kinds of nodes that are a statement with blocks, when they are no part of an expression."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for new lines."""

    line: int
    """The first of them is to have this number."""
    indent: str
    beside: cst.CSTNode
    """A statement of the same block."""
    blank_before: bool = False
    blank_after: bool = False


def spot(text: Source, outlines: list[Outline], node: Node, where: Where) -> Spot:
    """Where something goes that is put before or after a node.

    Raises:
        EditError: no statement can stand there.
    """
    if node.kind == "start":
        return _top(text, node, where)
    if is_end(node, text.lines):
        return _bottom(text, node, where)
    target = target_of(text, node)
    statement = own_statement(text, node, target)
    if where == "before":
        return before(text, statement)
    if isinstance(statement, cst.BaseCompoundStatement) and node.kind not in _OWN:
        raise text.refuse(node, "it stands in a condition, and what follows are the branches")
    if m.matches(statement, m.SimpleStatementLine(body=[m.Return() | m.Raise() | m.Break() | m.Continue()])):
        raise text.refuse(node, "nothing that follows it is reached", "")
    statement, ends = _after_tests(text, outlines, node, statement)
    if node.ends or ends:
        raise text.refuse(node, "nothing that follows it is reached", "")
    return after(text, statement)


def target_of(text: Source, node: Node) -> cst.CSTNode:
    """The call, condition or statement that a node was read from."""
    if node.kind in _CALLS:
        return text.call(node)
    found = text.innermost(node.span.line, node.span.col)
    if found is None:
        raise text.refuse(node, f"the {node.kind} is not found in its line")
    return found


def own_statement(text: Source, node: Node, target: cst.CSTNode) -> Statement:
    """The statement of a block that does what a node does, once, whenever it is reached.

    Raises:
        EditError: there is none of its own.
    """
    statement = text.statement(target)
    if statement is None:
        raise text.refuse(node, "it stands on the line of what it belongs to", "Give it a line of its own.")
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) > 1:
        raise text.refuse(node, "several statements share its line", "Give it a line of its own.")
    at: cst.CSTNode | None = target
    while at is not None and at is not statement:
        over = text.parent(at)
        if over is not None and _is_optional(at, over):
            raise text.refuse(node, "it is a part of its statement that may be passed over")
        if isinstance(at, cst.If):
            raise text.refuse(node, "it stands in an elif")
        if isinstance(over, cst.While):
            raise text.refuse(node, "it stands in the condition of a loop")
        at = over
    if node.kind in AWAITED and not m.findall(statement, m.Await() | m.Asynchronous()):
        raise text.refuse(node, "it is made here, and awaited elsewhere")
    return statement


def _is_optional(part: cst.CSTNode, whole: cst.CSTNode) -> bool:
    """Whether a part of a statement may happen not at all, or several times."""
    if isinstance(whole, cst.BooleanOperation):
        return part is not whole.left
    if isinstance(whole, cst.IfExp):
        return part is not whole.test
    return isinstance(whole, cst.Lambda | cst.BaseComp | cst.CompFor | cst.MatchCase | cst.ExceptHandler)


def before(text: Source, statement: Statement) -> Spot:
    """The place above a statement and the comments that are about it."""
    start = text.position(statement).start.line
    indent = text.indent(start)
    lines = list(statement.leading_lines)
    if not any(each.comment for each in lines):
        return Spot(start, indent, statement)
    blank = next(at for at, each in enumerate(lines) if each.comment)
    return Spot(start - len(lines) + blank, indent, statement, blank_after=blank > 0)


def after(text: Source, statement: Statement) -> Spot:
    """The place below a statement and the comments that end its block."""
    indent = text.indent(text.position(statement).start.line)
    return Spot(
        last_line(text, statement) + 1,
        indent,
        statement,
        blank_before=isinstance(statement, cst.BaseCompoundStatement),
    )


def last_line(text: Source, statement: Statement) -> int:
    """The last line of a statement, with comments below it that are indented as its block is."""
    end = text.position(statement).end.line
    if not isinstance(statement, cst.BaseCompoundStatement):
        return end
    margin = len(text.indent(text.position(statement).start.line).expandtabs(8))
    for line in range(end + 1, len(text.lines) + 1):
        words = text.lines[line - 1].strip()
        if not words:
            continue
        if not words.startswith("#") or len(text.indent(line).expandtabs(8)) <= margin:
            break
        end = line
    return end


def tests(text: Source, outlines: list[Outline], node: Node, statement: Statement) -> Node | None:
    """The branch that an `if` makes when it asks for nothing but what a wait gave."""
    if not isinstance(statement, cst.If):
        return None
    where = text.position(statement.test).start
    for outline in outlines:
        known = [
            each
            for each in outline.walk()
            if (each.kind, each.span, each.text) == (node.kind, node.span, node.text)
        ]
        ids = {each.id for first in known for each in (first, *_members(first))}
        for each in outline.walk():
            if each.kind != "branch" or each.span.file != text.path:
                continue
            # What stands in front of a condition, such as `not`, belongs to it.
            if each.span.line == where.line and abs(each.span.col - where.column) <= 1:
                roles = [side for side in each.sides if side.role]
                if roles and all(set(side.waits) <= ids for side in roles):
                    return each
    return None


def _members(node: Node) -> list[Node]:
    return [each for side in node.sides for each in side.body] if node.kind in ("any", "all") else []


def _after_tests(
    text: Source, outlines: list[Outline], node: Node, statement: Statement
) -> tuple[Statement, bool]:
    """The last of the statements below a wait that only ask how it ended, and whether all ends there."""
    ends = False
    if node.kind in ("wait", "any", "all"):
        siblings = text.siblings(statement)
        for each in siblings[siblings.index(statement) + 1 :]:
            branch = tests(text, outlines, node, each)
            if branch is None:
                break
            statement, ends = each, branch.ends
    return statement, ends


def _top(text: Source, node: Node, where: Where) -> Spot:
    function = next(
        (
            each
            for each in m.findall(text.module, m.FunctionDef())
            if isinstance(each, cst.FunctionDef) and text.position(each).start.line == node.span.line
        ),
        None,
    )
    if where == "before" or function is None or not isinstance(function.body, cst.IndentedBlock):
        raise text.refuse(node, "nothing of the journey can stand there")
    first = function.body.body[0]
    assert isinstance(first, Statement)
    documented = m.matches(
        first, m.SimpleStatementLine(body=[m.Expr(m.SimpleString() | m.ConcatenatedString())])
    )
    return after(text, first) if documented else before(text, first)


def _bottom(text: Source, node: Node, where: Where) -> Spot:
    if where == "after":
        raise text.refuse(node, "the journey's pass ends there", "")
    found = text.innermost(node.span.line, node.span.col)
    around = [] if found is None else text.functions(found)
    around = around[1:] if around and around[0] is found else around
    if not around or not isinstance(around[0].body, cst.IndentedBlock):
        raise text.refuse(node, "the function stands on one line", "Give its body lines of its own.")
    last = around[0].body.body[-1]
    assert isinstance(last, Statement)
    return after(text, last)
