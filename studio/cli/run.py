"""Run the engine without a screen: `run` in real time, `play` an event file in virtual time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from studio.cli.door import http_option, opened_door
from studio.cli.feed import Acks, Feed
from studio.cli.no_steps import steps_options, would_run
from studio.cli.options import (
    DurationParameter,
    Settings,
    UntilParameter,
    json_option,
    shared,
    shared_in_memory,
)
from studio.cli.output import Exit, coloured, complain, counted, reader_gone, terminal_width, write
from studio.errors import StoreError, StudioError
from studio.project import MEMORY

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.reload import Reloaded
    from studio.engine.steps import StandIn
    from studio.store.records import Entry

PAGE_ROWS = 1_000
FINISH_SECONDS = 5.0
"""How long a reader that does not read may hold up the end."""
LOOK_SECONDS = 1.0
"""How often a run in which nothing happens asks whether somebody still reads it."""


STDOUT = 1


class Lines(Protocol):
    """Makes lines of entries: a trace, or JSON."""

    def take(self, entries: list[Entry]) -> Iterator[str]: ...
    def flush(self) -> Iterator[str]: ...


class Silent:
    """Prints nothing of them: stdout carries something else."""

    def take(self, entries: list[Entry]) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def flush(self) -> Iterator[str]:
        """Nothing."""
        return iter(())


# -- run -----------------------------------------------------------------------------------


@click.command()
@click.option("--for", "for_ms", type=DurationParameter(), metavar="10s", help="End after this time.")
@click.option(
    "--until-idle", is_flag=True, help="End when no event is left, no step runs and nothing is due."
)
@click.option("--events", metavar="FILE|-", help="Events to take in, as JSON lines; - is stdin.")
@click.option(
    "--acks",
    type=click.IntRange(1),
    metavar="FD",
    help="Acknowledge each durable event of --events by a JSON line on this file descriptor."
    " 1 is stdout, and then entries are not printed.",
)
@http_option
@click.option("--reload", "reloads", is_flag=True, help="Follow the workflow files: what is saved runs.")
@steps_options
@json_option
@shared
def run(
    settings: Settings,
    for_ms: int | None,
    until_idle: bool,
    events: str | None,
    acks: int | None,
    http: str | None,
    reloads: bool,
    no_steps: bool,
    stubs: tuple[str, ...],
    as_json: bool,
) -> Exit:
    """Run the engine without a screen, and print what happens.

    It ends with ctrl+c or a polite kill, as --for says, or as --until-idle says: what was taken in is
    durable then. A second ctrl+c ends it at once.
    """
    from studio.cli.json_lines import JsonLines
    from studio.http.door import address
    from studio.trace import Trace

    _check_workflows(settings)
    _check_acks(acks, events)
    lines: Lines
    if acks == STDOUT:
        lines = Silent()
    elif as_json:
        lines = JsonLines()
    else:
        lines = Trace(start=None, users=12, width=terminal_width(), styles=coloured())
    stand_in = would_run(settings, no_steps, stubs)
    taking = Taking(events, None if acks is None else Acks(acks), None if http is None else address(http))
    return _finish(asyncio.run(_run(settings, for_ms, until_idle, taking, reloads, stand_in, lines)))


@dataclass(frozen=True, slots=True)
class Taking:
    """Where a run takes events from, beside its inbox."""

    events: str | None
    """A file, or "-" for stdin."""
    acks: Acks | None
    http: tuple[str, int] | None
    """Host and port of the door."""


def _check_acks(acks: int | None, events: str | None) -> None:
    if acks is None:
        return
    if events is None:
        raise click.UsageError("--acks acknowledges what --events takes in; say --events - too.")
    try:
        os.fstat(acks)
    except OSError:
        raise click.UsageError(f"--acks {acks}: that file descriptor is not open. 1 is stdout.") from None


async def _run(
    settings: Settings,
    for_ms: int | None,
    until_idle: bool,
    taking: Taking,
    reloads: bool,
    stand_in: StandIn | None,
    lines: Lines,
) -> Exit:
    from studio.engine.engine import Engine

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    end_politely(loop, stop)
    engine = Engine(
        settings.workflows,
        store=settings.store,
        durability=settings.durability,
        reload=settings.reload or "auto",
        stand_in=stand_in,
    )
    before = _last_seq(settings)
    async with engine, opened_door(engine, taking.http):
        _tell_problems(engine)
        if reloads:
            engine.on_reload(_tell_reload)
            engine.watch()
        if settings.store != MEMORY:
            complain(f"Running on {settings.store}. Ctrl+C ends it.", plain=True)
        follower = Follower(engine, before, lines, lambda: loop.call_soon_threadsafe(stop.set))
        feed = Feed(engine, taking.events, loop, taking.acks) if taking.events is not None else None
        try:
            await _until(stop, for_ms, engine, feed, until_idle)
        finally:
            if feed is not None:
                await asyncio.to_thread(feed.finish)
            await asyncio.to_thread(follower.finish)
        if feed is not None:
            feed.raise_error()
    if follower.closed:
        return Exit.DONE
    return Exit.FAILED if follower.failures or engine.problems else Exit.DONE


async def _until(
    stop: asyncio.Event, for_ms: int | None, engine: Engine, feed: Feed | None, until_idle: bool
) -> None:
    """Wait for whatever ends the run."""
    ends: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
    if for_ms is not None:
        ends.append(asyncio.create_task(asyncio.sleep(for_ms / 1000)))
    if until_idle:
        ends.append(asyncio.create_task(_idle(engine, feed)))
    elif feed is not None:
        ends.append(asyncio.create_task(feed.failed()))
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


def end_politely(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Let the first ctrl+c or polite kill set `stop`, and the second end the process as it does by itself."""

    def first() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)


async def _idle(engine: Engine, feed: Feed | None) -> None:
    if feed is not None:
        await asyncio.shield(feed.done)
    await engine.run_until_idle()


# -- play ----------------------------------------------------------------------------------


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--until", type=UntilParameter(), metavar="30d", help="Go on to here: from the start, or an ISO time."
)
@click.option("--check", is_flag=True, help="Hold the expect lines of the file against what comes.")
@steps_options
@json_option
@shared_in_memory
def play(
    settings: Settings,
    file: str,
    until: tuple[int, bool] | None,
    check: bool,
    no_steps: bool,
    stubs: tuple[str, ...],
    as_json: bool,
) -> Exit:
    """Play an event file in virtual time, on a store in memory unless --store names one.

    It prints what happens. Time
    jumps from deadline to deadline, to the last of them, or a year after the last event.
    With --check it ends at the last line of the file, and prints only what is not as expected.
    """
    from studio.cli.lines import lines as lines_of
    from studio.cli.lines import opened

    _check_workflows(settings)
    if check and (as_json or settings.store != MEMORY):
        raise click.UsageError("--check plays on an empty store in memory and prints no entries.")
    stand_in = would_run(settings, no_steps, stubs)
    with opened(file) as (descriptor, name):
        if check:
            return _checked(settings, list(lines_of(descriptor, name)), name, until, stand_in)
        if _can_seek(descriptor):

            def read() -> Iterator[bytes]:
                os.lseek(descriptor, 0, os.SEEK_SET)
                return lines_of(descriptor, name)

        else:
            kept = list(lines_of(descriptor, name))

            def read() -> Iterator[bytes]:
                return iter(kept)

        return _finish(asyncio.run(_play(settings, read, name, until, stand_in, as_json)))


def _checked(
    settings: Settings,
    lines: list[bytes],
    name: str,
    until: tuple[int, bool] | None,
    stand_in: StandIn | None,
) -> Exit:
    from studio.checked_play import play_and_check

    done = asyncio.run(play_and_check(lines, settings.workflows, until=until, name=name, stand_in=stand_in))
    for problem in done.problems:
        complain(str(problem))
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
    until: tuple[int, bool] | None,
    stand_in: StandIn | None,
    as_json: bool,
) -> Exit:
    from studio import eventfiles
    from studio.cli.json_lines import JsonLines
    from studio.clock import VirtualClock
    from studio.engine.engine import Engine
    from studio.trace import Trace

    clock = VirtualClock(eventfiles.first_moment(read(), name))
    # Once through before anything is stored: a slip in the last line must not leave half a file.
    users = _check_events(read, clock.now(), name)
    if users is None:
        complain(f"{name} has no events.", plain=True)
    engine = Engine(
        settings.workflows,
        store=settings.store,
        clock=clock,
        durability=settings.durability,
        stand_in=stand_in,
    )
    loop = asyncio.get_running_loop()
    before = _last_seq(settings)
    async with engine:
        _tell_problems(engine)
        start = engine.clock.now()
        lines: Lines = (
            JsonLines()
            if as_json
            else Trace(start=start, users=users or 0, width=terminal_width(), styles=coloured())
        )
        stop = asyncio.Event()
        end_politely(loop, stop)
        follower = Follower(engine, before, lines, lambda: loop.call_soon_threadsafe(stop.set))
        end = None if until is None else until[0] + (start if until[1] else 0)
        playing = asyncio.create_task(engine.play(eventfiles.read(read(), start, name), end))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopped = not playing.done()
            whole = playing.result() if not stopped else True
        finally:
            playing.cancel()
            stopping.cancel()
            await asyncio.gather(playing, stopping, return_exceptions=True)
            follower.finish()
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
    from studio import eventfiles

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


# -- both ----------------------------------------------------------------------------------


class Follower:
    """Prints entries as they are committed, in a thread with a connection of its own.

    So a reader that is slow, or a terminal that is stopped, holds up nothing but the print.
    """

    def __init__(self, engine: Engine, after: int, lines: Lines, on_closed: Callable[[], object]) -> None:
        self.failures = 0
        """Journeys that failed meanwhile."""
        self.closed = False
        """Nobody reads what is printed any more."""
        self._after = after
        self._lines = lines
        self._path: Path = engine.path
        self._on_closed = on_closed
        self._error: Exception | None = None
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._follow, name="trace", daemon=True)
        self._forget = engine.on_change(self._wake.set)
        # What an engine finds in the inbox it may have handled before this stands here.
        self._wake.set()
        self._thread.start()

    def finish(self) -> None:
        """Print what is left and end.

        Raises:
            StudioError: the store could not be read, or the output not be written.
        """
        self._forget()
        self._ending = True
        self._wake.set()
        self._thread.join(FINISH_SECONDS)
        if self._thread.is_alive():
            self.closed = True
        if self._error is not None:
            raise self._error

    def _follow(self) -> None:
        from studio.store.views import Views

        try:
            with Views(self._path) as views:
                after = self._after
                while True:
                    self._wait()
                    self._wake.clear()
                    ending = self._ending
                    while page := views.entries(after=after, limit=PAGE_ROWS):
                        after = page[-1].seq
                        self._print(page)
                    if not self.closed:
                        write(self._lines.flush())
                    if ending:
                        return
        except BrokenPipeError:
            self._close()
        except StudioError as error:
            self._error = error
            self._on_closed()

    def _wait(self) -> None:
        """Wait for a commit, or for the reader of a pipe to go."""
        while not self._wake.wait(LOOK_SECONDS):
            if reader_gone():
                raise BrokenPipeError

    def _print(self, page: list[Entry]) -> None:
        self.failures += sum(e.kind == "journey.failed" for e in page)
        write(self._lines.take(page))

    def _close(self) -> None:
        self.closed = True
        self._on_closed()


def _last_seq(settings: Settings) -> int:
    """Up to where a store was told in earlier runs."""
    from studio.store.views import Views

    if settings.store == MEMORY or not Path(settings.store).exists():
        return 0
    try:
        with Views(settings.store) as views:
            return views.last_seq()
    except StoreError:
        # Still empty, or something that the engine will refuse in its own words.
        return 0


def _finish(code: Exit) -> Exit:
    """End now when a thread hangs in a write: Python would wait for it for ever."""
    stuck = any(thread.name == "trace" and thread.is_alive() for thread in threading.enumerate())
    if stuck:
        os._exit(code)
    return code


def _check_workflows(settings: Settings) -> None:
    if not Path(settings.workflows).exists():
        raise StudioError(
            "there are no workflows here",
            where=settings.workflows,
            fix="Write one, such as workflows/welcome.py, or name another folder with --workflows.",
        )


def _tell_reload(told: Reloaded) -> None:
    for problem in told.problems:
        complain(str(problem))
    if told.report is not None:
        names = ", ".join((*told.report.changed, *told.report.added, *told.report.removed))
        how = "reloaded" if told.done else "saved, the old code goes on (r in the studio reloads)"
        complain(f"{names} {how}: {told.report.summary}", plain=True)


def _tell_problems(engine: Engine) -> None:
    for problem in engine.problems:
        complain(str(problem))


__all__ = ["play", "run"]
