"""A state that is larger than a payload is carried in parts: on a real server, and as bytes."""

from __future__ import annotations

import asyncio
import base64
import random
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from temporalio.client import Client

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel import partition
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump
from studio.kernel.partition_turn import run_turn
from studio.kernel.triggers import Routes
from studio.source.loader import load
from studio.store.rebuild import compare
from studio.temporal import divided
from studio.temporal.carried import Carried
from studio.temporal.divided import divide, divided_from
from studio.temporal.erasing import erase
from studio.temporal.parts_workflow import PART
from studio.temporal.reaching import state_of
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.user_workflow import NAME
from studio.temporal.wire import workflow_id
from studio.temporal.worker import sink_worker, user_worker
from tests.kernel.partitions import event
from tests.temporal.servers import DevServer
from tests.temporal.support import PATIENCE, count, entries, new_queue, until
from tests.temporal.worker_process import WORKFLOWS


def noise(characters: int, seed: int) -> str:
    """Text that does not get smaller when it is packed."""
    return base64.b85encode(random.Random(seed).randbytes(characters * 4 // 5)).decode()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divided, "MOST_WHOLE", 2_000)
    monkeypatch.setattr(divided, "PART_BYTES", 700)
    monkeypatch.setattr(partition, "BLOCK_TEXT", 1_000)


def grown(of: Partition, numbers: range) -> bytes:
    """What a user is packed as after some more events."""
    watch = ThreadMonitor()
    came = [event("tick", f"{n}s", text=noise(300, n)) for n in numbers]
    run_turn(of, Routes({}), came, monitor=watch, live=watch.live)
    of.compact()
    return dump(of)


def test_a_state_is_joined_from_what_was_put_away(small: None) -> None:
    ada = Partition("ada", {})
    whole = grown(ada, range(3))
    assert divide(whole) == (whole, {})
    away: dict[str, bytes] = {}
    base, unused, seen = whole, list[str](), list[set[str]]()
    for first in range(3, 60, 6):
        state = grown(ada, range(first, first + 6))
        for name in unused:
            del away[name]
        base, parts = divide(state, base)
        away |= parts
        told = divided_from(base)
        assert told is not None
        assert told.joined(away) == state
        assert all(len(part) == 700 for part in parts.values())
        assert sum(map(len, told.left)) < 1_400
        assert not set(told.unused) & set(told.parts)
        unused = told.unused
        seen.append(set(parts))
    # Old events stay where they are: all of them but the newest of their parts are in the next ones.
    assert all(len(later - before) < 6 for before, later in pairwise(seen))
    assert len(seen[-1]) > 15
    assert set(away) == seen[-1] | set(unused)


def test_one_that_is_small_again_has_no_parts(small: None) -> None:
    ada = Partition("ada", {})
    base, parts = divide(grown(ada, range(20)))
    little = grown(Partition("ada", {}), range(2))
    base, none = divide(little, base)
    told = divided_from(base)
    assert told is not None
    assert (told.joined({}), none, sorted(told.unused)) == (little, {}, sorted(parts))
    assert divide(little, base) == (little, {})


async def parts_of(client: Client, user: str, *, running: bool = True) -> int:
    """How many workflows hold parts of a user."""
    ask = f"WorkflowType = '{PART}' AND WorkflowId STARTS_WITH '{workflow_id(user)}/'"
    found = await client.count_workflows(ask + (" AND ExecutionStatus = 'Running'" if running else ""))
    return found.count


@pytest.mark.long
async def test_a_user_whose_state_is_larger_than_a_payload(server: DevServer, tmp_path: Path) -> None:
    ada = queue = new_queue()
    store = tmp_path / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    workflows = load(WORKFLOWS).workflows
    begun = Carried(ada, long=40).packed()
    await client.start_workflow(NAME, begun, id=workflow_id(ada), task_queue=queue)
    async with sink_worker(client, settings, [store], workflows, "normal"):
        for half in range(2):
            # The second one has the user's state from Temporal alone.
            async with user_worker(client, settings, workflows):
                if not half:
                    await engine.ingest("flood/begin", user=ada)
                for n in range(40 * half, 40 * half + 40):
                    await engine.ingest("flood/tick", user=ada, data={"n": n, "text": noise(120_000, n)})
                await until(lambda half=half: count(store, "flood/tick") == 40 * (half + 1))  # type: ignore[misc]
        async with user_worker(client, settings, workflows):
            await engine.ingest("flood/end", user=ada)
            await until(lambda: count(store, "journey.completed") == 1)
            assert sum(map(len, await state_of(client, ada))) > 6_000_000
            assert await parts_of(client, ada) >= 10
            (done,) = [e for e in entries(store) if e["kind"] == "journey.completed"]
            assert done["data"]["result"] == {"ticks": 80}
            assert compare(store) == []
            await erase(client, ada)
            # Temporal deletes in its own time.
            async with asyncio.timeout(PATIENCE):
                while await parts_of(client, ada, running=False):
                    await asyncio.sleep(0.1)
