"""Subscribing to the entries of a running engine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioError, incoming, workflow
from studio.engine.loop import subscription
from studio.store.views import Views
from tests.engine.support import until


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, str]:
    journey.log("hello")
    return {"hello": journey.user.id}


async def test_all_that_becomes_durable_comes_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "PAGE_ROWS", 7)
    async with Engine(welcome, store=tmp_path / "s.db") as engine:
        await engine.ingest("signup", user="before")
        everything, ends = engine.subscribe(), engine.subscribe(kinds=["journey.completed"], user="u3")
        await engine.ingest_many([incoming("signup", f"u{n}") for n in range(20)])
        await engine.run_until_idle()
        assert [(await anext(ends)).journey] == ["welcome/u3"]
        async with engine.subscribe(after=0, user="before") as again:
            assert (await anext(again)).user == "before"
        with pytest.raises(StopAsyncIteration):
            await anext(again)
    # The engine has stopped: what is left is told, and then it is over.
    seqs = [e.seq async for e in everything]
    assert [e async for e in ends] == []
    with Views(tmp_path / "s.db") as views:
        there = [e.seq for e in views.entries() if e.user not in (None, "before")]
    assert seqs == there


async def test_who_waits_for_an_entry_is_woken_by_it_and_by_the_end() -> None:
    engine = Engine(welcome)
    with pytest.raises(StudioError, match="not running"):
        engine.subscribe()
    async with engine:
        entries = engine.subscribe(kinds=["log"])
        waiting = asyncio.create_task(anext(entries))
        await engine.ingest("signup", user="ada")
        assert (await waiting).message == "hello"
        waiting = asyncio.create_task(anext(entries))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_who_waits_asks_only_when_something_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Engine(welcome) as engine:
        entries = engine.subscribe(kinds=["log"])
        waiting = asyncio.create_task(anext(entries))
        await asyncio.sleep(0.05)
        asked: list[object] = []
        ask = entries._ask

        async def counted(question: Any) -> Any:
            asked.append(question)
            return await ask(question)

        monkeypatch.setattr(entries, "_ask", counted)
        await asyncio.sleep(0.2)
        assert len(asked) < 8
        await engine.ingest("signup", user="ada")
        assert (await waiting).message == "hello"
        await entries.close()


async def test_who_waits_hears_that_it_was_closed_and_its_thread_ends() -> None:
    def threads() -> int:
        return sum(thread.name.startswith("subscription") for thread in threading.enumerate())

    before = threads()
    async with Engine(welcome) as engine:
        entries = engine.subscribe(kinds=["log"])
        waiting = asyncio.create_task(anext(entries))
        await asyncio.sleep(0.05)
        assert threads() == before + 1
        await entries.close()
        await entries.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 60)
        await until(lambda: threads() == before)
