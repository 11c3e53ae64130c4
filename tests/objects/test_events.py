"""Events in an object store: kept once, looked up by waits of other engines, whatever the store does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from studio import Engine, Event, Journey, StudioError, VirtualClock, incoming, workflow
from studio.objects.clients import ObjectsError
from studio.objects.events import ObjectEvents
from tests.engine.support import entries, settled, sound, until
from tests.objects.servers import NOTHING_LISTED, Proxy, store
from tests.objects.test_clients import Later, Plain

ROOT = Path(__file__).parents[2]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    paid = await journey.wait_for("paid", match={"plan": "pro"}, timeout="1h")
    return {"ids": [event.id for event in paid], "sent": [event.sent_at for event in paid]}


@workflow(trigger="signup")
async def patterns(journey: Journey) -> list[str]:
    found = await journey.wait_for(["app/*", "web/login"], timeout="1h")
    return [event.name for event in found]


def event(name: str, user: str = "ada", id: str | None = "e1", seq: int = 1, **data: Any) -> Event:
    return Event(name, user, 1_000 + seq, json.dumps(data), id, seq)


async def asked(events: ObjectEvents, *names: str, user: str = "ada") -> list[Mapping[str, Any]]:
    return await events.check_event(user, names, None)


def results(path: Path) -> dict[str | None, Any]:
    return {entry.user: entry.data["result"] for entry in entries(path, "journey.completed")}


async def test_what_one_engine_was_told_answers_a_wait_of_another(tmp_path: Path, server: int) -> None:
    bucket = ObjectEvents(store(server), tmp_path.name)
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    async with Engine(store=one, events=bucket, clock=VirtualClock(5_000)) as engine:
        await engine.ingest("paid", "ada", {"plan": "free"}, id="free")
        await engine.ingest("paid", "ada", {"plan": "pro"}, id="first")
        await engine.ingest("paid", "ada", {"plan": "pro"})
    async with Engine(welcome, store=two, events=bucket) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    found = results(two)["ada"]
    assert found == {"ids": ["first"], "sent": [5_000]}, "when it happened there"
    sound(two)


@pytest.mark.parametrize("client", [Plain, Later])
async def test_any_client_of_ones_own_will_do(
    path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBJECT_STORE_PREFIX", "from/environment")
    mine = client()
    async with Engine([welcome, patterns], store=path, events=ObjectEvents(mine)) as engine:
        await engine.ingest("paid", "ada", {"plan": "pro"}, id="p1")
    kept = getattr(mine, "plain", mine).objects
    assert list(kept) == ["from/environment/users/ada/events/paid/p1.json"]
    again = path.with_name("again.db")
    async with Engine(welcome, store=again, events=ObjectEvents(mine)) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    assert results(again)["ada"]["ids"] == ["p1"]


ODD = [
    "a/b",
    "..",
    ".",
    "~",
    "%2F",
    "ü ñ 日本",
    "a\\b",
    "x" * 500,
    "é" * 300,
    "a*c",
    "?q=1&x",
    "#",
    "🙂",
    '"',
]


async def test_odd_names_are_kept_apart_and_found(server: int, tmp_path: Path) -> None:
    events = ObjectEvents(store(server), tmp_path.name + "/ä b")
    await events.set_events([event(name, user=name, id=name, n=n) for n, name in enumerate(ODD)])
    for n, name in enumerate(ODD):
        found = await asked(events, name, user=name)
        assert [(each["id"], each["name"], each["data"]) for each in found] == [(name, name, {"n": n})]
        assert len(await asked(events, "*", user=name)) == 1
        assert await asked(events, "other", user=name) == []


async def test_a_pattern_is_one_listing_and_a_name_another(between: Proxy, tmp_path: Path) -> None:
    events = ObjectEvents(store(between.port), tmp_path.name)
    names = ["app/login", "app/paid", "web/login", "mail/sent"]
    await events.set_events([event(name, id=name, seq=n) for n, name in enumerate(names)])
    between.requests.clear()
    assert [each["name"] for each in await asked(events, "app/*", "web/login")] == names[:3]
    assert (between.count("GET", "list-type"), between.count("GET", ".json")) == (1, 3)
    between.requests.clear()
    assert [each["name"] for each in await asked(events, "app/login", "web/login")] == [
        "app/login",
        "web/login",
    ]
    assert (between.count("GET", "list-type"), between.count("GET", ".json")) == (2, 2)


async def test_a_journey_asks_once_a_wait_and_fetches_only_what_is_not_here(
    between: Proxy, tmp_path: Path
) -> None:
    """A put an event, a listing a wait that nothing here answers, a get an event that is not here."""
    path = tmp_path / "a.db"
    events = ObjectEvents(store(between.port), tmp_path.name)
    await events.set_events([event("paid", id="elsewhere", seq=n, plan="free") for n in (1,)])
    between.requests.clear()
    async with Engine(welcome, store=path, events=events) as engine:
        for n in range(5):
            await engine.ingest("paid", "ada", {"plan": "free"}, id=f"free{n}")
        await until(lambda: between.count("PUT") == 5, 60)
        await engine.ingest("signup", "ada", id="s")
        await settled(engine)
        await until(lambda: between.count("PUT", "signup") == 1, 60)
        assert (between.count("GET", "list-type"), between.count("GET", ".json")) == (1, 1)
        assert between.count("GET", "elsewhere") == 1
        await engine.ingest("paid", "ada", {"plan": "pro"}, id="pro")
        await settled(engine)
        await until(lambda: between.count("PUT") == 7, 60)
        counted = len(between.requests)
    # Five events, the trigger and the answer; a listing and a get.
    assert counted == 7 + 2
    assert results(path)["ada"]["ids"] == ["pro"]


async def test_of_many_who_tell_of_one_event_the_first_stays(between: Proxy, tmp_path: Path) -> None:
    tellers = [ObjectEvents(store(between.port), tmp_path.name) for _ in range(16)]
    await asyncio.gather(*(each.set_events([event("paid", n=n)]) for n, each in enumerate(tellers)))
    (found,) = await asked(tellers[0], "paid")
    await tellers[0].set_events([event("paid", n=99)])
    assert await asked(tellers[0], "paid") == [found]


async def test_events_of_a_user_are_told_in_order_and_of_several_at_the_same_time(
    between: Proxy, tmp_path: Path
) -> None:
    events = ObjectEvents(store(between.port), tmp_path.name)
    some = [event("n", user=f"u{n % 8}", id=f"{n:03}", seq=n) for n in range(80)]
    between.fault = lambda method, path: 0.01
    await events.set_events(some)
    told = [path.rpartition("users/")[2] for _, path in between.requests]
    for user in range(8):
        mine = [path for path in told if path.startswith(f"u{user}/")]
        assert mine == sorted(mine)
        assert len(mine) == 10
    assert told != sorted(told), "not one user after the other"


async def test_a_store_that_fails_is_told_again_and_holds_up_no_journey(between: Proxy, path: Path) -> None:
    @workflow(trigger="signup")
    async def quick(journey: Journey) -> int:
        await journey.wait_for("go")
        return 1

    broken = True
    between.fault = lambda method, path: (403, {}) if broken else None
    events = ObjectEvents(store(between.port), path.parent.name)
    async with Engine(quick, store=path, events=events) as engine:
        await engine.ingest("signup", "ada", id="s")
        await until(lambda: engine.status().problem is not None, 60)
        assert "ObjectsError: " in str(engine.status().problem)
        await engine.ingest("go", "ada", id="g")
        await until(lambda: results(path) == {"ada": 1}, 60)
        broken = False
        await until(lambda: between.count("PUT", "go/g.json") >= 1, 60)
    assert [each["id"] for each in await asked(events, "signup", "go")] == ["s", "g"]
    assert "signup" in {entry.name for entry in entries(path, "hook.failed")}


async def test_a_store_that_hangs_holds_up_no_journey_that_does_not_ask(between: Proxy, path: Path) -> None:
    between.fault = lambda method, path: 60.0

    @workflow(trigger="tick")
    async def quick(journey: Journey) -> int:
        return 1

    events = ObjectEvents(store(between.port), path.parent.name, timeout=0.5)
    async with Engine([welcome, quick], store=path, events=events) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("tick", "bob")
        await until(lambda: results(path) == {"bob": 1}, 60)
        await until(lambda: entries(path, "hook.failed", user="ada"), 60)
        failed = [entry.data for entry in entries(path, "hook.failed", user="ada")]
        assert any("took more than 0.5 s" in each["message"] for each in failed)
        await engine.ingest("paid", "ada", {"plan": "pro"}, id="here")
        await until(lambda: results(path).get("ada"), 60)
    assert results(path)["ada"]["ids"] == ["here"]


async def test_a_listing_that_lags_behind_is_no_loss(between: Proxy, path: Path) -> None:
    """What is not listed yet when a wait opens answers a later one, or comes by itself as any event does."""
    lags = True
    between.fault = lambda method, path: NOTHING_LISTED if lags and "list-type" in path else None
    events = ObjectEvents(store(between.port), path.parent.name)
    await events.set_events(
        [event("paid", user=user, id=f"late-{user}", plan="pro") for user in ("ada", "bob")]
    )
    async with Engine(welcome, store=path, events=events) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await settled(engine)
        assert results(path) == {}
        assert between.count("GET", "list-type") == 2
        lags = False
        await engine.restart("welcome/ada")
        await engine.ingest("paid", "bob", {"plan": "pro"}, id="late-bob")
        await settled(engine)
    assert {user: found["ids"] for user, found in results(path).items()} == {
        "ada": ["late-ada"],
        "bob": ["late-bob"],
    }


async def test_what_is_no_event_is_named(server: int, path: Path) -> None:
    import obstore

    events = ObjectEvents(store(server), path.parent.name)
    for body in (b"{", b"[]", b'{"name": 7}'):
        key = f"{path.parent.name}/users/ada/events/paid/x.json"
        await obstore.put_async(store(server), key, body)
        with pytest.raises(ObjectsError, match=r"users/ada/events/paid/x\.json is no event: "):
            await asked(events, "paid")


async def test_an_event_of_another_user_under_this_ones_key_is_not_taken() -> None:
    memory = MemoryStore()
    events = ObjectEvents(memory)
    memory.put("users/ada/events/paid/x.json", b'{"name": "paid", "user": "bob", "data": {}}')
    assert await asked(events, "paid") == []


async def _many(events: ObjectEvents, count: int) -> None:
    # Of one user they would be told one after the other; what they come to is the same.
    parts = [[event("tick", id=f"{n:05}", seq=n) for n in range(first, count, 32)] for first in range(32)]
    await asyncio.gather(*map(events.set_events, parts))


@pytest.mark.parametrize("count", [1_100, pytest.param(10_000, marks=pytest.mark.long)])
async def test_all_events_of_a_user_are_listed_and_read(server: int, tmp_path: Path, count: int) -> None:
    events = ObjectEvents(store(server), tmp_path.name)
    await _many(events, count)
    found = await asked(events, "tick")
    assert [each["id"] for each in found] == [f"{n:05}" for n in range(count)]
    known: list[str] = []

    def all_but_one(ids: Any) -> set[str]:
        known.extend(ids)
        return set(known) - {"00007"}

    found = await events.check_event("ada", ("tick",), None, known=all_but_one)
    assert [each["id"] for each in found] == ["00007"]
    assert len(known) == count


CHILD = """
import asyncio, sys
from studio import Engine
from studio.objects.events import ObjectEvents
from tests.objects.servers import store

async def main(path, port, prefix):
    async with Engine(store=path, events=ObjectEvents(store(int(port)), prefix)) as engine:
        for n in range(300):
            await engine.ingest("tick", f"u{n % 7}", id=f"{n:03}")
        print("stored", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_killed_while_it_puts_it_goes_on_where_it_was(between: Proxy, path: Path) -> None:
    slow = True
    between.fault = lambda method, path: 600.0 if slow and between.count("PUT") > 50 else None
    prefix = path.parent.name
    command = [sys.executable, "-c", CHILD, str(path), str(between.port), prefix]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert await asyncio.to_thread(child.stdout.readline) == "stored\n"
        await until(lambda: between.count("PUT") > 50, 60)
        child.kill()
    slow = False
    events = ObjectEvents(store(between.port), prefix)
    found = [each for n in range(7) for each in await asked(events, "tick", user=f"u{n}")]
    assert len(found) < 300
    async with Engine(store=path, events=events):
        end = time.monotonic() + 60
        while len(found) < 300:
            assert time.monotonic() < end
            found = [each for n in range(7) for each in await asked(events, "tick", user=f"u{n}")]
    assert sorted(each["id"] for each in found) == [f"{n:03}" for n in range(300)]


async def test_set_events_alone_takes_lists_in_the_order_of_the_history(path: Path) -> None:
    told: list[list[str]] = []

    async def tell(events: Sequence[Event]) -> None:
        told.append([str(event.id) for event in events])
        if len(told) == 1:
            raise OSError("not now")

    async with Engine(store=path, set_events=tell) as engine:
        await engine.ingest_many([incoming("tick", "ada", id=str(n)) for n in range(700)])
        await until(lambda: sum(map(len, told)) >= 1_200, 60)
    assert told[0] == told[1]
    assert [id for some in told[1:] for id in some] == [str(n) for n in range(700)]
    assert max(map(len, told)) == 500


def test_two_ways_for_one_thing_are_refused() -> None:
    events = ObjectEvents(MemoryStore())
    with pytest.raises(StudioError, match="events= stands for check_event and set_events"):
        Engine(events=events, set_event=print)
    with pytest.raises(StudioError, match="set_events stands for set_event"):
        Engine(set_events=print, set_event=print)
    with pytest.raises(StudioError, match="set_events is a int, not a function"):
        Engine(set_events=3)  # type: ignore[arg-type]


async def test_what_is_found_may_bring_its_moment_and_what_is_known_of_its_user(path: Path) -> None:
    @workflow(trigger="signup")
    async def greets(journey: Journey) -> list[Any]:
        paid = await journey.wait_for("paid", timeout="1h")
        return [journey.user["plan"], [event.sent_at for event in paid]]

    def look(user: str, events: object, match: object, *, known: Any) -> list[Mapping[str, Any]]:
        assert known(["x", "s", "nobody's"]) == {"s"}
        common = {"name": "paid", "profile": {"plan": "pro"}}
        return [{**common, "id": "a", "at": "2026-01-01T00:00:00+00:00"}, {**common, "id": "b", "at": 7}]

    async with Engine(greets, store=path, check_event=look) as engine:
        await engine.ingest("signup", "ada", id="s")
        await settled(engine)
    assert results(path)["ada"] == ["pro", [1_767_225_600_000]]
