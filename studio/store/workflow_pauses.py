"""Which workflows are paused, since when and by whom: what the operator said, for each engine that starts.

It stands in `meta`, "paused/NAME", and is no part of the history: a rewind, or a return to a snapshot, takes
time back and no decision about it. The history tells it, and is told again where a cut took that away.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from studio.store.meta import META_UNDER, span

PREFIX = "paused/"
MOST_SPANS = 100
"""Pauses of one workflow that are remembered, the newest."""

PauseState = Literal["paused", "leaving", "over"]


@dataclass(frozen=True, slots=True)
class WorkflowPause:
    """What is known of the pauses of one workflow."""

    name: str
    state: PauseState
    """"leaving": it is to go on, once those who are too late for that have left; "over": it went on."""
    since: int
    """When it was paused, ms since 1970, UTC, by the store's clock."""
    by: str | None
    """Who paused it: a user of the machine; None when that is not known."""
    spans: tuple[tuple[int, int | None], ...]
    """seq of the entries that say that it was paused, and went on; None: it has not. Oldest first."""
    ended_at: int | None = None
    """When it was to go on."""
    skip_late: int | None = None
    """Milliseconds: who is later than that leaves."""

    @property
    def stands(self) -> bool:
        """Whether no journey of it moves now."""
        return self.state != "over"

    def held(self, seq: int) -> bool:
        """Whether it was paused at an entry."""
        return any(first < seq and (last is None or seq < last) for first, last in self.spans)

    def row(self) -> tuple[str, str]:
        """What `meta` keeps of it."""
        facts = asdict(replace(self, spans=self.spans[-MOST_SPANS:]))
        return PREFIX + facts.pop("name"), json.dumps(facts)


def pauses_of(rows: Iterable[tuple[str, str]]) -> dict[str, WorkflowPause]:
    """The pauses that rows of `meta` speak of, by workflow.

    Args:
        rows: the part of each key behind "paused/", and its value.
    """
    found = {}
    for name, text in rows:
        facts = json.loads(text)
        spans = tuple((int(first), last) for first, last in facts.pop("spans"))
        found[name] = WorkflowPause(name=name, spans=spans, **facts)
    return found


def read_pauses(con: sqlite3.Connection) -> dict[str, WorkflowPause]:
    """What a store knows of pauses, by workflow."""
    rows = con.execute(META_UNDER, span(PREFIX)).fetchall()
    return pauses_of((str(key)[len(PREFIX) :], str(value)) for key, value in rows)
