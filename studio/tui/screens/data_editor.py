"""The data of an event in a large editor, checked as it is typed."""

from __future__ import annotations

import json
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from studio.tui.format.text import literal, visible
from studio.tui.session.drafts import Edited
from studio.tui.widgets.json_fault import JsonFault, read_data


class LiteralArea(TextArea):
    """An editor in which control characters are seen and never act."""

    def on_mount(self) -> None:
        """Where one types is marked, and stays so."""
        self.cursor_blink = False

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        shown = visible(line.plain)
        return line if shown == line.plain else Text(shown, end="", no_wrap=True)


class DataEditor(ModalScreen[Edited]):
    """`ctrl+o` in the form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "send", priority=True, id="editor.send"),
        Binding("escape", "close", "back", key_display="esc", priority=True, id="editor.close"),
    ]

    def __init__(self, event: str, user: str, data: str) -> None:
        super().__init__()
        self._event, self._user, self._data = event, user, data

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet", classes="pane") as sheet:
            who = " ".join(literal(text) for text in (self._event, self._user) if text)
            sheet.border_title = Content(f"Data · {who}" if who else "Data")
            sheet.border_subtitle = "^s send · esc back"
            yield LiteralArea(_spread(self._data), id="editor", show_line_numbers=True, compact=True)
            yield Label("", id="checked", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(TextArea).focus()
        self._check()

    @on(TextArea.Changed)
    def check_typed(self) -> None:
        """Look at every change at once."""
        self._check()

    def _check(self) -> JsonFault | None:
        text = self.query_one(TextArea).text
        said = self.query_one("#checked", Label)
        try:
            read_data(text)
        except JsonFault as fault:
            row, column = place_of(text, fault.at)
            words = f"line {row + 1}, column {column + 1}: {fault.why}"
            said.update(Content.styled(literal(words), "$error"))
            return fault
        said.update(Content.styled("^s sends it", "$foreground-muted"))
        return None

    def action_send(self) -> None:
        """Send it, if it can be sent; else go to the mistake."""
        area = self.query_one(TextArea)
        if (fault := self._check()) is not None:
            area.move_cursor(place_of(area.text, fault.at))
            return
        self.dismiss(Edited(_joined(area.text), send=True))

    def action_close(self) -> None:
        """Keep what was written, and send nothing."""
        self.dismiss(Edited(_joined(self.query_one(TextArea).text), send=False))


def place_of(text: str, at: int) -> tuple[int, int]:
    """Row and column of a character, from 0."""
    before = text[:at].split("\n")
    return len(before) - 1, len(before[-1])


def _spread(text: str) -> str:
    """The data over several lines; as it is while it is not valid JSON."""
    try:
        data = read_data(text)
    except JsonFault:
        return text
    return json.dumps(data, ensure_ascii=False, indent=2) if data else text or "{\n  \n}"


def _joined(text: str) -> str:
    """The data on one line."""
    try:
        data = read_data(text)
    except JsonFault:
        return " ".join(text.splitlines())
    return json.dumps(data, ensure_ascii=False) if data else ""
