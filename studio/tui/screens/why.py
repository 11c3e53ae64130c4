"""Why an entry came to what it came to, over the screen: where there is no room for its pane."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.engine.inspect.explanation import Proposal
from studio.tui.screens.copying import COPY_BINDING, copy_from_page
from studio.tui.session.command_lines import Looked
from studio.tui.widgets.why import Subject, WhyPane


class WhyScreen(ModalScreen[Proposal]):
    """The explanation over the screen, where there is no room beside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        COPY_BINDING,
        Binding("escape,q,w", "close", "close", key_display="esc", id="why.close"),
    ]

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        yield WhyPane(self._subject, id="why-page")

    @on(WhyPane.Mend)
    def take_proposal(self, message: WhyPane.Mend) -> None:
        """Give back the event that would have done it."""
        message.stop()
        self.dismiss(message.proposal)

    def action_copy_command(self) -> None:
        """Copy what explains the same on the command line."""
        found = self.query_one(WhyPane).why
        entry = found.entry if found is not None else None
        name = entry.name if entry is not None and entry.kind == "event" else None
        user = entry.user if entry is not None else None
        copy_from_page(self, "why", lambda place: Looked(place, user=user, why=name))

    def action_close(self) -> None:
        """Back to what was looked at."""
        self.dismiss(None)
