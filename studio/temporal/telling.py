"""`set_event` on Temporal: whoever keeps all histories in a store tells of what is durable there.

So nothing of it goes through Temporal, a hook that is slow or fails holds up no user, and after a kill it
goes on behind the newest event that the store says was told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.engine.effects.hook_calls import tell_all_by, tell_by
from studio.engine.effects.hooks import SetEventOutbox
from studio.errors import StudioError
from studio.kernel.turn import Turn
from studio.sink.receipts import TurnReceipt
from studio.sink.sink import Sink
from studio.store.branches import own_prefix
from studio.store.database import Durability
from studio.store.event_outbox import hook_state

Forget = Callable[[str], Coroutine[Any, Any, object]]
"""Takes a user's id."""

_log = logging.getLogger("studio")


@dataclass(frozen=True, slots=True)
class SetEventHook:
    """What is told every event.

    Raises:
        StudioError: it cannot be called so.
    """

    function: Callable[..., Any]
    is_many: bool = False
    """It takes several at once, as `set_events`."""

    def __post_init__(self) -> None:
        if self.is_many:
            tell_all_by(self.function)
        else:
            tell_by(self.function)


def set_event_hook(
    set_event: Callable[..., Any] | None, set_events: Callable[..., Any] | None
) -> SetEventHook | None:
    """The one that is given.

    Raises:
        StudioError: both are given, or it cannot be called so.
    """
    if set_event is not None and set_events is not None:
        raise StudioError("set_events stands for set_event", fix="Give one of the two.")
    if set_events is not None:
        return SetEventHook(set_events, is_many=True)
    return None if set_event is None else SetEventHook(set_event)


def is_told_from_here(salt: str, id: object) -> bool:
    """Whether an event that `check_event` found is one that a store of this namespace told, without an id of
    the sender's: it is in the user's history already.

    Args:
        salt: `TemporalSettings.drawn_from`.
    """
    return isinstance(id, str) and id.startswith(own_prefix(salt))


class TellingSink:
    """A store that takes turns, and tells a hook of their events in the order of its history.

    Args:
        salt: what the ids of events begin with that have none of their own.
        forget: forgets a user where the hook keeps events.

    Raises:
        StoreError: as `Sink`.
    """

    def __init__(
        self,
        path: str | Path,
        durability: Durability,
        driver: str,
        hook: SetEventHook,
        salt: str,
        forget: Forget | None = None,
    ) -> None:
        self._forget = forget
        self._sink = Sink(path, durability, driver)
        self._hook = hook
        self._complaint = ""
        try:
            kept = hook_state(self._sink.path, durability)
            # The store's own salt stands in it, too: a store that was lost is not taken for the next one.
            self._salt = f"{salt}:{kept.salt}"
            self._outbox = self._begin(kept.delivered)
        except BaseException:
            self._sink.close()
            raise

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        """Take turns, as `Sink` does; their events are told afterwards."""
        self._sink.told = self._outbox.delivered
        receipts = self._sink.take(turns, at)
        self._outbox.wake()
        return receipts

    def erase(self, user: str, begins: int | None = None) -> None:
        """Forget a user, also who was not told of yet."""
        # It reads the store's file, which is made anew.
        self._outbox.stop()
        try:
            self._sink.erase(user, begins)
            if self._forget is not None:
                # Before anything is told again. When it fails, all of it is asked for once more.
                asyncio.run(self._forget(user))
        finally:
            self._outbox = self._begin(self._outbox.delivered)

    def add_code(self, workflow: str, hash: str, file: str, source: str, at: int) -> None:
        """Keep the source of a workflow's version."""
        self._sink.add_code(workflow, hash, file, source, at)

    def close(self) -> None:
        """Tell what there is, as far as it can be done in two seconds, and let the store go."""
        self._outbox.stop()
        self._sink.told = self._outbox.delivered
        self._sink.close()

    def _begin(self, delivered: int) -> SetEventOutbox:
        many, path = self._hook.is_many, self._sink.path
        outbox = SetEventOutbox(self._hook.function, path, delivered, self._complain, self._salt, many=many)
        outbox.start()
        return outbox

    def _complain(self, _: str, what: str | None) -> None:
        """Say it once, until it works again."""
        if what is not None and not self._complaint:
            _log.error("%s", what)
        self._complaint = what or ""
