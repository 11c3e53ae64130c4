"""A filtered list says how many rows the filter means, also those that it does not show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studio.language.incoming import incoming
from studio.store import view_history, view_users
from studio.store.inbox import send
from studio.tui.app import StudioApp
from studio.tui.widgets import hits, log_question, timeline_question, users_list, waiting
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.store.build import Builder
from tests.tui.conftest import Studio
from tests.tui.test_studio import until

PEOPLE = 2_500
LOGS = 3_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A waiting user of two names in turn, and one who said very much."""
    b = Builder(tmp_path_factory.mktemp("crowd") / "s.db")
    for n in range(PEOPLE):
        user = f"{'ann' if n % 2 else 'bob'}{n}"
        journey = b.journey("welcome", user, b.event("signup", user, n), n)
        b.wait(journey, "paid" if n % 5 else "mail", n, 1_000 + n)
    event = b.event("signup", "zoe", PEOPLE)
    journey = b.journey("welcome", "zoe", event, PEOPLE)
    for n in range(LOGS):
        b.log(journey, f"line {n} is {'odd' if n % 2 else 'even'}", PEOPLE + n)
    b.wait(journey, "call", PEOPLE + LOGS, None)
    return b.done()


@asynccontextmanager
async def looking(store: Path) -> AsyncIterator[tuple[StudioApp, Pilot[None]]]:
    """A studio that looks at a store."""
    app = StudioApp("workflows", str(store), mode="read")
    async with app.run_test(size=(160, 40)) as pilot:
        await until(pilot, "users")
        yield app, pilot


async def test_the_title_of_each_list_has_the_number_of_hits(studio: Studio) -> None:
    await studio.press("1", "slash", *"user1", "enter")
    hits = sum("user1" in row.id for row in studio.app.records.rows_users)
    assert f"1 Users {hits} /user1" in studio.text
    await studio.press("3", "slash", *"lena", "enter")
    assert "3 Waiting 1 /lena" in studio.text
    await studio.press("4", "slash", *"mail", "enter")
    assert "4 Log 2 · all users /mail" in studio.text
    await studio.press("2", "slash", *"account", "enter")
    count = len(studio.find(EntryList).entries)
    assert f" · {count} /account" in studio.text
    await studio.press("3", "escape")
    assert "3 Waiting 41" in studio.text
    await studio.press("slash", *"nobody", "enter")
    assert "3 Waiting 0 /nobody" in studio.text


async def test_users_beyond_those_that_are_shown_are_counted(
    crowd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users_list, "MOST_FOUND", 300)
    monkeypatch.setattr(view_users, "COUNT_PAGE", 100)
    monkeypatch.setattr(view_users, "COUNT_ROWS", 100)
    async with looking(crowd) as (app, pilot):
        users = app.screen.query_one(UsersList)
        said: list[tuple[str, str]] = []
        real = users.set_titles

        def write(title: str, subtitle: str) -> None:
            said.append((title, subtitle))
            real(title, subtitle)

        monkeypatch.setattr(users, "set_titles", write)
        for text, count in (("ann", PEOPLE // 2), ("state:wait", PEOPLE + 1), ("ann state:wait !1", None)):
            said.clear()
            users.set_filter(text)
            if count is None:
                names = [f"ann{n}" for n in range(1, PEOPLE, 2)]
                count = sum("1" not in name for name in names)
            await until(pilot, f"1 Users {count:,} /{text}")
            assert len(users.rows) < count
            assert "first " in said[-1][1]
            assert any(title == f"1 Users … /{text}" and "counting" in note for title, note in said)
        users.set_filter("zoe")
        await until(pilot, "1 Users 1 /zoe")


@pytest.mark.long
async def test_waits_beyond_those_that_are_looked_at_are_counted(
    crowd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT", 100)
    monkeypatch.setattr(waiting, "MOST_LOOKED_AT", 500)
    async with looking(crowd) as (app, pilot):
        found = app.screen.query_one(WaitingList)
        found.set_filter("event:mail")
        await until(pilot, f"3 Waiting {PEOPLE // 5} /event:mail")
        assert len(found.rows) == 100, "of the nearest 500"
        found.set_filter("event:mail ann")
        await until(pilot, f"3 Waiting {PEOPLE // 10} /event:mail ann")
        found.set_filter("")
        await until(pilot, f"3 Waiting {PEOPLE + 1:,} ")


@pytest.mark.long
async def test_entries_beyond_those_that_are_looked_at_are_counted(
    crowd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (log_question, timeline_question):
        monkeypatch.setattr(module, "PAGE_LOOKED_AT", 100)
        monkeypatch.setattr(module, "MOST_LOOKED_AT", 500)
    monkeypatch.setattr(view_history, "WINDOW_ROWS", 700)
    async with looking(crowd) as (app, pilot):
        log, pane = app.screen.query_one(LogList), app.screen.query_one(TimelinePane)
        log.set_filter("odd")
        await until(pilot, f"4 Log {LOGS // 2:,} · all users /odd")
        pane.choose("zoe")
        pane.entries.set_filter("odd")
        await until(pilot, f"2 zoe · welcome · {LOGS // 2:,} /odd")
        log.follow_user("zoe")
        log.action_only_user()
        await until(pilot, f"4 Log {LOGS // 2:,} · zoe /odd")


async def test_a_count_goes_on_with_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(users_list, "MOST_FOUND", 5)
    store = tmp_path / "s.db"
    send(store, [incoming("signup", f"ann{n}", {}) for n in range(10)])
    app = StudioApp(str(tmp_path), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "10 users")
        app.screen.query_one(UsersList).set_filter("ann")
        await until(pilot, "1 Users 10 /ann")
        send(store, [incoming("signup", f"ann{n}", {}) for n in range(8, 12)])
        await until(pilot, "1 Users 12 /ann")
