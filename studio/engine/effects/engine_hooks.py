"""`check_event` and `set_event` of one engine, from its start to its end, and what they complain of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from studio.engine.effects.hook_calls import check_by, tell_all_by, tell_by
from studio.engine.effects.hooks import CheckEventLookup, SetEventOutbox
from studio.errors import StudioError
from studio.store.database import Durability
from studio.store.event_outbox import hook_state
from studio.store.hooks import (
    CheckEvent,
    CheckEventByKeywords,
    CheckEventKnowing,
    EventStore,
    SetEvent,
    SetEventByKeywords,
    SetEvents,
)

_log = logging.getLogger("studio")


class EngineHooks:
    """The hooks of one engine; either may be missing.

    Args:
        set_events: in the place of `set_event`: takes several at once.
        events: in the place of both.
        changed: called when there is something else to complain of.

    Raises:
        StudioError: one cannot be called so.
    """

    def __init__(
        self,
        check_event: CheckEvent | CheckEventByKeywords | CheckEventKnowing | None,
        set_event: SetEvent | SetEventByKeywords | None,
        changed: Callable[[], None],
        set_events: SetEvents | None = None,
        events: EventStore | None = None,
    ) -> None:
        if events is not None:
            if check_event is not None or set_event is not None or set_events is not None:
                raise StudioError(
                    "events= stands for check_event and set_events", fix="Give it, or them, not both."
                )
            check_event, set_events = events.check_event, events.set_events
        if set_event is not None and set_events is not None:
            raise StudioError("set_events stands for set_event", fix="Give one of the two.")
        if check_event is not None:
            check_by(check_event)
        if set_event is not None:
            tell_by(set_event)
        if set_events is not None:
            tell_all_by(set_events)
        self._many = set_events is not None
        self._check_event = check_event
        self._set_event = set_event or set_events
        self._changed = changed
        self.check_event_lookup: CheckEventLookup | None = None
        """Asks `check_event`; of the newest start."""
        self.outbox: SetEventOutbox | None = None
        """Tells `set_event`; of the newest start."""
        self.complaints: dict[str, str] = {}
        """What a hook has to complain of, by its name."""

    def prepare(self, path: Path, durability: Durability) -> None:
        """Be ready for a start on a store.

        Raises:
            StoreError: the store cannot be used.
        """
        if self._check_event is None and self._set_event is None:
            return
        kept = hook_state(path, durability)
        if self._check_event is not None:
            self.check_event_lookup = CheckEventLookup(self._check_event, self._complain, kept.salt, path)
        if self._set_event is not None:
            self.outbox = SetEventOutbox(
                self._set_event, path, kept.delivered, self._complain, kept.salt, many=self._many
            )

    def start_telling(self) -> None:
        """Tell what is durable, from where the last engine stopped."""
        if self.outbox is not None:
            self.outbox.start()

    def stop_telling(self) -> None:
        """Tell what there is, in the time that a stop has for it, and end."""
        if self.outbox is not None:
            self.outbox.stop()

    def stop_asking(self) -> None:
        """Let go of questions that have no answer yet."""
        if self.check_event_lookup is not None:
            self.check_event_lookup.stop()

    def let_go(self) -> None:
        """The engine has ended by itself: the next start goes on from here."""
        self.stop_asking()
        if self.outbox is not None:
            self.outbox.let_go()

    def _complain(self, hook: str, what: str | None) -> None:
        if what is not None:
            if hook not in self.complaints:
                _log.error("%s", what)
            self.complaints[hook] = what
        elif self.complaints.pop(hook, None) is None:
            return
        self._changed()
