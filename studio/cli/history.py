"""Look at the history: one user's timeline, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.looking import PAGE_ROWS, Tail, opened_views, require_now, since_when
from studio.cli.options import (
    at_option,
    form_options,
    kind_option,
    kinds_of,
    limit_option,
    shared,
    since_option,
    user_option,
    workflow_option,
)
from studio.cli.output import complain, local
from studio.cli.rows import Stream, TableSpec, show
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import json_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.store.records import Entry
    from studio.store.views import Views

LOG_WORDS = {"workflow.loaded": "reload", "clock.moved": "clock", "journey.failed": "failed"}
"""What stands in the place of a level."""

follow_option = click.option(
    "--follow", "-f", is_flag=True, help="Keep printing new entries until it is interrupted."
)


@click.command()
@click.argument("user", shell_complete=complete.users)
@follow_option
@workflow_option
@kind_option
@since_option
@at_option
@limit_option
@form_options
@shared
def timeline(
    settings: Settings,
    user: str,
    follow: bool,
    workflow: str | None,
    kinds: tuple[tuple[str, ...], ...],
    since: str | None,
    at: str | None,
    limit: int,
    form: str | None,
) -> None:
    """Show what happened to a user: the newest entries of all journeys and events, oldest first."""
    require_now(follow, at, "--follow")
    tail = Tail() if follow else None
    wanted = kinds_of(kinds)
    with opened_views(settings, at) as views:
        if views.user(user) is None:
            if tail is None:
                raise StudioError(
                    f"there is no user {user!r}", where=settings.store, fix="journey-studio users lists them."
                )
            complain(f"There is no user {user!r} yet.", plain=True)
        since_at = since_when(views, since)
        last = views.last_seq()

        def fits(e: Entry) -> bool:
            return (
                (workflow is None or e.workflow == workflow)
                and (wanted is None or e.kind in wanted)
                and (since_at is None or e.at >= since_at)
            )

        found: list[Entry] = []
        before: int | None = last + 1
        while len(found) <= limit:
            page = views.timeline(user, limit=min(PAGE_ROWS, limit + 1), before=before)
            if not page or (since_at is not None and all(e.at < since_at for e in page)):
                break
            before = page[0].seq
            found = [e for e in page if fits(e)] + found
        if tail is None:
            show(TIMELINE, found, form, limit, "the newest")
            return

        def after(seq: int) -> list[Entry]:
            return views.entries(after=seq, kinds=wanted, user=user, workflow=workflow, since_at=since_at)

        _follow(views, Stream(TIMELINE, form), found[-limit:], last, after, tail)


@click.command()
@follow_option
@click.option(
    "--level", type=click.Choice(("debug", "info", "warning", "error", "note")), help="This level and above."
)
@click.option("--contains", metavar="TEXT", help="Only lines that contain this.")
@user_option
@workflow_option
@kind_option
@since_option
@at_option
@limit_option
@form_options
@shared
def logs(
    settings: Settings,
    follow: bool,
    level: str | None,
    contains: str | None,
    user: str | None,
    workflow: str | None,
    kinds: tuple[tuple[str, ...], ...],
    since: str | None,
    at: str | None,
    limit: int,
    form: str | None,
) -> None:
    """Show what journeys said and what failed: the newest entries, oldest first.

    With --kind it shows entries of these kinds instead, of all users: event, or journey.completed.
    """
    wanted = kinds_of(kinds)
    if level is not None and wanted is not None:
        raise click.UsageError(
            "--level is for what journeys logged, --kind for other entries. Use one of them."
        )
    require_now(follow, at, "--follow")
    tail = Tail() if follow else None
    spec = LOG if wanted is None else ENTRIES
    with opened_views(settings, at) as views:
        since_at = since_when(views, since)
        last = views.last_seq()
        found = views.logs(
            limit=limit if follow else limit + 1,
            before=last + 1,
            user=user,
            workflow=workflow,
            level=level,
            contains=contains,
            kinds=wanted,
            since_at=since_at,
        )
        if tail is None:
            show(spec, found, form, limit, "the newest")
            return

        def after(seq: int) -> list[Entry]:
            return views.logs_after(
                seq,
                user=user,
                workflow=workflow,
                level=level,
                contains=contains,
                kinds=wanted,
                since_at=since_at,
            )

        _follow(views, Stream(spec, form), found, last, after, tail)


def _follow(
    views: Views,
    stream: Stream[Entry],
    found: list[Entry],
    last: int,
    after: Callable[[int], list[Entry]],
    tail: Tail,
) -> None:
    """Print what was found, then what comes after the entry `last`."""
    stream.show(found)
    for _ in tail.changes(views):
        # Taken first, so that what comes between the two is in the pages.
        newest = views.last_seq()
        if newest < last:
            # Rewound.
            last = newest
            continue
        while page := after(last):
            stream.show(page)
            last = page[-1].seq
        last = max(last, newest)


def _timeline_row(e: Entry) -> tuple[object, ...]:
    return local(e.at), e.kind, e.name, _words(e), e.line, e.journey if e.workflow else ""


def _log_row(e: Entry) -> tuple[object, ...]:
    level = e.level or LOG_WORDS.get(e.kind, e.kind)
    return local(e.at), level, e.user, e.workflow, _words(e), e.line


def _entry_row(e: Entry) -> tuple[object, ...]:
    return local(e.at), e.kind, e.user, e.name, _words(e), e.line, e.workflow


def _words(e: Entry) -> str:
    """What an entry says, in one line."""
    if e.message is not None:
        return e.message
    if e.kind == "clock.moved":
        from studio.wording.entries import Surroundings, entry_words

        return entry_words(e, Surroundings(), e.at).text
    if e.kind == "journey.pass":
        return f"pass {e.pass_number}"
    return json_line(e.data) if e.kind == "event" and e.data else ""


def _record(e: Entry) -> dict[str, object]:
    return e.as_json()


FIELDS = (
    *("time", "kind", "user", "workflow", "journey", "pass", "name", "line", "message", "data", "seq"),
    *("key", "level", "id", "late_ms"),
)
TIMELINE: TableSpec[Entry] = TableSpec(
    ("TIME", "KIND", "NAME", "WHAT", "LINE", "JOURNEY"),
    _timeline_row,
    FIELDS,
    _record,
    (23, 17, 16, 40, 16, 0),
)
LOG: TableSpec[Entry] = TableSpec(
    ("TIME", "LEVEL", "USER", "WORKFLOW", "WHAT", "LINE"), _log_row, FIELDS, _record, (23, 7, 8, 10, 40, 0)
)
ENTRIES: TableSpec[Entry] = TableSpec(
    ("TIME", "KIND", "USER", "NAME", "WHAT", "LINE", "WORKFLOW"),
    _entry_row,
    FIELDS,
    _record,
    (23, 17, 8, 16, 40, 16, 0),
)

__all__ = ["logs", "timeline"]
