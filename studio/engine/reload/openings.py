"""What the waits of journeys were opened with, read from a store: outcomes do not repeat it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.dry_run import same_match
from studio.kernel.state import JourneyState, Record
from studio.language.commands import Key, Wait
from studio.language.kinds import Kind
from studio.store.read_entries import openings
from studio.text import json_text as jsontext


class Openings:
    """What the waits of some journeys were opened with: their fingerprints, which outcomes do not repeat."""

    def __init__(self, unit: StoreUnit, journeys: Iterable[JourneyState]) -> None:
        self._facts: dict[tuple[int, Key], dict[str, Any]] = {}
        for journey, name, n, data in openings(unit.store, [journey.id for journey in journeys]):
            facts = jsontext.loads(data) if data else {}
            text = f"={facts['id']}" if n < 0 else unit.name_text(name)
            self._facts[(journey, ("wait", text, n))] = facts

    def differs(self, journey: JourneyState, wait: Wait, record: Record) -> bool:
        """Whether an outcome was recorded for another match than this wait has."""
        facts = self._facts.get((journey.id, wait.key))
        if facts is None:
            # It was answered at once, and its own record says for what.
            facts = record.json() if record.kind == Kind.WAIT_MATCHED else {"match": wait.match}
        return not same_match(facts.get("match"), wait.match)
