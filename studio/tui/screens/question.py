"""A question over the screen: `y` does it, everything else is the safe answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from studio.tui.format.glyphs import Look
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.screens.drawer import APART, Drawer, DrawerScreen
from studio.tui.widgets.one_line import ButtonLine


class KeysLine(ButtonLine):
    """The answers by their keys, which can be clicked.

    Args:
        keys: each with what it does, literal; enter is the safe one.
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(id="question-keys")
        self._keys = keys

    def build(self, line: Line, colours: Look) -> None:
        self._buttons.clear()
        for at, (key, words) in enumerate(self._keys):
            action = f"answer('{'' if key == '⏎' else key}')"
            line.add(APART * bool(at), colours.text)
            self._buttons.add(line, key, colours.accent + Style(bold=True), action, self.screen)
            self._buttons.add(line, f" {literal(words)}", colours.text, action, self.screen)


class QuestionScreen(DrawerScreen[str]):
    """Gives the key that was chosen: "y", one of the others, or "" for the safe answer.

    Args:
        text: the question with its numbers; literal.
        yes: what `y` does, in a word or two.
        others: further answers, by their key.
        details: lines that stand below the question; literal.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes", id="question.yes"),
        Binding("enter,escape,n,q", "answer('')", "no", key_display="⏎", id="question.no"),
    ]

    def __init__(
        self, text: str, yes: str, *, others: Mapping[str, str] | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._lines = (text, *details)
        self._yes = yes
        self._others = dict(others or {})

    def compose(self) -> ComposeResult:
        with Drawer():
            yield Static(Content("\n".join(map(literal, self._lines))), id="question-text")
            yield KeysLine([("y", self._yes), *self._others.items(), ("⏎", "no")])

    def on_mount(self) -> None:
        """The further answers are keys too."""
        for key, words in self._others.items():
            self._bindings.bind(key, f"answer('{key}')", words)

    def action_answer(self, key: str) -> None:
        """It is answered."""
        self.dismiss(key)
