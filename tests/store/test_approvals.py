"""What is kept of steps around a cut: results that answer them, and those that wait for a yes."""

from __future__ import annotations

import json
from pathlib import Path

from studio.language.idempotency import step_keys
from studio.language.journey_ids import Parts
from studio.language.kinds import Kind
from studio.store.approvals import done_steps, drop_orphaned_holds, former, held_in, hold_open_steps
from studio.store.connect import connect_reader
from studio.store.database import open_database
from studio.store.meta import META_UNDER, set_meta, span
from tests.store.build import Builder


def test_a_step_that_was_done_is_kept_under_its_own_key_with_what_it_said(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("buy", "ann", b.event("go", "ann"))
    for data in ({"result": {"a": "ü"}}, {"result": 2, "once": True}, {"result": 3, "once": 1}):
        b.entry(Kind.STEP_DONE, 5, journey=journey, name="pay", n=0, data=data)
    path = b.done()
    con = connect_reader(path)
    found = list(done_steps(con, "salt", 0))
    behind = list(done_steps(con, "salt", 4))
    con.close()

    def key(once: bool) -> str | None:
        parts = Parts("buy", "ann", "", 1)
        return step_keys("salt", parts, False, 1, "once:pay#0" if once else "step:pay#0", once).own

    # One with once=True has the key of all passes; nothing but `true` says so.
    assert [token for token, _ in found] == [key(False), key(True), key(False)]
    assert [json.loads(kept) for _, kept in found] == [{"result": {"a": "ü"}}, {"result": 2}, {"result": 3}]
    assert behind == found[2:]


def test_what_is_kept_of_a_step_has_its_lines_where_it_said_something() -> None:
    assert json.loads(former("7", [])) == {"result": 7}
    said = [("info", "ü", "buy.py:3")]
    assert json.loads(former('"x"', said)) == {"result": "x", "said": [["info", "ü", "buy.py:3"]]}


def test_steps_that_are_open_wait_and_a_hold_on_what_is_gone_goes(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("buy", "ann", b.event("go", "ann"))
    step = b.wait(journey, "pay", 7, kind=Kind.STEP_STARTED, place="buy.py:9")
    nameless = b.wait(journey, "", 8, kind=Kind.STEP_STARTED)
    b.wait(journey, "paid", 9)
    path = b.done()
    con = open_database(path)
    set_meta(con, {"held/99": ""})
    hold_open_steps(con)
    assert [key for key, _ in con.execute(META_UNDER, span("held/"))] == [f"held/{step}", f"held/{nameless}"]
    found = held_in(path, 10)
    assert [(held.seq, held.name, held.line, held.journey) for held in found] == [
        (step, "pay", "buy.py:9", "buy/ann"),
        (nameless, "", "welcome.py:7", "buy/ann"),
    ]
    assert held_in(path, 1) == found[:1]
    con.execute("DELETE FROM waits WHERE id = ?", (step,))
    drop_orphaned_holds(con)
    assert [key for key, _ in con.execute(META_UNDER, span("held/"))] == [f"held/{nameless}"]
    con.close()
