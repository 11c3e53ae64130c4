"""The second bar: does time pass, which time is it, and what happens next.

It is on the screen in every layout, so the next countdown can always be seen.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style

from studio.clocks.adjustable_clock import SPEEDS, ClockReading, JumpState
from studio.clocks.clock import wall_ms
from studio.store.capabilities import FILM, LOCAL
from studio.store.records import WaitRow
from studio.tui.format.countdown import goes_easy, pace_of
from studio.tui.format.glyphs import Look, bar, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.session.context import session_of
from studio.tui.widgets.one_line import ButtonLine
from studio.tui.widgets.waiting import wait_words
from studio.wording.times import SECOND, age, day_clock, left, span

if TYPE_CHECKING:
    from studio.engine.client import Trouble
    from studio.tui.session.past import PastCursor

SAID_SECONDS = 5.0
"""How long a refusal stands in the bar."""
PLAYS = "pause_run"
"""Of the past, the film."""
AHEAD_MS = 2_000
"""Studio time that differs from the wall's by less is real time."""


class ClockBar(ButtonLine):
    """State, clock, and the next deadline with its bar.

    Args:
        way_back: the key that leads back from the past on this screen, as it is written.
    """

    def __init__(self, way_back: str = "T") -> None:
        super().__init__(id="clock")
        self._way_back = way_back
        self.now = 0
        self.next: WaitRow | None = None
        self.viewer_of: int | None = None
        self.read_only = False
        self.no_steps = False
        self.capabilities = LOCAL
        self.trouble: Trouble | None = None
        self.open = False
        self.virtual = False
        self.reading = ClockReading(movable=False)
        self._said = ("", 0.0)

    def tick(self, now: int) -> None:
        """Time has passed."""
        reading, said = session_of(self).clock_reading(), self._said[0]
        due_at = self.next.due_at if self.next is not None else None
        same = reading == self.reading and not said and now // SECOND == self.now // SECOND
        if same and goes_easy(due_at, now, self.now):
            return
        self.now, self.reading = now, reading
        self.set_class(self.trouble is None and self.reading.paused and self.reading.jump is None, "-paused")
        if self._said[0] and time.monotonic() > self._said[1]:
            self._said = ("", 0.0)
        self.pass_time()

    @property
    def tick_seconds(self) -> float:
        """In how many seconds its text may be another."""
        return pace_of(self.next.due_at if self.next is not None else None, self.now)

    def say(self, text: str) -> None:
        """Say for a moment why something was not done."""
        self._said = (text, time.monotonic() + SAID_SECONDS)
        self.update_line()

    def show(
        self, next: WaitRow | None, viewer_of: int | None, trouble: Trouble | None, virtual: bool
    ) -> None:
        """Take what there is to say."""
        self.next, self.viewer_of, self.trouble, self.virtual = next, viewer_of, trouble, virtual
        self.open = True
        self.set_class(trouble is not None, "-trouble")
        if trouble is not None:
            self.remove_class("-paused")
        self.update_line()

    @property
    def past(self) -> PastCursor | None:
        """The moment of the past that is shown instead of now."""
        session = session_of(self)
        past = session.past
        # One that is being looked for is not shown yet.
        return past if past is not None and session.client is past.client else None

    def follow_past(self) -> None:
        """Another moment of the past is shown, or it is the present again."""
        self.set_class(self.past is not None, "-past")
        self.update_line()

    def on_mount(self) -> None:
        """A screen may be opened while the past is shown."""
        self.follow_past()

    def build(self, line: Line, colours: Look) -> None:
        wide = line.width >= 100
        self._buttons.clear()
        if (past := self.past) is not None:
            self._as_of(line, colours, past)
            return
        line.gap()
        if not self.open:
            line.add("opening the store …", colours.muted)
            return
        bold = Style(bold=True)
        if self.trouble is not None:
            # Nothing here is alive: no state to press, no speed, no countdown.
            alarm = Style(color=colours.chip.color, bgcolor=colours.error.color, bold=True)
            line.add(f" {glyphs().failed} {literal(self.trouble.head)} ", alarm)
            line.gap(2).add(day_clock(self.now), colours.text)
            return
        self._state(line, colours)
        if self.no_steps:
            line.gap(2).add("NO STEPS", colours.warning + bold)
        if (jump := self.reading.jump) is not None:
            self._jumping(line, colours, jump)
        line.gap(2).add(day_clock(self.now), colours.strong)
        if jump is not None:
            return
        self._speeds(line, colours, wide)
        ahead = 0 if self.virtual else self.now - wall_ms()
        if abs(ahead) >= AHEAD_MS:
            side = "ahead" if ahead > 0 else "behind"
            words = f"{span(abs(ahead))} {side}" if wide else f"{'+' if ahead > 0 else '-'}{age(abs(ahead))}"
            if line.width >= 160:
                words += " of real time"
            line.gap(2).add(words, colours.warning + bold)
        if self._said[0]:
            said = literal(self._said[0])
            if cell_len(said) > line.room - 2:
                # What happened, without what to do: cut in its middle it would say neither.
                said = said.partition(". ")[0]
            line.gap(2).add(said, colours.warning)
            return
        right = self._next(colours, line.width, line.room - 2)
        line.gap(line.room - sum(cell_len(text) for text, _ in right))
        for text, style in right:
            if self.acts:
                self._buttons.add(line, text, style, "next_deadline", self.app)
            else:
                line.add(text, style)

    @property
    def acts(self) -> bool:
        """Whether the clock can be turned from here: there is an engine that may be asked."""
        return not self.read_only and self.viewer_of != 0 and self.capabilities.clock

    def _state(self, line: Line, colours: Look) -> None:
        mark, bold = glyphs(), Style(bold=True)
        stopped = self.reading.paused and self.reading.jump is None
        if self.read_only or self.viewer_of is not None:
            nobody = "VIEWER · no engine runs" if self.capabilities.run else "VIEWER · no sink runs"
            if self.capabilities.driver == FILM:
                nobody = "FILM"
            who = f"VIEWER of pid {self.viewer_of}" if self.viewer_of else nobody
            line.add("READ ONLY" if self.read_only else who, colours.accent + bold)
            if self.reading.jump is None and not stopped:
                return
            line.gap(2)
        if self.reading.jump is not None:
            line.add(f"{mark.moved} JUMPING", colours.accent + bold)
        elif stopped and not self.acts:
            line.add(f"{mark.paused_clock} PAUSED", colours.strong)
        elif stopped:
            self._buttons.add(line, f"{mark.paused_clock} PAUSED", colours.strong, "pause_run", self.app)
        else:
            text = f"{mark.running_clock} RUNNING"
            self._buttons.add(line, text, colours.success + bold, "pause_run", self.app)

    def _as_of(self, line: Line, colours: Look, past: PastCursor) -> None:
        """The moment of the past, how it goes on, and the way back."""
        moment, bold = past.moment, Style(bold=True)
        wide = line.width >= 100
        head = f"AS OF {day_clock(self.now)}" if moment.seq else "BEFORE ALL"
        line.gap().add(f" {head} ", colours.chip)
        line.gap().add(f"entry {moment.seq:,}", colours.strong)
        if moment.gone:
            line.add(f" · {moment.gone:,} gone" if wide else " · some gone", colours.warning)
        mark = glyphs().running_clock if past.playing else glyphs().paused_clock
        tone = colours.success + bold if past.playing else colours.text
        film = f"{mark} film ×{past.speed}" if wide else f"{mark} ×{past.speed}"
        line.gap(2)
        steps, keys = ["n"] * (past.next_at is not None) + ["p"] * bool(moment.seq), []
        if steps:
            keys.append((" ".join(steps), "step", ""))
        if past.playing or past.next_at is not None:
            self._buttons.add(line, film, tone, PLAYS, self.app)
            # What runs is to be stopped: that goes last where there is no room.
            keys.insert(0 if past.playing else 1, ("space", "stops" if past.playing else "plays", PLAYS))
        else:
            line.add(film, tone)
        last = (self._way_back, "is now", "screen.leave_past")
        # Dropped whole, the way back never.
        while keys and _cells(*keys, last) > line.room - 2:
            keys.pop()
        line.gap(max(2, line.room - _cells(*keys, last)))
        for key, said, action in (*keys, last):
            if action:
                self._buttons.add(line, key, colours.accent + bold, action, self.app)
                self._buttons.add(line, f" {said}", colours.text, action, self.app)
            else:
                line.add(key, colours.accent + bold).add(f" {said}", colours.text)
            line.gap(2)

    def _jumping(self, line: Line, colours: Look, jump: JumpState) -> None:
        line.gap().add(f"{jump.percent}%", colours.strong)
        line.add(f" · {jump.served:,} of {jump.total:,}", colours.text)
        if not self.acts:
            return
        line.add(" · ", colours.muted)
        self._buttons.add(line, "esc", colours.accent + Style(bold=True), "stop_jump", self.app)
        self._buttons.add(line, " stops here", colours.text, "stop_jump", self.app)

    def _quiet(self, colours: Look) -> Style:
        # Muted letters on the muted yellow of a paused bar cannot be read.
        return colours.text if self.has_class("-paused") else colours.muted

    def _speeds(self, line: Line, colours: Look, wide: bool) -> None:
        if not self.acts:
            # A chip would offer what nobody can press.
            if self.reading.speed != 1:
                line.gap(2).add(f"×{self.reading.speed}", colours.strong)
            return
        line.gap()
        for speed in SPEEDS if wide and self.reading.movable else (self.reading.speed,):
            here = speed == self.reading.speed
            style = (colours.chip if wide else colours.strong) if here else self._quiet(colours)
            line.gap()
            if self.reading.movable:
                # The blanks are part of the button: easier to hit, and a chip has edges.
                self._buttons.add(
                    line, f" ×{speed} " if wide else f"×{speed}", style, f"speed({speed})", self.app
                )
            else:
                line.add(f"×{speed}", style)
        if self.reading.held:
            line.gap().add("a step is running: ×1" if wide else "(×1)", colours.muted)

    def _next(self, colours: Look, width: int, room: int) -> list[tuple[str, Style]]:
        """What comes next, as much of it as there is room for; the countdown is the last to go."""
        sizes = [(12, 14, 6), (8, 10, 4), (8, 8, 0), (6, 0, 0), (0, 0, 0)]
        if width >= 100:
            sizes.insert(0, (20, 24, 6 if width < 160 else 10))
        for size in sizes:
            pieces = self._next_pieces(colours, width, *size)
            if sum(cell_len(text) for text, _ in pieces) <= room:
                return pieces
        return []

    def _next_pieces(
        self, colours: Look, width: int, user_width: int, words_width: int, bar_width: int
    ) -> list[tuple[str, Style]]:
        if self.next is None or self.next.due_at is None:
            return []
        row, due_at = self.next, self.next.due_at
        left_ms = due_at - self.now
        tone = colours.left(left_ms, sleeping=row.kind == "sleep")
        words = wait_words(row, words_width)
        if width < 160 and not row.parts:
            words = words.rpartition("/")[2]
        user = cut(literal(row.user), user_width)
        words = cut(words, words_width, "end")
        solid, gone = bar(left_ms, due_at - row.opened_at, bar_width)
        return [
            ("next ", self._quiet(colours)),
            (user, colours.strong),
            (f" {words} " if words else "", colours.text),
            (solid, tone),
            (gone, colours.faint),
            (f" {left(due_at, self.now)} ", tone + Style(bold=True)),
        ]


def _cells(*keys: tuple[str, str, str]) -> int:
    """As much as keys take with what they do."""
    return sum(cell_len(key) + cell_len(said) + 3 for key, said, _ in keys)
