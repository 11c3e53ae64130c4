"""What a waiting row offers goes through: on the shipped workflows, with what is known of events."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.store.records import Entry, WaitRow
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.picture import START
from studio.tui.session.answering import MOST_SAMPLE_CHARS, AnswerQuestion, addressed
from studio.tui.session.example_event import example_event
from tests.tui.conftest import Studio
from tests.tui.fakes import entry
from tests.tui.test_studio import until

ROOT = Path(__file__).parents[3]
WORKFLOWS = ROOT / "workflows"


def waits_of(path: Path, user: str | None = None) -> list[WaitRow]:
    with Views(path) as views:
        return views.waits(user=user)


async def answer(engine: Engine, wait: WaitRow) -> dict[str, Any]:
    """Send what is offered for a wait; gives its data."""
    with Views(engine.path) as views:
        found = AnswerQuestion(wait, engine.workflows).read(views)
    await engine.ingest(found.event, user=found.user, data=found.data)
    await engine.run_until_idle()
    return found.data


@pytest.mark.parametrize("user", ["user1", "somebody else"])
@pytest.mark.parametrize("name", ["onboarding", "trial", "cart"])
async def test_answers_lead_through_the_shipped_workflows(tmp_path: Path, name: str, user: str) -> None:
    store = tmp_path / "s.db"
    async with Engine(str(WORKFLOWS / f"{name}.py"), store=store, clock=VirtualClock(START)) as engine:
        example = example_event(engine.workflows)
        assert example is not None
        await engine.ingest(example[0], user=user, data=example[2])
        await engine.run_until_idle()
        for _ in range(8):
            if not (open_waits := [wait for wait in waits_of(store) if wait.kind == "wait"]):
                break
            await answer(engine, open_waits[0])
        with Views(store) as views:
            assert [row.status for row in views.journeys(user=user)] == ["completed"]


async def test_the_answer_speaks_of_the_user_who_waits(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def greet(journey: Journey) -> dict[str, Any]:
        account = await journey.wait_for("app/account", match={"email": f"{journey.user.id}@x.io"})
        assert account.first is not None
        return {"id": account.first["id"], "plan": account.first["plan"]["name"]}

    async with Engine(greet, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        other = {"id": "ann", "email": "ann@x.io", "plan": {"name": "pro", "owners": ["ann", "x"]}}
        await engine.ingest("app/account", user="ann", data=other)
        await engine.ingest("app/signup", user="bob")
        (wait,) = waits_of(tmp_path / "s.db", "bob")
        sent = await answer(engine, wait)
        assert sent == {"id": "bob", "email": "bob@x.io", "plan": {"name": "pro", "owners": ["bob", "x"]}}
        with Views(tmp_path / "s.db") as views:
            assert [row.status for row in views.journeys(user="bob")] == ["completed"]


async def test_the_users_own_events_come_before_those_of_others(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def posts(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("app/post", match={"n": 2}, past=False)
        return {"ok": True}

    async with Engine(posts, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/post", user="bob", data={"n": 1, "from": "web"})
        await engine.ingest("app/signup", user="bob")
        await engine.ingest("app/post", user="ann", data={"n": 1, "from": "phone"})
        (wait,) = waits_of(tmp_path / "s.db", "bob")
        assert await answer(engine, wait) == {"n": 2, "from": "web"}


@pytest.mark.parametrize("value", [5, "5", "c1", {"a": 1}, True])
async def test_an_answer_to_a_journey_with_a_key_carries_its_value(tmp_path: Path, value: object) -> None:
    @workflow(trigger="cart/created", key="cart.id")
    async def cart(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("cart/paid")
        return {"ok": True}

    async with Engine(cart, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("cart/paid", user="ann", data={"cart": {"id": "other"}, "sum": 3})
        await engine.ingest("cart/created", user="bob", data={"cart": {"id": value}})
        (wait,) = waits_of(tmp_path / "s.db", "bob")
        assert await answer(engine, wait) == {"cart": {"id": value}, "sum": 3}
        assert waits_of(tmp_path / "s.db", "bob") == []


async def test_what_cannot_be_an_example_is_passed_over(tmp_path: Path) -> None:
    """A sample too big for a line, one that is no object, and an event file that is broken."""
    shutil.copytree(WORKFLOWS, tmp_path / "workflows")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trial.jsonl").write_bytes(b'{"event": \xff\n')
    folder = tmp_path / "workflows" / "trial.py"
    async with Engine(str(folder), store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("billing/paid", user="ann", data={"plan": "x" * MOST_SAMPLE_CHARS})
        await engine.ingest("trial/started", user="bob")
        await engine.run_until_idle()
        (wait,) = waits_of(tmp_path / "s.db", "bob")
        with Views(tmp_path / "s.db") as views:
            found = AnswerQuestion(wait, engine.workflows).read(views)
        assert found.data == {}
        assert "trial.jsonl" in found.problem


def test_only_whole_values_are_addressed_anew() -> None:
    data = {"id": "u1", "text": "u1 says", "n": 1, "in": {"ids": ["u1", {"id": "u1"}, None]}}
    assert addressed(data, "u1", "zoë") == {
        "id": "zoë",
        "text": "u1 says",
        "n": 1,
        "in": {"ids": ["zoë", {"id": "zoë"}, None]},
    }
    assert addressed({"id": ""}, "", "zoë") == {"id": ""}


# -- on the screen ---------------------------------------------------------------------------------


async def test_a_second_enter_sends_what_is_still_looked_for(studio: Studio) -> None:
    await studio.pilot.press("3", "enter", "enter")
    await studio.settle()
    (sent,) = studio.app.fake_engine.sent
    assert (sent.name, sent.user, sent.text) == ("app/email.verified", "user1", '{"userId":"user1"}')


def failure(seq: int, why: str) -> Entry:
    """A journey that failed of what the event 1,001 brought."""
    data = {"type": "KeyError", "message": why}
    return entry(seq, 8_300, "journey.failed", message=f"KeyError: {why}", cause=1_001, data=data)


async def test_an_answer_that_makes_the_journey_fail_is_told_in_red(studio: Studio) -> None:
    studio.app.records.rows_entries = [
        entry(1_001, 8_300, "event", "app/email.verified"),
        entry(1_002, 8_300, "wait.matched", "app/email.verified", cause=1_001),
        failure(1_003, "'id' [red]\x1b[31m"),
    ]
    studio.app.records.rows_timeline["user1"].append(studio.app.records.rows_entries[2])
    await studio.press("3", "enter", "enter")
    assert "and the journey failed: KeyError: 'id' [red]␛[31m · ! goes there" in studio.text
    assert studio.outcome == "✗ sent, and the journey failed"
    await studio.press("exclamation_mark")
    assert studio.focus == "entries"
    assert studio.live.acts.selected == studio.app.records.rows_entries[2]


async def test_the_key_in_the_empty_field_goes_to_the_failure_too(studio: Studio) -> None:
    failed = failure(1_002, "'id'")
    studio.app.records.rows_entries = [failed]
    studio.app.records.rows_timeline["user1"].append(failed)
    await studio.press("i", *"app/x", "tab", "ctrl+u", *"user1", "enter", "enter")
    assert "sent · the journey failed: KeyError: 'id' · ! goes there" in studio.text
    await studio.press("exclamation_mark")
    assert studio.focus == "entries"
    assert studio.live.acts.selected == failed


async def test_resuming_what_fails_again_is_no_success(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def breaks(journey: Journey) -> None:
        raise KeyError("id")

    async with Engine(breaks, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/signup", user="bob")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "✗ failed")
            await pilot.press("a")
            await until(pilot, "resume where it failed")
            await pilot.press("r")
            await until(pilot, "resumed breaks/bob, and it failed: KeyError: 'id'")
