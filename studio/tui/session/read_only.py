"""A studio that only looks: it runs no engine, sends nothing, and leaves the store as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.clocks.adjustable_clock import ShownClock
from studio.engine.client import Stored
from studio.engine.reload.report import ReloadReport
from studio.engine.remote import RemoteClock, RemoteEngine
from studio.errors import StudioError
from studio.language.incoming import Incoming
from studio.store.refused import Refusal
from studio.store.views import Views


def refusal(what: str, client: object = None) -> StudioError:
    """Why an act is refused by who only looks, by its name.

    Args:
        client: what cannot do it, where that may be a look at the past.
    """
    if getattr(client, "is_past", False):
        return StudioError(f"this is the past: {what}", fix="esc goes back to now.")
    return StudioError(f"READ ONLY: {what}", fix="Start journey-studio without --readonly.")


class ReadOnlyClock(RemoteClock):
    """Sees how the clock stands, and may not move it."""

    async def _ask(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        raise refusal("cannot move the clock")


class ReadOnlyEngine(RemoteEngine):
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
        self.time = ReadOnlyClock(path, shown)

    async def send(self, event: Incoming) -> Stored | None:
        raise refusal("cannot send events", self)

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        raise refusal("cannot send events", self)

    async def keep_refused(self, refusals: Sequence[Refusal]) -> list[int]:
        raise refusal("cannot keep refused events", self)

    async def send_refused(self, number: int, events: Sequence[Incoming]) -> None:
        raise refusal("cannot send or delete refused events", self)

    async def drop_refused(self, number: int | None) -> int:
        raise refusal("cannot send or delete refused events", self)

    async def act(self, act: str, target: str | int) -> None:
        raise refusal("cannot act on journeys", self)

    async def reload(self) -> ReloadReport | None:
        raise refusal("cannot reload workflows", self)

    async def stop_reload(self) -> bool:
        raise refusal("cannot stop a reload", self)

    async def stop_change(self) -> None:
        raise refusal("cannot stop a rewind", self)

    async def _ask_back(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        raise refusal("cannot undo or rewind", self)

    async def fork(self, seq: int, path: Path) -> int:
        raise refusal("cannot copy the store", self)
