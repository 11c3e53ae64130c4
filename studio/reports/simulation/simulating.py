"""Many made-up users, one after another, into a store that the studio opens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from studio.engine.effects import capture
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import StoreError
from studio.kernel.turn import Turn
from studio.language.definition import Workflow
from studio.reports.one_user import UserDrives
from studio.reports.simulation.person import Person, StandIn
from studio.reports.simulation.profile import Profile
from studio.reports.simulation.typed import typed
from studio.sink.sink import Sink
from studio.source.event_door import types_in

BLOCK_USERS = 200
"""Whose histories are written in one transaction."""
DRIVER = "a simulation"

Tell = Callable[[int], None]
"""Is told how many users have gone through."""


@dataclass(slots=True)
class Simulated:
    """What has run."""

    store: Path
    users: int
    """Of those that were asked for, so many: the rest was given up."""
    asked: int
    until: int
    """The moment up to which each was looked at, milliseconds since 1970, UTC."""
    dropped: int
    """Events that journeys sent to other users, who are not there."""
    cut: int
    """Users to whom so much happened that the rest was left out."""

    @property
    def is_whole(self) -> bool:
        """Whether all have gone through."""
        return self.users == self.asked


@dataclass(frozen=True, slots=True)
class SimulationRun:
    """What is to run.

    Args:
        users: how many.
        start_ms, until_ms: when the first comes, and when what is looked at ends.
        stand_in: gives the results of steps.
    """

    workflows: Mapping[str, Workflow]
    profile: Profile
    users: int
    start_ms: int
    until_ms: int
    seed: str
    stand_in: StandIn

    def driven_by(self, workflows: Mapping[str, Workflow]) -> SimulationRun:
        """The same people under another version."""
        return replace(self, workflows=workflows)

    def of(self, profile: Profile, users: int) -> SimulationRun:
        """Fewer people, with other chances."""
        return replace(self, profile=profile, users=users)


def simulate(
    run: SimulationRun, store: Path, tell: Tell | None = None, gone: Callable[[], bool] = lambda: False
) -> Simulated:
    """Let users go through, and write their histories.

    Args:
        store: a file that is made.
        gone: asked now and then; once it says yes, what there is so far is all.

    Raises:
        StoreError: the store cannot be written.
    """
    done = dropped = cut = 0
    with Sink(store, "normal", DRIVER) as sink:
        block: list[Turn] = []
        for name, workflow in run.workflows.items():
            sink.add_code(name, workflow.code, workflow.file, workflow.source, run.start_ms)
        for turn, person in turns(run):
            block.append(turn)
            dropped += person.dropped
            cut += person.is_cut
            if len(block) == BLOCK_USERS:
                done += _write(sink, block)
            if tell is not None:
                tell(done + len(block))
            if gone():
                break
        done += _write(sink, block)
    return Simulated(store, done, run.users, run.until_ms, dropped, cut)


def turns(run: SimulationRun) -> Iterator[tuple[Turn, Person]]:
    """The history of each user."""
    monitor = ThreadMonitor()
    drives = UserDrives.of(run.workflows, monitor)
    profile = typed(run.profile, types_in(run.workflows.values()))
    capture.install()
    try:
        capture.listen_to_drives(monitor)
        width = len(str(run.users))
        for number in range(run.users):
            person = Person(
                f"user{number + 1:0{width}}",
                number + 1,
                profile,
                drives,
                seed=run.seed,
                until=run.until_ms,
                stand_in=run.stand_in,
            )
            at = run.start_ms + run.profile.over_ms * number // max(1, run.users)
            turn = person.live_through(at)
            yield turn, person
    finally:
        capture.uninstall()


def _write(sink: Sink, block: list[Turn]) -> int:
    now = time.time_ns() // 1_000_000
    for receipt in sink.take(block, now):
        if receipt.came != "taken":
            raise StoreError(f"the history of {receipt.user} was not taken: {receipt.reason}")
    count = len(block)
    block.clear()
    return count
