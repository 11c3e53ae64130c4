"""The engine of a store, as a command sees it that ends when it is done.

The engine that runs on the store is asked. Where none runs, the act is done here, with the store's lock held
meanwhile: by an engine that is started for it, or, where no journey moves by it, by none. Events wait in
the inbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from studio.clocks.adjustable_clock import ShownClock, StudioClock
from studio.clocks.clock import Clock, wall_ms
from studio.engine.client import ClockClient
from studio.engine.operator import operator
from studio.engine.remote import RemoteClock, RemoteEngine
from studio.engine.store_client import InThread
from studio.errors import ClockError, StoreLocked, StudioError, WorkflowError

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.language.definition import Workflow
    from studio.source.loader import Loaded
    from studio.store.hooks import EventStore

P = ParamSpec("P")
T = TypeVar("T")
Act = Callable[["Engine"], Coroutine[Any, Any, Any]]

LOOK_SECONDS = 0.05
"""How often a jump of another engine is looked at."""


def carry_out(asked: Coroutine[Any, Any, T]) -> T:
    """What an `OnDemandEngine` was asked for, done: it waits for nothing that needs an event loop.

    So a command that sends an event reads no asyncio, which takes longer than to send it.
    """
    try:
        asked.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    asked.close()
    raise RuntimeError("it waits for an event loop")


class _AtOnce(InThread):
    """Calls what blocks where it is: a command has nothing else to do."""

    async def _call(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        return function(*args, **named)


class OnDemandClock(_AtOnce, RemoteClock):
    """The time of a store: a running engine is asked; else it is turned here, or moved by an engine.

    Args:
        started: runs an engine with a clock for what it is given.
    """

    def __init__(self, path: Path, clock: ShownClock, started: Callable[[Act, Clock], None]) -> None:
        super().__init__(path, clock)
        self._started = started

    async def pause(self) -> None:
        await self._turn("clock.pause", {"paused": True})

    async def run(self) -> None:
        await self._turn("clock.run", {"paused": False})

    async def speed(self, speed: int) -> None:
        await self._turn("clock.speed", {"speed": speed})

    async def jump(self, to: int) -> None:
        """Lead the clock to a later moment, and return when it has come there.

        Raises:
            ClockError: the clock is not for moving, or the jump was stopped before its end.
            StudioError: the engine has ended before the jump did.
        """
        from studio.store.capabilities import require
        from studio.store.inbox import JUMP, engine_of

        require(self._path, "jump")
        if engine_of(self._path) is None:
            try:
                self._started(lambda engine: engine.jump(to), StudioClock())
                return
            except StoreLocked:
                # One was started in this moment.
                pass
        answer = await self._ask("clock.jump", {"to": to})
        try:
            _wait_for(self._path, answer[JUMP], to)
        except KeyboardInterrupt:
            await self.stop_jump()
            raise

    async def _turn(self, command: str, facts: dict[str, Any]) -> None:
        from studio.engine.time.store_clock import turn_alone
        from studio.store.inbox import engine_of

        if engine_of(self._path) is None:
            try:
                turn_alone(self._path, facts)
                return
            except StoreLocked:
                # One was started in this moment.
                pass
        await self._ask(command, facts)


class OnDemandEngine(_AtOnce, RemoteEngine):
    """The engine that runs on a store, or one that is started for each act.

    What it is asked for is carried out by `carry_out`, or awaited where no event loop is held up by it.

    Args:
        workflows: where the workflow files are, for an engine that is started.
        on_problem: is told of each file that does not load then, or when journeys are looked into.
    """

    def __init__(
        self,
        path: Path,
        workflows: str,
        durability: Literal["full", "normal"] = "full",
        on_problem: Callable[[WorkflowError], None] = lambda problem: None,
        events: Callable[[], EventStore | None] = lambda: None,
    ) -> None:
        super().__init__(path, None)
        self._events = events
        self._files = workflows
        self._durability = durability
        self._on_problem = on_problem
        shown = ShownClock()
        self.clock = shown
        self.time: ClockClient = OnDemandClock(path, shown, self._start_for)

    @cached_property
    def _loaded(self) -> Loaded:
        # Only when it is asked for: who sends an event reads no workflow.
        from studio.source.loader import load

        loaded = load(self._files)
        for problem in loaded.problems:
            self._on_problem(problem)
        return loaded

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self._loaded.workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self._loaded.problems

    async def act(self, act: str, target: str | int) -> None:
        from studio.store.capabilities import require
        from studio.store.inbox import engine_of

        require(self.path, "acts")
        if engine_of(self.path) is None:
            try:
                self._start_for(lambda engine: getattr(engine, act)(target))
                return
            except StoreLocked:
                # One was started in this moment.
                pass
        await super().act(act, target)

    async def pause_workflow(self, workflow: str) -> None:
        if not await self._pause_alone("pause", {"workflow": workflow}):
            await super().pause_workflow(workflow)

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        facts = {"workflow": workflow, "skip_late": skip_late}
        if not await self._pause_alone("unpause", facts):
            await super().unpause_workflow(workflow, skip_late)

    async def _pause_alone(self, act: str, facts: dict[str, Any]) -> bool:
        """Say it in the store, for the next engine; False when one runs."""
        from studio.engine.time.pause_alone import pause_alone
        from studio.store.inbox import engine_of

        if engine_of(self.path) is None:
            try:
                pause_alone(self.path, act, {**facts, "by": operator()}, lambda: self.workflows)
            except StoreLocked:
                # One was started in this moment.
                return False
            return True
        return False

    async def rewind(self, seq: int) -> dict[str, Any]:
        from studio.engine.time.store_clock import rewind_alone

        try:
            return rewind_alone(self.path, seq)
        except StoreLocked:
            return await super().rewind(seq)

    def _start_for(self, act: Act, clock: Clock | None = None) -> None:
        import asyncio

        asyncio.run(self._run_for(act, clock))

    async def _run_for(self, act: Act, clock: Clock | None) -> None:
        from studio.engine.engine import Engine

        async with Engine(
            self._files,
            store=self.path,
            durability=self._durability,
            clock=clock,
            events=self._events(),
        ) as engine:
            for problem in engine.problems:
                self._on_problem(problem)
            await act(engine)
            await engine.run_until_idle()


def _wait_for(path: Path, number: int, to: int) -> None:
    """Return when the jump that an engine elsewhere was asked for under a number has come to its end."""
    from studio.store.inbox import JUMP_ENDED, answer_to, engine_of

    engine = engine_of(path)
    while True:
        # Before the answer is looked for: an engine that ends has answered by then.
        runs = engine is not None and engine_of(path) == engine
        answer = answer_to(path, number)
        end = _end_by_clock(path, to) if answer is None else answer.get(JUMP_ENDED)
        if end == "stopped":
            raise ClockError("the jump was stopped before its end")
        if end is not None:
            return
        if not runs:
            raise StudioError("the engine has ended before the jump did", where=str(path))
        time.sleep(LOOK_SECONDS)


def _end_by_clock(path: Path, to: int) -> Literal["there", "stopped"]:
    """How a jump ended whose answer is not kept any more, since nobody looked for it in time."""
    from studio.clocks.adjustable_clock import moment
    from studio.store.views import Views

    with Views(path) as views:
        return "there" if moment(views.clock(), wall_ms()) >= to else "stopped"
