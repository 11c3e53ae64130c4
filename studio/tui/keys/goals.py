"""Where one can go by name, from the commands: any workflow, user, wait or file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.command import Hit, Hits, Provider
from textual.message import Message

from studio.design.explorer.samples import event_file
from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.source.project import short
from studio.store.records import UserRow, WaitRow
from studio.store.view_users import UserSearch
from studio.store.views import Views
from studio.tui.format.text import literal
from studio.tui.keys.command import PaletteChoice
from studio.tui.keys.used import MOST_FIRST, UsedCommands, of_kind
from studio.tui.screens.main_screen import shown_on
from studio.tui.session.context import session_of
from studio.tui.session.editor import CursorPlace, go
from studio.tui.session.messages import GoToUser, OpenDesigner
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.waiting import wait_words

MOST_EACH = 10
"""Users, and waits, that are offered at once: a longer name finds fewer."""
LOOKED_AT = 1_000
"""Waits that are looked at, the nearest first."""
MOST_FILES = 500
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
    """Workflows, users, waits and files, found by their names."""

    @property
    def _used(self) -> UsedCommands:
        return UsedCommands(session_of(self.app).memory)

    async def discover(self) -> Hits:
        """Before anything is typed: where one went last, as far as it is still there."""
        titles = self._used.titles[:MOST_FIRST]
        found = dict([*self._workflows(), *await self._files()])
        for name in await self._known_users(of_kind(titles, "User")):
            found[f"User: {literal(name)}"] = self._leads_to(GoToUser(name))
        for title in titles:
            call, place = found.get(title), self._used.place(title)
            if call is not None and place is not None:
                yield Hit(place, Text(title), PaletteChoice(call, self._used.take, title), title)

    async def search(self, query: str) -> Hits:
        """What has these letters."""
        matcher = self.matcher(query)
        named = [*self._workflows(), *await self._files()]
        found = [(title, call) for title, call in named if matcher.match(title) > 0]
        found += await self._stored(KIND.sub("", query).strip())
        for title, call in found:
            score = self._used.score(title, query, max(GROUND_SCORE, matcher.match(title)))
            # As Text: a name may look like markup.
            yield Hit(score, Text(title), PaletteChoice(call, self._used.take, title), text=title)

    def _workflows(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        client = session_of(self.app).client
        for name in sorted(client.workflows) if client is not None else ():
            yield f"Workflow: {literal(name)}", self._leads_to(OpenDesigner(name))

    async def _files(self) -> list[tuple[str, Callable[[], Any]]]:
        """The files of workflows, their event files, and those that do not load: all to be edited."""
        client = session_of(self.app).client
        if client is None:
            return []
        paths = await asyncio.to_thread(files_of, client)
        return [(f"File: {literal(short(path))}", partial(self._edit, path)) for path in paths]

    def _edit(self, path: Path) -> None:
        shown = shown_on(self.app)
        if shown is None:
            return
        say = shown.query_one(StatusLine).say
        try:
            say(go(self.app, CursorPlace(path, None)), "muted")
        except (StudioError, OSError) as error:
            say(str(error), "error")

    async def _known_users(self, names: list[str]) -> list[str]:
        """Those of the users that are in the store that is shown."""
        session = session_of(self.app)
        if session.reader is None or not names:
            return []
        try:
            rows: list[UserRow] = await session.reader.ask(lambda views: views.users_named(names))
        except StudioError as error:
            session.tell(str(error))
            return []
        return [row.id for row in rows]

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


def files_of(client: EngineClient) -> list[Path]:
    """What may be edited: the files of workflows and their event files, and those that do not load."""
    found: dict[Path, None] = {}
    for workflow in client.workflows.values():
        found[Path(workflow.path)] = None
        if (events := event_file(workflow)) is not None:
            found[Path(events)] = None
    found |= dict.fromkeys(Path(problem.path) for problem in client.problems if problem.path)
    return sorted(path.absolute() for path in found if path.is_file())[:MOST_FILES]
