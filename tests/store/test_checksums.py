"""One letter that is another in what was written is found, whoever rewrote the entries around it."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.changes import Changes
from studio.store.checksums import SPAN, checksums_of, find_damaged
from studio.store.connect import connect_reader
from studio.store.database import open_database
from studio.store.doctor import examine
from studio.store.erase import erase
from studio.store.prune import prune
from studio.store.rebuild import compare
from studio.store.snapshots import fork_store
from studio.store.sqlite import Store
from studio.store.transfer import export, take_in
from tests.engine.rewinding import engine_on, send
from tests.engine.support import settled
from tests.store.lived import lived


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    con = sqlite3.connect(path)
    with con:
        yield con
    con.close()


def flip(path: Path, where: str) -> int:
    """Change one letter in the data of the first entry of which this holds; gives its seq."""
    with changing(path) as con:
        seq, data = con.execute(
            f"SELECT seq, data FROM history WHERE {where} AND data IS NOT NULL ORDER BY seq LIMIT 1"
        ).fetchone()
        middle = len(data) // 2
        other = data[:middle] + chr(ord(data[middle]) ^ 1) + data[middle + 1 :]
        con.execute("UPDATE history SET data = ? WHERE seq = ?", (other, seq))
    return int(seq)


def damaged(path: Path) -> list[tuple[int, int]]:
    con = connect_reader(path)
    found = list(find_damaged(con))
    con.close()
    return found


def covered(path: Path) -> tuple[int, int]:
    """Entries that have a sum, and all."""
    con = connect_reader(path)
    (summed,) = con.execute(
        "SELECT count(*) FROM history h WHERE EXISTS (SELECT 1 FROM checksums c"
        " WHERE h.seq BETWEEN c.first AND c.last AND c.sum IS NOT NULL)"
    ).fetchone()
    (all,) = con.execute("SELECT count(*) FROM history").fetchone()
    con.close()
    return summed, all


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return lived(tmp_path / "studio.db")


def test_a_sum_covers_texts_and_moments_in_their_order() -> None:
    rows = [
        (7, 1_000, 1, 1, None, None, 3, None, None, None, None, None, "id-1", '{"a":1}', None),
        (8, 1_005, 50, 1, 9, 1, 4, None, None, 7, 1, None, None, None, '{"profile":{}}'),
    ]
    ((last, first, sum),) = checksums_of(rows)
    assert (last, first) == (8, 7)
    assert sum == zlib.crc32(b"2005 2", zlib.crc32(b'id-1\n{"a":1}\n{"profile":{}}'))
    assert checksums_of([]) == []
    many = [(seq, *rows[0][1:]) for seq in range(1, 2 * SPAN + 2)]
    assert [(first, last) for last, first, _ in checksums_of(many)] == [
        (1, SPAN), (SPAN + 1, 2 * SPAN), (2 * SPAN + 1, 2 * SPAN + 1),
    ]  # fmt: skip


def test_every_entry_that_an_engine_wrote_has_a_sum_that_is_right(store: Path) -> None:
    summed, all = covered(store)
    assert summed == all > 10
    assert damaged(store) == []


@pytest.mark.parametrize("column", ["id", "data", "meta", "at"])
def test_one_changed_letter_is_found_by_verify_and_doctor(store: Path, column: str) -> None:
    with changing(store) as con:
        (seq,) = con.execute("SELECT max(seq) FROM history WHERE kind = 1 AND journey IS NULL").fetchone()
        con.execute(f"UPDATE history SET {column} = coalesce({column}, '') || '1' WHERE seq = ?", (seq,))
    ((first, last),) = damaged(store)
    assert first <= seq <= last
    assert any("not as it was written" in sentence for sentence in compare(store))
    by_check = {each.check: each for each in examine(store, full=True)}
    assert by_check["checksums"].verdict == "bad"
    assert "checksums" not in {each.check for each in examine(store)}


def test_bytes_that_are_no_text_any_more_are_told_and_end_nothing(store: Path) -> None:
    with changing(store) as con:
        (seq,) = con.execute("SELECT max(seq) FROM history WHERE kind = 50").fetchone()
        con.execute("UPDATE history SET data = CAST(x'7b22ff22' AS TEXT) WHERE seq = ?", (seq,))
    assert damaged(store)
    assert f"entry {seq} holds data that cannot be read" in compare(store)
    assert {each.verdict for each in examine(store, full=True) if each.check in ("derived", "checksums")} == {
        "bad"
    }


def test_meta_that_cannot_be_read_is_a_finding(store: Path) -> None:
    with changing(store) as con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('clock', '{\"virtual\": fals'), ('engine', '[7')")
    by_check = {each.check: each for each in examine(store)}
    assert (by_check["clock"].verdict, by_check["lock"].verdict) == ("bad", "bad")
    assert by_check["integrity"].verdict == "ok"


def test_nothing_is_derived_from_what_cannot_be_read(store: Path) -> None:
    with changing(store) as con:
        (seq,) = con.execute("SELECT min(seq) FROM history WHERE kind = ?", (Kind.STARTED,)).fetchone()
        con.execute("UPDATE history SET data = '{\"key' WHERE seq = ?", (seq,))
    with pytest.raises(StoreError, match=rf"entry {seq} holds data that cannot be read"):
        fork_store(store, seq, store.with_name("fork.db"), 0)


def test_stores_of_before_have_no_sums_and_no_fault(store: Path) -> None:
    with changing(store) as con:
        con.execute("DELETE FROM checksums")
    assert covered(store)[0] == 0
    assert compare(store) == []
    with changing(store) as con:
        con.execute("DROP TABLE checksums")
        con.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_sum_the_history'")
    assert compare(store) == []
    fork_store(store, 5, store.with_name("fork.db"), 0)
    open_database(store).close()
    assert compare(store) == []


def test_erase_renews_the_sums_of_what_stays(store: Path) -> None:
    before = covered(store)[1]
    erase(store, "Zelda-Quux")
    summed, all = covered(store)
    assert summed == all < before
    assert compare(store) == []


def test_prune_renews_the_sums_also_after_a_kill(store: Path) -> None:
    with changing(store) as con:
        # As one leaves it that was killed after a page of users.
        con.execute("UPDATE checksums SET sum = NULL")
    assert compare(store) == []
    prune(store, 0)
    summed, all = covered(store)
    assert summed == all
    assert compare(store) == []


@pytest.mark.parametrize("act", ["erase", "prune"])
def test_what_was_damaged_before_stays_found(store: Path, act: str) -> None:
    with changing(store) as con:
        con.execute("UPDATE history SET meta = '{}' WHERE seq = 1")
    assert damaged(store)
    if act == "erase":
        erase(store, "Zelda-Quux")
    else:
        prune(store, 0)
    with changing(store) as con:
        left = con.execute("SELECT count(*) FROM checksums WHERE sum IS NOT NULL").fetchone()[0]
    assert left
    assert damaged(store)


def test_a_cut_sums_anew_and_what_comes_back_is_summed(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    store = Store(path)
    changes = Changes()
    changes.history = [
        (seq, seq, Kind.CLOCK_MOVED, *[None] * 10, f'{{"n":{seq}}}', None) for seq in range(1, 21)
    ]
    store.write(changes)
    store.close()
    with changing(path) as con:
        con.execute("UPDATE checksums SET last = 20 WHERE first = 1")
    target = tmp_path / "fork.db"
    assert fork_store(path, 7, target, 0) == 7
    con = connect_reader(target)
    spans = con.execute("SELECT first, last FROM checksums ORDER BY last").fetchall()
    con.close()
    # The cut batch, and the entry that says that the clock stands at the cut.
    assert spans[0] == (1, 7)
    assert [first == last for first, last in spans[1:]] == [True]
    assert damaged(target) == []
    flip(path, "seq = 3")
    assert fork_store(path, 8, tmp_path / "other.db", 0) == 8
    assert damaged(tmp_path / "other.db") == [(1, 8)]


def test_what_is_imported_is_summed(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    lines = [json.dumps(line).encode() for line in export(store)]
    take_in(other, lines, "file")
    summed, all = covered(other)
    assert summed == all > 10
    assert compare(other) == []


async def test_undo_and_redo_keep_the_sums_right(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with engine_on(path) as engine:
        await send(engine, "order", "ann", {"n": 1}, by_hand=True)
        await settled(engine)
        full = covered(path)
        await engine.undo()
        assert covered(path)[1] < full[1]
        assert compare(path) == []
        await engine.redo()
    summed, all = covered(path)
    assert summed == all >= full[1]
    assert compare(path) == []
