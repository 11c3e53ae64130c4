"""What ended long ago goes, and what it decided stays true."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.errors import StoreLocked
from studio.store import prune as pruning
from studio.store.connect import connect_reader
from studio.store.lock import alone_on
from studio.store.prune import Pruned, count_prunable, prune
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.store.build import START, Builder
from tests.store.lived import DAY, lived
from tests.store.lives import guest, welcome


def ends(path: Path) -> dict[str, tuple[str, int]]:
    with Views(path) as views:
        return {row.id: (row.status, row.pass_number) for row in views.journeys(limit=1_000)}


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Three users; 200 days later one more has just come."""
    store = lived(tmp_path / "studio.db", inbox=False)

    async def live() -> None:
        clock = VirtualClock(START)
        async with Engine([welcome, guest], store=store, clock=clock) as engine:
            await engine.forward_to(START + 200 * DAY)
            await engine.ingest("signup", {"id": "new", "email": "new@example.com"}, id="new-1")
            await engine.ingest("activated", "new", {"plan": "pro"})
            await engine.run_until_idle()

    asyncio.run(live())
    return store


def test_old_journeys_shrink_to_a_tombstone_and_the_totals_agree(later: Path) -> None:
    before = ends(later)
    with Views(later) as views:
        untouched = [views.timeline(name) for name in ("Bob-Bob", "Zelda-Quux", "new")]
        users = views.totals().users
    counted = count_prunable(later, 90 * DAY)
    assert counted.users == counted.journeys == 1
    told = prune(later, 90 * DAY)
    assert (told.entries, told.journeys, told.users) == (counted.entries, counted.journeys, counted.users)
    assert compare(later) == []
    assert ends(later) == before
    with Views(later) as views:
        # Who waits, and whose journey has ended just now, keep all.
        assert [views.timeline(name) for name in ("Bob-Bob", "Zelda-Quux", "new")] == untouched
        assert [e.kind for e in views.timeline("Carol-Carol")] == [
            "event",
            "journey.started",
            "event",
            "journey.completed",
        ]
        assert views.totals().users == users
    assert count_prunable(later, 90 * DAY) == prune(later, 90 * DAY) == Pruned()


def test_what_ended_for_good_does_not_begin_again_and_the_profile_is_known(later: Path) -> None:
    prune(later, 90 * DAY)

    async def again() -> None:
        async with Engine([welcome, guest], store=later, clock=VirtualClock(START)) as engine:
            await engine.ingest("signup", "Carol-Carol")
            event = await engine.ingest("signup", "new", id="new-1")
            assert event.duplicate
            await engine.run_until_idle()

    asyncio.run(again())
    with Views(later) as views:
        assert [row.status for row in views.journeys(user="Carol-Carol")] == ["completed"]
    con = connect_reader(later)
    assert con.execute("SELECT profile FROM profiles WHERE profile LIKE '%carol%'").fetchall() != []
    con.close()
    assert compare(later) == []


def test_many_users_are_pruned_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PAGE", 7)
    b = Builder(tmp_path / "many.db")
    for i in range(50):
        b.event("tick", f"user{i}", i)
    b.event("tick", "late", 100 * DAY)
    path = b.done()
    with Views(path) as views:
        assert views.totals().events == 51
    told = prune(path, 0)
    assert told.entries == 51
    assert compare(path) == []
    with Views(path) as views:
        assert views.totals().events == 0


def test_an_engine_that_runs_is_left_alone(later: Path) -> None:
    with alone_on(later):
        assert count_prunable(later, 90 * DAY).journeys == 1
        with pytest.raises(StoreLocked):
            prune(later, 90 * DAY)
