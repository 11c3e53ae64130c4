"""A workflow is paused or unpaused from the commands."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App

from studio.tui.keys.command import PaletteCommand
from studio.tui.screens.main_screen import shown_on
from studio.tui.screens.pause_control import PauseControl
from studio.tui.session.context import session_of


def commands(app: App[Any]) -> list[PaletteCommand]:
    """One for each workflow, where that can be done; found by typing."""
    client = session_of(app).client
    if client is None or client.read_only or not client.capabilities.has("pause"):
        return []
    return [
        PaletteCommand(f"Pause or unpause {name}", "", partial(_begin, app, name), shown=False)
        for name in sorted(client.workflows)
    ]


def _begin(app: App[Any], workflow: str) -> None:
    if (screen := shown_on(app)) is not None:
        app.run_worker(PauseControl(screen).ask(workflow), group="pause", exclusive=True, exit_on_error=False)
