"""Turns of all users into one store, by the worker that holds it: what the studio looks at.

Those that come while a batch is written are the next batch. One that comes before another that it builds on
is kept for a moment, as that is mostly on its way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from studio.clocks.clock import wall_ms
from studio.kernel.text_numbers import CODE
from studio.kernel.turn import Turn, TurnError, turn_from
from studio.sink.receipts import TurnReceipt

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
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    erase: tuple[str, int] | None = None
    since: float = field(default_factory=time.monotonic)


class TurnSink(Protocol):
    """Who keeps all histories: `studio.sink.sink.Sink`, `studio.sink.postgres_sink.PostgresSink`."""

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        """Take turns; those of one user in their order."""

    def erase(self, user: str, begins: int | None = None) -> None:
        """Forget a user."""

    def add_code(self, workflow: str, hash: str, file: str, source: str, at: int) -> None:
        """Keep the source of a workflow's version."""

    def close(self) -> None:
        """Let it go."""


class Projection:
    """Takes turns into one sink or several, in a thread of its own.

    Args:
        open_sinks: open them in that thread, which alone may use them.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, open_sinks: Sequence[Callable[[], TurnSink]]) -> None:
        self._codes: set[str] = set()
        """Versions whose source is kept, or was asked for: "workflow@hash"."""
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        opened: Future[None] = Future()
        args = (open_sinks, opened)
        self._thread = threading.Thread(target=self._live, args=args, name="journey-sink", daemon=True)
        self._thread.start()
        opened.result()

    def lacks_code_of(self, packed: list[bytes]) -> bool:
        """Whether turns name a version that was not heard of here."""
        named = set()
        for each in packed:
            with contextlib.suppress(TurnError):  # it is refused when it is taken
                turn = turn_from(each)
                named |= {turn.names[row[CODE]] for row in turn.rows if row[CODE] is not None}
        lacks = not named <= self._codes
        self._codes |= named
        return lacks

    def add_sources(self, sources: dict[str, dict[str, Any]]) -> None:
        """Keep the sources of versions, as `Deployed` has them, before what comes next."""
        self._codes |= sources.keys()
        self._jobs.put(_Job([], Future(), sources))

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

    def erase(self, user: str, begins: int) -> Future[None]:
        """Forget a user who was erased; turns that come late are refused.

        Args:
            begins: the number at which the entries of a new life begin.
        """
        job = _Job([], Future(), erase=(user, begins))
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what is at hand, and let the store go."""
        self._jobs.put(None)
        self._thread.join()

    def _live(self, open_sinks: Sequence[Callable[[], TurnSink]], opened: Future[None]) -> None:
        with contextlib.ExitStack() as stack:
            sinks = []
            try:
                for open_sink in open_sinks:
                    sinks.append(sink := open_sink())
                    stack.callback(sink.close)
            except BaseException as error:
                opened.set_exception(error)
                return
            opened.set_result(None)
            self._run(sinks)

    def _run(self, sinks: list[TurnSink]) -> None:
        waiting: list[_Job] = []
        ending = False
        while not ending:
            jobs, ending = self._next(waiting)
            if jobs:
                waiting = self._write(sinks, jobs)
        for job in waiting:
            job.done.set_exception(TooEarly("the sink was closed"))

    def _next(self, waiting: list[_Job]) -> tuple[list[_Job], bool]:
        jobs = list(waiting)
        try:
            job = self._jobs.get(timeout=AGAIN if waiting else None)
            while job is not None:
                # Who asked may have given it up, as Temporal does when it hears nothing for too long.
                if job.done.set_running_or_notify_cancel():
                    jobs.append(job)
                if sum(len(each.turns) for each in jobs) >= MOST:
                    return jobs, False
                job = self._jobs.get_nowait()
        except queue.Empty:
            return jobs, False
        return jobs, True

    def _write(self, sinks: list[TurnSink], jobs: list[_Job]) -> list[_Job]:
        """Write a batch; gives what must wait for others."""
        for job in [job for job in jobs if job.erase is not None]:
            jobs.remove(job)
            _erase(sinks, job)
        try:
            for key, source in ((k, s) for job in jobs for k, s in job.sources.items()):
                workflow, _, hash = key.rpartition("@")
                for sink in sinks:
                    sink.add_code(workflow, hash, source["file"], source["source"], wall_ms())
            turns = [turn for job in jobs for turn in job.turns]
            told = [sink.take(turns, wall_ms()) for sink in sinks]
        except Exception as error:
            # Temporal tells all of it again, and who has it knows it.
            for job in jobs:
                job.done.set_exception(error)
            return []
        waiting: list[_Job] = []
        at = 0
        for job in jobs:
            mine = slice(at, at + len(job.turns))
            early = [each for receipts in told for each in receipts[mine] if each.came == "early"]
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


def _erase(sinks: list[TurnSink], job: _Job) -> None:
    assert job.erase is not None
    try:
        for sink in sinks:
            sink.erase(*job.erase)
    except Exception as error:
        job.done.set_exception(error)
    else:
        job.done.set_result(None)
