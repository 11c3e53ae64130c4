"""The steps that bring a store up to this version, each applied and recorded together or not at all.

Apart from the schema, because sqlite-utils takes a tenth of a second to import and only a
store that is not up to date needs it.
"""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

from studio.store.schema import MIGRATION_SET, TABLES, UNDONE_TABLES

migrations = Migrations(MIGRATION_SET)


@migrations()
def m001_create_tables(db: sqlite_utils.Database) -> None:
    _run(db, TABLES)


@migrations()
def m002_keep_what_was_undone(db: sqlite_utils.Database) -> None:
    _run(db, UNDONE_TABLES)


def _run(db: sqlite_utils.Database, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)
