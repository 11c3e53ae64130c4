"""The end of a turn: its batch is written, then answered; or it came to nothing, and is put back."""

from __future__ import annotations

import json
import time
import traceback
from typing import TYPE_CHECKING, Any

from studio.clock import wall_ms
from studio.engine.batch import Batch
from studio.engine.cause import StepResult
from studio.engine.drive import Abandoned, Failed
from studio.engine.items import Act, Advance, Alone, Arrival, Entry, Item, fail
from studio.engine.jump import Jump, JumpEnd
from studio.engine.watch import Watch
from studio.errors import StoreError, StudioError
from studio.store.pulse import PULSE
from studio.store.sqlite import Store

if TYPE_CHECKING:
    from studio.engine.runner import Runner

RETRY = 0.5
"""Seconds between two tries when the store cannot be written."""


class Writing:
    """Writes the batches of one runner, and bears the blame for those that break."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stored_state = self._new_state = ""

    def commit(self, store: Store, batch: Batch, finished: list[tuple[Item, Any]]) -> bool:
        """Write the batch, then answer, tell and start what waits for it to be durable."""
        runner = self._runner
        changes = batch.overlay.changes
        now = runner.clock.now()
        for item, result in finished:
            inbox = item.inbox if isinstance(item, Arrival | Act | Alone) else None
            if inbox is not None:
                changes.inbox.append((inbox,))
                if isinstance(item, Act | Alone):
                    changes.answers.append((inbox, wall_ms(), _answer(result)))
        for ask in batch.asks or ():
            fields = {"user": ask.user, "events": ask.events, "match": ask.match}
            changes.meta.append((ask.key, json.dumps(fields)))
        end = next((result for item, result in finished if isinstance(item, Jump)), None)
        runner.rewinds.before_commit(batch)
        self._set_clock(batch, finished, end)
        self._add_state(batch, now)
        if (told := runner.beat.row(len(finished), runner.queued, runner.running_steps)) is not None:
            changes.meta.append(told)
        with runner.lock:
            if batch.watch.abandoned:
                raise Abandoned
            batch.watch.committing = True
        try:
            batch.overlay.commit()
        except StoreError as error:
            runner.rewinds.holds.begin()
            self._complain(error)
            # The end of a jump was not written: it goes on.
            runner.deck.before_commit(False)
            self._undo(finished, error)
            self.pause(error)
            return False
        except Exception as error:
            runner.rewinds.holds.begin()
            runner.deck.before_commit(False)
            self.blame(store, batch.watch, error, list(runner.taken))
            return True
        finally:
            batch.watch.committing = False
        batch.overlay.release()
        runner.rewinds.after_commit(batch)
        runner.moves.after_commit(batch)
        runner.taken = []
        runner.careful = max(0, runner.careful - 1)
        runner.problem = runner.fault = None
        runner.last_batch = len(finished)
        self._stored_state = self._new_state
        runner.next_due = store.next_due()
        for launch in batch.launches:
            runner.launch(launch)
        if batch.asks:
            runner.asking.ask(batch.asks)
        self._answer_all(finished)
        runner.deck.after_commit(store, len(runner.running), end)
        runner.announce()
        return True

    def _add_state(self, batch: Batch, now: int) -> None:
        """What is to be found at the next start: the clock, and how far `set_event` was told."""
        runner = self._runner
        meta = batch.overlay.changes.meta
        meta.append(("last_at", str(now)))
        state = self._new_state = json.dumps(runner.clock.state())
        if state != self._stored_state:
            meta.append(("clock", state))
        if runner.teller is not None:
            meta.append(("told", str(runner.teller.told)))

    def _set_clock(self, batch: Batch, finished: list[tuple[Item, Any]], end: JumpEnd | None) -> None:
        """What holds the clock once the batch is written: steps that run, a jump."""
        runner = self._runner
        ended = {item.launch.which for item, _ in finished if isinstance(item, StepResult)}
        starting = any(not runner.rewinds.holds.keeps(launch) for launch in batch.launches)
        runner.deck.hold(bool(starting or runner.running - ended))
        runner.deck.before_commit(end is not None)

    def forget_state(self) -> None:
        """The store holds another state than was written last."""
        self._stored_state = ""

    def save_state(self, store: Store) -> None:
        """The engine ends in good order: write where it stands."""
        runner = self._runner
        if runner.deck.studio is not None:
            runner.deck.studio.stop()
        batch = runner.plain_batch(store)
        self._add_state(batch, runner.clock.now())
        batch.overlay.changes.ended_meta += [("engine",), (PULSE,)]
        try:
            batch.overlay.commit()
        except StoreError:
            # The next start finds its place without it: from the history, and by telling again.
            runner.problem = runner.problem or "the last state could not be written"

    def _answer_all(self, finished: list[tuple[Item, Any]]) -> None:
        runner = self._runner
        for item, result in finished:
            if isinstance(item, Arrival):
                if item.delivery is not None:
                    item.delivery.put(item.index, result)
            elif isinstance(item, StepResult):
                if item.launch.era == runner.rewinds.era:
                    runner.running.discard(item.launch.which)
            elif isinstance(item, Jump):
                continue
            elif item.future is not None and not item.future.done():
                if isinstance(result, BaseException):
                    item.future.set_exception(result)
                else:
                    item.future.set_result(runner.next_due is None if isinstance(item, Advance) else result)

    def _undo(self, finished: list[tuple[Item, Any]], error: StoreError) -> None:
        """Nothing of the batch was written: those who wait are told; results of steps are kept for later."""
        runner = self._runner
        # Each with its moment: the batch may have moved the clock before it came to nothing.
        taken, now = {id(item): at for at, item in runner.taken}, runner.clock.now()
        results = [(taken.get(id(item), now), item) for item, _ in finished if isinstance(item, StepResult)]
        for item, _ in finished:
            # A jump goes on as soon as the store can be written again.
            if not isinstance(item, Jump):
                fail(item, error)
        with runner.lock:
            runner.queue.extendleft(reversed(results))
        runner.taken = []

    def pause(self, error: StoreError) -> None:
        """The store cannot be used just now; what is to be done is tried again."""
        runner = self._runner
        self._complain(error)
        if runner.changed is not None:
            runner.changed()
        if runner.stopping:
            return
        time.sleep(RETRY)

    def _complain(self, error: StoreError) -> None:
        self._runner.problem, self._runner.fault = str(error), error

    def probe(self, store: Store) -> None:
        """Paused and nothing to do: see whether the store can be written again."""
        batch = self._runner.plain_batch(store)
        self.commit(store, batch, [])

    def blame(self, store: Store, watch: Watch, error: Exception, entries: list[Entry]) -> None:
        """A batch broke. Put it back; the journey at which it broke fails, or the cause is singled out."""
        runner = self._runner
        subject = watch.journey if watch.journey is not None else watch.subject
        watch.journey = watch.speaker = None
        text = "".join(traceback.format_exception(error))
        if subject is not None and subject not in runner.poisoned:
            what = f"the engine could not go on with it: {type(error).__name__}: {error}"
            runner.poisoned[subject] = Failed("EngineError", what, "", "", text)
            self.put_back()
        elif runner.careful:
            # One cause alone, and no journey to blame: it is given up, and its sender told.
            wrong = StudioError(f"the engine could not handle it: {type(error).__name__}: {error}")
            runner.careful -= 1
            if not entries:
                runner.problem = str(wrong)
                time.sleep(RETRY)
                return
            item = entries[0][1]
            runner.taken = [entry for entry in runner.taken if entry[1] is not item]
            self.put_back()
            if isinstance(item, Jump):
                runner.deck.fail(wrong)
                return
            fail(item, wrong)
            # What came through the inbox would come again, had it no answer.
            self.commit(store, runner.new_batch(store, watch), [(item, wrong)])
        else:
            runner.careful = max(len(entries), 1)
            self.put_back()

    def put_back(self) -> None:
        """A turn came to nothing: what it took is taken again."""
        runner = self._runner
        with runner.lock:
            mine = {id(item) for _, item in runner.taken}
            # Some of it may have been put back as not reached.
            while runner.queue and id(runner.queue[0][1]) in mine:
                runner.queue.popleft()
            runner.queue.extendleft(reversed(runner.taken))
            runner.taken = []


def _answer(result: Any) -> str:
    return json.dumps({"error": str(result)} if isinstance(result, BaseException) else {"ok": True})
