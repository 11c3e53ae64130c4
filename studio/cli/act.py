"""Act on journeys, and verify a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.client import client_on, perform
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.cli.temporal_options import temporal_option
from studio.source.project import short
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.store.records import JourneyRow
    from studio.store.views import Views
    from studio.temporal.settings import TemporalSettings

DONE = {"cancel": "cancelled", "resume": "resumed", "restart": "restarted"}


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@temporal_option
@shared
def cancel(settings: Settings, temporal: TemporalSettings | None, journey: str, as_json: bool) -> Exit:
    """End a journey by hand. JOURNEY is its id: workflow/user[/key][~n]."""
    return _act(settings, temporal, "cancel", journey, as_json)


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@temporal_option
@shared
def resume(settings: Settings, temporal: TemporalSettings | None, journey: str, as_json: bool) -> Exit:
    """Try a failed journey again from where it failed. JOURNEY is its id."""
    return _act(settings, temporal, "resume", journey, as_json)


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@temporal_option
@shared
def restart(settings: Settings, temporal: TemporalSettings | None, journey: str, as_json: bool) -> Exit:
    """Start a journey again from the beginning. JOURNEY is its id."""
    return _act(settings, temporal, "restart", journey, as_json)


def _act(
    settings: Settings, temporal: TemporalSettings | None, act: str, journey: str, as_json: bool
) -> Exit:
    client = client_on(settings, temporal)
    if temporal is not None:
        perform(client.act(act, journey), temporal)
        # What it came to stands in the store of the sink a moment later.
        told: dict[str, Any] = {"journey": journey, "done": DONE[act], "status": None}
        write([json_line(told) if as_json else f"{DONE[act]} {clean(journey)}"])
        return Exit.DONE
    # A slip in --store must not make a new store.
    client.look().close()
    perform(client.act(act, journey), None)
    with client.look() as views:
        row = views.journey(journey)
        begun = _newest(views, row) if act == "restart" and row is not None else None
    status = (begun or row).status if row is not None else None
    if as_json:
        told = {"journey": journey, "done": DONE[act], "status": status}
        write([json_line(told if begun is None else {**told, "as": begun.id})])
    else:
        new = f" as {clean(begun.id)}" if begun is not None else ""
        write([f"{DONE[act]} {clean(journey)}{new}" + (f", now {status}" if act != "cancel" else "")])
    return Exit.FAILED if act == "resume" and status == "failed" else Exit.DONE


def _newest(views: Views, like: JourneyRow) -> JourneyRow:
    """The last that began of the journeys that differ only in their `~n`."""
    found, after = like, like.number
    while page := views.journeys(user=like.user, workflow=like.workflow, limit=1_000, after=after):
        after = page[-1].number
        found = next((row for row in reversed(page) if row.key == like.key), found)
    return found


@click.command()
@json_option
@shared
def verify(settings: Settings, as_json: bool) -> Exit:
    """Check the history against its checksums, rebuild the derived tables from it, and say where they differ.

    Nothing is changed.
    """
    from studio.store.rebuild import compare
    from studio.store.views import Views

    found = compare(settings.file())
    with Views(settings.store) as views:
        entries = views.last_seq()
    if as_json:
        write([json_line({"ok": not found, "differences": found})])
    elif found:
        write(clean(sentence) for sentence in found)
        complain(f"{short(settings.store)}: the store is not as the engine left it")
    else:
        says = f"{entries:,} entries as they were written, the derived tables agree with them"
        write([f"{clean(short(settings.store))}: {says}"])
    return Exit.FAILED if found else Exit.DONE
