"""What the rows of a pass amount to: outcomes that are recorded, waits that are open, where it began.

The one fold from history to the state of a pass, for every unit of work and all that look at a journey
without driving it on. `store/rebuild.py` folds for itself, on purpose: it is the second opinion of `verify`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from studio.kernel.state import CLOSES, OPENS, JourneyState, Record, Row, WaitState
from studio.language.commands import Key, key_text
from studio.language.kinds import Kind
from studio.text import json_text as jsontext

FAMILY: dict[int, str] = {
    Kind.WAIT_OPENED: "wait",
    Kind.WAIT_MATCHED: "wait",
    Kind.WAIT_TIMEOUT: "wait",
    Kind.WAIT_CLOSED: "wait",
    Kind.SLEEP_OPENED: "sleep",
    Kind.SLEEP_DONE: "sleep",
    Kind.SLEEP_CLOSED: "sleep",
    Kind.STEP_STARTED: "step",
    Kind.STEP_RETRY: "step",
    Kind.STEP_DONE: "step",
    Kind.STEP_FAILED: "step",
    Kind.EVENT: "ingest",
    Kind.EVENT_DUPLICATE: "ingest",
    Kind.SPLIT: "split",
    Kind.MESSAGE_ASKED: "message",
    Kind.MESSAGE_DEFERRED: "message",
    Kind.MESSAGE_SENT: "message",
    Kind.MESSAGE_DROPPED: "message",
    Kind.MESSAGE_WITHHELD: "message",
}
"""The word with which the key of a command begins, by the kind of its entry. Entries of commands have an
occurrence, `n`; others may be of the same kind and have none.
"""


NameText = Callable[[int], str]
"""The text of a name's number."""


def fold(journey: JourneyState, row: Row, waits: dict[int, WaitState], name_text: NameText) -> None:
    """Put one entry of a journey's pass into its state; a pass is folded oldest first.

    Args:
        row: journey, seq, at, kind, name, n, cause, late, data, place; then, of an entry whose wait is open,
            the wait's number, its event's name and its deadline, else None three times.
        waits: those that are known, by the entry that opened each; what the entry opened is added.
    """
    _, seq, at, kind, name, n, cause, late, data, place, wait_id, wait_name, due = row
    if kind in (Kind.STARTED, Kind.PASS):
        bound = seq if cause is None else cause
        if data is not None and '"bound":' in data:
            # The value of a key may have a field of this name.
            bound = jsontext.loads(data).get("bound", bound)
        journey.start = (at, bound, late or 0)
        journey.pass_at, journey.pass_cause = at, cause
        return
    if n is None or (kind >= Kind.STARTED and kind not in FAMILY):
        if data:
            _fold_act(journey, kind, jsontext.loads(data), waits)
        return
    key = key_of(kind, name, n, data, name_text)
    if kind in OPENS:
        if wait_id is not None:
            wait = waits.get(seq)
            if wait is None:
                wait = WaitState(seq, journey, kind, wait_name, due, key, data, cause, name, place, True)
                waits[seq] = wait
            if wait.open:
                journey.opened[key] = wait
    elif kind not in CLOSES:
        journey.outcomes[key] = Record(kind, seq, at, cause, late, data)


def _fold_act(journey: JourneyState, kind: int, facts: dict[str, Any], waits: dict[int, WaitState]) -> None:
    if kind == Kind.RESUMED:
        void = set(facts.get("void", ()))
        journey.outcomes = {k: r for k, r in journey.outcomes.items() if key_text(k) not in void}
    elif kind in (Kind.MOVED, Kind.WAIT_MOVED):
        # A reload gave open waits another length, or other members; or their user is in another zone.
        for opened, fields in facts.get("waits", {}).items():
            if (moved := waits.get(int(opened))) is not None:
                moved.spec.update(fields)


@dataclass(slots=True)
class OpenedInPass:
    """What a pass had opened up to an entry, and what of it was open there, whether or not it is so now."""

    opened: dict[Key, tuple[int, int]] = field(default_factory=dict)
    """Where and when each command was opened last: seq and moment."""
    open: set[Key] = field(default_factory=set)
    dues: dict[Key, int] = field(default_factory=dict)
    """Deadlines of what is open."""
    resumed: tuple[int, int] | None = None
    """seq and moment of the newest `resume` in it, or of the event at which it was reopened."""

    def fold(self, row: Row, name_text: NameText) -> None:
        """Put one entry of the pass into it; a pass is folded oldest first. The row is as `fold` takes it."""
        seq, at, kind, name, n, data = *row[1:6], row[8]
        if kind == Kind.RESUMED:
            self.resumed = (seq, at)
        elif kind == Kind.REOPENED and row[6] is not None:
            self.resumed = (row[6], at)
        if n is None or (kind >= Kind.STARTED and kind not in FAMILY):
            return
        key = key_of(kind, name, n, data, name_text)
        self.open.discard(key)
        self.dues.pop(key, None)
        if kind in OPENS:
            self.open.add(key)
            self.opened[key] = (seq, at)
            facts = jsontext.loads(data) if data else {}
            length = facts.get("pause" if kind == Kind.STEP_RETRY else "timeout", facts.get("duration"))
            if length is not None and kind != Kind.STEP_STARTED:
                self.dues[key] = at + length
        elif kind in CLOSES:
            self.opened.pop(key, None)


def key_of(kind: int, name: int | None, n: int, data: str | None, name_text: NameText) -> Key:
    """The key of the command that an entry belongs to (DESIGN rule 7)."""
    if Kind.GROUP_OPENED <= kind <= Kind.GROUP_CLOSED:
        family = "any" if name is not None and name_text(name) == "wait_any" else "all"
        text = ""
    else:
        family = FAMILY[kind]
        if family == "step" and data is not None:
            if '"once":true' in data:
                family = "once"
            elif kind != Kind.STEP_DONE and '"channel":' in data:
                # An attempt of a message. Nothing of an author's own stands in the data of these.
                family = "message"
        text = "" if name is None else name_text(name)
    if n < 0:
        return (family, "=" + jsontext.loads(data or "{}")["id"], -1)
    return (family, text, n)
