"""Look at a store: users, journeys, waits, one user's timeline, the log."""

from __future__ import annotations

import dataclasses
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from studio.cli.options import Settings, json_option, limit_option, shared, user_option, workflow_option
from studio.cli.output import Columns, complain, local, reader_gone, table, write
from studio.errors import StudioError
from studio.printable import json_line

if TYPE_CHECKING:
    from studio.store.records import Entry, UserRow
    from studio.store.views import Views

PAGE_ROWS = 1_000
FOLLOW_SECONDS = 0.1
LOG_HEADS = ("TIME", "LEVEL", "USER", "WORKFLOW", "WHAT", "LINE")
LOG_WORDS = {"workflow.loaded": "reload", "clock.moved": "clock"}
"""What stands in the place of a level."""
LOG_LEAST = (23, 7, 8, 10, 40, 0)
"""Cells that a column of `logs --follow` has before a longer text is met."""


@click.command()
@click.option("--contains", metavar="TEXT", help="Only ids with this in them.")
@user_option
@workflow_option
@limit_option
@json_option
@shared
def users(
    settings: Settings,
    contains: str | None,
    user: str | None,
    workflow: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List users, by id, with where they stand."""
    with _views(settings) as views:
        if user is not None:
            row = views.user(user)
            found = [row] if row is not None else []
        else:
            found = _users(views, contains, limit + 1, workflow)
        if workflow is not None:
            found = [row for row in found if views.journeys(user=row.id, workflow=workflow, limit=1)]
        now = _now(views)
    _show(
        found,
        limit,
        as_json,
        ("USER", "STATE", "WAITS FOR", "LEFT", "LAST EVENT", "WORKFLOW", "JOURNEYS", "NOTE", "AT"),
        lambda row: (
            row.id,
            row.state,
            row.waits_for,
            _left(row.due_at, now),
            row.last_event,
            row.workflow,
            row.journeys,
            row.note,
            local(row.last_at),
        ),
    )


def _users(views: Views, contains: str | None, limit: int, workflow: str | None) -> list[UserRow]:
    found: list[UserRow] = []
    after: str | None = None
    while len(found) < limit:
        page = views.users(limit=min(PAGE_ROWS, limit), after=after, contains=contains)
        if not page:
            break
        after = page[-1].id
        if workflow is not None:
            page = [row for row in page if views.journeys(user=row.id, workflow=workflow, limit=1)]
        found += page
    return found[:limit]


@click.command()
@user_option
@workflow_option
@click.option(
    "--status",
    type=click.Choice(("waiting", "idle", "completed", "failed", "exited", "cancelled")),
    help="Only with this status.",
)
@limit_option
@json_option
@shared
def journeys(
    settings: Settings, user: str | None, workflow: str | None, status: str | None, limit: int, as_json: bool
) -> None:
    """List journeys, the oldest first."""
    with _views(settings) as views:

        def page(rows: int, last: Any) -> Sequence[Any]:
            after = last.id if last is not None else 0
            return views.journeys(user=user, workflow=workflow, status=status, limit=rows, after=after)

        found = _pages(page, limit + 1)
        now = _now(views)
    _show(
        found,
        limit,
        as_json,
        ("JOURNEY", "STATUS", "WAITS FOR", "LEFT", "NOTE", "STARTED", "PASS"),
        lambda row: (
            row.id,
            row.status,
            row.waits_for,
            _left(row.due_at, now),
            row.note,
            local(row.started_at),
            row.pass_number,
        ),
    )


@click.command()
@user_option
@workflow_option
@limit_option
@json_option
@shared
def waits(settings: Settings, user: str | None, workflow: str | None, limit: int, as_json: bool) -> None:
    """List open waits, the nearest deadline first."""
    with _views(settings) as views:

        def page(rows: int, last: Any) -> Sequence[Any]:
            after = (last.due_at, last.seq) if last is not None else None
            return views.waits(user=user, workflow=workflow, limit=rows, after=after)

        found = _pages(page, limit + 1)
        now = _now(views)
    _show(
        found,
        limit,
        as_json,
        ("JOURNEY", "KIND", "NAME", "LEFT", "DUE", "MATCH", "LINE"),
        lambda row: (
            row.journey,
            row.kind,
            row.name,
            _left(row.due_at, now),
            local(row.due_at),
            json_line(row.match) if row.match else "",
            row.line,
        ),
    )


@click.command()
@click.argument("user")
@workflow_option
@limit_option
@json_option
@shared
def timeline(settings: Settings, user: str, workflow: str | None, limit: int, as_json: bool) -> None:
    """Show what happened to a user.

    The newest entries of all journeys and events, oldest first."""
    with _views(settings) as views:
        if views.user(user) is None:
            raise StudioError(
                f"there is no user {user!r}", where=settings.store, fix="journey-studio users lists them."
            )
        found: list[Entry] = []
        before: int | None = None
        while len(found) <= limit:
            page = views.timeline(user, limit=min(PAGE_ROWS, limit + 1), before=before)
            if not page:
                break
            before = page[0].seq
            found = [e for e in page if workflow is None or e.workflow == workflow] + found
    if as_json:
        write(json_line(e.as_json()) for e in found[-limit:])
        return
    rows = [
        (local(e.at), e.kind, e.name, _words(e), e.line, e.journey if e.workflow else "")
        for e in found[-limit:]
    ]
    write(table(("TIME", "KIND", "NAME", "WHAT", "LINE", "JOURNEY"), rows))
    _tell_cut(len(found), limit, "the newest")


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until it is interrupted.")
@click.option(
    "--level", type=click.Choice(("debug", "info", "warning", "error", "note")), help="This and above."
)
@click.option("--contains", metavar="TEXT", help="Only with this in the text.")
@user_option
@workflow_option
@limit_option
@json_option
@shared
def logs(
    settings: Settings,
    follow: bool,
    level: str | None,
    contains: str | None,
    user: str | None,
    workflow: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what journeys said and what failed.

    The newest entries, oldest first."""
    stop = _until_interrupted() if follow else None
    columns = Columns(LOG_LEAST)
    with _views(settings) as views:

        def newest(count: int, before: int | None = None) -> list[Entry]:
            return views.logs(
                limit=count, before=before, user=user, workflow=workflow, level=level, contains=contains
            )

        last = views.last_seq()
        found = newest(limit if follow else limit + 1, last + 1)
        if as_json:
            write(json_line(e.as_json()) for e in found[-limit:])
        elif stop is not None:
            write(columns.lines(LOG_HEADS, map(_log_row, found)))
        else:
            write(table(LOG_HEADS, map(_log_row, found[-limit:])))
        if stop is None:
            if not as_json:
                _tell_cut(len(found), limit, "the newest")
            return
        while not stop.wait(FOLLOW_SECONDS) and not reader_gone():
            if not views.changed():
                continue
            # The filters are those of `logs`: what came since is asked for until nothing more is new.
            newest_seq = views.last_seq()
            fresh = _since(newest, last, newest_seq)
            if as_json:
                write(json_line(e.as_json()) for e in fresh)
            else:
                write(columns.lines(None, map(_log_row, fresh)))
            last = newest_seq


def _since(newest: Callable[[int, int | None], list[Entry]], last: int, upto: int) -> list[Entry]:
    """Log entries after one seq and up to another, in order."""
    found: list[Entry] = []
    before = upto + 1
    while True:
        page = newest(PAGE_ROWS, before)
        fresh = [e for e in page if e.seq > last]
        found = fresh + found
        if len(fresh) < len(page) or not page:
            return found
        before = page[0].seq


def _log_row(e: Entry) -> tuple[object, ...]:
    return local(e.at), e.level or LOG_WORDS.get(e.kind, "failed"), e.user, e.workflow, _words(e), e.line


# -- helpers -------------------------------------------------------------------------------


@contextmanager
def _views(settings: Settings) -> Iterator[Views]:
    from studio.store.inbox import engine_of
    from studio.store.views import Views

    with Views(settings.file()) as views:
        left = views.left_waiting()
        if left and engine_of(views.path) is None:
            them = "it" if left.events == 1 else "them"
            complain(f"{left.words}; journey-studio run takes {them} in", plain=True)
        yield views


def _pages(page: Callable[[int, Any], Sequence[Any]], limit: int) -> list[Any]:
    """Rows of as many pages as are needed."""
    found: list[Any] = []
    while len(found) < limit:
        rows = page(min(PAGE_ROWS, limit - len(found)), found[-1] if found else None)
        if not rows:
            break
        found += rows
    return found


def _show(
    rows: list[Any],
    limit: int,
    as_json: bool,
    heads: Sequence[str],
    cells: Callable[[Any], Sequence[object]],
) -> None:
    if as_json:
        write(json_line(record(row)) for row in rows[:limit])
        return
    write(table(heads, map(cells, rows[:limit])))
    _tell_cut(len(rows), limit, "the first")


def _tell_cut(count: int, limit: int, which: str) -> None:
    if count > limit:
        complain(f"({which} {limit:,}; --limit N shows more)", plain=True)


def record(row: Any) -> dict[str, Any]:
    """A row as JSON: moments as ISO times, under the names of the record."""
    from studio.clock import iso

    found = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        found[field.name] = iso(value) if field.name.endswith("_at") and value is not None else value
    return found


def _now(views: Views) -> int:
    """The store's time: the wall's, unless its clock stands elsewhere."""
    from studio.studio_clock import moment

    state = views.clock()
    return moment(state, time.time_ns() // 1_000_000)


def _left(due_at: int | None, now: int) -> str:
    from studio import durations

    return "" if due_at is None else "due" if due_at <= now else durations.short(due_at - now)


def _words(e: Entry) -> str:
    """What an entry says, in one line."""
    if e.message is not None:
        return e.message
    if e.kind == "journey.pass":
        return f"pass {e.pass_number}"
    return json_line(e.data) if e.kind == "event" and e.data else ""


def _until_interrupted() -> threading.Event:
    """Set by ctrl+c and by a polite kill."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


__all__ = ["journeys", "logs", "timeline", "users", "waits"]
