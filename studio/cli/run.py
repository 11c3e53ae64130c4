"""Run the engine without a screen: `run` in real time, `play` an event file in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

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
    from studio.incoming import Incoming
    from studio.store.records import Entry

PAGE_ROWS = 1_000
FINISH_SECONDS = 5.0
"""How long a reader that does not read may hold up the end."""
LOOK_SECONDS = 1.0
"""How often a run in which nothing happens asks whether somebody still reads it."""


class Lines(Protocol):
    """Makes lines of entries: a trace, or JSON."""

    def take(self, entries: list[Entry]) -> Iterator[str]: ...
    def flush(self) -> Iterator[str]: ...


# -- run -----------------------------------------------------------------------------------


@click.command()
@click.option("--for", "for_ms", type=DurationParameter(), metavar="10s", help="End after this time.")
@click.option(
    "--until-idle", is_flag=True, help="End when no event is left, no step runs and nothing is due."
)
@click.option("--events", metavar="FILE|-", help="Events to take in, as JSON lines; - is stdin.")
@click.option("--reload", "reloads", is_flag=True, help="Follow the workflow files: what is saved runs.")
@json_option
@shared
def run(
    settings: Settings,
    for_ms: int | None,
    until_idle: bool,
    events: str | None,
    reloads: bool,
    as_json: bool,
) -> Exit:
    """Run the engine without a screen, and print what happens.

    It ends with ctrl+c or a polite kill, as --for says, or as --until-idle says.
    """
    from studio.cli.json_lines import JsonLines
    from studio.trace import Trace

    _check_workflows(settings)
    lines = JsonLines() if as_json else Trace(start=None, users=12, width=terminal_width(), styles=coloured())
    return _finish(asyncio.run(_run(settings, for_ms, until_idle, events, reloads, lines)))


async def _run(
    settings: Settings,
    for_ms: int | None,
    until_idle: bool,
    events: str | None,
    reloads: bool,
    lines: Lines,
) -> Exit:
    from studio.engine.engine import Engine

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    engine = Engine(
        settings.workflows,
        store=settings.store,
        durability=settings.durability,
        reload=settings.reload or "auto",
    )
    before = _last_seq(settings)
    async with engine:
        _tell_problems(engine)
        if reloads:
            engine.on_reload(_tell_reload)
            engine.watch()
        if settings.store != MEMORY:
            complain(f"Running on {settings.store}. Ctrl+C ends it.", plain=True)
        follower = Follower(engine, before, lines, lambda: loop.call_soon_threadsafe(stop.set))
        feed = Feed(engine, events, loop) if events is not None else None
        try:
            await _until(stop, for_ms, engine, feed, until_idle)
        finally:
            follower.finish()
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


async def _idle(engine: Engine, feed: Feed | None) -> None:
    if feed is not None:
        await asyncio.shield(feed.done)
    await engine.run_until_idle()


class Feed:
    """Takes events from a file or from stdin into the engine, in a thread: reading may block."""

    def __init__(self, engine: Engine, path: str, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._path = path
        self._loop = loop
        self._error: Exception | None = None
        self.done: asyncio.Future[None] = loop.create_future()
        """All is taken in, or reading came to an error."""
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    async def failed(self) -> None:
        """Ends only when reading came to an error."""
        await asyncio.shield(self.done)
        if self._error is None:
            await asyncio.Event().wait()

    def raise_error(self) -> None:
        """Raise what reading came to."""
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            self._take()
        except Exception as error:
            self._error = error
        # The loop may be gone: the run ended while a line was waited for.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _take(self) -> None:
        from studio.cli.lines import batches, opened
        from studio.eventfiles import parse_line

        start = self._engine.clock.now()
        number = 0
        with opened(self._path) as (descriptor, name):
            for lines in batches(descriptor, name):
                events: list[Incoming] = []
                try:
                    for line in lines:
                        number += 1
                        event = parse_line(line, f"{name}:{number}", start)
                        if event is not None:
                            events.append(event)
                finally:
                    # Up to a line that is wrong, all before it counts.
                    if events:
                        self._engine.submit(events).result()


# -- play ----------------------------------------------------------------------------------


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--until", type=UntilParameter(), metavar="30d", help="Go on to here: from the start, or an ISO time."
)
@click.option("--check", is_flag=True, help="Hold the expect lines of the file against what comes.")
@json_option
@shared_in_memory
def play(settings: Settings, file: str, until: tuple[int, bool] | None, check: bool, as_json: bool) -> Exit:
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
    with opened(file) as (descriptor, name):
        if check:
            return _checked(settings, list(lines_of(descriptor, name)), name, until)
        if _can_seek(descriptor):

            def read() -> Iterator[bytes]:
                os.lseek(descriptor, 0, os.SEEK_SET)
                return lines_of(descriptor, name)

        else:
            kept = list(lines_of(descriptor, name))

            def read() -> Iterator[bytes]:
                return iter(kept)

        return _finish(asyncio.run(_play(settings, read, name, until, as_json)))


def _checked(settings: Settings, lines: list[bytes], name: str, until: tuple[int, bool] | None) -> Exit:
    from studio.checked_play import play_and_check

    done = asyncio.run(play_and_check(lines, settings.workflows, until=until, name=name))
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
    engine = Engine(settings.workflows, store=settings.store, clock=clock, durability=settings.durability)
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
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
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
