"""The steps of a path, taken down while it is gone."""

from __future__ import annotations

from typing import Any

from studio.design.explorer.explored_path import PathEnd, PathStep
from studio.design.explorer.path_steps import line_of, passed, said
from studio.kernel.memory import MemoryUnit
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState
from studio.language.commands import Command, Key, Place
from studio.language.kinds import Kind

FOLLOWED = 1
"""The journey whose path it is: the first. What it sends may begin others."""
MAX_PATH_STEPS = 2_000
"""Steps of one path: a loop that only sleeps goes on for ever without a decision."""
MAX_SAID = 200
"""Log lines of one path that are kept."""


class CutOff(Exception):
    """The path ends where the journey stands now."""

    def __init__(self, end: PathEnd) -> None:
        self.end = end


class Trail:
    """The steps of the journey that is followed.

    Args:
        place: of the workflow.
        start: the moment at which the journey begins, milliseconds since 1970.
    """

    def __init__(self, place: Place, start: int) -> None:
        self.steps: list[PathStep] = []
        self.standing: Command[Any] | None = None
        """Where the journey stands."""
        self._place = place
        self._start = start
        self._read_rows = self._said = 0
        """Entries of the history that were looked at, and lines of the log among them."""
        # Of one drive and of one pass:
        self._resolver: CommandResolver | None = None
        self._commands = 0
        """Commands that this drive has passed."""
        self._pass = 0
        self._passed = 0
        """Commands that the pass has passed: what a drive from the top goes through again."""
        self._was_open: set[Key] = set()

    def fork(self) -> Trail:
        """The same steps for a path that goes on from here."""
        other = Trail(self._place, self._start)
        other.steps, other.standing = self.steps[:], self.standing
        other._read_rows, other._said = self._read_rows, self._said
        other._pass, other._passed, other._was_open = self._pass, self._passed, set(self._was_open)
        return other

    def passes(self, resolver: CommandResolver, command: Command[Any], history: MemoryUnit) -> None:
        """A command has an outcome."""
        self._look_at(resolver)
        self.standing = None
        self._commands += 1
        if self._commands > self._passed:
            self._passed = self._commands
            self.read(history)
            self.tell(command, resolver.state, resolver.cause.at)

    def stands(self, resolver: CommandResolver, command: Command[Any]) -> None:
        """The function stands at a command."""
        self._look_at(resolver)
        self.standing = command
        self._was_open.update(resolver.state.opened)

    def _look_at(self, resolver: CommandResolver) -> None:
        """A drive from the top goes once more through what its pass has passed."""
        if resolver is not self._resolver:
            self._resolver, self._commands = resolver, 0
            if resolver.state.pass_no != self._pass:
                self._pass, self._passed, self._was_open = resolver.state.pass_no, 0, set()

    def tell(self, command: Command[Any], state: JourneyState, at: int) -> None:
        """Make a step of a command."""
        if (step := passed(command, state, self._was_open, at - self._start)) is not None:
            self._add(step)

    def read(self, history: MemoryUnit) -> None:
        """Make steps of what the journey has said, and of the passes that it has begun."""
        rows = history.history[self._read_rows :]
        self._read_rows = len(history.history)
        for row in rows:
            kind, at = row[2], row[1] - self._start
            if row[4] != FOLLOWED:
                continue
            if kind == Kind.PASS:
                self._add(PathStep("pass", f"pass {row[5]}", line_of(self._place), at, row[5]))
            elif Kind.LOG_DEBUG <= kind <= Kind.NOTE:
                self._said += 1
                if self._said <= MAX_SAID:
                    self.steps.append(said(kind, row[13], history.name_text(row[8]), at, row[5]))

    def _add(self, step: PathStep) -> None:
        self.steps.append(step)
        if len(self.steps) > MAX_PATH_STEPS:
            raise CutOff(PathEnd("bound reached", f"{MAX_PATH_STEPS:,} moves", step.line))
