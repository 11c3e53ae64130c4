"""Edited workflow files, on the live screen and in the designer: what a change means, and the yes to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import work
from textual.binding import Binding
from textual.screen import Screen

from studio.errors import StudioError
from studio.tui.desk import EngineDesk
from studio.tui.messages import FilesReloaded
from studio.tui.widgets.header import Header
from studio.tui.widgets.said_bar import SaidBar
from studio.tui.widgets.signs import signs
from studio.tui.widgets.timeline import TimelinePane
from studio.tui.widgets.users_list import UsersList

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.reload_report import JourneyDifference, ReloadReport
    from studio.tui.app import StudioApp
    from studio.tui.screens.question import QuestionScreen

RELOAD_BINDING = Binding("r", "reload", "look and reload", show=False, id="reload")
LISTED = 8
"""Journeys that a question names."""
WORDS = {"deadline": "new deadline", "match": "other match", "path": "other path", "fails": "would fail"}


def follow_reloads(app: StudioApp, engine: Engine) -> None:
    """Tell the screen that is seen of each reload, and let those go over first who are on the screen."""

    def users() -> tuple[str, ...]:
        live = app.live
        if live is None:
            return ()
        chosen = live.query_one(TimelinePane).user
        shown = [row.id for row in list(live.query_one(UsersList).rows)]
        return tuple(dict.fromkeys([*([chosen] if chosen else []), *shown]))

    engine.prefer = users
    engine.on_reload(lambda told: _tell(app, FilesReloaded(told)))


def _tell(app: StudioApp, message: FilesReloaded) -> None:
    if (shown := app.shown) is not None:
        shown.post_message(message)


class LiveReload:
    """A part of `LiveScreen` and `DesignerScreen`."""

    @property
    def _reload_screen(self) -> Screen[None]:
        return cast("Screen[None]", self)

    def on_files_reloaded(self, message: FilesReloaded) -> None:
        """The workflows are others, or wait for a yes."""
        told, screen = message.told, self._reload_screen
        desk = cast("StudioApp", screen.app).desk
        if desk is not None:
            screen.query_one(Header).workflows = sorted(desk.workflows)
        if told.report is None:
            return
        if told.done:
            self._say_reload(f"{_names(told.report)} reloaded  {told.report.summary}", "success")
        else:
            self._say_reload(
                f"{_names(told.report)} saved  {told.report.summary} · r look and reload", "success"
            )

    def _say_reload(self, text: str, tone: str) -> None:
        self._reload_screen.query_one(SaidBar).say(f"{signs().loaded} {text}", tone)

    @work(group="reload", exclusive=True, exit_on_error=True)
    async def action_reload(self) -> None:
        """Say what the change that waits would do, and do it on a yes; else read the files again."""
        from studio.store.inbox import ask

        app = cast("StudioApp", self._reload_screen.app)
        desk = app.desk
        if desk is None:
            return
        try:
            if desk.read_only:
                from studio.tui.read_only import refuse

                refuse("nothing is reloaded")
            if not isinstance(desk, EngineDesk):
                await asyncio.to_thread(ask, desk.path, "reload", {})
                self._say_reload("the running engine reads the workflow files again", "muted")
                return
            pending = desk.engine.pending_reload
            if pending is not None and await app.push_screen_wait(reload_question(pending)) != "y":
                return
            if await desk.engine.reload() is None and not desk.problems:
                self._say_reload("the workflow files say what runs already", "muted")
        except StudioError as error:
            self._say_reload(str(error), "error")


def reload_question(report: ReloadReport) -> QuestionScreen:
    """Asks for a yes to a reload, below it the first of those whom it touches."""
    from studio.tui.screens.question import QuestionScreen

    details = [_line(each) for each in report.journeys[:LISTED]]
    if (more := report.tally.differ - LISTED) > 0:
        details.append(f"  and {more:,} more")
    return QuestionScreen(f"Reload {_names(report)}? {report.summary}", "reload", details=details)


def _line(each: JourneyDifference) -> str:
    what = f"{WORDS[each.what]} {each.error}".strip()
    return f"  {each.journey}  {what}  {each.line}"


def _names(report: ReloadReport) -> str:
    return ", ".join((*report.changed, *report.added, *report.removed))
