"""Take time back: cut a store after an entry, or copy it up to there."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.asking import agreed, yes_option
from studio.cli.options import Settings, json_option, shared
from studio.cli.output import Exit, complain, counted, local, write
from studio.clock import wall_ms
from studio.errors import StoreLocked
from studio.printable import clean, json_line

ANSWER_SECONDS = 120.0
"""How long a running engine may take to copy its store."""


@click.command()
@click.argument("seq", type=int)
@yes_option
@json_option
@shared
def rewind(settings: Settings, seq: int, yes: bool, as_json: bool) -> Exit:
    """Cut the store after the entry SEQ and what it caused; timeline --json names the entries.

    What was is kept as a snapshot beside the store. The clock stands then, and steps wait for a yes.
    """
    from studio.clock import iso
    from studio.engine.rewind import preview_rewind
    from studio.engine.time_alone import rewind_alone
    from studio.store import inbox

    path = Path(settings.file())
    found = preview_rewind(path, seq)
    goes = found.behind
    steps = f", {counted(goes.steps_done, 'step')} that would run again" if goes.steps_done else ""
    complain(
        f"to {local(found.at)}: {goes.entries:,} entries of {counted(goes.users, 'user')} and"
        f" {counted(goes.journeys, 'journey')} go{steps}; what was is kept as snapshot {found.snapshot}",
        plain=True,
    )
    if not agreed("Rewind?", yes):
        return Exit.DONE
    try:
        done = rewind_alone(path, seq)
    except StoreLocked:
        done = inbox.ask(path, "rewind", {"seq": seq}, ANSWER_SECONDS)
    if as_json:
        told = {"at": iso(done["at"]), "last": done["keep"], "snapshot": done["snapshot"]}
        write([json_line({**told, "entries": goes.entries})])
    else:
        write([f"rewound to {local(done['at'])}; snapshot {done['snapshot']} has what was"])
    return Exit.DONE


@click.command()
@click.argument("seq", type=int)
@click.argument("newfile")
@json_option
@shared
def fork(settings: Settings, seq: int, newfile: str, as_json: bool) -> Exit:
    """Copy the store up to the entry SEQ and what it caused into NEWFILE; nothing is written over.

    In the copy the clock stands, and steps wait for a yes. The store may be in use.
    """
    from studio.store.snapshots import fork_store
    from studio.store.views import Views

    path = Path(settings.file())
    Views(path).close()
    kept = fork_store(path, seq, Path(newfile), wall_ms())
    if as_json:
        write([json_line({"store": newfile, "last": kept})])
    else:
        write([f"{clean(newfile)} has all up to entry {kept}"])
    return Exit.DONE
