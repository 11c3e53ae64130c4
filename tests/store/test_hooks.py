"""The pair of hooks in memory: an event history that is elsewhere, and small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Event, Journey, workflow
from studio.store.hooks import MemoryEvents
from tests.engine.support import entries, settled, sound


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    paid = await journey.wait_for("paid", match={"plan": "pro"}, timeout="1h")
    return {"paid": [event.data for event in paid], "id": paid.first.id if paid.first else None}


@workflow(trigger="signup")
async def patterns(journey: Journey) -> list[str]:
    found = await journey.wait_for(["app/*", "web/login"], timeout="1h")
    return [event.name for event in found]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


def result(path: Path, user: str = "ada") -> Any:
    (done,) = entries(path, "journey.completed", user=user)
    return done.data["result"]


async def test_the_pair_in_memory_remembers_what_another_store_was_told(tmp_path: Path) -> None:
    memory = MemoryEvents()
    first, second = tmp_path / "first.db", tmp_path / "second.db"

    async with Engine(
        welcome, store=first, check_event=memory.check_event, set_event=memory.set_event
    ) as engine:
        await engine.ingest("paid", "ada", {"plan": "pro", "n": 1}, "p1")
        await engine.ingest("paid", "bob", {"plan": "pro", "n": 2})
    async with Engine(
        welcome, store=second, check_event=memory.check_event, set_event=memory.set_event
    ) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await settled(engine)
    assert result(second)["paid"] == [{"plan": "pro", "n": 1}]
    assert result(second, "bob")["paid"] == [{"plan": "pro", "n": 2}]
    sound(second)


async def test_the_pair_in_memory_answers_patterns_too(tmp_path: Path) -> None:
    memory = MemoryEvents()
    async with Engine(store=tmp_path / "first.db", set_event=memory.set_event) as engine:
        await engine.ingest("app/login", "ada")
        await engine.ingest("app/post", "ada")
        await engine.ingest("other", "ada")
    path = tmp_path / "second.db"
    async with Engine(patterns, store=path, check_event=memory.check_event) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    assert result(path) == ["app/login"]
    assert [event.name for event in entries(path, "event")] == ["signup", "app/login", "app/post"]


def test_the_pair_in_memory_keeps_an_event_that_is_told_twice_once() -> None:
    memory = MemoryEvents()
    event = Event("paid", "ada", 5, '{"n":1}', "p1", 7)
    memory.set_event(event)
    memory.set_event(event)
    # Without an id of its own each is another, by its entry.
    memory.set_event(Event("paid", "ada", 6, '{"n":2}', None, 8))
    memory.set_event(Event("paid", "ada", 6, '{"n":3}', None, 9))
    memory.set_event(Event("paid", "ada", 7, '{"n":4}', "p1", 10))
    found: Iterable[Mapping[str, Any]] = memory.check_event("ada", ("paid",), None)
    assert [entry["data"] for entry in found] == [{"n": 4}, {"n": 2}, {"n": 3}]
    assert memory.check_event("bob", ("paid",), None) == []
    assert memory.check_event("ada", ("other",), None) == []
