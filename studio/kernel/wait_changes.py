"""Waits that open, end and are left: each with its entry, and the deadlines that may come in this batch."""

from __future__ import annotations

import heapq
from typing import Any

from studio.kernel.ports import UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import CLOSED_BY, CLOSED_STEP, JourneyState, Record, WaitState
from studio.language.commands import Command, Group, Key
from studio.language.kinds import Kind
from studio.text import json_text as jsontext


class WaitChanges:
    """Changes open waits; what is changed stands in `work`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self.timers: list[tuple[int, int, WaitState]] = []
        """A heap of deadlines that were opened in this batch."""

    def add_timer(self, wait: WaitState) -> None:
        """A deadline was opened in this batch, and may come in it."""
        assert wait.due is not None
        heapq.heappush(self.timers, (wait.due, wait.id, wait))

    def end(self, wait: WaitState, kind: int, cause: Cause, data: str | None, late: int | None = None) -> int:
        """Record the outcome of an open wait; gives its seq."""
        work, journey = self._work, wait.journey
        work.end_wait(wait)
        seq = work.append(
            cause.at,
            kind,
            journey.user.id,
            journey,
            wait.label,
            wait.key[2],
            wait.place,
            cause.seq,
            data,
            late,
        )
        journey.outcomes[wait.key] = Record(kind, seq, cause.at, cause.seq, late, data)
        journey.fresh.add(wait.key)
        return seq

    def close(self, wait: WaitState, cause: Cause, why: str = "the journey went on without it") -> None:
        """A wait is left without an outcome; `why` is what a message was dropped for."""
        work, journey = self._work, wait.journey
        kind = CLOSED_BY[wait.kind]
        fields: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
        if kind == Kind.STEP_FAILED:
            fields.update(jsontext.loads(CLOSED_STEP))
            fields |= {name: wait.spec[name] for name in ("once", "channel") if name in wait.spec}
        elif kind == Kind.MESSAGE_DROPPED:
            fields |= {"channel": wait.spec["channel"], "reason": why}
        data = jsontext.dumps(fields) if fields else None
        work.end_wait(wait)
        work.append(
            cause.at, kind, journey.user.id, journey, wait.label, wait.key[2], wait.place, cause.seq, data
        )

    def close_all(
        self, journey: JourneyState, cause: Cause, why: str = "the journey went on without it"
    ) -> None:
        """End all that a journey waits for, without an outcome."""
        for wait in sorted(journey.opened.values(), key=lambda wait: wait.id):
            self.close(wait, cause, why)

    def close_strays(self, journey: JourneyState, command: Command[Any], cause: Cause) -> None:
        """Close what the journey no longer waits for: the code goes another way than it did."""
        if len(journey.opened) == 1 and command.key in journey.opened:
            return
        kept = set(_keys(command))
        for wait in [wait for key, wait in journey.opened.items() if key not in kept]:
            self.close(wait, cause)

    def retry_step(self, wait: WaitState, at: int, failure: dict[str, Any]) -> None:
        work, journey = self._work, wait.journey
        work.end_wait(wait)
        data = jsontext.dumps(failure)
        kind, label, place = Kind.STEP_RETRY, wait.label, wait.place
        seq = work.append(at, kind, journey.user.id, journey, label, wait.key[2], place, wait.id, data)
        due = at + failure["pause"]
        self.add_timer(work.open_wait(journey, seq, kind, None, due, wait.key, data, wait.id, label, place))

    def interrupt_step(self, wait: WaitState, cause: Cause) -> None:
        """A step whose process died under it time and again is given up."""
        fields = {"type": "interrupted", "message": "the process ended while it ran, four times"}
        fields |= {name: wait.spec[name] for name in ("once", "id", "channel") if name in wait.spec}
        self.end(wait, Kind.STEP_FAILED, Cause(cause.at, None), jsontext.dumps(fields))


def _keys(command: Command[Any]) -> list[Key]:
    found = [command.key]
    if isinstance(command, Group):
        for member in command.members:
            found += _keys(member)
    return found
