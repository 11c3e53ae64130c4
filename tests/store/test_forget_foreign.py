"""Tombstones of users who are carried on elsewhere, and what of their numbers is forgotten."""

from __future__ import annotations

from pathlib import Path

from studio.store.capabilities import set_writer
from studio.store.connect import connect_reader
from studio.store.forget_foreign import (
    FORGOTTEN,
    forget_numbers,
    forget_refused_turns,
    forget_unclaimed,
    set_tombstone,
    tombstones,
)
from studio.store.sqlite import Store


def test_a_tombstone_names_nobody_and_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    with store.transaction() as con:
        set_tombstone(con, "zoe", None)
        set_tombstone(con, "bob", 7)
    assert tombstones(store, ["zoe", "bob", "cleo"]) == {"zoe": None, "bob": 7}
    # No digest has these letters by chance.
    keys = [key for key, _ in store.meta_under(FORGOTTEN)]
    assert len(keys) == 2
    assert not any("zoe" in key for key in keys)
    store.close()
    other = Store(tmp_path / "b.db")
    with other.transaction() as con:
        set_tombstone(con, "zoe", None)
    (mark,) = (key for key, _ in other.meta_under(FORGOTTEN))
    assert mark not in keys, "each store has a salt of its own"
    other.close()


def test_only_the_user_who_is_meant_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = Store(path)
    tables = ("foreign_spans", "foreign_users", "foreign_journeys", "foreign_refused")
    with store.transaction() as con:
        for user in (1, 2):
            con.execute("INSERT INTO foreign_spans VALUES (?, 1, 3, 11, 4, 'x')", (user,))
            con.execute("INSERT INTO foreign_users VALUES (?, 4)", (user,))
            con.execute("INSERT INTO foreign_journeys VALUES (?, 1, 1)", (user,))
            con.execute(
                "INSERT INTO foreign_refused VALUES (?, 0, ?, 1, '', x'00')", (f"d{user}", f"u{user}")
            )
    with store.transaction() as con:
        forget_numbers(con, 1)
        assert forget_refused_turns(con, "u1") == 1
        assert forget_refused_turns(con, "u1") == 0
    con = connect_reader(path)
    assert [con.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables] == [(1,)] * 4
    con.close()
    store.close()


def test_an_event_that_its_receivers_turn_will_bring_goes_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    with store.transaction() as con:
        con.execute("CREATE TEMP TABLE gone (seq INTEGER PRIMARY KEY)")
        con.executemany("INSERT INTO gone VALUES (?)", [(11,), (12,), (13,)])
        con.executemany(
            "INSERT INTO history (seq, at, kind, user) VALUES (?, 0, 1, ?)", [(11, 2), (12, 2), (13, 1)]
        )
        con.execute("INSERT INTO foreign_spans VALUES (2, 1, 1, 11, 2, 'x')")
        assert forget_unclaimed(con, 1) == 0, "in a store of an engine's own what was sent stays"
        set_writer(con, "Temporal")
        assert forget_unclaimed(con, 1) == 1
        assert con.execute("SELECT seq FROM history").fetchall() == [(11,), (13,)]
    store.close()
