"""The reader of a screen, while the store is being left."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.store.views import Views
from studio.tui.session.reader import Reader, ReaderClosed


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    send(tmp_path / "s.db", [incoming("a", "ada")])
    return Reader(tmp_path / "s.db")


async def test_a_reader_that_closes_while_it_is_asked_answers_nothing_and_ends_nobody(reader: Reader) -> None:
    busy, go = threading.Event(), threading.Event()

    def slow(views: Views) -> int:
        busy.set()
        assert go.wait(60)
        return views.last_seq()

    first = asyncio.ensure_future(reader.ask(slow))
    second = asyncio.ensure_future(reader.ask(lambda views: views.last_seq()))
    await asyncio.to_thread(busy.wait, 20)
    reader.close()
    go.set()
    # Not a cancellation: that would look as if whoever asked were to end.
    with pytest.raises(ReaderClosed):
        await second
    assert await first == 0
    with pytest.raises(ReaderClosed):
        await reader.ask(lambda views: views.last_seq())


async def test_who_asks_may_still_be_cancelled(reader: Reader) -> None:
    busy, go = threading.Event(), threading.Event()

    def slow(views: Views) -> int:
        busy.set()
        go.wait(60)
        return 1

    asked = asyncio.ensure_future(reader.ask(slow))
    await asyncio.to_thread(busy.wait, 20)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    go.set()
    assert await reader.ask(lambda views: views.last_seq()) == 0
    reader.close()
