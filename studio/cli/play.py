"""Play an event file in virtual time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from studio.cli.dropped import Dropped
from studio.cli.engine_run import check_workflows, end_politely, tell_problems
from studio.cli.engine_state import StuckState
from studio.cli.follower import EntryFormatter, EntryLines, Follower, ended, last_seq
from studio.cli.no_steps import steps_options, would_run
from studio.cli.options import StartParameter, UntilParameter, json_option, shared_in_memory
from studio.cli.output import (
    Exit,
    coloured,
    complain,
    terminal_width,
    write,
)
from studio.cli.settings import Settings
from studio.errors import NoWorkflows
from studio.source.project import MEMORY
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--start",
    type=StartParameter(),
    metavar="TIME",
    help="Begin at this moment, such as '2026-03-02T09:00 Europe/Berlin'.  [default: the file's]",
)
@click.option(
    "--until",
    type=UntilParameter(),
    metavar="30d",
    help="Stop there: an offset from the start, or an ISO time.",
)
@click.option(
    "--seed",
    metavar="TEXT",
    help="Seed of journey.random() and journey.uuid().  [default: the file's, or a fixed one]",
)
@click.option("--check", is_flag=True, help="Check the expect lines of the file against what happens.")
@steps_options
@json_option
@shared_in_memory
def play(
    settings: Settings,
    file: str,
    start: int | None,
    until: tuple[int, bool] | None,
    seed: str | None,
    check: bool,
    no_steps: bool,
    stubs: tuple[str, ...],
    as_json: bool,
) -> Exit:
    """Play an event file in virtual time, on a store in memory unless --store names one.

    It prints what happens. Time
    jumps from deadline to deadline, to the last of them, or a year after the last event.
    With --check it ends at the last line of the file, and prints only what is not as expected.
    Whatever journeys draw by chance is the same each time, unless --store names a file.
    """
    from studio.cli.input_lines import lines as lines_of
    from studio.cli.input_lines import opened

    check_workflows(settings)
    if check and (as_json or settings.store != MEMORY):
        raise click.UsageError("--check plays on an empty store in memory and prints no entries.")
    stand_in = would_run(settings, no_steps, stubs)
    with opened(file) as (descriptor, name):
        if check:
            return _checked(settings, list(lines_of(descriptor, name)), name, start, until, stand_in, seed)
        if _can_seek(descriptor):

            def read() -> Iterator[bytes]:
                os.lseek(descriptor, 0, os.SEEK_SET)
                return lines_of(descriptor, name)

        else:
            kept = list(lines_of(descriptor, name))

            def read() -> Iterator[bytes]:
                return iter(kept)

        return ended(asyncio.run(_play(settings, read, name, start, until, stand_in, seed, as_json)))


def _checked(
    settings: Settings,
    lines: list[bytes],
    name: str,
    start: int | None,
    until: tuple[int, bool] | None,
    stand_in: StandIn | None,
    seed: str | None,
) -> Exit:
    from studio.events import event_files as eventfiles
    from studio.testing.checked_play import play_and_check

    seed = seed or eventfiles.first_seed(lines, name) or settings.seed
    done = asyncio.run(
        play_and_check(
            lines, settings.workflows, start=start, until=until, name=name, stand_in=stand_in, seed=seed
        )
    )
    for problem in done.problems:
        if isinstance(problem, NoWorkflows):
            raise problem
        complain(str(problem))
    dropped = Dropped()
    for event in done.dropped:
        dropped(event)
    dropped.finish()
    if done.mismatch is not None:
        for what in done.mismatch.problems:
            complain(what, plain=True)
        write(done.mismatch.diff.splitlines())
        return Exit.FAILED
    complain(f"{name}: {counted(done.expectations, 'expectation')} met.", plain=True)
    return Exit.FAILED if done.problems else Exit.DONE


async def _play(
    settings: Settings,
    read: Callable[[], Iterator[bytes]],
    name: str,
    first: int | None,
    until: tuple[int, bool] | None,
    stand_in: StandIn | None,
    seed: str | None,
    as_json: bool,
) -> Exit:
    from studio.cli.json_lines import JsonLines
    from studio.clocks.clock import VirtualClock
    from studio.engine.engine import Engine
    from studio.events import event_files as eventfiles
    from studio.events.trace import Trace
    from studio.store.seed import FIXED

    clock = VirtualClock(eventfiles.first_moment(read(), name) if first is None else first)
    # Once through before anything is stored: a slip in the last line must not leave half a file.
    users = _check_events(read, clock.now(), name)
    if users is None:
        complain(f"{name} has no events.", plain=True)
    before = last_seq(settings)
    if seed is None and before == 0:
        # A store that is kept may serve others one day: it draws from what nobody knows.
        fixed = (settings.seed or FIXED) if settings.store == MEMORY else None
        seed = eventfiles.first_seed(read(), name) or fixed
    engine = Engine(
        settings.workflows,
        store=settings.store,
        clock=clock,
        durability=settings.durability,
        stand_in=stand_in,
        seed=seed,
    )
    tell_problems(engine)
    loop = asyncio.get_running_loop()
    async with engine:
        start = engine.clock.now()
        lines: EntryFormatter = (
            JsonLines()
            if as_json
            else EntryLines(Trace(start=start, users=users or 0, width=terminal_width(), styles=coloured()))
        )
        dropped = Dropped()
        stop = asyncio.Event()
        end_politely(loop, stop)
        follower = Follower(engine, before, lines, lambda: loop.call_soon_threadsafe(stop.set))
        stuck = StuckState(engine)
        end = None if until is None else until[0] + (start if until[1] else 0)
        playing = asyncio.create_task(engine.play(eventfiles.read(read(), start, name), end, dropped=dropped))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopped = not playing.done()
            whole = playing.result() if not stopped else True
        finally:
            playing.cancel()
            stopping.cancel()
            await asyncio.gather(playing, stopping, return_exceptions=True)
            stuck.close()
            if stop.is_set():
                engine.hurry()
            follower.finish()
            dropped.finish()
    if follower.closed:
        return Exit.DONE
    if stopped:
        return Exit.INTERRUPTED
    if not whole:
        complain(
            "Cut a year after the last event: deadlines are left after it. --until goes further.", plain=True
        )
    return Exit.FAILED if follower.failures or engine.problems else Exit.DONE


def _check_events(read: Callable[[], Iterator[bytes]], start: int, name: str) -> int | None:
    """Read a file to its end.

    Returns:
        The length of the longest user, 0 when there is only one, None when there is no event.
    """
    from studio.events import event_files as eventfiles

    first: str | None = None
    several, longest = False, 0
    for event in eventfiles.read(read(), start, name):
        first = event.user if first is None else first
        several = several or event.user != first
        longest = max(longest, len(event.user))
    if first is None:
        return None
    return longest if several else 0


def _can_seek(descriptor: int) -> bool:
    try:
        os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError:
        return False
    return True
