"""Take time back: cut a store after an entry, or copy it up to there."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.asking import agreed, yes_option
from studio.cli.client import client_of
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, local, write
from studio.cli.settings import Settings
from studio.text.printable import clean, json_line


@click.command()
@click.argument("seq", type=int)
@yes_option
@json_option
@shared
def rewind(settings: Settings, seq: int, yes: bool, as_json: bool) -> Exit:
    """Cut the store after the entry SEQ and what it caused; timeline --json names the entries.

    What was is kept as a snapshot beside the store. The clock stands then, and steps wait for a yes.
    """
    from studio.clocks.clock import iso
    from studio.engine.on_demand import carry_out
    from studio.wording.removal import removed

    client = client_of(settings)
    found = carry_out(client.preview_rewind(seq))
    goes = removed(found.behind, journeys=True)
    kept = f"the state before is kept as snapshot {found.snapshot}"
    complain(f"to {local(found.at)}: {goes}; {kept}", plain=True)
    if not agreed("Rewind?", yes):
        return Exit.DONE
    done = carry_out(client.rewind(seq))
    if as_json:
        told = {"at": iso(done["at"]), "last": done["keep"], "snapshot": done["snapshot"]}
        write([json_line({**told, "entries": found.behind.entries})])
    else:
        write([f"rewound to {local(done['at'])}; the state before is kept as snapshot {done['snapshot']}"])
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
    from studio.engine.on_demand import carry_out

    client = client_of(settings)
    client.look().close()
    kept = carry_out(client.fork(seq, Path(newfile)))
    if as_json:
        write([json_line({"store": newfile, "last": kept})])
    else:
        write([f"{clean(newfile)} has all up to entry {kept}"])
    return Exit.DONE
