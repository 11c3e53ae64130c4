"""What other processes ask of a running engine, as they left it in the inbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from studio.engine.loop.clock_commands import COMMANDS, command
from studio.engine.loop.exclusive_operations import WHOLE, facts_of
from studio.engine.loop.state import LoopState
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import EventReading, ThreadMonitor
from studio.engine.work.work_items import ExclusiveOperation, Item, OperatorCommand, QueuedEvent
from studio.errors import EventError, JourneyError
from studio.kernel import operator_commands as operator_acts
from studio.kernel.state import JourneyState
from studio.language.event_types import EventFault
from studio.language.incoming import Incoming
from studio.source.event_door import EventDoor
from studio.store.inbox import EVENT, decode
from studio.store.refusing import refused_event


class InboxCommands:
    """Reads the inbox for one engine.

    Args:
        alone: gives what changes the store as a whole, by the name under which it is asked for.
        reload: reads the workflow files again; None when there are none.
        door: looks at events first.
        monitor: gives what the engine's thread is at.
        stop_reload: lets those who have not gone over to other code do so when something comes for them.
    """

    def __init__(
        self,
        state: LoopState,
        alone: Callable[[str, str], Callable[[ExclusiveOperation], Any]],
        reload: Callable[[], None] | None,
        door: EventDoor,
        stop_reload: Callable[[], bool],
        monitor: Callable[[], ThreadMonitor],
    ) -> None:
        self._state = state
        self._alone = alone
        self._reload = reload
        self._door = door
        self._stop_reload = stop_reload
        self._monitor = monitor

    def item(self, number: int, kind: str, body: str) -> Item:
        """What a row of the inbox stands for."""
        if kind == EVENT:
            try:
                event = decode(body)
                try:
                    self._look_at(number, event)
                except EventError as error:
                    # Its sender was told that it is durable, and so it is: aside, with the reason.
                    return OperatorCommand(partial(self._keep_aside, event, error), None, number)
                return QueuedEvent(event, None, 0, number)
            except (ValueError, EventError):
                # Not written by us. It is answered and taken away like a command that nobody knows.
                pass
        if kind in WHOLE:
            return ExclusiveOperation(self._alone(kind, body), None, number)
        return OperatorCommand(lambda batch, at: self._command(batch, at, kind, body, number), None, number)

    def _look_at(self, number: int, event: Incoming) -> None:
        """Let an event in, or not. What its class does is guarded like a function that is driven."""
        if (own := self._door.types.get(event.name)) is None:
            return
        known, failed = self._state.hung_events.get(number, (None, None))
        if failed is not None and known is own:
            self._door.refuse(event, EventFault("", f"it hangs at {failed.message}"))
            return
        with self._monitor().read(EventReading(number, event.name, event.user, own)):
            self._door.check([event])

    def _keep_aside(self, event: Incoming, error: EventError, batch: Batch, at: int) -> None:
        # In the transaction that takes its row from the inbox: both, or neither on a full disk.
        batch.unit.changes.refused.append((at, refused_event(event, str(error))))
        raise error

    def _command(self, batch: Batch, at: int, kind: str, body: str, number: int) -> Any:
        """An act that another process asks for."""
        acts: dict[str, Callable[[Batch, JourneyState, int], Any]] = {
            "cancel": operator_acts.cancel,
            "resume": operator_acts.resume,
            "restart": operator_acts.restart,
        }
        if kind == "release":
            return self._release(batch, at, facts_of(kind, body))
        if kind in COMMANDS:
            return command(self._state.clock_control, batch, at, kind, body, number)
        if kind == "reload":
            if self._reload is None:
                raise JourneyError("this engine has no workflow files to reload")
            return self._reload()
        if kind == "stop_reload":
            return {"stopped": self._stop_reload()}
        if kind not in acts:
            raise JourneyError(f"this engine does not know {kind!r}")
        try:
            journey = json.loads(body)["journey"]
        except (ValueError, KeyError, TypeError):
            journey = None
        if not isinstance(journey, str):
            raise JourneyError(f"{kind!r} names no journey")
        return acts[kind](batch, find(batch, journey), at)

    def _release(self, batch: Batch, at: int, facts: dict[str, Any]) -> None:
        match facts:
            case {"wait": int(wait)}:
                self._state.rewinds.approvals.release(batch, at, wait)
            case _:
                self._state.rewinds.approvals.release_all(batch, at)


def find(batch: Batch, text: str) -> JourneyState:
    """The journey of a text id.

    Raises:
        JourneyError: there is none, or there are several.
    """
    found = batch.unit.journey_named(text)
    if found is None:
        raise JourneyError(
            "there is no such journey", where=text, fix="Name one that is there.", advice="list journeys"
        )
    return found
