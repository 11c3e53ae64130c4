"""How people get on at each line of a workflow: who waits there, who matched, and how fast.

The counts are the rows of `places`, which the engine keeps. How long a match takes is kept by
nobody: it would cost the engine a look at each wait's opening. So the median is of the newest
matches, as many as a bounded walk back through the history finds; that also tells how fast it is
now, and not how fast it was a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import median_low

from studio.language.kinds import KIND_TEXT, Kind
from studio.store import view_sql as sql
from studio.store.line_statistics import OPENING
from studio.store.view_arms import ArmCounts
from studio.store.view_base import Rows

_Slot = tuple[str, str, "str | None"]
"""Place, kind and name."""

WALKED = 50_000
"""Entries that are walked back for matches."""
SAMPLED = 1_000
"""Matches of the workflow that are looked at."""

_MATCHED = frozenset(
    (Kind.WAIT_MATCHED, Kind.GROUP_MATCHED, Kind.SLEEP_DONE, Kind.STEP_DONE, Kind.MESSAGE_SENT)
)
_MISSED = frozenset(
    (Kind.WAIT_TIMEOUT, Kind.GROUP_TIMEOUT, Kind.STEP_FAILED, Kind.MESSAGE_DROPPED, Kind.MESSAGE_WITHHELD)
)
_CLOSED = frozenset((Kind.WAIT_CLOSED, Kind.GROUP_CLOSED, Kind.SLEEP_CLOSED))


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """What happened at one line, of one kind and name. Loops count each time round, not people."""

    place: str
    """ "onboarding.py:26"."""
    kind: str
    """ "wait", "sleep", "step", "event", "log" or "journey" (failed there)."""
    name: str | None
    now: int = 0
    """Open waits; of a step: running, or pausing before a retry."""
    matched: int = 0
    """Of a sleep or a step: done."""
    timed_out: int = 0
    """Of a step: failed."""
    closed: int = 0
    """Left without an outcome."""
    said: int = 0
    """Entries of kinds that are no waits."""
    median_ms: int | None = None
    """From the opening to the match, of the newest matches; 0 for what is there already."""
    arms: Mapping[str, int] = field(default_factory=dict)
    """Of a split: how many were drawn into each arm."""


def funnel(rows: Rows, workflow: int, last: int, arm_counts: ArmCounts) -> list[PlaceCounts]:
    """The counts of a workflow (names.id), by place; `last` is the newest entry."""
    found: dict[_Slot, PlaceCounts] = {}
    drawn = 0
    for place, name, kind, n in rows(sql.PLACES, workflow):
        drawn += n if kind == Kind.SPLIT else 0
        family = KIND_TEXT[kind].partition(".")[0]
        # A failure's name is its workflow.
        slot = (place, family, None if family == "journey" else name)
        counts = found.get(slot) or PlaceCounts(*slot)
        column = _column(kind)
        found[slot] = replace(counts, **{column: getattr(counts, column) + n})
    values = {"workflow": workflow, "from": last - WALKED, "top": last, "limit": SAMPLED}
    speeds: dict[_Slot, list[int]] = {}
    for place, name, kind, took in rows(sql.MATCHES, values):
        speeds.setdefault((place, KIND_TEXT[kind].partition(".")[0], name), []).append(took)
    if drawn:
        for (place, name, arm), n in arm_counts.of(rows, workflow, last, drawn).items():
            if (split := found.get((place, "split", name))) is not None:
                found[place, "split", name] = replace(split, arms={**split.arms, arm: n})
    return [
        replace(counts, median_ms=median_low(speeds[slot])) if slot in speeds else counts
        for slot, counts in found.items()
    ]


def _column(kind: int) -> str:
    if kind in OPENING:
        return "now"
    if kind in _MATCHED:
        return "matched"
    if kind in _MISSED:
        return "timed_out"
    return "closed" if kind in _CLOSED else "said"
