"""A workflow stands still, or goes on: what that means is said first, then a yes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from studio.engine.client import EngineClient
from studio.engine.reload.late import count_late
from studio.errors import StudioError
from studio.store.views import Views
from studio.store.workflow_pauses import WorkflowPause
from studio.tui.screens.control import Control
from studio.tui.session.read_only import refusal
from studio.wording.pauses import standing_still
from studio.wording.times import DAY, clock
from studio.wording.values import counted

SKIPS = {"d": (1, "1d"), "t": (2, "2d"), "w": (7, "7d")}
"""Who is late by more days than that may leave, by the key that says so."""
STANDS = "No journey of it begins or moves until it is unpaused; deadlines stand by and are not lost."
TAKEN = "Events are taken all the same, goals and exits count; what comes begins nothing, also not later."


def pause_and_waiting(views: Views, workflow: str) -> tuple[WorkflowPause | None, int]:
    """What is known of a workflow's pauses, and how many of its journeys wait."""
    return views.pauses().get(workflow), views.waiting_of(workflow)


class PauseControl(Control):
    """Pauses and unpauses a workflow, after a question."""

    async def ask(self, workflow: str) -> None:
        """Ask, and do what is answered; what came of it is said above the keys."""
        client, reader = self.session.client, self.session.reader
        if client is None or reader is None:
            return
        if client.read_only or not client.capabilities.has("pause"):
            self.say(str(refusal("cannot pause workflows", client)), "error")
            return
        try:
            pause, waiting = await reader.ask(lambda views: pause_and_waiting(views, workflow))
            if pause is not None and pause.stands:
                await self._unpause(client, workflow, pause)
            else:
                await self._pause(client, workflow, waiting)
        except StudioError as error:
            self.say(str(error), "error")

    async def _pause(self, client: EngineClient, workflow: str, waiting: int) -> None:
        from studio.tui.screens.question import QuestionScreen

        who = standing_still(waiting)
        question = QuestionScreen(f"Pause {workflow}? {who}.", "pause", details=[STANDS, TAKEN])
        if await self.screen.app.push_screen_wait(question) == "y":
            await client.pause_workflow(workflow)
            self.say(f"paused {workflow}: {who}")

    async def _unpause(self, client: EngineClient, workflow: str, pause: WorkflowPause) -> None:
        from studio.tui.screens.question import QuestionScreen

        now = client.clock.now()
        code, path = client.workflows.get(workflow), Path(client.path)

        def late(days: int) -> int:
            return count_late(path, code, workflow, now - days * DAY)[1]

        waiting, behind = await asyncio.to_thread(count_late, path, code, workflow, now)
        skipped = {key: await asyncio.to_thread(late, days) for key, (days, _) in SKIPS.items()}
        others = {
            key: f"those later than {word} leave ({skipped[key]:,})"
            for key, (_, word) in SKIPS.items()
            if skipped[key]
        }
        by = f" by {pause.by}" if pause.by else ""
        details = [
            f"It is paused since {clock(pause.since)}{by}. They go on as after downtime: who was",
            "answered in time at once, deadlines that have passed now, each with its own time.",
        ]
        text = f"Unpause {workflow}? {counted(waiting, 'journey')} would go on, {behind:,} of them late."
        question = QuestionScreen(text, "all go on", others=others, details=details)
        answer = await self.screen.app.push_screen_wait(question)
        if answer == "y":
            await client.unpause_workflow(workflow)
            self.say(f"unpaused {workflow}: {counted(waiting, 'journey')} go on")
        elif answer in SKIPS:
            await client.unpause_workflow(workflow, SKIPS[answer][0] * DAY)
            self.say(f"unpaused {workflow}: {skipped[answer]:,} leave as too late, the others go on")
