"""The engine of another process, as whoever acts on journeys sees it: asked through its store's inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.clocks.adjustable_clock import ClockReading, ShownClock
from studio.clocks.clock import Clock, wall_ms
from studio.engine.client import ClockClient, Stored, Trouble
from studio.engine.operator import operator
from studio.engine.store_client import InThread, StoreClient
from studio.errors import StoreGone, WorkflowError
from studio.store.capabilities import LOCAL

if TYPE_CHECKING:
    from studio.engine.reload.report import ReloadReport
    from studio.engine.rewind.preview import RewindPreview, UndoPreview
    from studio.language.definition import Workflow
    from studio.language.incoming import Incoming
    from studio.store.paused import Paused
    from studio.store.snapshots import StoreSnapshot

ANSWER_SECONDS = 120.0
"""How long another process may take to copy its store."""


class RemoteClock(InThread):
    """The time of an engine in another process: asked through the inbox, told by the store."""

    def __init__(self, path: Path, clock: ShownClock) -> None:
        self._path = path
        self.clock = clock

    def reading(self) -> ClockReading:
        return self.clock.reading()

    async def pause(self) -> None:
        await self._ask("clock.pause", {})

    async def run(self) -> None:
        await self._ask("clock.run", {})

    async def speed(self, speed: int) -> None:
        await self._ask("clock.speed", {"speed": speed})

    async def jump(self, to: int) -> None:
        await self._ask("clock.jump", {"to": to})

    async def stop_jump(self) -> None:
        await self._ask("clock.stop_jump", {})

    async def time_out(self, wait: int) -> None:
        await self._ask("time_out", {"wait": wait})

    async def _ask(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        from studio.store.inbox import ask

        return await self._call(ask, self._path, command, body)


class RemoteTimeTravel(StoreClient):
    """Asks the engine of another process through the inbox of its store; looks for itself."""

    async def preview_rewind(self, seq: int) -> RewindPreview:
        from studio.engine.rewind.preview import preview_rewind

        return await self._call(preview_rewind, self.path, seq)

    async def rewind(self, seq: int) -> dict[str, Any]:
        return await self._ask_back("rewind", {"seq": seq})

    async def preview_undo(self) -> UndoPreview:
        from studio.engine.rewind.preview import preview_undo

        return await self._call(preview_undo, self.path)

    async def undo(self) -> dict[str, Any]:
        return await self._ask_back("undo", {})

    async def redo(self) -> dict[str, Any]:
        return await self._ask_back("redo", {})

    async def snapshots(self) -> list[StoreSnapshot]:
        from studio.store.snapshots import snapshots

        return await self._call(snapshots, self.path)

    async def restore(self, number: int) -> dict[str, Any]:
        return await self._ask_back("restore", {"number": number})

    async def fork(self, seq: int, path: Path) -> int:
        from studio.store.snapshots import fork_store

        return await self._call(fork_store, self.path, seq, path, wall_ms())

    async def release_step(self, wait: int) -> None:
        await self._ask_back("release", {"wait": wait})

    async def release_steps(self) -> None:
        await self._ask_back("release", {})

    async def _ask_back(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        from studio.store.inbox import ask

        return await self._call(ask, self.path, command, body, ANSWER_SECONDS)


class RemoteEngine(RemoteTimeTravel):
    """Another process drives; this one looks, and sends through the inbox.

    Args:
        workflows: where the workflow files are; None reads none.
    """

    read_only = False
    no_steps = False

    def __init__(self, path: Path, workflows: str | None) -> None:
        self.path = path
        shown = ShownClock()
        self.clock: Clock = shown
        self.time: ClockClient = RemoteClock(path, shown)
        self.viewer_of: int | None = 0
        self.gone: StoreGone | None = None
        """The store's file is not there any more: what is shown stays as it is, and nothing can be sent."""
        self.paused: Paused | None = None
        """The engine that runs is paused."""
        self.capabilities = LOCAL
        self.look_for_engine()
        self._workflows: Mapping[str, Workflow] = {}
        self._problems: list[WorkflowError] = []
        if workflows is not None:
            from studio.source.loader import load

            loaded = load(workflows)
            self._workflows, self._problems = loaded.workflows, loaded.problems

    def look_for_engine(self) -> bool:
        """See who drives the journeys now, 0 for nobody; True when that is another than before."""
        from studio.store.capabilities import capabilities_of
        from studio.store.inbox import engine_of
        from studio.store.paused import read_sign

        before, found = (self.viewer_of, self.paused, self.capabilities), engine_of(self.path)
        self.capabilities = capabilities_of(self.path)
        self._engine_runs = found is not None
        self.viewer_of = found[0] if found else 0
        self.paused = read_sign(self.path) if found else None
        return (self.viewer_of, self.paused, self.capabilities) != before

    @property
    def engine_runs(self) -> bool:
        """Whether an engine ran on the store when it was looked for."""
        return self._engine_runs

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self._workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self._problems

    def trouble(self) -> Trouble | None:
        if self.gone is not None:
            return Trouble(f"STOPPED: {self.gone.what}", str(self.gone), ended=True)
        if self.paused is not None:
            return Trouble("ENGINE PAUSED", self.paused.why, ended=False)
        return None

    async def send(self, event: Incoming) -> Stored | None:
        await self.send_many([event])
        return None

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        # Each that came through the inbox is an act of its own.
        from studio.store.inbox import send

        if self.gone is not None:
            # It would make a new store, which nobody looks at.
            raise self.gone
        await self._call(send, self.path, events)
        return [None] * len(events)

    async def act(self, act: str, target: str | int) -> None:
        from studio.store.inbox import ask

        body = {"wait": target} if isinstance(target, int) else {"journey": target}
        await self._call(ask, self.path, act, body)

    async def pause_workflow(self, workflow: str) -> None:
        from studio.store.inbox import ask

        body = {"workflow": workflow, "by": operator()}
        await self._call(ask, self.path, "pause", body, ANSWER_SECONDS)

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        from studio.store.inbox import ask

        body = {"workflow": workflow, "by": operator(), "skip_late": skip_late}
        await self._call(ask, self.path, "unpause", body, ANSWER_SECONDS)

    @property
    def pending_reload(self) -> ReloadReport | None:
        return None

    async def reload(self) -> ReloadReport | None:
        from studio.store.inbox import ask

        # Answered when it begins; what it means is an entry of the history.
        await self._call(ask, self.path, "reload", {})
        return None

    async def stop_reload(self) -> bool:
        from studio.store.inbox import ask

        answer = await self._call(ask, self.path, "stop_reload", {})
        return bool(answer.get("stopped"))

    async def close(self) -> None:
        return
