"""Typing in the source of a workflow: saved all at once, and never over what someone else has saved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from studio.design.editing.edit import Edit
from studio.design.editing.files import SourceFile
from studio.errors import StudioError
from studio.source.project import short
from studio.tui.format.glyphs import look
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import literal
from studio.tui.screens.data_editor import LiteralArea
from studio.tui.session.context import session_of
from studio.tui.widgets.colouring import coloured


class SourceArea(LiteralArea):
    """An editor whose Python is coloured as in the pane that it lies over."""

    _lines: list[Pieces] | None = None

    def on_text_area_changed(self) -> None:
        """Colour it anew: a quote may have opened a string."""
        self._lines = None
        self._line_cache.clear()
        self.refresh()

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        if self._lines is None:
            self._lines = coloured(self.text)
        pieces = self._lines[line_index] if line_index < len(self._lines) else ()
        if "".join(text for text, _ in pieces) == line.plain:
            at, colours = 0, look(self.app)
            for text, tone in pieces:
                line.stylize(colours.tone(tone), at, at + len(text))
                at += len(text)
        return line


class SourceEditor(ModalScreen[bool]):
    """Every letter types. Gives whether anything was saved.

    Args:
        file: as it was read.
        line: where to begin.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "save", priority=True, id="source.save"),
        Binding("escape", "leave", "leave", key_display="esc", priority=True, id="source.leave"),
    ]

    def __init__(self, file: SourceFile, line: int) -> None:
        super().__init__()
        self._file, self._first = file, line
        self._saved = False
        self._warned = False

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet", classes="pane") as sheet:
            sheet.border_title = Content(literal(short(Path(self._file.path))))
            sheet.border_subtitle = "^s save · esc leave"
            yield SourceArea(self._file.source, id="editor", show_line_numbers=True, compact=True)
            yield Label("", id="checked", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        area = self.query_one(SourceArea)
        area.move_cursor((self._first - 1, 0), center=True)
        area.focus()
        self._say("", "$foreground-muted")

    @property
    def _changed(self) -> bool:
        return self.query_one(SourceArea).text != self._file.source

    def _say(self, text: str, style: str) -> None:
        self.query_one("#checked", Label).update(Content.styled(literal(" ".join(text.split())), style))

    @on(TextArea.Changed)
    def note_change(self) -> None:
        """What is typed is not saved yet."""
        self._warned = False
        if self._changed:
            self._say("not saved · ^s saves", "$warning")

    @work(group="save", exclusive=True, exit_on_error=False)
    async def action_save(self) -> None:
        """Replace the file, unless it is another by now."""
        if not self._changed:
            self._say("saved already", "$foreground-muted")
            return
        area = self.query_one(SourceArea)
        line = area.cursor_location[0] + 1
        edit = Edit(self._file.path, self._file.source, area.text, "your changes", line)
        try:
            edits = session_of(self).edits
            self._file = await asyncio.to_thread(edits.apply, self._file, edit)
        except StudioError as error:
            self._say(str(error), "$error")
            return
        self._saved = True
        self._say("saved", "$success")

    def action_leave(self) -> None:
        """Back to the designer; what is not saved is dropped at the second time."""
        if self._changed and not self._warned:
            self._warned = True
            self._say("not saved · ^s saves · esc again discards it", "$error")
        else:
            self.dismiss(self._saved)
