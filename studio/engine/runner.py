"""The loop that runs journeys: inbox, events, deadlines, step results, one transaction a batch.

It has a thread of its own, without an event loop, and its own connection. A turn takes
what is waiting, drives it with no transaction open, writes it, and only then answers
those who wait for it and starts the steps that it launched.
"""

from __future__ import annotations

import gc
import heapq
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.clock import Clock
from studio.commands import Key, Place
from studio.definition import Workflow
from studio.engine import capture
from studio.engine.answers import Launch
from studio.engine.asking import Asking
from studio.engine.batch import Batch
from studio.engine.bell import Bell
from studio.engine.cause import StepResult
from studio.engine.clock_deck import JUMP_BATCH, ClockDeck
from studio.engine.drive import Abandoned, Failed
from studio.engine.hanging import give_up, hung
from studio.engine.hooks import Asker, Teller
from studio.engine.items import Act, Advance, Alone, Arrival, Delivery, Entry, Item, fail
from studio.engine.jump import JumpEnd, JumpProgress
from studio.engine.moves import Moves, Swap
from studio.engine.overlay import Overlay
from studio.engine.pulse import Beat
from studio.engine.recovery import Recovery
from studio.engine.requests import Requests
from studio.engine.rewind import Rewinds
from studio.engine.routes import Routes
from studio.engine.serving import Serving
from studio.engine.state import JourneyState
from studio.engine.steps import StandIn, Steps
from studio.engine.watch import Watch
from studio.engine.whole_store import WholeStore
from studio.engine.writing import RETRY, Writing
from studio.errors import JourneyError, StoreError, StudioError
from studio.event import Event
from studio.incoming import Incoming
from studio.store import sqlite as sql
from studio.store.sqlite import Durability, Store

POLL = 0.05
"""Seconds between two looks for what other processes have added. A look itself costs microseconds, to wake
the thread up for it some hundred: at 20 a second that is what keeps an idle engine below 1 % of a core."""
TRUNCATE_AFTER = 2.0
"""Seconds without work after which the write-ahead log is folded into the store."""
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
        """Why the engine is paused; None while it runs."""
        self.fault: StoreError | None = None
        """The problem, when the store is what it is with."""
        self.has_died = False
        """Its thread has ended by an error."""
        self.last_batch = 0
        """Causes in the newest batch."""
        self.teller = teller
        self.changed = changed
        self.routes = Routes(self.workflows)
        self._steps = Steps(stand_in)
        self.beat = Beat()
        self.rewinds = Rewinds(path, clock)
        self.moves = Moves(self)
        self.recovery = Recovery(self)
        self.asking = Asking(self, asker)
        self.requests = Requests(self)
        self.whole_store = WholeStore(self)
        self.serving = Serving(self)
        self.writing = Writing(self)
        self.reload = reload
        self.running: set[tuple[int, int, Key, int]] = set()
        self.held: deque[Launch] = deque()
        """Steps that hold a virtual clock, to run one at a time."""
        self.lock = threading.Lock()
        self.wake = Bell()
        self.queue: deque[Entry] = deque()
        self.taken: list[Entry] = []
        """What the current turn took off the queue; put back when the turn comes to nothing."""
        self._idle: list[Future[bool]] = []
        self.stopping = False
        self._over = threading.Event()
        """The engine has stopped: nothing is left to guard."""
        self._backlog = False
        """The inbox may hold more than was taken: nobody else's commit will say so again."""
        self._stop_by = math.inf
        """Until when a stopping engine takes from the inbox."""
        self.careful = 0
        """Turns of one cause each, to find the one at which a batch broke."""
        self._watch = Watch()
        self.poisoned: dict[int, Failed] = {}
        self.store: Store | None = None
        self._thread: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._prepared = False
        self.codes: dict[str, int] = {}
        self.places: dict[Place, int] = {}
        self.next_due: int | None = None
        self._version = -1
        self.reached = 0
        """The moment of the newest cause that was served."""
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
            self.stopping = True
            raise

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what was handed in, give running steps a moment to end, and close the store."""
        self.deck.stop_jump()
        end = time.monotonic() + STEPS_END
        while self.running and self.problem is None and time.monotonic() < end:
            time.sleep(0.005)
        with self.lock:
            self.stopping = True
            self._stop_by = time.monotonic() + STOP_WORK
        self.wake.ring()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._thread is None or not self._thread.is_alive():
            self._over.set()
        self._steps.stop()
        with self.lock:
            left = [item for _, item in self.queue]
            self.queue.clear()
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
        with self.lock:
            self._refuse_when_stopped()
            at = self.clock.now()
            for index, incoming in enumerate(events):
                if incoming.at is not None and incoming.at > at and self.clock.virtual:
                    at = incoming.at
                # Events that were handed in together are one act.
                own = by_hand and index == 0
                self.queue.append((at, Arrival(incoming, delivery, index, by_hand=own)))
        self.wake.ring()
        return delivery.future

    def act(self, run: Callable[[Batch, int], Any]) -> Future[Any]:
        """Do something as a cause of its own, in the engine's thread."""
        future: Future[Any] = Future()
        self._put(Act(run, future))
        return future

    def alone(self, kind: str, body: dict[str, Any]) -> Future[Any]:
        """Change the store as a whole: "rewind", "restore", "undo" or "redo"."""
        future: Future[Any] = Future()
        self._put(Alone(self.whole_store.act(kind, body), future))
        return future

    def swap(self, swap: Swap) -> Future[None]:
        """Go over to other workflows from the next batch on; done when they run."""
        self._refuse_when_stopped()
        future = self.moves.ask(swap)
        self.wake.ring()
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
        self.wake.ring()
        return future

    def stop_jump(self) -> bool:
        """Let the jump end where it has come to. False when there is none."""
        found = self.deck.stop_jump()
        self.wake.ring()
        return found

    def idle(self) -> Future[bool]:
        """Done when nothing is handed in, no step runs and nothing is due."""
        future: Future[bool] = Future()
        with self.lock:
            self._refuse_when_stopped()
            self._idle.append(future)
        self.wake.ring()
        return future

    @property
    def queued(self) -> int:
        """Causes that wait to be taken."""
        return len(self.queue)

    @property
    def running_steps(self) -> int:
        """Steps that run now."""
        return len(self.running)

    def tell_ready(self) -> None:
        """Whoever waits for the start need not wait any longer."""
        if not self._ready.done():
            self._ready.set_result(None)

    def announce(self) -> None:
        """Something is durable: tell those who look on."""
        if self.teller is not None:
            self.teller.wake()
        if self.changed is not None:
            self.changed()

    def _refuse_when_stopped(self) -> None:
        if self.stopping:
            raise StudioError("the engine has stopped")

    def _put(self, item: Item, at: int | None = None) -> None:
        with self.lock:
            self._refuse_when_stopped()
            now = self.clock.now()
            self.queue.append((now if at is None else max(at, now), item))
        self.wake.ring()

    def _report(self, result: StepResult) -> None:
        with self.lock:
            self.queue.append((self.clock.now(), result))
        self.wake.ring()

    # -- the thread ------------------------------------------------------------------------

    def _start_thread(self) -> None:
        watch = self._watch = Watch()
        watch.poisoned = self.poisoned
        self._thread = threading.Thread(target=self._live, args=(watch,), name="journey-engine", daemon=True)
        self._thread.start()

    def _live(self, watch: Watch) -> None:
        capture.listen(watch.hear)
        store: Store | None = None
        try:
            store = self.store = Store(self.path, self.durability)
            if not self._prepared:
                self.recovery.prepare(store, watch)
                self._prepared = True
            self.tell_ready()
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
            self.writing.save_state(store)
            store.close()

    def _die(self, error: BaseException) -> None:
        self.problem = f"the engine's thread ended: {type(error).__name__}: {error}"
        self.has_died = True
        with self.lock:
            self.stopping = True
            left = [item for _, item in [*self.taken, *self.queue]]
            self.queue.clear()
        for item in left:
            fail(item, error)
        self.deck.fail(error)
        if self.changed is not None:
            self.changed()
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
                if self._last_work > self._stop_by and not self.queue:
                    return
            elif self.stopping and (not self.queue or self.problem is not None):
                return
            else:
                self._rest(store)

    def _rest(self, store: Store) -> None:
        """Wait for work: a wake-up, the next deadline, or the next look at the inbox."""
        pause = POLL
        if self.problem is not None:
            pause = RETRY
        elif not self.deck.moved and self.next_due is not None:
            left = self.deck.seconds_until(self.next_due)
            pause = POLL if left is None else min(POLL, left)
        if not self._truncated and time.monotonic() - self._last_work > TRUNCATE_AFTER:
            store.truncate_wal()
            self._truncated = True
        if pause > 0:
            self.wake.wait(pause)

    # -- a turn ----------------------------------------------------------------------------

    def _turn(self, store: Store, watch: Watch) -> bool:
        """Handle one batch. False when there was nothing to do."""
        if self.deck.moved and self._moves_on:
            # Time that is moved waits for those who go over to other code.
            self.moves.turn(store, watch)
            return True
        held: list[Entry] = [self._run_held()] if self.held else []
        if self.held:
            # Others are still to run, and hold the clock.
            self._take_result(store, watch, held)
            return True
        self.deck.begin(store)
        wall = not self.deck.moved
        version = store.version()
        due = wall and self.next_due is not None and self.next_due < self.clock.now()
        goal = self.deck.goal(self._busy(held))
        changed = version != self._version or self._backlog
        if not (held or self.queue or due or goal is not None or changed or self.problem is not None):
            self._settle_idle()
            return False
        try:
            entries, limit = self._take(store, goal, held)
        except StoreError as error:
            with self.lock:
                self.queue.extendleft(held)
            self.writing.pause(error)
            return False
        self._version = version
        due = wall and self.next_due is not None and self.next_due < limit
        if not entries and not due:
            if self.problem is not None:
                self.writing.probe(store)
            self._settle_idle()
            return False
        if entries and isinstance(entries[0][1], Alone):
            self.whole_store.run(store, watch, entries)
            return True
        batch = self.new_batch(store, watch)
        try:
            finished = self.serving.serve(batch, deque(entries), limit)
        except Exception as error:
            batch.overlay.discard()
            self.writing.blame(store, watch, error, entries)
            return True
        return self.writing.commit(store, batch, finished)

    @property
    def _moves_on(self) -> bool:
        """A reload has work to do. An engine that stops leaves it to the next start."""
        return self.moves.busy and (not self.stopping or bool(self.queue))

    def _busy(self, ended: list[Entry]) -> bool:
        """Steps run, but for those whose results are at hand, or a hook is asked."""
        ends = {item.launch.which for _, item in ended if isinstance(item, StepResult)}
        return bool(self.running - ends) or self.asking.busy

    def size(self) -> int:
        """Causes in a batch, at the most."""
        if self.careful:
            return 1
        return self.batch_size if self.deck.jump is None else min(JUMP_BATCH, self.batch_size)

    def _take(self, store: Store, goal: int | None, held: list[Entry]) -> tuple[list[Entry], int]:
        """What to handle now, in order of time, and the moment up to which deadlines may come.

        The horizon is taken inside the write lock: a sender stamps its events while
        holding it, so all that are older than the horizon are in the inbox now.

        Args:
            held: the result of a step that held the clock; it comes before all else.
        """
        size = self.size()
        if self.clock.virtual and self.deck.jump is None:
            # Each step ends a batch of virtual time: what was read behind it was read for nothing.
            size = min(size, self.serving.reach)
        store.begin()
        try:
            rows = store.rows(sql.INBOX, size)
            full = len(rows) == size
            with self.lock:
                limit = now = self.clock.now()
                if full:
                    limit = min(max(rows[-1][1], self.reached), now)
                queue = self.queue
                entries: list[Entry] = []
                # Rows that were left in the inbox come before what was handed in later than those taken.
                while queue and len(entries) < size and not (full and queue[0][0] > limit):
                    entries.append(queue.popleft())
                self.taken = [*held, *entries]
                if queue and not self.deck.moved:
                    limit = min(limit, queue[0][0])
        finally:
            store.release()
        self._backlog = full
        if rows:
            # A sender's clock that was set back writes no moment that is over.
            inbox = [
                (min(max(at, self.reached), now), self.requests.item(number, kind, body))
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

    def overlay(self, store: Store) -> Overlay:
        """What a batch reads and changes."""
        return Overlay(store, self.workflows, self.codes, self.places)

    def plain_batch(self, store: Store) -> Batch:
        """A batch that no workflow is driven in."""
        return Batch(self.overlay(store), self.routes)

    def new_batch(self, store: Store, watch: Watch) -> Batch:
        """A batch that workflows may be driven in."""
        batch = Batch(
            self.overlay(store), self.routes, watch=watch, running=self.running, ask=self.asking.wanted
        )
        self.rewinds.begin(batch)
        self.moves.begin(batch)
        return batch

    def _settle_idle(self) -> None:
        if not self._idle or self._due_now:
            return
        with self.lock:
            if self.queue or self.running or self.held or self.asking.busy:
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
        due = self.next_due
        if due is None or self.deck.moved or due > self.clock.now():
            return False
        return self.deck.seconds_until(due) is not None

    # -- steps and hooks -------------------------------------------------------------------

    def launch(self, launch: Launch) -> None:
        """Run a step whose start is durable; put it on hold after a cut."""
        if self.rewinds.holds.keeps(launch):
            return
        launch.era = self.rewinds.era
        self.running.add(launch.which)
        if self.deck.moved:
            self.held.append(launch)
        elif (known := self.rewinds.holds.answer(launch)) is not None:
            self._report(known)
        else:
            self._steps.run(launch, self._report)

    def _run_held(self) -> Entry:
        """In virtual time a step takes no time, runs alone, and holds the clock."""
        launch = self.held.popleft()
        result = self.rewinds.holds.answer(launch)
        if result is None:
            done: Future[StepResult] = Future()
            self._steps.run(launch, done.set_result)
            result = done.result()
        return self.clock.now(), result

    def _take_result(self, store: Store, watch: Watch, held: list[Entry]) -> None:
        """Write how a step ended that held the clock, and nothing else."""
        # Should the drive break or hang, the result goes to the queue like any other.
        self.taken = list(held)
        batch = self.new_batch(store, watch)
        try:
            finished = [(item, self.serving.serve_one(batch, item, at)) for at, item in held]
        except Exception as error:
            batch.overlay.discard()
            self.writing.blame(store, watch, error, held)
            return
        self.writing.commit(store, batch, finished)

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
        while not self.stopping or (self._thread is not None and self._thread.is_alive()):
            self._over.wait(interval)
            watch, thread = self._watch, self._thread
            journey = watch.journey
            if journey is None or thread is None or time.monotonic() - watch.since < self.hang_after:
                continue
            with self.lock:
                if watch.committing or watch.journey != journey:
                    continue
                watch.abandoned = True
            self.poisoned[journey] = hung(thread, self.hang_after)
            give_up(thread)
            self.writing.put_back()
            self._start_thread()
            self.wake.ring()


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
