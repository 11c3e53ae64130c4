"""What is said of a moment of the past that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.wording.times import day_clock

if TYPE_CHECKING:
    from studio.store.past_views import Moment


def as_of(moment: Moment) -> str:
    """ "as of Thu 1 Jan 12:03:04 · entry 1,234"."""
    if not moment.seq:
        return "before the first entry"
    return f"as of {day_clock(moment.at)} · entry {moment.seq:,}"


def gone(moment: Moment) -> list[str]:
    """What can no longer be seen of then."""
    told = []
    if moment.missing is not None:
        told.append(f"entry {moment.missing:,} is gone, this is the one before")
    if moment.gone:
        entries = "entry" if moment.gone == 1 else "entries"
        told.append(f"{moment.gone:,} {entries} up to then gone (pruned, erased, rewound or undone)")
    return told
