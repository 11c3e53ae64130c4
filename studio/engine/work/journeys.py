"""Journeys, as a batch knows them: read, begun and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter

from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.totals import TotalsDelta
from studio.engine.work.users import Users
from studio.kernel.state import OPEN_STATUSES, JourneyState, UserState
from studio.language.definition import Workflow
from studio.language.journey_ids import Parts, is_escaped, meant, which_of
from studio.language.kinds import Status
from studio.store import read_journeys
from studio.store.changes import Changes
from studio.store.read_journeys import StoredJourney
from studio.store.schema import TOTAL_STATUS
from studio.store.sqlite import Store

_by_last = itemgetter(-1)


class JourneyIdentityMap:
    """The journeys that a batch has to do with, the same object for the same journey.

    Args:
        codes: codes.id of each workflow's running version.
        paused: workflows by which nothing is driven now.
    """

    def __init__(
        self,
        store: Store,
        workflows: Mapping[str, Workflow],
        codes: Mapping[str, int],
        names: NameNumbers,
        users: Users,
        paused: Mapping[str, Workflow],
    ) -> None:
        self._store = store
        self._paused = paused
        self._workflows = workflows
        self._codes = codes
        self._names = names
        self._users = users
        self._next = store.next_journey
        self.by_id: dict[int, JourneyState] = {}
        self._keyed: dict[tuple[int, int, str], JourneyState | None] = {}

    def load_keyed(self, wanted: Iterable[tuple[UserState, int, str]]) -> None:
        """Read the newest journeys of users, workflows and keys."""
        plain: dict[int, list[int]] = {}
        keyed: list[tuple[int, int, str]] = []
        for user, workflow_id, key in wanted:
            slot = (user.id, workflow_id, key)
            if user.new or slot in self._keyed:
                continue
            self._keyed[slot] = None
            if key:
                keyed.append(slot)
            else:
                plain.setdefault(workflow_id, []).append(user.id)
        rows = read_journeys.newest_keyed(self._store, keyed)
        for workflow_id, ids in plain.items():
            rows += read_journeys.newest_of(self._store, ids, workflow_id)
        for row in rows:
            self._keyed[(row.user, row.workflow, row.key)] = self.take(row, self._users.by_id[row.user])

    def keyed(self, user: UserState, workflow_id: int, key: str) -> JourneyState | None:
        """The newest journey of this user, workflow and key."""
        slot = (user.id, workflow_id, key)
        if slot not in self._keyed and not user.new:
            self.load_keyed(((user, workflow_id, key),))
        return self._keyed.get(slot)

    def open_journeys(self, user: UserState, workflow_id: int) -> list[JourneyState]:
        """The user's journeys in a workflow that have not ended, oldest first."""
        found = {}
        if not user.new:
            for row in read_journeys.open_of(self._store, user.id, workflow_id):
                found[row.id] = self.take(row, user)
        for journey in user.journeys:
            if journey.workflow_id == workflow_id:
                found[journey.id] = journey
        return sorted((j for j in found.values() if j.status in OPEN_STATUSES), key=lambda j: j.id)

    def journey_numbered(self, user: UserState, workflow_id: int, key: str, n: int) -> JourneyState | None:
        """One journey by all parts of its id."""
        for journey in user.journeys:
            if (journey.workflow_id, journey.key, journey.n) == (workflow_id, key, n):
                return journey
        row = read_journeys.numbered(self._store, user.id, workflow_id, key, n)
        return None if row is None else self.take(row, user)

    def journey_by_id(self, id: int) -> JourneyState | None:
        """One journey by its number in the store."""
        if (found := self.by_id.get(id)) is not None:
            return found
        row = read_journeys.by_id(self._store, id)
        return None if row is None else self.take(row, self._users.user_by_id(row.user))

    def journey_named(self, text: str) -> JourneyState | None:
        """The journey of a text id, `workflow/user[/key][~n]`; None when there is none.

        Raises:
            JourneyError: several have it.
        """
        found = meant(text, self.journey_of, attrgetter("escaped"))
        if len(found) > 1:
            workflow = text.partition("/")[0]
            raise which_of(text, (Parts(workflow, j.user.name, j.key, j.n) for j in found))
        return found[0] if found else None

    def journey_of(self, parts: Parts) -> JourneyState | None:
        """The journey of an id's parts."""
        workflow_id = self._store.find_name(parts.workflow)
        if workflow_id is None or not self._users.has_user(parts.user):
            return None
        return self.journey_numbered(self._users.user(parts.user), workflow_id, parts.key, parts.n)

    def journeys_in(self, workflow_id: int, after: int, limit: int) -> list[JourneyState]:
        """Waiting journeys of a workflow, a page at a time."""
        return self._take_journeys(read_journeys.waiting(self._store, workflow_id, after, limit))

    def journeys_among(self, workflow_id: int, after: int, upto: int, limit: int) -> list[JourneyState]:
        """Waiting journeys of a workflow from a stretch of numbers, the first of them."""
        return self._take_journeys(read_journeys.waiting_among(self._store, workflow_id, after, upto, limit))

    def late_in(self, workflow_id: int, before: int, after: int, limit: int) -> list[JourneyState]:
        """Waiting journeys of a workflow with a deadline before a moment, a page at a time."""
        return self._take_journeys(read_journeys.late_in(self._store, workflow_id, before, after, limit))

    def finished_among(
        self, workflow_id: int, statuses: Sequence[int], after: int, upto: int, limit: int
    ) -> list[JourneyState]:
        """Finished journeys from a stretch of numbers, the first of them; see `read_journeys`."""
        rows = read_journeys.finished_among(self._store, workflow_id, statuses, after, upto, limit)
        return self._take_journeys(rows)

    def _take_journeys(self, rows: list[StoredJourney]) -> list[JourneyState]:
        users = self._users.load_by_id({row.user for row in rows})
        return [self.take(row, users[row.user]) for row in rows]

    def add_journey(
        self, user: UserState, workflow: Workflow, workflow_id: int, key: str, n: int, seq: int, trigger: int
    ) -> JourneyState:
        """Begin a journey."""
        id = self._next
        self._next += 1
        # The fields of a `StoredJourney`, whose names nobody asks for here.
        row = (id, user.id, workflow_id, key, n, Status.WAITING, 1, seq, trigger, trigger, 0, None)
        journey = JourneyState(user, workflow, self._codes.get(workflow.name), row, True)
        self.by_id[id] = journey
        user.journeys.append(journey)
        self._keyed[(user.id, workflow_id, key)] = journey
        return journey

    def load(self, ids: list[int]) -> None:
        """Read journeys by their numbers."""
        self._take_journeys(read_journeys.by_ids(self._store, ids))

    def put_journey(self, user: UserState, workflow_id: int, key: str, n: int, seq: int) -> JourneyState:
        """A journey that has begun elsewhere; its other fields are for the caller to set."""
        id = self._next
        self._next += 1
        row = StoredJourney(id, user.id, workflow_id, key, n, Status.WAITING, 1, seq, seq, seq, 0, None)
        journey = JourneyState(user, None, None, row, True)
        self.by_id[id] = journey
        user.journeys.append(journey)
        return journey

    def take(self, row: StoredJourney, user: UserState) -> JourneyState:
        """The journey of a row that was read."""
        found = self.by_id.get(row.id)
        if found is None:
            name = self._names.name_text(row.workflow)
            escaped = is_escaped(row.id, self._store.id_bounds)
            found = JourneyState(user, self._workflows.get(name), self._codes.get(name), row, False, escaped)
            if self._paused:
                found.paused = self._paused.get(name)
            self.by_id[row.id] = found
            user.journeys.append(found)
        return found

    def finish(self, changes: Changes, totals: TotalsDelta) -> None:
        """Say what is to be written of those that were touched."""
        for j in self.by_id.values():
            if not j.touched:
                continue
            if j.status != j.stored_status:
                totals.count(j.workflow_id, TOTAL_STATUS + j.status)
                if j.stored_status is not None:
                    totals.count(j.workflow_id, TOTAL_STATUS + j.stored_status, -1)
            if j.new:
                changes.journeys.append(
                    (
                        j.id,
                        j.user.id,
                        j.workflow_id,
                        j.key,
                        j.n,
                        j.status,
                        j.pass_no,
                        j.pass_seq,
                        j.trigger,
                        j.since,
                        j.runaway_count,
                        j.note,
                    )
                )
            else:
                changes.journey_updates.append(
                    (j.status, j.pass_no, j.pass_seq, j.trigger, j.runaway_count, j.note, j.id)
                )
        # In the order of their pages: each is fetched and changed once.
        changes.journey_updates.sort(key=_by_last)

    def written(self) -> None:
        """The batch is durable: the numbers that were given out count."""
        self._store.next_journey = self._next

    def release(self) -> None:
        """Let go of what points back here."""
        for journey in self.by_id.values():
            journey.opened.clear()
            journey.outcomes.clear()
