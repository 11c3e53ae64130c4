"""Recordings: an event file of a user plays to the same history."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.events import event_files as eventfiles
from studio.events.recording import Recording, record
from studio.store.records import Entry
from studio.store.views import Views
from studio.testing.checked_play import all_entries, play_and_check

ROOT = Path(__file__).parents[2]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    """Says what it knows, and asks a friend."""
    journey.log(f"{journey.user['plan']} at {journey.now():%H:%M}")
    journey.note("asked")
    await journey.ingest("asked", user="friend")
    answer = await journey.wait_for("answer", timeout="2d")
    return {"answered": bool(answer)}


@workflow(trigger="asked")
async def friend(journey: Journey) -> dict[str, Any]:
    """Answers after a day."""
    await journey.sleep("1d")
    await journey.ingest("answer", {"text": "yes"}, user="ada")
    return {}


def history(entries: list[Entry], user: str) -> list[tuple[Any, ...]]:
    """What happened to a user, without what differs between a user alone and one among others."""
    start = next(e.at for e in entries if e.user == user)
    return [
        (e.at - start, e.kind, e.name, e.message, e.data if e.kind != "wait.matched" else None)
        for e in entries
        if e.user == user
    ]


def played(lines: list[str], workflows: Any, until_ms: int | None = None) -> list[Entry]:
    """The whole history that an event file comes to."""

    async def play() -> list[Entry]:
        clock = VirtualClock(eventfiles.first_moment(lines))
        start = clock.now()
        async with Engine(workflows, clock=clock) as engine:
            await engine.play(eventfiles.read(lines, start), None if until_ms is None else start + until_ms)
            with Views(engine.path) as views:
                return list(all_entries(views))

    return asyncio.run(play())


def recorded(lines: list[str], workflows: Any, user: str, store: Path, *, expect: bool) -> Recording:
    """A user of an event file that was played to its end, as it is recorded from the store."""

    async def play() -> None:
        async with Engine(workflows, store=store, clock=VirtualClock()) as engine:
            await engine.play(eventfiles.read(lines, engine.clock.now()))

    asyncio.run(play())
    with Views(store) as views:
        return record(views, user, expect=expect)


@pytest.mark.parametrize(
    ("name", "user"),
    [("onboarding", "user1"), ("trial", "ada"), ("trial", "bob"), ("cart", "mia"), ("cart", "leo")],
)
def test_a_recording_of_an_example_plays_to_the_same_history(name: str, user: str, tmp_path: Path) -> None:
    lines = (ROOT / "data" / f"{name}.jsonl").read_text().splitlines()
    workflows = ROOT / "workflows" / f"{name}.py"
    found = recorded(lines, workflows, user, tmp_path / "s.db", expect=True)
    text = [json.dumps(line) for line in found.lines]
    assert found.acts == 0
    assert found.events == sum("event" in line and "expect" not in line for line in found.lines)
    again = played(text, workflows, found.lasted_ms)
    assert history(again, user) == history(played(lines, workflows), user)
    done = asyncio.run(play_and_check(text, workflows))
    assert done.mismatch is None
    assert done.expectations == len(found.lines) - found.events


def test_profile_id_and_further_fields_are_kept_and_the_first_moment(tmp_path: Path) -> None:
    lines = [
        '{"at": "1h30m", "event": "signup", "user": {"id": "ada", "plan": "pro"}, "id": "s1", "from": "w"}',
        '{"at": "2h", "event": "other", "user": "bob"}',
        '{"at": "3h", "event": "login", "user": "ada", "data": {"n": [1, null]}}',
    ]
    found = recorded(lines, welcome, "ada", tmp_path / "s.db", expect=False)
    assert found.lines == [
        {
            "at": "2026-01-01T01:30:00.000Z",
            "event": "signup",
            "user": {"id": "ada", "plan": "pro"},
            "id": "s1",
            "from": "w",
            "seed": found.lines[0]["seed"],
        },
        {"at": "1h30m", "event": "login", "user": "ada", "data": {"n": [1, None]}},
    ]


def test_what_another_users_journey_sent_comes_from_outside(tmp_path: Path) -> None:
    lines = ['{"event": "signup", "user": {"id": "ada", "plan": "pro"}}']
    found = recorded(lines, [welcome, friend], "ada", tmp_path / "s.db", expect=True)
    told = [(line["at"], line.get("expect", "event"), line.get("event")) for line in found.lines]
    assert told == [
        ("2026-01-01T00:00:00.000Z", "event", "signup"),
        ("0s", "log", None),
        ("0s", "log", None),
        ("0s", "waiting", "answer"),
        ("1d", "event", "answer"),
        ("1d", "completed", None),
        ("1d", "not sent", "*"),
    ]
    assert found.lines[2]["level"] == "note"
    # Alone, with nobody to answer: the file itself does.
    done = asyncio.run(play_and_check([json.dumps(line) for line in found.lines], welcome))
    assert done.mismatch is None


def test_acts_by_hand_are_counted_and_a_user_without_events_is_empty(tmp_path: Path) -> None:
    store = tmp_path / "s.db"

    async def act() -> None:
        async with Engine(welcome, store=store, clock=VirtualClock()) as engine:
            await engine.ingest("signup", user={"id": "ada", "plan": "pro"})
            await engine.cancel("welcome/ada")

    asyncio.run(act())
    with Views(store) as views:
        assert record(views, "ada").acts == 1
        assert record(views, "nobody") == Recording([], 0, 0, 0)


def test_in_real_time_steps_take_time_and_expectations_allow_for_it(tmp_path: Path) -> None:
    import time

    @workflow(trigger="go")
    async def slow(journey: Journey) -> dict[str, bool]:
        await journey.step("wait", time.sleep, 0.05)
        journey.log("done")
        return {"ok": True}

    store = tmp_path / "s.db"

    async def run() -> None:
        async with Engine(slow, store=store) as engine:
            await engine.ingest("go", user="u")
            await engine.run_until_idle()

    asyncio.run(run())
    with Views(store) as views:
        found = record(views, "u", expect=True)
    assert [line.get("within") for line in found.lines] == [None, "1s", "1s", None]
    done = asyncio.run(play_and_check([json.dumps(line) for line in found.lines], slow))
    assert done.mismatch is None
