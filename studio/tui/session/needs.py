"""What needs a person, in order: what is broken, what is held, what should have moved, what nearly did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.store.approvals import HeldStep
from studio.store.records import WaitRow
from studio.store.stuck import STUCK, read_stuck
from studio.store.view_needs import FailedJourney
from studio.store.views import Views
from studio.wording.times import MINUTE, OVERDUE_MS, clock
from studio.wording.values import counted

Kind = Literal["file", "failed", "hanging", "held", "paused", "overdue", "near"]
MOST_FAILED = 500
MOST_HELD = 1_000
MOST_OVERDUE = 1_000
MOST_IDLE = 20
"""Events of which nothing came that are looked at more closely: each is explained anew."""
LATELY_MS = 10 * MINUTE
MOST_CHARS = 200


@dataclass(frozen=True, slots=True)
class Where:
    """Somebody that it is about."""

    user: str
    seq: int | None
    told: str


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person."""

    kind: Kind
    key: str
    """Its identity."""
    text: str
    line: str | None = None
    """The place in the source: "trial.py:44"."""
    workflow: str | None = None
    people: tuple[Where, ...] = ()
    journeys: tuple[str, ...] = ()
    """Failed ones that may be resumed."""


@dataclass(frozen=True, slots=True)
class NeedsQuestion:
    """What needs a person now."""

    client: EngineClient
    now: Callable[[], int]

    def read(self, views: Views) -> list[Need]:
        """The worst first."""
        files = [
            Need("file", f"file {error.path}", str(error), None if not error.line else str(error.line))
            for error in (() if getattr(self.client, "is_past", False) else self.client.problems)
        ]
        hanging = [
            Need(
                "hanging",
                f"hanging {call.kind} {call.journey} {call.name}",
                call.sentence(),
                call.line or None,
            )
            for call in read_stuck(views.meta(STUCK))
        ]
        held = _held(views.held_steps(limit=MOST_HELD)) if views.hold() is not None else []
        return [
            *files,
            *failed_groups(views.failures(limit=MOST_FAILED)),
            *hanging,
            *held,
            *_paused(views),
            *self._overdue(views),
            *self._near(views),
        ]

    def _overdue(self, views: Views) -> list[Need]:
        before = self.now() - OVERDUE_MS
        rows = []
        for row in views.waits(limit=MOST_OVERDUE):
            if row.due_at is None or row.stands_by or row.due_at >= before:
                break
            rows.append(row)
        if not rows:
            return []
        people = tuple(
            Where(
                row.user, row.seq, f"since {clock(row.due_at or 0)}  {row.workflow}  {row.name or row.kind}"
            )
            for row in rows
        )
        more = "+" if len(rows) == MOST_OVERDUE else ""
        return [Need("overdue", "overdue", overdue_text(len(rows), more, rows[0].due_at or 0), people=people)]

    def _near(self, views: Views) -> list[Need]:
        found = []
        for seq in views.idle_events(self.now() - LATELY_MS, limit=MOST_IDLE):
            try:
                why = self.client.why(views, seq)
            except StudioError:
                # One that cannot be explained, since its code is gone, is no near miss.
                continue
            near = None if why is None else next((each for each in why.findings if each.kind == "near"), None)
            if why is not None and near is not None and why.entry.user is not None:
                text = f"{why.entry.name} of {why.entry.user}: {near.what}"
                hint = f" ({near.hint})" if near.hint else ""
                told = f"{clock(why.entry.at)}  {why.entry.name}"
                people = (Where(why.entry.user, seq, told),)
                found.append(Need("near", f"near {seq}", f"{text}{hint}", near.line, people=people))
        return found


def _paused(views: Views) -> list[Need]:
    """Workflows of which no journey moves: somebody has to think of them."""
    pauses = [views.pauses()[name] for name in views.paused_workflows()]
    if not pauses:
        return []
    waiting = {each.name: each.waiting for each in views.workflow_counts(0)}
    found = []
    for each in pauses:
        by = f" by {each.by}" if each.by else ""
        who = counted(waiting.get(each.name, 0), "journey")
        text = f"{each.name} is paused since {clock(each.since)}{by}: {who} of it waiting; r unpauses"
        found.append(Need("paused", f"paused {each.name}", text, None, each.name))
    return found


def overdue_text(waits: int, more: str, first_due: int) -> str:
    """In a sentence."""
    which = f"{counted(waits, 'wait')}{more}"
    return f"{which} overdue, the first since {clock(first_due)}: the deadline is past, and nothing went on"


def overdue_told(waits: int, first: WaitRow | None) -> list[str]:
    """What the bar of problems says of them."""
    if not waits or first is None or first.due_at is None:
        return []
    return [overdue_text(waits, "", first.due_at)]


def failed_groups(rows: list[FailedJourney]) -> list[Need]:
    """Failed journeys by what failed and where, the largest group first."""
    groups: dict[tuple[str, str, str | None], list[FailedJourney]] = {}
    for row in rows:
        groups.setdefault((row.workflow, row.type, row.line), []).append(row)
    found = []
    for (workflow, type, line), of in groups.items():
        cause = f"{type}: {of[0].message}" if of[0].message else type or "failed"
        at = f"  at {line}" if line else ""
        found.append(
            Need(
                "failed",
                f"failed {workflow} {type} {line}",
                f"{counted(len(of), 'journey')} of {workflow} failed  {cause[:MOST_CHARS]}{at}",
                line,
                workflow,
                tuple(Where(row.user, row.seq, f"{clock(row.at)}  {row.message[:MOST_CHARS]}") for row in of),
                tuple(row.journey for row in of),
            )
        )
    return sorted(found, key=lambda need: -len(need.journeys))


def _held(steps: list[HeldStep]) -> list[Need]:
    groups: dict[tuple[str, str], list[HeldStep]] = {}
    for step in steps:
        groups.setdefault((step.workflow, step.name), []).append(step)
    return [
        Need(
            "held",
            f"held {workflow} {name}",
            f"{counted(len(of), 'step')} {name} of {workflow} waiting for a yes",
            of[0].line,
            workflow,
            tuple(Where(step.user, step.seq, f"{clock(step.at)}  {step.name}") for step in of),
        )
        for (workflow, name), of in groups.items()
    ]
