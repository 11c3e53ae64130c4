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

from studio.cli.dropped import Dropped
from studio.cli.engine_state import EngineState, StuckState
from studio.cli.http_ingest import http_option, ingesting
from studio.cli.input_reader import HASTE, Acknowledgements, InputReader
from studio.cli.no_steps import steps_options, would_run
from studio.cli.options import DurationParameter, UntilParameter, json_option, shared, shared_in_memory
from studio.cli.output import (
    STDOUT,
    Exit,
    coloured,
    complain,
    descriptor,
    reader_gone,
    terminal_width,
    write,
)
from studio.cli.settings import Settings
from studio.errors import NoWorkflows, StoreError, StudioError
from studio.source.project import MEMORY, absolute, short
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn
    from studio.engine.engine import Engine
    from studio.engine.reload.hot_reload import Reloaded
    from studio.store.records import Entry
    from studio.store.views import Views

PAGE_ROWS = 1_000
FINISH_SECONDS = 5.0
"""How long a reader that does not read may hold up the end."""
RETRY_SECONDS = 0.5
"""How long until a store that could not be read is read again."""
LOOK_SECONDS = 1.0
"""How often a run in which nothing happens asks whether somebody still reads it."""


STDIN = "-"


class EntryFormatter(Protocol):
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
@click.option("--events", metavar="FILE|-", help="Events to read, as JSON lines; - is stdin.")
@click.option(
    "--acks",
    type=click.IntRange(1),
    metavar="FD",
    help="Acknowledge each durable event of --events by a JSON line on this file descriptor."
    " 1 is stdout, and then entries are not printed.",
)
@http_option
@click.option("--reload", "reloads", is_flag=True, help="Reload workflow files when they are saved.")
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

    It ends with ctrl+c or SIGTERM, as --for says, or as --until-idle says: what was taken in is
    durable then. A second ctrl+c ends it at once.
    """
    from studio.cli.json_lines import JsonLines
    from studio.events.trace import Trace
    from studio.web.ingest.server import address

    _check_workflows(settings)
    _check_acks(acks, events)
    lines: EntryFormatter
    if acks == STDOUT:
        lines = Silent()
    elif as_json:
        lines = JsonLines()
    else:
        lines = Trace(start=None, users=12, width=terminal_width(), styles=coloured())
    stand_in = would_run(settings, no_steps, stubs)
    if events is not None and events != STDIN:
        # A workflow file may change the working folder while it is imported.
        events = str(absolute(events))
    taking = Taking(
        events,
        None if acks is None else Acknowledgements(descriptor(acks)),
        None if http is None else address(http),
    )
    return _finish(asyncio.run(_run(settings, for_ms, until_idle, taking, reloads, stand_in, lines)))


@dataclass(frozen=True, slots=True)
class Taking:
    """Where a run takes events from, beside its inbox."""

    events: str | None
    """A file, or "-" for stdin."""
    acks: Acknowledgements | None
    http: tuple[str, int] | None
    """Where it takes events by HTTP: host and port."""


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
    lines: EntryFormatter,
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
        events=settings.events(),
    )
    _tell_problems(engine)
    before = _last_seq(settings)
    async with engine, ingesting(engine, taking.http):
        if reloads:
            engine.on_reload(_tell_reload)
            engine.watch()
        if settings.store != MEMORY:
            complain(f"Running on {short(settings.store)}. Ctrl+C ends it.", plain=True)
        state = EngineState(engine)
        follower = Follower(engine, before, lines, lambda: loop.call_soon_threadsafe(stop.set))
        reader = InputReader(engine, taking.events, loop, taking.acks) if taking.events is not None else None
        try:
            await _until(stop, for_ms, engine, reader, until_idle, state)
        finally:
            state.close()
            if stop.is_set():
                engine.hurry()
            if reader is not None:
                await asyncio.to_thread(reader.finish, HASTE if stop.is_set() else FINISH_SECONDS)
            try:
                await asyncio.to_thread(follower.finish)
            except StoreError:
                # Why the engine has ended was said, and is why it cannot be read.
                if not state.has_ended:
                    raise
        if state.has_ended:
            return Exit.FAILED
        if reader is not None:
            reader.raise_error()
    if follower.closed:
        return Exit.DONE
    return Exit.FAILED if follower.failures or engine.problems else Exit.DONE


async def _until(
    stop: asyncio.Event,
    for_ms: int | None,
    engine: Engine,
    reader: InputReader | None,
    until_idle: bool,
    state: EngineState,
) -> None:
    """Wait for whatever ends the run."""
    ends: list[asyncio.Task[object]] = [
        asyncio.create_task(stop.wait()),
        asyncio.create_task(state.ended()),
    ]
    if for_ms is not None:
        ends.append(asyncio.create_task(asyncio.sleep(for_ms / 1000)))
    if until_idle:
        ends.append(asyncio.create_task(_idle(engine, reader)))
    elif reader is not None:
        ends.append(asyncio.create_task(reader.failed()))
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            # Whoever waited for an engine that has ended was told why; it is said once.
            if not engine.has_ended:
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


async def _idle(engine: Engine, reader: InputReader | None) -> None:
    if reader is not None:
        await asyncio.shield(reader.done)
    await engine.run_until_idle()


# -- play ----------------------------------------------------------------------------------


@click.command()
@click.argument("file", metavar="FILE|-")
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

    _check_workflows(settings)
    if check and (as_json or settings.store != MEMORY):
        raise click.UsageError("--check plays on an empty store in memory and prints no entries.")
    stand_in = would_run(settings, no_steps, stubs)
    with opened(file) as (descriptor, name):
        if check:
            return _checked(settings, list(lines_of(descriptor, name)), name, until, stand_in, seed)
        if _can_seek(descriptor):

            def read() -> Iterator[bytes]:
                os.lseek(descriptor, 0, os.SEEK_SET)
                return lines_of(descriptor, name)

        else:
            kept = list(lines_of(descriptor, name))

            def read() -> Iterator[bytes]:
                return iter(kept)

        return _finish(asyncio.run(_play(settings, read, name, until, stand_in, seed, as_json)))


def _checked(
    settings: Settings,
    lines: list[bytes],
    name: str,
    until: tuple[int, bool] | None,
    stand_in: StandIn | None,
    seed: str | None,
) -> Exit:
    from studio.events import event_files as eventfiles
    from studio.testing.checked_play import play_and_check

    seed = seed or eventfiles.first_seed(lines, name) or settings.seed
    done = asyncio.run(
        play_and_check(lines, settings.workflows, until=until, name=name, stand_in=stand_in, seed=seed)
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

    clock = VirtualClock(eventfiles.first_moment(read(), name))
    # Once through before anything is stored: a slip in the last line must not leave half a file.
    users = _check_events(read, clock.now(), name)
    if users is None:
        complain(f"{name} has no events.", plain=True)
    before = _last_seq(settings)
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
    _tell_problems(engine)
    loop = asyncio.get_running_loop()
    async with engine:
        start = engine.clock.now()
        lines: EntryFormatter = (
            JsonLines()
            if as_json
            else Trace(start=start, users=users or 0, width=terminal_width(), styles=coloured())
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


# -- both ----------------------------------------------------------------------------------


class Follower:
    """Prints entries as they are committed, in a thread with a connection of its own.

    So a reader that is slow, or a terminal that is stopped, holds up nothing but the print.
    """

    def __init__(
        self, engine: Engine, after: int, lines: EntryFormatter, on_closed: Callable[[], object]
    ) -> None:
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

        while True:
            ending = self._ending
            try:
                with Views(self._path) as views:
                    self._read(views)
                    return
            except BrokenPipeError:
                self._close()
                return
            except StoreError as error:
                # Waited out, as the engine does; should it be for good, that one ends and says so.
                if ending:
                    self._error = error
                    return
                self._wake.wait(RETRY_SECONDS)
                self._wake.set()
            except StudioError as error:
                self._error = error
                self._on_closed()
                return

    def _read(self, views: Views) -> None:
        while True:
            self._wait()
            self._wake.clear()
            ending = self._ending
            while page := views.entries(after=self._after, limit=PAGE_ROWS):
                self._after = page[-1].seq
                self._print(page)
            if not self.closed:
                write(self._lines.flush())
            if ending:
                return

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
        how = "reloaded" if told.done else "saved, the old code still runs (r in the studio reloads)"
        complain(f"{names} {how}: {told.report.summary}", plain=True)


def _tell_problems(engine: Engine) -> None:
    """Say what did not load.

    Raises:
        NoWorkflows: there are Python files, and nothing in them that could run.
    """
    from studio.source.loader import told_passed_over

    if told := told_passed_over(engine.passed_over):
        complain(told, plain=True)
    for problem in engine.problems:
        if isinstance(problem, NoWorkflows):
            raise problem
        complain(str(problem))


__all__ = ["play", "run"]
