"""Sending again, to many, from the clipboard, from the past, and copying what was sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, TextArea

from studio.tui.app import StudioApp
from studio.tui.session.drafts import Draft
from studio.tui.session.sent_history import SentHistory
from studio.tui.widgets.completion import Completion
from studio.tui.widgets.inject import Inject
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeStudio, entry, user, world


def sent(studio: Studio) -> list[tuple[str, str, object]]:
    """What was sent so far."""
    return [(each.name, each.user, json.loads(each.text)) for each in studio.app.fake_engine.sent]


def offered(studio: Studio) -> list[str]:
    """The names in the list above the field."""
    return studio.find(Completion).items


async def fill(studio: Studio, event: str, user: str, data: str) -> None:
    """Put text into the three fields."""
    await studio.press("i")
    studio.find(Inject).put(Draft(event, user, data))
    await studio.settle()


# -- completion --------------------------------------------------------------------------------


async def test_enter_takes_a_name_and_sends_nothing(studio: Studio) -> None:
    await studio.press("i", *"subm")
    assert offered(studio) == ["app/email.submitted"]
    assert "▸ app/email.submitted" in studio.text
    await studio.press("enter")
    assert studio.field("event").value == "app/email.submitted"
    assert offered(studio) == []
    assert sent(studio) == []
    await studio.press("tab", *"kim", "enter")
    assert [each[:2] for each in sent(studio)] == [("app/email.submitted", "kim")]


async def test_arrows_choose_while_names_are_offered_and_are_history_else(studio: Studio) -> None:
    await fill(studio, "app/one", "user1", "")
    await studio.press("enter", "escape", "i", *"lo")
    assert offered(studio) == ["app/login", "web/login"]
    await studio.press("down", "enter")
    assert studio.field("event").value == "web/login"
    await studio.press("up")
    assert studio.field("event").value == "app/one"


async def test_escape_closes_the_names_first_and_then_what_is_typed_can_be_sent(studio: Studio) -> None:
    await studio.press("i", *"lo", "escape")
    assert offered(studio) == []
    assert studio.focus == "event"
    await studio.press("enter")
    assert [each[0] for each in sent(studio)] == ["lo"] or "needs a user" in studio.outcome
    await studio.press("escape")
    assert studio.focus == "users" or studio.focus == "entries"


async def test_users_are_completed_by_how_they_begin(studio: Studio) -> None:
    await studio.press("i", "tab", *"le")
    assert offered(studio) == ["lena.fischer"]
    await studio.press("enter")
    assert studio.field("user").value == "lena.fischer"
    assert sent(studio) == []


async def test_no_name_is_offered_when_a_row_fills_the_form(studio: Studio) -> None:
    await studio.press("3", "enter")
    assert studio.focus == "event"
    assert offered(studio) == []


async def test_a_click_takes_a_name(studio: Studio) -> None:
    await studio.press("i", *"lo")
    await studio.pilot.click(Completion, offset=(3, 1))
    await studio.settle()
    assert studio.field("event").value == "web/login"


# -- again -------------------------------------------------------------------------------------


async def test_a_dot_sends_the_last_again(studio: Studio) -> None:
    await studio.press("full_stop")
    assert "nothing was sent from here yet" in studio.outcome
    await fill(studio, "app/login", "kim", '{"a": 1}')
    await studio.press("enter", "escape", "3", "full_stop")
    assert sent(studio) == [("app/login", "kim", {"a": 1})] * 2


async def test_what_was_sent_is_kept_beside_the_store(tmp_path: Path) -> None:
    def kept() -> FakeStudio:
        app = FakeStudio(world())
        app.fake_engine.path = tmp_path / "studio.db"
        app.session.keeps_sent = True
        return app

    async with open_studio(app=kept()) as studio:
        await fill(studio, "app/kept", "user1", '{"a": 1}')
        await studio.press("enter")
    async with open_studio(app=kept()) as studio:
        await studio.press("i", "up")
        assert studio.field("event").value == "app/kept"
        assert studio.field("data").value == '{"a": 1}'
        await studio.press("escape", "escape", "full_stop")
        assert sent(studio) == [("app/kept", "user1", {"a": 1})]


async def test_the_file_stands_beside_the_store_and_none_for_a_store_in_memory(studio: Studio) -> None:
    session = studio.app.session
    session.keeps_sent = StudioApp().session.keeps_sent
    assert session.sent_path == Path("data/studio.db.sent")
    assert StudioApp(store=":memory:").session.keeps_sent is False
    session.keeps_sent = False
    assert not session.sent_path
    assert isinstance(studio.find(Inject).history, SentHistory)


async def test_e_edits_a_past_event_and_sends_it_again(studio: Studio) -> None:
    await studio.press("2", "home", "e")
    assert studio.focus == "event"
    assert studio.field("event").value == "app/email.submitted"
    assert studio.field("user").value == "user1"
    assert studio.field("data").value == '{"email": "user1@x.io"}'
    await studio.press("enter")
    assert sent(studio) == [("app/email.submitted", "user1", {"email": "user1@x.io"})]


async def test_e_on_a_wait_fills_in_its_answer_and_on_nothing_says_what_it_is_for(studio: Studio) -> None:
    await studio.press("3", "e")
    assert studio.field("data").value == '{"userId": "user1"}'
    await studio.press("escape", "1", "e")
    assert "choose one in the timeline" in studio.outcome


# -- many --------------------------------------------------------------------------------------


async def test_many_users_at_once(studio: Studio) -> None:
    studio.app.records.rows_entries = [
        entry(2_000 + n, 0, "journey.started", user=f"u{n}", journey=f"onboarding/u{n}", cause=1_000 + n)
        for n in (1, 2, 3)
    ]
    await fill(studio, "app/email.submitted", "u{1..3}", '{"email": "{user}@x.io"}')
    assert studio.outcome == "⏎ sends 3, u1 to u3"
    await studio.press("enter")
    assert sent(studio) == [("app/email.submitted", f"u{n}", {"email": f"u{n}@x.io"}) for n in (1, 2, 3)]
    assert studio.outcome.startswith("sent 3 · started onboarding ×3 · ")


async def test_too_many_users_are_refused(studio: Studio) -> None:
    await fill(studio, "app/x", "u{1..99999}", "")
    await studio.press("enter")
    assert sent(studio) == []
    assert "99,999 users" in studio.outcome


# -- paste --------------------------------------------------------------------------------------


async def test_a_pasted_event_fills_the_fields(studio: Studio) -> None:
    await studio.press("i")
    studio.app.post_message(events.Paste('{"event": "app/login",\n "user": "kim", "data": {"a": 1}}'))
    await studio.settle()
    assert [studio.field(name).value for name in ("event", "user", "data")] == [
        "app/login",
        "kim",
        '{"a": 1}',
    ]
    await studio.press("enter")
    assert sent(studio) == [("app/login", "kim", {"a": 1})]


async def test_pasted_lines_are_sent_with_one_key_or_dropped_with_another(studio: Studio) -> None:
    lines = '{"event": "a", "user": "u"}\n{"event": "b", "user": "v", "data": {"x": 1}}\n'
    await studio.press("i")
    studio.app.post_message(events.Paste(lines))
    await studio.settle()
    assert studio.outcome == "2 events pasted · ⏎ sends · esc discards"
    await studio.press("escape", "enter")
    assert sent(studio) == []
    studio.app.post_message(events.Paste(lines))
    await studio.settle()
    await studio.press("enter")
    assert sent(studio) == [("a", "u", {}), ("b", "v", {"x": 1})]
    assert studio.outcome.startswith("sent 2 · triggered nothing ×2")


async def test_events_pasted_over_a_list_go_to_the_form(studio: Studio) -> None:
    await studio.press("3")
    studio.app.post_message(events.Paste('{"event": "app/login", "user": "kim"}'))
    await studio.settle()
    assert studio.focus == "event"
    assert studio.field("event").value == "app/login"


async def test_a_pasted_line_that_is_wrong_is_named(studio: Studio) -> None:
    await studio.press("i")
    studio.app.post_message(events.Paste('{"event": "a", "user": "u"}\n{"event": "b"}'))
    await studio.settle()
    assert "line 2: the field user is missing" in studio.outcome
    await studio.press("enter")
    assert sent(studio) == []


# -- copy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["timeline", "waiting"])
async def test_an_event_is_copied_as_a_command(studio: Studio, place: str) -> None:
    if place == "timeline":
        await studio.press("2", "home", "Y")
        wanted = """journey-studio send app/email.submitted --user=user1 --data '{"email": "user1@x.io"}'"""
    else:
        await studio.press("3", "Y")
        wanted = """journey-studio send app/email.verified --user=user1 --data '{"userId": "user1"}'"""
    assert studio.app.clipboard == wanted
    assert "copied, Y shows it: journey-studio send" in studio.text


# -- the large editor --------------------------------------------------------------------------------


async def test_data_is_written_in_a_large_editor_and_sent_from_there(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", '{"a": {"b": 1}}')
    await studio.press("ctrl+o")
    area = studio.app.screen.query_one(TextArea)
    assert area.text == '{\n  "a": {\n    "b": 1\n  }\n}'
    area.text = '{\n  "a": oops\n}'
    await studio.settle()
    assert "line 2, column 8: a value is expected here" in studio.text
    await studio.press("ctrl+s")
    assert sent(studio) == []
    assert area.cursor_location == (1, 7)
    area.text = '{\n  "a": 2\n}'
    await studio.press("ctrl+s")
    assert sent(studio) == [("app/login", "user1", {"a": 2})]


async def test_leaving_the_large_editor_keeps_what_was_written(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", "")
    await studio.press("ctrl+o")
    studio.app.screen.query_one(TextArea).text = '{"a":\n 2,\n"b": "\x1b[31m"'
    await studio.settle()
    assert "\x1b" not in studio.text
    await studio.press("escape")
    assert studio.field("data").value == '{"a":  2, "b": "\x1b[31m"'
    assert sent(studio) == []
    assert isinstance(studio.app.focused, Input)


# -- what came of it -------------------------------------------------------------------------------


async def test_after_an_event_that_woke_nothing_w_is_a_key_and_says_why(studio: Studio) -> None:
    records = studio.app.records
    records.rows_entries = [
        entry(
            1_001,
            8_300,
            "event",
            "app/email.verified",
            data={"userId": "user-1"},
            journey=None,
            workflow=None,
        )
    ]
    await fill(studio, "app/email.verified", "user1", '{"userId": "user-1"}')
    await studio.press("enter")
    assert studio.outcome == "sent · triggered nothing · esc w why", (
        "there is web/login, which begins with it"
    )
    assert studio.focus == "event", "what is typed next is not a command to a list"
    await studio.press("escape", "w")
    assert studio.screen == "WhyScreen"
    assert 'userId  expected "user1"  got "user-1"' in studio.text
    await studio.press("e")
    assert studio.screen == "LiveScreen"
    assert studio.field("data").value == '{"userId": "user1"}'
    await studio.press("enter")
    assert sent(studio)[-1] == ("app/email.verified", "user1", {"userId": "user1"})


async def test_w_is_a_key_in_the_empty_field_when_no_name_begins_with_it(studio: Studio) -> None:
    await fill(studio, "app/nothing", "user1", "")
    await studio.pilot.pause()
    studio.find(Inject)._known = ["app/login"]
    studio.app.records.rows_entries = [
        entry(1_001, 8_300, "event", "app/nothing", journey=None, workflow=None),
    ]
    await studio.press("enter")
    assert studio.outcome == "sent · triggered nothing · w why"
    await studio.press("x", "backspace", "w")
    assert studio.field("event").value == "w", "once something was typed it is a letter again"
    await fill(studio, "app/nothing", "user1", "")
    studio.find(Inject)._known = ["app/login"]
    studio.app.records.rows_entries.append(entry(1_002, 0, "event", "app/nothing", journey=None))
    await studio.press("enter", "w")
    assert studio.screen == "WhyScreen"
    assert studio.field("event").value == ""


async def test_after_sending_the_next_event_can_be_typed_at_once(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", '{"a": 1}')
    studio.field("data").focus()
    await studio.press("enter")
    assert studio.focus == "event"
    await studio.press(*"app/two", "enter")
    assert [each[0] for each in sent(studio)] == ["app/login", "app/two"]


async def test_a_user_is_told_how_a_wait_was_answered(studio: Studio) -> None:
    records = studio.app.records
    records.rows_users.append(user("new"))
    records.rows_entries = [entry(1_002, 0, "wait.matched", "x", user="new", cause=1_001)]
    await fill(studio, "x", "new", "")
    await studio.press("enter")
    assert studio.outcome.startswith("sent · answered onboarding's wait · ")
    assert studio.focus == "event"
