"""Which acts can be taken back, in which order, and what is known of them after a restart or a fault."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, workflow
from studio.engine.rewind import preview, rewind
from studio.errors import StoreError, StudioError
from studio.store.rebuild import compare
from studio.store.undone import forget_undone
from tests.engine.rewind.test_rewind import dump
from tests.engine.rewinding import calls, engine_on, send
from tests.engine.support import entries, settled, sound, until

DAY = 86_400_000


def acts(path: Path) -> list[dict[str, Any]]:
    """What the store keeps of the acts, the newest last."""
    con = sqlite3.connect(path)
    try:
        row = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()
    finally:
        con.close()
    return json.loads(row[0]) if row else []


def undone(path: Path) -> list[int]:
    """The numbers of what can be brought back, and of entries that are kept for it."""
    con = sqlite3.connect(path)
    try:
        found = con.execute("SELECT id FROM undone UNION ALL SELECT undo FROM undone_history ORDER BY 1")
        return sorted({number for (number,) in found})
    finally:
        con.close()


async def test_acts_without_any_effect_are_taken_back_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        # Each is one entry, right behind the one before.
        first, second, third = [await send(engine, "bye", user) for user in ("ann", "bob", "cat")]
        assert (second.seq, third.seq) == (first.seq + 1, first.seq + 2)
        assert [act["seq"] for act in acts(path)] == [first.seq, second.seq, third.seq]
        for user, left in (("cat", 2), ("bob", 1), ("ann", 0)):
            assert (await engine.undo())["user"] == user
            assert len(entries(path, "event")) == left
        with pytest.raises(StudioError, match="there is nothing to undo"):
            await engine.undo()


async def test_a_rewind_to_an_act_itself_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await send(engine, "bye", "ann")
        await send(engine, "bye", "bob")
        await engine.rewind(first.seq)
        assert [act["what"] for act in acts(path)] == ["bye", "rewind"]
    async with engine_on(path) as engine:
        await engine.restore(1)
        assert [act["what"] for act in acts(path)] == ["bye", "bye", "restore"]
        assert (await engine.undo())["what"] == "restore"
        assert (await engine.undo())["what"] == "rewind"
        assert (await engine.undo())["user"] == "bob"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("whole", ["rewind", "restore"])
async def test_a_cut_of_the_whole_store_leaves_nothing_to_bring_back(
    tmp_path: Path, whole: str, restart: bool
) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await send(engine, "hello", "ann")
        await send(engine, "hello", "bob")
        await engine.rewind(entries(path)[-1].seq)
        await send(engine, "hello", "cat")
        await engine.undo()
        assert undone(path) == [1]
        if whole == "rewind":
            await engine.rewind(first.seq)
        else:
            await engine.restore(1)
        assert undone(path) == []
        if not restart:
            with pytest.raises(StudioError, match="there is nothing to redo"):
                await engine.redo()
    if restart:
        async with engine_on(path) as engine:
            with pytest.raises(StudioError, match="there is nothing to redo"):
                await engine.redo()
    sound(path)


async def test_undo_goes_on_after_a_redo_and_each_number_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        for user in ("ann", "bob", "cat"):
            await send(engine, "hello", user)
        await settled(engine)
        whole = dump(path)
        assert [(await engine.undo())["user"] for _ in range(2)] == ["cat", "bob"]
        assert undone(path) == [1, 2]
        assert (await engine.redo())["user"] == "bob"
        assert undone(path) == [1]
        assert (await engine.undo())["user"] == "bob"
        assert undone(path) == [1, 2]
        assert [(await engine.redo())["user"] for _ in range(2)] == ["bob", "cat"]
        assert dump(path) == whole
        assert undone(path) == []
        with pytest.raises(StudioError, match="there is nothing to redo"):
            await engine.redo()
    sound(path)


async def test_a_step_that_was_done_is_not_done_again_for_the_same_event_after_an_undo(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    calls.clear()
    async with engine_on(path) as engine:
        for _ in range(2):
            await send(engine, "order", "ann", {"n": 1})
            await settled(engine)
            assert len(entries(path, "step.done")) == 1
            await engine.undo()
        assert calls == ["charge ann 1"]
    sound(path)


async def test_a_step_that_was_done_between_undo_and_redo_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    calls.clear()
    async with engine_on(path) as engine:
        await engine.ingest("order", "ann", {"n": 1})
        await settled(engine)
        await send(engine, "bye", "bob")
        await engine.undo()
        # Time is no event from outside: what was taken back can still be brought back.
        await engine.forward("12s")
        assert calls == ["charge ann 1", "mail ann"]
        await engine.redo()
        assert entries(path, "step.done")[-1].name == "charge"
        await engine.forward("12s")
        assert calls == ["charge ann 1", "mail ann"]
        assert entries(path, "step.done")[-1].name == "mail"
    sound(path)


async def test_what_a_fault_kept_from_being_let_go_hinders_no_later_undo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"

    def full(_: sqlite3.Connection, number: int | None = None) -> None:
        raise StoreError("the disk is full")

    async with engine_on(path) as engine:
        await send(engine, "hello", "ann")
        await engine.undo()
        monkeypatch.setattr(rewind, "forget_undone", full)
        await send(engine, "hello", "bob")
        monkeypatch.setattr(rewind, "forget_undone", forget_undone)
        assert undone(path) == [1]
        with pytest.raises(StudioError, match="1 other event"):
            await engine.redo()
        await engine.undo()
        assert (await engine.redo())["user"] == "bob"
        assert [entry.user for entry in entries(path, "event")] == ["bob"]
    sound(path)


@pytest.mark.parametrize("what", ["event", "act", "nothing"])
async def test_a_start_lets_go_of_what_cannot_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    path = tmp_path / "a.db"

    def full(_: sqlite3.Connection, number: int | None = None) -> None:
        raise StoreError("the disk is full")

    clock = StudioClock()
    async with engine_on(path, clock=clock) as engine:
        await engine.pause()
        await engine.ingest("hello", "dan")
        await send(engine, "bye", "ann")
        await engine.undo()
        with monkeypatch.context() as patch:
            # The engine is killed right after what is new was written: it could not let go.
            patch.setattr(rewind, "forget_undone", full)
            if what == "event":
                await engine.ingest("bye", "bob")
            elif what == "act":
                await engine.jump(clock.now() + DAY)
    async with engine_on(path, clock=StudioClock()) as engine:
        if what == "nothing":
            assert (await engine.redo())["user"] == "ann"
        else:
            assert undone(path) == []
            reason = "1 other event" if what == "event" else "time was moved since"
            with pytest.raises(StudioError, match=reason):
                await engine.redo()
    sound(path)


async def test_a_jump_is_one_act_however_many_batches_it_takes(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", StudioClock()
    async with engine_on(path, clock=clock) as engine:
        await engine.pause()
        for n in range(3):
            await engine.ingest("order", f"user{n}", {"n": n})
        await settled(engine)
        await engine.jump(clock.now() + DAY)
        # One that goes nowhere is none.
        await engine.jump(clock.now())
        await engine.jump(clock.now() + 2 * DAY)
        assert [(act["what"], act["passed_ms"]) for act in acts(path)] == [("jump", DAY), ("jump", 2 * DAY)]
        result = await engine.undo()
        assert result["passed_ms"] == 2 * DAY
        result = await engine.undo()
        assert result == {"what": "jump", "user": "", "passed_ms": DAY}
    sound(path)


async def test_an_event_tells_no_time_that_passed(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        await send(engine, "hello", "ann")
        assert await engine.undo() == {"what": "hello", "user": "ann"}
        assert await engine.redo() == {"what": "hello", "user": "ann"}


async def test_the_oldest_acts_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    for module in (preview, rewind):
        monkeypatch.setattr(module, "MOST_ACTS", 2)
    async with engine_on(path) as engine:
        for user in ("ann", "bob", "cat"):
            await send(engine, "bye", user)
        assert [act["user"] for act in acts(path)] == ["bob", "cat"]
        for user in ("cat", "bob"):
            assert (await engine.undo())["user"] == user
        with pytest.raises(StudioError, match="there is nothing to undo"):
            await engine.undo()


async def test_a_hold_on_a_step_that_an_undo_took_away_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    calls.clear()
    async with engine_on(path) as engine:
        first = await engine.ingest("bye", "ann")
        await engine.ingest("bye", "bob")
        # From here on new steps wait for a yes.
        await engine.rewind(first.seq)
        await send(engine, "order", "cat", {"n": 1})
        await settled(engine)
        (held,) = await engine.held_steps()
        await engine.undo()
        con = sqlite3.connect(path)
        left = con.execute("SELECT key FROM meta WHERE key LIKE 'held/%'").fetchall()
        con.close()
        assert left == []
        assert await engine.held_steps() == []
        await engine.redo()
        await settled(engine)
        assert [each.name for each in await engine.held_steps()] == [held.name]
        assert calls == []
    assert compare(path) == []


async def test_no_number_is_given_out_twice_over_an_undo_and_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await engine.ingest("bye", "ann")
        sent = await send(engine, "bye", "bob")
        await engine.undo()
    async with engine_on(path) as engine:
        assert (await engine.ingest("bye", "cat")).seq > sent.seq


@pytest.mark.parametrize(("act", "what"), [("cancel", "journey.cancelled"), ("restart", "journey.restarted")])
async def test_an_act_is_named_by_what_was_done_and_to_whom(tmp_path: Path, act: str, what: str) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        for user in ("ann", "bob"):
            await engine.ingest("hello", user)
        # What it closes stands before it.
        await getattr(engine, act)("greets/bob")
        assert [(each["what"], each["user"]) for each in acts(path)] == [(what, "bob")]


async def test_without_a_cut_a_result_that_comes_too_late_is_kept_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    began, go = threading.Event(), threading.Event()

    def pay() -> str:
        began.set()
        go.wait(60)
        return "receipt"

    @workflow(trigger="buy", name="buys")
    async def buys(journey: Journey) -> None:
        await journey.step("pay", pay)

    async with Engine(buys, store=path, durability="normal") as engine:
        await engine.ingest("buy", "ann")
        await until(began.is_set)
        await engine.cancel("buys/ann")
        go.set()
        await engine.ingest("hello", "bob")
        await engine.run_until_idle()
    con = sqlite3.connect(path)
    kept = con.execute("SELECT count(*) FROM meta WHERE key LIKE 'former/%'").fetchone()
    con.close()
    assert kept == (0,)


async def test_an_act_that_reached_another_user_is_not_taken_back_unasked(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        await send(engine, "order", "ann", {"n": 1})
        await settled(engine)
        preview = await engine.preview_undo()
        assert (preview.behind.users, preview.behind.others, preview.touches_others) == (1, 1, False)
        # Nobody paid: the journey tells the warden.
        await engine.forward("11s")
        preview = await engine.preview_undo()
        assert (preview.behind.users, preview.behind.others, preview.touches_others) == (2, 1, True)
