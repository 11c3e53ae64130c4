"""One user carried on by the rules, on a partition in memory: what comes and is due, in order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.records import Launch, StepResult
from studio.kernel.state import WaitState
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.language.commands import Key
from studio.language.definition import Workflow

Act = Callable[[int], None]
"""What happens at a moment, milliseconds since 1970, UTC."""


@dataclass(slots=True)
class UserDrives:
    """What all users of one run are driven with.

    Args:
        workflows: those that journeys are driven by, by name.
    """

    workflows: Mapping[str, Workflow]
    routes: Routes
    codes: Mapping[str, str]
    """The hash of each workflow's source, by the workflow's name."""
    monitor: ThreadMonitor

    @classmethod
    def of(cls, workflows: Mapping[str, Workflow], monitor: ThreadMonitor) -> UserDrives:
        """Those of some workflows, in the thread that the monitor watches."""
        codes = {name: workflow.code for name, workflow in workflows.items()}
        # No step is called: what a function gave to one may change behind it.
        monitor.live.stands_at_steps = True
        return cls(workflows, Routes(workflows), codes, monitor)


class OneUser:
    """A user's partition, with what is still to come.

    Args:
        launched: told of each step that is to run, with the moment.
    """

    def __init__(self, unit: Partition, drives: UserDrives, launched: Callable[[Launch, int], None]) -> None:
        self.unit = unit
        self.causes = 0
        """How many were carried out."""
        self._launched = launched
        self._coming: list[tuple[int, int, Act]] = []
        self._order = itertools.count()
        self._running: set[tuple[int, int, Key, int]] = set()
        # All that happens to a user is one batch: functions stand where they wait.
        live = drives.monitor.live
        self._transition = Transition(
            unit, drives.routes, monitor=drives.monitor, live=live, running=self._running
        )

    def at(self, moment: int, act: Act) -> None:
        """Have something happen; what was asked for earlier goes first at one moment."""
        heapq.heappush(self._coming, (moment, next(self._order), act))

    def go(self, until: int, most: int, gone: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, each cause at its own moment; gives whether all up to `until` has happened.

        Args:
            most: causes of this user, at most.
            gone: asked after each; once it says yes, nothing more happens.
        """
        coming = self._coming
        while not gone():
            due = self.unit.next_due
            next_at = min(
                (at for at in (due, coming[0][0] if coming else None) if at is not None), default=None
            )
            if next_at is None or next_at > until:
                return True
            if self.causes >= most:
                return False
            # What comes goes before deadlines (DESIGN rule 2).
            if coming and coming[0][0] == next_at:
                heapq.heappop(coming)[2](next_at)
            else:
                self.carry_out(partial(_serve, self.unit.due_waits(next_at)[0]), next_at)
        return False

    def close(self) -> None:
        """Nothing more happens: functions that stand are left."""
        self._transition.journeys.leave_all()

    def ended(self, result: StepResult, at: int) -> None:
        """An attempt of a step has ended."""
        self._running.discard(result.launch.which)
        self.carry_out(lambda transition: transition.step_result(result, at), at)

    def carry_out(self, cause: Callable[[Transition], Any], at: int) -> None:
        """Carry out one cause."""
        self.causes += 1
        cause(self._transition)
        launches = self._transition.steps.launches
        while launches:
            launch = launches.pop(0)
            self._running.add(launch.which)
            self._launched(launch, at)


def _serve(wait: WaitState, transition: Transition) -> None:
    transition.timer(wait, 0)
