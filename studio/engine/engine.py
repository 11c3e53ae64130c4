"""The engine as an application sees it: async, thread-safe, started and stopped with it."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from studio.clocks.clock import Clock, WallClock
from studio.engine.effects import capture
from studio.engine.effects.engine_hooks import EngineHooks
from studio.engine.effects.steps import StandIn
from studio.engine.held_store import HeldStore
from studio.engine.listeners import Listeners
from studio.engine.loop.inbox_commands import find
from studio.engine.loop.loop import EngineLoop
from studio.engine.operator import operator
from studio.engine.reload.hot_reload import HotReload, Mode
from studio.engine.rewind.time_travel import TimeTravel
from studio.engine.status import EngineStatus, status_of, stopped
from studio.engine.time.engine_time import EngineTime
from studio.engine.work.batch import Batch
from studio.errors import StudioError, WorkflowError
from studio.events.event_files import whole_event
from studio.kernel import operator_commands as operator_acts
from studio.kernel.state import JourneyState
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import Incoming, incoming
from studio.source.event_door import EVENT_MODES, EventDoor, EventMode
from studio.source.extras import need_extra
from studio.source.loader import Library
from studio.source.project import absolute
from studio.store.capabilities import LOCAL
from studio.store.database import MEMORY, Durability
from studio.store.hooks import (
    CheckEvent,
    CheckEventByKeywords,
    CheckEventKnowing,
    EventStore,
    SetEvent,
    SetEventByKeywords,
    SetEvents,
)
from studio.store.seed import give_seed
from studio.store.temporary import temporary_store

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from studio.engine.effects.spans import Spans
    from studio.engine.loop.subscription import Subscription

_log = logging.getLogger("studio")


class Engine(EngineTime, TimeTravel, HotReload):
    """Runs journeys on a store.

    Args:
        workflows: a folder, a file, a workflow, or several of these.
        store: a file, made when missing; ":memory:" is gone when the engine stops.
        clock: real time when not given; a `VirtualClock` moves by `forward` and `play`, a `StudioClock`
            by `pause`, `run`, `speed` and `jump`.
        check_event: where else to look for an event when a wait opens: takes user, events and match, or user,
            data and event by keywords.
        set_event: is told every event that was stored: takes it, or user, data and event by keywords.
        set_events: in its place: takes a list of them.
        events: in the place of both: an `ObjectEvents`, or another pair of them.
        durability: "full" outlives a power cut, "normal" a kill.
        batch: causes in one transaction, at the most.
        hang_after: seconds after which a workflow that does not come back fails.
        stand_in: asked with each step's name and function for what to call instead; None calls that.
        seed: what `random` and `uuid` are drawn from, on an empty store, which keeps it; the store's own
            salt when not given. Idempotency keys have another, except of steps that are stood in for.
        replay_always: drive each journey from its top at every cause, as after a restart. Slower where one
            journey gets much at once; code that does not come to the same again shows at once.
        reload: "auto": edited files are told and then run; "ask": they wait for `reload`. See `watch`.
        otel: trace passes and steps with OpenTelemetry (extra `otel`), to the provider that the application
            has set, or to this one.
        typed: "refuse": an event that does not fit its type, a class with `@event`, is an error; "warn": that
            is told in the log, and it is taken.
    """

    capabilities = LOCAL
    """What it can do (DESIGN rule 21): all."""

    def __init__(
        self,
        workflows: str | Path | Workflow | Iterable[str | Path | Workflow] = (),
        *,
        store: str | Path = MEMORY,
        clock: Clock | None = None,
        check_event: CheckEvent | CheckEventByKeywords | CheckEventKnowing | None = None,
        set_event: SetEvent | SetEventByKeywords | None = None,
        set_events: SetEvents | None = None,
        events: EventStore | None = None,
        durability: Durability = "full",
        batch: int = 10_000,
        hang_after: float = 10.0,
        stand_in: StandIn | None = None,
        seed: str | None = None,
        reload: Mode = "auto",
        replay_always: bool = False,
        otel: bool | TracerProvider = False,
        typed: EventMode = "refuse",
    ) -> None:
        if durability not in ("full", "normal"):
            raise StudioError(f'durability is {durability!r}; use "full" or "normal"')
        if typed not in EVENT_MODES:
            raise StudioError(f'typed is {typed!r}; use "refuse" or "warn"')
        self._listeners = Listeners()
        self._hooks = EngineHooks(check_event, set_event, self._tell, set_events, events)
        self._temporary = str(store) == MEMORY
        # Before any code of the author's runs: that may change the working folder.
        place = None if self._temporary else absolute(store)
        library = Library(workflows)
        loaded = library.load()
        self._begin_reloads(library, reload)
        self.workflows: Mapping[str, Workflow] = loaded.workflows
        self.problems: list[WorkflowError] = list(loaded.problems)
        """Workflow files that did not load; the others run."""
        self.passed_over: list[Path] = loaded.passed_over
        """Folders within that of the workflows, whose files are not loaded."""
        self.clock: Clock = clock or WallClock()
        self.path = temporary_store() if place is None else place
        """The store's file; one in memory is made when it starts."""
        self._durability: Durability = durability
        self._batch = batch
        self._hang_after = hang_after
        self._stand_in = stand_in
        self._replay_always = replay_always
        self.door = EventDoor(lambda: self.workflows, typed)
        """Looks at events before they are taken in: whether they fit the types that workflows know."""
        self._spans = None if otel is False else _spans(None if otel is True else otel)
        self._seed = seed
        self._held = HeldStore(self.path, durability, temporary=self._temporary)
        self._runner: EngineLoop | None = None
        self._pid = 0
        """The process that it was started in."""
        self._turning = threading.Lock()
        """Held while it starts or stops: whoever else would do so waits, and finds it started or stopped."""

    # -- start and stop --------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to run.

        Raises:
            StoreLocked: another engine runs on the store.
            StoreError: the store cannot be used.
            StudioError: it is running already.
        """
        starting = asyncio.ensure_future(asyncio.to_thread(self.start_now))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            # Its thread goes on, and nobody would ever stop what it starts.
            await asyncio.wait((starting,))
            if starting.exception() is None:
                await asyncio.to_thread(self.stop_now)
            raise

    def start_now(self) -> None:
        """`start` for callers without an event loop."""
        if self._is_elsewhere:
            raise self._elsewhere()
        with self._turning:
            if self._runner is not None:
                raise StudioError("the engine is running already")
            self._begin()

    def _begin(self) -> None:
        try:
            self._held.take()
            if self._seed is not None:
                give_seed(self.path, self._seed)
            self._hooks.prepare(self.path, self._durability)
            if self._spans is not None:
                self._spans.prepare(self.path)
            runner = EngineLoop(
                self.path,
                self.workflows,
                self.clock,
                durability=self._durability,
                batch=self._batch,
                hang_after=self._hang_after,
                check_event_lookup=self._hooks.check_event_lookup,
                outbox=self._hooks.outbox,
                changed=self._tell,
                stand_in=self._stand_in,
                seed=self._seed,
                reload=self._reload_soon,
                on_end=self._on_end,
                replay_always=self._replay_always,
                wake_pipe=self._held.wake_pipe,
                spans=self._spans,
                door=self.door,
            )
            capture.install()
            try:
                runner.start()
            except BaseException:
                capture.uninstall()
                raise
        except BaseException:
            self._hooks.stop_asking()
            self._held.clear_away()
            raise
        self._runner, self._pid = runner, os.getpid()
        if self._spans is not None:
            self._spans.start(self.path)
        self._hooks.start_telling()

    def hurry(self) -> None:
        """Let the coming stop leave what was handed in and is not done in a moment: its senders are told so.

        For a program that is to end at once, by ctrl+c. What is in the inbox stays there, as ever.
        """
        if (runner := self._runner) is not None:
            runner.in_haste = True

    async def stop(self) -> None:
        """Finish what was handed in and close the store. Calling it again does nothing."""
        await asyncio.to_thread(self.stop_now)

    def stop_now(self) -> None:
        """`stop` for callers without an event loop."""
        if self._is_elsewhere:
            # Its threads and its lock are the other process's, and so is its store.
            return
        self._stop_watching()
        with self._turning:
            self._end()

    def _end(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._hooks.stop_telling()
        runner.stop()
        if self._spans is not None:
            self._spans.stop()
        # Whoever subscribed reads what is left, and ends.
        self._tell()
        self._hooks.stop_asking()
        capture.uninstall()
        self._held.clear_away()

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

    def _on_end(self) -> None:
        """The loop has ended by itself: nobody may take the store for one that is served."""
        self._hooks.let_go()
        self._held.let_go()

    # -- events ----------------------------------------------------------------------------

    async def ingest(
        self,
        event: str | Mapping[str, Any],
        user: str | Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        *,
        sent_at: int | None = None,
    ) -> Event:
        """Take an event in. When this returns it is durable, and the journeys it woke have moved.

        Works from any event loop; `submit` does from any thread.

        Args:
            event: its name; or the whole event as one object, `{"event": …, "user": …, "data": …}`, as a line
                of an event file has it.
            user: an id, or a mapping with "id" and what else is known.
            data: a mapping that JSON can hold.
            id: events with the same id count once; the second is told by `.duplicate`.
            sent_at: the sender's own time stamp, ms since 1970; kept, and decides nothing.

        Raises:
            EventError: the event is refused.
            StoreFull: the disk is full; the event was not stored.
        """
        if isinstance(event, Mapping):
            checked = whole_event(event, (user, data, id, sent_at), self.clock.now())
        else:
            checked = incoming(event, "" if user is None else user, data, id, sent_at=sent_at)
        (stored,) = await self.ingest_many([checked])
        return stored

    async def ingest_many(self, events: Iterable[Incoming], *, by_hand: bool = False) -> list[Event]:
        """Take many events in, in their order; all are durable when this returns.

        Args:
            by_hand: they are one act of the operator, which `undo` takes back.
        """
        future: asyncio.Future[list[Event]] = asyncio.get_running_loop().create_future()
        self._running.submit_for(future, self._marked(list(events)), by_hand=by_hand)
        return await future

    async def read_typed(self, events: Sequence[Incoming]) -> None:
        """Have events read by their classes beforehand, without holding up the event loop of who sends them.

        Raises:
            EventError: one does not fit, or its class did not come back.
        """
        if any(event.name in self.door.types for event in events):
            from studio.engine.work.guarded_reading import read_guarded

            await read_guarded(partial(self.door.check, events), self._hang_after)

    def submit(
        self, events: list[Incoming], *, by_hand: bool = False, patient: bool = False
    ) -> Future[list[Event]]:
        """Hand events in from any thread; the future gives them back once they are durable.

        Args:
            by_hand: they are one act of the operator, which `undo` takes back.
            patient: they wait while the store cannot be written; else the future raises then.
        """
        return self._running.submit(self._marked(events), by_hand=by_hand, patient=patient)

    def _marked(self, events: list[Incoming]) -> list[Incoming]:
        """The same, with the span that they come from where passes are traced."""
        if self._spans is not None:
            self._spans.mark(events)
        return events

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

    async def pause_workflow(self, workflow: str) -> None:
        """Let no journey of a workflow begin or move until it is unpaused, also after a restart.

        Events are recorded, deadlines stand by, exits and goals count. Nothing that comes meanwhile
        begins a journey, also not later.

        Raises:
            JourneyError: there is no such workflow, or it is paused already.
        """
        facts = {"workflow": workflow, "by": operator()}
        await asyncio.wrap_future(self._running.alone("pause", facts))

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        """Let the journeys of a paused workflow go on, as after downtime.

        Args:
            skip_late: ms; those whose next deadline is further behind leave with `journey.exited`,
                unless they were answered before it.

        Raises:
            JourneyError: it is not paused.
        """
        facts = {"workflow": workflow, "by": operator(), "skip_late": skip_late}
        await asyncio.wrap_future(self._running.alone("unpause", facts))

    async def _act(self, journey: str, act: Callable[[Batch, JourneyState, int], Any]) -> None:
        runner = self._running
        await asyncio.wrap_future(runner.act(lambda batch, at: act(batch, find(batch, journey), at)))

    # -- looking ---------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """How it is now."""
        runner = self._runner
        if runner is None:
            return stopped()
        if self._is_elsewhere:
            return stopped(str(self._elsewhere()))
        return status_of(runner, list(self._hooks.complaints.values()))

    @property
    def has_ended(self) -> bool:
        """It has ended by itself; `status` says why."""
        runner = self._runner
        return runner is not None and runner.state.ended is not None

    def on_change(self, call: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after every commit, in the engine's thread; gives back what ends that."""
        return self._listeners.add(call)

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
        from studio.engine.loop.subscription import Subscription

        runner = self._running
        return Subscription(
            self.path,
            self.on_change,
            lambda: self._runner is not runner or self._is_elsewhere or runner.state.ended is not None,
            after=after,
            kinds=kinds,
            user=user,
            workflow=workflow,
        )

    def _tell(self) -> None:
        if self._spans is not None:
            self._spans.tell()
        self._listeners.tell()

    @property
    def _is_elsewhere(self) -> bool:
        """This process is a copy of the one that started it: no thread of it runs here."""
        return self._runner is not None and self._pid != os.getpid()

    def _elsewhere(self) -> StudioError:
        return StudioError(
            f"the engine runs in another process (pid {self._pid}), and this one was forked from it",
            fix="Start an engine after the fork, in one process, and send to it from the others.",
        )

    @property
    def _running(self) -> EngineLoop:
        if self._is_elsewhere:
            raise self._elsewhere()
        if self._runner is None:
            raise StudioError("the engine is not running", fix="Use: async with Engine(…) as engine.")
        return self._runner


def _spans(provider: TracerProvider | None) -> Spans:
    need_extra("otel")
    from studio.engine.effects.spans import Spans

    return Spans(provider)
