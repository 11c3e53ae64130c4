"""How keys are written, and which stand together: one place for footer, help and commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character

NAMES = {
    "enter": "⏎",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "asterisk": "*",
    "shift+up": "shift+↑",
    "shift+down": "shift+↓",
}


def key_name(binding: Binding) -> str:
    """The key of a binding as it is written in words about it."""
    key = binding.key
    if key in NAMES:
        return NAMES[key]
    # A character under the name that Unicode gives it: full_stop.
    character = key_to_character(key) if "_" in key or key == "colon" else None
    return character if character is not None else key.replace("ctrl+", "^")


@dataclass(slots=True)
class Label:
    """What keys do, in words, and the keys that do it."""

    words: str
    bindings: list[tuple[Binding, DOMNode]] = field(default_factory=list)
    """Each with the node it acts on."""

    @property
    def first_keys(self) -> list[tuple[str, Binding, DOMNode]]:
        """One key for each binding that was written."""
        found: dict[str, tuple[str, Binding, DOMNode]] = {}
        for binding, node in self.bindings:
            found.setdefault(binding.id or binding.action, (key_name(binding), binding, node))
        return list(found.values())

    @property
    def keys(self) -> str:
        """All of them: "+ = -"."""
        return " ".join(dict.fromkeys(key_name(binding) for binding, _ in self.bindings))


def labels(found: Iterable[tuple[Binding, DOMNode]]) -> list[Label]:
    """The bindings by what is said of them: those of a group, and those of the same words, stand together."""
    by_words: dict[str, Label] = {}
    for binding, node in found:
        words = binding.group.description if binding.group is not None else binding.description
        if words:
            by_words.setdefault(words, Label(words)).bindings.append((binding, node))
    return list(by_words.values())
