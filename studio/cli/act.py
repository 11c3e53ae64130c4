"""Act on journeys, and verify a store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.options import Settings, json_option, shared
from studio.cli.output import Exit, complain, write
from studio.errors import StoreLocked
from studio.printable import clean, json_line

if TYPE_CHECKING:
    from studio.store.records import JourneyRow
    from studio.store.views import Views

DONE = {"cancel": "cancelled", "resume": "resumed", "restart": "restarted"}


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@shared
def cancel(settings: Settings, journey: str, as_json: bool) -> Exit:
    """End a journey by hand. JOURNEY is its id: workflow/user[/key][~n]."""
    return _act(settings, "cancel", journey, as_json)


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@shared
def resume(settings: Settings, journey: str, as_json: bool) -> Exit:
    """Try a failed journey again from where it failed. JOURNEY is its id."""
    return _act(settings, "resume", journey, as_json)


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@json_option
@shared
def restart(settings: Settings, journey: str, as_json: bool) -> Exit:
    """Begin a journey anew, inheriting nothing. JOURNEY is its id."""
    return _act(settings, "restart", journey, as_json)


def _act(settings: Settings, act: str, journey: str, as_json: bool) -> Exit:
    from studio.store import inbox
    from studio.store.views import Views

    # A slip in --store must not make a new store.
    Views(settings.file()).close()
    if inbox.engine_of(settings.store) is not None:
        inbox.ask(settings.store, act, {"journey": journey})
    else:
        try:
            asyncio.run(_alone(settings, act, journey))
        except StoreLocked:
            # One was started in this moment.
            inbox.ask(settings.store, act, {"journey": journey})
    with Views(settings.store) as views:
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
    found, after = like, like.id
    while page := views.journeys(user=like.user, workflow=like.workflow, limit=1_000, after=after):
        after = page[-1].id
        found = next((row for row in reversed(page) if row.key == like.key), found)
    return found


async def _alone(settings: Settings, act: str, journey: str) -> None:
    """Start an engine for the one act."""
    from studio.engine.engine import Engine

    async with Engine(settings.workflows, store=settings.store, durability=settings.durability) as engine:
        for problem in engine.problems:
            complain(str(problem))
        await getattr(engine, act)(journey)
        await engine.run_until_idle()


@click.command()
@json_option
@shared
def verify(settings: Settings, as_json: bool) -> Exit:
    """Rebuild the derived tables from the history and say where the store differs; nothing is changed."""
    from studio.store.rebuild import compare
    from studio.store.views import Views

    found = compare(settings.file())
    with Views(settings.store) as views:
        entries = views.last_seq()
    if as_json:
        write([json_line({"ok": not found, "differences": found})])
    elif found:
        write(clean(sentence) for sentence in found)
        complain(f"{Path(settings.store)}: the derived tables do not agree with the history")
    else:
        write([f"{clean(settings.store)}: {entries:,} entries, the derived tables agree with the history"])
    return Exit.FAILED if found else Exit.DONE
