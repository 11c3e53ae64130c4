"""A question over the screen: `y` does it, everything else is the safe answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from studio.tui.format.text import literal
from studio.tui.screens.drawer import Drawer, DrawerScreen, keys_line


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
            yield Static(
                keys_line([("y", self._yes), *self._others.items(), ("⏎", "no")]), id="question-keys"
            )

    def on_mount(self) -> None:
        """The further answers are keys too."""
        for key, words in self._others.items():
            self._bindings.bind(key, f"answer('{key}')", words)

    def action_answer(self, key: str) -> None:
        """It is answered."""
        self.dismiss(key)
