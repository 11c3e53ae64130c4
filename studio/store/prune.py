"""Let go of what ended long ago, a thousand users at a time.

Only users in whose journeys nothing happened since are touched: all of them have ended. What stays
of each is a tombstone: the entries that say that a journey began, in which pass it was and how it
ended, so that one that ended for good does not begin again; what counts later (into which arm of a split
somebody was drawn, which goal was met); the events that began it and those
from which the user's profile follows; and events with an id of the last 30 days, which still count
once (DESIGN rule 18).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StoreError
from studio.language.kinds import Kind, Status
from studio.store.checksums import note_damaged, renew, set_aside
from studio.store.connect import connect_reader, require_history, translate
from studio.store.cut import begin_taking_out, taking_out
from studio.store.database import open_database
from studio.store.inbox import stamp
from studio.store.lock import alone_on
from studio.store.meta import SET_META
from studio.store.refused import DROP_BEFORE, refused_before
from studio.store.schema import IS_MARK
from studio.store.snapshots import reserve
from studio.store.space import give_back
from studio.store.undone import forget_undone

PAGE = 1_000
"""Users in one transaction."""
KEEP_IDS = 30 * 24 * 3600 * 1000
"""Milliseconds for which an id counts once, whatever is pruned."""

KEEP_MESSAGES = 32 * 24 * 3600 * 1000
"""Milliseconds for which it stays that a message went out; longer where a cap counts it longer."""

NEXT_USERS = "SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?"
# The newest entry of a journey decides; what came to a user outside of journeys is judged by itself.
QUIET = f"""
SELECT u.value FROM json_each(:users) u WHERE NOT EXISTS (
    SELECT 1 FROM journeys j WHERE j.user = u.value AND (
        j.status IN ({Status.WAITING}, {Status.IDLE}, {Status.FAILED})
        OR (SELECT max(at + coalesce(late, 0)) FROM history h WHERE h.journey = j.id) >= :before
    )
)
"""
GO = f"""
INSERT OR IGNORE INTO gone
SELECT h.seq FROM json_each(:quiet) q
CROSS JOIN journeys j ON j.user = q.value
CROSS JOIN history h INDEXED BY history_journeys ON h.journey = j.id
WHERE h.kind <> {Kind.EVENT} AND h.kind NOT IN (
    {Kind.STARTED}, {Kind.COMPLETED}, {Kind.EXITED}, {Kind.CANCELLED}, {Kind.RESTARTED},
    {Kind.SPLIT}, {Kind.GOAL}
) AND h.seq <> j.pass_seq
    AND NOT (h.kind IN ({Kind.MESSAGE_STARTED}, {Kind.MESSAGE_SENT}) AND h.at >= :counts_since)
    AND NOT (h.kind = {Kind.MESSAGE_STARTED} AND h.at + json_extract(h.data, '$.counts') >= :now)
UNION ALL
SELECT h.seq FROM json_each(:quiet) q
CROSS JOIN history h INDEXED BY history_events ON h.user = q.value
WHERE h.kind = {Kind.EVENT} AND h.at < :before
    AND (h.journey IS NULL OR h.journey IN (
        SELECT o.id FROM journeys o WHERE o.user IN (SELECT value FROM json_each(:quiet))
    ))
    AND (h.id IS NULL OR h.at < :ids_before)
    AND NOT EXISTS (SELECT 1 FROM profiles p WHERE p.user = h.user AND p.seq = h.seq)
    AND NOT EXISTS (SELECT 1 FROM journeys t WHERE t.user = h.user AND h.seq IN (t.trigger, t.since))
"""
TOUCH = """
INSERT OR IGNORE INTO touched SELECT DISTINCT h.journey FROM gone g CROSS JOIN history h ON h.seq = g.seq
WHERE h.journey IS NOT NULL
"""
ENDS_OF = f"""
SELECT h.seq FROM touched t CROSS JOIN history h INDEXED BY history_journeys ON h.journey = t.journey
WHERE h.kind = {Kind.COMPLETED}
"""
# Nothing is known any more of what it did: it cannot go on from its end (`kernel/reopening.py`).
SAY_PRUNED = f"""
UPDATE history SET data = json_set(coalesce(data, '{{}}'), '$.pruned', json('true')) WHERE seq IN ({ENDS_OF})
"""
# Who was refused has no journey by it.
GO_REFUSED = f"""
INSERT OR IGNORE INTO gone
SELECT h.seq FROM json_each(:quiet) q CROSS JOIN history h INDEXED BY history_marks ON h.user = q.value
WHERE h.{IS_MARK} AND h.kind = {Kind.REFUSED} AND h.at < :before
"""
# What hooks have failed at outside of journeys.
GO_HOOKS = f"""
INSERT OR IGNORE INTO gone
SELECT h.seq FROM json_each(:quiet) q CROSS JOIN history h INDEXED BY history_hooks ON h.user = q.value
WHERE h.kind = {Kind.HOOK_FAILED} AND h.journey IS NULL AND h.at < :before
"""
COUNTS = """
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM touched),
    (SELECT count(DISTINCT h.user) FROM gone g CROSS JOIN history h ON h.seq = g.seq)
"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What goes, or went."""

    entries: int = 0
    journeys: int = 0
    """Of which only the tombstone stays."""
    users: int = 0
    refused: int = 0
    """Events that were kept aside because they could not be taken."""
    freed: int = 0
    """Bytes."""

    @property
    def anything(self) -> bool:
        """Whether there is something to take away."""
        return bool(self.entries or self.refused)

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            self.entries + other.entries,
            self.journeys + other.journeys,
            self.users + other.users,
            self.refused + other.refused,
            self.freed + other.freed,
        )


def count_prunable(path: Path, older_ms: int) -> Pruned:
    """Count what `prune` would take away. Safe beside a running engine.

    Raises:
        StoreError: the store cannot be read.
    """
    con = connect_reader(path)
    try:
        require_history(con, path)
        # The file is open read-only; the lists are temporary tables.
        con.execute("PRAGMA query_only = 0")
        con.execute("BEGIN")
        found = _through(con, stamp(con), older_ms, lambda: None)
        con.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    return found


def prune(path: Path, older_ms: int) -> Pruned:
    """Take away what ended longer ago than this, and give the space back.

    A page of users is one transaction: what was done before a kill is done. Undone acts
    can no longer be brought back after it.

    Args:
        older_ms: milliseconds by the store's clock.

    Raises:
        StoreLocked: an engine runs on the store.
        StoreError: it cannot be written.
    """
    connect_reader(path).close()
    with alone_on(path):
        con = open_database(path)
        try:
            (last,) = con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
            reserve(con, last)

            con.execute("BEGIN IMMEDIATE")
            # Of one that was killed, some may still be set aside.
            renew(con)
            note_damaged(con, None, {})
            con.execute("COMMIT")

            def take() -> None:
                # A page of users may have entries in every batch: the sums are renewed once, at the end.
                set_aside(con, f"SELECT seq FROM gone UNION {ENDS_OF}", {})
                with taking_out(con):
                    con.execute(SAY_PRUNED)
                    con.execute("DELETE FROM history WHERE seq IN (SELECT seq FROM gone)")

            found = _through(con, stamp(con), older_ms, take)
            if found.anything:
                con.execute("BEGIN IMMEDIATE")
                if found.entries:
                    forget_undone(con)
                    _forget_acts(con)
                    renew(con)
                con.execute(DROP_BEFORE, (stamp(con) - older_ms,))
                con.execute("COMMIT")
                found += Pruned(freed=give_back(con, path))
        except sqlite3.Error as error:
            raise translate(error, path) from error
        finally:
            con.close()
    return found


def _through(con: sqlite3.Connection, now: int, older_ms: int, take: Callable[[], None]) -> Pruned:
    if older_ms < 0:
        raise StoreError("nothing is older than what comes")
    facts = {"before": now - older_ms, "ids_before": now - max(older_ms, KEEP_IDS)}
    facts |= {"now": now, "counts_since": now - max(older_ms, KEEP_MESSAGES)}
    found, after = Pruned(refused=refused_before(con, facts["before"])), 0
    begin = not con.in_transaction
    while users := [id for (id,) in con.execute(NEXT_USERS, (after, PAGE)).fetchall()]:
        after = users[-1]
        if begin:
            con.execute("BEGIN IMMEDIATE")
        quiet = [id for (id,) in con.execute(QUIET, {"users": json.dumps(users), **facts}).fetchall()]
        begin_taking_out(con)
        con.execute(GO, {"quiet": json.dumps(quiet), **facts})
        con.execute(GO_REFUSED, {"quiet": json.dumps(quiet), **facts})
        con.execute(GO_HOOKS, {"quiet": json.dumps(quiet), **facts})
        con.execute(TOUCH)
        counted = Pruned(*con.execute(COUNTS).fetchone())
        if counted.entries:
            take()
        found += counted
        if begin:
            con.execute("COMMIT")
    return found


def _forget_acts(con: sqlite3.Connection) -> None:
    """An act whose entries are gone cannot be taken back."""
    row = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()
    if row is None:
        return
    acts = [
        act
        for act in json.loads(row[0])
        if con.execute("SELECT 1 FROM history WHERE seq = ?", (act["seq"],)).fetchone()
    ]
    con.execute(SET_META, ("acts", json.dumps(acts)))
