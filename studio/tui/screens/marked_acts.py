"""`a` with marked rows: what can be done to all of them, with how many those are, and the question."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Pieces
from studio.tui.screens.act import ActPage
from studio.tui.session.marked import Marked, MarkedAct
from studio.wording.values import counted

MENU: tuple[tuple[str, MarkedAct, str, str], ...] = (
    ("a", "answer", "answer", "wait"),
    ("t", "time_out", "time out now, for these only:", "wait"),
    ("r", "resume", "resume", "failed journey"),
    ("c", "cancel", "cancel", "journey"),
    ("e", "resend", "send again", "event"),
)
"""Key, act, its words, and what it is done to."""


class MarkedActsScreen(ModalScreen[MarkedAct | None]):
    """Gives what is to be done, once it was said yes to.

    Args:
        found: what the marked rows come to.
        act: asked about at once; None: what it is to be is chosen first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"choose('{key}')", words, show=False, id=f"marked.{act}")
            for key, act, words, _ in MENU
        ),
        Binding("y", "yes", "yes", show=False, id="marked.yes"),
        Binding("escape,q", "safe", "back", key_display="esc", id="marked.close"),
    ]

    def __init__(self, found: Marked, act: MarkedAct | None = None) -> None:
        super().__init__()
        self._found = found
        self._at_once = act is not None
        self.asked = act
        """What waits for a yes."""

    def compose(self) -> ComposeResult:
        yield ActPage(id="acts", classes="pane")

    def on_mount(self) -> None:
        """Say what can be done."""
        self.query_one(ActPage).focus()
        self._show()

    def _show(self) -> None:
        page = self.query_one(ActPage)
        title = f"Act on {counted(self._found.rows, 'marked row')}"
        page.set_titles(title, "⏎ no" if self.asked is not None else "esc back")
        page.show_lines(self._menu() if self.asked is None else self._asking(self.asked))

    def _menu(self) -> list[Pieces]:
        lines: list[Pieces] = []
        for key, act, words, what in MENU:
            if count := self._found.count(act):
                lines.append(((f"   {key} ", "accent"), (f"{words} {counted(count, what)}", "text")))
        if not lines:
            lines.append(((" Nothing can be done to these: what they are about is over.", "muted"),))
        return [*lines, *self._left_out()]

    def _left_out(self) -> list[Pieces]:
        said = self._found.left_out()
        return [(), ((f" {glyphs().stopped} {said}", "muted"),)] if said else []

    def _asking(self, act: MarkedAct) -> list[Pieces]:
        return [
            ((f"   {self._found.question(act)}", "text"),),
            *self._left_out(),
            (),
            (("   y ", "accent"), ("yes   ", "text"), ("⏎ ", "accent"), ("no", "text")),
        ]

    # -- keys ------------------------------------------------------------------------------------

    def action_choose(self, key: str) -> None:
        """Ask about one of them."""
        act = next((act for at, act, *_ in MENU if at == key), None)
        if self.asked is None and act is not None and self._found.count(act):
            self.asked = act
            self._show()

    def action_yes(self) -> None:
        """Do what was asked about."""
        if self.asked is not None:
            self.dismiss(self.asked)

    def action_safe(self) -> None:
        """Not that; without a question, back."""
        if self.asked is None or self._at_once:
            self.dismiss(None)
        else:
            self.asked = None
            self._show()
