"""How an entry of the history looks: its glyph and its colours, before the words that commands say too."""

from __future__ import annotations

from dataclasses import dataclass

from studio.store.records import Entry
from studio.tui.format.glyphs import glyphs
from studio.tui.format.text import literal
from studio.wording.entries import Surroundings, entry_words

Marks = tuple[str, str, str]
"""A glyph, the name of its style in `Look`, and that of the text behind it."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """How an entry is shown."""

    sign: str
    tone: str
    """Name of the sign's style in `Look`."""
    text: str
    detail: str = ""
    """Shown behind the text, and first to be cut."""
    text_tone: str = "text"
    left_ms: int | None = None
    """Of what is still open and has a deadline."""


def say(entry: Entry, around: Surroundings, now: int) -> ShownEntry:
    """The entry in words, as of this moment."""
    words = entry_words(entry, around, now)
    sign, tone, text_tone = _marks(entry, around)
    detail = literal(words.detail)
    if entry.kind == "step.started" and entry.seq in around.on_hold:
        detail += " · H"
    return ShownEntry(sign, tone, literal(words.text), detail, text_tone, words.left_ms)


def _marks(entry: Entry, around: Surroundings) -> Marks:
    mark = glyphs()
    match entry.kind:
        case "event":
            return mark.event if entry.journey is None else mark.sent, "primary", "text"
        case "log":
            return _log_marks(entry.level)
        case "event.duplicate":
            return mark.sent, "muted", "text"
        case "message.sent" | "message.started":
            return mark.sent, "success", "text"
        case "message.deferred" | "message.asked":
            is_open = around.open_seqs.get(entry.seq) is not None
            return mark.wait, *(("warning", "warning") if is_open else ("muted", "text"))
        case "message.dropped" | "message.withheld":
            return mark.stopped, "warning", "text"
        case "split.drawn":
            return mark.branch, "accent", "text"
        case "journey.completed":
            return mark.completed, "success", "text"
        case "journey.failed" | "workflow.failed" | "hook.failed" | "step.failed":
            return mark.failed, "error", "error"
        case "goal.met":
            return mark.completed, "accent", "text"
        case "journey.exited" | "journey.cancelled" | "journey.refused":
            return mark.stopped, "muted", "text"
        case "workflow.loaded" | "journey.moved" | "wait.moved":
            return mark.loaded, "accent", "text"
        case "clock.moved":
            return mark.moved, "accent", "accent"
        case kind if kind.startswith("wait."):
            return _wait_marks(entry, around)
        case kind if kind.startswith("sleep."):
            return _sleep_marks(entry, around)
        case kind if kind.startswith("step."):
            return _step_marks(entry, around)
        case _:
            return mark.again, "muted", "text"


def _log_marks(level: str | None) -> Marks:
    mark = glyphs()
    match level:
        case "warning":
            return mark.warning, "warning", "warning"
        case "error":
            return mark.failed, "error", "error"
        case "debug":
            return mark.log, "muted", "muted"
        case "note":
            return mark.log, "accent", "text"
        case _:
            return mark.log, "text", "text"


def _wait_marks(entry: Entry, around: Surroundings) -> Marks:
    mark = glyphs()
    match entry.kind:
        case "wait.opened" if entry.seq in around.open_seqs:
            if around.open_seqs[entry.seq] is None:
                return mark.no_limit, "muted", "text"
            return mark.wait, "warning", "warning"
        case "wait.opened":
            return mark.wait, "muted", "text"
        case "wait.matched":
            return mark.matched, "success", "text"
        case "wait.timeout":
            return mark.timeout, "muted", "text"
        case _:
            return mark.stopped, "muted", "text"


def _sleep_marks(entry: Entry, around: Surroundings) -> Marks:
    mark = glyphs()
    if entry.kind == "sleep.done":
        return mark.sleep, "success", "text"
    if entry.kind != "sleep.opened":
        return mark.stopped, "muted", "text"
    is_open = around.open_seqs.get(entry.seq) is not None
    return mark.sleep, *(("secondary", "secondary") if is_open else ("muted", "text"))


def _step_marks(entry: Entry, around: Surroundings) -> Marks:
    mark = glyphs()
    match entry.kind:
        case "step.started" if entry.seq in around.on_hold:
            return mark.paused_clock, "warning", "warning"
        case "step.started":
            return mark.running, "accent" if entry.seq in around.open_seqs else "muted", "text"
        case "step.retry":
            return mark.warning, "warning", "text"
        case _:
            return mark.done, "success", "text"
