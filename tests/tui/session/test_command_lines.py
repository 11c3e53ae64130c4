"""Commands that do what a key does: which, about what, and that the command line takes them."""

from __future__ import annotations

import asyncio
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.tui.session.command_lines import (
    _WORDS,
    CommandPlace,
    EventToSend,
    Looked,
    command_line,
    command_words,
)
from studio.tui.widgets.timeline import EntryList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import START

WORKFLOWS = Path(__file__).parents[3] / "workflows"


def usual(folder: Path) -> CommandPlace:
    return CommandPlace.of(folder / "data" / "studio.db", str(folder / "workflows"), folder)


def test_what_a_command_takes_by_itself_is_not_named(tmp_path: Path) -> None:
    looked = Looked(usual(tmp_path), user="o'neil", workflow="trial")
    assert command_line("pane.timeline", looked) == "journey-studio timeline 'o'\"'\"'neil'"
    assert command_line("charts", looked) == "journey-studio funnel trial"


def test_another_store_and_other_workflows_are_named_by_their_whole_paths(tmp_path: Path) -> None:
    place = CommandPlace.of(tmp_path / "a b.db", str(tmp_path / "flows"), tmp_path)
    looked = Looked(place, user="ann", workflow="trial", event=EventToSend("app/login", "ann"))
    store = f"--store={tmp_path}/a b.db"
    assert shlex.split(command_line("pane.timeline", looked) or "") == [
        "journey-studio",
        "timeline",
        "ann",
        store,
    ]
    assert f"--workflows={tmp_path}/flows" in shlex.split(command_line("charts", looked) or "")
    assert store in shlex.split(command_line("inject.send", looked) or "")


def test_the_projects_own_store_is_not_named_and_the_usual_one_is(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.journey-studio]\nstore = "own.db"\n', encoding="utf-8")
    own = CommandPlace.of(tmp_path / "own.db", str(tmp_path / "workflows"), tmp_path)
    assert command_line("pane.users", Looked(own)) == "journey-studio users"
    assert "--store=" in (command_line("pane.users", Looked(usual(tmp_path))) or "")


def test_a_project_that_cannot_be_read_has_all_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.journey-studio]\nstore = 3\n", encoding="utf-8")
    line = command_line("charts", Looked(usual(tmp_path), workflow="trial")) or ""
    assert "--store=" in line
    assert "--workflows=" in line


def test_an_id_that_begins_with_a_dash_is_no_option(tmp_path: Path) -> None:
    place = CommandPlace.of(tmp_path / "s.db", str(tmp_path / "workflows"), tmp_path)
    words = shlex.split(command_line("pane.timeline", Looked(place, user="--all")) or "")
    assert words[-2:] == ["--", "--all"]


# Of several keys that have the same command, one.
DISTINCT = [*{id(found): name for name, found in _WORDS.items()}.values(), "inject.send"]


@pytest.mark.parametrize("name", DISTINCT)
async def test_the_command_line_takes_each_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """On a real store: what it says is understood and done, or refused for a reason of the store."""
    store = tmp_path / "s.db"
    async with Engine(str(WORKFLOWS), store=store) as engine:
        await engine.ingest("trial/started", user="-ann")
    place = CommandPlace.of(store, str(WORKFLOWS), tmp_path)
    event = EventToSend("app/login", "-ann", {"a": 1})
    looked = Looked(
        place,
        user="-ann",
        journey="trial/-ann",
        event=event,
        again=event,
        why="trial/started",
        cut=1,
        fork=str(tmp_path / "fork.db"),
        workflow="trial",
        file=str(WORKFLOWS / "trial.py"),
        due_at=START,
        wait_due_at=START,
    )
    words = shlex.split(command_line(name, looked) or "")
    assert words[0] == "journey-studio"
    code = await asyncio.to_thread(call, [*words[1:], *(["--yes"] if name == "rewind" else [])])
    said = capsys.readouterr().err
    assert "Usage:" not in said, said
    assert code != 2 or name in ("clock.next", "wait.time_out", "act.resume"), said


# -- on the screen ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (("1",), "journey-studio timeline user1"),
        (("4", "home"), "journey-studio inspect"),
        (("2", "end"), "journey-studio inspect --at="),
        (("d",), "journey-studio map --counts onboarding"),
        (("d", "3"), "journey-studio explore onboarding"),
        (("d", "4"), "journey-studio waits --workflow=onboarding"),
        (("1", "v"), "journey-studio inspect"),
    ],
)
async def test_the_row_under_the_cursor_is_copied_as_a_command(
    studio: Studio, keys: tuple[str, ...], wanted: str
) -> None:
    await studio.press(*keys, "Y")
    assert studio.app.clipboard.startswith(wanted)


async def test_pressed_twice_it_shows_the_command(studio: Studio) -> None:
    await studio.press("1", "Y")
    assert "copied, Y shows it: journey-studio timeline user1" in studio.text
    await studio.press("Y")
    assert studio.screen == "CommandPage"
    assert "journey-studio timeline user1" in studio.text
    await studio.press("escape", "down", "Y")
    assert studio.screen == "LiveScreen", "another row is another command"


async def test_data_that_is_no_json_is_not_copied(studio: Studio) -> None:
    await studio.press("i", *"app/login", "escape")
    studio.field("data").value = "{"
    studio.field("event").focus()
    await studio.live.run_action("copy_command")
    await studio.settle()
    assert studio.app.clipboard == ""


async def test_the_acts_say_their_commands_and_a_key_copies_one(studio: Studio) -> None:
    await studio.press("1", "a", "Y")
    assert "journey-studio cancel onboarding/user1" in studio.text
    await studio.press("c")
    assert studio.app.clipboard == "journey-studio cancel onboarding/user1"
    assert studio.app.fake_engine.acts == [], "nothing was done"
    await studio.press("a")
    assert studio.app.clipboard == "journey-studio cancel onboarding/user1", "an answer is no act"
    await studio.press("Y", "c")
    assert "Cancel onboarding/user1?" in studio.text


async def test_the_palette_lists_the_command_beside_the_action_and_copies_it(studio: Studio) -> None:
    await studio.press("2", "end", "colon", *"rewind to")
    await studio.settle()
    row = studio.find(EntryList).entry
    assert row is not None
    assert re.search(rf"Rewind to here +rewind {row.seq} ", studio.text)
    await studio.press("ctrl+y")
    assert studio.screen == "LiveScreen"
    assert studio.app.clipboard == f"journey-studio rewind {row.seq}"


async def test_an_action_is_found_by_its_command(studio: Studio) -> None:
    await studio.press("1", "colon", *"funnel")
    await studio.settle()
    assert re.search("Charts +funnel onboarding", studio.text)


async def test_a_store_elsewhere_is_named(tmp_path: Path) -> None:
    async with open_studio() as studio:
        studio.app.fake_engine.path = tmp_path / "other.db"
        await studio.press("1", "Y")
        assert studio.app.clipboard == f"journey-studio timeline user1 --store={tmp_path}/other.db"


def test_on_temporal_what_acts_says_so_and_what_looks_does_not(tmp_path: Path) -> None:
    acting = ("--temporal=10.0.0.7:7233", "--queue=mails")
    place = CommandPlace.of(tmp_path / "data" / "studio.db", str(tmp_path / "workflows"), tmp_path, acting)
    event = EventToSend("app/login", "ann", {"n": 1})
    looked = Looked(place, user="ann", journey="trial/ann", workflow="trial", event=event, again=event)
    for name in ("inject.send", "wait.answer", "edit_again", "send_again", "act.cancel", "act.resume"):
        words = shlex.split(command_line(name, looked) or "")
        assert words[-2:] == [*acting] or {*acting} < {*words}, name
    for name in ("pane.timeline", "charts", "inspect", "why", "designer.map"):
        assert "--temporal" not in (command_line(name, looked) or ""), name
    # In a list, where each would say it again, none does.
    assert command_words("act.cancel", looked) == "cancel trial/ann"
    long = replace(looked, event=EventToSend("app/login", "ann", {"n": "x" * 200_000}))
    assert (command_line("inject.send", long) or "").endswith(" ".join(acting))


async def test_what_the_client_is_told_is_in_the_command_that_is_copied(studio: Studio) -> None:
    studio.app.fake_engine.command_options = ("--temporal=localhost:7233",)
    await studio.press("3", "Y")
    assert "--temporal=localhost:7233" in studio.app.clipboard
    assert studio.app.clipboard.startswith("journey-studio send ")
