"""How a clock stands, and what was done to it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.clocks.adjustable_clock import ClockReading
from studio.wording.times import day_clock, span, took


def clock_state(reading: ClockReading) -> str:
    """How a clock stands: "runs", "×60", "paused", "jumps to Tue 24 Nov 11:30:00 (40 %)"."""
    if reading.jump is not None:
        return f"jumps to {day_clock(reading.jump.to)} ({reading.jump.percent} %)"
    if reading.paused:
        return "paused"
    return f"×{reading.speed:,}" if reading.movable and reading.speed > 1 else "runs"


def clock_words(fields: Mapping[str, Any]) -> str:
    """What an entry of kind clock.moved says: "jumped 3d 0h to Tue 24 Nov 11:30:00 · 214 deadlines"."""
    if "paused" in fields:
        return "clock paused by hand" if fields["paused"] else "clock runs again"
    if "speed" in fields:
        return f"clock at ×{fields['speed']}"
    start, end = fields.get("from"), fields.get("to")
    if (words := _taken_back(fields)) and isinstance(end, int):
        return f"{words.format(day_clock(end))}"
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


def _taken_back(fields: Mapping[str, Any]) -> str:
    """Words for time that was taken back, with a place for the moment; none when it was not."""
    kept = f" · state before: snapshot {fields['snapshot']}" if "snapshot" in fields else ""
    if "rewind" in fields:
        entries = fields.get("entries", 0)
        gone = (
            f" · {entries:,} entr{'y' if entries == 1 else 'ies'} removed" if isinstance(entries, int) else ""
        )
        return f"rewound to {{}}{gone}{kept}"
    if "restore" in fields:
        return f"returned to snapshot {fields['restore']}, {{}}{kept}"
    return "forked at {}" if "fork" in fields else ""
