"""`:` begins with what was used last, for the next start too, and goes to files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.command import CommandList

from studio.language.definition import Workflow
from studio.tui.keys.used import FIRST_SCORE, MOST_KEPT, UsedCommands, of_kind
from studio.tui.session.remembered import Memory
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeStudio, world
from tests.tui.keys.test_goals import choose
from tests.tui.test_shell import call


def memory(path: Path | None = None) -> Memory:
    told: list[str] = []
    found = Memory(path, told.append)
    found.load()
    assert told == []
    return found


def listed(studio: Studio) -> list[str]:
    """The lines of the list, without their keys and commands."""
    found = studio.app.screen.query_one(CommandList)
    return [str(option.prompt).split("  ")[0] for option in found.options]


def test_the_last_comes_first_each_once_and_so_many_at_most(tmp_path: Path) -> None:
    used = UsedCommands(memory(tmp_path / "settings.toml"))
    for number in range(MOST_KEPT + 5):
        used.take(f"User: u{number}")
    used.take("Charts")
    used.take("User: u33")
    again = UsedCommands(memory(tmp_path / "settings.toml"))
    assert again.titles[:3] == ["User: u33", "Charts", "User: u34"]
    assert len(again.titles) == MOST_KEPT
    assert of_kind(again.titles[:3], "User") == ["u33", "u34"]
    assert again.place("Charts") == FIRST_SCORE - 1
    assert again.place("Quit") is None


def test_what_was_used_comes_before_others_only_where_its_words_are_typed() -> None:
    used = UsedCommands(memory())
    used.take("Rewind to here")
    assert used.score("Rewind to here", "rewind", 0.4) == FIRST_SCORE
    assert used.score("Rewind to here", "rth", 0.4) == 0.4
    assert used.score("Why", "why", 0.4) == 0.4


async def test_it_begins_with_what_was_used_last_after_a_restart(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    async with open_studio(app=FakeStudio(world(), settings=settings)) as studio:
        await call(studio, "maximise")
        await choose(studio, "User: lena")
    async with open_studio(app=FakeStudio(world(), settings=settings)) as studio:
        await studio.press("3", "colon")
        await studio.settle()
        assert listed(studio)[:3] == ["User: lena.fischer", "Maximise", "Answer"]
        await studio.press("enter")
        await studio.settle()
        assert studio.focus == "entries"


async def test_a_user_of_another_store_is_not_offered(studio: Studio) -> None:
    UsedCommands(studio.app.session.memory).take("User: nobody")
    await studio.press("3", "colon")
    await studio.settle()
    assert listed(studio)[0] == "Answer"


async def test_a_file_is_opened_in_the_editor(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    own = next(iter(studio.app.fake_engine.named.values()))
    assert isinstance(own, Workflow)
    name = os.path.basename(own.path)
    await choose(studio, f"File: {name}")
    assert studio.app.clipboard.endswith(name)
    assert "with $EDITOR set it is opened" in studio.text
