"""What holds moved time: a step that runs, or a question to `check_event`, one at a time.

Time stands meanwhile, and the engine does not: what the step itself hands in is taken at once,
as in real time, and what anybody else does as soon as it takes long. Neither a step nor a hook
that hangs keeps the engine from ending.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from studio.engine.effects.event_lookup import EventQuestions
from studio.engine.effects.steps import Steps
from studio.engine.loop.state import LoopState
from studio.engine.work.work_items import Entry, ExclusiveOperation, Item, OperatorCommand, QueuedEvent
from studio.kernel.records import Ask, StepResult
from studio.language.incoming import Incoming
from studio.store.inbox import queued
from studio.store.sqlite import Store

T = TypeVar("T")

PATIENCE = 0.5
"""Seconds that others wait for a step which holds the clock. Most end earlier: then a step's result comes
before what was handed in while it ran, and the history does not hang on who was faster."""


class _Held(Generic[T]):
    """One step or question: while it holds the clock its result is fetched, after that it is handed in."""

    def __init__(self, state: LoopState, hand_in: Callable[[T], None]) -> None:
        self.result: T | None = None
        self._state = state
        self._hand_in = hand_in
        self._is_released = False

    def end(self, result: T) -> None:
        """Called in the thread that has come to its result."""
        with self._state.lock:
            released = self._is_released
            if not released:
                self.result = result
        if released:
            self._hand_in(result)
        else:
            self._state.wake.ring()

    def release(self) -> None:
        """It holds no clock any longer."""
        with self._state.lock:
            self._is_released = True
        if self.result is not None:
            self._hand_in(self.result)


class HeldClock:
    """The steps and questions that hold the clock of one engine. Lives in the engine's thread."""

    def __init__(self, state: LoopState, steps: Steps, questions: EventQuestions) -> None:
        self._state = state
        self._steps = steps
        self._asking = questions
        self._step: _Held[StepResult] | None = None
        self._asked: _Held[Future[list[Incoming]]] | None = None
        self._questions: deque[Ask] = deque()
        self._found: list[Entry] = []
        self._began = 0.0
        self._version = -1

    @property
    def holds(self) -> bool:
        """Something holds the clock, or is about to."""
        return self._step is not None or bool(self._state.held or self._questions)

    @property
    def asks(self) -> bool:
        """A question has no answer yet."""
        return bool(self._questions)

    def ask(self, asks: list[Ask]) -> None:
        """Ask `check_event`. Where time is moved it stands meanwhile: the answers come before all else."""
        if self._state.clock_control.moved:
            self._questions += asks
        else:
            self._asking.ask(asks)

    def next(self) -> Entry | None:
        """The result of the step whose turn it is; None as long as there is none."""
        state = self._state
        if self._questions and not self._is_answered():
            return None
        if self._step is None:
            if state.stopping or not state.held:
                return None
            launch = state.held.popleft()
            if (known := state.rewinds.approvals.answer(launch)) is not None:
                return state.clock.now(), known
            self._step = _Held(state, state.report)
            self._began = time.monotonic()
            self._steps.run(launch, self._step.end)
        if self._step.result is None:
            return None
        result, self._step = self._step.result, None
        return state.clock.now(), result

    def _is_answered(self) -> bool:
        """Ask what is to be asked, one after the other. False while an answer is missing."""
        state = self._state
        while self._questions:
            ask = self._questions[0]
            if self._asked is None:
                if state.stopping:
                    return False
                self._asked = _Held(state, partial(self._asking.hear, ask, state.rewinds.epoch))
                self._began = time.monotonic()
                self._asking.put(ask, self._asked.end)
            if self._asked.result is None or self._asked.result.cancelled():
                # In the second case the engine is being stopped: the next start asks again.
                return False
            self._found += self._asking.answer_of(ask, self._asked.result.result())
            self._questions.popleft()
            self._asked = None
        found, self._found = self._found, []
        with state.lock:
            state.queue.extendleft(reversed(found))
        return True

    def release(self) -> None:
        """Time goes by itself again: what holds it goes on, and is handed in like any other."""
        state = self._state
        questions = list(self._questions)
        found, self._found = self._found, []
        with state.lock:
            state.queue.extend(found)
        if self._asked is not None:
            self._asked.release()
            questions.pop(0)
        if self._step is not None:
            self._step.release()
        self._asked = self._step = None
        self._questions.clear()
        while state.held:
            self._steps.run(state.held.popleft(), state.report)
        self._asking.ask(questions)

    def forget(self) -> None:
        """The history was cut: what was begun before holds nothing any longer, and answers nothing."""
        for each in (self._asked, self._step):
            if each is not None:
                each.release()
        self._asked = self._step = None
        self._questions.clear()
        self._found.clear()

    # -- what may come in ------------------------------------------------------------------

    def may_come_in(self, store: Store, size: int, item: Callable[[int, str, str], Item]) -> list[Entry]:
        """Time stands: what may come in all the same.

        Args:
            size: rows of the inbox, at the most.
            item: what a row of the inbox stands for.
        """
        state = self._state
        jump = state.clock_control.jump
        now = state.clock.now()
        if jump is not None and jump.stop:
            return [(now, jump)]
        is_long = time.monotonic() - self._began > PATIENCE
        inbox: list[Entry] = []
        if is_long and (version := store.version()) != self._version:
            rows = queued(store, size)
            self._version = version
            inbox = [(now, item(row.id, row.kind, row.body)) for row in rows]
        with state.lock:
            mine = self._take_own()
            if is_long and not mine:
                mine = self._take_others()
            entries = [(now, item) for _, item in mine]
            state.in_flight = list(entries)
        return entries or inbox

    def _take_own(self) -> list[Entry]:
        """What the step, or a hook, has handed in: it stands in front of the queue."""
        queue = self._state.queue
        if queue and isinstance(queue[0][1], ExclusiveOperation) and queue[0][1].is_inner:
            return [queue.popleft()]
        own = []
        while (
            queue
            and getattr(queue[0][1], "is_inner", False)
            and not isinstance(queue[0][1], ExclusiveOperation)
        ):
            own.append(queue.popleft())
        return own

    def _take_others(self) -> list[Entry]:
        """What anybody has handed in that moves no time."""
        state = self._state
        found: list[Entry] = []
        kept: deque[Entry] = deque()
        for entry in state.queue:
            item = entry[1]
            alone = isinstance(item, ExclusiveOperation) and not found
            here = isinstance(item, OperatorCommand) or (
                isinstance(item, QueuedEvent) and item.incoming.at is None
            )
            is_full = bool(found) and isinstance(found[0][1], ExclusiveOperation)
            (found if (alone or here) and not is_full else kept).append(entry)
        state.queue = kept
        return found
