"""Journeys of the past are what a history that ends there says of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from studio.language.kinds import Kind
from studio.store.past_journeys import journeys_as_of
from studio.store.rebuild import derive_journeys
from tests.store.build import Builder
from tests.store.lived import lived
from tests.store.shop import LENGTH, store


def rows(con: sqlite3.Connection, ids: list[int], bound: int) -> list[tuple[str, tuple[object, ...]]]:
    found = []
    for journey in journeys_as_of(con, ids, bound):
        for table, row in journey.rows(lambda *_: None):
            # How often it stood still is told by causes, and nobody asks that of the past.
            found.append((table, (*row[:10], row[11]) if table == "journeys" else row))
    return found


def same_as_cut(path: Path, entries: range) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    ids = [id for (id,) in con.execute("SELECT id FROM journeys ORDER BY id").fetchall()]
    for bound in entries:
        past = rows(con, ids, bound)
        con.execute("BEGIN")
        con.execute("DELETE FROM history WHERE seq > ?", (bound,))
        begun = [id for id in ids if con.execute("SELECT 1 FROM history WHERE journey = ?", (id,)).fetchone()]
        derived = [
            (table, (*row[:10], row[11]) if table == "journeys" else row)
            for table, row in derive_journeys(con, begun)
        ]
        con.execute("ROLLBACK")
        assert past == derived, bound
    con.close()


def test_they_stand_as_a_history_that_ends_there_says(tmp_path: Path) -> None:
    same_as_cut(store(tmp_path / "s.db"), range(LENGTH + 1))


def test_so_do_those_that_an_engine_has_driven(tmp_path: Path) -> None:
    path = lived(tmp_path / "s.db", inbox=False)
    con = sqlite3.connect(path)
    (last,) = con.execute("SELECT max(seq) FROM history").fetchone()
    con.close()
    same_as_cut(path, range(last + 1))


def test_a_note_of_an_earlier_pass_stays(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("w", "ann", b.event("go", "ann"))
    b.log(journey, "first", 1, Kind.NOTE)
    said = b.seq
    b.con.execute("UPDATE journeys SET pass = 2 WHERE id = ?", (journey,))
    b.entry(Kind.PASS, 2, journey=journey, name="w", cause=b.event("go", "ann", 2))
    begun = b.seq
    b.log(journey, "second", 3, Kind.NOTE)
    b.con.execute("UPDATE journeys SET note = 'second' WHERE id = ?", (journey,))
    con = sqlite3.connect(b.done())
    notes = [next(journeys_as_of(con, [journey], seq)).note for seq in (said - 1, said, begun, begun + 1)]
    con.close()
    assert notes == [None, "first", "first", "second"]
