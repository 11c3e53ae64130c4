"""What an undo takes with it, when it asks first, and when it is no longer possible."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, Journey, workflow
from studio.errors import StudioError
from studio.store.prune import prune
from studio.store.rebuild import compare
from tests.engine.rewind.test_rewind import dump
from tests.engine.rewinding import calls, engine_on, send
from tests.engine.support import entries, python, settled, sound


@pytest.mark.parametrize(
    ("since", "touches"),
    [
        ([], False),
        # Another event of the same user is as much a thing of its own as one of another user.
        ([("hello", "ann")], True),
        ([("hello", "bob")], True),
    ],
)
async def test_an_undo_asks_when_more_goes_than_the_act(
    tmp_path: Path, since: list[tuple[str, str]], touches: bool
) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        await send(engine, "order", "ann", {"n": 1})
        for event, user in since:
            await engine.ingest(event, user)
        await settled(engine)
        preview = await engine.preview_undo()
        assert preview.act.user == "ann"
        assert preview.touches_others is touches


async def test_what_follows_from_the_act_itself_is_no_reason_to_ask(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "a.db") as engine:
        await send(engine, "hello", "ann")
        await engine.forward("2m")
        preview = await engine.preview_undo()
        assert preview.behind.others == 1
        assert preview.behind.users == 1
        assert not preview.touches_others


@pytest.mark.parametrize("act", ["cancel", "restart", "time_out"])
async def test_an_act_on_a_journey_counts_among_what_goes(tmp_path: Path, act: str) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await engine.ingest("paid", "cat")
        await send(engine, "hello", "ann")
        if act == "time_out":
            await engine.time_out(entries(path, "wait.opened", user="cat")[-1].seq)
        else:
            await getattr(engine, act)("payer/cat")
        con = sqlite3.connect(path)
        acts = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()[0]
        con.close()
        preview = await engine.preview_undo()
        # The newest act is the one on cat's journey; the one before takes it along.
        assert preview.act.user == "cat"
        assert not preview.touches_others
        await engine.undo()
        assert (await engine.preview_undo()).act.user == "ann"
        assert '"ann"' in acts


async def test_a_redo_is_refused_after_an_event_from_outside_and_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await send(engine, "hello", "ann")
        await engine.undo()
        for user in ("bob", "cat"):
            await engine.ingest("hello", user)
        before = dump(path)
        with pytest.raises(StudioError, match="2 other events or actions have come since"):
            await engine.redo()
        assert dump(path) == before
    sound(path)


async def test_two_undone_acts_are_both_lost_to_one_new_event(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        for user in ("ann", "bob"):
            await send(engine, "hello", user)
        await engine.undo()
        await engine.undo()
        await engine.ingest("hello", "cat")
        for _ in range(2):
            with pytest.raises(StudioError, match="1 other event"):
                await engine.redo()
        assert [entry.user for entry in entries(path, "event")] == ["cat"]


async def test_an_act_whose_entry_is_gone_cannot_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await send(engine, "hello", "ann")
        await engine.cancel("greets/ann")
        await engine.undo()
    # As a copy of the store's file from before would leave it.
    con = sqlite3.connect(path)
    with con:
        con.execute("UPDATE meta SET value = replace(value, '\"seq\": ', '\"seq\": 9') WHERE key = 'acts'")
    con.close()
    async with engine_on(path) as engine:
        before = dump(path)
        with pytest.raises(StudioError, match="the action is no longer in the history"):
            await engine.undo()
        assert dump(path) == before
        # The engine goes on, and what is new can be taken back.
        await send(engine, "hello", "bob")
        assert (await engine.undo())["user"] == "bob"
    sound(path)


async def test_an_act_that_was_pruned_is_no_act_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await send(engine, "bye", "ann")
        await engine.forward("40d")
    await asyncio.to_thread(prune, path, 0)
    async with engine_on(path) as engine:
        with pytest.raises(StudioError, match="there is nothing to undo"):
            await engine.undo()


DIES = """
import os, sys
from studio import Engine, workflow

@workflow(trigger="order")
async def order(journey):
    await journey.step("charge", os._exit, 9)

with Engine([order], store=sys.argv[1]) as engine:
    engine.submit([__import__("studio").incoming("order", "ann")]).result()
    __import__("time").sleep(30)
"""


@workflow(trigger="order", name="order")
async def charges(journey: Journey) -> None:
    await journey.step("charge", calls.append, "never")


@pytest.mark.long
@pytest.mark.parametrize("to", ["event", "start", "interrupted", "after"])
async def test_a_rewind_around_an_interrupted_step_keeps_whole_causes(tmp_path: Path, to: str) -> None:
    path = tmp_path / "a.db"
    died = await asyncio.to_thread(python, DIES, str(path))
    assert died.returncode == 9, died.stderr
    con = sqlite3.connect(path)
    with con:
        # Started as often as a step may be: the next start of an engine gives it up.
        con.execute("UPDATE history SET data = json_set(data, '$.start', 4) WHERE kind = 30")
        con.execute("DELETE FROM checksums")
    con.close()
    async with Engine(charges, store=path) as engine:
        await settled(engine)
    (gave_up,) = entries(path, "step.failed")
    assert gave_up.data["type"] == "interrupted"
    failed = entries(path, "journey.failed")[-1]
    assert failed.seq > gave_up.seq
    started = entries(path, "step.started")[-1].seq
    event = entries(path, "event")[-1].seq
    seq = {"event": event, "start": started, "interrupted": gave_up.seq, "after": failed.seq}[to]
    async with Engine(charges, store=path) as engine:
        result = await engine.rewind(seq)
        assert compare(path) == []
        if to in ("event", "start"):
            assert result["keep"] == started
            assert entries(path, "step.failed") == []
        else:
            # That it was given up and what followed from it are one cause: never half of it.
            assert result["keep"] >= failed.seq
            assert entries(path, "journey.failed") != []
    sound(path)


async def test_a_step_that_is_redone_after_an_undo_is_not_called_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    calls.clear()
    async with engine_on(path) as engine:
        await send(engine, "order", "ann", {"n": 1})
        await settled(engine)
        assert calls == ["charge ann 1"]
        await engine.undo()
        await engine.redo()
        await settled(engine)
    assert calls == ["charge ann 1"]
    assert len(entries(path, "step.done")) == 1
    sound(path)
