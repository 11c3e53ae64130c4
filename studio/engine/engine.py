"""The engine as an application sees it: async, thread-safe, started and stopped with it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from filelock import FileLock

from studio import durations
from studio.arguments import Duration
from studio.clock import Clock, WallClock, to_ms
from studio.definition import Workflow
from studio.engine import capture, operator_acts
from studio.engine.batch import Batch
from studio.engine.hooks import Asker, Teller
from studio.engine.jump import JumpEnd, JumpProgress
from studio.engine.reload import HotReload, Mode
from studio.engine.runner import Runner
from studio.engine.state import JourneyState
from studio.engine.steps import StandIn
from studio.engine.time_travel import TimeTravel
from studio.errors import StoreError, StudioError, WorkflowError
from studio.event import Event
from studio.incoming import Incoming, incoming
from studio.loader import Library
from studio.store.hooks import CheckEvent, SetEvent
from studio.store.lock import take_lock
from studio.store.sqlite import MEMORY, Durability, open_database, remove_store, temporary_store

if TYPE_CHECKING:
    from studio.engine.subscription import Subscription

_log = logging.getLogger("studio")

YEAR = 365 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How an engine is, at a moment."""

    state: Literal["running", "paused", "stopped"]
    problem: str | None
    """Why it is paused, or has ended."""
    queue: int
    """Causes that wait to be taken."""
    steps: int
    """Steps that run now."""
    last_batch: int
    """Causes in the newest batch."""
    fault: StoreError | None = None
    """What keeps it paused, when that is the store."""


class Engine(TimeTravel, HotReload):
    """Runs journeys on a store.

    Args:
        workflows: a folder, a file, a workflow, or several of these.
        store: a file, made when missing; ":memory:" is gone when the engine stops.
        clock: real time when not given; a `VirtualClock` moves by `forward` and `play`, a `StudioClock`
            by `pause`, `run`, `speed` and `jump`.
        check_event: where else to look for an event when a wait opens.
        set_event: is told every event that was stored.
        durability: "full" outlives a power cut, "normal" a kill.
        batch: causes in one transaction, at the most.
        hang_after: seconds after which a workflow that does not come back fails.
        stand_in: asked with each step's name and function for what to call instead; None calls that.
        reload: "auto": edited files are told and then run; "ask": they wait for `reload`. See `watch`.
    """

    def __init__(
        self,
        workflows: str | Path | Workflow | Iterable[str | Path | Workflow] = (),
        *,
        store: str | Path = MEMORY,
        clock: Clock | None = None,
        check_event: CheckEvent | None = None,
        set_event: SetEvent | None = None,
        durability: Durability = "full",
        batch: int = 10_000,
        hang_after: float = 10.0,
        stand_in: StandIn | None = None,
        reload: Mode = "auto",
    ) -> None:
        if durability not in ("full", "normal"):
            raise StudioError(f'durability is {durability!r}; use "full" or "normal"')
        library = Library(workflows)
        loaded = library.load()
        self._begin_reloads(library, reload)
        self.workflows: Mapping[str, Workflow] = loaded.workflows
        self.problems: list[WorkflowError] = list(loaded.problems)
        """Workflow files that did not load; the others run."""
        self.clock: Clock = clock or WallClock()
        self._temporary = str(store) == MEMORY
        self.path = temporary_store() if self._temporary else Path(store)
        """The store's file."""
        self._durability: Durability = durability
        self._batch = batch
        self._hang_after = hang_after
        self._stand_in = stand_in
        self._check_event = check_event
        self._set_event = set_event
        self._lock: FileLock | None = None
        self._runner: Runner | None = None
        self._asker: Asker | None = None
        self._teller: Teller | None = None
        self._listeners: list[Callable[[], None]] = []
        self._complaints: dict[str, str] = {}
        """What a hook has to complain of, by its name."""
        self._guard = threading.Lock()

    # -- start and stop --------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to run.

        Raises:
            StoreLocked: another engine runs on the store.
            StoreError: the store cannot be used.
        """
        await asyncio.to_thread(self.start_now)

    def start_now(self) -> None:
        """`start` for callers without an event loop."""
        if self._runner is not None:
            raise StudioError("the engine is running already")
        try:
            self._take_lock()
            told = self._prepare_hooks()
            runner = Runner(
                self.path,
                self.workflows,
                self.clock,
                durability=self._durability,
                batch=self._batch,
                hang_after=self._hang_after,
                asker=self._asker,
                teller=told,
                changed=self._tell,
                stand_in=self._stand_in,
                reload=self._reload_soon,
            )
            capture.install()
            try:
                runner.start()
            except BaseException:
                capture.uninstall()
                raise
        except BaseException:
            self._clear_away()
            raise
        self._runner = runner
        if self._teller is not None:
            self._teller.start()

    async def stop(self) -> None:
        """Finish what was handed in and close the store. Calling it again does nothing."""
        await asyncio.to_thread(self.stop_now)

    def stop_now(self) -> None:
        """`stop` for callers without an event loop."""
        self._stop_watching()
        with self._guard:
            runner, self._runner = self._runner, None
        if runner is None:
            return
        if self._teller is not None:
            self._teller.stop()
        runner.stop()
        # Whoever subscribed reads what is left, and ends.
        self._tell()
        if self._asker is not None:
            self._asker.stop()
        capture.uninstall()
        self._clear_away()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        self.start_now()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_now()

    def _take_lock(self) -> None:
        # The store is opened first, so that what is no store is named as such.
        open_database(self.path, self._durability).close()
        self._lock = take_lock(self.path)

    def _clear_away(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._temporary:
            remove_store(self.path)

    def _prepare_hooks(self) -> Teller | None:
        if self._check_event is None and self._set_event is None:
            return None
        con = open_database(self.path, self._durability)
        try:
            meta = dict(con.execute("SELECT key, value FROM meta WHERE key IN ('told', 'salt')").fetchall())
        finally:
            con.close()
        if self._check_event is not None:
            self._asker = Asker(self._check_event, self._complain, meta["salt"])
        if self._set_event is not None:
            self._teller = Teller(
                self._set_event, self.path, int(meta.get("told", 0)), self._complain, meta["salt"]
            )
        return self._teller

    def _complain(self, hook: str, what: str | None) -> None:
        if what is not None:
            self._complaints[hook] = what
        elif self._complaints.pop(hook, None) is None:
            return
        self._tell()

    # -- events ----------------------------------------------------------------------------

    async def ingest(
        self,
        event: str,
        user: str | Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        *,
        sent_at: int | None = None,
    ) -> Event:
        """Take an event in. When this returns it is durable, and the journeys it woke have moved.

        Works from any event loop; `submit` does from any thread.

        Args:
            event: its name.
            user: an id, or a mapping with "id" and what else is known.
            data: a mapping that JSON can hold.
            id: events with the same id count once; the second is told by `.duplicate`.
            sent_at: the sender's own time stamp, ms since 1970; kept, and decides nothing.

        Raises:
            EventError: the event is refused.
            StoreFull: the disk is full; the event was not stored.
        """
        checked = incoming(event, user, data, id, sent_at=sent_at)
        (stored,) = await asyncio.wrap_future(self.submit([checked]))
        return stored

    async def ingest_many(self, events: Iterable[Incoming]) -> list[Event]:
        """Take many events in, in their order; all are durable when this returns."""
        return await asyncio.wrap_future(self.submit(list(events)))

    def submit(self, events: list[Incoming], *, by_hand: bool = False) -> Future[list[Event]]:
        """Hand events in from any thread; the future gives them back once they are durable.

        Args:
            by_hand: they are one act of the operator, which `undo` takes back.
        """
        return self._running.submit(events, by_hand=by_hand)

    # -- time ------------------------------------------------------------------------------

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

    async def play(self, events: Iterable[Incoming], until: int | None = None) -> bool:
        """Play events at their own moments in virtual time, then let time run on.

        Args:
            until: the moment to stop at, ms since 1970; when not given, time runs until
                no deadline is left, or for a year after the last event.

        Returns:
            False when the year was over before the deadlines were.
        """
        clock = self._virtual()
        last = clock.now()
        chunk: list[Incoming] = []
        for event in events:
            if until is not None and event.at is not None and event.at > until:
                break
            chunk.append(event)
            last = max(last, event.at or 0)
            if len(chunk) >= 10_000:
                await asyncio.wrap_future(self.submit(chunk))
                chunk = []
        await asyncio.wrap_future(self.submit(chunk))
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
        return self._running.next_due

    # -- acts ------------------------------------------------------------------------------

    async def time_out(self, wait: int) -> None:
        """End one wait or sleep by hand, as its deadline would; for all others no time passes.

        Args:
            wait: the seq of the entry that opened it.

        Raises:
            JourneyError: it is over already, or it is a step.
        """
        await asyncio.wrap_future(
            self._running.act(lambda batch, at: operator_acts.time_out(batch, wait, at))
        )

    async def cancel(self, journey: str) -> None:
        """End a journey by hand.

        Raises:
            JourneyError: there is none of this id, or it has ended.
        """
        await self._act(journey, operator_acts.cancel)

    async def resume(self, journey: str) -> None:
        """Drive a failed journey again, keeping what it has done."""
        await self._act(journey, operator_acts.resume)

    async def restart(self, journey: str) -> None:
        """Begin a journey anew, as `~2`, inheriting nothing."""
        await self._act(journey, operator_acts.restart)

    async def _act(self, journey: str, act: Callable[[Batch, JourneyState, int], Any]) -> None:
        runner = self._running
        await asyncio.wrap_future(runner.act(lambda batch, at: act(batch, runner.find(batch, journey), at)))

    # -- looking ---------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """How it is now."""
        runner = self._runner
        if runner is None:
            return EngineStatus("stopped", None, 0, 0, 0)
        problem = runner.problem
        state: Literal["running", "paused", "stopped"] = "running" if problem is None else "paused"
        if runner.has_died:
            state = "stopped"
        return EngineStatus(
            state,
            problem or next(iter(self._complaints.values()), None),
            runner.queued,
            runner.running_steps,
            runner.last_batch,
            runner.fault,
        )

    def on_change(self, call: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after every commit, in the engine's thread; gives back what ends that."""
        self._listeners.append(call)

        def end() -> None:
            if call in self._listeners:
                self._listeners.remove(call)

        return end

    def subscribe(
        self,
        *,
        after: int | None = None,
        kinds: Collection[str] | None = None,
        user: str | None = None,
        workflow: str | None = None,
    ) -> Subscription:
        """The entries that become durable from here on, for `async for`; it ends when the engine stops.

        Args:
            after: go on behind this entry (`seq`) instead, as after a restart of the application.
            kinds: only these, as they are printed: "event", "journey.completed", …
        """
        from studio.engine.subscription import Subscription

        runner = self._running
        return Subscription(
            self.path,
            self.on_change,
            lambda: self._runner is not runner,
            after=after,
            kinds=kinds,
            user=user,
            workflow=workflow,
        )

    def _tell(self) -> None:
        for call in list(self._listeners):
            try:
                call()
            except Exception:
                # Whoever listens is a guest in the engine's thread, and may not end it.
                _log.exception("a function given to on_change failed")

    @property
    def _running(self) -> Runner:
        if self._runner is None:
            raise StudioError("the engine is not running", fix="Use: async with Engine(…) as engine.")
        return self._runner
