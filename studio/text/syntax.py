"""Python's own parser, one thread at a time.

In Python 3.11 two threads that make syntax trees at once may both be told `SystemError: AST constructor
recursion depth mismatch`: the parser counts its depth for all of them together, and a collection of garbage
in its midst lets another thread run. Tracebacks are parsed, too: their carets point at parts of a line.
"""

from __future__ import annotations

import ast
import os
import threading
import traceback
from contextlib import suppress
from types import TracebackType

_lock = threading.RLock()


def parse(text: str, path: str = "<unknown>", mode: str = "exec") -> ast.AST:
    """The syntax tree of a text.

    Args:
        path: what errors call it by.
        mode: "exec" for a module, "eval" for an expression.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it has a null character.
    """
    with _lock:
        return ast.parse(text, path, mode)


def module(text: str, path: str = "<unknown>") -> ast.Module:
    """The syntax tree of a module's text; raises what `parse` does."""
    tree = parse(text, path)
    assert isinstance(tree, ast.Module)
    return tree


def traceback_lines(error: BaseException, tb: TracebackType | None) -> list[str]:
    """A traceback as Python prints it."""
    # Code of others makes the texts of exceptions, and may never come back: not while the lock is held. The
    # lines come from Python's cache of sources, which is not safe beside another reader, either.
    _ask_texts(error)
    with _lock:
        return traceback.format_exception(type(error), error, tb)


def _ask_texts(error: BaseException | None) -> None:
    """Have an exception, its causes and its members make their texts once."""
    asked = set[int]()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in asked:
            continue
        asked.add(id(each))
        with suppress(Exception, SystemExit, KeyboardInterrupt, GeneratorExit):
            str(each)
        waiting += (each.__cause__, each.__context__)
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _forked() -> None:
    # Whoever held it is not in this process.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
