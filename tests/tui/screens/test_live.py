"""Every key of the live screen, and what stands where."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.widgets import Input

from studio.clocks.clock import WallClock
from studio.engine.client import Trouble
from studio.errors import WorkflowError
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import (
    DAY,
    START,
    FakeEngine,
    FakeStudio,
    entry,
    lines_written,
    user,
    wait,
    world,
)
from tests.tui.store_of_records import StoreRecords


async def test_the_screen_shows_who_waits_for_what_and_how_long(studio: Studio) -> None:
    lines = studio.lines
    assert "Journey Studio studio.db · cart onboarding" in lines[0]
    assert "101 users  ◷ 41 waiting  ✗ 1 failed" in lines[0]
    assert "► RUNNING" in lines[1]
    assert "next user1 email.verified ━━━━── 4.2s" in lines[1]
    assert "▸user1        ◷ 4.2s" in lines[3]
    assert "✗ failed" in studio.text
    assert "▸ step" in studio.text
    assert "∞ no limit" in studio.text
    assert "☾ 2d 3h" in studio.text
    assert "4.2s of 6s" in studio.text
    assert "2 user1 · onboarding, trial" in studio.text
    assert "timed out app/account.created" in studio.text
    assert ":22" in studio.text
    assert "KeyError: 'email'   user = account.result[0][\"email\"]" in studio.text
    assert "cart.py:21" in studio.text
    assert lines[-1].rstrip().endswith("? help")


async def test_countdowns_follow_the_engines_clock(studio: Studio) -> None:
    studio.app.move(1_000)
    await studio.settle()
    assert "next user1 email.verified ━━━─── 3.2s" in studio.lines[1]
    assert "3.2s of 6s" in studio.text
    studio.app.move(3_300)
    await studio.settle()
    assert "due of 6s" in studio.text


async def test_the_wall_clock_of_the_bar_and_its_chip(studio: Studio) -> None:
    assert "ahead" not in studio.lines[1]
    clock = WallClock()
    clock.move(clock.now() + 3 * DAY + 1_000)
    studio.app.fake_engine.clock = clock
    studio.app.move(0)
    await studio.changed()
    assert "3d 0h ahead" in studio.lines[1]


@pytest.mark.parametrize(
    ("key", "focus"),
    [("1", "users"), ("2", "entries"), ("3", "waiting"), ("4", "log"), ("5", "event"), ("i", "event")],
)
async def test_numbers_go_to_the_panes(studio: Studio, key: str, focus: str) -> None:
    await studio.press(key)
    assert studio.focus == focus


async def test_the_focused_pane_has_the_heavy_border(studio: Studio) -> None:
    await studio.press("3")
    assert "┏━ 3 Waiting 41" in studio.text
    assert "╭─ 1 Users" in studio.text
    await studio.press("2")
    assert "┏━ 2 user1" in studio.text
    await studio.press("5")
    assert "┏━ 5 Inject" in studio.text


async def test_tab_goes_round_the_panes_and_the_fields(studio: Studio) -> None:
    seen = []
    for _ in range(7):
        await studio.press("tab")
        seen.append(studio.focus)
    assert seen == ["entries", "waiting", "log", "event", "user", "data", "users"]
    await studio.press("shift+tab")
    assert studio.focus == "data"


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j"], 1),
        (["down", "down"], 2),
        (["j", "j", "k"], 1),
        (["j", "up"], 0),
        (["G"], 100),
        (["end"], 100),
        (["G", "g"], 0),
        (["end", "home"], 0),
        (["pagedown"], 19),
        (["pagedown", "pagedown", "pageup"], 19),
        (["k"], 0),
    ],
)
async def test_the_cursor_moves(studio: Studio, keys: list[str], row: int) -> None:
    users = studio.find(UsersList)
    await studio.press(*keys)
    assert users.cursor == users.rows[row].id
    assert users.rows[row].id[:8] in studio.text
    assert studio.find(TimelinePane).user == users.rows[row].id


async def test_all_panes_follow_one_selection(studio: Studio) -> None:
    await studio.press("3", "j")
    assert studio.find(TimelinePane).user == "lena.fischer"
    assert studio.find(UsersList).cursor == "lena.fischer"
    await studio.press("k")
    assert studio.find(TimelinePane).user == "user1"
    assert studio.find(EntryList).cursor == 16
    await studio.press("4", "k")
    assert studio.find(TimelinePane).user == "max"
    await studio.press("k")
    assert studio.find(TimelinePane).user == "user3"


async def test_enter_on_a_user_goes_to_the_timeline(studio: Studio) -> None:
    await studio.press("j", "enter")
    assert studio.focus == "entries"
    assert studio.find(TimelinePane).user == "lena.fischer"


async def test_enter_on_an_entry_unfolds_it_and_then_shows_all_of_it(studio: Studio) -> None:
    studio.app.records.rows_entries = studio.app.records.rows_timeline["user1"]
    await studio.press("2", "g", "enter")
    assert '"email": "user1@x.io"' in studio.text
    assert studio.screen == "LiveScreen"
    await studio.press("down", "enter")
    assert studio.screen == "EntryScreen"
    assert '"email": "user1@x.io"' in studio.text
    assert "event · 1" in studio.text
    await studio.press("escape")
    assert studio.screen == "LiveScreen"
    assert studio.focus == "entries"


async def test_enter_on_a_failure_shows_its_traceback(studio: Studio) -> None:
    studio.app.records.rows_entries = studio.app.records.rows_logs
    await studio.press("4", "k", "k", "enter")
    assert studio.screen == "EntryScreen"
    assert "Traceback" in studio.text
    assert "onboarding.py:20" in studio.text
    await studio.press("q")
    assert studio.screen == "LiveScreen"


async def test_the_help_is_made_from_the_bindings(studio: Studio) -> None:
    await studio.press("3", "question_mark")
    assert studio.screen == "HelpScreen"
    text = studio.text
    assert "3 Waiting 41" in text
    assert "answer" in text
    assert "On this screen" in text
    for words in ("next row", "inject", "last row"):
        assert words in text
    for words in ("maximise", "quit"):
        await studio.press("slash", *words, "enter")
        assert words in studio.text
        await studio.press("escape")
    await studio.press("question_mark")
    assert studio.screen == "LiveScreen"
    assert studio.focus == "waiting"


async def test_keys_at_the_bottom_are_those_of_the_pane(studio: Studio) -> None:
    assert "/ filter" in studio.lines[-1]
    await studio.press("3")
    assert "⏎ answer" in studio.lines[-1]
    await studio.press("i")
    assert "⏎ send" in studio.lines[-1]
    assert "esc back" in studio.lines[-1]
    assert "q quit" not in studio.lines[-1].replace("^q quit", "")


async def test_keys_are_dropped_whole_where_there_is_no_room() -> None:
    async with open_studio(size=(62, 20)) as studio:
        line = studio.lines[-1]
        assert line.rstrip().endswith("? help")
        assert "maximise" in line or "maxi" not in line


async def test_a_pane_takes_all_the_room_and_gives_it_back(studio: Studio) -> None:
    await studio.press("3", "m")
    assert not studio.find(UsersList).display
    assert studio.find(WaitingList).size.width == 118
    await studio.press("4")
    assert studio.find(LogList).size.width == 118
    assert not studio.find(WaitingList).display
    await studio.press("m")
    assert all(pane.display for pane in studio.live.panes)
    await studio.press("2", "m", "escape")
    assert all(pane.display for pane in studio.live.panes)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_is_one_key(key: str) -> None:
    async with open_studio() as studio:
        await studio.pilot.press(key)
        await studio.pilot.pause()
        assert studio.app.return_code == 0


async def test_ctrl_q_quits_from_an_input() -> None:
    async with open_studio() as studio:
        await studio.press("i", "q")
        assert studio.field("event").value == "q"
        await studio.pilot.press("ctrl+q")
        await studio.pilot.pause()
        assert studio.app.return_code == 0


async def test_escape_never_quits(studio: Studio) -> None:
    await studio.press("escape", "escape", "i", "escape", "escape")
    assert studio.app.is_running
    assert studio.focus == "users"


async def test_a_filter_narrows_as_it_is_typed(studio: Studio) -> None:
    await studio.press("slash", *"lena")
    users = studio.find(UsersList)
    assert [row.id for row in users.rows] == ["lena.fischer"]
    assert "1 Users 1 /lena" in studio.text
    await studio.press("enter")
    assert studio.focus == "users"
    assert "1 Users 1 /lena" in studio.text
    await studio.press("escape")
    assert len(users.rows) == 101
    await studio.press("slash", *"nobody")
    assert "No user matches nobody" in studio.text
    await studio.press("escape")
    assert len(users.rows) == 101


async def test_the_log_is_filtered_too(studio: Studio) -> None:
    await studio.press("4", "slash", *"mail", "enter")
    assert [row.seq for row in studio.find(LogList).rows] == [51, 52]
    await studio.press("escape")
    assert len(studio.find(LogList).rows) == 5


async def test_rows_do_not_move_under_the_cursor(studio: Studio) -> None:
    waiting = studio.find(WaitingList)
    records = studio.app.records
    await studio.press("3", "j")
    before = [row.seq for row in waiting.rows]
    records.rows_waits = [wait(900, "newcomer", "app/login", 8_400), *records.rows_waits[2:]]
    records.rows_waits.append(wait(901, "late", "app/login", None))
    records.rows_entries = [
        entry(
            80,
            8_000,
            "wait.matched",
            "app/account.created",
            key="wait:app/account.created#0",
            user="lena.fischer",
            journey="onboarding/lena.fischer",
        ),
    ]
    await studio.changed()
    assert before[0] == 16, "it is over, and the cursor is not on it"
    assert [row.seq for row in waiting.rows] == [*before[1:], 901]
    assert waiting.cursor == 60
    assert waiting.is_gone(60)
    assert waiting.arrivals == 1
    assert "1 new · g" in studio.text
    assert "◉ lena.fisch" in studio.text
    assert "answered" in studio.text
    await studio.press("enter")
    assert studio.focus == "waiting", "a wait that is over takes no key"
    await studio.press("g")
    assert waiting.rows[0].seq == 900
    assert waiting.row == waiting.rows[0]


async def test_without_focus_the_nearest_deadline_comes_first(studio: Studio) -> None:
    records = studio.app.records
    records.rows_waits = [wait(900, "newcomer", "app/login", 8_400), *records.rows_waits[1:]]
    await studio.changed()
    assert [row.seq for row in studio.find(WaitingList).rows[:2]] == [900, 60]


async def test_the_log_follows_until_one_looks_back(studio: Studio) -> None:
    log, records = studio.find(LogList), studio.app.records
    records.rows_logs += [entry(200 + n, 9_000, "log", message=f"line {n}", level="info") for n in range(40)]
    await studio.changed()
    assert "line 39" in studio.text
    assert "● following" in studio.text
    await studio.press("4", "k", "k", "k")
    records.rows_logs += [entry(300 + n, 9_500, "log", message=f"later {n}", level="info") for n in range(5)]
    await studio.changed()
    assert log.cursor == 236
    assert "later 4" not in studio.text
    assert "42/50 · G follows" in studio.text
    await studio.press("G")
    assert "later 4" in studio.text
    assert log.following


async def test_new_entries_of_a_timeline_appear_at_its_end(studio: Studio) -> None:
    records = studio.app.records
    records.rows_timeline["user1"] += [entry(400, 9_000, "log", message="something new", level="info")]
    await studio.changed()
    assert "something new" in studio.text
    await studio.press("2", "g")
    records.rows_timeline["user1"] += [
        entry(500 + n, 9_100, "log", message=f"more {n}", level="info") for n in range(40)
    ]
    await studio.changed()
    assert studio.find(EntryList).cursor == 1
    assert "app/email.submitted" in studio.text


async def test_an_answer_to_an_old_question_is_not_shown(studio: Studio) -> None:
    await studio.pilot.press("j", "j", "j", "k", "k", "k")
    await studio.settle()
    assert [row.user for row in studio.find(EntryList).entries][:1] == ["user1"]


async def test_an_empty_store_offers_an_example() -> None:
    records = StoreRecords()
    async with open_studio(records) as studio:
        assert studio.focus == "event"
        assert studio.field("event").value == "cart/created"
        assert studio.field("data").value == '{"email": "user1@example.com", "cart_id": "cart-1"}'
        assert "⏎ sends this example" in studio.outcome
        assert "Nothing is waiting." in studio.text
        await studio.press("enter")
        assert [each.name for each in studio.app.fake_engine.sent] == ["cart/created"]


async def test_a_store_without_workflows_says_what_to_do() -> None:
    records, desk = StoreRecords(), FakeEngine()
    desk.named = {}
    async with open_studio(app=FakeStudio(records, desk)) as studio:
        assert studio.focus == "users"
        assert "No journeys here yet." in studio.text


async def test_what_is_wrong_stands_in_one_bar() -> None:
    desk = FakeEngine()
    desk.refused = [
        WorkflowError("SyntaxError: invalid [syntax]", path="onboarding.py", line=24, fix="Mend it."),
        WorkflowError("two workflows of one name", path="cart.py", line=1),
    ]
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        assert "✗ onboarding.py:24: SyntaxError: invalid [syntax]. Mend it." in studio.lines[2]
        assert studio.lines[2].rstrip().endswith("+1 more  E shows all")
        why = "studio.db: the disk is full; nothing of this batch was stored. Free some space."
        desk.wrong = Trouble("DISK FULL: engine paused", why, ended=False)
        await studio.changed()
        assert "✗ DISK FULL: engine paused" in studio.lines[1]
        assert why in studio.lines[2]
        desk.wrong, desk.refused = None, []
        await studio.changed()
        assert "1 Users" in studio.lines[2]


async def test_a_viewer_says_so() -> None:
    desk = FakeEngine()
    desk.viewer_of = 4711
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        assert "VIEWER of pid 4711" in studio.lines[1]


async def test_a_click_selects_and_two_open(studio: Studio) -> None:
    await studio.pilot.click(WaitingList, offset=(4, 4))
    await studio.settle()
    assert studio.find(WaitingList).cursor == 60
    assert studio.focus == "waiting"
    await studio.pilot.click(WaitingList, offset=(4, 2), times=2)
    await studio.settle()
    assert studio.field("event").value == "app/email.verified"


async def test_keys_at_the_bottom_are_buttons(studio: Studio) -> None:
    at = studio.lines[-1].index("i inject")
    await studio.pilot.click("#keys", offset=(at + 3, 0))
    await studio.settle()
    assert studio.focus == "event"
    await studio.press("escape")
    await studio.pilot.click("#keys", offset=(118, 0))
    await studio.settle()
    assert studio.screen == "HelpScreen"


async def test_typing_in_an_input_is_no_command(studio: Studio) -> None:
    await studio.press("i", *"1m?/Gq")
    assert studio.field("event").value == "1m?/Gq"
    assert isinstance(studio.app.focused, Input)


@pytest.mark.usefixtures("seen")
async def test_nothing_is_drawn_when_nothing_changed(studio: Studio) -> None:
    written = lines_written(studio.app, studio.find(WaitingList))
    studio.app.move(0)
    await studio.settle()
    assert written == []
    studio.app.move(200)
    await studio.settle()
    assert 0 < len(written) <= 6, "only the rows whose text is another now"


@pytest.mark.usefixtures("seen")
async def test_the_countdown_of_an_entry_goes_on_below_lanes_that_have_come() -> None:
    # Where all entries have room nothing scrolls when the lanes take some of it.
    async with open_studio(size=(200, 60)) as studio:
        written = lines_written(studio.app, studio.find(EntryList))
        studio.app.move(200)
        await studio.settle()
        assert written


async def test_a_user_that_changes_keeps_the_cursor(studio: Studio) -> None:
    records = studio.app.records
    await studio.press("j", "j")
    row = records.rows_users[2]
    records.rows_users = [
        replace(row, last_at=START + 8_000),
        *records.rows_users[:2],
        *records.rows_users[3:],
    ]
    records.rows_users.insert(0, user("newcomer", due=60_000))
    await studio.changed()
    users = studio.find(UsersList)
    assert users.cursor == "user7"
    assert [each.id for each in users.rows[:3]] == ["user1", "lena.fischer", "user7"]
    assert "↑ 1 newer" in studio.text
    await studio.press("3")
    assert users.rows[0].id == "newcomer"
    assert users.cursor == "user7"


async def test_a_pane_follows_the_cursor_at_once_though_its_slow_read_rests(studio: Studio) -> None:
    timeline = studio.find(TimelinePane)
    await studio.press("1")
    question = timeline.question()
    assert question is not None
    # It was read slowly, and meanwhile the store has changed: it rests, for up to a minute here.
    timeline._asking = True
    rest = asyncio.create_task(timeline._rest(question, 60.0))
    await studio.pilot.pause()
    timeline.ask()
    await studio.pilot.pause()
    assert not rest.done(), "the same question rests"
    await studio.pilot.press("down")
    await asyncio.wait_for(rest, 60)
    assert timeline.user == "lena.fischer"
    timeline._asking = False
