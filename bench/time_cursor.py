"""How long a step of the time cursor takes, and a jump, with what all panes ask for at the new moment."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from bench.big_store import ENTRIES, make, name_of
from bench.checks import expect
from bench.numbers import Numbers, percentile
from studio.store.checkpoints import CheckpointFill
from studio.store.database import open_database
from studio.store.past_views import Moment, PastViews

ROWS = 60
START_AT = 1_767_225_600_000


def past(folder: Path, users: int, moves: int) -> Numbers:
    """Go through a store of so many users, ten entries each.

    Returns:
        Milliseconds of a step and of a jump (p95), the share that the kept counts take, and the time that
        keeping them took.
    """
    path, chance = folder / "past.db", random.Random(5)
    make(path, users, START_AT)
    began = time.perf_counter()
    share = fill(path)
    filled = time.perf_counter() - began
    with PastViews(path) as views:
        last = views.last_seq()

        def took(move: Callable[[], Moment]) -> float:
            began = time.perf_counter()
            moment = move()
            user = name_of(max(1, moment.seq // ENTRIES))
            views.waiting(limit=ROWS)
            views.users_by_deadline(limit=ROWS)
            views.logs(limit=ROWS)
            views.timeline(user, limit=ROWS)
            totals = views.totals()
            took = (time.perf_counter() - began) * 1000
            expect("entries that are counted", moment.entries or 0, moment.seq)
            expect("users of then", totals.users, -(-moment.seq // ENTRIES))
            return took

        jumps = [took(lambda: views.go(chance.randrange(1, last))) for _ in range(moves)]
        steps = [took(lambda: views.step(chance.choice((1, -1)))) for _ in range(moves)]
    return {
        "jump_p95_ms": percentile(jumps, 0.95),
        "step_p95_ms": percentile(steps, 0.95),
        "share_percent": share,
        "fill_s": filled,
    }


def fill(path: Path) -> float:
    """Keep the counts of the past; gives the share of the store that they take, in percent."""
    con, work = open_database(path, "normal"), CheckpointFill()
    try:
        going = True
        while going:
            con.execute("BEGIN IMMEDIATE")
            going = work.step(con)
            con.execute("COMMIT")
        (kept,) = con.execute("SELECT total(length(counts)) FROM checkpoints").fetchone()
    finally:
        con.close()
    return 100 * float(kept) / path.stat().st_size
