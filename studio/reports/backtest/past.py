"""What happened to a user: the events that came, how steps ended, and what the journeys made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from studio.kernel.partition import Partition
from studio.language.incoming import Incoming, incoming
from studio.language.kinds import KIND_TEXT, Kind
from studio.store.entries import key_of
from studio.store.records import Entry
from studio.store.views import Views
from studio.text import json_text as jsontext

PAGE_ROWS = 1_000
_ENDS = ("step.done", "step.failed", "step.retry")
_TOLD = ("wait.", "sleep.", "step.", "journey.", "split.", "message.", "goal.")
_ACTS = ("journey.cancelled", "journey.resumed", "journey.restarted", "journey.moved", "journey.reopened")


class PastAttempt(NamedTuple):
    """How an attempt of a step ended."""

    took_ms: int
    result: str | None
    """JSON; None when it failed."""
    type: str = ""
    message: str = ""


class Turning(NamedTuple):
    """One thing that a journey did, met or came to."""

    at: int
    """Milliseconds since 1970, UTC."""
    kind: str
    key: str | None
    """The key of its command; None for what is about the journey itself."""
    arm: str | None
    """Of a split."""
    name: str | None
    line: str | None


StepKey = tuple[str, int, str]
"""A journey's id, its pass and the step's key."""


@dataclass(slots=True)
class Past:
    """A user, as the store knows it."""

    user: str
    events: list[Incoming] = field(default_factory=list)
    """What came, but for what the workflow's own journeys of this user sent; each with its moment."""
    steps: dict[StepKey, list[PastAttempt]] = field(default_factory=dict)
    by_name: dict[str, list[PastAttempt]] = field(default_factory=dict)
    """The newest attempts of each step's name."""
    turnings: list[Turning] = field(default_factory=list)
    acts: int = 0
    """Things that were done by hand, which are not done again."""


def past_of(views: Views, user: str, workflow: str) -> Past:
    """Read what happened to a user in one workflow."""
    entries = _history(views, user)
    past = Past(user)
    own = {e.seq for e in entries if e.kind == "event" and _is_own(views, e, user, workflow)}
    came = [e for e in entries if e.kind == "event" and e.user == user and e.seq not in own]
    given = views.given_with(e.seq for e in came)
    for e in came:
        profile = given.get(e.seq, {}).get("profile")
        who: Any = {"id": user, **profile} if profile else user
        past.events.append(incoming(e.name or "", who, e.data or {}, e.id, at=e.at))
    began: dict[StepKey, int] = {}
    for e in entries:
        if e.workflow != workflow or e.journey is None or (e.kind == "event" and e.seq not in own):
            continue
        by_hand = isinstance(e.data, dict) and e.data.get("by_hand") is True
        past.acts += by_hand or e.kind in _ACTS
        if e.kind.startswith(_TOLD) or e.kind == "event":
            past.turnings.append(_turning(e))
        if e.key is None or e.pass_number is None:
            continue
        step = (e.journey, e.pass_number, e.key)
        if e.kind == "step.started":
            began[step] = e.at
        elif e.kind in _ENDS:
            attempt = _attempt(e, e.at - began.pop(step, e.at))
            past.steps.setdefault(step, []).append(attempt)
            past.by_name.setdefault(e.name or "", []).append(attempt)
    return past


def turnings_of(unit: Partition, workflow: str) -> list[Turning]:
    """The same of a history in memory."""
    numbers = {j.id: j for j in unit.journeys if unit.name_text(j.workflow_id) == workflow}
    found = []
    for _, at, kind, _, number, _, name, n, place, _, _, _, _, data, _ in unit.history:
        text = KIND_TEXT[kind]
        if number not in numbers or not (text.startswith(_TOLD) or kind == Kind.EVENT):
            continue
        facts = jsontext.loads(data) if data and data[:1] == "{" else None
        called = None if name is None else unit.name_text(name)
        about = None if Kind.STARTED <= kind <= Kind.MOVED else called
        line = None if place is None else unit.name_text(place)
        arm = facts.get("arm") if kind == Kind.SPLIT and facts else None
        found.append(Turning(at, text, key_of(kind, about, n, facts), arm, about, line))
    return found


def _turning(e: Entry) -> Turning:
    arm = e.data.get("arm") if e.kind == "split.drawn" and isinstance(e.data, dict) else None
    return Turning(e.at, e.kind, e.key, arm, e.name, e.line if e.key is not None else None)


def _attempt(e: Entry, took_ms: int) -> PastAttempt:
    facts = e.data if isinstance(e.data, dict) else {}
    if e.kind == "step.done":
        return PastAttempt(took_ms, jsontext.dumps(facts.get("result")))
    return PastAttempt(took_ms, None, str(facts.get("type", "")), str(facts.get("message", "")))


def _is_own(views: Views, e: Entry, user: str, workflow: str) -> bool:
    """Whether a journey of the workflow sent it, for this user: it arises anew."""
    if e.journey is None or e.workflow != workflow:
        return False
    return any(journey.user == user for journey in views.journeys_called(e.journey))


def _history(views: Views, user: str) -> list[Entry]:
    found: list[Entry] = []
    while page := views.timeline(user, limit=PAGE_ROWS, before=found[0].seq if found else None):
        found = page + found
    return found


def way(turnings: Iterable[Turning]) -> list[tuple[str, str | None, str | None]]:
    """Which way was gone, whenever."""
    return [(each.kind, each.key, each.arm) for each in turnings]
