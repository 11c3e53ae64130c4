"""What a wait still waits for, of a store written row by row; on the real engine: `test_explain.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.inspect.explain_wait import explain_wait
from studio.engine.inspect.explanation import Proposal, Why
from studio.engine.inspect.near_misses import NEAR_EVENTS
from studio.language.names import names
from studio.store.views import Views
from tests.store.build import Builder


def asked(b: Builder, seq: int, name: str = "paid") -> Why:
    with Views(b.done()) as views:
        opening = views.entry(seq)
        assert opening is not None
        return explain_wait(views, opening, names(name))


@pytest.fixture
def b(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "s.db")


def test_one_that_is_open_says_what_would_end_it(b: Builder) -> None:
    wait = b.wait(b.journey("buy", "ada", b.event("go", "ada")), "paid", 0, 5_000, match={"n": 1})
    why = asked(b, wait)
    assert (why.open, why.title, why.findings) == (True, "ada paid", ())
    assert why.answer == Proposal("paid", "ada", {"n": 1})
    assert why.answer.wait == wait


def test_an_event_after_it_that_differs_is_nearer_than_one_before(b: Builder) -> None:
    before = b.event("paid", "ada", 1, {"n": 2})
    wait = b.wait(b.journey("buy", "ada", b.event("go", "ada", 2), 2), "paid", 2, match={"n": 1})
    after = b.event("paid", "ada", 3, {"n": 3})
    why = asked(b, wait)
    assert [each.seq for each in why.findings] == [after, before]
    assert why.findings[0].proposal == Proposal("paid", "ada", {"n": 1})


def test_one_that_matches_and_came_before_says_why_it_did_not_count(b: Builder) -> None:
    b.event("paid", "ada", 1, {"n": 1})
    wait = b.wait(b.journey("buy", "ada", b.event("go", "ada", 2), 2), "paid", 2, match={"n": 1})
    (found,) = asked(b, wait).findings
    assert "came before" in found.hint


def test_one_for_a_user_who_is_called_nearly_so_is_found(b: Builder) -> None:
    wait = b.wait(b.journey("buy", "user1", b.event("go", "user1")), "paid", 0, match={"n": 1})
    other = b.event("paid", "user-1", 5, {"n": 1})
    (found,) = asked(b, wait).findings
    assert (found.kind, found.seq, found.proposal) == ("user", other, Proposal("paid", "user1", {"n": 1}))
    assert "it was sent to user user-1" in found.hint


def test_one_that_is_over_says_how_and_asks_for_nothing(b: Builder) -> None:
    journey = b.journey("buy", "ada", b.event("go", "ada"))
    wait = b.wait(journey, "paid")
    end = b.match(journey, wait, b.event("paid", "ada", 9), 9)
    why = asked(b, wait)
    assert (why.open, why.answer) == (False, None)
    assert (why.findings[0].kind, why.findings[0].what, why.findings[0].seq) == ("woke", "matched", end)


def test_one_after_it_is_nearer_than_one_before_that_was_only_misspelt(b: Builder) -> None:
    before = b.event("Paid", "ada", 1, {"n": 1})
    wait = b.wait(b.journey("buy", "ada", b.event("go", "ada", 2), 2), "paid", 2, match={"n": 1})
    after = b.event("paid", "ada", 3, {"n": 3})
    assert [each.seq for each in asked(b, wait).findings] == [after, before]


def test_of_its_own_name_more_are_looked_at_than_of_one_that_is_alike(b: Builder) -> None:
    wait = b.wait(b.journey("buy", "ada", b.event("go", "ada")), "paid", 0, match={"n": 1})
    for n in range(2, 10):
        b.event("paid", "ada", n, {"n": n})
        b.event("pait", "ada", n, {"n": 1})
    found = [each.what for each in asked(b, wait).findings]
    assert (found.count("paid"), found.count("pait")) == (8, NEAR_EVENTS)
