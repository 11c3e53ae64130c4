"""The versions of workflows that ran on a store, with their sources."""

from __future__ import annotations

from typing import NamedTuple

from studio.store.changes import ADD_CODE
from studio.store.sqlite import Store

CODES = "SELECT id, workflow, hash FROM codes ORDER BY id"
CODE = "SELECT file, source, id FROM codes WHERE workflow = ? AND hash = ?"
NEXT_CODE = "SELECT coalesce(max(id), 0) + 1 FROM codes"
NEWEST_CODE = "SELECT hash FROM codes WHERE workflow = ? ORDER BY id DESC LIMIT 1"


class Version(NamedTuple):
    """A version of a workflow."""

    id: int
    workflow: str
    hash: str


class VersionSource(NamedTuple):
    """What a version was made of."""

    file: str
    source: str
    id: int


def versions(store: Store) -> list[Version]:
    """All of them, in the order in which they ran first."""
    return store.typed(Version, CODES)


def source_of(store: Store, workflow: str, hash: str) -> VersionSource | None:
    """The source of a version; None when it never ran here."""
    return next(iter(store.typed(VersionSource, CODE, workflow, hash)), None)


def newest_hash(store: Store, workflow: str) -> str | None:
    """The version of a workflow that came last."""
    rows = store.rows(NEWEST_CODE, workflow)
    return rows[0][0] if rows else None


def add_source(store: Store, workflow: str, hash: str, file: str, source: str, at: int) -> None:
    """Keep a version that ran elsewhere, unless it is here already.

    Args:
        at: when it was first told, milliseconds since 1970, UTC.
    """
    if source_of(store, workflow, hash) is None:
        with store.transaction() as con:
            (id,) = con.execute(NEXT_CODE).fetchone()
            con.execute(ADD_CODE, (id, workflow, hash, file, source, at))
