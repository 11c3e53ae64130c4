"""What needs a person, on a store of a real engine: named in order, gone to, resumed by the group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.clocks import durations
from studio.engine.local import LocalEngine
from studio.errors import WorkflowError
from studio.tui.app import StudioApp
from studio.tui.screens.needs import NeedsList
from studio.tui.session.needs import NeedsQuestion
from studio.tui.widgets.timeline import TimelinePane
from tests.reports.journeys import START_MS
from tests.tui.fakes import screen_text
from tests.tui.screens.test_charts import until

HEALED = {"on": False}


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    """Fails until it is mended."""
    if journey.user.id.startswith("zoe") and not HEALED["on"]:
        raise ValueError("no \x1b[2Jplan")
    await journey.wait_for("app/paid", match={"plan": "team"}, timeout="2d")
    return {"ok": True}


@pytest.fixture
def mended() -> Iterator[dict[str, bool]]:
    HEALED["on"] = False
    yield HEALED
    HEALED["on"] = False


async def test_all_that_needs_a_person_is_named_gone_to_and_resumed(
    tmp_path: Path, mended: dict[str, bool]
) -> None:
    async with Engine(welcome, store=tmp_path / "s.db", clock=VirtualClock(START_MS)) as engine:
        for user in ("mia", "zoe1", "zoe2"):
            await engine.ingest("app/signup", user)
        await engine.forward_to(START_MS + durations.parse("1h"))
        await engine.ingest("app/paid", "mia", {"plan": "taem"})
        client = LocalEngine(engine)
        app = StudioApp(client=client)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(app, pilot, lambda: bool(app.live and app.live.query_one(TimelinePane).user))
            await pilot.press("N")
            await until(app, pilot, lambda: type(app.screen).__name__ == "NeedsScreen")
            found = app.screen.query_one(NeedsList)
            await until(app, pilot, lambda: len(found.rows) == 2)
            assert [row.kind for row in found.rows] == ["failed", "near"]
            text = screen_text(app)
            assert "2 journeys of welcome failed" in text
            assert "␛[2Jplan" in text
            assert "\x1b" not in text
            assert "app/paid of mia" in text
            # One of them, on the live screen, where it failed.
            await pilot.press("enter")
            await until(app, pilot, lambda: type(app.screen).__name__ == "PeopleScreen")
            await pilot.press("down", "enter")
            await until(app, pilot, lambda: app.screen is app.live)
            assert app.live is not None
            chosen = app.live.query_one(TimelinePane)
            await until(app, pilot, lambda: str(chosen.user).startswith("zoe"))
            # All of them: enter is the safe answer.
            mended["on"] = True
            await pilot.press("N")
            await until(app, pilot, lambda: type(app.screen).__name__ == "NeedsScreen")
            await until(app, pilot, lambda: len(app.screen.query_one(NeedsList).rows) == 2)
            await pilot.press("*", "a")
            await until(app, pilot, lambda: type(app.screen).__name__ == "MarkedActsScreen")
            assert "r resume 2 failed journeys" in screen_text(app)
            await pilot.press("escape")
            await until(app, pilot, lambda: type(app.screen).__name__ == "NeedsScreen")
            await until(app, pilot, lambda: len(app.screen.query_one(NeedsList).rows) == 2)
            await pilot.press("r")
            await until(app, pilot, lambda: type(app.screen).__name__ == "QuestionScreen")
            assert "Resume 2 failed journeys of welcome?" in screen_text(app)
            await pilot.press("y")
            await until(app, pilot, lambda: type(app.screen).__name__ == "NeedsScreen")
            await until(
                app, pilot, lambda: [r.kind for r in app.screen.query_one(NeedsList).rows] == ["near"]
            )
            await pilot.press("escape")
            await until(app, pilot, lambda: app.screen is app.live)


async def test_what_should_have_gone_on_and_did_not_is_overdue(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine(welcome, store=store, clock=VirtualClock(START_MS)) as engine:
        await engine.ingest("app/signup", "mia")
        client = LocalEngine(engine)
        question = NeedsQuestion(client, lambda: START_MS + durations.parse("3d"))
        with client.look() as views:
            (need,) = question.read(views)
        assert need.kind == "overdue"
        assert need.text.startswith("1 wait overdue, the first since ")
        assert [each.user for each in need.people] == ["mia"]
        client.engine.problems.append(WorkflowError("it is broken", path="x.py", line=3, fix="Mend it."))
        with client.look() as views:
            assert [each.kind for each in question.read(views)] == ["file", "overdue"]
