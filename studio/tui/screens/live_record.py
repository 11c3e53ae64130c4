"""Save as test: what came to the selected user, and what came of it, as an event file that is a test."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import work
from textual.screen import Screen

from studio.errors import StudioError
from studio.tui.widgets.said_bar import SaidBar
from studio.tui.widgets.timeline import TimelinePane

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

FOLDER = Path("tests", "journeys")
"""Where pytest looks for event files that expect something."""


class LiveRecord:
    """The part of the live screen that records."""

    @work(group="record", exclusive=True, exit_on_error=True)
    async def action_save_test(self) -> None:
        """Ask for a name, write the file, say where it is and how it is played."""
        from studio.recording import record, save
        from studio.tui.screens.name_file import NameFileScreen

        live = cast("Screen[None]", self)
        studio = cast("StudioApp", live.app)
        bar, user = live.query_one(SaidBar), live.query_one(TimelinePane).user
        if user is None or studio.reader is None:
            bar.say("no user is chosen", "muted")
            return
        text = f"Save what came to {user}, and what came of it, as a test. The event file:"
        name = await studio.push_screen_wait(NameFileScreen(text, proposed(user), "write it"))
        if not name:
            return
        file = named(name)
        try:
            found = await studio.reader.ask(partial(record, user=user, expect=True))
            await asyncio.to_thread(save, file, found.lines, True)
        except StudioError as error:
            bar.say(str(error), "error")
            return
        left_out = f" · {found.acts} by hand left out" if found.acts else ""
        bar.say(f"wrote {file}{left_out} · journey-studio play {file} --check", "success")


def named(name: str) -> Path:
    """A file that was named by hand."""
    return Path(name).expanduser()


def proposed(user: str) -> str:
    """A name that is free: `tests/journeys/user1.jsonl`."""
    stem = re.sub(r"[^\w.@-]+", "-", user).strip(".-") or "user"
    file, n = FOLDER / f"{stem}.jsonl", 1
    while file.exists():
        n += 1
        file = FOLDER / f"{stem}-{n}.jsonl"
    return str(file)
