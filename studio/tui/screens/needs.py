"""`N`: what needs a person, in order, and the keys that go there or resume a group."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.pieces import Pieces, wrapped
from studio.tui.format.text import literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.context import session_of
from studio.tui.session.needs import Need, NeedsQuestion
from studio.tui.session.offered import not_offered
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

ASK_SECONDS = 1.0
INDENT = 3
LINES = 2

Asked = Literal["who", "edit", "resume", "act"]
Answer = tuple[Asked, tuple[Need, ...]]
"""What is to be done, and about which: several when rows are marked."""


class NeedsList(Asking, Marking[Need]):
    """One below the other, the worst first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "who", key_display="⏎", id="needs.open"),
    ]

    empty_text = "Nothing needs you: nothing failed, nothing is held, nothing is overdue."
    row_height = LINES

    def question(self) -> Question | None:
        session = session_of(self)
        return None if session.client is None else NeedsQuestion(session.client, session.shown_now)

    def show_answer(self, answer: list[Need]) -> None:
        if answer != self.rows:
            self.show_rows(answer)

    def _title(self) -> None:
        idle = not_offered(session_of(self))
        acts = "" if "needs.resume" in idle else " · r resume all · a act…"
        self.set_titles(
            f"Needs you {len(self.rows)}" if self.rows else "Needs you",
            f"⏎ who · e editor there{acts} · esc closes",
        )

    def key_of(self, row: Need) -> Hashable:
        return row.key

    def copy_text(self, row: Need) -> str:
        return row.text

    def draw(self, row: Need, index: int, state: RowState) -> list[Line]:
        mark, colours = glyphs(), state.look
        sign, tone = {
            "file": (mark.failed, "error"),
            "failed": (mark.failed, "error"),
            "hanging": (mark.running, "error"),
            "held": (mark.paused_clock, "warning"),
            "paused": (mark.paused_clock, "warning"),
            "overdue": ("!", "error"),
            "near": (mark.similar, "warning"),
        }[row.kind]
        text = literal(" ".join(row.text.split()))
        parts: list[Pieces] = wrapped(((text, "text"),), max(1, state.width - INDENT))[:LINES]
        lines = []
        for at in range(LINES):
            line = Line(state.width)
            if at == 0:
                line.add(*cursor_mark(state)).add(f"{sign} ", colours.tone(tone))
            else:
                line.gap(INDENT)
            for part, _ in parts[at] if at < len(parts) else ():
                line.add(part, colours.strong if at == 0 else colours.text)
            lines.append(line)
        return lines


class NeedsScreen(ModalScreen[Answer | None]):
    """Gives what is to be done about one of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "ask('who')", "who", key_display="⏎", id="needs.who"),
        Binding("e", "ask('edit')", "editor there", id="needs.edit"),
        Binding("r", "ask('resume')", "resume all of the group", id="needs.resume"),
        Binding("a", "ask('act')", "act on all of the group", id="needs.act"),
        Binding("escape,q,N", "leave", "close", key_display="esc", id="needs.leave"),
    ]

    def __init__(self, at: str | None = None) -> None:
        super().__init__()
        self._place = at

    def idle_keys(self) -> frozenset[str]:
        """What has nothing to act on: without a row all, and what resumes where nothing has failed."""
        found = self.query_one(NeedsList)
        if found.row is None:
            return frozenset({"needs.open", "needs.who", "needs.edit", "needs.resume", "needs.act"})
        failed = any(each.journeys for each in found.marks.values()) or found.row.journeys
        return frozenset() if failed else frozenset({"needs.resume"})

    def compose(self) -> ComposeResult:
        yield NeedsList(id="needs", classes="pane")

    def on_mount(self) -> None:
        """All of them, and what is added meanwhile."""
        found = self.query_one(NeedsList)
        found.focus()
        found.ask()
        # What lies over a screen is not told of changes; to ask once a second is soon enough to act by hand.
        self.set_interval(ASK_SECONDS, found.ask)

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row, or a double click."""
        message.stop()
        self.dismiss(("who", (message.row,)))

    def action_ask(self, act: Asked) -> None:
        """What stands at the cursor; to act on, what is marked."""
        found = self.query_one(NeedsList)
        if found.marks and act in ("resume", "act"):
            self.dismiss((act, tuple(found.marks.values())))
        elif found.row is not None:
            self.dismiss((act, (found.row,)))

    def action_leave(self) -> None:
        """Take the marks; without any, stay where one is."""
        found = self.query_one(NeedsList)
        if found.marks:
            found.unmark()
        else:
            self.dismiss(None)
