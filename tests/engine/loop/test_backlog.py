"""An inbox with more than one batch in it: all is handled, and it keeps no engine from stopping."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from studio import Engine, Event
from studio.kernel.transition import Transition
from studio.language.incoming import Incoming, incoming
from studio.store.inbox import send
from studio.store.views import Views
from tests.engine.support import until


def events(store: Path) -> int:
    """How many events the history has."""
    with Views(store) as views:
        return views.totals().events


async def test_a_backlog_of_several_batches_is_handled_without_anybody_sending_more(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    send(store, [incoming("app/login", f"user{n}") for n in range(25)])
    async with Engine((), store=store, batch=10) as engine:
        await engine.run_until_idle()
        assert events(store) == 25


def test_an_engine_stops_while_others_go_on_sending(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    stop = threading.Event()
    sent = 0

    def flood() -> None:
        nonlocal sent
        while not stop.is_set():
            sent += send(store, [incoming("app/login", f"user{sent + n}") for n in range(200)])

    thread = threading.Thread(target=flood)
    engine = Engine((), store=store, batch=50)
    engine.start_now()
    thread.start()
    try:
        time.sleep(0.5)
        begun = time.monotonic()
        engine.stop_now()
        assert time.monotonic() - begun < 10
    finally:
        stop.set()
        thread.join(60)
    with Engine((), store=store) as again:
        end = time.monotonic() + 60
        while events(store) < sent and time.monotonic() < end:
            time.sleep(0.05)
        assert again.status().problem is None
    assert events(store) == sent


async def test_what_is_handed_in_behind_a_backlog_is_not_lost(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    send(store, [incoming("app/login", f"user{n}") for n in range(400)])
    async with Engine((), store=store, batch=20) as engine:
        for n in range(5):
            event = await asyncio.wait_for(engine.ingest("app/login", f"here{n}"), 60)
            assert event.user == f"here{n}"
        await engine.run_until_idle()
    assert events(store) == 405


async def test_rows_of_a_batch_that_broke_are_taken_again_without_another_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    accept = Transition.event
    broken: list[str] = []

    def once(self: Transition, event: Incoming, at: int) -> Event:
        if not broken:
            broken.append(event.user)
            raise RuntimeError("the engine itself is wrong")
        return accept(self, event, at)

    async with Engine((), store=path):
        monkeypatch.setattr(Transition, "event", once)
        send(path, [incoming("go", "ada"), incoming("go", "bob")])
        await until(lambda: events(path) == 2)
    assert broken == ["ada"]
