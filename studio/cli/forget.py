"""Take away for good: what ended long ago, or everything of one user."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.asking import agreed, yes_option
from studio.cli.options import DurationParameter, json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.cli.temporal_options import temporal_option
from studio.errors import StoreError, StudioError
from studio.source.project import short
from studio.text.printable import clean, json_line, show_bytes
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.store.erase import Erased
    from studio.store.hooks import EventStore
    from studio.temporal.settings import TemporalSettings


NO_USER = "list users"
"""What the store advises when it has no such user."""


@click.command()
@click.option(
    "--older-than",
    type=DurationParameter(),
    required=True,
    metavar="90d",
    help="How long ago a journey must have ended.",
)
@click.option("--dry-run", is_flag=True, help="Only count, remove nothing.")
@yes_option
@json_option
@shared
def prune(settings: Settings, older_than: int, dry_run: bool, yes: bool, as_json: bool) -> Exit:
    """Remove what ended long ago, and free its disk space.

    Users who have an open journey, or one that ended since, keep all. That a journey ended, what began
    it, the profile of its user and the event ids of the last 30 days stay. Events that were refused so
    long ago and are kept aside go as well.
    """
    from studio.store.prune import Pruned, count_prunable
    from studio.store.prune import prune as take_away

    path = Path(settings.file())
    found = count_prunable(path, older_than)
    journeys = counted(found.journeys, "journey")
    told = f"{found.entries:,} entries of {counted(found.users, 'user')}, {journeys} that ended"
    if found.refused:
        told += f", {counted(found.refused, 'refused event')}"
    if not as_json:
        complain(told, plain=True)
    done = Pruned()
    if found.anything and not dry_run:
        if not agreed("Remove them for good?", yes):
            return Exit.DONE
        done = take_away(path, older_than)
        found = done
    if as_json:
        write([json_line({"done": done.anything, **dataclasses.asdict(found)})])
    elif done.anything:
        write([f"pruned; {clean(short(path))} is {show_bytes(max(0, done.freed))} smaller"])
    return Exit.DONE


@click.command()
@click.argument("user", shell_complete=complete.users)
@yes_option
@json_option
@temporal_option
@shared
def erase(settings: Settings, temporal: TemporalSettings | None, user: str, yes: bool, as_json: bool) -> Exit:
    """Forget a user: their history, journeys, waiting events, snapshots, what was sent to them by hand.

    What the bucket of [tool.journey-studio.objects] has of them goes as well. Forks and exports in other
    places are not known here. No engine may run on the store.
    """
    if temporal is not None:
        return _erase_there(temporal, user, yes, as_json)
    path, bucket = Path(settings.file()), settings.events()
    _refuse_when_away(path, user)
    where = f"{clean(short(path))} and its snapshots" + (
        ", and from the bucket" if bucket is not None else ""
    )
    if not agreed(f"Erase all of {clean(user)} from {where}?", yes):
        return Exit.DONE
    found, objects = _erase_here(path, user, bucket)
    if as_json:
        write([json_line({"user": user, **dataclasses.asdict(found), "objects": objects})])
        return Exit.DONE
    parts = [f"{found.entries:,} entries", counted(found.journeys, "journey")]
    parts += [f"{found.inbox:,} in the inbox"] if found.inbox else []
    parts += [counted(found.refused, "refused event")] if found.refused else []
    parts += [f"{counted(found.sent, 'line')} sent by hand"] if found.sent else []
    parts += [counted(found.snapshots, "snapshot")] if found.snapshots else []
    parts += [counted(objects, "object")] if objects else []
    write([f"erased {clean(user)}: {', '.join(parts)}; {show_bytes(max(0, found.freed))} freed"])
    if found.mentions:
        complain(
            f"{found.mentions:,} entries of others name them in their own data; those stay as they are.",
            plain=True,
        )
    return Exit.DONE


def _refuse_when_away(path: Path, user: str) -> None:
    from studio.store.away import handover_of

    if handover_of(path, user).state == "away":
        raise StudioError(
            f"{user!r} was handed over to another engine",
            where=short(path),
            fix="Erase them there: what the bucket has of them is that engine's.",
        )


def _erase_here(path: Path, user: str, bucket: EventStore | None) -> tuple[Erased, int]:
    """From the store, and then from the bucket; what was cut off in between is ended by the next call."""
    from studio.store.erase import Erased
    from studio.store.erase import erase as forget

    forget_there = getattr(bucket, "erase", None)
    missing: StoreError | None = None
    try:
        found = forget(path, user)
    except StoreError as error:
        if forget_there is None or error.advice != NO_USER:
            raise
        found, missing = Erased(), error
    objects: int = 0 if forget_there is None else asyncio.run(forget_there(user))
    if missing is not None and not objects:
        raise missing
    return found, objects


def _erase_there(temporal: TemporalSettings, user: str, yes: bool, as_json: bool) -> Exit:
    """Forget a user on Temporal; the sink forgets them in its store."""
    from studio.temporal.connecting import connect
    from studio.temporal.erasing import erase as forget

    where = f"{temporal.address} and from the store of the sink"
    if not agreed(f"Erase all of {clean(user)} from {clean(where)}?", yes):
        return Exit.DONE

    async def ask() -> int:
        return await forget(await connect(temporal), user)

    count = asyncio.run(ask())
    told = f"erased {clean(user)}: {count:,} of Temporal's histories deleted"
    write([json_line({"user": user, "deleted": count}) if as_json else told])
    return Exit.DONE
