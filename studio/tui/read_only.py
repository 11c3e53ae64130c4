"""A studio that only looks: it runs no engine, sends nothing, and leaves the store as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from studio.errors import StudioError
from studio.incoming import Incoming
from studio.store.views import Views
from studio.studio_clock import ShownClock
from studio.tui.clock_hand import ClockHand, ViewerHand
from studio.tui.desk import Stored, ViewerDesk


def refuse(what: str) -> NoReturn:
    """Refuse an act by name."""
    raise StudioError(f"READ ONLY: {what} from here", fix="Start journey-studio without --readonly.")


class ReadOnlyHand(ViewerHand):
    """Sees how the clock stands, and may not move it."""

    async def _ask(self, command: str, body: dict[str, Any]) -> None:
        refuse("time is not moved")


class ReadOnlyDesk(ViewerDesk):
    """Looks at a store that is there.

    Raises:
        StoreError: it is not there, or it is no store.
    """

    read_only = True

    def __init__(self, path: Path, workflows: str) -> None:
        Views(path).close()
        super().__init__(path, workflows)
        shown = ShownClock()
        self.clock = shown
        self.hand: ClockHand = ReadOnlyHand(path, shown)

    async def send(self, event: Incoming) -> Stored | None:
        refuse("nothing is sent")

    async def send_many(self, events: Sequence[Incoming]) -> list[Stored | None]:
        refuse("nothing is sent")

    async def act(self, act: str, target: str | int) -> None:
        refuse("nothing is done")
