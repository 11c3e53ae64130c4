"""Finding users: orders, pages both ways, and a search that goes step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.language.kinds import Kind, Status
from studio.store import view_users
from studio.store.view_users import UserSearch
from studio.store.views import Views
from tests.store.build import Builder, many


def everyone(views: Views, search: UserSearch, limit: int = 200) -> list[str]:
    """What a search finds, step by step."""
    found: list[str] = []
    before: int | None = None
    done = 0.0
    while before != 0:
        page = views.find_users(search, before=before, limit=limit)
        found += [row.id for row in page.rows]
        assert done <= page.done <= 1
        before, done = page.before, page.done
    assert done == 1
    return found


@pytest.fixture
def states(tmp_path: Path) -> Path:
    """A user in each state, in alphabetical order of what they wait for least."""
    b = Builder(tmp_path / "s.db")
    for name, workflow in (("ann", "trial"), ("ben", "cart"), ("cleo", "trial"), ("dan", "cart")):
        trigger = b.event("signup", name)
        journey = b.journey(workflow, name, trigger)
        match name:
            case "ann":
                b.wait(journey, "paid", 0, 9_000)
            case "ben":
                b.end(journey, Kind.FAILED, Status.FAILED)
            case "cleo":
                b.wait(journey, "", 0, 3_000, kind=Kind.SLEEP_OPENED)
            case _:
                b.end(journey, Kind.COMPLETED, Status.COMPLETED)
    b.event("signup", "Zoë")
    b.con.execute("INSERT INTO codes VALUES (1, 'trial', 'h', 'trial.py', '', 0)")
    b.con.execute("INSERT INTO codes VALUES (2, 'cart', 'h', 'cart.py', '', 0)")
    return b.done()


def test_users_by_deadline_and_by_state(states: Path) -> None:
    with Views(states) as views:
        assert [row.id for row in views.users_by_deadline()][:2] == ["cleo", "ann"]
        assert len(views.users_by_deadline()) == 5
        assert [row.id for row in views.users_by_state()] == ["ben", "ann", "cleo", "dan", "Zoë"]
        assert [row.id for row in views.users_by_state(limit=1)] == ["ben"]
        assert views.failed_users() == ["ben"]


def test_users_whose_steps_run_come_before_those_who_wait(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for user, kind, due in (("ann", Kind.SLEEP_OPENED, 3_000), ("bob", Kind.STEP_STARTED, None)):
        b.wait(b.journey("trial", user, b.event("signup", user)), "it", 0, due, kind=kind)
    with Views(b.done()) as views:
        assert [row.id for row in views.users_by_state(limit=1)] == ["bob"]
        assert [row.id for row in views.users_by_state()] == ["bob", "ann"]


def test_pages_go_both_ways(tmp_path: Path) -> None:
    names = [f"user{n:03}" for n in range(40)]
    with Views(many(tmp_path / "s.db", names)) as views:
        assert [row.id for row in views.users_before("user010", limit=4)] == names[6:10]
        assert [row.id for row in views.users_before(None, limit=3)] == names[-3:]
        assert views.users_before("user000") == []
        assert [row.id for row in views.users_starting("user01", limit=3)] == names[10:13]
        assert [row.id for row in views.users_named(["user003", "nobody"])] == ["user003"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (UserSearch(words=("n",)), ["dan", "ben", "ann"]),
        (UserSearch(words=("n", "a")), ["dan", "ann"]),
        (UserSearch(words=("n",), without=("b",)), ["dan", "ann"]),
        (UserSearch(words=("zoë",)), ["Zoë"]),
        (UserSearch(words=("ZO".casefold(),)), ["Zoë"]),
        (UserSearch(workflows=("tri",)), ["cleo", "ann"]),
        (UserSearch(not_workflows=("tri",)), ["Zoë", "dan", "ben"]),
        (UserSearch(workflows=("nothing",)), []),
        (UserSearch(states=("failed",)), ["ben"]),
        (UserSearch(states=("sleep",)), ["cleo"]),
        (UserSearch(states=("waiting",)), ["ann"]),
        (UserSearch(states=("none",)), ["Zoë"]),
        (UserSearch(not_states=("failed", "none")), ["dan", "cleo", "ann"]),
        (UserSearch(words=("%",)), []),
        (UserSearch(words=("_",)), []),
        (UserSearch(words=("\\",)), []),
    ],
)
def test_a_search_finds_what_it_says(states: Path, search: UserSearch, found: list[str]) -> None:
    with Views(states) as views:
        assert everyone(views, search) == found
        assert everyone(views, search, limit=1) == found


@pytest.mark.parametrize(
    "search",
    [
        UserSearch(),
        UserSearch(words=("n",), without=("b",)),
        UserSearch(words=("zoë",)),
        UserSearch(workflows=("tri",)),
        UserSearch(not_workflows=("tri",)),
        UserSearch(states=("waiting", "failed")),
        UserSearch(not_states=("failed", "none")),
    ],
)
def test_a_count_is_that_of_the_search(
    states: Path, search: UserSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in (1, 2, 1_000):
        monkeypatch.setattr(view_users, "COUNT_PAGE", page)
        monkeypatch.setattr(view_users, "COUNT_ROWS", page)
        with Views(states) as views:
            count, before, done = 0, None, 0.0
            while before != 0:
                found = views.count_users(search, before=before)
                assert done <= found.done <= 1
                count, before, done = count + found.count, found.before, found.done
            assert (count, done) == (len(everyone(views, search)), 1)


def test_a_search_goes_in_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_users, "STRETCH", 10)
    names = [f"user{n:03}" for n in range(45)]
    with Views(many(tmp_path / "s.db", names)) as views:
        first = views.find_users(UserSearch(words=("04",)))
        assert [row.id for row in first.rows] == ["user044", "user043", "user042", "user041", "user040"]
        assert first.done == pytest.approx(10 / 45)
        assert everyone(views, UserSearch(words=("03",)))[-1] == "user003"
        assert len(everyone(views, UserSearch())) == 45


def test_an_empty_store_is_searched_at_once(tmp_path: Path) -> None:
    with Views(Builder(tmp_path / "s.db").done()) as views:
        page = views.find_users(UserSearch(words=("x",)))
        assert (page.rows, page.before, page.done) == ([], 0, 1.0)


def test_users_with_equal_deadlines_are_all_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_users, "DUE_PAGE", 3)
    b = Builder(tmp_path / "s.db")
    for n in range(10):
        b.wait(b.journey("w", f"u{n}", b.event("e", f"u{n}")), "x", 0, 1_000)
    with Views(b.done()) as views:
        assert [row.id for row in views.users_by_deadline(limit=10)] == [f"u{n}" for n in range(10)]
