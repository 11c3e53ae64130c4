"""The events that a hook is still to be told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.store.event_outbox import EventOutbox, OutboxUnread, hook_state
from tests.store.build import START, Builder


def test_events_come_in_order_from_the_last_that_was_told(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("paid", "ada", 1, {"n": 1}, id="evt-1")
    b.log(b.journey("buy", "ada", 1), "no event")
    b.event("left", "bob", 2)
    outbox = EventOutbox(b.done())
    assert outbox.after(0) == [
        (1, START + 1, "paid", "ada", '{"n":1}', "evt-1", None),
        (4, START + 2, "left", "bob", "{}", None, None),
    ]
    assert [event.seq for event in outbox.after(1)] == [4]
    assert outbox.after(4) == []
    outbox.close()


def test_it_opens_the_store_once_and_lets_go_of_what_it_has_opened(tmp_path: Path) -> None:
    path = Builder(tmp_path / "s.db").done()
    outbox = EventOutbox(path)
    outbox.close()
    outbox.after(0)
    first = outbox._con
    outbox.after(0)
    assert outbox._con is first
    outbox.close()
    with pytest.raises(OutboxUnread) as caught:
        outbox.after(0)
    assert isinstance(caught.value.__cause__, sqlite3.ProgrammingError)


def test_a_new_store_has_told_nothing_and_one_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    made = hook_state(path, "full")
    assert made.delivered == 0
    assert made.salt
    con = sqlite3.connect(path)
    with con:
        con.execute("INSERT INTO meta VALUES ('told', '7')")
    con.close()
    assert hook_state(path, "full") == (7, made.salt)
    con = sqlite3.connect(path)
    with con:
        con.execute("UPDATE meta SET value = '' WHERE key = 'salt'")
    con.close()
    assert hook_state(path, "full").delivered == 7
