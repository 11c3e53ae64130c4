"""Let a workflow stand still, and go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.asking import agreed, yes_option
from studio.cli.client import client_of
from studio.cli.options import DurationParameter, json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.source.project import short
from studio.text.printable import clean, json_line
from studio.wording.pauses import standing_still
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.engine.on_demand import OnDemandEngine

NO_ENGINE = "No engine runs on {}, so the next that starts obeys it."


@click.command()
@click.argument("workflow", shell_complete=complete.workflows)
@json_option
@shared
def pause(settings: Settings, workflow: str, as_json: bool) -> Exit:
    """Let no journey of WORKFLOW begin or move, until it is unpaused.

    Events are taken and recorded all the same, deadlines stand by and are not lost, and goals and exits
    count. What comes meanwhile begins no journey, also not later. It holds until `unpause`, also after a
    restart and when the file is edited.
    """
    from studio.engine.on_demand import carry_out

    client = client_of(settings)
    # A slip in --store must not make a new store.
    client.look().close()
    carry_out(client.pause_workflow(workflow))
    with client.look() as views:
        waiting = views.waiting_of(workflow)
    if as_json:
        write([json_line({"workflow": workflow, "done": "paused", "waiting": waiting})])
        return Exit.DONE
    write([f"paused {clean(workflow)}: {standing_still(waiting)}"])
    _tell_no_engine(client, settings)
    return Exit.DONE


@click.command()
@click.argument("workflow", shell_complete=complete.workflows)
@click.option(
    "--skip-late",
    type=DurationParameter(),
    metavar="2d",
    help="Those whose next deadline is further behind leave, with journey.exited.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many would go on, and how many leave.")
@yes_option
@json_option
@shared
def unpause(
    settings: Settings, workflow: str, skip_late: int | None, dry_run: bool, yes: bool, as_json: bool
) -> Exit:
    """Let the journeys of a paused WORKFLOW go on, as after downtime.

    Waits that were answered in time go on at once; deadlines that have passed come now, each at its own
    moment, the oldest first. With --skip-late those whose next deadline is further behind than that leave in
    place of going on, unless an event answered them before it: how many, is said before you are asked.

    \b
        journey-studio unpause welcome --skip-late 2d
    """
    from studio.clocks import durations
    from studio.clocks.adjustable_clock import moment
    from studio.clocks.clock import wall_ms
    from studio.engine.on_demand import carry_out
    from studio.engine.reload.late import count_late

    if yes and skip_late is None:
        raise click.UsageError("--yes goes with --skip-late: nothing else is asked.")
    client = client_of(settings)
    with client.look() as views:
        now, pause = moment(views.clock(), wall_ms()), views.pauses().get(workflow)
    stands = pause is not None and pause.state == "paused"
    waiting = late = left = 0
    if stands:
        code = client.workflows.get(workflow)
        waiting, late = count_late(Path(settings.store), code, workflow, now)
        if skip_late is not None:
            _, left = count_late(Path(settings.store), code, workflow, now - skip_late)
    told = {"workflow": workflow, "waiting": waiting, "late": late, "leave": left}
    if stands and not as_json and (dry_run or skip_late is not None):
        behind = "" if skip_late is None else f"; {left:,} of them by more than {durations.show(skip_late)}"
        complain(
            f"{counted(waiting, 'journey')} of {clean(workflow)} would go on, {late:,} of them late{behind}.",
            plain=True,
        )
    if dry_run and stands:
        if as_json:
            write([json_line({**told, "done": None})])
        return Exit.DONE
    if left and not agreed(f"Let {counted(left, 'journey')} leave, and the others go on?", yes):
        return Exit.DONE
    carry_out(client.unpause_workflow(workflow, skip_late))
    if as_json:
        write([json_line({**told, "done": "unpaused"})])
        return Exit.DONE
    leave = f", {left:,} leave as too late" if left else ""
    write([f"unpaused {clean(workflow)}: {counted(waiting - left, 'journey')} go on{leave}"])
    _tell_no_engine(client, settings)
    return Exit.DONE


def _tell_no_engine(client: OnDemandEngine, settings: Settings) -> None:
    client.look_for_engine()
    if not client.engine_runs:
        complain(NO_ENGINE.format(short(settings.store)), plain=True)
