"""What other threads hand in to the engine's thread: events, acts, turns of the clock, a reload."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from studio.engine.effects.reentrancy import inside
from studio.engine.loop.idle_waiters import IdleWaiters
from studio.engine.loop.state import LoopState
from studio.engine.reload.migration import Migrations, Swap
from studio.engine.work.batch import Batch
from studio.engine.work.futures import AnyFuture, answer
from studio.engine.work.jump import JumpEnd, JumpProgress
from studio.engine.work.work_items import (
    Acknowledgement,
    Advance,
    ExclusiveOperation,
    OperatorCommand,
    QueuedEvent,
)
from studio.errors import StudioError
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.source.event_door import EventDoor
from studio.store.away import refuse_away


class HandIn:
    """The way in for other threads. Each thing is a cause of its own, and has a future for what comes of it.

    Args:
        change: what changes the store as a whole, by its name and what it needs.
        door: looks at events first.

    Raises:
        StudioError: all of them, when the engine has stopped.
    """

    def __init__(
        self,
        state: LoopState,
        migrations: Migrations,
        idle: IdleWaiters,
        change: Callable[[str, dict[str, Any]], Callable[[ExclusiveOperation], dict[str, Any]]],
        door: EventDoor,
    ) -> None:
        self._state = state
        self._migrations = migrations
        self._idle = idle
        self._change = change
        self._door = door

    def submit(
        self, events: list[Incoming], *, by_hand: bool = False, patient: bool = False
    ) -> Future[list[Event]]:
        """Take events in; the future gives them back when they are durable.

        An event that brings its own moment moves a virtual clock there first.
        """
        future: Future[list[Event]] = Future()
        self.submit_for(future, events, by_hand=by_hand, patient=patient)
        return future

    def submit_for(
        self,
        future: AnyFuture[list[Event]],
        events: list[Incoming],
        *,
        by_hand: bool = False,
        patient: bool = False,
    ) -> None:
        """As `submit`, for whoever waits by a future of an event loop.

        Raises:
            EventError: one does not fit the type of its event, and such are refused.
        """
        self._door.check(events)
        store = self._state.store
        if store is not None and store.has_handovers:
            refuse_away(self._state.path, events)
        delivery = Acknowledgement(len(events), patient, future)
        if not events:
            answer(future, [])
            return
        is_inner = self._is_inner
        # The stamp is taken under the lock under which a turn takes its horizon: no event
        # can be older than a deadline that was served without it.
        with self._state.lock:
            self._refuse_when_stopped()
            at = self._state.clock.now()
            for index, incoming in enumerate(events):
                if (
                    incoming.at is not None
                    and incoming.at > at
                    and self._state.clock.virtual
                    and not is_inner
                ):
                    at = incoming.at
                # Events that were handed in together are one act.
                own = by_hand and index == 0
                if is_inner:
                    self._enqueue(at, QueuedEvent(incoming, delivery, index, by_hand=own, is_inner=True))
                else:
                    self._state.queue.append((at, QueuedEvent(incoming, delivery, index, by_hand=own)))
        self._state.wake.ring()

    def act(self, run: Callable[[Batch, int], Any]) -> Future[Any]:
        """Do something as a cause of its own, in the engine's thread."""
        future: Future[Any] = Future()
        self._put(OperatorCommand(run, future, is_inner=self._is_inner))
        return future

    def alone(self, kind: str, body: dict[str, Any]) -> Future[Any]:
        """Change the store as a whole: "rewind", "restore", "undo" or "redo"."""
        future: Future[Any] = Future()
        self._put(ExclusiveOperation(self._change(kind, body), future, is_inner=self._is_inner))
        return future

    def swap(self, swap: Swap) -> Future[None]:
        """Go over to other workflows from the next batch on; done when they run."""
        self._refuse_when_stopped()
        future = self._migrations.ask(swap)
        self._state.wake.ring()
        return future

    def stop_reload(self) -> bool:
        """Let those who have not gone over to other code do so when something comes. False when all have."""
        found = self._migrations.stop()
        self._state.wake.ring()
        return found

    def go_on_reloading(self) -> bool:
        """Let them go over after all. False when that was not stopped."""
        found = self._migrations.go_on()
        self._state.wake.ring()
        return found

    def advance(self, to: int, *, move: bool = True) -> Future[bool]:
        """Let a virtual clock run to a moment; the future says whether no deadline is left after it."""
        self._refuse_inside("let time pass" if move else "wait until the engine is idle")
        future: Future[bool] = Future()
        self._put(Advance(future, move), to)
        return future

    def turn_clock(self, facts: dict[str, Any]) -> Future[Any]:
        """Pause the clock, let it run or set its speed, and say so in the history.

        Raises:
            ClockError: it is not for turning.
        """
        turn = self._state.clock_control.turn(facts)
        future: Future[Any] = Future()
        if turn is None:
            answer(future, None)
            return future
        try:
            self._put(OperatorCommand(turn.say, future, is_inner=self._is_inner, take_back=turn.take_back))
        except StudioError:
            turn.take_back()
            raise
        return future

    def jump(self, to: int, progress: Callable[[JumpProgress], None] | None) -> Future[JumpEnd]:
        """Lead the clock to a later moment, each deadline at its own time.

        Raises:
            ClockError: it is not for moving, or not there.
        """
        self._refuse_when_stopped()
        self._refuse_inside("let time pass")
        future = self._state.clock_control.ask_jump(to, progress)
        self._state.wake.ring()
        return future

    def stop_jump(self) -> bool:
        """Let the jump end where it has come to. False when there is none."""
        found = self._state.clock_control.stop_jump()
        self._state.wake.ring()
        return found

    def idle(self) -> Future[bool]:
        """Done when nothing is handed in, no step runs and nothing is due."""
        self._refuse_inside("wait until the engine is idle")
        with self._state.lock:
            self._refuse_when_stopped()
            future = self._idle.add()
        self._state.wake.ring()
        return future

    def _refuse_when_stopped(self) -> None:
        if self._state.stopping:
            raise StudioError(
                "the engine has stopped" if self._state.ended is None else str(self._state.ended)
            )

    @property
    def _is_inner(self) -> bool:
        """Time is moved, and what is handed in here comes from a step or hook that may hold it."""
        return self._state.clock_control.moved and inside() is not None

    def _refuse_inside(self, what: str) -> None:
        call = inside()
        if call is not None and call.kind != "set_event":
            raise StudioError(
                f"a {call.kind} cannot {what}: the engine waits for it", fix="Do it outside of the engine."
            )

    def _enqueue(self, at: int, item: QueuedEvent | OperatorCommand | ExclusiveOperation | Advance) -> None:
        """Hand something in; called with the lock held."""
        if isinstance(item, Advance) or not item.is_inner:
            self._state.queue.append((at, item))
            return
        # It comes before all that moves the time; others of its kind stand in front already.
        place = 0
        while place < len(self._state.queue) and getattr(self._state.queue[place][1], "is_inner", False):
            place += 1
        self._state.queue.insert(place, (at, item))

    def _put(self, item: OperatorCommand | ExclusiveOperation | Advance, at: int | None = None) -> None:
        with self._state.lock:
            self._refuse_when_stopped()
            now = self._state.clock.now()
            self._enqueue(now if at is None else max(at, now), item)
        self._state.wake.ring()
