"""The keys of the clock, the same on every screen: pause, speed, jumps, and letting one wait time out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.timer import Timer

from studio.clocks.adjustable_clock import next_speed
from studio.engine.client import ClockClient
from studio.errors import StudioError
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.tui.format.countdown import TENTHS_SECONDS
from studio.tui.keys.typed_ahead import TypedAhead
from studio.tui.screens.main_screen import MainScreen, shown_on
from studio.tui.screens.past_control import PastControl
from studio.tui.session.ask import OwnStore
from studio.tui.session.messages import EndByHand, LetTimeOut, LookedAtAnother
from studio.tui.session.read_only import refusal
from studio.tui.widgets.clock_bar import ClockBar
from studio.wording.times import MINUTE, span

FAST_SECONDS = 1 / 30
"""While time runs faster."""
STIRRED_SECONDS = 1.0
"""How long after a change it is looked more closely: what it brought may count down by tenths."""
STILL_SECONDS = 1.0
"""While time stands: nothing is drawn, and what was said goes away."""
SPEED = Binding.Group("speed")
"""Keys that the footer and the help name together."""
OWN = ("next_deadline", "pause_run", "faster", "slower", "speed", "forward", "filter")
"""What is about the studio's own store, and no other that a screen may show."""


@dataclass(frozen=True, slots=True)
class StillOpen:
    """The question whether a wait is still open, and how many deadlines come up to its own."""

    user: str
    seq: int

    def read(self, views: Views) -> tuple[WaitRow | None, int]:
        """The wait, None when it is over, and the count: from the waits of one user and an index."""
        row = next((each for each in views.waits(user=self.user, limit=1000) if each.seq == self.seq), None)
        return row, views.due_until(row.due_at) if row is not None and row.due_at is not None else 0


def _next_due(views: Views) -> int | None:
    first = views.waits(limit=1)
    return first[0].due_at if first and not first[0].stands_by else None


class ClockKeys(TypedAhead):
    """The part of the application that moves the clock."""

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

    _ticker: Timer | None = None
    _pace: float | None = None
    _once = False
    """The timer is one that ends, and is set anew at each tick."""
    _stirred = 0.0
    _jumps = False

    @property
    def shown(self) -> MainScreen | None:
        """The screen with the bars that are seen."""
        return shown_on(self)

    def _tick(self) -> None:
        raise NotImplementedError

    @property
    def _film(self) -> PastControl | None:
        """What the keys of the clock are for while the past is shown."""
        raise NotImplementedError

    # -- the one timer -------------------------------------------------------------------------

    def keep_pace(self) -> None:
        """Tick as often as the clock needs it."""
        reading = self.session.clock_reading()
        once = False
        if reading.jump is not None:
            pace = TENTHS_SECONDS
        elif reading.paused:
            pace = STILL_SECONDS
        elif reading.speed > 1:
            pace = FAST_SECONDS
        else:
            shown, pace = self.shown, TENTHS_SECONDS
            if shown is not None and time.monotonic() > self._stirred:
                pace = shown.tick_seconds
            once = pace > TENTHS_SECONDS
        if (reading.jump is not None) != self._jumps:
            self._jumps = reading.jump is not None
            # The footer offers esc, and takes it back.
            self.screen.refresh_bindings()
        if once or pace != self._pace or self._once:
            if self._ticker is not None:
                self._ticker.stop()
            self._pace, self._once = pace, once
            if once:
                # At the turn of the second, so that the clock is seen to change when it does.
                self._ticker = self.set_timer(
                    pace - self.session.shown_now() / 1000 % pace + 0.005, self._tick
                )
            else:
                self._ticker = self.set_interval(pace, self._tick)

    @on(LookedAtAnother)
    def stir(self) -> None:
        """Something has changed: what is seen now may need tenths of a second."""
        self._stirred = time.monotonic() + STIRRED_SECONDS
        if self._pace is not None and self._pace > TENTHS_SECONDS:
            self.call_later(self._tick)

    def say_of_clock(self, text: str) -> None:
        """Say in the clock bar why something was not done."""
        if (shown := self.shown) is not None:
            shown.query_one(ClockBar).say(text)

    # -- doing it ------------------------------------------------------------------------------

    @work(group="clock", exit_on_error=False)
    async def _do(self, act: Callable[[ClockClient], Awaitable[None]]) -> None:
        """Do something with the clock; a refusal stands in its bar."""
        if self.session.client is None:
            return
        try:
            await act(self.session.client.time)
            await self.session.learn_clock()
        except StudioError as error:
            self.say_of_clock(str(error))
        self._tick()

    def look_at_clock(self) -> None:
        """See how the clock stands: a viewer has to read it."""

        async def only_look(clock: ClockClient) -> None:
            clock.reading()

        self._do(only_look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`esc` is the clock's only while there is a jump to stop; another store has its own time."""
        if action in OWN and any(isinstance(each, OwnStore) for each in self.screen_stack):
            return False
        if action == "stop_jump":
            return self.session.clock_reading().jump is not None and not (
                self.session.client and self.session.client.read_only
            )
        return super().check_action(action, parameters)

    def action_pause_run(self) -> None:
        """Let no time pass, or let it pass again; of the past, the film."""
        if (film := self._film) is not None:
            film.play_or_stop()
            self._tick()
            return
        self._do(lambda clock: clock.run() if self.session.clock_reading().paused else clock.pause())

    def action_speed(self, speed: int) -> None:
        """How many seconds pass in a second."""
        self._do(lambda clock: clock.speed(speed))

    def action_faster(self) -> None:
        """The next speed."""
        self._step_speed(1)

    def action_slower(self) -> None:
        """The speed before."""
        self._step_speed(-1)

    def _step_speed(self, by: int) -> None:
        if (film := self._film) is not None:
            film.change_speed(by)
            self._tick()
            return
        # Looked at when it is done, not when the key is pressed: keys may come faster than acts.
        self._do(lambda clock: clock.speed(next_speed(clock.reading().speed, by)))

    def action_stop_jump(self) -> None:
        """Stop where it has come to."""
        self._do(lambda clock: clock.stop_jump())

    def jump_to(self, to: int) -> None:
        """Let time go on to a moment."""
        self._do(lambda clock: clock.jump(to))
        self._tick()

    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def action_next_deadline(self) -> None:
        """Let time go on to the nearest deadline."""
        if self.session.reader is None or self.session.client is None:
            return
        try:
            due = await self.session.reader.ask(_next_due)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if due is None:
            self.say_of_clock("there is no deadline: nothing is waiting for a time")
        else:
            self.jump_to(max(due, self.session.client.clock.now()))

    def _only_looks(self) -> bool:
        """Whether time is not moved from here; then says so, before anything is asked."""
        if self.session.client is None or not self.session.client.read_only:
            return False
        self.say_of_clock(str(refusal("cannot move the clock", self.session.client)))
        return True

    def action_forward(self) -> None:
        """Ask how far time is to go on."""
        from studio.tui.screens.forward import ForwardScreen

        if self._only_looks():
            return
        if self.session.client is None or self.session.reader is None:
            return

        def go(to: int | None) -> None:
            if to:
                self.jump_to(to)

        self.push_screen(ForwardScreen(self.session.client.clock, self.session.reader), go)

    # -- one wait ------------------------------------------------------------------------------

    @on(LetTimeOut)
    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def let_time_out(self, message: LetTimeOut) -> None:
        """Let the time of a wait pass, for all; ask first when that is long or concerns others."""
        from studio.tui.screens.forward import deadlines
        from studio.tui.screens.question import QuestionScreen

        user, seq = message.user, message.seq
        if self._only_looks():
            return
        if self.session.reader is None or self.session.client is None:
            return
        try:
            row, count = await self.session.reader.ask(StillOpen(user, seq).read)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if row is None or row.due_at is None:
            step = (
                "a step ends by itself" if row and row.kind == "step" else "no deadline · X ends it by hand"
            )
            self.say_of_clock(step if row is not None else "it has already ended")
            return
        due_at = row.due_at
        others, left = count - 1, due_at - self.session.client.clock.now()
        if left <= MINUTE and others <= 0:
            self.jump_to(max(due_at, self.session.client.clock.now()))
            return

        def go(key: str | None) -> None:
            if key == "y":
                self._jump_if_open(user, seq)
            elif key == "X":
                self._end_by_hand(seq)

        come = f"{deadlines(others, other=True)} come{'s' * (others == 1)} first." if others > 0 else ""
        text = f"Jump {span(max(0, left))}? {come or 'Nobody else is due before it.'}"
        self.push_screen(QuestionScreen(text, "jump", others={"X": "end only this one"}), go)

    @work(group="deadline", exclusive=True, exit_on_error=False)
    async def _jump_if_open(self, user: str, seq: int) -> None:
        """It may have been answered while the question stood there."""
        if self.session.reader is None or self.session.client is None:
            return
        try:
            row, _ = await self.session.reader.ask(StillOpen(user, seq).read)
        except StudioError as error:
            self.say_of_clock(str(error))
            return
        if row is not None and row.due_at is not None:
            self.jump_to(max(row.due_at, self.session.client.clock.now()))
        else:
            self.say_of_clock("it has already ended: the clock stays")

    @on(EndByHand)
    def end_by_hand(self, message: EndByHand) -> None:
        """End this one wait as its deadline would; the clock is not touched."""
        self._end_by_hand(message.seq)

    def _end_by_hand(self, seq: int) -> None:
        self._do(lambda clock: clock.time_out(seq))
