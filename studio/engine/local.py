"""The engine of this process, as whoever acts on journeys sees it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.clocks.adjustable_clock import ClockReading, JumpState, StudioClock
from studio.engine.client import ClockClient, Stored, Trouble
from studio.engine.store_client import StoreClient
from studio.errors import StoreFull, StudioError, WorkflowError
from studio.language.definition import Workflow
from studio.language.incoming import Incoming

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.reload.report import ReloadReport
    from studio.engine.rewind.preview import RewindPreview, UndoPreview
    from studio.engine.work.jump import JumpProgress
    from studio.store.snapshots import StoreSnapshot

STOP_SECONDS = 2.0
"""How long leaving waits for the engine. What was acknowledged is safe without that."""


class LocalClock:
    """The time of this process's engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jump: JumpState | None = None

    def reading(self) -> ClockReading:
        clock = self._engine.clock
        if isinstance(clock, StudioClock):
            return clock.reading()
        return ClockReading(movable=False, jump=self._jump)

    async def pause(self) -> None:
        await self._engine.pause()

    async def run(self) -> None:
        await self._engine.run()

    async def speed(self, speed: int) -> None:
        await self._engine.speed(speed)

    async def jump(self, to: int) -> None:
        start = self._engine.clock.now()

        def see(progress: JumpProgress) -> None:
            self._jump = JumpState(start, to, progress.served, progress.total, progress.at)

        try:
            await self._engine.jump(to, see)
        finally:
            self._jump = None

    async def stop_jump(self) -> None:
        await self._engine.stop_jump()

    async def time_out(self, wait: int) -> None:
        await self._engine.time_out(wait)


class LocalEngine(StoreClient):
    """The engine of this process."""

    viewer_of: int | None = None
    read_only = False

    def __init__(self, engine: Engine, *, no_steps: bool = False) -> None:
        self.engine = engine
        self.no_steps = no_steps
        self.capabilities = engine.capabilities
        self.stuck = False
        """Closed, and the engine has not stopped in time."""
        self.path = Path(engine.path)
        self.clock = engine.clock
        self.time: ClockClient = LocalClock(engine)

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self.engine.workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self.engine.problems

    def trouble(self) -> Trouble | None:
        status = self.engine.status()
        if status.state == "running":
            return None
        if status.state == "stopped":
            why = status.problem or "the engine has stopped"
            return Trouble(f"STOPPED: {why.partition(': ')[0]}", why, ended=True)
        fault = status.fault
        why = status.problem or "the engine is paused"
        if isinstance(fault, StoreFull):
            return Trouble("DISK FULL: engine paused", why, ended=False)
        return Trouble(f"ENGINE PAUSED: {fault.what if fault is not None else why}", why, ended=False)

    async def send(self, event: Incoming) -> Stored | None:
        return (await self.send_many([event]))[0]

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        await self.engine.read_typed(events)
        done = await self.engine.ingest_many(events, by_hand=by_hand)
        return [Stored(event.seq, event.at_ms if event.duplicate else None, event.id) for event in done]

    async def act(self, act: str, target: str | int) -> None:
        # What an engine can do is its driver's to say (DESIGN rule 21).
        call = getattr(self.engine, act, None)
        if call is None:
            raise StudioError(f"this engine cannot {act.replace('_', ' ')}")
        await call(target)

    async def pause_workflow(self, workflow: str) -> None:
        await self.engine.pause_workflow(workflow)

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        await self.engine.unpause_workflow(workflow, skip_late)

    @property
    def pending_reload(self) -> ReloadReport | None:
        return self.engine.pending_reload

    async def reload(self) -> ReloadReport | None:
        return await self.engine.reload()

    async def stop_reload(self) -> bool:
        return await self.engine.stop_reload()

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()

        def stop() -> None:
            try:
                self.engine.hurry()
                self.engine.stop_now()
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                    loop.call_soon_threadsafe(stopped.set)

        # A thread of its own, which the end of the process does not wait for.
        threading.Thread(target=stop, name="stop", daemon=True).start()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await stopped.wait()
        except TimeoutError:
            self.stuck = True

    # -- going back ------------------------------------------------------------------------------

    async def preview_rewind(self, seq: int) -> RewindPreview:
        return await self.engine.preview_rewind(seq)

    async def rewind(self, seq: int) -> dict[str, Any]:
        return await self.engine.rewind(seq)

    async def preview_undo(self) -> UndoPreview:
        return await self.engine.preview_undo()

    async def undo(self) -> dict[str, Any]:
        return await self.engine.undo()

    async def redo(self) -> dict[str, Any]:
        return await self.engine.redo()

    async def snapshots(self) -> list[StoreSnapshot]:
        return await self.engine.snapshots()

    async def restore(self, number: int) -> dict[str, Any]:
        return await self.engine.restore(number)

    async def fork(self, seq: int, path: Path) -> int:
        return await self.engine.fork(seq, path)

    async def release_step(self, wait: int) -> None:
        await self.engine.release_step(wait)

    async def release_steps(self) -> None:
        await self.engine.release_steps()
