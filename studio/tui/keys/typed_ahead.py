"""Keys that come in one burst, typed ahead or pasted, each handled where the one before has led.

Textual hands a key to what has focus when it arrives, not when its turn comes: of "iapp/login" in one go the
letters behind the `i` were shortcuts of the list that still had focus. Here a key waits until the one before
has been handled by all that it passes through, the focus that it moved is there, and the screen that it
opened can be typed in. Whoever types at human pace never waits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from studio.tui.session.context import SessionOwner

LIMIT_SECONDS = 0.5
"""No key waits longer for the one before, whatever that has come to."""
LOOK_SECONDS = 0.01
"""How often it is looked whether what a key has begun is there."""
LEADS = frozenset({"act", "act-node", "answer", "answer-wait", "deadline", "edit", "inspect", "time"})
"""Groups of workers that end by opening a screen or a form: what is typed behind them is meant for that."""


def _leads(worker: Worker[Any]) -> bool:
    return worker.group in LEADS and not worker.is_finished


@dataclass(frozen=True, slots=True)
class _Stood:
    """How all was when a key came to its turn."""

    turn: int
    screen: Screen[Any]
    workers: frozenset[Worker[Any]]


class TypedAhead(SessionOwner, App[None]):
    """The part of the application that lets keys wait for each other."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._typed_ahead: deque[events.Event] = deque()
        self._key_turn = 0
        """Number of the key that is being handled; odd while one is."""
        self._key_limit: Timer | None = None

    @property
    def has_keys(self) -> bool:
        """Whether a key is being handled, or waits for its turn."""
        return bool(self._key_turn % 2 or self._typed_ahead)

    async def on_event(self, event: events.Event) -> None:
        """Handle a key in its turn, and all else at once."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not typed or not self.screen_stack:
            await super().on_event(event)
        elif self._key_turn % 2:
            self._typed_ahead.append(event)
        else:
            self.session.typed_blind = False
            await self._handle_key(event)

    async def _handle_key(self, event: events.Event) -> None:
        self._key_turn += 1
        stood = _Stood(self._key_turn, self.screen, frozenset(self.workers))
        first: MessagePump = self.focused or self.screen
        self._key_limit = self.set_timer(LIMIT_SECONDS, partial(self._end_key, stood.turn))
        await super().on_event(event)
        self._climb_after_key(first, stood)

    def _climb_after_key(self, node: MessagePump | None, stood: _Stood) -> None:
        """Come behind the key in the queue of each that it passes through."""
        if node is None or isinstance(node, App):
            # Once more: what the key's action has asked of the app, as to move the focus, comes first.
            self.call_later(self.call_later, self._look_after_key, stood)
        elif not node.call_later(self._climb_after_key, node._parent, stood):
            self._climb_after_key(node._parent, stood)

    def _look_after_key(self, stood: _Stood) -> None:
        """Go on when what the key has begun is there."""
        if not self.screen_stack or stood.turn != self._key_turn:
            return
        if self.screen is not stood.screen:
            # It is in its queue behind what it is composed of, and what that asks for comes before this.
            self.screen.call_later(self.call_later, self.call_later, self._end_key, stood.turn)
        elif self._typed_ahead and any(_leads(each) for each in self.workers if each not in stood.workers):
            self.set_timer(LOOK_SECONDS, partial(self._look_after_key, stood))
        else:
            self.call_later(self._end_key, stood.turn)

    async def _end_key(self, turn: int) -> None:
        """Handle the next key, if one waits."""
        if turn != self._key_turn:
            return
        if self._key_limit is not None:
            self._key_limit.stop()
        self._key_turn += 1
        if self._typed_ahead and self.screen_stack:
            self.session.typed_blind = True
            await self._handle_key(self._typed_ahead.popleft())
