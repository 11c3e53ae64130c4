"""Sending by hand: what is typed is checked, what is wrong is not sent, what came of it is said."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from textual import events

from studio import Journey, event, workflow
from studio.engine.client import Stored
from studio.errors import StoreFull
from studio.language.incoming import Incoming
from studio.tui.session.example_event import event_name, example_event
from studio.tui.session.outcomes import EventOutcome, Failure, outcome
from studio.tui.widgets import inject
from studio.tui.widgets.completion import Completion
from studio.tui.widgets.fields import FaultLine
from studio.tui.widgets.timeline import TimelinePane
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import START, FakeEngine, FakeStudio, cart, entry, onboarding, wait, world


def sent(studio: Studio) -> list[tuple[str, str, object]]:
    """What was sent so far."""
    return [(each.name, each.user, json.loads(each.text)) for each in studio.app.fake_engine.sent]


async def fill(studio: Studio, event: str, user: str, data: str) -> None:
    """Type into the three fields."""
    await studio.press("i")
    for name, text in (("event", event), ("user", user), ("data", data)):
        studio.field(name).value = text
    await studio.settle()


async def test_an_event_is_typed_and_sent(studio: Studio) -> None:
    studio.app.records.rows_entries = [
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
    assert studio.outcome.startswith("sent · triggered nothing · ")


async def test_bad_json_shows_a_caret_and_sends_nothing(studio: Studio) -> None:
    await fill(studio, "app/login", "user1", '{"a": 1, "b" 2}')
    await studio.press("enter")
    assert sent(studio) == []
    row = next(at for at, line in enumerate(studio.lines) if '"b" 2}' in line)
    caret = studio.lines[row + 1].index("^")
    assert studio.lines[row][caret] == "2"
    assert "a colon is expected here" in studio.lines[row + 1]
    assert "not valid JSON yet" in studio.outcome
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
        ("app/login", "user1", "[1]", "not valid JSON yet"),
        ("app/login", "user1", '{"a": NaN}', "not valid JSON yet"),
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
    class FullDesk(FakeEngine):
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


async def test_a_completed_name_brings_data_that_fits_its_type(studio: Studio) -> None:
    @event("billing/paid")
    @dataclass
    class Paid:
        amount: int
        currency: str = "EUR"

    @workflow
    async def bill(journey: Journey) -> None:
        await journey.wait_for(Paid)

    studio.app.fake_engine.named = {"bill": bill}
    await studio.press("i", *"billing", "right")
    assert studio.field("event").value == "billing/paid"
    assert studio.field("data").value == '{"amount": 1}'
    studio.field("data").value = '{"amount": 7}'
    studio.field("event").value = ""
    await studio.press(*"billing", "right")
    assert studio.field("data").value == '{"amount": 7}', "what was written stays"


async def test_tab_completes_a_name_and_goes_on_where_there_is_nothing_to_complete(studio: Studio) -> None:
    await studio.press("i", *"app/em", "tab")
    assert studio.field("event").value == "app/email.submitted"
    assert studio.focus == "event"
    await studio.press("tab")
    assert studio.focus == "user"
    await studio.press("shift+tab")
    studio.field("event").value = ""
    await studio.press(*"app", "down")
    second = studio.find(Completion).items[1]
    await studio.press("tab", "tab")
    assert studio.field("event").value == second
    assert studio.focus == "user"
    await studio.press("shift+tab")
    studio.field("event").value = ""
    await studio.press(*"q/dz", "tab")
    assert studio.focus == "user"


async def test_three_keys_answer_a_wait_and_a_fourth_hits_nobody(studio: Studio) -> None:
    records = studio.app.records
    await studio.press("3", "enter")
    assert studio.focus == "event"
    assert studio.field("event").value == "app/email.verified"
    assert studio.field("user").value == "user1"
    assert studio.field("data").value == '{"userId": "user1"}'
    assert studio.outcome == "✓ answers user1 ⏎"
    records.rows_waits = records.rows_waits[1:]
    records.rows_entries = [
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
    assert "a sleep does not wait for an event" in studio.outcome


async def test_it_is_foreseen_whom_an_event_answers(studio: Studio) -> None:
    await fill(studio, "app/email.verified", "user1", '{"userId": "user1"}')
    assert studio.outcome == "✓ answers user1 ⏎"
    studio.field("data").value = '{"userId": "user-1"}'
    await studio.settle()
    assert studio.outcome == "⏎ sends"
    await fill(studio, "app/anything", "priya", "")
    assert studio.outcome == "✓ answers priya ⏎"


async def test_a_viewer_sends_through_the_inbox() -> None:
    class Viewer(FakeEngine):
        async def send(self, event: Incoming) -> Stored | None:
            self.sent.append(event)
            return None

    desk = Viewer()
    desk.viewer_of = 4711
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        await fill(studio, "app/login", "user1", "")
        await studio.press("enter")
        assert len(sent(studio)) == 1
        assert "pid 4711 will process it" in studio.outcome


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
    assert outcome([]) == EventOutcome("triggered nothing")
    assert outcome([started]) == EventOutcome("started onboarding")
    assert outcome([other, started]) == EventOutcome("answered trial's wait +1")
    assert outcome([started, entry(4, 0, "journey.pass")]) == EventOutcome("started onboarding")
    assert wait(1, "u", "x", 5).due_at == START + 5


def test_an_event_that_a_journey_failed_by_says_so() -> None:
    matched = entry(2, 0, "wait.matched")
    failed = entry(3, 0, "journey.failed", message="KeyError: 'id'\nand more")
    other = entry(4, 0, "journey.failed", message=None, journey="trial/user1", workflow="trial")
    why = Failure("user1", 3, "KeyError: 'id'")
    said = "answered onboarding's wait, and the journey failed: KeyError: 'id'"
    assert outcome([matched, failed]) == EventOutcome(said, why)
    assert outcome([failed]) == EventOutcome("the journey failed: KeyError: 'id'", why)
    started = entry(2, 0, "journey.started", journey="trial/user1", workflow="trial")
    assert outcome([matched, started, failed, other]).said == (
        "answered onboarding's wait +1, and onboarding and 1 more failed: KeyError: 'id'"
    )


async def test_what_the_line_says_goes_with_its_cause(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = studio.app.records
    await studio.press("3", "enter")
    assert studio.outcome == "✓ answers user1 ⏎"
    records.rows_waits = records.rows_waits[1:]
    await studio.changed()
    assert studio.outcome == "this wait has ended · ⏎ sends"
    await studio.changed()
    assert studio.outcome == "this wait has ended · ⏎ sends"
    await studio.press("escape")
    monkeypatch.setattr(inject, "SAID_SECONDS", 0.05)
    await studio.press("1", "full_stop")
    for _ in range(100):
        await studio.pilot.pause(0.05)
        if not studio.outcome:
            break
    assert studio.outcome == "", "what came of a key is said for a while"
