"""What a journey's map is made of: nodes as they follow each other, with the sides that leave them.

Plain frozen values that know no syntax tree, no store and no screen. A node is joined
with the entries of the history by its `place`, the very text that the engine records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "start",
    "wait",
    "any",
    "all",
    "sleep",
    "until",
    "step",
    "ingest",
    "message",
    "split",
    "events",
    "log",
    "note",
    "new_pass",
    "branch",
    "loop",
    "try",
    "with",
    "call",
    "await",
    "return",
    "raise",
    "leave",
    "again",
]
"""`leave` and `again` are break and continue; `await` waits for something that could not be read."""

Role = Literal["", "matched", "timed out"]
"""What a side says of the wait whose result is tested."""

SideKind = Literal["if", "elif", "else", "case", "body", "except", "finally", "member", "arm"]
"""An arm of a split has nothing in it: which way it leads is what follows the split."""

Outcome = Literal["", "pass", "completed", "unclear", "back"]
"""What a return means: the next pass, a result, one of the two, or back from a helper."""


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Where something stands. Lines count from 1, columns (characters) from 0."""

    file: str
    """The path, as the source was given."""
    line: int
    end_line: int
    col: int


@dataclass(frozen=True, slots=True)
class Side:
    """One way on from a node."""

    kind: SideKind
    text: str
    """As written, such as "elif emptied"; what another side leaves over is "else"."""
    line: int
    body: tuple[Node, ...]
    ends: bool
    """Whether nothing that follows the node is reached from here."""
    role: Role = ""
    waits: tuple[str, ...] = ()
    """Ids of the waits whose result `role` speaks of; several when it may be either."""
    written: bool = True
    """False for the else that nobody wrote."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that a journey does, or a place where its ways part."""

    id: str
    """Place and kind, with a number from the second on: "onboarding.py:26 wait". The same while
    the line is."""
    kind: Kind
    text: str
    """The event, duration, step, message or condition, as written when it is not a plain text."""
    span: SourceSpan
    place: str
    """ "onboarding.py:26", as entries of the history carry it."""
    name: str | None = None
    """What its entries are named, where the source says so in plain text."""
    details: tuple[tuple[str, str], ...] = ()
    """The other arguments, by name."""
    sides: tuple[Side, ...] = ()
    outcome: Outcome = ""
    ends: bool = False
    """Whether nothing that follows it is reached."""

    @property
    def line(self) -> int:
        """The line of its place: where Python stands while the call is made."""
        return int(self.place.rpartition(":")[2])

    def detail(self, name: str) -> str | None:
        """An argument's text."""
        return dict(self.details).get(name)


@dataclass(frozen=True, slots=True)
class Outline:
    """The map of one workflow."""

    name: str
    file: str
    line: int
    nodes: tuple[Node, ...]
    """As they follow each other; the first is the start."""
    cut: bool = False
    """Whether helpers were left folded, because the map would have grown too large."""

    def walk(self) -> Iterator[Node]:
        """All nodes, each before what stands in its sides."""
        return walk(self.nodes)

    def node(self, id: str) -> Node | None:
        """The node of this id."""
        return next((node for node in self.walk() if node.id == id), None)

    def at_line(self, file: str, line: int) -> Node | None:
        """The node that a line of the source belongs to; the shortest when several do."""
        found = [n for n in self.walk() if n.span.file == file and n.span.line <= line <= n.span.end_line]
        return min(found, key=lambda n: n.span.end_line - n.span.line, default=None)

    def entry_nodes(self, place: str | None, kind: str, name: str | None) -> list[Node]:
        """The nodes that may have made an entry of the history; several where a helper is used twice.

        Args:
            kind: as the entry has it: "wait.matched", "log".
        """
        return [node for node in self.walk() if node.place == place and meets(node, kind, name)]


_FAMILIES: dict[Kind, str] = {
    "wait": "wait",
    "any": "wait",
    "all": "wait",
    "sleep": "sleep",
    "until": "sleep",
    "step": "step",
    "ingest": "event",
    "split": "split",
    "message": "message",
    "log": "log",
    "note": "log",
    "raise": "journey",
}


def meets(node: Node, kind: str, name: str | None) -> bool:
    """Whether an entry of this kind and name, at the node's place, is of the node."""
    family = kind.partition(".")[0]
    # An attempt to send a message is one of a step.
    if _FAMILIES.get(node.kind) != family and not (node.kind == "message" and family == "step"):
        return False
    if name is None or node.kind in ("log", "note", "sleep", "until", "raise"):
        return True
    # A name that is computed may be any, but for those of groups.
    return node.name == name if node.name is not None else name not in ("wait_any", "wait_all")


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Nodes, each before what stands in its sides."""
    for node in nodes:
        yield node
        for side in node.sides:
            yield from walk(side.body)
