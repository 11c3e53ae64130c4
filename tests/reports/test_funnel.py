"""The funnel of a cohort: sums that are held, who counts, and how long it took."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio import Engine, Journey, goal, workflow
from studio.clocks.clock import VirtualClock
from studio.language.incoming import incoming
from studio.language.kinds import Kind
from studio.reports import words
from studio.reports.as_json import as_json
from studio.reports.funnel import DAY_MS, CountError, GoalWindow, funnel, week_of
from studio.reports.groups import grouped
from studio.reports.page import Pictures
from studio.reports.progress import Fold, Progress
from studio.reports.reading import FunnelReader
from studio.store import view_report_rows
from studio.store.erase import erase
from studio.store.view_report_rows import ReportRow
from studio.store.views import Views
from tests.reports.journeys import START_MS, nodes, play, read

NAMES = {1: "visit", 2: "a.py:3", 3: "subject"}


def row(seq: int, at: int, kind: int, journey: int, **fields: object) -> ReportRow:
    """An entry; its journey's user has the same number."""
    blank = {"name": None, "n": None, "place": None, "code": None, "data": None} | fields
    return ReportRow(seq, at, kind, journey, journey, **blank)  # type: ignore[arg-type]


def entered(count: int, every_ms: int = 0) -> Fold:
    """Journeys that only began, one after another."""
    fold = Fold(NAMES.__getitem__)
    fold.take(row(n, n * every_ms, Kind.STARTED, n, code=1) for n in range(1, count + 1))
    return fold


def test_the_goal_of_journeys_that_still_wait_is_censored_and_an_exit_does_not_end_it() -> None:
    fold = entered(4)
    fold.take(
        [
            row(10, DAY_MS, Kind.EXITED, 1),
            row(11, 2 * DAY_MS, Kind.GOAL, 1),
            row(12, 2 * DAY_MS, Kind.GOAL, 2),
            row(13, 3 * DAY_MS, Kind.CANCELLED, 3),
        ]
    )
    found = funnel("w", fold, now_ms=5 * DAY_MS, goal=GoalWindow("paid", 10 * DAY_MS))
    assert (found.outcome, found.reached, found.finished) == ("paid", 2, 0)
    # All four were seen for two days; two got there then. The third was cancelled after three.
    share = found.curve.reached_by(2 * DAY_MS)
    assert share is not None
    assert share.value == pytest.approx(0.5)
    assert found.curve.reached_by(6 * DAY_MS) is None
    assert found.curve.quantile_ms(0.9) is None


def test_only_journeys_whose_window_is_over_are_of_those_that_are_compared() -> None:
    fold = entered(2, every_ms=DAY_MS)
    fold.take([row(10, 2 * DAY_MS, Kind.GOAL, 1)])
    found = funnel("w", fold, now_ms=4 * DAY_MS, goal=GoalWindow("paid", 3 * DAY_MS))
    assert (found.finished, found.finished_reached) == (1, 1)


def test_what_is_seen_no_longer_than_the_window_is_not_told_beyond_it() -> None:
    found = funnel("w", entered(3), now_ms=90 * DAY_MS, goal=GoalWindow("paid", 7 * DAY_MS))
    assert found.curve.seen_ms == 7 * DAY_MS
    assert found.curve.reached_by(30 * DAY_MS) is None


def test_counts_that_do_not_add_up_are_an_error_of_ours() -> None:
    fold = entered(2)
    fold.entered[0] += 1
    with pytest.raises(CountError, match=r"start: 3 journeys entered, and 2 moved on, left or are inside"):
        funnel("w", fold, now_ms=0)


def test_arms_weeks_and_versions_are_groups() -> None:
    fold = entered(3, every_ms=8 * DAY_MS)
    for n, arm in ((1, "a"), (2, "b"), (3, "a")):
        fold.take([row(10 + n, n * DAY_MS, Kind.SPLIT, n, name=3, n=0, place=2, data=f'{{"arm":"{arm}"}}')])
    versions = {1: "0123", 2: "4567"}
    sizes = {
        by: {name: sum(map(belongs, fold.journeys.values())) for name, belongs in grouped(fold, versions, by)}
        for by in ("split", "week", "version")
    }
    assert sizes["split"] == {"subject: a": 2, "subject: b": 1}
    assert sizes["version"] == {"0123": 3}
    assert list(sizes["week"].values()) == [1, 1, 1]
    assert week_of(Progress(1, 1, START_MS, None)) == "2026-W10"


@workflow(trigger="begin")
async def visit(journey: Journey) -> bool:
    await journey.wait_for("go", timeout="5d")
    return True


def test_a_user_whose_profile_says_test_is_not_counted(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, visit, [("0s", "ada", "begin")])
    with Views(store) as views:
        reader = FunnelReader(views, "visit")
        reader.read()
        assert reader.funnel(START_MS, None).entered == 1

    async def mark() -> None:
        async with Engine(visit, store=store, clock=VirtualClock(START_MS)) as engine:
            await engine.ingest("identify", {"id": "ada", "test": True})
            await engine.ingest("begin", {"id": "eve", "test": True})
            await engine.ingest("begin", "bob")
            await engine.run_until_idle()

    asyncio.run(mark())
    assert read(store, "visit").entered == 1


def test_a_tester_of_the_first_piece_is_not_counted_when_the_history_was_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "s.db"

    async def mark() -> None:
        async with Engine(visit, store=store, clock=VirtualClock(START_MS)) as engine:
            await engine.ingest("begin", {"id": "eve", "test": True})
            await engine.ingest_many([incoming("begin", f"user{n}") for n in range(5)])
            await engine.run_until_idle()

    asyncio.run(mark())
    monkeypatch.setattr(view_report_rows, "WINDOW_ROWS", 4)
    with Views(store) as views:
        reader, pieces = FunnelReader(views, "visit"), 0
        while not reader.read(gone=iter((False, True)).__next__):
            pieces += 1
        assert pieces > 2
        assert reader.funnel(START_MS, None).entered == 5


def test_only_journeys_that_were_entered_since_are_of_the_cohort(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, visit, [("0s", "ada", "begin"), ("2d", "bob", "begin")], until="3d")
    later = read(store, "visit", lambda reader: reader.funnel(START_MS + 3 * DAY_MS, None, START_MS + DAY_MS))
    assert (later.entered, nodes(later)["wait:go#0"].inside) == (1, 1)


def test_a_reader_takes_only_what_came_since_and_begins_anew_when_somebody_was_erased(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, visit, [("0s", "ada", "begin"), ("1h", "ada", "go")], until="1d")
    with Views(store) as views:
        reader = FunnelReader(views, "visit")
        told: list[float] = []
        assert reader.read(told.append)
        assert told == [1.0]
        play(store, visit, [("2d", "bob", "begin")], until="3d")
        before = reader.fold
        assert reader.read()
        assert reader.fold is before
        assert reader.funnel(START_MS, None).entered == 2
        erase(store, "ada")
        assert reader.read()
        assert reader.fold is not before
        assert reader.funnel(START_MS, None).entered == 1


def test_a_reader_ends_between_two_windows_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, visit, [("0s", "ada", "begin")])
    with Views(store) as views:
        reader = FunnelReader(views, "visit")
        assert not reader.read(gone=lambda: True)
        assert reader.fold.journeys == {}


@workflow(
    trigger="go",
    refuse=lambda user, event: f"is {event.name}" if user.id.startswith("no") else None,
    holdout=50,
    goal=goal("paid", within="1d"),
    name="offer",
)
async def offer(journey: Journey) -> None:
    await journey.sleep("1h")


def held(of: float) -> None:
    offer.holdout = of


def test_who_was_not_let_in_is_told_by_reason(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    comes = [("0s", "no1"), ("1h", "no1"), ("30h", "no1"), ("31h", "no2"), ("32h", "ada")]
    play(store, offer, [(at, user, "go") for at, user in comes], until="3d")
    with Views(store) as views:
        reader = FunnelReader(views, "offer")
        assert reader.read()
        found = reader.funnel(START_MS, None)
        assert found.refused == {"is go": (3, 2)}
        # Once a user, reason and day; who did not enter is in no arm.
        assert words.refused(found) == ["3 refusals (once a user, reason and day):", "  3 is go  (2 users)"]
        assert reader.funnel(START_MS, None, START_MS + DAY_MS).refused == {"is go": (2, 2)}
        assert reader.funnel(START_MS, None, None, "a", lambda each: True).refused == {}
        assert as_json(found)["refused"] == {"is go": {"times": 3, "users": 2}}
        # Read again, nothing counts twice.
        assert reader.read()
        assert reader.funnel(START_MS, None).refused == {"is go": (3, 2)}
        assert "3 is go  (2 users)" in Pictures(reader, found, None).html([])


def test_no_lift_is_told_across_a_change_of_the_holdout(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    held(50)
    play(store, offer, [("0s", f"a{n}", "go") for n in range(20)], until="3d", seed="s")
    held(20)
    play(store, offer, [("4d", f"b{n}", "go") for n in range(20)], until="9d", seed="s")
    held(50)
    now = START_MS + 9 * DAY_MS

    def told(since_ms: int | None) -> str | None:
        with Views(store) as views:
            reader = FunnelReader(views, "offer")
            reader.read()
            first, second = (
                reader.funnel(now, GoalWindow("paid", DAY_MS), since_ms, name, belongs)
                for name, belongs in grouped(reader.fold, reader.versions, "split")
            )
        return words.compared(first, second)

    assert told(None) == (
        "holdout: held out against holdout: in: no lift is told, since the holdout was changed "
        "(50 %, then 20 %). Take those who entered after the change, with --since."
    )
    after = told(START_MS + 2 * DAY_MS) or ""
    assert "whose window is over" in after
