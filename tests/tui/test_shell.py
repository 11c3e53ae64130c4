"""Around the panes: commands, help, one pane maximised, one step out, the mouse."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from textual.command import CommandPalette
from textual.events import MouseScrollDown

from studio.tui.format.key_names import labels
from studio.tui.keys.actions import commands, groups
from studio.tui.screens.help import HelpScreen
from studio.tui.session.messages import StoreChanged
from studio.tui.widgets.lanes import LanesPane
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, world

PANES = ("users", "timeline", "waiting", "log")


def shown(studio: Studio) -> list[str | None]:
    """The panes that are on the screen."""
    return [pane.id for pane in studio.live.panes if pane.display]


async def call(studio: Studio, text: str) -> None:
    """Call a command by its name."""
    await studio.press("colon", *text)
    for _ in range(4):
        if not isinstance(studio.app.screen, CommandPalette):
            break
        await studio.press("enter")
    assert not isinstance(studio.app.screen, CommandPalette)


# -- commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_opens_with_both_keys(studio: Studio, key: str) -> None:
    await studio.press(key)
    assert isinstance(studio.app.screen, CommandPalette)
    await studio.press("escape")
    assert studio.screen == "LiveScreen"


async def test_a_colon_is_typed_in_a_field_where_ctrl_p_still_opens_commands(studio: Studio) -> None:
    await studio.press("i", "colon")
    assert studio.field("event").value == ":"
    await studio.press("ctrl+p")
    assert isinstance(studio.app.screen, CommandPalette)


async def test_every_action_with_a_key_is_a_command(studio: Studio) -> None:
    for key in ("1", "2", "3", "4", "i"):
        await studio.press(key)
        titles = {command.title.lower() for command in commands(studio.app, studio.live)}
        for title, bindings in groups(studio.live):
            for binding, _ in bindings:
                if binding.description != "all commands":
                    assert binding.description.lower() in titles, (title, binding)
        if key != "i":
            await studio.press("escape")


async def test_commands_of_other_panes_say_whose_they_are_and_go_there(studio: Studio) -> None:
    await studio.press("1")
    await call(studio, "waiting: answer")
    assert studio.app.screen is studio.live
    assert studio.outcome == "✓ answers user1 ⏎"
    assert studio.focus == "event"


async def test_a_command_acts_on_the_pane_that_had_focus(studio: Studio) -> None:
    await studio.press("4")
    await call(studio, "maximise")
    assert shown(studio) == ["log"]
    await call(studio, "quit")
    assert studio.app._exit


async def test_the_palette_begins_with_what_is_done_most_here(studio: Studio) -> None:
    await studio.press("3", "colon")
    found = [(each.title, each.keys) for each in commands(studio.app, studio.live) if each.shown]
    first = [title for title, _ in found]
    assert first[:4] == ["Answer", "Let it time out", "End only this one", "Filter"]
    assert first.index("Inject") < first.index("Why") < first.index("Next deadline")
    assert first.index("Timeline: zoom out") < first.index("Maximise") < first.index("Help")
    assert ("Inject", "i 5") in found
    assert " Next row" not in studio.text, "moves are found by their names only"
    await studio.press(*"next row")
    await studio.settle()
    assert re.search(r" Next row +↓ j ", studio.text)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_keys_that_some_keyboards_lack_are_commands_everywhere(size: tuple[int, int]) -> None:
    """`[` `]` `/` and `>` need AltGr or shift on some of them."""
    async with open_studio(size=size) as studio:
        for pane in ("1", "2", "3", "4", "i"):
            await studio.press(pane)
            by_key = {
                key: each
                for each in commands(studio.app, studio.live)
                if each.shown
                for key in each.keys.split()
            }
            assert set("[]0>/!") <= set(by_key), pane
            await by_key["["].call()
            await studio.settle()
            assert studio.focus == "entries"
            assert studio.find(LanesPane).scale is not None


async def test_the_keys_of_commands_stand_in_one_column(studio: Studio) -> None:
    await studio.press("3", "colon")
    ends = {
        line.index(f"  {key} ") + len(key)
        for key, words in (("⏎", "Answer"), ("x", "Let it time out"), ("i 5", "Inject"), ("w 6", "Why"))
        for line in studio.lines
        if re.search(rf" {words} .* {key} ", line)
    }
    assert len(ends) == 1


# -- help and footer ---------------------------------------------------------------------------------


async def test_the_help_is_of_the_focused_pane_first(studio: Studio) -> None:
    for key, title in (("3", "3 Waiting"), ("4", "4 Log"), ("1", "1 Users")):
        await studio.press(key, "question_mark")
        screen = studio.app.screen
        assert isinstance(screen, HelpScreen)
        inside = ["".join(text for text, _ in pieces).strip() for _, pieces in screen.page.rows]
        assert inside[0].startswith(title)
        for name in ("On this screen", "Everywhere"):
            assert any(name in line for line in inside)
        assert any(re.search(r": \^p +all commands", line) for line in inside)
        await studio.press("escape")


@pytest.mark.long
@pytest.mark.parametrize("width", [60, 70, 80, 99, 120, 200])
async def test_the_footer_drops_keys_whole_and_keeps_help(width: int) -> None:
    async with open_studio(size=(width, 30)) as studio:
        for key in ("1", "2", "3", "4"):
            await studio.press(key)
            footer = studio.lines[-1]
            assert cell_len(footer) == width
            assert footer.endswith("? help ")
            found = [label for _, bindings in groups(studio.live) for label in labels(bindings)]
            assert found[0].words in footer
            words = {label.words for label in found}
            for part in footer.removesuffix("? help ").strip().split("  "):
                assert not part.strip() or any(part.strip().endswith(f" {said}") for said in words), part
        await studio.press("i")
        assert studio.lines[-1].endswith("^q quit ")


# -- one pane, one step out, the mouse ---------------------------------------------------------------


async def test_the_pane_that_was_clicked_is_maximised(studio: Studio) -> None:
    for pane in PANES:
        await studio.pilot.click(f"#{pane}" if pane != "timeline" else "#entries", offset=(5, 2))
        await studio.settle()
        await studio.press("m")
        assert shown(studio) == [pane]
        await studio.press("m")
        assert shown(studio) == list(PANES)


async def test_going_to_another_pane_maximises_that_one(studio: Studio) -> None:
    await studio.press("1", "m", "4")
    assert shown(studio) == ["log"]
    await studio.press("tab", "shift+tab", "3")
    assert shown(studio) == ["waiting"]


async def test_esc_steps_out_by_one_and_never_quits(studio: Studio) -> None:
    await studio.press("1", "m", "slash", *"user", "enter", "i", *"app/x")
    await studio.press("escape")
    assert studio.focus == "users"
    assert studio.field("event").value == "app/x"
    users = studio.live.panes[0]
    assert users.filter_text == "user"
    assert shown(studio) == ["users"]
    await studio.press("question_mark", "escape")
    assert (users.filter_text, shown(studio)) == ("user", ["users"])
    await studio.press("escape")
    assert (users.filter_text, shown(studio)) == ("", ["users"])
    await studio.press("escape")
    assert shown(studio) == list(PANES)
    for _ in range(5):
        await studio.press("escape")
    assert studio.app.is_running
    assert studio.screen == "LiveScreen"


async def test_the_mouse_does_what_the_keys_do(studio: Studio) -> None:
    await studio.pilot.click("#waiting", offset=(5, 2))
    await studio.settle()
    assert studio.focus == "waiting"
    assert studio.live.panes[2].row is not None
    await studio.pilot.click("#waiting", offset=(5, 2), times=2)
    await studio.settle()
    assert "answers" in studio.outcome
    await studio.press("escape")
    footer = studio.lines[-1]
    await studio.pilot.click("#keys", offset=(footer.index("inject"), 0))
    await studio.settle()
    assert studio.focus == "event"
    await studio.press("escape")
    await studio.pilot.click("#keys", offset=(footer.index("? help"), 0))
    await studio.settle()
    assert studio.screen == "HelpScreen"
    await studio.press("escape")
    users = studio.live.panes[0]
    await studio.pilot.hover("#users")
    await studio.pilot._post_mouse_events([MouseScrollDown], "#users", button=0)
    await studio.settle()
    assert users.scroll_offset.y > 0


# -- looking only ------------------------------------------------------------------------------------


async def test_who_only_looks_is_told_so_and_sends_nothing() -> None:
    desk = FakeEngine()
    desk.read_only = True
    records = world()
    async with open_studio(app=FakeStudio(records, desk)) as studio:
        assert studio.lines[1].startswith(" READ ONLY ")
        studio.live.post_message(StoreChanged())
        await studio.settle()
        assert studio.field("event").value == ""
