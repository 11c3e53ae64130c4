"""Asking `check_event`: what opens a wait is looked up elsewhere, and its answers become events."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from studio.clocks.clock import Clock
from studio.engine.effects.hooks import CheckEventLookup
from studio.engine.effects.reentrancy import HookCall
from studio.engine.work.batch import Batch
from studio.engine.work.work_items import Entry, OperatorCommand, QueuedEvent
from studio.kernel.records import Ask
from studio.language.incoming import Incoming
from studio.store.sqlite import Store


class EventQuestions:
    """The open questions of one engine; without a hook there are none.

    Args:
        hand_in: takes what an answer comes to, from any thread.
        epoch: how many times the store was cut so that what was asked before does not count any more.
    """

    def __init__(
        self,
        check_event_lookup: CheckEventLookup | None,
        clock: Clock,
        hand_in: Callable[[list[Entry]], None],
        epoch: Callable[[], int],
    ) -> None:
        self._check_event_lookup = check_event_lookup
        self._clock = clock
        self._hand_in = hand_in
        self._epoch = epoch

    @property
    def wanted(self) -> bool:
        """There is a hook to ask."""
        return self._check_event_lookup is not None

    @property
    def busy(self) -> bool:
        """The hook is being asked."""
        return self._check_event_lookup is not None and self._check_event_lookup.busy

    def calls(self) -> list[HookCall]:
        """The questions that are being asked."""
        return [] if self._check_event_lookup is None else list(self._check_event_lookup.calls)

    def ask(self, asks: list[Ask]) -> None:
        """Ask `check_event`. What it knows becomes events, which answer waits as any other."""
        for ask in asks:
            self.put(ask, partial(self.hear, ask, self._epoch()))

    def put(self, ask: Ask, heard: Callable[[Future[list[Incoming]]], None]) -> None:
        """Put one question; `heard` is given its answer, in another thread, before it counts as answered."""
        assert self._check_event_lookup is not None
        self._check_event_lookup.ask(ask, heard)

    def hear(self, ask: Ask, epoch: int, future: Future[list[Incoming]]) -> None:
        """A question has its answer, which is handed in."""
        # What was asked for a history that is cut off answers nothing.
        if epoch != self._epoch() or future.cancelled():
            return
        self._hand_in(self.answer_of(ask, future.result()))

    def answer_of(self, ask: Ask, events: list[Incoming]) -> list[Entry]:
        """What an answer comes to: its events, and that the question is answered."""

        def end(batch: Batch, at: int) -> None:
            batch.unit.changes.ended_meta.append((ask.key,))

        now = self._clock.now()
        return [*((now, QueuedEvent(event, None)) for event in events), (now, OperatorCommand(end))]

    def open_questions(self, store: Store) -> list[Ask]:
        """Those that were open when the engine ended."""
        if self._check_event_lookup is None:
            return []
        asks = []
        for wait, value in store.meta_under("ask/"):
            fields = json.loads(value)
            asks.append(Ask(int(wait), fields["user"], tuple(fields["events"]), fields["match"]))
        return asks
