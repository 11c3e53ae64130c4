"""What can be done here, from the bindings themselves: for the help and the command palette."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from studio.errors import StudioError
from studio.tui.format.key_names import key_name
from studio.tui.format.text import fit, literal
from studio.tui.keys import finished, new_journey, pausing
from studio.tui.keys.command import PaletteChoice, PaletteCommand
from studio.tui.keys.used import UsedCommands
from studio.tui.screens.help import Group
from studio.tui.screens.main_screen import MainScreen
from studio.tui.session.command_lines import Looked, command_line, command_words
from studio.tui.session.context import session_of
from studio.tui.session.offered import not_offered, worded
from studio.tui.widgets.keys_bar import EVERYWHERE, rank, typed, usable

PALETTE = "command_palette"
PALETTE_WIDTH = 76
"""As in studio.tcss."""
KEYS_WIDTH = 12
MARGIN = 6
"""Cells of the palette that are no text."""
MOVES = ("mark_range", "move", "page", "first", "last", "scroll_by", "scroll_page", "earlier", "later")
"""Everyone knows these; they are found by their names only."""
LOOK_SECONDS = 0.3
"""How long the list waits to know what is looked at."""
TITLE_WIDTH = 24
"""Cells of a title, so that the commands of a shell beside them stand in one column."""
APART = "  "
LEAST_BESIDE = 12
"""Cells of a command of a shell: with less of it is not told."""
BY_COMMAND_SCORE = 0.1
LEARNT_ONCE = (*EVERYWHERE, "step_out", "help", "quit_now")


def groups(screen: Screen[Any]) -> list[Group]:
    """The keys that act now: of the focused pane, of what is around it, of the studio."""
    found: dict[DOMNode, list[tuple[Binding, DOMNode]]] = {}
    for binding, node in usable(screen, screen.focused):
        # Those without an id are Textual's own: everyone knows how a field is edited.
        if binding.id is not None:
            found.setdefault(node, []).append((binding, node))
    return [(_title(node), bindings) for node, bindings in found.items()]


def _title(node: DOMNode) -> str:
    if isinstance(node, Screen):
        return "On this screen"
    if isinstance(node, Widget):
        around = (each for each in node.ancestors_with_self if isinstance(each, Widget))
        titles = (str(each.border_title or "") for each in around)
        return next((title for title in titles if title), node.id or type(node).__name__)
    return "Everywhere"


def commands(app: App[Any], screen: Screen[Any]) -> list[PaletteCommand]:
    """Every action that does something now: of the focused pane, the screen, the studio, the other panes.

    In each the most used stand first; what is the same everywhere and learnt once is last of all.
    """
    here = [(active.binding, active.node) for active in screen.active_bindings.values() if active.enabled]
    near = list(screen.focused.ancestors_with_self) if screen.focused is not None else [screen, app]
    if isinstance(screen.focused, Input):
        # It takes their keys for itself, not what they do.
        around: tuple[DOMNode, ...] = (screen, app)
        here += [(binding, node) for node in around for binding in _bindings(node) if typed(binding)]
    idle = not_offered(session_of(app))
    here = [each for each in here if each[0].id not in idle]
    here.sort(key=lambda each: (near.index(each[1]) if each[1] in near else len(near), rank(*each)))
    found = [_command(app, binding, node, "") for binding, node in here if not _learnt_once(binding)]
    for widget in screen.query("*"):
        if widget.focusable and widget not in near:
            own = sorted(
                (each for each in _bindings(widget) if not _is_move(each) and each.id not in idle),
                key=lambda each: rank(each, widget),
            )
            found += [_command(app, binding, widget, f"{_pane(widget)}: ") for binding in own]
    found += [_command(app, binding, node, "") for binding, node in here if _learnt_once(binding)]
    merged: dict[str, PaletteCommand] = {}
    for command in found:
        if command is not None:
            first = merged.get(command.title)
            merged[command.title] = command if first is None else first.also(command.keys)
    return list(merged.values())


def _bindings(node: DOMNode) -> list[Binding]:
    return [each for keys in node._bindings.key_to_bindings.values() for each in keys]


def _learnt_once(binding: Binding) -> bool:
    name = binding.id or ""
    return name in LEARNT_ONCE or name.startswith("pane.")


def _is_move(binding: Binding) -> bool:
    return not binding.show and binding.action.partition("(")[0] in MOVES


def _pane(widget: Widget) -> str:
    named = (
        each for each in widget.ancestors_with_self if isinstance(each, Widget) and each.has_class("pane")
    )
    return (next(named, widget).id or type(widget).__name__).capitalize()


def _command(app: App[Any], binding: Binding, node: DOMNode, where: str) -> PaletteCommand | None:
    if binding.id is None or not binding.description or binding.action == PALETTE:
        return None
    words = worded(binding, session_of(app)).description
    title = f"{where}{words}" if where else words[:1].upper() + words[1:]
    call = _runner(app, binding.action, node)
    return PaletteCommand(title, key_name(binding), call, not _is_move(binding), binding.id)


def _runner(app: App[Any], action: str, node: DOMNode) -> Callable[[], Any]:
    async def run() -> None:
        if isinstance(node, Widget) and node.focusable and not node.has_focus:
            node.focus()
        await app.run_action(action, node)

    return run


def further_commands(app: App[Any], screen: Screen[Any]) -> list[PaletteCommand]:
    """What is offered beside the actions that have a key."""
    return [
        *new_journey.commands(app),
        *finished.commands(app),
        *pausing.commands(app),
        *(
            PaletteCommand(f"{command.title}: {command.help}", "", command.callback)
            for command in app.get_system_commands(screen)
            if command.title not in ("Keys", "Maximize", "Minimize", "Quit", "Theme")
        ),
        *(
            PaletteCommand(f"Theme: {name}", "", partial(use_theme, app, name))
            for name in app.available_themes
            if name != app.theme
        ),
    ]


def use_theme(app: App[Any], name: str) -> None:
    """Change the colours, for the next start too."""
    app.theme = name


class Commands(Provider):
    """What the command palette offers: one line each, with its key, and the command that does the same."""

    _looked: Looked | None = None

    async def startup(self) -> None:
        """See what is looked at: commands of a shell name it."""
        screen, place = self.screen, session_of(self.app).command_place
        if not isinstance(screen, MainScreen) or place is None:
            return
        # The list does not wait for a store that is slow, nor for what is typed and no event yet.
        with contextlib.suppress(TimeoutError, StudioError):
            async with asyncio.timeout(LOOK_SECONDS):
                self._looked = await screen.looked_at(place)

    def _all(self) -> list[PaletteCommand]:
        return [*commands(self.app, self.screen), *further_commands(self.app, self.screen)]

    @property
    def _used(self) -> UsedCommands:
        return UsedCommands(session_of(self.app).memory)

    def _choice(self, command: PaletteCommand, same: str | None) -> PaletteChoice:
        return PaletteChoice(command.call, self._used.take, command.title, same)

    def _same(self, command: PaletteCommand) -> str | None:
        return command_line(command.id, self._looked) if self._looked is not None else None

    def _line(self, command: PaletteCommand) -> Text:
        room = min(PALETTE_WIDTH, self.app.size.width) - MARGIN - KEYS_WIDTH
        keys = (fit(command.keys, KEYS_WIDTH, align="right"), self.app.theme_variables["accent"])
        words = command_words(command.id, self._looked) if self._looked is not None else None
        width = min(room, max(TITLE_WIDTH, cell_len(command.title)))
        beside = room - width - len(APART)
        if words is None or beside < LEAST_BESIDE:
            return Text.assemble(fit(command.title, room), keys)
        said = (fit(literal(words), beside), self._quiet)
        return Text.assemble(fit(command.title, width), APART, said, keys)

    @property
    def _quiet(self) -> str:
        return self.app.theme_variables["foreground-muted"]

    async def discover(self) -> Hits:
        """Before anything is typed: what was used last first, then what is done most."""
        for at, command in enumerate(each for each in self._all() if each.shown):
            same = self._same(command)
            # They are sorted by their text, which is shown nowhere.
            choice, place = self._choice(command, same), self._used.place(command.title)
            if place is not None:
                yield Hit(place, self._line(command), choice, command.title)
            else:
                yield DiscoveryHit(self._line(command), choice, f"{at:04}")

    async def search(self, query: str) -> Hits:
        """What has the letters in it: in its name, or after those in the command that does the same."""
        matcher = self.matcher(query)
        for command in self._all():
            same = self._same(command)
            score = matcher.match(command.title)
            if score <= 0 and same is not None and query.casefold().strip() in same.casefold():
                score = BY_COMMAND_SCORE
            if score > 0:
                score = self._used.score(command.title, query, score)
                yield Hit(score, self._line(command), self._choice(command, same), command.title)
