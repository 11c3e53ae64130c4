"""A journey that was to send an event whose id was taken keeps that this came to nothing."""

from __future__ import annotations

import json
from pathlib import Path

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.store.erase import erase
from studio.store.prune import prune
from studio.store.transfer import export, take_in
from tests.engine.support import entries, logs, settled, sound

START = 1_750_000_000_000
DAY = 86_400_000


@workflow(trigger="go")
async def reminds(journey: Journey) -> dict[str, str]:
    await journey.wait_for("soon", timeout="1d")
    await journey.ingest("reminder", id="the reminder")
    sent_at = journey.now()
    journey.log("reminded")
    await journey.wait_for("tick")
    journey.log("ticked")
    await journey.wait_for("done")
    return {"sent_at": sent_at.isoformat()}


async def live(store: Path) -> None:
    """Bob had the reminder, so Ada's journey sends none, and waits."""
    async with Engine(reminds, store=store, clock=VirtualClock(START)) as engine:
        await engine.ingest("reminder", "bob", id="the reminder")
        await engine.ingest("go", "ada")
        await engine.forward("40d")
        await settled(engine)
    (kept,) = entries(store, "event.duplicate")
    assert (kept.user, kept.journey, kept.name, kept.key) == (
        "ada",
        "reminds/ada",
        "reminder",
        "ingest:reminder#0",
    )
    assert (kept.at, kept.message) == (START + DAY, "the id the reminder was taken before")


async def ends(store: Path) -> None:
    """The journey goes on and has not sent it."""
    async with Engine(reminds, store=store, clock=VirtualClock(0)) as engine:
        await engine.ingest("tick", "ada")
        await engine.ingest("done", "ada")
        await settled(engine)
    sound(store)
    assert [e.name for e in entries(store, "event", user="ada")] == ["go", "tick", "done"]
    assert len(entries(store, "event.duplicate")) == 1
    assert logs(store, "ada") == ["reminded", "ticked"]
    (completed,) = entries(store, "journey.completed")
    assert completed.data["result"] == {"sent_at": "2025-06-16T15:06:40+00:00"}


async def test_it_stays_so_when_the_other_event_is_erased(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    await live(store)
    erase(store, "bob")
    assert [e for e in entries(store, "event") if e.name == "reminder"] == []
    await ends(store)


async def test_it_stays_so_when_the_other_event_is_pruned(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    await live(store)
    prune(store, DAY)
    assert [e for e in entries(store, "event") if e.name == "reminder"] == []
    await ends(store)


async def test_it_moves_to_another_store(tmp_path: Path) -> None:
    store, other = tmp_path / "s.db", tmp_path / "other.db"
    await live(store)
    async with Engine(reminds, store=other, clock=VirtualClock(START)) as engine:
        for number in range(20):
            await engine.ingest("other", f"user{number}")
    take_in(other, [json.dumps(line).encode() for line in export(store, "ada")], "export")
    await ends(other)


async def test_what_the_journey_sent_itself_is_told_apart(tmp_path: Path) -> None:
    @workflow(trigger="go")
    async def twice(journey: Journey) -> dict[str, bool]:
        first = journey.ingest("told", {"n": 1}, id="once")
        both = await journey.wait_all(first, journey.ingest("told", {"n": 2}, id="once"))
        await journey.wait_for("end")
        return {"none": both == [None, None]}

    store = tmp_path / "s.db"
    async with Engine(twice, store=store, clock=VirtualClock(START)) as engine:
        await engine.ingest("go", "ada")
        await engine.ingest("end", "ada")
        await settled(engine)
    sound(store)
    assert [(e.kind, e.key) for e in entries(store) if e.name == "told"] == [
        ("event", "ingest:told#0"),
        ("event.duplicate", "ingest:told#1"),
    ]
    (completed,) = entries(store, "journey.completed")
    assert completed.data["result"] == {"none": True}


async def test_of_two_with_one_id_that_come_together_the_second_is_the_duplicate(tmp_path: Path) -> None:
    async with Engine((), store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        given = [incoming(name, "ada", id="x") for name in ("first", "second", "third")]
        told = await engine.ingest_many(given)
    assert [(event.name, event.duplicate) for event in told] == [
        ("first", False),
        ("first", True),
        ("first", True),
    ]
