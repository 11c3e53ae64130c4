"""Going over to other code: those who wait are driven by it, in the background, each once.

A journey that differs gets an entry, `journey.moved`, which is the cause of all that follows
from it: waits with another length go on with another deadline, waits that are no longer there
end, and the journey goes where the code leads now. One that does not differ gets no row.

How far it has come stands in `meta` ("reload/WORKFLOW"), written with each batch, so a kill loses
nothing. What comes for a journey that was not reached yet takes it over first (`Moving`).
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from studio import jsontext
from studio.commands import Command, Key, Wait
from studio.definition import Workflow
from studio.engine.answers import Answers
from studio.engine.batch import Batch
from studio.engine.cause import Cause
from studio.engine.drive import Outcome
from studio.engine.probe import Difference, probe
from studio.engine.reload_report import WAITING_WINDOW, WINDOW, Tally, summary
from studio.engine.routes import Routes
from studio.engine.state import JourneyState, UserState, WaitState
from studio.engine.versions import Change, register, running_row
from studio.engine.watch import Watch
from studio.errors import StoreError, WorkflowError
from studio.journey import Journey
from studio.names import Names
from studio.store import sqlite as sql
from studio.store.schema import TOTAL_STATUS, Kind, Status
from studio.store.sqlite import Store

if TYPE_CHECKING:
    from studio.engine.runner import Runner

SLICE_SECONDS = 0.03
"""How long a batch of the background drives, when nothing comes meanwhile."""
LEAST_SECONDS = 0.01
"""How long it drives all the same: a flood of events must not keep it from coming to its end."""
MOST_TURNS = 10
"""How often in a row one journey is driven, until it waits by what the code says."""
PAGE = 32
"""Journeys that are read at once."""
STANDING = "SELECT key, value FROM meta WHERE key > 'reload/' AND key < 'reload0'"
OPENED_AT = "SELECT at FROM history WHERE seq = ?"
STATUS_TOTAL = "SELECT n FROM totals WHERE workflow = ? AND kind = ?"


@dataclass(slots=True)
class Move:
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
    told: bool
    """Everyone who waits was looked at beforehand: the entry says what it means."""
    after: int = 0
    """Up to this one all have gone over."""
    newest: int = 0
    """seq of the newest entry that it made."""
    tally: Tally = field(default_factory=Tally)
    ahead: set[int] = field(default_factory=set)
    """Journeys after `after` that have gone over already, because something came for them."""

    def row(self) -> tuple[str, str]:
        """What `meta` keeps of it."""
        kept = {name: getattr(self, name) for name in _KEPT}
        return (f"reload/{self.workflow}", json.dumps({**kept, "tally": self.tally.as_json()}))


_KEPT = ("name", "workflow", "hash", "loaded", "upto", "waiting", "told", "after", "newest")


class Moving:
    """A reload that is under way, as one batch sees it."""

    def __init__(self, batch: Batch, moves: Mapping[int, Move]) -> None:
        self._batch = batch
        self._moves = moves
        self.done: list[tuple[Move, int, Difference, int]] = []
        """Gone over in this batch: the journey, what differed, and the seq of the newest entry."""
        self._mine: set[int] = set()

    def user(self, user: UserState, at: int, cause: int | None = None) -> None:
        """Something comes for a user: let the user's journeys go over first."""
        if user.new:
            return
        for workflow in self._moves:
            for journey in self._batch.overlay.open_journeys(user, workflow):
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
        newest = self._batch.overlay.seq - 1 if found.what != "same" else 0
        self.done.append((move, state.id, found, newest))


def move_journey(
    batch: Batch, state: JourneyState, loaded: int, at: int, cause: int | None = None
) -> Difference:
    """Drive one waiting journey by the code that is loaded now; what it sends is left in the batch's queue.

    Args:
        loaded: seq of the entry that says that the code was loaded.
    """
    batch.overlay.load_passes((state,))
    start = batch.overlay.seq
    first: Difference | None = None
    for _ in range(MOST_TURNS):
        found = Difference("fails") if state.id in batch.watch.poisoned else probe(batch, state)
        first = first or found
        if found.what == "same" and not found.changed:
            break
        _go_over(batch, state, found, loaded, at, cause, start)
        # On its new way it may have come to where it waited before, by another match or length.
        if found.what in ("same", "deadline") or state.status != Status.WAITING or not state.opened:
            break
    assert first is not None
    return first


def _go_over(
    batch: Batch, state: JourneyState, found: Difference, loaded: int, at: int, cause: int | None, start: int
) -> None:
    overlay = batch.overlay
    facts: dict[str, Any] = {"loaded": loaded, "what": found.what}
    if found.changed:
        facts["waits"] = {str(seq): other for seq, (_, other) in found.changed.items()}
    place = None if found.place is None else overlay.place_id(found.place)
    # Between two causes it is one of its own; within a cause it belongs to that.
    data = jsontext.dumps(facts)
    user, name = state.user.id, state.workflow_id
    seq = overlay.append(at, Kind.MOVED, user, state, name, None, place, cause, data)
    for wait, other in found.changed.values():
        _lengthen(batch, wait, other, at)
    if found.what in ("same", "deadline"):
        return
    moved = Cause(at, seq, outside=True)
    since = {}
    for wait in found.reopened:
        since[wait.key] = (_opened_at(batch, wait), wait.after)
        batch.close_wait(wait, moved)

    def answering(batch: Batch, state: JourneyState, journey: Journey, cause: Cause) -> Answers:
        return _MovingAnswers(batch, state, journey, cause, found.recorded, since, start)

    batch.go_over(state, moved, answering)


def _lengthen(batch: Batch, wait: WaitState, other: Mapping[str, Any], at: int) -> None:
    """An open wait goes on with another length, counted from when it was opened."""
    wait.spec.update(other)
    if "timeout" not in other and "duration" not in other:
        return
    length = other.get("timeout", other.get("duration"))
    # What has passed already is due now.
    due = None if length is None else max(_opened_at(batch, wait) + length, at)
    batch.overlay.set_due(wait, due)
    if due is not None:
        batch.add_timer(wait)


def _opened_at(batch: Batch, wait: WaitState) -> int:
    """When a wait was opened; of one whose match was changed, when it was opened first."""
    since: int | None = wait.spec.get("since")
    return since if since is not None else int(batch.overlay.store.rows(OPENED_AT, wait.id)[0][0])


class _MovingAnswers(Answers):
    """The answers to a drive that leaves the way that is recorded.

    Up to there nothing is said again. From there on the journey stands at the moment of the
    reload, and sees all that has come till then.
    """

    def __init__(
        self,
        batch: Batch,
        state: JourneyState,
        journey: Journey,
        cause: Cause,
        recorded: int,
        since: Mapping[Key, tuple[int, int]],
        start: int,
    ) -> None:
        super().__init__(batch, state, journey, cause)
        self._start = start
        self._left = recorded
        self._since = since
        self._floor: int | None = None
        self._arrived = False
        if not recorded:
            self._speak()

    def __call__(self, command: Command[Any]) -> Outcome | None:
        if not self._left and not self._arrived:
            self._arrived = True
            assert self.cause.seq is not None
            self.journey._bound, self.journey._at, self.journey._late = self.cause.seq, self.cause.at, 0
        outcome = super().__call__(command)
        if self._left:
            self._left -= 1
            if not self._left:
                self._speak()
        return outcome

    def _speak(self) -> None:
        """From here on what is said counts, but for what this pass has said already."""
        self.batch.mute_what_was_said(self.state, self.journey, self._start)

    def _attempt_wait(self, wait: Wait) -> Outcome | None:
        # A wait whose match was changed looks at what it might have seen since it was opened.
        self._floor = self._since[wait.key][1] if wait.key in self._since else None
        return super()._attempt_wait(wait)

    def _after(self, past: Any) -> int:
        if past is False and self._floor is not None:
            return self._floor
        return super()._after(past)

    def _append_open(
        self, command: Command[Any], kind: int, wanted: Names | None, time: int | None, data: str | None
    ) -> WaitState:
        known = self._since.get(command.key)
        if known is None:
            return super()._append_open(command, kind, wanted, time, data)
        # Its time counts on from when it was opened first.
        facts = {**(jsontext.loads(data) if data else {}), "since": known[0]}
        left = None if time is None else max(known[0] + time - self.cause.at, 0)
        return super()._append_open(command, kind, wanted, left, jsontext.dumps(facts))


# -- in the engine ---------------------------------------------------------------------------


@dataclass(slots=True)
class Swap:
    """Other workflows that are to run from the next batch on."""

    workflows: dict[str, Workflow]
    told: dict[str, dict[str, Any]]
    """What was said beforehand of each, for its entry."""
    problems: list[WorkflowError]
    """What did not load, and was not told yet."""
    prefer: Sequence[str]
    """Users whose journeys go over first."""
    future: Future[None] = field(default_factory=Future)


class Moves:
    """The reloads of one runner."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self._asked: deque[Swap] = deque()
        self._moves: dict[int, Move] = {}
        self._first: deque[str] = deque()
        self._registered: list[Move] = []
        self._returned = False

    @property
    def busy(self) -> bool:
        """A reload is asked for, or under way."""
        return bool(self._asked or self._moves)

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
            if not swap.future.done():
                swap.future.set_exception(error)

    # -- around each batch -----------------------------------------------------------------

    def begin(self, batch: Batch) -> None:
        """A batch begins."""
        if self._moves:
            batch.moving = Moving(batch, self._moves)

    def after_commit(self, batch: Batch) -> None:
        """A batch is durable."""
        if batch.moving is None:
            return
        for move, journey, found, newest in batch.moving.done:
            move.tally.add(found)
            move.newest = max(move.newest, newest)
            if journey > move.after:
                move.ahead.add(journey)

    # -- at the start, and after the store was cut ---------------------------------------------

    def register(self, batch: Batch, told: Mapping[str, Mapping[str, Any]], gone: str) -> None:
        """Say which versions run now; `registered` follows when that is durable."""
        runner, overlay = self._runner, batch.overlay
        store = overlay.store
        changes, self._returned = register(batch, overlay.codes, runner.clock.now(), told, gone)
        changed = {change.workflow for change in changes}
        self._registered = [_begun(store, change, told.get(change.name, {})) for change in changes]
        for key, value in store.rows(STANDING):
            move = _read(value)
            if move.workflow in changed:
                continue
            workflow = overlay.workflows.get(move.name)
            if workflow is not None and workflow.code == move.hash:
                self._registered.append(move)
            elif workflow is not None:
                overlay.changes.ended_meta.append((key,))
        overlay.changes.meta += [move.row() for move in self._registered]

    def registered(self) -> None:
        """The batch of `register` is durable: those who wait go over in the background."""
        self._moves = {move.workflow: move for move in self._registered}
        self._registered = []

    # -- a turn ----------------------------------------------------------------------------

    def turn(self, store: Store, watch: Watch) -> None:
        """Go over to other workflows, or let some of those who wait go over."""
        try:
            if self._asked:
                self._take_over(store, watch)
            elif self._moves:
                self._slice(store, watch)
        except StoreError as error:
            # The store cannot be read just now: all of it is still to be done.
            self._runner.writing.pause(error)

    def _take_over(self, store: Store, watch: Watch) -> None:
        runner, swap = self._runner, self._asked[0]
        before = (runner.workflows, runner.routes, dict(runner.codes))
        runner.workflows, runner.routes = dict(swap.workflows), Routes(swap.workflows)
        written = False
        try:
            batch = runner.new_batch(store, watch)
            # Who goes over from here on does so by the newest code.
            batch.moving = None
            for problem in swap.problems:
                tell_problem(batch, problem, runner.clock.now())
            self.register(batch, swap.told, "deleted")
            written = runner.writing.commit(store, batch, [])
        finally:
            if not written:
                runner.workflows, runner.routes = before[:2]
                runner.codes.clear()
                runner.codes.update(before[2])
        if not written:
            return
        self.registered()
        self._first = deque(swap.prefer)
        with self._lock:
            self._asked.popleft()
        if self._returned:
            runner.recovery.return_missing(store, watch)
        if not swap.future.done():
            swap.future.set_result(None)

    def _slice(self, store: Store, watch: Watch) -> None:
        runner = self._runner
        batch = runner.new_batch(store, watch)
        assert batch.moving is not None
        now, pace = runner.clock.now(), _Pace(runner)
        move = next(iter(self._moves.values()))
        reached, is_over = move.after, False
        try:
            if self._first:
                while self._first and not pace.is_over:
                    self._go_first(batch, self._first.popleft(), now)
            else:
                reached, is_over = self._go_on(batch, move, now, pace)
        except StoreError:
            batch.overlay.discard()
            raise
        except Exception as error:
            batch.overlay.discard()
            runner.writing.blame(store, watch, error, [])
            return
        # As it will stand when this is durable.
        tally, newest = Tally(), move.newest
        tally.merge(move.tally)
        for mine, _, found, seq in batch.moving.done:
            if mine is move:
                tally.add(found)
                newest = max(newest, seq)
        meta = batch.overlay.changes.meta
        if is_over:
            newest = self._say_end(batch, move, tally, now) or newest
            batch.overlay.changes.ended_meta.append((f"reload/{move.workflow}",))
            meta.append(running_row(move.workflow, move.hash, max(newest, move.loaded)))
        else:
            meta.append(replace(move, after=reached, newest=newest, tally=tally).row())
        if runner.writing.commit(store, batch, []):
            move.after = reached
            move.ahead = {journey for journey in move.ahead if journey > reached}
            if is_over:
                self._moves.pop(move.workflow, None)

    def _go_first(self, batch: Batch, user: str, now: int) -> None:
        assert batch.moving is not None
        if batch.overlay.store.many(sql.USERS, [user]):
            batch.moving.user(batch.overlay.user(user), now)
            batch.drain()

    def _go_on(self, batch: Batch, move: Move, now: int, pace: _Pace) -> tuple[int, bool]:
        """The next of those who wait; gives how far it came, and whether that was the last."""
        assert batch.moving is not None
        overlay, reached = batch.overlay, move.after
        while True:
            upto = min(reached + WINDOW, move.upto)
            rows = overlay.store.rows(WAITING_WINDOW, reached, upto, move.workflow, PAGE)
            journeys = overlay.take_journeys(rows)
            overlay.load_passes(journeys)
            for journey in journeys:
                batch.watch.subject = journey.id
                batch.moving.journey(journey, now)
                batch.drain()
                reached = journey.id
                if pace.is_over:
                    return reached, False
            if len(rows) < PAGE:
                reached = upto
                if upto >= move.upto:
                    return reached, True
            if pace.is_over:
                return reached, False

    def _say_end(self, batch: Batch, move: Move, tally: Tally, now: int) -> int | None:
        """What came of it, where that could not be told beforehand."""
        if move.told or not tally.differ:
            return None
        facts = {"file": "", "done": True, "summary": summary(tally, tally.looked_at), **tally.as_json()}
        return batch.overlay.append(
            now, Kind.WORKFLOW_LOADED, None, None, move.workflow, data=jsontext.dumps(facts)
        )


class _Pace:
    """How long a batch of the background goes on: until something else is to be done."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._start = time.monotonic()

    @property
    def is_over(self) -> bool:
        took = time.monotonic() - self._start
        return took > SLICE_SECONDS or (took > LEAST_SECONDS and self._runner.queued > 0)


def tell_problem(batch: Batch, problem: WorkflowError, now: int) -> None:
    """Say in the history that a file does not load."""
    facts = {"file": problem.path, "line": problem.line, "message": str(problem)}
    data = jsontext.dumps({name: value for name, value in facts.items() if value is not None})
    batch.overlay.append(now, Kind.WORKFLOW_FAILED, None, None, None, data=data)


def _begun(store: Store, change: Change, told: Mapping[str, Any]) -> Move:
    rows = store.rows(STATUS_TOTAL, change.workflow, TOTAL_STATUS + Status.WAITING)
    waiting = int(rows[0][0]) if rows else 0
    return Move(
        change.name,
        change.workflow,
        change.hash,
        change.loaded,
        upto=store.next_journey - 1,
        waiting=waiting,
        told=told.get("looked_at", 0) >= waiting,
    )


def _read(text: str) -> Move:
    fields = json.loads(text)
    return Move(**{**fields, "tally": Tally(**fields["tally"])})
