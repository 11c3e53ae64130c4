"""A made-up user goes through journeys by the very rules of the engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, workflow
from studio.clocks.clock import VirtualClock
from studio.language.incoming import incoming
from studio.reports.simulation import person
from studio.reports.simulation.profile import profile_of
from studio.reports.simulation.simulating import SimulationRun, simulate
from studio.store.records import Entry
from studio.store.views import Views
from tests.reports.journeys import START_MS

PROFILE: dict[str, Any] = {
    "arrivals": {"event": "signup", "over": "3d", "data": {"email": "{user}@example.com", "n": "{number}"}},
    "events": {
        "opened": {"chance": 0.5, "p50": "1d", "after": {"remind": {"chance": 0.5, "p50": "4h"}}},
        "login": {"chance": 0.6, "p50": "2d", "p90": "9d"},
        "unsubscribed": {"chance": 0.2, "p50": "3d"},
    },
}


def work(*_: object) -> None:
    raise AssertionError("no step is called")


@workflow(trigger="signup", exit_on="unsubscribed")
async def welcome(journey: Journey) -> dict[str, Any]:
    email = journey.user.email
    for _ in range(3):
        if await journey.wait_for("opened", timeout="1d"):
            break
        print("reminds", email)
        await journey.step("remind", work, email)
    await journey.ingest("told", {"luck": journey.random()}, user="crm")
    login = await journey.wait_any(
        journey.wait_for("login", match={"email": email}, timeout="5d"), journey.sleep("2d")
    )
    await journey.ingest("noted", {"uuid": str(journey.uuid())})
    return {"login": bool(login[0])}


@workflow(trigger="noted")
async def second(journey: Journey) -> None:
    await journey.sleep("1h")


WORKFLOWS = {"welcome": welcome, "second": second}


def run_of(users: int, **changes: Any) -> SimulationRun:
    found = SimulationRun(
        WORKFLOWS,
        profile_of(PROFILE, "p"),
        users,
        START_MS,
        START_MS + 20 * 86_400_000,
        "7",
        lambda step: {"done": step},
    )
    return (
        found
        if not changes
        else SimulationRun(
            **{name: changes.get(name, getattr(found, name)) for name in SimulationRun.__slots__}
        )
    )


def told(entry: Entry) -> tuple[Any, ...]:
    """An entry without its numbers; what it names by number, by what that is."""
    data = json.loads(json.dumps(entry.data))
    if isinstance(data, dict):
        for number in ("first", "bound", "after", "trigger", "as"):
            data.pop(number, None)
    line = (entry.at, entry.kind, entry.user, entry.journey, entry.pass_number, entry.name, entry.key)
    return (
        *line,
        entry.line,
        entry.message if entry.kind == "log" else None,
        json.dumps(data, sort_keys=True),
    )


def test_histories_equal_what_an_engine_gives_for_the_same_events(tmp_path: Path) -> None:
    simulate(run_of(100), tmp_path / "s.db")
    users = [f"user{number:03}" for number in range(1, 101)]
    with Views(tmp_path / "s.db") as views:
        made_up = {user: views.timeline(user, limit=10_000) for user in users}
    came = [e for entries in made_up.values() for e in entries if e.kind == "event" and e.journey is None]
    asyncio.run(_play(tmp_path / "played.db", sorted(came, key=lambda event: event.at)))
    with Views(tmp_path / "played.db") as views:
        for user in users:
            played = views.timeline(user, limit=10_000)
            assert [told(e) for e in made_up[user]] == [told(e) for e in played], user


async def _play(store: Path, came: list[Entry]) -> None:
    def stand_in(step: str, function: object) -> Any:
        return lambda *args, **kwargs: {"done": step}

    clock, workflows = VirtualClock(START_MS), list(WORKFLOWS.values())
    async with Engine(workflows, store=store, clock=clock, seed="7", stand_in=stand_in) as engine:
        for event in came:
            assert event.user is not None
            await engine.ingest_many([incoming(event.name or "", event.user, event.data, at=event.at)])
        await engine.forward_to(START_MS + 20 * 86_400_000)


def test_the_same_seed_gives_the_same_people_and_another_gives_others(tmp_path: Path) -> None:
    def entries(name: str, seed: str) -> list[tuple[Any, ...]]:
        simulate(run_of(5, seed=seed), tmp_path / name)
        with Views(tmp_path / name) as views:
            return [told(e) for e in views.entries(limit=10_000)]

    assert entries("a.db", "1") == entries("b.db", "1")
    assert entries("c.db", "2") != entries("d.db", "1")


def test_an_event_answers_the_wait_that_asks_for_certain_fields(tmp_path: Path) -> None:
    simulate(run_of(50), tmp_path / "s.db")
    with Views(tmp_path / "s.db") as views:
        logins = [e for e in views.entries(limit=10_000) if e.kind == "event" and e.name == "login"]
        matched = [e for e in views.entries(limit=10_000) if e.kind == "wait.matched" and e.name == "login"]
    assert any(e.data == {"email": f"{e.user}@example.com"} for e in logins)
    assert matched


def test_events_to_others_are_counted_and_nobody_else_comes(tmp_path: Path) -> None:
    found = simulate(run_of(30), tmp_path / "s.db")
    with Views(tmp_path / "s.db") as views:
        assert views.totals().users in (30, 31)
        sent = sum(1 for e in views.entries(limit=10_000) if e.kind == "event" and e.name == "told")
    assert found.dropped == sent > 0


def test_a_journey_that_reminds_for_ever_is_cut_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "MOST_CAUSES", 50)

    @workflow(trigger="signup")
    async def for_ever(journey: Journey) -> None:
        while True:
            await journey.sleep("1m")

    found = simulate(run_of(2, workflows={"for_ever": for_ever}), tmp_path / "s.db")
    assert (found.cut, found.users) == (2, 2)


def test_what_there_is_so_far_is_all_once_somebody_gives_up(tmp_path: Path) -> None:
    done: list[int] = []
    found = simulate(run_of(40), tmp_path / "s.db", done.append, lambda: len(done) == 7)
    assert (found.users, found.asked, found.is_whole) == (7, 40, False)
    with Views(tmp_path / "s.db") as views:
        assert views.user("user07") is not None
        assert views.user("user08") is None
