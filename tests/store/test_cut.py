"""Where causes end, what lies behind a cut, and what is left of a store when it is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.checksums import find_damaged
from studio.store.cut import (
    NAMED_STEPS,
    PAGE,
    begin_taking_out,
    behind,
    cut,
    end_of_cause,
    moment_of,
    others_behind,
    put_back,
    taking_out,
)
from studio.store.rebuild import compare
from tests.store.build import START, Builder
from tests.store.shop import DERIVED, ENDS, LENGTH, dump, store

# -- where causes end --------------------------------------------------------------------------

Row = tuple[int, int | None, int | None, bool]
"""Kind, cause, journey, and whether the step was interrupted."""


def row(kind: int, cause: int | None = None, journey: int | None = 1, interrupted: bool = False) -> Row:
    return kind, cause, journey, interrupted


def history(con: sqlite3.Connection, causes: Sequence[Sequence[Row]]) -> None:
    """Write entries, cause by cause."""
    entries = [each for cause in causes for each in cause]
    con.execute("CREATE TABLE history (seq INTEGER PRIMARY KEY, kind, cause, journey, data)")
    for seq, (kind, cause, journey, interrupted) in enumerate(entries, 1):
        type = "interrupted" if interrupted else "OSError"
        data = f'{{"type":"{type}","message":"interrupted"}}'
        con.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?)", (seq, kind, cause, journey, data))


EVENT = row(Kind.EVENT, None, None)
BEGUN = [EVENT, row(Kind.STARTED, 1), row(Kind.STEP_STARTED, 1), row(Kind.STEP_STARTED, 1, 2)]
"""An event on which two journeys each start a step: entries 3 and 4."""

CAUSES: dict[str, list[list[Row]]] = {
    "events": [[EVENT, row(Kind.STARTED, 1)], [EVENT], [EVENT, row(Kind.WAIT_MATCHED, 4)]],
    "timers": [BEGUN, [row(Kind.WAIT_TIMEOUT), row(Kind.LOG, 5)], [row(Kind.SLEEP_DONE)]],
    "a result": [BEGUN, [row(Kind.STEP_DONE), row(Kind.COMPLETED, 5)], [row(Kind.STEP_FAILED, None, 2)]],
    "what a step said stands before its result": [
        BEGUN,
        [row(Kind.LOG_DEBUG, 3), row(Kind.NOTE, 3), row(Kind.STEP_DONE), row(Kind.LOG, 7)],
        [row(Kind.LOG, 4, 2), row(Kind.STEP_FAILED, None, 2)],
    ],
    "what one step said is not of another's result": [
        BEGUN,
        [row(Kind.LOG, 3)],
        [row(Kind.STEP_DONE, None, 2)],
    ],
    "what a journey said is not of a result that comes after it": [
        BEGUN,
        [EVENT, row(Kind.LOG, 5)],
        [row(Kind.STEP_DONE)],
    ],
    "a retry": [BEGUN, [row(Kind.LOG, 3), row(Kind.STEP_RETRY, 3)], [row(Kind.STEP_RETRY, 4, 2)]],
    "the pause of a retry is over": [
        [*BEGUN, row(Kind.STEP_RETRY, 1)],
        [row(Kind.STEP_STARTED, 5)],
        [EVENT],
    ],
    "two recoveries": [
        BEGUN,
        [row(Kind.STEP_STARTED, 3), row(Kind.LOG, 3)],
        [row(Kind.STEP_STARTED, 4, 2)],
    ],
    "a step that is given up in the middle of a recovery": [
        BEGUN,
        [row(Kind.STEP_STARTED, 3), row(Kind.STEP_FAILED, None, 1, True), row(Kind.LOG, 3)],
        [row(Kind.STEP_STARTED, 4, 2)],
    ],
    "a step that is given up by itself": [
        BEGUN,
        [row(Kind.STEP_FAILED, None, 1, True), row(Kind.STEP_STARTED, 3)],
        [row(Kind.STEP_FAILED, None, 2, True), row(Kind.FAILED, 4, 2)],
    ],
    "a step that is given up after another journey's recovery": [
        BEGUN,
        [row(Kind.STEP_STARTED, 3)],
        [row(Kind.STEP_FAILED, None, 2, True)],
        [row(Kind.STEP_STARTED, 3)],
    ],
    "a step that is given up after an event": [
        BEGUN,
        [EVENT, row(Kind.LOG, 5)],
        [row(Kind.STEP_FAILED, None, 1, True)],
    ],
    "what an act closes stands before it": [
        BEGUN,
        [row(Kind.WAIT_CLOSED, 7), row(Kind.STEP_FAILED, 7), row(Kind.CANCELLED)],
        [row(Kind.WAIT_CLOSED, 9, 2), row(Kind.CANCELLED, None, 2)],
        [row(Kind.RESUMED), row(Kind.LOG, 10)],
    ],
}


@pytest.mark.parametrize("causes", CAUSES.values(), ids=CAUSES.keys())
def test_a_cause_ends_where_the_next_begins(causes: list[list[Row]]) -> None:
    con = sqlite3.connect(":memory:")
    history(con, causes)
    expected, last = [], 0
    for cause in causes:
        last += len(cause)
        expected += [last] * len(cause)
    found = [end_of_cause(con, seq, Path("s.db")) for seq in range(1, last + 1)]
    con.close()
    assert found == expected


@pytest.mark.parametrize("size", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 3])
@pytest.mark.parametrize("follows", [False, True])
def test_a_cause_may_be_longer_than_a_page(size: int, follows: bool) -> None:
    con = sqlite3.connect(":memory:")
    history(con, [[EVENT, *[row(Kind.LOG, 1)] * (size - 1)], *([[EVENT]] if follows else [])])
    found = {end_of_cause(con, seq, Path("s.db")) for seq in (1, 2, size)}
    con.close()
    assert found == {size}


def test_an_entry_that_is_not_there_has_no_end() -> None:
    con = sqlite3.connect(":memory:")
    history(con, [[EVENT], [EVENT], [EVENT]])
    con.execute("DELETE FROM history WHERE seq = 2")
    for seq in (0, 2, 4):
        with pytest.raises(StoreError, match=f"there is no entry {seq}"):
            end_of_cause(con, seq, Path("s.db"))
    con.close()


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
