"""What other processes ask of a running engine, as they left it in the inbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.engine import operator_acts
from studio.engine.batch import Batch
from studio.engine.clock_commands import COMMANDS, command
from studio.engine.items import Act, Alone, Arrival, Item
from studio.engine.state import JourneyState
from studio.engine.whole_store import WHOLE, facts_of
from studio.errors import EventError, JourneyError
from studio.store.inbox import EVENT, decode

if TYPE_CHECKING:
    from studio.engine.runner import Runner


class Requests:
    """Reads the inbox for one runner."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def item(self, number: int, kind: str, body: str) -> Item:
        """What a row of the inbox stands for."""
        if kind == EVENT:
            try:
                return Arrival(decode(body), None, 0, number)
            except (ValueError, EventError):
                # Not written by us. It is answered and taken away like a command that nobody knows.
                pass
        if kind in WHOLE:
            return Alone(self._runner.whole_store.act(kind, body), None, number)
        return Act(lambda batch, at: self._command(batch, at, kind, body), None, number)

    def _command(self, batch: Batch, at: int, kind: str, body: str) -> Any:
        """An act that another process asks for."""
        runner = self._runner
        acts: dict[str, Callable[[Batch, JourneyState, int], Any]] = {
            "cancel": operator_acts.cancel,
            "resume": operator_acts.resume,
            "restart": operator_acts.restart,
        }
        if kind == "release":
            return self._release(batch, at, facts_of(kind, body))
        if kind in COMMANDS:
            return command(runner, batch, at, kind, body)
        if kind == "reload":
            if runner.reload is None:
                raise JourneyError("this engine has no workflow files to reload")
            return runner.reload()
        if kind not in acts:
            raise JourneyError(f"this engine does not know {kind!r}")
        try:
            journey = json.loads(body)["journey"]
        except (ValueError, KeyError, TypeError):
            journey = None
        if not isinstance(journey, str):
            raise JourneyError(f"{kind!r} names no journey")
        return acts[kind](batch, runner.find(batch, journey), at)

    def _release(self, batch: Batch, at: int, facts: dict[str, Any]) -> None:
        match facts:
            case {"wait": int(wait)}:
                self._runner.rewinds.holds.release(batch, at, wait)
            case _:
                self._runner.rewinds.holds.release_all(batch, at)
