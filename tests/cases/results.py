"""What people wrote, played in process and in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.events.event_files import read
from studio.testing import Journeys

CASES = Path(__file__).parent


def play(name: str, events: str) -> dict[str, Any]:
    """The results of the journeys, by their ids, when a case's event file was played on its workflows."""
    folder = CASES / name
    with Journeys(folder / "workflows") as journeys, (folder / events).open("rb") as lines:
        journeys.finish(list(read(lines, int(journeys.now.timestamp() * 1000), events)))
        entries = journeys.entries()
    return {e.journey or "": e.data["result"] for e in entries if e.kind == "journey.completed"}
