"""Look at what is waited for: once, or for as long as somebody watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from studio.cli.looking import Tail, left_until, now_in, opened_views, pages, require_now
from studio.cli.options import at_option, form_options, limit_option, shared, user_option, workflow_option
from studio.cli.output import for_people, local
from studio.cli.redraw import Redraw
from studio.cli.rows import Stream, TableSpec, fields, record, show
from studio.cli.settings import Settings
from studio.text.printable import json_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.store.records import WaitRow
    from studio.store.views import Views

Change = tuple[str, "WaitRow"]
""" "open" or "ended", and which."""

KINDS = ("wait", "sleep", "step", "message", "group")
TICK_SECONDS = 1.0
"""How often a watched table counts down while nothing happens."""
LEAST = (24, 5, 20, 7, 23, 10, 0)
"""Cells that a column of changes has before a longer text is met."""


@click.command()
@click.option("--watch", "-w", is_flag=True, help="Go on showing them, until it is interrupted.")
@user_option
@workflow_option
@click.option(
    "--kind", type=click.Choice(("wait", "sleep", "step", "message", "group")), help="Only of this kind."
)
@at_option
@limit_option
@form_options
@shared
def waits(
    settings: Settings,
    watch: bool,
    user: str | None,
    workflow: str | None,
    kind: str | None,
    at: str | None,
    limit: int,
    form: str | None,
) -> None:
    """List open waits, sleeps and steps, the nearest deadline first.

    With --watch the table is drawn anew as they change. Piped, or as JSON or CSV, each wait is told
    once as open and once as ended.
    """
    require_now(watch, at, "--watch")
    tail = Tail() if watch else None
    with opened_views(settings, at) as views:

        def page(rows: int, last: WaitRow | None) -> Sequence[WaitRow]:
            after = last.place if last is not None else None
            return views.waits(user=user, workflow=workflow, kind=kind, limit=rows, after=after)

        def look(rows: int = limit) -> list[WaitRow]:
            return pages(page, rows)

        if tail is None:
            show(_spec(views), look(limit + 1), form, limit, "the first")
        elif form is None and for_people():
            _draw(views, look, tail)
        else:
            _tell(views, look, tail, form)


def _spec(views: Views) -> TableSpec[WaitRow]:
    from studio.store.records import WaitRow

    now = now_in(views)
    heads = ("JOURNEY", "KIND", "NAME", "LEFT", "DUE", "MATCH", "LINE")
    return TableSpec(heads, lambda row: _cells(row, now), fields(WaitRow), record)


def _cells(row: WaitRow, now: int) -> Sequence[object]:
    match = json_line(row.match) if row.match else ""
    due = local(row.due_at)
    return row.journey, row.kind, row.name or row.local, left_until(row.due_at, now), due, match, row.line


def _draw(views: Views, look: Callable[[int], list[WaitRow]], tail: Tail) -> None:
    """Draw the table over itself; the last one stays."""
    from studio.cli.tables import table

    redraw = Redraw()
    for _ in _first_and(tail.changes(views, TICK_SECONDS)):
        spec = _spec(views)
        redraw.draw(table(spec.heads, map(spec.cells, look(redraw.room_lines))))


def _tell(views: Views, look: Callable[[], list[WaitRow]], tail: Tail, form: str | None) -> None:
    """Say what is open, and what has ended since."""
    now = now_in(views)
    plain = _spec(views)
    spec: TableSpec[Change] = TableSpec(
        ("CHANGE", *plain.heads),
        lambda change: (change[0], *_cells(change[1], now)),
        ("change", *plain.fields),
        lambda change: {"change": change[0], **record(change[1])},
        (6, *LEAST),
    )
    stream = Stream(spec, form)
    told: dict[int, WaitRow] = {}
    for _ in _first_and(tail.changes(views)):
        now = now_in(views)
        stream.show(_changes(views, look(), told))


def _changes(views: Views, found: Iterable[WaitRow], told: dict[int, WaitRow]) -> list[Change]:
    """What has ended of that which was told, then what is new; a wait may only have gone out of sight."""
    seen = {row.seq: row for row in found}
    gone = [row for seq, row in told.items() if seq not in seen]
    still = views.open_among(gone)
    ended: list[Change] = [("ended", told.pop(row.seq)) for row in gone if row.seq not in still]
    opened: list[Change] = [("open", row) for seq, row in seen.items() if seq not in told]
    told.update(seen)
    return ended + opened


def _first_and(changes: Iterator[None]) -> Iterator[None]:
    yield None
    yield from changes


__all__ = ["waits"]
