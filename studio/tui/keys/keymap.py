"""Keys that a person has chosen: are they there, and do two of them collide?"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

import studio.tui
from studio.text.fuzzy_match import most_similar
from studio.tui.format.text import literal
from studio.tui.screens.live import LiveScreen


def complaints(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a keymap, each in a sentence."""
    if not keymap:
        return []
    found = list(_bindings())
    ids = {binding.id for _, binding in found if binding.id is not None}
    said = []
    for name in keymap:
        if name not in ids:
            close = most_similar(name, ids)
            hint = f" Did you mean {close}?" if close is not None else ""
            said.append(f"[keymap]: there is no key {literal(name)}.{hint}")
    before, after = _taken(found, {}), _taken(found, keymap)
    for key, users in after.items():
        for one, other in users - before.get(key, set()):
            if {one, other} & set(keymap):
                said.append(f"[keymap]: {one} and {other} both listen to {key}.")
    return list(dict.fromkeys(said))


def _taken(
    found: list[tuple[type[DOMNode], Binding]], keymap: Mapping[str, str]
) -> dict[str, set[tuple[str, str]]]:
    """Pairs of bindings that one key calls where both are in reach."""
    by_key: dict[str, list[tuple[type[DOMNode], str]]] = {}
    for node, binding in found:
        if binding.id is None:
            continue
        for key in keymap.get(binding.id, binding.key).split(","):
            by_key.setdefault(key.strip(), []).append((node, binding.id))
    clashes: dict[str, set[tuple[str, str]]] = {}
    for key, users in by_key.items():
        for node, one in users:
            for other_node, other in users:
                if one < other and _meet(node, other_node):
                    clashes.setdefault(key, set()).add((one, other))
    return clashes


def _meet(one: type[DOMNode], other: type[DOMNode]) -> bool:
    """Whether bindings of both may be in reach at once: in one widget, or in a widget and around it."""
    if issubclass(one, other) or issubclass(other, one):
        return True
    screens = [each for each in (one, other) if issubclass(each, Screen) and each is not LiveScreen]
    return not screens and any(issubclass(each, App | LiveScreen) for each in (one, other))


def _bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    """Every binding of the studio, with the class that has it."""
    for module in pkgutil.walk_packages(studio.tui.__path__, "studio.tui."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for kind in _below(DOMNode):
        if kind.__module__.startswith("studio."):
            for binding in kind.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield kind, binding


def _below(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
