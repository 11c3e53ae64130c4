"""Have people go on who have finished: a step was appended to the workflow since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.asking import agreed
from studio.cli.client import client_of
from studio.cli.output import Exit, complain, write
from studio.cli.send import tell_where
from studio.cli.settings import Settings
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.engine.reload.finished import FinishedTally
    from studio.language.definition import Workflow

Ask = tuple[str, str, Any]
"""An event to be added: its name, user and data."""
FROM = ("completed", "finished")
"""Who: whose journey gave a result; or also whose last pass ended without one."""


def start_finished(
    settings: Settings,
    workflow: Workflow,
    which: str,
    users: Iterable[str] | None,
    add: Callable[[list[Ask]], int],
    yes: bool,
    as_json: bool,
) -> Exit:
    """Look who would go on, ask, and have them.

    Args:
        users: only these; None: all.
        add: adds events, and gives how many.
    """
    from studio.engine.reload.finished import COMPLETED, FINISHED, FinishedDrive, asking
    from studio.store.capabilities import require

    path = Path(settings.file())
    require(path, "send")
    look = FinishedDrive(
        path,
        {workflow.name: workflow},
        (workflow.name,),
        statuses=COMPLETED if which == "completed" else FINISHED,
        users=None if users is None else set(users),
    )
    look.run()
    tally, people = look.tallies[workflow.name], look.people
    if not as_json:
        complain(_told(workflow.name, which, tally), plain=True)
    done = 0
    if people:
        if not agreed(f"Have {counted(len(people), 'journey')} go on?", yes):
            return Exit.DONE
        done = add([asking(workflow, each) for each in people])
    if as_json:
        write([json_line({"workflow": workflow.name, "asked": done, **tally.as_json()})])
    elif done:
        write([f"asks {counted(done, 'journey')} of {clean(workflow.name)} to go on"])
        tell_where(client_of(settings))
    return Exit.DONE


def _told(name: str, which: str, tally: FinishedTally) -> str:
    """How many would then stand where."""
    if not tally.looked_at:
        return f"Nobody of these has {which} {clean(name)}."
    have = "have completed" if which == "completed" else "have finished"
    head = f"{counted(tally.looked_at, 'journey')} of {clean(name)} {have}:"
    return "\n".join((head, *(f"  {clean(line)}" for line in tally.lines())))
