"""What can be clicked looks so under the mouse, and answers: rows, keys, tabs, bars, questions, acts."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.widget import Widget

from studio.tui.screens.question import KeysLine
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.tabs import PaneTabs
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.why import WhyPane
from tests.tui.conftest import Studio, open_studio


def underlined(widget: Widget, y: int) -> str:
    """The text of a line of a widget that is underlined."""
    segments: list[Segment] = list(widget.render_line(y))
    return "".join(text for text, style, _ in segments if style is not None and style.underline)


def column_of(widget: Widget, text: str, y: int = 0) -> int:
    line = "".join(segment.text for segment in widget.render_line(y))
    return line.index(text)


async def test_the_row_under_the_mouse_is_underlined_and_no_other(studio: Studio) -> None:
    users = studio.find(UsersList)
    assert underlined(users, 1) == ""
    await studio.pilot.hover("#users", offset=(4, 2))
    await studio.settle()
    assert users.rows[1].id in underlined(users, 1)
    assert "  " not in underlined(users, 1), "cells that stand empty are not underlined"
    assert underlined(users, 0) == underlined(users, 2) == ""
    await studio.pilot.hover("#users", offset=(4, 3))
    assert underlined(users, 1) == ""
    assert underlined(users, 2)
    await studio.pilot.hover("#clock")
    assert underlined(users, 2) == ""


async def test_lines_that_are_read_are_no_buttons() -> None:
    async with open_studio(size=(200, 60)) as studio:
        await studio.press("3")
        await studio.pilot.hover(WhyPane, offset=(4, 2))
        await studio.settle()
        assert underlined(studio.find(WhyPane), 1) == ""


async def test_a_key_of_the_footer_is_underlined_with_its_words(studio: Studio) -> None:
    await studio.press("3")
    keys = studio.find(KeysBar)
    x = column_of(keys, "inject")
    await studio.pilot.hover(KeysBar, offset=(x, 0))
    assert underlined(keys, 0).replace(" ", "") == "iinject"
    await studio.pilot.click(KeysBar, offset=(x, 0))
    await studio.settle()
    assert studio.focus == "event"


async def test_tabs_and_the_clock_are_buttons() -> None:
    async with open_studio(size=(80, 24)) as studio:
        tabs, clock = studio.find(PaneTabs), studio.find(ClockBar)
        x = column_of(tabs, "4 Log")
        await studio.pilot.hover(PaneTabs, offset=(x, 0))
        assert "4 Log" in underlined(tabs, 0)
        await studio.pilot.click(PaneTabs, offset=(x, 0))
        await studio.settle()
        assert studio.focus == "log"
        await studio.pilot.hover(ClockBar, offset=(column_of(clock, "RUNNING"), 0))
        assert "RUNNING" in underlined(clock, 0)
        await studio.pilot.click(ClockBar, offset=(column_of(clock, "RUNNING"), 0))
        await studio.settle()
        assert studio.app.fake_engine.fake_clock.acts[-1][0] == "pause"


@pytest.mark.parametrize(("word", "acts"), [("no", []), ("cancel", [("cancel", "onboarding/user1")])])
async def test_acts_and_their_question_are_clicked(
    studio: Studio, word: str, acts: list[tuple[str, str]]
) -> None:
    await studio.press("1", "a")
    page = studio.app.screen.query_one("#acts")
    y = next(y for y in range(page.size.height) if "c cancel" in _line(page, y))
    await studio.pilot.hover("#acts", offset=(8, y + 1))
    await studio.settle()
    assert "cancel" in underlined(page, y)
    await studio.pilot.click("#acts", offset=(8, y + 1))
    await studio.settle()
    assert "Cancel onboarding/user1?" in studio.text
    y = next(y for y in range(page.size.height) if "y cancel" in _line(page, y))
    await studio.pilot.click("#acts", offset=(column_of(page, word, y) + 1, y + 1))
    await studio.settle()
    assert studio.app.fake_engine.acts == acts
    assert studio.screen == ("ActScreen" if word == "no" else "LiveScreen")


@pytest.mark.parametrize(("word", "ends"), [("no", False), ("end only", True)])
async def test_a_question_is_answered_by_a_click(studio: Studio, word: str, ends: bool) -> None:
    await studio.press("3", "down", "x")
    assert studio.screen == "QuestionScreen"
    keys = studio.app.screen.query_one(KeysLine)
    await studio.pilot.click(KeysLine, offset=(column_of(keys, word), 0))
    await studio.settle()
    assert studio.screen == "LiveScreen"
    done = [act for act, *_ in studio.app.fake_engine.fake_clock.acts]
    assert ("time_out" in done) is ends


def _line(widget: Widget, y: int) -> str:
    return "".join(segment.text for segment in widget.render_line(y))
