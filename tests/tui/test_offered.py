"""What footer and help list: keys that do something as things stand, and no others."""

from __future__ import annotations

from dataclasses import replace

from studio.studio_clock import JumpState
from studio.tui.actions import commands
from studio.tui.desk import Trouble
from studio.tui.offered import ACTS, COPIES, LEADS, SENDS, TURNS
from studio.tui.screens.help import HelpScreen
from studio.tui.widgets.keys_bar import usable
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import DAY, START, FakeDesk, FakeStudio, world

JUMP = JumpState(START, START + 30 * DAY, 12_400, 30_112, START + 20 * DAY)


def offered(studio: Studio) -> set[str | None]:
    """The ids of the keys that act now."""
    screen = studio.app.screen
    return {binding.id for binding, _ in usable(screen, screen.focused)}


async def at(desk: FakeDesk, *keys: str) -> tuple[set[str | None], list[str]]:
    """What is offered, and the lines of the screen, after some keys."""
    async with open_studio(size=(200, 60), app=FakeStudio(world(), desk)) as studio:
        await studio.press(*keys)
        return offered(studio), studio.lines


async def test_a_studio_that_only_looks_offers_looking() -> None:
    desk = FakeDesk()
    desk.read_only = True
    desk.viewer_of = 0
    found, lines = await at(desk, "3")
    assert not found & (TURNS | LEADS | ACTS | SENDS | COPIES)
    assert {"why", "filter", "maximise", "quit", "copy"} <= found
    assert lines[-1].split() == [
        "/",
        "filter",
        "w",
        "why",
        "d",
        "designer",
        "m",
        "maximise",
        "tab",
        "next",
        "pane",
        "q",
        "quit",
        "?",
        "help",
    ]
    assert "READ ONLY" in lines[1]
    assert "×" not in lines[1], "no speed that nobody can choose"


async def test_a_studio_that_only_looks_tells_how_the_clock_stands() -> None:
    desk = FakeDesk()
    desk.read_only = True
    desk.fake_hand.stands = replace(desk.fake_hand.stands, paused=True, speed=60)
    _, lines = await at(desk)
    assert "READ ONLY  ‖ PAUSED" in lines[1]
    assert lines[1].count("×") == 1
    assert "×60" in lines[1]
    desk.fake_hand.stands = replace(desk.fake_hand.stands, jump=JUMP)
    found, lines = await at(desk)
    assert "READ ONLY  » JUMPING 41%" in lines[1]
    assert "esc" not in lines[1] + lines[-1]
    assert "clock.stop" not in found


async def test_a_viewer_of_a_running_engine_may_ask_its_clock() -> None:
    desk = FakeDesk()
    desk.viewer_of = 4711
    found, lines = await at(desk, "3")
    assert TURNS | LEADS - {"entry.time_out"} <= found
    assert " ×1  ×10  ×60  ×3600 " in lines[1].replace("   ", "  ")
    assert "f next deadline" in lines[-1]


async def test_a_viewer_without_an_engine_may_only_send() -> None:
    desk = FakeDesk()
    desk.viewer_of = 0
    found, lines = await at(desk, "3")
    assert "VIEWER · no engine runs" in lines[1]
    assert "×" not in lines[1]
    assert not found & (TURNS | LEADS | ACTS)
    assert {"inject", "wait.answer", "send_again", "fork"} <= found


async def test_an_engine_that_ended_is_asked_for_nothing() -> None:
    desk = FakeDesk()
    why = "the engine's thread ended: ValueError: no"
    desk.wrong = Trouble("STOPPED: the engine's thread ended", why, ended=True)
    found, lines = await at(desk, "3")
    assert not found & (TURNS | LEADS | ACTS | SENDS)
    assert "✗ STOPPED: the engine's thread ended " in lines[1]
    assert why in lines[2]


async def test_trouble_leaves_nothing_in_the_bar_that_looks_alive() -> None:
    desk = FakeDesk()
    desk.wrong = Trouble("DISK FULL: engine paused", "s.db: the disk is full", ended=False)
    desk.fake_hand.stands = replace(desk.fake_hand.stands, paused=True)
    for size in ((80, 24), (120, 36)):
        async with open_studio(size=size, app=FakeStudio(world(), desk)) as studio:
            bar = studio.lines[1]
            assert bar.split()[:4] == ["✗", "DISK", "FULL:", "engine"]
            for alive in ("RUNNING", "PAUSED", "×", "next", "━"):
                assert alive not in bar
            clock = studio.live.query_one("#clock")
            assert clock.has_class("-trouble")
            assert not clock.has_class("-paused")


async def test_the_footer_has_the_keys_of_what_lies_over_the_screen(studio: Studio) -> None:
    before = studio.lines[-1]
    await studio.press("question_mark")
    assert studio.lines[-1].split() == ["esc", "close", "^q", "quit"]
    await studio.press("escape")
    assert studio.lines[-1] == before
    await studio.press("3", "w")
    assert studio.lines[-1].split() == ["⏎", "open", "it", "mended", "esc", "close", "^q", "quit"]


async def test_the_footer_of_a_question_on_a_large_screen_has_its_answers() -> None:
    async with open_studio(size=(120, 36)) as studio:
        await studio.press("3", "j", "j", "j", "x")
        assert studio.screen == "QuestionScreen"
        keys = {binding.id for binding, _ in usable(studio.app.screen, None)}
        assert {"question.yes", "question.no"} <= keys
        assert not keys & {"inject", "quit", "wait.answer", "clock.next"}


async def test_a_jump_is_stopped_by_the_first_key_of_the_footer(studio: Studio) -> None:
    hand = studio.app.fake_desk.fake_hand
    await studio.press("3")
    hand.stands = replace(hand.stands, jump=JUMP)
    studio.app.move(0)
    await studio.settle()
    assert studio.lines[-1].startswith(" esc stops here  ⏎ answer")
    assert "f next deadline" not in studio.lines[-1], "one jump at a time"
    assert "x let it time out" not in studio.lines[-1]
    # Also with a question or a page over the screen.
    await studio.press("question_mark")
    assert isinstance(studio.app.screen, HelpScreen)
    assert studio.lines[-1].startswith(" esc stops here")
    await studio.press("escape")
    assert hand.acts == [("stop_jump", 0)]
    studio.app.move(0)
    await studio.settle()
    assert "stops here" not in studio.lines[-1]
    await studio.press("escape")
    assert "x let it time out" in studio.lines[-1]


async def test_a_key_that_is_not_offered_is_refused_by_name(studio: Studio) -> None:
    studio.app.fake_desk.read_only = True
    await studio.press("z")
    assert "READ ONLY: time is not taken back from here" in studio.text


async def test_commands_are_those_that_do_something() -> None:
    desk = FakeDesk()
    desk.read_only = True
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        titles = {each.title for each in commands(studio.app, studio.live)}
        assert {"Why", "Maximise", "Quit"} <= titles
        assert not titles & {"Inject", "Undo", "Next deadline", "Waiting: answer", "Editor at the problem"}
