"""One line that says that steps are on hold, as long as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.style import Style
from textual import events
from textual.message import Message

from studio.store.approvals import HeldStep
from studio.store.views import Views
from studio.tui.format.glyphs import Look, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.ask import Asking, Question
from studio.tui.widgets.one_line import OneLine
from studio.wording.times import clock

MOST = 1_000
WHY = {"rewind": "since the rewind to", "fork": "in this fork of", "restore": "since the return to"}


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """Why steps are on hold, and which of them wait."""

    why: dict[str, Any] | None
    steps: list[HeldStep]


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """Whether steps are on hold."""

    def read(self, views: Views) -> ApprovalState:
        """Two short look-ups while nothing is."""
        why = views.hold()
        return ApprovalState(why, views.held_steps(limit=MOST) if why is not None else [])


class ApprovalBar(Asking, OneLine):
    """Takes no room while steps run."""

    is_button = True

    @dataclass
    class Read(Message):
        """It is known which steps wait."""

        steps: list[HeldStep]

    def __init__(self) -> None:
        super().__init__(id="hold")
        self.why: dict[str, Any] | None = None
        self.steps: list[HeldStep] = []

    def question(self) -> Question:
        return ApprovalQuestion()

    def show_answer(self, answer: ApprovalState) -> None:
        self.why, self.steps = answer.why, answer.steps
        self.post_message(self.Read(self.steps))
        self.set_class(self.why is not None, "-shown")
        self.update_line()

    def is_held(self, seq: int) -> bool:
        """Whether the step of this wait waits for a yes."""
        return any(step.seq == seq for step in self.steps)

    def build(self, line: Line, colours: Look) -> None:
        if self.why is None:
            return
        count = f"{len(self.steps):,}" + ("+" if len(self.steps) >= MOST else "")
        head = f"{glyphs().paused_clock} STEPS ON HOLD"
        tail = f" H reviews {count} " if self.steps else " H opens "
        since = WHY.get(str(self.why.get("why")), "since")
        at = self.why.get("at")
        words = f"  {since} {clock(at)}" if isinstance(at, int) else ""
        names = list(dict.fromkeys(f"{step.name} {step.user}" for step in self.steps))
        words += f" · {', '.join(names[:5])}" if names else " · no step is waiting for approval"
        body = Line(line.width - len(tail)).gap().add(head, colours.warning + Style(bold=True))
        line.append(body.add(literal(words), colours.text)).add(tail, colours.accent + Style(bold=True))

    async def on_click(self, event: events.Click) -> None:
        """The line is a button."""
        await self.screen.run_action("held_steps")
