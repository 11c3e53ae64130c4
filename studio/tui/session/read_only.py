"""A studio that only looks: it runs no engine, sends nothing, and leaves the store as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from studio.clocks.adjustable_clock import ShownClock
from studio.engine.client import Stored
from studio.engine.reload.report import ReloadReport
from studio.engine.remote import RemoteClock, RemoteEngine
from studio.errors import StudioError
from studio.language.incoming import Incoming
from studio.store.refused import Refusal
from studio.store.views import Views


def refusal(what: str) -> StudioError:
    """Why an act is refused by who only looks, by its name."""
    return StudioError(f"READ ONLY: {what}", fix="Start journey-studio without --readonly.")


def refuse(what: str) -> NoReturn:
    """Refuse an act by name."""
    raise refusal(what)


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
        refuse("cannot send events")

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        refuse("cannot send events")

    async def keep_refused(self, refusals: Sequence[Refusal]) -> list[int]:
        refuse("cannot keep refused events")

    async def send_refused(self, number: int, events: Sequence[Incoming]) -> None:
        refuse("cannot send or delete refused events")

    async def drop_refused(self, number: int | None) -> int:
        refuse("cannot send or delete refused events")

    async def act(self, act: str, target: str | int) -> None:
        refuse("cannot act on journeys")

    async def reload(self) -> ReloadReport | None:
        refuse("cannot reload workflows")

    async def _ask_back(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        refuse("cannot undo or rewind")

    async def fork(self, seq: int, path: Path) -> int:
        refuse("cannot copy the store")
