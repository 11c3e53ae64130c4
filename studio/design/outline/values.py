"""What the reader knows of an expression's value: a journey, a wait's result, a function.

Whatever is not among these is None: unknown, and never guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from studio.design.outline.model import Node
from studio.design.outline.sources import SourceModule


@dataclass(frozen=True, slots=True)
class TheJourney:
    """The journey that the function was given."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """None, by what is written."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the journey."""

    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a wait gave: true when it matched."""

    waits: frozenset[str]
    member: bool = False
    """Of a wait in a group, which may also be false because another ended first."""


@dataclass(frozen=True, slots=True)
class Several:
    """Values side by side: a tuple, a list, a group's results."""

    parts: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """Commands that were made and are not awaited yet, and what an await will give."""

    nodes: tuple[Node, ...]
    gives: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the author's own, with the names that it sees around it."""

    module: SourceModule
    node: ast.FunctionDef | ast.AsyncFunctionDef
    around: Mapping[str, Value | None] = field(default_factory=dict)
    owner: Value | None = None
    """The object that it is a method of."""


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class of the author's own."""

    module: SourceModule
    node: ast.ClassDef


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """An object of such a class, with what is known of its attributes."""

    of: Class
    attributes: dict[str, Value | None]


@dataclass(frozen=True, slots=True)
class Logger:
    """`logging`, or what `logging.getLogger` gave."""


Value = (
    TheJourney
    | Nothing
    | Method
    | Result
    | Several
    | Pending
    | Function
    | Class
    | Instance
    | Logger
    | SourceModule
)

Names = dict[str, "Value | None"]


def event_of(node: ast.ClassDef) -> str | None:
    """The event whose type a class is, `@event("billing/paid")`; None when it is of none."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and len(decorator.args) == 1:
            called = decorator.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            given = decorator.args[0]
            if name == "event" and isinstance(given, ast.Constant) and isinstance(given.value, str):
                return given.value
    return None


def merged(ways: list[Names]) -> Names:
    """What is known after several ways have met."""
    if not ways:
        return {}
    first, *others = ways
    for other in others:
        both = {}
        for name in first.keys() | other.keys():
            both[name] = _either(first.get(name), other.get(name))
        first = both
    return first


def _either(a: Value | None, b: Value | None) -> Value | None:
    if a is b or a == b:
        return a
    if isinstance(a, Result) and isinstance(b, Result):
        return Result(a.waits | b.waits, a.member or b.member)
    # A wait's result or None: when it is true, the wait has matched.
    if isinstance(a, Result) and (b is None or isinstance(b, Nothing)):
        return a
    if isinstance(b, Result) and (a is None or isinstance(a, Nothing)):
        return b
    return None
