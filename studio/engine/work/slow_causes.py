"""Causes that take long: a batch never ends within one, so all others wait, and are told for whom."""

from __future__ import annotations

import logging
import time

from studio.clocks.clock import wall_ms
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.jump import Jump
from studio.engine.work.work_items import Item, QueuedEvent
from studio.kernel.records import StepResult
from studio.kernel.state import WaitState
from studio.store.slow import SLOW, SlowCause, slow_text

LONG_SECONDS = 0.25
"""A cause that takes longer is named."""
SAY_SECONDS = 10.0
"""The shortest time between two lines in Python's own log."""

_log = logging.getLogger("studio")


class SlowCauses(CommitHook):
    """The newest long cause of one engine."""

    def __init__(self) -> None:
        self._newest: SlowCause | None = None
        self._is_new = False
        self._said = -SAY_SECONDS

    def note(self, batch: Batch, cause: Item | WaitState, took: float) -> None:
        """A cause took so many seconds, and is over."""
        watch = batch.watch
        longest = round(watch.longest * 1000)
        what = _named(batch, cause)
        self._newest = slow = SlowCause(wall_ms(), round(took * 1000), what, watch.slowest, longest)
        self._is_new = True
        now = time.monotonic()
        if now - self._said >= SAY_SECONDS:
            self._said = now
            _log.warning("%s", slow.sentence)

    def find(self, watch: ThreadMonitor) -> SlowCause | None:
        """The newest, or the one that goes on; asked from any thread."""
        speaker, took, reading = watch.speaker, time.monotonic() - watch.since, watch.reading
        if reading is not None and took >= LONG_SECONDS:
            what = f"to read event {reading.name} of {reading.user} by its class"
            return SlowCause(wall_ms(), round(took * 1000), what, "", 0)
        if watch.journey is None or speaker is None or took < LONG_SECONDS:
            return self._newest
        ms = round(took * 1000)
        return SlowCause(wall_ms(), ms, "what comes now", speaker.id, ms)

    def before_commit(self, batch: Batch) -> None:
        """Let a batch write it beside its own, when it is new."""
        if self._is_new and self._newest is not None:
            batch.unit.changes.meta.append((SLOW, slow_text(self._newest)))

    def after_commit(self, batch: Batch) -> None:
        """The batch that had it is durable."""
        self._is_new = False


def _named(batch: Batch, cause: Item | WaitState) -> str:
    if isinstance(cause, WaitState):
        return f"a deadline of {batch.id_of(cause.journey)}"
    if isinstance(cause, QueuedEvent):
        return f"event {cause.incoming.name} of {cause.incoming.user}"
    if isinstance(cause, StepResult):
        return f'the result of step "{cause.launch.command.name}"'
    return "the end of a jump" if isinstance(cause, Jump) else "an act by hand"
