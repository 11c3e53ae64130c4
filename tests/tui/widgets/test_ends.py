"""`g` and `G` go to the first and the last of all; a lane begins where its user did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studio.tui.app import StudioApp
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.store.build import Builder
from tests.tui.test_studio import until

PEOPLE = 700
LOGS = 700
DAY = 86_400_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many users who wait, and one to whom much happened, over days."""
    b = Builder(tmp_path_factory.mktemp("crowd") / "s.db")
    event = b.event("signup", "zoe", 0)
    zoe = b.journey("welcome", "zoe", event, 0)
    for n in range(LOGS):
        b.log(zoe, f"line {n}", n * DAY // 100)
    b.wait(zoe, "call", 8 * DAY, None)
    for n in range(PEOPLE):
        journey = b.journey("welcome", f"u{n:03}", b.event("signup", f"u{n:03}", 8 * DAY + n), 8 * DAY + n)
        b.wait(journey, "paid", 8 * DAY + n, 9 * DAY + n)
    return b.done()


@asynccontextmanager
async def looking(store: Path) -> AsyncIterator[tuple[StudioApp, Pilot[None]]]:
    app = StudioApp("workflows", str(store), mode="read")
    async with app.run_test(size=(160, 40)) as pilot:
        await until(pilot, "701 users")
        await until(pilot, "▸u699")
        yield app, pilot


@pytest.mark.parametrize("order", ["activity", "deadline", "state", "name"])
async def test_users(crowd: Path, order: str) -> None:
    async with looking(crowd) as (app, pilot):
        users = app.screen.query_one(UsersList)
        while users.order != order:
            await pilot.press("o")
        await until(pilot, "u699" if order in ("activity",) else "u000")
        first, last = {"activity": ("u699", "zoe"), "name": ("u000", "zoe")}.get(order, ("u000", "zoe"))
        await pilot.press("G")
        await until(pilot, f"▸{last} ")
        assert users.row is not None
        assert users.row.id == last == users.rows[-1].id
        await until(pilot, f"2 {last} ")
        await pilot.press("k", "k", "g")
        await until(pilot, f"▸{first} ")
        assert users.rows[0].id == first
        await pilot.press("end", "home")
        await until(pilot, f"▸{first} ")


@pytest.mark.long
async def test_waits(crowd: Path) -> None:
    async with looking(crowd) as (app, pilot):
        waiting = app.screen.query_one(WaitingList)
        await pilot.press("3", "G")
        await until(pilot, "▸∞ zoe")
        assert len(waiting.rows) == 200
        assert waiting.rows[-2].user == "u699"
        # Farther back more comes, in front of it.
        for _ in range(14):
            await pilot.press("pageup")
            await pilot.pause(0.02)
        await until(pilot, "▸◷ u378")
        assert waiting.arrivals == 0
        await pilot.press("g")
        await until(pilot, "▸◷ u000")
        assert waiting.rows[0].user == "u000"
        await pilot.press("slash", *"u00", "enter", "G")
        await until(pilot, "▸◷ u009")


@pytest.mark.long
async def test_entries(crowd: Path) -> None:
    async with looking(crowd) as (app, pilot):
        await pilot.press("1", "slash", *"zoe", "enter", "2")
        await until(pilot, f"line {LOGS - 1}")
        entries = app.screen.query_one(EntryList)
        shown = await until(pilot, "┃welcome   ┣            ┣━")
        (axis,) = [line.partition("fit")[2] for line in shown.splitlines() if "┃fit " in line]
        assert axis.split()[:5] == ["⋯", "8d", "0h", "⋯", "8d"], "what is known begins after eight days"
        await pilot.press("g")
        await until(pilot, "▸00:00:00")
        await until(pilot, "● signup")
        await until(pilot, "from the start 1/200+")
        # The end of what is known is not the end: more follows, and nothing is followed.
        for _ in range(20):
            await pilot.press("pagedown")
            await pilot.pause(0.02)
        await until(pilot, "line 3")
        assert entries.entry is not None
        assert entries.entry.seq > 300
        assert entries.following is False
        await pilot.press("G")
        await until(pilot, "● newest")
        await until(pilot, f"line {LOGS - 1}")
        assert entries.following is True


@pytest.mark.long
async def test_the_log(crowd: Path) -> None:
    async with looking(crowd) as (app, pilot):
        log = app.screen.query_one(LogList)
        await pilot.press("4", "g")
        await until(pilot, "from the start · 1/200 · G follows")
        assert [row.message for row in log.rows[:2]] == ["line 0", "line 1"]
        await pilot.press("slash", *"line 69", "enter", "g")
        await until(pilot, "4 Log")
        await pilot.press("escape", "G")
        await until(pilot, "● following")
        assert log.rows[-1].message == f"line {LOGS - 1}"
