"""Every way in: each plays a case and gives the entries of its history, as `--json` prints them."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio import Engine, Event
from studio.cli import call
from studio.clocks import durations
from studio.clocks.clock import Clock, VirtualClock, iso
from studio.engine.reload.migration import Swap
from studio.kernel.memory import MemoryUnit
from studio.kernel.state import JourneyState
from studio.kernel.turn import Turn
from studio.language.definition import Workflow
from studio.language.incoming import Incoming, incoming
from studio.sink.sink import Sink
from studio.store import inbox
from studio.store.changes import Changes
from studio.store.hooks import MemoryEvents
from studio.store.rebuild import compare
from studio.store.records import Entry
from studio.store.sqlite import Store
from studio.store.views import Views
from studio.text import json_text as jsontext
from tests.conformance.case import (
    BY_USER,
    Call,
    Cancel,
    Case,
    Down,
    Elsewhere,
    Forward,
    Kill,
    Op,
    Pause,
    Restart,
    Resume,
    Send,
    Unpause,
    gate,
)
from tests.conformance.reading import Json
from tests.design.explorer.path_driver import ForkingDriver, PathDriver
from tests.kernel.memory_driver import ACTS, MemoryDriver
from tests.kernel.partition_driver import PartitionDriver

START = VirtualClock().now()
"""The moment of +0s."""
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 20.0
"""Seconds after which a test no longer waits for another thread or process."""


@dataclass(slots=True)
class Played:
    """What a case came to."""

    entries: list[Json]
    full: list[Entry] | None = None
    """With what `--json` does not print; None where that is all there is."""
    faults: list[str] | None = None
    """Where the derived tables differ from the history."""


class HandClock:
    """Real time as the engine sees it (it flows, nobody jumps from deadline to deadline), set by hand."""

    virtual = False

    def __init__(self, start: int) -> None:
        self.at = start

    def now(self) -> int:
        return self.at

    def move(self, to: int) -> None:
        self.at = max(self.at, to)

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        self.move(last_at)

    def state(self) -> dict[str, Any]:
        return {"virtual": False, "ahead": 0}


class Stage:
    """A case's script on an engine, which may be stopped or killed between two of its acts."""

    def __init__(
        self,
        case: Case,
        folder: Path,
        *,
        batch: int = 1000,
        hooks: bool = False,
        wall: bool = False,
        replay_always: bool = False,
    ) -> None:
        self.case = case
        self.path = folder / "store.db"
        self.batch = batch
        self.wall = wall
        self.replay_always = replay_always
        self.clock: Clock = HandClock(START) if wall else VirtualClock(START)
        self.memory = MemoryEvents() if hooks or case.elsewhere else None
        self._images = self._reloads = 0
        for event in case.elsewhere:
            self._know(event)
        gate.arm(sum(isinstance(op, Kill) for op in case.script))

    def _know(self, event: Any) -> None:
        assert self.memory is not None
        text = json.dumps(event["data"]) if event.get("data") else None
        self.memory.set_event(Event(event["name"], event["user"], START, text, event["id"]))

    # -- the engine ------------------------------------------------------------------------

    async def open(self) -> None:
        hooks: dict[str, Any] = {}
        if self.memory is not None:
            hooks = {"check_event": self.memory.check_event, "set_event": self.memory.set_event}
        self.engine = Engine(
            self.case.workflows,
            store=self.path,
            clock=self.clock,
            batch=self.batch,
            durability="normal",
            replay_always=self.replay_always,
            seed=self.case.seed,
            **hooks,
        )
        await self.engine.start()

    async def close(self) -> None:
        await self.engine.stop()

    async def reopen(self, later: int = 0) -> None:
        """Stop and start again, in good order."""
        await self.close()
        at = self.clock.now() + later
        self.clock = HandClock(at) if self.wall else VirtualClock(at)
        await self.open()

    async def reload(self) -> None:
        """Go over to code that says the same: those who wait are all driven by it."""
        self._reloads += 1
        again = {each.name: _with_comment(each, self._reloads) for each in self.case.workflows}
        await asyncio.wrap_future(self.engine._running.swap(Swap(again, {}, [], ())))
        await until(lambda: not self.engine._running.migrations.busy)

    async def crash(self) -> None:
        """Go on from what a killed process would have left: the files as they are at this moment."""
        old, source = self.engine, self.path
        self._images += 1
        image = source.with_name(f"image{self._images}.db")
        for suffix in ("", "-wal"):
            if (file := source.with_name(source.name + suffix)).exists():
                shutil.copy(file, image.with_name(image.name + suffix))
        at = self.clock.now()
        gate.open()
        await old.stop()
        self.path = image
        self.clock = HandClock(at) if self.wall else VirtualClock(at)
        await self.open()

    async def settle(self) -> None:
        """Wait until no step runs; unlike `run_until_idle` it serves no deadline."""
        await until(lambda: self.engine.status().steps == 0 and self.engine.status().queue == 0)

    async def rest(self) -> None:
        """Real time by hand: wait for all but deadlines of the very moment at which the hand stands."""
        idle = asyncio.ensure_future(self.engine.run_until_idle())
        await until(lambda: idle.done() or self.engine.next_due() == self.clock.now())
        await self.settle()
        if not idle.done():
            idle.cancel()

    # -- the script ------------------------------------------------------------------------

    async def act(self, op: Op, hangs: bool = False) -> None:
        """Do one act of the script.

        Args:
            hangs: a step will hang in it.
        """
        engine = self.engine
        if isinstance(op, Send):
            (stored,) = await engine.ingest_many([self.incoming(op)])
            assert stored.name == op.event or stored.duplicate
        elif isinstance(op, Elsewhere):
            inbox.send(engine.path, [incoming(op.event, op.user, op.data)])
            await until(lambda: _inbox_is_empty(engine.path))
        elif isinstance(op, Forward):
            await self.forward(durations.parse(op.by))
        elif isinstance(op, Down):
            await self.reopen(durations.parse(op.by))
            await self.engine.run_until_idle()
        elif isinstance(op, Kill):
            await self.crash()
        elif isinstance(op, Cancel):
            await engine.cancel(op.journey)
        elif isinstance(op, Resume):
            await engine.resume(op.journey)
        elif isinstance(op, Restart):
            await engine.restart(op.journey)
        elif isinstance(op, Pause):
            await engine.pause_workflow(op.workflow)
        elif isinstance(op, Unpause):
            late = None if op.skip_late is None else durations.parse(op.skip_late)
            await engine.unpause_workflow(op.workflow, late)
        else:
            # What has happened so far has happened in the world as it was.
            await self.settle()
            op.function()
        if hangs:
            await until(gate.entered.is_set)
        elif self.wall:
            await self.rest()

    def incoming(self, op: Send) -> Incoming:
        """The event of an act; its `after` counts from the clock."""
        event = incoming(op.event, op.user, op.data, op.id, sent_at=op.sent_at)
        if op.after is not None:
            event.at = self.clock.now() + durations.parse(op.after)
        return event

    async def forward(self, by: int) -> None:
        if self.wall:
            self.clock.move(self.clock.now() + by)
            await self.rest()
        else:
            await self.engine.forward(by / 1000)

    async def finish(self) -> Played:
        """Let what is due now come, and read the history."""
        if self.wall:
            await self.forward(1)
        await self.engine.run_until_idle()
        full = read(self.engine.path)
        faults = compare(self.engine.path)
        await self.close()
        return Played([e.as_json() for e in full], full, faults)


def _with_comment(workflow: Workflow, number: int) -> Workflow:
    """The same code in other words."""
    again = copy.copy(workflow)
    again.keep_source(f"{workflow.source}# {number}\n")
    return again


def read(path: Path) -> list[Entry]:
    """The whole history of a store."""
    found: list[Entry] = []
    with Views(path) as views:
        while page := views.entries(after=found[-1].seq if found else 0, limit=10_000):
            found += page
    return found


async def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.001)


def _inbox_is_empty(path: Path) -> bool:
    con = sqlite3.connect(path)
    try:
        return not con.execute("SELECT 1 FROM inbox").fetchone()
    finally:
        con.close()


def _acts(script: tuple[Op, ...]) -> Iterator[tuple[Op, bool]]:
    """Each act, and whether a step hangs in it until its process is killed."""
    for index, op in enumerate(script):
        yield op, index + 1 < len(script) and isinstance(script[index + 1], Kill)


# -- engines in this process ---------------------------------------------------------------


def batch_of_one(case: Case, folder: Path) -> Played:
    """The engine in Python, a cause at a time."""
    return asyncio.run(_straight(Stage(case, folder, batch=1)))


def hooks(case: Case, folder: Path) -> Played:
    """With `check_event` and `set_event` given."""
    return asyncio.run(_straight(Stage(case, folder, hooks=True)))


def wall(case: Case, folder: Path) -> Played:
    """In real time, as far as the engine can tell."""
    return asyncio.run(_straight(Stage(case, folder, wall=True)))


async def _straight(stage: Stage) -> Played:
    await stage.open()
    try:
        for op, hangs in _acts(stage.case.script):
            await stage.act(op, hangs)
        return await stage.finish()
    finally:
        await stage.close()


def batch_of_1000(case: Case, folder: Path) -> Played:
    """The engine in Python; all events between two other acts are handed in as one."""
    return asyncio.run(_in_bulk(Stage(case, folder)))


def replayed(case: Case, folder: Path) -> Played:
    """The same, and each journey is driven from its top at every cause."""
    return asyncio.run(_in_bulk(Stage(case, folder, replay_always=True)))


async def _in_bulk(stage: Stage) -> Played:
    await stage.open()
    try:
        waiting: list[Incoming] = []
        for op, hangs in _acts(stage.case.script):
            if isinstance(op, Send):
                event = incoming(op.event, op.user, op.data, op.id, sent_at=op.sent_at)
                before = next((e.at for e in reversed(waiting) if e.at is not None), stage.clock.now())
                if op.after is not None:
                    event.at = before + durations.parse(op.after)
                waiting.append(event)
                if not hangs:
                    continue
            if waiting:
                await stage.engine.ingest_many(waiting)
                waiting = []
            if not isinstance(op, Send):
                await stage.act(op, hangs)
            elif hangs:
                await until(gate.entered.is_set)
        await stage.engine.ingest_many(waiting)
        return await stage.finish()
    finally:
        await stage.close()


def restarted(case: Case, folder: Path) -> Played:
    """Stopped and started again after every act."""
    return asyncio.run(_in_pieces(Stage(case, folder), Stage.reopen))


def abandoned(case: Case, folder: Path) -> Played:
    """Dead after every act, and started on the files as they were at that moment."""
    return asyncio.run(_in_pieces(Stage(case, folder), Stage.crash))


def reloaded(case: Case, folder: Path) -> Played:
    """Reloaded after every act."""
    return asyncio.run(_in_pieces(Stage(case, folder), Stage.reload))


async def _in_pieces(stage: Stage, between: Callable[[Stage], Any]) -> Played:
    await stage.open()
    try:
        for op, hangs in _acts(stage.case.script):
            await stage.act(op, hangs)
            if not hangs:
                await stage.settle()
                await between(stage)
        return await stage.finish()
    finally:
        await stage.close()


# -- engines in other processes ------------------------------------------------------------


def killed(case: Case, folder: Path) -> Played:
    """Each act by a process of its own, which SIGKILL ends."""
    store = folder / "store.db"
    module = _module(case)
    for index in range(len(case.script) + 1):
        arguments = [
            sys.executable,
            "-m",
            "tests.conformance.child",
            module,
            case.name,
            str(store),
            str(index),
        ]
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            told = child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        assert told == "done\n", f"act {index} of {case.name!r} did not end"
    full = read(store)
    return Played([e.as_json() for e in full], full, compare(store))


async def one_act(case: Case, store: Path, index: int) -> None:
    """What such a process does: one act; behind the last, what is due."""
    stage = Stage(case, store.parent)
    rest = case.script[index:]
    kills = [op for op in rest if isinstance(op, Kill)]
    # The process before was killed in a step, which this one starts again.
    gate.arm(len(kills) - (rest[:1] == (Kill(),)))
    await stage.open()
    if not rest:
        await stage.engine.run_until_idle()
        return
    op, hangs = next(_acts(rest))
    if isinstance(op, Kill):
        if hangs:
            await until(gate.entered.is_set)
    else:
        # A process that starts later finds the clock of its store where it was left.
        await stage.act(Forward(op.by) if isinstance(op, Down) else op, hangs)
    if not hangs:
        await stage.settle()


# -- without an engine ---------------------------------------------------------------------


def memory(case: Case, folder: Path) -> Played:
    """The rules alone, over a history in memory."""
    return _in_memory(case, folder, MemoryDriver)


def explored(case: Case, folder: Path) -> Played:
    """The explorer, along the path that the events of the case take."""
    return _in_memory(case, folder, PathDriver)


def forked(case: Case, folder: Path) -> Played:
    """The same, and after each cause it goes on from a copy of what it came to."""
    return _in_memory(case, folder, ForkingDriver)


def _in_memory(case: Case, folder: Path, drive: type[MemoryDriver]) -> Played:
    """Play it without an engine; the history is put into a store to be read."""
    store = Store(folder / "store.db", "normal")
    driver = drive(case.workflows, START, case.seed or store.seed, store.salt)
    gate.arm(0)
    for op in case.script:
        if isinstance(op, Send):
            event = incoming(op.event, op.user, op.data, op.id, sent_at=op.sent_at)
            if op.after is not None:
                event.at = driver.now + durations.parse(op.after)
            driver.send(event)
        elif isinstance(op, Forward | Down):
            driver.forward(durations.parse(op.by))
        elif isinstance(op, Cancel | Resume | Restart):
            driver.act(ACTS[type(op).__name__.lower()], op.journey)
        elif isinstance(op, Call):
            op.function()
    driver.settle()
    driver.close()
    _write(store, driver.unit)
    full = read(folder / "store.db")
    return Played([e.as_json() for e in full], full)


def _write(store: Store, unit: MemoryUnit) -> None:
    changes = Changes()
    changes.names = [(id, text) for id, text in enumerate(unit.names, 1)]
    changes.users = [(user.id, user.name) for user in unit.users.values()]
    changes.history = unit.history
    changes.journeys = [
        (*_whose(j), j.status, j.pass_no, j.pass_seq, j.trigger, j.since, j.runaway_count, j.note)
        for j in unit.journeys
    ]
    waits = unit.waits.values()
    changes.waits = [(w.id, w.journey.id, w.journey.user.id, w.kind, w.name, w.due) for w in waits]
    changes.profiles = [(user, seq, jsontext.dumps(profile)) for user, seq, profile in unit.profiles]
    store.write(changes)
    store.close()


def partitions(case: Case, folder: Path) -> Played:
    """Each user by itself; turns are taken into a store to be read."""
    return _partitioned(case, folder)


def packed_partitions(case: Case, folder: Path) -> Played:
    """The same, and after every turn a partition is made small, packed, and read from its bytes."""
    return _partitioned(case, folder, packed=True)


def computed_twice(case: Case, folder: Path) -> Played:
    """The same, and every turn is computed twice: the first is thrown away."""
    return _partitioned(case, folder, packed=True, twice=True)


def turns_alone(case: Case, folder: Path) -> Played:
    """After every turn a partition is made anew of what its turns have changed."""
    return _partitioned(case, folder, replayed=True)


def _partitioned(case: Case, folder: Path, **how: bool) -> Played:
    path = folder / "store.db"
    store = Store(path, "normal")
    seed, salt = case.seed or store.seed, store.salt
    store.close()
    with Sink(path, "normal") as sink:

        def keep(turn: Turn) -> None:
            (told,) = sink.take([turn], START)
            assert told.came == "taken", told

        driver = PartitionDriver(case.workflows, START, seed, salt, keep, **how)
        gate.arm(0)
        try:
            for op in case.script:
                _act_on_partition(driver, op)
            driver.settle()
        finally:
            driver.close()
    full = read(path)
    return Played([e.as_json() for e in full], full, compare(path))


def _act_on_partition(driver: PartitionDriver, op: Op) -> None:
    if isinstance(op, Send):
        event = incoming(op.event, op.user, op.data, op.id, sent_at=op.sent_at)
        if op.after is not None:
            event.at = driver.now + durations.parse(op.after)
        driver.send(event)
    elif isinstance(op, Forward | Down):
        driver.forward(durations.parse(op.by))
    elif isinstance(op, Cancel | Resume | Restart):
        driver.act(type(op).__name__.lower(), op.journey)
    elif isinstance(op, Call):
        op.function()


def _whose(journey: JourneyState) -> tuple[int, int, int, str, int]:
    return journey.id, journey.user.id, journey.workflow_id, journey.key, journey.n


# -- the command line ----------------------------------------------------------------------


def play(case: Case, folder: Path) -> Played:
    """`journey-studio play` on an event file."""
    at = 0
    told: list[Json] = []
    for op in case.script:
        if isinstance(op, Send):
            at += durations.parse(op.after) if op.after else 0
            told.append(_told(op, at))
        elif isinstance(op, Forward | Down):
            at += durations.parse(op.by)
    file = _event_file(folder, told)
    end = iso(START + at)
    return _command(case, folder, "play", str(file), "--until", end)


def run(case: Case, folder: Path) -> Played:
    """`journey-studio run --events`, in real time."""
    file = _event_file(folder, [_told(op, None) for op in case.script if isinstance(op, Send)])
    store = folder / "store.db"
    return _command(case, folder, "run", "--events", str(file), "--until-idle", "--store", str(store))


def _told(op: Send, at: int | None) -> Json:
    line: Json = {"event": op.event, "user": op.user}
    if at is not None:
        line["at"] = durations.show(at)
    if op.data is not None:
        line["data"] = op.data
    if op.id is not None:
        line["id"] = op.id
    return line


def _event_file(folder: Path, told: Iterable[Json]) -> Path:
    file = folder / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")
    return file


def _command(case: Case, folder: Path, *arguments: str) -> Played:
    workflows = _workflow_file(case, folder)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = call([*arguments, "--json", "--workflows", str(workflows), "--durability", "normal"])
    failed = any(" journey.failed" in line or line.startswith("journey.failed") for line in case.lines)
    assert code == (1 if failed else 0)
    return Played([json.loads(line) for line in said.getvalue().splitlines()])


def _workflow_file(case: Case, folder: Path) -> Path:
    """A file with the workflows of the case, and no others; the module of the case is its helper."""
    source = Path(case.workflows[0].path)
    (folder / f"_{source.name}").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    names = ", ".join(workflow.function.__name__ for workflow in case.workflows)
    file = folder / source.name
    file.write_text(f"from _{source.stem} import {names}\n", encoding="utf-8")
    return file


def _module(case: Case) -> str:
    return Path(case.workflows[0].path).stem


# -- which way a case can go ---------------------------------------------------------------

Way = Callable[[Case, Path], Played]

WAYS: dict[str, Way] = {
    "batch of 1": batch_of_one,
    "batch of 1000": batch_of_1000,
    "replayed": replayed,
    "restarted": restarted,
    "abandoned": abandoned,
    "reloaded": reloaded,
    "killed": killed,
    "hooks": hooks,
    "memory": memory,
    "partitions": partitions,
    "packed partitions": packed_partitions,
    "computed twice": computed_twice,
    "turns alone": turns_alone,
    "explored": explored,
    "forked": forked,
    "wall": wall,
    "play": play,
    "run": run,
}

COMMANDS = ("play", "run")
WITHOUT_ENGINE = ("memory", "explored", "forked", *BY_USER)


def reason_against(case: Case, way: str) -> str | None:
    """Why a case cannot go a way; None when it can."""
    if way in case.not_by:
        return case.not_by[way]
    kinds = {type(op) for op in case.script}
    sends = [op for op in case.script if isinstance(op, Send)]
    moves = kinds & {Forward, Down} or any(op.after for op in sends)
    steps = any("step.started" in line for line in case.lines)
    if way in WITHOUT_ENGINE and (case.elsewhere or kinds & {Kill, Elsewhere}):
        return "hooks, kills and other processes are the engine's"
    if way in WITHOUT_ENGINE and kinds & {Pause, Unpause}:
        return "a workflow is paused for all users of a store, by its engine"
    if way == "forked" and len(sends) > 1_000:
        return "thousands of copies of thousands of events are slow; it goes the other two ways in memory"
    if way in COMMANDS:
        if kinds - {Send, Forward, Down}:
            return "an event file has events only, no acts of the operator or of other processes"
        if case.elsewhere or case.seed:
            return "hooks and seeds are given in Python"
        if any(op.sent_at for op in sends):
            return "the times in an event file are when things happen"
    if way == "run" and moves:
        return "in real time days take days"
    if way == "wall" and any(op.after for op in sends):
        return "real time has no moment at which an event is put"
    if way == "wall" and Elsewhere in kinds:
        return "another process asks the true time"
    if way in ("wall", "run") and steps and (moves or len(sends) > 1):
        return "in real time a step ends when it ends"
    if way == "killed" and not case.killed:
        return "a process for each act is slow: a handful goes this way, all are abandoned"
    return None
