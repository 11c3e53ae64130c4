"""The keys of the time cursor: as of here, a step on and back, the film, and now again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.binding import Binding

from studio.errors import StudioError
from studio.tui.format.advice import keyed
from studio.tui.screens.control import Control
from studio.tui.screens.main_screen import STEP_BINDINGS, MainScreen, shown_on
from studio.tui.session.messages import StoreReplaced
from studio.tui.widgets.log import LogList
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.wording.past import gone

if TYPE_CHECKING:
    # What reads the past is not read before somebody goes there.
    from studio.store.past_views import Moment, PastViews
    from studio.store.records import Entry, WaitRow

PAST_BINDINGS = [
    Binding("T", "as_of_here", "as of here", show=False, id="past.here"),
    *STEP_BINDINGS,
]


class PastControl(Control):
    """Leads all panes to a moment of the past, and back.

    Args:
        screen: the one that its keys belong to.
        ask_all: has all its panes ask anew.
    """

    def __init__(self, screen: MainScreen, ask_all: Callable[[], None]) -> None:
        super().__init__(screen)
        self._ask_all = ask_all

    def say(self, text: str, tone: str = "success") -> None:
        """Say it on the screen that is seen: the charts and the designer are at the moment, too."""
        shown = shown_on(self.screen.app) or self.screen
        shown.query_one(StatusLine).say(text, tone)

    async def here(self) -> None:
        """Look at everything as of the entry at the cursor."""
        row = self._row()
        if row is None:
            self.say("no entry is chosen: 2 goes to the timeline", "muted")
        else:
            if (past := self.session.past) is not None:
                past.stop()
            await self.go(lambda views: views.go(row.seq))

    def _row(self) -> Entry | WaitRow | None:
        focused = self.screen.focused
        if isinstance(focused, LogList | WaitingList):
            row: Entry | WaitRow | None = focused.row
            return row
        return self.screen.query_one(EntryList).entry

    async def go(self, to: Callable[[PastViews], Moment]) -> None:
        """Look at everything as of a moment; from now on, if one is not in the past yet."""
        session = self.session
        if session.client is None:
            return
        begins = session.past is None
        past = session.past or session.begin_past()
        try:
            moment = await past.go(to)
        except StudioError as error:
            self.say(keyed(error), "error")
            if begins:
                session.end_past()
            return
        if session.past is not past:
            # Meanwhile it was left.
            return
        past.skip_idle()
        if begins:
            session.show_past()
            self.screen.app.post_message(StoreReplaced())
        self._show()
        if told := gone(moment):
            self.say("; ".join(told), "muted")

    async def step(self, by: int) -> None:
        """Look at the next cause or the one before: of the user whose timeline has focus, else of all."""
        past = self.session.past
        if past is None:
            self.say("T goes to the moment of the entry at the cursor; there n and p step", "muted")
            return
        timeline = self.screen.query_one(TimelinePane)
        here = shown_on(self.screen.app) is self.screen and timeline.has_focus_within
        user = timeline.user if here else None
        before = past.moment
        past.stop()
        await self.go(lambda views: views.step(by, user))
        if past.moment == before:
            whose = f" of {user}" if user is not None else ""
            self.say(f"there is nothing {'later' if by > 0 else 'earlier'}{whose}", "muted")

    async def follow_film(self) -> None:
        """Time has passed: show what has happened by now."""
        past = self.session.past
        if past is None or not past.is_due:
            return
        now = past.client.clock.now()
        await self.go(lambda views: views.go_to_time(now))
        if past.next_at is None and past.playing:
            past.stop()
            self.say("the film ends here: this is the newest entry", "muted")
            self._show_bar()

    def play_or_stop(self) -> None:
        """Let the film run, or stand."""
        past = self.session.past
        if past is None:
            return
        if past.next_at is None and not past.playing:
            self.say("this is the newest entry: p steps back", "muted")
            return
        past.play(not past.playing)
        past.skip_idle()
        self._show_bar()

    def change_speed(self, by: int) -> None:
        """How fast the film runs."""
        if (past := self.session.past) is not None:
            past.change_speed(by)
            self._show_bar()

    def leave(self) -> bool:
        """Back to now. False when one was there already."""
        if self.session.past is None:
            return False
        self.session.end_past()
        self._release()
        self.screen.app.post_message(StoreReplaced())
        self._show_bar()
        return True

    def _show(self) -> None:
        """Every pane is about another moment."""
        self._release()
        self._ask_all()
        self._show_bar()

    def _release(self) -> None:
        """Lists show what is there now, in its order, up to its end."""
        for each in self.screen.query(VirtualList):
            each.hold(False)
        for entries in (self.screen.query_one(EntryList), self.screen.query_one(LogList)):
            if not entries.far:
                entries.follow_again()

    def _show_bar(self) -> None:
        for screen in self.screen.app.screen_stack:
            if isinstance(screen, MainScreen) and screen.ready:
                screen.show_moment()
