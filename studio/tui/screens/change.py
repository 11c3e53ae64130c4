"""Asking for a value of a node in one line, and for what is to be done to a node, by one key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from studio.errors import StudioError
from studio.tui.format.text import literal
from studio.tui.screens.drawer import Drawer, DrawerScreen, keys_line

INSERTS = {
    "w": "wait",
    "c": "digest",
    "s": "sleep",
    "u": "until",
    "t": "step",
    "e": "message",
    "p": "split",
    "m": "reminder",
    "l": "log line",
}
"""What can be inserted, by its key."""
FIRST_LINE = 5
"""How many of them stand on the first line."""


@dataclass(frozen=True, slots=True)
class EditedField:
    """A value that can be written."""

    name: str
    value: str
    """As it stands in the source now; "" for what is not there."""
    hint: str = ""


class ChangeScreen(DrawerScreen[str]):
    """Gives what was done, in a sentence; "" when it was left. A refusal stands below the line.

    Args:
        about: which node; literal.
        fields: what can be written, the first to be offered first.
        take: writes it, and gives the sentence.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_field(1)", "next value", id="change.next"),
        Binding("shift+tab", "next_field(-1)", "value before", show=False, id="change.before"),
        Binding("escape", "leave", "leave", key_display="esc", id="change.leave"),
    ]

    def __init__(
        self, about: str, fields: Sequence[EditedField], take: Callable[[EditedField, str], Awaitable[str]]
    ) -> None:
        super().__init__()
        self._about, self._fields, self._take = about, fields, take
        self._at = 0

    def compose(self) -> ComposeResult:
        with Drawer():
            yield Static(id="question-text")
            # With its value from the start: keys may come before all is mounted.
            yield Input(self._fields[0].value, compact=True, id="file-name")
            yield Static(id="refusal")
            more = [("tab", "another value")] if len(self._fields) > 1 else []
            yield Static(keys_line([("⏎", "saves the file"), *more, ("esc", "leave")]), id="question-keys")

    def on_mount(self) -> None:
        """Ready to be typed over."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()
        self._say_field()

    def action_next_field(self, by: int) -> None:
        """Another value of the node."""
        self._at = (self._at + by) % len(self._fields)
        self._say_field()
        line = self.query_one(Input)
        line.value = self._fields[self._at].value
        line.action_select_all()

    def _say_field(self) -> None:
        field = self._fields[self._at]
        hint = f"  {literal(field.hint)}" if field.hint else ""
        told = Content.assemble(
            (literal(field.name), "bold"), f" of {literal(self._about)}", (hint, "$foreground-muted")
        )
        self.query_one("#question-text", Static).update(told)

    @on(Input.Changed)
    def forget_refusal(self) -> None:
        """What was refused is no longer what stands there."""
        self.query_one("#refusal", Static).update("")

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        """Enter writes it."""
        message.stop()
        self._write(self._fields[self._at], message.value)

    @work(group="change", exclusive=True, exit_on_error=False)
    async def _write(self, field: EditedField, text: str) -> None:
        try:
            said = await self._take(field, text)
        except StudioError as error:
            refusal = Content.styled(literal(" ".join(str(error).split())), "$error")
            self.query_one("#refusal", Static).update(refusal)
            return
        self.dismiss(said)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss("")


class ActNodeScreen(DrawerScreen[tuple[str, str]]):
    """Gives "before" or "after" and what is inserted there, or what else is done; ("", "") for nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"choose('{words}')", words, id=f"node.{words}") for key, words in INSERTS.items()),
        Binding("x", "choose('remove')", "remove", id="node.remove"),
        Binding("b", "turn", "before, after", id="node.where"),
        Binding("escape,q,enter", "leave", "leave", key_display="esc", id="node.leave"),
    ]

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about
        self._where = "after"

    def compose(self) -> ComposeResult:
        with Drawer():
            yield Static(id="question-text")
            inserts = list(INSERTS.items())
            yield Static(keys_line(inserts[:FIRST_LINE]), id="inserts")
            yield Static(keys_line([*inserts[FIRST_LINE:], ("x", "remove it")]), id="more-inserts")
            yield Static(keys_line([("b", "before or after"), ("⏎", "nothing")]), id="question-keys")

    def on_mount(self) -> None:
        """Say where."""
        self._show()

    def _show(self) -> None:
        text = f"Insert {self._where} {literal(self._about)}"
        self.query_one("#question-text", Static).update(Content(text))

    def action_turn(self) -> None:
        """The other side of the node."""
        self._where = "before" if self._where == "after" else "after"
        self._show()

    def action_choose(self, what: str) -> None:
        """It is chosen."""
        self.dismiss((self._where, what))

    def action_leave(self) -> None:
        """Nothing."""
        self.dismiss(("", ""))
