"""The author's files, read: functions, what names stand for, and lines that are said to be all right."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from studio.language.modules import read_text
from studio.text import syntax
from studio.text.source_code import is_library

Function = ast.FunctionDef | ast.AsyncFunctionDef

_OK = re.compile(r"#\s*studio:\s*ok\b")


@dataclass(slots=True)
class CheckedSource:
    """One file."""

    path: str
    tree: ast.Module
    names: dict[str, str]
    """What a name at the top level stands for: "dt" is "datetime.datetime"; of a value that a call
    gave, "httpx.Client()"."""
    functions: dict[str, Function]
    fine: set[int]
    """Lines with the comment `# studio: ok`."""


@dataclass(slots=True)
class CheckedSources:
    """Reads each file once."""

    _known: dict[str, CheckedSource | None] = field(default_factory=dict)

    def read(self, path: str) -> CheckedSource | None:
        """A file; None when it cannot be read as Python (the loader says why)."""
        if path not in self._known:
            text = read_text(path)
            try:
                self._known[path] = None if text is None else _source(path, text)
            except (SyntaxError, ValueError, tokenize.TokenError):
                self._known[path] = None
        return self._known[path]

    def find(self, module: str, by: CheckedSource) -> CheckedSource | None:
        """A module of the author's own that a file imports; None for libraries."""
        relative = Path(by.path).parent.joinpath(*module.split("."))
        for path in (relative.with_suffix(".py"), relative / "__init__.py"):
            if path.is_file():
                return self.read(str(path))
        loaded = getattr(sys.modules.get(module), "__file__", None)
        if loaded and loaded.endswith(".py") and not is_library(loaded):
            return self.read(loaded)
        return None

    def function(self, name: str, by: CheckedSource, depth: int = 4) -> tuple[CheckedSource, Function] | None:
        """A function of the author's own by its full name, "_mail.remind"; None for any other."""
        module, _, last = name.rpartition(".")
        while module:
            source = self.find(module, by)
            if source is not None:
                if "." in last:
                    return None
                if last in source.functions:
                    return source, source.functions[last]
                other = source.names.get(last)
                return self.function(other, source, depth - 1) if other and depth else None
            module, _, more = module.rpartition(".")
            last = f"{more}.{last}"
        return None

    def is_own(self, name: str, by: CheckedSource) -> bool:
        """Whether a full name is of a module of the author's own."""
        parts = name.split(".")
        return any(self.find(".".join(parts[:n]), by) is not None for n in range(1, len(parts)))


def _source(path: str, text: str) -> CheckedSource:
    tree = syntax.module(text)
    names: dict[str, str] = {}
    functions: dict[str, Function] = {}
    for node in ast.walk(tree):
        # Also below an `if TYPE_CHECKING` or a `try`.
        if isinstance(node, Function):
            continue
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                names.update(imported(inner))
    for statement in tree.body:
        if isinstance(statement, Function):
            functions[statement.name] = statement
    for name, value in assigned(tree.body):
        if (known := full_name(value, names)) is not None:
            names[name] = known
    fine = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and _OK.search(token.string)
    }
    return CheckedSource(path, tree, names, functions, fine)


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """What the names of an import stand for."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: alias.name
            if alias.asname
            else alias.name.partition(".")[0]
            for alias in node.names
        }
    module = f"{node.module}." if node.module else ""
    return {alias.asname or alias.name: f"{module}{alias.name}" for alias in node.names}


def assigned(body: list[ast.stmt]) -> list[tuple[str, ast.expr]]:
    """The plain assignments of a block: name and value."""
    found = []
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name):
            found.append((target.id, value))
    return found


def full_name(node: ast.expr, names: dict[str, str]) -> str | None:
    """What an expression names: "datetime.datetime.now", "httpx.Client().get"; None when it names nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        inner = full_name(node.value, names)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ast.Call):
        inner = full_name(node.func, names)
        return None if inner is None else f"{inner}()"
    return None
