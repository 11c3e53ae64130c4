"""Where one can go by name, from the commands: any workflow, user or wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.text import Text
from textual.command import Hit, Hits, Provider
from textual.message import Message

from studio.errors import StudioError
from studio.store.records import UserRow, WaitRow
from studio.store.view_users import UserSearch
from studio.store.views import Views
from studio.tui.format.text import literal
from studio.tui.session.context import session_of
from studio.tui.session.messages import GoToUser, OpenDesigner
from studio.tui.widgets.waiting import wait_words

MOST_EACH = 10
"""Users, and waits, that are offered at once: a longer name finds fewer."""
LOOKED_AT = 1_000
"""Waits that are looked at, the nearest first."""
KIND = re.compile(r"^\s*(user|wait)\b:?", re.IGNORECASE)
"""What stands before a name in the list may be typed before it too."""
GROUND_SCORE = 0.5
"""Of what the store found and the palette's own matching would not have."""


@dataclass(frozen=True, slots=True)
class GoalsQuestion:
    """The users and the waits that a text names."""

    text: str

    def read(self, views: Views) -> tuple[list[UserRow], list[WaitRow]]:
        """At most `MOST_EACH` of each: ids that begin so first, then others with all words in them."""
        words = tuple(self.text.casefold().split())
        users = {row.id: row for row in views.users_starting(self.text, limit=MOST_EACH)}
        for row in views.find_users(UserSearch(words), limit=MOST_EACH).rows:
            users.setdefault(row.id, row)
        waits = [row for row in views.waits(limit=LOOKED_AT) if _named(row, words)]
        return list(users.values())[:MOST_EACH], waits[:MOST_EACH]


def _named(row: WaitRow, words: tuple[str, ...]) -> bool:
    name = f"{row.user} {row.name or row.kind}".casefold()
    return all(word in name for word in words)


class Goals(Provider):
    """Workflows, users and waits, found by their names."""

    async def search(self, query: str) -> Hits:
        """What has these letters."""
        matcher = self.matcher(query)
        found = [(title, call) for title, call in self._workflows() if matcher.match(title) > 0]
        found += await self._stored(KIND.sub("", query).strip())
        for title, call in found:
            # As Text: a name may look like markup.
            yield Hit(max(GROUND_SCORE, matcher.match(title)), Text(title), call, text=title)

    def _workflows(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        client = session_of(self.app).client
        for name in sorted(client.workflows) if client is not None else ():
            yield f"Workflow: {literal(name)}", self._leads_to(OpenDesigner(name))

    async def _stored(self, text: str) -> list[tuple[str, Callable[[], Any]]]:
        session = session_of(self.app)
        if session.reader is None or not text:
            return []
        try:
            users, waits = await session.reader.ask(GoalsQuestion(text).read)
        except StudioError as error:
            session.tell(str(error))
            return []
        return [
            *((f"User: {literal(row.id)}", self._leads_to(GoToUser(row.id))) for row in users),
            *(
                (f"Wait: {literal(row.user)} {wait_words(row)}", self._leads_to(GoToUser(row.user, row.seq)))
                for row in waits
            ),
        ]

    def _leads_to(self, message: Message) -> Callable[[], object]:
        return partial(self.app.post_message, message)
