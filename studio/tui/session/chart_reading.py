"""What the charts beside the funnel are drawn from, read in small statements and kept up with the store."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from studio.store.records import WaitRow
from studio.store.view_base import ENDLESS
from studio.store.view_charts import PACE_ROWS, WorkflowCounts
from studio.store.views import Views
from studio.wording.times import DAY, HOUR, MINUTE, OVERDUE_MS

EDGES = (
    (MINUTE, "within 1m"),
    (10 * MINUTE, "10m"),
    (HOUR, "1h"),
    (6 * HOUR, "6h"),
    (DAY, "1 day"),
    (3 * DAY, "3 days"),
    (7 * DAY, "7 days"),
    (30 * DAY, "30 days"),
    (90 * DAY, "90 days"),
    (ENDLESS, "later"),
)
OVERDUE, NO_LIMIT = "overdue", "no limit"
REST = 4
"""To read all deadlines again waits so many times as long as it took."""
MOST_PEOPLE = 1_000
KEPT_MINUTES = 24 * 60
Now = Callable[[], int]
"""Gives the moment of the store's clock, ms since 1970; for any thread."""


@dataclass(frozen=True, slots=True)
class ChartSpan:
    """Deadlines that come within the same while."""

    name: str
    start: int | None
    """Ms since 1970; None: no limit."""
    end: int
    waits: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The deadlines of a workflow."""

    spans: tuple[ChartSpan, ...]
    behind: bool = False
    """There is more to read."""


class DeadlineReading:
    """The deadlines of one workflow, counted by how far they are; read window by window."""

    def __init__(self, workflow: str, now: Now) -> None:
        self.workflow = workflow
        self._now = now
        self._shown: tuple[ChartSpan, ...] = ()
        self._began()
        self._took = self._ended_at = 0.0

    def _began(self) -> None:
        self._at = self._now()
        self._from: tuple[int, int] | None = None
        self._counts = [0] * (len(EDGES) + 1)
        self._spent = 0.0

    def read(self, views: Views) -> Ahead:
        """Read a window; count when it was the last."""
        if self._from is None:
            if time.monotonic() - self._ended_at < REST * self._took:
                return Ahead(self._shown, behind=True)
            self._began()
        began = time.monotonic()
        found, after = views.deadlines(self.workflow, self._from or (0, 0))
        edges = [self._at - OVERDUE_MS, *(self._at + ms for ms, _ in EDGES)]
        start = 0
        for number, edge in enumerate(edges):
            end = bisect_left(found, edge, start)
            self._counts[number] += end - start
            start = end
        self._spent += time.monotonic() - began
        self._from = after
        if after is not None:
            return Ahead(self._shown, behind=True)
        self._shown = self._spans(views)
        self._took, self._ended_at = self._spent, time.monotonic()
        return Ahead(self._shown)

    def _spans(self, views: Views) -> tuple[ChartSpan, ...]:
        overdue, *counts = self._counts
        spans, start = [ChartSpan(OVERDUE, -ENDLESS, self._at - OVERDUE_MS, overdue)], self._at - OVERDUE_MS
        for (ms, name), n in zip(EDGES, counts, strict=True):
            spans.append(ChartSpan(name, start, self._at + ms, n))
            start = self._at + ms
        known = next((each.waits for each in views.workflow_counts(0) if each.name == self.workflow), 0)
        spans.append(ChartSpan(NO_LIMIT, None, ENDLESS, max(0, known - sum(self._counts))))
        if not any(each.waits for each in spans):
            return ()
        last = max(at for at, each in enumerate(spans) if (each.waits and each.start is not None) or at == 1)
        return tuple(
            each for at, each in enumerate(spans) if each.waits or (each.start is not None and 0 < at <= last)
        )

    def people(self, views: Views, span: ChartSpan) -> list[WaitRow]:
        """Who waits up to a deadline in a span, the nearest first."""
        after = (None, 0) if span.start is None else (max(0, span.start - 1), ENDLESS)
        rows = views.waits(workflow=self.workflow, after=after, limit=MOST_PEOPLE)
        if span.start is None:
            return rows
        return [row for row in rows if row.due_at is not None and not row.stands_by and row.due_at < span.end]


@dataclass(frozen=True, slots=True)
class AheadQuestion:
    """The deadlines of a workflow, as far as they are known after another window."""

    reading: DeadlineReading

    def read(self, views: Views) -> Ahead:
        """Read a window."""
        return self.reading.read(views)


@dataclass(frozen=True, slots=True)
class Pace:
    """Events and failures of all workflows, by the minute."""

    minutes: tuple[tuple[int, int, int], ...]
    """Minute since 1970, events, failures; those in which there were any, the oldest first."""
    whole: bool
    """The history was looked at from its beginning on."""


class PaceReading:
    """Looks back once, and then at what came since."""

    def __init__(self) -> None:
        self._read = -1
        self._whole = False
        self._counts: dict[int, list[int]] = {}

    def read(self, views: Views) -> Pace:
        """Read what is not read yet."""
        last = views.last_seq()
        if self._read < 0 or last < self._read:
            self._read, self._counts = max(0, last - PACE_ROWS), {}
            self._whole = self._read == 0
        while True:
            rows, upto = views.pace(self._read)
            if upto == self._read:
                break
            self._read = upto
            for minute, failed, n in rows:
                self._counts.setdefault(minute, [0, 0])[failed] += n
        newest = max(self._counts, default=0)
        for minute in [each for each in self._counts if each <= newest - KEPT_MINUTES]:
            del self._counts[minute]
        counts = sorted(self._counts.items())
        return Pace(tuple((minute, events, failed) for minute, (events, failed) in counts), self._whole)


@dataclass(frozen=True, slots=True)
class PaceQuestion:
    """How much happens."""

    reading: PaceReading

    def read(self, views: Views) -> Pace:
        """Read what came since."""
        return self.reading.read(views)


@dataclass(frozen=True, slots=True)
class WorkflowsQuestion:
    """How all workflows do."""

    now: Now

    def read(self, views: Views) -> list[WorkflowCounts]:
        """From the counts that the engine keeps, and the deadlines that are past."""
        return views.workflow_counts(self.now() - OVERDUE_MS)
