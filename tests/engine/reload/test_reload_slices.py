"""A reload goes over those who wait slice by slice; where a slice ends, or breaks, changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.engine.loop import committer as committer
from studio.engine.reload import migration as moves
from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.changes import Changes
from studio.store.rebuild import compare
from studio.store.sqlite import Store
from tests.engine.reloading import gone_over, told, write
from tests.engine.support import entries, in_time, journey, logs

__all__ = ["in_time"]

PAID = """
paid = await journey.wait_for("paid", timeout="7d")
return {"paid": bool(paid)}
"""
WAITING = 2 * moves.PAGE + 6


async def waiting(engine: Engine) -> list[str]:
    users = [f"user{number:03}" for number in range(WAITING)]
    for user in users:
        await engine.ingest("signup", user)
    return users


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each slice is over after one journey: it ends in the middle of a page that was read."""
    monkeypatch.setattr(moves._Pace, "is_over", True)


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_slice_that_ends_in_the_middle_of_a_page_leaves_nobody_out(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        users = await waiting(engine)
        write(folder, PAID.replace("7d", "2d"))
        await engine.reload()
        await gone_over(engine)
        moved = [entry.user for entry in entries(engine.path, "journey.moved")]
        assert moved == users
        await engine.forward("2d")
        assert {entry.data["result"]["paid"] for entry in entries(engine.path, "journey.completed")} == {
            False
        }
        assert len(entries(engine.path, "journey.completed")) == WAITING
    assert compare(tmp_path / "studio.db") == []


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("fails_at", [1, moves.PAGE + 1, WAITING])
async def test_a_slice_that_cannot_be_written_is_done_again_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    monkeypatch.setattr(committer, "RETRY", 0.001)
    folder = tmp_path / "workflows"
    write(folder, PAID)
    slices = 0
    plain = Store.write

    def once(store: Store, changes: Changes) -> None:
        nonlocal slices
        if any(row[2] == Kind.MOVED for row in changes.history):
            slices += 1
            if slices == fails_at:
                raise StoreError("the disk is full")
        plain(store, changes)

    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        users = await waiting(engine)
        monkeypatch.setattr(Store, "write", once)
        write(folder, PAID.replace("7d", "2d"))
        await engine.reload()
        await gone_over(engine)
        assert [entry.user for entry in entries(engine.path, "journey.moved")] == users
        assert slices == WAITING + 1
        assert engine.status().problem is None
    assert compare(tmp_path / "studio.db") == []


async def test_a_changed_match_of_a_wait_without_a_past_looks_back_to_its_opening(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    body = PAID.replace('"paid", t', '"paid", {"n": 1}, past=False, t')
    write(folder, body)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        # Before it opened: does not count, by the one match as by the other.
        await engine.ingest("paid", "ada", {"n": 2, "which": "before"})
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await engine.ingest("paid", "ada", {"n": 2, "which": "since"})
        write(folder, body.replace('{"n": 1}', '{"n": 2}'))
        await engine.reload()
        await gone_over(engine)
        assert journey(engine.path, "welcome/ada").status == "completed"
        assert journey(engine.path, "welcome/bob").status == "waiting"
        (matched,) = entries(engine.path, "wait.matched")
        assert matched.data.get("count", 1) == 1
        await engine.ingest("paid", "bob", {"n": 1})
        assert journey(engine.path, "welcome/bob").status == "waiting"
        await engine.ingest("paid", "bob", {"n": 2})
        assert journey(engine.path, "welcome/bob").status == "completed"


async def test_of_two_new_commands_only_the_first_sees_what_came_before_the_reload(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("ordered", "ada", {"n": 1})
        await engine.forward("1h")
        write(
            folder,
            """
            first = await journey.wait_for("ordered", timeout="7d")
            journey.log(f"first {first.first['n']} at {journey.now():%H:%M}")
            second = await journey.wait_for("ordered", timeout="1d")
            journey.log(f"second {second.first['n']} at {journey.now():%H:%M}")
            await journey.sleep("1h")
            return {"n": len(second)}
            """,
        )
        await engine.reload()
        await gone_over(engine)
        assert logs(engine.path, "ada") == ["first 1 at 01:00"]
        await engine.forward("1h")
        await engine.ingest("ordered", "ada", {"n": 2})
        assert logs(engine.path, "ada")[1:] == ["second 2 at 02:00"]
        await engine.forward("1h")
        assert told(engine.path, "ada")[-2:] == ["sleep.done", 'journey.completed {"n": 1}']
    assert compare(tmp_path / "studio.db") == []


ONCE = """
await journey.step("welcome", len, "hello", once=True)
if journey.pass_number == 1:
    return
await journey.wait_for("paid", timeout="7d")
return {}
"""


async def test_a_step_that_an_earlier_pass_did_once_is_no_difference(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, ONCE)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        for _ in range(2):
            await engine.ingest("signup", "ada")
            await engine.run_until_idle()
        write(folder, ONCE + "# a comment")
        await engine.reload()
        await gone_over(engine)
        assert entries(engine.path, "journey.moved") == []
        # Nor is it when the code does differ: the wait's length does, and the step stays done.
        write(folder, ONCE.replace("7d", "2d"))
        await engine.reload()
        await gone_over(engine)
        assert [entry.data["what"] for entry in entries(engine.path, "journey.moved")] == ["deadline"]
        await engine.forward("2d")
        assert journey(engine.path, "welcome/ada").status == "completed"
        assert len(entries(engine.path, "step.started")) == 1
    assert compare(tmp_path / "studio.db") == []


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_slice_may_end_in_a_stretch_in_which_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each journey is a stretch by itself.
    monkeypatch.setattr(moves, "WINDOW", 1)
    folder = tmp_path / "workflows"
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        for user in ("ada", "bob", "cleo", "dan"):
            await engine.ingest("signup", user)
        for user in ("bob", "cleo"):
            await engine.ingest("paid", user)
        write(folder, PAID.replace("7d", "2d"))
        await engine.reload()
        await gone_over(engine)
        assert [entry.user for entry in entries(engine.path, "journey.moved")] == ["ada", "dan"]
    assert compare(tmp_path / "studio.db") == []
