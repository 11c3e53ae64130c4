"""One selection: what is marked is what all panes and keys are about, also while a filter is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.tui.app import StudioApp
from studio.tui.screens.designer import DesignerScreen
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio
from tests.tui.fakes import START, entry, user
from tests.tui.test_studio import until


async def test_the_row_that_a_filter_marks_is_the_selection(studio: Studio) -> None:
    await studio.press("1", "slash", *"priy")
    assert studio.find(UsersList).cursor == "priya"
    assert studio.find(TimelinePane).user == "priya"
    assert studio.field("user").value == "priya"
    assert "2 priya" in studio.text
    await studio.press("backspace", "backspace", "backspace", "backspace", *"max", "enter")
    assert studio.find(TimelinePane).user == "max"
    assert studio.field("user").value == "max"


async def test_a_filter_without_hits_marks_nothing_and_the_next_hit_is_selected(studio: Studio) -> None:
    await studio.press("1", "slash", *"zzz")
    assert studio.find(UsersList).row is None
    await studio.press("backspace", "backspace", *"o")
    assert studio.find(UsersList).cursor == "zoë.ünal"
    assert studio.find(TimelinePane).user == "zoë.ünal"


async def test_a_filter_of_waits_selects_too(studio: Studio) -> None:
    await studio.press("3", "slash", *"lena")
    assert studio.find(WaitingList).cursor == 60
    assert studio.find(TimelinePane).user == "lena.fischer"
    await studio.press("enter", "enter")
    assert studio.field("user").value == "lena.fischer"


async def test_what_comes_meanwhile_moves_no_selection(studio: Studio) -> None:
    await studio.press("i")
    records = studio.app.records
    records.rows_users = records.rows_users[3:]
    await studio.changed()
    assert studio.find(TimelinePane).user == "user1"


@pytest.mark.parametrize("keys", [["1"], ["2"], ["i", "escape"]])
async def test_d_opens_the_workflow_of_the_user_who_is_selected(studio: Studio, keys: list[str]) -> None:
    records = studio.app.records
    records.rows_timeline["user7"] = [
        entry(200, 0, "journey.started", user="user7", workflow="cart", journey="cart/user7"),
        entry(201, 1, "event", "cart/opened", user="user7", workflow=None, journey=None),
    ]
    await studio.press("1", "slash", *"user7", "enter", *keys, "d")
    screen = studio.app.screen
    assert isinstance(screen, DesignerScreen)
    assert "Map · cart" in studio.text


# -- the user of the form ------------------------------------------------------------------------------


async def test_the_forms_user_is_the_selected_one_until_another_is_typed(studio: Studio) -> None:
    await studio.press("1", "j")
    assert studio.field("user").value == "lena.fischer"
    await studio.press("j")
    assert studio.field("user").value == "user7"
    await studio.press("i", *"app/x", "tab", *"kim", "escape", "escape", "1", "j")
    assert studio.find(TimelinePane).user == "user3"
    assert studio.field("user").value == "kim", "it was typed"
    await studio.press("i", "enter")
    assert [(sent.name, sent.user) for sent in studio.app.fake_engine.sent] == [("app/x", "kim")]
    assert studio.find(TimelinePane).user == "kim"
    await studio.press("escape", "1", "g")
    assert studio.field("user").value == "user1", "and now it follows again"


async def test_what_is_ready_to_be_sent_keeps_its_user(studio: Studio) -> None:
    await studio.press("3", "enter", "escape", "1", "j", "j")
    assert studio.find(TimelinePane).user == "user7"
    assert studio.find(Inject).draft.user == "user1"
    assert studio.field("event").value == "app/email.verified"


async def test_a_followed_user_opens_no_list_of_names(studio: Studio) -> None:
    await studio.press("1", "j", "i", "tab")
    assert studio.find(Inject).query_one("#completion").display is False


async def test_a_hostile_id_in_the_form_is_text(studio: Studio) -> None:
    records = studio.app.records
    evil = "[red]\x1b[31m\u202eevil" + "x" * 400
    records.rows_users = [records.rows_users[0], user(evil), *records.rows_users[1:]]
    await studio.changed()
    await studio.press("1", "g", "j")
    assert studio.field("user").value == evil
    assert "\x1b" not in studio.text
    assert "\u202e" not in studio.text


# -- after a send ----------------------------------------------------------------------------------------


async def test_after_a_send_the_timeline_shows_the_consequence_and_follows(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def greet(journey: Journey) -> dict[str, bool]:
        for n in range(30):
            journey.log(f"line {n}")
        await journey.wait_for("app/verified", timeout="1h")
        journey.log("the last line")
        return {"ok": True}

    async with Engine(greet, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/signup", user="bob")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "◷ bob ")
            await pilot.press("2", "g")
            await until(pilot, "line 0")
            await pilot.press("3", "enter")
            await until(pilot, "✓ answers bob ⏎")
            await pilot.press("enter")
            await until(pilot, "answered greet's wait")
            await until(pilot, "the last line")
            await until(pilot, "greet completed")
            assert app.screen.query_one(EntryList).following
            await engine.ingest("app/other", user="bob")
            await until(pilot, "● app/other")
