"""The rules on a history in memory, a cause at a time: no store, no thread, no clock, no step that runs."""

from __future__ import annotations

from typing import Any

from studio import incoming
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.memory import MemoryUnit
from studio.kernel.records import Launch, StepResult
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.language.incoming import Incoming
from studio.language.kinds import KIND_TEXT, LEVEL_OF
from studio.text import json_text

Told = tuple[str, int, int | None, int | None, Any]
"""Kind, moment, seq of the cause, how late, data."""


class Rules:
    """One transition after another on one history. Entries are numbered from 1.

    Args:
        ask: note what waits would ask elsewhere.
    """

    def __init__(self, *workflows: Workflow, ask: bool = False) -> None:
        named = {each.name: each for each in workflows}
        self.unit = MemoryUnit(named, seed="s", salt="s")
        self.monitor = ThreadMonitor()
        self._routes = Routes(named)
        self._running: set[tuple[int, int, Any, int]] = set()
        self._ask = ask
        self.transition = self._next()
        self.launches: list[Launch] = []
        """The steps that were to run so far, in order."""
        self._seen = 0

    def _next(self) -> Transition:
        return Transition(
            self.unit,
            self._routes,
            monitor=self.monitor,
            live=self.monitor.live,
            running=self._running,
            ask=self._ask,
        )

    def end(self) -> list[Told]:
        """The cause at hand is carried out, the next begins; gives what it has appended."""
        self.transition.journeys.leave_all()
        self._running.update(launch.which for launch in self.transition.steps.launches)
        self.launches += self.transition.steps.launches
        self.transition = self._next()
        rows, self._seen = self.unit.history[self._seen :], len(self.unit.history)
        return [_told(row) for row in rows]

    def use(self, *workflows: Workflow) -> None:
        """Other code from the next cause on."""
        named = {each.name: each for each in workflows}
        self.unit.workflows, self._routes = named, Routes(named)
        self.transition = self._next()

    def event(self, name: str, at: int = 0, user: str = "ada", **data: Any) -> list[Told]:
        """An event comes from outside; gives it and what it led to."""
        self.transition.event(self.incoming(name, user, **data), at)
        return self.end()

    @staticmethod
    def incoming(name: str, user: str = "ada", **data: Any) -> Incoming:
        """An event for `transition.event`: several go into one transition."""
        return incoming(name, user, data)

    def timer(self, late: int = 0) -> list[Told]:
        """The nearest deadline comes."""
        self.transition.timer(self.unit.due_waits(until=2**60)[0], late)
        return self.end()

    def result(self, at: int, **result: Any) -> list[Told]:
        """The newest step ends."""
        launch = self.launches[-1]
        self._running.discard(launch.which)
        assert self.transition.step_result(StepResult(launch, **result), at)
        return self.end()

    def dies(self) -> None:
        """The process is gone under which the steps ran."""
        self._running.clear()

    def journey(self, n: int = 1) -> JourneyState:
        """The journey of this number, counted as they began."""
        return self.unit.journeys[n - 1]

    def waits(self) -> list[WaitState]:
        """Those that are open, oldest first."""
        return [self.unit.waits[id] for id in sorted(self.unit.waits)]


def kinds(told: list[Told]) -> list[str]:
    """What was appended, by kind."""
    return [each[0] for each in told]


def _told(row: tuple[Any, ...]) -> Told:
    data = row[13] if row[13] is None or row[2] in LEVEL_OF else json_text.loads(row[13])
    return KIND_TEXT[row[2]], row[1], row[9], row[11], data
