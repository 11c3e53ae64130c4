"""Save as test: what came to the selected user, and what came of it, as an event file that is a test."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.source.project import short
from studio.tui.screens.control import Control
from studio.tui.widgets.timeline import TimelinePane

FOLDER = Path("tests", "journeys")
"""Where pytest looks for event files that expect something."""


class RecordControl(Control):
    """Writes what came to a user as a test."""

    async def save_test(self) -> None:
        """Ask for a name, write the file, say where it is and how it is played."""
        from studio.events.recording import record, save
        from studio.tui.screens.name_file import NameFileScreen

        session, user = self.session, self.screen.query_one(TimelinePane).user
        if user is None or session.reader is None:
            self.say("no user is chosen", "muted")
            return
        text = f"Save the events that {user} received, and what they led to, as a test. The event file:"
        name = await self.screen.app.push_screen_wait(
            NameFileScreen(text, proposed(user, session.folder), "write it")
        )
        if not name:
            return
        file = named(name, session.folder)
        shown = short(file)
        try:
            found = await session.reader.ask(partial(record, user=user, expect=True))
            await asyncio.to_thread(save, file, found.lines, True)
        except StudioError as error:
            self.say(str(error), "error")
            return
        left_out = f" · actions by hand left out: {found.acts}" if found.acts else ""
        self.say(f"wrote {shown}{left_out} · journey-studio play {shown} --check", "success")


def named(name: str, folder: Path) -> Path:
    """A file that was named by hand; it counts from the folder that the studio was started in."""
    return folder / Path(name).expanduser()


def proposed(user: str, folder: Path) -> str:
    """A name that is free: `tests/journeys/user1.jsonl`."""
    stem = re.sub(r"[^\w.@-]+", "-", user).strip(".-") or "user"
    file, n = FOLDER / f"{stem}.jsonl", 1
    while (folder / file).exists():
        n += 1
        file = FOLDER / f"{stem}-{n}.jsonl"
    return str(file)
