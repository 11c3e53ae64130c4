"""The designer: what its panes show, and each of its keys."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from studio.design.coverage import kept
from studio.design.editing.templates import (
    NewCollection,
    NewLog,
    NewMessage,
    NewReminder,
    NewSplit,
    NewStep,
    NewUntil,
    NewWait,
)
from studio.design.outline.flow_reader import read
from studio.errors import EditError
from studio.source import loader
from studio.tui.screens import problem_control
from studio.tui.screens.designer import DesignerScreen
from studio.tui.screens.edit_control import template
from studio.tui.session.editor import CursorPlace
from studio.tui.widgets.explorer_pane import ExplorerPane
from studio.tui.widgets.here_now import HereNow
from studio.tui.widgets.map_pane import MapPane
from studio.tui.widgets.source_pane import SourcePane
from studio.tui.widgets.timeline import TimelinePane
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, designer_world

WORKFLOWS = Path(__file__).parents[3] / "workflows"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example workflows, to be edited."""
    return Path(shutil.copytree(WORKFLOWS, tmp_path / "workflows", ignore=shutil.ignore_patterns("__*")))


@pytest.fixture
def desk(folder: Path) -> FakeEngine:
    found = FakeEngine()
    found.named = loader.load(str(folder)).workflows
    return found


@pytest.fixture
async def studio(desk: FakeEngine) -> AsyncIterator[Studio]:
    async with open_studio(size=(140, 40), app=FakeStudio(designer_world(), desk)) as opened:
        await opened.press("d")
        yield opened


def screen(studio: Studio) -> DesignerScreen:
    """The designer."""
    found = studio.app.designer
    assert found is not None
    return found


def node(studio: Studio) -> str:
    """The node under the cursor of the map."""
    found = screen(studio).query_one(MapPane).node
    assert found is not None
    return found.id


def line(studio: Studio) -> int:
    """The line under the cursor of the source."""
    row = screen(studio).query_one(SourcePane).row
    assert row is not None
    return row.number


async def test_it_opens_where_the_user_of_the_live_screen_stands(studio: Studio) -> None:
    assert (studio.screen, studio.focus) == ("DesignerScreen", "map")
    assert node(studio) == "onboarding.py:36 wait"
    row = next(text for text in studio.lines if "app/email.verified  6s" in text)
    assert "▸ user1 4.2s" in row
    assert "◷ 21      101" in row
    assert line(studio) == 36
    assert "◷ 21 ┃ 36 ▸ " in studio.text


async def test_the_countdown_on_the_map_runs(studio: Studio) -> None:
    studio.app.move(1_000)
    await studio.settle()
    assert "▸ user1 3.2s" in studio.text


@pytest.mark.parametrize("key", ["d", "escape"])
async def test_d_and_esc_go_back(studio: Studio, key: str) -> None:
    await studio.press(key)
    assert studio.screen == "LiveScreen"
    assert studio.app.designer is None


async def test_the_palette_has_it(studio: Studio) -> None:
    await studio.press("d", "colon", *"designer", "enter", "enter")
    assert studio.screen == "DesignerScreen"


async def test_the_cursor_goes_from_node_to_node_and_the_source_follows(studio: Studio) -> None:
    await studio.press("down")
    assert (node(studio), line(studio)) == ("onboarding.py:37 branch", 37)
    await studio.press("down", "down", "k", "up", "up", "up")
    assert (node(studio), line(studio)) == ("onboarding.py:31 return", 31)
    await studio.press("home")
    assert node(studio) == "onboarding.py:17 start"
    await studio.press("G")
    assert node(studio) == "onboarding.py:54 return"
    await studio.press("pageup")
    assert line(studio) < 36


async def test_a_line_of_the_source_selects_its_node(studio: Studio) -> None:
    await studio.press("2", *["up"] * 10)
    assert (line(studio), node(studio)) == (26, "onboarding.py:26 wait")
    assert "4 Here now 12 · app/acc" in studio.text


async def test_left_and_right_fold_and_unfold(studio: Studio) -> None:
    await studio.press("left")
    assert "⋯ 2 folded" in studio.text
    assert "waited 6s for app/em" not in "\n".join(text[:66] for text in studio.lines)
    await studio.press("right")
    assert "⋯ 2 folded" not in studio.text
    await studio.press("down", "down", "left")
    assert node(studio) == "onboarding.py:37 branch"


async def test_enter_on_a_node_goes_to_its_users_and_enter_there_to_the_live_screen(studio: Studio) -> None:
    await studio.press("enter")
    assert studio.focus == "here"
    here = screen(studio).query_one(HereNow)
    assert [row.user for row in here.rows][:3] == ["user93", "user91", "joão"]
    await studio.press("down", "enter")
    assert studio.screen == "LiveScreen"
    assert studio.find(TimelinePane).user == "user91"


async def test_a_wait_that_ends_under_the_cursor_stays(studio: Studio) -> None:
    await studio.press("4")
    records = studio.app.records
    records.rows_waits = [row for row in records.rows_waits if row.user != "user93"]
    screen(studio).follow_store()
    await studio.settle()
    assert any("user93" in text and "over" in text for text in studio.lines)


async def test_the_explorer_shows_every_path(studio: Studio) -> None:
    pane = screen(studio).query_one(ExplorerPane)
    assert "3 Explorer · " in studio.text
    assert "explored in" in studio.text
    assert [row.row.text for row in pane.rows][:2] == ["app/account.created  1s", "timed out"]
    await studio.press("3", "home")
    assert (node(studio), line(studio)) == ("onboarding.py:26 wait", 26)


async def test_o_and_enter_go_round_the_workflows(studio: Studio) -> None:
    names = []
    for _ in range(4):
        await studio.press("o", "enter")
        view = screen(studio).view
        assert view is not None
        names.append(view.workflow.name)
    assert names == ["trial", "cart", "lifecycle", "onboarding"]


async def test_without_a_second_workflow_o_says_so(desk: FakeEngine) -> None:
    desk.named = {"cart": desk.named["cart"]}
    async with open_studio(app=FakeStudio(designer_world(), desk)) as studio:
        await studio.press("d", "o")
        assert "there is no other workflow" in studio.text
        assert "1 Map · cart" in studio.text


async def test_without_a_workflow_it_says_so() -> None:
    desk = FakeEngine()
    desk.named = {}
    async with open_studio(app=FakeStudio(designer_world(), desk)) as studio:
        await studio.press("d", "down", "left", "right", "enter", "2", "e", "3", "4")
        assert "No workflow is loaded." in studio.text


async def test_tab_goes_round_the_panes_and_m_gives_one_all_the_room(studio: Studio) -> None:
    found = []
    for key in ("tab", "tab", "tab", "tab", "shift+tab"):
        await studio.press(key)
        found.append(studio.focus)
    assert found == ["source", "explorer", "here", "map", "here"]
    await studio.press("2", "m")
    assert "1 Map" not in studio.text
    await studio.press("escape")
    assert studio.screen == "DesignerScreen"
    assert "1 Map" in studio.text


async def test_in_a_small_terminal_the_panes_are_tabs(desk: FakeEngine) -> None:
    async with open_studio(size=(80, 24), app=FakeStudio(designer_world(), desk)) as studio:
        await studio.press("d")
        for key, title in (("1", "1 Map ·"), ("2", "2 "), ("3", "3 Explorer"), ("4", "4 Here now")):
            await studio.press(key)
            assert f"┏━ {title}" in studio.text


async def test_e_opens_the_editor_at_the_line(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[CursorPlace] = []

    def go(app: Any, place: CursorPlace) -> str:
        went.append(place)
        return "seen"

    monkeypatch.setattr(problem_control, "go", go)
    await studio.press("e", "2", "up", "e", "E")
    assert [(place.path.name, place.line) for place in went] == [("onboarding.py", 36), ("onboarding.py", 35)]
    assert "every workflow file loads" in studio.text


async def test_a_file_that_was_saved_is_read_again(studio: Studio, folder: Path) -> None:
    file = folder / "onboarding.py"
    file.write_text(file.read_text().replace('timeout="6s"', 'timeout="10s"').replace("from", "\nfrom", 1))
    screen(studio)._looked_at = 0.0
    studio.app.move(0)
    await studio.settle()
    row = next(text for text in studio.lines if "app/email.verified  10s" in text)
    assert "◷ 21      101" in row
    assert "the old code still runs" in studio.text


async def test_a_file_that_does_not_load_is_shown_at_its_line(studio: Studio, folder: Path) -> None:
    file = folder / "onboarding.py"
    file.write_text(file.read_text().replace("    if not verified:", "    if not verified"))
    screen(studio)._looked_at = 0.0
    studio.app.move(0)
    await studio.settle()
    assert "37 ✗" in studio.text
    assert "onboarding.py:37" in studio.text
    assert "app/email.verified  6s" in studio.text


async def test_other_counts_come_with_the_next_commit(studio: Studio) -> None:
    records = studio.app.records
    records.rows_funnel = records.rows_funnel[3:]
    records.rows_waits = [row for row in records.rows_waits if row.name != "app/account.created"]
    screen(studio).follow_store()
    await studio.settle()
    row = next(text for text in studio.lines if "app/account.created  backoff" in text)
    assert "◷ 12" not in row


def text_of(folder: Path) -> str:
    """The file that is edited."""
    return (folder / "onboarding.py").read_text()


async def test_c_changes_a_value_and_z_takes_it_back(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    await studio.press("c")
    assert "timeout of app/email.verified  :36" in studio.text
    await studio.press(*"10s", "enter")
    assert text_of(folder) == before.replace('timeout="6s"', 'timeout="10s"')
    assert "z undoes it" in studio.text
    assert "app/email.verified  10s" in studio.text
    await studio.press("z")
    assert text_of(folder) == before
    assert "undone: " in studio.text
    assert "app/email.verified  6s" in studio.text
    await studio.press("z")
    assert "there is no edit to undo" in studio.text


async def test_a_value_that_is_refused_stays_with_the_reason(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    await studio.press("c", "x", "enter")
    assert studio.screen == "ChangeScreen"
    assert any(text.rstrip() == " x" for text in studio.lines)
    assert "90s" in studio.text
    await studio.press("escape")
    assert (studio.screen, text_of(folder)) == ("DesignerScreen", before)


async def test_tab_is_the_next_value(studio: Studio, folder: Path) -> None:
    await studio.press("c", "tab")
    assert "event of app/email.verified" in studio.text
    await studio.press("shift+tab", "shift+tab")
    assert "match of app/email.verified" in studio.text
    await studio.press("enter")
    assert "a match is written as key=value" in studio.text


async def test_what_has_no_value_says_so(studio: Studio) -> None:
    await studio.press("down", "c")
    assert "e opens its line in the editor" in studio.text


async def test_a_inserts_and_removes(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    await studio.pilot.press("a")
    await studio.pilot.pause()
    assert "Insert after app/email.verified  :36" in studio.text
    await studio.press("b", "s")
    assert "duration of the new sleep before app/email.verified" in studio.text
    await studio.press("enter")
    assert "a sleep needs duration" in studio.text
    await studio.press(*"1h", "enter")
    assert 'await journey.sleep("1h")' in text_of(folder)
    await studio.press("z", "home", *["down"] * 30, "up")
    assert node(studio) == "onboarding.py:53 log"
    await studio.pilot.press("a")
    await studio.press("x")
    assert text_of(folder) == before.replace('    journey.log("end of workflow")\n', "")


async def test_enter_in_the_menu_does_nothing(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    await studio.pilot.press("a")
    await studio.press("enter")
    assert (studio.screen, text_of(folder)) == ("DesignerScreen", before)


async def test_a_studio_that_only_looks_changes_no_file(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    studio.app.fake_engine.read_only = True
    await studio.press("c", "1", "enter")
    assert "READ ONLY: cannot change files" in studio.text
    assert text_of(folder) == before


def test_what_is_written_is_what_is_inserted() -> None:
    assert template("wait", "app/login 2d") == NewWait("app/login", "2d")
    assert template("wait", "app/login") == NewWait("app/login")
    assert template("step", " send welcome ") == NewStep("send welcome")
    assert template("reminder", "reminder/login") == NewReminder("reminder/login")
    assert template("log line", "so") == NewLog("so")
    assert template("digest", "a/b 10m 1h") == NewCollection("a/b", "10m", "1h")
    assert template("digest", "a/b 10m") == NewCollection("a/b", "10m")
    assert template("until", "09:00") == NewUntil("09:00")
    assert template("until", "09:00 mon-fri") == NewUntil("09:00", on="mon-fri")
    assert template("until", "09:00 +2d") == NewUntil("09:00", days=2)
    assert template("until", "09:00 2026-05-01") == NewUntil("09:00", date="2026-05-01")
    assert template("message", "email day 1") == NewMessage("email", "day 1")
    assert template("split", "subject a 33.5, b=66.5%") == NewSplit("subject", {"a": 33.5, "b": 66.5})
    for what, text, why in (
        ("digest", "a/b", "how long nothing may come"),
        ("message", "email", "a channel and a name"),
        ("split", "subject a, b 50", "the arm 'a' has no per cent"),
    ):
        with pytest.raises(EditError, match=why):
            template(what, text)


async def test_enter_on_the_source_types_there_and_ctrl_s_saves(studio: Studio, folder: Path) -> None:
    before = text_of(folder)
    await studio.press("2", "enter")
    assert studio.screen == "SourceEditor"
    await studio.press(*"# d", "enter")
    assert "not saved" in studio.text
    await studio.press("ctrl+s")
    assert text_of(folder) == before.replace("    verified = await", "# d\n    verified = await")
    await studio.press("ctrl+s", "escape")
    assert studio.screen == "DesignerScreen"
    await studio.press("z")
    assert text_of(folder) == before


async def test_what_someone_else_has_saved_is_not_overwritten(studio: Studio, folder: Path) -> None:
    await studio.press("2", "enter", "x")
    (folder / "onboarding.py").write_text("# theirs\n")
    await studio.press("ctrl+s")
    assert "has changed on disk" in studio.text
    assert text_of(folder) == "# theirs\n"
    await studio.press("escape")
    assert "esc again discards it" in studio.text
    await studio.press("escape")
    assert (studio.screen, text_of(folder)) == ("DesignerScreen", "# theirs\n")


async def test_a_file_with_two_kinds_of_line_ends_is_not_typed_in(studio: Studio, folder: Path) -> None:
    file = folder / "onboarding.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n", 5))
    await studio.press("2", "enter")
    assert "its lines end in more than one way" in studio.text
    assert studio.screen == "DesignerScreen"


async def comes(studio: Studio, wanted: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until the designer has looked at its files again."""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end
        screen(studio)._looked_at = 0
        screen(studio).tick(0)
        await studio.settle()


async def test_what_the_tests_went_is_shown_until_the_source_is_another(studio: Studio, folder: Path) -> None:
    workflow = loader.load(str(folder / "onboarding.py")).workflows["onboarding"]
    outline = read(workflow)
    digest = kept.source_digest(outline, workflow.source_of)
    ways = kept.covered("onboarding", outline, digest, ()).ways
    gone = [way for way in ways if "onboarding.py:38 log" not in way]
    kept.write(folder.parent, [kept.covered("onboarding", outline, digest, gone)])
    pane = screen(studio).query_one(MapPane)
    await comes(studio, lambda: "tests 90%" in str(pane.border_title))
    rows = [row.row for row in pane.rows]
    missed = [row.text for row in rows if "untested" in row.text]
    assert len(missed) == 1
    assert "if not verified  untested" in missed[0]
    # The line to what was gone is green; what nobody came to is pale.
    assert next(row.segments for row in rows if row.node == "onboarding.py:38 log")[2][1] == "muted"
    assert next(row.segments for row in rows if row.node == "onboarding.py:42 wait")[1][1] == "strong"
    path = folder / "onboarding.py"
    path.write_text(path.read_text() + "# another\n")
    await comes(studio, lambda: "tests 90%, stale" in str(pane.border_title))
    assert not any("untested" in row.row.text for row in pane.rows)
    (folder.parent / kept.FILE).unlink()
    await comes(studio, lambda: "tests" not in str(pane.border_title))


async def test_the_newer_words_are_inserted_changed_and_taken_back(studio: Studio, folder: Path) -> None:
    path = folder / "onboarding.py"
    before = path.read_text()
    await studio.press("a", "p", *"subject plain 50, playful 50", "enter")
    await studio.settle()
    assert 'await journey.split("subject", {"plain": 50, "playful": 50})' in path.read_text()
    await studio.press("a", "e", *"email day 1", "enter")
    await studio.settle()
    assert 'await journey.message(email_channel, "day 1", day_1, journey.user.id)' in path.read_text()
    loaded = loader.load(str(path))
    assert loaded.problems == []
    pane = screen(studio).query_one(MapPane)
    split = next(row.row.node for row in pane.rows if row.row.node.endswith(" split"))
    pane.select(split)
    await studio.press("c")
    assert studio.screen == "ChangeScreen"
    assert "plain 50, playful 50" in studio.text
    await studio.press(*["backspace"] * 20, *"plain 20, playful 80", "enter")
    await studio.settle()
    assert '{"plain": 20, "playful": 80}' in path.read_text()
    await studio.press("home", "c", *"billing/paid", "enter")
    await studio.settle()
    text = path.read_text()
    assert 'goal=goal("billing/paid")' in text
    assert "from studio import Journey, channel, goal, workflow" in text
    for _ in range(4):
        await studio.press("z")
        await studio.settle()
    assert path.read_text() == before
