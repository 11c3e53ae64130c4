"""What the form asks the store while an event is typed."""

from __future__ import annotations

from dataclasses import dataclass

from studio.store.records import UserRow, WaitRow
from studio.store.views import Views
from studio.tui.session.known_names import MOST_SHOWN


@dataclass(frozen=True, slots=True)
class UserWaits:
    """The question what a user waits for."""

    user: str

    def read(self, views: Views) -> list[WaitRow]:
        """The open waits of the user."""
        return views.waits(user=self.user, limit=100)


@dataclass(frozen=True, slots=True)
class UsersFrom:
    """The question which users' ids begin so."""

    prefix: str

    def read(self, views: Views) -> list[str]:
        """The first of them, in the order of ids."""
        rows: list[UserRow] = views.users(after=self.prefix, limit=MOST_SHOWN)
        return [row.id for row in rows if row.id.startswith(self.prefix) and row.id != self.prefix]
