"""Names of ours that new code needs: how a file calls them, and the import that brings them in."""

from __future__ import annotations

import ast

import libcst as cst
import libcst.matchers as m

from studio.design.editing.source import Source
from studio.design.outline.model import Node
from studio.design.outline.sources import SourceModule
from studio.text import syntax

OURS = ("studio", "journey_studio")


def called_here(text: Source, at: Node, name: str) -> tuple[str, bool]:
    """How a name of ours is written in a file, and whether it is still to be imported there.

    Raises:
        EditError: it means something else there, or nothing of ours is imported.
    """
    whole = None
    found = None
    for statement in text.module.body:
        for each in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(each, cst.Import):
                for alias in each.names:
                    if alias.evaluated_name in OURS:
                        whole = alias.evaluated_alias or alias.evaluated_name
            elif _is_ours(each):
                assert isinstance(each, cst.ImportFrom)
                found = each
                for alias in each.names if not isinstance(each.names, cst.ImportStar) else ():
                    if alias.evaluated_name == name:
                        return alias.evaluated_alias or name, False
    if found is None and whole is not None:
        return f"{whole}.{name}", False
    if found is None or isinstance(found.names, cst.ImportStar):
        raise text.refuse(
            at, f"{name} is not imported here", f"Write from studio import {name}, then edit it."
        )
    if name in text.taken():
        raise text.refuse(
            at, f"{name} means something else here", f"Import {name} under another name by hand."
        )
    return name, True


def top_level_names(text: Source) -> set[str]:
    """The names that a file gives a value at its top level, or imports there."""
    return set(SourceModule(text.path, text.text).names)


def channels(text: Source) -> dict[str, str]:
    """The variables that hold channels made in a file, by the channels' names."""
    found: dict[str, str] = {}
    for name, made in SourceModule(text.path, text.text).names.items():
        call = made.value if isinstance(made, ast.Assign) else None
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        if not isinstance(call, ast.Call) or ast.unparse(call.func).rpartition(".")[2] != "channel":
            continue
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            found[first.value] = name
    return found


def _is_ours(statement: cst.BaseSmallStatement) -> bool:
    if not isinstance(statement, cst.ImportFrom) or statement.relative or statement.module is None:
        return False
    return m.matches(statement.module, m.OneOf(*(m.Name(each) for each in OURS)))


def with_import(source: str, path: str, at: Node, name: str) -> str:
    """A text in which a name is imported from where others of ours are, in its alphabetical place.

    Raises:
        EditError: other code would change.
    """
    text = Source(source, path)
    old = next(
        each
        for statement in text.module.body
        for each in (statement.body if isinstance(statement, cst.SimpleStatementLine) else ())
        if _is_ours(each)
    )
    assert isinstance(old, cst.ImportFrom)
    assert not isinstance(old.names, cst.ImportStar)
    made = text.module.deep_replace(old, old.with_changes(names=_with_name(list(old.names), name)))
    assert isinstance(made, cst.Module)
    if _without(made.code, name) != _without(text.text, name):
        raise text.refuse(at, f"the import of {name} would not come out as meant")
    return text.whole(made.code)


def _with_name(names: list[cst.ImportAlias], name: str) -> list[cst.ImportAlias]:
    """Aliases with one more: classes come before functions, each by the alphabet."""
    new = cst.ImportAlias(cst.Name(name))
    at = next(
        (n for n, each in enumerate(names) if each.evaluated_name.islower() and each.evaluated_name > name),
        len(names),
    )
    between = next((each.comma for each in names if isinstance(each.comma, cst.Comma)), None)
    comma = between or cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if at < len(names):
        return [*names[:at], new.with_changes(comma=comma), *names[at:]]
    last = names[-1]
    return [*names[:-1], last.with_changes(comma=comma), new.with_changes(comma=last.comma)]


def _without(code: str, name: str) -> str:
    tree = syntax.module(code)
    for each in tree.body:
        if isinstance(each, ast.ImportFrom) and each.module in OURS:
            each.names = [alias for alias in each.names if alias.name != name]
    return ast.dump(tree)
