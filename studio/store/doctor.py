"""Whether a store is sound: what is wrong, how bad it is, and what to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.clocks.clock import iso, wall_ms
from studio.errors import Advice, StoreDamaged, StoreError
from studio.store.approvals import HOLD, held_steps
from studio.store.beside import unfinished_copies
from studio.store.connect import check_version, connect_reader
from studio.store.database import WAL_LIMIT
from studio.store.erase import ERASING
from studio.store.file import wal_path
from studio.store.inbox import engine_of, stamp
from studio.store.rebuild import UNREADABLE, compare, damage, readable_text
from studio.store.refused import left_aside
from studio.store.schema import VERSION
from studio.store.snapshots import snapshots
from studio.store.status import size_of
from studio.text.printable import show_bytes
from studio.text.source_code import error_text

Verdict = Literal["ok", "warn", "bad"]

LITTLE = 64 << 20
"""Bytes of free disk below which nothing can be relied on."""
MOST_FAULTS = 20
DAY = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one look has found."""

    check: str
    verdict: Verdict
    says: str
    fix: str = ""
    advice: Advice | None = None
    """What helps, where a face has words of its own for it."""


def examine(path: Path, *, full: bool = False) -> Iterator[CheckResult]:
    """Look at a store from all sides, the quickest first. Changes nothing; safe beside a running engine.

    Args:
        full: also look whether indexes agree with their tables, and each batch of the history with
            its checksum, which takes several times as long.

    Raises:
        StoreError: there is no store of ours here, or a newer version made it.
    """
    con = connect_reader(path)
    # What is damaged may be no text any more; it is looked at all the same.
    con.text_factory = readable_text
    try:
        known = check_version(con, path)
        yield _version(known)
        if known == 0:
            return
        yield from _guarded("lock", lambda: [_lock(con, path)])
        yield _disk(path)
        yield _log(path)
        yield from _copies(path)
        yield from _erasure(con)
        yield from _guarded("clock", lambda: _clock(con))
        yield from _guarded("refused", lambda: _refused(con))
        integrity = _integrity(con, full)
        yield integrity
        if full and integrity.verdict != "bad":
            yield _sums(con)
    except sqlite3.Error as error:
        yield CheckResult("integrity", "bad", f"SQLite says: {error}", _RESTORE)
        return
    finally:
        con.close()
    if integrity.verdict != "bad" and known == VERSION:
        yield _derived(path)


def _guarded(check: str, look: Callable[[], Iterable[CheckResult]]) -> list[CheckResult]:
    """What a look has found; when what it reads makes no sense, just that."""
    try:
        return list(look())
    except StoreDamaged as error:
        return [CheckResult(check, "bad", error.what, _RESTORE)]
    except UNREADABLE as error:
        says = f"what the store holds about it cannot be read ({error_text(error)})"
        return [CheckResult(check, "bad", says, _RESTORE)]


def _sums(con: sqlite3.Connection) -> CheckResult:
    found = list(damage(con))
    if found:
        more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
        return CheckResult("checksums", "bad", found[0] + more, _RESTORE)
    return CheckResult("checksums", "ok", "the history is as it was written")


_RESTORE = "Return to a snapshot or a copy; sqlite3's .recover saves what can be read."


def _version(known: int) -> CheckResult:
    if known == 0:
        return CheckResult("version", "ok", "the file is empty; the first event makes it a store")
    if known < VERSION:
        fix = "The next start of the studio or the engine brings it up to date."
        return CheckResult("version", "warn", f"schema {known}, this version has {VERSION}", fix)
    return CheckResult("version", "ok", f"schema {known}, as this version has it")


def _lock(con: sqlite3.Connection, path: Path) -> CheckResult:
    row = con.execute("SELECT value FROM meta WHERE key = 'engine'").fetchone()
    waiting = con.execute("SELECT count(*) FROM (SELECT 1 FROM inbox LIMIT 10001)").fetchone()[0]
    left = f"; {waiting:,} in the inbox" if waiting else ""
    engine = engine_of(path)
    if engine is not None:
        pid, since = engine
        if pid and not _lives(pid):
            # The lock is the kernel's and ends with its process, but a child may have inherited it.
            says = f"held, but not by the engine that is named (pid {pid})"
            return CheckResult("lock", "warn", says, "See who has the .lock file open: fuser, lsof.")
        return CheckResult("lock", "ok", f"an engine runs: pid {pid}, since {iso(since)}{left}")
    if row is not None:
        pid = json.loads(row[0]).get("pid", 0)
        says = f"free; the last engine (pid {pid}) did not end in order{left}"
        return CheckResult("lock", "warn", says, "Nothing is lost: the next start goes on from there.")
    if waiting:
        return CheckResult(
            "lock",
            "warn",
            f"no engine runs{left}",
            "An engine that starts takes in what waits.",
            "start an engine",
        )
    return CheckResult("lock", "ok", "free; no engine runs")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _disk(path: Path) -> CheckResult:
    free, size = shutil.disk_usage(path.resolve().parent).free, size_of(path)
    says = f"{show_bytes(size)}, {show_bytes(free)} free on its disk"
    if free < LITTLE:
        return CheckResult("disk", "bad", says, "Free some space: a batch that cannot be written waits.")
    if free < size + LITTLE:
        fix = "Free some: a snapshot, prune and erase need as much as the store has."
        return CheckResult("disk", "warn", says, fix)
    return CheckResult("disk", "ok", says)


def _log(path: Path) -> CheckResult:
    size = size_of(wal_path(path))
    if size > 2 * WAL_LIMIT:
        fix = "A program that reads without an end keeps it from being folded in; end it."
        return CheckResult("log", "warn", f"the write-ahead log has {show_bytes(size)}", fix)
    return CheckResult("log", "ok", f"the write-ahead log has {show_bytes(size)}")


def _copies(path: Path) -> Iterator[CheckResult]:
    kept = snapshots(path)
    size = sum(each.size for each in kept)
    bad = [each.path.name for each in kept if not _readable(each.path)]
    if bad:
        yield CheckResult("snapshots", "warn", f"cannot be read: {', '.join(bad)}", "Delete them.")
    elif kept:
        yield CheckResult("snapshots", "ok", f"{len(kept):,}, together {show_bytes(size)}")
    else:
        yield CheckResult("snapshots", "ok", "none")
    parts = unfinished_copies(path)
    if parts:
        names = ", ".join(part.name for part in parts)
        yield CheckResult("copies", "warn", f"left of copies that were cut off: {names}", "Delete them.")


def _erasure(con: sqlite3.Connection) -> Iterator[CheckResult]:
    if con.execute("SELECT 1 FROM meta WHERE key = ?", (ERASING,)).fetchone():
        says = "a user was being erased, and it was cut off before the space was freed"
        yield CheckResult("erase", "warn", says, "Erase that user again.", "erase again")


def _readable(path: Path) -> bool:
    try:
        connect_reader(path).close()
    except StoreError:
        return False
    return True


def _clock(con: sqlite3.Connection) -> Iterator[CheckResult]:
    meta = dict(con.execute("SELECT key, value FROM meta WHERE key IN ('clock', ?)", (HOLD,)).fetchall())
    state = json.loads(meta.get("clock") or "{}")
    now, real = stamp(con), wall_ms()
    if state.get("virtual"):
        yield CheckResult("clock", "ok", f"virtual, at {iso(now)}")
    elif state.get("paused"):
        yield CheckResult(
            "clock",
            "warn",
            f"paused at {iso(now)}: no deadline comes",
            "Let it go on.",
            "let the clock go on",
        )
    elif abs(now - real) > DAY:
        yield CheckResult(
            "clock", "warn", f"at {iso(now)}, days away from the time of day", "It was moved by hand."
        )
    else:
        yield CheckResult("clock", "ok", f"at {iso(now)}")
    if HOLD in meta:
        count = len(held_steps(con, 1_000))
        says = f"steps are on hold after a {json.loads(meta[HOLD]).get('why', 'rewind')}; {count:,} wait"
        yield CheckResult("steps", "warn", says, "Approve them, each or all.", "release steps")


def _refused(con: sqlite3.Connection) -> Iterator[CheckResult]:
    found = left_aside(con)
    if found.kept:
        says = f"{found.kept:,} that could not be taken, kept aside"
        yield CheckResult("refused", "warn", says, "Look at them: each has its reason.", "list refused")


def _integrity(con: sqlite3.Connection, full: bool) -> CheckResult:
    what = "integrity_check" if full else "quick_check"
    faults = [str(row[0]) for row in con.execute(f"PRAGMA {what}({MOST_FAULTS})").fetchall()]
    if faults == ["ok"]:
        return CheckResult("integrity", "ok", f"SQLite finds no fault ({what})")
    return CheckResult("integrity", "bad", "; ".join(faults), _RESTORE)


def _derived(path: Path) -> CheckResult:
    try:
        found = compare(path, sums=False)
    except StoreError as error:
        return CheckResult("derived", "bad", error.what, error.fix, error.advice)
    if found:
        more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
        return CheckResult(
            "derived", "bad", found[0] + more, "A comparison of the whole store tells all of it.", "verify"
        )
    return CheckResult("derived", "ok", "the derived tables agree with the history")
