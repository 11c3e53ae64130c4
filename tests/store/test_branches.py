"""Copies of a store go on with the same numbers, and tell their events under ids of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio import Engine, Journey, VirtualClock, current_step, workflow
from studio.store.branches import BRANCHES, begin_branch, own_id
from studio.store.database import open_database
from studio.store.hooks import MemoryEvents
from studio.store.snapshots import snapshot_path
from tests.engine.support import entries, logs, settled, sound

START = 1_795_519_800_000
keys: list[tuple[str, str]] = []
"""Idempotency keys of the calls that were made, with the user."""

Told = list[tuple[str, str]]
"""Names and ids of events."""


def charge(user: str, idempotency_key: str) -> str:
    keys.append((user, idempotency_key))
    assert current_step().idempotency_key == idempotency_key
    return "receipt"


@workflow(trigger="order")
async def order(journey: Journey) -> dict[str, Any]:
    journey.log(f"{journey.uuid()} {journey.random()}")
    await journey.sleep("1d")
    journey.log(f"{journey.uuid()} {journey.random()}")
    return {"receipt": await journey.step("charge", charge, journey.user.id)}


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    return {"paid": bool(await journey.wait_for("paid", timeout="1h"))}


def engine_on(path: Path, told: Told | None = None, **more: Any) -> Engine:
    def tell(event: Any) -> None:
        assert told is not None
        told.append((event.user, event.id))

    if told is not None:
        more["set_event"] = tell
    return Engine([order, welcome], store=path, clock=VirtualClock(START), durability="normal", **more)


def test_the_newest_branch_that_has_an_entry_names_it() -> None:
    branches = '[[10, "a"], [20, "b"]]'
    assert [own_id("s", branches, seq) for seq in (9, 10, 19, 20)] == [
        "journey-studio:s:9",
        "journey-studio:s:a:10",
        "journey-studio:s:a:19",
        "journey-studio:s:b:20",
    ]
    assert own_id("s", None, 3) == "journey-studio:s:3"


def test_a_branch_takes_the_place_of_those_that_begin_no_earlier(tmp_path: Path) -> None:
    con = open_database(tmp_path / "s.db")
    begun = []
    for first in (10, 30, 30, 20):
        begin_branch(con, first)
        (text,) = con.execute("SELECT value FROM meta WHERE key = ?", (BRANCHES,)).fetchone()
        begun.append([first for first, _ in json.loads(text)])
    con.close()
    assert begun == [[10], [10, 30], [10, 30], [10, 20]]


async def test_a_fork_tells_what_was_before_under_the_same_id_and_what_is_new_under_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    forks = [tmp_path / "b.db", tmp_path / "c.db", tmp_path / "d.db"]
    first: Told = []
    async with engine_on(path) as engine:
        # Nobody is told yet: whoever tells it first, it is one event.
        seq = (await engine.ingest("hello", "ann")).seq
        await settled(engine)
        await engine.ingest("hello", "gone")
        for fork in forks[:2]:
            await engine.fork(seq, fork)
    async with engine_on(forks[0]) as engine:
        later = (await engine.ingest("hello", "bob")).seq
        await engine.fork(later, forks[2])
    stores: list[Told] = []
    for each in (path, *forks):
        told: Told = []
        async with engine_on(each, told) as engine:
            await engine.ingest("hello", "cat")
            await engine.rewind(seq)
            await engine.ingest("hello", "cat")
        stores.append(told)
    first = stores[0]
    assert [user for user, _ in first] == ["ann", "gone", "cat", "cat"]
    assert [[user for user, _ in told] for told in stores[1:]] == [
        ["ann", "bob", "cat", "cat"],
        ["ann", "cat", "cat"],
        ["ann", "bob", "cat", "cat"],
    ]
    ids = [id for told in stores for _, id in told]
    # One for ann, one for bob in the fork and the fork of the fork, and all others for themselves.
    assert len(set(ids)) == len(ids) - 3 - 1
    assert {told[0] for told in stores} == {first[0]}
    assert stores[1][1] == stores[3][1]


async def test_a_snapshot_that_ran_as_a_store_of_its_own_shares_no_id_with_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    told: Told = []
    other: Told = []
    async with engine_on(path, told) as engine:
        seq = (await engine.ingest("hello", "ann")).seq
        await engine.rewind(seq)
        await engine.ingest("hello", "bob")
        async with engine_on(snapshot_path(path, 1), other) as alone:
            await alone.ingest("hello", "cat")
        await engine.restore(1)
        assert [entry.user for entry in entries(path, "event")] == ["ann", "cat"]
        await engine.ingest("hello", "dan")
    said = {*told, *other}
    assert {user for user, _ in said} == {"ann", "bob", "cat", "dan"}
    # An id for each, whichever of the two told it, and however often.
    assert len(said) == len({id for _, id in said}) == 4
    sound(path)


async def test_a_branch_is_not_told_what_another_has_told_elsewhere(tmp_path: Path) -> None:
    path, fork = tmp_path / "a.db", tmp_path / "b.db"
    elsewhere = MemoryEvents()
    hooks: dict[str, Any] = {"set_event": elsewhere.set_event, "check_event": elsewhere.check_event}

    async with engine_on(path, **hooks) as engine:
        seq = (await engine.ingest("hello", "ann")).seq
        await engine.fork(seq, fork)
        await engine.ingest("paid", "ann")
    async with engine_on(fork, **hooks) as engine:
        await engine.ingest("signup", "ann")
        await settled(engine)
        await engine.ingest("paid", "bob")
        assert entries(fork, "wait.matched", user="ann") == []
    async with engine_on(path, **hooks) as engine:
        await engine.ingest("signup", "bob")
        await settled(engine)
        assert entries(path, "wait.matched", user="bob") == []
        await engine.ingest("signup", "ann")
        await settled(engine)
        assert entries(path, "journey.completed", user="ann")[0].data == {"result": {"paid": True}}


async def test_a_fork_has_the_same_chances_and_the_same_keys_for_the_same_steps(tmp_path: Path) -> None:
    path, fork = tmp_path / "a.db", tmp_path / "b.db"
    keys.clear()
    async with engine_on(path) as engine:
        seq = (await engine.ingest("order", "ann")).seq
        await settled(engine)
        await engine.fork(seq, fork)
        # In both a day passes, and bob orders only now.
        await engine.forward("1d")
        await engine.ingest("order", "bob")
        await engine.forward("1d")
        await settled(engine)
    async with engine_on(fork) as engine:
        await engine.forward("1d")
        await engine.ingest("order", "bob")
        await engine.forward("1d")
        await settled(engine)
        held = await engine.held_steps()
        assert [each.user for each in held] == ["ann", "bob"], "nothing is done twice by itself"
        await engine.release_steps()
        await settled(engine)
    assert logs(fork) == logs(path)
    assert sorted(keys[:2]) == sorted(keys[2:])
    assert len(set(keys)) == 2
    later = tmp_path / "c.db"
    async with engine_on(path) as engine:
        await engine.fork(seq, later)
    async with engine_on(later) as engine:
        await engine.forward("1d")
        await settled(engine)
        # It was done before the fork: its result is known.
        assert entries(later, "journey.completed")[0].data == {"result": {"receipt": "receipt"}}
    assert len(keys) == 4
