"""A user's history as lanes: entries paired to bars and marks, one lane for each journey.

Pure: from entries, open waits and journeys to values; where they stand on the screen
is `lane_layout.py`'s business. An entry that ends something is paired with the one that
opened it by journey, pass and key; of what was opened before the entries that are known,
only the end is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.store.records import Entry, JourneyRow, WaitRow

Kind = Literal["wait", "sleep", "step", "group"]
Outcome = Literal["open", "matched", "timeout", "closed", "done", "failed"]

_ENDINGS: dict[str, Outcome] = {
    "wait.matched": "matched",
    "wait.timeout": "timeout",
    "wait.closed": "closed",
    "sleep.done": "done",
    "sleep.closed": "closed",
    "step.done": "done",
    "step.failed": "failed",
    "step.retry": "failed",
    "message.sent": "done",
    "message.dropped": "closed",
    "message.withheld": "closed",
}
_OPENINGS = (
    *("wait.opened", "sleep.opened", "step.started", "step.retry"),
    *("message.asked", "message.deferred"),
)
_JOURNEY_ENDS = {
    "journey.completed": "completed",
    "journey.failed": "failed",
    "journey.exited": "stopped",
    "journey.cancelled": "stopped",
}
_WENT_ON = ("journey.resumed", "journey.reopened")
ENDED = ("completed", "exited", "cancelled")
"""Statuses of journeys that nothing happens to any more."""


NO_ENTRY = 0
"""The `seq` of what is known without its entry."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that took time, or takes it still."""

    kind: Kind
    start_at: int
    end_at: int | None
    """None: it is open."""
    outcome: Outcome
    seq: int
    """The entry that opened it; that which ended it when the other is not known."""
    end_seq: int | None
    due_at: int | None
    """Of what is open: when it ends by itself."""
    name: str


@dataclass(frozen=True, slots=True)
class LaneMark:
    """Something that happened at one moment."""

    at: int
    seq: int
    kind: str
    """event, sent, started, pass, completed, failed, stopped, moved."""
    number: int = 0
    """Of a pass: which."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One journey over time."""

    journey: str
    name: str
    """Workflow and key, as a person calls it."""
    bars: tuple[Bar, ...]
    """One after the other: what the journey itself waits for."""
    branches: tuple[Bar, ...]
    """Open members of what it waits for: one row each."""
    marks: tuple[LaneMark, ...]
    passes: tuple[LaneMark, ...]
    status: str
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Lanes:
    """All that is drawn of a user."""

    events: tuple[LaneMark, ...] = ()
    lanes: tuple[Lane, ...] = ()
    moves: tuple[LaneMark, ...] = ()
    more: int = 0
    """Journeys that the user has beside these."""
    row_of: Mapping[int, str | None] = field(default_factory=dict)
    """`seq` of each known entry to its journey; None for events."""
    at_of: Mapping[int, int] = field(default_factory=dict)
    start_at: int | None = None
    """When the first of all happened to the user, also where that is not among what is drawn."""

    def moments(self) -> list[int]:
        """When anything happened or will, each moment once, in order."""
        found = {mark.at for mark in (*self.events, *self.moves)}
        if self.start_at is not None:
            found.add(self.start_at)
        for lane in self.lanes:
            found.update(mark.at for mark in (*lane.marks, *lane.passes))
            for bar in (*lane.bars, *lane.branches):
                found.add(bar.start_at)
                found.update(at for at in (bar.end_at, bar.due_at) if at is not None)
        return sorted(found)


@dataclass(slots=True)
class _Draft:
    """A lane while its entries are gone through."""

    bars: list[Bar] = field(default_factory=list)
    branches: list[Bar] = field(default_factory=list)
    marks: list[LaneMark] = field(default_factory=list)
    passes: list[LaneMark] = field(default_factory=list)
    opened: dict[tuple[int | None, str | None], Entry] = field(default_factory=dict)
    begun: bool = False
    """The entry with which it began is known."""


def build(
    entries: Iterable[Entry],
    waits: Iterable[WaitRow],
    journeys: Sequence[JourneyRow],
    moves: Iterable[Entry] = (),
    total: int = 0,
    start_at: int | None = None,
) -> Lanes:
    """Pair what is known of a user's history.

    Args:
        entries: of all journeys, with the user's events; each once, oldest first.
        waits: what is open, for the deadlines.
        journeys: those that get a lane, in order.
        moves: where the clock was moved.
        total: how many journeys the user has.
        start_at: when the first of all happened to the user.
    """
    open_waits = {wait.seq: wait for wait in waits}
    drafts = {row.id: _Draft() for row in journeys}
    events: list[LaneMark] = []
    row_of: dict[int, str | None] = {}
    at_of: dict[int, int] = {}
    for entry in entries:
        row_of[entry.seq] = None if entry.kind == "event" else entry.journey
        at_of[entry.seq] = entry.at
        if entry.kind == "event":
            events.append(LaneMark(entry.at, entry.seq, "event" if entry.journey is None else "sent"))
        elif entry.journey is not None and (draft := drafts.get(entry.journey)) is not None:
            _take(draft, entry, open_waits)
    moved: list[LaneMark] = []
    for entry in moves:
        row_of[entry.seq], at_of[entry.seq] = None, entry.at
        # Pauses and speeds are told in the list; a column stands where time was left out.
        if not _fields(entry).keys() & {"paused", "speed"}:
            moved.append(LaneMark(entry.at, entry.seq, "moved"))
    lanes = tuple(_finish(drafts[row.id], row, open_waits) for row in journeys)
    # What the journey looks like is told by its bars; the clock's moves matter only beside them.
    first = min((lane.bars[0].start_at for lane in lanes if lane.bars), default=None)
    return Lanes(
        events=tuple(events),
        lanes=lanes,
        moves=tuple(mark for mark in moved if first is not None and mark.at >= first),
        more=max(0, total - len(journeys)),
        row_of=row_of,
        at_of=at_of,
        start_at=start_at,
    )


def _take(draft: _Draft, entry: Entry, open_waits: Mapping[int, WaitRow]) -> None:
    command = (entry.pass_number, entry.key)
    outcome = _ENDINGS.get(entry.kind)
    if outcome is not None:
        opening = draft.opened.pop(command, None)
        # A branch is shown while it is open; what its end meant stands on the journey's own row.
        if opening is None or not _member(opening):
            draft.bars.append(_bar(opening or entry, entry, outcome))
    if entry.kind in _OPENINGS:
        draft.opened[command] = entry
    elif entry.kind in ("journey.started", "journey.restarted", *_WENT_ON):
        draft.marks.append(LaneMark(entry.at, entry.seq, "started"))
        draft.begun = draft.begun or entry.kind not in _WENT_ON
    elif entry.kind in _JOURNEY_ENDS:
        draft.marks.append(LaneMark(entry.at, entry.seq, _JOURNEY_ENDS[entry.kind]))
        draft.opened.clear()
    if entry.kind in ("journey.started", "journey.pass"):
        draft.passes.append(LaneMark(entry.at, entry.seq, "pass", entry.pass_number or 1))


def _finish(draft: _Draft, row: JourneyRow, open_waits: Mapping[int, WaitRow]) -> Lane:
    for entry in draft.opened.values():
        wait = open_waits.get(entry.seq)
        if wait is None and row.status != "waiting":
            # Left behind by an end of the journey whose own entry is not known.
            continue
        due_at = wait.due_at if wait is not None else _due(entry)
        bar = Bar(_kind(entry), entry.at, None, "open", entry.seq, None, due_at, _name(entry))
        (draft.branches if _member(entry) else draft.bars).append(bar)
    # Parallel steps and waits of one journey: the first that is open stands on its row.
    known = [*(mark.at for mark in draft.marks), *(bar.start_at for bar in draft.bars)]
    if not draft.begun and min(known, default=row.started_at) > row.started_at:
        # It began before the entries that are known: an entry of its own to go to is not among them.
        draft.marks.insert(0, LaneMark(row.started_at, NO_ENTRY, "started"))
    own = [bar for bar in draft.bars if bar.end_at is not None]
    still = sorted(
        (bar for bar in draft.bars if bar.end_at is None),
        key=lambda bar: (bar.due_at is None, bar.due_at or 0, bar.seq),
    )
    return Lane(
        journey=row.id,
        name=row.workflow + row.id[len(row.workflow) + 1 + len(row.user) :].replace("/", " ", 1),
        bars=(*sorted(own, key=lambda bar: (bar.start_at, bar.seq)), *still[:1]),
        branches=(*still[1:], *draft.branches),
        marks=tuple(draft.marks),
        passes=tuple(draft.passes),
        status=row.status,
        due_at=min((at for bar in (*still, *draft.branches) if (at := bar.due_at) is not None), default=None),
    )


def _bar(opening: Entry, end: Entry, outcome: Outcome) -> Bar:
    start_at = min(opening.at, end.at)
    return Bar(_kind(end), start_at, end.at, outcome, opening.seq, end.seq, None, _name(end))


def _kind(entry: Entry) -> Kind:
    if entry.key is not None and entry.key.split("#")[0].split("=")[0] in ("any", "all"):
        return "group"
    word = entry.kind.partition(".")[0]
    return "sleep" if word == "sleep" else "step" if word in ("step", "message") else "wait"


def _name(entry: Entry) -> str:
    return entry.name or ("sleep" if entry.kind.startswith("sleep") else "")


def _fields(entry: Entry) -> Mapping[str, Any]:
    return entry.data if isinstance(entry.data, Mapping) else {}


def _member(entry: Entry) -> bool:
    return isinstance(_fields(entry).get("group"), str)


def _due(entry: Entry) -> int | None:
    fields = _fields(entry)
    length = fields.get("duration" if entry.kind == "sleep.opened" else "timeout")
    return entry.at + length if isinstance(length, int) and not isinstance(length, bool) else None
