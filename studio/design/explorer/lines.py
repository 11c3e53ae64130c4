"""Which lines of the author's code the explorer has come through, and which no path reaches.

Lines are taken down by a trace function (`sys.settrace`), in the exploring thread alone and
only while the author's function runs. A path is the same as the one that it turns off from up to
the turn, so that it is traced from there on. That makes tracing half of all time; a file's frames
seen at each await would cost nothing, and miss every line between two of them.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from studio.language.definition import Workflow
from studio.text import syntax
from studio.text.source_code import is_library


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the author's code."""

    path: str
    line: int
    text: str
    """Its first line."""
    waits: tuple[str, ...] = ()
    """Events that are waited for in it, as far as they are written out."""


@lru_cache(maxsize=1024)
def uses_value(path: str, line: int) -> bool:
    """Whether something is made of what the call of a line gives: it is no statement of its own."""
    try:
        tree = syntax.module("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await):
            call = node.value.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                at = call.func.end_lineno or call.lineno
                if call.func.attr == "message" and line in (at, call.lineno):
                    return False
    return True


class Lines:
    """Takes down which lines are run.

    Args:
        muted: whether what runs now does not count: a function that is only being left.
    """

    def __init__(self, muted: Callable[[], bool]) -> None:
        self._muted = muted
        self._before = sys.gettrace()
        self._left: dict[CodeType, set[int]] = {}
        self._seen: dict[str, set[int]] = {}

    def trace(self, on: bool) -> None:
        """Begin or leave off taking down what this thread runs."""
        sys.settrace(self._enter if on else self._before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        left = self._left.get(code)
        if left is None:
            own = not is_library(code.co_filename)
            left = self._left[code] = {line for *_, line in code.co_lines() if line} if own else set()
        return self._run if left else None

    def _run(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line" and not self._muted():
            self._left[frame.f_code].discard(frame.f_lineno)
            self._seen.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
        return self._run

    def unreached(self, workflow: Workflow) -> list[Statement]:
        """The statements of the workflow's function, and of the helpers it came into, that never ran."""
        entered = [code for code in self._left if code.co_filename in self._seen]
        codes = {workflow.original.__code__, *entered}
        found: list[Statement] = []
        for code in sorted(codes, key=lambda code: (code.co_filename != workflow.path, code.co_firstlineno)):
            function = _function_at(code.co_filename, code.co_firstlineno)
            # A module runs while it is imported: not a way that a user goes.
            if function is None or code.co_name != function.name:
                continue
            runnable = {line for *_, line in code.co_lines() if line}
            seen = self._seen.get(code.co_filename, set())
            missed: dict[int, tuple[str, ...]] = {}
            for statement in _statements(function):
                lines = range(statement.lineno, _head_end(statement) + 1)
                if runnable.isdisjoint(lines) or not seen.isdisjoint(lines):
                    continue
                missed[statement.lineno] = _waits(statement, lines)
            sources = _source_lines(code.co_filename)
            found += [
                Statement(code.co_filename, line, sources[line - 1].strip(), waits)
                for line, waits in sorted(missed.items())
            ]
        return found


def catches_failure(path: str, line: int) -> bool:
    """Whether a line stands in a `try` that may catch a step's failure."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Try) and node.handlers and node.body:
            inside = range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1)
            if line in inside and any(_takes_failures(each.type) for each in node.handlers):
                return True
    return False


def _takes_failures(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        (name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", ""))
        in ("StepFailed", "Exception", "BaseException")
        for name in names
    )


@lru_cache(maxsize=64)
def _parsed(source: str) -> ast.Module:
    try:
        return syntax.module(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _source_lines(path: str) -> list[str]:
    linecache.checkcache(path)
    return linecache.getlines(path)


def _tree(path: str) -> ast.Module:
    return _parsed("".join(_source_lines(path)))


def _function_at(path: str, first: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if first in (min(lines), node.lineno):
                return node
    return None


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function, those of functions in it left out."""
    todo: list[ast.stmt] = list(function.body)
    while todo:
        statement = todo.pop()
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for block in ("body", "orelse", "finalbody"):
            todo += getattr(statement, block, [])
        for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            todo += part.body


def _head_end(statement: ast.stmt) -> int:
    """The last line of a statement before its block."""
    if isinstance(statement, ast.Match):
        return statement.subject.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        return max(statement.lineno, int(body[0].lineno) - 1)
    return statement.end_lineno or statement.lineno


def _waits(statement: ast.stmt, lines: range) -> tuple[str, ...]:
    return tuple(
        node.args[0].value
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "wait_for"
        and node.lineno in lines
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )
