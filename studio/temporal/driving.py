"""Drives turns in threads of this process, and gives up one that does not come back.

The state that a turn left behind is kept for the next one of the same run. It is never more than a shortcut:
one that does not stand where the recorded results stand is thrown away, and made anew of these.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from studio.engine.effects import capture
from studio.engine.effects.timekeeper import Timekeeper
from studio.engine.effects.worker_threads import Threads
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.watchdog import give_up, hung
from studio.kernel.drive import Failed
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump
from studio.temporal.code import Code, CodeVersion
from studio.temporal.naming import DriveNaming, NamingMonitor
from studio.temporal.requests import TurnRequest
from studio.temporal.turns import TurnResult, compute, partition_of
from studio.text.source_code import error_text

THREADS = 8
HANG_AFTER = 10.0
"""Seconds after which a drive does not come back."""
LOOK = 0.25
MOST_RESULT = 1_900_000
"""Bytes of what one turn has changed."""
MOST_KEPT = 2_000
"""States that are kept between turns."""


@dataclass(slots=True)
class _Kept:
    """The state of a user after the newest result of a run."""

    partition: Partition
    count: int
    """Results that it has seen."""
    last: bytes
    """The newest of them."""
    deployed: int
    """The deploy whose code it was driven by."""

    def stands_at(self, request: TurnRequest) -> bool:
        """Whether the recorded results are those that it has seen."""
        return len(request.log) == self.count and (not request.log or request.log[-1] == self.last)


class Drives:
    """Drives turns.

    Args:
        refresh: asks what was deployed, and lets the code take it.
        hang_after: seconds after which a drive is given up, and its journey fails.
        ask: note what `check_event` is to be asked.
        whole: fetches what a user's state lacks that is carried in parts; called in a thread.
    """

    def __init__(
        self,
        code: Code,
        refresh: Callable[[], Awaitable[None]],
        hang_after: float = HANG_AFTER,
        *,
        ask: bool = False,
        whole: Callable[[str, bytes], bytes] = lambda user, base: base,
    ) -> None:
        self._ask = ask
        self._whole = whole
        self.code = code
        self._refresh = refresh
        self.hang_after = hang_after
        self._keeper = Timekeeper("journey-turns-time")
        self._threads = Threads("journey-turns", THREADS, self._keeper, hang_after)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        capture.install()

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.stop()
        self._keeper.stop()
        capture.uninstall()

    def knows(self, run: str, request: TurnRequest) -> bool:
        """Whether the state that the turn builds on is kept here."""
        with self._lock:
            kept = self._kept.get(run)
        return kept is not None and kept.stands_at(request)

    async def turn(
        self,
        run: str,
        request: TurnRequest,
        naming: DriveNaming | None = None,
        blamed: Mapping[int, Failed] = MappingProxyType({}),
    ) -> bytes:
        """Compute a turn.

        Args:
            run: the run's id.
            naming: names what is driven; then it is the turn of the first of what came alone.
            blamed: journeys that are not driven, and how they fail.

        Returns:
            Its result, packed. A cause that breaks the rules' own code is left out and named.
        """
        if request.deployed > self.code.counting.number:
            await self._refresh()
        version = self.code.counting
        if request.deployed > version.number:
            raise RuntimeError(f"deploy {request.deployed} is not known here yet")
        quarantined = dict(blamed)
        if naming is not None:
            request = replace(request, items=request.items[:1])
        while True:
            monitor = ThreadMonitor() if naming is None else NamingMonitor(naming)
            monitor.quarantined = quarantined
            try:
                done = await self._watched(partial(self._turn, run, request, version, monitor), monitor)
            except _Hung as error:
                quarantined[error.journey] = error.how
                continue
            except Exception as error:
                done = await self._careful(run, request, quarantined, error)
            if naming is not None:
                await naming.name(None)
            return done

    async def state(self, run: str, request: TurnRequest) -> bytes:
        """The user's partition, made small and packed."""
        return await self._watched(partial(self._state, run, request), ThreadMonitor())

    # -- in the threads --------------------------------------------------------------------

    def _turn(self, run: str, request: TurnRequest, version: CodeVersion, monitor: ThreadMonitor) -> bytes:
        kept = self._take(run, request, version)
        result = compute(version, kept.partition, request, monitor, ask=self._ask)
        packed = result.packed()
        if len(packed) > MOST_RESULT:
            raise TurnTooLarge(
                f"what comes of it is {len(packed):,} bytes packed, and Temporal takes {MOST_RESULT:,}"
            )
        if not monitor.abandoned:
            kept.count, kept.last = len(request.log) + 1, packed
            self._put(run, kept)
        return packed

    def _state(self, run: str, request: TurnRequest) -> bytes:
        partition = self._take(run, request, self.code.counting).partition
        partition.compact()
        return dump(partition)

    def _take(self, run: str, request: TurnRequest, version: CodeVersion) -> _Kept:
        with self._lock:
            kept = self._kept.pop(run, None)
        if kept is None or kept.deployed != version.number or not kept.stands_at(request):
            last = request.log[-1] if request.log else b""
            base = self._whole(request.user, request.base)
            partition = partition_of(version, self.code.salt, replace(request, base=base))
            kept = _Kept(partition, len(request.log), last, version.number)
        return kept

    def _put(self, run: str, kept: _Kept) -> None:
        with self._lock:
            self._kept[run] = kept
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    # -- around them -----------------------------------------------------------------------

    async def _careful(
        self, run: str, request: TurnRequest, blamed: Mapping[int, Failed], error: Exception
    ) -> bytes:
        """What came broke the rules' own code: taken one by one, it is only one that is left out."""
        if len(request.items) > 1:
            return await self.turn(run, replace(request, items=request.items[:1]), None, blamed)
        why = error_text(error)
        head: dict[str, Any] = {"first": 0, "next": 0, "due": None, "took": len(request.items)}
        head["deployed"] = request.deployed
        head |= {"launches": [], "messages": [], "delivered": {}, "left_out": why}
        head["answers"] = [{"error": f"it was left out: {why}"} for _ in request.items]
        return TurnResult(head, b"").packed()

    async def _watched(self, job: Callable[[], bytes], monitor: ThreadMonitor) -> bytes:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        thread: list[threading.Thread] = []

        def run() -> None:
            thread.append(threading.current_thread())
            try:
                answer = partial(_answer, done, job(), None)
            except BaseException as error:
                answer = partial(_answer, done, None, error)
            if not loop.is_closed():
                loop.call_soon_threadsafe(answer)

        self._threads.submit(run)
        while True:
            await asyncio.wait({done}, timeout=LOOK)
            if done.done():
                return done.result()
            journey = monitor.journey
            if journey is not None and monitor.is_hanging(self.hang_after):
                monitor.abandoned = True
                how = hung(thread[0], self.hang_after)
                give_up(thread[0])
                done.cancel()
                raise _Hung(journey, how)


def _answer(done: asyncio.Future[bytes], value: bytes | None, error: BaseException | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))
    else:
        assert value is not None
        done.set_result(value)


class TurnTooLarge(Exception):
    """A turn has changed more than Temporal takes at once; the message says how much."""


class _Hung(Exception):
    """A drive does not come back."""

    def __init__(self, journey: int, how: Failed) -> None:
        super().__init__(how.message)
        self.journey = journey
        self.how = how
