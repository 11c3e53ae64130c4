"""What was sent from here, looked through by words: of a user, of a workflow, of all."""

from __future__ import annotations

from studio.tui.screens.sent_events import SentEventsScreen, SentList, scopes_of
from studio.tui.session.drafts import Draft
from studio.tui.widgets.inject import Inject
from tests.tui.conftest import Studio
from tests.tui.fakes import onboarding

SENT = [
    Draft("app/email.submitted", "user1", '{"email": "a@x.io"}'),
    Draft("shop/paid", "kim", '{"sum": [1]}'),
    Draft("app/email.submitted", "kim", '{"email": "k@x.io"}'),
    Draft("app/email.submitted", "user1", '{"email": "a@x.io"}'),
]


def rows(studio: Studio) -> list[Draft]:
    return [row.draft for row in studio.app.screen.query_one(SentList).rows]


def test_a_workflow_means_the_events_that_it_speaks_of() -> None:
    mine, own, everyone = scopes_of(SENT, "kim", onboarding)
    assert [mine.holds(each) for each in SENT] == [False, True, True, False]
    assert [own.holds(each) for each in SENT] == [True, False, True, True]
    assert all(everyone.holds(each) for each in SENT)
    assert len(scopes_of(SENT, "", None)) == 1


async def test_history_is_narrowed_by_words_and_by_whose_it_is(studio: Studio) -> None:
    studio.find(Inject).history.drafts[:] = SENT
    await studio.press("i", "ctrl+r")
    assert studio.screen == SentEventsScreen.__name__
    assert rows(studio) == [SENT[3]], "this user's, each once"
    assert "Sent · user user1 · 1" in studio.text
    await studio.press("tab")
    assert rows(studio) == [SENT[3], SENT[2]]
    await studio.press("tab")
    assert rows(studio) == [SENT[3], SENT[2], SENT[1]]
    await studio.press(*"kim sum")
    assert rows(studio) == [SENT[1]]
    await studio.press("enter")
    assert studio.focus == "event"
    assert studio.field("event").value == "shop/paid"
    assert studio.field("data").value == '{"sum": [1]}'


async def test_esc_leaves_the_form_as_it_is_and_nothing_found_is_said(studio: Studio) -> None:
    await studio.press("i", *"ab", "ctrl+r")
    assert "Nothing was sent from here." in studio.text
    await studio.press(*"zzz")
    assert "Nothing that was sent has these words." in studio.text
    await studio.press("enter", "escape")
    assert studio.field("event").value == "ab"


async def test_arrows_choose_while_words_are_typed(studio: Studio) -> None:
    studio.find(Inject).history.drafts[:] = SENT
    await studio.press("i", "ctrl+r", "tab", "tab", "down", "up", "down", "enter")
    assert studio.field("user").value == "kim"
