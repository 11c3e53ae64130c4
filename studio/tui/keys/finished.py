"""People who finished a workflow are taken on, from the commands: what that means first, then a yes."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from studio.engine.reload.finished import FinishedDrive, asking
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.language.incoming import incoming
from studio.tui.keys.command import PaletteCommand
from studio.tui.screens.main_screen import shown_on
from studio.tui.screens.question import QuestionScreen
from studio.tui.session.context import session_of
from studio.tui.widgets.status_line import StatusLine
from studio.wording.values import counted

BATCH = 1_000
"""Who is asked in one transaction."""
LISTED = 8
"""Lines of what would become of them."""
LOOK_SECONDS = 20.0
"""So long they are looked at; a command line has more patience."""


def commands(app: App[Any]) -> list[PaletteCommand]:
    """One for each workflow, where events can be sent; found by typing."""
    client = session_of(app).client
    if client is None or not client.capabilities.has("send"):
        return []
    return [
        PaletteCommand(f"Take on who completed {name}", "", partial(_begin, app, workflow), shown=False)
        for name, workflow in sorted(client.workflows.items())
    ]


def _begin(app: App[Any], workflow: Workflow) -> None:
    app.run_worker(_take_on(app, workflow), group="finished", exclusive=True, exit_on_error=False)


async def _take_on(app: App[Any], workflow: Workflow) -> None:
    client = session_of(app).client
    if client is None:
        return
    try:
        look = FinishedDrive(Path(client.path), {workflow.name: workflow}, (workflow.name,))
        await asyncio.to_thread(look.run, LOOK_SECONDS)
        tally = look.tallies[workflow.name]
        people = look.people
        if not people:
            why = "; ".join(tally.lines()) or "nobody has"
            _say(app, f"nobody who completed {workflow.name} would go on: {why}", "muted")
            return
        told = f"{tally.looked_at:,} of {tally.finished:,} looked at" if look.is_late else ""
        question = f"Have {counted(len(people), 'journey')} of {workflow.name} go on? {told}".rstrip()
        details = [f"  {line}" for line in tally.lines()[:LISTED]]
        if await app.push_screen_wait(QuestionScreen(question, "go on", details=details)) != "y":
            return
        events = [incoming(*asking(workflow, who)) for who in people]
        for at in range(0, len(events), BATCH):
            await client.send_many(events[at : at + BATCH])
        _say(app, f"{counted(len(people), 'journey')} of {workflow.name} asked to go on", "success")
    except StudioError as error:
        _say(app, str(error), "error")


def _say(app: App[Any], text: str, tone: str) -> None:
    if (screen := shown_on(app)) is not None:
        screen.query_one(StatusLine).say(text, tone)
