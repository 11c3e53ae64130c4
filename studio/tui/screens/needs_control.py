"""What needs a person: shown, gone to, and resumed by the group."""

from __future__ import annotations

from pathlib import Path

from textual.binding import Binding

from studio.clocks.clock import wall_ms
from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.store.slow import SHOWN_MS
from studio.tui.format.glyphs import glyphs
from studio.tui.screens.bars import BarsState
from studio.tui.screens.marked_control import MarkedControl
from studio.tui.screens.pause_control import PauseControl
from studio.tui.screens.problem_control import ProblemControl
from studio.tui.session.editor import CursorPlace, place_of
from studio.tui.session.messages import GoToUser
from studio.tui.session.needs import Need, overdue_told
from studio.tui.session.read_only import refusal
from studio.tui.widgets.problem_bar import Problem, ProblemBar, in_file
from studio.wording.values import counted

CHARTS_BINDING = Binding("C", "charts", "charts", id="charts")
PROBLEM_BINDINGS = [
    Binding("E", "go_there", "editor at the problem", show=False, id="problem.go"),
    Binding("N", "needs", "needs you", show=False, id="needs"),
    Binding("W", "long_work", "what is under way", show=False, id="long_work"),
]


class NeedsControl(ProblemControl):
    """Looks after what needs a person, until one of them is gone to."""

    def show(self, client: EngineClient, bars: BarsState, first_start: bool) -> None:
        """Have the bar name what is broken, the worst first."""
        trouble, slow = client.trouble(), bars.slow
        told = [trouble.why] if trouble else []
        alone = client.viewer_of == 0
        if not alone:
            told += [call.sentence() for call in bars.stuck]
        # Without an engine nothing goes on, which the screen says; in a jump what is past is being served.
        if not alone and client.time.reading().jump is None:
            told += overdue_told(bars.overdue, bars.next)
        if not alone and slow is not None and slow.at >= wall_ms() - SHOWN_MS:
            told.append(slow.sentence)
        files = [in_file(each) for each in client.problems if not first_start]
        self.screen.query_one(ProblemBar).show([*map(Problem, told), *files])

    def show_needs(self) -> None:
        """Show it all, and do what is asked."""
        self.screen.run_worker(self._look_after(), group="needs", exclusive=True, exit_on_error=False)

    async def _look_after(self) -> None:
        from studio.tui.screens.needs import NeedsScreen

        while (client := self.session.client) is not None:
            asked = await self.screen.app.push_screen_wait(NeedsScreen())
            if asked is None:
                return
            act, needs = asked
            need = needs[0]
            if act == "act" or needs[1:]:
                await MarkedControl(self.screen).ask_and_act(needs, "resume" if act == "resume" else None)
            elif act == "resume":
                await self._resume(client, need)
            elif act == "edit" or not need.people:
                place = self._place(client, need)
                if place is None:
                    self.say("this is about no line of a file", "muted")
                self.edit(place)
                return
            elif await self._go_to_one(need):
                return

    async def _go_to_one(self, need: Need) -> bool:
        from studio.tui.screens.people import Listed, PeopleScreen

        sign, tone = (glyphs().failed, "error") if need.kind == "failed" else (glyphs().wait, "warning")
        people = [
            Listed(number, each.user, sign, tone, each.told, each.seq)
            for number, each in enumerate(need.people)
        ]
        # Of one alone there is nothing to choose.
        found = people[0] if len(people) == 1 else None
        if found is None:
            found = await self.screen.app.push_screen_wait(PeopleScreen(need.text, people))
        if found is None:
            return False
        self.screen.app.post_message(GoToUser(found.user, found.seq))
        return True

    async def _resume(self, client: EngineClient, need: Need) -> None:
        """Resume all failed journeys of a group, asked first."""
        from studio.tui.screens.question import QuestionScreen

        if need.kind == "paused" and need.workflow is not None:
            await PauseControl(self.screen).ask(need.workflow)
            return
        if not need.journeys:
            self.say("r resumes failed journeys: this is something else", "muted")
            return
        if client.read_only:
            self.say(str(refusal("cannot resume journeys", client)), "error")
            return
        question = QuestionScreen(
            f"Resume {counted(len(need.journeys), 'failed journey')} of {need.workflow}?",
            "resume all",
            details=[need.text, "Each goes on where it failed, with the code that runs now."],
        )
        if await self.screen.app.push_screen_wait(question) != "y":
            return
        done, refused = 0, ""
        for journey in need.journeys:
            try:
                await client.act("resume", journey)
                done += 1
            except StudioError as error:
                refused = str(error)
        if refused:
            self.say(f"resumed {done:,} of {len(need.journeys):,}: {refused}", "error")
        else:
            self.say(f"resumed {counted(done, 'journey')} of {need.workflow}")

    @staticmethod
    def _place(client: EngineClient, need: Need) -> CursorPlace | None:
        """The line in its file: of the workflow, or beside it."""
        if need.kind == "file":
            return place_of([each for each in client.problems if f"file {each.path}" == need.key])
        file, _, line = (need.line or "").rpartition(":")
        if not file or not line.isdecimal():
            return None
        paths = {Path(each.path) for each in client.workflows.values()}
        own = client.workflows.get(need.workflow or "")
        folders = [Path(own.path).parent] if own is not None else sorted({path.parent for path in paths})
        for folder in folders:
            if (found := folder / file).is_file():
                return CursorPlace(found.absolute(), int(line))
        return None
