"""The keys of the clock, the same on every screen: pause, speed, jumps, and letting one wait time out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.timer import Timer

from studio.errors import StudioError
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.studio_clock import SPEEDS, ClockReading
from studio.tui.clock_hand import ClockHand, ViewerHand
from studio.tui.reading import OwnStore
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.times import MINUTE, span

if TYPE_CHECKING:
    from studio.tui.desk import Desk
    from studio.tui.reading import Reader
    from studio.tui.screens.designer import DesignerScreen
    from studio.tui.screens.live import LiveScreen

TICK_SECONDS = 0.1
"""What tenths of a second need."""
FAST_SECONDS = 1 / 30
"""While time runs faster."""
STILL_SECONDS = 1.0
"""While time stands: nothing is drawn, and what was said goes away."""
SPEED = Binding.Group("speed")
"""Keys that the footer and the help name together."""
OWN = ("next_deadline", "pause_run", "faster", "slower", "speed", "forward", "filter")
"""What is about the studio's own store, and no other that a screen may show."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The question whether a wait is still open, and how many deadlines come up to its own."""

    user: str
    seq: int

    def read(self, views: Views) -> tuple[WaitRow | None, int]:
        """The wait, None when it is over, and the count: from the waits of one user and an index."""
        row = next((each for each in views.waits(user=self.user, limit=1000) if each.seq == self.seq), None)
        return row, views.due_until(row.due_at) if row is not None and row.due_at is not None else 0


def _beside(speed: int, by: int) -> int:
    at = SPEEDS.index(speed) + by if speed in SPEEDS else 0
    return SPEEDS[max(0, min(at, len(SPEEDS) - 1))]


def _next_due(views: Views) -> int | None:
    first = views.waits(limit=1)
    return first[0].due_at if first else None


class ClockKeys(App[None]):
    """The part of the application that has its hand on the clock."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "next_deadline", "next deadline", id="clock.next"),
        Binding("space", "pause_run", "pause / run", key_display="space", id="clock.pause"),
        Binding("plus,equals_sign", "faster", "faster", group=SPEED, id="clock.faster"),
        Binding("minus", "slower", "slower", group=SPEED, id="clock.slower"),
        Binding(
            "greater_than_sign",
            "forward",
            "forward by, or to a date",
            key_display=">",
            show=False,
            id="clock.forward",
        ),
        # Before all that esc does elsewhere, but only while there is a jump.
        Binding(
            "escape",
            "stop_jump",
            "stops here",
            key_display="esc",
            priority=True,
            id="clock.stop",
        ),
    ]

    desk: Desk | None
    reader: Reader | None
    _ticker: Timer | None = None
    _pace: float | None = None
    _jumps = False

    @property
    def live(self) -> LiveScreen | None:
        """The live screen."""
        raise NotImplementedError

    @property
    def shown(self) -> LiveScreen | DesignerScreen | None:
        """The screen with the bars that are seen."""
        raise NotImplementedError

    def _tick(self) -> None:
        raise NotImplementedError

    # -- the one timer -------------------------------------------------------------------------

    def keep_pace(self) -> None:
        """Tick as often as the clock needs it."""
        reading = self.clock_reading()
        if reading.jump is not None:
            pace = TICK_SECONDS
        elif reading.paused:
            pace = STILL_SECONDS
        else:
            pace = FAST_SECONDS if reading.speed > 1 else TICK_SECONDS
        if (reading.jump is not None) != self._jumps:
            self._jumps = reading.jump is not None
            # The footer offers esc, and takes it back.
            self.screen.refresh_bindings()
        if pace != self._pace:
            if self._ticker is not None:
                self._ticker.stop()
            self._pace = pace
            self._ticker = self.set_interval(pace, self._tick)

    def clock_reading(self) -> ClockReading:
        """How the clock stands."""
        return self.desk.hand.reading() if self.desk is not None else ClockReading(movable=False)

    def shown_now(self) -> int:
        """The moment that the screen shows: during a jump, that of the rows that can be read."""
        if self.desk is None:
            return 0
        jump = self.desk.hand.reading().jump
        return jump.at if jump is not None and jump.at else self.desk.clock.now()

    async def learn_clock(self) -> None:
        """A viewer is told by the store how the engine's clock stands."""
        hand = self.desk.hand if self.desk is not None else None
        if isinstance(hand, ViewerHand) and self.reader is not None:
            hand.clock.learn(await self.reader.ask(lambda views: views.clock()))

    def say_of_clock(self, text: str) -> None:
        """Say in the clock bar why something was not done."""
        if (shown := self.shown) is not None:
            shown.query_one(ClockBar).say(text)

    # -- doing it ------------------------------------------------------------------------------

    @work(group="clock", exit_on_error=False)
    async def _do(self, act: Callable[[ClockHand], Awaitable[None]]) -> None:
        """Do something with the clock; a refusal stands in its bar."""
        if self.desk is None:
            return
        try:
            await act(self.desk.hand)
            await self.learn_clock()
        except StudioError as error:
            self.say_of_clock(str(error))
        self._tick()

    def look_at_clock(self) -> None:
        """See how the clock stands: a viewer has to read it."""

        async def only_look(hand: ClockHand) -> None:
            hand.reading()

        self._do(only_look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`esc` is the clock's only while there is a jump to stop; another store has its own time."""
        if action in OWN and any(isinstance(each, OwnStore) for each in self.screen_stack):
            return False
        if action == "stop_jump":
            return self.clock_reading().jump is not None and not (self.desk and self.desk.read_only)
        return super().check_action(action, parameters)

    def action_pause_run(self) -> None:
        """Let no time pass, or let it pass again."""
        self._do(lambda hand: hand.run() if self.clock_reading().paused else hand.pause())

    def action_speed(self, speed: int) -> None:
        """How many seconds pass in a second."""
        self._do(lambda hand: hand.speed(speed))

    def action_faster(self) -> None:
        """The next speed."""
        self._step_speed(1)

    def action_slower(self) -> None:
        """The speed before."""
        self._step_speed(-1)

    def _step_speed(self, by: int) -> None:
        # Looked at when it is done, not when the key is pressed: keys may come faster than acts.
        self._do(lambda hand: hand.speed(_beside(hand.reading().speed, by)))

    def action_stop_jump(self) -> None:
        """Stop where it has come to."""
        self._do(lambda hand: hand.stop_jump())

    def jump_to(self, to: int) -> None:
        """Let time go on to a moment."""
        self._do(lambda hand: hand.jump(to))
        self._tick()

    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def action_next_deadline(self) -> None:
        """Let time go on to the nearest deadline."""
        if self.reader is None or self.desk is None:
            return
        try:
            due = await self.reader.ask(_next_due)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if due is None:
            self.say_of_clock("nobody waits for time: there is no deadline")
        else:
            self.jump_to(max(due, self.desk.clock.now()))

    def action_forward(self) -> None:
        """Ask how far time is to go on."""
        from studio.tui.screens.forward import ForwardScreen

        if self.desk is None or self.reader is None:
            return

        def go(to: int | None) -> None:
            if to:
                self.jump_to(to)

        self.push_screen(ForwardScreen(self.desk.clock, self.reader), go)

    # -- one wait ------------------------------------------------------------------------------

    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def let_time_out(self, user: str, seq: int) -> None:
        """Let the time of a wait pass, for all; ask first when that is long or concerns others.

        Args:
            seq: of the entry that opened it.
        """
        from studio.tui.screens.forward import deadlines
        from studio.tui.screens.question import QuestionScreen

        if self.reader is None or self.desk is None:
            return
        try:
            row, count = await self.reader.ask(Standing(user, seq).read)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if row is None or row.due_at is None:
            step = (
                "a step ends by itself" if row and row.kind == "step" else "no deadline · X ends it by hand"
            )
            self.say_of_clock(step if row is not None else "it is over already")
            return
        due_at = row.due_at
        others, left = count - 1, due_at - self.desk.clock.now()
        if left <= MINUTE and others <= 0:
            self.jump_to(max(due_at, self.desk.clock.now()))
            return

        def go(key: str | None) -> None:
            if key == "y":
                self._jump_if_open(user, seq)
            elif key == "X":
                self.end_by_hand(seq)

        come = f"{deadlines(others, other=True)} come{'s' * (others == 1)} first." if others > 0 else ""
        text = f"Jump {span(max(0, left))}? {come or 'Nobody else is due before it.'}"
        self.push_screen(QuestionScreen(text, "jump", others={"X": "end only this one"}), go)

    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def _jump_if_open(self, user: str, seq: int) -> None:
        """It may have been answered while the question stood there."""
        if self.reader is None or self.desk is None:
            return
        try:
            row, _ = await self.reader.ask(Standing(user, seq).read)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if row is not None and row.due_at is not None:
            self.jump_to(max(row.due_at, self.desk.clock.now()))
        else:
            self.say_of_clock("it is over already: the clock stays")

    def end_by_hand(self, seq: int) -> None:
        """End this one wait as its deadline would; the clock is not touched."""
        self._do(lambda hand: hand.time_out(seq))
