"""Fields that are completed while data is typed: from events of the name, where a field's name stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.store.views import Views
from studio.tui.session.drafts import Draft
from studio.tui.session.known_fields import FieldsOf, add_fields, meant_fields, with_field
from studio.tui.widgets.completion import Completion
from studio.tui.widgets.inject import Inject
from tests.tui.conftest import Studio
from tests.tui.fakes import START

KNOWN = {"plan": '"pro"', "price": "9", "user.id": '"u"', "odd\u202e": "1"}


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("", ['"plan": "pro"', '"price": 9', '"user.id": "u"']),
        ("{", ['"plan": "pro"', '"price": 9', '"user.id": "u"']),
        ('{"pr', ['"price": 9']),
        ("{id", ['"user.id": "u"']),
        ('{"plan": "x", "', ['"price": 9', '"user.id": "u"']),
        ('{"plan": ', []),
        ('{"plan": "p', []),
        ('{"plan": {"', []),
        ('{"plan": "a, b', []),
        ('{"a": [1, ', []),
        ('{"plan": "x"}', []),
        ("[", []),
    ],
)
def test_names_are_offered_where_a_name_is_typed(before: str, wanted: list[str]) -> None:
    assert meant_fields(before, KNOWN) == wanted


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("", "", '{"plan": "pro"}'),
        ('{"pl', "", '{"plan": "pro"}'),
        ('{"pl', '"}', '{"plan": "pro"}'),
        ('{"a": 1, pl', "}", '{"a": 1, "plan": "pro"}'),
    ],
)
def test_what_is_taken_is_valid_and_the_cursor_stands_behind_it(before: str, after: str, text: str) -> None:
    found, cursor = with_field(before, after, '"plan": "pro"')
    assert found == text
    assert json.loads(found)["plan"] == "pro"
    assert found[:cursor].endswith('"pro"')


def test_big_values_and_other_data_are_left_out() -> None:
    found: dict[str, str] = {"a": "1"}
    add_fields(found, {"a": 2, "big": "x" * 100, "b": None})
    add_fields(found, [1])
    add_fields(found, None)
    assert found == {"a": "1", "b": "null"}


async def test_the_users_own_newest_values_come_first(tmp_path: Path) -> None:
    async with Engine([], store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/paid", user="ann", data={"plan": "old", "team": 3})
        await engine.ingest("app/paid", user="ann", data={"plan": "own"})
        await engine.ingest("app/paid", user="bob", data={"plan": "his", "sum": 1})
        await engine.ingest("app/else", user="ann", data={"other": 1})
        await engine.run_until_idle()
        with Views(tmp_path / "s.db") as views:
            assert FieldsOf("app/paid", "ann").read(views) == {"plan": '"own"', "team": "3", "sum": "1"}
            assert FieldsOf("app/paid", "").read(views)["plan"] == '"his"'


async def test_a_field_of_the_form_is_completed(studio: Studio) -> None:
    inject = studio.find(Inject)
    inject.history.drafts.append(Draft("app/paid", "ann", '{"plan": "pro", "n": 2}'))
    await studio.press("i", *"app/paid", "tab", "tab")
    assert studio.focus == "data"
    await studio.press("{", "quotation_mark", *"pl")
    assert studio.find(Completion).items == ['"plan": "pro"']
    await studio.press("enter")
    assert studio.field("data").value == '{"plan": "pro"}'
    assert studio.app.fake_engine.sent == [], "enter has taken the field, and sent nothing"
