"""The clock of a store: look at it, and move it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from studio.cli.care import clock_words, record
from studio.cli.options import DurationParameter, Settings, UntilParameter, json_option, shared
from studio.cli.output import Exit, complain, local, write
from studio.clock import wall_ms
from studio.errors import ClockError, StoreLocked, StudioError
from studio.printable import json_line

ACTS = ("show", "pause", "resume", "speed", "forward", "to")
LOOK_SECONDS = 0.05


@click.command()
@click.argument("act", required=False, default="show", metavar="[ACT]", type=click.Choice(ACTS))
@click.argument("value", required=False, metavar="[VALUE]")
@json_option
@shared
def clock(settings: Settings, act: str, value: str | None, as_json: bool) -> Exit:
    """Show or move the clock of a store: show, pause, resume, speed N, forward 7d, to DATE.

    Of a studio that runs on the store it is asked, and a move waits for its end. Without one, forward
    and to run the workflows up to that moment here.
    """
    from studio.store.status import status

    path = Path(settings.file())
    found = status(path)
    if (value is None) != (act in ("show", "pause", "resume")):
        raise click.UsageError(f"clock {act} takes {'a value' if value is None else 'no value'}.")
    if act in ("pause", "resume"):
        _turn(path, f"clock.{'run' if act == 'resume' else act}", {"paused": act == "pause"})
    elif act == "speed":
        if not (value or "").isdecimal():
            raise click.UsageError(f"{value!r} is no speed. Use 1, 10, 60 or 3600.")
        _turn(path, "clock.speed", {"speed": int(value or "")})
    elif act != "show":
        by = DurationParameter().convert(value, None, None) if act == "forward" else None
        to = found.now + by if by is not None else _moment(value or "")
        _move(settings, path, to)
    found = status(path)
    if as_json:
        write([json_line(record(found)["clock"])])
    else:
        write([f"{local(found.now)}, {clock_words(found)}"])
    return Exit.DONE


def _moment(text: str) -> int:
    moment, is_offset = UntilParameter().convert(text, None, None)
    if is_offset:
        raise click.UsageError(f"{text!r} is no date. Write 2026-12-01T09:00, or forward {text}.")
    return moment


def _turn(path: Path, command: str, facts: dict[str, Any]) -> None:
    from studio.engine.time_alone import turn_alone
    from studio.store import inbox

    if inbox.engine_of(path) is None:
        try:
            turn_alone(path, facts)
            return
        except StoreLocked:
            # One was started in this moment.
            complain("An engine has just started: it is asked.", plain=True)
    inbox.ask(path, command, facts)


def _move(settings: Settings, path: Path, to: int) -> None:
    from studio.store import inbox

    if inbox.engine_of(path) is None:
        asyncio.run(_move_alone(settings, to))
        return
    inbox.ask(path, "clock.jump", {"to": to})
    try:
        _wait_for(path, to)
    except KeyboardInterrupt:
        inbox.ask(path, "clock.stop_jump", {})
        raise


async def _move_alone(settings: Settings, to: int) -> None:
    from studio.engine.engine import Engine
    from studio.studio_clock import StudioClock

    async with Engine(
        settings.workflows, store=settings.store, durability=settings.durability, clock=StudioClock()
    ) as engine:
        for problem in engine.problems:
            complain(str(problem))
        await engine.jump(to)
        await engine.run_until_idle()


def _wait_for(path: Path, to: int) -> None:
    """Return when the jump of an engine elsewhere has come to its end."""
    from studio.store.inbox import engine_of
    from studio.store.views import Views
    from studio.studio_clock import moment, reading

    seen = False
    with Views(path) as views:
        while True:
            state = views.clock()
            jump = reading(state).jump
            if jump is None and moment(state, wall_ms()) >= to:
                return
            if jump is None and seen:
                raise ClockError("the jump was stopped before its end")
            if engine_of(path) is None:
                raise StudioError("the engine has ended before the jump did", where=str(path))
            seen = seen or jump is not None
            time.sleep(LOOK_SECONDS)
