"""T, n, p, space and esc on a real engine: every pane at a moment of the past, and back."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from studio.engine.local import LocalEngine
from studio.tui.app import StudioApp
from studio.tui.keys.actions import commands
from studio.tui.screens.live import LiveScreen
from studio.tui.session.offered import ACTS, COPIES, LEADS, SENDS, WRITES
from studio.tui.session.past import PastClient
from studio.tui.widgets.ahead_pane import AheadPane
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.keys_bar import usable
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.workflows_table import WorkflowsTable
from tests.tui.fakes import screen_text
from tests.tui.screens.test_time_control import open_studio
from tests.tui.test_studio import until


def live(app: StudioApp) -> LiveScreen:
    screen = app.live
    assert screen is not None
    return screen


async def settled(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def waiting(app: StudioApp) -> list[str]:
    return [row.user for row in live(app).query_one(WaitingList).rows]


def users(app: StudioApp) -> dict[str, str]:
    return {row.id: row.state for row in live(app).query_one(UsersList).rows}


def seqs(app: StudioApp) -> list[int]:
    return [entry.seq for entry in live(app).query_one(EntryList).entries]


async def test_every_pane_is_at_the_moment_and_esc_is_now(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (engine, app, pilot):
        before = seqs(app)
        await until(pilot, "wait app/verified")
        assert sorted(waiting(app)) == ["ann", "bob"]
        # The cursor is at the first entry of all: that ann signed up, and what came of it at once.
        await pilot.press("T")
        shown = await until(pilot, "AS OF")
        await settled(pilot)
        assert "esc is now" in shown
        past = app.session.past
        assert past is not None
        moment = past.moment
        assert users(app) == {"ann": "step"}
        assert waiting(app) == ["ann"]
        assert seqs(app) == [seq for seq in before if seq <= moment.seq]
        assert all(row.seq <= moment.seq for row in live(app).query_one(LogList).rows)
        header = live(app).query_one(Header)
        assert header.totals is not None
        assert (header.totals.users, header.totals.waiting) == (1, 1)
        # What happens meanwhile is not seen.
        await engine.ingest("app/signup", "eve")
        await engine.run_until_idle()
        await pilot.pause(0.3)
        await settled(pilot)
        assert users(app) == {"ann": "step"}
        await pilot.press("escape")
        await until(pilot, "eve")
        assert app.session.past is None
        assert isinstance(app.session.client, LocalEngine)
        assert "AS OF" not in screen_text(app)
        await settled(pilot)
        assert sorted(users(app)) == ["ann", "bob", "eve"]


async def test_steps_go_by_the_user_whose_timeline_has_the_focus_else_by_all(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (_, app, pilot):
        await pilot.press("T")
        await until(pilot, "AS OF")
        past = app.session.past
        assert past is not None
        first = past.moment.seq
        await pilot.press("n")
        await settled(pilot)
        second = past.moment.seq
        assert second > first
        assert users(app) == {"ann": "waiting"}
        await pilot.press("n")
        await until(pilot, "there is nothing later of ann")
        assert past.moment.seq == second
        await pilot.press("1", "n")
        await settled(pilot)
        assert past.moment.seq > second
        assert set(users(app)) == {"ann", "bob"}
        await pilot.press("p", "p")
        await settled(pilot)
        assert past.moment.seq == first
        # No list holds on to what is not there any more.
        assert users(app) == {"ann": "step"}


async def test_nothing_can_be_done_in_the_past(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (engine, app, pilot):
        last = (await engine.ingest("app/other", "bob")).seq
        await pilot.press("T")
        await until(pilot, "AS OF")
        await settled(pilot)
        assert isinstance(app.session.client, PastClient)
        await pilot.press("i")
        await until(pilot, "this is the past: cannot send events. esc goes back to now.")
        for key in ("R", "z", "F", "a", "x", "X", "f"):
            await pilot.press(key)
            await settled(pilot)
            assert app.screen is live(app), key
        assert (await engine.ingest("app/other", "bob")).seq == last + 1
        await pilot.press("escape")
        assert app.session.past is None


async def test_a_film_runs_at_its_speed_up_to_the_newest_entry(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (engine, app, pilot):
        await engine.forward("2h")
        await until(pilot, "timed out app/verified")
        await pilot.press("home", "T")
        await until(pilot, "film ×1")
        await pilot.press("plus", "plus", "plus")
        await until(pilot, "film ×3600")
        past = app.session.past
        assert past is not None
        first = past.moment.seq
        await pilot.press("space")
        await until(pilot, "the film ends here")
        assert past.moment.seq > first
        assert not past.playing
        assert past.client.clock.now() == past.moment.at
        await settled(pilot)
        assert set(users(app).values()) == {"completed"}
        await pilot.press("space")
        await until(pilot, "this is the newest entry: p steps back")


async def test_a_studio_opens_at_a_moment(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db") as (engine, _, _):
        app = StudioApp(client=LocalEngine(engine))
        app.at = "1"
        async with app.run_test(size=(80, 24)) as pilot:
            shown = await until(pilot, "AS OF")
            assert "entry 1" in shown
            await until(pilot, "esc is now")
            app.live.look_at("99999")  # type: ignore[union-attr]
            await until(pilot, "there is no entry 99,999 yet")
            assert app.session.past is not None
            await app.session.stores.close()


async def test_on_eighty_columns_a_film_that_runs_says_how_it_is_stopped(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (80, 24)) as (engine, app, pilot):
        await engine.forward("2h")
        live(app).look_at("1")
        await until(pilot, "space plays")
        await pilot.press("plus")
        past = app.session.past
        assert past is not None
        past.next_at = past.client.clock.now() + 3_600_000
        past.play(True)
        live(app).show_moment()
        assert "space stops" in await until(pilot, "esc is now")


async def test_what_is_no_moment_leaves_the_studio_at_the_present(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (_, app, pilot):
        live(app).look_at("99999")
        await until(pilot, "there is no entry 99,999 yet")
        assert app.session.past is None
        await pilot.press("n")
        await until(pilot, "T goes to the moment of the entry at the cursor")
        assert not live(app).query_one(ClockBar).has_class("-past")


def footer(app: StudioApp) -> str:
    return screen_text(app).splitlines()[-1]


async def test_no_screen_offers_in_the_past_what_does_nothing_there(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (200, 44)) as (engine, app, pilot):
        await engine.forward("2h")
        await until(pilot, "timed out app/verified")
        assert "pause / run" in footer(app)
        await pilot.press("home", "T")
        await until(pilot, "AS OF")
        await settled(pilot)
        idle = LEADS | ACTS | SENDS | COPIES | WRITES | {"reload", "refused_events", "problem.go"}
        for keys in ("1", "2", "3", "4", "6", "C", *("C", "d"), "1", "2", "3", "4"):
            await pilot.press(keys)
            await settled(pilot)
            screen = app.screen
            assert not {binding.id for binding, _ in usable(screen, screen.focused)} & idle, keys
            assert not {command.id for command in commands(app, screen)} & idle, keys
            assert "pause / run" not in screen_text(app), keys
            assert "space play / stop  + - film speed" in footer(app), keys
            assert "Pause / run" not in {command.title for command in commands(app, screen)}
        await pilot.press("question_mark")
        await until(pilot, "film speed")
        await pilot.press("escape")
        await pilot.press("T")
        await until(pilot, "pause / run")


async def test_at_the_newest_entry_and_before_all_nothing_further_is_offered(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (200, 44)) as (_, app, pilot):
        live(app).look_at("1")
        await until(pilot, "AS OF")
        await settled(pilot)
        assert "n p step" in screen_text(app)
        assert "space plays" in screen_text(app)
        past = app.session.past
        assert past is not None
        await past.go(lambda views: views.go_to_time(10**15))
        live(app).show_moment()
        await pilot.pause()
        assert "  p step" in screen_text(app)
        assert "n p step" not in screen_text(app)
        assert "space play" not in screen_text(app)
        await past.go(lambda views: views.go_to_time(1))
        live(app).show_moment()
        await pilot.pause()
        assert "BEFORE ALL" in screen_text(app)
        assert "  n step" in screen_text(app)
        assert "n p step" not in screen_text(app)


async def test_what_needs_a_person_offers_no_act_in_the_past(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (160, 44)) as (_, _app, pilot):
        await pilot.press("N")
        await until(pilot, "r resume all")
        await pilot.press("escape", "T")
        await until(pilot, "AS OF")
        await settled(pilot)
        await pilot.press("N")
        shown = await until(pilot, "editor there · esc closes")
        assert "resume" not in shown


async def test_charts_and_map_are_at_the_moment_and_go_on_with_it(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (200, 60)) as (engine, app, pilot):
        await engine.forward("2h")
        await until(pilot, "timed out app/verified")
        await pilot.press("C")
        await until(pilot, "1 greet · 2 journeys · 2 reached the end")
        await pilot.press("C", "home", "T")
        await until(pilot, "AS OF")
        await settled(pilot)
        await pilot.press("C")
        shown = await until(pilot, "1 greet · 1 journey · 0 reached the end")
        assert "AS OF" in shown
        assert "T is now" in shown
        assert "READ ONLY" not in shown
        # Deadlines ahead and the workflows' counts are those of then, too.
        assert app.charts is not None
        counts = app.charts.query_one(WorkflowsTable).rows
        assert [(row.name, row.entered, row.completed) for row in counts] == [("greet", 1, 0)]
        past = app.session.past
        assert past is not None
        first = past.moment.seq
        while (app.charts.query_one(WorkflowsTable).rows or counts)[0].entered < 2:
            await pilot.press("n")
            await settled(pilot)
        await until(pilot, "1 greet · 2 journeys · 0 reached the end")
        ahead = app.charts.query_one(AheadPane).rows
        assert [each.waits for each in ahead if each.waits] == [1, 1], "a wait of an hour, and a step"
        while past.moment.seq > first:
            await pilot.press("p")
            await settled(pilot)
        await until(pilot, "1 greet · 1 journey · 0 reached the end")
        # The film is seen here as well.
        await pilot.press("plus", "plus", "plus", "space")
        await until(pilot, "1 greet · 2 journeys · 2 reached the end")
        await until(pilot, "the film ends here")
        await pilot.press("C", "d")
        shown = await until(pilot, "T is now")
        assert "AS OF" in shown
        newest = past.moment.seq
        await pilot.press("p", "p")
        await settled(pilot)
        assert past.moment.seq < newest
        await pilot.press("T")
        await settled(pilot)
        assert app.session.past is None
        assert "AS OF" not in screen_text(app)


async def test_the_present_goes_on_unseen_by_charts_of_the_past(tmp_path: Path) -> None:
    async with open_studio(tmp_path / "s.db", (200, 60)) as (engine, app, pilot):
        await pilot.press("T")
        await until(pilot, "AS OF")
        await settled(pilot)
        await pilot.press("C")
        await until(pilot, "1 greet · 1 journey ·")
        await engine.ingest("app/signup", "eve")
        await engine.run_until_idle()
        await pilot.pause(0.3)
        await settled(pilot)
        assert "1 greet · 1 journey ·" in screen_text(app)
        await pilot.press("T")
        await until(pilot, "1 greet · 3 journeys ·")
