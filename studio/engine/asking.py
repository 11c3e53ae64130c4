"""Asking `check_event`: what opens a wait is looked up elsewhere, and its answers become events."""

from __future__ import annotations

import json
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from studio.engine.answers import Ask
from studio.engine.batch import Batch
from studio.engine.hooks import Asker
from studio.engine.items import Act, Arrival, Entry
from studio.incoming import Incoming
from studio.store import sqlite as sql
from studio.store.sqlite import Store

if TYPE_CHECKING:
    from studio.engine.runner import Runner


class Asking:
    """The open questions of one runner; without a hook there are none."""

    def __init__(self, runner: Runner, asker: Asker | None) -> None:
        self._runner = runner
        self._asker = asker

    @property
    def wanted(self) -> bool:
        """There is a hook to ask."""
        return self._asker is not None

    @property
    def busy(self) -> bool:
        """The hook is being asked."""
        return self._asker is not None and self._asker.busy

    def ask(self, asks: list[Ask]) -> None:
        """Ask `check_event`. What it knows becomes events, which answer waits as any other."""
        runner = self._runner
        assert self._asker is not None
        if not runner.deck.moved:
            for ask in asks:
                self._asker.ask(ask, partial(self._hear, ask, runner.rewinds.era))
            return
        # Time stands while the hook is asked: its answers come before all else.
        found: list[Entry] = []
        for ask in asks:
            found += self._answer_of(ask, self._asker.ask(ask).result())
        with runner.lock:
            runner.queue.extendleft(reversed(found))

    def _hear(self, ask: Ask, era: int, future: Future[list[Incoming]]) -> None:
        runner = self._runner
        # What was asked for a history that is cut off answers nothing.
        if era != runner.rewinds.era or future.cancelled():
            return
        found = self._answer_of(ask, future.result())
        with runner.lock:
            if not runner.stopping:
                runner.queue.extend(found)
        runner.wake.ring()

    def _answer_of(self, ask: Ask, events: list[Incoming]) -> list[Entry]:
        def end(batch: Batch, at: int) -> None:
            batch.overlay.changes.ended_meta.append((ask.key,))

        now = self._runner.clock.now()
        return [*((now, Arrival(event, None)) for event in events), (now, Act(end))]

    def ask_again(self, store: Store) -> None:
        """Questions that were open when the engine ended."""
        if self._asker is None:
            return
        asks = []
        for key, value in store.rows(sql.ASKED):
            fields = json.loads(value)
            wait = int(key.removeprefix("ask/"))
            asks.append(Ask(wait, fields["user"], tuple(fields["events"]), fields["match"]))
        self.ask(asks)
