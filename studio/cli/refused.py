"""Look at events that were refused, mend and send them, or drop them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.asking import agreed, yes_option
from studio.cli.client import client_of
from studio.cli.looking import opened_views
from studio.cli.options import form_options, limit_option, shared
from studio.cli.output import Exit, complain, for_people, local, write
from studio.cli.rows import TableSpec, fields, record, show
from studio.cli.send import read_data, tell_where
from studio.cli.settings import Settings
from studio.text.printable import clean, json_line, show_bytes
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.store.refused import Refused


@click.command()
@click.argument("number", type=click.IntRange(1), required=False, shell_complete=complete.refused)
@click.option("--send", is_flag=True, help="Send it again as it is.")
@click.option("--mended", metavar="JSON|@FILE|-", help="Send this in its place.")
@click.option("--drop", is_flag=True, help="Delete it.")
@click.option("--all", "everything", is_flag=True, help="With --drop: delete all.")
@yes_option
@limit_option
@form_options
@shared
def refused(
    settings: Settings,
    number: int | None,
    send: bool,
    mended: str | None,
    drop: bool,
    everything: bool,
    yes: bool,
    limit: int,
    form: str | None,
) -> Exit:
    """List events that were refused and kept aside; with a number show, correct and send, or delete one.

    Of a batch of Segment's calls the good ones are taken, and each of the others is kept with the reason, for
    its sender does not send again. At most 1,000 are kept, and 32 MiB; then the oldest are deleted.

    \b
        journey-studio refused 3 > event.json        # and correct it in an editor
        journey-studio refused 3 --mended @event.json
    """
    acts = [name for name, given in (("--send", send), ("--mended", mended), ("--drop", drop)) if given]
    if len(acts) > 1:
        raise click.UsageError(f"{acts[0]} and {acts[1]} cannot be used together.")
    if everything and (number is not None or not drop):
        raise click.UsageError("--all goes with --drop, and without a number.")
    if number is None:
        if acts and not everything:
            raise click.UsageError(f"{acts[0]} needs the number of an event.")
        return _drop(settings, None, yes, form) if everything else _list(settings, limit, form)
    if drop:
        return _drop(settings, number, yes, form)
    if send or mended is not None:
        return _send(settings, number, mended, form)
    return _show(settings, number, form)


def _list(settings: Settings, limit: int, form: str | None) -> Exit:
    from studio.store.refused import Refused

    with opened_views(settings) as views:
        found, left = views.refused(limit=limit + 1), views.left_aside()
    spec: TableSpec[Refused] = TableSpec(
        ("NUMBER", "AT", "USER", "EVENT", "REASON"),
        lambda row: (row.number, local(row.refused_at), row.user, row.event, row.reason),
        fields(Refused),
        record,
    )
    show(spec, found, form, limit, "the first")
    if left.let_go:
        complain(f"{counted(left.let_go, 'older one')} had to be deleted to make room.", plain=True)
    return Exit.DONE


def _show(settings: Settings, number: int, form: str | None) -> Exit:
    from studio.events.segment_calls import spread
    from studio.store.refused import Refused

    with opened_views(settings) as views:
        found, body = views.refused_event(number)
    if form is not None:
        names = (*fields(Refused), "body")
        spec: TableSpec[Refused] = TableSpec(
            names, lambda _: (), names, lambda row: {**record(row), "body": body}
        )
        show(spec, [found], form, 1, "the first")
        return Exit.DONE
    complain(f"refused {local(found.refused_at)}, {show_bytes(found.size)}: {found.reason}", plain=True)
    lines = spread(body).splitlines()
    write(map(clean, lines) if for_people() else lines)
    return Exit.DONE


def _send(settings: Settings, number: int, mended: str | None, form: str | None) -> Exit:
    from studio.engine.on_demand import carry_out
    from studio.errors import EventError
    from studio.events.segment_calls import again
    from studio.text import json_text as jsontext

    client = client_of(settings)
    if mended is None:
        with opened_views(settings) as views:
            _, body = views.refused_event(number)
        where = f"refused {number}"
        try:
            value = jsontext.loads_event(body)
        except jsontext.NotJson as error:
            raise EventError(str(error), where=where, fix="Correct it, and pass it with --mended.") from None
    else:
        where, value = "--mended", read_data(mended, "--mended")
    events = again(value, where)
    carry_out(client.send_refused(number, events))
    if form is not None:
        write(json_line({"number": number, "event": each.name, "user": each.user}) for each in events)
    else:
        write([f"added {clean(each.name)} for {clean(each.user)}" for each in events])
        tell_where(client)
    return Exit.DONE


def _drop(settings: Settings, number: int | None, yes: bool, form: str | None) -> Exit:
    from studio.engine.on_demand import carry_out

    what = "all refused events" if number is None else f"the refused event {number}"
    if not agreed(f"Delete {what}?", yes):
        return Exit.DONE
    count = carry_out(client_of(settings).drop_refused(number))
    write([json_line({"dropped": count})] if form is not None else [f"dropped {counted(count, 'event')}"])
    return Exit.DONE
