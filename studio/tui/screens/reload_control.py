"""Edited workflow files, on the live screen and in the designer: what a change means, and the yes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from studio.errors import StudioError
from studio.tui.format.glyphs import glyphs
from studio.tui.screens.control import Control
from studio.tui.session.messages import FilesReloaded
from studio.tui.widgets.header import Header

if TYPE_CHECKING:
    from studio.engine.reload.report import JourneyDifference, ReloadReport
    from studio.tui.screens.question import QuestionScreen

RELOAD_BINDING = Binding("r", "reload", "reload workflows", show=False, id="reload")
LISTED = 8
"""Journeys that a question names."""
WORDS = {"deadline": "new deadline", "match": "another match", "path": "another path", "fails": "would fail"}


class ReloadControl(Control):
    """Tells what a change of the files came to, and takes one in."""

    def tell(self, message: FilesReloaded) -> None:
        """The workflows are others, or wait for a yes."""
        reloaded, client = message.reloaded, self.session.client
        if client is not None:
            self.screen.query_one(Header).workflows = sorted(client.workflows)
        if reloaded.report is None:
            return
        if reloaded.done:
            self._say_loaded(f"{_names(reloaded.report)} reloaded  {reloaded.report.summary}", "success")
        else:
            self._say_loaded(
                f"{_names(reloaded.report)} saved  {reloaded.report.summary} · r reload workflows", "success"
            )

    def _say_loaded(self, text: str, tone: str) -> None:
        self.say(f"{glyphs().loaded} {text}", tone)

    async def reload(self) -> None:
        """Say what the change that waits would do, and do it on a yes; else read the files again."""
        client = self.session.client
        if client is None:
            return
        try:
            pending = client.pending_reload
            if (
                pending is not None
                and await self.screen.app.push_screen_wait(reload_question(pending)) != "y"
            ):
                return
            with self.session.works.under_way("reading the workflow files", can_stop=False):
                report = await client.reload()
            if client.viewer_of is not None:
                self._say_loaded("the running engine is reading the workflow files again", "muted")
            elif report is None and not client.problems:
                self._say_loaded("nothing to reload: the workflow files have not changed", "muted")
        except StudioError as error:
            self._say_loaded(str(error), "error")


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
