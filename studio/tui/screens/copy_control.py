"""What the live screen's `Y` and the commands are about: the row under the cursor, as they can name it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.store.records import Entry, UserRow, WaitRow
from studio.tui.screens.control import Control
from studio.tui.screens.time_control import fork_name
from studio.tui.session.command_lines import CommandPlace, EventToSend, Looked
from studio.tui.session.offered import not_offered
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.json_fault import JsonFault, read_data
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.why import WhyPane

if TYPE_CHECKING:
    from studio.tui.screens.act_control import ActControl
    from studio.tui.screens.main_screen import MainScreen
    from studio.tui.session.drafts import Draft


class CopyControl(Control):
    """Says what is looked at on the live screen.

    Args:
        screen: the live screen.
        acts: knows what is selected there, and reads of it what a row does not hold.
    """

    def __init__(self, screen: MainScreen, acts: ActControl) -> None:
        super().__init__(screen)
        self._acts = acts

    async def looked_at(self, place: CommandPlace) -> Looked:
        """What is under the cursor.

        Raises:
            StudioError: it cannot be read, or what is typed is no event.
        """
        screen, timeline = self.screen, self.screen.query_one(TimelinePane)
        due, entry = screen.query_one(ClockBar).next, screen.query_one(EntryList).entry
        reading, drafts = self.session.clock_reading(), screen.query_one(Inject).history.drafts
        looked = Looked(
            place,
            user=timeline.user,
            again=_typed(drafts[-1]) if drafts else None,
            cut=entry.seq if entry is not None else None,
            fork=str(place.store.with_name(fork_name(place.store))),
            workflow=self._acts.workflow,
            due_at=due.due_at if due is not None else None,
            paused=reading.paused,
            speed=reading.speed,
        )
        if isinstance(screen.focused, WhyPane):
            return self._explained(looked, screen.focused)
        focused = screen.focused
        if isinstance(focused, VirtualList):
            gone = focused.is_gone(focused.cursor)
            return await self._of_row(looked, self._acts.selected, gone=gone)
        event = _typed(screen.query_one(Inject).draft)
        return replace(looked, own="inject.send" if event is not None else "", event=event)

    async def _of_row(self, looked: Looked, row: UserRow | WaitRow | Entry | None, *, gone: bool) -> Looked:
        inside = "pane.timeline" if "inspect" in not_offered(self.session) else "inspect"
        match row:
            case UserRow(id=user):
                return replace(looked, own="pane.timeline", user=user)
            case WaitRow(answerable=(wait, *_)) if not gone:
                answer = await self._acts.read_answer(wait)
                event = EventToSend(answer.event, answer.user, answer.data)
                due_at = row.nearest.due_at
                return replace(
                    looked,
                    own="wait.answer",
                    user=row.user,
                    journey=row.journey,
                    event=event,
                    wait_due_at=due_at,
                )
            case WaitRow(user=user, journey=journey, seq=seq):
                due_at = None if gone else row.nearest.due_at
                at = seq if gone else None
                return replace(looked, own=inside, user=user, journey=journey, seq=at, wait_due_at=due_at)
            case Entry(kind="event", seq=seq):
                entry, data = await self._acts.read_event(seq)
                event = EventToSend(entry.name or "", entry.user or "", data)
                return replace(looked, own="edit_again", user=event.user, event=event, why=event.name)
            case Entry(user=str(user), journey=str(journey), seq=seq):
                return replace(looked, own=inside, user=user, journey=journey, seq=seq)
            case Entry(user=str(user)):
                return replace(looked, own="pane.timeline", user=user)
            case Entry():
                return replace(looked, own="pane.log")
        return looked

    @staticmethod
    def _explained(looked: Looked, pane: WhyPane) -> Looked:
        found = pane.why
        if found is None or found.entry.user is None:
            return looked
        why = found.entry.name if found.entry.kind == "event" else None
        return replace(looked, own="why", user=found.entry.user, why=why)


def _typed(draft: Draft) -> EventToSend | None:
    """The event of a draft; None when it has no name or user.

    Raises:
        StudioError: its data is not valid JSON.
    """
    if not draft.event.strip() or not draft.user.strip():
        return None
    try:
        return EventToSend(draft.event.strip(), draft.user.strip(), read_data(draft.data))
    except JsonFault as fault:
        raise StudioError(fault.why) from None
