"""What an exploration found, in numbers and as JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.clocks import durations
from studio.design.explorer.explored_path import ExploredPath, Impossible, PathStep
from studio.design.explorer.search import Exploration
from studio.source.project import short
from studio.text.fuzzy_match import describe_difference, likely_typo


@dataclass(frozen=True, slots=True)
class SendCount:
    """How often a path sends one and the same message."""

    path: int
    kind: str
    """ "event" or "step"."""
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What an exploration found. Paths are named by their numbers, from 1."""

    ends: dict[str, int]
    """How many paths end so."""
    longest: int | None
    never_end: tuple[int, ...]
    wait_for_ever: tuple[int, ...]
    failed: tuple[int, ...]
    most_sent: SendCount | None
    """The message that one path sends most often."""
    over_most: tuple[SendCount, ...]
    """For each path that sends one message more often than asked for: the message."""
    never_match: tuple[Impossible, ...]


def summarise(found: Exploration, most: int | None = None) -> Summary:
    """Count what was found.

    Args:
        most: how often a path may send one and the same event or step.
    """
    numbered = list(enumerate(found.paths, 1))
    longest = max(numbered, key=lambda each: (each[1].time, -each[0]), default=None)
    sent = [each for number, path in numbered if (each := _most_sent(number, path)) is not None]
    return Summary(
        dict(
            sorted(
                Counter(path.end.kind for path in found.paths).items(), key=lambda pair: (-pair[1], pair[0])
            )
        ),
        longest[0] if longest is not None else None,
        _of_kind(numbered, "never ends"),
        _of_kind(numbered, "waits for ever"),
        _of_kind(numbered, "failed"),
        max(sent, key=lambda each: (each.count, -each.path), default=None),
        tuple(each for each in sent if most is not None and each.count > most),
        (*found.impossible, *_not_reached(found), *_typos(found)),
    )


def _of_kind(paths: Sequence[tuple[int, ExploredPath]], kind: str) -> tuple[int, ...]:
    return tuple(number for number, path in paths if path.end.kind == kind)


def _most_sent(number: int, path: ExploredPath) -> SendCount | None:
    counts = Counter((kind, name) for _, kind, name in path.sends)
    if not counts:
        return None
    (kind, name), count = counts.most_common(1)[0]
    return SendCount(number, kind, name, count)


def _not_reached(found: Exploration) -> list[Impossible]:
    return [
        Impossible(name, f"{os.path.basename(statement.path)}:{statement.line}", "no path comes to it")
        for statement in found.unreached
        for name in statement.waits
    ]


def _typos(found: Exploration) -> list[Impossible]:
    """Waits for a name that nothing sends and that is nearly one that something sends."""
    known = {*found.samples.events, *found.workflow.trigger.literals}
    known |= {name for path in found.paths for _, kind, name in path.sends if kind == "event"}
    waits: dict[tuple[str, str], None] = {}
    for path in found.paths:
        for step in path.steps:
            if step.kind == "wait":
                waits[step.name, step.line] = None
            waits.update({(each.name, step.line): None for each in step.members if each.kind == "wait"})
    typos = []
    for name, line in waits:
        if name not in known and "*" not in name and (meant := likely_typo(name, known)) is not None:
            typos.append(
                Impossible(
                    name, line, f"nothing sends it; {meant} is sent ({describe_difference(name, meant)})"
                )
            )
    return typos


def as_json(found: Exploration, most: int | None = None) -> dict[str, Any]:
    """An exploration as one JSON object."""
    summary = summarise(found, most)
    bounds = found.bounds
    return {
        "workflow": found.workflow.name,
        "file": short(found.workflow.path),
        "line": found.workflow.line,
        "paths": [_path(number, path) for number, path in enumerate(found.paths, 1)],
        "summary": {
            "paths": len(found.paths),
            "ends": summary.ends,
            "longest": _longest(found, summary),
            "never_end": list(summary.never_end),
            "wait_for_ever": list(summary.wait_for_ever),
            "failed": list(summary.failed),
            "most_sent": None if summary.most_sent is None else _sent(summary.most_sent),
            "over_most": [_sent(each) for each in summary.over_most],
            "unreached": [
                {"line": f"{os.path.basename(each.path)}:{each.line}", "text": each.text}
                for each in found.unreached
            ],
            "never_match": [
                {"name": each.name, "line": each.line, "why": each.why} for each in summary.never_match
            ],
        },
        "bounds": {"depth": bounds.depth, "paths": bounds.paths, "seconds": bounds.seconds},
        "truncated": found.truncated,
        "samples": found.samples.sources,
        "seconds": round(found.seconds, 3),
    }


def _longest(found: Exploration, summary: Summary) -> dict[str, Any] | None:
    if summary.longest is None:
        return None
    time = found.paths[summary.longest - 1].time
    return {"path": summary.longest, "time": durations.show(time), "time_ms": time}


def _sent(sent: SendCount) -> dict[str, Any]:
    return {"path": sent.path, "kind": sent.kind, "name": sent.name, "count": sent.count}


def _path(number: int, path: ExploredPath) -> dict[str, Any]:
    waits = [step for step in path.steps if step.kind in ("wait", "any", "all", "sleep")]
    end = path.end
    return {
        "path": number,
        "end": end.kind,
        "end_line": end.line or None,
        "end_text": end.text or None,
        "hint": end.hint or None,
        "result": end.result,
        "time": durations.show(path.time),
        "time_ms": path.time,
        "passes": path.passes,
        "events": [{"event": name, "data": data, "at_ms": at} for at, name, data in path.events],
        "waits": [_wait(step) for step in waits],
        "outcomes": [step.outcome for step in waits],
        "arms": [
            {"split": step.name, "arm": step.outcome, **_where(step)}
            for step in path.steps
            if step.kind == "split"
        ],
        "sends": [_send(step, kind, name) for step, kind, name in path.sends],
        "logs": [
            {"level": step.outcome, "message": step.name, **_where(step)}
            for step in path.steps
            if step.kind == "log"
        ],
    }


def _where(step: PathStep) -> dict[str, Any]:
    return {"line": step.line, "pass": step.pass_number, "at_ms": step.at}


def _wait(step: PathStep) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": step.kind, "name": step.name, "outcome": step.outcome}
    if step.kind == "wait":
        told["match"] = step.match
    told["timeout"] = None if step.timeout is None else durations.show(step.timeout)
    if step.members:
        told["members"] = [
            {"kind": each.kind, "name": each.name, "outcome": each.outcome, "match": each.match}
            for each in step.members
        ]
    return told | _where(step)


def _send(step: PathStep, kind: str, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": kind, "name": name}
    if step.kind == "send":
        told["data"] = step.data
        told["user"] = step.user
    return told | _where(step)
