"""What footer and help list: keys that do something as things stand, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.clocks.adjustable_clock import JumpState
from studio.clocks.clock import wall_ms
from studio.engine.client import Trouble
from studio.store.capabilities import foreign
from studio.store.slow import SLOW, SlowCause, slow_text
from studio.store.stuck import STUCK, StuckCall, stuck_text
from studio.tui.keys.actions import commands
from studio.tui.screens.designer import DesignerScreen
from studio.tui.screens.help import HelpScreen
from studio.tui.session.offered import ACTS, COPIES, LEADS, SENDS, TURNS, Idles, nothing_there
from studio.tui.widgets.keys_bar import usable
from tests.sampling import sampled
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import DAY, START, FakeEngine, FakeStudio, designer_world, world

JUMP = JumpState(START, START + 30 * DAY, 12_400, 30_112, START + 20 * DAY)


def offered(studio: Studio) -> set[str | None]:
    """The ids of the keys that act now."""
    screen = studio.app.screen
    return {binding.id for binding, _ in usable(screen, screen.focused)}


async def at(desk: FakeEngine, *keys: str) -> tuple[set[str | None], list[str]]:
    """What is offered, and the lines of the screen, after some keys."""
    async with open_studio(size=(200, 60), app=FakeStudio(world(), desk)) as studio:
        await studio.press(*keys)
        return offered(studio), studio.lines


async def test_a_studio_that_only_looks_offers_looking() -> None:
    desk = FakeEngine()
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
        "C",
        "charts",
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
    desk = FakeEngine()
    desk.read_only = True
    desk.fake_clock.stands = replace(desk.fake_clock.stands, paused=True, speed=60)
    _, lines = await at(desk)
    assert "READ ONLY  ‖ PAUSED" in lines[1]
    assert lines[1].count("×") == 1
    assert "×60" in lines[1]
    desk.fake_clock.stands = replace(desk.fake_clock.stands, jump=JUMP)
    found, lines = await at(desk)
    assert "READ ONLY  » JUMPING 41%" in lines[1]
    assert "esc" not in lines[1] + lines[-1]
    assert "clock.stop" not in found


async def test_a_viewer_of_a_running_engine_may_ask_its_clock() -> None:
    desk = FakeEngine()
    desk.viewer_of = 4711
    found, lines = await at(desk, "3")
    assert TURNS | LEADS - {"entry.time_out"} <= found
    assert " ×1  ×10  ×60  ×3600 " in lines[1].replace("   ", "  ")
    assert "f next deadline" in lines[-1]


async def test_a_viewer_without_an_engine_may_only_send() -> None:
    desk = FakeEngine()
    desk.viewer_of = 0
    found, lines = await at(desk, "3")
    assert "VIEWER · no engine runs" in lines[1]
    assert "×" not in lines[1]
    assert not found & (TURNS | LEADS | ACTS)
    assert {"inject", "wait.answer", "send_again", "fork"} <= found


async def test_an_engine_that_ended_is_asked_for_nothing() -> None:
    desk = FakeEngine()
    why = "the engine's thread ended: ValueError: no"
    desk.wrong = Trouble("STOPPED: the engine's thread ended", why, ended=True)
    found, lines = await at(desk, "3")
    assert not found & (TURNS | LEADS | ACTS | SENDS)
    assert "✗ STOPPED: the engine's thread ended " in lines[1]
    assert why in lines[2]


async def test_trouble_leaves_nothing_in_the_bar_that_looks_alive() -> None:
    desk = FakeEngine()
    desk.wrong = Trouble("DISK FULL: engine paused", "s.db: the disk is full", ended=False)
    desk.fake_clock.stands = replace(desk.fake_clock.stands, paused=True)
    for size in ((80, 24), (120, 36)):
        async with open_studio(size=size, app=FakeStudio(world(), desk)) as studio:
            bar = studio.lines[1]
            assert bar.split()[:4] == ["✗", "DISK", "FULL:", "engine"]
            for alive in ("RUNNING", "PAUSED", "×", "next", "━"):
                assert alive not in bar
            clock = studio.live.query_one("#clock")
            assert clock.has_class("-trouble")
            assert not clock.has_class("-paused")


async def test_a_step_that_does_not_come_back_is_named_and_takes_no_key_away() -> None:
    records = world()
    call = StuckCall("step", "mail", "welcome/ada", wall_ms() - 75_000, "mail.py:20")
    records.kept[STUCK] = stuck_text([call])
    async with open_studio(size=(80, 24), app=FakeStudio(records, FakeEngine())) as studio:
        (line,) = [line for line in studio.lines if "has not come back" in line]
        assert line.startswith(' ✗ step "mail" of welcome/ada has not come back since ')
        assert "RUNNING" in studio.lines[1]


@pytest.mark.parametrize("ago", [5_000, 500_000])
async def test_what_held_up_all_others_is_named_for_a_while(ago: int) -> None:
    records = world()
    records.kept[SLOW] = slow_text(SlowCause(wall_ms() - ago, 1_200, "event paid of ada", "welcome/ada", 900))
    async with open_studio(size=(200, 60), app=FakeStudio(records, FakeEngine())) as studio:
        found = [line.strip() for line in studio.lines if "held up" in line]
        told = "event paid of ada held up all others for 1.2s, 900ms of it in the function of welcome/ada"
        assert found == ([f"✗ {told}"] if ago == 5_000 else [])
        assert "RUNNING" in studio.lines[1]


async def test_the_footer_has_the_keys_of_what_lies_over_the_screen(studio: Studio) -> None:
    before = studio.lines[-1]
    await studio.press("question_mark")
    assert studio.lines[-1].split() == ["/", "filter", "esc", "close", "^q", "quit"]
    await studio.press("escape")
    assert studio.lines[-1] == before
    await studio.press("3", "w")
    assert studio.lines[-1].split() == ["⏎", "fill", "in", "esc", "close", "^q", "quit"]


async def test_the_footer_of_a_question_on_a_large_screen_has_its_answers() -> None:
    async with open_studio(size=(120, 36)) as studio:
        await studio.press("3", "j", "j", "j", "x")
        assert studio.screen == "QuestionScreen"
        keys = {binding.id for binding, _ in usable(studio.app.screen, None)}
        assert {"question.yes", "question.no"} <= keys
        assert not keys & {"inject", "quit", "wait.answer", "clock.next"}


async def test_a_jump_is_stopped_by_the_first_key_of_the_footer(studio: Studio) -> None:
    hand = studio.app.fake_engine.fake_clock
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
    studio.app.fake_engine.read_only = True
    await studio.press("z")
    assert "READ ONLY: cannot undo or rewind" in studio.text


async def test_commands_are_those_that_do_something() -> None:
    desk = FakeEngine()
    desk.read_only = True
    async with open_studio(app=FakeStudio(world(), desk)) as studio:
        titles = {each.title for each in commands(studio.app, studio.live)}
        assert {"Why", "Maximise", "Quit"} <= titles
        assert not titles & {"Inject", "Undo", "Next deadline", "Waiting: answer", "Editor at the problem"}


@pytest.mark.parametrize(
    ("keys", "said"),
    sampled(
        [
            (("1", "i"), "READ ONLY: cannot send events"),
            (("1", "full_stop"), "READ ONLY: cannot send events"),
            (("3", "enter"), "READ ONLY: cannot send events"),
            (("3", "e"), "READ ONLY: cannot send events"),
            (("3", "x"), "READ ONLY: cannot move the clock"),
            (("1", "greater_than_sign"), "READ ONLY: cannot move the clock"),
            (("3", "a"), "READ ONLY: cannot act on journeys"),
            (("2", "F"), "READ ONLY: cannot copy the store"),
            (("d", "c"), "READ ONLY: cannot change files"),
            (("d", "a"), "READ ONLY: cannot change files"),
            (("d", "z"), "READ ONLY: cannot change files"),
        ],
        3,
    ),
)
@pytest.mark.parametrize("size", sampled([((80, 24),), ((120, 36),)], 2))
async def test_what_a_studio_that_only_looks_cannot_do_is_said_when_it_is_tried(
    keys: tuple[str, ...], said: str, size: tuple[int, int]
) -> None:
    desk = FakeEngine()
    desk.read_only = True
    records = designer_world() if keys[0] == "d" else world()
    async with open_studio(size=size, app=FakeStudio(records, desk)) as studio:
        before = studio.screen
        await studio.press(*keys)
        assert said in studio.text
        assert studio.screen == ("DesignerScreen" if keys[0] == "d" else before), "nothing is asked first"
        assert not desk.sent
        assert not desk.acts


async def test_a_screen_that_has_not_all_its_panes_yet_is_asked_for_its_keys_in_vain() -> None:
    """Counts that come while the designer opens draw the footer anew; that ended the studio."""
    opening = DesignerScreen("welcome", None)
    assert isinstance(opening, Idles)
    async with open_studio(world()):
        assert nothing_there(opening) == frozenset()


async def test_what_the_driver_cannot_do_is_not_offered() -> None:
    desk = FakeEngine()
    desk.capabilities = replace(foreign("Temporal"), send=True, acts=True)
    found, _ = await at(desk, "3")
    gone = {"clock.next", "clock.forward", "undo", "redo", "rewind", "fork", "reload"}
    assert not found & (TURNS | gone)
    assert {"inject", "act", "why", "quit"} <= found
    desk.capabilities, desk.viewer_of = foreign("Temporal"), 4_711
    found, lines = await at(desk, "3")
    assert "VIEWER of pid 4711" in lines[1]
    assert "×" not in lines[1], "no speed that nobody can choose"
    desk.viewer_of = 0
    found, lines = await at(desk, "3")
    assert "VIEWER · no sink runs" in lines[1]
    assert not found & (TURNS | LEADS | ACTS | SENDS | COPIES | {"reload"})
    assert {"why", "inspect", "filter", "quit"} <= found
