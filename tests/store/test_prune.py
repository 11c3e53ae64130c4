"""What ended long ago goes, and what it decided stays true."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.errors import StoreError, StoreLocked
from studio.language.kinds import Kind, Status
from studio.store import prune as pruning
from studio.store.checksums import add_checksums
from studio.store.connect import connect_reader
from studio.store.lock import alone_on
from studio.store.prune import Pruned, count_prunable, prune
from studio.store.rebuild import compare
from studio.store.undone import Undone, keep_undone
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


NOW = 100 * DAY
"""Milliseconds after `START`: where the clock of a store written by hand stands."""


def written(path: Path, b: Builder) -> Path:
    """Close what was written, with the clock at `NOW`."""
    b.done()
    con = sqlite3.connect(path)
    with con:
        clock = {"virtual": True, "studio": True, "at": START + NOW, "paused": True}
        con.execute("INSERT INTO meta VALUES ('clock', ?)", (json.dumps(clock),))
        con.execute("INSERT INTO meta VALUES ('last_at', ?)", (str(START + NOW),))
        keep_undone(con, Undone(1, 1, "{}", "[]", "{}"))
    con.close()
    return path


def seqs(path: Path) -> list[int]:
    con = sqlite3.connect(path)
    try:
        return [seq for (seq,) in con.execute("SELECT seq FROM history ORDER BY seq")]
    finally:
        con.close()


@pytest.mark.parametrize(
    ("status", "kind", "ended_at", "goes"),
    [
        (Status.COMPLETED, Kind.COMPLETED, NOW - 10 * DAY - 1, True),
        (Status.COMPLETED, Kind.COMPLETED, NOW - 10 * DAY, False),
        (Status.EXITED, Kind.EXITED, 0, True),
        (Status.CANCELLED, Kind.CANCELLED, 0, True),
        (Status.FAILED, Kind.FAILED, 0, False),
    ],
)
def test_only_what_ended_long_ago_goes(
    tmp_path: Path, status: int, kind: int, ended_at: int, goes: bool
) -> None:
    b = Builder(tmp_path / "s.db")
    trigger = b.event("go", "ann", 0, {"email": "a@b.c"})
    journey = b.journey("buy", "ann", trigger)
    b.log(journey, "hello")
    b.end(journey, kind, status, ended_at)
    path = written(tmp_path / "s.db", b)
    told = prune(path, 10 * DAY)
    assert (told.entries, told.journeys, told.users) == ((1, 1, 1) if goes else (0, 0, 0))
    assert seqs(path) == ([1, 2, 4] if goes else [1, 2, 3, 4])
    con = sqlite3.connect(path)
    undone = con.execute("SELECT count(*) FROM undone").fetchone()
    con.close()
    assert undone == (0 if goes else 1,)


@pytest.mark.parametrize(
    ("at", "id", "older", "goes"),
    [
        (NOW - DAY, None, DAY, False),
        (NOW - DAY - 1, None, DAY, True),
        # An id counts once for 30 days, whatever is pruned, and as long as its event would stay.
        (NOW - 30 * DAY, "e1", DAY, False),
        (NOW - 30 * DAY - 1, "e1", DAY, True),
        (NOW - 40 * DAY, "e1", 40 * DAY, False),
        (NOW - 40 * DAY - 1, "e1", 40 * DAY, True),
    ],
)
def test_events_outside_of_journeys_go_by_their_own_age(
    tmp_path: Path, at: int, id: str | None, older: int, goes: bool
) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("hello", "ann", at, id=id)
    path = written(tmp_path / "s.db", b)
    assert count_prunable(path, older).entries == int(goes)
    assert seqs(path) == [1]
    assert prune(path, older).entries == int(goes)
    assert seqs(path) == ([] if goes else [1])


def test_what_comes_is_not_older(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    path = written(tmp_path / "s.db", b)
    assert prune(path, 0) == Pruned()
    for act in (prune, count_prunable):
        with pytest.raises(StoreError, match="nothing is older than what comes"):
            act(path, -1)


def test_what_went_adds_up() -> None:
    assert Pruned() == Pruned(0, 0, 0, 0, 0)
    assert Pruned(1, 2, 3, 4, 5) + Pruned(10, 20, 30, 40, 50) == Pruned(11, 22, 33, 44, 55)
    assert [Pruned(1).anything, Pruned(refused=1).anything, Pruned(0, 1, 1, 0, 1).anything] == [
        True,
        True,
        False,
    ]


def test_acts_whose_entries_went_are_no_acts_any_more(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for user, at in (("ann", 0), ("bob", NOW)):
        b.event("hello", user, at)
    path = written(tmp_path / "s.db", b)
    con = sqlite3.connect(path)
    with con:
        con.execute("INSERT INTO meta VALUES ('acts', ?)", (json.dumps([{"seq": 1}, {"seq": 2}]),))
    con.close()
    assert prune(path, DAY).entries == 1
    con = sqlite3.connect(path)
    (acts,) = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()
    con.close()
    assert json.loads(acts) == [{"seq": 2}]


def test_a_number_that_went_is_not_given_out_again(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("hello", "ann", 0)
    path = written(tmp_path / "s.db", b)
    prune(path, DAY)
    con = sqlite3.connect(path)
    (number,) = con.execute("SELECT value FROM meta WHERE key = 'next_seq'").fetchone()
    con.close()
    assert number == "2"


def test_sums_that_a_killed_one_left_aside_count_again_though_nothing_goes(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("hello", "ann", NOW)
    path = written(tmp_path / "s.db", b)
    con = sqlite3.connect(path)
    with con:
        add_checksums(con, 1, 1)
        ((before,),) = con.execute("SELECT sum FROM checksums").fetchall()
        con.execute("UPDATE checksums SET sum = NULL")
    con.close()
    assert prune(path, DAY) == Pruned()
    con = sqlite3.connect(path)
    sums = con.execute("SELECT sum FROM checksums").fetchall()
    con.close()
    assert sums == [(before,)]


def test_it_says_how_much_smaller_the_file_has_become(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for number in range(300):
        b.event("hello", "ann", number, {"text": "x" * 1_000})
    path = written(tmp_path / "s.db", b)
    connect_reader(path).close()
    before = path.stat().st_size
    told = prune(path, DAY)
    assert told.entries == 300
    assert told.freed == before - path.stat().st_size > 200_000


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        prune(tmp_path / "none.db", DAY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("at", "goes"), [(NOW - DAY - 1, True), (NOW - DAY, False)])
def test_what_a_hook_failed_at_long_ago_goes(at: int, goes: bool, tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("hello", "ann", NOW)
    b.entry(Kind.HOOK_FAILED, at, user="ann", data={"hook": "set_event", "type": "OSError", "message": "no"})
    path = written(tmp_path / "s.db", b)
    assert count_prunable(path, DAY).entries == int(goes)
    assert prune(path, DAY).entries == int(goes)
    assert seqs(path) == ([1] if goes else [1, 2])
