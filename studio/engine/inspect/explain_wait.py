"""What a wait is still waiting for, and what nearly ended it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from studio.engine.inspect.explanation import MOST_FINDINGS, Finding, Proposal, Why
from studio.engine.inspect.explanation_context import (
    fields,
    match_of,
    stand_of,
)
from studio.engine.inspect.near_misses import NEAR_EVENTS, compare, near_users
from studio.kernel.matching import meets
from studio.kernel.sample_for_match import name_for, sample_for
from studio.language.names import Names
from studio.store.records import Entry
from studio.store.views import Views
from studio.text.fuzzy_match import closest, describe_difference, simplified

_LAST = 1 << 62
ENDED = {"wait.matched": "was matched", "wait.timeout": "had timed out", "wait.closed": "was closed"}


def explain_wait(views: Views, opening: Entry, names_: Names) -> Why:
    user = opening.user or ""
    match = match_of(opening)
    known = views.events_of(user)
    is_open = views.is_open(opening.seq)
    ending = None if is_open else _ending(views, opening)
    found: list[Finding] = []
    for name, number in known.items():
        met = names_.meets(name)
        if met or closest(name, names_.literals, 1):
            for event in views.newest_events(user, number, 20 if met else NEAR_EVENTS):
                if ending is None or event.seq < ending.seq:
                    found += _against(event, opening, names_)
    if is_open:
        found += _paused(views, opening)
        found += _sent_to_others(views, opening, names_)
    elif ending is not None:
        word = ENDED.get(ending.kind, "had ended").removeprefix("had ").removeprefix("was ")
        kind: Literal["woke", "over"] = "woke" if ending.kind == "wait.matched" else "over"
        found.append(Finding(kind, word, ending.at, ending.line, ending.seq, far=-1))
    found.sort(key=lambda each: (each.far, -(each.seq or 0)))
    plainest = name_for(names_.parts, sorted(known))
    answer = Proposal(plainest, user, sample_for(match), wait=opening.seq) if is_open else None
    return Why(opening, f"{user} {opening.name}", tuple(found[:MOST_FINDINGS]), answer, is_open)


def _against(event: Entry, opening: Entry, names_: Names) -> Iterator[Finding]:
    found = compare(event, opening, names_, event.name or "")
    if found is None:
        return
    hint, proposal, far = found.hint, found.proposal, found.far
    if not found.differences and names_.meets(event.name or ""):
        if event.seq > opening.seq:
            return
        hint = "it matches, but came before: an earlier wait used it, or the wait has past=False"
        proposal, far = Proposal(event.name or "", event.user or "", fields(event)), 30
    elif event.seq < opening.seq:
        far += 5
    yield Finding(
        "near", event.name or "", event.at, event.line, event.seq, found.differences, hint, proposal, far
    )


def _paused(views: Views, opening: Entry) -> Iterator[Finding]:
    """Its workflow is paused: nothing ends it now."""
    pause = views.pauses().get(opening.workflow or "")
    if pause is not None and pause.stands:
        hint = "nothing of it moves; what came in time is taken when it goes on"
        seq = pause.spans[-1][0]
        yield Finding("over", f"{opening.workflow} is paused", pause.since, None, seq, hint=hint, far=-1)


def _ending(views: Views, opening: Entry) -> Entry | None:
    """The entry that ended a wait, among the newest of the user's journeys."""
    for entries in views.before(opening.user or "", _LAST):
        if entries[0].journey == opening.journey:
            for started, ended in stand_of(entries).over:
                if started.seq == opening.seq:
                    return ended
    return None


def _sent_to_others(views: Views, opening: Entry, names_: Names) -> Iterator[Finding]:
    """Events that would have ended the wait, had they been for its user."""
    user, match = opening.user or "", match_of(opening)
    for other in near_users(views, user):
        sure = simplified(other) == simplified(user) or not views.has_journey(other)
        if not sure and not match:
            continue
        for name, number in views.events_of(other).items():
            if not names_.meets(name):
                continue
            for event in reversed(views.newest_events(other, number, NEAR_EVENTS)):
                if meets(match, fields(event)):
                    proposal = Proposal(name, user, fields(event))
                    hint = f"it was sent to user {other}: {describe_difference(other, user)}"
                    yield Finding(
                        "user", name, event.at, event.line, event.seq, hint=hint, proposal=proposal, far=6
                    )
                    break
