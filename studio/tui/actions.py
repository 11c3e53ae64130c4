"""What can be done here, from the bindings themselves: for the help and the command palette."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.markup import escape
from textual.screen import Screen
from textual.widget import Widget

from studio.tui.screens.help import Group, key_names
from studio.tui.widgets.keys_bar import usable

PALETTE = "command_palette"


def groups(screen: Screen[Any]) -> list[Group]:
    """The keys that act now: of the focused pane, of what is around it, of the studio."""
    found: dict[DOMNode, list[Binding]] = {}
    for binding, node in usable(screen, screen.focused):
        # Those without an id are Textual's own: everyone knows how a field is edited.
        if binding.id is not None:
            found.setdefault(node, []).append(binding)
    return [(_title(node), bindings) for node, bindings in found.items()]


def _title(node: DOMNode) -> str:
    if isinstance(node, Screen):
        return "On this screen"
    if isinstance(node, Widget):
        titles = (
            str(each.border_title or "") for each in node.ancestors_with_self if isinstance(each, Widget)
        )
        return next((title for title in titles if title), node.id or type(node).__name__)
    return "Everywhere"


def commands(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Every action: of the focused pane first, then of the screen, the studio, and the other panes."""
    said: set[str] = set()
    for active in screen.active_bindings.values():
        command = _command(app, active.binding, active.node, "") if active.enabled else None
        if command is not None and command.title not in said:
            said.add(command.title)
            yield command
    chain = set(screen.focused.ancestors_with_self) if screen.focused is not None else {screen, app}
    for widget in screen.query("*"):
        if widget in chain or not widget.focusable:
            continue
        for bindings in widget._bindings.key_to_bindings.values():
            for binding in bindings:
                if not binding.show or not type(widget).__module__.startswith("studio."):
                    continue
                pane = (widget.id or type(widget).__name__).capitalize()
                command = _command(app, binding, widget, f"{pane}: ")
                if command is not None and command.title not in said:
                    said.add(command.title)
                    yield command


def _command(app: App[Any], binding: Binding, node: DOMNode, where: str) -> SystemCommand | None:
    if binding.id is None or not binding.description or binding.action == PALETTE:
        return None
    words = binding.description
    title = f"{where}{words}" if where else words[:1].upper() + words[1:]
    return SystemCommand(
        escape(title), escape(f"key {key_names(binding)}"), _runner(app, binding.action, node)
    )


def _runner(app: App[Any], action: str, node: DOMNode) -> Callable[[], Any]:
    async def run() -> None:
        if isinstance(node, Widget) and node.focusable and not node.has_focus:
            node.focus()
        await app.run_action(action, node)

    return run
