"""Rewind, undo, redo, snapshots and forks, as an application asks for them of its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from studio.clocks.clock import wall_ms
from studio.engine.effects.approval import Approvals
from studio.engine.rewind.preview import RewindPreview, UndoPreview, preview_rewind, preview_undo
from studio.engine.work.batch import Batch
from studio.source.project import absolute
from studio.store.approvals import HeldStep, held_in
from studio.store.snapshots import StoreSnapshot, fork_store, snapshots


class Rewinding(Protocol):
    """Whose loop takes time back."""

    @property
    def approvals(self) -> Approvals:
        """The steps that wait for a yes."""

    def act(self, run: Callable[[Batch, int], Any]) -> Future[Any]:
        """Do something as a cause of its own, in the engine's thread."""

    def alone(self, kind: str, body: dict[str, Any]) -> Future[Any]:
        """Change the store as a whole."""


class TimeTravel:
    """The part of an `Engine` that takes time back."""

    path: Path

    @property
    def _running(self) -> Rewinding:
        raise NotImplementedError

    async def preview_rewind(self, seq: int) -> RewindPreview:
        """What a rewind to an entry would take away.

        Raises:
            StoreError: there is no such entry.
        """
        return await asyncio.to_thread(preview_rewind, self.path, seq)

    async def rewind(self, seq: int) -> dict[str, Any]:
        """Take away all that came after an entry's cause.

        What was is kept as a snapshot. The clock stands at the cut, where it can stand, and
        steps are on hold: what was done before is answered with its result, the rest waits
        for `release_step`.

        Returns:
            "at", the moment of the cut; "keep", the last entry that stays; "snapshot", its number.

        Raises:
            StoreError: there is no such entry, or the snapshot could not be written.
        """
        return await self._alone("rewind", {"seq": seq})

    async def snapshots(self) -> list[StoreSnapshot]:
        """The snapshots beside the store, newest first."""
        return await asyncio.to_thread(snapshots, self.path)

    async def restore(self, number: int) -> dict[str, Any]:
        """Return to a snapshot; what was is kept as another, whose number is given as "snapshot".

        Raises:
            StoreError: there is no snapshot of this number.
        """
        return await self._alone("restore", {"number": number})

    async def fork(self, seq: int, path: str | Path) -> int:
        """Copy the store up to the end of an entry's cause into a new file; gives its last entry.

        Raises:
            StoreError: there is no such entry, or a file of this name is there.
        """
        return await asyncio.to_thread(fork_store, self.path, seq, absolute(path), wall_ms())

    async def preview_undo(self) -> UndoPreview:
        """What taking back the newest act would take away.

        Raises:
            StudioError: there is no act.
        """
        return await asyncio.to_thread(preview_undo, self.path)

    async def undo(self) -> dict[str, Any]:
        """Undo the newest act done here, with all that came since; gives "what" and "user".

        Acts are events handed in with `by_hand`, cancel, resume and restart, jumps of the clock
        ("passed_ms"), rewinds and returns to snapshots ("snapshot": what was until now).

        Raises:
            StudioError: there is no act.
        """
        return await self._alone("undo", {})

    async def redo(self) -> dict[str, Any]:
        """Bring back what `undo` took, entry for entry; also after a restart, until anything new comes.

        Raises:
            StudioError: nothing was taken back, or other events or actions have come since.
        """
        return await self._alone("redo", {})

    async def held_steps(self, limit: int = 1000) -> list[HeldStep]:
        """The steps that wait for a yes, oldest first."""
        return await asyncio.to_thread(held_in, self.path, limit)

    async def release_step(self, wait: int) -> None:
        """Let a step run that waits for a yes.

        Args:
            wait: seq of its step.started entry, as `held_steps` gives it.

        Raises:
            JourneyError: no such step waits.
        """
        runner = self._running
        await asyncio.wrap_future(runner.act(lambda batch, at: runner.approvals.release(batch, at, wait)))

    async def release_steps(self) -> None:
        """Let all steps run that wait for a yes, and whatever comes from here on."""
        runner = self._running
        await asyncio.wrap_future(runner.act(lambda batch, at: runner.approvals.release_all(batch, at)))

    async def _alone(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await asyncio.wrap_future(self._running.alone(kind, body))
        return found
