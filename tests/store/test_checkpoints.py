"""The counts of the past are those that the tables held then, wherever they are counted from."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import zlib
from collections import Counter
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.loop import loop
from studio.store import checkpoints, sqlite
from studio.store.checkpoints import (
    CheckpointFill,
    Counts,
    counts_at,
    counts_between,
    counts_now,
    drop_checkpoints,
    entries_counted,
    has_checkpoints,
    keep_checkpoint,
    newest_checkpoint,
)
from studio.store.cut import cut, put_back
from studio.store.erase import erase
from studio.store.past_views import PastViews
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.store.build import START
from tests.store.lived import lived
from tests.store.old_store import unpack
from tests.store.shop import LENGTH, store


def plain(counts: Counts | None) -> dict[tuple[int, ...], int] | None:
    return None if counts is None else {slot: n for slot, n in counts.items() if n}


def all_counts(path: Path) -> list[dict[tuple[int, ...], int] | None]:
    """After each entry: of the history cut there."""
    con = sqlite3.connect(path, isolation_level=None)
    (last,) = con.execute("SELECT max(seq) FROM history").fetchone()
    found = []
    for seq in range(last + 1):
        con.execute("BEGIN")
        cut(con, seq)
        found.append(plain(counts_now(con)))
        con.execute("ROLLBACK")
    con.close()
    return found


@pytest.mark.parametrize("make", [store, lambda path: lived(path, inbox=False)], ids=["written", "lived"])
def test_counts_of_then_are_those_that_were_kept_then(tmp_path: Path, make: object) -> None:
    path = make(tmp_path / "s.db")  # type: ignore[operator]
    then = all_counts(path)
    last = len(then) - 1
    con = sqlite3.connect(path)
    for seq in range(last + 1):
        # From the nearer end of the history, and from whatever is known.
        assert plain(counts_at(con, seq, last)) == then[seq]
        for known in (0, seq // 2, min(last, seq + 3)):
            counts = Counts(then[known])
            assert plain(counts_at(con, seq, last, (known, counts))) == then[seq]
            assert Counts(then[known]) == counts
    con.close()


def test_all_that_changes_between_two_entries_adds_up(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"))
    there = counts_between(con, 0, LENGTH)
    assert plain(there) == plain(counts_now(con))
    assert entries_counted(there) == LENGTH
    con.close()


def kept(path: Path, entries: list[int]) -> sqlite3.Connection:
    """A connection to a store with checkpoints there, however small it is."""
    con = sqlite3.connect(path, isolation_level=None)
    for seq in entries:
        counts = counts_at(con, seq, LENGTH)
        assert counts is not None
        assert keep_checkpoint(con, seq, counts)
    return con


def test_a_checkpoint_tells_all_or_the_difference_from_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)
    monkeypatch.setattr(checkpoints, "WHOLE_EVERY", 10)
    then = all_counts(store(tmp_path / "s.db"))
    con = kept(tmp_path / "s.db", [4, 8, 12, 16, 20])
    bases = dict(con.execute("SELECT seq, base FROM checkpoints").fetchall())
    assert bases == {4: None, 8: 4, 12: 4, 16: None, 20: 16}
    monkeypatch.setattr(checkpoints, "MOST_COUNTED", 2)
    for seq in range(LENGTH + 1):
        assert plain(counts_at(con, seq, LENGTH)) == then[seq]
    assert newest_checkpoint(con) == 20
    # Nothing is known near enough any more.
    drop_checkpoints(con, 9)
    drop_checkpoints(con, None)
    assert [seq for seq in range(LENGTH + 1) if counts_at(con, seq, LENGTH) is None] == list(range(11, 23))
    con.close()


def test_checkpoints_take_no_more_than_their_share(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"))
    kept = 0
    while keep_checkpoint(con, LENGTH + kept):
        kept += 1
    (taken,) = con.execute("SELECT total(length(counts)) FROM checkpoints").fetchone()
    (pages,) = con.execute("PRAGMA page_count").fetchone()
    (size,) = con.execute("PRAGMA page_size").fetchone()
    assert kept
    assert 2 * pages * size < 100 * taken <= 3 * pages * size
    con.close()


def test_what_is_taken_out_of_the_history_drops_what_counted_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)
    con = kept(store(tmp_path / "s.db"), [4, 12, 20])
    left = "SELECT seq FROM checkpoints ORDER BY seq"
    con.execute("BEGIN")
    cut(con, 14, 1)
    assert con.execute(left).fetchall() == [(4,), (12,)]
    assert put_back(con, 1)
    assert con.execute(left).fetchall() == [(4,), (12,)]
    con.execute("COMMIT")
    con.close()
    # Bob came with entry 12.
    erase(tmp_path / "s.db", "bob")
    con = sqlite3.connect(tmp_path / "s.db")
    assert con.execute(left).fetchall() == [(4,)]
    con.close()


def test_an_engine_keeps_counts_as_its_history_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checkpoints, sqlite):
        monkeypatch.setattr(module, "EVERY", 20)
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)

    @workflow
    async def short(journey: Journey) -> str | None:
        return "paid" if await journey.wait_for("paid", timeout="1d") else None

    async def live() -> None:
        async with Engine([short], store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
            for i in range(12):
                await engine.ingest("go", f"user{i}")
                await engine.ingest("paid", f"user{i // 2}")

    asyncio.run(live())
    path = tmp_path / "s.db"
    con = sqlite3.connect(path, isolation_level=None)
    seqs = [seq for (seq,) in con.execute("SELECT seq FROM checkpoints").fetchall()]
    assert len(seqs) >= 2
    assert all(b - a >= 20 for a, b in zip([0, *seqs], seqs, strict=False))
    there = {seq: plain(checkpoints._counts_of(con, seq)) for seq in seqs}
    con.close()
    then = all_counts(path)
    assert there == {seq: then[seq] for seq in seqs}


def test_counts_of_a_store_that_has_none_are_kept_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)
    monkeypatch.setattr(checkpoints, "EVERY", 5)
    monkeypatch.setattr(checkpoints, "FILL_ENTRIES", 2)
    then = all_counts(store(tmp_path / "s.db"))
    con = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    fill, steps = CheckpointFill(), 1
    while fill.step(con):
        steps += 1
    # Three steps for each five entries; the newest counts are kept by the engine.
    assert steps == 3 * 4 + 1
    kept = [seq for (seq,) in con.execute("SELECT seq FROM checkpoints ORDER BY seq").fetchall()]
    assert kept == [5, 10, 15, 20]
    assert [plain(checkpoints._counts_of(con, seq)) for seq in kept] == [then[seq] for seq in kept]
    assert not fill.step(con)
    # What was dropped in the middle is made again, from what is known before it.
    drop_checkpoints(con, 12)
    again = CheckpointFill()
    while again.step(con):
        pass
    assert [seq for (seq,) in con.execute("SELECT seq FROM checkpoints ORDER BY seq").fetchall()] == kept
    con.execute("DELETE FROM checkpoints")
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 0)
    full = CheckpointFill()
    while full.step(con):
        pass
    assert newest_checkpoint(con) == 0
    con.close()


@pytest.mark.parametrize("wrong", [b"", b"\x00" * 9, zlib.compress(b"{"), zlib.compress(b"7"), "text"])
def test_counts_that_cannot_be_read_are_as_none_and_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: object
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)
    monkeypatch.setattr(checkpoints, "EVERY", 5)
    monkeypatch.setattr(checkpoints, "WHOLE_EVERY", 10)
    then = all_counts(store(tmp_path / "s.db"))
    con = kept(tmp_path / "s.db", [5, 10, 15])
    # The whole one, from which the next tells the difference.
    con.execute("UPDATE checkpoints SET counts = ? WHERE seq = 5", (wrong,))
    monkeypatch.setattr(checkpoints, "MOST_COUNTED", 1)
    assert counts_at(con, 5, LENGTH) is None
    assert counts_at(con, 10, LENGTH) is None
    assert plain(counts_at(con, 15, LENGTH)) == then[15]
    # A batch that comes to its turn writes a whole one.
    con.execute("DELETE FROM checkpoints WHERE seq > 5")
    assert keep_checkpoint(con, 12, Counter(then[12]))
    assert con.execute("SELECT base FROM checkpoints WHERE seq = 12").fetchone() == (None,)
    con.execute("DELETE FROM checkpoints WHERE seq > 5")
    fill = CheckpointFill()
    while fill.step(con):
        pass
    again = [seq for (seq,) in con.execute("SELECT seq FROM checkpoints ORDER BY seq").fetchall()]
    assert again == [5, 10, 15, 20]
    assert [plain(checkpoints._counts_of(con, seq)) for seq in again] == [then[seq] for seq in again]
    con.close()


async def test_an_engine_that_is_idle_keeps_counts_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_PERCENT", 100)
    monkeypatch.setattr(checkpoints, "EVERY", 5)
    monkeypatch.setattr(loop, "TRUNCATE_AFTER", 0.0)
    path = store(tmp_path / "s.db")
    async with Engine([], store=path, clock=VirtualClock(START)) as engine:
        await engine.ingest("tick", "ann")
        end = time.monotonic() + 30
        while True:
            con = sqlite3.connect(path)
            kept = newest_checkpoint(con)
            con.close()
            if kept >= 20:
                break
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
    assert compare(path) == []


def test_a_store_of_an_older_version_is_looked_at_without_them(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    con = sqlite3.connect(path)
    assert (has_checkpoints(con), newest_checkpoint(con)) == (False, 0)
    drop_checkpoints(con, 1)
    con.close()
    with Views(path) as now, PastViews(path) as past:
        assert past.users() == now.users()
        assert past.totals() == now.totals()
        past.go(past.last_seq() // 2)
        assert past.totals().users <= now.totals().users
