"""Functions of steps by name: a step runs in whatever process comes to it, which has the same files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from studio.language.definition import Workflow


class NotByName(Exception):
    """A function that cannot be found by its name elsewhere; the message says why."""


def reference(workflow: Workflow, function: Callable[..., Any]) -> str:
    """Where a step's function is found: "module:name"; the workflow's own file is the module "".

    Raises:
        NotByName: nowhere, with what to write instead.
    """
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if name is None or module is None:
        raise NotByName(f"{type(function).__name__} has no name of its own. Give the step a function")
    if "<lambda>" in name or "<locals>" in name:
        raise NotByName(
            f"{name.replace('.<locals>', '')} is made inside a function, and steps run in other processes. "
            "Put it at the top of its file, and give what it needs as arguments"
        )
    told = f"{'' if module == workflow.original.__module__ else module}:{name}"
    try:
        found = resolve(workflow, told)
    except NotByName:
        found = None
    if found is not function:
        raise NotByName(f"{name} is not what its module has under this name. Give the step that")
    return told


def resolve(workflow: Workflow, told: str) -> Callable[..., Any]:
    """The function of such a name.

    Raises:
        NotByName: it is not there.
    """
    module, _, path = told.partition(":")
    names = workflow.original.__globals__
    first, *rest = path.split(".")
    if not module:
        found = names.get(first)
    else:
        of = _module(names, module)
        found = getattr(of, first, None)
    for part in rest:
        found = getattr(found, part, None)
    if not callable(found):
        raise NotByName(f"there is no function {path} in {module or workflow.file}")
    return found  # type: ignore[no-any-return]


def _module(names: dict[str, Any], name: str) -> ModuleType:
    """A module by its name, as the workflow's file has it: versions of a file have modules of their own."""
    for value in names.values():
        if isinstance(value, ModuleType) and value.__name__ == name:
            return value
        of = getattr(value, "__module__", None)
        if of == name and (globals_ := getattr(value, "__globals__", None)) is not None:
            module = ModuleType(name)
            module.__dict__.update(globals_)
            return module
    found = sys.modules.get(name)
    if found is None:
        try:
            found = import_module(name)
        except ImportError as error:
            raise NotByName(f"the module {name} cannot be imported: {error}") from None
    return found
