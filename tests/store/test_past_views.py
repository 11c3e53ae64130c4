"""The past is looked at as it was: every question answers what it answered then."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.errors import ClockError, StoreError
from studio.store.cut import cut
from studio.store.past_views import PastViews
from studio.store.prune import prune
from studio.store.view_users import UserSearch
from studio.store.views import Views
from tests.store.build import START, Builder, many
from tests.store.lived import lived
from tests.store.shop import ENDS, LENGTH, store

QUESTIONS: dict[str, Callable[[Views], Any]] = {
    "users": lambda v: v.users(),
    "users of a workflow": lambda v: v.users(workflow="buy"),
    "users by deadline": lambda v: v.users_by_deadline(limit=50),
    "users by state": lambda v: v.users_by_state(limit=50),
    "recent users": lambda v: v.recent_users(limit=50),
    "last users": lambda v: v.last_users(),
    "failed users": lambda v: v.failed_users(),
    "users who were active": lambda v: v.users_since(START),
    "users that are looked for": lambda v: v.find_users(UserSearch(states=("waiting", "sleeping"))).rows,
    "how many are looked for": lambda v: v.count_users(UserSearch(states=("completed",))).count,
    "journeys": lambda v: v.journeys(),
    "journeys that wait": lambda v: v.journeys(status="waiting"),
    "waits": lambda v: v.waits(),
    "waits of a workflow": lambda v: v.waits(workflow="buy"),
    "waits of a user": lambda v: v.waits(user="ann"),
    "waiting": lambda v: v.waiting(),
    "waiting from the end": lambda v: v.waiting(last=True),
    "timeline": lambda v: [v.timeline(user) for user in ("ann", "bob", "cat", "Zelda-Quux")],
    "timeline from the first": lambda v: v.timeline_from("ann"),
    "side by side": lambda v: [v.side_by_side(user) for user in ("ann", "bob", "Bob-Bob")],
    "log": lambda v: v.logs(),
    "log by steps": lambda v: v.logs_step(None),
    "log of a user": lambda v: v.logs(user="ann"),
    "log from the first": lambda v: v.logs_from(0),
    "map": lambda v: sorted(v.funnel("buy"), key=repr) + sorted(v.funnel("welcome"), key=repr),
    "counts": lambda v: v.totals(),
    "workflows": lambda v: v.workflow_counts(0),
    "what fails": lambda v: v.failures(),
    "entries": lambda v: v.entries(),
}


def answers(views: Views) -> dict[str, Any]:
    return {name: ask(views) for name, ask in QUESTIONS.items()}


def differences(views: Views, then: dict[str, Any]) -> dict[str, Any]:
    now = answers(views)
    return {name: (now[name], then[name]) for name in now if now[name] != then[name]}


def cut_copies(path: Path, folder: Path) -> dict[int, dict[str, Any]]:
    """What the store answered after each cause: asked of copies that are cut there."""
    found = {}
    with PastViews(path) as views:
        ends = [views.go(seq).seq for seq in range(views.last_seq() + 1)]
    for end in sorted(set(ends)):
        copy = folder / f"{end}.db"
        con = sqlite3.connect(path)
        con.execute("VACUUM INTO ?", (str(copy),))
        con.close()
        con = sqlite3.connect(copy)
        with con:
            cut(con, end)
        con.close()
        with Views(copy) as then:
            found[end] = answers(then)
    return found


@pytest.mark.parametrize("end", ENDS)
def test_the_past_answers_what_it_answered_then(tmp_path: Path, end: int) -> None:
    with Views(store(tmp_path / "then.db", end)) as then, PastViews(store(tmp_path / "whole.db")) as past:
        assert past.go(end).seq == end
        assert differences(past, answers(then)) == {}


def test_a_walk_through_the_past_is_the_same_as_going_there_at_once(tmp_path: Path) -> None:
    path = lived(tmp_path / "s.db", inbox=False)
    then = cut_copies(path, tmp_path)
    ends, chance = sorted(then), random.Random(7)
    with PastViews(path) as views:
        assert views.go(ends[-1]).seq == ends[-1]
        seen = [ends[-1]]
        while views.step(-1).seq != seen[-1]:
            seen.append(views.moment.seq)
            assert differences(views, then[views.moment.seq]) == {}
        assert seen == ends[::-1]
        while views.step(1).seq != seen[0]:
            assert differences(views, then[views.moment.seq]) == {}
        for end in chance.choices(ends, k=8):
            views.go(end)
            assert differences(views, then[end]) == {}


def test_steps_may_be_those_of_one_user(tmp_path: Path) -> None:
    with PastViews(store(tmp_path / "s.db")) as views:
        own = [entry.seq for entry in views.timeline("ann")]
        ends = sorted({views.go(seq).seq for seq in own})
        views.go(0)
        seen: list[int] = []
        while views.step(1, "ann").seq != (seen[-1] if seen else 0):
            seen.append(views.moment.seq)
        # Those of the others between them are passed over.
        assert seen == ends
        assert [views.step(-1, "ann").seq for _ in ends] == [*ends[-2::-1], ends[0]]
        views.go(ends[2])
        following = next(seq for seq in own if seq > ends[2])
        entry = views.entry(following)
        assert entry is not None
        assert views.next_at("ann") == entry.at
        assert views.next_at("cat") == START + 17


def test_a_moment_is_found_by_its_time(tmp_path: Path) -> None:
    with PastViews(store(tmp_path / "s.db")) as views:
        assert views.go_to_time(START + 10) == views.go(11)
        assert views.go_to_time(START - 1).seq == 0
        assert views.moment.at == START
        assert views.go_to_time(START + 99_999).seq == LENGTH
        assert views.next_at() is None
        views.go(10)
        assert views.clock()["at"] == views.moment.at


def test_a_person_names_an_entry_or_a_time(tmp_path: Path) -> None:
    with PastViews(store(tmp_path / "s.db")) as views:
        assert views.go_to(" 11 ").seq == 11
        assert views.go_to("2026-01-01T00:00:00.010Z") == views.go(11)
        with pytest.raises(StoreError, match="there is no entry 1,000 yet"):
            views.go_to("1000")
        with pytest.raises(ClockError, match="'soon' is neither"):
            views.go_to("soon")
        # Where it was stays what is shown.
        assert views.moment.seq == 11


def test_what_comes_meanwhile_does_not_change_the_past(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    with PastViews(path) as views:
        views.go(11)
        before = answers(views)
        con = sqlite3.connect(path)
        with con:
            con.execute("INSERT INTO users VALUES (99, 'zoe')")
            con.execute(
                "INSERT INTO history (seq, at, kind, user, name) VALUES (99, ?, 1, 99, 1)", (START + 99,)
            )
        con.close()
        assert differences(views, before) == {}
        assert views.go(99).seq == 99
        assert [row.id for row in views.users(after="cat")] == ["zoe"]


def test_what_was_taken_away_is_told(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    with PastViews(path) as views:
        assert views.go(23).gone == 0
    con = sqlite3.connect(path)
    with con:
        con.execute(
            "UPDATE history SET at = at + 10000000000 WHERE user = (SELECT id FROM users WHERE name = 'bob')"
        )
        con.execute("INSERT INTO meta VALUES ('last_at', ?)", (START + 10_000_000_000,))
    con.close()
    gone = prune(path, 1_000).entries
    assert gone
    with PastViews(path) as views:
        assert views.go(25).gone == gone
        lost = next(seq for seq in range(1, 25) if views.entry(seq) is None)
        moment = views.go(lost)
        assert (moment.missing, moment.seq < lost) == (lost, True)


def test_deadlines_of_then_come_in_order_and_in_pages(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    waits = []
    for i in range(40):
        seq = b.event("go", f"user{i:02}", i)
        journey = b.journey("w", f"user{i:02}", seq, i)
        waits.append((journey, b.wait(journey, "paid", i, 10_000 - 100 * i)))
    then = b.seq
    for i, (journey, opened) in enumerate(waits):
        if i % 4:
            b.match(journey, opened, b.event("paid", f"user{i:02}", 50 + i), 50 + i)
    with PastViews(b.done()) as views:
        views.go(then)
        page, after = views.waiting(limit=15)
        more, after = views.waiting(limit=15, after=after)
        rest, after = views.waiting(limit=15, after=after)
        found = [row.user for row in page + more + rest]
        assert (found, after) == ([f"user{i:02}" for i in reversed(range(40))], None)
        assert views.totals().waits == 40


def test_lists_of_users_go_on_page_by_page(tmp_path: Path) -> None:
    with PastViews(many(tmp_path / "s.db", [f"user{i:03}" for i in range(30)])) as views:
        views.go(12)
        seen: list[str] = []
        while page := views.users(limit=5, after=seen[-1] if seen else None):
            seen += [row.id for row in page]
        assert seen == [f"user{i:03}" for i in range(len(seen))]
        assert 0 < len(seen) < 30
