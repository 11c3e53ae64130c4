"""Why an event triggered nothing, and what a wait is still waiting for.

What was read from the store (`store/view_context.py`) is compared with what would have been
needed: names by their letters, data by `matching.differences`, users by nearly equal ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from studio.clocks.clock import iso
from studio.engine.inspect.explain_wait import ENDED, explain_wait
from studio.engine.inspect.explanation import MOST_FINDINGS, Finding, Proposal, Why
from studio.engine.inspect.explanation_context import (
    JourneyPosition,
    fields,
    match_of,
    stand_of,
    wanted,
)
from studio.engine.inspect.near_misses import compare, near_users
from studio.kernel.matching import MISSING, differences, look_up, meets
from studio.language.definition import Workflow
from studio.language.names import IDENTIFY, REOPEN, START, names
from studio.store.records import Entry
from studio.store.views import Views
from studio.store.workflow_pauses import WorkflowPause
from studio.text.fuzzy_match import closest, describe_difference, match_rank, simplified

TEXTS = 50
"""Texts in an event's data that may be the id of the user who was meant."""


def explain(views: Views, seq: int, workflows: Mapping[str, Workflow]) -> Why | None:
    """Why an entry of the history came to what it came to; None when there is none.

    Args:
        workflows: as they are loaded now; their triggers are compared.
    """
    entry = views.entry(seq)
    if entry is None:
        return None
    if entry.kind == "event" and entry.user is not None:
        return _event(views, entry, workflows)
    if entry.kind == "wait.opened" and (names_ := wanted(entry)) is not None and entry.user is not None:
        return explain_wait(views, entry, names_)
    return _other(views, entry)


# -- an event ------------------------------------------------------------------------------


def _event(views: Views, event: Entry, workflows: Mapping[str, Workflow]) -> Why:
    assert event.user is not None
    effects = views.effects([event.seq])
    done = [found for entry in effects if (found := _effect(entry)) is not None]
    done += _taken_later(views, event)
    stands = [stand_of(entries) for entries in views.before(event.user, event.seq)]
    woken = {(entry.journey, entry.key) for entry in effects}
    rest = [*_open_waits(event, stands, woken), *_over(event, stands)]
    pauses = {name: each for name, each in views.pauses().items() if each.held(event.seq)}
    rest += _held(event, stands, woken, pauses)
    rest += _triggers(views, event, workflows, stands, {entry.workflow for entry in effects}, pauses)
    if not done:
        rest += _other_users(views, event, stands)
    rest.sort(key=lambda each: each.far)
    title = f"{event.user} {event.name}"
    facts = (
        ("identify changes the user's profile; it triggers only what names it",)
        if event.name == IDENTIFY
        else ()
    )
    return Why(event, title, tuple([*done, *rest][:MOST_FINDINGS]), facts=facts)


_DONE = {
    "wait.matched": "answered",
    "journey.started": "started",
    "journey.pass": "started the next pass of",
    "journey.exited": "ended",
}


def _effect(entry: Entry) -> Finding | None:
    if entry.kind == "journey.failed":
        hint = entry.message or ""
        return Finding("failed", f"{entry.workflow} failed on it", entry.at, entry.line, entry.seq, hint=hint)
    if entry.kind == "journey.refused":
        hint = str(fields(entry).get("reason", ""))
        return Finding(
            "over", f"{entry.workflow} refused the user", entry.at, entry.line, entry.seq, hint=hint
        )
    if entry.kind == "goal.met":
        return Finding("woke", f"met the goal of {entry.workflow}", entry.at, entry.line, entry.seq)
    verb = _DONE.get(entry.kind)
    if verb is None:
        return None
    what = f"{entry.workflow}'s wait for {entry.name}" if entry.kind == "wait.matched" else entry.workflow
    return Finding("woke", f"{verb} {what}", entry.at, entry.line, entry.seq)


def _taken_later(views: Views, event: Entry) -> Iterator[Finding]:
    """Waits that opened when it was there already, and took it from the past."""
    for entry in views.matched_after(event.user or "", event.seq):
        first, match = fields(entry).get("first"), match_of(entry)
        if not isinstance(first, int) or first > event.seq or entry.cause == event.seq:
            continue
        if names((entry.name or "*").split(", ")).meets(event.name or "") and meets(match, fields(event)):
            what = f"was matched later by {entry.workflow}'s wait for {entry.name}"
            yield Finding("woke", what, entry.at, entry.line, entry.seq)


def _open_waits(
    event: Entry, stands: list[JourneyPosition], woken: set[tuple[str | None, str | None]]
) -> Iterator[Finding]:
    """The waits that were open and did not take it."""
    for stand in stands:
        for opening in stand.open.values():
            if (stand.journey, opening.key) in woken or (names_ := wanted(opening)) is None:
                continue
            found = compare(event, opening, names_, f"{stand.workflow} waits for {opening.name}")
            if found is not None:
                yield found


def _over(event: Entry, stands: list[JourneyPosition]) -> Iterator[Finding]:
    """Waits that it would have ended, had they not been over already."""
    for stand in stands:
        said: set[str] = set()
        for opening, ending in reversed(stand.over):
            names_ = wanted(opening)
            if names_ is None or not names_.meets(event.name or "") or (opening.name or "") in said:
                continue
            if ending.kind == "wait.matched" or differences(match_of(opening), fields(event)):
                continue
            said.add(opening.name or "")
            what = f"{stand.workflow}'s wait for {opening.name} {ENDED.get(ending.kind, 'had ended')}"
            yield Finding("over", what, ending.at, opening.line, ending.seq, far=25)


def _triggers(
    views: Views,
    event: Entry,
    workflows: Mapping[str, Workflow],
    stands: list[JourneyPosition],
    moved: set[str | None],
    pauses: Mapping[str, WorkflowPause],
) -> Iterator[Finding]:
    """Workflows that it starts, and why it did not; and those that it nearly starts.

    Args:
        pauses: those that were paused when it came.
    """
    name = event.name or ""
    if name.startswith(START):
        asked = name.removeprefix(START)
        if asked in pauses:
            yield _paused(f"{asked} was asked to start", pauses[asked])
        else:
            yield from _start_asked(asked, workflows, stands, moved)
        return
    if name.startswith(REOPEN):
        asked = name.removeprefix(REOPEN)
        if asked in pauses:
            yield _paused(f"{asked} was asked to go on", pauses[asked])
        else:
            yield from _reopen_asked(asked, workflows, stands, moved)
        return
    for workflow in sorted(workflows.values(), key=lambda each: each.name):
        if not workflow.trigger.meets(name):
            if event.journey is None and (near := closest(name, workflow.trigger.literals, 1)):
                proposal = Proposal(near[0], event.user or "", fields(event))
                hint = f"did you mean {near[0]}? {describe_difference(name, near[0])}"
                far = 5 * (match_rank(name, near[0]) or 0) + 2
                yield Finding(
                    "trigger",
                    f"{workflow.name} is triggered by {near[0]}",
                    hint=hint,
                    far=far,
                    proposal=proposal,
                )
        elif workflow.name not in moved:
            stand = _stand_for(views, workflow, event, stands)
            if workflow.name in pauses and (stand is None or stand.standing != "waiting"):
                words = f"{workflow.name} is triggered by {workflow.trigger.text}"
                yield _paused(words, pauses[workflow.name])
                continue
            # That a journey is under way is mostly as it should be; that none can begin is not.
            far = 40 if stand is not None and stand.standing == "waiting" else 15
            words = f"{workflow.name} is triggered by {workflow.trigger.text}"
            yield _began_nothing(words, stand, _why_not(workflow, stand), far)


def _paused(words: str, pause: WorkflowPause) -> Finding:
    """It would have begun something in a workflow that was paused."""
    hint = "it was paused: what comes meanwhile begins nothing, also not when it goes on"
    return Finding("trigger", words, pause.since, None, pause.spans[-1][0], hint=hint, far=1)


def _held(
    event: Entry,
    stands: list[JourneyPosition],
    woken: set[tuple[str | None, str | None]],
    pauses: Mapping[str, WorkflowPause],
) -> Iterator[Finding]:
    """The open waits that it answers as soon as their paused workflow goes on."""
    for stand in stands:
        pause = pauses.get(stand.workflow or "")
        if pause is None:
            continue
        for opening in stand.open.values():
            if (stand.journey, opening.key) in woken or (names_ := wanted(opening)) is None:
                continue
            if names_.meets(event.name or "") and not differences(match_of(opening), fields(event)):
                hint = "it was paused: an event that came in time is taken when it goes on"
                words = f"{stand.workflow} waits for {opening.name}"
                yield Finding("over", words, event.at, opening.line, opening.seq, hint=hint, far=1)


def _start_asked(
    name: str, workflows: Mapping[str, Workflow], stands: list[JourneyPosition], moved: set[str | None]
) -> Iterator[Finding]:
    """Why an event that asks for a workflow by its name began nothing."""
    if name in moved:
        return
    workflow = workflows.get(name)
    if workflow is None:
        yield Finding("trigger", f"there is no workflow {name}", far=15)
        return
    stand = next((stand for stand in stands if stand.workflow == name), None)
    waits = stand is not None and stand.standing in ("waiting", "idle")
    hint = "its journey already exists" if waits else _why_not(workflow, stand)
    yield _began_nothing(f"{name} was asked to start", stand, hint, 15)


def _reopen_asked(
    name: str, workflows: Mapping[str, Workflow], stands: list[JourneyPosition], moved: set[str | None]
) -> Iterator[Finding]:
    """Why an event that asks for a finished journey to go on left it as it was."""
    if name in moved:
        return
    if name not in workflows:
        yield Finding("trigger", f"there is no workflow {name}", far=15)
        return
    stand = next((stand for stand in stands if stand.workflow == name), None)
    if stand is None:
        hint = "there is no journey of this user in it"
    elif stand.standing in ("completed", "idle"):
        hint = "what it did is not known any more, or an event of exit_on= came since"
    else:
        hint = f"it is {stand.standing}, and only who has finished goes on"
    yield _began_nothing(f"{name} was asked to go on", stand, hint, 15)


def _began_nothing(words: str, stand: JourneyPosition | None, hint: str, far: int) -> Finding:
    """A workflow that an event met, with the last entry of the journey that stood in the way."""
    last = stand.last if stand is not None else None
    if last is None:
        return Finding("trigger", words, hint=hint, far=far)
    return Finding("trigger", words, last.at, last.line, last.seq, hint=hint, far=far)


def _stand_for(
    views: Views, workflow: Workflow, event: Entry, stands: list[JourneyPosition]
) -> JourneyPosition | None:
    """The newest journey that this event would concern."""
    mine = [stand for stand in stands if stand.workflow == workflow.name]
    if workflow.key is None or not mine:
        return mine[0] if mine else None
    value = look_up(fields(event), workflow.key)
    key = value if isinstance(value, str) else json.dumps(None if value is MISSING else value)
    for stand in mine:
        if any(row.key == key for row in views.journeys_called(stand.journey)):
            return stand
    return None


def _why_not(workflow: Workflow, stand: JourneyPosition | None) -> str:
    if stand is None:
        return "nothing started: the workflow was loaded later, or its journey is too old to be shown"
    match stand.standing:
        case "waiting":
            opening = next(iter(stand.open.values()), None)
            at = f", at {opening.name or opening.kind.split('.')[0]}" if opening is not None else ""
            since = "" if stand.since is None else f" since {iso(stand.since)[:16].replace('T', ' ')}"
            return f"inside{since}{at}: a trigger starts nothing until this pass ends"
        case "idle":
            return "its last pass has already seen this event"
        case "failed":
            return "it failed: nothing starts until it is resumed or restarted"
        case ended:
            if workflow.again:
                return f"{ended}; a wait of this journey had matched it"
            return f"{ended} for good: @workflow(again=True) would start another"


def _other_users(views: Views, event: Entry, stands: list[JourneyPosition]) -> Iterator[Finding]:
    """Users who wait for just this: a wrong user is as likely a slip as a wrong field."""
    user, name, data = event.user or "", event.name or "", fields(event)
    mentioned = set(views.known_users(list(_texts(data)))) - {user}
    for other in near_users(views, user, mentioned):
        sure = other in mentioned or simplified(other) == simplified(user)
        for wait in views.waits(user=other, limit=50):
            if wait.kind != "wait" or not wait.name or not names(wait.name.split(", ")).meets(name):
                continue
            # Without a match anybody near would do: of use only for a user of whom nothing is known.
            if meets(wait.match, data) and (sure or wait.match or not stands):
                hint = (
                    "this user is named in the data"
                    if other in mentioned
                    else f"did you mean user {other}? {describe_difference(user, other)}"
                )
                yield Finding(
                    "user",
                    f"{other} waits for it in {wait.workflow}",
                    wait.opened_at,
                    wait.line,
                    wait.seq,
                    hint=hint,
                    proposal=Proposal(name, other, data),
                    far=4 if sure else 12,
                )
                break


def _texts(value: Any) -> Iterator[str]:
    """Texts anywhere in some data, up to `TEXTS`."""
    left, found = [value], 0
    while left and found < TEXTS:
        item = left.pop()
        if isinstance(item, str):
            if 0 < len(item) <= 512:
                found += 1
                yield item
        elif isinstance(item, Mapping):
            left += list(item.values())[:TEXTS]
        elif isinstance(item, list):
            left += item[:TEXTS]


# -- anything else -------------------------------------------------------------------------


def _other(views: Views, entry: Entry) -> Why:
    """What brought an entry about."""
    title = " ".join(text for text in (entry.user, entry.workflow, entry.kind) if text)
    found: list[Finding] = []
    cause = views.entry(entry.cause) if entry.cause is not None and entry.cause != entry.seq else None
    if cause is not None:
        what = " ".join(text for text in (cause.kind, cause.name) if text)
        found.append(Finding("woke", f"caused by {what}", cause.at, cause.line, cause.seq))
    facts = [] if entry.message is None else [entry.message]
    source = fields(entry).get("source")
    if isinstance(source, str):
        facts.append(source.strip())
    # A group of waits is told by what opened it; its branches are explained one by one.
    is_open = entry.kind == "wait.opened" and views.is_open(entry.seq)
    return Why(entry, title, tuple(found), open=is_open, facts=tuple(facts))
