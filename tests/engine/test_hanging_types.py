"""A class of an event that loops or blocks: named, given up and refused, and everything else goes on."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, event, incoming, workflow
from studio.engine.local import LocalEngine
from studio.errors import EventError
from studio.store.inbox import send
from studio.store.views import Views
from tests.engine.support import entries, settled, sound, until

HANG = 0.3
gate = threading.Event()


@event("billing/paid")
@dataclass
class Paid:
    how: str

    def __post_init__(self) -> None:
        while self.how == "loops":
            pass
        if self.how == "blocks":
            gate.wait(30)


@workflow(trigger="signup")
async def shop(journey: Journey) -> dict[str, str]:
    paid = await journey.wait_for(Paid)
    return {"how": paid.first.how if paid.first else ""}


@pytest.fixture(autouse=True)
def opened() -> Any:
    """What blocks comes back after the test."""
    gate.clear()
    yield
    gate.set()


def line_of(text: str) -> str:
    lines, first = inspect.getsourcelines(Paid.__post_init__)
    return f"test_hanging_types.py:{first + next(n for n, each in enumerate(lines) if text in each)}"


def names(path: Path) -> list[tuple[str | None, str | None]]:
    return [(entry.name, entry.user) for entry in entries(path, "event")]


@pytest.mark.parametrize(("how", "line"), [("loops", "pass"), ("blocks", "gate.wait")])
async def test_an_event_of_the_inbox_whose_class_hangs_is_kept_aside_with_its_line(
    tmp_path: Path, how: str, line: str
) -> None:
    path = tmp_path / "s.db"
    async with Engine(shop, store=path, hang_after=HANG) as engine:
        await engine.ingest("signup", "ada")
        send(path, [incoming("billing/paid", "ada", {"how": how}), incoming("signup", "bob")])
        await asyncio.sleep(HANG / 2)
        # Handed in while the thread hangs, and taken by the one in its place.
        await asyncio.wait_for(engine.ingest("signup", "eve"), 30)
        await settled(engine)
        with Views(path) as views:
            (refused,) = views.refused()
        assert refused.reason.startswith('"billing/paid" of ada does not fit Paid (test_hanging_types.py:')
        where = (line_of(line), line_of("while self.how"))
        assert any(
            f"it hangs at {each}: it did not come back within {HANG:g} s" in refused.reason for each in where
        )
        assert "Let the class only say what the data is" in refused.reason
        assert names(path) == [("signup", "ada"), ("signup", "bob"), ("signup", "eve")]
        assert engine.status().state == "running"
        await engine.ingest("billing/paid", "ada", {"how": "well"})
        await settled(engine)
    sound(path)


async def test_while_it_hangs_it_is_named_as_what_holds_up_all_others(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(shop, store=path, hang_after=3.0) as engine:
        send(path, [incoming("billing/paid", "ada", {"how": "blocks"})])
        await until(lambda: engine.status().slow is not None)
        slow = engine.status().slow
        assert slow is not None
        assert slow.sentence.startswith(
            "to read event billing/paid of ada by its class held up all others for"
        )
        gate.set()
        await until(lambda: names(path) == [("billing/paid", "ada")])


async def test_where_faults_are_only_told_it_is_taken_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    with caplog.at_level(logging.WARNING, "studio"):
        async with Engine(shop, store=path, hang_after=HANG, typed="warn") as engine:
            send(path, [incoming("billing/paid", "ada", {"how": "loops"})])
            await until(lambda: names(path) == [("billing/paid", "ada")])
            assert engine.status().state == "running"
    assert any("it hangs at" in text and "It is taken all the same." in text for text in caplog.messages)


async def test_an_engine_that_is_to_stop_does_not_wait_for_it_and_the_event_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    engine = await Engine(shop, store=path, hang_after=60.0).__aenter__()
    send(path, [incoming("billing/paid", "ada", {"how": "blocks"})])
    await until(lambda: engine._running._thread.monitor.reading is not None)
    began = time.monotonic()
    await engine.__aexit__(None, None, None)
    assert time.monotonic() - began < 20
    gate.set()
    async with Engine(shop, store=path, hang_after=HANG):
        await until(lambda: names(path) == [("billing/paid", "ada")])
    with Views(path) as views:
        assert views.refused() == []


async def test_who_sends_by_hand_is_told_and_its_event_loop_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(shop, store=path, hang_after=HANG) as engine:
        client, ticks = LocalEngine(engine), 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.ensure_future(tick())
        with pytest.raises(
            EventError, match=r"hangs at test_hanging_types.py:\d+: it did not come back within"
        ):
            await client.send(incoming("billing/paid", "ada", {"how": "loops"}))
        assert ticks > 3
        ticking.cancel()
        with pytest.raises(EventError, match="how: is missing"):
            await client.send(incoming("billing/paid", "ada", {}))
        stored = await client.send(incoming("billing/paid", "ada", {"how": "well"}))
        assert stored is not None
        assert names(path) == [("billing/paid", "ada")]
        await until(lambda: not any(each.name == "event-reading" for each in threading.enumerate()))
