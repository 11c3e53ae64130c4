"""What time alone changes is written past the compositor, and is what the compositor would draw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from studio.tui.format.countdown import CALM_SECONDS, EASY_MS, EASY_SECONDS, TENTHS_SECONDS
from studio.tui.session.cells import difference
from studio.tui.widgets.virtual_list import VirtualList
from tests.tui.fakes import HOUR, MINUTE, SECOND, FakeStudio, at_rest, user, wait, world
from tests.tui.store_of_records import StoreRecords

SIZE = (200, 60)
Play = Callable[[FakeStudio, Pilot[None]], Awaitable[None]]


class Recorder(HeadlessDriver):
    """A terminal that is looked at."""

    written: ClassVar[list[str]] = []

    @property
    def is_headless(self) -> bool:
        """It is written to."""
        return False

    def write(self, data: str) -> None:
        """Keep what is written."""
        self.written.append(data)


class Glass:
    """What a person would see."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(*SIZE)
        self.stream = pyte.Stream(self.screen)

    def take(self, text: str) -> None:
        """Take what is written."""
        self.stream.feed(text)

    def cells(self, y: int) -> list[object]:
        """A line, with its colours."""
        line = self.screen.buffer[y]
        return [line[x] for x in range(SIZE[0])]


def glass_of(app: FakeStudio) -> Glass:
    """The screen as the compositor would draw it from nothing."""
    for widget in app.screen.query("*"):
        widget._styles_cache.clear()
        if isinstance(widget, VirtualList):
            widget._shown.clear()
    glass = Glass()
    glass.take(app.screen._compositor.render_full_update().render_segments(app.console))
    return glass


def countdowns() -> StoreRecords:
    """Users and waits whose countdowns are at tenths, minutes and hours."""
    records = world()
    left = [n * SECOND + 37 * n for n in (2, 9, 11, 30, 45, 59, 61, 90)] + [20 * MINUTE, HOUR, 3 * HOUR]
    records.rows_waits = [wait(100 + n, f"zoë{n}", "app/é", due) for n, due in enumerate(left)]
    records.rows_users = [user(f"zoë{n}", due=due) for n, due in enumerate(left)]
    return records


async def played(play: Play, records: StoreRecords | None = None) -> Glass:
    """Play on a terminal; gives what stands on it at the end."""
    Recorder.written.clear()
    app = FakeStudio(records or countdowns())
    app.driver_class = Recorder
    app.console._color_system = ColorSystem.TRUECOLOR
    seen: list[Glass] = []

    async def drive(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await at_rest(app)
        await pilot.pause()
        await play(app, pilot)
        # Those that go easy are drawn now, too.
        app.move(EASY_MS)
        await pilot.pause()
        glass = Glass()
        glass.take("".join(Recorder.written))
        expected = glass_of(app)
        for y in range(SIZE[1]):
            assert glass.cells(y) == expected.cells(y), glass.screen.display[y]
        seen.append(glass)
        app.exit()

    await app.run_async(size=SIZE, auto_pilot=drive)
    return seen[0]


def line(*pieces: tuple[str, str]) -> Strip:
    return Strip([Segment(text, Style.parse(style)) for text, style in pieces])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([("user1 ", "bold"), ("4.2s", "red")], [("user1 ", "bold"), ("4.2s", "red")], None),
        ([("user1 ", "bold"), ("4.2s", "red")], [("user1 ", "bold"), ("4.1s", "red")], (6, "4.1s")),
        (
            [("漢字 ", "bold"), ("4.2s", "red"), (" x", "")],
            [("漢字 ", "bold"), ("4.1s", "red"), (" x", "")],
            (5, "4.1s"),
        ),
        (
            [("━━", "red"), ("──", "dim"), (" 9s", "")],
            [("━", "red"), ("───", "dim"), (" 9s", "")],
            (0, "━───"),
        ),
        ([("due ", "red")], [("due ", "green")], (0, "due ")),
        ([("ab", "red"), ("ab", "red")], [("ab", "red"), ("ab", "red"), ("", "red")], (4, "")),
        ([("abc", "red")], [("ab", "red")], (0, "ab")),
        ([], [], None),
    ],
)
def test_of_a_line_only_what_is_another_is_written(
    before: list[tuple[str, str]], after: list[tuple[str, str]], expected: tuple[int, str] | None
) -> None:
    found = difference(line(*before), line(*after))
    assert (found and (found[0], "".join(part.text for part in found[1]))) == expected


@pytest.mark.long
async def test_what_is_written_past_the_compositor_is_what_it_would_draw() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        await pilot.press("3", "down")
        for _ in range(120):
            app.move(100)
        app.move(50 * MINUTE)
        app.move(3 * HOUR)

    glass = await played(play)
    assert "due" in "\n".join(glass.screen.display)


async def test_a_tick_writes_the_cells_that_changed_and_no_more() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        await pilot.pause()
        app.move(1_000)
        await pilot.pause()
        at = len(Recorder.written)
        app.move(100)
        await pilot.pause()
        written = "".join(Recorder.written[at:])
        # The one in its last stretch: in users, waiting, its entry and its lane, and in the bar of the clock.
        assert written.count("0.9s") == 5
        assert "zoë" not in written
        assert len(written) < 1_300

    await played(play)


@pytest.mark.long
async def test_a_countdown_before_its_last_stretch_is_drawn_twice_a_second() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        seen = []
        for _ in range(11):
            app.move(100)
            await pilot.pause()
            glass = Glass()
            glass.take("".join(Recorder.written))
            row = next(each for each in glass.screen.display if "zoë3" in each and " of 30s" in each)
            seen.append(row.split(" of ")[0].split()[-1])
        assert seen == ["30.0s"] * 4 + ["29.5s"] * 5 + ["29.0s"] * 2

    records = countdowns()
    records.rows_waits[3] = wait(103, "zoë3", "app/é", 30 * SECOND)
    await played(play, records)


@pytest.mark.long
async def test_what_lies_over_a_list_stays_over_it() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        app.notify("over the countdowns\n" * 40, timeout=60)
        await pilot.pause()
        for _ in range(12):
            app.move(100)

    glass = await played(play)
    assert "over the countdowns" in "\n".join(glass.screen.display)


@pytest.mark.long
async def test_under_another_screen_nothing_is_written() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        for _ in range(12):
            app.move(100)

    glass = await played(play)
    assert "esc closes" in "\n".join(glass.screen.display)


async def test_the_cursor_of_a_field_stays_where_one_types() -> None:
    async def play(app: FakeStudio, pilot: Pilot[None]) -> None:
        await pilot.press("i", "a", "b")
        await pilot.pause()
        app.move(2_500)
        assert app.screen.query_one("#event", Input).has_focus
        place = app.cursor_position
        moves = [each for each in Recorder.written if each.endswith("H")]
        assert moves[-1].endswith(f"\x1b[{place.y + 1};{place.x + 1}H")

    await played(play)


async def test_the_timer_rests_where_nothing_counts_down() -> None:
    records = world()
    records.rows_waits, records.rows_timeline = [], {}
    records.rows_users = [user("user1", "completed"), user("kim", "idle")]
    app = FakeStudio(records)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await at_rest(app)
        app._stirred = 0.0
        app.move(1)
        assert app._pace == CALM_SECONDS
        records.rows_waits = [wait(100, "kim", "paid", 6_000)]
        app.stir()
        await pilot.pause()
        assert app._pace == TENTHS_SECONDS
        assert app.live is not None
        app.live.ask_all()
        await at_rest(app)
        await pilot.pause()
        app._stirred = 0.0
        app.move(1)
        assert app._pace == TENTHS_SECONDS


async def test_hours_that_are_left_need_no_tenths() -> None:
    records = world()
    records.rows_timeline = {}
    records.rows_waits = [wait(100, "kim", "paid", 2 * HOUR)]
    records.rows_users = [user("kim", due=2 * HOUR)]
    app = FakeStudio(records)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await at_rest(app)
        app._stirred = 0.0
        app.move(1)
        assert app._pace == CALM_SECONDS
        app.move(HOUR)
        assert app._pace == EASY_SECONDS
        app.move(HOUR - 10_000)
        assert app._pace == TENTHS_SECONDS
