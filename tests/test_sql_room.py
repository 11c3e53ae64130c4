"""SQL stands in `studio/store/` alone, and what it means by a number it says by name."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from studio.text import syntax

ROOT = Path(__file__).parent.parent
ROOM = ROOT / "studio" / "store"

SQL = re.compile(
    r"\s*(SELECT\s.*\S|INSERT\s+(OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|WITH\s+RECURSIVE\b"
    r"|CREATE\s+(TEMP\s+)?(TABLE|VIEW|(UNIQUE\s+)?INDEX)\b|PRAGMA\s+\w|ATTACH\s|DETACH\s|VACUUM\b"
    r"|EXPLAIN\s+QUERY|BEGIN(\s+IMMEDIATE)?\s*$|COMMIT\s*$|ROLLBACK\s*$|SAVEPOINT\s)",
    re.DOTALL,
)
CALLS = ("execute", "executemany", "executescript")
NUMBER = re.compile(
    r"\b(kind|status)\s*(<>|<=|>=|=|<|>|-|\+)\s*\d|\b(kind|status)\s+(NOT\s+)?IN\s*\(\s*\d|\bkind\s+BETWEEN\s+\d"
)


def sources(*, inside: bool) -> list[Path]:
    """The modules of the store, or all others."""
    folders = ("studio", "journey_studio")
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [path for path in found if path.is_relative_to(ROOM) == inside]


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module, with their lines, but for docstrings; what is put into one reads as `{}`."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    parts: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            # Of what is put in only texts of its own would count: there are none.
            parts.update(each for each in ast.walk(node) if each is not node)
            pieces = [each.value if isinstance(each, ast.Constant) else "{}" for each in node.values]
            if node not in parts:
                yield node.lineno, "".join(map(str, pieces))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            # A docstring, of whatever it is written below.
            parts.add(node.value)
        elif isinstance(node, documented):
            continue
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.lineno, node.value


def faults(source: str) -> list[str]:
    """What a module has of SQL, each with its line."""
    tree = syntax.module(source)
    found = [f"{line}: {text.strip()[:60]!r}" for line, text in texts(tree) if SQL.match(text)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            found.append(f"{node.lineno}: .{node.func.attr}(…)")
        if isinstance(node, ast.Import) and any(each.name == "sqlite3" for each in node.names):
            found.append(f"{node.lineno}: import sqlite3")
        if isinstance(node, ast.ImportFrom) and node.module == "sqlite3":
            found.append(f"{node.lineno}: from sqlite3 import")
    return found


def test_no_other_room_has_sql() -> None:
    paths = sources(inside=False)
    assert len(paths) > 100
    found = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in paths
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def named(path: Path) -> Iterator[tuple[int, object]]:
    """What a module takes by name from the store: what it imports of it, and what it reads of its modules."""
    tree = syntax.module(path.read_text(encoding="utf-8"))
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("studio.store"):
            continue
        whence = importlib.import_module(str(node.module))
        for each in node.names:
            value = getattr(whence, each.name, None)
            if value is None and node.module == "studio.store":
                value = importlib.import_module(f"studio.store.{each.name}")
            if isinstance(value, ModuleType):
                modules[each.asname or each.name] = value
            yield node.lineno, value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.lineno, getattr(modules[node.value.id], node.attr, None)


def test_no_other_room_hands_a_statement_to_the_store() -> None:
    """A statement that is imported and handed back is a question that should have a name and fields."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {value.strip()[:60]!r}"
        for path in sources(inside=False)
        for line, value in named(path)
        if isinstance(value, str) and SQL.match(value)
    ]
    assert found == []


def test_a_statement_says_kinds_and_statuses_by_name() -> None:
    found = [
        f"{path.name}:{line}: {match[0]!r}"
        for path in sources(inside=True)
        for line, text in texts(syntax.module(path.read_text(encoding="utf-8")))
        if (match := NUMBER.search(text))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'ALL = "SELECT id FROM users"',
        'ALL = f"""\n  SELECT {COLUMNS}\n  FROM history"""',
        "con.execute(text, (1,))",
        "con.executemany(text, rows)",
        "con.executescript(text)",
        'begin = "BEGIN IMMEDIATE"',
        'end = "DELETE FROM meta WHERE key = ?"',
        "def f():\n    import sqlite3",
        "from sqlite3 import Error",
    ],
)
def test_sql_is_found_in_whatever_shape_it_stands(source: str) -> None:
    assert faults(source)


def test_what_is_said_of_sql_is_none() -> None:
    assert not faults('"""SELECT nothing FROM here."""\nx = "Select a user"\ny = "UPDATE: it is done"\n')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('X = "WHERE h.kind = 1"', True),
        ('X = "WHERE kind IN (50, 51)"', True),
        ('X = "WHERE kind BETWEEN 40 AND 44"', True),
        ('X = "kind - 1"', True),
        ('X = f"WHERE status = {Status.FAILED}"', False),
        ('X = f"WHERE kind IN ({Kind.EVENT}, {Kind.PASS})"', False),
    ],
)
def test_a_bare_number_is_found(text: str, found: bool) -> None:
    assert bool([each for _, each in texts(syntax.module(text)) if NUMBER.search(each)]) is found
