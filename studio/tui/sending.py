"""Sending events by hand, one or many, and telling what came of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.incoming import Incoming
from studio.store.views import Views
from studio.tui.desk import Desk, check_event, outcome
from studio.tui.drafts import for_user
from studio.tui.reading import Reader
from studio.tui.widgets.times import clock, day_clock, same_day
from studio.user_spans import each_user

MOST_OUTCOMES = 1_000
"""Of more events at once, what came of the first is told."""
WOKE_NOTHING = "woke nothing"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending."""

    said: str
    events: Sequence[Incoming]
    seq: int | None
    """Of a single event, where that is known."""
    woke: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The question what events did: read right after they were stored."""

    seqs: tuple[int, ...]

    def read(self, views: Views) -> list[str]:
        """For each, in a few words: "started onboarding", "answered trial's wait", "woke nothing"."""
        effects: dict[int, list[Any]] = {seq: [] for seq in self.seqs}
        for entry in views.effects(self.seqs, limit=20 * len(self.seqs) + 200):
            if entry.cause in effects:
                effects[entry.cause].append(entry)
        return [outcome(found) for found in effects.values()]


def written(event: str, user: str, data: Mapping[str, Any]) -> list[Incoming]:
    """The events of what was typed: one, or one for each user of `user{1..50}`.

    Raises:
        EventError: a field cannot be stored; says which and why.
    """
    many = each_user(user.strip())
    if many is None:
        return [check_event(event, user, data)]
    return [check_event(event, each, for_user(data, each, number)) for each, number in many]


async def deliver(desk: Desk, reader: Reader, events: Sequence[Incoming]) -> Sent:
    """Send, and say what came of it.

    Raises:
        StudioError: nothing was stored, with the reason.
    """
    began = time.perf_counter()
    if len(events) == 1:
        stored = [await desk.send(events[0])]
    else:
        stored = await desk.send_many(events)
    took = (time.perf_counter() - began) * 1000
    known = [each for each in stored if each is not None]
    came = [each.came_at for each in known if each.came_at is not None]
    seqs = tuple(each.seq for each in known if each.came_at is None)
    count = "" if len(events) == 1 else f" {len(events) - len(came):,}"
    if came and not seqs:
        # Not explained: what that event did once is not what this one did.
        return Sent(duplicate(came, desk.clock.now()), events, None, False)
    if not seqs:
        taker = f"pid {desk.viewer_of} takes {'it' if len(events) == 1 else 'them'}"
        what = taker if desk.viewer_of else "kept until an engine runs"
        return Sent(f"sent{count} · {what} · {took:.1f} ms", events, None, True)
    found = await reader.ask(Outcomes(seqs[:MOST_OUTCOMES]).read)
    if len(events) == 1:
        if found[0] == WOKE_NOTHING:
            return Sent(f"sent · {WOKE_NOTHING} · w why", events, seqs[0], False)
        return Sent(f"sent · {found[0]} · {took:.1f} ms", events, seqs[0], True)
    counted = Counter(found).most_common()
    if came:
        counted.insert(0, ("duplicate", len(came)))
    told = ", ".join(f"{what} ×{times:,}" for what, times in counted[:2])
    if len(counted) > 2:
        told += f" +{len(counted) - 2}"
    if len(seqs) > MOST_OUTCOMES:
        told += f", of the first {MOST_OUTCOMES:,}"
    return Sent(f"sent{count} · {told} · {took:.0f} ms", events, None, set(found) != {WOKE_NOTHING})


def duplicate(came: Sequence[int], now: int) -> str:
    """Say that nothing was stored, because events of these ids had come before, at these moments."""
    if len(came) > 1:
        return f"duplicates: these {len(came):,} ids came already · nothing sent"
    at = clock(came[0]) if same_day(came[0], now) else day_clock(came[0])
    return f"duplicate: that id came already at {at} · nothing sent"
