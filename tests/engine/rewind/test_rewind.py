"""Rewind, undo, redo, restore and fork: the laws, and what people see."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import Engine, Journey, VirtualClock, workflow
from studio.clocks.adjustable_clock import StudioClock
from studio.errors import StudioError
from studio.language.kinds import Kind
from studio.store.causes import end_of_cause
from studio.store.inbox import ask
from studio.store.rebuild import compare
from tests.engine.rewinding import START, calls, do, engine_on, op_of, plain, send
from tests.engine.support import entries, settled, sound, until

OPS = st.one_of(
    st.builds(
        op_of,
        st.sampled_from(["order", "paid", "hello", "bye", "identify"]),
        st.sampled_from(["ann", "bob"]),
        st.integers(1, 2),
    ),
    st.tuples(st.just("forward"), st.sampled_from(["1s", "4s", "11s"])),
)


def ends(path: Path) -> list[int]:
    """Where causes end."""
    con = sqlite3.connect(path)
    try:
        seqs = [seq for (seq,) in con.execute("SELECT seq FROM history ORDER BY seq")]
        return sorted({end_of_cause(con, seq, path) for seq in seqs})
    finally:
        con.close()


def last(path: Path) -> int:
    con = sqlite3.connect(path)
    try:
        return int(con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()[0])
    finally:
        con.close()


def dump(path: Path) -> dict[str, list[Any]]:
    """All rows of the tables that say what happened."""
    con = sqlite3.connect(path)
    try:
        found = {
            table: con.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("users", "history", "journeys", "waits", "profiles")
        }
        # Acts of the operator are entries too, and are left out where histories are compared.
        found["history"] = [row for row in found["history"] if row[2] != Kind.CLOCK_MOVED]
        found["totals"] = con.execute(
            "SELECT * FROM totals WHERE n <> 0 AND kind <> 72 ORDER BY 1, 2"
        ).fetchall()
        found["places"] = con.execute(
            "SELECT w.text, p.text, n.text, kind, t.n FROM places t JOIN names w ON w.id = t.workflow"
            " JOIN names p ON p.id = t.place LEFT JOIN names n ON n.id = t.name"
            " WHERE t.n <> 0 ORDER BY 1, 2, 3, 4"
        ).fetchall()
        return found
    finally:
        con.close()


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(before=st.lists(OPS, min_size=1, max_size=5), after=st.lists(OPS, min_size=1, max_size=6))
def test_rewinding_and_sending_the_same_again_gives_the_history_without_a_rewind(
    before: list[Any], after: list[Any]
) -> None:
    async def play(folder: Path) -> None:
        async with engine_on(folder / "straight.db") as engine:
            for op in before:
                await do(engine, op)
            await settled(engine)
            at = engine.clock.now()
        cut = last(folder / "straight.db")
        shutil.copy(folder / "straight.db", folder / "back.db")
        calls.clear()
        async with engine_on(folder / "straight.db") as engine:
            for op in after:
                await do(engine, op)
        done = sorted(calls)
        calls.clear()
        async with engine_on(folder / "back.db") as engine:
            kept = dump(folder / "back.db")
            assert last(folder / "back.db") == cut
            for op in after:
                await do(engine, op)
            await engine.rewind(cut)
            assert compare(folder / "back.db") == []
            assert dump(folder / "back.db") == kept
            assert engine.clock.now() <= at
            await engine.forward_to(at)
            for op in after:
                await do(engine, op)
            await settled(engine)
        assert plain(folder / "back.db") == plain(folder / "straight.db")
        # Nothing was done twice.
        assert sorted(calls) == done
        sound(folder / "back.db")

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(play(Path(name)))


@pytest.mark.long
@settings(max_examples=15, deadline=None)
@given(ops=st.lists(OPS, min_size=1, max_size=8), data=st.data())
def test_a_fork_equals_the_rewound_store_at_any_entry(ops: list[Any], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "a.db"

        async def play() -> None:
            async with engine_on(path) as engine:
                for op in ops:
                    await do(engine, op)

        async def part(seq: int) -> None:
            async with engine_on(path) as engine:
                keep = await engine.fork(seq, folder / "fork.db")
                assert compare(folder / "fork.db") == []
                assert len(dump(folder / "fork.db")["history"]) == len(
                    [row for row in dump(path)["history"] if row[0] <= keep]
                )
                result = await engine.rewind(seq)
                assert result["keep"] == keep
                await settled(engine)
                at = engine.clock.now()
            async with engine_on(folder / "fork.db") as engine:
                await settled(engine)
                assert engine.clock.now() == at
            # What goes on by itself, as a step whose result is known, goes on alike.
            assert plain(path) == plain(folder / "fork.db")
            assert dump(path)["waits"] == dump(folder / "fork.db")["waits"]
            assert compare(path) == compare(folder / "fork.db") == []

        asyncio.run(play())
        seq = data.draw(st.sampled_from(range(1, last(path) + 1)))
        asyncio.run(part(seq))


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(before=st.lists(OPS, max_size=5), act=OPS, after=st.lists(OPS, max_size=4), restart=st.booleans())
def test_undo_then_redo_is_as_if_nothing_had_happened(
    before: list[Any], act: Any, after: list[Any], restart: bool
) -> None:
    async def play(path: Path) -> None:
        async with engine_on(path) as engine:
            for op in before:
                await do(engine, op)
            await settled(engine)
            was, at = dump(path), engine.clock.now()
            await do(engine, act, by_hand=True)
            for op in after:
                await do(engine, op)
            await settled(engine)
            full, moment = dump(path), engine.clock.now()
            if act[0] == "forward":
                with pytest.raises(StudioError, match="nothing to undo"):
                    await engine.undo()
                return
            await engine.undo()
            assert compare(path) == []
            assert dump(path) == was
            assert engine.clock.now() == at
            if not restart:
                await engine.redo()
        async with engine_on(path) as engine:
            if restart:
                assert dump(path) == was
                assert engine.clock.now() == at
                await engine.redo()
            assert compare(path) == []
            assert dump(path) == full
            assert engine.clock.now() == moment
            await engine.undo()
            assert dump(path) == was

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(play(Path(name) / "a.db"))


@settings(max_examples=15, deadline=None)
@given(ops=st.lists(OPS, min_size=1, max_size=8), data=st.data())
def test_a_cut_at_any_entry_leaves_a_store_that_verify_agrees_with(
    ops: list[Any], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.db"

        async def play() -> None:
            async with engine_on(path) as engine:
                for op in ops:
                    await do(engine, op)
                for _ in range(3):
                    seqs = [entry.seq for entry in entries(path)]
                    if not seqs:
                        return
                    await engine.rewind(data.draw(st.sampled_from(seqs)))
                    assert compare(path) == []
                    await do(engine, op_of("order", "ann", 1))
                    await do(engine, ("forward", "30s"))
                    assert compare(path) == []

        asyncio.run(play())


async def test_a_rewind_keeps_the_whole_cause_of_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("order", "ann", {"n": 1})
        await settled(engine)
        await engine.ingest("hello", "bob")
        await settled(engine)
        preview = await engine.preview_rewind(first.seq)
        assert preview.behind.steps == (("charge", 1),)
        assert preview.behind.users == 2
        assert preview.snapshot == 1
        result = await engine.rewind(first.seq)
    kinds = [entry.kind for entry in entries(path) if entry.kind != "workflow.loaded"]
    assert kinds[:4] == ["event", "journey.started", "log", "step.started"]
    assert result == {"at": START, "keep": preview.behind.keep, "snapshot": 1}
    assert (tmp_path / "a.1.db").exists()
    assert [entry.user for entry in entries(tmp_path / "a.1.db", "event")] == ["ann", "bob"]
    (said,) = entries(path, "clock.moved")
    assert said.data == {
        "from": START,
        "to": START,
        "rewind": result["keep"],
        "entries": preview.behind.entries,
        "snapshot": 1,
    }


async def test_a_step_that_was_done_is_answered_and_another_waits_for_a_yes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    calls.clear()
    async with engine_on(path) as engine:
        first = await engine.ingest("order", "ann", {"n": 1})
        await settled(engine)
        await engine.rewind(first.seq)
        await settled(engine)
        assert calls == ["charge ann 1"]
        await engine.ingest("order", "bob", {"n": 2})
        await settled(engine)
        assert calls == ["charge ann 1"]
        (held,) = await engine.held_steps()
        assert (held.user, held.name) == ("bob", "charge")
    async with engine_on(path) as engine:
        await settled(engine)
        (again,) = await engine.held_steps()
        assert again == held
        assert calls == ["charge ann 1"]
        await engine.release_step(held.seq)
        await settled(engine)
        assert calls == ["charge ann 1", "charge bob 2"]
        assert await engine.held_steps() == []
        with pytest.raises(StudioError, match="no step"):
            await engine.release_step(held.seq)
        await engine.ingest("order", "cat", {"n": 3})
        await engine.ingest("order", "dan", {"n": 3})
        await settled(engine)
        assert len(await engine.held_steps()) == 2
        await engine.release_steps()
        await engine.ingest("order", "eve", {"n": 3})
        await settled(engine)
        assert sorted(calls[2:]) == ["charge cat 3", "charge dan 3", "charge eve 3"]
    assert [entry.data for entry in entries(path, "step.started", user="bob")] == [{"attempt": 1, "start": 1}]
    sound(path)


async def test_a_restored_snapshot_is_the_store_that_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("order", "ann", {"n": 1})
        await settled(engine)
        await engine.forward("20s")
        was = dump(path)
        await engine.rewind(first.seq)
        await engine.ingest("hello", "bob")
        await settled(engine)
        other = plain(path)
        result = await engine.restore(1)
        assert result["snapshot"] == 2
        assert dump(path) == was
        assert compare(path) == []
        await engine.restore(2)
        assert plain(path) == other
        assert [each.number for each in await engine.snapshots()] == [3, 2, 1]
        with pytest.raises(StudioError, match="no snapshot"):
            await engine.restore(9)
        await engine.ingest("hello", "cat")
    sound(path)


async def test_a_redo_is_refused_once_something_else_has_come(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        await send(engine, "hello", "ann")
        await send(engine, "hello", "bob")
        await engine.undo()
        await engine.ingest("hello", "cat")
        with pytest.raises(StudioError, match="1 other event"):
            await engine.redo()
        with pytest.raises(StudioError, match="no entry 999"):
            await engine.rewind(999)
        preview = await engine.preview_undo()
        assert (preview.act.user, preview.touches_others) == ("ann", True)


async def test_cancel_is_an_act_that_can_be_undone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await engine.ingest("hello", "ann")
        was = dump(path)
        await engine.cancel("greets/ann")
        await engine.undo()
        assert dump(path) == was
        await engine.redo()
        await engine.restart("greets/ann")
        await engine.undo()
        await engine.undo()
        assert dump(path) == was


async def test_a_sequence_number_is_never_given_out_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("hello", "ann")
        newest = await engine.ingest("hello", "bob")
        top = last(path)
        await engine.rewind(first.seq)
    async with engine_on(path) as engine:
        again = await engine.ingest("hello", "bob")
        assert again.seq > top >= newest.seq


def test_virtual_time_can_be_turned_back() -> None:
    clock = VirtualClock(START)
    clock.move(START + 5)
    clock.turn_back(START)
    assert clock.now() == START


async def test_a_result_that_comes_after_a_rewind_no_longer_counts_and_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    began, go = threading.Event(), threading.Event()
    paid: list[str] = []

    def pay() -> str:
        began.set()
        go.wait(60)
        paid.append("paid")
        return "receipt"

    @workflow(trigger="buy")
    async def buys(journey: Journey) -> dict[str, str]:
        return {"receipt": await journey.step("pay", pay)}

    async with Engine(buys, store=path, durability="normal") as engine:
        first = await engine.ingest("buy", "ann")
        await until(began.is_set)
        await engine.rewind(first.seq)
        (held,) = await engine.held_steps()
        go.set()
        await settled(engine)
        await until(lambda: paid)
        await asyncio.sleep(0.1)
        assert [entry.kind for entry in entries(path, "step.done", "journey.completed")] == []
        await engine.release_step(held.seq)
        await until(lambda: entries(path, "journey.completed"))
    # The same idempotency key: answered by what the first attempt had come to.
    assert paid == ["paid"]
    sound(path)


async def test_undo_in_real_time_takes_the_act_and_lets_time_go_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    @workflow(trigger="hello")
    async def waits(journey: Journey) -> dict[str, bool]:
        return {"came": bool(await journey.wait_for("x", timeout="400ms"))}

    async with Engine(waits, store=path, durability="normal") as engine:
        await engine.ingest("hello", "ann")
        await send(engine, "x", "ann")
        assert entries(path, "journey.completed")[-1].data == {"result": {"came": True}}
        now = engine.clock.now()
        await engine.undo()
        assert abs(engine.clock.now() - now) < 300
        assert entries(path, "journey.completed") == []
        await until(lambda: entries(path, "journey.completed"))
        assert entries(path, "journey.completed")[-1].data == {"result": {"came": False}}
        await engine.redo()
        assert entries(path, "journey.completed")[-1].data == {"result": {"came": True}}
    sound(path)


async def test_set_event_is_told_of_what_comes_after_a_rewind(tmp_path: Path) -> None:
    told: list[tuple[str, str | None]] = []

    async with engine_on(
        tmp_path / "a.db", set_event=lambda event: told.append((event.user, event.id))
    ) as engine:
        first = await engine.ingest("hello", "ann")
        await engine.ingest("hello", "bob")
        await until(lambda: len(told) == 2)
        await engine.rewind(first.seq)
        await engine.ingest("hello", "cat")
        await until(lambda: len(told) == 3)
    assert [user for user, _ in told] == ["ann", "bob", "cat"]
    assert len({id for _, id in told}) == 3


async def test_an_id_that_was_cut_off_may_be_sent_again(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        first = await engine.ingest("hello", "ann", id="1")
        await engine.ingest("hello", "bob", id="2")
        await engine.rewind(first.seq)
        assert not (await engine.ingest("hello", "bob", id="2")).duplicate
        assert (await engine.ingest("hello", "ann", id="1")).duplicate


async def test_another_process_asks_for_a_rewind_and_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("hello", "ann")
        await send(engine, "hello", "bob")
        answer = await asyncio.to_thread(ask, path, "undo", {})
        assert answer == {"ok": True, "what": "hello", "user": "bob"}
        await asyncio.to_thread(ask, path, "redo", {})
        answer = await asyncio.to_thread(ask, path, "rewind", {"seq": first.seq})
        assert answer["snapshot"] == 1
        await asyncio.to_thread(ask, path, "release", {})
        assert [entry.user for entry in entries(path, "event")] == ["ann"]
        for command, body in (("rewind", {"seq": 99}), ("rewind", {}), ("restore", {"number": "1"})):
            with pytest.raises(StudioError):
                await asyncio.to_thread(ask, path, command, body)
        with pytest.raises(StudioError, match="no step 5"):
            await asyncio.to_thread(ask, path, "release", {"wait": 5})
        await engine.ingest("hello", "cat")
    sound(path)


async def test_a_fork_is_not_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    (tmp_path / "b.db").write_text("mine")
    async with engine_on(path) as engine:
        first = await engine.ingest("hello", "ann")
        with pytest.raises(StudioError, match="a file of this name already exists"):
            await engine.fork(first.seq, tmp_path / "b.db")
        with pytest.raises(StudioError, match="no entry 99"):
            await engine.fork(99, tmp_path / "c.db")
        with pytest.raises(StudioError):
            await engine.fork(first.seq, tmp_path / "nowhere" / "c.db")
    assert (tmp_path / "b.db").read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir() if "c.db" in each.name) == []


async def test_a_snapshot_that_cannot_be_written_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("hello", "ann")
        await engine.ingest("hello", "bob")
        was = dump(path)
        # A folder in the place of the passing file.
        (tmp_path / "a.1.db.part").mkdir()
        with pytest.raises(StudioError):
            await engine.rewind(first.seq)
        assert dump(path) == was
        (tmp_path / "a.1.db.part").rmdir()
        await engine.rewind(first.seq)


async def test_after_a_rewind_the_studios_clock_stands_at_the_cut_also_in_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    clock = StudioClock()
    async with engine_on(path, clock=clock) as engine:
        first = await engine.ingest("hello", "ann")
        await engine.jump(engine.clock.now() + 3_600_000)
        await settled(engine)
        await engine.fork(first.seq, tmp_path / "fork.db")
        result = await engine.rewind(first.seq)
        assert clock.reading().paused
        assert clock.now() == result["at"] == first.at_ms
        await engine.ingest("hello", "bob")
        assert entries(path, "event")[-1].at == first.at_ms
        await engine.run()
        await until(lambda: clock.now() > first.at_ms + 20)
    other = StudioClock()
    async with engine_on(tmp_path / "fork.db", clock=other):
        assert other.reading().paused
        assert other.now() == first.at_ms
    sound(path)
    sound(tmp_path / "fork.db")


async def test_a_jump_is_an_act_that_is_taken_back_and_brought_back(tmp_path: Path) -> None:
    clock, path = StudioClock(), tmp_path / "a.db"
    async with engine_on(path, clock=clock) as engine:
        await engine.pause()
        await engine.ingest("paid", "bob")
        sent = await send(engine, "hello", "ann")
        was = dump(path)
        await engine.jump(sent.at_ms + 86_400_000)
        await settled(engine)
        then = dump(path)
        preview = await engine.preview_undo()
        assert (preview.act.what, preview.act.passed_ms) == ("jump", 86_400_000)
        assert preview.behind.users > 0
        result = await engine.undo()
        assert result == {"what": "jump", "user": "", "passed_ms": 86_400_000}
        assert clock.now() == sent.at_ms
        assert clock.reading().paused
        assert dump(path) == was
        await engine.redo()
        assert clock.now() == sent.at_ms + 86_400_000
        assert dump(path) == then
    # Also after a restart, and the act before it after that.
    async with engine_on(path, clock=StudioClock()) as engine:
        await engine.undo()
        assert dump(path) == was
        assert (await engine.preview_undo()).act.what == "hello"
        await engine.undo()
        await engine.redo()
        await engine.redo()
        assert dump(path) == then
    sound(path)


async def test_a_jump_that_touches_one_user_is_taken_back_without_a_question(tmp_path: Path) -> None:
    clock = StudioClock()
    async with engine_on(tmp_path / "a.db", clock=clock) as engine:
        await engine.pause()
        await engine.ingest("paid", "bob")
        await engine.jump(clock.now() + 86_400_000)
        preview = await engine.preview_undo()
        assert (preview.behind.users, preview.touches_others) == (1, False)
        await engine.ingest("hello", "cat")
        assert (await engine.preview_undo()).touches_others


async def test_after_an_undo_a_jump_is_something_new(tmp_path: Path) -> None:
    clock = StudioClock()
    async with engine_on(tmp_path / "a.db", clock=clock) as engine:
        await engine.pause()
        await send(engine, "hello", "ann")
        await engine.undo()
        await engine.jump(clock.now() + 1_000)
        with pytest.raises(StudioError, match="time was moved since"):
            await engine.redo()


async def test_a_rewind_is_taken_back_by_its_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await send(engine, "order", "ann")
        await send(engine, "hello", "bob")
        await settled(engine)
        was = dump(path)
        await engine.rewind(first.seq)
        assert dump(path) != was
        preview = await engine.preview_undo()
        assert (preview.act.what, preview.act.snapshot, preview.touches_others) == ("rewind", 1, True)
        result = await engine.undo()
        assert (result["what"], result["snapshot"]) == ("rewind", 2)
        assert dump(path) == was
        # Then the acts before it, as if there had been no rewind.
        assert (await engine.undo())["user"] == "bob"
        await engine.redo()
        assert dump(path) == was
    sound(path)


async def test_a_return_to_a_snapshot_is_taken_back_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await send(engine, "order", "ann")
        await settled(engine)
        await engine.rewind(first.seq)
        await engine.ingest("hello", "bob")
        await settled(engine)
        was = plain(path)
        await engine.restore(1)
        assert (await engine.undo())["what"] == "restore"
        assert plain(path) == was
        (path.with_name("a.1.db")).unlink()
        assert (await engine.preview_undo()).act.snapshot == 1
        with pytest.raises(StudioError, match="no snapshot"):
            await engine.undo()
        assert plain(path) == was
    sound(path)


async def test_a_wait_that_was_ended_by_hand_is_an_act_that_can_be_undone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await engine.ingest("paid", "ann")
        was = dump(path)
        (wait,) = entries(path, "wait.opened")
        await engine.time_out(wait.seq)
        assert (await engine.preview_undo()).act.what == "wait.timeout"
        await engine.undo()
        assert dump(path) == was


async def test_undo_does_not_set_a_clock_going_that_stands(tmp_path: Path) -> None:
    clock = StudioClock()
    async with engine_on(tmp_path / "a.db", clock=clock) as engine:
        sent = await send(engine, "hello", "ann")
        await engine.pause()
        stood = clock.now()
        await engine.undo()
        assert clock.reading().paused
        assert clock.now() == sent.at_ms
        await engine.redo()
        assert clock.reading().paused
        assert clock.now() == stood


async def test_what_a_killed_attempt_has_left_harms_no_later_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        first = await engine.ingest("hello", "ann")
        (tmp_path / "a.1.db.part").write_bytes(b"half")
        (tmp_path / "a.1.db.part-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
        await engine.rewind(first.seq)
    sound(tmp_path / "a.1.db")
    assert sorted(each.name for each in tmp_path.iterdir() if "part" in each.name) == []


async def test_steps_that_wait_for_a_yes_wait_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    calls.clear()
    async with engine_on(path) as engine:
        first = await send(engine, "hello", "ann")
        await settled(engine)
        await engine.rewind(first.seq)
        await send(engine, "order", "bob", {"n": 1})
        await settled(engine)
    assert calls == []
    async with engine_on(path) as engine:
        await settled(engine)
        # What is open is recovered at a start: not what waits, and nothing new runs either.
        await send(engine, "order", "cat", {"n": 2})
        await settled(engine)
        assert [held.user for held in await engine.held_steps()] == ["bob", "cat"]
        assert calls == []
        await engine.release_steps()
        await settled(engine)
    assert calls == ["charge bob 1", "charge cat 2"]
