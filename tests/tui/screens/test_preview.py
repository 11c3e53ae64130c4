"""`t` in the designer: each key of the preview, on the real engine; nothing reaches the studio's store."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from studio.source import loader
from studio.store.views import Views
from studio.testing.checked_play import play_and_check
from studio.tui.app import StudioApp
from studio.tui.screens.preview import PreviewScreen
from studio.tui.widgets.keys_bar import usable
from tests.engine.reloading import write
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, designer_world
from tests.tui.test_studio import until

BODY = """
async def send_mail(to: str) -> dict[str, int]:
    raise SystemExit("a step is never run")

await journey.step("send mail", send_mail, journey.user.email)
paid = await journey.wait_for("paid", match={"plan": "[b]team"}, timeout="11d")
if not paid:
    await journey.ingest("reminder")
    paid = await journey.wait_for("paid", timeout="3d")
return {"paid": bool(paid)}
"""


@asynccontextmanager
async def trying(
    folder: Path, body: str = BODY, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Pilot[None]]:
    """A studio with one workflow, of which the preview has begun."""
    write(folder / "workflows", body)
    app = StudioApp(str(folder / "workflows"), str(folder / "studio.db"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, "⏎ sends this example")
        await pilot.press("escape", "d")
        await until(pilot, "Map welcome" if size[0] < 100 else "1 Map · welcome")
        await pilot.press("t")
        await until(pilot, "TRY IT  welcome · user1")
        yield pilot
        # Whatever was tried: nobody of it is in the store.
        with Views(folder / "studio.db") as views:
            assert views.totals().users == 0
            assert views.entries(kinds=["event", "journey.started"]) == []


def preview(pilot: Pilot[None]) -> PreviewScreen:
    """The screen."""
    screen = pilot.app.screen
    assert isinstance(screen, PreviewScreen)
    return screen


async def test_answers_deadlines_and_steps_back(tmp_path: Path) -> None:
    async with trying(tmp_path) as pilot:
        shown = await until(pilot, "▸")
        shown = await until(pilot, "wait paid  11d 0h of 11d")
        assert '◷ paid · x lets 11d pass · ⏎ sends {"plan": "[b]team"}' in shown
        assert "■ would run send mail" in shown
        assert "0.0s after the start" in shown
        assert "nothing here is real" in shown
        assert "▸  11 ▸" in shown, "the source is at the wait"
        await pilot.press("z")
        await until(pilot, "there is nothing to undo: the journey begins here")
        await pilot.press("x")
        shown = await until(pilot, "wait paid  3d 0h of 3d")
        assert "11d 0h after the start" in shown
        assert "timed out paid  after 11d" in shown
        assert "◆ reminder" in shown
        await pilot.press("f")
        shown = await until(pilot, 'the journey has ended: completed {"paid": false}')
        assert "14d after the start" in shown or "14d 0h after the start" in shown
        # Nothing is open: what cannot be done says why.
        for key in "xf":
            await pilot.press("1", key)
            await until(pilot, ' the journey has ended: completed {"paid": false}')
        await pilot.press("z")
        await until(pilot, "wait paid  3d 0h of 3d")
        await pilot.press("enter")
        await until(pilot, 'completed {"paid": true}')
        await pilot.press("home", "x")
        await until(pilot, "the journey has ended")
        await pilot.press("escape")
        assert pilot.app.screen.id == "designer"


async def test_the_source_the_bar_and_the_data_follow_the_cursor(tmp_path: Path) -> None:
    async with trying(tmp_path) as pilot:
        await until(pilot, "wait paid  11d 0h of 11d")
        await pilot.press("home")
        shown = await until(pilot, "⏎ and x act on the wait at the cursor")
        assert "waits for paid" in shown
        await pilot.press("x")
        await until(pilot, "x lets the wait at the cursor time out: there is none that is open")
        # Any other entry unfolds, and shows all of itself on a page, from the scratch store.
        await pilot.press("enter")
        await until(pilot, "┃    ")
        await pilot.press("down", "enter")
        await until(pilot, "esc closes")
        await pilot.press("escape")
        await pilot.press("end", "k", "j")
        await until(pilot, "⏎ sends")
        await pilot.press("2")
        assert preview(pilot).focused is not None
        assert preview(pilot).focused.id == "source"  # type: ignore[union-attr]
        await pilot.press("enter", "tab")
        assert preview(pilot).focused.id == "entries"  # type: ignore[union-attr]
        await pilot.press("shift+tab", "1")
        assert preview(pilot).focused.id == "entries"  # type: ignore[union-attr]


@pytest.mark.long
async def test_what_is_kept_is_an_event_file_that_plays(tmp_path: Path) -> None:
    async with trying(tmp_path) as pilot:
        await until(pilot, "wait paid  11d 0h of 11d")
        await pilot.press("x")
        await until(pilot, "wait paid  3d 0h of 3d")
        await pilot.press("K")
        await until(pilot, "welcome-try-1.jsonl")
        await pilot.press("enter")
        await until(pilot, 'completed {"paid": true}')
        await pilot.press("K")
        await until(pilot, "welcome-try-2.jsonl")
        shutil.rmtree(tmp_path / "data")
        (tmp_path / "data").write_text("no folder")
        await pilot.press("K")
        await until(pilot, "the folder cannot be made")
        (tmp_path / "data").unlink()
        await pilot.press("K")
        await until(pilot, "kept")
        while not (tmp_path / "data" / "welcome-try-1.jsonl").exists():
            await pilot.pause(0.02)
    lines = (tmp_path / "data" / "welcome-try-1.jsonl").read_text().splitlines()
    assert [line["event"] for line in map(json.loads, lines) if "expect" not in line] == ["signup", "paid"]
    done = await play_and_check(lines, tmp_path / "workflows", stand_in=lambda *_: lambda *_: {})
    assert done.mismatch is None
    assert done.expectations >= 4


async def test_a_failure_shows_its_traceback_and_is_taken_back(tmp_path: Path) -> None:
    body = 'await journey.wait_for("go", timeout="1d")\njourney.trigger["[plan]"]'
    async with trying(tmp_path, body) as pilot:
        await until(pilot, "wait go")
        await pilot.press("x")
        shown = await until(pilot, "Traceback (most recent call last)")
        assert "the journey has failed: KeyError: '[plan]' welcome.py:8" in shown
        assert "put sample events into data/welcome.jsonl" in shown
        assert "▸" in next(line for line in shown.splitlines() if "✗ KeyError" in line)
        await pilot.press("z")
        shown = await until(pilot, "of 1d")
        assert "Traceback" not in shown
        await pilot.press("enter")
        await until(pilot, "Traceback (most recent call last)")


async def test_a_pass_that_ends_goes_on_with_the_trigger(tmp_path: Path) -> None:
    async with trying(tmp_path, 'await journey.wait_for("go", timeout="1d", past=False)') as pilot:
        await until(pilot, "wait go")
        await pilot.press("x")
        shown = await until(pilot, "pass 1 has ended without a result")
        assert "⏎ sends signup again" in shown
        await pilot.press("enter")
        await until(pilot, "welcome pass 2")


async def test_the_studios_own_clock_is_out_of_reach_and_help_names_what_acts(tmp_path: Path) -> None:
    async with trying(tmp_path) as pilot:
        await until(pilot, "wait paid  11d 0h of 11d")
        app = pilot.app
        assert isinstance(app, StudioApp)
        ids = {binding.id for binding, _ in usable(app.screen, app.screen.focused)}
        assert {"try.answer", "try.time_out", "try.next", "try.back", "try.keep", "try.leave"} <= ids
        assert not {"clock.pause", "clock.faster", "clock.slower", "clock.forward", "clock.next"} & ids
        assert not {"filter", "entry.by_hand"} & ids
        await pilot.press("space", "plus", "greater_than_sign", "X", "slash")
        assert not app.session.clock_reading().paused
        assert app.session.clock_reading().speed == 1
        assert isinstance(app.screen, PreviewScreen)
        await pilot.press("question_mark")
        shown = await until(pilot, "undo")
        assert "pause / run" not in shown
        await pilot.press("escape", "colon", *"undo")
        # Enter takes what is first in the list, which is narrowed a moment later.
        end = time.monotonic() + 10
        while app.screen.query_one(OptionList).option_count != 1:
            assert time.monotonic() < end, "the commands are not narrowed"
            await pilot.pause(0.02)
        await pilot.press("enter")
        await until(pilot, "there is nothing to undo")


@pytest.mark.long
async def test_it_leaves_in_the_middle_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.design.preview.HANG_AFTER", 0.3)
    async with trying(tmp_path, "while True:\n    pass") as pilot:
        await pilot.press("escape")
        assert pilot.app.screen.id == "designer"
        await pilot.press("t")
        await until(pilot, "the journey has failed", seconds=30)
        store = preview(pilot)._store
        assert store is not None
        await pilot.press("escape")
        while store.exists():
            await pilot.pause(0.02)


async def test_small_and_hostile(tmp_path: Path) -> None:
    body = (
        'await journey.wait_for("[red]名前[/red] ' + "x" * 200 + '", match={"\\u202e[b]": "]"}, timeout="1d")'
    )
    async with trying(tmp_path, body, (80, 24)) as pilot:
        shown = await until(pilot, "[red]名前[/red]")
        assert "\u202e" not in shown
        assert "2 Source" in shown
        await pilot.press("2")
        await until(pilot, "async def welcome")
        await pilot.press("1")
        await until(pilot, "◷ wait [red]")
        await pilot.resize_terminal(50, 12)
        await until(pilot, "at least 60×16")
        await pilot.resize_terminal(120, 36)
        await until(pilot, "async def welcome")


async def test_who_only_looks_tries_and_keeps_nothing(tmp_path: Path) -> None:
    write(tmp_path / "workflows", BODY)
    desk = FakeEngine()
    desk.named = loader.load(str(tmp_path / "workflows")).workflows
    desk.read_only = True
    async with open_studio(size=(120, 36), app=FakeStudio(designer_world(), desk)) as studio:
        await begin(studio)
        await studio.press("K")
        assert "READ ONLY: cannot write files" in studio.text
    assert not (tmp_path / "data").exists()


async def begin(studio: Studio) -> None:
    """From the live screen into the preview."""
    await studio.press("d")
    await studio.press("t")
    async with asyncio.timeout(20):
        while "of 11d" not in studio.text:
            await studio.pilot.pause(0.02)


async def test_without_a_workflow_there_is_nothing_to_try() -> None:
    desk = FakeEngine()
    desk.named = {}
    async with open_studio(size=(120, 36), app=FakeStudio(designer_world(), desk)) as studio:
        await studio.press("d", "t")
        assert studio.screen == "DesignerScreen"
        assert "no workflow is loaded: there is nothing to try" in studio.text


@pytest.fixture(autouse=True)
def plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same signs on every machine."""
    monkeypatch.setenv("JOURNEY_STUDIO_SYMBOLS", "unicode")
