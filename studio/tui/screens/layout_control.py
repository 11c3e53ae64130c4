"""Which panes of the live screen are seen, by its size and by what was maximised, and which has focus."""

from __future__ import annotations

from functools import cached_property

from textual.widget import Widget
from textual.widgets import Input

from studio.tui.screens.control import Control
from studio.tui.screens.main_screen import LEAST_HEIGHT, LEAST_WIDTH, LOW, NARROW, MainScreen
from studio.tui.session.ask import Asking
from studio.tui.widgets.log import LogList
from studio.tui.widgets.tabs import PaneTabs
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.why import WhyPane

WIDE = 160
"""From this width on there is room for the pane that explains."""
HIGH = 50
TABBED = ("users", "timeline", "waiting", "log")
"""Panes by their ids, of which one is shown where there is no room for all."""


class LayoutControl(Control):
    """Three layouts; what is looked at stays.

    Args:
        screen: the live screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.tab = 1
        """The number of the pane that is looked at."""
        self._before_small: Widget | None = None
        """What had focus before there was no room for anything."""

    @cached_property
    def panes(self) -> tuple[UsersList, TimelinePane, WaitingList, LogList]:
        """The panes in the order of their numbers."""
        # Kept: the timer also ticks while the screen is being taken down.
        find = self.screen.query_one
        return find(UsersList), find(TimelinePane), find(WaitingList), find(LogList)

    def recall(self) -> None:
        """As it was left the last time."""
        memory = self.session.memory
        if (name := memory.text("maximised")) in TABBED:
            self._maximise(name)
        else:
            name = memory.text("pane")
        self.go_to(TABBED.index(name) + 1 if name in TABBED else 1)

    # -- focus -----------------------------------------------------------------------------------

    def target(self, number: int) -> Widget:
        """What has focus in a pane: 1 to 4 by their tabs, 5 the form."""
        match number:
            case 1:
                return self.screen.query_one(UsersList)
            case 2:
                return self.screen.query_one(EntryList)
            case 3:
                return self.screen.query_one(WaitingList)
            case 4:
                return self.screen.query_one(LogList)
            case _:
                return self.screen.query_one("#event", Input)

    def go_to(self, number: int) -> None:
        """Go to a pane by its number."""
        if number <= len(TABBED):
            self.show_tab(number)
            if self.screen.has_class("-max"):
                self._maximise(TABBED[number - 1])
        self.target(number).focus()

    def step(self, by: int) -> None:
        """Round the panes, and through the fields of the form."""
        stops: list[Widget] = [self.target(number) for number in (1, 2, 3, 4)]
        stops += [self.screen.query_one(f"#{name}", Input) for name in ("event", "user", "data")]
        focused = self.screen.focused
        at = stops.index(focused) if focused in stops else -1
        target = stops[(at + by) % len(stops)]
        number = stops.index(target) + 1
        if number <= len(TABBED):
            self.go_to(number)
        else:
            target.focus()

    def follow_focus(self, widget: Widget) -> None:
        """A widget has focus now: its pane is the one that is looked at."""
        for name in TABBED:
            if widget.id == name or (name == "timeline" and isinstance(widget, EntryList)):
                self.show_tab(TABBED.index(name) + 1)
                if self.screen.has_class("-max"):
                    self._maximise(name)

    # -- layout ----------------------------------------------------------------------------------

    def lay_out(self, width: int, height: int) -> None:
        """The screen has this size."""
        tabbed = width < NARROW or height < LOW
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        if small and not self.screen.has_class("-too-small"):
            self._before_small = self.screen.focused
        elif not small and self.screen.has_class("-too-small"):
            # What is not shown has no focus.
            self.screen.call_after_refresh(self._focus_again)
        self.screen.set_class(small, "-too-small")
        self.screen.set_class(tabbed, "-tabbed")
        self.screen.set_class(not tabbed and width >= WIDE, "-wide")
        self.screen.set_class(not tabbed and height >= HIGH, "-high")
        self.show_tab(self.tab)

    def _focus_again(self) -> None:
        if self.screen.focused is None:
            (self._before_small or self.target(self.tab)).focus()

    def show_tab(self, number: int) -> None:
        """Show a pane, where one is shown at a time; it is the one that is looked at."""
        self.tab = number
        self.session.memory.note("pane", TABBED[number - 1], TABBED[0])
        tabs = self.screen.query_one(PaneTabs)
        tabs.current = number
        tabs.update_line()
        tabbed = self.screen.has_class("-tabbed")
        maximised = self.screen.has_class("-max")
        shown = []
        for at, name in enumerate(TABBED, 1):
            pane = self.screen.query_one(f"#{name}")
            visible = at == number if tabbed else not maximised or pane.has_class("-maximised")
            visible = visible and not self.screen.has_class("-too-small")
            if visible and not pane.display:
                shown.append(pane)
            pane.display = visible
        self.screen.query_one("#panes").display = any(
            self.screen.query_one(f"#{name}").display for name in TABBED[:3]
        )
        self.screen.query_one(WhyPane).display = self.screen.has_class("-wide") and not maximised
        self.screen.query_one("#below").display = self.screen.query_one("#log").display
        for pane in shown:
            if pane in self.panes:
                # Time went on while it was away, or it has never been told of it.
                self.panes[self.panes.index(pane)].tick(self.session.shown_now())
            if isinstance(pane, Asking):
                pane.ask()

    def toggle_maximised(self) -> None:
        """Give one pane all the room, or give it back."""
        if self.screen.has_class("-max"):
            self.screen.remove_class("-max")
            for pane in self.screen.query(".pane"):
                pane.remove_class("-maximised")
            self.show_tab(self.tab)
            self.session.memory.remember("maximised", "")
        else:
            self._maximise(TABBED[self.tab - 1])

    def _maximise(self, name: str) -> None:
        self.screen.add_class("-max")
        for each in self.screen.query(".pane"):
            each.set_class(each.id == name, "-maximised")
        self.show_tab(self.tab)
        self.session.memory.remember("maximised", name)
