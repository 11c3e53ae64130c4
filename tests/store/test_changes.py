"""What a batch writes: many rows by one statement, in an order that every reader may see."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store.changes import ADD_USER, AT_ONCE, Changes, many_rows
from studio.store.database import open_database


def entry(seq: int) -> tuple[object, ...]:
    return (seq, seq, Kind.EVENT, 1, None, None, 1, None, None, None, None, None, None, None, None)


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE * 2 + 3])
def test_all_rows_are_written_whatever_their_number(count: int, tmp_path: Path) -> None:
    changes = Changes()
    changes.names.append((1, "go"))
    changes.users += [(n + 1, f"user{n}") for n in range(count)]
    changes.history += [entry(n + 1) for n in range(count)]
    con = open_database(tmp_path / "s.db")
    with con:
        for statement, rows in changes.statements():
            con.executemany(statement, rows)
    assert con.execute("SELECT count(*), max(name) FROM users").fetchone() == (
        count, max((f"user{n}" for n in range(count)), default=None),
    )  # fmt: skip
    assert [seq for (seq,) in con.execute("SELECT seq FROM history ORDER BY seq")] == list(
        range(1, count + 1)
    )
    con.close()


def test_rows_that_several_go_into_have_a_place_for_each_value() -> None:
    assert many_rows(ADD_USER) == "INSERT INTO users VALUES " + ", ".join(["(?, ?)"] * AT_ONCE)


def test_what_is_referred_to_is_written_before_what_refers_to_it() -> None:
    order = [
        statement.split()[2] for statement, _ in Changes().statements() if statement.startswith("INSERT")
    ]
    assert order.index("names") < order.index("users") < order.index("history")
    assert order.index("history") < order.index("journeys") < order.index("waits")
