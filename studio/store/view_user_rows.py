"""Users as rows: where each stands, in several orders, and page by page through very many."""

from __future__ import annotations

import json
from collections.abc import Collection

from studio.language.kinds import STATUS_TEXT, Kind, Status
from studio.store import view_sql as sql
from studio.store import view_users
from studio.store.records import UserRow
from studio.store.view_base import WINDOW_ROWS, Row
from studio.store.view_journey_rows import JourneyViews
from studio.store.view_users import UserCount, UserPage, UserSearch
from studio.store.view_waits import nearest_wait, oldest_wait, waits_for

NEAR_JOURNEYS = 100
"""Of a user with more waiting journeys than this, a glance (`UserRow`) looks at the newest."""

FEW = 20_000
"""Up to so many journeys of a workflow are found by one walk over all journeys, and sorted."""

# The most telling first; a waiting journey is one of step, waiting, sleeping.
_TELLING = (
    Status.FAILED,
    Status.WAITING,
    Status.IDLE,
    Status.COMPLETED,
    Status.EXITED,
    Status.CANCELLED,
)


OLDEST_LOOKED_AT = 1_000
"""Users that came first, among whom those without a deadline are looked for."""


class UserViews(JourneyViews):
    """A part of `Views`."""

    def users(
        self,
        *,
        limit: int = 100,
        after: str | None = None,
        contains: str | None = None,
        workflow: str | None = None,
    ) -> list[UserRow]:
        """Users by id.

        Args:
            after: the last id of the page before.
            contains: a part of the id, in capitals or not. Rare ones take a walk over all ids.
            workflow: only those with a journey of it.
        """
        values = {"after": after or "", "limit": limit, **view_users.named(contains)}
        with self._snapshot():
            if not contains and workflow is None:
                return self._user_rows(self._rows(sql.USERS, values))
            workflow_id = self._name_id(workflow)
            journeys = None if workflow_id is None else self._journeys_in(workflow_id)
            if journeys == 0:
                return []
            statement = sql.USERS_WITH if journeys is None or journeys > FEW else sql.USERS_OF_FEW
            facts = {**values, "workflow": workflow_id, "top": self.top}
            return self._user_rows(self._rows(statement, facts))

    def users_since(
        self, at: int, *, before: int | None = None, contains: str | None = None, workflow: str | None = None
    ) -> tuple[list[str], int]:
        """Ids of who had an event since a moment, the latest first, in one stretch of the history.

        Returns:
            The ids, which may come again in a later stretch, and where the next one begins; 0 at the end.

        Args:
            at: milliseconds since 1970.
            before: a seq; None begins with the newest.
        """
        with self._snapshot():
            upto = self.last_seq() if before is None else before - 1
            low = max(0, upto - WINDOW_ROWS)
            values = {"from": low, "to": upto, "since": at, "workflow": self._name_id(workflow)}
            values["top"] = self.top
            if values["workflow"] == -1 or not self._rows(sql.ANY_SINCE, values):
                return [], 0
            rows = self._rows(sql.USERS_SINCE, values | view_users.named(contains))
            return [name for name, _ in rows], low + 1 if low else 0

    def recent_users(self, *, limit: int = 100) -> list[UserRow]:
        """The users with the newest entries first; behind them, those that came last."""
        with self._snapshot():
            last = self.last_seq()
            ids: dict[int, None] = {}
            for low in (last - WINDOW_ROWS // 10, last - WINDOW_ROWS):
                span = {"from": max(0, low), "to": last, "limit": limit}
                ids.update(dict.fromkeys(row[0] for row in self._rows(sql.USERS_ACTIVE, span)))
                if len(ids) >= limit or low <= 0:
                    break
            ids.update(dict.fromkeys(row[0] for row in self._rows(sql.USERS_NEWEST, {"limit": limit})))
            wanted = list(ids)[:limit]
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(wanted)}))
            return self._user_rows([(id, names[id]) for id in wanted if id in names])

    def users_before(self, before: str | None, *, limit: int = 100) -> list[UserRow]:
        """The page of users before an id, in order; the very last page for None."""
        with self._snapshot():
            values = {"before": before, "limit": limit}
            rows = self._rows(sql.USERS_LAST_PAGE if before is None else sql.USERS_BEFORE, values)
            return self._user_rows(rows[::-1])

    def users_starting(self, prefix: str, *, limit: int = 100) -> list[UserRow]:
        """Users whose id begins with a text: at once, however many there are."""
        with self._snapshot():
            return self._user_rows(list(view_users.starting(self._rows, prefix, limit)))

    def users_named(self, ids: Collection[str]) -> list[UserRow]:
        """These users, as far as they are there."""
        with self._snapshot():
            return self._user_rows(self._rows(sql.USERS_NAMED, {"names": json.dumps(list(ids))}))

    def users_by_deadline(self, *, limit: int = 100) -> list[UserRow]:
        """The users with the nearest deadlines; behind them, those that acted last."""
        return self._users_filled(view_users.by_deadline(self._rows, limit), limit)

    def users_by_state(self, *, limit: int = 100) -> list[UserRow]:
        """The failed first, then those with a running step, then by deadline, then what acted last."""
        rows = self._users_filled(view_users.telling(self._rows, limit), limit)
        return sorted(rows, key=view_users.rank)

    def last_users(self, *, limit: int = 100, by_deadline: bool = False) -> list[UserRow]:
        """Where the orders end: those that came first, of whom the very first stands last.

        Args:
            by_deadline: those without a deadline, and before them those whose deadline comes last.
        """
        with self._snapshot():
            looked = OLDEST_LOOKED_AT if by_deadline else limit
            rows = self._user_rows(self._rows(sql.USERS_OLDEST, {"limit": looked}))
            if by_deadline:
                rows = [row for row in rows if row.due_at is None and row.state not in ("failed", "step")]
            rows = rows[:limit]
            if len(rows) < limit and by_deadline:
                ids = view_users.latest_deadlines(self._rows, limit - len(rows))
                names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(ids)}))
                rows += self._user_rows([(id, names[id]) for id in ids if id in names])
            return rows[::-1]

    def workflow_names(self) -> list[str]:
        """The workflows that ever ran here."""
        return [name for (name,) in self._rows(sql.WORKFLOW_NAMES)]

    def failed_users(self, *, limit: int = 1000) -> list[str]:
        """Ids of users with a failed journey, the newest first."""
        with self._snapshot():
            ids = dict.fromkeys(row[0] for row in self._rows(sql.USERS_FAILED, {"limit": limit}))
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(list(ids))}))
            return [names[id] for id in ids if id in names]

    def find_users(self, search: UserSearch, *, before: int | None = None, limit: int = 200) -> UserPage:
        """One step of a search through all users, which takes milliseconds however many there are.

        Args:
            before: `UserPage.before` of the step before; None begins with the newest users.
        """
        with self._snapshot():
            found, next_before, done = view_users.step(self._rows, search, before, limit, self.top)
            rows = [row for row in self._user_rows(list(found)) if search.fits(row)]
            return view_users.UserPage(rows, next_before, done)

    def count_users(self, search: UserSearch, *, before: int | None = None) -> UserCount:
        """One step of counting the users that a search finds, which takes some ten milliseconds.

        Args:
            before: `UserCount.before` of the step before; None begins with the newest users.
        """
        rows_too = view_users.needs_rows(search)
        limit = view_users.COUNT_ROWS if rows_too else view_users.COUNT_PAGE
        with self._snapshot():
            found, next_before, done = view_users.step(self._rows, search, before, limit, self.top)
            count = sum(map(search.fits, self._user_rows(list(found)))) if rows_too else len(found)
            return UserCount(count, next_before, done)

    def _users_filled(self, ids: list[int], limit: int) -> list[UserRow]:
        with self._snapshot():
            names: dict[int, str] = dict(self._rows(sql.USERS_BY_ID, {"users": json.dumps(ids)}))
            rows = self._user_rows([(id, names[id]) for id in ids if id in names])
            if len(rows) < limit:
                known = {row.id for row in rows}
                rows += [row for row in self.recent_users(limit=limit) if row.id not in known]
            return rows[:limit]

    def user(self, id: str) -> UserRow | None:
        """One user; None when there is none of this id."""
        with self._snapshot():
            rows = self._rows(sql.USER_ID, id)
            found = self._user_rows([(rows[0][0], id)]) if rows else []
            return found[0] if found else None

    def _user_rows(self, users: list[Row]) -> list[UserRow]:
        statuses: dict[int, dict[int, tuple[int, int]]] = {id: {} for id, _ in users}
        for user, status, count, newest in self._rows(
            sql.USER_STATUSES, {"users": json.dumps(list(statuses))}
        ):
            statuses[user][status] = (count, newest)
        waiting = {
            user: [row[0] for row in self._rows(sql.USER_WAITING, {"user": user, "limit": NEAR_JOURNEYS})]
            for user, found in statuses.items()
            if Status.WAITING in found
        }
        opened = self._open_waits(journey for found in waiting.values() for journey in found)
        drafts: list[tuple[int, str, str, int | None, list[Row]]] = []
        for user, name in users:
            waits = [wait for journey in waiting.get(user, ()) for wait in opened.get(journey, ())]
            state, journey = _state(statuses[user], waits)
            drafts.append((user, name, state, journey, waits))
        spoken = self._journeys_by_id(journey for *_, journey, _ in drafts if journey is not None)
        result = []
        missing = self._missing()
        for user, name, state, journey, waits in drafts:
            row = spoken.get(journey) if journey is not None else None
            nearest = nearest_wait(waits)
            last = self._rows(sql.USER_LAST_EVENT, {"user": user, "top": self.top})
            last_at, last_event = last[0] if last else (None, None)
            result.append(
                UserRow(
                    id=name,
                    state=state,
                    workflow=row[2] if row else None,
                    journeys=sum(count for count, _ in statuses[user].values()),
                    due_at=abs(nearest[3]) if nearest and nearest[3] is not None else None,
                    waits_for=(missing.get(row[2]) if row and waits else None)
                    or (
                        waits_for(oldest_wait(wait for wait in waits if wait[0] == nearest[0]))
                        if nearest
                        else None
                    ),
                    note=row[8] if row else None,
                    last_event=last_event,
                    last_at=last_at,
                )
            )
        return result


def _state(statuses: dict[int, tuple[int, int]], waits: list[Row]) -> tuple[str, int | None]:
    """The most telling state of a user's journeys, and the journey of which it speaks."""
    for status in _TELLING:
        if status not in statuses:
            continue
        newest = statuses[status][1]
        if status != Status.WAITING:
            return STATUS_TEXT[status], newest
        for state, kinds in (
            ("step", (Kind.STEP_STARTED, Kind.STEP_RETRY)),
            ("waiting", (Kind.WAIT_OPENED, Kind.GROUP_OPENED)),
            ("sleeping", (Kind.SLEEP_OPENED, Kind.MESSAGE_DEFERRED)),
        ):
            nearest = nearest_wait([wait for wait in waits if wait[2] in kinds])
            if nearest is not None:
                return state, nearest[0]
        return "waiting", newest
    return "none", None
