"""How a store and its engine get on, and whether the store is sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.options import Settings, json_option, shared
from studio.cli.output import Exit, coloured, local, write
from studio.printable import clean, json_line, show_bytes, styled

if TYPE_CHECKING:
    from studio.store.status import StoreStatus

JOURNEY_STATES = ("waiting", "idle", "failed", "completed", "exited", "cancelled")


@click.command()
@json_option
@shared
def status(settings: Settings, as_json: bool) -> None:
    """Show how a store stands, and how the engine gets on that runs on it."""
    from studio.store.status import status as look

    found = look(settings.file())
    write([json_line(record(found))] if as_json else _lines(found))


def record(found: StoreStatus) -> dict[str, Any]:
    """How a store stands, as JSON."""
    from studio.clock import iso

    totals, clock, pulse = found.totals, found.clock, found.pulse
    engine: dict[str, Any] | None = None
    if found.engine is not None:
        engine = {"pid": found.engine[0], "since": iso(found.engine[1])}
        if pulse is not None:
            engine |= {**dataclasses.asdict(pulse), "at": iso(pulse.at)}
    return {
        "store": found.path,
        "size": found.size,
        "wal": found.wal,
        "users": totals.users,
        "events": totals.events,
        "journeys": {state: getattr(totals, state) for state in JOURNEY_STATES},
        "waits": totals.waits,
        "entry": found.entry,
        "next_due": iso(found.next_due) if found.next_due is not None else None,
        "inbox": found.left.events,
        "inbox_more": found.left.more,
        "clock": {
            "now": iso(found.now),
            "movable": clock.movable,
            "paused": clock.paused,
            "speed": clock.speed,
            "jump_to": iso(clock.jump.to) if clock.jump is not None else None,
        },
        "hold": found.hold["why"] if found.hold is not None else None,
        "held": found.held,
        "engine": engine,
    }


def _lines(found: StoreStatus) -> Iterator[str]:
    from studio import durations

    totals, pulse = found.totals, found.pulse
    wal = f", log {show_bytes(found.wal)}" if found.wal else ""
    yield clean(f"store     {found.path}  {show_bytes(found.size)}{wal}")
    yield f"users     {totals.users:,}"
    states = [f"{getattr(totals, state):,} {state}" for state in JOURNEY_STATES if getattr(totals, state)]
    yield f"journeys  {', '.join(states) or 'none'}"
    left = ""
    if found.next_due is not None:
        far = durations.short(max(0, found.next_due - found.now)) if found.next_due > found.now else "now"
        left = f", the nearest deadline {local(found.next_due)} ({far})"
    yield f"waits     {totals.waits:,}{left}"
    yield f"inbox     {found.left.number if found.left else 'empty'}"
    yield f"clock     {local(found.now)}, {clock_words(found)}"
    if found.hold is not None:
        yield f"steps     on hold after a {found.hold.get('why', 'rewind')}, {found.held:,} wait for a yes"
    if found.engine is None:
        yield "engine    none runs"
        return
    yield f"engine    pid {found.engine[0]}, since {local(found.engine[1])}"
    if pulse is None:
        yield "batch     none yet"
        return
    yield f"batch     {local(pulse.at)}: {pulse.batch:,} causes, {pulse.steps:,} steps running"
    late = f"timers at most {pulse.late_ms:,} ms late"
    yield f"rate      {pulse.rate:,.1f} causes a second, then {pulse.queue:,} waited, {late}"


def clock_words(found: StoreStatus) -> str:
    """How a clock stands, in a few words."""
    clock = found.clock
    if clock.jump is not None:
        return f"jumps to {local(clock.jump.to)} ({clock.jump.percent} %)"
    if clock.paused:
        return "paused"
    return f"×{clock.speed:,}" if clock.movable and clock.speed > 1 else "runs"


@click.command()
@click.option("--full", is_flag=True, help="Check also each index against its table; takes longer.")
@json_option
@shared
def doctor(settings: Settings, full: bool, as_json: bool) -> Exit:
    """Examine a store: integrity, derived state, disk, lock, version, snapshots, clock.

    Each finding is ok, warn or bad, and says what to do; with a bad one the exit code is 1.
    """
    from studio.store.doctor import examine

    worst = Exit.DONE
    styles = {"ok": "green", "warn": "yellow", "bad": "red"}
    for found in examine(Path(settings.file()), full=full):
        if found.verdict == "bad":
            worst = Exit.FAILED
        if as_json:
            write([json_line(dataclasses.asdict(found))])
        else:
            verdict = styled(f"{found.verdict:<4}", styles[found.verdict], coloured())
            fix = f". {found.fix}" if found.fix else ""
            write([f"{verdict}  {found.check:<9}  {clean(found.says + fix)}"])
    return worst
