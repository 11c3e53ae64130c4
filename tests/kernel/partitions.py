"""Partitions to try things on: one small journey, its turns, without threads and stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio import Journey, workflow
from studio.clocks.durations import parse
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import Came, DeadlinesCame, EventCame, Ran, run_turn
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.language.incoming import incoming

START = 1_767_225_600_000
"""A moment: 2026-01-01T00:00:00Z in milliseconds."""


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    journey.log("hello")
    active = await journey.wait_for("active", timeout="7d")
    await journey.ingest("welcomed", {"ok": bool(active)}, user="crm")
    again = await journey.wait_for("active", past=False)
    return {"first": active.first["n"] if active.first else None, "then": again.result[0]["n"]}  # type: ignore[index]


WORKFLOWS: dict[str, Workflow] = {"welcome": welcome}


def partition(user: str = "ada", codes: dict[str, str] | None = None) -> Partition:
    """One that is empty."""
    return Partition(user, WORKFLOWS, "seed", "salt", codes)


def turn(of: Partition, *came: Came) -> Ran:
    """A turn of it."""
    watch = ThreadMonitor()
    return run_turn(of, Routes(WORKFLOWS), came, monitor=watch, live=watch.live)


def event(name: str, after: str = "0s", user: str = "ada", id: str | None = None, **data: Any) -> EventCame:
    """An event so long after the start."""
    return EventCame(incoming(name, user, data, id), START + parse(after))


def time(after: str) -> DeadlinesCame:
    """Time has passed up to there."""
    return DeadlinesCame(START + parse(after))


def kinds(rows: Sequence[Any]) -> list[int]:
    """What entries say."""
    return [row[2] for row in rows]
