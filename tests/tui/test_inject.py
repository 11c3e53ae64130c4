"""Sending by hand: what is typed is checked, what is wrong is not sent, what came of it is said."""

from __future__ import annotations

import json

import pytest
from textual import events

from studio.errors import StoreFull
from studio.incoming import Incoming
from studio.tui.desk import Stored, event_name, example_event, outcome
from studio.tui.widgets.fields import FaultLine
from studio.tui.widgets.timeline import TimelinePane
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import START, FakeDesk, FakeStudio, cart, entry, onboarding, wait, world


def sent(studio: Studio) -> list[tuple[str, str, object]]:
    """What was sent so far."""
    return [(each.name, each.user, json.loads(each.text)) for each in studio.app.fake_desk.sent]


async def fill(studio: Studio, event: str, user: str, data: str) -> None:
    """Type into the three fields."""
    await studio.press("i")
    for name, text in (("event", event), ("user", user), ("data", data)):
        studio.field(name).value = text
    await studio.settle()


async def test_an_event_is_typed_and_sent(studio: Studio) -> None:
    studio.app.views.rows_entries = [
        entry(1_001, 8_300, "event", "app/login", user="kim", journey=None),
        entry(1_002, 8_300, "journey.started", user="kim", journey="onboarding/kim", cause=1_001),
    ]
    await studio.press("i", *"app/signup", "tab", *"kim", "tab")
    await studio.pilot.press(*["left_curly_bracket", "quotation_mark", *"a", "quotation_mark", "colon", "1"])
    await studio.press("right_curly_bracket", "enter")
    assert sent(studio) == [("app/signup", "kim", {"a": 1})]
    assert studio.outcome.startswith("sent · started onboarding · ")
    assert studio.outcome.endswith(" ms")
    assert studio.find(TimelinePane).user == "kim", "one looks at whom it went to"
    assert studio.field("event").value == "", "a second enter sends nothing a second time"
    assert studio.field("user").value == "kim"
    await studio.press("enter")
    assert len(sent(studio)) == 1
    assert "needs a name" in studio.outcome


async def test_an_event_that_wakes_nothing_says_so(studio: Studio) -> None:
    await fill(studio, "app/unknown", "user1", "")
    await studio.press("enter")
    assert studio.outcome.startswith("sent · woke nothing · ")


async def test_bad_json_shows_a_caret_and_sends_nothing(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", '{"a": 1, "b" 2}')
    await studio.press("enter")
    assert sent(studio) == []
    row = next(at for at, line in enumerate(studio.lines) if '"b" 2}' in line)
    caret = studio.lines[row + 1].index("^")
    assert studio.lines[row][caret] == "2"
    assert "a colon is expected here" in studio.lines[row + 1]
    assert "no JSON yet" in studio.outcome
    assert studio.focus == "data"
    assert studio.field("data").cursor_position == 13
    studio.field("data").value = '{"a": 1, "b": 2}'
    await studio.settle()
    assert "^" not in studio.lines[row + 1]
    assert not studio.find(FaultLine).display
    await studio.press("enter")
    assert sent(studio) == [("app/login", "user1", {"a": 1, "b": 2})]


async def test_the_caret_stays_under_its_place_in_a_long_text(studio: Studio) -> None:
    text = '{"long": "' + "x" * 200 + '", "b" 2}'
    await fill(studio, "app/login", "user1", text)
    await studio.press("enter")
    row = next(at for at, line in enumerate(studio.lines) if '", "b" 2' in line)
    assert studio.lines[row][studio.lines[row + 1].index("^")] == "2"
    assert "a colon is expected here" in studio.lines[row + 1]


async def test_the_caret_counts_cells_not_characters(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", '{"日本": oops}')
    await studio.press("enter")
    row = next(at for at, line in enumerate(studio.lines) if "oops" in line)
    before = studio.lines[row][: studio.lines[row].index("oops")]
    assert studio.lines[row + 1].index("^") == len(before) + 2, "two of the characters are two cells wide"


@pytest.mark.parametrize(
    ("event", "user", "data", "why"),
    [
        ("", "user1", "", "needs a name"),
        ("app/login", " ", "", "needs a user"),
        ("x" * 600, "user1", "", "600 characters"),
        ("app/login", "user1", "[1]", "no JSON yet"),
        ("app/login", "user1", '{"a": NaN}', "no JSON yet"),
    ],
)
async def test_what_cannot_be_stored_is_refused(
    studio: Studio, event: str, user: str, data: str, why: str
) -> None:
    await fill(studio, event, user, data)
    await studio.press("enter")
    assert sent(studio) == []
    assert why in studio.outcome


async def test_a_refusal_of_the_store_is_said_and_nothing_is_lost() -> None:
    class FullDesk(FakeDesk):
        async def send(self, event: Incoming) -> Stored | None:
            raise StoreFull("the disk is full", where="studio.db", fix="Free some space.")

    async with open_studio(app=FakeStudio(world(), FullDesk())) as studio:
        await fill(studio, "app/login", "user1", '{"a": 1}')
        await studio.press("enter")
        assert "studio.db: the disk is full. Free some space." in studio.outcome
        assert studio.field("event").value == "app/login"
        assert studio.field("data").value == '{"a": 1}'


async def test_pasted_lines_become_one(studio: Studio) -> None:
    await studio.press("5", "tab", "tab")
    studio.app.post_message(events.Paste('{\n  "a": 1,\n  "b": "\x1b[31m"\n}'))
    await studio.settle()
    assert studio.field("data").value.startswith('{   "a": 1,   "b": ')
    assert "\x1b" not in studio.text


async def test_history_is_walked_with_the_arrows(studio: Studio) -> None:
    for name in ("app/one", "app/two"):
        await fill(studio, name, "user1", '{"n": 1}')
        await studio.press("enter")
    await studio.press("x", "up")
    assert studio.field("event").value == "app/two"
    assert studio.field("data").value == '{"n": 1}'
    await studio.press("up", "up")
    assert studio.field("event").value == "app/one"
    await studio.press("down")
    assert studio.field("event").value == "app/two"
    await studio.press("down")
    assert studio.field("event").value == "x", "what was typed last comes back"
    await studio.press("up", "enter")
    assert [name for name, _, _ in sent(studio)] == ["app/one", "app/two", "app/two"]


async def test_names_are_completed(studio: Studio) -> None:
    await studio.press("i", *"app/em", "right")
    assert studio.field("event").value == "app/email.submitted"
    studio.field("event").value = ""
    await studio.press(*"web", "right")
    assert studio.field("event").value == "web/login"


async def test_three_keys_answer_a_wait_and_a_fourth_hits_nobody(studio: Studio) -> None:
    views = studio.app.views
    await studio.press("3", "enter")
    assert studio.focus == "event"
    assert studio.field("event").value == "app/email.verified"
    assert studio.field("user").value == "user1"
    assert studio.field("data").value == '{"userId": "user1"}'
    assert studio.outcome == "✓ answers user1 ⏎"
    views.rows_waits = views.rows_waits[1:]
    views.rows_entries = [
        entry(1_001, 8_300, "event", "app/email.verified", journey=None),
        entry(
            1_002,
            8_300,
            "wait.matched",
            "app/email.verified",
            key="wait:app/email.verified#0",
            journey="onboarding/user1",
            cause=1_001,
        ),
    ]
    await studio.press("enter")
    assert sent(studio) == [("app/email.verified", "user1", {"userId": "user1"})]
    assert studio.outcome.startswith("sent · answered onboarding")
    assert studio.focus == "waiting"
    waiting = studio.find(WaitingList)
    assert waiting.cursor == 16
    assert waiting.is_gone(16)
    assert "◉ user1" in studio.text
    await studio.press("enter", "enter")
    assert len(sent(studio)) == 1


async def test_leaving_goes_back_to_the_row(studio: Studio) -> None:
    await studio.press("3", "j", "enter", "escape")
    assert studio.focus == "waiting"
    assert studio.find(WaitingList).cursor == 60
    assert sent(studio) == []


async def test_a_sleep_takes_no_event(studio: Studio) -> None:
    await studio.press("3", "j", "j", "j", "enter")
    assert studio.focus == "waiting"
    assert "a sleep takes no event" in studio.outcome


async def test_it_is_foreseen_whom_an_event_answers(studio: Studio) -> None:
    await fill(studio, "app/email.verified", "user1", '{"userId": "user1"}')
    assert studio.outcome == "✓ answers user1 ⏎"
    studio.field("data").value = '{"userId": "user-1"}'
    await studio.settle()
    assert studio.outcome == "⏎ sends"
    await fill(studio, "app/anything", "priya", "")
    assert studio.outcome == "✓ answers priya ⏎"


async def test_a_viewer_sends_through_the_inbox() -> None:
    class Viewer(FakeDesk):
        async def send(self, event: Incoming) -> Stored | None:
            self.sent.append(event)
            return None

    desk = Viewer()
    desk.viewer_of = 4711
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        await fill(studio, "app/login", "user1", "")
        await studio.press("enter")
        assert len(sent(studio)) == 1
        assert "pid 4711 takes it" in studio.outcome


def test_a_name_that_meets_a_pattern() -> None:
    assert event_name("app/login") == "app/login"
    assert event_name("app/*, web/login") == "web/login"
    assert event_name("app/*") == "app/example"
    assert event_name("app/*", ["app/known"]) == "app/known"


def test_an_example_starts_a_journey() -> None:
    assert example_event({"onboarding": onboarding}) == (
        "app/email.submitted",
        "user1",
        {"email": "user1@example.com"},
    )
    example = example_event({"onboarding": onboarding, "cart": cart})
    assert example is not None
    assert example[2]["cart_id"] == "cart-1"
    assert example_event({}) is None


def test_what_an_event_did_in_a_few_words() -> None:
    started = entry(2, 0, "journey.started")
    other = entry(3, 0, "wait.matched", journey="trial/user1", workflow="trial")
    assert outcome([]) == "woke nothing"
    assert outcome([started]) == "started onboarding"
    assert outcome([other, started]) == "answered trial's wait +1"
    assert outcome([started, entry(4, 0, "journey.pass")]) == "started onboarding"
    assert wait(1, "u", "x", 5).due_at == START + 5
