"""Refused events on the live screen: look at them, mend and send, or drop them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding

from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.store.refused import Refused
from studio.text.printable import clean
from studio.tui.screens.control import Control
from studio.tui.session.read_only import refusal

if TYPE_CHECKING:
    pass

REFUSED_BINDING = Binding("B", "refused_events", "refused events", show=False, id="refused_events")
MOST_EDITED = 1 << 18
"""Bytes of an event that is mended here."""


class RefusedControl(Control):
    """Looks after refused events."""

    async def look_after(self) -> None:
        """Show them, and do what is asked, until there is no more to do."""
        client, at = self.session.client, None
        while client is not None:
            try:
                rows = await asyncio.to_thread(_read, client)
                if not rows:
                    self.say("no event was refused", "muted")
                    return
                from studio.tui.screens.refused import RefusedScreen

                asked = await self.screen.app.push_screen_wait(RefusedScreen(rows, at))
                if asked is None:
                    return
                act, row = asked
                at = row.number
                if said := await _do(self.screen.app, client, act, row):
                    self.say(said)
            except StudioError as error:
                self.say(str(error), "error")
                return


async def _do(app: App[Any], client: EngineClient, act: str, row: Refused) -> str | None:
    """Do what was asked for one event; gives what is said of it."""
    from studio.tui.screens.question import QuestionScreen
    from studio.tui.screens.refused import MendEditor

    if client.read_only:
        raise refusal("cannot send or delete refused events", client)
    if act == "drop":
        question = QuestionScreen(
            f"Delete the refused event {row.number}?", "delete it", details=[row.reason]
        )
        if await app.push_screen_wait(question) != "y":
            return None
        await client.drop_refused(row.number)
        return f"deleted the refused event {row.number}"
    if row.size > MOST_EDITED:
        raise StudioError(
            "the event is too large to be edited here", fix=f"journey-studio refused {row.number}"
        )
    body = await asyncio.to_thread(_body, client, row.number)
    events = await app.push_screen_wait(MendEditor(row, body))
    if not events:
        return None
    await client.send_refused(row.number, events)
    return f"sent {', '.join(clean(f'{event.name} for {event.user}') for event in events[:3])}"


def _read(client: EngineClient) -> list[Refused]:
    with client.look() as views:
        return views.refused()


def _body(client: EngineClient, number: int) -> str:
    with client.look() as views:
        return views.refused_event(number)[1]
