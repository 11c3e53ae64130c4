"""What widgets know of the studio: the session of the application that they stand in, and no more."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path

import pytest
from textual.app import App

import studio.tui
from studio.tui.session import redraws
from studio.tui.session.context import session_of
from studio.tui.session.redraws import Redraws
from studio.tui.widgets.inject import Inject
from tests.tui.conftest import Studio
from tests.tui.fakes import FakeStudio, world

ROOT = Path(studio.tui.__file__).parent


async def test_every_widget_and_screen_finds_the_one_session(studio: Studio) -> None:
    session = studio.app.session
    assert session_of(studio.find(Inject)) is session_of(studio.live) is session_of(studio.app) is session
    assert (session.client, session.shown_now()) == (
        studio.app.fake_engine,
        studio.app.fake_engine.clock.now(),
    )


def test_before_a_store_is_open_there_is_nobody_to_ask() -> None:
    session = FakeStudio(world()).session
    assert (session.client, session.reader, session.first_engine, session.sent_path) == (None,) * 4
    assert session.shown_now() == 0
    assert not session.clock_reading().movable


async def test_in_another_application_there_is_none() -> None:
    async with App[None]().run_test() as pilot:
        with pytest.raises(TypeError, match="App has no session"):
            session_of(pilot.app.screen)


def test_nobody_below_names_the_application_or_takes_a_screen_for_another() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}
    taken = re.compile(r"""cast\(\s*["']?(?:StudioApp|\w*Screen)\b""")
    assert [path for path, text in sources.items() if taken.search(text)] == []
    assert [path for path, text in sources.items() if path.parent != ROOT and "studio.tui.app" in text] == []


async def test_a_flood_of_commits_becomes_one_redraw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redraws, "REDRAW_SECONDS", 0.2)
    drawn = asyncio.Event()
    times: list[int] = []

    def draw() -> None:
        times.append(threading.get_ident())
        drawn.set()

    gathered = Redraws(draw, lambda: False)
    gathered.committed()  # before the loop runs nobody looks
    gathered.begin()
    gathered.now()
    drawn.clear()

    def commit() -> None:
        for _ in range(1_000):
            gathered.committed()

    engine = threading.Thread(target=commit)
    engine.start()
    engine.join()
    await asyncio.wait_for(drawn.wait(), 60)
    # In the screen's thread, and once.
    assert times == [threading.get_ident()] * 2
