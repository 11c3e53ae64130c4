"""Look at users and journeys: where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from studio.cli.looking import PAGE_ROWS, left_until, now_in, opened_views, pages, since_when
from studio.cli.options import (
    at_option,
    form_options,
    limit_option,
    shared,
    since_option,
    user_option,
    workflow_option,
)
from studio.cli.output import local
from studio.cli.rows import TableSpec, fields, record, show
from studio.cli.settings import Settings

if TYPE_CHECKING:
    from studio.store.records import JourneyRow, UserRow
    from studio.store.views import Views


@click.command()
@click.option("--contains", metavar="TEXT", help="Only ids with this in them.")
@user_option
@workflow_option
@since_option
@at_option
@limit_option
@form_options
@shared
def users(
    settings: Settings,
    contains: str | None,
    user: str | None,
    workflow: str | None,
    since: str | None,
    at: str | None,
    limit: int,
    form: str | None,
) -> None:
    """List users by id, with where they stand; with --since who had an event, the latest first."""
    from studio.store.records import UserRow

    with opened_views(settings, at) as views:
        since_at = since_when(views, since)
        if user is not None:
            found = _one(views, user, contains, workflow, since_at)
        elif since_at is not None:
            found = _since(views, since_at, contains, workflow, limit + 1)
        else:

            def page(rows: int, last: UserRow | None) -> Sequence[UserRow]:
                after = last.id if last is not None else None
                return views.users(limit=rows, after=after, contains=contains, workflow=workflow)

            found = pages(page, limit + 1)
        now = now_in(views)
    spec: TableSpec[UserRow] = TableSpec(
        ("USER", "STATE", "WAITS FOR", "LEFT", "LAST EVENT", "WORKFLOW", "JOURNEYS", "NOTE", "AT"),
        lambda row: (
            row.id,
            row.state,
            row.waits_for,
            left_until(row.due_at, now),
            row.last_event,
            row.workflow,
            row.journeys,
            row.note,
            local(row.last_at),
        ),
        fields(UserRow),
        record,
    )
    show(spec, found, form, limit, "the first")


def _one(
    views: Views, user: str, contains: str | None, workflow: str | None, since_at: int | None
) -> list[UserRow]:
    row = views.user(user)
    if (
        row is None
        or (contains is not None and contains.casefold() not in user.casefold())
        or (workflow is not None and not views.journeys(user=user, workflow=workflow, limit=1))
        or (since_at is not None and (row.last_at is None or row.last_at < since_at))
    ):
        return []
    return [row]


def _since(
    views: Views, since_at: int, contains: str | None, workflow: str | None, limit: int
) -> list[UserRow]:
    ids: dict[str, None] = {}
    before: int | None = None
    while before != 0 and len(ids) < limit:
        page, before = views.users_since(since_at, before=before, contains=contains, workflow=workflow)
        ids.update(dict.fromkeys(page))
    wanted = list(ids)[:limit]
    return [
        row
        for at in range(0, len(wanted), PAGE_ROWS)
        for row in views.users_named(wanted[at : at + PAGE_ROWS])
    ]


@click.command()
@user_option
@workflow_option
@click.option(
    "--status",
    type=click.Choice(("waiting", "idle", "completed", "failed", "exited", "cancelled")),
    help="Only with this status.",
)
@since_option
@at_option
@limit_option
@form_options
@shared
def journeys(
    settings: Settings,
    user: str | None,
    workflow: str | None,
    status: str | None,
    since: str | None,
    at: str | None,
    limit: int,
    form: str | None,
) -> None:
    """List journeys, the oldest first; with --since those that began then or later."""
    from studio.store.records import JourneyRow

    with opened_views(settings, at) as views:
        since_at = since_when(views, since)
        first = 0 if since_at is None else views.began_since(since_at)
        found: list[JourneyRow] = []
        after = first
        while len(found) <= limit:
            page = views.journeys(
                user=user,
                workflow=workflow,
                status=status,
                limit=min(PAGE_ROWS, limit + 1 - len(found)),
                after=after,
            )
            if not page:
                break
            after = page[-1].number
            found += [row for row in page if since_at is None or row.started_at >= since_at]
        now = now_in(views)
    spec: TableSpec[JourneyRow] = TableSpec(
        ("JOURNEY", "STATUS", "WAITS FOR", "LEFT", "NOTE", "STARTED", "PASS"),
        lambda row: (
            row.id,
            row.status,
            row.waits_for,
            left_until(row.due_at, now),
            row.note,
            local(row.started_at),
            row.pass_number,
        ),
        fields(JourneyRow),
        record,
    )
    show(spec, found, form, limit, "the first")


__all__ = ["journeys", "users"]
