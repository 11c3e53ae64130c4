"""Changing a workflow's source by its map: a node and a value in, the new source out.

Everything else in the file stays to the character. What would not be a plain edit is
refused with the line to edit by hand. Pure, but for `files` and `undo`, which write.

`change`, `insert` and `remove` load what they need at their first call: LibCST takes a
third of a second to import, and a studio that edits nothing should not wait for it.
"""

from __future__ import annotations

from typing import Any

from studio.design.editing.edit import Edit
from studio.design.editing.templates import Template, Where
from studio.design.outline.model import Node
from studio.design.outline.sources import Resolver, beside


def change(
    source: str, node: Node, what: str, value: Any, *, key: str = "", resolve: Resolver = beside
) -> Edit:
    """Change a value of a node that is written out in the source.

    Args:
        source: the text of the node's file, with its line endings; a BOM may lead it.
        node: of the map of this very text.
        what: one of `fields.FIELDS` of the node's kind.
        value: what it is to be; `fields.REMOVED` takes the argument, or the match's key, away.
        key: of a match, which of its keys.
        resolve: finds the modules that the file imports.

    Raises:
        EditError: it is not written out there, the engine would refuse the value, or the
            text is not the one that the node was read from.
    """
    from studio.design.editing import changing, decorating

    if node.kind == "start":
        return decorating.change(source, node, what, value, resolve)
    return changing.change(source, node, what, value, key, resolve)


def insert(source: str, node: Node, where: Where, template: Template, *, resolve: Resolver = beside) -> Edit:
    """Write something new before or after a node's statement.

    After a wait is after the `if` that asks directly below it whether the wait has matched. After the
    start is at the top of the function, before the end that nobody wrote is at its bottom.

    Raises:
        EditError: no statement may stand there, or the engine would refuse what it holds.
    """
    from studio.design.editing import inserting

    return inserting.insert(source, node, where, template, resolve)


def remove(source: str, node: Node, *, resolve: Resolver = beside) -> Edit:
    """Take a node's statement away, and with a wait the `if` below it that is for its timeout alone.

    Comments that stand on lines of their own above it stay.

    Raises:
        EditError: its result is used elsewhere, or it is only a part of a statement.
    """
    from studio.design.editing import removing

    return removing.remove(source, node, resolve)
