"""The charts, on a store that a real engine has written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from studio import Engine, Journey, VirtualClock, channel, goal, workflow
from studio.clocks import durations
from studio.engine.local import LocalEngine
from studio.reports import words
from studio.reports.reading import FunnelReader
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.session import funnel_reading
from studio.tui.session.funnel_reading import FunnelReading
from studio.tui.widgets.ahead_pane import AheadPane
from studio.tui.widgets.funnel_pane import FunnelPane
from studio.tui.widgets.pace_pane import PacePane
from studio.tui.widgets.timeline import TimelinePane
from studio.tui.widgets.workflows_table import WorkflowsTable
from tests.reports.journeys import START_MS
from tests.tui.fakes import screen_text

Size = tuple[int, int]
HOSTILE = "[red]zoe[/]"


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    """Waits for an activation, sleeps, then says yes; one fails."""
    active = await journey.wait_for("app/activated", timeout="2d")
    if not active:
        await journey.wait_for("app/activated")
    if active and active.first is not None and "plan" not in active.first.data:
        raise ValueError("no \x1b[2Jplan\u202e")
    await journey.sleep("3h")
    return {"ok": True}


@workflow(trigger="cart/created")
async def cart(journey: Journey) -> None:
    """Only ever waits."""
    await journey.wait_for("cart/paid", timeout="40d")


EVENTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("0s", "mia", "app/signup", {}),
    ("1h", "leo", "app/signup", {}),
    ("2h", HOSTILE, "app/signup", {}),
    ("3h", "mia", "app/activated", {"plan": "team"}),
    ("5h", HOSTILE, "app/activated", {}),
    ("6h", "kim", "cart/created", {}),
    ("71h", "ben", "app/signup", {}),
]


@asynccontextmanager
async def opened(
    store: Path, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[StudioApp, Pilot[None]]]:
    """The studio three days after the first of them came."""
    async with Engine([welcome, cart], store=store, clock=VirtualClock(START_MS)) as engine:
        for after, user, event, data in EVENTS:
            await engine.forward_to(START_MS + durations.parse(after))
            await engine.ingest(event, user, data)
        await engine.forward_to(START_MS + durations.parse("72h"))
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=size) as pilot:
            await until(
                app, pilot, lambda: app.live is not None and bool(app.live.query_one(TimelinePane).user)
            )
            yield app, pilot


async def until(app: StudioApp, pilot: Pilot[None], there: Callable[[], bool]) -> None:
    """Wait until something is so; the limit only ends a hanging test."""
    async with asyncio.timeout(60):
        while not there():
            await pilot.pause(0.02)


async def open_charts(app: StudioApp, pilot: Pilot[None], name: str = "welcome") -> FunnelPane:
    """The charts of a workflow, counted."""
    await pilot.press("C")
    await until(app, pilot, lambda: app.charts is not None)
    charts = app.charts
    assert charts is not None
    charts.show_workflow(name)
    pane = charts.query_one(FunnelPane)
    await until(app, pilot, lambda: pane.funnel is not None and pane.funnel.workflow == name)
    return pane


async def test_the_charts_say_what_the_command_prints(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with opened(store) as (app, pilot):
        pane = await open_charts(app, pilot)
        with Views(store) as views:
            reader = FunnelReader(views, "welcome")
            assert reader.read()
            expected = reader.funnel(START_MS + durations.parse("72h"), reader.goal)
        assert pane.funnel is not None
        assert pane.rows == list(expected.nodes)
        assert words.outcome(pane.funnel) == words.outcome(expected)
        text = screen_text(app)
        assert "4 journeys · 1 reached the end  25 %" in text
        assert "✗ 1" in text
        assert "┃ 1" in text
        charts = app.charts
        assert charts is not None
        table, ahead = charts.query_one(WorkflowsTable), charts.query_one(AheadPane)
        await until(app, pilot, lambda: len(table.rows) == 2 and bool(ahead.rows))
        assert [(row.name, row.entered, row.failed) for row in table.rows] == [
            ("cart", 1, 0),
            ("welcome", 4, 1),
        ]
        spans = {row.name: row.waits for row in ahead.rows if row.waits}
        assert spans == {"3 days": 1, "no limit": 1}


async def test_enter_on_a_bar_lists_its_people_and_leads_to_one_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio.db") as (app, pilot):
        pane = await open_charts(app, pilot)
        assert pane.point_at("wait:app/activated#0")
        await pilot.press("enter")
        await until(app, pilot, lambda: type(app.screen).__name__ == "PeopleScreen")
        text = screen_text(app)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert HOSTILE in text
        assert "no ␛[2JplanU+202E" in text
        # Who is inside stands first.
        await pilot.press("enter")
        await until(app, pilot, lambda: app.screen is app.live)
        assert app.charts is None
        assert app.live is not None
        assert app.live.query_one(TimelinePane).user == "ben"


async def test_they_follow_the_store_and_esc_goes_back_to_the_designer(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio.db") as (app, pilot):
        await pilot.press("d")
        await until(app, pilot, lambda: app.designer is not None)
        pane = await open_charts(app, pilot)
        client = app.session.client
        assert isinstance(client, LocalEngine)
        await client.engine.ingest("app/signup", "new")
        await until(app, pilot, lambda: pane.funnel is not None and pane.funnel.entered == 5)
        await pilot.press("5", "home", "enter")
        await until(app, pilot, lambda: pane.funnel is not None and pane.funnel.workflow == "cart")
        await pilot.press("escape")
        await until(app, pilot, lambda: app.screen is app.designer)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((200, 60), marks=pytest.mark.long)])
async def test_each_pane_is_reached_by_its_number(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path / "studio.db", size) as (app, pilot):
        await open_charts(app, pilot)
        charts = app.charts
        assert charts is not None
        seen = {"2": "nine of ten", "3": "no limit", "4": "failed", "5": "cart", "1": "app/activated"}
        for key, text in seen.items():
            await pilot.press(key)
            await until(app, pilot, lambda text=text: text in screen_text(app))  # type: ignore[misc]
        await pilot.press("4")
        pace = charts.query_one(PacePane)
        await until(app, pilot, lambda: pace.pace is not None)
        assert pace.pace is not None
        # Only the last day is kept.
        assert sum(events for _, events, _ in pace.pace.minutes) == 1


def test_a_history_is_read_in_pieces_and_never_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "studio.db"
    asyncio.run(_play(store))
    asked: list[int] = []
    real = Views.report_rows

    def counted(views: Views, name: str, after: int) -> tuple[list[Any], int]:
        asked.append(after)
        return real(views, name, after)

    monkeypatch.setattr(Views, "report_rows", counted)
    monkeypatch.setattr("studio.store.view_report_rows.WINDOW_ROWS", 5)
    monkeypatch.setattr(funnel_reading, "STEP_SECONDS", 0.0)
    reading = FunnelReading("welcome", lambda: START_MS)
    with Views(store) as views:
        shares, state = [], reading.read(views)
        while state.behind:
            assert state.funnel is None
            shares.append(state.share)
            state = reading.read(views)
        assert state.funnel is not None
        assert state.funnel.entered == 4
        assert shares == sorted(shares)
        windows = [after for at, after in enumerate(asked) if at == 0 or after != asked[at - 1]]
        assert windows == sorted(set(windows))
        funnel = state.funnel
        assert reading.read(views).funnel is funnel


email = channel("email")


async def send(idempotency_key: str) -> bool:
    """Hands nothing over to anybody."""
    return True


@workflow(trigger="app/signup", goal=goal("billing/paid", within="30d"))
async def letters(journey: Journey) -> dict[str, bool]:
    """One message at once, another a day later."""
    await journey.message(email, "welcome", send)
    await journey.sleep("26h")
    await journey.message(email, "tips", send)
    return {"ok": True}


async def test_messages_stand_by_weekday_and_hour_and_by_how_many_each_got(tmp_path: Path) -> None:
    async with Engine(letters, store=tmp_path / "s.db", clock=VirtualClock(START_MS)) as engine:
        await engine.ingest("app/signup", "mia")
        await engine.ingest("billing/paid", "mia")
        await engine.forward_to(START_MS + durations.parse("27h"))
        await engine.ingest("app/signup", "leo")
        await engine.run_until_idle()
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(app, pilot, lambda: bool(app.live and app.live.query_one(TimelinePane).user))
            pane = await open_charts(app, pilot, "letters")
            assert pane.state is not None
            assert pane.funnel is not None
            assert (pane.funnel.outcome, pane.funnel.reached) == ("billing/paid", 1)
            sends = {
                (day, hour): n for day, row in enumerate(pane.state.sends) for hour, n in enumerate(row) if n
            }
            # A Monday at nine, the Tuesday at eleven, and at noon.
            assert sends == {(0, 9): 1, (1, 11): 1, (1, 12): 1}
            await pilot.press("4")
            await until(app, pilot, lambda: "Tue" in screen_text(app))
            assert "Messages a journey: 0 none, 1 one, 1 two" in screen_text(app)


async def _play(store: Path) -> None:
    async with opened(store):
        pass


async def test_what_is_drawn_is_copied_as_a_command(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as (app, pilot):
        await pilot.press("C")
        await until(app, pilot, lambda: app.charts is not None)
        charts = app.charts
        assert charts is not None
        await pilot.press("1", "Y")
        await until(app, pilot, lambda: app.clipboard.startswith(f"journey-studio funnel {charts.workflow}"))
        await pilot.press("3", "Y")
        wanted = f"journey-studio waits --workflow={charts.workflow}"
        await until(app, pilot, lambda: app.clipboard.startswith(wanted))
