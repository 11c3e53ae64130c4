"""Snapshots and forks: their numbers, what a copy has and has not, and what a return to one leaves."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store import snapshots as module
from studio.store.approvals import FORMER, HOLD
from studio.store.branches import BRANCHES
from studio.store.checksums import find_damaged
from studio.store.engine_metrics import ENGINE_METRICS
from studio.store.rebuild import compare
from studio.store.snapshots import (
    ABOUT,
    attach,
    cut_and_hold,
    detach,
    fork_store,
    keep_snapshot,
    next_number,
    reserve,
    restore_rows,
    snapshot_path,
    snapshots,
    standing,
)
from studio.store.undone import Undone, keep_undone
from tests.store.build import START, Builder
from tests.store.shop import LENGTH, dump, store

NOW = START + 1_000_000
CLOCK = '{"virtual":true,"at":1}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store as an engine leaves it that was killed."""
    path = store(tmp_path / "s.db")
    with _open(path) as con:
        con.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [
                *(
                    ("salt", "salt"),
                    ("clock", CLOCK),
                    ("engine", "{}"),
                    (ENGINE_METRICS, "{}"),
                    ("next_seq", "40"),
                ),
                *(("told", "20"), ("last_at", str(START + 23)), ("mine", "1")),
            ],
        )
        keep_undone(con, Undone(1, 9, "{}", "[]", "{}"))
    return path


class _open:
    """A connection in autocommit that is closed after its block."""

    def __init__(self, path: Path) -> None:
        self._con = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        return self._con

    def __exit__(self, *_: object) -> None:
        self._con.close()


def meta(con: sqlite3.Connection) -> dict[str, str]:
    return dict(con.execute("SELECT key, value FROM main.meta"))


def entries(con: sqlite3.Connection, upto: int = 10**9) -> list[Any]:
    return con.execute("SELECT * FROM history WHERE seq <= ? ORDER BY seq", (upto,)).fetchall()


def said(con: sqlite3.Connection) -> tuple[int, int, dict[str, Any]]:
    """The newest entry, which is about the clock: its number, moment and data."""
    seq, at, kind, data = con.execute(
        "SELECT seq, at, kind, data FROM history ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    assert kind == Kind.CLOCK_MOVED
    return seq, at, json.loads(data)


def held(con: sqlite3.Connection) -> list[str]:
    return sorted(key for key in meta(con) if key.startswith("held/"))


# -- numbers -----------------------------------------------------------------------------------


def test_snapshots_are_found_by_their_names_the_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "a.b.db"
    for name in ("a.b.2.db", "a.b.10.db", "a.b.07.db.part", "a.b.x.db", "a.c.3.db", "axb.4.db", "a.b.5.dbx"):
        (tmp_path / name).write_bytes(b"no store")
    (tmp_path / "a.b.11.db").mkdir()
    (tmp_path / "a.b.1234567890.db").write_bytes(b"")
    assert [each.number for each in snapshots(path)] == [10, 2]
    # The folder has taken the number, though it is no snapshot.
    assert next_number(path) == 12
    assert snapshot_path(path, 12) == tmp_path / "a.b.12.db"
    assert (next_number(tmp_path / "none" / "s.db"), snapshots(tmp_path / "none" / "s.db")) == (1, [])


def test_of_a_file_that_cannot_be_read_its_time_is_known(tmp_path: Path) -> None:
    file = tmp_path / "s.3.db"
    file.write_bytes(b"no store" * 100)
    os.utime(file, ns=(0, 1_700_000_000_123_000_000))
    (found,) = snapshots(tmp_path / "s.db")
    assert (found.number, found.path, found.size) == (3, file, 800)
    assert (found.made_at, found.why) == (1_700_000_000_123, "")


@pytest.mark.parametrize("about", ["[1]", "no JSON", None])
def test_what_a_snapshot_says_of_itself_may_be_damaged(path: Path, about: str | None) -> None:
    with _open(path) as con:
        kept = keep_snapshot(con, path, "a try", NOW)
    with _open(kept.path) as con:
        con.execute("DELETE FROM meta WHERE key = ?", (ABOUT,))
        if about is not None:
            con.execute("INSERT INTO meta VALUES (?, ?)", (ABOUT, about))
    assert [each.why for each in snapshots(path)] == [""]


# -- a snapshot --------------------------------------------------------------------------------


def test_a_snapshot_is_the_whole_store_and_nobody_runs_it(path: Path) -> None:
    with _open(path) as con:
        kept = keep_snapshot(con, path, "before rewind to 11:30:02", NOW)
        again = keep_snapshot(con, path, "and again", NOW + 1)
        whole, before = dump(con), meta(con)
    assert (kept.number, kept.path, again.number) == (1, path.with_name("s.1.db"), 2)
    assert (kept.made_at, kept.why) == (NOW, "before rewind to 11:30:02")
    assert snapshots(path) == [again, kept]
    with _open(kept.path) as con:
        assert dump(con) == whole
        found = meta(con)
        assert con.execute("SELECT count(*) FROM undone").fetchone() == (0,)
    ((first, mark),) = json.loads(found.pop(BRANCHES))
    # Numbers were given out up to 39.
    assert (first, len(mark)) == (40, 12)
    assert json.loads(found.pop(ABOUT)) == {"why": "before rewind to 11:30:02", "at": NOW}
    assert found == {key: value for key, value in before.items() if key not in ("engine", ENGINE_METRICS)}
    with _open(path) as con:
        assert meta(con) == before
        assert con.execute("SELECT count(*) FROM undone").fetchone() == (1,)


def test_a_copy_that_cannot_be_written_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    def taken(*_: object) -> None:
        raise FileExistsError(17, "File exists")

    for name, of, error, says in (
        ("_sync", module, full, "the copy cannot be written: No space left on device"),
        ("link", os, taken, "a file of this name already exists"),
        ("forget_undone", module, refuse, "as asked"),
        ("begin_branch", module, broken, "no such table"),
    ):
        with monkeypatch.context() as patch, _open(path) as con:
            patch.setattr(of, name, error)
            with pytest.raises(StoreError, match=says):
                keep_snapshot(con, path, "a try", NOW)
            assert not con.in_transaction
        assert sorted(each.name for each in path.parent.iterdir() if each.name[2] in "1p") == []
    assert next_number(path) == 1


def test_what_a_killed_attempt_has_left_is_cleared_and_nothing_stays_open(path: Path) -> None:
    part = path.with_name("s.1.db.part")
    for suffix in ("", "-journal", "-wal", "-shm", ".lock"):
        part.with_name(part.name + suffix).write_bytes(b"half")
    before = _next_handle(path)
    with _open(path) as con:
        keep_snapshot(con, path, "a try", NOW)
    assert _next_handle(path) == before
    assert not [each.name for each in path.parent.iterdir() if "part" in each.name]


def _next_handle(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY)
    os.close(handle)
    return handle


def refuse(_: sqlite3.Connection) -> None:
    raise StoreError("as asked")


def broken(con: sqlite3.Connection, _: int) -> None:
    con.execute("SELECT * FROM nowhere")


# -- a fork ------------------------------------------------------------------------------------


def test_a_fork_has_all_up_to_the_end_of_a_cause_and_waits_for_a_yes(path: Path) -> None:
    with _open(path) as con:
        con.execute("INSERT INTO inbox (at, kind, body) VALUES (0, 'rewind', '{}')")
    target = path.with_name("fork.db")
    # The entry after it is of the same cause.
    assert fork_store(path, 12, path.with_name("short.db"), NOW) == 13
    # The step of the second user is under way there.
    assert fork_store(path, 14, target, NOW) == 14
    with _open(path) as con:
        whole = entries(con, 14)
    with _open(target) as con:
        assert entries(con, 14) == whole
        # Never a number that the first store has given out.
        assert said(con) == (
            40,
            START + 11,
            {"from": START + 23, "to": START + 11, "fork": 14, "entries": 11},
        )
        found = meta(con)
        assert con.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
        assert con.execute("SELECT count(*) FROM undone").fetchone() == (0,)
        assert held(con) == ["held/14"]
        (former,) = [value for key, value in found.items() if key.startswith(FORMER)]
    assert json.loads(former) == {"result": 1}
    assert json.loads(found["clock"]) == standing(START + 11, NOW, True)
    assert json.loads(found[HOLD]) == {"why": "fork", "at": START + 11}
    assert (found["last_at"], found["next_seq"], found["salt"], found["mine"]) == (
        *(str(START + 11), "41"),
        *("salt", "1"),
    )
    assert json.loads(found[BRANCHES])[0][0] == 41
    assert found.keys().isdisjoint(("engine", ENGINE_METRICS, ABOUT))
    assert compare(target) == []
    with _open(target) as con:
        assert list(find_damaged(con)) == []


def test_a_fork_of_all_has_all(path: Path) -> None:
    target = path.with_name("fork.db")
    assert fork_store(path, None, target, NOW) == LENGTH
    with _open(path) as con, _open(target) as fork:
        assert entries(fork, LENGTH) == entries(con)
        assert said(fork)[2] == {"from": START + 23, "to": START + 23, "fork": LENGTH, "entries": 0}


def test_a_fork_is_made_once_and_of_an_entry_that_is_there(path: Path) -> None:
    target = path.with_name("fork.db")
    with pytest.raises(StoreError, match="there is no entry 99"):
        fork_store(path, 99, target, NOW)
    assert not target.exists()
    fork_store(path, 4, target, NOW)
    before = target.read_bytes()
    with pytest.raises(StoreError, match="a file of this name already exists"):
        fork_store(path, 4, target, NOW)
    assert target.read_bytes() == before
    other = path.with_name("other.txt")
    other.write_text("no store at all, but a text that is longer than a header of one")
    with pytest.raises(StoreError, match="database"):
        fork_store(other, None, path.with_name("new.db"), NOW)
    assert not path.with_name("new.db").exists()


def test_a_database_of_others_is_named_and_not_copied(path: Path) -> None:
    other = path.with_name("other.db")
    with _open(other) as con:
        con.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match=rf"{other}: it is a database, but no store"):
        fork_store(other, None, path.with_name("new.db"), NOW)
    assert not [each for each in path.parent.iterdir() if each.name.startswith("new")]


def test_one_of_an_older_version_is_brought_up_to_this_one(path: Path) -> None:
    with _open(path) as con:
        for table in ("undone", "undone_history", "undone_users", "undone_codes", "undone_profiles"):
            con.execute(f"DROP TABLE {table}")
        con.execute("DELETE FROM _sqlite_migrations WHERE name = 'm002_keep_what_was_undone'")
    older = snapshot_path(path, 1)
    shutil.copy(path, older)
    fork_store(path, 14, path.with_name("fork.db"), NOW)
    new = store(path.with_name("new.db"))
    with _open(new) as con:
        attach(con, older)
        for each in ("kept", "main"):
            assert con.execute(f"SELECT count(*) FROM {each}.undone_history").fetchone() == (0,)
        detach(con)
    with _open(path.with_name("fork.db")) as con:
        assert con.execute("SELECT count(*) FROM undone_history").fetchone() == (0,)


def test_an_empty_store_may_be_forked(tmp_path: Path) -> None:
    path = Builder(tmp_path / "s.db").done()
    assert fork_store(path, None, tmp_path / "fork.db", NOW) == 0
    with _open(tmp_path / "fork.db") as con:
        assert said(con) == (1, 0, {"from": 0, "to": 0, "fork": 0, "entries": 0})


# -- cut and hold ------------------------------------------------------------------------------


def test_a_number_is_never_given_out_again(path: Path) -> None:
    for before, given, expected in (("40", 30, 40), ("3", 30, 31), ("3", 0, 26), ("", 0, 26)):
        with _open(path) as con:
            con.execute("BEGIN")
            con.execute("UPDATE meta SET value = ? WHERE key = 'next_seq'", (before,))
            at = cut_and_hold(con, 7, NOW, "rewind", given, snapshot=3)
            seq, said_at, facts = said(con)
            found = meta(con)
            con.execute("ROLLBACK")
        assert (at, said_at, seq) == (START + 4, START + 4, expected)
        assert found["next_seq"] == str(expected + 1)
        assert facts == {
            "from": START + 23,
            "to": START + 4,
            "rewind": 7,
            "entries": LENGTH - 7,
            "snapshot": 3,
        }


@pytest.mark.parametrize(("clock", "virtual"), [(CLOCK, True), ('{"virtual":false}', False), (None, False)])
def test_the_clock_stands_at_the_cut(path: Path, clock: str | None, virtual: bool) -> None:
    with _open(path) as con:
        con.execute("DELETE FROM meta WHERE key = 'clock'")
        if clock is not None:
            con.execute("INSERT INTO meta VALUES ('clock', ?)", (clock,))
        cut_and_hold(con, 7, NOW, "rewind")
        state = json.loads(meta(con)["clock"])
    assert state == {
        "virtual": virtual,
        "studio": True,
        "ahead": START + 4 - NOW,
        "at": START + 4,
        "real": NOW,
        "rate": 0,
        "speed": 1,
        "paused": True,
    }


def test_steps_are_held_that_are_under_way_after_the_cut_and_no_others(path: Path) -> None:
    with _open(path) as con:
        con.execute("INSERT INTO meta VALUES ('held/99', 'gone')")
        cut_and_hold(con, 14, NOW, "rewind")
        assert held(con) == ["held/14"]
        cut_and_hold(con, 11, NOW, "rewind")
        assert held(con) == []


def test_what_a_done_step_said_is_kept_with_its_result(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("buy", "ann", b.event("go", "ann"))
    started = b.wait(journey, "charge", kind=Kind.STEP_STARTED, attempt=1, start=1)
    for kind, text in ((Kind.LOG, "hello"), (Kind.LOG_WARNING, None)):
        b.entry(kind, 1, journey=journey, cause=started, text=text, place="buy.py:9")
    b.con.execute("DELETE FROM waits")
    b.entry(Kind.STEP_DONE, 2, journey=journey, name="charge", n=0, data={"result": {"id": 7}})
    b.done()
    with _open(b.path) as con:
        cut_and_hold(con, started, NOW, "rewind")
        ((kept,),) = con.execute("SELECT value FROM meta WHERE key LIKE 'former/%'").fetchall()
    assert json.loads(kept) == {
        "result": {"id": 7},
        "said": [["info", "hello", "buy.py:9"], ["warning", "", "buy.py:9"]],
    }


def test_reserving_goes_up_only(path: Path) -> None:
    with _open(path) as con:
        found = []
        for last in (10, 39, 40, 50, 7):
            reserve(con, last)
            found.append(int(meta(con)["next_seq"]))
    assert found == [40, 40, 41, 51, 51]


# -- a return to a snapshot --------------------------------------------------------------------


@pytest.fixture
def gone_on(path: Path) -> Iterator[sqlite3.Connection]:
    """The store after it was cut at entry 14, with its snapshot from before attached."""
    with _open(path) as con:
        keep_snapshot(con, path, "before rewind", NOW)
        cut_and_hold(con, 14, NOW, "rewind")
        con.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [("told", "39"), ("salt", "own"), (FORMER + "kept", "{}"), ("of now", "1"), ("engine", "{1}")],
        )
        attach(con, snapshot_path(path, 1))
        yield con
        detach(con)


def test_a_return_brings_back_all_rows_and_keeps_what_belongs_to_no_moment(
    path: Path, gone_on: sqlite3.Connection
) -> None:
    cut_off = dict(meta(gone_on))
    gone_on.execute("BEGIN")
    assert restore_rows(gone_on, NOW + 5, 60, restore=1, snapshot=2) == START + 23
    gone_on.execute("COMMIT")
    with _open(snapshot_path(path, 1)) as kept:
        assert entries(gone_on, LENGTH) == entries(kept)
        for table in ("users", "codes", "journeys", "waits", "profiles"):
            assert dump(gone_on)[table] == dump(kept)[table]
        marks = json.loads(meta(kept)[BRANCHES])
    seq, at, facts = said(gone_on)
    assert (seq, at) == (61, START + 23)
    assert facts == {"from": START + 11, "to": START + 23, "restore": 1, "snapshot": 2}
    found = meta(gone_on)
    assert json.loads(found["clock"]) == standing(START + 23, NOW + 5, True)
    assert json.loads(found[HOLD]) == {"why": "restore", "at": START + 23}
    assert (found["told"], found["salt"], found["engine"], found["next_seq"]) == ("39", "own", "{1}", "62")
    assert (found["mine"], FORMER + "kept" in found, "of now" in found) == ("1", True, False)
    # What was done since is known by its key, and so is what the cut had kept.
    assert {key for key in cut_off if key.startswith(FORMER)} <= found.keys()
    assert [first for first, _ in json.loads(found[BRANCHES])] == [marks[0][0], 62]
    assert held(gone_on) == []
    assert compare(path) == []
    assert list(find_damaged(gone_on)) == []


def test_a_step_done_since_the_snapshot_is_not_done_again(path: Path) -> None:
    with _open(path) as con:
        con.execute("BEGIN")
        cut_and_hold(con, 14, NOW, "rewind")
        con.execute("COMMIT")
        # As if it were a snapshot of then: with the step under way, and nothing known of what came later.
        kept = keep_snapshot(con, path, "then", NOW)
    with _open(kept.path) as con:
        con.execute("DELETE FROM meta WHERE key LIKE 'former/%' OR key LIKE 'held/%'")
    whole = store(path.with_name("other.db"))
    with _open(whole) as con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('salt', 'salt')")
        attach(con, snapshot_path(path, 1))
        con.execute("BEGIN")
        restore_rows(con, NOW, 0)
        con.execute("COMMIT")
        detach(con)
        former = [key for key in meta(con) if key.startswith(FORMER)]
        assert held(con) == ["held/14"]
        steps = con.execute("SELECT count(*) FROM history WHERE kind = 32").fetchone()
    assert (len(former), steps) == (1, (1,))


def test_a_snapshot_that_is_not_there_or_no_store_is_not_attached(path: Path) -> None:
    other = path.with_name("s.4.db")
    with _open(path) as con:
        with pytest.raises(StoreError, match="there is no snapshot of this number"):
            attach(con, snapshot_path(path, 9))
        other.write_text("no store at all, but a text that is longer than a header of one")
        with pytest.raises(StoreError):
            attach(con, other)
        kept = keep_snapshot(con, path, "a try", NOW)
        assert kept.number == 5
        for _ in range(2):
            # One that could not be let go of is let go first.
            attach(con, kept.path)
        assert con.execute("SELECT count(*) FROM kept.history").fetchone() == (LENGTH,)
        detach(con)
        detach(con)
        assert [name for _, name, _ in con.execute("PRAGMA database_list")] == ["main"]
