"""Where an engine goes on: at its start, when missing workflows are back, when rows were taken away."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

from studio.clocks.clock import wall_ms
from studio.engine.loop.batches import Batches
from studio.engine.loop.committer import Committer
from studio.engine.loop.pauses import WorkflowPauses
from studio.engine.loop.state import LoopState
from studio.engine.reload.migration import Migrations
from studio.engine.time.clock_control import interrupted
from studio.engine.work.batch import Batch
from studio.engine.work.budget import Budget
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import StoreError
from studio.kernel.drive import Abandoned
from studio.kernel.records import Cause
from studio.kernel.state import WaitState
from studio.language.kinds import Kind
from studio.store.damage import read_fields
from studio.store.read_waits import has_running_steps, suspended
from studio.store.sqlite import Store
from studio.text import json_text as jsontext

T = TypeVar("T")


class Recovery:
    """Makes what is in memory and what waits in the store agree, before the next turn."""

    def __init__(
        self,
        state: LoopState,
        batches: Batches,
        committer: Committer,
        moves: Migrations,
        ask_again: Callable[[Store], None],
        tell_ready: Callable[[], None],
    ) -> None:
        self._state = state
        self._batches = batches
        self._committer = committer
        self._moves = moves
        self.pauses = WorkflowPauses(state, batches)
        self._ask_again = ask_again
        self._tell_ready = tell_ready

    def prepare(self, store: Store, watch: ThreadMonitor) -> None:
        """Go on where the store was left: its clock, its deadlines, the steps that were running."""
        state = self._state
        self.patiently(lambda: state.quarantine.load(store), store)
        clock = self.patiently(lambda: read_fields(store.meta("clock"), "its clock"), store)
        state.clock.adopt(clock, store.last_at)
        self.patiently(lambda: state.rewinds.load(store), store)
        if clock.get("jump"):
            self.insist(store, lambda: self._tell_interrupted(store, watch, clock))
        self.patiently(lambda: self.pauses.load(store), store)
        self.pauses.let_go(store, watch, self.insist)
        self.register(store, watch)
        self._unpark(store, watch)
        self.patiently(lambda: state.quarantine.begin_recovery(store), store)
        self._recover_steps(store, watch)
        self._look_again(store, watch)
        self.patiently(lambda: state.quarantine.end_recovery(store), store)
        self.patiently(lambda: self._ask_again(store), store)
        state.next_due = self.patiently(store.next_due, store)

    def _tell_interrupted(self, store: Store, watch: ThreadMonitor, clock: dict[str, Any]) -> Batch:
        batch = self._batches.new(store, watch)
        interrupted(batch, clock, self._state.clock.now())
        return batch

    def patiently(self, read: Callable[[], T], store: Store | None = None) -> T:
        """Read what must be known before the engine goes on; again and again while that fails.

        Args:
            store: what is read from, when that is open.

        Raises:
            Abandoned: the engine is to stop, and could not read it.
            StoreError: it is no use to wait.
        """
        state = self._state
        while True:
            try:
                return read()
            except StoreError as error:
                self._committer.wait_out(error, store)
            # Started, but paused: whoever waits for the start sees why.
            self._tell_ready()
            if state.stopping:
                raise Abandoned

    def insist(self, store: Store, make: Callable[[], Batch]) -> Batch:
        """Write a batch that the engine makes of itself; again and again while the store refuses it.

        Raises:
            Abandoned: the engine is to stop, and could not write it.
        """
        state = self._state

        def attempt() -> tuple[Batch, bool]:
            batch = make()
            return batch, self._committer.commit(store, batch, [])

        while True:
            batch, written = self.patiently(attempt, store)
            if written:
                return batch
            # Started, but paused: whoever waits for the start sees why.
            self._tell_ready()
            if state.stopping:
                raise Abandoned

    def register(self, store: Store, watch: ThreadMonitor, gone: str = "not loaded") -> None:
        """Keep the source of each workflow, and say when it is a new version.

        Args:
            gone: what is said of workflows that are not there now (`versions.register`).
        """

        def make() -> Batch:
            batch = self._batches.new(store, watch)
            self.pauses.restate(batch)
            self._moves.register(batch, {}, gone)
            engine = {"pid": os.getpid(), "since": wall_ms()}
            batch.unit.changes.meta.append(("engine", json.dumps(engine)))
            return batch

        self.insist(store, make)
        self._moves.registered()

    def _loaded_ids(self, unit: StoreUnit) -> list[int]:
        return [unit.name_id(name) for name in self._state.code.active]

    def _unpark(self, store: Store, watch: ThreadMonitor) -> None:
        """Deadlines whose workflow was missing count again."""

        def make() -> Batch:
            batch = self._batches.new(store, watch)
            ids = self._loaded_ids(batch.unit)
            batch.unit.changes.due_changes += [(-due, id) for id, due in suspended(store, ids)]
            return batch

        self.insist(store, make)

    def _recover_steps(self, store: Store, watch: ThreadMonitor) -> None:
        """Drive to the steps that were running when the engine ended, which starts them again."""

        def recover(batch: Batch, wait: WaitState) -> None:
            if wait.id in self._state.rewinds.approvals.held:
                # It waits for a yes, or is known from before a cut: no process died under it.
                batch.steps.relaunch.add(wait.id)
            if self._state.quarantine.is_named:
                # The process died in the drive of a journey, and not under a step.
                batch.steps.charge = 0
            batch.recover(wait, self._state.clock.now())

        self._each_open_step(store, watch, recover)

    def relaunch_steps(self, store: Store, watch: ThreadMonitor) -> None:
        """Steps that are open and do not run here are launched as they stand, or put on hold."""

        def relaunch(batch: Batch, wait: WaitState) -> None:
            journey = wait.journey

            def runs(step: WaitState) -> bool:
                which = (journey.id, journey.pass_no, step.key, step.id)
                return which in self._state.running or any(
                    step.id == each.start for each in batch.steps.launches
                )

            if runs(wait):
                return
            batch.unit.load_passes((journey,))
            # A drive comes past all steps of its journey: under none of them a process has died.
            for step in journey.opened.values():
                if step.kind == Kind.STEP_STARTED and not runs(step):
                    batch.steps.relaunch.add(step.id)
            batch.recover(wait, self._state.clock.now())

        self._each_open_step(store, watch, relaunch)

    def _each_open_step(
        self, store: Store, watch: ThreadMonitor, do: Callable[[Batch, WaitState], None]
    ) -> None:
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            state = self._state
            batch = self._batches.new(store, watch, "recover")
            budget, size = Budget(), state.quarantine.size("recover")
            for served, wait in enumerate(batch.unit.running_steps(after, size), 1):
                do(batch, wait)
                newest = wait.id
                if budget.is_over(served):
                    break
            return batch

        def is_left() -> bool:
            return has_running_steps(store, after)

        while self.patiently(is_left, store):
            self.insist(store, make)
            after = newest

    def stand_still(self, store: Store, watch: ThreadMonitor, name: str) -> None:
        """A workflow was paused, durably: nothing of it moves from here on."""
        self.pauses.stand_still(name)
        # Whoever was on the way to its newest code goes on with that when the workflow does.
        self.register(store, watch)

    def go_on(self, store: Store, watch: ThreadMonitor) -> None:
        """A workflow is to go on, durably: it does so as after downtime."""
        if not self.pauses.let_go(store, watch, self.insist):
            return
        self.register(store, watch, "deleted")
        self.return_missing(store, watch)
        # Those that were running in a process that has ended meanwhile.
        self.relaunch_steps(store, watch)
        self._state.next_due = self.patiently(store.next_due, store)

    def return_missing(self, store: Store, watch: ThreadMonitor) -> None:
        """Workflows that were missing are there: their deadlines and what came meanwhile count again."""
        self._unpark(store, watch)
        self._look_again(store, watch)

    def _look_again(self, store: Store, watch: ThreadMonitor) -> None:
        """Journeys whose workflow was missing look at what came meanwhile."""
        loaded = self.patiently(lambda: set(self._loaded_ids(self._batches.unit(store))), store)
        for number, _ in self.patiently(lambda: store.meta_under("missed/"), store):
            if int(number) in loaded:
                self._look_again_in(store, watch, int(number))

    def _look_again_in(self, store: Store, watch: ThreadMonitor, workflow_id: int) -> None:
        state = self._state
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = self._batches.new(store, watch, "recover")
            unit, now = batch.unit, state.clock.now()
            size = state.quarantine.size("recover")
            journeys = unit.journeys_in(workflow_id, after, size)
            newest = 0
            if not journeys:
                unit.changes.ended_meta.append((f"missed/{workflow_id}",))
                return batch
            data = jsontext.dumps({"file": "", "again": True})
            seq = unit.append(now, Kind.WORKFLOW_LOADED, None, None, workflow_id, data=data)
            budget = Budget()
            for served, journey in enumerate(journeys, 1):
                batch.look_again(journey, Cause(now, seq, again=True))
                newest = journey.id
                if budget.is_over(served):
                    break
            return batch

        while True:
            self.insist(store, make)
            if not newest:
                return
            after = newest
