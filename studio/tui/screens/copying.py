"""`Y`: the `journey-studio` command that does the same goes to the clipboard; once more, and it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from studio.tui.format.text import literal
from studio.tui.screens.modal_page import ModalPage
from studio.tui.session.command_lines import CommandPlace, Looked, command_line
from studio.tui.session.context import session_of
from studio.wording.values import size

MOST_COPY_BYTES = 512 * 1024
"""What is longer, terminals do not take."""
MOST_TOLD = 200
"""Characters of a command in a corner of the screen."""
COPY_BINDING = Binding("Y", "copy_command", "copy as command", show=False, id="copy_command")


class CommandPage(ModalPage):
    """A command in full, for terminals without a clipboard, and to be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,Y", "close", "close", key_display="esc", id="overlay.close"),
    ]

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def on_mount(self) -> None:
        """Show it."""
        self.page.set_titles("The same as a command", "copied · esc closes")
        self.page.show_lines([((literal(self._line), "text"),)])


def copy_line(screen: Screen[Any], line: str, say: Callable[[str, str], None]) -> None:
    """Copy a command; the one that was copied last is shown, too.

    Args:
        say: says something in a tone of the status line.
    """
    session = session_of(screen)
    if len(line.encode(errors="replace")) > MOST_COPY_BYTES:
        say(f"the command is {size(len(line))}: too long for a terminal", "error")
        return
    screen.app.copy_to_clipboard(line)
    if session.copied == line:
        screen.app.push_screen(CommandPage(line))
    else:
        say(f"copied, Y shows it: {line}", "success")
    session.copied = line


def copy_from_page(screen: Screen[Any], name: str, looked: Callable[[CommandPlace], Looked | None]) -> None:
    """Copy the command of something that lies over the screen; what came of it is said in a corner.

    Args:
        name: the id of the binding that the command stands for.
        looked: what is looked at; None when nothing is.
    """

    def say(text: str, tone: str) -> None:
        screen.app.clear_notifications()
        screen.app.notify(
            literal(text[:MOST_TOLD]),
            severity="error" if tone == "error" else "information",
            timeout=4,
            markup=False,
        )

    place = session_of(screen).command_place
    found = looked(place) if place is not None else None
    line = command_line(name, found) if found is not None else None
    if line is None:
        say("no command does the same", "muted")
    else:
        copy_line(screen, line, say)
