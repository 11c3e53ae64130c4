"""An entry of the history in words: what it says, and what stands behind it.

They hold what users and programs wrote, as it is: whoever shows them spells out what could steer a terminal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.language.local_time import words
from studio.store.records import Entry
from studio.wording.clock import clock_words
from studio.wording.times import left, span, took, whole
from studio.wording.values import on_one_line

VERSION_CHARS = 8
"""As much of the hash of a source as tells versions apart."""


@dataclass(frozen=True, slots=True)
class EntryWords:
    """What an entry says."""

    text: str
    detail: str = ""
    """Shown behind the text, and first to be cut."""
    left_ms: int | None = None
    """Of what is still open and has a deadline."""


@dataclass(slots=True)
class Surroundings:
    """What one entry is told with the help of: which entries it belongs to, and what is still open."""

    opened: dict[tuple[str | None, int | None, str | None, str], Entry] = field(default_factory=dict)
    """The entry that opened a wait, sleep or step, by journey, pass, key and kind."""
    open_seqs: Mapping[int, int | None] = field(default_factory=dict)
    """Open waits: `seq` of the opening entry to its deadline."""
    on_hold: Collection[int] = ()
    """Started steps that wait for approval."""
    tried: bool = False
    """Nothing is real: of steps it is told that they would run."""

    def fresh(self, open_seqs: Mapping[int, int | None]) -> Surroundings:
        """The same surroundings for other entries."""
        return Surroundings(open_seqs=open_seqs, on_hold=self.on_hold, tried=self.tried)

    def learn(self, entry: Entry) -> None:
        """Remember an entry that later ones speak of."""
        if entry.kind in ("wait.opened", "sleep.opened", "step.started"):
            self.opened[entry.journey, entry.pass_number, entry.key, entry.kind.split(".")[0]] = entry

    def opening(self, entry: Entry) -> Entry | None:
        """The entry that opened what this one ends."""
        return self.opened.get((entry.journey, entry.pass_number, entry.key, entry.kind.split(".")[0]))


def entry_words(entry: Entry, around: Surroundings, now: int) -> EntryWords:
    """The entry in words, as of a moment in ms since 1970."""
    kind = entry.kind
    name, workflow, message = entry.name or "", entry.workflow or "", entry.message or ""
    if kind == "wait.moved":
        collects = "collect" in _fields(entry)
        return EntryWords(f"{name} {message}".strip()) if collects else EntryWords(f"moved {message}")
    if kind.startswith("wait."):
        return _wait_words(entry, around, now, _wait_name(entry, around))
    if kind.startswith("sleep."):
        return _sleep_words(entry, around, now)
    if kind.startswith("message."):
        return _message_words(entry, around, now, name, message)
    if kind.startswith("step."):
        return _step_words(entry, around, name)
    match kind:
        case "event":
            return EntryWords(name, on_one_line(entry.data))
        case "log":
            return EntryWords(f"now: {message}" if entry.level == "note" else message, name)
        case "event.duplicate":
            return EntryWords(f"{name} is not sent", message)
        case "split.drawn":
            return EntryWords(f"split {name}: {_fields(entry).get('arm')}", _drawn_words(entry))
        case "journey.started":
            return EntryWords(f"{workflow} started", message)
        case "journey.refused":
            return EntryWords(f"{workflow} refused", message)
        case "goal.met":
            return EntryWords(f"goal {name}", f"{workflow}  {message}".rstrip())
        case "journey.pass":
            return EntryWords(f"{workflow} pass {entry.pass_number}")
        case "journey.completed":
            return EntryWords(
                f"{workflow} completed", on_one_line(_fields(entry).get("result", entry.message))
            )
        case "journey.failed":
            return EntryWords(message or "failed", workflow)
        case "journey.exited" | "journey.cancelled":
            return EntryWords(f"{workflow} {kind.split('.')[1]}", message)
        case "workflow.loaded" if message:
            return EntryWords(f"reloaded {workflow}  {message}")
        case "workflow.loaded":
            return EntryWords(f"loaded {workflow}", _version(entry.code))
        case "journey.moved":
            return EntryWords(f"{message or 'moved'} with the new code", workflow)
        case "workflow.failed":
            return EntryWords(message or f"{workflow} does not load", workflow)
        case "hook.failed":
            return EntryWords(message, name)
        case "clock.moved":
            return EntryWords(clock_words(_fields(entry)))
        case _:
            word = kind.split(".", 1)[-1].replace(".", " ")
            return EntryWords(f"{workflow or name} {word}".strip(), message)


def _drawn_words(entry: Entry) -> str:
    """What stands behind the arm of a split: its share where it was drawn, else why it is this one."""
    fields = _fields(entry)
    if "was" in fields:
        return f"as {fields['was']} is not there any more"
    if "drawn" in fields:
        return "drawn before"
    share = (fields.get("of") or {}).get(fields.get("arm"))
    return f"{share}%" if share is not None else ""


def _version(code: str | None) -> str:
    """The beginning of the hash of a workflow's source, as versions are shown elsewhere."""
    return f"version {code[:VERSION_CHARS]}" if code else ""


def _fields(entry: Entry | None) -> Mapping[str, Any]:
    return entry.data if entry is not None and isinstance(entry.data, Mapping) else {}


def _number(entry: Entry | None, name: str) -> int | None:
    value = _fields(entry).get(name) if entry is not None else None
    return value if isinstance(value, int) and value >= 0 else None


def _since(entry: Entry) -> int:
    """From when on the time of an open wait counts."""
    began = _number(entry, "since")
    return entry.at if began is None else began


def _wait_name(entry: Entry, around: Surroundings) -> str:
    if entry.key is None or entry.key.split("#")[0].split("=")[0] not in ("any", "all"):
        return entry.name or "any event"
    return group_name(entry if entry.kind == "wait.opened" else around.opening(entry), entry.key)


def group_name(opening: Entry | None, key: str) -> str:
    """What a `wait_any` or `wait_all` is called: by its branches, where its opening is known."""
    every = key.startswith("all")
    members = _fields(opening).get("members")
    if not isinstance(members, list):
        return "all of several" if every else "any of several"
    return (" and " if every else " or ").join(branch_name(str(key)) for key in members)


def branch_name(key: str) -> str:
    """What a branch of a `wait_any` is called, by its key: "wait:app/login#0" is "app/login"."""
    kind, _, name = key.partition(":")
    if not name:
        return key.partition("#")[0].removeprefix("wait=")
    name = name.rpartition("#")[0]
    return name if kind == "wait" else f"{kind} {name}"


def _wait_words(entry: Entry, around: Surroundings, now: int, name: str) -> EntryWords:
    timeout = _number(entry, "timeout")
    opening = around.opening(entry)
    match entry.kind:
        case "wait.opened" if entry.seq in around.open_seqs:
            due_at = around.open_seqs[entry.seq]
            if due_at is None:
                return EntryWords(f"wait {name}", "no limit")
            # Not what it was opened with: a reload may have given it another length.
            detail = f"{left(due_at, now)} of {whole(due_at - _since(entry))}"
            return EntryWords(f"wait {name}", detail, max(0, due_at - now))
        case "wait.opened":
            return EntryWords(f"wait {name}", whole(timeout) if timeout is not None else "no limit")
        case "wait.matched":
            limit = _number(opening, "timeout")
            detail = ""
            if opening is not None and entry.at > opening.at:
                detail = span(entry.at - opening.at) + (f" of {whole(limit)}" if limit is not None else "")
            if (count := _number(entry, "count")) is not None and count > 1:
                detail = f"{count:,} events  {detail}".rstrip()
            return EntryWords(f"matched {name}", detail)
        case "wait.timeout":
            limit = _number(opening, "timeout")
            detail = f"after {whole(limit)}" if limit is not None else ""
            detail = "by hand" if _fields(entry).get("by_hand") else detail
            return EntryWords(f"timed out {name}", detail)
        case _:
            return EntryWords(f"closed {name}")


def _sleep_words(entry: Entry, around: Surroundings, now: int) -> EntryWords:
    duration = _number(entry, "duration")
    if duration is None:
        duration = _number(around.opening(entry), "duration")
    if local := _fields(entry).get("local") or _fields(around.opening(entry)).get("local"):
        return _until_words(entry, around, now, words(local))
    length = f" {whole(duration)}" if duration is not None else ""
    if entry.kind != "sleep.opened":
        return EntryWords(f"slept{length}" if entry.kind == "sleep.done" else f"sleep{length} closed")
    due_at = around.open_seqs.get(entry.seq)
    if due_at is None:
        return EntryWords(f"sleep{length}")
    return EntryWords(f"sleep{length}", f"{left(due_at, now)} left", max(0, due_at - now))


def _until_words(entry: Entry, around: Surroundings, now: int, time: str) -> EntryWords:
    zone = _fields(entry).get("zone") or _fields(around.opening(entry)).get("zone")
    if entry.kind == "sleep.closed":
        return EntryWords(f"until {time} closed")
    if entry.kind == "sleep.done":
        skipped = _fields(entry).get("skipped")
        return EntryWords(f"until {time} skipped") if skipped else EntryWords(f"until {time}", str(zone))
    due_at = around.open_seqs.get(entry.seq)
    if due_at is None:
        return EntryWords(f"until {time}", str(zone))
    # Not the zone that it was opened with: its user may have moved.
    return EntryWords(f"until {time}", f"{left(due_at, now)} left", max(0, due_at - now))


def _message_words(entry: Entry, around: Surroundings, now: int, name: str, message: str) -> EntryWords:
    channel = str(_fields(entry).get("channel", ""))
    match entry.kind:
        case "message.asked":
            return EntryWords(f"message {name}", channel)
        case "message.started":
            return EntryWords(f"message {name} handed over", channel)
        case "message.sent":
            result = on_one_line(_fields(entry).get("result"))
            return EntryWords(f"sent {name}", message or f"{channel}  {result}".strip())
        case "message.deferred":
            due_at = around.open_seqs.get(entry.seq)
            if due_at is None:
                return EntryWords(f"{name} put off", message)
            return EntryWords(f"{name} put off", f"{left(due_at, now)}  {message}", max(0, due_at - now))
        case "message.withheld":
            return EntryWords(f"{name} withheld", message)
        case _:
            return EntryWords(f"{name} not sent", message)


def _step_words(entry: Entry, around: Surroundings, name: str) -> EntryWords:
    message = entry.message or ""
    match entry.kind:
        case "step.started":
            if entry.seq in around.on_hold:
                return EntryWords(f"step {name}", "on hold")
            attempt = _number(entry, "attempt") or 1
            again = f"attempt {attempt}" if attempt > 1 else ""
            return EntryWords(f"step {name}", again or "running" * (entry.seq in around.open_seqs))
        case "step.retry":
            pause = _number(entry, "pause")
            wait = f"again in {whole(pause)}  " if pause is not None else ""
            return EntryWords(f"step {name} failed", wait + message)
        case "step.failed":
            return EntryWords(f"step {name} failed", message)
        case _:
            result = on_one_line(_fields(entry).get("result"))
            if around.tried:
                return EntryWords(f"would run {name}", result)
            opening = around.opening(entry)
            time = took(entry.at - opening.at) if opening is not None else ""
            return EntryWords(f"step {name}", f"{time}  {result}".strip())
