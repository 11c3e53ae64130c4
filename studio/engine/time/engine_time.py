"""Time, as an application moves it by its engine: by a virtual clock, or by the studio's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol

from studio.clocks import durations
from studio.clocks.clock import Clock, to_ms
from studio.engine.time.playing import play_events
from studio.engine.work.jump import JumpEnd, JumpProgress
from studio.errors import StudioError
from studio.language.arguments import Duration
from studio.language.event import Event
from studio.language.incoming import Incoming

YEAR = 365 * 24 * 3600 * 1000


class Timed(Protocol):
    """Whose loop time is moved for."""

    def advance(self, to: int, *, move: bool = True) -> Future[bool]:
        """Let a virtual clock run to a moment."""

    def idle(self) -> Future[bool]:
        """Done when nothing is left to do now."""

    def turn_clock(self, facts: dict[str, Any]) -> Future[Any]:
        """Pause, run on, change the speed."""

    def jump(self, to: int, progress: Callable[[JumpProgress], None] | None) -> Future[JumpEnd]:
        """Lead the clock to a later moment."""

    def stop_jump(self) -> bool:
        """End that where it has come to."""

    def next_due(self) -> int | None:
        """The nearest deadline."""


class EngineTime:
    """The part of an `Engine` that moves its time."""

    clock: Clock

    @property
    def _running(self) -> Timed:
        raise NotImplementedError

    def submit(
        self, events: list[Incoming], *, by_hand: bool = False, patient: bool = False
    ) -> Future[list[Event]]:
        """Hand events in."""
        raise NotImplementedError

    async def forward(self, by: Duration) -> None:
        """Let a virtual clock run on, each deadline at its own time."""
        await self.forward_to(self._virtual().now() + durations.parse(by))

    async def forward_to(self, at: int | datetime) -> None:
        """Let a virtual clock run to a moment (ms since 1970, or a datetime), deadlines at it included."""
        self._virtual()
        moment = to_ms(at) if isinstance(at, datetime) else at
        await asyncio.wrap_future(self._running.advance(moment))

    async def run_until_idle(self) -> None:
        """Return when nothing is handed in, no step runs and nothing is due now."""
        if self.clock.virtual:
            await asyncio.wrap_future(self._running.advance(self.clock.now(), move=False))
        await asyncio.wrap_future(self._running.idle())

    async def play(
        self,
        events: Iterable[Incoming],
        until: int | None = None,
        *,
        dropped: Callable[[Event], None] | None = None,
    ) -> bool:
        """Play events at their own moments in virtual time, then let time run on.

        Args:
            until: the moment to stop at, ms since 1970; when not given, time runs until
                no deadline is left, or for a year after the last event.
            dropped: is given each event whose id was there already.

        Returns:
            False when the year was over before the deadlines were.
        """
        clock = self._virtual()
        last = await play_events(events, self.submit, clock.now(), until, dropped)
        if until is not None:
            await asyncio.wrap_future(self._running.advance(until))
            over = True
        else:
            over = await asyncio.wrap_future(self._running.advance(last + YEAR, move=False))
        await asyncio.wrap_future(self._running.idle())
        return over

    def _virtual(self) -> Clock:
        if not self.clock.virtual:
            raise StudioError("real time cannot be moved", fix="Give the engine clock=VirtualClock().")
        return self.clock

    async def pause(self) -> None:
        """Let no time pass, until `run`. Needs a `StudioClock`.

        Raises:
            ClockError: the engine runs in real time.
        """
        await asyncio.wrap_future(self._running.turn_clock({"paused": True}))

    async def run(self) -> None:
        """Let time pass again, at the speed that was chosen."""
        await asyncio.wrap_future(self._running.turn_clock({"paused": False}))

    async def speed(self, speed: int) -> None:
        """How many seconds pass in a second: 1, 10, 60 or 3600. While a step runs it is one."""
        await asyncio.wrap_future(self._running.turn_clock({"speed": speed}))

    async def jump(
        self, to: int | datetime, progress: Callable[[JumpProgress], None] | None = None
    ) -> JumpEnd:
        """Lead the clock to a later moment, each deadline at its own time, as if the time had passed.

        Steps hold it. Everything before the moment that it has come to is durable, whatever happens.

        Args:
            to: ms since 1970, or a datetime.
            progress: is called after every transaction, in the engine's thread.

        Raises:
            ClockError: the engine runs in real time, the moment is over, or a jump is under way.
        """
        moment = to_ms(to) if isinstance(to, datetime) else to
        return await asyncio.wrap_future(self._running.jump(moment, progress))

    async def stop_jump(self) -> bool:
        """Let the jump that is under way end where it has come to. False when there is none."""
        return self._running.stop_jump()

    def next_due(self) -> int | None:
        """The nearest deadline, ms since 1970; None when nobody waits for time."""
        return self._running.next_due()
