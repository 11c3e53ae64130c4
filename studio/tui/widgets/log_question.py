"""What the log asks of the store: the newest entries that a filter means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from studio.store.records import Entry
from studio.store.views import Views
from studio.tui.format.text import LITERAL_CHARS
from studio.tui.session import filters
from studio.tui.widgets.hits import HitTally
from studio.wording.values import slim

FIELDS = ("user", "workflow", "level", "text")
LEVELS = (None, "info", "warning", "error", "note")
"""What `l` goes through: from this one up; "note" only those. None: everything."""
PAGE_LOOKED_AT = 1_000
MOST_LOOKED_AT = 20_000
"""Entries that a filter looks at in one go: of a log of millions, the newest part."""


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """The newest entries that are meant, oldest first."""

    entries: list[Entry]
    all: int | None = None
    """How many a filter means; None when there may be more than were looked at."""


@dataclass(frozen=True, slots=True)
class LogCount:
    """How many entries a filter of the log means."""

    question: LogQuestion

    def step(self, views: Views, place: tuple[int, int] | None) -> HitTally:
        """Count through the next stretch."""
        asked = self.question
        before, newest = place or (None, views.last_seq())
        if asked.user is not None:
            page = views.logs(limit=PAGE_LOOKED_AT, before=before, level=asked.level, user=asked.user)
            further = page[0].seq if len(page) == PAGE_LOOKED_AT else 0
        else:
            page, further = views.logs_step(before, level=asked.level, contains=asked.part)
        count = sum(1 for entry in page if asked.meets(entry))
        if not further:
            return HitTally(count, None, 1.0)
        return HitTally(count, (further, newest), 1 - further / max(further, newest))


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """The newest log entries that are meant."""

    filter: filters.Filter
    limit: int
    level: str | None = None
    user: str | None = None
    """Only this user's, looked up by index however old."""
    first: bool = False
    """The oldest that are meant, and not the newest."""

    @property
    def part(self) -> str | None:
        """A word that every entry that is meant has in its text."""
        return max(self.filter.words, key=len, default=None)

    def read(self, views: Views) -> LogAnswer:
        """The entries, oldest first, without what a row cannot show."""
        if self.first:
            found, all = first_of(self._from(views), self.meets, self.limit, bool(self.filter))
            return LogAnswer([light(entry) for entry in found], all)
        if not self.filter:
            found = views.logs(limit=self.limit, level=self.level, user=self.user)
            return LogAnswer([light(entry) for entry in found])
        pages: list[list[Entry]] = []
        before, looked, count = None, 0, 0
        while looked < MOST_LOOKED_AT and count < self.limit:
            page = views.logs(
                limit=PAGE_LOOKED_AT, before=before, level=self.level, user=self.user, contains=self.part
            )
            meant = [light(entry) for entry in page if self.meets(entry)]
            pages.append(meant)
            count += len(meant)
            looked += len(page)
            if len(page) < PAGE_LOOKED_AT:
                return LogAnswer(newest(pages, self.limit), count)
            before = page[0].seq
        return LogAnswer(newest(pages, self.limit))

    def _from(self, views: Views) -> Iterator[list[Entry]]:
        size, after = PAGE_LOOKED_AT if self.filter else self.limit, 0
        while page := views.logs_from(after, limit=size, level=self.level, user=self.user):
            yield page
            if len(page) < size:
                return
            after = page[-1].seq

    def meets(self, entry: Entry) -> bool:
        """Whether the filter means this entry."""
        level = "error" if entry.kind.endswith(".failed") else entry.level
        text = entry.message or ""
        fields = {"user": entry.user, "workflow": entry.workflow, "level": level, "text": text}
        return self.filter.meets(text, fields)


def first_of(
    pages: Iterator[list[Entry]], meets: Callable[[Entry], bool], limit: int, filtered: bool
) -> tuple[list[Entry], int | None]:
    """The first entries of pages that are meant; with a filter also how many, when all were looked at."""
    found: list[Entry] = []
    looked = 0
    for page in pages:
        found += [entry for entry in page if not filtered or meets(entry)]
        looked += len(page)
        if len(found) >= limit or looked >= MOST_LOOKED_AT:
            return found[:limit], None
    return found, len(found) if filtered else None


def newest(pages: Sequence[list[Entry]], limit: int) -> list[Entry]:
    """The newest entries of pages that were read backwards, oldest first."""
    return [entry for page in reversed(pages) for entry in page][-limit:]


def light(entry: Entry) -> Entry:
    """The entry without the bulk of its text and data: rows keep only what they show."""
    message = entry.message
    if message is not None and len(message) > LITERAL_CHARS:
        message = message[:LITERAL_CHARS]
    data = slim(entry.data)
    if message is entry.message and data is entry.data:
        return entry
    return replace(entry, message=message, data=data)
