"""Turns of all users into one store, by the worker that holds it: what the studio looks at.

Those that come while a batch is written are the next batch. One that comes before another that it builds on
is kept for a moment, as that is mostly on its way.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from studio.clocks.clock import wall_ms
from studio.kernel.turn import Turn, TurnError, turn_from
from studio.sink.sink import Sink

PATIENCE = 2.0
"""Seconds that a turn waits for one that must come first, before it is sent back to Temporal."""
AGAIN = 0.05
MOST = 2_000
"""Turns of a batch, more or less."""


class TooEarly(Exception):
    """Other turns must come first; the message says which."""


@dataclass(slots=True)
class _Job:
    turns: list[Turn]
    done: Future[None]
    since: float = field(default_factory=time.monotonic)


class Projection:
    """Takes turns into a sink, in a thread of its own.

    Args:
        open_sink: opens it in that thread, which alone may use it.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, open_sink: Callable[[], Sink]) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        opened: Future[None] = Future()
        args = (open_sink, opened)
        self._thread = threading.Thread(target=self._live, args=args, name="journey-sink", daemon=True)
        self._thread.start()
        opened.result()

    def put(self, packed: list[bytes]) -> Future[None]:
        """Take turns of one user, in order.

        Returns:
            Done when they are durable, or kept aside; `TooEarly` when others must come first.
        """
        job = _Job([], Future())
        for each in packed:
            try:
                job.turns.append(turn_from(each))
            except TurnError as error:
                job.done.set_exception(error)
                return job.done
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what is at hand, and let the store go."""
        self._jobs.put(None)
        self._thread.join()

    def _live(self, open_sink: Callable[[], Sink], opened: Future[None]) -> None:
        try:
            sink = open_sink()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        with sink:
            self._run(sink)

    def _run(self, sink: Sink) -> None:
        waiting: list[_Job] = []
        ending = False
        while not ending:
            jobs, ending = self._next(waiting)
            if jobs:
                waiting = self._write(sink, jobs)
        for job in waiting:
            job.done.set_exception(TooEarly("the sink was closed"))

    def _next(self, waiting: list[_Job]) -> tuple[list[_Job], bool]:
        jobs = list(waiting)
        try:
            job = self._jobs.get(timeout=AGAIN if waiting else None)
            while job is not None:
                jobs.append(job)
                if sum(len(each.turns) for each in jobs) >= MOST:
                    return jobs, False
                job = self._jobs.get_nowait()
        except queue.Empty:
            return jobs, False
        return jobs, True

    def _write(self, sink: Sink, jobs: list[_Job]) -> list[_Job]:
        """Write a batch; gives what must wait for others."""
        try:
            told = sink.take([turn for job in jobs for turn in job.turns], wall_ms())
        except Exception as error:
            # Nothing was written: Temporal tells all of it again.
            for job in jobs:
                job.done.set_exception(error)
            return []
        waiting: list[_Job] = []
        at = 0
        for job in jobs:
            early = [each for each in told[at : at + len(job.turns)] if each.came == "early"]
            at += len(job.turns)
            if not early:
                job.done.set_result(None)
            elif time.monotonic() - job.since < PATIENCE:
                waiting.append(job)
            else:
                first = early[0]
                why = (
                    f"turn {first.first} of {first.user}: {first.wanted} from {first.wanted_from} comes first"
                )
                job.done.set_exception(TooEarly(why))
        return waiting
