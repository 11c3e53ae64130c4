"""Why nothing happened, in its pane and over the screen; and one key that puts it right."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from studio.engine.inspect.explanation import Finding, Proposal, Why
from studio.kernel.matching import MISSING, FieldMismatch
from studio.tui.screens.why import WhyScreen
from studio.tui.widgets.why import Subject, WhyPane
from studio.tui.widgets.why_text import why_lines
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import entry
from tests.tui.store_of_records import StoreRecords


def said(why: Why) -> str:
    """The explanation as text."""
    return "\n".join("".join(text for text, _ in line) for line in why_lines(why))


async def test_w_on_a_wait_says_what_would_answer_it_and_enter_fills_it_in(studio: Studio) -> None:
    await studio.press("3", "w")
    assert studio.screen == "WhyScreen"
    assert "wait app/email.verified   opened" in studio.text
    assert 'match             userId = "user1"' in studio.text
    assert 'would match       app/email.verified user1 {"userId": "user1"}   ⏎ fill in' in studio.text
    assert "no similar event so far" in studio.text
    await studio.press("enter")
    assert studio.screen == "LiveScreen"
    assert studio.field("data").value == '{"userId": "user1"}'
    assert studio.focus == "event"


async def test_w_on_an_event_says_what_it_woke_and_escape_closes(studio: Studio) -> None:
    timeline = studio.app.records.rows_timeline["user1"]
    timeline[:] = [replace(row, cause=14) if row.kind == "wait.matched" else row for row in timeline]
    await studio.changed()
    await studio.press("2", "home", *["j"] * 10, "w")
    assert "answered onboarding's wait for app/account.created" in studio.text
    await studio.press("escape")
    assert studio.screen == "LiveScreen"
    assert studio.focus == "entries"


async def test_w_on_a_user_explains_the_nearest_wait(studio: Studio) -> None:
    await studio.press("1", "w")
    assert "6 Why · user1 app/email.verified" in studio.text
    await studio.press("w")
    assert studio.screen == "LiveScreen", "the key that opened it closes it"


async def test_w_without_anything_says_what_it_is_for() -> None:
    async with open_studio(StoreRecords()) as studio:
        await studio.press("escape", "3", "w")
        assert studio.screen == "LiveScreen"
        assert "w explains an event or a wait" in studio.outcome


async def test_the_pane_is_always_open_where_there_is_room_and_follows_the_selection() -> None:
    async with open_studio(size=(200, 60)) as studio:
        pane = studio.find(WhyPane)
        assert pane.display
        await studio.press("3")
        assert "6 Why" in studio.text
        await studio.press("j", "j", "k", "k")
        assert "would match" in studio.text
        await studio.press("2", "home")
        assert pane.subject == Subject(1)
        await studio.press("w")
        assert studio.focus == "why", "w goes to it"
        assert studio.screen == "LiveScreen"
        await studio.press("escape")
        assert studio.focus == "entries"
        await studio.press("6")
        assert studio.focus == "why"
        await studio.press("3", "6", "e")
        assert studio.focus == "event"


async def test_the_pane_goes_on_with_a_timeline_that_follows_what_is_new() -> None:
    async with open_studio(size=(200, 60)) as studio:
        await studio.press("2", "end")
        pane = studio.find(WhyPane)
        assert pane.subject == Subject(62)
        rows = studio.app.records.rows_timeline["user1"]
        rows.append(entry(90, 8_000, "event", "app/new", journey=None, workflow=None))
        await studio.changed()
        await studio.changed()
        assert pane.subject == Subject(90)
        pane._asked_at = 0.0
        studio.app.move(0)
        await studio.settle()
        assert "● app/new" in "\n".join(line[100:] for line in studio.lines)


async def test_six_shows_it_over_the_screen_where_there_is_no_room(studio: Studio) -> None:
    assert not studio.find(WhyPane).display
    await studio.press("3", "6")
    assert studio.screen == "WhyScreen"
    assert isinstance(studio.app.screen, WhyScreen)


async def test_a_maximised_pane_has_all_the_room() -> None:
    async with open_studio(size=(200, 60)) as studio:
        await studio.press("4", "m")
        assert not studio.find(WhyPane).display
        await studio.press("m")
        assert studio.find(WhyPane).display


async def test_it_is_read_anew_when_the_store_changes_but_not_for_each_change() -> None:
    async with open_studio(size=(200, 60)) as studio:
        pane = studio.find(WhyPane)
        await studio.press("3")
        # As if it had been read in this very moment, however long the test takes.
        pane._asked_at = asked = time.monotonic() + 1_000
        for _ in range(5):
            await studio.changed()
            studio.app.move(0)
        assert pane._asked_at == asked
        pane._asked_at = 0.0
        studio.app.move(0)
        assert pane._asked_at > 0


def test_differences_hints_and_the_mended_event_are_told_in_lines() -> None:
    event: Any = entry(1, 0, "event", "app/acount", data={"a": 1}, journey=None, workflow=None)
    near = Finding(
        "near",
        "welcome waits for app/account",
        event.at,
        "welcome.py:7",
        3,
        (FieldMismatch("plan.name", None, MISSING), FieldMismatch("x", {}, [1])),
        "did you mean app/account? 1 letter differs",
        Proposal("app/account", "user1", {"plan": {"name": None}}),
    )
    text = said(Why(event, "user1 app/acount", (near,)))
    assert "triggered nothing. Closest:" in text
    assert (
        "welcome waits for app/account   welcome.py:7\n      did you mean app/account? 1 letter differs\n"
        in text
    )
    assert "plan.name  expected null  got nothing" in text
    assert "x  expected {}  got [1]" in text
    assert 'e fills it in corrected: app/account user1 {"plan": {"name": null}}' in text


def test_hostile_text_acts_on_nothing() -> None:
    bad = "\x1b[31m\u202e[red]"
    event: Any = entry(1, 0, "event", bad, data={bad: bad}, journey=None, workflow=None)
    found = Finding(
        "near", bad, 0, bad, 1, (FieldMismatch(bad, bad, {bad: bad}),), bad, Proposal(bad, bad, {bad: 1})
    )
    text = said(Why(event, bad, (found,), facts=(bad,)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def test_an_event_that_nothing_came_near_says_so() -> None:
    event: Any = entry(1, 0, "event", "x", journey=None, workflow=None)
    assert "triggered nothing, and nothing similar either" in said(Why(event, "user1 x", ()))
