"""Changing what `@workflow` is given: the goal, the holdout, the trigger."""

from __future__ import annotations

import ast
from typing import Any

import libcst as cst

from studio.design.editing import checking
from studio.design.editing.changing import CallChange, Made, sentence
from studio.design.editing.edit import Edit
from studio.design.editing.fields import FIELDS, REMOVED, check
from studio.design.editing.importing import called_here, with_import
from studio.design.editing.literals import written
from studio.design.editing.source import Source
from studio.design.outline.flow_reader import read_source
from studio.design.outline.model import Node
from studio.design.outline.sources import Resolver
from studio.text import syntax


def change(source: str, node: Node, what: str, value: Any, resolve: Resolver) -> Edit:
    """See `studio.design.editing.change`, of the start of a map."""
    text = Source(source, node.span.file)
    checking.read(text, node, resolve)
    if what not in FIELDS["start"]:
        raise text.refuse(node, f"{what!r} of a workflow cannot be changed by the map", "")
    value = check("start", what, value, text.place(node))
    function, decorator = _decorated(text, node)
    if not isinstance(decorator, cst.Call):
        text = _with_brackets(text, decorator)
        function, decorator = _decorated(text, node)
        assert isinstance(decorator, cst.Call)
    made = _Decorator(text, node, what, decorator).make(value)
    _check(text, made.code, function.name.value, node, what, value, resolve)
    code = text.whole(made.code)
    if made.imports:
        code = with_import(code, node.span.file, node, made.imports)
    return Edit(node.span.file, source, code, sentence(node, what, "", made.old, value), node.line)


def _decorated(text: Source, node: Node) -> tuple[cst.FunctionDef, cst.BaseExpression]:
    """The function of a map, and the `@workflow` above it.

    Raises:
        EditError: there is none.
    """
    for each in text.functions_at(node.span.line):
        for decorator in each.decorators:
            called = decorator.decorator
            named = called.func if isinstance(called, cst.Call) else called
            name = named.attr if isinstance(named, cst.Attribute) else named
            if isinstance(name, cst.Name) and name.value == "workflow":
                return each, called
    raise text.refuse(node, "there is no @workflow above it", "Edit by hand what makes it a workflow.")


def _with_brackets(text: Source, decorator: cst.BaseExpression) -> Source:
    """The text with `@workflow()` in place of `@workflow`."""
    made = text.module.deep_replace(decorator, cst.Call(decorator))
    assert isinstance(made, cst.Module)
    return Source(text.whole(made.code), text.path)


class _Decorator(CallChange):
    """One change of what `@workflow` is given."""

    def __init__(self, text: Source, node: Node, what: str, call: cst.Call) -> None:
        super().__init__(text, node, what, "", call)

    def make(self, value: Any) -> Made:
        """The new text, and what was there."""
        if self.what == "within":
            goal = self._goal(self._at("goal"))
            if goal is None:
                raise self.text.refuse(
                    self.node, "there is no goal that it could be a time of", "Give the goal first."
                )
            return CallChange(self.text, self.node, "within", "", goal).make(value)
        if self.what != "goal":
            return super().make(value)
        index = self._at("goal")
        goal = self._goal(index)
        if goal is not None and value is not REMOVED:
            return CallChange(self.text, self.node, "event", "", goal).make(value)
        if goal is None and value is REMOVED:
            raise self.text.refuse(self.node, "there is no goal", "")
        if index is not None:
            return Made(self.put(self.without_argument(index)), self.text.code(self.call.args[index].value))
        name, new = called_here(self.text, self.node, "goal")
        given = cst.parse_expression(f"{name}({written(value, self.text.quote(), self.text.encoding)})")
        return Made(self.with_argument(given), REMOVED, "goal" if new else "")

    def _at(self, name: str) -> int | None:
        for at, each in enumerate(self.call.args):
            if each.star:
                raise self.text.refuse(each, f"the {name} may be in {each.star}{self.text.code(each.value)}")
            if each.keyword is not None and each.keyword.value == name:
                return at
        return None

    def _goal(self, index: int | None) -> cst.Call | None:
        """The call that makes the goal; None when none is given."""
        if index is None:
            return None
        given = self.call.args[index].value
        if not isinstance(given, cst.Call):
            raise self.text.refuse(given, f"the goal is {self.computed(given)}")
        return given


def _check(
    text: Source, after: str, function: str, node: Node, what: str, value: Any, resolve: Resolver
) -> None:
    """Check that one argument of `@workflow` is another, and all else is as it was.

    Raises:
        EditError: it is not so.
    """
    old, new = (_call(each, function) for each in (text.text, after))
    if old is None or new is None or ast.dump(old[0]) != ast.dump(new[0]):
        raise checking.stray(text, node, "other code would change")
    argument = "goal" if what == "within" else what
    before, now = old[1], new[1]
    names = [name for name in before.keys() | now.keys() if before.get(name) != now.get(name)]
    if names != [argument]:
        raise checking.stray(text, node, "other arguments would change")
    shown = read_source(after, function, text.path, resolve).nodes[0]
    asked = shown.text if what == "trigger" else shown.detail(argument)
    if asked == (node.text if what == "trigger" else node.detail(argument)):
        raise checking.stray(text, node, "the map would not show it")
    if value is REMOVED and what not in ("trigger", "within") and asked is not None:
        raise checking.stray(text, node, f"the {what} would be {asked}")


def _call(code: str, function: str) -> tuple[ast.Module, dict[str, str]] | None:
    """A file without what `@workflow` of a function is given, and that by name."""
    tree = syntax.module(code)
    for each in tree.body:
        if getattr(each, "name", None) != function:
            continue
        for decorator in getattr(each, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and "workflow" in ast.dump(decorator.func):
                given = {keyword.arg or "**": ast.dump(keyword.value) for keyword in decorator.keywords}
                decorator.keywords = []
                return tree, given
    return None
