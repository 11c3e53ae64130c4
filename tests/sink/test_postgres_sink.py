"""Turns in PostgreSQL: once each, in order, none stops another, as people's own SQL sees them."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from studio import Journey, workflow
from studio.errors import StoreError, StudioError
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import run_turn
from studio.kernel.triggers import Routes
from studio.language.names import IDENTIFY
from studio.sink.postgres_sink import PostgresSink, is_postgres
from studio.sink.receipts import ERASED
from studio.sink.sink import Sink
from studio.store.postgres_schema import DOCUMENTED
from studio.store.views import Views
from tests.docs.pages import codes, table
from tests.kernel.partitions import START, event, partition, turn
from tests.sink.test_forgetting import received
from tests.sink.test_sink import LIFE, came, life
from tests.store.postgres_server import ask, programs, server, url

__all__ = ["server", "url"]

pytestmark = [
    pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed"),
    pytest.mark.xdist_group("postgres"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sink(url: str) -> Iterator[PostgresSink]:
    with PostgresSink(url) as sink:
        yield sink


def kinds(url: str, user: str) -> list[str]:
    return [kind for (kind,) in ask(url, "SELECT kind FROM history WHERE user_name = %s ORDER BY seq", user)]


def test_what_people_ask_of_it(sink: PostgresSink, url: str) -> None:
    assert came(sink.take([*life("ada"), *life("bob")[:2], received()], START)) == ["taken"] * 7
    assert kinds(url, "ada") == LIFE
    assert ask(url, "SELECT name, profile FROM users ORDER BY name") == [
        ("ada", {"plan": "pro"}),
        ("bob", {"plan": "pro"}),
        ("crm", {}),
    ]
    assert ask(url, "SELECT workflow, status, count(*) FROM journeys GROUP BY 1, 2 ORDER BY 2") == [
        ("welcome", "completed", 1),
        ("welcome", "waiting", 1),
    ]
    assert ask(
        url, "SELECT user_name, journey, kind, event, extract(epoch FROM due_at) * 1000 FROM waits"
    ) == [("bob", "welcome/bob", "wait.opened", "active", START + 7 * 86_400_000)]
    events = (
        "SELECT name, count(*) FROM history WHERE kind = 'event' AND about = user_name GROUP BY 1 ORDER BY 1"
    )
    assert ask(url, events) == [("active", 1), ("identify", 2), ("signup", 2), ("welcomed", 1)]
    (log,) = ask(
        url, "SELECT message, level, line, journey FROM history WHERE kind = 'log' AND user_name = 'ada'"
    )
    assert (log[0], log[1], log[3]) == ("hello", "info", "welcome/ada")
    assert log[2].startswith("partitions.py:")
    assert ask(url, "SELECT data->>'n' FROM history WHERE name = 'active' AND kind = 'event'") == [("2",)]
    assert ask(url, "SELECT sent_by FROM history WHERE user_name = 'crm'") == [("ada",)]
    assert ask(
        url, "SELECT id FROM history WHERE name = 'signup' AND user_name = 'ada' AND id IS NOT NULL"
    ) == [("s",)]


def test_what_the_handbook_asks_is_answered(sink: PostgresSink, url: str) -> None:
    sink.take([*life("ada"), *life("bob")[:2], received()], START)
    answers = {row[0]: ask(url, codes(row[1])[0]) for row in table("to ask PostgreSQL")}
    assert sorted(answers["how journeys stand"]) == [("welcome", "completed", 1), ("welcome", "waiting", 1)]
    assert sum(row[2] for row in answers["events a day"]) == 6
    assert [row[:3] for row in answers["what is due within a day"]] == [("bob", "welcome/bob", "active")]
    assert answers["who failed, and with what"] == []
    assert sorted(answers["who pays"]) == [("ada",), ("bob",)]
    assert sorted(codes(row[0])[0] for row in table("table in PostgreSQL")) == sorted(DOCUMENTED)


def test_it_has_what_a_store_of_ours_has(sink: PostgresSink, url: str, tmp_path: Path) -> None:
    turns = [each for n in range(5) for each in life(f"user{n}")]
    sink.take(turns, START)
    with Sink(tmp_path / "own.db", "normal") as own:
        own.take(turns, START)
    with Views(tmp_path / "own.db") as views:
        entries = [entry.as_json() for entry in views.entries(limit=1_000, user="user3")]
    rows = ask(
        url,
        "SELECT kind, journey, workflow, pass, name, line, message,"
        " (extract(epoch FROM at) * 1000)::bigint FROM history WHERE user_name = 'user3' ORDER BY seq",
    )
    fields = ("kind", "journey", "workflow", "pass", "name", "line")
    assert [row[:6] for row in rows if row[0] not in ("log", "event")] == [
        tuple(entry[name] for name in fields) for entry in entries if entry["kind"] not in ("log", "event")
    ]
    assert [row[0] for row in rows] == [entry["kind"] for entry in entries]
    assert [row[6] for row in rows if row[0] == "log"] == ["hello"]


def test_turns_told_twice_count_once_and_early_ones_come_back(sink: PostgresSink, url: str) -> None:
    one, two, three, four = life("ada")
    (told,) = sink.take([three], START)
    assert (told.came, told.wanted, told.wanted_from) == ("early", "ada", 1)
    assert ask(url, "SELECT * FROM users") == [], "nobody is there of whom nothing is"
    assert came(sink.take([one, three], START)) == ["taken", "early"]
    with PostgresSink(url) as another:
        assert came(another.take([one, two, three, four, two], START)) == ["known", *["taken"] * 3, "known"]
    assert kinds(url, "ada") == LIFE


def test_another_turn_with_its_number_and_one_that_makes_no_sense_are_kept_aside(
    sink: PostgresSink, url: str
) -> None:
    first, *rest = life("ada")
    other = turn(partition("ada"), event(IDENTIFY, user="ada", plan="free")).turn
    bad = life("bad")
    bad[1].rows[2][6] = 99
    worse = life("worse")
    worse[1].rows[0][4] = 7
    told = sink.take([first, other, *bad, *worse, *rest, *life("eve")], START)
    assert came(told) == [
        *("taken", "refused"),
        *("taken", "refused", "early", "early"),
        *("taken", "refused", "early", "early"),
        *["taken"] * 7,
    ]
    assert sink.take([other], START)[0].reason == "another turn with this number was taken before"
    assert kinds(url, "ada") == kinds(url, "eve") == LIFE
    kept = ask(url, "SELECT user_name, first, reason FROM refused_turns ORDER BY user_name")
    assert [row[:2] for row in kept] == [("ada", 1), ("bad", bad[1].first), ("worse", worse[1].first)]
    assert kept[1][2].startswith("IndexError")
    assert sink.take_packed([b"x"], START)[0].came == "refused"


def test_what_a_database_cannot_keep_is_kept_as_it_looks(sink: PostgresSink, url: str) -> None:
    @workflow(trigger="signup")
    async def odd(journey: Journey) -> None:
        journey.log("a\0b")
        await journey.wait_for("never")

    from studio.engine.work.drive_monitor import ThreadMonitor

    watch, one = ThreadMonitor(), Partition("ada", {"odd": odd}, "seed", "salt")
    came_in = [event("signup", text="x\0y", deep={"\0": ["\\u0000", 1.5]})]
    made = run_turn(one, Routes({"odd": odd}), came_in, monitor=watch, live=watch.live).turn
    assert came(sink.take([made], START)) == ["taken"]
    assert ask(url, "SELECT data FROM history WHERE kind = 'event'") == [
        ({"text": "x\u2400y", "deep": {"\u2400": ["\\u0000", 1.5]}},)
    ]
    assert ask(url, "SELECT message FROM history WHERE kind = 'log'") == [("a\u2400b",)]


def test_an_erased_user_is_gone_and_stays_gone(sink: PostgresSink, url: str) -> None:
    turns = life("ada")
    bad = life("ada")[3]
    bad.ended = ["x"]  # type: ignore[list-item]
    sink.take([*turns, bad, received(), *life("bob"), received("bob")], START)
    sink.erase("ada")
    sink.erase("ada")
    sink.erase("crm")
    told = sink.take([*turns, *life("eve"), received("eve")], START)
    assert came(told) == ["refused"] * 4 + ["taken"] * 4 + ["refused"]
    assert {each.reason for each in told if each.came == "refused"} == {ERASED}
    for each in DOCUMENTED:
        names = [str(row) for row in ask(url, f"SELECT * FROM {each}")]
        assert not [row for row in names if "ada" in row or "crm" in row], each
    assert kinds(url, "bob") == kinds(url, "eve") == LIFE
    assert ask(url, "SELECT name, data FROM history WHERE kind = 'event' AND about IS NULL") == [
        ("welcomed", None),
        ("welcomed", None),
    ]


def test_a_new_life_begins_where_the_driver_says(sink: PostgresSink, url: str) -> None:
    one = partition("ada")
    first, old, second = (turn(one, event("signup", at)).turn for at in ("0s", "1d", "2d"))
    sink.take([first], START)
    sink.erase("ada", begins=old.next)
    assert came(sink.take([old, second], START)) == ["refused", "taken"]
    assert came(sink.take([first, second], START)) == ["refused", "known"]


def test_several_sinks_write_at_once(url: str) -> None:
    lives = [life(f"user{n}") for n in range(40)]
    results: list[str] = []

    def write(seed: int) -> None:
        dice = random.Random(seed)
        with PostgresSink(url) as sink:
            mine = [list(each) for each in lives]
            while mine:
                chosen = dice.sample(mine, min(len(mine), 5))
                results.extend(came(sink.take([turns.pop(0) for turns in chosen], START)))
                mine = [turns for turns in mine if turns]

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("taken") == 160
    assert set(results) == {"taken", "known"}
    assert all(kinds(url, f"user{n}") == LIFE for n in range(40))


def test_the_source_of_a_version_is_kept(sink: PostgresSink, url: str) -> None:
    for _ in range(2):
        sink.add_code("welcome", "abc", "welcome.py", "async def welcome(): ...", START)
    assert ask(url, "SELECT workflow, hash, source FROM codes") == [
        ("welcome", "abc", "async def welcome(): ...")
    ]


def test_a_connection_that_was_cut_is_made_again(sink: PostgresSink, url: str) -> None:
    turns = life("ada")
    sink.take(turns[:1], START)
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with pytest.raises(StoreError, match=r"postgresql:///postgres: PostgreSQL: "):
        sink.take(turns[1:], START)
    assert came(sink.take(turns, START)) == ["known", *["taken"] * 3]
    assert kinds(url, "ada") == LIFE


CHILD = """
import os, sys
from studio.sink.postgres_sink import PostgresSink
from tests.sink.test_sink import START, life
sink = PostgresSink(sys.argv[1])
turns = [turn for n in range(60) for turn in life(f"user{n}")]
for at in range(0, len(turns), 16):
    sink.take(turns[at : at + 16], START)
    print(at, flush=True)
os._exit(1)
"""


def test_killed_in_between_it_goes_on_where_it_was(url: str) -> None:
    command = [sys.executable, "-c", CHILD, url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(3):
            assert child.stdout.readline()
        child.kill()
    turns = [each for n in range(60) for each in life(f"user{n}")]
    with PostgresSink(url) as sink:
        told = came(sink.take(turns, START))
    assert told == sorted(told)
    assert told.count("known") >= 32
    assert all(kinds(url, f"user{n}") == LIFE for n in (0, 8, 12, 59))


def test_what_is_no_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_postgres("postgresql://host/db")
    assert not is_postgres("data/studio.db")
    with pytest.raises(StoreError, match=r"^postgresql:///x: PostgreSQL: "):
        PostgresSink("postgresql://me:secret@/x?host=/nowhere")
    monkeypatch.setattr("studio.source.extras.find_spec", lambda name: None)
    with pytest.raises(StudioError, match=r"pip install 'journey-studio\[postgres\]'"):
        PostgresSink("postgresql://x")


def test_a_journey_that_began_before_is_known_to_each_turn_that_speaks_of_it(
    sink: PostgresSink, url: str
) -> None:
    first, second, third, fourth = life("ada")
    assert came(sink.take([first, second], START)) == ["taken"] * 2
    # The third only says what was waited for; the fourth ends the journey.
    assert (third.journeys, len(fourth.journeys)) == ([], 1)
    assert came(sink.take([third, fourth], START)) == ["taken"] * 2
    assert kinds(url, "ada") == LIFE
    newest = "SELECT (extract(epoch FROM changed_at) * 1000)::bigint FROM users WHERE name = 'ada'"
    assert ask(url, newest) == [(START + 8 * 86_400_000,)]


def test_one_that_is_refused_is_kept_aside_and_stops_nobody_who_was_there_before(
    sink: PostgresSink, url: str
) -> None:
    first, second, third, fourth = life("ada")
    assert came(sink.take([first, second], START)) == ["taken"] * 2
    other = turn(partition("ada"), event(IDENTIFY, user="ada", plan="free")).turn
    assert came(sink.take([other], START)) == ["refused"]
    assert ask(url, "SELECT user_name, first FROM refused_turns") == [("ada", 1)]
    bad = life("bad")
    bad[0].rows[0][6] = 99
    # One by one, then: what the journey is called that began before is looked up once more.
    assert came(sink.take([bad[0], third, fourth], START)) == ["refused", "taken", "taken"]
    assert kinds(url, "ada") == LIFE
