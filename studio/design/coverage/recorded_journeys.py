"""The journeys of a store, each driven once more through what is recorded of it, and followed on the map.

That is after a test, and not while its engine runs: nobody is slowed down, and whoever else traces lines (as
coverage.py does) is left alone. As at any replay no step runs, nothing is written and nothing that is
said is heard.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from studio.design.coverage.map_walk import Line, MapGraph, MapWalk, Passed, Way
from studio.design.coverage.turns import IDLE, STANDS, JourneyTurn, Went, turn_of
from studio.design.explorer.path_steps import line_of, passed
from studio.design.outline.flow_reader import read
from studio.engine.effects import capture
from studio.engine.work.log_lines import LogLine
from studio.engine.work.unit_of_work import StoreUnit
from studio.engine.work.watchdog import did_not_come_back, give_up
from studio.errors import WorkflowError
from studio.kernel.drive import Abandoned, Ended, Outcome, drive
from studio.kernel.journey_reader import replayed_journey
from studio.kernel.replay import Replay
from studio.kernel.state import JourneyState
from studio.language.commands import (
    Command,
    Group,
    Ingest,
    Message,
    NewPass,
    Place,
    Sleep,
    Split,
    Step,
    Wait,
)
from studio.language.definition import Workflow
from studio.language.journey import Journey
from studio.store.read_entries import pass_at
from studio.store.read_only_store import ReadOnlyStore
from studio.store.views import Views
from studio.text.json_text import loads

PATIENCE = 30.0
"""Seconds after which the journeys of one store are given up."""
PAGE_ROWS = 10_000
_LEFT_OUT = frozenset(("StopIteration", "StopAsyncIteration", "GeneratorExit", "Suspended"))
"""Exceptions that say that something is over, and that nothing went wrong."""
_ENDS = {"journey.completed": "completed", "journey.failed": "failed", "journey.exited": "exited"}


@dataclass(slots=True)
class Gone:
    """What journeys have gone of one workflow."""

    ways: set[Way] = field(default_factory=set)
    went: set[Went] = field(default_factory=set)
    journeys: int = 0


@dataclass(slots=True)
class _Pass:
    """A pass of a journey, as its entries tell it."""

    journey: str
    workflow: str
    number: int
    last: int
    """Its newest entry."""


def gone_in(path: str | Path, workflows: Mapping[str, Workflow]) -> tuple[dict[str, Gone], list[str]]:
    """What the journeys of a store have gone, by workflow; and what could not be found out.

    Args:
        workflows: that ran, by name.

    Raises:
        StoreError: the store cannot be read.
    """
    passes, ends = _passes(path, workflows)
    found: dict[str, Gone] = {name: Gone() for name in workflows}
    problems: list[str] = []
    walks: dict[str, MapWalk] = {}
    for name in {each.workflow for each in passes}:
        try:
            walks[name] = MapWalk(MapGraph(read(workflows[name])), found[name].ways)
        except WorkflowError as error:
            problems.append(str(error))
    wanted = [each for each in passes if each.workflow in walks]
    if wanted:
        look = _Look(path, workflows, walks, wanted, ends, found)
        if (problem := look.run_apart()) is not None:
            problems.append(problem)
    return found, problems


def _passes(path: str | Path, workflows: Mapping[str, Workflow]) -> tuple[list[_Pass], dict[str, str]]:
    """The passes of all journeys in the order of their beginnings, and how journeys have ended."""
    found: dict[tuple[str, int], _Pass] = {}
    ends: dict[str, str] = {}
    with Views(path) as views:
        after = 0
        while page := views.entries(after=after, limit=PAGE_ROWS):
            after = page[-1].seq
            for entry in page:
                name, journey = entry.workflow, entry.journey
                if journey is None or name is None or name not in workflows or entry.pass_number is None:
                    continue
                if entry.kind == "journey.resumed":
                    ends.pop(journey, None)
                ends |= {journey: _ENDS[entry.kind]} if entry.kind in _ENDS else {}
                slot = (journey, entry.pass_number)
                if slot in found:
                    found[slot].last = entry.seq
                elif entry.kind in ("journey.started", "journey.pass"):
                    # Of whom the beginning is not there any more nothing can be driven.
                    found[slot] = _Pass(journey, name, entry.pass_number, entry.seq)
    return list(found.values()), ends


class _Look:
    """Drives passes, in a thread of its own: it has no event loop, and can be given up."""

    def __init__(
        self,
        path: str | Path,
        workflows: Mapping[str, Workflow],
        walks: Mapping[str, MapWalk],
        passes: list[_Pass],
        ends: Mapping[str, str],
        found: Mapping[str, Gone],
    ) -> None:
        self._path = path
        self._workflows = dict(workflows)
        self._walks = walks
        self._passes = passes
        self._ends = ends
        self._found = found
        self._drive: _Drive | None = None
        self._error: BaseException | None = None

    def run_apart(self) -> str | None:
        """Drive all passes; gives what went wrong."""
        thread = threading.Thread(target=self._run, name="journey-coverage", daemon=True)
        capture.install()
        try:
            thread.start()
            thread.join(PATIENCE)
            if thread.is_alive():
                give_up(thread)
                thread.join(1)
                return f"the ways of journeys: {did_not_come_back(PATIENCE)}"
        finally:
            capture.uninstall()
        if self._error is not None:
            raise self._error
        return None

    def _run(self) -> None:
        try:
            capture.listen(self._hear)
            self._go()
        except Abandoned:
            return
        except BaseException as error:
            self._error = error

    def _hear(self, level: str, message: str, place: Place, line: LogLine | None) -> bool:
        """Take what is printed or logged meanwhile; nobody else hears it."""
        if self._drive is not None:
            self._drive.hear(place)
        return True

    def _go(self) -> None:
        store = ReadOnlyStore(self._path)
        turns: dict[str, list[JourneyTurn]] = {}
        stands: dict[str, str] = {}
        try:
            for each in self._passes:
                own = turns.setdefault(each.journey, [])
                if each.number > 1 and own:
                    workflow = self._workflows[each.workflow]
                    own.append(JourneyTurn("pass", line_of((workflow.path, workflow.line)), ""))
                stands[each.journey] = self._pass(store, each, own)
        finally:
            store.close()
        names = {each.journey: each.workflow for each in self._passes}
        for journey, own in turns.items():
            gone = self._found[names[journey]]
            gone.journeys += 1
            gone.went.add(Went(self._ends.get(journey, stands[journey]), tuple(own)))

    def _pass(self, store: ReadOnlyStore, each: _Pass, turns: list[JourneyTurn]) -> str:
        """Drive one pass; gives how it stands at its end."""
        workflow = self._workflows[each.workflow]
        unit = StoreUnit(store, {workflow.name: workflow}, {})
        state = unit.journey_named(each.journey)
        if state is None:
            return STANDS
        if each.last < state.pass_seq:
            begun, number, cause, data = pass_at(store, state.id, each.last)
            trigger = loads(data).get("trigger") if data else None
            state.pass_seq, state.pass_no = begun, number
            state.trigger = cause if trigger is None else trigger
        opened = unit.load_pass_until(state, each.last)
        self._drive = _Drive(unit, state, workflow, self._walks[each.workflow], opened.opened, turns)
        try:
            return self._drive.run()
        finally:
            self._drive = None


class _Drive:
    """One drive of a function through what is recorded of a pass."""

    def __init__(
        self,
        unit: StoreUnit,
        state: JourneyState,
        workflow: Workflow,
        walk: MapWalk,
        opened: Mapping[Any, object],
        turns: list[JourneyTurn],
    ) -> None:
        self._state = state
        self._workflow = workflow
        self._walk = walk
        self._opened = opened
        self._turns = turns
        self._files = walk.graph.files
        self._own: dict[CodeType, bool] = {}
        self._journey = replayed_journey(unit, state, workflow, self._say)
        self._journey._live = True
        self._replay = Replay(unit, state, self._journey)

    def run(self) -> str:
        """Drive to the end of what is recorded; gives how the journey stands there."""
        self._walk.begin()
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            end = drive(self._workflow, self._journey, self._answer)
        finally:
            sys.settrace(before)
        if isinstance(end, Ended):
            self._walk.returned()
            return IDLE
        self._walk.stopped()
        return STANDS

    # -- what the function asks for and says -------------------------------------------------

    def _answer(self, command: Command[Any]) -> Outcome | None:
        """The recorded outcome of a command; None where the journey stands."""
        self._walk.command(_passed(command))
        outcome = self._known(command)
        if (step := passed(command, self._state, self._opened, 0)) is not None:
            turn = turn_of(step, opened=outcome is None or command.key in self._opened)
            assert turn is not None
            self._turns.append(turn if outcome is not None else JourneyTurn(turn.kind, turn.line, STANDS))
        return outcome

    def _known(self, command: Command[Any]) -> Outcome | None:
        record = self._replay.record_of(command)
        if record is None:
            return self._replay.taken(command)
        # Also that of an earlier pass is a step of this way.
        self._state.outcomes[command.key] = record
        return self._replay.recorded(command, record)

    def hear(self, place: Place) -> None:
        """Something is printed or logged."""
        if not self._journey._closing:
            self._walk.command(Passed(line_of(place), "log"))

    def _say(self, journey: Journey, level: str, message: str, place: Place) -> None:
        self.hear(place)

    # -- lines -------------------------------------------------------------------------------

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        own = self._own.get(code)
        if own is None:
            own = self._own[code] = os.path.basename(code.co_filename) in self._files
        return self._run_line if own else None

    def _run_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self._journey._closing:
            return self._run_line
        if event == "line":
            stack = self._stack(frame)
            self._walk.line(stack[0], stack)
        elif event == "exception" and arg[0].__name__ not in _LEFT_OUT:
            self._walk.raised()
        return self._run_line

    def _stack(self, frame: FrameType) -> list[Line]:
        """The lines of the map's files that are being run, the innermost first."""
        found: list[Line] = []
        around: FrameType | None = frame
        while around is not None:
            if self._own.get(around.f_code):
                found.append((os.path.basename(around.f_code.co_filename), around.f_lineno))
            around = around.f_back
        return found


def _passed(command: Command[Any]) -> Passed:
    """A command as an entry of the history would name it."""
    place = line_of(command.place)
    if isinstance(command, NewPass):
        return Passed(place, "new_pass")
    if isinstance(command, Wait):
        return Passed(place, "wait", command.names.text)
    if isinstance(command, Group):
        return Passed(place, "wait", "wait_all" if command.all else "wait_any")
    if isinstance(command, Sleep):
        return Passed(place, "sleep")
    if isinstance(command, Message):
        return Passed(place, "message", command.name)
    if isinstance(command, Step):
        return Passed(place, "step", command.name)
    if isinstance(command, Split):
        return Passed(place, "split", command.name)
    return Passed(place, "event", command.name if isinstance(command, Ingest) else None)
