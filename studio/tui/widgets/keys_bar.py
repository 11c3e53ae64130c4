"""The bottom line: the keys of the focused pane, most used first, dropped whole, never cut."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from studio.tui.format.glyphs import Look
from studio.tui.format.key_names import labels
from studio.tui.format.line import Line
from studio.tui.session.context import session_of
from studio.tui.session.offered import not_offered, nothing_there, worded
from studio.tui.widgets.one_line import ButtonLine

RENAMED = ("plus", "minus", "slash", "underscore")
"""Characters whose keys have other names than Unicode gives them."""
EVERYWHERE = ("maximise", "pane.next", "quit")
"""Keys that are learnt once."""
FIRST = ("clock.stop",)
"""What is under way can be stopped: that stands before all else."""


def typed(binding: Binding) -> bool:
    """Whether the key is a character that an input takes for itself."""
    if binding.key in RENAMED:
        return True
    character = key_to_character(binding.key)
    return character is not None and character.isprintable()


def usable(screen: Screen[object], node: Widget | None) -> list[tuple[Binding, DOMNode]]:
    """The bindings that act here with the nodes they act on, nearest to the focus first."""
    typing = isinstance(node, Input | TextArea)
    session = session_of(screen)
    idle = not_offered(session)
    near = list(node.ancestors_with_self) if node is not None else [screen, screen.app]
    found: list[tuple[int, int, Binding, DOMNode]] = []
    for binding, owner in _active(screen):
        if binding.id not in idle and not (typing and typed(binding)):
            distance = near.index(owner) if owner in near else len(near)
            found.append((distance, rank(binding, owner), worded(binding, session), owner))
    found.sort(key=lambda each: each[:2])
    return [(binding, owner) for _, _, binding, owner in found]


def _active(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    found = {key: (each.binding, each.node) for key, each in screen.active_bindings.items() if each.enabled}
    if screen.is_modal:
        # A question keeps the keys of the app from acting, but for those that come before all others.
        app = screen.app
        for key, binding in app._bindings:
            if binding.priority and app._check_action_state(binding.action, app):
                found[key] = (binding, app)
    return list(found.values())


def rank(binding: Binding, node: DOMNode) -> int:
    """The place of a binding where it was written: the most used stand first there, inherited ones last."""
    own = [
        each.id
        for kind in type(node).__mro__
        for each in kind.__dict__.get("BINDINGS", ())
        if isinstance(each, Binding)
    ]
    return own.index(binding.id) if binding.id is not None and binding.id in own else len(own)


def _place(found: tuple[Binding, DOMNode]) -> int:
    return 0 if found[0].id in FIRST else 2 if found[0].id in EVERYWHERE else 1


class KeysBar(ButtonLine):
    """Made from the bindings, like the help."""

    def __init__(self) -> None:
        super().__init__(id="keys")

    def on_mount(self) -> None:
        """Follow the focus, also into what lies over the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self.follow)
        self.app.screen_change_signal.subscribe(self, self.follow_screen)

    def follow(self, _: object) -> None:
        """Other keys may act now."""
        self.refresh()

    def follow_screen(self, screen: Screen[object]) -> None:
        """Another screen is on top."""
        if screen is not self.screen:
            screen.bindings_updated_signal.subscribe(self, self.follow)
        self.refresh()

    def build(self, line: Line, colours: Look) -> None:
        # Over the screen may lie a question, and then it has the keys.
        screen = self.app.screen
        focused = screen.focused
        no_help = screen.is_modal or isinstance(focused, Input | TextArea)
        self._buttons.clear()
        last = ("^q", "quit", "app.quit_now") if no_help else ("?", "help", "app.keys")
        tail = cell_len(f"{last[0]} {last[1]} ")
        key_style = colours.accent + Style(bold=True)
        line.gap()
        # What is the same everywhere gives way to what can be done here.
        idle = nothing_there(screen)
        found = sorted((each for each in usable(screen, focused) if each[0].id not in idle), key=_place)
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
