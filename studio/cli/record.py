"""Make an event file of what happened to a user."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli import complete
from studio.cli.options import shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import json_line
from studio.wording.values import counted


@click.command()
@click.argument("user", shell_complete=complete.users)
@click.option("--as", "file", metavar="FILE", help="The event file to write, instead of stdout.")
@click.option(
    "--expect",
    is_flag=True,
    help="Also write what journeys logged, sent, waited for and ended with, as expectations.",
)
@shared
def record(settings: Settings, user: str, file: str | None, expect: bool) -> Exit:
    """Save the events that a user received as an event file.

    Played, it gives the same history; with --expect, play --check and pytest check that.
    """
    from studio.clocks import durations
    from studio.events.recording import record as recorded
    from studio.events.recording import save
    from studio.store.views import Views

    with Views(settings.file()) as views:
        if views.user(user) is None:
            raise StudioError(
                f"there is no user {user!r}", where=settings.store, fix="journey-studio users lists them."
            )
        found = recorded(views, user, expect=expect)
    if file is None:
        write(json_line(line) for line in found.lines)
    else:
        save(Path(file), found.lines)
    name = file or "FILE"
    how = f"play {name} --check" if expect else f"play {name} --until {durations.show(found.lasted_ms)}"
    complain(f"{counted(found.events, 'event')} of {user}. Play it with journey-studio {how}", plain=True)
    if found.acts:
        complain(
            f"{counted(found.acts, 'action')} by hand (cancel, resume, restart, time out) cannot be saved.",
            plain=True,
        )
    return Exit.DONE


__all__ = ["record"]
