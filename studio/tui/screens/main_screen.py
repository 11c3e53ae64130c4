"""What the live screen and the designer have in common: the bars, and that they are told of every change."""

from __future__ import annotations

from typing import Any, TypeVar

from textual import work
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.tui.screens.bars import BarsQuestion, BarsState, show_bars
from studio.tui.screens.copying import copy_line
from studio.tui.session.ask import Asking, Question
from studio.tui.session.command_lines import CommandPlace, Looked, command_line
from studio.tui.session.context import Session, session_of
from studio.tui.session.messages import LeavePast, StepPast
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.status_line import StatusLine

NARROW, LOW = 100, 30
"""Columns and lines below which one pane is shown at a time."""
LEAST_WIDTH, LEAST_HEIGHT = 60, 16
STEP = Binding.Group("step")
"""Keys that the footer and the help name together."""
STEP_BINDINGS = [
    Binding("n", "past_step(1)", "later", group=STEP, id="past.later"),
    Binding("p", "past_step(-1)", "earlier", group=STEP, id="past.earlier"),
]
LEAVE_PAST_BINDING = Binding("T", "leave_past", "back to now", id="past.leave")
"""Where esc leads to another screen first."""


class MainScreen(Asking, Screen[None]):
    """Subclasses put the panes on it."""

    ready = False
    """Composed: it may be told things."""

    @property
    def session(self) -> Session:
        """What it may know of the studio."""
        return session_of(self)

    @property
    def tick_seconds(self) -> float:
        """In how many seconds what is seen may be another."""
        raise NotImplementedError

    def tick(self, now: int) -> None:
        """Time has passed.

        Args:
            now: the moment that is shown, ms since 1970.
        """
        raise NotImplementedError

    def show_store(self) -> None:
        """Another store may be shown now, or another may be in it."""
        raise NotImplementedError

    def show_moment(self) -> None:
        """Another moment of the past is shown, or the film runs or stands."""
        self.query_one(ClockBar).follow_past()
        self.refresh_bindings()
        self.tick(self.session.shown_now())

    def action_past_step(self, by: int) -> None:
        """Look at the next cause of the past, or at the one before."""
        self.app.post_message(StepPast(by))

    def action_leave_past(self) -> None:
        """Show the present again."""
        self.app.post_message(LeavePast())

    async def looked_at(self, place: CommandPlace) -> Looked:
        """What is looked at, as commands of a shell can name it.

        Raises:
            StudioError: it cannot be read, with the reason.
        """
        raise NotImplementedError

    @work(group="copy", exclusive=True, exit_on_error=True)
    async def action_copy_command(self) -> None:
        """Copy what is at the cursor as a command for the shell; once more, and it is shown."""
        place = self.session.command_place
        if place is None:
            return
        say = self.query_one(StatusLine).say
        try:
            looked = await self.looked_at(place)
        except StudioError as error:
            say(str(error), "error")
            return
        line = command_line(looked.own, looked)
        if line is None:
            say("Y copies a command: choose a row", "muted")
        else:
            copy_line(self, line, say)

    def action_long_work(self) -> None:
        """Show what takes long and is under way."""
        from studio.tui.screens.works import WorksScreen

        self.app.push_screen(WorksScreen())

    def question(self) -> Question:
        client = self.session.client
        return BarsQuestion(client is not None and client.viewer_of == 0, self.session.shown_now)

    def show_answer(self, answer: BarsState) -> None:
        client = self.session.client
        # The last answer may come while the screen is being taken down.
        if client is not None and self.query(Header):
            show_bars(self, client, answer)
            self.show_state(client, answer)

    def show_state(self, client: EngineClient, bars: BarsState) -> None:
        """How the engine is, and what its store holds, is known anew."""
        raise NotImplementedError


def shown_on(app: App[Any]) -> MainScreen | None:
    """The main screen that is seen, the upper of two. The other asks again when it comes back.

    None while the app ends: the panes go before their screen does, and a tick can come in between.
    """
    if not app.is_running:
        return None
    return next(
        (each for each in reversed(app.screen_stack) if isinstance(each, MainScreen) and each.ready), None
    )


Main = TypeVar("Main", bound=MainScreen)


def open_on(app: App[Any], kind: type[Main]) -> Main | None:
    """The main screen of this kind that is open, also below others."""
    found = (each for each in app.screen_stack if isinstance(each, kind))
    return next((each for each in found if each.ready), None)
