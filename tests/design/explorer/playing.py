"""What the engine tells of a way that was explored: the two go the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio import Engine, VirtualClock
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import START
from studio.design.explorer.ways import Way
from studio.language.definition import Workflow
from studio.store.views import Views


async def play(of: Workflow, way: Way, samples: Samples) -> list[tuple[Any, ...]]:
    """What the engine tells of a user to whom the events of a way happen."""
    user = {"email": f"{samples.user['id']}@example.com", **samples.user}
    async with Engine(of, clock=VirtualClock(START)) as engine:
        first, *others = way.events
        await engine.ingest(first[1], user, first[2])
        for at, name, data in others:
            await engine.run_until_idle()
            if engine.clock.now() < START + at:
                await engine.forward(seconds(at - (engine.clock.now() - START)))
            await engine.ingest(name, str(user["id"]), data)
        await engine.run_until_idle()
        await engine.forward(seconds(way.time - (engine.clock.now() - START)))
        await engine.run_until_idle()
        with Views(engine.path) as views:
            return list(entries_told(views.entries(limit=10_000)))


def seconds(ms: int) -> float:
    """Milliseconds as `forward` takes them."""
    return ms / 1000


def entries_told(entries: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    for entry in entries:
        at = entry.at - START
        if entry.kind == "log" and entry.name is None:  # Others are a step's, which is not run.
            yield "log", entry.level, entry.message, at
        elif entry.kind == "event" and entry.journey is not None:
            yield "send", entry.name, at
        elif entry.kind == "step.done" and not (entry.data or {}).get("closed"):
            yield "step", entry.name, at
        elif entry.kind == "journey.pass":
            yield "pass", entry.pass_number
        elif entry.kind == "journey.completed":
            yield "completed", entry.data["result"], at
        elif entry.kind in ("journey.failed", "journey.exited"):
            yield entry.kind.removeprefix("journey."), at


def told(way: Way) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for move in way.moves:
        if move.kind == "log":
            found.append(("log", move.outcome, move.name, move.at))
        elif move.kind == "send" and move.outcome == "sent":
            found.append(("send", move.name, move.at))
        elif move.kind == "step" and move.outcome == "done":
            found.append(("step", move.name, move.at))
        elif move.kind == "pass":
            found.append(("pass", move.pass_number))
    if way.end.kind == "completed":
        found.append(("completed", way.end.result, way.time))
    elif way.end.kind in ("failed", "exited"):
        found.append((way.end.kind, way.time))
    return found
