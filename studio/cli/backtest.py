"""Let the events of real users go through two versions of a workflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.looking import now_in, opened_views, since_when
from studio.cli.options import LimitParameter, shared
from studio.cli.output import write
from studio.cli.settings import Settings
from studio.cli.versions import interruptible, loaded_with, stub_results
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.reports.backtest.backtest import Backtest


@click.command()
@click.argument("name", shell_complete=complete.workflows)
@click.option("--against", required=True, metavar="FILE|git:REF", help="The version that was running.")
@click.option("--since", metavar="WHEN", help="Only who entered since then: 7d, 2026-03-01.")
@click.option(
    "--stub", "stubs", multiple=True, metavar="STEP=JSON", help="The result of a step that never ran."
)
@click.option(
    "--limit", type=LimitParameter(), default=20, show_default=True, help="So many people are listed."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@shared
def backtest(
    settings: Settings,
    name: str,
    against: str,
    since: str | None,
    stubs: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """See who would have gone another way through the workflow NAME by the present version.

    The events of the store's users go through the version that was running (--against) and the
    present one. No step is called: each gives what it gave then, or what --stub says.
    """
    from studio.reports.backtest.backtest import backtest as held
    from studio.reports.simulation.other_version import other_version

    present = loaded_with(settings, name)
    results = stub_results(stubs)
    with (
        opened_views(settings) as views,
        other_version(against, Path(settings.workflows), name) as before,
        interruptible() as gone,
    ):
        asked = len(views.entered(name, since_when(views, since)))
        found = held(
            views,
            name,
            before,
            present,
            until=now_in(views),
            since=since_when(views, since),
            stubs=results,
            tell=lambda done: _tell(done, asked),
            gone=gone,
        )
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    if as_json:
        write([json_line(_as_json(found, asked))])
    else:
        write(map(clean, _lines(found, asked, limit)))


def _tell(done: int, asked: int) -> None:
    if sys.stderr.isatty() and done % 50 == 0:
        print(f"\r\x1b[K{done:,} of {asked:,} users", end="", file=sys.stderr, flush=True)


def _as_json(found: Backtest, asked: int) -> dict[str, Any]:
    return {
        "users": found.users,
        "asked": asked,
        "whole": found.users == asked,
        "not_as_recorded": found.not_as_recorded,
        "by_hand": found.by_hand,
        "unknown": found.unknown,
        "same": found.same,
        "other_times": found.other_times,
        "parted": [
            {"user": e.user, "line": e.line, "before": e.before, "after": e.after, "more": e.more}
            for e in found.parted
        ],
        "more": dict(found.more),
    }


def _lines(found: Backtest, asked: int, limit: int) -> Iterator[str]:
    yield f"{counted(found.users, 'user')} entered" + (
        "" if found.users == asked else f", of {asked:,}: it was interrupted"
    )
    if found.not_as_recorded:
        yield (
            f"  {len(found.not_as_recorded):,} differ from what is recorded by the version that was running "
            f"already, {found.by_hand:,} of them by what was done by hand; nothing is said of them:"
        )
        yield from _listed(found.not_as_recorded, limit)
    yield f"  {found.same:,} would have gone the very same way"
    if found.other_times:
        yield f"  {len(found.other_times):,} the same way at other times:"
        yield from _listed(found.other_times, limit)
    for step, users in sorted(found.unknown.items()):
        yield f'  {len(users):,} unknown from step "{step}" on, which never ran for them (give it a --stub):'
        yield from _listed(users, limit)
    yield f"  {len(found.parted):,} another way" + (":" if found.parted else "")
    for each in found.parted[:limit]:
        yield f"    {each.user}  {each.line or ''}  then {each.before}, now {each.after}{_more(each.more)}"
    if len(found.parted) > limit:
        yield f"    and {len(found.parted) - limit:,} more; --limit N lists them"
    if found.more:
        yield "In sum:" + _more(found.more).removeprefix(";")
    if found.parted or found.other_times:
        yield "What they would have done then is not known: people might have acted otherwise."


def _listed(users: list[str], limit: int) -> Iterator[str]:
    more = f" and {len(users) - limit:,} more" if len(users) > limit else ""
    yield f"    {', '.join(users[:limit])}{more}"


def _more(counts: dict[str, int] | Any) -> str:
    told = ", ".join(f"{n:+,} {name}" for name, n in sorted(counts.items()))
    return f"; {told}" if told else ""


__all__ = ["backtest"]
