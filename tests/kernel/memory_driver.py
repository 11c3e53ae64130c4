"""The rules at work without an engine: a driver over a history in memory, in virtual time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from queue import Queue
from typing import Any

from studio.engine.effects import capture
from studio.engine.effects.steps import Steps
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel import operator_commands
from studio.kernel.memory import MemoryUnit
from studio.kernel.records import Launch, StepResult
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.language.incoming import Incoming
from studio.language.journey_ids import Parts, meant
from studio.language.kinds import Kind

PATIENCE = 20.0
"""Seconds that a step may take."""


class MemoryDriver:
    """Carries out causes one by one; steps take no time and hold the clock (DESIGN rule 16).

    Args:
        at: the moment at which time begins, milliseconds since 1970, UTC.
    """

    def __init__(self, workflows: Iterable[Workflow], at: int, seed: str = "", salt: str = "") -> None:
        named = {workflow.name: workflow for workflow in workflows}
        self.unit = MemoryUnit(named, seed, salt)
        self.now = at
        self._routes = Routes(named)
        capture.install()
        self._watch = ThreadMonitor()
        capture.listen_to_drives(self._watch)
        for name in named:
            self.unit.append(at, Kind.WORKFLOW_LOADED, None, None, self.unit.name_id(name))
        self._calls = Steps(None, None)
        self._steps: deque[Launch] = deque()
        self._running: set[tuple[int, int, Key, int]] = set()

    def send(self, event: Incoming) -> None:
        """An event comes, at its own moment or now."""
        if event.at is not None:
            self._go(event.at - 1)
            self.now = max(self.now, event.at)
        self._carry_out(lambda transition: transition.event(event, self.now))

    def forward(self, by: int) -> None:
        """Time passes, deadlines at its end included."""
        self._go(self.now + by)

    def act(self, act: Callable[[Transition, JourneyState, int], Any], id: str) -> None:
        """Something is done by hand to a journey."""
        (journey,) = meant(id, self._journey_of, attrgetter("escaped"))
        self._carry_out(lambda transition: act(transition, journey, self.now))

    def _journey_of(self, parts: Parts) -> JourneyState | None:
        unit = self.unit
        return next(
            (
                j
                for j in unit.journeys
                if (unit.name_text(j.workflow_id), j.user.name, j.key, j.n) == tuple(parts)
            ),
            None,
        )

    def settle(self) -> None:
        """What is due now comes."""
        self._go(self.now)

    # -- causes ----------------------------------------------------------------------------

    def _go(self, until: int) -> None:
        """Serve the deadlines up to a moment, each at its own."""
        while due := self.unit.due_waits(until):
            wait = due[0]
            assert wait.due is not None
            self.now = max(self.now, wait.due)
            self._carry_out(partial(_serve, wait))
        self.now = max(self.now, until)

    def _carry_out(self, cause: Callable[[Transition], Any]) -> None:
        self._one(cause)
        while self._steps:
            launch = self._steps.popleft()
            result = self._attempt(launch)

            def end(transition: Transition) -> None:
                transition.step_result(result, self.now)  # noqa: B023  called at once

            self._one(end)
            self._running.discard(launch.which)

    def _attempt(self, launch: Launch) -> StepResult:
        """Call a step's function, and wait for how it ends."""
        results = Queue[StepResult]()
        self._calls.run(launch, results.put)
        return results.get(timeout=PATIENCE)

    def close(self) -> None:
        """Nothing more is carried out."""
        self._calls.stop()
        capture.uninstall()

    def _one(self, cause: Callable[[Transition], Any]) -> None:
        watch = self._watch
        transition = Transition(
            self.unit, self._routes, monitor=watch, live=watch.live, running=self._running
        )
        cause(transition)
        transition.journeys.leave_all()
        for launch in transition.steps.launches:
            self._running.add(launch.which)
            self._steps.append(launch)


def _serve(wait: WaitState, transition: Transition) -> None:
    transition.timer(wait, 0)


ACTS = {
    "cancel": operator_commands.cancel,
    "resume": operator_commands.resume,
    "restart": operator_commands.restart,
}
