"""The bottom line: the keys of the focused pane, most used first, dropped whole, never cut."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from studio.tui.widgets.key_names import labels
from studio.tui.widgets.line import Line
from studio.tui.widgets.one_line import Buttons, OneLine
from studio.tui.widgets.signs import Look

RENAMED = ("plus", "minus", "slash", "underscore")
"""Characters whose keys have other names than Unicode gives them."""
EVERYWHERE = ("maximise", "pane.next", "quit")
"""Keys that are learnt once."""


def typed(binding: Binding) -> bool:
    """Whether the key is a character that an input takes for itself."""
    if binding.key in RENAMED:
        return True
    character = key_to_character(binding.key)
    return character is not None and character.isprintable()


def usable(screen: Screen[object], node: Widget | None) -> list[tuple[Binding, DOMNode]]:
    """The bindings that act here with the nodes they act on, nearest to the focus first."""
    typing = isinstance(node, Input)
    near = list(node.ancestors_with_self) if node is not None else [screen, screen.app]
    found: list[tuple[int, int, Binding, DOMNode]] = []
    for active in screen.active_bindings.values():
        if active.enabled and not (typing and typed(active.binding)):
            distance = near.index(active.node) if active.node in near else len(near)
            found.append((distance, rank(active.binding, active.node), active.binding, active.node))
    found.sort(key=lambda each: each[:2])
    return [(binding, node) for _, _, binding, node in found]


def rank(binding: Binding, node: DOMNode) -> int:
    """The place of a binding where it was written: the most used stand first there, inherited ones last."""
    own = [
        each.id
        for kind in type(node).__mro__
        for each in kind.__dict__.get("BINDINGS", ())
        if isinstance(each, Binding)
    ]
    return own.index(binding.id) if binding.id is not None and binding.id in own else len(own)


class KeysBar(OneLine):
    """Made from the bindings, like the help."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._buttons = Buttons()

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def build(self, line: Line, colours: Look) -> None:
        focused = self.screen.focused
        typing = isinstance(focused, Input)
        self._buttons.clear()
        last = ("^q", "quit", "app.quit_now") if typing else ("?", "help", "app.keys")
        tail = cell_len(f"{last[0]} {last[1]} ")
        key_style = colours.accent + Style(bold=True)
        line.gap()
        # What is the same everywhere gives way to what can be done here.
        found = sorted(usable(self.screen, focused), key=lambda each: each[0].id in EVERYWHERE)
        for label in labels(each for each in found if each[0].show):
            keys = label.first_keys
            needed = sum(cell_len(key) + 1 for key, *_ in keys) + cell_len(label.words) + 2
            if keys[0][0] == last[0] or line.used + needed > line.width - tail:
                continue
            for at, (key, binding, node) in enumerate(keys):
                self._buttons.add(line, f" {key}" if at else key, key_style, binding.action, node)
            self._buttons.add(line, f" {label.words}", colours.muted, keys[0][1].action, keys[0][2])
            line.gap(2)
        line.gap(line.room - tail)
        self._buttons.add(line, last[0], key_style, last[2], self.app)
        self._buttons.add(line, f" {last[1]} ", colours.muted, last[2], self.app)

    async def on_click(self, event: events.Click) -> None:
        """Keys are buttons too."""
        if (action := self._buttons.hit(event)) is not None:
            await self.app.run_action(*action)
