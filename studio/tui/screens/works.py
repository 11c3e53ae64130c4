"""`W`: what takes long and is under way, with its progress, the time left, and a key that stops it."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.errors import StudioError
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.context import session_of
from studio.tui.session.long_work import Kind, LongWork
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

LOOK_SECONDS = 0.2
NAME_SHARE, BAR_SHARE = 3, 4


class WorksList(VirtualList[LongWork]):
    """One a line, the jump first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.leave", "close", key_display="⏎", show=False, id="works.close"),
    ]

    empty_text = "Nothing is under way."

    def key_of(self, row: LongWork) -> Hashable:
        return id(row)

    def draw(self, row: LongWork, index: int, state: RowState) -> list[Line]:
        mark, colours = glyphs(), state.look
        line = Line(state.width).add(*cursor_mark(state)).add(f"{mark.running} ", colours.accent)
        line.cell(literal(row.name), max(14, state.width // NAME_SHARE), colours.strong).gap()
        width, share = max(6, state.width // BAR_SHARE), row.share
        full = 0 if share is None else int(width * share)
        line.add(mark.bar_left * full, colours.accent).add(mark.bar_gone * (width - full), colours.faint)
        return [line.gap().add(row.words(time.monotonic(), line.room), colours.text)]


class WorksScreen(ModalScreen[None]):
    """Looks again and again until it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "stop it", id="works.stop"),
        Binding("escape,q,W,enter", "leave", "close", key_display="esc", id="works.leave"),
    ]

    _reading = False

    def idle_keys(self) -> frozenset[str]:
        """Where nothing is under way, nothing is stopped."""
        row = self.query_one(WorksList).row
        return frozenset() if row is not None and row.can_stop else frozenset({"works.stop"})

    def compose(self) -> ComposeResult:
        yield WorksList(id="works", classes="pane")

    def on_mount(self) -> None:
        """See what there is, and go on looking."""
        found = self.query_one(WorksList)
        found.set_titles("Under way", "x stops it · esc closes")
        found.focus()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """What there is now; what the engine is at is read from its store first."""
        self._show()
        self.run_worker(self._read(), group="works-read", exit_on_error=False)

    async def _read(self) -> None:
        if self._reading or (shown := session_of(self).stores.shown) is None:
            return
        self._reading = True
        try:
            found = await shown.reader.ask(lambda views: views.under_way())
        except StudioError:
            # The store is being left, or cannot be read, which the bars say.
            return
        finally:
            self._reading = False
        if self.is_attached:
            session_of(self).works.take(found, can_stop=not shown.client.read_only)
            self._show()

    def _show(self) -> None:
        session, found = session_of(self), self.query_one(WorksList)
        shown = session.stores.shown
        jump = shown.client.time.reading().jump if shown is not None else None
        can_stop = shown is not None and not shown.client.read_only
        found.show_rows(session.works.listed(jump, can_stop=can_stop))
        found.forget_drawn()

    def action_stop(self) -> None:
        """Stop what stands at the cursor.

        A jump ends where it has come to; who has not gone over to other code does so when something comes
        for them; of a rewind nothing has happened then; others end after the part that they are at.
        """
        session, row = session_of(self), self.query_one(WorksList).row
        if row is None:
            return
        if not row.can_stop:
            self.notify(f"{literal(row.name)} cannot be stopped from here", markup=False)
            return
        row.stopped = True
        if (kind := session.works.kind_of(row)) is not None:
            self.run_worker(self._stop(kind, row), group="works", exit_on_error=False)
        self._show()

    async def _stop(self, kind: Kind, row: LongWork) -> None:
        # Of the past nothing can be stopped; what is under way is so now.
        shown = session_of(self).stores.shown
        if shown is None:
            return
        try:
            if kind == "jump":
                await shown.client.time.stop_jump()
            elif kind == "change":
                await shown.client.stop_change()
            elif not await shown.client.stop_reload():
                row.stopped = False
        except StudioError as error:
            row.stopped = False
            self.notify(literal(str(error)), severity="error", markup=False)

    def action_leave(self) -> None:
        """It goes on."""
        self.dismiss(None)
