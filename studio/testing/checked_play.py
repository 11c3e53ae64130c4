"""Play an event file in virtual time, and hold its expectations against what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.clocks.clock import VirtualClock
from studio.engine.effects.steps import StandIn
from studio.engine.engine import Engine
from studio.errors import EventError, WorkflowError
from studio.events import event_files as eventfiles
from studio.events.expectations import Expectation, Mismatch, check
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.store.records import Entry
from studio.store.seed import FIXED
from studio.store.views import Views
from studio.testing import collected

PAGE_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Checked:
    """How an event file was played."""

    expectations: int
    mismatch: Mismatch | None
    """None when all came as expected."""
    problems: list[WorkflowError] = field(default_factory=list)
    """Workflow files that did not load."""
    dropped: list[Event] = field(default_factory=list)
    """Events whose ids were received before."""


async def play_and_check(
    lines: Iterable[eventfiles.Line],
    workflows: str | Path | Workflow | Iterable[str | Path | Workflow],
    *,
    start: int | None = None,
    until: tuple[int, bool] | None = None,
    name: str = "events",
    stand_in: StandIn | None = None,
    replay_always: bool = False,
    seed: str | None = None,
) -> Checked:
    """Play an event file on an empty store in memory.

    Args:
        lines: of the file.
        start: the moment that it begins at, milliseconds since 1970; that of the file when not given.
        until: milliseconds, and whether they count from the start of the file. When not given, time
            ends at the last line of the file.
        name: of the file, for messages.
        stand_in: as `Engine` takes it; `replay_always` too.
        seed: what `random` and `uuid` are drawn from; that of the file when not given.

    Raises:
        EventError: a line is wrong, or there is no expectation.
    """
    kept = list(lines)
    clock = VirtualClock(eventfiles.first_moment(kept, name) if start is None else start)
    start = clock.now()
    read = list(eventfiles.read_all(kept, start, name))
    expected = [line for line in read if isinstance(line, Expectation)]
    if not expected:
        raise EventError(
            "it expects nothing",
            where=name,
            fix='Add a line such as {"at": "3d", "expect": "completed", "user": "user1"}.',
        )
    last = max(line.at or start for line in read)
    end = last if until is None else until[0] + (start if until[1] else 0)
    events = [line for line in read if isinstance(line, Incoming)]
    engine = Engine(
        workflows,
        clock=clock,
        durability="normal",
        stand_in=stand_in,
        replay_always=replay_always,
        seed=seed or eventfiles.first_seed(kept, name) or FIXED,
    )
    dropped: list[Event] = []
    async with engine:
        await engine.play(events, end, dropped=dropped.append)
        with Views(engine.path) as views:
            entries = list(all_entries(views))
        collected.take(engine.path, engine.workflows)
    return Checked(len(expected), check(expected, entries, start, name), engine.problems, dropped)


def all_entries(views: Views) -> Iterator[Entry]:
    """The whole history of a store, in order."""
    after = 0
    while page := views.entries(after=after, limit=PAGE_ROWS):
        yield from page
        after = page[-1].seq
