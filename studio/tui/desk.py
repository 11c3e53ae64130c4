"""Where the screen acts: on its own engine, or as a viewer of the one that runs elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from studio.clock import Clock
from studio.definition import Workflow
from studio.engine.satisfy import name_for, put
from studio.errors import EventError, StoreFull, StoreLocked, StudioError, WorkflowError
from studio.event import Event
from studio.eventfiles import read
from studio.incoming import Incoming, incoming
from studio.store.records import Entry
from studio.studio_clock import ShownClock, StudioClock
from studio.tui.clock_hand import ClockHand, EngineHand, ViewerHand

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.steps import StandIn

EXAMPLE_EVENTS = 100

Mode = Literal["run", "view", "read"]
"""Run an engine, unless another one does; be a viewer of another; only look, and send nothing."""

STOP_SECONDS = 2.0
"""How long quitting waits for the engine. What was acknowledged is safe without that."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an event that was handed in stands in the history."""

    seq: int
    came_at: int | None = None
    """Of a duplicate: when the event that has its id was accepted, ms since 1970; None: it was stored now."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the engine serves nobody."""

    head: str
    """In a few words: "DISK FULL: engine paused"."""
    why: str
    """In a sentence, with what to do."""
    ended: bool
    """It does not go on by itself."""


class Desk(Protocol):
    """What the screen may ask for, whoever drives the journeys."""

    path: Path
    clock: Clock
    hand: ClockHand
    """What can be done with its time."""
    viewer_of: int | None
    """The process that drives the journeys; None: this one."""
    read_only: bool
    """Whether nothing can be sent or done from here."""
    no_steps: bool
    """Whether steps are told in the log and not called."""

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows that are loaded."""

    @property
    def problems(self) -> list[WorkflowError]:
        """The files that did not load."""

    def trouble(self) -> Trouble | None:
        """Why the engine does not run; None when it does."""

    async def send(self, event: Incoming) -> Stored | None:
        """Store an event. Tells where it is when that is known at once."""

    async def send_many(self, events: Sequence[Incoming]) -> list[Stored | None]:
        """Store events together, in their order."""

    async def act(self, act: str, target: str | int) -> None:
        """Have "cancel", "resume" or "restart" done to a journey, or "time_out" to a wait, by its `seq`.

        Raises:
            StudioError: it cannot be done, with the reason.
        """

    async def close(self) -> None:
        """Leave; the store is whole at any moment."""


class EngineDesk:
    """The engine of this process."""

    viewer_of: int | None = None
    read_only = False

    def __init__(self, engine: Engine, *, no_steps: bool = False) -> None:
        self.engine = engine
        self.no_steps = no_steps
        self.stuck = False
        """Closed, and the engine has not stopped in time."""
        self.path = Path(engine.path)
        self.clock = engine.clock
        self.hand: ClockHand = EngineHand(engine)

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self.engine.workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self.engine.problems

    def trouble(self) -> Trouble | None:
        status = self.engine.status()
        if status.state == "running":
            return None
        if status.state == "stopped":
            why = status.problem or "the engine has stopped"
            return Trouble(f"STOPPED: {why.partition(': ')[0]}", why, ended=True)
        fault = status.fault
        why = status.problem or "the engine is paused"
        if isinstance(fault, StoreFull):
            return Trouble("DISK FULL: engine paused", why, ended=False)
        return Trouble(f"ENGINE PAUSED: {fault.what if fault is not None else why}", why, ended=False)

    async def send(self, event: Incoming) -> Stored | None:
        return (await self.send_many([event]))[0]

    async def send_many(self, events: Sequence[Incoming]) -> list[Stored | None]:
        future: Future[list[Event]] = self.engine.submit(list(events), by_hand=True)
        done = await asyncio.wrap_future(future)
        return [Stored(event.seq, event.at_ms if event.duplicate else None) for event in done]

    async def act(self, act: str, target: str | int) -> None:
        # What an engine can do is its driver's to say (DESIGN rule 21).
        call = getattr(self.engine, act, None)
        if call is None:
            raise StudioError(f"this engine cannot {act.replace('_', ' ')}")
        await call(target)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()

        def stop() -> None:
            try:
                self.engine.stop_now()
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                    loop.call_soon_threadsafe(stopped.set)

        # A thread of its own, which the end of the process does not wait for.
        threading.Thread(target=stop, name="stop", daemon=True).start()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await stopped.wait()
        except TimeoutError:
            self.stuck = True


class ViewerDesk:
    """Another process drives; this one looks, and sends through the inbox."""

    read_only = False
    no_steps = False

    def __init__(self, path: Path, workflows: str) -> None:
        from studio.loader import load

        self.path = path
        shown = ShownClock()
        self.clock: Clock = shown
        self.hand: ClockHand = ViewerHand(path, shown)
        self.viewer_of: int | None = 0
        self.look_for_engine()
        loaded = load(workflows)
        self._workflows, self._problems = loaded.workflows, loaded.problems

    def look_for_engine(self) -> bool:
        """See who drives the journeys now, 0 for nobody; True when that is another than before."""
        from studio.store.inbox import engine_of

        before, found = self.viewer_of, engine_of(self.path)
        self.viewer_of = found[0] if found else 0
        return self.viewer_of != before

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self._workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self._problems

    def trouble(self) -> Trouble | None:
        return None

    async def send(self, event: Incoming) -> Stored | None:
        from studio.store.inbox import send

        await asyncio.to_thread(send, self.path, [event])
        return None

    async def send_many(self, events: Sequence[Incoming]) -> list[Stored | None]:
        from studio.store.inbox import send

        await asyncio.to_thread(send, self.path, events)
        return [None] * len(events)

    async def act(self, act: str, target: str | int) -> None:
        from studio.store.inbox import ask

        body = {"wait": target} if isinstance(target, int) else {"journey": target}
        await asyncio.to_thread(ask, self.path, act, body)

    async def close(self) -> None:
        return


async def open_desk(
    workflows: str,
    store: str,
    durability: Literal["full", "normal"],
    mode: Mode = "run",
    reload: Literal["auto", "ask"] = "auto",
    stand_in: StandIn | None = None,
) -> Desk:
    """Start an engine on the store; become a viewer when another one runs on it, or when asked to.

    Args:
        stand_in: gives what is called in the place of steps; None calls the steps.

    Raises:
        StoreError: the store cannot be used.
    """
    if mode != "run":
        from studio.tui.read_only import ReadOnlyDesk

        kind = ReadOnlyDesk if mode == "read" else ViewerDesk
        return await asyncio.to_thread(kind, Path(store), workflows)
    # Imported here: the first paint does not wait for it.
    from studio.engine.engine import Engine

    engine = Engine(
        workflows,
        store=store,
        durability=durability,
        clock=StudioClock(),
        reload=reload,
        stand_in=stand_in,
    )
    try:
        await engine.start()
    except StoreLocked:
        return await asyncio.to_thread(ViewerDesk, Path(store), workflows)
    await asyncio.to_thread(engine.watch)
    return EngineDesk(engine, no_steps=stand_in is not None)


_VERBS: dict[str, Callable[[Entry], str]] = {
    "journey.started": lambda entry: f"started {entry.workflow}",
    "journey.restarted": lambda entry: f"started {entry.workflow}",
    "journey.pass": lambda entry: f"woke {entry.workflow}",
    "wait.matched": lambda entry: f"answered {entry.workflow}'s wait",
    "journey.exited": lambda entry: f"ended {entry.workflow}",
}


def outcome(entries: list[Entry]) -> str:
    """What the entries that an event caused amount to."""
    said: dict[str, str] = {}
    for entry in entries:
        if entry.journey is not None and (verb := _VERBS.get(entry.kind)) is not None:
            said.setdefault(entry.journey, verb(entry))
    if not said:
        return "woke nothing"
    first, *others = said.values()
    return f"{first} +{len(others)}" if others else first


def _first_of_file(workflow: Workflow) -> tuple[int, Incoming] | None:
    """The first event of `data/NAME.jsonl` beside the workflow's folder, and how many the file has."""
    from studio.explorer.samples import data_folder

    path = data_folder(workflow) / f"{workflow.name}.jsonl"
    try:
        with path.open(encoding="utf-8") as lines:
            events = list(islice(read(lines, 0, path.name), EXAMPLE_EVENTS))
    except (OSError, ValueError, StudioError):
        return None
    return (len(events), events[0]) if events and workflow.trigger.meets(events[0].name) else None


def example_event(workflows: Mapping[str, Workflow]) -> tuple[str, str, dict[str, Any]] | None:
    """An event that starts a journey, ready to send: name, user, data.

    The first of the event file that tells most, when workflows have such files.
    """
    files = [(found, each.name) for each in workflows.values() if (found := _first_of_file(each)) is not None]
    if files:
        (_, event), _ = max(files, key=lambda each: (each[0][0], each[1]))
        return event.name, event.user, json.loads(event.text)
    for workflow in sorted(workflows.values(), key=lambda each: (not each.trigger.literals, each.name)):
        data: dict[str, Any] = {"email": "user1@example.com"}
        if workflow.key:
            data = put(data, workflow.key, f"{workflow.key.rpartition('.')[2].removesuffix('_id')}-1")
        return event_name(workflow.trigger.text), "user1", data
    return None


def event_name(pattern: str, known: list[str] | None = None) -> str:
    """A name that meets a pattern: the plainest of it, else a known one, else one made up."""
    return name_for(pattern.split(", "), known or ())


def check_event(event: str, user: str, data: Mapping[str, Any]) -> Incoming:
    """The event, checked.

    Raises:
        EventError: a field cannot be stored; says which and why.
    """
    if not event.strip():
        raise EventError("an event needs a name", fix='Write one such as "app/login".')
    if not user.strip():
        raise EventError("an event needs a user", fix='Write an id such as "user1".')
    return incoming(event.strip(), user.strip(), data)
