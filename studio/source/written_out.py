"""What is written out in calls of a workflow, checked when it is loaded, as it is at the call.

Only plain values are looked at, and only calls on what is certainly the journey: the rest is checked when it
comes to the call.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from studio.errors import WorkflowError
from studio.language.arguments import PRIORITY, read_collect, read_message
from studio.language.channels import Channel
from studio.language.commands import Place
from studio.language.definition import Workflow
from studio.language.local_time import read_until
from studio.language.splits import read_arms
from studio.text import syntax

Given = Mapping[str, Any]
"""Arguments of a call that are plain values, by their names."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _split(given: Given, place: Place) -> None:
    if "name" in given and "arms" in given:
        read_arms(given["name"], given["arms"], given.get("gone"), place)


def _until(given: Given, place: Place) -> None:
    if "time" in given and not given.get(UNKNOWN):
        time, on, days, date = (given.get(name) for name in ("time", "on", "days", "date"))
        read_until(time, on, days, date, given.get("if_past", "now"), place)


UNKNOWN = ""
"""Under this name stands that an argument is computed."""


def _message(given: Given, place: Place) -> None:
    if "name" in given:
        retries, priority = given.get("retries", 0), given.get("priority", PRIORITY)
        read_message(given["name"], priority, given.get("valid_for"), retries, place)


def _collect(given: Given, place: Place) -> None:
    if isinstance(given.get("event"), str) and not given.get(UNKNOWN):
        read_collect(given["event"], given.get("quiet"), given.get("at_most"), given.get("count"), place)


CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Given, Place], None]]] = {
    "split": (("name", "arms"), _split),
    "until": (("time",), _until),
    "collect": (("event", "match"), _collect),
    "message": (("channel", "name", "function"), _message),
}
"""By method of the journey: the names of arguments that are given by their position, and the check."""


def fault_of(workflow: Workflow) -> WorkflowError | None:
    """The first call that cannot do what it is asked for, in the file of a workflow or in its modules."""
    texts = {workflow.path: workflow.source_of(workflow.path)}
    texts |= {workflow.file: workflow.source} | {module.path: module.text for module in workflow.modules}
    for path, text in texts.items():
        try:
            tree = syntax.module(text)
        except (SyntaxError, ValueError):
            # It was loaded from something else: what runs is checked when it runs.
            continue
        for call, journeys in _calls(tree, workflow if path == workflow.path else None):
            try:
                _check(call, journeys, path)
            except WorkflowError as error:
                return error
    return None


def other_channel(workflows: Iterable[Workflow]) -> WorkflowError | None:
    """Two channels of one name that differ, among those that the files of workflows know."""
    known: dict[str, Channel] = {}
    for workflow in workflows:
        spaces = [getattr(workflow.original, "__globals__", {})]
        spaces += [
            vars(sys.modules[module.name]) for module in workflow.modules if module.name in sys.modules
        ]
        for space in spaces:
            # isinstance would ask an object of the author's for its class, which may be code of theirs.
            for found in [each for each in space.values() if issubclass(type(each), Channel)]:
                other = known.setdefault(found.name, found)
                if other != found:
                    path, line = found.place
                    there, at = other.place
                    return WorkflowError(
                        f'the channel "{found.name}" is there twice, and not alike; the other is '
                        f"{os.path.basename(there)}:{at}",
                        path=os.path.basename(path),
                        line=line,
                        fix="Make it once, in a module that both import, or rename one.",
                    )
    return None


def _calls(tree: ast.Module, workflow: Workflow | None) -> Iterator[tuple[ast.Call, frozenset[str]]]:
    """The calls within functions that have a journey, with the names of it."""
    for function in ast.walk(tree):
        if not isinstance(function, _Function):
            continue
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        journeys = {each.arg for each in arguments if _is_journey(each.annotation)}
        first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
        if workflow is not None and workflow.original.__code__.co_firstlineno == first and arguments:
            journeys.add(arguments[0].arg)
        for node in ast.walk(function) if journeys else ():
            if isinstance(node, ast.Call):
                yield node, frozenset(journeys)


def _is_journey(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation).strip("\"'").rpartition(".")[2] == "Journey"


def _check(call: ast.Call, journeys: frozenset[str], path: str) -> None:
    method = call.func
    if not isinstance(method, ast.Attribute) or method.attr not in CHECKS:
        return
    if not isinstance(method.value, ast.Name) or method.value.id not in journeys:
        return
    positions, check = CHECKS[method.attr]
    given: dict[str, Any] = {}
    named = [(each.arg, each.value) for each in call.keywords]
    for name, value in (*zip(positions, call.args, strict=False), *named):
        if name is None or isinstance(value, ast.Starred):
            return
        try:
            given[name] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            given[UNKNOWN] = True
    check(given, (path, method.end_lineno or call.lineno))
