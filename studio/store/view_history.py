"""The history: timelines of users, streams of entries, and the log."""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterable
from typing import Any

from studio.language.kinds import KIND_TEXT, LEVEL_OF, LEVELS, OF_WORKFLOWS, Kind
from studio.store import view_sql as sql
from studio.store.damage import read_fields
from studio.store.entries import entry
from studio.store.json_rows import JsonPage, JsonRows
from studio.store.records import Entry
from studio.store.schema import SEED_OF
from studio.store.view_base import ENDLESS, WINDOW_ROWS, ViewBase
from studio.store.view_users import named

_SEVERITY = ("debug", "info", "warning", "error")
_FAILURES = (Kind.FAILED, Kind.WORKFLOW_FAILED, Kind.HOOK_FAILED)


class HistoryViews(ViewBase):
    """A part of `Views`."""

    def timeline(self, user: str, *, limit: int = 200, before: int | None = None) -> list[Entry]:
        """What happened to a user, in all journeys: the newest entries before a seq, oldest first."""
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return []
            values: dict[str, Any] = {
                "user": user_id,
                "before": min(before or ENDLESS, self.top + 1),
                "limit": limit,
            }
            totals = self._totals(0)
            sources = [
                (newest, statement, source)
                for sources, statement in (
                    (sql.USER_EVENT_SOURCES, sql.EVENT_SEQS),
                    (sql.USER_JOURNEY_SOURCES, sql.JOURNEY_SEQS),
                    *(((sql.REFUSED_SOURCES, sql.REFUSED_SEQS),) if totals.get(Kind.REFUSED) else ()),
                    *(((sql.HOOK_SOURCES, sql.HOOK_SEQS),) if totals.get(Kind.HOOK_FAILED) else ()),
                )
                for source, newest in self._rows(sources, values)
                if newest is not None
            ]
            sources = heapq.nlargest(limit, sources)
            # With a full hand of sources, nothing older than the newest of the last can be among them.
            floor = sources[-1][0] if len(sources) == limit else 0
            seqs: set[int] = set()
            for _, statement, source in sources:
                seqs.update(
                    row[0] for row in self._rows(statement, {**values, "source": source, "floor": floor})
                )
            newest_seqs = heapq.nlargest(limit, seqs)
            found = [entry(row) for row in self._rows(sql.ENTRIES_BY_SEQ, {"seqs": json.dumps(newest_seqs)})]
            found.sort(key=lambda e: e.seq)
            return found

    def seed(self) -> str:
        """What `random` and `uuid` of the store's journeys are drawn from."""
        rows = self._rows(SEED_OF)
        return str(rows[0][0]) if rows else ""

    def timeline_from(self, user: str, *, limit: int = 200, after: int = 0) -> list[Entry]:
        """What happened to a user, in all journeys: the oldest entries after a seq, oldest first."""
        with self._snapshot():
            user_id = self._user_id(user)
            if user_id in (None, -1):
                return []
            values: dict[str, Any] = {"user": user_id, "after": after, "limit": limit}
            sources = [
                (oldest, statement, source)
                for sources, statement in (
                    (sql.USER_EVENT_FIRSTS, sql.EVENT_SEQS_FROM),
                    (sql.USER_JOURNEY_FIRSTS, sql.JOURNEY_SEQS_FROM),
                )
                for source, oldest in self._rows(sources, values)
                if oldest is not None
            ]
            sources = heapq.nsmallest(limit, sources)
            # With a full hand of sources, nothing newer than the oldest of the last can be among them.
            ceiling = min(sources[-1][0] if len(sources) == limit else ENDLESS, self.top)
            seqs: set[int] = set()
            for _, statement, source in sources:
                span = {**values, "source": source, "ceiling": ceiling}
                seqs.update(row[0] for row in self._rows(statement, span))
            oldest_seqs = heapq.nsmallest(limit, seqs)
            found = [entry(row) for row in self._rows(sql.ENTRIES_BY_SEQ, {"seqs": json.dumps(oldest_seqs)})]
            found.sort(key=lambda e: e.seq)
            return found

    def user_start(self, user: str) -> int | None:
        """When the first of all happened to a user, ms since 1970; None when nothing has."""
        first = self.timeline_from(user, limit=1)
        return first[0].at if first else None

    def given_with(self, events: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What came with events beside their data ("profile", "sent_at", "extra"), by their seqs."""
        rows = self._rows(sql.EVENTS_META, {"seqs": json.dumps(list(events))})
        return {seq: read_fields(meta, f"entry {seq}") for seq, meta in rows}

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        kinds: Collection[str] | None = None,
        user: str | None = None,
        workflow: str | None = None,
        since_at: int | None = None,
    ) -> list[Entry]:
        """Entries after a seq, in order: for streams.

        Args:
            kinds: as they are printed ("event", "wait.opened", …); all when not given.
            since_at: milliseconds since 1970; earlier entries are left out.
        """
        values = self._filter(None if kinds is None else _kinds(kinds), user, workflow)
        values["since"] = since_at
        return self._after(after, limit, values)

    def json_page(self, made: JsonRows, *, after: int = 0, limit: int = 1000) -> JsonPage | None:
        """Entries after a seq, in order, as lines of JSON; None when there is none.

        Args:
            made: makes the lines, from page to page.
        """
        rows = self._rows_after(after, limit, {**self._filter(None, None, None), "since": None})
        return made.page(rows) if rows else None

    def _after(self, after: int, limit: int, values: dict[str, Any]) -> list[Entry]:
        return [entry(row) for row in self._rows_after(after, limit, values)]

    def _rows_after(self, after: int, limit: int, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        last = self.last_seq()
        while after < last and len(found) < limit and -1 not in (values["user"], values["workflow"]):
            upto = min(last, after + max(WINDOW_ROWS, limit))
            span = {**values, "from": after, "to": upto, "limit": limit - len(found)}
            found += self._rows(sql.ENTRIES_AFTER, span)
            after = upto
        return found

    def logs(
        self,
        *,
        limit: int = 200,
        before: int | None = None,
        user: str | None = None,
        workflow: str | None = None,
        level: str | None = None,
        contains: str | None = None,
        kinds: Collection[str] | None = None,
        since_at: int | None = None,
    ) -> list[Entry]:
        """What journeys said, failures, reloads, and what was done to the clock: the newest, oldest first.

        Args:
            before: a seq; only what is older.
            level: debug, info, warning or error: this and above; "note": only notes.
            contains: a part of the text, in capitals or not.
            kinds: these instead, as they are printed ("event", "wait.opened", …), whatever the level.
            since_at: milliseconds since 1970; earlier entries are left out.
        """
        wanted = _log_kinds(level) if kinds is None else _kinds(kinds)
        if user is not None:
            return self._logs_of(user, wanted, workflow, limit, before, contains, since_at)
        values = self._filter(wanted, None, workflow)
        if values["workflow"] == -1:
            return []
        values |= {**named(contains), "told": _kind_filter(kinds), "since": since_at}
        # How many there can be at most: a store without logs needs no walk to say so.
        totals = self._totals(values["workflow"] or 0)
        left = sum(totals.get(kind, 0) for kind in wanted)
        if values["workflow"]:
            whole = self._totals(0)
            left += sum(whole.get(kind, 0) for kind in OF_WORKFLOWS)
        left = min(left, limit)
        found: list[Entry] = []
        upto = self.last_seq() if before is None else min(before - 1, self.top)
        while upto > 0 and len(found) < left:
            low = max(0, upto - WINDOW_ROWS)
            span = {**values, "from": low, "to": upto, "limit": left - len(found)}
            if since_at is not None and not self._rows(sql.ANY_SINCE, span):
                # Late timers stand behind what came after their deadline, but not so many in a row.
                break
            found += [entry(row) for row in self._rows(sql.ENTRIES_BEFORE, span)]
            upto = low
        return found[::-1]

    def logs_from(
        self, after: int, *, limit: int = 200, user: str | None = None, level: str | None = None
    ) -> list[Entry]:
        """What `logs` tells, from its beginning or after a seq: the oldest first."""
        wanted = _log_kinds(level)
        if user is None:
            left = sum(self._totals(0).get(kind, 0) for kind in wanted)
            if left <= limit:
                # Few, and perhaps all at the end of a long history: looked for from there.
                return [each for each in self.logs(limit=limit, level=level) if each.seq > after]
            return self.logs_after(after, limit=limit, level=level)
        texts = {(KIND_TEXT[kind], LEVEL_OF.get(kind)) for kind in wanted}
        found: list[Entry] = []
        while len(found) < limit:
            page = self.timeline_from(user, limit=max(1000, limit), after=after)
            if not page:
                break
            found += [each for each in page if (each.kind, each.level) in texts]
            after = page[-1].seq
        return found[:limit]

    def logs_after(
        self,
        after: int,
        *,
        limit: int = 1000,
        user: str | None = None,
        workflow: str | None = None,
        level: str | None = None,
        contains: str | None = None,
        kinds: Collection[str] | None = None,
        since_at: int | None = None,
    ) -> list[Entry]:
        """What `logs` tells, after a seq, in order: for whoever follows it."""
        values = self._filter(_log_kinds(level) if kinds is None else _kinds(kinds), user, workflow)
        values |= {**named(contains), "told": _kind_filter(kinds), "since": since_at}
        return self._after(after, limit, values)

    def logs_step(
        self, before: int | None, *, level: str | None = None, contains: str | None = None, limit: int = 1000
    ) -> tuple[list[Entry], int]:
        """One stretch of the log, newest first, and where the next begins, 0 at the end.

        Takes milliseconds however rare the entries are; `logs` walks on until it has found enough.

        Args:
            before: a seq; only what is older. None begins with the newest.
        """
        upto = self.last_seq() if before is None else min(before - 1, self.top)
        low = max(0, upto - WINDOW_ROWS)
        values = {**self._filter(_log_kinds(level), None, None), **named(contains), "told": 1}
        rows = self._rows(sql.ENTRIES_BEFORE, {**values, "from": low, "to": upto, "limit": limit})
        found = [entry(row) for row in rows]
        next_before = found[-1].seq if len(found) == limit else low + 1
        return found, next_before if next_before > 1 else 0

    def _logs_of(
        self,
        user: str,
        kinds: Iterable[int],
        workflow: str | None,
        limit: int,
        before: int | None,
        contains: str | None,
        since_at: int | None,
    ) -> list[Entry]:
        wanted = {(KIND_TEXT[kind], LEVEL_OF.get(kind)) for kind in kinds}
        part = contains.casefold() if contains else ""
        found: list[Entry] = []
        while len(found) < limit:
            page = self.timeline(user, limit=max(1000, limit), before=before)
            if not page or (since_at is not None and all(e.at < since_at for e in page)):
                break
            found += [
                e
                for e in reversed(page)
                if (e.kind, e.level) in wanted
                and (workflow is None or e.workflow == workflow)
                and (since_at is None or e.at >= since_at)
                and part in _text(e).casefold()
            ]
            before = page[0].seq
        return found[:limit][::-1]

    def _filter(
        self, kinds: Collection[int] | None, user: str | None, workflow: str | None
    ) -> dict[str, Any]:
        return {
            "kinds": None if kinds is None else json.dumps(list(kinds)),
            "user": self._user_id(user),
            "workflow": self._name_id(workflow),
            "since": None,
            **named(None),
            "told": None,
        }


def _kinds(kinds: Collection[str]) -> list[int]:
    return [kind for kind, text in KIND_TEXT.items() if text in kinds]


def _text(e: Entry) -> str:
    """In what a part of a text is looked for: the message of a log entry, else the data as it is stored."""
    if e.level is not None:
        return e.message or ""
    return "" if e.data is None else json.dumps(e.data, ensure_ascii=False, separators=(",", ":"))


def _kind_filter(kinds: Collection[str] | None) -> int | None:
    """Of workflows that were loaded, a log tells only what that meant for whoever waits there."""
    return 1 if kinds is None else None


def _log_kinds(level: str | None) -> list[int]:
    if level == "note":
        return [Kind.NOTE]
    lowest = _SEVERITY.index(level) if level in _SEVERITY else 0
    kinds: list[int] = [LEVELS[name] for name in _SEVERITY[lowest:]]
    if lowest <= _SEVERITY.index("info"):
        kinds += [Kind.NOTE, Kind.CLOCK_MOVED, Kind.WORKFLOW_LOADED]
        kinds += [Kind.WORKFLOW_PAUSED, Kind.WORKFLOW_UNPAUSED]
    return [*kinds, *_FAILURES]
