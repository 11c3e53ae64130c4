"""A path: the history of a user in memory, and the causes that come on it, one after another.

What a cause means is for the kernel's `Transition` to say. Which cause comes next is for whoever
goes the path; nothing waits, and no step is run.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from studio.design.explorer.sampled import SampledHistory
from studio.engine.effects import capture
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.decisions import Deciding
from studio.kernel.drive import Outcome
from studio.kernel.message_rules import Verdict
from studio.kernel.ports import UnitOfWork
from studio.kernel.records import Cause, Launch, StepResult
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.taken_ids import TakenIds
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.language.commands import Command, Key, Message, Split
from studio.language.definition import Workflow
from studio.language.incoming import Incoming
from studio.language.journey import Journey


class Onlooker:
    """Sees what happens in drives; this one looks away."""

    def runs(self, journey: Journey) -> None:
        """A journey's function begins to run."""

    def rests(self) -> None:
        """It asks for something, or has come to its end."""

    def passes(self, resolver: CommandResolver, command: Command[Any], outcome: Outcome) -> None:
        """A command has an outcome, and the function goes on with it."""

    def stands(self, resolver: CommandResolver, command: Command[Any]) -> None:
        """A command has none: there the function stands."""

    def draws(self, resolver: CommandResolver, split: Split) -> str | None:
        """Somebody is to be drawn into an arm. None: the function stands there until that is settled."""
        return CommandResolver.drawn(resolver, split)

    def judges(self, resolver: CommandResolver, message: Message, verdict: Verdict) -> Verdict:
        """A message is judged; gives what becomes of it."""
        return verdict

    def lacks(self, field_name: str, source: str) -> None:
        """A field was asked for that is not in an event's data, or in the profile."""


class Path:
    """The history of a path, and the causes that come on it.

    Args:
        workflows: by name.
        at: the moment at which it begins, milliseconds since 1970, UTC.
        seed: what `random` and `uuid` of journeys are drawn from.
        salt: what idempotency keys are made from.
    """

    def __init__(
        self,
        workflows: Mapping[str, Workflow],
        at: int,
        onlooker: Onlooker | None = None,
        *,
        seed: str = "explorer",
        salt: str = "",
    ) -> None:
        onlooker = onlooker or Onlooker()
        self.now = at
        self.launches: list[Launch] = []
        """Attempts of steps that were started, and whose ends are still to be given."""
        self._running: set[tuple[int, int, Key, int]] = set()
        self._routes = Routes(workflows)
        self._stand_on(SampledHistory(workflows, onlooker.lacks, seed, salt), onlooker)

    def fork(self, onlooker: Onlooker) -> Path:
        """A path that has come as far as this one, and goes on for itself.

        Its functions are driven from their tops.
        """
        other = copy.copy(self)
        other.launches, other._running = self.launches[:], set(self._running)
        other._stand_on(self.history.fork(onlooker.lacks), onlooker)
        other.monitor.moment, other.monitor.fan_out = self.monitor.moment, self.monitor.fan_out
        return other

    def _stand_on(self, history: SampledHistory, onlooker: Onlooker) -> None:
        self.history = history
        self._onlooker = onlooker
        self.monitor = monitor = _Monitor(onlooker)
        # All causes of a path are one batch: its functions stand where they wait.
        self._transition = Transition(
            history,
            self._routes,
            monitor=monitor,
            live=monitor.live,
            running=self._running,
            resolver=self._resolver,
        )

    def listen(self) -> None:
        """What is said in this thread is what the driven journey says."""
        capture.listen_to_drives(self.monitor)

    def _resolver(
        self,
        work: UnitOfWork,
        state: JourneyState,
        journey: Journey,
        cause: Cause,
        steps: StepsUnderWay,
        ids: TakenIds,
    ) -> CommandResolver:
        return _Resolver(work, state, journey, cause, steps, ids, self._onlooker)

    # -- causes ----------------------------------------------------------------------------

    def event(self, event: Incoming) -> None:
        """An event comes now."""
        self.carry_out(lambda transition: transition.event(event, self.now))

    def next_due(self) -> WaitState | None:
        """The open wait whose deadline comes first."""
        return self.history.first_due()

    def deadline(self, wait: WaitState) -> None:
        """Time passes up to the deadline of this wait, which is the first that comes."""
        assert wait.due is not None
        self.now = max(self.now, wait.due)
        self.carry_out(lambda transition: transition.timer(wait, 0))

    def step_ends(self, result: StepResult) -> None:
        """An attempt of a step ends now."""
        self.launches.remove(result.launch)
        self.carry_out(lambda transition: transition.step_result(result, self.now))
        self._running.discard(result.launch.which)

    def go_on(self, state: JourneyState, cause: Cause) -> None:
        """A journey is driven on by the cause at which it stands: what it stood for is settled."""

        def drive(transition: Transition) -> None:
            transition.journeys.drive(state, cause)
            transition.drain()

        self.carry_out(drive)

    def carry_out(self, cause: Callable[[Transition], object]) -> None:
        """A cause comes, and with it all that journeys send on account of it."""
        transition = self._transition
        cause(transition)
        launched = transition.steps.launches
        self._running.update(launch.which for launch in launched)
        self.launches += launched
        launched.clear()

    def close(self) -> None:
        """Close the functions that stand where they wait. A journey fails that is not to be left."""
        self._transition.journeys.leave_all()


class _Monitor(ThreadMonitor):
    """Tells when a function begins to run, and when it stops."""

    def __init__(self, onlooker: Onlooker) -> None:
        super().__init__()
        self._onlooker = onlooker

    def begin(self, journey: Journey, id: int) -> None:
        super().begin(journey, id)
        self._onlooker.runs(journey)

    def over(self) -> float:
        self._onlooker.rests()
        return super().over()


class _Resolver(CommandResolver):
    """Shows each command, and what it came to."""

    __slots__ = ("_onlooker",)

    def __init__(
        self,
        work: UnitOfWork,
        state: JourneyState,
        journey: Journey,
        cause: Cause,
        steps: StepsUnderWay,
        ids: TakenIds,
        onlooker: Onlooker,
    ) -> None:
        super().__init__(work, state, journey, cause, steps, ids)
        self._onlooker = onlooker

    def drawn(self, split: Split) -> str | None:
        return self._onlooker.draws(self, split)

    def judged(self, message: Message, asked: int, now: int, counted: bool) -> Verdict:
        return self._onlooker.judges(self, message, super().judged(message, asked, now, counted))

    def at_once(self, command: Command[Any]) -> Outcome | None:
        self._onlooker.rests()
        outcome = super().at_once(command)
        if outcome is not None:
            self._onlooker.passes(self, command, outcome)
        return outcome

    def resolve(self, command: Command[Any]) -> Deciding:
        outcome = yield from super().resolve(command)
        if outcome is None:
            self._onlooker.stands(self, command)
        else:
            self._onlooker.passes(self, command, outcome)
        return outcome
