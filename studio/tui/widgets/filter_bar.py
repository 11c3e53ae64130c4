"""Where a filter is typed: in the place of the keys, so that nothing above it moves."""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label


class Filtered(Protocol):
    """A list that can be narrowed."""

    filter_text: str
    leads: bool

    def set_filter(self, text: str) -> None:
        """Show only what has this text in it."""


class FilterBar(Horizontal):
    """Acts as it is typed; enter keeps it, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "keep", key_display="⏎", id="filter.keep"),
        Binding("escape", "clear", "clear", key_display="esc", id="filter.clear"),
    ]

    def __init__(self) -> None:
        super().__init__(id="filter-bar")
        self._list: Filtered | None = None

    def compose(self) -> ComposeResult:
        yield Label(" / ")
        yield Input(id="filter", compact=True, placeholder="text in it · ⏎ keeps · esc clears")

    def open_for(self, list: Filtered) -> None:
        """Begin, or go on with, the filter of a list."""
        self._list = list
        list.leads = True
        self.add_class("-shown")
        self.screen.add_class("-filtering")
        field = self.query_one(Input)
        field.cursor_blink = False
        field.value = list.filter_text
        field.focus()

    @on(Input.Changed)
    def narrow(self, message: Input.Changed) -> None:
        """Every letter counts at once."""
        message.stop()
        if self._list is not None:
            self._list.set_filter(message.value)

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Enter keeps it."""
        message.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Back to the list, which stays narrowed."""
        self._leave()

    def action_clear(self) -> None:
        """Back to the whole list."""
        if self._list is not None:
            self._list.set_filter("")
        self._leave()

    def _leave(self) -> None:
        target, self._list = self._list, None
        self.remove_class("-shown")
        self.screen.remove_class("-filtering")
        if target is not None:
            target.leads = False
            cast(Widget, target).focus()
