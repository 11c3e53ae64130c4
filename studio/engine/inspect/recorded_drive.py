"""Drive a function through what is recorded and no further, and see where it stands.

Only what is recorded answers: a command without an outcome is where the drive ends, whatever
the history would hold for it. So nothing is decided, and nothing is to be written.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from studio.engine.inspect.frames import Camera, Frame, first_line
from studio.engine.inspect.result import Awaited, State
from studio.engine.inspect.safe_repr import printable_line, safe_repr, type_name
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.drive import Ended, Failed, Outcome, drive
from studio.kernel.journey_reader import replayed_journey
from studio.kernel.pass_fold import OpenedInPass
from studio.kernel.replay import Replay
from studio.kernel.state import JourneyState
from studio.language.commands import Command, Group, Ingest, Place, Split, Step, Wait, key_text
from studio.language.definition import Workflow
from studio.language.journey import Journey
from studio.language.kinds import LEVELS
from studio.language.waited import Waited
from studio.text.source_code import describe

ERROR_LONGEST = 2_000
"""Characters of what an exception says."""

_KINDS = {"once": "step", "pass": "new pass"}


@dataclass(slots=True)
class DriveGoal:
    """Where to stop."""

    end: State = "waits"
    """What the function is to come to."""
    command: str | None = None
    """Key text of the command at which it is to stand."""
    ended: bool = False
    """The command has ended: what it gave is looked at."""
    said: tuple[int, str, int] | None = None
    """A line of the log: its kind, its place, and which of those said there it is."""


@dataclass(slots=True)
class DriveResult:
    """What a drive has come to."""

    state: State = "waits"
    frames: tuple[Frame, ...] = ()
    command: Command[Any] | None = None
    """At which it stands."""
    reached: bool = False
    """It came to its goal."""
    result: str | None = None
    error: str | None = None
    position: int = 0


class ReadDrive:
    """One drive of a function to a goal.

    Args:
        listen: is given the journey as soon as what is printed is said by it.
        said: is given the frames when the line that is the goal is being said.
    """

    def __init__(
        self,
        unit: StoreUnit,
        state: JourneyState,
        workflow: Workflow,
        history: OpenedInPass,
        goal: DriveGoal,
        camera: Camera,
        *,
        listen: Callable[[Journey], None],
        said: Callable[[tuple[Frame, ...]], None],
    ) -> None:
        self._state = state
        self._history = history
        self._goal = goal
        self._camera = camera
        self._listen = listen
        self._on_said = said
        self._seen = DriveResult()
        self._count = 0
        # A copy whose function shows the frame that it makes: that keeps what was in it at the end.
        self._begin = workflow.function
        self._frame: FrameType | None = None
        self._workflow = copy.copy(workflow)
        self._workflow.function = self._show
        self._journey = replayed_journey(unit, state, workflow, self._hear)
        # What was said is said once more, to be counted.
        self._journey._live = True
        self._replay = Replay(unit, state, self._journey)

    def run(self) -> DriveResult:
        """Drive; gives what was seen at the goal, or where it ended otherwise."""
        seen, goal, journey = self._seen, self._goal, self._journey
        self._listen(journey)
        if goal.end == "begins":
            coroutine = self._show(journey)
            if self._frame is not None:
                seen.frames = self._camera.take([(self._frame, first_line(self._frame))])
            coroutine.close()
            seen.state, seen.reached, seen.position = "begins", True, journey._bound
            return seen
        end = drive(self._workflow, journey, self._answer, self._step, self._raised)
        if self._is_over:
            return seen
        seen.position = journey._bound
        if isinstance(end, Ended):
            seen.state, seen.result, seen.reached = "returned", safe_repr(end.result), goal.end == "returned"
            if self._frame is not None:
                seen.frames = self._camera.take([(self._frame, self._frame.f_lineno)])
        elif isinstance(end, Failed):
            seen.state, seen.reached = "raised", goal.end == "raised"
            if seen.error is None:
                seen.error = printable_line(f"{end.type}: {end.message}", ERROR_LONGEST)
        elif goal.end == "waits" and goal.command is None:
            seen.reached = True
        return seen

    @property
    def _is_over(self) -> bool:
        """The line that is the goal has been said: what follows does not matter."""
        return self._seen.state == "said"

    def _show(self, journey: Journey) -> Coroutine[Any, Any, Any]:
        coroutine = self._begin(journey)
        self._frame = getattr(coroutine, "cr_frame", None)
        return coroutine

    # -- what the function asks for --------------------------------------------------------

    def _answer(self, command: Command[Any]) -> Outcome | None:
        """The recorded outcome of a command; None where there is none, and at the goal."""
        goal, outcome = self._goal, None
        if goal.command is not None and (aim := _find(command, goal.command)) is not None:
            self._seen.reached = True
            if goal.ended and (record := self._state.outcomes.get(aim.key)) is not None:
                self._look_at(self._replay.recorded(aim, record))
        else:
            outcome = self._known(command)
        if outcome is None:
            self._stand(command)
        return outcome

    def _known(self, command: Command[Any]) -> Outcome | None:
        """The outcome that a command has, also one that this pass has not recorded."""
        record = self._replay.record_of(command)
        return self._replay.taken(command) if record is None else self._replay.recorded(command, record)

    def _look_at(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        if outcome.error is not None:
            self._seen.error = _error_text(outcome.error)
        else:
            self._seen.result = safe_repr(outcome.value)
            if isinstance(outcome.value, Waited) and (first := outcome.value.first_event) is not None:
                # Of what came, the first says most; the rest may be thousands.
                self._seen.result += f", first {safe_repr(first)}"

    def _stand(self, command: Command[Any]) -> None:
        journey, resumed = self._journey, self._history.resumed
        if not self._is_over:
            self._seen.command = command
        if resumed is not None and resumed[0] > journey._bound:
            # After a resume the first command that is new stands at the moment of that.
            journey._bound, journey._at = resumed

    # -- what is seen ----------------------------------------------------------------------

    def _step(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        if not self._is_over:
            self._seen.frames = self._camera.suspended(coroutine)

    def _raised(self, error: BaseException, traceback: TracebackType | None) -> None:
        if not self._is_over:
            self._seen.frames = self._camera.raised(traceback)
            self._seen.error = _error_text(error)

    def _hear(self, journey: Journey, level: str, message: str, place: Place) -> None:
        """A line is said; the one that is the goal is looked at."""
        if self._goal.said is None or self._is_over:
            return
        kind, line, count = self._goal.said
        if (LEVELS[level], f"{os.path.basename(place[0])}:{place[1]}") != (kind, line):
            return
        self._count += 1
        if self._count == count:
            seen = self._seen
            seen.frames = self._camera.running(sys._getframe())
            seen.state, seen.reached, seen.position = "said", True, journey._bound
            self._on_said(seen.frames)


def _error_text(error: BaseException) -> str:
    return printable_line(f"{type_name(error)}: {describe(error)}", ERROR_LONGEST)


def _find(command: Command[Any], key: str) -> Command[Any] | None:
    """The command of a key: this one, or a member of it."""
    if key_text(command.key) == key:
        return command
    members: Iterable[Command[Any]] = command.members if isinstance(command, Group) else ()
    return next((found for member in members if (found := _find(member, key)) is not None), None)


def awaited(command: Command[Any], state: JourneyState, history: OpenedInPass) -> Awaited:
    """A command as people and scripts see it."""
    name = match = None
    if isinstance(command, Wait):
        name, match = command.names.text, command.match
    elif isinstance(command, Step | Ingest | Split):
        name = command.name
    key = command.key
    opened = history.opened.get(key)
    return Awaited(
        _KINDS.get(key[0], key[0]),
        key_text(key),
        name,
        match,
        None if opened is None else opened[1],
        history.dues.get(key),
        key in state.outcomes,
        tuple(awaited(each, state, history) for each in command.members)
        if isinstance(command, Group)
        else (),
    )


def is_open(awaits: Awaited, history: OpenedInPass) -> bool:
    """Whether a command, or a member of it, is open."""
    keys = {key_text(key) for key in history.open}
    return awaits.key in keys or any(is_open(member, history) for member in awaits.members)
