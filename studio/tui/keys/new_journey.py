"""A new journey from a template, from the commands: its name, its files, the designer on it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from studio.design import scaffold
from studio.design.templates import TEMPLATES
from studio.source.project import short
from studio.tui.keys.command import PaletteCommand
from studio.tui.screens.change import ChangeScreen, EditedField
from studio.tui.screens.main_screen import shown_on
from studio.tui.session.context import Session, session_of
from studio.tui.session.messages import OpenDesigner
from studio.tui.widgets.status_line import StatusLine

LOAD_SECONDS = 10.0
"""After this a file that was written is not waited for any more."""
LOOK_SECONDS = 0.02


def commands(app: App[Any]) -> list[PaletteCommand]:
    """One for each template, where the engine of this studio follows a folder."""
    session = session_of(app)
    if not session.engine_is_ours or Path(session.workflows).suffix == ".py":
        return []
    return [PaletteCommand(f"New journey: {name}", "", partial(ask_name, app, name)) for name in TEMPLATES]


def ask_name(app: App[Any], template: str) -> None:
    """Ask for the name, write the files, and show the journey once it is loaded."""
    written: list[str] = []
    session = session_of(app)

    async def take(_: EditedField, text: str) -> str:
        name = text.strip()
        scaffold.refuse_taken(name, session.client.workflows if session.client is not None else {})
        files = await asyncio.to_thread(scaffold.write, template, name, session.workflows)
        written.append(name)
        return f"wrote {short(files[0])} and {short(files[1])}"

    def show(said: str | None) -> None:
        if said:
            app.run_worker(_show(app, written[-1], said), group="new", exclusive=True, exit_on_error=False)

    field = EditedField("name", "", "letters, digits and _, such as come_back")
    app.push_screen(ChangeScreen(f"the new journey, like {template}", [field], take), show)


async def _show(app: App[Any], name: str, said: str) -> None:
    loaded = await _loaded(session_of(app), name)
    shown = shown_on(app)
    # Over a question that was put meanwhile nothing is opened.
    if not loaded or app.screen is not shown:
        if shown is not None:
            shown.query_one(StatusLine).say(said if loaded else f"{said} · r reloads it", "success")
        return
    app.post_message(OpenDesigner(name, say=f"{said} · t tries it"))


async def _loaded(session: Session, name: str) -> bool:
    """Wait until a workflow runs; False when it does not, or a yes is asked for first."""
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            while (client := session.client) is None or name not in client.workflows:
                if client is not None and client.pending_reload is not None:
                    return False
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return False
    return True
