"""Keys in one burst land in the fields they were typed for."""

from __future__ import annotations

import time

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.widgets import Input

from studio.tui.screens.forward import ForwardScreen
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import world


def burst(studio: Studio, *keys: str) -> None:
    """Keys that all stand in the terminal's buffer: a word for each special one, else its letters."""
    for each in keys:
        for key in [each] if each in ("tab", "enter", "escape", "down") else each:
            named = key if len(key) > 1 else _character_to_key(key)
            studio.app.post_message(events.Key(named, key if len(key) == 1 else None))


async def handled(studio: Studio) -> None:
    """Until all of them had their turn."""
    end = time.monotonic() + 30
    await studio.pilot.pause()
    while studio.app.has_keys:
        assert time.monotonic() < end, "keys still wait for their turn"
        await studio.pilot.pause(0.02)
    await studio.settle()


async def test_what_is_typed_behind_i_stands_in_the_form(studio: Studio) -> None:
    burst(studio, "iq/dz", "tab", "user9", "tab", '{"a": 1}')
    await handled(studio)
    assert studio.find(Inject).draft.event == "q/dz"
    assert studio.find(Inject).draft.user == "user9"
    assert studio.find(Inject).draft.data == '{"a": 1}'
    assert studio.screen == "LiveScreen"


async def test_a_filter_takes_what_is_typed_behind_its_key(studio: Studio) -> None:
    burst(studio, "3", "/verified", "enter")
    await handled(studio)
    assert studio.find(WaitingList).filter_text == "verified"
    assert studio.find(WaitingList).has_focus


async def test_a_screen_that_a_key_opens_takes_what_is_typed_behind_it(studio: Studio) -> None:
    burst(studio, ">2d3h")
    await handled(studio)
    assert isinstance(studio.app.screen, ForwardScreen)
    assert studio.app.screen.query_one(Input).value == "2d3h"


async def test_a_key_that_closes_a_screen_gives_the_next_ones_to_what_lay_below(studio: Studio) -> None:
    burst(studio, "?", "escape", "3", "?", "escape", "iab")
    await handled(studio)
    assert studio.screen == "LiveScreen"
    assert studio.find(Inject).draft.event == "ab"


async def test_pasted_text_waits_for_its_turn_as_keys_do(studio: Studio) -> None:
    burst(studio, "i")
    studio.app.post_message(events.Paste("some/thing"))
    burst(studio, ".x", "tab", "u")
    await handled(studio)
    assert studio.find(Inject).draft.event == "some/thing.x"
    assert studio.find(Inject).draft.user == "u"


async def test_a_key_whose_widget_goes_holds_up_no_other(studio: Studio) -> None:
    for _ in range(5):
        burst(studio, "?", "q", "?", "?", "iz", "escape", "1")
    await handled(studio)
    assert studio.screen == "LiveScreen"
    assert studio.focus == "users"


@pytest.mark.parametrize("key", ["j", "G"])
async def test_a_key_that_is_held_down_moves_as_often(key: str) -> None:
    async with open_studio(world()) as studio:
        burst(studio, "1", key * 30)
        await handled(studio)
        assert studio.focus == "users"
        users = studio.find(UsersList)
        assert users.row is users.rows[30 if key == "j" else -1]
