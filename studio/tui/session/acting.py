"""What can be done to a journey by hand, and what that takes away. Pure, but for the reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from studio.errors import JourneyError
from studio.store.records import Entry, JourneyRow, WaitRow
from studio.store.views import Views
from studio.wording.removal import runs_again
from studio.wording.values import counted

MOST_JOURNEYS = 200
_ALL = 1 << 62
_URGENCY = ("failed", "waiting", "idle", "completed", "exited", "cancelled")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: its key, its words, the name of the act at the engine."""

    key: str
    words: str
    name: str
    question: str = ""
    """Asked first, with the numbers, when it destroys something."""
    wait: WaitRow | None = None
    """What it is done to, where that is a wait."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be done."""

    act: str
    journey: str
    wait: WaitRow | None = None


@dataclass(frozen=True, slots=True)
class Actable:
    """A journey, and what is open in it."""

    row: JourneyRow
    waits: tuple[WaitRow, ...] = ()
    failure: Entry | None = None
    steps: tuple[str, ...] = ()
    """Steps that are done, by name."""


@dataclass(frozen=True, slots=True)
class ActAnswer:
    """The journeys of a user, and which of them is meant first."""

    journeys: tuple[Actable, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class ActQuestion:
    """What can be done for a user."""

    user: str
    journey: str | None = None
    """The one that is meant; the most urgent when not given."""
    wait: int | None = field(default=None)
    """`seq` of the wait at the cursor: it is the one that is answered or ended."""

    def read(self, views: Views) -> ActAnswer:
        """The journeys with what is open in them; the most urgent first."""
        rows = views.journeys(user=self.user, limit=MOST_JOURNEYS)
        if self.journey is not None and self.journey not in {row.id for row in rows}:
            try:
                meant = views.journey(self.journey)
                rows = [*rows, meant] if meant is not None else rows
            except JourneyError:
                # Several have the id, from before ids were unambiguous.
                rows += views.journeys_called(self.journey)
        rows.sort(key=lambda row: _URGENCY.index(row.status))
        waits = views.waits(user=self.user, limit=1_000)
        if self.wait is not None:
            waits.sort(key=lambda wait: wait.seq != self.wait)
        found = [
            Actable(row, tuple(wait for wait in waits if wait.journey == row.id and wait.kind != "step"))
            for row in rows
        ]
        steps = _steps(views, self.user)
        journeys = tuple(
            replace(
                each,
                failure=views.failure(each.row.id) if each.row.status == "failed" else None,
                steps=steps.get(each.row.id, ()),
            )
            for each in found
        )
        at = next((at for at, each in enumerate(journeys) if each.row.id == self.journey), 0)
        return ActAnswer(journeys, at)


def _steps(views: Views, user: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entries in views.before(user, _ALL):
        names = [each.name or "" for each in entries if each.kind == "step.done"]
        found[entries[0].journey or ""] = tuple(dict.fromkeys(names))
    return found


def acts_for(found: Actable) -> list[Act]:
    """What can be done to a journey as it stands."""
    row = found.row
    acts: list[Act] = []
    if row.status == "failed":
        acts.append(Act("r", "resume where it failed", "resume"))
    for key, wait in zip("a23456789", answerable(found), strict=False):
        acts.append(Act(key, f"answer {wait.name}", "answer", wait=wait))
    due = ends_by_time(found)
    if due is not None:
        acts.append(Act("t", f"time out {wait_name(due)} now, for this one only", "time_out", wait=due))
    grouped = any(wait.kind == "group" for wait in found.waits)
    opened = counted(1 if grouped else len(found.waits), "open wait")
    if row.status in ("waiting", "idle", "failed"):
        question = f"Cancel {row.id}? It ends for good" + (f", and {opened} with it." if found.waits else ".")
        acts.append(Act("c", "cancel", "cancel", question))
    again = ""
    if found.steps:
        again = f" {runs_again([(name, 1) for name in found.steps], most=3)}."
    ends = f" It is {row.status}"
    if row.status in ("waiting", "idle", "failed"):
        ends += f": {opened} would end." if found.waits else "."
    else:
        ends += ", and stays in the history."
    question = f"Restart {row.id} from its first line?{ends}{again}"
    acts.append(Act("s", "restart from the first line", "restart", question))
    return acts


def answerable(found: Actable) -> list[WaitRow]:
    """The waits that an event ends; several of a `wait_any` or `wait_all`."""
    return [wait for wait in found.waits if wait.kind == "wait" and wait.name]


def wait_name(wait: WaitRow) -> str:
    """What a wait is called: by its event, else by its kind."""
    return wait.kind if wait.kind == "group" else wait.name or wait.kind


def ends_by_time(found: Actable) -> WaitRow | None:
    """The wait or sleep that a deadline ends: the one at the cursor, else the nearest."""
    return next((wait for wait in found.waits if wait.due_at is not None), None)


def failure_lines(failure: Entry) -> list[tuple[str, Any]]:
    """A failure as (place, text): the exception, the line it stands at, then the traceback."""
    data = failure.data if isinstance(failure.data, dict) else {}
    lines: list[tuple[str, Any]] = [("error", failure.message or "failed")]
    source = data.get("source")
    if source or failure.line:
        lines.append(("source", f"{failure.line or ''}   {str(source or '').strip()}"))
    traceback = data.get("traceback")
    if isinstance(traceback, str):
        lines += [("traceback", line) for line in traceback.rstrip().split("\n")]
    return lines
