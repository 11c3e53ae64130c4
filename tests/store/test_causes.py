"""Where causes begin and end, and which entry was the newest at a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.causes import PAGE, begin_of_cause, end_of_cause, last_entry_by

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
    assert found == expected
    firsts = [begin_of_cause(con, seq, Path("s.db")) for seq in range(1, last + 1)]
    con.close()
    ends = sorted(set(expected))
    assert firsts == [next((end + 1 for end in reversed(ends) if end < seq), 1) for seq in range(1, last + 1)]


@pytest.mark.parametrize("size", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 3])
@pytest.mark.parametrize("follows", [False, True])
def test_a_cause_may_be_longer_than_a_page(size: int, follows: bool) -> None:
    con = sqlite3.connect(":memory:")
    history(con, [[EVENT, *[row(Kind.LOG, 1)] * (size - 1)], *([[EVENT]] if follows else [])])
    found = {end_of_cause(con, seq, Path("s.db")) for seq in (1, 2, size)}
    firsts = {begin_of_cause(con, seq, Path("s.db")) for seq in (1, 2, size)}
    con.close()
    assert (found, firsts) == ({size}, {1})


def test_an_entry_that_is_not_there_has_no_end() -> None:
    con = sqlite3.connect(":memory:")
    history(con, [[EVENT], [EVENT], [EVENT]])
    con.execute("DELETE FROM history WHERE seq = 2")
    for seq in (0, 2, 4):
        with pytest.raises(StoreError, match=f"there is no entry {seq}"):
            end_of_cause(con, seq, Path("s.db"))
        with pytest.raises(StoreError, match=f"there is no entry {seq}"):
            begin_of_cause(con, seq, Path("s.db"))
    con.close()


def test_a_moment_names_the_newest_entry_of_then() -> None:
    con = sqlite3.connect(":memory:")
    con.execute("CREATE TABLE history (seq INTEGER PRIMARY KEY, at, late)")
    # Entry 4 was served late; 5 and 6 are gone.
    rows = [(1, 100, None), (2, 200, None), (3, 200, None), (4, 150, 100), (7, 300, None)]
    con.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)
    found = {at: last_entry_by(con, at, 7) for at in (0, 99, 100, 199, 200, 249, 250, 299, 300, 999)}
    con.close()
    assert found == {0: 0, 99: 0, 100: 1, 199: 1, 200: 3, 249: 3, 250: 4, 299: 4, 300: 7, 999: 7}


def test_a_store_of_which_all_was_taken_has_no_newest_entry() -> None:
    con = sqlite3.connect(":memory:")
    con.execute("CREATE TABLE history (seq INTEGER PRIMARY KEY, at, late)")
    assert last_entry_by(con, 5, 0) == 0
    con.close()
