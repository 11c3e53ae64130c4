"""Rows that are marked, and one act on all of them: what is counted, asked, done, left out and refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.errors import JourneyError
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.picture import START
from studio.tui.session.marked import MarkedQuestion
from studio.tui.widgets import marking
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import screen_text
from tests.tui.screens.test_charts import until


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    """Waits for a plan; without a name it fails."""
    paid = await journey.wait_for("app/paid", timeout="7d")
    if paid.first is not None and "plan" not in paid.first.data:
        raise ValueError("no plan")
    return {"paid": bool(paid)}


@asynccontextmanager
async def opened(store: Path, users: int = 4) -> AsyncIterator[tuple[StudioApp, Pilot[None]]]:
    """The studio on some who wait; user0 failed."""
    async with Engine(welcome, store=store, clock=VirtualClock(START)) as engine:
        for number in range(users):
            await engine.ingest("app/signup", user=f"user{number}")
        await engine.ingest("app/paid", user="user0")
        await engine.run_until_idle()
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(app, pilot, lambda: app.live is not None and bool(waiting(app).rows))
            yield app, pilot


def waiting(app: StudioApp) -> WaitingList:
    assert app.live is not None
    return app.live.query_one(WaitingList)


def statuses(store: Path) -> list[str]:
    with Views(store) as views:
        return sorted(row.status for row in views.journeys())


# -- marks -----------------------------------------------------------------------------------------


async def test_a_mark_is_counted_seen_and_taken_again(studio: Studio) -> None:
    await studio.press("3", "*", "down", "*")
    found = studio.find(WaitingList)
    assert len(found.marks) == 2
    assert "3 Waiting 41 · 2 marked" in studio.text
    assert "*◷ user1" in studio.text
    assert "✱◷ lena" in studio.text
    await studio.press("*")
    assert len(found.marks) == 1
    await studio.press("escape")
    assert found.marks == {}
    assert "marked" not in studio.text


async def test_a_range_follows_shift_and_the_arrows_back_and_forth(studio: Studio) -> None:
    await studio.press("3", "*", "down", "down", "shift+down", "shift+down", "shift+down")
    found = studio.find(WaitingList)
    keys = [found.key_of(row) for row in found.rows]
    assert list(found.marks) == [keys[0], *keys[2:6]]
    await studio.press("shift+up", "shift+up")
    assert list(found.marks) == [keys[0], *keys[2:4]], "what was marked before the range stays"
    await studio.press("down", "shift+up")
    assert list(found.marks) == [keys[0], *keys[2:5]], "a plain arrow ends a range"


async def test_marks_outlast_a_filter_and_esc_takes_them_before_it(studio: Studio) -> None:
    await studio.press("3", "*", "slash", *"lena", "enter", "*")
    found = studio.find(WaitingList)
    assert {row.user for row in found.marks.values()} == {"user1", "lena.fischer"}
    await studio.press("escape")
    assert found.marks == {}
    assert found.filter_text == "lena"


async def test_entries_of_another_user_are_not_marked(studio: Studio) -> None:
    await studio.press("2", "home", "*")
    assert len(studio.find(EntryList).marks) == 1
    assert "1 marked" in studio.text
    await studio.press("1", "down")
    assert studio.find(EntryList).marks == {}


async def test_no_more_are_marked_than_one_act_takes(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MOST_MARKED", 2)
    await studio.press("3", "*", "down", "*", "down", "*", "shift+down", "shift+down")
    assert len(studio.find(WaitingList).marks) == 2


async def test_ctrl_and_a_click_mark(studio: Studio) -> None:
    await studio.pilot.click("#users", offset=(4, 2), control=True)
    await studio.settle()
    found = studio.find(UsersList)
    assert list(found.marks) == [found.rows[1].id] == [found.cursor]


# -- acts ------------------------------------------------------------------------------------------


async def test_all_marked_waits_time_out_after_a_yes_and_those_over_are_told(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with opened(store) as (app, pilot):
        await pilot.press("3", "*", "shift+down", "shift+down", "X")
        await until(app, pilot, lambda: "Let 3 waits time out now, for these only?" in screen_text(app))
        assert app.session.client is not None
        # One of them goes its way while the question stands there.
        await app.session.client.act("time_out", waiting(app).rows[1].seq)
        await pilot.press("y")
        await until(app, pilot, lambda: "timed out 2 waits · 1 was over meanwhile" in screen_text(app))
        assert waiting(app).marks == {}
    assert statuses(store) == ["completed", "completed", "completed", "failed"]


async def test_enter_is_no_and_the_marks_stay(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with opened(store) as (app, pilot):
        await pilot.press("3", "*", "shift+down", "a")
        await until(app, pilot, lambda: "Act on 2 marked rows" in screen_text(app))
        text = screen_text(app)
        assert "a answer 2 waits" in text
        assert "c cancel 2 journeys" in text
        assert "resume" not in text.partition("Act on")[2].partition("esc back")[0]
        await pilot.press("r", "c", "enter")
        assert "Act on 2 marked rows" in screen_text(app)
        await pilot.press("escape")
        await until(app, pilot, lambda: app.screen is app.live)
        assert len(waiting(app).marks) == 2
    assert statuses(store) == ["failed", "waiting", "waiting", "waiting"]


async def test_marked_users_are_cancelled_and_resumed(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with opened(store) as (app, pilot):
        await pilot.press("1", "home", "*", *["shift+down"] * 3, "a")
        await until(app, pilot, lambda: "r resume 1 failed journey" in screen_text(app))
        assert "c cancel 4 journeys" in screen_text(app)
        await pilot.press("c", "y")
        await until(app, pilot, lambda: "cancelled 4 journeys" in screen_text(app))
    assert statuses(store) == ["cancelled"] * 4


async def test_marked_waits_are_answered_by_one_act(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with opened(store) as (app, pilot):
        await pilot.press("3", "*", "shift+down", "a")
        await until(app, pilot, lambda: "Act on" in screen_text(app))
        await pilot.press("a", "y")
        await until(app, pilot, lambda: "answered 2 waits" in screen_text(app))
        await until(app, pilot, lambda: statuses(store).count("waiting") == 1)


async def test_marked_events_are_sent_again(studio: Studio) -> None:
    await studio.press("2", "home", "*", "a")
    assert "e send again 1 event" in studio.text
    await studio.press("e")
    assert "Send 1 event again?" in studio.text
    await studio.press("y")
    assert [each.name for each in studio.app.fake_engine.sent] == ["app/email.submitted"]
    assert "sent again 1 event" in studio.text


async def test_who_only_looks_is_refused_before_the_question() -> None:
    async with open_studio() as studio:
        studio.app.fake_engine.read_only = True
        await studio.press("3", "*", "a")
        assert studio.app.screen is studio.live
        assert "READ ONLY: cannot act on journeys" in studio.text
        await studio.press("X")
        assert studio.app.screen is studio.live


async def test_refusals_are_counted_with_the_first_reason(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(act: str, target: str | int) -> None:
        if target == studio.find(WaitingList).rows[0].nearest.seq:
            raise JourneyError("it is somebody else's")

    monkeypatch.setattr(studio.app.fake_engine, "act", act)
    await studio.press("3", "*", "down", "*", "X", "y")
    assert "timed out 1 wait · 1 refused: it is somebody else's" in studio.text


async def test_what_is_over_is_left_out_and_said(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine(welcome, store=store, clock=VirtualClock(START)) as engine:
        for user in ("ann", "bob"):
            await engine.ingest("app/signup", user=user)
        await engine.run_until_idle()
        with Views(store) as views:
            rows = views.waits()
            await engine.ingest("app/paid", user="ann", data={"plan": "pro"})
            await engine.run_until_idle()
            found = MarkedQuestion(rows).read(views)
    assert [row.user for row in found.timed] == ["bob"]
    assert found.count("answer") == found.count("cancel") == 1
    assert found.left_out() == "1 of 2 marked rows is over."


async def test_a_log_line_stands_for_its_journey(studio: Studio) -> None:
    found = studio.find(LogList)
    await studio.press("4")
    failed = next(row for row in found.rows if row.kind == "journey.failed")
    found.point_at(failed.seq)
    await studio.press("*", "a")
    assert "r resume 1 failed journey" in studio.text
