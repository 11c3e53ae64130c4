"""The journeys of one user side by side: which, in which order, with which entries."""

from __future__ import annotations

import time
from pathlib import Path

from studio.language.kinds import Kind, Status
from studio.store import view_journeys
from studio.store.views import Views
from tests.store.build import Builder


def test_the_nearest_deadline_comes_first_and_what_has_ended_last(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    begun = b.event("go", "ada")
    done = b.journey("done", "ada", begun)
    b.end(done, Kind.COMPLETED, Status.COMPLETED)
    late = b.journey("late", "ada", begun)
    b.wait(late, "x", 0, 60_000)
    endless = b.journey("endless", "ada", begun)
    b.wait(endless, "x", 0)
    soon = b.journey("soon", "ada", begun)
    b.wait(soon, "x", 0, 5_000)
    other = b.journey("other", "bob", b.event("go", "bob"))
    b.wait(other, "x", 0, 1)
    with Views(b.done()) as views:
        found = views.side_by_side("ada")
        assert [row.workflow for row in found.journeys] == ["soon", "late", "endless", "done"]
        assert found.total == 4
        assert {entry.user for entry in found.entries} == {"ada"}
        assert [entry.seq for entry in found.entries] == sorted(entry.seq for entry in found.entries)
        opened = [entry.key for entry in found.entries if entry.kind == "wait.opened"]
        assert opened == ["wait:x#0"] * 3
        few = views.side_by_side("ada", journeys=2, entries=1)
        assert [row.workflow for row in few.journeys] == ["soon", "late"]
        assert [entry.kind for entry in few.entries] == ["wait.opened", "wait.opened"]
        some = views.side_by_side("ada", only=["done/ada", "nothing/ada"])
        assert [row.workflow for row in some.journeys] == ["done"]
        assert some.total == 4
        assert views.side_by_side("nobody").journeys == []


def test_clock_moves_of_the_time_that_is_shown_come_with_it(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.entry(Kind.CLOCK_MOVED, 0, data={"from": 0, "to": 1})
    journey = b.journey("w", "ada", b.event("go", "ada"))
    b.wait(journey, "x", 0, 1_000)
    moved = b.entry(Kind.CLOCK_MOVED, 500, data={"from": 0, "to": 500})
    with Views(b.done()) as views:
        assert [entry.seq for entry in views.side_by_side("ada").moves] == [moved]


def test_it_is_bounded_however_much_there_is(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for i in range(3_000):
        journey = b.journey("w", "ada", b.event("go", "ada", i), i, key=i)
        b.wait(journey, "x", i, 1_000 + i)
    for i in range(20_000):
        b.log(journey, "again", i)
    with Views(b.done()) as views:
        started = time.thread_time()
        found = views.side_by_side("ada")
        took = time.thread_time() - started
    assert found.total == 3_000
    assert len(found.journeys) == view_journeys.MOST_JOURNEYS
    assert len(found.entries) <= view_journeys.MOST_JOURNEYS * view_journeys.ENTRIES_EACH
    # A generous bound on a busy machine: what is meant is "no walk over everything".
    assert took < 1.0
