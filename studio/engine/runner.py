"""The loop that runs journeys: inbox, events, deadlines, step results, one transaction a batch.

It has a thread of its own, without an event loop, and its own connection. A turn takes
what is waiting, drives it with no transaction open, writes it, and only then answers
those who wait for it and starts the steps that it launched.
"""

from __future__ import annotations

import gc
import heapq
import json
import math
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from studio import jsontext
from studio.clock import Clock
from studio.commands import Key, Place
from studio.definition import Workflow
from studio.engine import capture
from studio.engine.answers import Ask, Launch
from studio.engine.batch import Batch, Cause, Routes, StepResult, Watch
from studio.engine.bell import Bell
from studio.engine.clock_commands import COMMANDS, command
from studio.engine.clock_deck import JUMP_BATCH, ClockDeck, interrupted
from studio.engine.drive import Abandoned, Failed
from studio.engine.hanging import give_up, hung
from studio.engine.hooks import Asker, Teller
from studio.engine.items import Act, Advance, Alone, Arrival, Delivery, Entry, Item, fail
from studio.engine.jump import Jump, JumpEnd, JumpProgress
from studio.engine.moves import Moves, Swap
from studio.engine.rewind import Rewinds
from studio.engine.state import JourneyState, Overlay, WaitState
from studio.engine.steps import StandIn, Steps
from studio.errors import ClockError, EventError, JourneyError, StoreError, StudioError
from studio.event import Event
from studio.incoming import Incoming
from studio.store import sqlite as sql
from studio.store.inbox import EVENT, decode
from studio.store.schema import Kind
from studio.store.sqlite import Durability, Store

POLL = 0.05
"""Seconds between two looks for what other processes have added. A look itself costs microseconds, to wake
the thread up for it some hundred: at 20 a second that is what keeps an idle engine below 1 % of a core."""
LEAST_REACH = 4
"""Deadlines that are read at once in moved time, and what was handed in of virtual time, at the least."""
RETRY = 0.5
"""Seconds between two tries when the store cannot be written."""
TRUNCATE_AFTER = 2.0
"""Seconds without work after which the write-ahead log is folded into the store."""
WHOLE = ("rewind", "restore", "undo", "redo")
"""What changes the store as a whole, by the name under which another process asks for it."""
STOP_WORK = 1.0
"""Seconds that a stopping engine goes on taking from an inbox that does not get empty."""
STEPS_END = 2.0
"""Seconds that running steps are given to end when the engine stops."""


class Runner:
    """Runs journeys on one store."""

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        clock: Clock,
        *,
        durability: Durability = "full",
        batch: int = 10_000,
        hang_after: float = 10.0,
        asker: Asker | None = None,
        teller: Teller | None = None,
        changed: Callable[[], None] | None = None,
        stand_in: StandIn | None = None,
        reload: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self.workflows = dict(workflows)
        self.clock = clock
        self.deck = ClockDeck(clock)
        self.durability: Durability = durability
        self.batch_size = batch
        self.hang_after = hang_after
        self.problem: str | None = None
        self.fault: StoreError | None = None
        """The problem, when the store is what it is with."""
        self.has_died = False
        """Its thread has ended by an error."""
        """Why the engine is paused; None while it runs."""
        self.last_batch = 0
        """Causes in the newest batch."""
        self._asker = asker
        self._teller = teller
        self._changed = changed
        self._routes = Routes(self.workflows)
        self._steps = Steps(stand_in)
        self.rewinds = Rewinds(path, clock)
        self.moves = Moves(self)
        self._reload = reload
        self._running: set[tuple[int, int, Key, int]] = set()
        self._held: deque[Launch] = deque()
        """Steps that hold a virtual clock, to run one at a time."""
        self._lock = threading.Lock()
        self._wake = Bell()
        self._queue: deque[Entry] = deque()
        self._taken: list[Entry] = []
        """What the current turn took off the queue; put back when the turn comes to nothing."""
        self._idle: list[Future[bool]] = []
        self._stopping = False
        self._over = threading.Event()
        """The engine has stopped: nothing is left to guard."""
        self._backlog = False
        """The inbox may hold more than was taken: nobody else's commit will say so again."""
        self._stop_by = math.inf
        """Until when a stopping engine takes from the inbox."""
        self._careful = 0
        """Turns of one cause each, to find the one at which a batch broke."""
        self._watch = Watch()
        self._poisoned: dict[int, Failed] = {}
        self._store: Store | None = None
        self._thread: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._prepared = False
        self._codes: dict[str, int] = {}
        self._places: dict[Place, int] = {}
        self._next_due: int | None = None
        self._version = -1
        self._reached = 0
        """The moment of the newest cause that was served."""
        self._reach = LEAST_REACH
        """Deadlines worth reading at once in moved time."""
        self._stored_state = self._new_state = ""
        self._last_work = 0.0
        self._truncated = True

    # -- from other threads ----------------------------------------------------------------

    def start(self) -> None:
        """Open the store in the engine's thread and begin.

        Raises:
            StoreError: what opening it raised.
        """
        self._start_thread()
        # From the first drive on: a step that is found running at the start is driven to.
        threading.Thread(target=self._guard, name="journey-guard", daemon=True).start()
        try:
            self._ready.result()
        except BaseException:
            self._stopping = True
            raise

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what was handed in, give running steps a moment to end, and close the store."""
        self.deck.stop_jump()
        end = time.monotonic() + STEPS_END
        while self._running and self.problem is None and time.monotonic() < end:
            time.sleep(0.005)
        with self._lock:
            self._stopping = True
            self._stop_by = time.monotonic() + STOP_WORK
        self._wake.ring()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._thread is None or not self._thread.is_alive():
            self._over.set()
        self._steps.stop()
        with self._lock:
            left = [item for _, item in self._queue]
            self._queue.clear()
            idle, self._idle = self._idle, []
        for item in left:
            fail(item, StudioError("the engine has stopped"))
        for future in idle:
            if not future.done():
                future.set_exception(StudioError("the engine has stopped"))
        self.deck.fail(StudioError("the engine has stopped"))
        self.moves.fail(StudioError("the engine has stopped"))

    def submit(self, events: list[Incoming], *, by_hand: bool = False) -> Future[list[Event]]:
        """Take events in; the future gives them back when they are durable.

        An event that brings its own moment moves a virtual clock there first.
        """
        delivery = Delivery(len(events))
        if not events:
            delivery.future.set_result([])
            return delivery.future
        # The stamp is taken under the lock under which a turn takes its horizon: no event
        # can be older than a deadline that was served without it.
        with self._lock:
            self._refuse_when_stopped()
            at = self.clock.now()
            for index, incoming in enumerate(events):
                if incoming.at is not None and incoming.at > at and self.clock.virtual:
                    at = incoming.at
                # Events that were handed in together are one act.
                own = by_hand and index == 0
                self._queue.append((at, Arrival(incoming, delivery, index, by_hand=own)))
        self._wake.ring()
        return delivery.future

    def act(self, run: Callable[[Batch, int], Any]) -> Future[Any]:
        """Do something as a cause of its own, in the engine's thread."""
        future: Future[Any] = Future()
        self._put(Act(run, future))
        return future

    def alone(self, kind: str, body: dict[str, Any]) -> Future[Any]:
        """Change the store as a whole: "rewind", "restore", "undo" or "redo"."""
        future: Future[Any] = Future()
        self._put(Alone(self._whole(kind, body), future))
        return future

    def swap(self, swap: Swap) -> Future[None]:
        """Go over to other workflows from the next batch on; done when they run."""
        self._refuse_when_stopped()
        future = self.moves.ask(swap)
        self._wake.ring()
        return future

    def advance(self, to: int, *, move: bool = True) -> Future[bool]:
        """Let a virtual clock run to a moment; the future says whether no deadline is left after it."""
        future: Future[bool] = Future()
        self._put(Advance(future, move), to)
        return future

    def turn_clock(self, facts: dict[str, Any]) -> Future[Any]:
        """Pause the clock, let it run or set its speed, and say so in the history.

        Raises:
            ClockError: it is not for turning.
        """
        say = self.deck.turn(facts)
        if say is None:
            done: Future[Any] = Future()
            done.set_result(None)
            return done
        return self.act(say)

    def jump(self, to: int, progress: Callable[[JumpProgress], None] | None) -> Future[JumpEnd]:
        """Lead the clock to a later moment, each deadline at its own time.

        Raises:
            ClockError: it is not for moving, or not there.
        """
        self._refuse_when_stopped()
        future = self.deck.ask_jump(to, progress)
        self._wake.ring()
        return future

    def stop_jump(self) -> bool:
        """Let the jump end where it has come to. False when there is none."""
        found = self.deck.stop_jump()
        self._wake.ring()
        return found

    @property
    def next_due(self) -> int | None:
        """The nearest deadline, as of the newest batch."""
        return self._next_due

    def idle(self) -> Future[bool]:
        """Done when nothing is handed in, no step runs and nothing is due."""
        future: Future[bool] = Future()
        with self._lock:
            self._refuse_when_stopped()
            self._idle.append(future)
        self._wake.ring()
        return future

    @property
    def queued(self) -> int:
        """Causes that wait to be taken."""
        return len(self._queue)

    @property
    def running_steps(self) -> int:
        """Steps that run now."""
        return len(self._running)

    def _refuse_when_stopped(self) -> None:
        if self._stopping:
            raise StudioError("the engine has stopped")

    def _put(self, item: Item, at: int | None = None) -> None:
        with self._lock:
            self._refuse_when_stopped()
            now = self.clock.now()
            self._queue.append((now if at is None else max(at, now), item))
        self._wake.ring()

    def _report(self, result: StepResult) -> None:
        with self._lock:
            self._queue.append((self.clock.now(), result))
        self._wake.ring()

    # -- the thread ------------------------------------------------------------------------

    def _start_thread(self) -> None:
        watch = self._watch = Watch()
        watch.poisoned = self._poisoned
        self._thread = threading.Thread(target=self._live, args=(watch,), name="journey-engine", daemon=True)
        self._thread.start()

    def _live(self, watch: Watch) -> None:
        capture.listen(watch.hear)
        store: Store | None = None
        try:
            store = self._store = Store(self.path, self.durability)
            if not self._prepared:
                self._prepare(store, watch)
            if not self._ready.done():
                self._ready.set_result(None)
            self._loop(store, watch)
        except Abandoned:
            # Given up by the guard, and replaced; or stopped before the store took anything.
            if store is not None:
                store.abandon()
        except BaseException as error:
            if store is not None:
                store.abandon()
            if not self._ready.done():
                self._ready.set_exception(error)
                return
            # Nothing may end the engine silently: whoever waits is told, and the state says why.
            self._die(error)
            raise
        else:
            self._save_state(store)
            store.close()

    def _die(self, error: BaseException) -> None:
        self.problem = f"the engine's thread ended: {type(error).__name__}: {error}"
        self.has_died = True
        with self._lock:
            self._stopping = True
            left = [item for _, item in [*self._taken, *self._queue]]
            self._queue.clear()
        for item in left:
            fail(item, error)
        self.deck.fail(error)
        if self._changed is not None:
            self._changed()
        self.moves.fail(error)

    def _loop(self, store: Store, watch: Watch) -> None:
        while True:
            with _without_collection():
                busy = self._turn(store, watch)
                if not self.deck.moved and self._moves_on:
                    # In turn with all else: neither waits long for the other.
                    self.moves.turn(store, watch)
                    busy = True
            if busy:
                self._last_work = time.monotonic()
                self._truncated = False
                # While others go on sending the inbox is never empty; what is in it stays there.
                if self._last_work > self._stop_by and not self._queue:
                    return
            elif self._stopping and (not self._queue or self.problem is not None):
                return
            else:
                self._rest(store)

    def _rest(self, store: Store) -> None:
        """Wait for work: a wake-up, the next deadline, or the next look at the inbox."""
        pause = POLL
        if self.problem is not None:
            pause = RETRY
        elif not self.deck.moved and self._next_due is not None:
            left = self.deck.seconds_until(self._next_due)
            pause = POLL if left is None else min(POLL, left)
        if not self._truncated and time.monotonic() - self._last_work > TRUNCATE_AFTER:
            store.truncate_wal()
            self._truncated = True
        if pause > 0:
            self._wake.wait(pause)

    # -- starting --------------------------------------------------------------------------

    def _prepare(self, store: Store, watch: Watch) -> None:
        """Go on where the store was left: its clock, its deadlines, the steps that were running."""
        state = json.loads(store.meta("clock") or "{}")
        self.clock.adopt(state, store.last_at)
        self.rewinds.load(store)
        if state.get("jump"):
            self._insist(store, lambda: self._tell_interrupted(store, watch, state))
        for part in (self._register, self._unpark, self._recover_steps, self._look_again, self._ask_again):
            part(store, watch)
        self._next_due = store.next_due()
        self._prepared = True

    def _tell_interrupted(self, store: Store, watch: Watch, state: dict[str, Any]) -> Batch:
        batch = self._new_batch(store, watch)
        interrupted(batch, state, self.clock.now())
        return batch

    def _insist(self, store: Store, make: Callable[[], Batch]) -> Batch:
        """Write a batch that the engine makes of itself; again and again while the store refuses it.

        Raises:
            Abandoned: the engine is to stop, and could not write it.
        """
        while True:
            batch = make()
            if self._commit(store, batch, []):
                return batch
            # Started, but paused: whoever waits for the start sees why.
            if not self._ready.done():
                self._ready.set_result(None)
            if self._stopping:
                raise Abandoned

    def _register(self, store: Store, watch: Watch) -> None:
        """Keep the source of each workflow, and say when it is a new version."""

        def make() -> Batch:
            batch = self._new_batch(store, watch)
            self.moves.register(batch, {}, "not loaded")
            engine = {"pid": os.getpid(), "since": time.time_ns() // 1_000_000}
            batch.overlay.changes.meta.append(("engine", json.dumps(engine)))
            return batch

        self._insist(store, make)
        self.moves.registered()

    def _loaded_ids(self, overlay: Overlay) -> list[int]:
        return [overlay.name_id(name) for name in self.workflows]

    def _unpark(self, store: Store, watch: Watch) -> None:
        """Deadlines whose workflow was missing count again."""

        def make() -> Batch:
            batch = self._new_batch(store, watch)
            rows = store.many(sql.PARKED, self._loaded_ids(batch.overlay))
            batch.overlay.changes.parked += [(-due, id) for id, due in rows]
            return batch

        self._insist(store, make)

    def _recover_steps(self, store: Store, watch: Watch) -> None:
        """Drive to the steps that were running when the engine ended, which starts them again."""
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = self._new_batch(store, watch)
            waits = batch.overlay.running_steps(after, self.batch_size)
            newest = waits[-1].id if waits else 0
            for wait in waits:
                if wait.id in self.rewinds.holds.held:
                    # It waits for a yes, or is known from before a cut: no process died under it.
                    batch.relaunch.add(wait.id)
                batch.recover(wait, self.clock.now())
            return batch

        while store.rows(sql.WAITS_STEPS, after, 1):
            self._insist(store, make)
            after = newest

    def return_missing(self, store: Store, watch: Watch) -> None:
        """Workflows that were missing are there: their deadlines and what came meanwhile count again."""
        self._unpark(store, watch)
        self._look_again(store, watch)

    def _look_again(self, store: Store, watch: Watch) -> None:
        """Journeys whose workflow was missing look at what came meanwhile."""
        loaded = set(self._loaded_ids(Overlay(store, self.workflows, self._codes, self._places)))
        for (key,) in store.rows(sql.MISSED):
            workflow_id = int(key.removeprefix("missed/"))
            if workflow_id in loaded:
                self._look_again_in(store, watch, key, workflow_id)

    def _look_again_in(self, store: Store, watch: Watch, key: str, workflow_id: int) -> None:
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = self._new_batch(store, watch)
            overlay, now = batch.overlay, self.clock.now()
            journeys = overlay.journeys_in(workflow_id, after, self.batch_size)
            newest = journeys[-1].id if journeys else 0
            if not journeys:
                overlay.changes.ended_meta.append((key,))
                return batch
            data = jsontext.dumps({"file": "", "again": True})
            seq = overlay.append(now, Kind.WORKFLOW_LOADED, None, None, workflow_id, data=data)
            for journey in journeys:
                batch.look_again(journey, Cause(now, seq, again=True))
            return batch

        while True:
            self._insist(store, make)
            if not newest:
                return
            after = newest

    # -- a turn ----------------------------------------------------------------------------

    def _turn(self, store: Store, watch: Watch) -> bool:
        """Handle one batch. False when there was nothing to do."""
        if self.deck.moved and self._moves_on:
            # Time that is moved waits for those who go over to other code.
            self.moves.turn(store, watch)
            return True
        held: list[Entry] = [self._run_held()] if self._held else []
        if self._held:
            # Others are still to run, and hold the clock.
            self._take_result(store, watch, held)
            return True
        self.deck.begin(store)
        wall = not self.deck.moved
        version = store.version()
        due = wall and self._next_due is not None and self._next_due < self.clock.now()
        goal = self.deck.goal(self._busy(held))
        changed = version != self._version or self._backlog
        if not (held or self._queue or due or goal is not None or changed or self.problem is not None):
            self._settle_idle()
            return False
        try:
            entries, limit = self._take(store, goal, held)
        except StoreError as error:
            with self._lock:
                self._queue.extendleft(held)
            self.pause(error)
            return False
        self._version = version
        due = wall and self._next_due is not None and self._next_due < limit
        if not entries and not due:
            if self.problem is not None:
                self._probe(store)
            self._settle_idle()
            return False
        if entries and isinstance(entries[0][1], Alone):
            self._run_alone(store, watch, entries)
            return True
        batch = self._new_batch(store, watch)
        try:
            finished = self._handle(batch, deque(entries), limit)
        except Exception as error:
            batch.overlay.discard()
            self._blame(store, watch, error, entries)
            return True
        return self._commit(store, batch, finished)

    @property
    def _moves_on(self) -> bool:
        """A reload has work to do. An engine that stops leaves it to the next start."""
        return self.moves.busy and (not self._stopping or bool(self._queue))

    def _busy(self, ended: list[Entry]) -> bool:
        """Steps run, but for those whose results are at hand, or a hook is asked."""
        ends = {_start(item.launch) for _, item in ended if isinstance(item, StepResult)}
        return bool(self._running - ends) or (self._asker is not None and self._asker.busy)

    def _size(self) -> int:
        """Causes in a batch."""
        if self._careful:
            return 1
        return self.batch_size if self.deck.jump is None else min(JUMP_BATCH, self.batch_size)

    def _take(self, store: Store, goal: int | None, held: list[Entry]) -> tuple[list[Entry], int]:
        """What to handle now, in order of time, and the moment up to which deadlines may come.

        The horizon is taken inside the write lock: a sender stamps its events while
        holding it, so all that are older than the horizon are in the inbox now.

        Args:
            held: the result of a step that held the clock; it comes before all else.
        """
        size = self._size()
        if self.clock.virtual and self.deck.jump is None:
            # Each step ends a batch of virtual time: what was read behind it was read for nothing.
            size = min(size, self._reach)
        store.begin()
        try:
            rows = store.rows(sql.INBOX, size)
            full = len(rows) == size
            with self._lock:
                limit = now = self.clock.now()
                if full:
                    limit = min(max(rows[-1][1], self._reached), now)
                queue = self._queue
                entries: list[Entry] = []
                # Rows that were left in the inbox come before what was handed in later than those taken.
                while queue and len(entries) < size and not (full and queue[0][0] > limit):
                    entries.append(queue.popleft())
                self._taken = [*held, *entries]
                if queue and not self.deck.moved:
                    limit = min(limit, queue[0][0])
        finally:
            store.release()
        self._backlog = full
        if rows:
            # A sender's clock that was set back writes no moment that is over.
            inbox = [
                (min(max(at, self._reached), now), self._from_inbox(number, kind, body))
                for number, at, kind, body in rows
            ]
            if full:
                inbox = [entry for entry in inbox if entry[0] <= limit]
            entries = list(heapq.merge(inbox, entries, key=lambda entry: entry[0]))
        entries = [*held, *entries]
        # What was handed in comes first, then time goes on.
        if goal is not None and self.deck.jump is not None:
            entries.append((goal, self.deck.jump))
        return entries, limit

    def _from_inbox(self, number: int, kind: str, body: str) -> Item:
        if kind == EVENT:
            try:
                return Arrival(decode(body), None, 0, number)
            except (ValueError, EventError):
                # Not written by us. It is answered and taken away like a command that nobody knows.
                pass
        if kind in WHOLE:
            return Alone(self._whole(kind, body), None, number)
        return Act(lambda batch, at: self._command(batch, at, kind, body), None, number)

    def _new_batch(self, store: Store, watch: Watch) -> Batch:
        overlay = Overlay(store, self.workflows, self._codes, self._places)
        batch = Batch(overlay, self._routes, watch=watch, running=self._running, ask=self._asker is not None)
        self.rewinds.begin(batch)
        self.moves.begin(batch)
        return batch

    def _handle(self, batch: Batch, entries: deque[Entry], limit: int) -> list[tuple[Item, Any]]:
        """Serve causes in order of time until the batch is full; gives what was done, with its results."""
        virtual, clock = self.deck.moved, self.clock
        size = self._size()
        if self.deck.jump is not None:
            self.deck.jump.serving = 0
        batch.prefetch([item.incoming for _, item in entries if isinstance(item, Arrival)])
        # Deadlines of the same moment as an event come after it, and later events may still
        # come in this millisecond: so only those before it.
        last = max((at for at, _ in entries), default=0) if virtual else limit - 1
        reach = min(size, self._reach) if virtual else size
        due = deque(batch.overlay.due_waits(last, reach))
        cut = len(due) == reach
        batch.overlay.load_passes([wait.journey for wait in due])
        finished: list[tuple[Item, Any]] = []
        served, began = 0, time.monotonic()
        for _ in range(size):
            served += 1
            wait = _next_timer(batch, due)
            if cut and not due:
                # More deadlines may stand in the store before whatever comes next.
                break
            if entries:
                at, item = entries[0]
                first = wait is not None and _before(wait, item, at, virtual)
            else:
                first = wait is not None and not virtual and _due(wait) <= last
            if first:
                assert wait is not None
                self._reached = max(self._reached, _due(wait))
                self._serve_timer(batch, wait, due)
            elif entries:
                if isinstance(item, Alone):
                    # It has a turn of its own.
                    break
                entries.popleft()
                self._reached = max(self._reached, at)
                if virtual and not (isinstance(item, Advance) and not item.move):
                    clock.move(at)
                if virtual and not isinstance(item, StepResult):
                    # A result keeps its moment, also when a batch that came to nothing moved the clock.
                    at = max(at, clock.now())
                finished.append((item, self._serve(batch, item, at)))
            else:
                break
            if virtual and (batch.launches or batch.asks or self.deck.enough(began)):
                break
        # Each step ends a batch of moved time: what was read of the deadlines behind it was for nothing.
        self._reach = max(LEAST_REACH, 2 * served)
        with self._lock:
            # What was not reached keeps its place; rows of the inbox stay there by themselves.
            self._queue.extendleft(
                entry
                for entry in reversed(entries)
                if getattr(entry[1], "inbox", None) is None and not isinstance(entry[1], Jump)
            )
        return finished

    def _serve_timer(self, batch: Batch, wait: WaitState, due: deque[WaitState]) -> None:
        if due and due[0] is wait:
            due.popleft()
        else:
            heapq.heappop(batch.timers)
        late = 0
        if self.deck.moved:
            self.clock.move(_due(wait))
            if self.deck.jump is not None:
                self.deck.jump.serving += 1
        else:
            late = self.deck.late(_due(wait))
        batch.watch.subject = wait.journey.id
        batch.timer(wait, late)

    def _serve(self, batch: Batch, item: Item, at: int) -> Any:
        batch.watch.subject = None
        before = batch.overlay.seq
        if isinstance(item, Arrival):
            event = batch.event(item.incoming, at)
            if item.by_hand:
                self.rewinds.note_act(batch, before)
            return event
        if isinstance(item, StepResult):
            batch.watch.subject = item.launch.journey
            return self.rewinds.take_result(batch, item, at)
        if isinstance(item, Act):
            try:
                result = item.run(batch, at)
            except StudioError as error:
                return error
            self.rewinds.note_act(batch, before)
            return result
        if isinstance(item, Jump):
            return self.deck.arrive(batch, at)
        return None

    # -- the store as a whole --------------------------------------------------------------

    def _whole(self, kind: str, body: dict[str, Any] | str) -> Callable[[Alone], Any]:
        """What changes the store as a whole, by the name under which it is asked for."""

        def run(item: Alone) -> Any:
            assert self._store is not None
            facts = _facts(kind, body)
            if self.deck.jump is not None:
                raise ClockError("a jump is under way", fix="Stop it, or wait for its end.")
            match kind, facts:
                case "rewind", {"seq": int(seq)}:
                    return self.rewinds.rewind(self._store, seq, item)
                case "restore", {"number": int(number)}:
                    return self.rewinds.restore(self._store, number, item)
                case "undo", _:
                    return self.rewinds.undo(self._store, item)
                case "redo", _:
                    return self.rewinds.redo(self._store, item)
            raise JourneyError(f"{kind!r} lacks what it needs")

        return run

    def _run_alone(self, store: Store, watch: Watch, entries: list[Entry]) -> None:
        """Change the store as a whole, and make what is in memory agree with it."""
        (_, item), *others = entries
        assert isinstance(item, Alone)
        with self._lock:
            self._queue.extendleft(
                entry
                for entry in reversed(others)
                if getattr(entry[1], "inbox", None) is None and not isinstance(entry[1], Jump)
            )
            self._taken = []
        era = self.rewinds.era
        try:
            result = item.run(item)
        except Exception as error:
            if not isinstance(error, StudioError):
                error = StudioError(f"the engine could not do it: {type(error).__name__}: {error}")
            # Nothing was written; what came through the inbox is told so, and taken away.
            if item.inbox is None:
                fail(item, error)
            else:
                self._commit(store, self._new_batch(store, watch), [(item, error)])
            return
        try:
            self._agree(store, watch, self.rewinds.era != era)
        except BaseException:
            # It is done; what follows from it is left to the next start.
            fail(item, StudioError("the engine ended right after it was done"))
            raise
        if item.future is not None and not item.future.done():
            item.future.set_result(result)
        if self._teller is not None:
            self._teller.wake()
        if self._changed is not None:
            self._changed()

    def _agree(self, store: Store, watch: Watch, over: bool) -> None:
        """Rows were taken away or replaced.

        Args:
            over: what runs now does not count any more.
        """
        self._places.clear()
        self._poisoned.clear()
        with self._lock:
            now = self.clock.now()
            if over:
                self._running.clear()
                self._held.clear()
            self._reached = now
            # What waits was stamped by a time that is taken back.
            self._queue = deque(
                (at if isinstance(item, Advance) or _brings_time(item) else min(at, now), item)
                for at, item in self._queue
            )
        self._stored_state = ""
        self._register(store, watch)
        self._relaunch_steps(store, watch)
        self._next_due = store.next_due()

    def _relaunch_steps(self, store: Store, watch: Watch) -> None:
        """Steps that are open and do not run here are launched as they stand, or put on hold."""
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = self._new_batch(store, watch)
            waits = batch.overlay.running_steps(after, self.batch_size)
            newest = waits[-1].id if waits else 0
            for wait in waits:
                journey = wait.journey
                if (journey.id, journey.pass_no, wait.key, wait.id) not in self._running:
                    batch.relaunch.add(wait.id)
                    batch.recover(wait, self.clock.now())
            return batch

        while store.rows(sql.WAITS_STEPS, after, 1):
            self._insist(store, make)
            after = newest

    # -- the end of a turn -----------------------------------------------------------------

    def _commit(self, store: Store, batch: Batch, finished: list[tuple[Item, Any]]) -> bool:
        """Write the batch, then answer, tell and start what waits for it to be durable."""
        changes = batch.overlay.changes
        now = self.clock.now()
        for item, result in finished:
            inbox = item.inbox if isinstance(item, Arrival | Act | Alone) else None
            if inbox is not None:
                changes.inbox.append((inbox,))
                if isinstance(item, Act | Alone):
                    changes.answers.append((inbox, time.time_ns() // 1_000_000, _answer(result)))
        for ask in batch.asks or ():
            fields = {"user": ask.user, "events": ask.events, "match": ask.match}
            changes.meta.append((ask.key, json.dumps(fields)))
        end = next((result for item, result in finished if isinstance(item, Jump)), None)
        self.rewinds.before_commit(batch)
        self._set_clock(batch, finished, end)
        self._add_state(batch, now)
        with self._lock:
            if batch.watch.abandoned:
                raise Abandoned
            batch.watch.committing = True
        try:
            batch.overlay.commit()
        except StoreError as error:
            self.rewinds.holds.begin()
            self._complain(error)
            # The end of a jump was not written: it goes on.
            self.deck.before_commit(False)
            self._undo(finished, error)
            self.pause(error)
            return False
        except Exception as error:
            self.rewinds.holds.begin()
            self.deck.before_commit(False)
            self._blame(store, batch.watch, error, list(self._taken))
            return True
        finally:
            batch.watch.committing = False
        batch.overlay.release()
        self.rewinds.after_commit(batch)
        self.moves.after_commit(batch)
        self._taken = []
        self._careful = max(0, self._careful - 1)
        self.problem = self.fault = None
        self.last_batch = len(finished)
        self._stored_state = self._new_state
        self._next_due = store.next_due()
        for launch in batch.launches:
            self._launch(launch)
        if batch.asks:
            self._ask(batch.asks)
        self._answer_all(finished)
        self.deck.after_commit(store, len(self._running), end)
        if self._teller is not None:
            self._teller.wake()
        if self._changed is not None:
            self._changed()
        return True

    def _add_state(self, batch: Batch, now: int) -> None:
        """What is to be found at the next start: the clock, and how far `set_event` was told."""
        meta = batch.overlay.changes.meta
        meta.append(("last_at", str(now)))
        state = self._new_state = json.dumps(self.clock.state())
        if state != self._stored_state:
            meta.append(("clock", state))
        if self._teller is not None:
            meta.append(("told", str(self._teller.told)))

    def _set_clock(self, batch: Batch, finished: list[tuple[Item, Any]], end: JumpEnd | None) -> None:
        """What holds the clock once the batch is written: steps that run, a jump."""
        ended = {_start(item.launch) for item, _ in finished if isinstance(item, StepResult)}
        starting = any(not self.rewinds.holds.keeps(launch) for launch in batch.launches)
        self.deck.hold(bool(starting or self._running - ended))
        self.deck.before_commit(end is not None)

    def _save_state(self, store: Store) -> None:
        if self.deck.studio is not None:
            self.deck.studio.stop()
        overlay = Overlay(store, self.workflows, self._codes, self._places)
        batch = Batch(overlay, self._routes)
        self._add_state(batch, self.clock.now())
        overlay.changes.ended_meta.append(("engine",))
        try:
            overlay.commit()
        except StoreError:
            # The next start finds its place without it: from the history, and by telling again.
            self.problem = self.problem or "the last state could not be written"

    def _answer_all(self, finished: list[tuple[Item, Any]]) -> None:
        for item, result in finished:
            if isinstance(item, Arrival):
                if item.delivery is not None:
                    item.delivery.put(item.index, result)
            elif isinstance(item, StepResult):
                if item.launch.era == self.rewinds.era:
                    self._running.discard(_start(item.launch))
            elif isinstance(item, Jump):
                continue
            elif item.future is not None and not item.future.done():
                if isinstance(result, BaseException):
                    item.future.set_exception(result)
                else:
                    item.future.set_result(self._next_due is None if isinstance(item, Advance) else result)

    def _undo(self, finished: list[tuple[Item, Any]], error: StoreError) -> None:
        """Nothing of the batch was written: those who wait are told; results of steps are kept for later."""
        # Each with its moment: the batch may have moved the clock before it came to nothing.
        taken, now = {id(item): at for at, item in self._taken}, self.clock.now()
        results = [(taken.get(id(item), now), item) for item, _ in finished if isinstance(item, StepResult)]
        for item, _ in finished:
            # A jump goes on as soon as the store can be written again.
            if not isinstance(item, Jump):
                fail(item, error)
        with self._lock:
            self._queue.extendleft(reversed(results))
        self._taken = []

    def pause(self, error: StoreError) -> None:
        """The store cannot be used just now; what is to be done is tried again."""
        self._complain(error)
        if self._changed is not None:
            self._changed()
        if self._stopping:
            return
        time.sleep(RETRY)

    def _complain(self, error: StoreError) -> None:
        self.problem, self.fault = str(error), error

    def _probe(self, store: Store) -> None:
        """Paused and nothing to do: see whether the store can be written again."""
        batch = Batch(Overlay(store, self.workflows, self._codes, self._places), self._routes)
        self._commit(store, batch, [])

    def _blame(self, store: Store, watch: Watch, error: Exception, entries: list[Entry]) -> None:
        """A batch broke. Put it back; the journey at which it broke fails, or the cause is singled out."""
        subject = watch.journey if watch.journey is not None else watch.subject
        watch.journey = watch.speaker = None
        text = "".join(traceback.format_exception(error))
        if subject is not None and subject not in self._poisoned:
            what = f"the engine could not go on with it: {type(error).__name__}: {error}"
            self._poisoned[subject] = Failed("EngineError", what, "", "", text)
            self._put_back()
        elif self._careful:
            # One cause alone, and no journey to blame: it is given up, and its sender told.
            wrong = StudioError(f"the engine could not handle it: {type(error).__name__}: {error}")
            self._careful -= 1
            if not entries:
                self.problem = str(wrong)
                time.sleep(RETRY)
                return
            item = entries[0][1]
            self._taken = [entry for entry in self._taken if entry[1] is not item]
            self._put_back()
            if isinstance(item, Jump):
                self.deck.fail(wrong)
                return
            fail(item, wrong)
            # What came through the inbox would come again, had it no answer.
            self._commit(store, self._new_batch(store, watch), [(item, wrong)])
        else:
            self._careful = max(len(entries), 1)
            self._put_back()

    def _put_back(self) -> None:
        with self._lock:
            mine = {id(item) for _, item in self._taken}
            # Some of it may have been put back as not reached.
            while self._queue and id(self._queue[0][1]) in mine:
                self._queue.popleft()
            self._queue.extendleft(reversed(self._taken))
            self._taken = []

    def _settle_idle(self) -> None:
        if not self._idle or self._due_now:
            return
        with self._lock:
            if self._queue or self._running or self._held or (self._asker is not None and self._asker.busy):
                return
            if self.moves.busy:
                return
            idle, self._idle = self._idle, []
        for future in idle:
            if not future.done():
                future.set_result(True)

    @property
    def _due_now(self) -> bool:
        """A deadline stands in this very millisecond, which is served when that is over."""
        due = self._next_due
        if due is None or self.deck.moved or due > self.clock.now():
            return False
        return self.deck.seconds_until(due) is not None

    # -- steps and hooks -------------------------------------------------------------------

    def _launch(self, launch: Launch) -> None:
        if self.rewinds.holds.keeps(launch):
            return
        launch.era = self.rewinds.era
        self._running.add(_start(launch))
        if self.deck.moved:
            self._held.append(launch)
        elif (known := self.rewinds.holds.answer(launch)) is not None:
            self._report(known)
        else:
            self._steps.run(launch, self._report)

    def _run_held(self) -> Entry:
        """In virtual time a step takes no time, runs alone, and holds the clock."""
        launch = self._held.popleft()
        result = self.rewinds.holds.answer(launch)
        if result is None:
            done: Future[StepResult] = Future()
            self._steps.run(launch, done.set_result)
            result = done.result()
        return self.clock.now(), result

    def _take_result(self, store: Store, watch: Watch, held: list[Entry]) -> None:
        """Write how a step ended that held the clock, and nothing else."""
        # Should the drive break or hang, the result goes to the queue like any other.
        self._taken = list(held)
        batch = self._new_batch(store, watch)
        try:
            finished = [(item, self._serve(batch, item, at)) for at, item in held]
        except Exception as error:
            batch.overlay.discard()
            self._blame(store, watch, error, held)
            return
        self._commit(store, batch, finished)

    def _ask(self, asks: list[Ask]) -> None:
        """Ask `check_event`. What it knows becomes events, which answer waits as any other."""
        assert self._asker is not None
        if not self.deck.moved:
            for ask in asks:
                self._asker.ask(ask, partial(self._hear, ask, self.rewinds.era))
            return
        # Time stands while the hook is asked: its answers come before all else.
        found: list[Entry] = []
        for ask in asks:
            found += self._answer_of(ask, self._asker.ask(ask).result())
        with self._lock:
            self._queue.extendleft(reversed(found))

    def _hear(self, ask: Ask, era: int, future: Future[list[Incoming]]) -> None:
        # What was asked for a history that is cut off answers nothing.
        if era != self.rewinds.era or future.cancelled():
            return
        found = self._answer_of(ask, future.result())
        with self._lock:
            if not self._stopping:
                self._queue.extend(found)
        self._wake.ring()

    def _answer_of(self, ask: Ask, events: list[Incoming]) -> list[Entry]:
        def end(batch: Batch, at: int) -> None:
            batch.overlay.changes.ended_meta.append((ask.key,))

        now = self.clock.now()
        return [*((now, Arrival(event, None)) for event in events), (now, Act(end))]

    def _ask_again(self, store: Store, watch: Watch) -> None:
        """Questions that were open when the engine ended."""
        if self._asker is None:
            return
        asks = []
        for key, value in store.rows(sql.ASKED):
            fields = json.loads(value)
            wait = int(key.removeprefix("ask/"))
            asks.append(Ask(wait, fields["user"], tuple(fields["events"]), fields["match"]))
        self._ask(asks)

    def _command(self, batch: Batch, at: int, kind: str, body: str) -> Any:
        """An act that another process asks for."""
        acts: dict[str, Callable[[Batch, JourneyState, int], Any]] = {
            "cancel": Batch.cancel,
            "resume": Batch.resume,
            "restart": Batch.restart,
        }
        if kind == "release":
            return self._release(batch, at, _facts(kind, body))
        if kind in COMMANDS:
            return command(self, batch, at, kind, body)
        if kind == "reload":
            if self._reload is None:
                raise JourneyError("this engine has no workflow files to reload")
            return self._reload()
        if kind not in acts:
            raise JourneyError(f"this engine does not know {kind!r}")
        try:
            journey = json.loads(body)["journey"]
        except (ValueError, KeyError, TypeError):
            journey = None
        if not isinstance(journey, str):
            raise JourneyError(f"{kind!r} names no journey")
        return acts[kind](batch, self.find(batch, journey), at)

    def _release(self, batch: Batch, at: int, facts: dict[str, Any]) -> None:
        match facts:
            case {"wait": int(wait)}:
                self.rewinds.holds.release(batch, at, wait)
            case _:
                self.rewinds.holds.release_all(batch, at)

    def find(self, batch: Batch, text: str) -> JourneyState:
        """The journey of a text id.

        Raises:
            JourneyError: there is none.
        """
        found = batch.overlay.journey_named(text)
        if found is None:
            raise JourneyError("there is no such journey", where=text, fix="See: journey-studio journeys")
        return found

    # -- the guard -------------------------------------------------------------------------

    def _guard(self) -> None:
        """Look for a drive that does not come back; give its thread up and replace it."""
        interval = min(0.25, self.hang_after / 4)
        while not self._stopping or (self._thread is not None and self._thread.is_alive()):
            self._over.wait(interval)
            watch, thread = self._watch, self._thread
            journey = watch.journey
            if journey is None or thread is None or time.monotonic() - watch.since < self.hang_after:
                continue
            with self._lock:
                if watch.committing or watch.journey != journey:
                    continue
                watch.abandoned = True
            self._poisoned[journey] = hung(thread, self.hang_after)
            give_up(thread)
            self._put_back()
            self._start_thread()
            self._wake.ring()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector out of a batch.

    A batch makes some hundred thousand objects that live until it is written and then go by
    their counts; the collector walked all of them time and again (a fifth of all time) and found nothing.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _before(wait: WaitState, item: Item, at: int, virtual: bool) -> bool:
    """Whether a deadline comes before an item."""
    if virtual and isinstance(item, StepResult):
        # A step that holds the clock takes no time.
        return False
    due = _due(wait)
    # A jump that was stopped serves no more deadlines of the very moment.
    takes_in = isinstance(item, Advance) or (isinstance(item, Jump) and at == item.to)
    return due < at or (due == at and takes_in)


def _start(launch: Launch) -> tuple[int, int, Key, int]:
    return (launch.journey, launch.pass_no, launch.key, launch.start)


def _due(wait: WaitState) -> int:
    assert wait.due is not None
    return wait.due


def _next_timer(batch: Batch, due: deque[WaitState]) -> WaitState | None:
    """The nearest deadline among those that were read and those of this batch."""
    while due and (not due[0].open or due[0].due is None):
        due.popleft()
    timers = batch.timers
    while timers and not timers[0][2].open:
        heapq.heappop(timers)
    if not timers:
        return due[0] if due else None
    if not due or timers[0][:2] < (_due(due[0]), due[0].id):
        return timers[0][2]
    return due[0]


def _brings_time(item: Item) -> bool:
    return isinstance(item, Arrival) and item.incoming.at is not None


def _facts(kind: str, body: dict[str, Any] | str) -> dict[str, Any]:
    """What is asked for, as another process may have written it."""
    try:
        facts = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise JourneyError(f"{kind!r} lacks what it needs")
    return facts


def _answer(result: Any) -> str:
    return json.dumps({"error": str(result)} if isinstance(result, BaseException) else {"ok": True})
