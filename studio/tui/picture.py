"""The pictures of the live screen and of the designer for README and the handbook, drawn by the studio.

    python -m studio.tui.picture docs

Plays the events of docs/live.jsonl in virtual time: a day of the three example journeys,
and the reminders of one user at its end. The same input gives the same picture, to the byte.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from textual.pilot import Pilot

from studio.clocks.clock import VirtualClock
from studio.engine import Engine
from studio.engine.local import LocalEngine
from studio.events.event_files import read
from studio.tui.app import StudioApp
from studio.tui.widgets.explorer_pane import ExplorerPane

START = 1_795_519_800_000
"""2026-11-24 11:30 UTC, a Tuesday."""
UNTIL_MS = 9_000
EVENTS, EVENTS_UNTIL_MS = Path("docs/live.jsonl"), 86_409_000
"""What they show: until nine seconds after the last event."""
WEB_FONT = re.compile(r",\s*url\([^)]*\) format\([^)]*\)")
"""Where Textual's SVG would fetch a font from another site."""
SIZE = (120, 36)
DESIGNER_SIZE = (140, 40)
DESIGNER_KEYS = ("3", "d")


async def draw(
    workflows: str,
    events: Path,
    size: tuple[int, int] = SIZE,
    until: int = UNTIL_MS,
    keys: tuple[str, ...] = ("3",),
) -> str:
    """The screen as SVG, `until` ms after the start of an event file.

    Args:
        workflows: the folder with the journeys.
        events: a file of JSON lines.
        size: columns and rows.
        keys: pressed before the picture is taken.
    """
    # A store with a name: one in memory is called by a new one each time, and the header shows it.
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "studio.db"
        svg = await _draw(workflows, events, size, until, keys, store)
    # Textual names the classes of the SVG by a number of its own.
    return re.sub(r"terminal-\d+", "terminal-live", WEB_FONT.sub("", svg))


async def _draw(
    workflows: str, events: Path, size: tuple[int, int], until: int, keys: tuple[str, ...], store: Path
) -> str:
    async with Engine(workflows, store=store, clock=VirtualClock(START)) as engine:
        with events.open(encoding="utf-8") as lines:
            await engine.play(
                [each for each in read(lines, START) if (each.at or 0) <= START + until], START + until
            )
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=size) as pilot:
            await _settle(app, pilot)
            await pilot.press(*keys)
            await _settle(app, pilot)
            if (designer := app.designer) is not None:
                # Another number each time.
                designer.query_one(ExplorerPane).show_took(None)
                await pilot.pause()
            return app.export_screenshot()


async def _settle(app: StudioApp, pilot: Pilot[None]) -> None:
    """Until nothing is under way: what ends may begin something."""
    for _ in range(3):
        await pilot.pause(0.2)
        await app.workers.wait_for_complete()
    await pilot.pause()


def main() -> int:
    """Write the pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    os.environ["TZ"] = "UTC"
    os.environ["COLORTERM"] = "truecolor"
    time.tzset()
    folder.mkdir(parents=True, exist_ok=True)
    for name, size, keys in (("live", SIZE, ("3",)), ("designer", DESIGNER_SIZE, DESIGNER_KEYS)):
        svg = asyncio.run(draw("workflows", EVENTS, size, EVENTS_UNTIL_MS, keys))
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
