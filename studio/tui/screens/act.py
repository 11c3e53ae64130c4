"""`a`: what can be done to a journey, in a small menu that asks before it destroys anything."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import literal
from studio.tui.screens.copying import copy_from_page
from studio.tui.session.acting import (
    Act,
    Actable,
    ActAnswer,
    Chosen,
    acts_for,
    failure_lines,
)
from studio.tui.session.command_lines import Looked, command_line
from studio.tui.session.context import session_of
from studio.tui.widgets.page import Page

KEY_TONE = "accent"
"""Of the keys in a line."""
_ENDED = ("completed", "exited", "cancelled")


class ActPage(Page):
    """The lines of the menu; the keys belong to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.safe", "no, or close", show=False, id="act.safe"),
    ]

    def hovers(self, row: tuple[int, Pieces]) -> bool:
        return any(tone == KEY_TONE for _, tone in row[1])

    def on_click(self, event: events.Click) -> None:
        """The keys of a line are buttons, with their words."""
        offset = event.get_content_offset(self)
        at = offset.y + self.scroll_offset.y if offset is not None else -1
        if offset is None or not 0 <= at < len(self.rows):
            return
        key, used = "", 0
        for text, tone in self.rows[at][1]:
            if used <= offset.x and tone == KEY_TONE:
                key = text.strip()
            used += cell_len(text)
        if key:
            action = {"y": "yes", "⏎": "safe"}.get(key, f"choose('{key}')")
            self.call_later(self.screen.run_action, action)


class ActScreen(ModalScreen[Chosen]):
    """One key does it; what destroys asks first, and there enter is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"choose('{key}')", words, show=False, id=f"act.{words}")
            for key, words in (
                ("a", "answer"),
                ("t", "time_out"),
                ("r", "resume"),
                ("c", "cancel"),
                ("s", "restart"),
                *((f"{number}", f"answer_{number}") for number in range(2, 10)),
            )
        ),
        Binding("y", "yes", "yes", show=False, id="act.yes"),
        Binding("Y", "say_commands", "as commands", show=False, id="act.commands"),
        Binding("left", "step(-1)", "journey before", show=False, id="act.before"),
        Binding("right", "step(1)", "next journey", show=False, id="act.next"),
        Binding("escape,q", "safe", "back", key_display="esc", id="act.close"),
    ]

    def __init__(self, answer: ActAnswer) -> None:
        super().__init__()
        self._journeys = answer.journeys
        self._at = answer.at
        self.asked: Act | None = None
        """What waits for a yes."""
        self._as_commands = False
        """The menu says the commands that do the same, and a key copies one."""

    def compose(self) -> ComposeResult:
        yield ActPage(id="acts", classes="pane")

    def on_mount(self) -> None:
        """Say what can be done."""
        self.query_one(ActPage).focus()
        self._show()

    @property
    def _found(self) -> Actable:
        return self._journeys[self._at]

    def _show(self) -> None:
        found, page = self._found, self.query_one(ActPage)
        lines = self._asking(self.asked) if self.asked is not None else self._menu(found)
        many = f"  {self._at + 1} of {len(self._journeys)} ← →" if len(self._journeys) > 1 else ""
        keys = "a key copies its command · Y back" if self._as_commands else "Y as commands · esc back"
        page.set_titles(f"Act · {found.row.id}{many}", "⏎ no" if self.asked else keys)
        page.show_lines(lines)

    def _menu(self, found: Actable) -> list[Pieces]:
        row, mark = found.row, glyphs()
        sign, tone = (
            (mark.failed, "error")
            if row.status == "failed"
            else (mark.completed, "success")
            if row.status == "completed"
            else (mark.stopped, "muted")
            if row.status in _ENDED
            else (mark.wait, "warning")
        )
        said = f"{row.status}, pass {row.pass_number}" + (f", at {row.waits_for}" if row.waits_for else "")
        lines: list[Pieces] = [((f" {sign} ", tone), (literal(said), "text")), ()]
        for each in acts_for(found):
            words = literal(self._line(each) or each.words) if self._as_commands else literal(each.words)
            quiet = self._as_commands and self._line(each) is None
            lines.append(((f"   {each.key} ", "accent"), (words, "muted" if quiet else "text")))
        if found.failure is not None:
            lines.append(())
            tones = {"error": "error", "source": "strong", "traceback": "muted"}
            for kind, text in failure_lines(found.failure):
                lines.append(((f"   {literal(text)}", tones[kind]),))
        return lines

    def _asking(self, act: Act) -> list[Pieces]:
        lines: list[Pieces] = []
        lines += [((f"   {literal(part)}", "text"),) for part in _sentences(act.question)]
        lines += [(), (("   y ", "accent"), (f"{act.name}   ", "text"), ("⏎ ", "accent"), ("no", "text"))]
        return lines

    # -- keys ------------------------------------------------------------------------------------

    def action_choose(self, key: str) -> None:
        """Do it, or ask first."""
        if self.asked is not None:
            return
        act = next((each for each in acts_for(self._found) if each.key == key), None)
        if act is None:
            return
        if self._as_commands:
            journey = self._found.row.id
            copy_from_page(self, f"act.{act.name}", lambda place: Looked(place, journey=journey))
        elif act.question:
            self.asked = act
            self._show()
        else:
            self._do(act)

    def action_say_commands(self) -> None:
        """Say the commands that do the same, or again what the keys do."""
        if self.asked is None:
            self._as_commands = not self._as_commands
            self._show()

    def _line(self, act: Act) -> str | None:
        """The command that does the same; None where there is none."""
        place = session_of(self).command_place
        if place is None:
            return None
        return command_line(f"act.{act.name}", Looked(place, journey=self._found.row.id))

    def action_yes(self) -> None:
        """Do what was asked about."""
        if self.asked is not None:
            self._do(self.asked)

    def action_safe(self) -> None:
        """Not that; without a question, back."""
        if self.asked is None:
            self.dismiss(None)
        else:
            self.asked = None
            self._show()

    def action_step(self, by: int) -> None:
        """Another journey of the user."""
        if self.asked is None:
            self._at = (self._at + by) % len(self._journeys)
            self._show()

    def _do(self, act: Act) -> None:
        found = self._found
        self.dismiss(Chosen(act.name, found.row.id, act.wait))


def _sentences(text: str) -> list[str]:
    """A question, a line for each sentence."""
    first, mark, rest = text.partition("? ")
    return [first + mark.strip(), *[f"{part.rstrip('.')}." for part in rest.split(". ") if part]]
