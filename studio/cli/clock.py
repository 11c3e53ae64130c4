"""The clock of a store: look at it, and move it."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.care import record
from studio.cli.client import client_of
from studio.cli.options import DurationParameter, UntilParameter, json_option, shared
from studio.cli.output import Exit, local, write
from studio.cli.settings import Settings
from studio.text.printable import json_line

ACTS = ("show", "pause", "resume", "speed", "forward", "to")


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
    from studio.engine.on_demand import carry_out
    from studio.store.status import status

    time = client_of(settings).time
    path = Path(settings.file())
    found = status(path)
    if (value is None) != (act in ("show", "pause", "resume")):
        raise click.UsageError(f"clock {act} takes {'a value' if value is None else 'no value'}.")
    if act in ("pause", "resume"):
        carry_out(time.pause() if act == "pause" else time.run())
    elif act == "speed":
        if not (value or "").isdecimal():
            raise click.UsageError(f"{value!r} is not a speed. Use 1, 10, 60 or 3600.")
        carry_out(time.speed(int(value or "")))
    elif act != "show":
        by = DurationParameter().convert(value, None, None) if act == "forward" else None
        to = found.now + by if by is not None else _moment(value or "")
        carry_out(time.jump(to))
    found = status(path)
    if as_json:
        write([json_line(record(found)["clock"])])
    else:
        from studio.wording.clock import clock_state

        write([f"{local(found.now)}, {clock_state(found.clock)}"])
    return Exit.DONE


def _moment(text: str) -> int:
    moment, is_offset = UntilParameter().convert(text, None, None)
    if is_offset:
        raise click.UsageError(f"{text!r} is not a date. Write 2026-12-01T09:00, or forward {text}.")
    return moment
