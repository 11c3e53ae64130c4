"""Going over to other code: those who wait are driven by it, in the background, each once.

A journey that differs gets an entry, `journey.moved`, which is the cause of all that follows
from it: waits with another length go on with another deadline, waits that are no longer there
end, and the journey goes where the code leads now. One that does not differ gets no row.

How far it has come stands in `meta` ("reload/WORKFLOW"), written with each batch, so a kill loses
nothing. What comes for a journey that was not reached yet takes it over first (`BatchMigration`).
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from studio.clocks.clock import Clock
from studio.engine.reload.dry_thread import WINDOW
from studio.engine.reload.report import ReloadTally, summary
from studio.engine.reload.versions import Change, register, running_row
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.futures import answer, refuse
from studio.engine.work.running_code import RunningCode
from studio.errors import StoreError, StudioError, WorkflowError
from studio.kernel.dry_run import Difference
from studio.kernel.go_over import move_journey
from studio.kernel.ports import Part
from studio.kernel.state import JourneyState, UserState
from studio.language.definition import Workflow
from studio.language.kinds import Kind, Status
from studio.store.read_journeys import count_waiting
from studio.store.sqlite import Store
from studio.store.under_way import STOPPED
from studio.text import json_text as jsontext

SLICE_SECONDS = 0.03
"""How long a batch of the background drives, when nothing comes meanwhile."""
LEAST_SECONDS = 0.01
"""How long it drives all the same: a flood of events must not keep it from coming to its end."""
PAGE = 32
"""Journeys that are read at once."""


@dataclass(slots=True)
class WorkflowMigration:
    """A workflow whose waiting journeys are on their way to its new code."""

    name: str
    workflow: int
    """names.id."""
    hash: str
    loaded: int
    """seq of the entry that says so."""
    upto: int
    """Journeys after this one were begun by the new code."""
    waiting: int
    announced: bool
    """Everyone who waits was looked at beforehand: the entry says what it means."""
    after: int = 0
    """Up to this one all have gone over."""
    newest: int = 0
    """seq of the newest entry that it made."""
    tally: ReloadTally = field(default_factory=ReloadTally)
    ahead: set[int] = field(default_factory=set)
    """Journeys after `after` that have gone over already, because something came for them."""

    def row(self) -> tuple[str, str]:
        """What `meta` keeps of it."""
        kept = {key: getattr(self, name) for key, name in _KEPT.items()}
        return (f"reload/{self.workflow}", json.dumps({**kept, "tally": self.tally.as_json()}))


_KEPT = {
    **{name: name for name in ("name", "workflow", "hash", "loaded", "upto", "waiting", "after", "newest")},
    # As stores of 0.1 have it.
    "told": "announced",
}
"""What `meta` keeps: its names there, and here."""


class BatchMigration:
    """A reload that is under way, as one batch sees it."""

    def __init__(self, batch: Batch, moves: Mapping[int, WorkflowMigration]) -> None:
        self._batch = batch
        self._moves = moves
        self.done: list[tuple[WorkflowMigration, int, Difference, int]] = []
        """Gone over in this batch: the journey, what differed, and the seq of the newest entry."""
        self._mine: set[int] = set()

    def user(self, user: UserState, at: int, cause: int | None = None) -> None:
        """Something comes for a user: let the user's journeys go over first."""
        if user.new:
            return
        for workflow in self._moves:
            for journey in self._batch.unit.open_journeys(user, workflow):
                self.journey(journey, at, cause)

    def journey(self, state: JourneyState, at: int, cause: int | None = None) -> None:
        """Let a journey go over, unless it has done so.

        Args:
            at: the moment, ms since 1970.
            cause: seq of the entry in whose midst it happens; None between two causes.
        """
        move = self._moves.get(state.workflow_id)
        if move is None or not move.after < state.id <= move.upto:
            return
        if state.id in move.ahead or state.id in self._mine:
            return
        if state.status != Status.WAITING or state.workflow is None:
            return
        self._mine.add(state.id)
        found = move_journey(self._batch, state, move.loaded, at, cause)
        newest = self._batch.unit.seq - 1 if found.what != "same" else 0
        self.done.append((move, state.id, found, newest))


# -- in the engine ---------------------------------------------------------------------------


@dataclass(slots=True)
class Swap:
    """Other workflows that are to run from the next batch on."""

    workflows: dict[str, Workflow]
    announced: dict[str, dict[str, Any]]
    """What was said beforehand of each, for its entry."""
    problems: list[WorkflowError]
    """What did not load, and was not told yet."""
    prefer: Sequence[str]
    """Users whose journeys go over first."""
    future: Future[None] = field(default_factory=Future)


class Turns(Protocol):
    """Who makes and writes batches, and drives what was left standing: the engine's loop."""

    def new_batch(self, store: Store, watch: ThreadMonitor, part: Part = "other") -> Batch:
        """A batch that workflows may be driven in."""

    def commit(self, store: Store, batch: Batch) -> bool:
        """Write it. False when it came to nothing."""

    def blame(self, store: Store, watch: ThreadMonitor, error: Exception) -> None:
        """A batch broke: the journey at which it broke fails."""

    def return_missing(self, store: Store, watch: ThreadMonitor) -> None:
        """Workflows that were missing are there: what came meanwhile counts again."""

    def is_enough(self, gone: int, seconds: float) -> bool:
        """Whether a batch of the background is to be written that has so many in it and took so long."""


class Migrations(CommitHook):
    """The reloads of one engine."""

    def __init__(self, code: RunningCode, clock: Clock) -> None:
        self._code = code
        self._clock = clock
        self._moving: BatchMigration | None = None
        """The newest batch's."""
        self._lock = threading.Lock()
        self._asked: deque[Swap] = deque()
        self._moves: dict[int, WorkflowMigration] = {}
        self._first: deque[str] = deque()
        self._registered: list[WorkflowMigration] = []
        self._returned = False
        self._stop = self._stopped = False
        """It is to be stopped by hand, or that is written down."""

    @property
    def busy(self) -> bool:
        """A reload is asked for, or under way; one that was stopped is not."""
        return bool(self._asked or (self._moves and not self._stopped) or self._stopped != self._stop)

    def stop(self) -> bool:
        """Let those who are left go over when something comes for them. From any thread.

        Returns:
            False when nobody is left, or time does not pass by itself: before it is moved, all go over.
        """
        self._stop = bool(self._moves) and not self._clock.virtual
        return self._stop

    def go_on(self) -> bool:
        """Let those who were left go over after all. From any thread. False when nobody was left."""
        was, self._stop = self._stop and bool(self._moves), False
        return was

    @property
    def left(self) -> int:
        """Journeys that are still to be looked at, at the most."""
        return sum(max(0, move.waiting - move.tally.looked_at) for move in self._moves.values())

    def ask(self, swap: Swap) -> Future[None]:
        """Go over to other workflows; done when they run. From any thread."""
        with self._lock:
            self._asked.append(swap)
        return swap.future

    def fail(self, error: BaseException) -> None:
        """The engine ends."""
        with self._lock:
            asked, self._asked = list(self._asked), deque()
        for swap in asked:
            refuse(swap.future, error)

    # -- around each batch -----------------------------------------------------------------

    def begin(self, batch: Batch, part: Part) -> None:
        """A batch begins: whom it concerns goes over first."""
        batch.migration = self._moving = BatchMigration(batch, self._moves) if self._moves else None

    def after_commit(self, batch: Batch) -> None:
        """A batch is durable."""
        if batch.migration is None or self._moving is None:
            return
        for move, journey, found, newest in self._moving.done:
            move.tally.add(found)
            move.newest = max(move.newest, newest)
            if journey > move.after:
                move.ahead.add(journey)

    # -- at the start, and after the store was cut ---------------------------------------------

    def register(self, batch: Batch, announced: Mapping[str, Mapping[str, Any]], gone: str) -> None:
        """Say which versions run now; `registered` follows when that is durable."""
        unit = batch.unit
        store = unit.store
        changes, self._returned = register(
            batch, unit.codes, self._clock.now(), announced, gone, self._code.paused
        )
        changed = {change.workflow for change in changes}
        self._registered = [_begun(store, change, announced.get(change.name, {})) for change in changes]
        for number, value in store.meta_under("reload/"):
            move = _read(value)
            if move.workflow in changed:
                continue
            workflow = unit.workflows.get(move.name)
            if workflow is not None and workflow.code == move.hash:
                self._registered.append(move)
            elif workflow is not None:
                unit.changes.ended_meta.append((f"reload/{number}",))
        unit.changes.meta += [move.row() for move in self._registered]
        if not self._stopped:
            # An engine that begins goes on with what the one before it left.
            unit.changes.ended_meta.append((STOPPED,))

    def registered(self) -> None:
        """The batch of `register` is durable: those who wait go over in the background."""
        self._moves = {move.workflow: move for move in self._registered}
        self._registered = []

    # -- a turn ----------------------------------------------------------------------------

    def turn(self, turns: Turns, store: Store, watch: ThreadMonitor) -> None:
        """Go over to other workflows, or let some of those who wait go over."""
        if self._asked:
            self._take_over(turns, store, watch)
        elif self._stop != self._stopped:
            self._note_stop(turns, store, watch)
        elif self._moves and not self._stopped:
            self._slice(turns, store, watch)

    def _note_stop(self, turns: Turns, store: Store, watch: ThreadMonitor) -> None:
        """Write down that it was stopped, or goes on: others look at it."""
        stop, batch = self._stop, turns.new_batch(store, watch)
        if stop:
            batch.unit.changes.meta.append((STOPPED, "1"))
        else:
            batch.unit.changes.ended_meta.append((STOPPED,))
        if turns.commit(store, batch):
            self._stopped = stop

    def _take_over(self, turns: Turns, store: Store, watch: ThreadMonitor) -> None:
        swap = self._asked[0]
        take_back = self._code.replace(swap.workflows)
        written = False
        try:
            batch = turns.new_batch(store, watch)
            # Who goes over from here on does so by the newest code.
            batch.migration = None
            for problem in swap.problems:
                tell_problem(batch, problem, self._clock.now())
            self.register(batch, swap.announced, "deleted")
            batch.unit.changes.ended_meta.append((STOPPED,))
            written = turns.commit(store, batch)
        finally:
            if not written:
                take_back()
        if not written:
            return
        self.registered()
        self._stop = self._stopped = False
        self._first = deque(swap.prefer)
        with self._lock:
            self._asked.popleft()
        try:
            if self._returned:
                turns.return_missing(store, watch)
        except BaseException:
            # Its code runs; those whose workflow was missing are looked after by the next start.
            refuse(swap.future, StudioError("the engine ended right after it was done"))
            raise
        answer(swap.future, None)

    def _slice(self, turns: Turns, store: Store, watch: ThreadMonitor) -> None:
        batch = turns.new_batch(store, watch, "move")
        assert self._moving is not None
        now, pace = self._clock.now(), _Pace(turns)
        move = next(iter(self._moves.values()))
        reached, is_over = move.after, False
        try:
            if self._first:
                while self._first and not pace.is_over:
                    pace.gone += 1
                    self._go_first(batch, self._first.popleft(), now)
            else:
                reached, is_over = self._go_on(batch, move, now, pace)
        except StoreError:
            # The store cannot be read just now: all of it is still to be done.
            raise
        except Exception as error:
            turns.blame(store, watch, error)
            return
        # As it will stand when this is durable.
        tally, newest = ReloadTally(), move.newest
        tally.merge(move.tally)
        for mine, _, found, seq in self._moving.done:
            if mine is move:
                tally.add(found)
                newest = max(newest, seq)
        meta = batch.unit.changes.meta
        if is_over:
            newest = self._say_end(batch, move, tally, now) or newest
            batch.unit.changes.ended_meta.append((f"reload/{move.workflow}",))
            meta.append(running_row(move.workflow, move.hash, max(newest, move.loaded)))
        else:
            meta.append(replace(move, after=reached, newest=newest, tally=tally).row())
        if turns.commit(store, batch):
            move.after = reached
            move.ahead = {journey for journey in move.ahead if journey > reached}
            if is_over:
                self._moves.pop(move.workflow, None)

    def _go_first(self, batch: Batch, user: str, now: int) -> None:
        assert batch.migration is not None
        if batch.unit.has_user(user):
            batch.migration.user(batch.unit.user(user), now)
            batch.drain()

    def _go_on(self, batch: Batch, move: WorkflowMigration, now: int, pace: _Pace) -> tuple[int, bool]:
        """The next of those who wait; gives how far it came, and whether that was the last."""
        assert batch.migration is not None
        unit, reached = batch.unit, move.after
        while True:
            upto = min(reached + WINDOW, move.upto)
            journeys = unit.journeys_among(move.workflow, reached, upto, PAGE)
            unit.load_passes(journeys)
            for journey in journeys:
                batch.watch.subject = journey.id
                batch.migration.journey(journey, now)
                batch.drain()
                pace.gone += 1
                reached = journey.id
                if pace.is_over:
                    return reached, False
            if len(journeys) < PAGE:
                reached = upto
                if upto >= move.upto:
                    return reached, True
            if pace.is_over:
                return reached, False

    def _say_end(self, batch: Batch, move: WorkflowMigration, tally: ReloadTally, now: int) -> int | None:
        """What came of it, where that could not be told beforehand."""
        if move.announced or not tally.differ:
            return None
        facts = {"file": "", "done": True, "summary": summary(tally, tally.looked_at), **tally.as_json()}
        return batch.unit.append(
            now, Kind.WORKFLOW_LOADED, None, None, move.workflow, data=jsontext.dumps(facts)
        )


class _Pace:
    """How long a batch of the background goes on: until something else is to be done."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._start = time.monotonic()
        self.gone = 0
        """Journeys, or users, that have gone over."""

    @property
    def is_over(self) -> bool:
        return self._turns.is_enough(self.gone, time.monotonic() - self._start)


def tell_problem(batch: Batch, problem: WorkflowError, now: int) -> None:
    """Say in the history that a file does not load."""
    facts = {"file": problem.path, "line": problem.line, "message": str(problem)}
    data = jsontext.dumps({name: value for name, value in facts.items() if value is not None})
    batch.unit.append(now, Kind.WORKFLOW_FAILED, None, None, None, data=data)


def _begun(store: Store, change: Change, announced: Mapping[str, Any]) -> WorkflowMigration:
    waiting = count_waiting(store, change.workflow)
    return WorkflowMigration(
        change.name,
        change.workflow,
        change.hash,
        change.loaded,
        upto=store.next_journey - 1,
        waiting=waiting,
        announced=announced.get("looked_at", 0) >= waiting,
    )


def _read(text: str) -> WorkflowMigration:
    kept = json.loads(text)
    tally = ReloadTally(**kept.pop("tally"))
    return WorkflowMigration(**{_KEPT[key]: value for key, value in kept.items()}, tally=tally)
