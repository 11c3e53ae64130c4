"""Settings: what a person has set, what the studio remembers, and what it does with nonsense."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from studio.tui.app import StudioApp
from studio.tui.format.glyphs import use_symbols
from studio.tui.format.themes import DARK, LIGHT
from studio.tui.keys.keymap import complaints
from studio.tui.screens.help import HelpScreen
from studio.tui.session.preferences import Preferences, PreferencesError, read, settings_path, write
from studio.tui.widgets.log import LogList
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.users_list import UsersList
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, world


@asynccontextmanager
async def studio_with(file: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Studio]:
    """A studio with this settings file."""
    app = FakeStudio(world(), settings=file)
    try:
        async with open_studio(size=size, app=app) as studio:
            yield studio
    finally:
        use_symbols("")


def said(app: StudioApp) -> list[str]:
    """The toasts."""
    return [each.message for each in app._notifications]


def test_the_file_lies_in_the_users_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path() == tmp_path / "journey-studio" / "settings.toml"


def test_a_file_that_is_not_there_sets_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "none.toml") == Preferences()


def test_what_is_written_reads_back_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "settings.toml"
    write(file, {"theme": DARK}, {})
    file.write_text('# mine\nsymbols = "ascii"\n\n[keymap]\ninject = "n" # new\n', encoding="utf-8")
    write(file, {"theme": LIGHT}, {"maximised": "log", "wide": True})
    text = file.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "# new" in text
    assert read(file) == Preferences(LIGHT, "ascii", {"inject": "n"}, {"maximised": "log", "wide": True})
    assert list(file.parent.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("", encoding="utf-8")
    link = tmp_path / "settings.toml"
    link.symlink_to(real)
    write(link, {"theme": LIGHT}, {})
    assert link.is_symlink()
    assert read(real).theme == LIGHT


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("theme = ", "not valid TOML"),
        ("theme = 3", "theme is 3"),
        ('symbols = "emoji"', 'Write "unicode" or "ascii"'),
        ('keymap = "x"', "[keymap] needs lines"),
        ("[keymap]\ninject = 5", "[keymap] needs lines"),
        ("remembered = 1", "[remembered] is not a table"),
        ('theem = "day"', "Did you mean theme?"),
    ],
)
async def test_nonsense_is_told_in_one_line_and_the_defaults_hold(
    tmp_path: Path, text: str, what: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PreferencesError) as error:
        read(file)
    assert what in str(error.value)
    async with studio_with(file) as studio:
        (line,) = said(studio.app)
        assert what in line
        assert line.endswith("The defaults are used.")
        assert "\n" not in line
        assert studio.app.theme == DARK
        assert studio.app.is_running
    assert file.read_text(encoding="utf-8") == text


async def test_a_theme_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    async with studio_with(file) as studio:
        assert studio.app.theme == DARK
        assert not file.exists()
        await studio.press("colon")
        await studio.press(*"theme day")
        await studio.press("enter", "enter")
        assert studio.app.theme == LIGHT
    async with studio_with(file) as studio:
        assert studio.app.theme == LIGHT


async def test_a_theme_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('theme = "dracula"\n', encoding="utf-8")
    async with studio_with(file) as studio:
        assert said(studio.app) == [f"theme: there is no dracula. Write {DARK} or {LIGHT}."]


async def test_the_maximised_pane_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    async with studio_with(file) as studio:
        await studio.press("4", "m")
    async with studio_with(file) as studio:
        assert [pane.id for pane in studio.live.panes if pane.display] == ["log"]
        assert studio.focus == "log"
        await studio.press("escape")
    async with studio_with(file) as studio:
        assert all(pane.display for pane in studio.live.panes)


@pytest.mark.long
async def test_order_level_folds_and_pane_are_as_they_were_left(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    records = world()
    records.rows_entries = records.rows_timeline["user1"]
    async with open_studio(app=FakeStudio(records, settings=file)) as studio:
        await studio.press("1", "o", "o")
        await studio.press("4", "l", "l")
        await studio.press("2", "g", "enter", "j", "j", "j", "j", "j", "enter")
        entries = studio.find(EntryList)
        assert len(entries._unfolded) == 2
        await studio.press("g", "enter")
        (left,) = entries._unfolded
        await studio.press("3")
    again = FakeStudio(records, settings=file)
    async with open_studio(app=again) as studio:
        users = studio.find(UsersList)
        assert users.order == "state"
        assert users.rows[0].state == "failed"
        assert "failed first" in studio.text
        assert studio.find(LogList).level == "warning"
        assert "4 Log · all users · warning" in studio.text
        assert studio.focus == "waiting"
        await studio.press("1", "G")
        studio.live.choose("user1")
        await studio.settle()
        assert list(studio.find(EntryList)._unfolded) == [left]
        # They come back with the user, too.
        studio.live.choose("user7")
        await studio.settle()
        studio.live.choose("user1")
        await studio.settle()
        assert list(studio.find(EntryList)._unfolded) == [left]
        await studio.press("4", "l", "l", "l")
    desk = FakeEngine()
    desk.path = tmp_path / "other.db"
    async with open_studio(app=FakeStudio(records, desk, settings=file)) as studio:
        studio.live.choose("user1")
        await studio.settle()
        assert not studio.find(EntryList)._unfolded, "another store has other entries"
        assert studio.find(LogList).level is None
        assert studio.focus == "log"


@pytest.mark.long
async def test_the_tab_of_a_small_screen_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    async with open_studio(size=(80, 24), app=FakeStudio(world(), settings=file)) as studio:
        await studio.press("4")
    async with open_studio(size=(80, 24), app=FakeStudio(world(), settings=file)) as studio:
        assert [pane.id for pane in studio.live.panes if pane.display] == ["log"]


async def test_plain_signs_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('symbols = "ascii"\n', encoding="utf-8")
    async with studio_with(file) as studio:
        assert "x failed" in studio.text
        assert not set("◷☾●✗✓⊘⟳∞") & set(studio.text)


async def test_keys_can_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[keymap]\ninject = "h"\nmaximise = "ctrl+w"\n', encoding="utf-8")
    async with studio_with(file) as studio:
        assert said(studio.app) == []
        assert "h inject" in studio.lines[-1]
        await studio.press("i")
        assert studio.focus == "users"
        await studio.press("h")
        assert studio.focus == "event"
        await studio.press("escape", "question_mark")
        screen = studio.app.screen
        assert isinstance(screen, HelpScreen)
        text = "\n".join("".join(part for part, _ in pieces) for _, pieces in screen.page.rows)
        assert re.findall(r"  (\S+(?: \S+)*) +inject", text) == ["h 5"]
        assert re.findall(r"  (\S+(?: \S+)*) +maximise", text) == ["^w"]


def test_clashes_and_slips_in_a_keymap_are_told() -> None:
    assert complaints({}) == []
    assert complaints({"inject": "h"}) == []
    assert complaints({"injekt": "h"}) == ["[keymap]: there is no key injekt. Did you mean inject?"]
    assert complaints({"inject": "m"}) == ["[keymap]: inject and maximise both listen to m."]
    assert "[keymap]: inject and list.down both listen to j." in complaints({"inject": "j"})
    assert complaints({"inject": "m", "maximise": "i"}) == [], "they have changed places"


async def test_a_clash_is_told_on_the_screen(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[keymap]\ninject = "m"\n', encoding="utf-8")
    async with studio_with(file) as studio:
        assert said(studio.app) == ["[keymap]: inject and maximise both listen to m."]
