"""What the engine's thread works on, and what other threads hand in to it: one object, owned by the loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from studio.clocks.clock import Clock
from studio.engine.effects.hook_failures import HookFailure, write_failure
from studio.engine.effects.hooks import SetEventOutbox
from studio.engine.rewind.rewind import Rewinds
from studio.engine.time.clock_control import ClockControl
from studio.engine.work.batch import Batch
from studio.engine.work.quarantine import DriveQuarantine
from studio.engine.work.running_code import RunningCode
from studio.engine.work.wakeup import WakeUp
from studio.engine.work.work_items import Entry, OperatorCommand
from studio.errors import StoreError, StudioError
from studio.kernel.drive import Failed
from studio.kernel.records import Launch, StepResult
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.store.sqlite import Store


class LoopState:
    """The state of one engine's loop.

    `lock` guards `queue`, `taken` and `stopping`; all else belongs to the engine's thread, and is only
    looked at from others.
    """

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        clock: Clock,
        batch: int,
        outbox: SetEventOutbox | None,
        changed: Callable[[], None] | None,
    ) -> None:
        self.path = path
        self.clock = clock
        self.batch_size = batch
        self.code = RunningCode(workflows)
        self.clock_control = ClockControl(clock)
        self.rewinds = Rewinds(path, clock, lambda: self.clock_control.jump)
        self.quarantine = DriveQuarantine(batch)
        self.outbox = outbox
        self.changed = changed
        self.store: Store | None = None
        # What stands before it, and what is under way.
        self.lock = threading.Lock()
        self.wake = WakeUp()
        self.queue: deque[Entry] = deque()
        self.in_flight: list[Entry] = []
        """What the current turn took off the queue; put back when the turn comes to nothing."""
        self.returned: list[Entry] = []
        """The result of a step that held the clock, when the turn that took it came to nothing."""
        self.backlog = False
        """The inbox may hold more than was taken: nobody else's commit will say so again."""
        self.batch: Batch | None = None
        """The newest; it may be written, or have come to nothing."""
        self.one_by_one = 0
        """Turns of one cause each, to find the one at which a batch broke."""
        self.hung_events: dict[int, tuple[object, Failed]] = {}
        """Rows of the inbox whose event did not come back from its type, with the type and where it hung."""
        self.quarantined: dict[int, Failed] = {}
        """Journeys that never came back from a drive, or broke a batch, with how they failed."""
        self.running: set[tuple[int, int, Key, int]] = set()
        """The steps that run now, each as `Launch.which`."""
        self.held: deque[Launch] = deque()
        """Steps that are to hold a virtual clock, one at a time."""
        # How far it is, and how it is.
        self.watermark = 0
        """The moment of the newest cause that was served."""
        self.next_due: int | None = None
        self.last_batch = 0
        """Causes in the newest batch."""
        self.problem: str | None = None
        """Why the engine is paused; None while it runs."""
        self.fault: StoreError | None = None
        """The problem, when the store is what it is with."""
        self.ended: StudioError | None = None
        """Why its thread has ended by itself."""
        self.stopping = False

    @property
    def queued(self) -> int:
        """Causes that wait to be taken."""
        return len(self.queue)

    def hand_in(self, entries: list[Entry]) -> None:
        """Take what hooks have said, unless the engine ends. From any thread."""
        with self.lock:
            if not self.stopping:
                self.queue.extend(entries)
        self.wake.ring()

    def hook_failed(self, failure: HookFailure) -> None:
        """Have it stand in the history of whom it concerns. From any thread."""
        self.hand_in([(self.clock.now(), OperatorCommand(partial(write_failure, failure)))])

    def report(self, result: StepResult) -> None:
        """Hand in how a step ended. From any thread."""
        with self.lock:
            self.queue.append((self.clock.now(), result))
        self.wake.ring()

    def announce(self) -> None:
        """Something is durable: tell those who look on."""
        if self.outbox is not None:
            self.outbox.wake()
        if self.changed is not None:
            self.changed()
