"""What lies behind a cut, and what is left of a store when it is made."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from studio.language.kinds import Kind
from studio.store.checksums import find_damaged
from studio.store.cut import (
    NAMED_STEPS,
    begin_taking_out,
    behind,
    cut,
    moment_of,
    others_behind,
    put_back,
    taking_out,
)
from studio.store.rebuild import compare
from tests.store.build import START, Builder
from tests.store.shop import DERIVED, ENDS, LENGTH, dump, store

# -- a store that is cut -----------------------------------------------------------------------


@pytest.mark.parametrize("keep", ENDS)
def test_what_is_cut_off_never_was_and_can_be_put_back(tmp_path: Path, keep: int) -> None:
    cut_con = sqlite3.connect(store(tmp_path / "whole.db"), isolation_level=None)
    part_con = sqlite3.connect(store(tmp_path / "part.db", keep))
    whole, part = dump(cut_con), dump(part_con)
    cut(cut_con, keep, 7)
    assert dump(cut_con) == part
    assert compare(tmp_path / "whole.db") == []
    assert put_back(cut_con, 7)
    back = dump(cut_con)
    assert {name: back[name] for name in back if name != "checksums"} == {
        name: whole[name] for name in whole if name != "checksums"
    }
    assert list(find_damaged(cut_con)) == []
    assert max(last for last, *_ in back["checksums"]) == LENGTH
    assert compare(tmp_path / "whole.db") == []
    assert not put_back(cut_con, 8)
    cut_con.close()
    part_con.close()


def test_one_cut_after_another_is_put_back_in_turn(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    con = sqlite3.connect(path, isolation_level=None)
    whole = dump(con)
    cut(con, 17, 1)
    shorter = dump(con)
    cut(con, 4, 2)
    con.close()
    # Redo may come after a restart, on a connection that has cut nothing.
    con = sqlite3.connect(path, isolation_level=None)
    for number, expected in ((2, shorter), (1, whole)):
        assert put_back(con, number)
        found = dump(con)
        assert {table: found[table] for table in DERIVED} == {table: expected[table] for table in DERIVED}
        assert compare(path) == []
    con.close()


def test_without_a_number_nothing_is_kept_of_what_is_cut_off(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"), isolation_level=None)
    cut(con, 7)
    counts = [
        con.execute(f"SELECT count(*) FROM undone_{table}").fetchone()[0]
        for table in ("history", "users", "codes", "profiles")
    ]
    con.close()
    assert counts == [0, 0, 0, 0]


def test_questions_of_waits_that_are_no_more_go(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"), isolation_level=None)
    con.executemany("INSERT INTO meta VALUES (?, '')", [(f"ask/{n:020}",) for n in (4, 10, 11, 23)])
    con.execute("INSERT INTO meta VALUES ('asks', '')")
    cut(con, 10)
    left = [key for (key,) in con.execute("SELECT key FROM meta WHERE key LIKE 'ask%' ORDER BY 1")]
    con.close()
    assert left == [f"ask/{4:020}", f"ask/{10:020}", "asks"]


# -- what lies behind --------------------------------------------------------------------------


def test_what_lies_behind_is_counted(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"))
    everything, later, nothing = behind(con, 0), behind(con, 10), behind(con, LENGTH)
    con.close()
    assert (everything.entries, everything.users, everything.journeys) == (LENGTH, 3, 4)
    assert (everything.steps, everything.steps_done, everything.others) == ((("charge", 2),), 2, 5)
    assert (later.keep, later.entries, later.users, later.journeys) == (10, 15, 3, 4)
    assert (later.steps, later.others, later.at) == ((("charge", 1),), 3, START + 9)
    assert (nothing.entries, nothing.users, nothing.journeys, nothing.steps) == (0, 0, 0, ())


def test_steps_behind_are_named_in_the_order_of_their_first(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    trigger = b.event("go", "ann")
    journey = b.journey("buy", "ann", trigger)
    for n in range(NAMED_STEPS + 20):
        b.entry(Kind.STEP_DONE, 0, journey=journey, name=f"s{999 - n}", data={})
        b.entry(Kind.STEP_DONE, 0, journey=journey, name="s999", data={})
    b.done()
    con = sqlite3.connect(b.path)
    found = behind(con, 0)
    con.close()
    assert found.steps == (
        ("s999", NAMED_STEPS + 21),
        *((f"s{999 - n}", 1) for n in range(1, NAMED_STEPS)),
    )
    assert found.steps_done == NAMED_STEPS + 21 + NAMED_STEPS - 1


@pytest.mark.parametrize(
    ("kind", "own", "data", "counts"),
    [
        (Kind.EVENT, False, {}, True),
        (Kind.EVENT, True, {}, False),
        (Kind.CANCELLED, True, {}, True),
        (Kind.RESUMED, True, {}, True),
        (Kind.RESTARTED, True, {}, True),
        (Kind.WAIT_TIMEOUT, True, {"by_hand": True}, True),
        (Kind.WAIT_TIMEOUT, True, {}, False),
        (Kind.GROUP_TIMEOUT, True, {"by_hand": True}, True),
        (Kind.SLEEP_DONE, True, {"by_hand": True}, True),
        (Kind.SLEEP_DONE, True, {}, False),
        (Kind.STEP_DONE, True, {"by_hand": True}, False),
        (Kind.COMPLETED, True, {}, False),
        (Kind.CLOCK_MOVED, False, {}, False),
    ],
)
def test_events_from_outside_and_acts_are_counted_apart(
    tmp_path: Path, kind: int, own: bool, data: dict[str, Any], counts: bool
) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("buy", "ann", b.event("go", "ann"))
    before = b.seq
    b.entry(kind, 0, journey=journey if own else None, name="x", data=data)
    b.done()
    con = sqlite3.connect(b.path)
    found = others_behind(con, before), others_behind(con, b.seq)
    con.close()
    assert found == (int(counts), 0)


def test_the_moment_of_a_cut_is_when_the_last_entry_was_made(tmp_path: Path) -> None:
    con = sqlite3.connect(store(tmp_path / "s.db"))
    found = [moment_of(con, keep) for keep in (0, 1, 14, 15, LENGTH, 999)]
    con.execute("DELETE FROM history")
    empty = moment_of(con, 5)
    con.close()
    # Entry 15 was served 5 ms late; before the first there is nothing, and the clock stands at it.
    assert [at - START for at in found] == [0, 0, 11, 20, 23, 23]
    assert empty == 0


# -- single entries ----------------------------------------------------------------------------


@pytest.mark.parametrize("some", ["h.kind > 0", "h.kind = 42", "h.seq = 16"])
def test_entries_are_taken_out_of_the_middle(tmp_path: Path, some: str) -> None:
    path = store(tmp_path / "s.db")
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("CREATE TEMP TABLE touched (journey INTEGER PRIMARY KEY)")
    con.execute("INSERT INTO touched VALUES (99)")
    begin_taking_out(con)
    assert con.execute("SELECT * FROM touched").fetchall() == []
    (bob,) = con.execute("SELECT id FROM journeys WHERE user = 2").fetchone()
    con.execute("INSERT INTO touched VALUES (?)", (bob,))
    con.execute(f"INSERT INTO gone SELECT seq FROM history h WHERE journey = ? AND {some}", (bob,))
    with taking_out(con):
        con.execute("DELETE FROM history WHERE seq IN (SELECT seq FROM gone)")
        con.execute("DELETE FROM checksums")
    left = con.execute("SELECT count(*) FROM journeys WHERE id = ?", (bob,)).fetchone()
    con.close()
    assert left == (0 if some == "h.kind > 0" else 1,)
    assert compare(path) == []
