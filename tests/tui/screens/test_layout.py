"""Three layouts, every size between, and text that means harm: nothing breaks, nothing runs."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from studio.language.names import fault
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.wording.values import slim
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeStudio, entry, user, wait, world
from tests.tui.sizes import SIZES
from tests.tui.store_of_records import StoreRecords

HOSTILE = [
    "[bold red]markup[/] [@click=app.quit]x[/]",
    "\x1b[2J\x1b[31mescape\x1b]0;title\x07",
    "\x9b31m\x00\x08\x7f\r\n\t",
    "\u202egnp.exe \u2066isolate\u2069",
    "שלום عليكم",
    "日本語ユーザー名前カタカナ",
    "zo\u0308e\u0301\u0302\u0303\u0304\u0305\u0306",
    "👨\u200d👩\u200d👧👍🏽🇩🇪❤\ufe0f",
    "\u0301\u200b\ufeff\u00ad",
    "x" * 512,
    "日" * 512,
    "\ud800\udfff",
]


def frame_of(studio: Studio) -> list[str]:
    """The screen, after checking that each line has exactly its width and nothing that acts."""
    width, height = studio.app.size
    lines = studio.lines
    assert len(lines) == height
    for line in lines:
        assert cell_len(line) == width, line
        assert all(char.isprintable() for char in line), ascii(line)
    return lines


def whole_borders(studio: Studio) -> None:
    """Each pane's border stands where it should, all the way down."""
    lines = frame_of(studio)
    for pane in studio.live.query(".pane"):
        region = pane.region
        if not pane.display or region.height < 3 or not pane.styles.border_left[0]:
            continue
        for y in range(region.y + 1, region.bottom - 1):
            cells = cells_of(lines[y])
            assert cells[region.x] in "│┃", (pane.id, y, lines[y])
            assert cells[region.right - 1] in "│┃", (pane.id, y, lines[y])


def cells_of(line: str) -> list[str]:
    """The character in each cell; the second cell of a wide one is empty."""
    cells: list[str] = []
    for char in line:
        width = cell_len(char)
        if width:
            cells += [char] + [""] * (width - 1)
    return cells


def event_name(text: str) -> str:
    """A text as the name of an event, as far as a workflow can wait for one."""
    return "app/event" if fault(text) else text


def hostile_world() -> StoreRecords:
    """Everything that can be named is named by someone who means harm, in the timeline of each user."""
    records = StoreRecords()
    # No store can hold half of a surrogate pair but in data.
    texts = [(text, text.encode(errors="replace").decode()) for text in HOSTILE]
    seqs = count(1_000)
    for n, (text, name) in enumerate(texts):
        workflow = name.replace("/", "|")
        records.rows_users.append(user(name, workflow=workflow, last_event=event_name(name), note=name))
        more: dict[str, Any] = {"workflow": workflow, "line": name}
        records.rows_waits.append(
            wait(100 + n, name, event_name(name), 60_000 + n, match={text: text}, **more)
        )
        records.rows_logs.append(
            entry(200 + n, 100, "log", name, message=name, level="info", user=name, **more)
        )
    for _, whose in texts:
        for text, name in texts:
            more = {"user": whose, "workflow": name.replace("/", "|"), "line": name}
            outside = {**more, "journey": None}
            failed = {"source": text, "traceback": text}
            event = event_name(name)
            key = {"key": f"wait:{event}#0"}
            records.rows_timeline.setdefault(whose, []).extend(
                (
                    entry(next(seqs), 100, "event", event, data={text: [text]}, **outside),
                    entry(next(seqs), 100, "wait.opened", event, data={"timeout": 1_000}, **key, **more),
                    entry(next(seqs), 100, "wait.timeout", event, **key, **more),
                    entry(next(seqs), 100, "step.done", name, data={"result": text}, **more),
                    entry(next(seqs), 100, "journey.failed", message=name, data=failed, **more),
                )
            )
    return records


@pytest.mark.long
@SIZES
async def test_hostile_text_breaks_no_border_and_runs_nothing(size: tuple[int, int]) -> None:
    async with open_studio(hostile_world(), size=size) as studio:
        for key in ("1", "2", "3", "4"):
            await studio.press(key)
            whole_borders(studio)
            await studio.press(*"j" * len(HOSTILE))
            whole_borders(studio)
        await studio.press("2", "g", "enter")
        frame_of(studio)
        await studio.press("escape")
        await studio.press("3", "g")
        for _ in HOSTILE:
            await studio.press("j")
            await studio.press("enter")
            frame_of(studio)
            await studio.press("escape")
        assert studio.app.is_running


async def test_a_mebibyte_of_data_is_a_size_in_the_row() -> None:
    records = world()
    value = {"blob": "x" * (1 << 20)}
    huge = entry(700, 8_000, "event", "app/upload", data=value, journey=None)
    records.rows_timeline["user1"].append(huge)
    records.rows_logs.append(entry(701, 8_000, "log", message="y" * (1 << 20), level="info", user="max"))
    async with open_studio(records, size=(200, 60)) as studio:
        assert "{… 1.0 MiB} ⏎" in studio.text
        assert studio.find(EntryList).entries[-1].data == slim(value)
        await studio.press("2", "enter")
        frame_of(studio)
        assert '"blob": {… 1.0 MiB} ⏎' in studio.text
        await studio.press("down", "down", "enter")
        frame_of(studio)
        assert "xxxx" in studio.text
        await studio.press("G", "escape")
        whole_borders(studio)


@pytest.mark.long
@pytest.mark.parametrize(
    ("size", "tabbed"),
    [
        ((80, 24), True),
        ((99, 40), True),
        ((120, 29), True),
        ((100, 30), False),
        ((120, 36), False),
        ((200, 60), False),
    ],
)
async def test_one_pane_at_a_time_where_there_is_no_room(size: tuple[int, int], tabbed: bool) -> None:
    async with open_studio(size=size) as studio:
        whole_borders(studio)
        shown = [pane.id for pane in studio.live.panes if pane.display]
        assert shown == (["users"] if tabbed else ["users", "timeline", "waiting", "log"])
        assert ("1 Users 101   2 Timeline user1   3 Waiting 41   4 Log ✗1" in studio.text) == tabbed
        assert "next user1" in studio.lines[1]
        assert "4.2s" in studio.lines[1]


async def test_tabs_change_with_the_numbers_tab_and_the_mouse() -> None:
    async with open_studio(size=(80, 24)) as studio:
        for key, pane in (("2", "timeline"), ("3", "waiting"), ("4", "log"), ("1", "users")):
            await studio.press(key)
            assert [each.id for each in studio.live.panes if each.display] == [pane]
            whole_borders(studio)
        await studio.press("tab", "tab")
        assert studio.focus == "waiting"
        await studio.pilot.click("#tabs", offset=(3, 0))
        await studio.settle()
        assert studio.focus == "users"


async def test_a_pane_that_comes_up_counts_from_the_time_there_is() -> None:
    async with open_studio(size=(80, 24)) as studio:
        for number, pane in ((2, "#entries"), (3, "#waiting"), (1, "#users")):
            studio.app.move(100)
            studio.live.pane_layout.show_tab(number)
            # At once, and not with the next tick of the clock.
            assert studio.live.query_one(pane, VirtualList).now == studio.app.session.shown_now()


async def test_the_wide_layout_shows_a_wait_on_one_line() -> None:
    async with open_studio(size=(200, 60)) as studio:
        waiting = studio.find(WaitingList)
        assert waiting.row_height == 1
        line = next(line for line in studio.lines if "4.2s of 6s" in line and "app/email.verified  " in line)
        assert "onboarding +1" in line
        assert "11:30:00.000" in studio.text
        assert "onboarding.py:22" in studio.text


async def test_below_the_least_size_the_studio_says_what_it_needs() -> None:
    async with open_studio(size=(59, 15)) as studio:
        assert "at least 60×16" in studio.text
        assert "Users" not in studio.text
        await studio.pilot.resize_terminal(120, 36)
        await studio.settle()
        assert "1 Users" in studio.text
        assert "at least" not in studio.text


@pytest.mark.long
async def test_resizing_keeps_what_is_looked_at_and_typed(studio: Studio) -> None:
    await studio.press("1", *["j"] * 30)
    users = studio.find(UsersList)
    chosen = users.cursor
    await studio.press("i", *"app/x")
    for size in ((80, 24), (200, 60), (60, 16), (40, 10), (101, 31), (120, 36)):
        await studio.pilot.resize_terminal(*size)
        await studio.settle()
        frame_of(studio)
        assert users.cursor == chosen
        assert studio.find(TimelinePane).user == chosen
        assert studio.field("event").value == "app/x"
    await studio.press("escape")
    whole_borders(studio)
    assert f"▸{chosen}" in studio.text


@pytest.mark.long
async def test_every_width_is_filled_exactly() -> None:
    async with open_studio() as studio:
        for width in range(60, 210, 7):
            await studio.pilot.resize_terminal(width, 33)
            await studio.settle()
            whole_borders(studio)


async def test_no_colour_is_needed_to_tell_states_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_studio() as studio:
        for sign in (
            "◷",
            "∞",
            "☾",
            "✗ failed",
            "✓ done",
            "⊘ cancelled",
            "▸ step",
            "●",
            "◆ reminder/account.created",
            "◉ matched",
        ):
            assert sign in studio.text
        assert "┏━ 1 Users" in studio.text


@pytest.mark.long
async def test_a_list_of_very_many_draws_only_what_is_seen() -> None:
    records = StoreRecords()
    records.rows_users = [user(f"user{n}") for n in range(20_000)]
    async with open_studio(records) as studio:
        users = studio.find(UsersList)
        assert len(users.rows) == 200
        assert "latest 200" in studio.text
        await studio.press(*["pagedown"] * 12)
        assert len(users.rows) == 400
        assert len(users._shown) < 400
        await studio.press("G")
        assert [row.id for row in users.rows[-2:]] == ["user19998", "user19999"]
        assert users.cursor == "user19999"
        assert "last 200 · g" in studio.text
        assert len(users._shown) < 400


async def test_a_window_that_was_too_small_gives_the_focus_back(studio: Studio) -> None:
    for keys, focus in ((("3", "j"), "waiting"), (("i", "tab"), "user")):
        await studio.press(*keys)
        await studio.pilot.resize_terminal(50, 14)
        await studio.settle()
        assert "at least 60×16" in studio.text
        await studio.pilot.resize_terminal(120, 36)
        await studio.settle()
        assert studio.focus == focus


@pytest.mark.long
@pytest.mark.parametrize("pane", ["2", "3", "4"])
async def test_a_small_screen_begins_with_a_user_in_whichever_pane(pane: str, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    async with open_studio(size=(80, 24), app=FakeStudio(world(), settings=settings)) as studio:
        await studio.press(pane)
    async with open_studio(size=(80, 24), app=FakeStudio(world(), settings=settings)) as studio:
        assert studio.find(TimelinePane).user == "user1"
        assert "2 Timeline user1" in studio.lines[2]
