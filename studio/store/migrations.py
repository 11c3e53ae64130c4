"""The steps that bring a store up to this version, each applied and recorded together or not at all.

Apart from the schema, because sqlite-utils takes a tenth of a second to import and only a
store that is not up to date needs it.
"""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

from studio.store.schema import (
    CHECKPOINT_TABLE,
    CHECKSUM_TABLE,
    ESCAPED_IDS,
    FOREIGN_TABLES,
    HOOK_INDEX,
    MARK_INDEX,
    MIGRATION_SET,
    REFUSED_TABLES,
    TABLES,
    UNDONE_TABLES,
)

migrations = Migrations(MIGRATION_SET)


@migrations()
def m001_create_tables(db: sqlite_utils.Database) -> None:
    _run(db, TABLES)


@migrations()
def m002_keep_what_was_undone(db: sqlite_utils.Database) -> None:
    _run(db, UNDONE_TABLES)


@migrations()
def m003_sum_the_history(db: sqlite_utils.Database) -> None:
    _run(db, CHECKSUM_TABLE)


@migrations()
def m004_keep_refused_events(db: sqlite_utils.Database) -> None:
    _run(db, REFUSED_TABLES)


@migrations()
def m005_escape_ids(db: sqlite_utils.Database) -> None:
    # Journeys that are there keep their ids, and those that a redo may bring back.
    db.execute(
        """
        INSERT INTO meta (key, value) SELECT ?, json_array(1 + max(
            (SELECT coalesce(max(id), 0) FROM journeys),
            (SELECT coalesce(max(journey), 0) FROM undone_history)
        ))
        """,
        (ESCAPED_IDS,),
    )


@migrations()
def m006_find_failed_hooks(db: sqlite_utils.Database) -> None:
    _run(db, HOOK_INDEX)


@migrations()
def m007_take_turns_of_other_drivers(db: sqlite_utils.Database) -> None:
    # An event's id counts once for each user there, and in this store for all: the engine sees to that.
    _run(db, FOREIGN_TABLES)


@migrations()
def m008_find_what_counts_later(db: sqlite_utils.Database) -> None:
    _run(db, MARK_INDEX)


@migrations()
def m009_keep_counts_of_the_past(db: sqlite_utils.Database) -> None:
    _run(db, CHECKPOINT_TABLE)


def _run(db: sqlite_utils.Database, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)
