"""What came of events that were sent: read right after they were stored, and told in a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.store.records import Entry
from studio.store.views import Views
from studio.wording.explanation import TRIGGERED_NOTHING


@dataclass(frozen=True, slots=True)
class Failure:
    """A journey that failed by what was done."""

    user: str
    seq: int
    """Of the entry that says so."""
    why: str
    """ "KeyError: 'id'"."""


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What one event did."""

    said: str
    """ "started onboarding", "answered trial's wait", "triggered nothing"; and a journey that failed."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The question what events did, by their places in the history."""

    seqs: tuple[int, ...]

    def read(self, views: Views) -> list[EventOutcome]:
        """For each event in its order."""
        effects: dict[int, list[Entry]] = {seq: [] for seq in self.seqs}
        for entry in views.effects(self.seqs, limit=20 * len(self.seqs) + 200):
            if entry.cause in effects:
                effects[entry.cause].append(entry)
        return [outcome(found) for found in effects.values()]


_VERBS: dict[str, Callable[[Entry], str]] = {
    "journey.started": lambda entry: f"started {entry.workflow}",
    "journey.restarted": lambda entry: f"started {entry.workflow}",
    "journey.reopened": lambda entry: f"reopened {entry.workflow}",
    "journey.pass": lambda entry: f"triggered {entry.workflow}",
    "wait.matched": lambda entry: f"answered {entry.workflow}'s wait",
    "journey.exited": lambda entry: f"ended {entry.workflow}",
}


def outcome(entries: Iterable[Entry]) -> EventOutcome:
    """What the entries that an event caused amount to."""
    said: dict[str, str] = {}
    failed: list[Entry] = []
    for entry in entries:
        if entry.journey is not None and (verb := _VERBS.get(entry.kind)) is not None:
            said.setdefault(entry.journey, verb(entry))
        elif entry.kind == "journey.failed":
            failed.append(entry)
    if not said and not failed:
        return EventOutcome(TRIGGERED_NOTHING)
    first, *others = said.values() or ("",)
    text = f"{first} +{len(others)}" if others else first
    if not failed:
        return EventOutcome(text)
    failure = failure_of(failed[0])
    who = "the journey" if len(said) < 2 else failed[0].workflow
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    text = f"{text}, and {who}{more} failed" if text else f"{who}{more} failed"
    return EventOutcome(f"{text}: {failure.why}", failure)


def failure_of(entry: Entry) -> Failure:
    """The failure that an entry tells of."""
    why = (entry.message or "it raised an error").strip().partition("\n")[0]
    return Failure(entry.user or "", entry.seq, why)
