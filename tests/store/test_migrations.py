"""The steps that bring a store up to this version; old stores as they were: `test_old_store.py`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlite_utils

from studio.store import schema
from studio.store.migrations import migrations
from studio.store.schema import MIGRATION_SET, VERSION


@pytest.fixture
def con(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    con = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    yield con
    con.close()


def applied(con: sqlite3.Connection) -> list[str]:
    rows = con.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY name", (MIGRATION_SET,)
    )
    return [name for (name,) in rows.fetchall()]


def test_each_is_applied_once_and_they_are_as_many_as_the_version_says(con: sqlite3.Connection) -> None:
    db = sqlite_utils.Database(con)
    migrations.apply(db)
    names = applied(con)
    assert len(names) == VERSION
    # Numbered without a gap: a store that has seen N of them has seen the first N.
    assert [name[:4] for name in names] == [f"m{n:03}" for n in range(1, VERSION + 1)]
    migrations.apply(db)
    assert applied(con) == names


def test_a_step_that_fails_leaves_nothing_of_itself(con: sqlite3.Connection) -> None:
    con.execute("CREATE TABLE undone_history (x)")
    with pytest.raises(sqlite3.Error):
        migrations.apply(sqlite_utils.Database(con))
    assert [name[:4] for name in applied(con)] == ["m001"]


def test_a_store_has_every_table_and_index_that_the_schema_names(con: sqlite3.Connection) -> None:
    migrations.apply(sqlite_utils.Database(con))
    made = {name for (name,) in con.execute("SELECT name FROM sqlite_master")}
    texts = [text for text in vars(schema).values() if isinstance(text, str)]
    named = {name for text in texts for name in re.findall(r"CREATE (?:UNIQUE )?(?:TABLE|INDEX) (\w+)", text)}
    assert {"history", "history_hooks", "checksums", "refused"} <= named
    assert named - made == set()
