"""Look inside a journey: drive it to where it stands, or stood, and take a picture of its frames.

The function is driven as at any replay, through what is recorded, and no further: it stands at
the first command without an outcome, or at what an entry of its history says. Nothing is written,
no step runs, no hook is asked, and what the function says is not heard.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType

from studio.engine.effects import capture
from studio.engine.inspect.frames import Camera, Frame
from studio.engine.inspect.recorded_drive import (
    DriveGoal,
    ReadDrive,
    awaited,
    is_open,
)
from studio.engine.inspect.result import Awaited, Inspection
from studio.engine.reload.stored_code import load_version, newest_version
from studio.engine.work.log_lines import LogLine
from studio.engine.work.unit_of_work import StoreUnit
from studio.engine.work.watchdog import did_not_come_back, frame_of, give_up
from studio.errors import JourneyError, StudioError, WorkflowError
from studio.kernel.drive import Abandoned
from studio.kernel.pass_fold import OpenedInPass
from studio.kernel.state import JourneyState
from studio.language.commands import Place
from studio.language.definition import Workflow
from studio.language.journey import Journey
from studio.language.kinds import LEVELS, STATUS_TEXT, Status
from studio.store.read_entries import count_said, entry_of_journey, newest_entry, pass_at
from studio.store.read_only_store import ReadOnlyStore
from studio.store.records import Entry
from studio.store.views import Views
from studio.text.json_text import loads

__all__ = ["Awaited", "Inspection", "inspect", "steps_of"]

PATIENCE = 3.0
"""Seconds after which a function that does not come back is given up."""
GIVE_UPS = 5
"""How often a given up thread is told so: a function may catch even that."""
MOST_STEPS = 20_000
"""Entries that are listed to step through, the newest of a journey."""

OUTCOMES = frozenset(("wait.matched", "wait.timeout", "sleep.done", "step.done", "step.failed"))
STANDING = (Status.WAITING, Status.IDLE)


def inspect(
    path: str | Path,
    workflows: Mapping[str, Workflow],
    journey: str | int,
    entry: int | None = None,
    *,
    patience: float = PATIENCE,
) -> Inspection:
    """Look inside a journey. Nothing is written, and no step runs.

    Args:
        workflows: as they are loaded; another version is made of the source that the store keeps.
        journey: its id, or its number in the store.
        entry: seq of an entry of it, to see the journey as of then; None for how it stands now.
        patience: seconds after which a function that does not come back is given up.

    Raises:
        JourneyError: there is no such journey, or the entry is not of it.
        StoreError: the store cannot be read.
        WorkflowError: the code of that time does not load any more.
    """
    store = ReadOnlyStore(path)
    look = _Look(store, workflows, journey, entry)
    # A thread of its own has no event loop, and can be given up.
    thread = threading.Thread(target=look.run, name="journey-inspect", daemon=True)
    capture.install()
    try:
        thread.start()
        thread.join(patience)
        hanging = look.stopped(frame_of(thread), patience) if thread.is_alive() else None
        for _ in range(GIVE_UPS):
            if not thread.is_alive():
                break
            give_up(thread)
            thread.join(0.1)
    finally:
        capture.uninstall()
        store.close()
    return look.answer() if hanging is None else hanging


def steps_of(path: str | Path, journey: str) -> list[Entry]:
    """The entries of a journey that can be inspected one after another, oldest first.

    Each names its `cause`: entries of one cause came about in one drive.

    Raises:
        JourneyError: there is no such journey.
        StoreError: the store cannot be read.
    """
    with Views(path) as views:
        found = views.journey_entries(journey, limit=MOST_STEPS)
    if found is None:
        raise _no_journey(journey)
    return [entry for entry in found if not entry.kind.endswith(".closed")]


def _no_journey(journey: str | int) -> JourneyError:
    return JourneyError(
        "there is no such journey", where=str(journey), fix="Name one that is there.", advice="list journeys"
    )


class _Look:
    """One look, in the thread that drives."""

    def __init__(
        self, store: ReadOnlyStore, workflows: Mapping[str, Workflow], journey: str | int, seq: int | None
    ) -> None:
        self._store = store
        self._workflows = dict(workflows)
        self._journey = journey
        self._seq = seq
        self._inspection: Inspection | None = None
        """As far as it has come."""
        self._camera = Camera({})
        self._speaker: Journey | None = None
        self._done = False
        self._error: BaseException | None = None

    def run(self) -> None:
        """Look; what comes out is for `answer`."""
        try:
            capture.listen(self._hear)
            self._look()
            self._done = True
        except Abandoned:
            # Whoever asked does not wait for it any more.
            return
        except BaseException as error:
            self._error = error

    def answer(self) -> Inspection:
        """What was seen, or what went wrong."""
        if self._error is not None:
            raise self._error
        assert self._inspection is not None
        return self._inspection

    def stopped(self, frame: FrameType | None, after: float) -> Inspection | None:
        """What is seen from outside of a drive that does not come back; None when it just did."""
        known = self._inspection
        if self._done or self._error is not None:
            return None
        if known is None:
            raise StudioError(
                f"nothing came back within {after:g} s: the code of that time does not load, or the store"
                " is slow",
                where=str(self._journey),
            )
        if known.state == "said":
            # What hangs comes after the line that was asked for.
            return known
        self._camera.hush()
        frames = self._camera.running(frame)
        place = next((f"{each.place}: " for each in reversed(frames) if each.own), "")
        return replace(known, state="hangs", frames=frames, error=f"{place}{did_not_come_back(after)}")

    def _hear(self, level: str, message: str, place: Place, line: LogLine | None) -> bool:
        """Take what is printed or logged meanwhile; nobody else hears it."""
        journey = self._speaker
        if journey is not None and not journey._closing:
            journey._say(level, message, place)
        return True

    # -- what to look at -------------------------------------------------------------------

    def _look(self) -> None:
        state = self._find(StoreUnit(self._store, self._workflows, {}))
        name = self._store.name_text(state.workflow_id)
        last = newest_entry(self._store, state.id)
        assert last is not None
        seq = last if self._seq is None else self._seq
        entry = self._entry(seq, state, name)
        standing = self._seq is None and state.status in STANDING
        if not standing:
            self._store.forget_after(seq)
        loaded = self._workflows.get(name)
        hash = None if loaded is None else loaded.code
        then = entry.code or hash or newest_version(self._store, name)
        base = Inspection(
            journey=state.text_id(name),
            entry=entry,
            now=standing or (seq == last and state.status != Status.IDLE),
            status=STATUS_TEXT[state.status],
            state="waits",
            pass_number=state.pass_no,
            at=entry.at,
            position=seq,
            code="",
            current=False,
        )
        goal = _standing_goal(state) if standing else self._goal(entry, state, name)
        if loaded is not None and hash is not None and (standing or then == hash):
            # How it stands now is what the loaded code makes of it, if that comes to where it waits.
            base = replace(base, code=hash, current=True)
            found = self._inspection = self._drive(base, loaded, None, goal)
            if found.note is None or then == hash:
                return
        if then is None:
            raise WorkflowError(f'"{name}" is not loaded, and no version of it is kept')
        self._inspection = None
        workflow, source = load_version(self._store, then, name)
        self._inspection = self._drive(replace(base, code=then, current=False), workflow, source, goal)

    def _find(self, unit: StoreUnit) -> JourneyState:
        if isinstance(self._journey, int):
            found = unit.journey_by_id(self._journey)
        else:
            found = unit.journey_named(self._journey)
        if found is None:
            raise _no_journey(self._journey)
        return found

    def _entry(self, seq: int, state: JourneyState, workflow: str) -> Entry:
        entry = entry_of_journey(self._store, seq, state.id)
        if entry is None:
            raise JourneyError(
                f"it has no entry {seq}",
                where=state.text_id(workflow),
                fix="Name one that is there.",
                advice="show entries",
            )
        return entry

    def _goal(self, entry: Entry, state: JourneyState, workflow: str) -> DriveGoal:
        """What an entry says about where the journey stood."""
        match entry.kind:
            case "journey.started" | "journey.pass":
                return DriveGoal("begins")
            case "journey.completed":
                return DriveGoal("returned")
            case "journey.failed":
                return DriveGoal("raised")
            case "log" if entry.name is not None and entry.cause is not None:
                # A step's function said it: the journey stands at the step.
                return DriveGoal(command=self._entry(entry.cause, state, workflow).key)
            case "log":
                kind, line = LEVELS[entry.level or "info"], entry.line or ""
                begun = self._pass_at(state, entry.seq)[0]
                count = count_said(self._store, state.id, begun, entry.seq, kind, line)
                return DriveGoal("said", said=(kind, line, count))
        return DriveGoal(command=entry.key, ended=entry.kind in OUTCOMES)

    def _pass_at(self, state: JourneyState, seq: int) -> tuple[int, int, int]:
        """The pass of an entry: where it began, its number, its trigger."""
        if seq >= state.pass_seq:
            return state.pass_seq, state.pass_no, state.trigger
        begun, number, cause, data = pass_at(self._store, state.id, seq)
        trigger = loads(data).get("trigger") if data else None
        return begun, number, cause if trigger is None else trigger

    # -- driving ---------------------------------------------------------------------------

    def _drive(self, base: Inspection, workflow: Workflow, source: str | None, goal: DriveGoal) -> Inspection:
        """Drive a workflow's function to its goal, and tell what was seen."""
        camera = self._camera = Camera({} if source is None else {workflow.file: source})
        unit = StoreUnit(self._store, {workflow.name: workflow}, {})
        state = self._find(unit)
        seq = base.entry.seq
        state.pass_seq, state.pass_no, state.trigger = self._pass_at(state, seq)
        base = self._inspection = replace(base, pass_number=state.pass_no)
        opened = unit.load_pass_until(state, seq)
        seen = ReadDrive(
            unit, state, workflow, opened, goal, camera, listen=self._listen_to, said=self._come_to
        ).run()
        self._speaker = None
        error = seen.error
        if error is None and (base.entry.kind == "step.retry" or goal.end == "raised"):
            error = base.entry.message
        found = replace(
            base,
            state=seen.state,
            frames=seen.frames,
            position=seen.position,
            result=seen.result,
            error=error,
            waits=None if seen.command is None else awaited(seen.command, state, opened),
        )
        return replace(found, note=_note(found, goal, opened, reached=seen.reached))

    def _listen_to(self, journey: Journey) -> None:
        self._speaker = journey

    def _come_to(self, frames: tuple[Frame, ...]) -> None:
        assert self._inspection is not None
        self._inspection = replace(self._inspection, state="said", frames=frames)


def _standing_goal(state: JourneyState) -> DriveGoal:
    return DriveGoal("waits" if state.status == Status.WAITING else "returned")


def _note(found: Inspection, goal: DriveGoal, opened: OpenedInPass, *, reached: bool) -> str | None:
    """Why what was seen may not be what happened."""
    if reached:
        stands = goal.end == "waits" and found.now and found.status == "waiting"
        if not stands or found.waits is None or is_open(found.waits, opened):
            return None
        return f"this code stands at {found.waits.key}, and the journey waits for something else"
    now = {"waits": "waits", "returned": "returns", "raised": "raises"}.get(found.state, found.state)
    at = found.frames[found.selected].place if found.frames else "no line"
    wanted = {"returned": "return", "raised": "raise", "said": "say this again", "waits": "wait"}[goal.end]
    if goal.command is not None:
        wanted = f"come to {goal.command}"
    return f"driven again, this code does not {wanted}: it {now} at {at}"
