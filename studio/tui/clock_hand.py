"""The hand of the screen on the clock: of its own engine, or of the one that runs elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.studio_clock import ClockReading, JumpState, ShownClock, StudioClock

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.jump import JumpProgress


class ClockHand(Protocol):
    """What the screen may do with time. Every act may be refused with a `StudioError`."""

    def reading(self) -> ClockReading:
        """How the clock stands."""

    async def pause(self) -> None:
        """Let no time pass."""

    async def run(self) -> None:
        """Let it pass again."""

    async def speed(self, speed: int) -> None:
        """How many seconds pass in a second."""

    async def jump(self, to: int) -> None:
        """Lead the clock to a later moment, ms since 1970."""

    async def stop_jump(self) -> None:
        """Let the jump end where it has come to."""

    async def time_out(self, wait: int) -> None:
        """End one wait by hand; `wait` is the seq of the entry that opened it."""


class EngineHand:
    """On the clock of this process's engine."""

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


class ViewerHand:
    """On the clock of an engine in another process: asked through the inbox, told by the store."""

    def __init__(self, path: Path, clock: ShownClock) -> None:
        self._path = path
        self.clock = clock

    def reading(self) -> ClockReading:
        return self.clock.reading()

    async def pause(self) -> None:
        await self._ask("clock.pause", {})

    async def run(self) -> None:
        await self._ask("clock.run", {})

    async def speed(self, speed: int) -> None:
        await self._ask("clock.speed", {"speed": speed})

    async def jump(self, to: int) -> None:
        await self._ask("clock.jump", {"to": to})

    async def stop_jump(self) -> None:
        await self._ask("clock.stop_jump", {})

    async def time_out(self, wait: int) -> None:
        await self._ask("time_out", {"wait": wait})

    async def _ask(self, command: str, body: dict[str, Any]) -> None:
        from studio.store.inbox import ask

        await asyncio.to_thread(ask, self._path, command, body)
