"""Why an event of a user triggered nothing, and what the user still waits for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.client import client_of
from studio.cli.options import json_option, shared
from studio.cli.output import local, write
from studio.cli.settings import Settings
from studio.cli.temporal_options import temporal_option
from studio.errors import StudioError
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.engine.inspect.explanation import Finding, Proposal, Why
    from studio.store.views import Views
    from studio.temporal.settings import TemporalSettings

NEWEST = 1_000
"""Entries of a user in which the newest event is looked for."""


@click.command()
@click.argument("user", shell_complete=complete.users)
@click.argument("event", required=False, shell_complete=complete.events_of_user)
@json_option
@temporal_option
@shared
def why(
    settings: Settings, temporal: TemporalSettings | None, user: str, event: str | None, as_json: bool
) -> None:
    """Explain what an event did, what it nearly did, and what would have done it.

    The newest EVENT of USER is explained, or the newest of any name; then each open wait of USER.
    """
    if temporal is not None:
        from studio.cli.temporal_user import user_at_hand

        with user_at_hand(settings, temporal, user) as near:
            _explain(near, user, event, as_json)
    else:
        _explain(settings, user, event, as_json)


def _explain(settings: Settings, user: str, event: str | None, as_json: bool) -> None:
    client = client_of(settings)
    with client.look() as views:
        if views.user(user) is None:
            near = _near(user, views)
            raise StudioError(f"there is no user {user!r}", where=settings.store, fix=near)
        seqs = [_newest(views, user, event, settings.store)]
        seqs += [wait.seq for wait in views.waits(user=user) if wait.kind == "wait"]
        found = [client.why(views, seq) for seq in seqs if seq is not None]
    told = [each for each in found if each is not None]
    if as_json:
        write(json_line(_as_json(each)) for each in told)
        return
    for at, each in enumerate(told):
        write([*([""] if at else []), *(clean(line) for line in _lines(each))])


def _newest(views: Views, user: str, event: str | None, store: str) -> int | None:
    """The event to explain; None when the user has none, and none is asked for."""
    from studio.text.fuzzy_match import closest

    if event is None:
        entries = views.timeline(user, limit=NEWEST)
        return next((entry.seq for entry in reversed(entries) if entry.kind == "event"), None)
    known = views.events_of(user)
    if event not in known:
        near = closest(event, known)
        fix = f"There is {', '.join(near)}." if near else f"See: journey-studio timeline {user}"
        raise StudioError(f"{user!r} has no event {event!r}", where=store, fix=fix)
    return views.newest_events(user, known[event], 1)[0].seq


def _near(user: str, views: Views) -> str:
    from studio.text.fuzzy_match import closest, single_edits

    near = closest(user, views.known_users(list(single_edits(user))) + views.neighbours(user))
    return f"There is {', '.join(near)}." if near else "journey-studio users lists them."


def _lines(why: Why) -> Iterator[str]:
    from studio.wording.explanation import (
        NOTHING_SIMILAR,
        TRIGGERED_NOTHING,
        WOULD_MATCH,
        best_proposal,
        proposal_words,
    )

    entry = why.entry
    if entry.kind == "event":
        data = json_line(entry.data) if entry.data else ""
        yield f"{local(entry.at)} {entry.user} {entry.name} {data}".rstrip()
        if not why.woke:
            yield f"  {TRIGGERED_NOTHING}"
    else:
        yield f"{entry.user} waits for {entry.name} since {local(entry.at)}  {entry.line or ''}".rstrip()
        if why.answer is not None:
            yield f"  {WOULD_MATCH} {' '.join(proposal_words(why.answer))}"
        if not why.findings:
            yield f"  {NOTHING_SIMILAR}"
    for finding in why.findings:
        yield from _finding(finding)
    if (best := best_proposal(why)) is not None:
        yield f"  corrected: {' '.join(proposal_words(best))}"


def _finding(finding: Finding) -> Iterator[str]:
    from studio.wording.explanation import difference_words

    at = f"{local(finding.at)} " if finding.at is not None else ""
    hint = f"  ({finding.hint})" if finding.hint else ""
    yield f"  {finding.kind:<8}{at}{finding.what}{hint}  {finding.line or ''}".rstrip()
    for each in finding.differences:
        field, expected, got = difference_words(each)
        yield f"          {field}: expected {expected}, got {got}"


def _as_json(why: Why) -> dict[str, Any]:
    from studio.kernel.matching import MISSING

    def proposed(proposal: Proposal | None) -> dict[str, Any] | None:
        if proposal is None:
            return None
        return {"event": proposal.event, "user": proposal.user, "data": dict(proposal.data)}

    return {
        **why.entry.as_json(),
        "woke": why.woke,
        "answer": proposed(why.answer),
        "findings": [
            {
                "kind": each.kind,
                "what": each.what,
                "line": each.line,
                "hint": each.hint,
                "seq": each.seq,
                "differences": [
                    {"field": one.field, "expected": one.expected}
                    | ({} if one.got is MISSING else {"got": one.got})
                    for one in each.differences
                ],
                "mended": proposed(each.proposal),
            }
            for each in why.findings
        ],
    }
