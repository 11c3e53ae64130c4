"""Each table of the PostgreSQL schema is made, and in its documentation."""

from __future__ import annotations

import re

from studio.store.postgres_schema import DOCUMENTED, SCHEMA, VERSIONS


def test_each_table_is_named() -> None:
    made = re.findall(rf"CREATE TABLE {SCHEMA}\.(\w+)", "".join(VERSIONS))
    assert sorted(made) == sorted(DOCUMENTED)
