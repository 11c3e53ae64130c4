"""What tests on Temporal share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.store.views import Views

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which a test no longer waits."""


def entries(store: Path) -> list[dict[str, Any]]:
    """The whole history that a sink has, as `--json` prints it."""
    if not store.exists():
        return []
    with Views(store) as views:
        return [entry.as_json() for entry in views.entries(limit=100_000)]


async def until(what: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "it did not come to it in time"
        await asyncio.sleep(0.05)
