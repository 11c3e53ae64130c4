"""Lists from their other end: the oldest entries, the last waits, those who came first."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.store.records import Entry, WaitRow
from studio.store.views import Views
from tests.store.build import START, Builder

PEOPLE = 300
LOGS = 700


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users who wait, half of them for ever; one of whom there is very much, in many journeys."""
    b = Builder(tmp_path_factory.mktemp("ends") / "s.db")
    for n in range(PEOPLE):
        journey = b.journey("welcome", f"u{n:03}", b.event("signup", f"u{n:03}", n), n)
        b.wait(journey, "paid", n, 1_000 + n if n % 2 else None)
    journeys = [b.journey("many", "zoe", b.event(f"e{n}", "zoe", 1_000), 1_000, key=n) for n in range(30)]
    for n in range(LOGS):
        b.log(journeys[n % 30], f"line {n}", 1_000 + n)
        if n % 7 == 0:
            b.event(f"e{n % 5}", "zoe", 1_000 + n)
    return b.done()


@pytest.mark.parametrize("limit", [1, 7, 29, 200, 5_000])
def test_a_timeline_from_its_start_is_the_timeline(store: Path, limit: int) -> None:
    with Views(store) as views:
        whole = views.timeline("zoe", limit=10_000)
        paged: list[Entry] = []
        while page := views.timeline_from("zoe", limit=limit, after=paged[-1].seq if paged else 0):
            assert len(page) <= limit
            paged += page
            if limit == 1 and len(paged) == 40:
                break
        assert paged == whole[: len(paged)]
        assert limit == 1 or paged == whole
        assert views.user_start("zoe") == whole[0].at == START + 1_000
        assert views.user_start("nobody") is None
        assert views.timeline_from("nobody") == []


@pytest.mark.parametrize("limit", [1, 7, 200, 1_000])
def test_the_last_waits_are_the_waits_from_behind(store: Path, limit: int) -> None:
    with Views(store) as views:
        whole = views.waits(limit=1_000)
        paged: list[WaitRow] = []
        after = None
        for _ in range(400):
            page, after = views.waiting(limit=limit, after=after, last=True)
            paged += page
            if after is None:
                break
        assert paged[::-1] == whole


def test_the_log_from_its_beginning_is_the_log(store: Path) -> None:
    with Views(store) as views:
        whole = views.logs(limit=10_000)
        assert views.logs_from(0, limit=10) == whole[:10]
        assert views.logs_from(whole[9].seq, limit=10) == whole[10:20]
        assert views.logs_from(0, limit=10_000) == whole
        assert views.logs_from(0, limit=10, level="error") == []
        assert views.logs_from(0, limit=50, user="zoe") == whole[:50]
        assert views.logs_from(0, limit=50, user="u001") == []


def test_those_who_came_first_stand_last(store: Path) -> None:
    with Views(store) as views:
        assert [row.id for row in views.last_users(limit=3)] == ["u002", "u001", "u000"]
        late = views.last_users(limit=200, by_deadline=True)
        assert [row.id for row in late[-2:]] == ["u002", "u000"]
        assert all(row.due_at is None for row in late[-150:])
        dues = [row.due_at for row in late[:49]]
        assert None not in dues
        assert dues == sorted(dues, key=lambda due: due or 0)
        assert len(late) == 200


def test_of_a_text_that_no_store_can_hold_there_is_nothing(store: Path) -> None:
    half = "\ud800"
    with Views(store) as views:
        assert views.entries(user=half) == []
        assert views.timeline(half) == []
        assert views.entries(workflow=half) == []
