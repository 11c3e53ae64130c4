"""What the list of users asks of the store: a page in some order, or those that a filter means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from studio.store.records import UserRow
from studio.store.view_users import UserPage, UserSearch, rank
from studio.store.views import Views
from studio.tui.session import filters
from studio.tui.widgets.hits import HitTally

Order = Literal["activity", "deadline", "state", "name"]
ORDERS: dict[Order, str] = {
    "activity": "latest",
    "deadline": "nearest deadline",
    "state": "failed first",
    "name": "by name",
}
"""The orders, and how a title calls them."""
PAGE = 200
FIELDS = ("user", "workflow", "state")


@dataclass(frozen=True, slots=True)
class UsersAnswer:
    """Rows in order."""

    rows: list[UserRow]
    after: str | None = None
    """In order of names: the id before the first row; None: nobody stands before it."""


@dataclass(frozen=True, slots=True)
class UsersQuestion:
    """A page of the users in an order."""

    order: Order
    limit: int
    after: str | None = None
    """By name: the window begins behind this id."""
    before: str | None = None
    """By name: a page before this id is wanted too."""
    last: bool = False
    """The last page is wanted."""

    def read(self, views: Views) -> UsersAnswer:
        """The rows, the first to be shown first."""
        if self.last and self.order != "name":
            found = views.last_users(limit=self.limit, by_deadline=self.order != "activity")
            return UsersAnswer(sorted(found, key=rank) if self.order == "state" else found)
        match self.order:
            case "deadline":
                return UsersAnswer(views.users_by_deadline(limit=self.limit))
            case "state":
                return UsersAnswer(views.users_by_state(limit=self.limit))
            case "name":
                return self._by_name(views)
            case _:
                return UsersAnswer(views.recent_users(limit=self.limit))

    def _by_name(self, views: Views) -> UsersAnswer:
        if self.last:
            return self._from(views.users_before(None, limit=self.limit + 1), self.limit)
        if self.before is not None:
            page = self._from(views.users_before(self.before, limit=PAGE + 1), PAGE)
            if page.rows:
                more = views.users(after=page.rows[-1].id, limit=max(PAGE, self.limit - len(page.rows)))
                return UsersAnswer(page.rows + more, page.after)
        return UsersAnswer(views.users(after=self.after, limit=self.limit), self.after)

    @staticmethod
    def _from(rows: list[UserRow], limit: int) -> UsersAnswer:
        # The row too many tells what stands before the window.
        if len(rows) > limit:
            return UsersAnswer(rows[1:], rows[0].id)
        return UsersAnswer(rows)


@dataclass(frozen=True, slots=True)
class SimilarUsersQuestion:
    """What a filter means among the users that are found at once, and how those shown stand now."""

    search: UserSearch
    shown: tuple[str, ...] = field(default=(), compare=False)
    """Those on the screen, of whom the question does not depend."""

    def read(self, views: Views) -> UsersAnswer:
        """Those whose id begins so, those that acted last, and those that are shown."""
        rows: list[UserRow] = []
        if not self.search.workflows:
            if self.search.words:
                rows += views.users_starting(self.search.words[0], limit=PAGE)
            rows += views.recent_users(limit=PAGE)
            rows = [row for row in rows if self.search.named(row.id) and self.search.fits(row)]
        if self.shown:
            rows += views.users_named(self.shown)
        return UsersAnswer(list({row.id: row for row in rows}.values()))


@dataclass(frozen=True, slots=True)
class UsersCount:
    """How many users a search finds in all."""

    search: UserSearch

    def step(self, views: Views, place: int | None) -> HitTally:
        """Count through the next stretch."""
        found = views.count_users(self.search, before=place)
        return HitTally(found.count, found.before or None, found.done)


@dataclass(frozen=True, slots=True)
class StepQuestion:
    """The next step of a search through all users."""

    search: UserSearch
    before: int | None

    def read(self, views: Views) -> UserPage:
        """What it found, and how far it is."""
        return views.find_users(self.search, before=self.before, limit=PAGE)


def search_of(text: str) -> UserSearch:
    """What a filter looks for among users."""
    found = filters.parse(text, FIELDS)
    return UserSearch(
        words=found.words + found.values("user"),
        without=found.without + found.not_values("user"),
        workflows=found.values("workflow"),
        not_workflows=found.not_values("workflow"),
        states=_states(found.values("state")),
        not_states=_states(found.not_values("state")),
    )


def _states(values: tuple[str, ...]) -> tuple[str, ...]:
    """The states as the store calls them, also by the words that the list has for them."""
    also = {"done": "completed", "asleep": "sleeping", "no journey": "none"}
    return values + tuple(state for value in values for word, state in also.items() if word.startswith(value))
