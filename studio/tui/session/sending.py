"""Sending events by hand, one or many, and telling what came of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.engine.client import EngineClient
from studio.events.user_spans import each_user
from studio.language.incoming import Incoming
from studio.tui.session.drafts import for_user
from studio.tui.session.example_event import check_event
from studio.tui.session.outcomes import Failure, Outcomes
from studio.tui.session.reader import Reader
from studio.wording.explanation import TRIGGERED_NOTHING
from studio.wording.times import clock, day_clock, same_day

MOST_OUTCOMES = 1_000
"""Of more events at once, what came of the first is told."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of sending."""

    said: str
    events: Sequence[Incoming]
    seq: int | None
    """Of a single event, where that is known."""
    woke: bool
    failure: Failure | None = None
    """A journey that failed by it; by the first of several that did."""


def written(event: str, user: str, data: Mapping[str, Any]) -> list[Incoming]:
    """The events of what was typed: one, or one for each user of `user{1..50}`.

    Raises:
        EventError: a field cannot be stored; says which and why.
    """
    many = each_user(user.strip())
    if many is None:
        return [check_event(event, user, data)]
    return [check_event(event, each, for_user(data, each, number)) for each, number in many]


async def deliver(client: EngineClient, reader: Reader, events: Sequence[Incoming]) -> SendResult:
    """Send, and say what came of it.

    Raises:
        StudioError: nothing was stored, with the reason.
    """
    began = time.perf_counter()
    if len(events) == 1:
        stored = [await client.send(events[0])]
    else:
        stored = await client.send_many(events)
    took = (time.perf_counter() - began) * 1000
    known = [each for each in stored if each is not None]
    came = [each.came_at for each in known if each.came_at is not None]
    seqs = tuple(each.seq for each in known if each.came_at is None)
    count = "" if len(events) == 1 else f" {len(events) - len(came):,}"
    if came and not seqs:
        # Not explained: what that event did once is not what this one did.
        return SendResult(duplicate(came, client.clock.now()), events, None, False)
    if not seqs:
        taker = f"pid {client.viewer_of} will process {'it' if len(events) == 1 else 'them'}"
        what = taker if client.viewer_of else "stored until an engine runs"
        return SendResult(f"sent{count} · {what} · {took:.1f} ms", events, None, True)
    found = await reader.ask(Outcomes(seqs[:MOST_OUTCOMES]).read)
    if len(events) == 1:
        one = found[0]
        if one.said == TRIGGERED_NOTHING:
            return SendResult(f"sent · {TRIGGERED_NOTHING} · w why", events, seqs[0], False)
        took_words = "" if one.failure is not None else f" · {took:.1f} ms"
        return SendResult(f"sent · {one.said}{took_words}", events, seqs[0], True, one.failure)
    said = [each.said for each in found]
    failed = [each.failure for each in found if each.failure is not None]
    counted = Counter(said).most_common()
    if came:
        counted.insert(0, ("duplicate", len(came)))
    told = ", ".join(f"{what} ×{times:,}" for what, times in counted[:2])
    if len(counted) > 2:
        told += f" +{len(counted) - 2}"
    if len(seqs) > MOST_OUTCOMES:
        told += f", of the first {MOST_OUTCOMES:,}"
    failure = failed[0] if failed else None
    if failure is not None:
        told = f"{len(failed):,} journey{'s' * (len(failed) != 1)} failed: {failure.why} · {told}"
    woke = set(said) != {TRIGGERED_NOTHING}
    return SendResult(f"sent{count} · {told} · {took:.0f} ms", events, None, woke, failure)


def duplicate(came: Sequence[int], now: int) -> str:
    """Say that nothing was stored, because events of these ids had come before, at these moments."""
    if len(came) > 1:
        return f"duplicates: {len(came):,} ids, received before · nothing sent"
    at = clock(came[0]) if same_day(came[0], now) else day_clock(came[0])
    return f"duplicate id, received at {at} · nothing sent"
