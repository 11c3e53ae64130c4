"""Where an engine goes on: at its start, when missing workflows are back, when rows were taken away."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio import jsontext
from studio.clock import wall_ms
from studio.engine.batch import Batch
from studio.engine.cause import Cause
from studio.engine.clock_deck import interrupted
from studio.engine.drive import Abandoned
from studio.engine.overlay import Overlay
from studio.engine.state import WaitState
from studio.engine.watch import Watch
from studio.store import sqlite as sql
from studio.store.schema import Kind
from studio.store.sqlite import Store

if TYPE_CHECKING:
    from studio.engine.runner import Runner


class Recovery:
    """Makes what is in memory and what waits in the store agree, before the next turn."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def prepare(self, store: Store, watch: Watch) -> None:
        """Go on where the store was left: its clock, its deadlines, the steps that were running."""
        runner = self._runner
        state = json.loads(store.meta("clock") or "{}")
        runner.clock.adopt(state, store.last_at)
        runner.rewinds.load(store)
        if state.get("jump"):
            self.insist(store, lambda: self._tell_interrupted(store, watch, state))
        for part in (self.register, self._unpark, self._recover_steps, self._look_again):
            part(store, watch)
        runner.asking.ask_again(store)
        runner.next_due = store.next_due()

    def _tell_interrupted(self, store: Store, watch: Watch, state: dict[str, Any]) -> Batch:
        batch = self._runner.new_batch(store, watch)
        interrupted(batch, state, self._runner.clock.now())
        return batch

    def insist(self, store: Store, make: Callable[[], Batch]) -> Batch:
        """Write a batch that the engine makes of itself; again and again while the store refuses it.

        Raises:
            Abandoned: the engine is to stop, and could not write it.
        """
        runner = self._runner
        while True:
            batch = make()
            if runner.writing.commit(store, batch, []):
                return batch
            # Started, but paused: whoever waits for the start sees why.
            runner.tell_ready()
            if runner.stopping:
                raise Abandoned

    def register(self, store: Store, watch: Watch) -> None:
        """Keep the source of each workflow, and say when it is a new version."""
        runner = self._runner

        def make() -> Batch:
            batch = runner.new_batch(store, watch)
            runner.moves.register(batch, {}, "not loaded")
            engine = {"pid": os.getpid(), "since": wall_ms()}
            batch.overlay.changes.meta.append(("engine", json.dumps(engine)))
            return batch

        self.insist(store, make)
        runner.moves.registered()

    def _loaded_ids(self, overlay: Overlay) -> list[int]:
        return [overlay.name_id(name) for name in self._runner.workflows]

    def _unpark(self, store: Store, watch: Watch) -> None:
        """Deadlines whose workflow was missing count again."""

        def make() -> Batch:
            batch = self._runner.new_batch(store, watch)
            rows = store.many(sql.PARKED, self._loaded_ids(batch.overlay))
            batch.overlay.changes.parked += [(-due, id) for id, due in rows]
            return batch

        self.insist(store, make)

    def _recover_steps(self, store: Store, watch: Watch) -> None:
        """Drive to the steps that were running when the engine ended, which starts them again."""

        def recover(batch: Batch, wait: WaitState) -> None:
            if wait.id in self._runner.rewinds.holds.held:
                # It waits for a yes, or is known from before a cut: no process died under it.
                batch.relaunch.add(wait.id)
            batch.recover(wait, self._runner.clock.now())

        self._each_open_step(store, watch, recover)

    def relaunch_steps(self, store: Store, watch: Watch) -> None:
        """Steps that are open and do not run here are launched as they stand, or put on hold."""

        def relaunch(batch: Batch, wait: WaitState) -> None:
            journey = wait.journey
            if (journey.id, journey.pass_no, wait.key, wait.id) not in self._runner.running:
                batch.relaunch.add(wait.id)
                batch.recover(wait, self._runner.clock.now())

        self._each_open_step(store, watch, relaunch)

    def _each_open_step(self, store: Store, watch: Watch, do: Callable[[Batch, WaitState], None]) -> None:
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = self._runner.new_batch(store, watch)
            waits = batch.overlay.running_steps(after, self._runner.batch_size)
            newest = waits[-1].id if waits else 0
            for wait in waits:
                do(batch, wait)
            return batch

        while store.rows(sql.WAITS_STEPS, after, 1):
            self.insist(store, make)
            after = newest

    def return_missing(self, store: Store, watch: Watch) -> None:
        """Workflows that were missing are there: their deadlines and what came meanwhile count again."""
        self._unpark(store, watch)
        self._look_again(store, watch)

    def _look_again(self, store: Store, watch: Watch) -> None:
        """Journeys whose workflow was missing look at what came meanwhile."""
        loaded = set(self._loaded_ids(self._runner.overlay(store)))
        for (key,) in store.rows(sql.MISSED):
            workflow_id = int(key.removeprefix("missed/"))
            if workflow_id in loaded:
                self._look_again_in(store, watch, key, workflow_id)

    def _look_again_in(self, store: Store, watch: Watch, key: str, workflow_id: int) -> None:
        runner = self._runner
        after = newest = 0

        def make() -> Batch:
            nonlocal newest
            batch = runner.new_batch(store, watch)
            overlay, now = batch.overlay, runner.clock.now()
            journeys = overlay.journeys_in(workflow_id, after, runner.batch_size)
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
            self.insist(store, make)
            if not newest:
                return
            after = newest
