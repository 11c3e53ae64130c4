"""Whether what was measured did happen: a fast engine that loses journeys is no fast engine."""

from __future__ import annotations

from pathlib import Path

from studio.language.kinds import Status
from studio.store.connect import connect_reader


class BenchError(Exception):
    """A measurement came to nothing, or measured what it should not."""


def count_journeys(store: Path, status: int) -> int:
    """How many journeys of a store are in this state."""
    return _number(store, "SELECT count(*) FROM journeys WHERE status = ?", int(status))


def count_completed(store: Path, user: str) -> int:
    """How many journeys of a user are completed."""
    statement = """
    SELECT count(*) FROM users u JOIN journeys g ON g.user = u.id WHERE u.name = ? AND g.status = ?
    """
    return _number(store, statement, user, int(Status.COMPLETED))


def count_entries(store: Path, kind: int) -> int:
    """How many entries of this kind the history holds."""
    return _number(store, "SELECT count(*) FROM history WHERE kind = ?", int(kind))


def expect(what: str, found: int, wanted: int) -> None:
    """Refuse a measurement of something else.

    Raises:
        BenchError: the two differ.
    """
    if found != wanted:
        raise BenchError(f"{what}: {found:,}, and {wanted:,} were expected")


def store_bytes(store: Path) -> int:
    """What a store takes on disk, with its write-ahead log."""
    files = [store.with_name(store.name + suffix) for suffix in ("", "-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def _number(store: Path, statement: str, *values: int | str) -> int:
    con = connect_reader(store)
    try:
        return int(con.execute(statement, values).fetchone()[0])
    finally:
        con.close()
