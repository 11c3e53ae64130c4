"""A studio that only looks: it runs no engine, sends nothing, and leaves the store as it is."""

from __future__ import annotations

from pathlib import Path

from studio.errors import StudioError
from studio.incoming import Incoming
from studio.store.views import Views
from studio.tui.desk import ViewerDesk

REFUSAL = "READ ONLY: nothing is sent from here"


class ReadOnlyDesk(ViewerDesk):
    """Looks at a store that is there.

    Raises:
        StoreError: it is not there, or it is no store.
    """

    read_only = True

    def __init__(self, path: Path, workflows: str) -> None:
        Views(path).close()
        super().__init__(path, workflows)

    async def send(self, event: Incoming) -> int | None:
        raise StudioError(REFUSAL, fix="Start journey-studio without --readonly.")
