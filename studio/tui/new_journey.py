"""A new journey from a template, from the commands: its name, its files, the designer on it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from studio import scaffold
from studio.loader import short
from studio.templates import TEMPLATES
from studio.tui.actions import Command
from studio.tui.desk import EngineDesk
from studio.tui.screens.change import ChangeScreen, Field
from studio.tui.widgets.said_bar import SaidBar

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

LOAD_SECONDS = 10.0
"""After this a file that was written is not waited for any more."""
LOOK_SECONDS = 0.02


def commands(app: StudioApp) -> list[Command]:
    """One for each template, where the engine of this studio follows a folder."""
    if not app.desk_is_ours or Path(app.workflows).suffix == ".py":
        return []
    return [Command(f"New journey: {name}", "", partial(ask_name, app, name)) for name in TEMPLATES]


def ask_name(app: StudioApp, template: str) -> None:
    """Ask for the name, write the files, and show the journey once it is loaded."""
    written: list[str] = []

    async def take(_: Field, text: str) -> str:
        name = text.strip()
        scaffold.refuse_taken(name, app.desk.workflows if app.desk is not None else {})
        files = await asyncio.to_thread(scaffold.write, template, name, app.workflows)
        written.append(name)
        return f"wrote {short(files[0])} and {short(files[1])}"

    def show(said: str | None) -> None:
        if said:
            app.run_worker(_show(app, written[-1], said), group="new", exclusive=True, exit_on_error=False)

    field = Field("name", "", "letters, digits and _, such as come_back")
    app.push_screen(ChangeScreen(f"the new journey, like {template}", [field], take), show)


async def _show(app: StudioApp, name: str, said: str) -> None:
    from studio.tui.screens.designer import DesignerScreen

    loaded = await _loaded(app, name)
    shown = app.shown
    # Over a question that was put meanwhile nothing is opened.
    if not loaded or app.screen is not shown:
        if shown is not None:
            shown.query_one(SaidBar).say(said if loaded else f"{said} · r looks at it", "success")
        return
    if isinstance(shown, DesignerScreen):
        shown.show_workflow(name)
    else:
        shown = DesignerScreen(name, None)
        await app.push_screen(shown)
    shown.query_one(SaidBar).say(f"{said} · t tries it", "success")


async def _loaded(app: StudioApp, name: str) -> bool:
    """Wait until a workflow runs; False when it does not, or a yes is asked for first."""
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            while (desk := app.desk) is None or name not in desk.workflows:
                if isinstance(desk, EngineDesk) and desk.engine.pending_reload is not None:
                    return False
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return False
    return True
