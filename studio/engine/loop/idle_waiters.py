"""Those who wait until an engine is idle: nothing is handed in, no step runs and nothing is due."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.loop.state import LoopState
from studio.engine.reload.migration import Migrations
from studio.engine.work.futures import answer


class IdleWaiters:
    """The futures of those who wait; the lock of the state guards them.

    Args:
        is_asking: whether `check_event` has not answered yet.
    """

    def __init__(
        self,
        state: LoopState,
        migrations: Migrations,
        log_forwarding: LogForwarding,
        is_asking: Callable[[], bool],
    ) -> None:
        self._state = state
        self._migrations = migrations
        self._log_forwarding = log_forwarding
        self._is_asking = is_asking
        self._idle: list[Future[bool]] = []

    def add(self) -> Future[bool]:
        """One more waits. Called with the lock held."""
        future: Future[bool] = Future()
        self._idle.append(future)
        return future

    def take(self) -> list[Future[bool]]:
        """Those who wait, for whoever refuses them. Called with the lock held."""
        idle, self._idle = self._idle, []
        return idle

    def settle(self) -> None:
        """A turn had nothing to do: whoever waits is told, if there is nothing else."""
        if not self._idle or self._due_now:
            return
        with self._state.lock:
            if self._state.queue or self._state.running or self._state.held:
                return
            if self._is_asking() or self._log_forwarding.is_behind:
                return
            if self._migrations.busy:
                return
            idle = self.take()
        for future in idle:
            answer(future, True)

    @property
    def _due_now(self) -> bool:
        """A deadline stands in this very millisecond, which is served when that is over."""
        due = self._state.next_due
        if due is None or self._state.clock_control.moved or due > self._state.clock.now():
            return False
        return self._state.clock_control.seconds_until(due) is not None
