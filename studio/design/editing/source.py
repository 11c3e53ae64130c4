"""A source file as LibCST reads it: where a node's call stands, and the statement around it."""

from __future__ import annotations

import builtins
import io
import keyword
import os
import re
import tokenize
from collections import Counter
from typing import cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from studio.design.editing.edit import lines_of
from studio.design.outline.calls import KINDS, LOGGING
from studio.design.outline.model import Node
from studio.errors import EditError
from studio.language.commands import Place

BY_HAND = "Edit that line by hand."

# Several methods may make nodes of one kind: both wait_for and collect are waits.
_METHODS: dict[str, tuple[str, ...]] = {
    kind: tuple(name for name, its in KINDS.items() if its == kind) for kind in KINDS.values()
}
_METHODS["log"] = ("log", "print", *LOGGING)

LONGEST_NAME = 30
"""Characters of a new variable's or function's name, unless one word alone is longer."""

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


class Source:
    """A text, parsed so that it can be written again to the character.

    Raises:
        EditError: LibCST cannot read it, or would not write it back as it is.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.file = os.path.basename(path)
        # LibCST drops both, and the positions of neither tree count them.
        self.head = "\ufeff" if text.startswith("\ufeff") else ""
        self.tail = "\r" if text.endswith("\r") else ""
        self.text = text[len(self.head) : len(text) - len(self.tail)]
        try:
            self.module = cst.parse_module(self.text)
        except cst.ParserSyntaxError as error:
            raise EditError(f"SyntaxError: {error.message}", path=self.file, line=error.raw_line) from None
        except RecursionError:
            raise EditError("it is nested too deeply to be edited", path=self.file) from None
        if self.module.code != self.text:
            raise EditError(
                "its spelling would not survive an edit by the map", path=self.file, fix="Edit it by hand."
            )
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        self._positions = cast("dict[cst.CSTNode, CodeRange]", wrapper.resolve(PositionProvider))
        self._parents = cast("dict[cst.CSTNode, cst.CSTNode]", wrapper.resolve(ParentNodeProvider))
        self.lines = lines_of(self.text)
        self.encoding = self._encoding()

    def _encoding(self) -> str:
        try:
            return tokenize.detect_encoding(io.BytesIO(self.text.encode()).readline)[0]
        except (SyntaxError, UnicodeEncodeError):
            return "utf-8"

    def whole(self, text: str) -> str:
        """A new text with what was set aside of the old one."""
        return self.head + text + self.tail

    def place(self, at: Node | cst.CSTNode | int) -> Place:
        """File and line, as messages name them."""
        if isinstance(at, Node):
            return self.file, at.line
        return self.file, at if isinstance(at, int) else self.position(at).start.line

    def refuse(self, at: Node | cst.CSTNode | int, why: str, fix: str = BY_HAND) -> EditError:
        """The error to raise for what is no plain edit."""
        path, line = self.place(at)
        return EditError(why, path=path, line=line, fix=fix)

    def position(self, node: cst.CSTNode) -> CodeRange:
        """Lines from 1, columns in characters from 0, without comments and blank lines around."""
        return self._positions[node]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What a node stands in; None for the file."""
        return self._parents.get(node)

    def code(self, node: cst.CSTNode) -> str:
        """A node as written."""
        return self.module.code_for_node(node)

    # -- finding ---------------------------------------------------------------------------

    def call(self, node: Node) -> cst.Call:
        """The call that a node of the map was read from.

        Raises:
            EditError: there is none at its place.
        """
        wanted = (node.span.line, node.span.col)
        found: list[tuple[bool, int, int, cst.Call]] = []
        for each, where in self._positions.items():
            if not isinstance(each, cst.Call) or (where.start.line, where.start.column) != wanted:
                continue
            name = each.func.attr.value if isinstance(each.func, cst.Attribute) else ""
            known = name in _METHODS.get(node.kind, ()) or isinstance(each.func, cst.Name)
            if known and where.end.line == node.span.end_line:
                found.append((not name, where.end.line, where.end.column, each))
        if not found:
            raise self.refuse(node, f"the {node.kind} is not written there as a plain call")
        return min(found, key=lambda each: each[:3])[3]

    def innermost(self, line: int, column: int) -> cst.CSTNode | None:
        """The smallest expression or statement that begins at a position."""
        found = [
            (where.end.line, where.end.column, at, each)
            for at, (each, where) in enumerate(self._positions.items())
            if isinstance(each, cst.BaseExpression | cst.BaseSmallStatement | Statement)
            and (where.start.line, where.start.column) == (line, column)
        ]
        return min(found, key=lambda each: (each[0], each[1], -each[2]))[3] if found else None

    def functions_at(self, line: int) -> list[cst.FunctionDef]:
        """The functions whose `def` stands in a line."""
        return [
            each
            for each, where in self._positions.items()
            if isinstance(each, cst.FunctionDef) and where.start.line == line
        ]

    def functions(self, node: cst.CSTNode) -> list[cst.FunctionDef]:
        """The functions that a node stands in, the innermost first."""
        found = []
        at: cst.CSTNode | None = node
        while at is not None:
            if isinstance(at, cst.FunctionDef):
                found.append(at)
            at = self.parent(at)
        return found

    def statement(self, node: cst.CSTNode) -> Statement | None:
        """The statement of a block that a node belongs to; None for one on the line of its `if`."""
        at: cst.CSTNode | None = node
        while at is not None:
            over = self.parent(at)
            if isinstance(over, cst.IndentedBlock | cst.Module) and isinstance(at, Statement):
                return at
            if isinstance(over, cst.SimpleStatementSuite):
                return None
            at = over
        return None

    def siblings(self, statement: Statement) -> list[Statement]:
        """The statements of the same block, in order."""
        block = self.parent(statement)
        assert isinstance(block, cst.IndentedBlock | cst.Module)
        return cast("list[Statement]", list(block.body))

    # -- the file's ways -------------------------------------------------------------------

    def indent(self, line: int) -> str:
        """The white space that a line begins with."""
        found = re.match(r"[ \t\f]*", self.lines[line - 1])
        return found[0] if found else ""

    def newline(self, line: int) -> str:
        """How a line ends; as most others do when it is the last and does not end."""
        text = self.lines[line - 1]
        ending = text[len(text.rstrip("\r\n")) :]
        return ending or self.module.default_newline

    def quote(self) -> str:
        """The quotes that the file's texts mostly have."""
        counts = Counter(each.quote for each in self._positions if isinstance(each, cst.SimpleString))
        return "'" if counts["'"] > counts['"'] else '"'

    def taken(self) -> set[str]:
        """Names that mean something in this file."""
        words = {each.value for each in self._positions if isinstance(each, cst.Name)}
        return words | set(dir(builtins)) | set(keyword.kwlist) | set(keyword.softkwlist)

    def free_name(self, wanted: str, otherwise: str) -> str:
        """A variable's or function's name made of words, which means nothing else in this file."""
        words = re.findall("[a-z0-9]+", wanted.lower())
        while len(words) > 1 and len("_".join(words)) > LONGEST_NAME:
            words.pop()
        name = "_".join(words)
        if not name or name[0].isdigit():
            name = f"{otherwise}_{name}".rstrip("_")
        taken = self.taken()
        if name not in taken:
            return name
        return next(f"{name}{n}" for n in range(2, len(taken) + 3) if f"{name}{n}" not in taken)
