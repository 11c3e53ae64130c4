"""The commands: all that can be done, and where one can go by name. Enter takes what was typed for."""

from __future__ import annotations

import asyncio

from textual import on, work
from textual.command import CommandPalette
from textual.widgets import Input
from textual.worker import Worker, WorkerCancelled, WorkerFailed

WORDS = "a command, or the name of a workflow, user or wait"


class Palette(CommandPalette):
    """Textual's, which at enter takes what stands first in the list, even while it still shows what was found
    for the letters before."""

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
