"""An entry of the history in words: its sign, its colour, what it says, what stands behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.store.records import Entry
from studio.tui.widgets.clock_words import clock_words
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import literal, preview
from studio.tui.widgets.times import left, span, took, whole


@dataclass(frozen=True, slots=True)
class Said:
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


@dataclass(slots=True)
class Around:
    """What one entry is told with the help of: which entries it belongs to, and what is still open."""

    opened: dict[tuple[str | None, int | None, str | None, str], Entry] = field(default_factory=dict)
    """The entry that opened a wait, sleep or step, by journey, pass, key and kind."""
    open_seqs: Mapping[int, int | None] = field(default_factory=dict)
    """Open waits: `seq` of the opening entry to its deadline."""
    on_hold: Collection[int] = ()
    """Started steps that wait for a yes."""
    tried: bool = False
    """Nothing is real: of steps it is told that they would run."""

    def fresh(self, open_seqs: Mapping[int, int | None]) -> Around:
        """The same surroundings for other entries."""
        return Around(open_seqs=open_seqs, on_hold=self.on_hold, tried=self.tried)

    def learn(self, entry: Entry) -> None:
        """Remember an entry that later ones speak of."""
        if entry.kind in ("wait.opened", "sleep.opened", "step.started"):
            self.opened[entry.journey, entry.pass_number, entry.key, entry.kind.split(".")[0]] = entry

    def opening(self, entry: Entry) -> Entry | None:
        """The entry that opened what this one ends."""
        return self.opened.get((entry.journey, entry.pass_number, entry.key, entry.kind.split(".")[0]))


def say(entry: Entry, around: Around, now: int) -> Said:
    """The entry in words, as of this moment."""
    mark = signs()
    kind = entry.kind
    name = literal(entry.name or "")
    workflow = literal(entry.workflow or "")
    if kind == "event":
        outside = entry.journey is None
        return Said(mark.event if outside else mark.sent, "primary", name, preview(entry.data))
    if kind == "log":
        return _say_log(entry)
    if kind.startswith("wait."):
        return _say_wait(entry, around, now, _wait_name(entry))
    if kind.startswith("sleep."):
        return _say_sleep(entry, around, now)
    if kind.startswith("step."):
        return _say_step(entry, around, name)
    message = literal(entry.message or "")
    match kind:
        case "journey.started":
            return Said(mark.again, "muted", f"{workflow} started")
        case "journey.pass":
            return Said(mark.again, "muted", f"{workflow} pass {entry.pass_number}")
        case "journey.completed":
            result = _fields(entry).get("result", entry.message)
            return Said(mark.completed, "success", f"{workflow} completed", preview(result))
        case "journey.failed":
            return Said(mark.failed, "error", message or "failed", workflow, "error")
        case "journey.exited" | "journey.cancelled":
            return Said(mark.stopped, "muted", f"{workflow} {kind.split('.')[1]}", message)
        case "workflow.loaded" if message:
            return Said(mark.loaded, "accent", f"reloaded {workflow}  {message}", "")
        case "workflow.loaded":
            return Said(mark.loaded, "accent", f"loaded {workflow}", literal(entry.code or ""))
        case "journey.moved":
            return Said(mark.loaded, "accent", f"{message or 'moved'} by the new code", workflow)
        case "workflow.failed":
            return Said(mark.failed, "error", message or f"{workflow} does not load", workflow, "error")
        case "clock.moved":
            return Said(mark.moved, "accent", clock_words(_fields(entry)), "", "accent")
        case _:
            word = kind.split(".", 1)[-1].replace(".", " ")
            return Said(mark.again, "muted", f"{workflow or name} {word}".strip(), message)


def _fields(entry: Entry) -> Mapping[str, Any]:
    return entry.data if isinstance(entry.data, Mapping) else {}


def _number(entry: Entry | None, name: str) -> int | None:
    value = _fields(entry).get(name) if entry is not None else None
    return value if isinstance(value, int) and value >= 0 else None


def _since(entry: Entry) -> int:
    """From when on the time of an open wait counts."""
    began = _number(entry, "since")
    return entry.at if began is None else began


def _wait_name(entry: Entry) -> str:
    name = entry.name or "any event"
    if entry.key is not None and entry.key.split("#")[0].split("=")[0] in ("any", "all"):
        return "any of several" if entry.key.startswith("any") else "all of several"
    return literal(name)


def _say_log(entry: Entry) -> Said:
    mark = signs()
    text = literal(entry.message or "")
    name = literal(entry.name or "")
    match entry.level:
        case "warning":
            return Said(mark.warning, "warning", text, name, "warning")
        case "error":
            return Said(mark.failed, "error", text, name, "error")
        case "debug":
            return Said(mark.log, "muted", text, name, "muted")
        case "note":
            return Said(mark.log, "accent", f"now: {text}", name)
        case _:
            return Said(mark.log, "text", text, name)


def _say_wait(entry: Entry, around: Around, now: int, name: str) -> Said:
    mark = signs()
    timeout = _number(entry, "timeout")
    opening = around.opening(entry)
    match entry.kind:
        case "wait.opened" if entry.seq in around.open_seqs:
            due_at = around.open_seqs[entry.seq]
            if due_at is None:
                return Said(mark.no_limit, "muted", f"wait {name}", "no limit")
            # Not what it was opened with: a reload may have given it another length.
            detail = f"{left(due_at, now)} of {whole(due_at - _since(entry))}"
            return Said(mark.wait, "warning", f"wait {name}", detail, "warning", max(0, due_at - now))
        case "wait.opened":
            return Said(
                mark.wait, "muted", f"wait {name}", whole(timeout) if timeout is not None else "no limit"
            )
        case "wait.matched":
            limit = _number(opening, "timeout")
            detail = ""
            if opening is not None and entry.at > opening.at:
                detail = span(entry.at - opening.at) + (f" of {whole(limit)}" if limit is not None else "")
            if (count := _number(entry, "count")) is not None and count > 1:
                detail = f"{count:,} events  {detail}".rstrip()
            return Said(mark.matched, "success", f"matched {name}", detail)
        case "wait.timeout":
            limit = _number(opening, "timeout")
            detail = f"after {whole(limit)}" if limit is not None else ""
            detail = "by hand" if _fields(entry).get("by_hand") else detail
            return Said(mark.timeout, "muted", f"timed out {name}", detail)
        case _:
            return Said(mark.stopped, "muted", f"closed {name}")


def _say_sleep(entry: Entry, around: Around, now: int) -> Said:
    mark = signs()
    duration = _number(entry, "duration")
    if duration is None:
        duration = _number(around.opening(entry), "duration")
    length = f" {whole(duration)}" if duration is not None else ""
    if entry.kind != "sleep.opened":
        if entry.kind == "sleep.done":
            return Said(mark.sleep, "success", f"slept{length}")
        return Said(mark.stopped, "muted", f"sleep{length} closed")
    due_at = around.open_seqs.get(entry.seq)
    if due_at is None:
        return Said(mark.sleep, "muted", f"sleep{length}")
    return Said(
        mark.sleep,
        "secondary",
        f"sleep{length}",
        f"{left(due_at, now)} left",
        "secondary",
        max(0, due_at - now),
    )


def _say_step(entry: Entry, around: Around, name: str) -> Said:
    mark = signs()
    message = literal(entry.message or "")
    match entry.kind:
        case "step.started":
            if entry.seq in around.on_hold:
                return Said(mark.paused_clock, "warning", f"step {name}", "on hold · H", "warning")
            running = entry.seq in around.open_seqs
            attempt = _number(entry, "attempt") or 1
            again = f"attempt {attempt}" if attempt > 1 else ""
            return Said(
                mark.running, "accent" if running else "muted", f"step {name}", again or "running" * running
            )
        case "step.retry":
            pause = _number(entry, "pause")
            wait = f"again in {whole(pause)}  " if pause is not None else ""
            return Said(mark.warning, "warning", f"step {name} failed", wait + message)
        case "step.failed":
            return Said(mark.failed, "error", f"step {name} failed", message, "error")
        case _:
            opening = around.opening(entry)
            if around.tried:
                return Said(mark.done, "success", f"would run {name}", preview(_fields(entry).get("result")))
            time = took(entry.at - opening.at) if opening is not None else ""
            result = preview(_fields(entry).get("result"))
            return Said(mark.done, "success", f"step {name}", f"{time}  {result}".strip())
