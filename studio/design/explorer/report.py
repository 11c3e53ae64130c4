"""What an exploration found, in numbers and as JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.clocks import durations
from studio.design.explorer.search import Exploration
from studio.design.explorer.ways import Impossible, Move, Way
from studio.source.project import short
from studio.text.fuzzy_match import describe_difference, likely_typo


@dataclass(frozen=True, slots=True)
class Sent:
    """How often a way sends one and the same message."""

    path: int
    kind: str
    """ "event" or "step"."""
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What an exploration found. Ways are named by their numbers, from 1."""

    ends: dict[str, int]
    """How many ways end so."""
    longest: int | None
    never_end: tuple[int, ...]
    wait_for_ever: tuple[int, ...]
    failed: tuple[int, ...]
    most_sent: Sent | None
    """The message that one way sends most often."""
    over_most: tuple[Sent, ...]
    """For each way that sends one message more often than asked for: the message."""
    never_match: tuple[Impossible, ...]


def summarise(found: Exploration, most: int | None = None) -> Summary:
    """Count what was found.

    Args:
        most: how often a way may send one and the same event or step.
    """
    numbered = list(enumerate(found.ways, 1))
    longest = max(numbered, key=lambda each: (each[1].time, -each[0]), default=None)
    sent = [each for number, way in numbered if (each := _most_sent(number, way)) is not None]
    return Summary(
        dict(
            sorted(Counter(way.end.kind for way in found.ways).items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        longest[0] if longest is not None else None,
        _of_kind(numbered, "never ends"),
        _of_kind(numbered, "waits for ever"),
        _of_kind(numbered, "failed"),
        max(sent, key=lambda each: (each.count, -each.path), default=None),
        tuple(each for each in sent if most is not None and each.count > most),
        (*found.impossible, *_not_reached(found), *_typos(found)),
    )


def _of_kind(ways: Sequence[tuple[int, Way]], kind: str) -> tuple[int, ...]:
    return tuple(number for number, way in ways if way.end.kind == kind)


def _most_sent(number: int, way: Way) -> Sent | None:
    counts = Counter((kind, name) for _, kind, name in way.sends)
    if not counts:
        return None
    (kind, name), count = counts.most_common(1)[0]
    return Sent(number, kind, name, count)


def _not_reached(found: Exploration) -> list[Impossible]:
    return [
        Impossible(name, f"{os.path.basename(statement.path)}:{statement.line}", "no path comes to it")
        for statement in found.unreached
        for name in statement.waits
    ]


def _typos(found: Exploration) -> list[Impossible]:
    """Waits for a name that nothing sends and that is nearly one that something sends."""
    known = {*found.samples.events, *found.workflow.trigger.literals}
    known |= {name for way in found.ways for _, kind, name in way.sends if kind == "event"}
    waits: dict[tuple[str, str], None] = {}
    for way in found.ways:
        for move in way.moves:
            if move.kind == "wait":
                waits[move.name, move.line] = None
            waits.update({(each.name, move.line): None for each in move.members if each.kind == "wait"})
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
        "paths": [_path(number, way) for number, way in enumerate(found.ways, 1)],
        "summary": {
            "paths": len(found.ways),
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
    time = found.ways[summary.longest - 1].time
    return {"path": summary.longest, "time": durations.show(time), "time_ms": time}


def _sent(sent: Sent) -> dict[str, Any]:
    return {"path": sent.path, "kind": sent.kind, "name": sent.name, "count": sent.count}


def _path(number: int, way: Way) -> dict[str, Any]:
    waits = [move for move in way.moves if move.kind in ("wait", "any", "all", "sleep")]
    end = way.end
    return {
        "path": number,
        "end": end.kind,
        "end_line": end.line or None,
        "end_text": end.text or None,
        "hint": end.hint or None,
        "result": end.result,
        "time": durations.show(way.time),
        "time_ms": way.time,
        "passes": way.passes,
        "events": [{"event": name, "data": data, "at_ms": at} for at, name, data in way.events],
        "waits": [_wait(move) for move in waits],
        "outcomes": [move.outcome for move in waits],
        "sends": [_send(move, kind, name) for move, kind, name in way.sends],
        "logs": [
            {"level": move.outcome, "message": move.name, **_where(move)}
            for move in way.moves
            if move.kind == "log"
        ],
    }


def _where(move: Move) -> dict[str, Any]:
    return {"line": move.line, "pass": move.pass_number, "at_ms": move.at}


def _wait(move: Move) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": move.kind, "name": move.name, "outcome": move.outcome}
    if move.kind == "wait":
        told["match"] = move.match
    told["timeout"] = None if move.timeout is None else durations.show(move.timeout)
    if move.members:
        told["members"] = [
            {"kind": each.kind, "name": each.name, "outcome": each.outcome, "match": each.match}
            for each in move.members
        ]
    return told | _where(move)


def _send(move: Move, kind: str, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": kind, "name": name}
    if move.kind == "send":
        told["data"] = move.data
        told["user"] = move.user
    return told | _where(move)
