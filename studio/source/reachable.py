"""Workflows among what a file has made: as its names, and in what these hold.

A workflow may be made by a helper, stand in a list, a dict or a class. None of the author's code is called
to find it: what is not to be had by looking alone is told by `loader.py`, and never passed over.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType, MemberDescriptorType
from typing import Any

from studio.language.definition import Workflow
from studio.language.modules import is_own

MOST = 100_000
"""Values that are looked at: a file may hold a table of everything."""

_PLAIN = (str, bytes, bytearray, int, float, complex, type(None))
_SEVERAL = (list, tuple, set, frozenset, deque)
_HOLDERS = ("collections", "types")
"""Modules of Python's own whose objects hold others in attributes: UserDict, ChainMap, SimpleNamespace."""


def workflows_in(names: Mapping[str, Any]) -> list[Workflow]:
    """The workflows that these values are or hold, each once, in the order in which they are met."""
    found: list[Workflow] = []
    todo = deque(names.values())
    seen: set[int] = set()
    while todo and len(seen) < MOST:
        value = todo.popleft()
        # `isinstance` would ask the value for its `__class__`, and a class of the author's may answer.
        kind = type(value)
        if issubclass(kind, _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        if issubclass(kind, Workflow):
            found.append(value)
        else:
            todo.extend(_held(value, kind))
    return found


def _held(value: Any, kind: type) -> Iterable[Any]:
    held: list[Any] = []
    # By Python's own methods: a class of the author's may have others.
    if issubclass(kind, dict):
        held += dict.values(value)
    elif issubclass(kind, MappingProxyType):
        held += value.values()
    for several in _SEVERAL:
        if issubclass(kind, several):
            held += several.__iter__(value)
    if issubclass(kind, type):
        return list(type.__getattribute__(value, "__dict__").values()) if _is_authors(value) else ()
    if kind.__module__ in _HOLDERS or _is_authors(kind):
        held += _attributes(value)
    return held


def _is_authors(kind: type) -> bool:
    return is_own(getattr(sys.modules.get(kind.__module__), "__file__", None))


def _attributes(value: Any) -> list[Any]:
    try:
        found = list(object.__getattribute__(value, "__dict__").values())
    except AttributeError:
        found = []
    for kind in type(value).__mro__:
        for slot in vars(kind).values():
            if isinstance(slot, MemberDescriptorType):
                try:
                    found.append(slot.__get__(value))
                except AttributeError:
                    # Not set.
                    continue
    return found
