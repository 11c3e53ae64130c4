"""The lanes on the screen: their keys, their mouse, and one selection with the list below."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.tui.format import themes
from studio.tui.widgets.lanes import LanesPane
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.unfolded import MOST_LINES, unfold
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import START, entry, lines_written, user, world
from tests.tui.store_of_records import StoreRecords


def lanes_of(studio: Studio) -> list[str]:
    """What the lanes show, line by line."""
    lanes = studio.find(LanesPane)
    return ["".join(segment.text for segment in lanes.render_line(y)) for y in range(lanes.size.height)]


def cursor_of(studio: Studio) -> object:
    """The entry under the cursor of the list."""
    return studio.find(EntryList).cursor


def selected_in(studio: Studio) -> object:
    """The entry that the lanes mark."""
    return studio.find(LanesPane).selected


def scale_of(studio: Studio) -> int | None:
    """The scale of the lanes."""
    return studio.find(LanesPane).scale


async def test_each_journey_has_a_lane(studio: Studio) -> None:
    lines = lanes_of(studio)
    assert lines[0].startswith("fit ")
    assert "now" in lines[0]
    assert lines[1].startswith("events ")
    assert "◆" in lines[1]
    assert lines[2].startswith("onboarding ")
    assert lines[2].count("┃") == 2
    assert "◉━" in lines[2]
    assert lines[2].rstrip().endswith("▷ 4.2s")
    assert lines[3].split()[:2] == ["↻1", "↻2"]
    assert lines[4].startswith("trial ☾ ")
    assert lines[4].rstrip().endswith("▷ 2d 23h")
    assert set(lines[5]) == {"─"}


async def test_the_countdown_of_a_lane_follows_the_clock(studio: Studio) -> None:
    studio.app.move(1_000)
    await studio.settle()
    assert lanes_of(studio)[2].rstrip().endswith("▷ 3.2s")
    studio.app.move(5_000)
    await studio.settle()
    assert lanes_of(studio)[2].rstrip().endswith("▷ due")


async def test_brackets_zoom_and_zero_fits_again(studio: Studio) -> None:
    await studio.press("2", "left_square_bracket")
    far = scale_of(studio)
    assert far is not None
    assert "/cell" in lanes_of(studio)[0]
    assert "now" in lanes_of(studio)[0]
    await studio.press("right_square_bracket")
    assert scale_of(studio) == far - 1
    await studio.press(*["right_square_bracket"] * 30)
    assert scale_of(studio) == 0
    assert lanes_of(studio)[0].startswith("100ms/cell")
    await studio.press(*["left_square_bracket"] * 30)
    assert lanes_of(studio)[0].startswith("1mo/cell")
    await studio.press("0")
    assert scale_of(studio) is None
    assert lanes_of(studio)[0].startswith("fit")


async def test_the_first_step_closer_shows_what_has_happened(studio: Studio) -> None:
    await studio.press("2", "right_square_bracket")
    lines = lanes_of(studio)
    assert lines[0].startswith("500ms/cell")
    assert "●" in lines[1]
    assert "╋" in lines[2]
    await studio.press("0", "left_square_bracket")
    assert lanes_of(studio)[0].startswith("6h/cell")


async def test_arrows_go_from_happening_to_happening(studio: Studio) -> None:
    await studio.press("2", "g")
    assert cursor_of(studio) == 1
    await studio.press("right")
    assert cursor_of(studio) == 2, "another moment, a millisecond later"
    await studio.press("right", "right")
    assert cursor_of(studio) == 6, "the log line at 7 is no happening of its own"
    await studio.press("left")
    assert cursor_of(studio) == 5
    await studio.press("left", "left", "left", "left")
    assert cursor_of(studio) == 1
    assert not studio.find(EntryList).following


async def test_the_cursor_of_the_list_is_marked_in_the_lanes(studio: Studio) -> None:
    lanes = studio.find(LanesPane)
    assert selected_in(studio) is None
    await studio.press("2")
    assert selected_in(studio) == 62, "the newest, once the list has focus"
    await studio.press("g")
    assert selected_in(studio) == 1
    marked = [segment for segment in lanes.render_line(1) if segment.style and segment.style.reverse]
    assert [segment.text for segment in marked] == ["●"]
    await studio.press("j", "j", "j")
    marked = [segment for segment in lanes.render_line(2) if segment.style and segment.style.reverse]
    assert [segment.text for segment in marked] == ["┃"]


async def test_a_click_in_the_lanes_moves_the_cursor_of_the_list(studio: Studio) -> None:
    column = lanes_of(studio)[2].index("◉")
    await studio.pilot.click(LanesPane, offset=(column, 2))
    await studio.settle()
    assert studio.focus == "entries"
    assert cursor_of(studio) in (15, 16), "the match, or the wait that begins there"
    await studio.pilot.click(LanesPane, offset=(lanes_of(studio)[1].index("●"), 1))
    await studio.settle()
    assert cursor_of(studio) == 1
    assert selected_in(studio) == 1


async def test_a_selected_entry_out_of_sight_scrolls_the_linear_lanes(studio: Studio) -> None:
    await studio.press("2", "G", *["right_square_bracket"] * 30)
    lanes = studio.find(LanesPane)
    assert lanes._axis.column(START) < 0
    await studio.press("g")
    assert lanes._axis.column(START) >= 0
    assert "●" in lanes_of(studio)[1]


async def test_the_wheel_scrolls_a_linear_axis(studio: Studio) -> None:
    lanes = studio.find(LanesPane)
    await studio.press("2", "left_square_bracket", "right_square_bracket")
    before = lanes_of(studio)[0]
    lanes._scroll(4)
    await studio.settle()
    assert lanes_of(studio)[0] != before


async def test_lanes_leave_the_list_most_of_the_height() -> None:
    records = world()
    more = [
        entry(200 + n, 9_000, "journey.started", workflow=f"w{n}", journey=f"w{n}/user1") for n in range(30)
    ]
    records.rows_timeline["user1"] += more
    for size in ((120, 36), (80, 24), (200, 60)):
        async with open_studio(records, size) as studio:
            await studio.press("2")
            pane = studio.find(TimelinePane)
            height = studio.find(LanesPane).size.height
            assert 4 <= height <= pane.size.height // 2
            assert "journeys" in lanes_of(studio)[-2]


async def test_a_low_pane_has_one_lane() -> None:
    async with open_studio(size=(62, 16)) as studio:
        await studio.press("2")
        assert studio.find(LanesPane).size.height == 4
        assert "wait app/email.verified" in studio.text


async def test_another_user_brings_other_lanes() -> None:
    records = world()
    records.rows_users.insert(1, user("stranger", "none", last_event=None))
    async with open_studio(records) as studio:
        await studio.press("1", "j")
        assert studio.find(LanesPane).size.height == 0, "nothing has happened to this one"
        await studio.press("k")
        assert lanes_of(studio)[2].startswith("onboarding")


async def test_a_clock_moved_by_hand_runs_through_the_lanes() -> None:
    records = world()
    moved = {"from": START + 7_000, "to": START + 8_000}
    records.rows_entries = [
        entry(300, 8_000, "clock.moved", user=None, journey=None, data=moved),
        entry(301, 7_500, "clock.moved", user=None, journey=None, data={"paused": True}),
    ]
    async with open_studio(records) as studio:
        lines = lanes_of(studio)
        assert lines[2].count("»") == 1, "a pause leaves no time out"
        assert "» jumped 1.0s to " in studio.text
        assert lines[1].index("»") == lines[2].index("»") == lines[4].index("»")


async def test_nothing_of_the_lanes_is_drawn_when_nothing_changed(studio: Studio) -> None:
    written = lines_written(studio.app, studio.find(LanesPane))
    studio.app.move(0)
    await studio.settle()
    assert written == []
    studio.app.move(200)
    await studio.settle()
    assert 2 in written
    assert 4 not in written, "three days do not change in a fifth of a second"


async def test_hostile_names_break_no_lane() -> None:
    records = world()
    name = "[b]x\x1b[31m名前\u202e" * 3
    records.rows_timeline["user1"] = [
        replace(row, workflow=name, journey=f"{name}/user1") if row.journey else row
        for row in records.rows_timeline["user1"]
    ]
    records.rows_waits = [
        replace(row, workflow=name, journey=f"{name}/user1") if row.user == "user1" else row
        for row in records.rows_waits
    ]
    async with open_studio(records) as studio:
        text = studio.text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[b]x" in text


# -- filter ---------------------------------------------------------------------------------


async def test_a_filter_narrows_the_entries_and_the_lanes(studio: Studio) -> None:
    entries = studio.find(EntryList)
    await studio.press("2", "slash", *"welcome", "enter")
    assert [each.seq for each in entries.entries] == [18, 19]
    assert "/welcome" in studio.text
    lines = lanes_of(studio)
    assert lines[2].startswith("trial")
    assert "+1 journey" in lines[3]
    await studio.press("k")
    assert cursor_of(studio) == 18
    await studio.press("escape")
    assert len(entries.entries) == 17
    assert cursor_of(studio) == 18, "the same entry, now in context"
    assert lanes_of(studio)[2].startswith("onboarding")


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("kind:matched", [15]),
        ("event:verified", [16]),
        ("workflow:trial !step", [17, 62]),
        ("waited !journey", [7]),
        ("level:info", [7]),
    ],
)
async def test_entries_are_filtered_by_words_and_fields(studio: Studio, text: str, seqs: list[int]) -> None:
    entries = studio.find(EntryList)
    entries.set_filter(text)
    await studio.settle()
    assert [each.seq for each in entries.entries] == seqs


async def test_a_filter_of_entries_without_hits_says_so(studio: Studio) -> None:
    await studio.press("2", "slash", *"nothing")
    assert "No entry matches nothing." in studio.text


# -- unfolding ------------------------------------------------------------------------------


def unfolding() -> StoreRecords:
    records = world()
    records.rows_entries = records.rows_timeline["user1"]
    return records


async def test_enter_unfolds_an_entry_and_folds_it_again() -> None:
    async with open_studio(unfolding()) as studio:
        entries = studio.find(EntryList)
        await studio.press("2", "g", "enter")
        assert '"email": "user1@x.io"' in studio.text
        assert cursor_of(studio) == 1
        assert len(entries.rows) > len(entries.entries)
        await studio.press("j")
        assert entries.entry == entries.entries[0], "on a line of its data"
        await studio.press("k", "enter")
        assert '"email": "user1@x.io"' not in studio.text
        assert len(entries.rows) == len(entries.entries)


async def test_what_is_unfolded_stays_so_when_more_happens() -> None:
    records = unfolding()
    async with open_studio(records) as studio:
        await studio.press("2", "g", "enter")
        records.rows_timeline["user1"].append(entry(400, 9_000, "log", message="something new", level="info"))
        await studio.changed()
        assert '"email": "user1@x.io"' in studio.text
        assert cursor_of(studio) == 1


async def test_y_copies_an_entry_as_json(studio: Studio) -> None:
    await studio.press("2", "g", "y")
    assert '"time": "2026-11-24T11:30:00.000Z", "kind": "event"' in studio.app.clipboard


def test_big_values_are_shown_by_their_size() -> None:
    lines = unfold(entry(1, 0, "event", "app/file", data={"name": "a", "body": "x" * (1 << 20)}))
    assert '"body": {… 1.0 MiB} ⏎' in lines
    assert '  "name": "a"' in lines


def test_a_traceback_is_unfolded_line_by_line() -> None:
    data = {"traceback": "Traceback\n\tFile\nKeyError: 'email'", "source": "x", "type": "KeyError"}
    lines = unfold(entry(1, 0, "journey.failed", data=data))
    assert lines[1:4] == ["Traceback", "    File", "KeyError: 'email'"]


def test_what_is_unfolded_has_an_end() -> None:
    lines = unfold(entry(1, 0, "log", message="\n".join(["line"] * 50_000)))
    assert len(lines) == MOST_LINES
    assert lines[-1].endswith("lines more  ⏎ shows all")


def test_what_is_unfolded_is_literal() -> None:
    lines = unfold(entry(1, 0, "event", "x", data={"a": "\x1b[31m\u202e"}, id="\x07"))
    assert not any(char in line for line in lines for char in "\x1b\x07\u202e\n")


async def test_ten_thousand_journeys_are_counted() -> None:
    records = world()
    records.rows_users[0] = replace(records.rows_users[0], journeys=10_000)
    async with open_studio(records) as studio:
        assert "+9,995 journeys" in studio.text


async def test_another_theme_colours_the_lanes_anew(studio: Studio) -> None:
    lanes = studio.find(LanesPane)
    before = [segment.style for segment in lanes.render_line(2)]
    studio.app.theme = themes.LIGHT
    await studio.settle()
    after = [segment.style for segment in lanes.render_line(2)]
    assert len(before) == len(after)
    assert all(one != other for one, other in zip(before, after, strict=True))
    grounds = {segment.style.bgcolor for segment in lanes.render_line(2) if segment.style}
    assert len(grounds) == 1


def test_an_unfolded_text_is_broken_between_words() -> None:
    text = "KeyError: the customer of this order is not known to the shop any more"
    lines = unfold(entry(1, 0, "log", message=text), width=30)
    own = [line.strip() for line in lines[-3:]]
    assert " ".join(own) == text
    assert all(len(line) <= 30 for line in lines)
    long = unfold(entry(1, 0, "log", message="x" * 100), width=30)
    assert "".join(line.strip() for line in long).endswith("x" * 100)


async def test_a_key_for_the_journey_works_on_a_line_of_a_traceback() -> None:
    records = world()
    failed = entry(
        90, 7_000, "journey.failed", message="KeyError: 'email'", data={"traceback": "one\ntwo\nthree"}
    )
    records.rows_timeline["user1"] = [*records.rows_timeline["user1"], failed]
    async with open_studio(records, size=(200, 60)) as studio:
        await studio.press("2", "G", "enter", "down", "down")
        assert studio.find(EntryList).row is not studio.find(EntryList).entry
        await studio.press("a")
        assert "choose a user" not in studio.text
        assert studio.screen == "ActScreen"


async def test_lanes_of_one_workflow_have_names_of_their_own() -> None:
    records = world()
    records.rows_timeline["user1"] = [
        entry(n, n, "journey.started", workflow="cart", journey=f"cart/user1/order-100{n}-europe")
        for n in range(1, 6)
    ]
    async with open_studio(records) as studio:
        lanes = studio.find(LanesPane)
        named = [label for name, label in lanes._labels.items() if name.startswith("cart")]
        assert len(set(named)) == len(named)
