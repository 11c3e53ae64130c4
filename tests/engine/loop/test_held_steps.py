"""Steps in moved time: one at a time, each start durable before its call, one commit a step."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, incoming, workflow
from studio.store.changes import Changes
from studio.store.inbox import send
from studio.store.sqlite import Store
from tests.engine.support import entries, history, settled, sound

DAY = 86_400_000
USERS = 60

seen: list[tuple[Path, list[tuple[int, str]]]] = []
"""What stood in the store while each step ran: kind and user of all entries of steps."""
where: Path


def look(user: str) -> str:
    """A step that reads the store as another program would."""
    con = sqlite3.connect(where)
    try:
        rows = con.execute(
            "SELECT h.kind, u.name FROM history h JOIN users u ON u.id = h.user"
            " WHERE h.kind BETWEEN 30 AND 33 ORDER BY h.seq"
        ).fetchall()
    finally:
        con.close()
    seen.append((where, rows))
    return user


@workflow(trigger="go")
async def looks(journey: Journey) -> dict[str, bool]:
    await journey.sleep(f"{1 + journey.trigger['n'] % 29}d")
    await journey.step("look", look, journey.user.id)
    await journey.sleep("12h")
    return {"ok": True}


@workflow(trigger="now")
async def looks_twice(journey: Journey) -> dict[str, bool]:
    await journey.wait_all(
        journey.step("first", look, journey.user.id), journey.step("second", look, journey.user.id)
    )
    return {"ok": True}


def signups(name: str) -> list[Any]:
    return [incoming(name, f"user{n}", {"n": n}) for n in range(USERS)]


def count_writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Steps that are ended by each transaction."""
    writes: list[int] = []
    write = Store.write

    def counted(store: Store, changes: Changes) -> None:
        writes.append(sum(row[2] == 32 for row in changes.history))
        write(store, changes)

    monkeypatch.setattr(Store, "write", counted)
    return writes


async def test_a_jump_commits_once_a_step_and_each_start_is_durable_before_its_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    global where
    where = path = tmp_path / "studio.db"
    seen.clear()
    async with Engine(looks, store=path, clock=StudioClock()) as engine:
        await engine.pause()
        await engine.ingest_many(signups("go"))
        start = engine.clock.now()
        writes = count_writes(monkeypatch)
        await engine.jump(start + 31 * DAY)
        monkeypatch.undo()
    assert len(writes) <= USERS + 3
    assert max(writes) == 1
    for number, (_, rows) in enumerate(seen):
        # All former steps have ended, this one has begun.
        assert [kind for kind, _ in rows] == [30, 32] * number + [30]
    assert [user for _, user in seen[-1][1][::2]] == [entry.user for entry in entries(path, "step.started")]
    assert len(seen) == USERS
    other = where = tmp_path / "other.db"
    async with Engine(looks, store=other, clock=VirtualClock(start), batch=1) as engine:
        await engine.ingest_many(signups("go"))
        await engine.forward_to(start + 31 * DAY)
        await settled(engine)
    assert history(path) == history(other)
    sound(path)


@pytest.mark.parametrize("sent", [False, True])
async def test_events_that_begin_steps_in_virtual_time_commit_once_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    global where
    where = path = tmp_path / "studio.db"
    seen.clear()
    if sent:
        send(path, signups("now"))
    writes = count_writes(monkeypatch)
    async with Engine(looks_twice, store=path, clock=VirtualClock()) as engine:
        if not sent:
            await engine.ingest_many(signups("now"))
        await settled(engine)
    monkeypatch.undo()
    # The second step of a journey is launched with the first, and holds the clock alone.
    assert len(writes) <= 2 * USERS + 5
    assert len(seen) == 2 * USERS
    for number, (_, rows) in enumerate(seen):
        ended, begun = number, 2 * (number // 2 + 1)
        assert [kind for kind, _ in rows].count(32) == ended
        assert [kind for kind, _ in rows].count(30) == begun
    sound(path)
