"""The three example files, unchanged, on Temporal: the histories that the engine on this machine gives."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.cli import call
from studio.clocks.durations import parse
from studio.language.incoming import incoming
from studio.source.loader import load
from studio.store.rebuild import compare
from studio.temporal.sending import send
from studio.temporal.settings import TemporalSettings
from studio.temporal.wire import event_item
from studio.temporal.worker import workers
from tests.temporal.servers import skipping
from tests.temporal.support import ROOT, entries, until

SAME = ("kind", "user", "journey", "pass", "name", "line", "message")
"""What must be the same: on Temporal steps take time, so that moments differ by milliseconds."""


def by_user(found: list[dict[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """What is the same of each user's entries, in order."""
    users = defaultdict(list)
    for entry in found:
        if not entry["kind"].startswith("workflow."):
            users[entry["user"]].append(tuple(entry[name] for name in SAME))
    return users


def played(name: str) -> list[dict[str, Any]]:
    """By the engine on this machine, in virtual time."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        file, workflows = ROOT / "data" / f"{name}.jsonl", ROOT / "workflows" / f"{name}.py"
        call(["play", str(file), "--json", "--workflows", str(workflows)])
    return [json.loads(line) for line in said.getvalue().splitlines()]


async def on_temporal(name: str, store: Path, wanted: int) -> None:
    """By a worker, with a sink; the server skips the time in which nothing happens."""
    environment = await skipping()
    settings = TemporalSettings()
    workflows = load(ROOT / "workflows" / f"{name}.py").workflows

    async def now() -> int:
        return round((await environment.get_current_time()).timestamp() * 1000)

    async def sleep_until(at: int) -> None:
        if (left := at - await now()) > 0:
            await environment.sleep(timedelta(milliseconds=left))

    async with environment, workers(environment.client, settings, workflows, [store], "normal"):
        start = await now()
        for line in (ROOT / "data" / f"{name}.jsonl").read_text().splitlines():
            if line.startswith("{"):
                told = json.loads(line)
                await sleep_until(start + parse(told["at"]))
                event = incoming(told["event"], told["user"], told.get("data"), told.get("id"))
                await send(environment.client, settings.queue, event.user, [event_item(event, await now())])
        await sleep_until(await now() + parse("30d"))
        await until(lambda: len(entries(store)) >= wanted)


@pytest.mark.parametrize("name", ["onboarding", "trial", "cart"])
def test_an_example_has_the_same_history(name: str, tmp_path: Path) -> None:
    store = tmp_path / "sink.db"
    want = by_user(played(name))
    wanted = sum(map(len, want.values()))
    assert wanted == {"onboarding": 54, "trial": 40, "cart": 81}[name]
    asyncio.run(on_temporal(name, store, wanted))
    assert by_user(entries(store)) == want
    assert compare(store) == []
