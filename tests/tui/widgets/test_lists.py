"""Users, waits and log: order, filters, what is copied, and rows that stay where the cursor is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.store import view_users
from studio.store.view_users import UserSearch
from studio.tui.widgets.log import LogList
from studio.tui.widgets.pinned_selection import pinned
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import WINDOW, UsersList
from studio.tui.widgets.users_questions import PAGE, search_of
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import SECOND, entry, user, wait
from tests.tui.store_of_records import StoreRecords


def user_at(studio: Studio) -> object:
    """The user under the cursor of the list."""
    return studio.find(UsersList).cursor


# -- users ----------------------------------------------------------------------------------


async def test_o_goes_through_the_orders(studio: Studio) -> None:
    users = studio.find(UsersList)
    await studio.press("o")
    assert [row.id for row in users.rows[:3]] == ["user1", "lena.fischer", "o.brien+test@example.com"]
    assert "nearest deadline" in studio.text
    await studio.press("o")
    assert [row.state for row in users.rows[:3]] == ["failed", "step", "waiting"]
    assert "failed first" in studio.text
    await studio.press("o")
    names = [row.id for row in users.rows]
    assert names == sorted(names)
    assert "by name" in studio.text
    await studio.press("o")
    assert users.rows[0].id == "user1"


async def test_another_order_keeps_the_cursor_on_the_same_user(studio: Studio) -> None:
    await studio.press("j", "j", "o")
    assert user_at(studio) == "user7"
    await studio.press("o", "o")
    assert user_at(studio) == "user7"
    assert "▸user7" in studio.text


async def test_the_next_failed_is_one_key_from_anywhere(studio: Studio) -> None:
    records = studio.app.records
    records.rows_users[21] = replace(records.rows_users[21], state="failed")
    await studio.changed()
    await studio.press("3", "exclamation_mark")
    assert user_at(studio) == "user3"
    assert studio.find(TimelinePane).user == "user3"
    assert studio.focus == "waiting"
    await studio.press("exclamation_mark")
    assert user_at(studio) == records.rows_users[21].id
    await studio.press("exclamation_mark")
    assert user_at(studio) == "user3", "round again"


async def test_a_failed_user_that_is_not_shown_is_brought_in() -> None:
    records = StoreRecords()
    records.rows_users = [*(user(f"u{n:04}") for n in range(500)), user("far", "failed")]
    async with open_studio(records) as studio:
        users = studio.find(UsersList)
        assert "far" not in [row.id for row in users.rows]
        await studio.press("exclamation_mark")
        assert users.order == "state"
        assert user_at(studio) == "far"
        assert studio.find(TimelinePane).user == "far"


async def test_without_failures_the_key_says_so(studio: Studio) -> None:
    records = studio.app.records
    records.rows_users = [row for row in records.rows_users if row.state != "failed"]
    records.rows_logs = [row for row in records.rows_logs if row.kind != "journey.failed"]
    await studio.changed()
    await studio.press("exclamation_mark")
    assert studio.find(UsersList).cursor == "user1"
    assert [each.message for each in studio.app._notifications] == ["No journey has failed."]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("lena", ["lena.fischer"]),
        ("user1 !0", ["user1", "user111", "user112"]),
        ("state:failed", ["user3"]),
        ("state:done !user4 user5", ["user50", "user52"]),
        ("workflow:trial", ["user1", "zoë.ünal", "max"]),
        ("!workflow:onboarding state:wait", ["user7", "o.brien+test@example.com", "priya"]),
        ("user:FISCHER", ["lena.fischer"]),
    ],
)
async def test_users_are_filtered_by_words_and_fields(studio: Studio, text: str, ids: list[str]) -> None:
    users = studio.find(UsersList)
    users.set_filter(text)
    await studio.settle()
    assert [row.id for row in users.rows][: len(ids)] == ids


def test_a_filter_of_users_is_read() -> None:
    assert search_of("a !b user:c workflow:d !workflow:e state:done !state:idle") == UserSearch(
        ("a", "c"), ("b",), ("d",), ("e",), ("done", "completed"), ("idle",)
    )


async def test_a_search_goes_on_in_the_background_and_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A user in each of its steps.
    monkeypatch.setattr(view_users, "STRETCH", 1)
    records = StoreRecords()
    records.rows_users = [user(f"x-needle-{n}") for n in range(5)]
    async with open_studio(records) as studio:
        users = studio.find(UsersList)
        said: list[str] = []
        real = users.set_titles

        def write(title: str, subtitle: str) -> None:
            said.append(subtitle)
            real(title, subtitle)

        users.set_titles = write  # type: ignore[method-assign]
        await studio.press("slash", *"needle", "enter")
        assert [row.id for row in users.rows] == [f"x-needle-{n}" for n in range(5)]
        assert any("searching 60%" in each for each in said)
        assert "searching" not in said[-1]


async def test_out_of_a_filter_the_cursor_is_on_the_same_user() -> None:
    records = StoreRecords()
    records.rows_users = [user(f"u{n:04}") for n in range(1_000)]
    async with open_studio(records) as studio:
        users = studio.find(UsersList)
        await studio.press("slash", *"0700", "enter")
        assert user_at(studio) == "u0700"
        await studio.press("escape")
        assert user_at(studio) == "u0700"
        assert users.order == "name", "in context, among the neighbours"
        assert "▸u0700" in studio.text


async def test_the_order_of_names_has_no_end_in_either_direction() -> None:
    records = StoreRecords()
    records.rows_users = [user(f"u{n:04}") for n in range(5_000)]
    async with open_studio(records) as studio:
        users = studio.find(UsersList)
        await studio.press("o", "o", "o", "g")
        for _ in range(60):
            await studio.press("pagedown")
        at = int(str(users.cursor)[1:])
        assert at > WINDOW, "beyond the first window"
        assert len(users.rows) <= WINDOW
        assert str(users.cursor) in studio.text
        for _ in range(60):
            await studio.press("pageup")
        assert user_at(studio) == "u0000"
        await studio.press("G")
        assert user_at(studio) == "u4999"
        assert "u4999" in studio.text
        await studio.press("pageup")
        assert int(str(users.cursor)[1:]) > 5_000 - PAGE
        await studio.press("g")
        assert user_at(studio) == "u0000"


async def test_y_copies_the_id_of_a_user(studio: Studio) -> None:
    await studio.press("j", "y")
    assert studio.app.clipboard == "lena.fischer"


# -- waiting --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("email", [16]),
        ("user:lena", [60]),
        ("state:sleep", [65, 62]),
        ("event:order !user30", [131]),
        ("!order !user1 !max !lena", [66, 65, 63, 64]),
        ("workflow:trial user:max", [61]),
    ],
)
async def test_waits_are_filtered(studio: Studio, text: str, seqs: list[int]) -> None:
    waiting = studio.find(WaitingList)
    await studio.press("3", "slash")
    waiting.set_filter(text)
    await studio.settle()
    assert [row.seq for row in waiting.rows][: len(seqs)] == seqs
    assert f"/{text}"[:10] in studio.text


async def test_the_filter_of_waits_is_typed_and_cleared(studio: Studio) -> None:
    waiting = studio.find(WaitingList)
    await studio.press("3", "slash", *"lena", "enter")
    assert [row.seq for row in waiting.rows] == [60]
    assert studio.focus == "waiting"
    await studio.press("escape")
    assert len(waiting.rows) == 41
    assert waiting.cursor == 60, "the same wait, now among the others"
    await studio.press("slash", *"nobody")
    assert "No wait matches nobody" in studio.text


async def test_between_a_filter_and_what_it_finds_no_wait_is_chosen(studio: Studio) -> None:
    waiting = studio.find(WaitingList)
    await studio.press("3", "j")
    waiting.set_filter("email")
    assert waiting.row is None
    assert "wait.answer" in waiting.idle_keys()
    await studio.settle()
    assert [row.seq for row in waiting.rows] == [16]
    assert waiting.row == waiting.rows[0]


async def test_two_quick_enters_answer_nobody_else(studio: Studio) -> None:
    waiting, records = studio.find(WaitingList), studio.app.records
    await studio.press("3")
    gone, *records.rows_waits = records.rows_waits
    await studio.changed()
    assert waiting.cursor == gone.seq
    await studio.press("enter", "enter")
    assert studio.focus == "waiting"
    assert studio.app.fake_engine.sent == []
    await studio.press("j", "enter")
    assert studio.field("user").value == "lena.fischer"


async def test_y_copies_a_wait(studio: Studio) -> None:
    await studio.press("3", "y")
    assert studio.app.clipboard == (
        "wait  app/email.verified  user user1  journey onboarding/user1  due 2026-11-24T11:30:12.512Z"
    )


async def test_a_filter_looks_beyond_the_first_page() -> None:
    records = StoreRecords()
    records.rows_waits = [wait(n, f"u{n}", "app/login", n * SECOND) for n in range(1, 1_500)]
    async with open_studio(records) as studio:
        waiting = studio.find(WaitingList)
        waiting.set_filter("u1400")
        await studio.settle()
        assert [row.user for row in waiting.rows] == ["u1400"]


# -- log ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("mail", [51, 52]),
        ("mail !KeyError", [52]),
        ("user:user7", [50]),
        ("!user:user7", [7, 51, 52, 53]),
        ("workflow:trial card", [53]),
        ("level:error", [51]),
        ("level:warn", [50]),
        ("charged 12", [53]),
        ("nothing", []),
    ],
)
async def test_the_log_is_filtered_by_words_and_fields(studio: Studio, text: str, seqs: list[int]) -> None:
    log = studio.find(LogList)
    log.set_filter(text)
    await studio.settle()
    assert [row.seq for row in log.rows] == seqs


async def test_l_goes_through_the_levels(studio: Studio) -> None:
    log = studio.find(LogList)
    await studio.press("4", "l")
    assert "4 Log · all users · info" in studio.text
    await studio.press("l")
    assert [row.seq for row in log.rows] == [50, 51]
    assert "· warning" in studio.text
    await studio.press("l")
    assert [row.seq for row in log.rows] == [51]
    await studio.press("l")
    assert "· note" in studio.text
    await studio.press("l")
    assert len(log.rows) == 5
    assert "4 Log · all users ─" in studio.text.replace("━", "─")


async def test_u_shows_only_the_user_under_the_cursor(studio: Studio) -> None:
    log = studio.find(LogList)
    await studio.press("4", "k", "u")
    assert [row.user for row in log.rows] == ["max"] * 2
    assert "4 Log · max" in studio.text
    await studio.press("u")
    assert len(log.rows) == 5


async def test_the_log_of_one_user_follows_the_selection(studio: Studio) -> None:
    log = studio.find(LogList)
    await studio.press("4", "home", "u", "1", "j", "j")
    assert "4 Log · user7" in studio.text
    assert [row.seq for row in log.rows] == [50]


async def test_y_copies_a_line_of_the_log_with_its_time_in_utc(studio: Studio) -> None:
    await studio.press("4", "k", "y")
    assert studio.app.clipboard == (
        "2026-11-24T11:30:06.723Z  info  max  trial  welcome mail sent  trial.py:8"
    )


async def test_the_log_reads_on_below_what_the_filter_left_out() -> None:
    records = StoreRecords()
    records.rows_logs = [
        entry(n, n, "log", message="needle" if n < 4 else f"line {n}", level="info") for n in range(1, 3_000)
    ]
    async with open_studio(records) as studio:
        log = studio.find(LogList)
        log.set_filter("!line")
        await studio.settle()
        assert [row.seq for row in log.rows] == [1, 2, 3]


# -- what is looked at stands still -----------------------------------------------------------


def test_what_was_known_stays_in_front_of_what_is_new() -> None:
    known = [entry(n, n, "log") for n in range(1, 6)]
    newest = [entry(n, n, "log") for n in range(4, 8)]
    assert [each.seq for each in pinned(known, newest, 4)] == [1, 2, 3, 4, 5, 6, 7]
    assert pinned(known, newest, 5) == newest, "all there is"
    assert pinned([], newest, 4) == newest
    far = [entry(n, n, "log") for n in range(90, 94)]
    assert pinned(known, far, 4) == known, "with a gap between them nothing moves"
    assert pinned(known, known[:2], 2) == known[:2], "entries were taken back"


@pytest.mark.parametrize("count", [150, 5_000])
async def test_a_flood_moves_nothing_under_the_cursor_of_the_log(count: int) -> None:
    records = StoreRecords()
    records.rows_users = [user("user1", last_event=None), user("kim")]
    records.rows_logs = [entry(n, n, "log", message=f"line {n}", level="info") for n in range(1, 301)]
    async with open_studio(records) as studio:
        log = studio.find(LogList)
        await studio.press("4", "k", "k", "k")
        top = log.top_key()
        assert log.cursor == 297
        records.rows_logs += [
            entry(n, n, "log", message=f"line {n}", level="info") for n in range(301, 301 + count)
        ]
        await studio.changed()
        assert log.cursor == 297
        assert log.top_key() == top
        await studio.press("G")
        assert log.cursor == 300 + count


async def test_a_flood_moves_nothing_under_the_cursor_of_the_timeline() -> None:
    records = StoreRecords()
    records.rows_users = [user("user1", last_event=None), user("kim")]
    records.rows_timeline["user1"] = [
        entry(n, n, "log", message=f"line {n}", level="info") for n in range(1, 301)
    ]
    async with open_studio(records) as studio:
        entries = studio.find(EntryList)
        await studio.press("2", "k", "k", "k")
        assert entries.cursor == 297
        records.rows_timeline["user1"] += [entry(n, n, "log", message=f"line {n}") for n in range(301, 900)]
        await studio.changed()
        assert entries.cursor == 297
        assert "line 297" in studio.text
