"""Whether a changed text says what was asked for, and nothing else.

Each change is made by one means and checked by others: the lines around it, the syntax
tree without what was changed, and the map, read again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from studio.design.editing.edit import lines_of
from studio.design.editing.fields import REMOVED
from studio.design.editing.source import Source
from studio.design.outline.flow_reader import read_each
from studio.design.outline.model import Node, Outline
from studio.design.outline.sources import Resolver, SourceModule
from studio.errors import EditError, WorkflowError


def read(text: Source, node: Node, resolve: Resolver) -> list[Outline]:
    """The maps of all functions of a text.

    Raises:
        EditError: none has the node, so it was read from another text.
    """
    outlines = read_all(text, resolve)
    if not any(_is(each, node) for outline in outlines for each in outline.walk()):
        raise text.refuse(
            node,
            f"the {node.kind} {node.text} is not there".replace("  ", " "),
            "Read the map again, then edit it.",
        )
    return outlines


def read_all(text: Source, resolve: Resolver) -> list[Outline]:
    """The maps of all functions of a text.

    Raises:
        EditError: it is no Python.
    """
    try:
        return read_each(text.text, text.path, resolve)
    except WorkflowError as error:
        raise EditError(error.what, path=text.file, line=error.line, fix=error.fix) from None


def _is(a: Node, b: Node) -> bool:
    if a.kind == "start":
        # What it is given is said otherwise where the workflow is loaded.
        return (a.kind, a.span, a.place) == (b.kind, b.span, b.place)
    return (a.kind, a.span, a.place, a.text, a.details) == (b.kind, b.span, b.place, b.text, b.details)


def stray(text: Source, at: Node, why: str) -> EditError:
    """The error to raise for a change that would not come out as meant."""
    return text.refuse(at, f"the change would not come out as meant: {why}")


def _read_again(
    text: Source, after: str, node: Node, resolve: Resolver
) -> tuple[SourceModule, list[Outline]]:
    try:
        compile(after, text.path, "exec", dont_inherit=True)
        return SourceModule(text.path, after), read_each(after, text.path, resolve)
    except (SyntaxError, WorkflowError) as error:
        raise stray(text, node, f"the file would not load ({error})") from None


# -- a changed argument ------------------------------------------------------------------------


def check_change(
    text: Source,
    before: list[Outline],
    after: str,
    node: Node,
    what: str,
    key: str,
    value: Any,
    resolve: Resolver,
) -> None:
    """Check that one argument of one call is another, and all else is as it was.

    Raises:
        EditError: it is not so.
    """
    module, outlines = _read_again(text, after, node, resolve)
    first = node.span.line
    old_tree = SourceModule(text.path, text.text)
    old, new = _call(old_tree, node, None), _call(module, node, _rank(old_tree, node))
    old_end, new_end = old.end_lineno or first, new.end_lineno or first
    here, there = text.lines, lines_of(after)
    if here[: first - 1] != there[: first - 1] or here[old_end:] != there[new_end:]:
        raise stray(text, node, "other lines would change")
    _check_arguments(text, node, old, new, what, key, value)
    for call in (old, new):
        call.args, call.keywords = [], []
    if ast.dump(old_tree.tree) != ast.dump(module.tree):
        raise stray(text, node, "other code would change")
    lines = EditedLines((first, old_end), new_end - old_end)
    _check_maps(text, node, before, outlines, there, lines, (first, new_end), what)


def _calls(module: SourceModule, node: Node) -> list[ast.Call]:
    """The calls that begin where the node does, the shortest first."""
    found = [
        each
        for each in ast.walk(module.tree)
        if isinstance(each, ast.Call)
        and each.lineno == node.span.line
        and module.column(each) == node.span.col
    ]
    return sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))


def _rank(module: SourceModule, node: Node) -> int:
    return next(at for at, each in enumerate(_calls(module, node)) if each.end_lineno == node.span.end_line)


def _call(module: SourceModule, node: Node, rank: int | None) -> ast.Call:
    return _calls(module, node)[_rank(module, node) if rank is None else rank]


def _given(call: ast.Call) -> dict[str, ast.expr]:
    plain = {str(at): each for at, each in enumerate(call.args)}
    return plain | {each.arg or f"**{ast.dump(each.value)}": each.value for each in call.keywords}


def _check_arguments(
    text: Source, node: Node, old: ast.Call, new: ast.Call, what: str, key: str, value: Any
) -> None:
    a, b = _given(old), _given(new)
    names = [name for name in a.keys() | b.keys() if _dumped(a.get(name)) != _dumped(b.get(name))]
    if len(names) != 1 or ast.dump(old.func) != ast.dump(new.func):
        raise stray(text, node, "other arguments would change")
    before, now = a.get(names[0]), b.get(names[0])
    if names[0] != what and not names[0].isdigit():
        raise stray(text, node, f"{names[0]} would change")
    if what == "match":
        kept, kept_now = _items(before, key), _items(now, key)
        if kept[0] != kept_now[0]:
            raise stray(text, node, "other keys would change")
        now = kept_now[1]
    found = REMOVED if now is None else ast.literal_eval(now)
    gone = value is REMOVED and (found is REMOVED or (found is None and what != "match"))
    if not gone and repr(found) != repr(value):
        raise stray(text, node, f"the {what} would be {found!r}")


def _dumped(node: ast.expr | None) -> str:
    return "" if node is None else ast.dump(node)


def _items(match: ast.expr | None, key: str) -> tuple[list[str], ast.expr | None]:
    """All items of a match but one, and that one's value."""
    if not isinstance(match, ast.Dict):
        return [], None
    found: ast.expr | None = None
    others = []
    for name, item in zip(match.keys, match.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == key:
            found = item
        else:
            others.append(f"{_dumped(name)}: {ast.dump(item)}")
    return others, found


# -- inserted and removed lines ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EditedLines:
    """Lines of the old text that have no counterpart, and how far those behind them have moved."""

    gone: tuple[int, int]
    """First and last; the last is before the first where lines were only inserted."""
    moved: int

    def after(self, line: int) -> int:
        """Where an old line is now."""
        return line if line < self.gone[0] else line + self.moved


def check_lines(
    text: Source,
    before: list[Outline],
    after: str,
    node: Node,
    lines: EditedLines,
    made: tuple[int, int],
    resolve: Resolver,
) -> list[Node]:
    """Check that whole statements were put in or taken away, and all else is as it was.

    Args:
        made: first and last line of what is new; the last is before the first when nothing is.

    Returns:
        The nodes that are new.

    Raises:
        EditError: it is not so.
    """
    module, outlines = _read_again(text, after, node, resolve)
    old_tree = SourceModule(text.path, text.text)
    if _without(old_tree.tree, lines.gone) != _without(module.tree, made):
        raise stray(text, node, "other code would change")
    there = lines_of(after)
    _check_maps(text, node, before, outlines, there, lines, made)
    return [
        each
        for outline in outlines
        if not _inside(outline.line, made)
        for each in outline.walk()
        if each.span.file == text.path and _inside(each.span.line, made) and not is_end(each, there)
    ]


def _inside(line: int, lines: tuple[int, int]) -> bool:
    return lines[0] <= line <= lines[1]


class _Cut(ast.NodeTransformer):
    """Takes away the statements that begin in some lines."""

    def __init__(self, lines: tuple[int, int]) -> None:
        self.lines = lines

    def visit(self, node: ast.AST) -> Any:
        return (
            None if isinstance(node, ast.stmt) and _inside(node.lineno, self.lines) else super().visit(node)
        )


def _without(tree: ast.Module, lines: tuple[int, int]) -> str:
    return ast.dump(_Cut(lines).visit(tree))


def is_end(node: Node, lines: list[str]) -> bool:
    """Whether it is the end that nobody wrote: its place is that of the last statement, whichever it is."""
    written = (
        lines[node.span.line - 1][node.span.col :].startswith("return") if node.kind == "return" else True
    )
    return not written


# -- maps --------------------------------------------------------------------------------------


def _check_maps(
    text: Source,
    node: Node,
    before: list[Outline],
    after: list[Outline],
    there: list[str],
    lines: EditedLines,
    made: tuple[int, int],
    what: str = "",
) -> None:
    """Check that the maps agree everywhere else.

    Args:
        there: the lines of the new text.
        what: an argument that changed in these lines; "" when whole statements came or went.
    """
    old = _Shapes(text.path, text.lines, lines.gone, lines, what)
    new = _Shapes(text.path, there, made, None, what)
    if old.whole(before) != new.whole(after):
        raise stray(text, node, "the map would change elsewhere")
    if what and not _shows(node, after, what):
        raise stray(text, node, "the map would not show it")


def _shows(node: Node, after: Iterable[Outline], what: str) -> bool:
    """Whether each node of this place has changed in just what was asked for."""
    place = (node.kind, node.place, node.span.line, node.span.col)
    found = [
        each
        for outline in after
        for each in outline.walk()
        if (each.kind, each.place, each.span.line, each.span.col) == place
    ]

    def others(each: Node) -> dict[str, str]:
        return {name: text for name, text in each.details if name != what}

    def asked(each: Node) -> tuple[str, ...]:
        arms = [side.text for side in each.sides] if what == "arms" else []
        return each.text, each.detail(what) or "", *arms

    return bool(found) and all(others(each) == others(node) and asked(each) != asked(node) for each in found)


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Maps without what may differ: the nodes of some lines, or of these the text."""

    path: str
    text: list[str]
    """The lines of the source."""
    lines: tuple[int, int]
    """Where the difference is."""
    moves: EditedLines | None
    """Tells where an old line is in the new text; None for the new text."""
    what: str
    """The argument that differs; "" when whole nodes do."""

    def whole(self, outlines: Iterable[Outline]) -> list[list[tuple[Any, ...]]]:
        """The shapes of all functions but those that came or went."""
        kept = (each for each in outlines if self.what or not _inside(each.line, self.lines))
        return [list(self._of(each.nodes)) for each in kept]

    def _of(self, nodes: tuple[Node, ...]) -> Iterator[tuple[Any, ...]]:
        for node in nodes:
            here = node.span.file == self.path
            end = here and is_end(node, self.text)
            if not self.what and here and _inside(node.span.line, self.lines) and not end:
                continue
            around = here and node.span.line <= self.lines[1] and node.span.end_line >= self.lines[0]
            # The text of a condition may have that of the call in it.
            vague = bool(self.what) and (around or bool(node.sides))
            sides = tuple(
                (side.kind, "" if vague else side.text, side.role, side.written, tuple(self._of(side.body)))
                for side in node.sides
            )
            if self.what == "arms" and around and node.kind == "split":
                sides = ()
            if sides and not any(side[-1] for side in sides):
                # A branch in which nothing is left to show is not shown.
                continue
            line = self.moves.after(node.line) if self.moves and here else node.line
            # Where a helper stands moves with the lines above it.
            details = tuple(each for each in node.details if each[0] != "at")
            told = ("", "", ()) if vague else (node.text, node.name, details)
            yield (node.kind, *told, None if end or (around and self.what) else line, node.outcome, sides)
