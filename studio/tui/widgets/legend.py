"""What the signs mean: one line for each, with its colour."""

from __future__ import annotations

from studio.tui.format.glyphs import glyphs

Meaning = tuple[str, str, str]
"""A sign, the name of its colour in `Look`, and what it says."""


def legend() -> list[tuple[str, list[Meaning]]]:
    """The signs in groups with titles, those of the lists first."""
    mark = glyphs()
    return [
        (
            "Signs: users and waits",
            [
                (mark.wait, "warning", "waits for an event; the time is what is left"),
                (mark.no_limit, "muted", "waits without a time limit"),
                (mark.sleep, "secondary", "sleeps until then"),
                (mark.running, "accent", "a step is running; before a row, your place"),
                (
                    f"{mark.marked} {mark.marked_here}",
                    "accent",
                    "marked, for one act on all; and at your place",
                ),
                (mark.paused_clock, "warning", "paused; of a step: waits for your approval"),
                (mark.completed, "success", "completed"),
                (mark.failed, "error", "failed"),
                (mark.stopped, "muted", "cancelled, or ended before its time"),
                (mark.idle, "muted", "between two passes: its trigger event starts the next"),
                (f"{mark.bar_left}{mark.bar_gone}", "warning", "time left, and time gone"),
            ],
        ),
        (
            "Signs: timeline and log",
            [
                (mark.event, "primary", "an event from outside"),
                (mark.sent, "primary", "an event that a journey has sent"),
                (mark.matched, "success", "the event that was waited for came"),
                (mark.timeout, "muted", "timed out: it did not come in time"),
                (mark.done, "success", "a step is done"),
                (mark.again, "muted", "a journey starts, or a pass: a run of its function"),
                (mark.log, "text", "what the journey printed or logged"),
                (mark.warning, "warning", "a warning"),
                (mark.similar, "warning", "nearly matched: an event that differs in one thing"),
                (mark.moved, "accent", "the clock was moved by hand"),
                (mark.loaded, "accent", "a workflow file was loaded again"),
                (mark.now, "accent", "now, on the time axis"),
            ],
        ),
        (
            "Signs: map of a workflow",
            [
                (mark.branch, "muted", "an if, with its branches below"),
                (mark.looked, "muted", "looks at events that came before, without waiting"),
                (mark.again, "muted", "a loop, or the next pass"),
                (mark.leave, "muted", "leaves the loop"),
                (mark.back, "muted", "returns from a function"),
                (mark.folded, "muted", "folded, or a function that is drawn elsewhere"),
                (mark.unread, "warning", "cannot be told from the source"),
            ],
        ),
        (
            "Signs: charts",
            [
                (mark.bar_left, "success", "part of a bar: went on"),
                (mark.bar_gone, "muted", "part of a bar: timed out"),
                (mark.staying, "warning", "part of a bar: still there"),
            ],
        ),
    ]
