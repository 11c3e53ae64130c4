"""One journey taken through its entries: what the derived tables must hold of it.

For `rebuild.py`, and apart from the kernel's fold on purpose: it is the second opinion of `verify`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from studio.language.kinds import OPEN, Kind, Status
from studio.store.line_statistics import OPENING, Slot
from studio.store.schema import TOTAL_STATUS, TOTAL_WAITS
from studio.text import json_text as jsontext

Row = tuple[Any, ...]
Key = tuple[str, int | str | None, int | None]
_Placed = tuple[int, int, int]
"""Place, name (0: none) and kind."""

ENDS = {
    Kind.COMPLETED: Status.COMPLETED,
    Kind.FAILED: Status.FAILED,
    Kind.EXITED: Status.EXITED,
    Kind.CANCELLED: Status.CANCELLED,
}
OPENS = {
    Kind.WAIT_OPENED: "timeout",
    Kind.GROUP_OPENED: "timeout",
    Kind.SLEEP_OPENED: "duration",
    Kind.STEP_STARTED: "",
    Kind.STEP_RETRY: "pause",
    Kind.MESSAGE_ASKED: "duration",
    Kind.MESSAGE_DEFERRED: "duration",
}
"""Entries that open a wait, and where their data says how long it lasts."""
OUTCOMES = {
    Kind.SPLIT: "split",
    Kind.MESSAGE_ASKED: "message",
    Kind.MESSAGE_DEFERRED: "message",
    Kind.MESSAGE_SENT: "message",
    Kind.MESSAGE_DROPPED: "message",
    Kind.MESSAGE_WITHHELD: "message",
}
"""Entries behind those of passes that say what a command came to, and the first word of its key."""


class DerivedJourney:
    """One journey, taken through its entries."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.user = self.workflow = 0
        self.key = ""
        self.n = 1
        self.status = Status.WAITING
        self.pass_number = self.pass_seq = self.trigger = self.since = self.runaway_count = 0
        self.note: str | None = None
        self._pass_at: int | None = None
        self._pass_cause: int | None = None
        self._waits: dict[Key, tuple[Row, _Placed | None]] = {}
        """Rows of the table, and where each is counted."""
        self._since: dict[int, int] = {}
        """From when on the time of each of them counts."""
        self._kinds: dict[int, int] = {}
        self._places: Counter[_Placed] = Counter()

    def take(
        self,
        seq: int,
        at: int,
        kind: int,
        user: int,
        pass_number: int,
        name: int | None,
        n: int | None,
        place: int | None,
        cause: int | None,
        data: str | None,
        cause_kind: int | None,
        cause_journey: int | None,
    ) -> None:
        """The next entry."""
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if place is not None and kind not in OPENING:
            self._places[(place, name or 0, kind)] += 1
        if kind == Kind.NOTE:
            self.note = data
            return
        if kind in (Kind.EVENT, Kind.EVENT_DUPLICATE) or Kind.LOG_DEBUG <= kind < Kind.NOTE:
            return
        facts = json.loads(data) if data else {}
        if kind == Kind.STARTED:
            self.user, self.workflow = user, name or 0
            self.key = jsontext.dumps(facts["key"]) if "key" in facts else ""
            self.n = facts.get("n", 1)
            self.since = facts.get("trigger", cause or 0)
            self._begin(seq, at, pass_number, self.since, 0)
            self._pass_cause = cause
        elif kind == Kind.PASS:
            # What moves a journey from outside: an event that no journey sent, and the operator.
            outside = (cause_kind == Kind.EVENT and cause_journey is None) or cause_kind in (
                Kind.RESUMED,
                Kind.RESTARTED,
                Kind.MOVED,
            )
            # Its first pass moves the journey on; more of them by the same cause are a standing still.
            moved = at != self._pass_at or (outside and cause != self._pass_cause)
            runaway_count = 0 if moved else self.runaway_count + 1
            self._begin(seq, at, pass_number, facts.get("trigger", cause or 0), runaway_count)
            self._pass_cause = cause
        elif kind in (Kind.RESUMED, Kind.REOPENED):
            self.status, self.runaway_count = Status.WAITING, 0
        elif kind == Kind.RESTARTED:
            self.status = Status.CANCELLED if self.status in OPEN else self.status
        elif kind in (Kind.MOVED, Kind.WAIT_MOVED):
            self._lengthen(at, facts.get("waits", {}))
        elif kind in ENDS:
            self.status = ENDS[kind]
        elif kind < Kind.LOG_DEBUG or (kind in OUTCOMES and n is not None):
            self._wait(seq, at, kind, name, n, place, facts)

    def _begin(self, seq: int, at: int, pass_number: int, trigger: int, runaway_count: int) -> None:
        self.status = Status.WAITING
        self.pass_number, self.pass_seq, self.trigger, self.runaway_count = (
            pass_number,
            seq,
            trigger,
            runaway_count,
        )
        self._pass_at = at

    def _wait(
        self,
        seq: int,
        at: int,
        kind: int,
        name: int | None,
        n: int | None,
        place: int | None,
        facts: dict[str, Any],
    ) -> None:
        family = "once" if facts.get("once") is True else _family(kind, name)
        if family == "step" and kind != Kind.STEP_DONE and "channel" in facts:
            family = "message"
        key: Key = (family, facts.get("id") if n == -1 else name, n)
        # Whatever comes next for its key ends a wait: an outcome, or another start of the step.
        self._waits.pop(key, None)
        if kind not in OPENS:
            return
        time = facts.get(OPENS[kind])
        # One that a reload opened again counts from when it was opened first.
        self._since[seq] = since = facts.get("since", at)
        waited = None if kind != Kind.WAIT_OPENED else 0 if "events" in facts else name
        due = None if time is None else max(since + time, at)
        row = (seq, self.id, self.user, kind, waited, due)
        self._waits[key] = row, None if place is None else (place, name or 0, kind)

    def _lengthen(self, at: int, changed: dict[str, dict[str, Any]]) -> None:
        """A reload, or another zone, gave open waits another length, counted from when they were opened."""
        for key, (row, placed) in self._waits.items():
            facts = changed.get(str(row[0]), {})
            for name in ("timeout", "duration"):
                if name in facts:
                    time = facts[name]
                    due = None if time is None else max(self._since[row[0]] + time, at)
                    self._waits[key] = (*row[:-1], due), placed

    @property
    def standing(self) -> int:
        """Its status, as the table has it."""
        # A pass that returned None leaves no entry: the journey waits, and for nothing.
        return Status.IDLE if self.status == Status.WAITING and not self._waits else self.status

    @property
    def open_waits(self) -> int:
        """How many of its waits are open."""
        return len(self._waits)

    def waiting_at(self) -> Counter[_Placed]:
        """How many of its waits are open at each place."""
        return Counter(placed for _, placed in self._waits.values() if placed is not None)

    def rows(self, count: Any) -> Iterator[tuple[str, Row]]:
        """What the tables must hold of it now."""
        status = self.standing
        yield (
            "journeys",
            (
                self.id,
                self.user,
                self.workflow,
                self.key,
                self.n,
                int(status),
                self.pass_number,
                self.pass_seq,
                self.trigger,
                self.since,
                self.runaway_count,
                self.note,
            ),
        )
        for wait, _ in self._waits.values():
            yield "waits", wait
        for kind, n in self._kinds.items():
            count(self.workflow, kind, n)
        count(self.workflow, TOTAL_STATUS + status)
        count(self.workflow, TOTAL_WAITS, len(self._waits))

    def count_places(self, found: Counter[Slot]) -> None:
        """Add what it has done at each place, and where it waits."""
        for counts in (self._places, self.waiting_at()):
            for placed, n in counts.items():
                found[(self.workflow, *placed)] += n


def _family(kind: int, name: int | None) -> str:
    if kind in OUTCOMES:
        return OUTCOMES[kind]
    if kind < Kind.GROUP_OPENED:
        return "wait"
    if kind < Kind.SLEEP_OPENED:
        # wait_any and wait_all differ by their name.
        return f"group {name}"
    return "sleep" if kind < Kind.STEP_STARTED else "step"
