"""Taking time back, asked for by a screen: of the engine here, or of the one that runs elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.clock import wall_ms
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.rewind import RewindPreview, UndoPreview
    from studio.store.snapshots import Snapshot
    from studio.tui.desk import Desk

ANSWER_SECONDS = 120.0
"""How long another process may take to copy its store."""


class Travel(Protocol):
    """What a screen may ask for; each raises a `StudioError` that says why it is refused."""

    async def preview_rewind(self, seq: int) -> RewindPreview:
        """What a rewind to an entry would take away."""

    async def rewind(self, seq: int) -> dict[str, Any]:
        """Cut after the entry's cause."""

    async def preview_undo(self) -> UndoPreview:
        """What taking back the newest act would take away."""

    async def undo(self) -> dict[str, Any]:
        """Take back the newest act."""

    async def redo(self) -> dict[str, Any]:
        """Bring back what was taken."""

    async def snapshots(self) -> list[Snapshot]:
        """The snapshots beside the store."""

    async def restore(self, number: int) -> dict[str, Any]:
        """Return to a snapshot."""

    async def fork(self, seq: int, path: Path) -> int:
        """Copy the store up to an entry."""

    async def release_step(self, wait: int) -> None:
        """Let a step run that waits for a yes."""

    async def release_steps(self) -> None:
        """Let all steps run, now and from here on."""


class ElsewhereTravel:
    """Asks the engine of another process through the inbox of its store; looks for itself."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def preview_rewind(self, seq: int) -> RewindPreview:
        from studio.engine.rewind import preview_rewind

        return await asyncio.to_thread(preview_rewind, self.path, seq)

    async def rewind(self, seq: int) -> dict[str, Any]:
        return await self._ask("rewind", {"seq": seq})

    async def preview_undo(self) -> UndoPreview:
        from studio.engine.rewind import preview_undo

        return await asyncio.to_thread(preview_undo, self.path)

    async def undo(self) -> dict[str, Any]:
        return await self._ask("undo", {})

    async def redo(self) -> dict[str, Any]:
        return await self._ask("redo", {})

    async def snapshots(self) -> list[Snapshot]:
        from studio.store.snapshots import snapshots

        return await asyncio.to_thread(snapshots, self.path)

    async def restore(self, number: int) -> dict[str, Any]:
        return await self._ask("restore", {"number": number})

    async def fork(self, seq: int, path: Path) -> int:
        from studio.store.snapshots import fork_store

        return await asyncio.to_thread(fork_store, self.path, seq, path, wall_ms())

    async def release_step(self, wait: int) -> None:
        await self._ask("release", {"wait": wait})

    async def release_steps(self) -> None:
        await self._ask("release", {})

    async def _ask(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        from studio.store.inbox import ask

        return await asyncio.to_thread(ask, self.path, command, body, ANSWER_SECONDS)


def travel_of(desk: Desk | None) -> Travel:
    """Who is to be asked.

    Raises:
        StudioError: nothing is open that could be asked, or it is only looked at.
    """
    if desk is None:
        raise StudioError("the store is not open yet")
    if desk.read_only:
        raise StudioError("READ ONLY: time is not taken back from here", fix="Start it without --readonly.")
    engine: Engine | None = getattr(desk, "engine", None)
    return engine if engine is not None else ElsewhereTravel(desk.path)
