"""What a batch knows: rows that were read, and what it has changed since.

A batch is driven with no transaction open. Everything that it reads is kept here,
everything that it decides is put on top, and `Overlay.changes` gives what must be
written. When the batch has been written, or has failed, all of this is forgotten:
nothing in memory is worth saving.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter
from typing import Any

from studio import jsontext
from studio.commands import Key, Place, key_text
from studio.definition import Workflow
from studio.engine.state import (
    CLOSES,
    OPEN_STATUSES,
    OPENS,
    JourneyState,
    Record,
    UserState,
    WaitState,
)
from studio.event import Event
from studio.names import IDENTIFY, Names
from studio.store import places
from studio.store import sqlite as sql
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS, Kind, Status
from studio.store.sqlite import Changes, Row, Store

EVENTS_MAX = 10_000
"""An opening wait looks at no more than the newest of a name (DESIGN rule 10)."""
FAMILY: dict[int, str] = {
    Kind.WAIT_OPENED: "wait",
    Kind.WAIT_MATCHED: "wait",
    Kind.WAIT_TIMEOUT: "wait",
    Kind.WAIT_CLOSED: "wait",
    Kind.SLEEP_OPENED: "sleep",
    Kind.SLEEP_DONE: "sleep",
    Kind.SLEEP_CLOSED: "sleep",
    Kind.STEP_STARTED: "step",
    Kind.STEP_RETRY: "step",
    Kind.STEP_DONE: "step",
    Kind.STEP_FAILED: "step",
    Kind.EVENT: "ingest",
}
KIND_BITS = 12
"""A total's number is its workflow's, shifted by so many bits, and its kind: one key for a dictionary."""
WAIT_USER = sql.WAIT_COLUMNS + 1
"""Where the user stands in a row of a wait and its journey."""


class Overlay:
    """The store as this batch sees it: read through, and written on top."""

    def __init__(
        self, store: Store, workflows: dict[str, Workflow], codes: dict[str, int], places: dict[Place, int]
    ) -> None:
        self.store = store
        self.workflows = workflows
        self.codes = codes
        """codes.id of each workflow's running version."""
        self.changes = Changes()
        self._history = self.changes.history
        self.seq = store.next_seq
        self.users: dict[str, UserState] = {}
        self._users_by_id: dict[int, UserState] = {}
        self.journeys: dict[int, JourneyState] = {}
        self.waits: dict[int, WaitState] = {}
        self._events: dict[int, Event] = {}
        self._places = places
        self._new_places: list[Place] = []
        self._keyed: dict[tuple[int, int, str], JourneyState | None] = {}
        self._stored_waits: dict[tuple[int, int], list[WaitState]] = {}
        """By user and event name, those for a pattern among them."""
        self._new_waits: dict[tuple[int, int], list[WaitState]] = {}
        self._all_new_waits: list[WaitState] = []
        self._ended: list[WaitState] = []
        """Stored waits that are over."""
        self._totals: dict[int, int] = {}
        """What is added to the totals, by `_slot`."""
        self._next_user = store.next_user
        self._next_journey = store.next_journey
        self._next_name = store.next_name
        self._known_names = store.known_names

    # -- names -----------------------------------------------------------------------------

    def name_id(self, text: str) -> int:
        """The number of a name."""
        found = self._known_names.get(text)
        return found if found is not None else self.store.name_id(text, self.changes)

    def place_id(self, place: Place) -> int:
        """The number of a place; files are named relative to nothing but themselves."""
        found = self._places.get(place)
        if found is None:
            found = self.name_id(f"{os.path.basename(place[0])}:{place[1]}")
            self._places[place] = found
            self._new_places.append(place)
        return found

    # -- users -----------------------------------------------------------------------------

    def load_users(self, wanted: Iterable[str]) -> None:
        """Read users by their names; those that are not there are made."""
        missing = [name for name in dict.fromkeys(wanted) if name not in self.users]
        if not missing:
            return
        stored: dict[str, int] = dict(self.store.many(sql.USERS, missing))
        for name in missing:
            id = stored.get(name)
            self._add_user(UserState(id if id is not None else self._make_user(name), name, id is None))

    def _add_user(self, user: UserState) -> UserState:
        self.users[user.name] = self._users_by_id[user.id] = user
        return user

    def user(self, name: str) -> UserState:
        """A user; made when not there."""
        if name not in self.users:
            self.load_users((name,))
        return self.users[name]

    def user_by_id(self, id: int) -> UserState:
        """A user that must be there."""
        return self._load_users_by_id({id})[id]

    def _load_users_by_id(self, ids: set[int]) -> dict[int, UserState]:
        missing = [id for id in ids if id not in self._users_by_id]
        for id, name in self.store.many(sql.USER_NAMES, missing):
            self._add_user(UserState(id, name, False))
        return self._users_by_id

    def _make_user(self, name: str) -> int:
        id = self._next_user
        self._next_user += 1
        self.changes.users.append((id, name))
        self.count(0, TOTAL_USERS)
        return id

    def profile(self, user: UserState, bound: int) -> dict[str, Any]:
        """What is known of a user as of a position."""
        profile: dict[str, Any]
        for seq, profile in reversed(user.versions):
            if seq <= bound:
                return profile
        if not user.new:
            rows = self.store.rows(sql.PROFILE, user.id, bound)
            if rows:
                seq, text = rows[0]
                profile = jsontext.loads(text)
                user.versions.insert(0, (seq, profile))
                user.versions.sort(key=lambda version: version[0])
                return profile
        return {}

    def learn(self, event: Event, meta: str | None) -> None:
        """Take from an event what it says of its user."""
        identify = event.name == IDENTIFY
        if meta is None and event._text is None and not identify:
            return
        given = jsontext.loads(meta).get("profile") if meta and '"profile":' in meta else None
        if not (given or identify or '"email":' in event.text):
            return
        user = self.users[event.user]
        known = self.profile(user, event.seq)
        learned = {**known, **(given or {})}
        if identify:
            learned.update(event.data)
        elif "email" not in learned and isinstance(event.data.get("email"), str):
            learned["email"] = event.data["email"]
        learned.pop("id", None)
        if learned != known:
            user.versions.append((event.seq, learned))
            self.changes.profiles.append((user.id, event.seq, jsontext.dumps(learned)))

    # -- journeys --------------------------------------------------------------------------

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
        rows = self.store.many(sql.JOURNEYS_KEYED, keyed)
        for workflow_id, ids in plain.items():
            rows += self.store.rows(sql.JOURNEYS_NEWEST, json.dumps(ids), workflow_id)
        for row in rows:
            self._keyed[(row[1], row[2], row[3])] = self._journey(row, self._users_by_id[row[1]])

    def keyed(self, user: UserState, workflow_id: int, key: str) -> JourneyState | None:
        """The newest journey of this user, workflow and key."""
        slot = (user.id, workflow_id, key)
        if slot not in self._keyed:
            self.load_keyed(((user, workflow_id, key),))
        return self._keyed.get(slot)

    def open_journeys(self, user: UserState, workflow_id: int) -> list[JourneyState]:
        """The user's journeys in a workflow that have not ended, oldest first."""
        found = {}
        if not user.new:
            for row in self.store.rows(sql.JOURNEYS_OF, user.id, workflow_id):
                found[row[0]] = self._journey(row, user)
        for journey in user.journeys:
            if journey.workflow_id == workflow_id:
                found[journey.id] = journey
        return sorted((j for j in found.values() if j.status in OPEN_STATUSES), key=lambda j: j.id)

    def journey_numbered(self, user: UserState, workflow_id: int, key: str, n: int) -> JourneyState | None:
        """One journey by all parts of its id."""
        for journey in user.journeys:
            if (journey.workflow_id, journey.key, journey.n) == (workflow_id, key, n):
                return journey
        rows = self.store.rows(sql.JOURNEY_NUMBERED, user.id, workflow_id, key, n)
        return self._journey(rows[0], user) if rows else None

    def journey_by_id(self, id: int) -> JourneyState | None:
        """One journey by its number in the store."""
        if (found := self.journeys.get(id)) is not None:
            return found
        rows = self.store.many(sql.JOURNEYS, [id])
        return self._journey(rows[0], self.user_by_id(rows[0][1])) if rows else None

    def journey_named(self, text: str) -> JourneyState | None:
        """The journey of a text id, `workflow/user[/key][~n]`; None when there is none."""
        workflow, _, rest = text.partition("/")
        workflow_id = self.store.find_name(workflow)
        if workflow_id is None:
            return None
        # Users and keys may have the dividing marks of their own: every reading is tried.
        readings = [(rest, 1)]
        head, tilde, number = rest.rpartition("~")
        if tilde and number.isdecimal() and len(number) < 10:
            readings.append((head, int(number)))
        for whole, n in readings:
            cuts = [(whole, "")] + [(whole[:at], whole[at + 1 :]) for at, c in enumerate(whole) if c == "/"]
            for name, key in cuts:
                if not self.store.many(sql.USERS, [name]):
                    continue
                user = self.user(name)
                for value in (jsontext.dumps(key), key) if key else ("",):
                    if (found := self.journey_numbered(user, workflow_id, value, n)) is not None:
                        return found
        return None

    def journeys_in(self, workflow_id: int, after: int, limit: int) -> list[JourneyState]:
        """Waiting journeys of a workflow, a page at a time."""
        return self.take_journeys(self.store.rows(sql.WAITING_IN, after, workflow_id, limit))

    def take_journeys(self, rows: list[Row]) -> list[JourneyState]:
        """The journeys of rows that were read."""
        users = self._load_users_by_id({row[1] for row in rows})
        return [self._journey(row, users[row[1]]) for row in rows]

    def add_journey(
        self, user: UserState, workflow: Workflow, workflow_id: int, key: str, n: int, seq: int, trigger: int
    ) -> JourneyState:
        """Begin a journey."""
        id = self._next_journey
        self._next_journey += 1
        row = (id, user.id, workflow_id, key, n, Status.WAITING, 1, seq, trigger, trigger, 0, None)
        journey = JourneyState(user, workflow, self.codes.get(workflow.name), row, True)
        self.journeys[id] = journey
        user.journeys.append(journey)
        self._keyed[(user.id, workflow_id, key)] = journey
        return journey

    def _journey(self, row: Row, user: UserState) -> JourneyState:
        found = self.journeys.get(row[0])
        if found is None:
            name = self.store.name_text(row[2])
            found = JourneyState(user, self.workflows.get(name), self.codes.get(name), row, False)
            self.journeys[row[0]] = found
            user.journeys.append(found)
        return found

    # -- what a pass has recorded ----------------------------------------------------------

    def load_passes(self, wanted: Iterable[JourneyState]) -> None:
        """Read what the current passes of journeys have recorded."""
        missing = {journey.id: journey for journey in wanted if not journey.loaded}
        if not missing:
            return
        for row in self.store.many(sql.PASSES, list(missing)):
            self._take(missing[row[0]], row)
        for journey in missing.values():
            journey.loaded = True

    def load_pass_until(self, journey: JourneyState, until: int) -> list[tuple[Key | None, Row]]:
        """Read what a pass had recorded up to an entry: its outcomes. What was open is for the caller to see.

        Returns:
            Rows of `PASS_UNTIL`, those of commands with their keys.
        """
        rows = self.store.rows(sql.PASS_UNTIL, journey.id, journey.pass_seq, until)
        for row in rows:
            self._take(journey, row)
        journey.loaded = True
        return [(self._key(row[3], row[4], row[5], row[8]) if row[3] < 50 else None, row) for row in rows]

    def _take(self, journey: JourneyState, row: Row) -> None:
        _, seq, at, kind, name, n, cause, late, data, place, wait_id, wait_name, due = row
        if kind in (Kind.STARTED, Kind.PASS):
            bound = seq if cause is None else cause
            if data is not None and '"bound":' in data:
                bound = jsontext.loads(data)["bound"]
            journey.start = (at, bound, late or 0)
            journey.pass_at, journey.pass_cause = at, cause
            return
        if kind >= 50:
            if kind == Kind.RESUMED and data:
                for text in jsontext.loads(data).get("void", ()):
                    journey.outcomes = {k: r for k, r in journey.outcomes.items() if key_text(k) != text}
            elif kind == Kind.MOVED and data:
                # A reload gave open waits another length, or other members.
                for opened, fields in jsontext.loads(data).get("waits", {}).items():
                    if (moved := self.waits.get(int(opened))) is not None:
                        moved.spec.update(fields)
            return
        key = self._key(kind, name, n, data)
        if kind in OPENS:
            if wait_id is not None:
                wait = self.waits.get(seq)
                if wait is None:
                    wait = WaitState(seq, journey, kind, wait_name, due, key, data, cause, name, place, True)
                    self.waits[seq] = wait
                if wait.open:
                    journey.opened[key] = wait
        elif kind not in CLOSES:
            journey.outcomes[key] = Record(kind, seq, at, cause, late, data)

    def _key(self, kind: int, name: int | None, n: int, data: str | None) -> Key:
        if 15 <= kind <= 18:
            family = "any" if name is not None and self.store.name_text(name) == "wait_any" else "all"
            text = ""
        else:
            family = FAMILY[kind]
            if family == "step" and data is not None and '"once":true' in data:
                family = "once"
            text = "" if name is None else self.store.name_text(name)
        if n < 0:
            return (family, "=" + jsontext.loads(data or "{}")["id"], -1)
        return (family, text, n)

    # -- waits -----------------------------------------------------------------------------

    def load_waits(self, wanted: Iterable[tuple[UserState, int]]) -> None:
        """Read the open waits that events of these users and names may end."""
        stored = self._stored_waits
        missing: dict[int, list[int]] = {}
        for user, name in wanted:
            slot = (user.id, name)
            if not user.new and slot not in stored:
                stored[slot] = []
                missing.setdefault(name, []).append(user.id)
        for name, ids in missing.items():
            for row in self.store.rows(sql.WAITS_NAMED, json.dumps(ids), name):
                user_id = row[WAIT_USER]
                stored[(user_id, name)].append(self.take_wait(row, self._users_by_id[user_id]))

    def waits_for(self, user: UserState, name: int) -> list[WaitState]:
        """The open waits that an event of this name may end, oldest first."""
        slot, patterns = (user.id, name), (user.id, 0)
        found: list[WaitState] = []
        if not user.new:
            if slot not in self._stored_waits:
                self.load_waits(((user, name),))
            found += self._stored_waits[slot]
        if slot in self._new_waits:
            found += self._new_waits[slot]
        if patterns in self._new_waits:
            found += self._new_waits[patterns]
        if not found:
            return found
        found = [wait for wait in found if wait.open]
        if len(found) > 1:
            found.sort(key=_by_id)
        return found

    def due_waits(self, until: int, limit: int) -> list[WaitState]:
        """The stored waits whose deadline has come, in order."""
        return self._take_waits(self.store.rows(sql.WAITS_DUE, until, limit))

    def wait_at(self, id: int) -> WaitState | None:
        """The open wait that this entry opened."""
        found = self.waits.get(id)
        if found is None:
            found = next(iter(self._take_waits(self.store.rows(sql.WAIT_AT, id))), None)
        return found if found is not None and found.open else None

    def running_steps(self, after: int, limit: int) -> list[WaitState]:
        """Steps that were started and have not ended, a page at a time."""
        return self._take_waits(self.store.rows(sql.WAITS_STEPS, after, limit))

    def _take_waits(self, rows: list[Row]) -> list[WaitState]:
        users = self._load_users_by_id({row[WAIT_USER] for row in rows})
        return [self.take_wait(row, users[row[WAIT_USER]]) for row in rows]

    def take_wait(self, row: Row, user: UserState) -> WaitState:
        """The wait of a row that was read, the same object for the same wait."""
        id, kind, name, due, label, n, data, cause, place, at, newest = row[: sql.WAIT_COLUMNS]
        found = self.waits.get(id)
        if found is None:
            journey = self._journey(row[sql.WAIT_COLUMNS :], user)
            key = self._key(kind, label, n, data)
            found = WaitState(id, journey, kind, name, due, key, data, cause, label, place, True)
            self.waits[id] = found
            first = newest == id == journey.pass_seq + 1 and journey.pass_no == 1
            if first and cause is not None and not journey.loaded:
                # Its first command, and the last thing that happened to it: the pass is known.
                journey.start = (at, cause, 0)
                journey.pass_at, journey.pass_cause = at, cause
                journey.opened[key] = found
                journey.loaded = True
        return found

    def open_wait(
        self,
        journey: JourneyState,
        seq: int,
        kind: int,
        name: int | None,
        due: int | None,
        key: Key,
        data: str | None,
        cause: int | None,
        label: int | None,
        place: int | None,
    ) -> WaitState:
        """Open a wait that an entry speaks of."""
        wait = WaitState(seq, journey, kind, name, due, key, data, cause, label, place, False)
        self.waits[seq] = wait
        journey.opened[key] = wait
        self._all_new_waits.append(wait)
        if name is not None:
            self._new_waits.setdefault((journey.user.id, name), []).append(wait)
        self.count(journey.workflow_id, TOTAL_WAITS)
        return wait

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""
        wait.open = False
        journey = wait.journey
        if journey.opened.get(wait.key) is wait:
            del journey.opened[wait.key]
        if wait.stored:
            self.changes.ended_waits.append((wait.id,))
            self._ended.append(wait)
        self.count(journey.workflow_id, TOTAL_WAITS, -1)

    def park(self, wait: WaitState) -> None:
        """Its workflow is not loaded: the deadline stands by until it is (`due` is kept negated)."""
        assert wait.due is not None
        self.changes.parked.append((-wait.due, wait.id))
        wait.due = None
        self.missed(wait.journey)

    def set_due(self, wait: WaitState, due: int | None) -> None:
        """An open wait has another deadline now."""
        wait.due = due
        if wait.stored:
            self.changes.parked.append((due, wait.id))

    def missed(self, journey: JourneyState) -> None:
        """Something came for a journey whose workflow is not loaded; remembered until it is."""
        self.changes.meta.append((f"missed/{journey.workflow_id}", "1"))

    # -- events ----------------------------------------------------------------------------

    def add_event(self, user: UserState, event: Event) -> None:
        """An event was accepted."""
        user.events.append(event)
        self._events[event.seq] = event

    def event(self, seq: int) -> Event:
        """The event of an entry that must be there."""
        if (found := self._events.get(seq)) is not None:
            return found
        ((_, at, data, id, meta, name, user_id),) = self.store.rows(sql.EVENT_AT, seq)
        user = self.user_by_id(user_id)
        return Event(self.store.name_text(name), user.name, at, data, id, seq, _sent_at(meta))

    def event_seqs(
        self, user: UserState, wanted: Names, after: int, bound: int, limit: int = EVENTS_MAX
    ) -> list[int]:
        """Where the user's events of these names stand, newest first."""
        found = [e.seq for e in user.events if after < e.seq <= bound and wanted.meets(e.name)]
        if not user.new:
            for name in self._names_of(user, wanted):
                found += (
                    row[0] for row in self.store.rows(sql.EVENT_SEQS, user.id, name, after, bound, limit)
                )
        found.sort(reverse=True)
        return found[:limit]

    def events(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool] | None,
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> list[Event]:
        """Those of the user's newest events of these names whose data fit, oldest first.

        Each is a copy of the caller's own.
        """
        found = [
            e.copy()
            for e in user.events
            if after < e.seq <= bound and wanted.meets(e.name) and (fits is None or fits(e.text))
        ]
        if not user.new:
            for name in self._names_of(user, wanted):
                text = self.store.name_text(name)
                found += (
                    Event(text, user.name, at, data, id, seq, _sent_at(meta))
                    for seq, at, data, id, meta in self.store.rows(
                        sql.EVENTS, user.id, name, after, bound, limit
                    )
                    if fits is None or fits(data or "{}")
                )
        found.sort(key=_by_seq)
        return found[-limit:]

    def fitting_seqs(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool],
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> list[int]:
        """Where those of the user's newest events of these names stand whose data fit, oldest first."""
        found = [(e.seq, e.text) for e in user.events if after < e.seq <= bound and wanted.meets(e.name)]
        if not user.new:
            for name in self._names_of(user, wanted):
                rows = self.store.rows(sql.EVENT_TEXTS, user.id, name, after, bound, limit)
                found += [(seq, text or "{}") for seq, text in rows]
        found.sort()
        return [seq for seq, text in found[-limit:] if fits(text)]

    def _names_of(self, user: UserState, wanted: Names) -> list[int]:
        if wanted.simple:
            return [self.name_id(wanted.text)]
        return [
            name
            for (name,) in self.store.rows(sql.USER_EVENT_NAMES, user.id)
            if wanted.meets(self.store.name_text(name))
        ]

    def known_ids(self, ids: list[str]) -> dict[str, int]:
        """Which of these senders' ids were taken before this batch, and where."""
        return dict(self.store.many(sql.EVENT_IDS, ids))

    # -- entries ---------------------------------------------------------------------------

    def append(
        self,
        at: int,
        kind: int,
        user: int | None,
        journey: JourneyState | None,
        name: int | None = None,
        n: int | None = None,
        place: int | None = None,
        cause: int | None = None,
        data: str | None = None,
        late: int | None = None,
        id: str | None = None,
        meta: str | None = None,
        code: int | None = None,
    ) -> int:
        """Append an entry to the history; gives its seq."""
        seq = self.seq
        self.seq = seq + 1
        totals = self._totals
        if journey is None:
            totals[kind] = totals.get(kind, 0) + 1
            row = (seq, at, kind, user, None, None, name, n, place, cause, code, late, id, data, meta)
        else:
            slot = journey.workflow_id << KIND_BITS | kind
            totals[slot] = totals.get(slot, 0) + 1
            number, pass_no = journey.id, journey.pass_no
            if code is None:
                code = journey.code
            row = (seq, at, kind, user, number, pass_no, name, n, place, cause, code, late, id, data, meta)
        self._history.append(row)
        return seq

    def count(self, workflow: int, kind: int, by: int = 1) -> None:
        """Change a total of a workflow, and with it that of all; 0: of no workflow."""
        slot = workflow << KIND_BITS | kind
        self._totals[slot] = self._totals.get(slot, 0) + by

    # -- the end ---------------------------------------------------------------------------

    def finish(self) -> Changes:
        """All that is to be written."""
        changes = self.changes
        for j in self.journeys.values():
            if not j.touched:
                continue
            if j.status != j.stored_status:
                self.count(j.workflow_id, TOTAL_STATUS + j.status)
                if j.stored_status is not None:
                    self.count(j.workflow_id, TOTAL_STATUS + j.stored_status, -1)
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
                        j.still,
                        j.note,
                    )
                )
            else:
                changes.journey_updates.append(
                    (j.status, j.pass_no, j.pass_seq, j.trigger, j.still, j.note, j.id)
                )
        changes.waits += [
            (w.id, w.journey.id, w.journey.user.id, w.kind, w.name, w.due)
            for w in self._all_new_waits
            if w.open
        ]
        # In the order of their pages: each is fetched and changed once.
        changes.ended_waits.sort()
        changes.journey_updates.sort(key=_by_last)
        changes.totals += self._summed()
        changes.places += self._placed()
        return changes

    def _placed(self) -> list[Row]:
        """What has happened at each line, and how many more wait there."""
        workflows = {code: self.name_id(name) for name, code in self.codes.items()}
        found = places.counted(self._history, workflows, lambda id: self.journeys[id].workflow_id)
        for waits, by in ((filter(_is_open, self._all_new_waits), 1), (self._ended, -1)):
            for (workflow, place, name, kind), n in Counter(map(_stands_at, waits)).items():
                if place is not None:
                    found[(workflow, place, name or 0, kind)] += by * n
        return places.rows(found.items())

    def _summed(self) -> list[Row]:
        """What the totals change by: of each workflow, and of all together."""
        rows: list[Row] = []
        of_all: dict[int, int] = {}
        for slot, n in self._totals.items():
            workflow, kind = slot >> KIND_BITS, slot & (1 << KIND_BITS) - 1
            of_all[kind] = of_all.get(kind, 0) + n
            if workflow and n:
                rows.append((workflow, kind, n))
        return rows + [(0, kind, n) for kind, n in of_all.items() if n]

    def commit(self) -> None:
        """Write it all, and let the numbers that were given out count.

        Raises:
            StoreError: nothing was written, and nothing counts.
        """
        changes = self.finish()
        try:
            self.store.write(changes)
        except BaseException:
            self.discard()
            raise
        self.store.next_seq = self.seq
        self.store.next_user = self._next_user
        self.store.next_journey = self._next_journey

    def release(self) -> None:
        """Let go of what was read: these point at one another, and would wait for the garbage collector."""
        for user in self.users.values():
            user.journeys.clear()
        for journey in self.journeys.values():
            journey.opened.clear()
            journey.outcomes.clear()

    def discard(self) -> None:
        """Forget it all."""
        self.store.forget(self.changes)
        self.store.next_name = self._next_name
        for place in self._new_places:
            self._places.pop(place, None)


_by_seq = attrgetter("seq")
_is_open = attrgetter("open")
_stands_at = attrgetter("journey.workflow_id", "place", "label", "kind")
_by_id = attrgetter("id")
_by_last = itemgetter(-1)


def _sent_at(meta: str | None) -> int | None:
    return json.loads(meta).get("sent_at") if meta else None
