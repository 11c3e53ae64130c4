"""What the timeline asks of the store: a user's newest entries, what is open, and the lanes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from studio.store.records import Entry, WaitRow
from studio.store.views import Views
from studio.tui.format.text import preview
from studio.tui.lanes import lane_model
from studio.tui.session import filters
from studio.tui.widgets.hits import HitTally
from studio.tui.widgets.log_question import first_of, light, newest
from studio.wording.values import slim

FIELDS = ("event", "workflow", "level", "kind", "journey", "text")
PAGE_LOOKED_AT = 1_000
MOST_LOOKED_AT = 20_000
"""Entries of a user that a filter looks at, the newest."""
MOST_LANES = 12


@dataclass(frozen=True, slots=True)
class TimelineAnswer:
    """The newest entries of a user, oldest first, and what is open."""

    user: str
    entries: list[Entry]
    waits: list[WaitRow]
    workflows: list[str]
    history: lane_model.Lanes
    all: int | None = None
    """How many entries a filter means; None when there may be more than were looked at."""


@dataclass(frozen=True, slots=True)
class TimelineCount:
    """How many entries of a user a filter means."""

    question: TimelineQuestion

    def step(self, views: Views, place: int | None) -> HitTally:
        """Count among the thousand before."""
        page = views.timeline(self.question.user, limit=PAGE_LOOKED_AT, before=place)
        count = sum(1 for entry in page if self.question.meets(entry))
        return HitTally(count, page[0].seq if len(page) == PAGE_LOOKED_AT else None, 0.0)


@dataclass(frozen=True, slots=True)
class TimelineQuestion:
    """What happened to a user."""

    user: str
    limit: int
    filter: filters.Filter
    first: bool = False
    """The oldest that are meant, and not the newest."""

    def read(self, views: Views) -> TimelineAnswer:
        """The newest `limit` entries that are meant, and the lanes they belong to."""
        all: int | None = None
        if self.first:
            found, all = first_of(self._from(views), self.meets, self.limit, bool(self.filter))
        elif self.filter:
            found, all = self._filtered(views)
        else:
            found = views.timeline(self.user, limit=self.limit)
        waits = views.waits(user=self.user, limit=200)
        workflows = dict.fromkeys(row.workflow for row in views.journeys(user=self.user, limit=20))
        only: list[str] | None = None
        if self.filter:
            named = (entry.journey for entry in reversed(found))
            only = list(dict.fromkeys(id for id in named if id is not None))[:MOST_LANES]
        beside = views.side_by_side(self.user, only=only)
        # Each entry once: the list and the lanes know the same ones, the lanes some older ones too.
        known = {entry.seq: entry for entry in (*beside.entries, *found)}
        history = lane_model.build(
            [known[seq] for seq in sorted(known)],
            waits,
            beside.journeys,
            beside.moves,
            beside.total,
            views.user_start(self.user),
        )
        # What was done to the clock meanwhile is about nobody, and explains what follows it.
        if found and not self.filter:
            first, last = found[0].seq, found[-1].seq
            more = self.first and len(found) >= self.limit
            found += [move for move in beside.moves if first < move.seq and (not more or move.seq < last)]
            found.sort(key=lambda entry: entry.seq)
        entries = [light(entry) for entry in found]
        return TimelineAnswer(self.user, entries, waits, list(workflows), history, all)

    def _filtered(self, views: Views) -> tuple[list[Entry], int | None]:
        pages: list[list[Entry]] = []
        before: int | None = None
        looked = count = 0
        while looked < MOST_LOOKED_AT and count < self.limit:
            page = views.timeline(self.user, limit=PAGE_LOOKED_AT, before=before)
            meant = [entry for entry in page if self.meets(entry)]
            pages.append(meant)
            looked += len(page)
            count += len(meant)
            if len(page) < PAGE_LOOKED_AT:
                return newest(pages, self.limit), count
            before = page[0].seq
        return newest(pages, self.limit), None

    def _from(self, views: Views) -> Iterator[list[Entry]]:
        size, after = PAGE_LOOKED_AT if self.filter else self.limit, 0
        while page := views.timeline_from(self.user, limit=size, after=after):
            yield page
            if len(page) < size:
                return
            after = page[-1].seq

    def meets(self, entry: Entry) -> bool:
        """Whether the filter means this entry."""
        data = preview(slim(entry.data))
        parts = (entry.kind, entry.name, entry.journey, entry.message, entry.line, data)
        text = " ".join(part for part in parts if part)
        fields = {
            "event": entry.name,
            "workflow": entry.workflow,
            "level": entry.level,
            "kind": entry.kind,
            "journey": entry.journey,
            "text": text,
        }
        return self.filter.meets(text, fields)
