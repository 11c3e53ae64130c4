"""The counts of the past: what `totals` and `places` held when an entry was the newest.

Every `EVERY` entries the engine keeps what its counts are, in the batch that has come so far: whole ones
each `WHOLE_EVERY` entries, the others as the difference from the whole one before. For any entry the
counts are those of the nearest place at which they are known, and what the entries between changed. Stores
that were written before there were checkpoints get them while their engine is idle.

What takes entries out of the history drops the checkpoints that counted them; they are made again.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from studio.language.kinds import Kind
from studio.store.line_statistics import OPENING
from studio.store.past_journeys import journeys_as_of
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS

Counts = Counter[tuple[int, ...]]
"""Rows of `totals` by (workflow, kind), and of `places` by (workflow, place, name, kind)."""

EVERY = 10_000
"""Entries between two checkpoints."""
WHOLE_EVERY = 100_000
"""Entries between two that hold all counts."""
FILL_ENTRIES = 2_000
"""Entries that are counted at a time while nothing else is to be done: some hundredths of a second."""
MOST_PERCENT = 3
"""Of the store, that checkpoints may take."""
MOST_COUNTED = 25_000
"""Entries between which differences are counted at most: a fifth of a second."""

HAS_TABLE = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'checkpoints'"
TOTALS = "SELECT workflow, kind, n FROM main.totals WHERE n <> 0"
PLACES = "SELECT workflow, place, name, kind, n FROM main.places WHERE n <> 0"
ADD = "INSERT OR REPLACE INTO main.checkpoints (seq, base, counts) VALUES (?, ?, ?)"
ONE = "SELECT base, counts FROM main.checkpoints WHERE seq = ?"
BEFORE = "SELECT max(seq) FROM main.checkpoints WHERE seq <= ?"
BEHIND = "SELECT min(seq) FROM main.checkpoints WHERE seq > ?"
LAST_WHOLE = "SELECT max(seq) FROM main.checkpoints WHERE base IS NULL AND seq <= ?"
ALL = "SELECT seq FROM main.checkpoints ORDER BY seq"
SIZE = "SELECT total(length(counts)) FROM main.checkpoints"
DROP_ONE = "DELETE FROM main.checkpoints WHERE seq = ?"
DROP = "DELETE FROM main.checkpoints WHERE seq >= ?"

BETWEEN = """
SELECT kind, journey, coalesce(name, 0), place, count(*) FROM main.history
WHERE seq > ? AND seq <= ? GROUP BY 1, 2, 3, 4
"""
NEW_USERS = f"""
SELECT count(*) FROM (
    SELECT DISTINCT user FROM main.history
    WHERE seq > :low AND seq <= :high AND kind = {Kind.EVENT} AND user IS NOT NULL
) n WHERE NOT EXISTS (
    SELECT 1 FROM main.history h INDEXED BY history_events
    WHERE h.user = n.user AND h.kind = {Kind.EVENT} AND h.seq <= :low
)
"""


def has_checkpoints(con: sqlite3.Connection) -> bool:
    """Whether the store is of a version that has them."""
    return bool(con.execute(HAS_TABLE).fetchall())


def counts_now(con: sqlite3.Connection) -> Counts:
    """What the engine keeps as of the newest entry."""
    found: Counts = Counter()
    for statement in (TOTALS, PLACES):
        for *slot, n in con.execute(statement).fetchall():
            found[tuple(slot)] = n
    return found


def counts_between(con: sqlite3.Connection, low: int, high: int) -> Counts:
    """What the entries after one, up to another, changed in the counts; many of them take long."""
    found: Counts = Counter()
    rows = con.execute(BETWEEN, (low, high)).fetchall()
    touched = sorted({journey for _, journey, *_ in rows if journey is not None})
    workflows: dict[int, int] = {}
    for bound, sign in ((low, -1), (high, 1)):
        for journey in journeys_as_of(con, touched, bound):
            workflow = workflows[journey.id] = journey.workflow
            for of in (0, workflow):
                found[(of, TOTAL_STATUS + journey.standing)] += sign
                found[(of, TOTAL_WAITS)] += sign * journey.open_waits
            for placed, n in journey.waiting_at().items():
                found[(workflow, *placed)] += sign * n
    for kind, journey, name, place, n in rows:
        found[(0, kind)] += n
        if journey in workflows:
            found[(workflows[journey], kind)] += n
            if place is not None and kind not in OPENING:
                found[(workflows[journey], place, name, kind)] += n
    found[(0, TOTAL_USERS)] += con.execute(NEW_USERS, {"low": low, "high": high}).fetchone()[0]
    return found


def counts_at(
    con: sqlite3.Connection, bound: int, last: int, known: tuple[int, Counts] | None = None
) -> Counts | None:
    """The counts as of an entry; None where none are known near enough.

    Args:
        last: the newest entry of the history, as of which the store's own counts are.
        known: counts as of another entry, when the caller has some.
    """
    near: dict[int, Counts | None] = {0: Counter(), last: None}
    if has_checkpoints(con):
        for statement in (BEFORE, BEHIND):
            (seq,) = con.execute(statement, (bound,)).fetchone()
            if seq is not None:
                near.setdefault(seq, None)
    if known is not None:
        near[known[0]] = known[1]
    nearest = min(near, key=lambda seq: abs(seq - bound))
    if abs(nearest - bound) > MOST_COUNTED:
        return None
    found = near[nearest]
    if found is None:
        found = counts_now(con) if nearest == last else _counts_of(con, nearest)
        if found is None:
            return None
    found = Counter(found)
    if nearest < bound:
        found.update(counts_between(con, nearest, bound))
    elif nearest > bound:
        found.subtract(counts_between(con, bound, nearest))
    return found


def entries_counted(counts: Mapping[tuple[int, ...], int]) -> int:
    """How many entries are in the counts: fewer than were written where some were taken away."""
    return sum(n for slot, n in counts.items() if len(slot) == 2 and not slot[0] and slot[1] < TOTAL_USERS)


def keep_checkpoint(con: sqlite3.Connection, last: int, counts: Counts | None = None) -> bool:
    """Keep the counts as of an entry, inside a transaction of the caller.

    Args:
        counts: not given, those of the newest entry, which this one must be.

    Returns:
        False where they would take more of the store than they may.
    """
    counts = counts_now(con) if counts is None else counts
    (base,) = con.execute(LAST_WHOLE, (last,)).fetchone()
    if base is not None and last - base >= WHOLE_EVERY:
        base = None
    whole = None if base is None else _counts_of(con, base)
    if whole is None:
        base = None
    else:
        counts = Counter(counts)
        counts.subtract(whole)
    packed = _packed(counts)
    (kept,), (pages,), (size,) = (
        con.execute(statement).fetchone() for statement in (SIZE, "PRAGMA page_count", "PRAGMA page_size")
    )
    if (kept + len(packed)) * 100 > MOST_PERCENT * pages * size:
        return False
    con.execute(ADD, (last, base, packed))
    return True


class CheckpointFill:
    """Keeps counts of the past where there are none yet, from the oldest gap on, a few entries at a time."""

    def __init__(self) -> None:
        self._at = 0
        """Up to which entry the counts of the present gap are known."""
        self._counts: Counts | None = None
        self._done = False

    def step(self, con: sqlite3.Connection) -> bool:
        """Go on, inside a transaction of the caller. False when nothing is left to do, or no room for it."""
        if self._done:
            return False
        if self._counts is None and not self._begin(con):
            self._done = True
            return False
        assert self._counts is not None
        upto = min(self._at + FILL_ENTRIES, self._to)
        self._counts.update(counts_between(con, self._at, upto))
        self._at = upto
        if upto == self._to:
            self._done = not keep_checkpoint(con, upto, self._counts)
            self._counts = None
        return not self._done

    def _begin(self, con: sqlite3.Connection) -> bool:
        last = con.execute("SELECT max(seq) FROM main.history").fetchone()[0] or 0
        known = [0, *(seq for (seq,) in con.execute(ALL).fetchall()), last]
        gaps = (low for low, high in pairwise(known) if high - low >= 2 * EVERY)
        low = next(gaps, None)
        if low is None:
            return False
        found = _counts_of(con, low) if low else Counter()
        if found is None:
            # It is of no use: from the one before it on they are counted anew.
            con.execute(DROP_ONE, (low,))
            return self._begin(con)
        self._at, self._to, self._counts = low, low + EVERY, found
        return True


def drop_checkpoints(con: sqlite3.Connection, first: int | None) -> None:
    """Let go of those that count an entry or a later one, inside a transaction of the caller.

    Args:
        first: the first entry that is taken out; None when none is.
    """
    if first is not None and has_checkpoints(con):
        con.execute(DROP, (first,))


def newest_checkpoint(con: sqlite3.Connection) -> int:
    """Up to which entry counts are kept; 0 when none are."""
    return (con.execute(BEFORE, (1 << 62,)).fetchone()[0] or 0) if has_checkpoints(con) else 0


def _counts_of(con: sqlite3.Connection, seq: int) -> Counts | None:
    """The counts that are kept as of an entry; None when they cannot be read: a help, and no truth."""
    row = con.execute(ONE, (seq,)).fetchone()
    if row is None:
        return None
    base, packed = row
    try:
        found = _unpacked(packed)
    except (zlib.error, ValueError, TypeError):
        return None
    if base is not None:
        if base >= seq or (whole := _counts_of(con, base)) is None:
            return None
        found.update(whole)
    return found


def _packed(counts: Counts) -> bytes:
    rows = [[*slot, n] for slot, n in sorted(counts.items()) if n]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def _unpacked(packed: bytes) -> Counts:
    return Counter({tuple(slot): n for *slot, n in json.loads(zlib.decompress(packed))})
