"""How the engine of a command gets on, said on stderr as it changes: it is paused, goes on, has ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from studio.cli.output import complain
from studio.clocks.clock import wall_ms

if TYPE_CHECKING:
    from studio.engine.engine import Engine


class StuckState:
    """Names steps and hooks that have not come back, on stderr, once each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._named: set[tuple[str, str, str]] = set()
        self._forget = engine.on_change(self._look_soon)

    def close(self) -> None:
        """Say nothing more."""
        self._forget()

    def _look_soon(self) -> None:
        # The loop may have ended: nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        stuck = {(call.kind, call.name, call.journey): call for call in self._engine.status().stuck}
        for which, call in stuck.items():
            if which not in self._named:
                complain(f"The {call.sentence(wall_ms())}.", plain=True)
        self._named = set(stuck)


class EngineState:
    """Says so in the event loop's thread, so that a terminal that stands still holds up no journey."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._said: str | None = None
        self._end = asyncio.Event()
        self.has_ended = False
        """The engine has ended by itself, and why was said."""
        self._forget = engine.on_change(self._look_soon)
        self._stuck = StuckState(engine)
        # It may have been paused at its start.
        self._look()

    async def ended(self) -> None:
        """Wait until the engine has ended by itself."""
        await self._end.wait()

    def close(self) -> None:
        """Say nothing more, but that it has ended, if it has."""
        self._stuck.close()
        self._forget()
        self._look()

    def _look_soon(self) -> None:
        # The loop may have ended: nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        status = self._engine.status()
        if self.has_ended:
            return
        if status.state == "stopped":
            self.has_ended = True
            complain(f"the engine has ended: {status.problem or 'it was stopped'}")
            self._end.set()
            return
        why = status.problem if status.state == "paused" else None
        if why is not None and why != self._said:
            complain(f"Paused: {why} It is tried again every half second.", plain=True)
        elif why is None and self._said is not None:
            complain("It goes on.", plain=True)
        self._said = why
