"""What the engine tells of a way that was explored: the two go the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio import Engine, VirtualClock
from studio.design.explorer.explored_path import ExploredPath
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import START
from studio.language.definition import Workflow
from studio.store.views import Views


async def play(of: Workflow, path: ExploredPath, samples: Samples) -> list[tuple[Any, ...]]:
    """What the engine tells of a user to whom the events of a way happen."""
    user = {"email": f"{samples.user['id']}@example.com", **samples.user}
    async with Engine(of, clock=VirtualClock(START)) as engine:
        first, *others = path.events
        await engine.ingest(first[1], user, first[2])
        for at, name, data in others:
            await engine.run_until_idle()
            if engine.clock.now() < START + at:
                await engine.forward(seconds(at - (engine.clock.now() - START)))
            await engine.ingest(name, str(user["id"]), data)
        await engine.run_until_idle()
        await engine.forward(seconds(path.time - (engine.clock.now() - START)))
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


def told(path: ExploredPath) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for step in path.steps:
        if step.kind == "log":
            found.append(("log", step.outcome, step.name, step.at))
        elif step.kind == "send" and step.outcome == "sent":
            found.append(("send", step.name, step.at))
        elif step.kind == "step" and step.outcome == "done":
            found.append(("step", step.name, step.at))
        elif step.kind == "pass":
            found.append(("pass", step.pass_number))
    if path.end.kind == "completed":
        found.append(("completed", path.end.result, path.time))
    elif path.end.kind in ("failed", "exited"):
        found.append((path.end.kind, path.time))
    return found
