"""Turns of users that are carried on elsewhere, in one store: once each, in order, and none stops another."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import StoreLocked
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import Came, CodeCame, run_turn
from studio.kernel.triggers import Routes
from studio.kernel.turn import Turn
from studio.language.definition import Workflow
from studio.language.names import IDENTIFY
from studio.sink.sink import Sink
from studio.store.foreign import count_refused, refused_turns
from studio.store.rebuild import compare
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.kernel.partitions import START, event, partition, time, turn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sink.db"


@pytest.fixture
def sink(path: Path) -> Iterator[Sink]:
    with Sink(path, "normal") as sink:
        yield sink


def life(user: str) -> list[Turn]:
    """A user's turns, from the first event to the end of a journey that sends an event to another."""
    one = partition(user)
    return [
        turn(one, event(IDENTIFY, user=user, plan="pro")).turn,
        turn(one, event("signup", user=user, id="s")).turn,
        turn(one, time("7d")).turn,
        turn(one, event("active", "8d", user=user, n=2)).turn,
    ]


def came(told: list) -> list[str]:  # type: ignore[type-arg]
    return [each.came for each in told]


def kinds(path: Path, user: str) -> list[str]:
    with Views(path) as views:
        return [entry.kind for entry in views.entries(user=user, limit=100)]


LIFE = [
    *("event", "event", "journey.started", "log", "wait.opened", "wait.timeout"),
    *("event", "wait.opened"),
    *("event", "wait.matched", "journey.completed"),
]


def test_a_users_turns_are_rows_as_an_engine_writes_them(sink: Sink, path: Path) -> None:
    assert came(sink.take(life("ada"), START)) == ["taken"] * 4
    assert kinds(path, "ada") == LIFE
    assert kinds(path, "crm") == ["event"]
    assert compare(path) == []
    with Views(path) as views:
        (journey,) = views.journeys(limit=10)
        assert (journey.id, journey.status) == ("welcome/ada", "completed")
        assert views.totals().events == 4


def test_turns_told_twice_count_once_also_after_a_restart(path: Path) -> None:
    with Sink(path, "normal") as sink:
        assert came(sink.take(life("ada"), START)) == ["taken"] * 4
        assert came(sink.take(life("ada"), START)) == ["known"] * 4
    with Sink(path, "normal") as sink:
        assert came(sink.take(life("ada"), START)) == ["known"] * 4
        assert came(sink.take([*life("bob"), *life("bob")], START)) == ["taken"] * 4 + ["known"] * 4
    assert kinds(path, "ada") == kinds(path, "bob") == LIFE
    assert compare(path) == []


def test_the_same_number_with_another_content_is_refused_and_shown(sink: Sink, path: Path) -> None:
    first, *rest = life("ada")
    sink.take([first], START)
    other = turn(partition("ada"), event(IDENTIFY, user="ada", plan="free")).turn
    (told,) = sink.take([other], START + 5)
    assert (told.came, told.reason) == ("refused", "another turn with this number was taken before")
    assert came(sink.take(rest, START)) == ["taken"] * 3
    store = Store(path)
    assert count_refused(store) == 1
    (shown,) = refused_turns(store)
    assert (shown.at, shown.user, shown.first, shown.reason) == (START + 5, "ada", 1, told.reason)
    store.close()
    assert compare(path) == []


def test_what_comes_too_early_is_sent_back_with_what_is_wanted(sink: Sink) -> None:
    one, two, three, four = life("ada")
    (told,) = sink.take([three], START)
    assert (told.came, told.wanted, told.wanted_from) == ("early", "ada", 1)
    (first, early, also) = sink.take([one, three, four], START)
    assert (first.came, early.came, early.wanted_from, also.came) == ("taken", "early", two.first, "early")
    assert came(sink.take([two, three, four], START)) == ["taken"] * 3


def test_turns_of_many_users_in_any_order_come_to_the_same(path: Path) -> None:
    waiting = [life(f"user{n}") for n in range(30)]
    dice = random.Random(7)
    with Sink(path, "normal") as sink:
        while waiting:
            chosen = dice.sample(waiting, min(len(waiting), 5))
            for turns in chosen:
                (told,) = sink.take([turns.pop(0)], START)
                assert told.came == "taken"
            waiting = [turns for turns in waiting if turns]
    assert all(kinds(path, f"user{n}") == LIFE for n in range(30))
    assert len(kinds(path, "crm")) == 30
    assert compare(path) == []


def test_an_event_between_users_stands_once(sink: Sink, path: Path) -> None:
    turns = life("ada")
    sent = event("welcomed", "7d", user="crm")._replace(origin=("ada", 7))
    crm = partition("crm")
    theirs = turn(crm, sent).turn
    (told,) = sink.take([theirs], START)
    assert (told.came, told.wanted, told.wanted_from) == ("early", "ada", 1)
    assert came(sink.take([*turns, theirs], START)) == ["taken"] * 5
    assert kinds(path, "crm") == ["event"]
    assert compare(path) == []


def test_one_that_cannot_be_taken_stops_nobody_else(sink: Sink, path: Path) -> None:
    bad = life("bad")
    bad[1].rows[2][6] = 99
    worse = life("worse")
    worse[2].ended = [1]
    told = sink.take([*life("ada"), *bad, *worse, *life("eve")], START)
    assert came(told) == [
        *["taken"] * 4,
        *["taken", "refused", "early", "early"],
        *["taken", "taken", "refused", "early"],
        *["taken"] * 4,
    ]
    assert told[5].reason.startswith("IndexError")
    assert "ends a wait that is not open" in told[10].reason
    assert kinds(path, "ada") == kinds(path, "eve") == LIFE
    assert compare(path) == []


def test_bytes_that_are_no_turn_are_refused(sink: Sink) -> None:
    one = life("ada")[0]
    told = sink.take_packed([b"x", one.packed()], START)
    assert [(each.came, each.user) for each in told] == [("refused", ""), ("taken", "ada")]


def test_one_writes_at_a_time(sink: Sink, path: Path) -> None:
    with pytest.raises(StoreLocked):
        Sink(path)


def test_the_source_of_a_version_is_kept_and_named(sink: Sink, path: Path) -> None:
    sink.add_code("welcome", "abc", "welcome.py", "async def welcome(): ...", START)
    sink.add_code("welcome", "abc", "welcome.py", "async def welcome(): ...", START)
    one = partition("ada", codes={"welcome": "abc"})
    sink.take([turn(one, event("signup")).turn], START)
    store = Store(path)
    assert store.rows("SELECT count(*), count(code) FROM history") == [(4, 3)]
    assert store.rows("SELECT count(*) FROM codes") == [(1,)]
    store.close()


CHILD = """
import os, sys
from tests.sink.test_sink import START, Sink, life
sink = Sink(sys.argv[1])
turns = [turn for n in range(200) for turn in life(f"user{n}")]
for at in range(0, len(turns), 16):
    sink.take(turns[at : at + 16], START)
    print(at, flush=True)
os._exit(1)
"""


def test_killed_in_between_it_goes_on_where_it_was(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(6):
            assert child.stdout.readline()
        child.kill()
    turns = [turn for n in range(200) for turn in life(f"user{n}")]
    with Sink(path) as sink:
        told = came(sink.take(turns, START))
    assert set(told) == {"known", "taken"}
    assert told == sorted(told)
    assert told.count("known") >= 80
    assert all(kinds(path, f"user{n}") == LIFE for n in (0, 21, 40, 199))
    assert compare(path) == []


def run(of: Partition, *came_in: Came, code: CodeCame | None = None) -> Turn:
    watch = ThreadMonitor()
    routes = Routes(of.workflows)
    return run_turn(of, routes, came_in, monitor=watch, live=watch.live, code=code).turn


def test_an_id_that_was_taken_by_the_user_it_was_sent_to_stands_once(sink: Sink, path: Path) -> None:
    @workflow(trigger="go")
    async def sends(journey: Journey) -> None:
        await journey.ingest("told", {"n": 2}, user="crm", id="same")

    theirs = turn(partition("crm"), event("told", user="crm", id="same", n=1)).turn
    assert came(sink.take([theirs], START)) == ["taken"]
    ada = Partition("ada", {"sends": sends})
    assert came(sink.take([run(ada, event("go"))], START)) == ["taken"]
    with Views(path) as views:
        told = [(each.data["n"], each.id) for each in views.entries(user="crm", limit=9)]
    assert told == [(1, "same"), (2, None)]
    assert compare(path) == []


def waits(timeout: str) -> Workflow:
    @workflow(trigger="go", name="waits")
    async def shop(journey: Journey) -> None:
        await journey.wait_for("paid", timeout=timeout)

    return shop


def test_a_wait_has_the_deadline_that_it_was_moved_to_and_one_that_is_over_has_none(
    sink: Sink, path: Path
) -> None:
    ada = Partition("ada", {"waits": waits("1d")})
    begun = run(ada, event("go"))
    again = load(dump(ada), {"waits": waits("2d")})
    moved = run(again, code=CodeCame({"waits"}, START + 9))
    assert moved.moved
    assert came(sink.take([begun, moved], START)) == ["taken"] * 2
    with Views(path) as views:
        assert [row.due_at for row in views.waits()] == [START + 2 * 86_400_000]
    assert compare(path) == []
    wrong = run(again, event("paid", "1h"))
    wrong.moved = [[1, START]]
    (told,) = sink.take([wrong], START)
    assert told.reason == "ValueError: it moves a wait that is not open: 1"
