"""Every key of the clock, and the bar that says how it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from textual.widgets import Input

from studio.clocks.adjustable_clock import JumpState
from studio.errors import ClockError
from studio.tui.format.countdown import TENTHS_SECONDS
from studio.tui.keys.clock_keys import FAST_SECONDS, STILL_SECONDS
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import DAY, START, FakeClock, wait

NOW = START + 8_300


def hand(studio: Studio) -> FakeClock:
    return studio.app.fake_engine.fake_clock


async def click(studio: Studio, text: str) -> None:
    """Click on a text of the clock bar."""
    await studio.pilot.click(ClockBar, offset=(studio.lines[1].index(text), 0))
    await studio.settle()


async def test_space_pauses_and_runs_and_the_whole_bar_says_so(studio: Studio) -> None:
    assert "► RUNNING" in studio.lines[1]
    assert " ×1   ×10   ×60   ×3600 " in studio.lines[1]
    await studio.press("space")
    assert hand(studio).acts == [("pause", 0)]
    assert "‖ PAUSED" in studio.lines[1]
    assert studio.find(ClockBar).has_class("-paused")
    assert studio.app._pace == STILL_SECONDS
    await studio.press("space")
    assert hand(studio).acts[-1] == ("run", 0)
    assert "► RUNNING" in studio.lines[1]
    assert not studio.find(ClockBar).has_class("-paused")
    assert studio.app._pace == TENTHS_SECONDS


async def test_plus_and_minus_step_through_the_speeds(studio: Studio) -> None:
    await studio.press("plus", "equals_sign", "plus", "plus", "minus", "minus", "minus", "minus")
    speeds = [speed for _, speed in hand(studio).acts]
    assert speeds == [10, 60, 3600, 3600, 60, 10, 1, 1]
    await studio.press("plus")
    assert studio.app._pace == FAST_SECONDS


async def test_chips_are_buttons(studio: Studio) -> None:
    await click(studio, "×60")
    await click(studio, "×3600")
    await click(studio, "RUNNING")
    await click(studio, "PAUSED")
    assert hand(studio).acts == [("speed", 60), ("speed", 3600), ("pause", 0), ("run", 0)]
    await click(studio, "email.verified")
    assert hand(studio).acts[-1] == ("jump", START + 12_512)


async def test_f_goes_to_the_next_deadline(studio: Studio) -> None:
    await studio.press("f")
    assert hand(studio).acts == [("jump", START + 12_512)]


async def test_f_says_so_when_nobody_waits_for_time(studio: Studio) -> None:
    studio.app.records.rows_waits = [wait(64, "priya", "app/*", None)]
    await studio.press("f")
    assert hand(studio).acts == []
    assert "there is no deadline: nothing is waiting for a time" in studio.lines[1]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("7d", NOW + 7 * DAY),
        ("+2h30m", NOW + 9_000_000),
        ("2026-12-01 09:00", round(datetime(2026, 12, 1, 9).astimezone().timestamp() * 1000)),
    ],
)
async def test_forward_by_and_to_a_date(studio: Studio, text: str, to: int) -> None:
    await studio.press("greater_than_sign")
    assert studio.screen == "ForwardScreen"
    studio.app.screen.query_one(Input).value = text
    await studio.settle()
    assert "on the way" in studio.text
    await studio.press("enter")
    assert studio.screen == "LiveScreen"
    assert hand(studio).acts == [("jump", to)]


async def test_what_is_no_moment_is_said_and_nothing_is_done(studio: Studio) -> None:
    await studio.press("greater_than_sign", "s", "o", "o", "n", "enter")
    assert "'soon' is neither a date nor a duration" in studio.text
    studio.app.screen.query_one(Input).value = "2020-01-01"
    await studio.settle()
    await studio.press("enter")
    assert "is in the past: time goes forward only" in studio.text
    await studio.press("escape")
    assert studio.screen == "LiveScreen"
    assert hand(studio).acts == []


async def test_x_lets_the_nearest_wait_time_out_at_once(studio: Studio) -> None:
    await studio.press("3", "x")
    assert studio.screen == "LiveScreen"
    assert hand(studio).acts == [("jump", START + 12_512)]


@pytest.mark.parametrize(
    ("key", "acts"),
    [
        ("enter", []),
        ("escape", []),
        ("y", [("jump", START + 3 * DAY + 6_723)]),
        ("X", [("time_out", 62)]),
    ],
)
async def test_x_asks_when_others_come_first(studio: Studio, key: str, acts: list[tuple[str, int]]) -> None:
    await studio.press("3")
    studio.find(WaitingList).point_at(62)
    await studio.press("x")
    assert studio.screen == "QuestionScreen"
    assert "Jump 2d 23h? 4 other deadlines come first." in studio.text
    assert "y jump   X end only this one   ⏎ no" in studio.text
    await studio.press(key)
    assert studio.screen == "LiveScreen"
    assert hand(studio).acts == acts


async def test_a_wait_that_was_answered_under_the_question_moves_no_clock(studio: Studio) -> None:
    await studio.press("3")
    studio.find(WaitingList).point_at(62)
    await studio.press("x")
    studio.app.records.rows_waits = [row for row in studio.app.records.rows_waits if row.seq != 62]
    await studio.press("y")
    assert hand(studio).acts == []
    assert "it has already ended: the clock stays" in studio.lines[1]


async def test_capital_x_ends_only_this_wait(studio: Studio) -> None:
    await studio.press("3", "X")
    assert hand(studio).acts == [("time_out", 16)]
    await studio.press("2")
    await studio.press("X")
    assert hand(studio).acts == [("time_out", 16), ("time_out", 62)]


async def test_x_on_a_row_that_is_over_hits_nobody(studio: Studio) -> None:
    await studio.press("3")
    studio.app.records.rows_waits = studio.app.records.rows_waits[1:]
    await studio.changed()
    await studio.press("x", "X")
    assert hand(studio).acts == []


async def test_x_on_what_has_no_deadline_says_what_helps(studio: Studio) -> None:
    await studio.press("3")
    studio.find(WaitingList).point_at(64)
    await studio.press("x")
    assert "no deadline · X ends it by hand" in studio.lines[1]
    studio.find(WaitingList).point_at(61)
    await studio.press("x")
    assert "a step ends by itself" in studio.lines[1]
    assert hand(studio).acts == []


async def test_esc_stops_a_jump_before_all_else(studio: Studio) -> None:
    hand(studio).stands = replace(
        hand(studio).stands, jump=JumpState(START, START + 30 * DAY, 12_400, 30_112, START + 20 * DAY)
    )
    studio.app.move(0)
    await studio.settle()
    assert "» JUMPING 41% · 12,400 of 30,112 · esc stops here" in studio.lines[1]
    await studio.press("i")
    await studio.press("escape")
    assert hand(studio).acts == [("stop_jump", 0)]
    assert studio.focus == "event"
    await studio.press("escape")
    assert studio.focus != "event"
    assert hand(studio).acts == [("stop_jump", 0)]


async def test_a_refusal_stands_in_the_bar(studio: Studio) -> None:
    hand(studio).refusal = ClockError("this engine runs in real time")
    await studio.press("space")
    assert "this engine runs in real time" in studio.lines[1]
    assert "► RUNNING" in studio.lines[1]


async def test_inputs_take_the_keys_of_the_clock_as_text(studio: Studio) -> None:
    studio.field("user").value = ""
    await studio.press("i", "tab", "space", "plus", "minus", "equals_sign", "f", "x", "greater_than_sign")
    assert studio.field("user").value == " +-=fx>"
    assert hand(studio).acts == []


async def test_the_bar_of_a_narrow_screen_keeps_the_state_and_the_next_countdown() -> None:
    async with open_studio(size=(80, 24)) as studio:
        hand(studio).stands = replace(hand(studio).stands, speed=60)
        studio.app.move(0)
        await studio.settle()
        assert "► RUNNING" in studio.lines[1]
        assert "×60" in studio.lines[1]
        assert "×3600" not in studio.lines[1]
        assert "4.2s" in studio.lines[1]


async def test_a_step_that_holds_a_fast_clock_is_said(studio: Studio) -> None:
    hand(studio).stands = replace(hand(studio).stands, speed=3600, held=True)
    studio.app.move(0)
    await studio.settle()
    assert "a step is running: ×1" in studio.lines[1]


async def test_the_keys_stand_in_help_and_footer(studio: Studio) -> None:
    await studio.press("3")
    assert "x let it time out" in studio.lines[-1]
    assert "f next deadline" in studio.lines[-1]
    await studio.press("question_mark", "slash", *"forward")
    assert "forward by, or to a date" in studio.text
