"""Lists that grow at their end, read back: what is looked at stands still however much comes.

A page is always the newest so many entries, so under a flood the entry under the cursor
leaves it. What was known before it is kept in front of it; when the flood has left a gap
between the two, the list stays as it is until one goes back to its end.
"""

from __future__ import annotations

from studio.store.records import Entry

MOST_KEPT = 10_000


def pinned(known: list[Entry], newest: list[Entry], limit: int) -> list[Entry]:
    """The entries to show while looking back.

    Args:
        known: what is shown, oldest first.
        newest: the newest `limit` entries, oldest first; fewer are all there are.
    """
    if not known or not newest or len(newest) < limit or newest[-1].seq < known[-1].seq:
        # All there is; or entries were taken back.
        return newest
    if newest[0].seq > known[-1].seq or len(known) >= MOST_KEPT:
        return known
    return [entry for entry in known if entry.seq < newest[0].seq] + newest
