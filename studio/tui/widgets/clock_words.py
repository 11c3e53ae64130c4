"""What was done to the clock, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.tui.widgets.times import day_clock, span, took


def clock_words(fields: Mapping[str, Any]) -> str:
    """What an entry of kind clock.moved says: "jumped 3d 0h to Tue 24 Nov 11:30:00 · 214 deadlines"."""
    if "paused" in fields:
        return "clock paused by hand" if fields["paused"] else "clock runs again"
    if "speed" in fields:
        return f"clock at ×{fields['speed']}"
    start, end = fields.get("from"), fields.get("to")
    if not isinstance(start, int) or not isinstance(end, int) or end < start:
        return "clock moved by hand"
    words = f"jumped {span(end - start)} to {day_clock(end)}"
    if isinstance(count := fields.get("deadlines"), int):
        words += f" · {count:,} deadline{'s' * (count != 1)}"
    if isinstance(ms := fields.get("took"), int):
        words += f" · {took(ms)}"
    if fields.get("stopped"):
        words += " · stopped by hand"
    if fields.get("interrupted"):
        words += " · cut short: the engine ended"
    return words
