"""Which open waits an event ends."""

from __future__ import annotations

from studio.kernel.ports import History
from studio.kernel.state import JourneyState, WaitState
from studio.language.event import Event
from studio.text import json_text as jsontext


def ended_by(history: History, journey: JourneyState, event: Event) -> list[WaitState]:
    """The open waits of a journey that an event ends when it comes, oldest first.

    Args:
        event: its `seq` is the number that its entry would have.
    """
    waits = history.waits_for(journey.user, history.name_id(event.name))
    return first_of_each([wait for wait in waits if wait.journey is journey and wait.meets(event)])


def first_of_each(waits: list[WaitState]) -> list[WaitState]:
    """Of waits for the same event and match the first: a second goes on behind it (DESIGN rule 9)."""
    if len(waits) < 2:
        return waits
    first: dict[tuple[int | None, str], WaitState] = {}
    for wait in waits:
        first.setdefault((wait.label, jsontext.dumps(wait.spec.get("match"))), wait)
    return list(first.values())
