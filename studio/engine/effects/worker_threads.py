"""Threads that call functions which may block, and more of them in place of those that do not come back."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from studio.engine.effects.inherited_context import start_outside
from studio.engine.effects.timekeeper import Timekeeper

MOST = 1_000
"""Threads at the most, those that are not counted included."""

Job = Callable[[], object]
"""Raises nothing."""


class Worker:
    """One thread, as the others see it."""

    __slots__ = ("is_counted", "since", "thread")

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.since: float | None = None
        """`time.monotonic()` when its job began; None while it has none."""
        self.is_counted = True
        """It is one of those of which there may be so many."""


class Threads:
    """Calls jobs, so many at a time.

    A thread cannot be stopped. One whose job takes long is not counted any longer, and another may
    begin in its place, so that those that never come back hold up nobody. Threads are daemons.

    Args:
        count: how many run at the same time, not counting those that take long.
        long: seconds after which a job takes long.
    """

    def __init__(self, name: str, count: int, keeper: Timekeeper, long: float) -> None:
        self._name = name
        self._count = count
        self._keeper = keeper
        self._long = long
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._counted = 0
        self._idle = 0
        self._queued = 0
        self._looks = False
        self._is_ending = False
        self._mine = threading.local()

    @property
    def queued(self) -> int:
        """Jobs that wait for a thread."""
        return self._queued

    def submit(self, job: Job) -> None:
        """Have a job done.

        Raises:
            RuntimeError: there is no thread to do it, and none can be started.
        """
        with self._lock:
            self._queued += 1
            self._grow()
            if not self._workers:
                self._queued -= 1
                raise RuntimeError("the system starts no thread")
        self._jobs.put(job)

    def me(self) -> Worker:
        """The worker in whose thread this is called."""
        worker: Worker = self._mine.worker
        return worker

    def let_go(self, worker: Worker) -> None:
        """What this one does will not be looked at: another may begin in its place."""
        with self._lock:
            self._discount(worker)

    def stop(self) -> None:
        """Let go of all threads: the idle ones end now, the others when they come back."""
        with self._lock:
            self._is_ending = True
            for _ in self._workers:
                self._jobs.put(None)

    # -- called with the lock held ---------------------------------------------------------

    def _grow(self) -> None:
        """Start a thread when none is idle and there may be more; else look again when some take long."""
        if self._queued <= self._idle or self._is_ending:
            return
        if self._counted < self._count and len(self._workers) < MOST:
            self._start()
        elif not self._looks:
            self._looks = True
            self._keeper.after(self._long, self._look)

    def _start(self) -> None:
        worker = Worker()
        thread = threading.Thread(target=self._work, args=(worker,), name=self._name, daemon=True)
        worker.thread = thread
        try:
            start_outside(thread)
        except RuntimeError:
            # The system gives no more threads: those that are there come to it.
            return
        self._workers.add(worker)
        self._counted += 1
        self._idle += 1

    def _discount(self, worker: Worker) -> None:
        if worker.is_counted and worker.since is not None:
            worker.is_counted = False
            self._counted -= 1
            if self._queued > self._idle and len(self._workers) < MOST:
                self._start()

    # -- the threads -----------------------------------------------------------------------

    def _look(self) -> None:
        """Jobs have waited for a while: do not count the threads that are at one for long."""
        now = time.monotonic()
        with self._lock:
            self._looks = False
            for worker in list(self._workers):
                if worker.since is not None and now - worker.since >= self._long:
                    self._discount(worker)
            self._grow()

    def _work(self, worker: Worker) -> None:
        self._mine.worker = worker
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._queued -= 1
                self._idle -= 1
                worker.since = time.monotonic()
            job()
            with self._lock:
                worker.since = None
                if self._is_ending or not self._is_wanted(worker):
                    break
                self._idle += 1
        with self._lock:
            self._workers.discard(worker)

    def _is_wanted(self, worker: Worker) -> bool:
        """Whether a worker that comes back goes on; another may have taken its place."""
        if not worker.is_counted:
            if self._counted >= self._count:
                return False
            worker.is_counted = True
            self._counted += 1
        return True
