"""Who acts on journeys and their time does so through one of these: an engine here, or one elsewhere.

Screens, commands and HTTP ask the same of an engine in this process (`studio.engine.local`), of the one that
another process runs (`studio.engine.remote`), and of a store on which perhaps none runs
(`studio.engine.on_demand`): send, act, the clock, going back, reload. Who looks reads through the views that
`look` gives. Each act may be refused with a `StudioError` that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.clocks.adjustable_clock import ClockReading
from studio.clocks.clock import Clock
from studio.errors import WorkflowError

if TYPE_CHECKING:
    # Not read for `journey-studio send`, which goes this way.
    from studio.engine.inspect.explanation import Why
    from studio.engine.inspect.result import Inspection
    from studio.engine.reload.report import ReloadReport
    from studio.engine.rewind.preview import RewindPreview, UndoPreview
    from studio.language.definition import Workflow
    from studio.language.incoming import Incoming
    from studio.store.capabilities import Capabilities
    from studio.store.records import Entry
    from studio.store.refused import Refusal
    from studio.store.snapshots import StoreSnapshot
    from studio.store.views import Views


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an event that was handed in stands in the history."""

    seq: int
    came_at: int | None = None
    """Of a duplicate: when the event that has its id was accepted, ms since 1970; None: it was stored now."""
    id: str | None = None
    """The sender's."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the engine serves nobody."""

    head: str
    """In a few words: "DISK FULL: engine paused"."""
    why: str
    """In a sentence, with what to do."""
    ended: bool
    """It does not go on by itself."""


class ClockClient(Protocol):
    """What may be done with an engine's time."""

    def reading(self) -> ClockReading:
        """How the clock stands."""

    async def pause(self) -> None:
        """Let no time pass."""

    async def run(self) -> None:
        """Let it pass again."""

    async def speed(self, speed: int) -> None:
        """How many seconds pass in a second."""

    async def jump(self, to: int) -> None:
        """Lead the clock to a later moment, ms since 1970."""

    async def stop_jump(self) -> None:
        """Let the jump end where it has come to."""

    async def time_out(self, wait: int) -> None:
        """End one wait by hand; `wait` is the seq of the entry that opened it."""


class TimeTravelClient(Protocol):
    """Going back: to an entry, by an act, to a snapshot; and the steps that wait for a yes since."""

    async def preview_rewind(self, seq: int) -> RewindPreview:
        """What a rewind to an entry would take away."""

    async def rewind(self, seq: int) -> dict[str, Any]:
        """Cut after the entry's cause."""

    async def preview_undo(self) -> UndoPreview:
        """What taking back the newest act would take away."""

    async def undo(self) -> dict[str, Any]:
        """Undo the newest act."""

    async def redo(self) -> dict[str, Any]:
        """Bring back what was taken."""

    async def snapshots(self) -> list[StoreSnapshot]:
        """The snapshots beside the store."""

    async def restore(self, number: int) -> dict[str, Any]:
        """Return to a snapshot."""

    async def fork(self, seq: int, path: Path) -> int:
        """Copy the store up to an entry."""

    async def release_step(self, wait: int) -> None:
        """Let a step run that waits for a yes."""

    async def release_steps(self) -> None:
        """Let all steps run, now and from here on."""


class RefusedEvents(Protocol):
    """Events that were refused and are kept aside."""

    async def keep_refused(self, refusals: Sequence[Refusal]) -> list[int]:
        """Keep events aside, durably; gives the number of each."""

    async def send_refused(self, number: int, events: Sequence[Incoming]) -> None:
        """Send events in the place of one that is kept aside: both, or nothing."""

    async def drop_refused(self, number: int | None) -> int:
        """Delete one, or all; gives how many."""


class Inspector(Protocol):
    """What takes the workflows to know: the inside of a journey, and why nothing came of an event."""

    async def inspect(self, journey: str, entry: int | None = None) -> Inspection:
        """Where a journey's function stands, with its variables. Nothing is written, and no step runs.

        Args:
            journey: its id.
            entry: seq of an entry of it, to see the journey as of then; None for how it stands now.

        Raises:
            JourneyError: there is no such journey, or the entry is not of it.
            StoreError: the store cannot be read.
            WorkflowError: the code of that time does not load any more.
        """

    async def inspectable(self, journey: str) -> list[Entry]:
        """The entries of a journey that can be inspected one after another, oldest first.

        Raises:
            JourneyError: there is no such journey.
            StoreError: the store cannot be read.
        """

    def why(self, views: Views, seq: int) -> Why | None:
        """Why an entry of the history came to what it came to; None when there is none.

        Args:
            views: a reader of the calling thread.
        """


class EngineClient(TimeTravelClient, RefusedEvents, Inspector, Protocol):
    """What may be asked for, whoever drives the journeys."""

    path: Path
    clock: Clock
    time: ClockClient
    """What can be done with its time."""
    viewer_of: int | None
    """The process that drives the journeys; None: this one."""
    capabilities: Capabilities
    """What the driver of the journeys can do from here; front ends offer nothing else."""
    read_only: bool
    """Whether nothing can be sent or done from here."""
    no_steps: bool
    """Whether steps are told in the log and not called."""
    command_options: tuple[str, ...]
    """What commands that act must be told to act in the same place: "--temporal=HOST:PORT"."""

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

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        """Store events together, in their order.

        Args:
            by_hand: they are one act of the operator, which `undo` takes back.
        """

    async def act(self, act: str, target: str | int) -> None:
        """Have "cancel", "resume" or "restart" done to a journey, or "time_out" to a wait, by its `seq`.

        Raises:
            StudioError: it cannot be done, with the reason.
        """

    async def pause_workflow(self, workflow: str) -> None:
        """Let no journey of a workflow begin or move until it is unpaused; what comes for them is kept.

        Raises:
            StudioError: there is no such workflow, or it is paused already.
        """

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        """Let the journeys of a paused workflow go on, as after downtime.

        Args:
            skip_late: ms; those whose next deadline is further behind leave with `journey.exited`.

        Raises:
            StudioError: it is not paused.
        """

    @property
    def pending_reload(self) -> ReloadReport | None:
        """What a change of workflow files would do that waits for a yes; None when none is known of here."""

    async def reload(self) -> ReloadReport | None:
        """Read the workflow files again, and go over to them.

        Returns:
            What it means for those who wait; None when nothing has changed, or another process does it.
        """

    async def stop_reload(self) -> bool:
        """Let those who have not gone over to other code yet do so when something comes for them.

        Returns:
            False when everyone has gone over.
        """

    async def stop_change(self) -> None:
        """Stop what changes the store as a whole, such as a rewind: then nothing has changed."""

    def look(self) -> Views:
        """A reader of its own on the store, for the calling thread; to be closed.

        Raises:
            StoreError: there is none, or it cannot be read.
        """

    async def close(self) -> None:
        """Leave; the store is whole at any moment."""
