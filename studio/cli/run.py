"""Run the engine without a screen, in real time."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from studio.cli.engine_run import check_workflows, end_politely, tell_problems, tell_reload, tell_untraced
from studio.cli.engine_state import EngineState
from studio.cli.follower import FINISH_SECONDS, EntryFormatter, EntryLines, Follower, Silent, ended, last_seq
from studio.cli.http_ingest import http_option, ingesting
from studio.cli.input_reader import HASTE, Acknowledgements, InputReader
from studio.cli.no_steps import steps_options, would_run
from studio.cli.options import DurationParameter, json_option, shared
from studio.cli.output import (
    STDOUT,
    Exit,
    coloured,
    complain,
    descriptor,
    terminal_width,
)
from studio.cli.settings import Settings
from studio.errors import StoreError
from studio.source.project import MEMORY, absolute, short

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn
    from studio.engine.engine import Engine


STDIN = "-"


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

    check_workflows(settings)
    _check_acks(acks, events)
    lines: EntryFormatter
    if acks == STDOUT:
        lines = EntryLines(Silent())
    elif as_json:
        lines = JsonLines()
    else:
        lines = EntryLines(Trace(start=None, users=12, width=terminal_width(), styles=coloured()))
    stand_in = would_run(settings, no_steps, stubs)
    if events is not None and events != STDIN:
        # A workflow file may change the working folder while it is imported.
        events = str(absolute(events))
    taking = Taking(
        events,
        None if acks is None else Acknowledgements(descriptor(acks)),
        None if http is None else address(http),
    )
    return ended(asyncio.run(_run(settings, for_ms, until_idle, taking, reloads, stand_in, lines)))


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
        otel=settings.otel,
        typed=settings.typed,
    )
    tell_problems(engine)
    tell_untraced(settings)
    before = last_seq(settings)
    async with engine, ingesting(engine, taking.http):
        if reloads:
            engine.on_reload(tell_reload)
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


async def _idle(engine: Engine, reader: InputReader | None) -> None:
    if reader is not None:
        await asyncio.shield(reader.done)
    await engine.run_until_idle()
