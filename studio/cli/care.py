"""How a store and its engine get on, and whether the store is sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.options import json_option, shared
from studio.cli.output import Exit, coloured, for_people, local, terminal_width, write
from studio.cli.redraw import Redraw
from studio.cli.settings import Settings
from studio.cli.temporal_options import temporal_option
from studio.source.project import short
from studio.text.printable import clean, cut, json_line, show_bytes, styled
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.store.status import StoreStatus
    from studio.temporal.settings import TemporalSettings

JOURNEY_STATES = ("waiting", "idle", "failed", "completed", "exited", "cancelled")


WATCH_SECONDS = 1.0
"""How often a watched status is looked at while nothing is written: an engine may have begun or ended."""

MOST_CELLS = 200


@click.command()
@click.option("--watch", "-w", is_flag=True, help="Go on showing it, until it is interrupted.")
@json_option
@temporal_option
@shared
def status(settings: Settings, temporal: TemporalSettings | None, watch: bool, as_json: bool) -> None:
    """Show the state of a store, and of the engine that runs on it; or of users on Temporal, and workers.

    With --watch it is drawn anew each second. Piped, or as JSON, it is told again when it has changed.
    """
    if temporal is not None:
        if watch:
            raise click.UsageError("--watch looks at a store; users on Temporal are shown once.")
        from studio.cli.temporal_status import show

        show(temporal, as_json)
        return
    from studio.store.status import status as look

    if watch:
        _watch(settings, as_json)
        return
    found = look(settings.file())
    write([json_line(record(found))] if as_json else _lines(found))


def _watch(settings: Settings, as_json: bool) -> None:
    """Show it until it is interrupted: over itself on a terminal, else each time that it has changed."""
    from studio.cli.looking import Tail
    from studio.store.status import status as look

    tail = Tail()
    redraw = Redraw() if for_people() and not as_json else None
    told: dict[str, Any] | None = None
    for found in tail.looks(lambda: look(settings.file()), WATCH_SECONDS):
        if redraw is not None:
            redraw.draw([cut(line, terminal_width() or MOST_CELLS) for line in _lines(found)])
            continue
        shown = record(found)
        # That time has passed is no news.
        clock = {name: value for name, value in shown["clock"].items() if name != "now"}
        if (news := {**shown, "clock": clock}) == told:
            continue
        write([json_line(shown)] if as_json else [*([""] if told is not None else []), *_lines(found)])
        told = news


def record(found: StoreStatus) -> dict[str, Any]:
    """How a store stands, as JSON."""
    from studio.clocks.clock import iso

    totals, clock, metrics = found.totals, found.clock, found.metrics
    engine: dict[str, Any] | None = None
    if found.engine is not None:
        pid, since = found.engine
        engine = {"pid": pid or None, "since": iso(since) if pid else None}
        if found.paused is not None:
            engine |= {"paused": found.paused.why}
        if found.stuck:
            engine["stuck"] = [{**dataclasses.asdict(call), "since": iso(call.since)} for call in found.stuck]
        if found.slow is not None:
            engine["slow"] = {**dataclasses.asdict(found.slow), "at": iso(found.slow.at)}
        if metrics is not None:
            engine |= {**dataclasses.asdict(metrics), "at": iso(metrics.at)}
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
        "refused": found.refused.kept,
        "refused_let_go": found.refused.let_go,
        "clock": {
            "now": iso(found.now),
            "movable": clock.movable,
            "paused": clock.paused,
            "speed": clock.speed,
            "jump_to": iso(clock.jump.to) if clock.jump is not None else None,
        },
        "workflows_paused": [
            {
                "workflow": each.name,
                "since": iso(each.since),
                "by": each.by,
                "goes_on": each.state == "leaving",
            }
            for each in found.pauses
        ],
        "hold": found.hold["why"] if found.hold is not None else None,
        "held": found.held,
        "engine": engine,
        "capabilities": found.capabilities.record(),
        "turns_refused": found.turns_refused,
    }


def _lines(found: StoreStatus) -> Iterator[str]:
    from studio.clocks import durations
    from studio.clocks.clock import wall_ms
    from studio.wording.clock import clock_state

    totals, metrics = found.totals, found.metrics
    wal = f", log {show_bytes(found.wal)}" if found.wal else ""
    yield clean(f"store     {short(found.path)}  {show_bytes(found.size)}{wal}")
    yield f"users     {totals.users:,}"
    states = [f"{getattr(totals, state):,} {state}" for state in JOURNEY_STATES if getattr(totals, state)]
    yield f"journeys  {', '.join(states) or 'none'}"
    left = ""
    if found.next_due is not None:
        far = durations.short(max(0, found.next_due - found.now)) if found.next_due > found.now else "now"
        left = f", the nearest deadline {local(found.next_due)} ({far})"
    yield f"waits     {totals.waits:,}{left}"
    yield f"inbox     {found.left.number if found.left else 'empty'}"
    if found.refused.kept or found.refused.let_go:
        gone = (
            f", {found.refused.let_go:,} older ones were deleted to make room" if found.refused.let_go else ""
        )
        yield f"refused   {counted(found.refused.kept, 'event')} kept aside{gone}; journey-studio refused"
    yield f"clock     {local(found.now)}, {clock_state(found.clock)}"
    for each in found.pauses:
        who = f" by {each.by}" if each.by else ""
        then = ", goes on with the next engine" if each.state == "leaving" else ""
        yield clean(f"paused    workflow {each.name}, since {local(each.since)}{who}{then}")
    if found.hold is not None:
        why = found.hold.get("why", "rewind")
        yield f"steps     on hold after a {why}, {found.held:,} waiting for approval"
    if found.turns_refused:
        yield f"refused   {counted(found.turns_refused, 'turn')} kept aside"
    what = "engine"
    if not found.capabilities.run:
        what = "sink"
        yield clean(f"driver    {found.capabilities.driver}; this store takes what it tells")
    if found.engine is None:
        yield f"{what:<8}  not running"
        return
    pid, since = found.engine
    yield f"{what:<8}  " + (f"pid {pid}, since {local(since)}" if pid else "another process holds the store")
    if found.paused is not None:
        since_when = f" (since {local(found.paused.since)})" if found.paused.since is not None else ""
        yield clean(f"paused    {found.paused.why}{since_when}")
    for call in found.stuck:
        yield clean(f"stuck     {call.sentence(wall_ms())}")
    if found.slow is not None:
        yield clean(f"slow      {found.slow.sentence} (at {local(found.slow.at)})")
    if metrics is None:
        yield "batch     none yet"
        return
    ran = f"{metrics.batch:,} processed, {counted(metrics.steps, 'step')} running"
    yield f"batch     {local(metrics.at)}: {ran}"
    late = f"timers at most {metrics.late_ms:,} ms late"
    yield f"rate      {metrics.rate:,.1f} processed a second, with {metrics.queue:,} in the queue, {late}"


@click.command()
@click.option(
    "--full",
    is_flag=True,
    help="Check also indexes against their tables and the history against its checksums.",
)
@json_option
@shared
def doctor(settings: Settings, full: bool, as_json: bool) -> Exit:
    """Examine a store: integrity, derived state, disk, lock, version, snapshots, clock.

    Each finding is ok, warn or bad, and says what to do; with a bad one the exit code is 1.
    """
    from studio.cli.advice import WORDS
    from studio.store.doctor import examine

    worst = Exit.DONE
    styles = {"ok": "green", "warn": "yellow", "bad": "red"}
    for found in examine(Path(settings.file()), full=full):
        fix = WORDS.get(found.advice, found.fix) if found.advice is not None else found.fix
        if found.verdict == "bad":
            worst = Exit.FAILED
        if as_json:
            facts = {name: value for name, value in dataclasses.asdict(found).items() if name != "advice"}
            write([json_line({**facts, "fix": fix})])
        else:
            verdict = styled(f"{found.verdict:<4}", styles[found.verdict], coloured())
            write([f"{verdict}  {found.check:<9}  {clean(f'{found.says}. {fix}' if fix else found.says)}"])
    return worst
