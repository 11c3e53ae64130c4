"""The commands: all that can be done, and where one can go by name. Enter takes what was typed for."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.command import Command, CommandList, CommandPalette
from textual.widgets import Input
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from studio.tui.format.text import literal
from studio.tui.keys.command import PaletteChoice
from studio.tui.screens.copying import MOST_TOLD
from studio.tui.session.context import session_of

WORDS = "a command, or the name of a workflow, user, wait or file"


class Palette(CommandPalette):
    """Textual's, which at enter takes what stands first in the list, even while it still shows what was found
    for the letters before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "copy_same", "copy as command", id="commands.copy"),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder=WORDS, id="--command-palette")

    @property
    def _gathering(self) -> list[Worker[object]]:
        return [
            each
            for each in self.workers
            if each.group == self._GATHER_COMMANDS_GROUP and each.node is self and not each.is_finished
        ]

    @on(Input.Submitted)
    def wait_for_hits(self, message: Input.Submitted) -> None:
        """Enter while it is searched: take the first when it is known."""
        if self._gathering:
            message.stop()
            message.prevent_default()
            self._take_first()

    @work(group="palette-enter", exclusive=True)
    async def _take_first(self) -> None:
        while gathering := self._gathering:
            try:
                await gathering[0].wait()
            except (WorkerCancelled, WorkerFailed):
                # More was typed meanwhile: what is found for that counts.
                await asyncio.sleep(0)
        self._select_or_command()

    def action_copy_same(self) -> None:
        """Copy the command that does the same as what is marked, and leave the list."""
        found = self.query_one(CommandList)
        option = found.get_option_at_index(found.highlighted) if found.highlighted is not None else None
        choice = option.hit.command if isinstance(option, Command) else None
        line = choice.line if isinstance(choice, PaletteChoice) else None
        if line is None:
            self.app.notify("no command does the same", timeout=2, markup=False)
            return
        self.dismiss()
        self.app.copy_to_clipboard(line)
        session_of(self).copied = line
        self.app.notify(f"copied: {literal(line[:MOST_TOLD])}", timeout=4, markup=False)
