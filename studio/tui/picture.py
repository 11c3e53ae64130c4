"""The pictures of the screens for README and the handbook, drawn by the studio.

    python -m studio.tui.picture docs

Plays the events of docs/live.jsonl in virtual time: a day of the three example journeys,
and the reminders of one user at its end; the charts are of many made-up users. The same input gives
the same picture, to the byte.
"""

from __future__ import annotations

import asyncio
import json
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
CHARTS_KEYS = ("3", "C")
PAST_KEYS = ("2", "home", "T", "C")
"""As of the first entry of the user that is chosen."""
CROWD, CROWD_UNTIL_MS = 90, 40 * 86_400_000


def crowd() -> list[str]:
    """Many who try a trial, as lines of an event file: a third pays; where no plan is named it fails."""
    lines: list[tuple[int, str, str, dict[str, str]]] = []
    for number in range(CROWD):
        user, began = f"user{number:02}", number * 10
        lines.append((began, user, "trial/started", {}))
        if number % 3 == 0:
            plan = {"plan": "team"} if number % 18 else {}
            lines.append((began + 6 + (number * number) % 330, user, "billing/paid", plan))
    lines.sort(key=lambda line: line[0])
    names = ("at", "user", "event", "data")
    return [json.dumps(dict(zip(names, (f"{hours}h", *rest), strict=True))) for hours, *rest in lines]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


async def draw(
    workflows: str,
    events: Path | list[str],
    size: tuple[int, int] = SIZE,
    until: int = UNTIL_MS,
    keys: tuple[str, ...] = ("3",),
) -> str:
    """The screen as SVG, `until` ms after the start of an event file.

    Args:
        workflows: the folder with the journeys.
        events: a file of JSON lines, or the lines.
        size: columns and rows.
        keys: pressed before the picture is taken.
    """
    lines = events if isinstance(events, list) else _lines(events)
    # A store with a name: one in memory is called by a new one each time, and the header shows it.
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "studio.db"
        svg = await _draw(workflows, lines, size, until, keys, store)
    # Textual names the classes of the SVG by a number of its own.
    return re.sub(r"terminal-\d+", "terminal-live", WEB_FONT.sub("", svg))


async def _draw(
    workflows: str,
    events: list[str],
    size: tuple[int, int],
    until: int,
    keys: tuple[str, ...],
    store: Path,
) -> str:
    async with Engine(workflows, store=store, clock=VirtualClock(START)) as engine:
        played = [each for each in read(iter(events), START) if (each.at or 0) <= START + until]
        await engine.play(played, START + until)
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
    for name, size, keys, events, until in (
        ("live", SIZE, ("3",), EVENTS, EVENTS_UNTIL_MS),
        ("designer", DESIGNER_SIZE, DESIGNER_KEYS, EVENTS, EVENTS_UNTIL_MS),
        ("charts", SIZE, CHARTS_KEYS, crowd(), CROWD_UNTIL_MS),
        ("charts-past", SIZE, PAST_KEYS, crowd(), CROWD_UNTIL_MS),
    ):
        svg = asyncio.run(draw("workflows", events, size, until, keys))
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
