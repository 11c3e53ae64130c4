"""What is waited for: open waits, sleeps and steps, and their deadlines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from studio.language.journey_ids import shown_id
from studio.language.kinds import Kind
from studio.language.local_time import shown
from studio.store import view_sql as sql
from studio.store.entries import key_of
from studio.store.records import WaitRow
from studio.store.schema import TOTAL_WAITS
from studio.store.view_base import ENDLESS, Row, ViewBase

_WAIT_KIND = {
    Kind.WAIT_OPENED: "wait",
    Kind.GROUP_OPENED: "group",
    Kind.SLEEP_OPENED: "sleep",
    Kind.STEP_STARTED: "step",
    Kind.STEP_RETRY: "step",
    Kind.MESSAGE_ASKED: "message",
    Kind.MESSAGE_DEFERRED: "message",
}

FEW = 20_000
"""Up to so many waits of a workflow are found by its journeys, and sorted."""
LOOKED_AT = 10_000
"""Waits of each kind that are looked through for those of one place."""


class WaitViews(ViewBase):
    """A part of `Views`."""

    def due_until(self, at: int) -> int:
        """How many deadlines come up to a moment (ms since 1970)."""
        return int(self._rows(sql.DUE_UNTIL, at)[0][0])

    def waits(
        self,
        *,
        user: str | None = None,
        workflow: str | None = None,
        kind: str | None = None,
        limit: int = 100,
        after: tuple[int | None, int] | None = None,
    ) -> list[WaitRow]:
        """Open waits, sleeps and steps: the nearest deadline first, then those without one.

        Between them stand the deadlines that stand by, since their workflow is paused or gone.

        Args:
            kind: "wait", "sleep", "step", "message" or "group".
            after: `place` of the last of the page before.
        """
        with self._snapshot():
            workflow_id = self._name_id(workflow)
            if workflow_id == -1:
                return []
            if user is not None:
                journeys = self._rows(sql.USER_WAITING, {"user": self._user_id(user), "limit": -1})
                return self._waits_of(journeys, workflow, kind, limit, after)
            if kind == "step":
                return self._waits_of(self._rows(sql.STEPPING), workflow, kind, limit, after)
            if workflow_id is not None and (waiting := self._totals(workflow_id).get(TOTAL_WAITS, 0)) <= FEW:
                journeys = self._rows(sql.WAITING_OF_FEW, {"workflow": workflow_id}) if waiting else []
                return self._waits_of(journeys, None, kind, limit, after)
            kinds = None if kind is None else json.dumps(_kinds(kind))
            return [_wait(row) for row in self._page(limit, after, workflow_id, kinds)]

    def _page(
        self,
        limit: int,
        after: tuple[int | None, int] | None,
        workflow: int | None = None,
        kinds: str | None = None,
    ) -> list[Row]:
        """Rows as they are stored, from a place on."""
        due, id = (0, 0) if after is None else (after[0], after[1])
        values = {"due": due, "id": id, "workflow": workflow, "kinds": kinds, "limit": limit}
        rows: list[Row] = []
        if due is not None:
            if after is not None and due >= 0:
                rows = self._rows(sql.WAITS_DUE_AT, values)
            if len(rows) < limit and due >= 0:
                rows += self._rows(sql.WAITS_DUE_AFTER, {**values, "limit": limit - len(rows)})
                values |= {"due": 0, "id": 0}
            if len(rows) < limit:
                rows += self._rows(sql.WAITS_STANDING_BY, {**values, "limit": limit - len(rows)})
            values["id"] = 0
        if len(rows) < limit:
            rows += self._rows(sql.WAITS_FOREVER, {**values, "limit": limit - len(rows)})
        return rows

    def _last_page(self, limit: int, before: tuple[int | None, int] | None) -> list[Row]:
        """Rows as they are stored, up to a place: the last first."""
        due, id = (None, ENDLESS) if before is None else before
        values: dict[str, Any] = {"due": due, "id": id, "limit": limit}
        rows: list[Row] = []
        if due is None:
            rows = self._rows(sql.WAITS_LAST_FOREVER, values)
            values |= {"due": -ENDLESS, "id": 0}
        elif due >= 0:
            rows = self._rows(sql.WAITS_LAST_AT, values)
        if len(rows) < limit and (due is None or due < 0):
            rows += self._rows(sql.WAITS_LAST_STANDING_BY, {**values, "limit": limit - len(rows)})
            values["due"] = ENDLESS
        if len(rows) < limit:
            rows += self._rows(sql.WAITS_LAST_DUE, {**values, "limit": limit - len(rows)})
        return rows

    def waiting(
        self, *, limit: int = 100, after: tuple[int | None, int] | None = None, last: bool = False
    ) -> tuple[list[WaitRow], tuple[int | None, int] | None]:
        """What journeys wait for, a row for each: the nearest deadline first, then those without one.

        A `wait_any` or `wait_all` is one row with what is open in it, and stands where the first
        of its deadlines does.

        Args:
            limit: stored rows that are looked at. A group is several of them, so fewer may come.
            after: where the page before ended.
            last: from the end on, the last row first.

        Returns:
            The rows, and where the next page begins; None when there is none.
        """
        with self._snapshot():
            page = self._last_page(limit, after) if last else self._page(limit, after)
            groups = self._groups({row[12] for row in page if _grouped(row)})
            found = []
            for row in page:
                opened = groups.get(row[12])
                if opened is None:
                    found.append(_wait(row))
                elif min(opened, key=_place)[0] == row[0]:
                    found.append(_as_one(opened))
        return found, (page[-1][10], page[-1][0]) if len(page) == limit else None

    def _groups(self, journeys: set[int]) -> dict[int, list[Row]]:
        """All that is open in these journeys."""
        opened = self._open_waits(journeys) if journeys else {}
        seqs = [row[1] for rows in opened.values() for row in rows]
        found: dict[int, list[Row]] = {}
        if seqs:
            for row in self._rows(sql.WAITS_BY_ID, {"waits": json.dumps(sorted(seqs))}):
                found.setdefault(row[12], []).append(row)
        return found

    def waits_at(self, workflow: str, place: str, *, limit: int = 100) -> list[WaitRow]:
        """What is open at a place of a workflow, such as "onboarding.py:26": the nearest deadline first.

        Looked for among the `LOOKED_AT` nearest deadlines and as many oldest waits: no index knows the place.
        """
        with self._snapshot():
            values = {"workflow": self._name_id(workflow), "place": self._name_id(place), "limit": limit}
            until = self._rows(sql.DUE_OF_NUMBER, {"number": LOOKED_AT})
            rows = self._rows(sql.WAITS_AT_DUE, {**values, "until": until[0][0] if until else ENDLESS})
            if len(rows) < limit:
                until = self._rows(sql.ID_OF_NUMBER, {"number": LOOKED_AT})
                values |= {"until": until[0][0] if until else ENDLESS, "limit": limit - len(rows)}
                rows += self._rows(sql.WAITS_AT_FOREVER, values)
            return [_wait(row) for row in rows]

    def open_among(self, waits: Iterable[WaitRow]) -> set[int]:
        """Those of the waits (`seq`) that are still open."""
        rows = self._rows(sql.STILL_OPEN, {"waits": json.dumps([wait.seq for wait in waits])})
        return {seq for (seq,) in rows}

    def _waits_of(
        self,
        journeys: list[Row],
        workflow: str | None,
        kind: str | None,
        limit: int,
        after: tuple[int | None, int] | None,
    ) -> list[WaitRow]:
        kinds = None if kind is None else _kinds(kind)
        opened = [
            _order(wait[3], wait[1])
            for waits in self._open_waits(row[0] for row in journeys).values()
            for wait in waits
            if kinds is None or wait[2] in kinds
        ]
        if after is not None:
            last = _order(*after)
            opened = [place for place in opened if place > last]
        opened.sort()
        if workflow is None:
            opened = opened[:limit]
        found = [
            _wait(row)
            for row in self._rows(sql.WAITS_BY_ID, {"waits": json.dumps([abs(seq) for *_, seq in opened])})
        ]
        found = [wait for wait in found if workflow is None or wait.workflow == workflow]
        found.sort(key=lambda wait: _order(*wait.place))
        return found[:limit]

    def _open_waits(self, journeys: Iterable[int]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self._rows(sql.OPEN_WAITS, {"journeys": json.dumps(list(journeys))}):
            found.setdefault(row[0], []).append(row)
        return found


def _grouped(row: Row) -> bool:
    return row[1] == Kind.GROUP_OPENED or (row[8] is not None and '"group":' in row[8])


def _place(row: Row) -> tuple[int, int, int]:
    return _order(row[10], row[0])


def _order(due: int | None, seq: int) -> tuple[int, int, int]:
    """Where a wait stands by its deadline as it is stored: negated, it stands by."""
    if due is None:
        return 2, 0, seq
    # As the index has them, from its end.
    return (1, -due, -seq) if due < 0 else (0, due, seq)


def _as_one(opened: list[Row]) -> WaitRow:
    """The outermost group of a journey with what is open in it; an only row as it is."""
    groups = [row for row in opened if row[1] == Kind.GROUP_OPENED]
    within = {key for row in groups for key in json.loads(row[8] or "{}").get("members", ())}
    outer = [
        row for row in groups if key_of(row[1], row[6], row[7], json.loads(row[8] or "{}")) not in within
    ]
    if not outer:
        return _wait(min(opened, key=_place))
    group = _wait(outer[-1])
    parts = tuple(_wait(row) for row in sorted(opened) if row[1] != Kind.GROUP_OPENED)
    first = min(opened, key=_place)[10]
    due_at = None if first is None else abs(first)
    return replace(group, parts=parts, due_at=due_at, stands_by=first is not None and first < 0)


def _kinds(kind: str) -> list[int]:
    return [number for number, text in _WAIT_KIND.items() if text == kind]


def nearest_wait(waits: list[Row]) -> Row | None:
    """The one whose deadline comes first; of those without one, the oldest."""
    return min(waits, key=lambda wait: _order(wait[3], wait[1]), default=None)


def oldest_wait(waits: Iterable[Row]) -> Row:
    """The one that tells best what is waited for: a group only when nothing in it is open."""
    return min(waits, key=lambda wait: (wait[2] == Kind.GROUP_OPENED, wait[1]))


def waits_for(wait: Row) -> str:
    """What a row says of it: the event's name, "sleep", or "step NAME"."""
    _, _, kind, _, name = wait
    if kind in (Kind.STEP_STARTED, Kind.STEP_RETRY):
        return f"step {name}"
    if kind == Kind.SLEEP_OPENED:
        return "sleep"
    if kind in (Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED):
        return f"message {name}"
    return name or ""


def _wait(row: Row) -> WaitRow:
    seq, kind, user, workflow, journey_key, journey_n, name, n, data, opened_at, due, place, *of = row
    given = json.loads(data) if data else {}
    stands_by, due = due is not None and due < 0, None if due is None else abs(due)
    return WaitRow(
        seq=seq,
        kind=_WAIT_KIND.get(kind, "wait"),
        user=user,
        journey=shown_id(workflow, user, journey_key, journey_n, *of),
        workflow=workflow,
        key=key_of(kind, name, n, given) or "",
        name=name,
        match=given.get("match"),
        # One that a reload opened again counts from when it was opened first.
        opened_at=opened_at if given.get("since") is None else int(given["since"]),
        due_at=due,
        line=place,
        local=shown(due, given["zone"]) if due is not None and given.get("zone") else None,
        stands_by=stands_by,
    )
