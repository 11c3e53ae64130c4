"""`v`: the inside of a journey, now or at any entry of its past."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from studio.engine.inspect.result import Inspection
from studio.errors import StudioError
from studio.tui.format.text import literal
from studio.tui.screens.copying import COPY_BINDING, copy_from_page
from studio.tui.screens.modal_page import ModalPage
from studio.tui.session.command_lines import Looked
from studio.tui.session.context import session_of
from studio.tui.widgets.inside_text import inside

STEP = Binding.Group("step")


class InspectScreen(ModalPage):
    """Steps through a journey. The journey itself goes on meanwhile, and nothing of it is touched.

    Args:
        journey: its id.
        seq: the entry to look at first; None for how it stands now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "step(1)", "later", group=STEP, id="inspect.later"),
        Binding("p", "step(-1)", "earlier", group=STEP, id="inspect.earlier"),
        COPY_BINDING,
    ]

    def __init__(self, journey: str, seq: int | None = None) -> None:
        super().__init__()
        self._journey = journey
        self._seqs: list[int] = []
        """The entries to step through, oldest first."""
        self._wanted = seq
        self._shown: int | None = None
        self._looking = self._again = False

    def on_mount(self) -> None:
        """Look inside."""
        self._title("looking")
        self._go(self._wanted)

    def _title(self, note: str) -> None:
        self.page.set_titles(f"inside {literal(self._journey)}", f"{note} · n later · p earlier · esc closes")

    def _go(self, seq: int | None) -> None:
        self._wanted, self._again = seq, True
        # A drive cannot be cut short: of what is stepped over meanwhile only the last is driven to.
        if not self._looking:
            self._look()

    @work(group="inspect", exit_on_error=False)
    async def _look(self) -> None:
        client = session_of(self).client
        if client is None:
            return
        self._looking = True
        try:
            while self._again and self.is_attached:
                wanted, self._again = self._wanted, False
                try:
                    found = await client.inspect(self._journey, wanted)
                    if not self._seqs or found.entry.seq > self._seqs[-1]:
                        self._seqs = [entry.seq for entry in await client.inspectable(self._journey)]
                except StudioError as error:
                    self._refuse(wanted, str(error))
                else:
                    self._show(found)
        finally:
            self._looking = False

    def _show(self, found: Inspection) -> None:
        if not self.is_attached:
            return
        self._shown = found.entry.seq
        self.page.show_lines(inside(found))
        at = bisect_left(self._seqs, found.entry.seq) + 1
        self._title(f"{min(at, len(self._seqs)):,}/{len(self._seqs):,}")

    def _refuse(self, seq: int | None, why: str) -> None:
        if self.is_attached:
            self._shown = seq
            self.page.show_lines([((f" {literal(why)}", "error"),)])
            self._title("refused")

    def action_step(self, by: int) -> None:
        """To the entry after (1) or before (-1) the one that is shown or on its way."""
        seq = self._wanted if self._wanted is not None else self._shown
        if seq is None or not self._seqs:
            return
        at = bisect_left(self._seqs, seq) + by
        if at >= len(self._seqs):
            # It may have gone on since.
            self._go(None)
        elif at >= 0:
            self._go(self._seqs[at])

    def action_copy_command(self) -> None:
        """Copy what shows the same on the command line."""
        now = not self._seqs or self._shown == self._seqs[-1]
        seq = None if now else self._shown
        copy_from_page(self, "inspect", lambda place: Looked(place, journey=self._journey, seq=seq))
