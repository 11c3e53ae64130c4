"""The source files that a map is read from: parsed once, by path, with the names each defines.

Nothing is imported and nothing is run. Modules of the user's own are looked for where
Python would find them for a workflow file: beside it, and in the folders above.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable
from functools import cached_property

from studio.errors import WorkflowError
from studio.language.modules import read_text
from studio.text import syntax

Resolver = Callable[[str, str, int], "tuple[str, str] | None"]
"""Takes the importing file, the module's dotted name and the number of leading dots; gives the
path and the source of the module, or None when it is not the user's own."""

FOLDERS_UP = 4
"""How far above a workflow file modules are looked for."""


class SourceModule:
    """One parsed file.

    Raises:
        WorkflowError: it is no Python.
    """

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.file = os.path.basename(path)
        try:
            self.tree = syntax.module(source, path)
        except SyntaxError as error:
            raise WorkflowError(f"SyntaxError: {error.msg}", path=self.file, line=error.lineno) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise WorkflowError(f"it cannot be read: {error}", path=self.file) from None
        self._lines: list[bytes] = [line.encode() for line in re.split("\r\n|\r|\n", source)]

    @cached_property
    def names(self) -> dict[str, ast.stmt]:
        """The statement that defines each name at the top level; the last one counts."""
        found: dict[str, ast.stmt] = {}
        for statement in _top_level(self.tree.body):
            for name in _defined(statement):
                found[name] = statement
        return found

    def text(self, node: ast.AST) -> str:
        """A node as written; brought onto one line when it stands on several."""
        line, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if line is not None and line == end:
            start, stop = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
            written: bytes = self._lines[line - 1][start:stop]
            return written.decode(errors="replace")
        return ast.unparse(node)

    def column(self, node: ast.expr | ast.stmt) -> int:
        """The column in characters."""
        return len(self._lines[node.lineno - 1][: node.col_offset].decode(errors="replace"))

    def function_at(self, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function whose first line, decorators included, is this: `co_firstlineno`."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if min([node.lineno, *(each.lineno for each in node.decorator_list)]) == line:
                return node
        return None


def _top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run when the module is imported, those under if and try among them."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.If | ast.Try):
            found += _top_level(statement.body) + _top_level(statement.orelse)
            for handler in getattr(statement, "handlers", ()):
                found += _top_level(handler.body)
    return found


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


class Sources:
    """All files that one map is read from."""

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self._modules: dict[str, SourceModule] = {}
        self._found: dict[tuple[str, str, int], SourceModule | None] = {}

    def add(self, path: str, source: str) -> SourceModule:
        """Take a file in.

        Raises:
            WorkflowError: it is no Python.
        """
        if path not in self._modules:
            self._modules[path] = SourceModule(path, source)
        return self._modules[path]

    def find(self, importer: str, name: str, level: int) -> SourceModule | None:
        """The module that an import names; None when it is not the user's own or does not parse."""
        key = (os.path.dirname(importer), name, level)
        if key not in self._found:
            found = self._resolve(importer, name, level)
            try:
                self._found[key] = self.add(*found) if found else None
            except WorkflowError:
                # Importing it says so, at its line; the map shows the call as it is written.
                self._found[key] = None
        return self._found[key]


def beside(importer: str, name: str, level: int) -> tuple[str, str] | None:
    """The resolver for files on disk."""
    top = name.partition(".")[0]
    if level == 0 and (top == "studio" or top in sys.stdlib_module_names):
        return None
    folder = os.path.dirname(os.path.abspath(importer))
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    for _ in range(FOLDERS_UP if level == 0 else 1):
        base = os.path.join(folder, *name.split(".")) if name else folder
        for path in (f"{base}.py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path):
                text = read_text(path)
                return None if text is None else (path, text)
        folder = os.path.dirname(folder)
    return None
