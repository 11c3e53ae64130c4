"""`ctrl+r` in the form: what was sent from here, by words: of one user, one workflow, or all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from studio.language.definition import Workflow
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.drafts import Draft
from studio.tui.session.known_names import workflow_names
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

NAME_SHARE, USER_SHARE = 3, 6


@dataclass(frozen=True, slots=True)
class SentScope:
    """Which of what was sent is looked through."""

    words: str
    """ "this user, ann"."""
    user: str | None = None
    events: frozenset[str] | None = None
    """The names that a workflow speaks of."""

    def holds(self, draft: Draft) -> bool:
        """Whether it is about this event."""
        if self.user is not None and draft.user != self.user:
            return False
        return self.events is None or draft.event in self.events


def scopes_of(drafts: Sequence[Draft], user: str, workflow: Workflow | None) -> list[SentScope]:
    """This user's, this workflow's, all: the first two where there is one."""
    scopes = [SentScope(f"user {user}", user=user)] if user else []
    if workflow is not None:
        named = frozenset(workflow_names({workflow.name: workflow}))
        events = frozenset(
            each.event for each in drafts if each.event in named or workflow.trigger.meets(each.event)
        )
        scopes.append(SentScope(f"workflow {workflow.name}", events=events))
    return [*scopes, SentScope("all")]


@dataclass(frozen=True, slots=True)
class SentRow:
    """An event that was sent, the newest being 0."""

    number: int
    draft: Draft


class SentList(VirtualList[SentRow]):
    """The newest first."""

    def key_of(self, row: SentRow) -> Hashable:
        return row.number

    def draw(self, row: SentRow, index: int, state: RowState) -> list[Line]:
        colours, draft = state.look, row.draft
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state)).gap()
        line.cell(literal(draft.event), max(12, state.width // NAME_SHARE), colours.strong, keep="end").gap()
        line.cell(literal(draft.user), max(8, state.width // USER_SHARE), colours.text, keep="both").gap()
        return [line.add(literal(draft.data), quiet)]


class SentEventsScreen(ModalScreen[Draft | None]):
    """Gives the event that is to stand in the form.

    Args:
        drafts: what was sent, the oldest first.
        scopes: what can be looked through, the narrowest first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "next", show=False, priority=True, id="sent.down"),
        Binding("up", "move(-1)", "before", show=False, priority=True, id="sent.up"),
        Binding("tab,ctrl+r", "scope", "whose", key_display="tab", priority=True, id="sent.scope"),
        Binding("escape", "leave", "close", key_display="esc", priority=True, id="sent.leave"),
    ]

    def __init__(self, drafts: Sequence[Draft], scopes: Sequence[SentScope]) -> None:
        super().__init__()
        distinct = dict.fromkeys(reversed(drafts))
        self._rows = [SentRow(number, draft) for number, draft in enumerate(distinct)]
        # One that holds nothing is no place to begin, but for the last.
        self._scopes = scopes
        self._at = next(
            (at for at, scope in enumerate(scopes) if any(scope.holds(row.draft) for row in self._rows)),
            len(scopes) - 1,
        )

    def compose(self) -> ComposeResult:
        with Vertical(id="sent-sheet", classes="pane"):
            yield Input(placeholder="words of the event, the user or the data", id="sent-words")
            yield SentList(id="sent-list")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()
        self._show()

    def _show(self) -> None:
        scope, words = self._scopes[self._at], self.query_one(Input).value.casefold().split()
        found = [row for row in self._rows if scope.holds(row.draft) and _has(row.draft, words)]
        rows, sheet = self.query_one(SentList), self.query_one("#sent-sheet")
        rows.empty_text = "Nothing that was sent has these words." if words else "Nothing was sent from here."
        rows.show_rows(found)
        if found:
            rows.point_at(found[0].number)
        sheet.border_title = Content(literal(f"Sent · {scope.words} · {len(found):,}"))
        sheet.border_subtitle = "⏎ takes it · tab whose · esc closes"

    @on(Input.Changed)
    def narrow(self, message: Input.Changed) -> None:
        """Other words."""
        message.stop()
        self._show()

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        """Enter takes the marked one."""
        message.stop()
        row = self.query_one(SentList).row
        if row is not None:
            self.dismiss(row.draft)

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """A double click, too."""
        message.stop()
        self.dismiss(message.row.draft)

    def action_move(self, by: int) -> None:
        """Another row; the words are typed on."""
        self.query_one(SentList).action_move(by)

    def action_scope(self) -> None:
        """This user's, this workflow's, all."""
        self._at = (self._at + 1) % len(self._scopes)
        self._show()

    def action_leave(self) -> None:
        """The form stays as it is."""
        self.dismiss(None)


def _has(draft: Draft, words: list[str]) -> bool:
    text = f"{draft.event} {draft.user} {draft.data}".casefold()
    return all(word in text for word in words)
