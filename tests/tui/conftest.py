"""The studio on a small world, at the reference size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from studio.tui.screens.live import LiveScreen
from studio.tui.session.messages import StoreChanged
from tests.tui.fakes import START, FakeStudio, at_rest, screen_lines, screen_text, world
from tests.tui.store_of_records import StoreRecords

W = TypeVar("W", bound=Widget)
_refresh = Screen._compositor_refresh


def _refresh_seen(screen: Screen[Any]) -> None:
    """Draw for a terminal that somebody looks at; a headless one shows nothing to anybody."""
    app = screen.app
    if screen is not app.screen or not app.is_headless:
        _refresh(screen)
        return
    screen._compositor._dirty_regions.clear()
    screen._dirty_widgets.clear()
    app._update_mouse_over(screen)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, unseen: None) -> None:
    """Draw as for a person: for tests of what is drawn when."""
    monkeypatch.setattr(Screen, "_compositor_refresh", _refresh)


@pytest.fixture(autouse=True)
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing until a test looks (`lines`, `text`): that was a third of what these tests cost."""
    monkeypatch.setattr(Screen, "_compositor_refresh", _refresh_seen)


@dataclass
class Studio:
    """A running studio and the hand on its keys."""

    app: FakeStudio
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they begin come to its end."""
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is under way."""
        await self.pilot.pause()
        await at_rest(self.app)
        await self.pilot.pause()

    async def changed(self) -> None:
        """Something was committed."""
        self.live.post_message(StoreChanged())
        await self.settle()

    @property
    def live(self) -> LiveScreen:
        """The live screen."""
        found = self.app.live
        assert found is not None
        return found

    @property
    def screen(self) -> str:
        """The name of the screen on top."""
        return type(self.app.screen).__name__

    def find(self, kind: type[W]) -> W:
        """The widget of this kind."""
        return self.live.query_one(kind)

    def field(self, name: str) -> Input:
        """A field of the form."""
        return self.live.query_one(f"#{name}", Input)

    @property
    def outcome(self) -> str:
        """What the form says."""
        return str(self.live.query_one("#outcome").render())

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        return screen_lines(self.app)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return screen_text(self.app)

    @property
    def focus(self) -> str | None:
        """The id of what has focus."""
        focused = self.app.focused
        return focused.id if focused is not None else None


@asynccontextmanager
async def open_studio(
    records: StoreRecords | None = None, size: tuple[int, int] = (120, 36), app: FakeStudio | None = None
) -> AsyncIterator[Studio]:
    """A studio 8.3 s after the start of its world."""
    app = app or FakeStudio(records or world())
    app.fake_engine.clock.move(START + 8_300)
    async with app.run_test(size=size) as pilot:
        studio = Studio(app, pilot)
        await studio.settle()
        app.move(0)
        await studio.settle()
        yield studio


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    async with open_studio() as opened:
        yield opened
