"""The footer offers nothing that would do nothing, as the rows stand."""

from __future__ import annotations

import pytest

from studio.tui.session.offered import nothing_there
from studio.tui.widgets.keys_bar import usable
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import designer_world, wait, world
from tests.tui.store_of_records import StoreRecords

ROWS = {
    "1": {"user.open", "order", "filter"},
    "2": {"entry.open", "entry.newest", "lanes.in", "filter", "entry.time_out"},
    "3": {"wait.answer", "wait.time_out", "wait.by_hand", "filter"},
    "4": {"log.open", "log.follow", "log.user", "filter"},
}
"""By the key of the pane, what acts on a row of it."""
LATER = {
    "act",
    "why",
    "inspect",
    "undo",
    "rewind",
    "fork",
    "save_test",
    "clock.next",
    "failed.next",
    "send_again",
}
"""What acts on something that has happened."""


def offered(studio: Studio) -> set[str | None]:
    screen = studio.app.screen
    return {binding.id for binding, _ in usable(screen, screen.focused)} - nothing_there(screen)


@pytest.mark.parametrize("pane", ROWS)
async def test_where_nothing_has_happened_nothing_is_offered_for_it(pane: str) -> None:
    async with open_studio(StoreRecords(), size=(200, 60)) as studio:
        await studio.press("escape", pane)
        assert not offered(studio) & (ROWS[pane] | LATER)
        assert {"inject", "designer", "clock.pause", "quit"} <= offered(studio)


async def test_what_the_row_under_the_cursor_takes_is_offered_and_no_more() -> None:
    records = world()
    records.rows_waits = [
        wait(301, "user1", "app/paid", 60_000),
        wait(303, "user1", "app/login", None),
        wait(302, "user1", None, 60_000, kind="sleep"),
        wait(304, "max", "charge", None, kind="step", workflow="trial"),
    ]
    async with open_studio(records, size=(200, 60)) as studio:
        await studio.press("3", "g")
        seen = []
        for _ in records.rows_waits:
            assert "wait.by_hand" in offered(studio)
            seen.append([each for each in ("wait.answer", "wait.time_out") if each in offered(studio)])
            assert ("⏎ answer" in studio.lines[-1]) is ("wait.answer" in seen[-1])
            await studio.press("j")
        assert seen == [["wait.answer", "wait.time_out"], ["wait.time_out"], ["wait.answer"], []]


async def test_a_wait_that_is_over_takes_nothing() -> None:
    records = world()
    async with open_studio(records, size=(200, 60)) as studio:
        await studio.press("3", "g")
        records.rows_waits = records.rows_waits[1:]
        await studio.changed()
        assert studio.find(WaitingList).is_gone(16)
        assert not offered(studio) & {"wait.answer", "wait.time_out", "wait.by_hand"}


async def test_the_newest_is_offered_to_whom_looks_at_others() -> None:
    async with open_studio(size=(200, 60)) as studio:
        await studio.press("2")
        assert "entry.newest" not in offered(studio)
        await studio.press("k", "k")
        assert "entry.newest" in offered(studio)
        assert "G newest" in studio.lines[-1]


async def test_the_designer_offers_what_it_has() -> None:
    records = designer_world()
    async with open_studio(records, size=(200, 60)) as studio:
        await studio.press("d")
        assert "designer.undo" not in offered(studio), "nothing was changed here"
        assert {"map.users", "designer.change", "designer.act", "designer.try"} <= offered(studio)
        await studio.press("3")
        assert "list.open" not in offered(studio), "the map follows the cursor: there is nothing to open"
