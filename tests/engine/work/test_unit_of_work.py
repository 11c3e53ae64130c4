"""What a batch gives out counts once it is written, and is remembered as long as the batch runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.engine.work.unit_of_work import StoreUnit
from studio.language.kinds import KIND_TEXT, Kind
from studio.language.names import names
from studio.store import read_users, sqlite
from studio.store.changes import Row
from studio.store.rebuild import compare
from studio.store.sqlite import Store
from tests.engine.bench import Bench
from tests.engine.support import entries, failure, journey, logs, sound, until


@workflow(trigger="go", name="waits for paid")
async def waits_for_paid(journey: Journey) -> None:
    await journey.wait_for("paid")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "studio.db")
    yield store
    store.close()


def test_a_new_name_keeps_its_number_while_its_batch_runs_however_many_names_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MOST_KNOWN", 3)
    first = StoreUnit(store, {}, {})
    known = {text: first.name_id(text) for text in (f"known/{n}" for n in range(9))}
    first.commit()
    batch = StoreUnit(store, {}, {})
    fresh = {text: batch.name_id(text) for text in (f"fresh/{n}" for n in range(9))}
    place = batch.place_id(("/a/shop.py", 7))
    # Each look-up of a name that was written makes others be forgotten.
    assert {text: batch.name_id(text) for text in known} == known
    assert {text: batch.name_id(text) for text in fresh} == fresh
    assert batch.place_id(("/a/shop.py", 7)) == batch.name_id("shop.py:7") == place
    assert {batch.name_text(id): id for id in [*known.values(), *fresh.values()]} == known | fresh
    assert len({*known.values(), *fresh.values(), place}) == 19
    batch.commit()
    after = StoreUnit(store, {}, {})
    assert {text: after.name_id(text) for text in fresh} == fresh
    assert after.place_id(("/a/shop.py", 7)) == place
    assert not after.changes.names


def test_nothing_stays_of_a_batch_that_was_not_written(store: Store) -> None:
    lost = StoreUnit(store, {}, {})
    lost.name_id("lost")
    lost.place_id(("/a/shop.py", 7))
    kept = StoreUnit(store, {}, {})
    assert kept.name_id("kept") == store.next_name
    assert kept.place_id(("/a/shop.py", 7)) == store.next_name + 1
    kept.commit()
    assert store.rows("SELECT text FROM names ORDER BY id") == [("kept",), ("shop.py:7",)]


async def test_more_names_than_are_remembered_come_in_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids of the author's own are names: there may be one for each order."""
    monkeypatch.setattr(sqlite, "MOST_KNOWN", 20)
    path = tmp_path / "studio.db"

    @workflow(trigger="order", key="n", name="orders")
    async def orders(journey: Journey) -> int:
        n = int(journey.trigger["n"])
        await journey.wait_for(f"paid/{n}", timeout="1d")
        await journey.wait_for(f"sent/{n % 30}", timeout="1d")
        return n

    async with Engine(orders, store=path, clock=VirtualClock()) as engine:
        await engine.ingest_many([incoming("order", f"u{n % 7}", {"n": n}) for n in range(100)])
        await engine.ingest_many([incoming(f"paid/{n}", f"u{n % 7}") for n in range(100)])
        await engine.ingest_many([incoming(f"sent/{n % 30}", f"u{n % 7}") for n in range(100)])
        done = [entry.data["result"] for entry in entries(path, "journey.completed")]
        assert sorted(done) == list(range(100))
    sound(path)


async def test_lines_are_right_after_a_drive_that_was_given_up(tmp_path: Path) -> None:
    """The thread that was given up leaves no numbers of names behind that were never written."""
    path = tmp_path / "studio.db"

    @workflow(trigger="go", name="says")
    async def says(journey: Journey) -> None:
        journey.log("before")
        if journey.user.id == "stuck":
            while True:
                time.sleep(0.01)
        journey.log("after")

    async with Engine(says, store=path, hang_after=0.3) as engine:
        await engine.ingest("go", "stuck")
        assert failure(path, "stuck")["type"] == "Hung"
        await engine.ingest("go", "ada")
        await until(lambda: journey(path, "says/ada").status == "idle")
    assert logs(path, "ada") == ["before", "after"]
    first, second = (entry.line for entry in entries(path, "log", user="ada"))
    assert first is not None
    assert second is not None
    assert first.startswith("test_unit_of_work.py:")
    assert int(second.partition(":")[2]) == int(first.partition(":")[2]) + 4
    sound(path)


# -- profiles --------------------------------------------------------------------------------


def test_a_profile_is_what_it_was_at_each_position_whichever_was_asked_for_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    rows = store.rows

    def counted(statement: str, *values: Any) -> list[Row]:
        asked.append(statement == read_users.PROFILE)
        return rows(statement, *values)

    with store.transaction() as con:
        con.execute("INSERT INTO users (id, name) VALUES (1, 'ada'), (2, 'bob')")
        for seq in (4, 15, 30):
            con.execute("INSERT INTO profiles (user, seq, profile) VALUES (1, ?, ?)", (seq, f'{{"n":{seq}}}'))
        con.execute("INSERT INTO profiles (user, seq, profile) VALUES (2, 20, '{}')")
    store.next_seq = 50
    monkeypatch.setattr(store, "rows", counted)
    bounds = {3: None, 4: 4, 5: 4, 14: 4, 15: 15, 29: 15, 30: 30, 49: 30}
    for order in (sorted(bounds), sorted(bounds, reverse=True), [5, 49, 29, 3, 14, 30, 15, 4]):
        unit = StoreUnit(store, {}, {})
        ada = unit.user("ada")
        assert {bound: unit.profile(ada, bound).get("n") for bound in order} == bounds
        asked.clear()
        assert {bound: unit.profile(ada, bound).get("n") for bound in order} == bounds
        # What was read is remembered.
        assert not any(asked)


def test_what_is_learned_is_added_to_the_newest_whatever_was_asked_for_before(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    bench.event("identify", 1, plan="free", seats=1)
    bench.event("identify", 2, plan="pro")
    bench.write()
    unit = bench.batch.unit
    ada = unit.user("ada")
    assert unit.profile(ada, 1) == {"plan": "free", "seats": 1}
    bench.event("identify", 3, city="Bern")
    assert unit.profile(ada, 3) == {"plan": "pro", "seats": 1, "city": "Bern"}
    assert unit.profile(ada, 2) == {"plan": "pro", "seats": 1}
    assert unit.profile(ada, 1) == {"plan": "free", "seats": 1}
    # The first e-mail is taken, and a later one only from `identify`; an id of the data's own is none.
    bench.event("paid", 4, email="first@x", id="other")
    bench.event("paid", 5, email="second@x")
    bench.event("paid", 6, email=7)
    assert unit.profile(ada, 6)["email"] == "first@x"
    bench.event("identify", 7, email="third@x", id="other")
    assert unit.profile(ada, 9) == {"plan": "pro", "seats": 1, "city": "Bern", "email": "third@x"}
    # What says nothing new leaves no row.
    bench.event("identify", 8, plan="pro")
    bench.event("identify", 9)
    bench.write()
    assert [row[1] for row in bench.table("profiles", "seq")] == [1, 2, 3, 4, 7]
    assert compare(tmp_path / "a.db") == []


# -- what was read ---------------------------------------------------------------------------


def test_an_event_that_is_read_again_is_what_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    sent = incoming("paid", "ada", {"n": 1}, id="p1", sent_at=77)
    taken = bench.batch.event(sent, 90)
    bench.write()
    unit = bench.batch.unit
    ada = unit.user("ada")
    (listed,) = unit.events(ada, names("paid"), None, 0, 9)
    for event in (unit.event(taken.seq), listed):
        assert (event.seq, event.name, event.user, event.at_ms) == (taken.seq, "paid", "ada", 90)
        assert (event.id, event.sent_at, dict(event.data)) == ("p1", 77, {"n": 1})


@workflow(trigger="go")
async def waits_anew(journey: Journey) -> None:
    await journey.wait_for("a", past=False)
    await journey.wait_for("b", past=False)


def test_a_first_pass_is_known_without_reading_when_its_first_wait_is_the_newest_that_happened(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path / "a.db", waits_anew)

    def known(name: str) -> tuple[bool, tuple[int, int, int]]:
        """Whether the pass is known with its wait; and where it begins."""
        bench.write()
        unit = bench.batch.unit
        (wait,) = unit.waits_for(unit.user("ada"), unit.name_id(name))
        journey = wait.journey
        loaded = journey.loaded
        unit.load_passes((journey,))
        assert journey.opened == {wait.key: wait}
        return loaded, journey.start

    bench.event("go", 10)
    assert known("a") == (True, (10, 1, 0))
    bench.event("a", 20)
    assert known("b") == (False, (10, 1, 0))
    bench.event("b", 30)
    # A later pass may begin behind its cause.
    seq = bench.batch.unit.seq
    bench.event("go", 40)
    assert known("a") == (False, (40, seq, 0))


# -- one batch or many -----------------------------------------------------------------------


@workflow(trigger=["go", "again"], key="k", again=True, exit_on=["out", "leave*"])
async def by_key(journey: Journey) -> Any:
    seen = [await journey.wait_for(["paid", "pay*"], {"n": n}, timeout="3s") for n in range(2)]
    once = await journey.step("charge", len, "four", once=True)
    twice = await journey.step("count", len, "seven", retries=1, id="the count")
    if journey.pass_number == 1:
        await journey.new_pass()
    journey.note(f"{journey.user.get('email')} {journey.user.get('plan')}")
    return [[one.first["n"] if one.first else None for one in seen], once, twice]


@workflow(trigger="go")
async def in_groups(journey: Journey) -> None:
    while True:
        plan = journey.user.get("plan")
        one, two, _ = await journey.wait_any(
            journey.wait_for("paid"),
            journey.wait_all(journey.wait_for("a"), journey.wait_for("b", id=f"b {journey.pass_number}")),
            journey.sleep("5s"),
        )
        journey.log(f"{len(one)} {two} {len(journey.events('paid'))} {plan} {journey.user}")
        await journey.ingest("told", {"n": len(one)}, id=f"{journey.user.id} {len(one)}")
        await journey.ingest("echo", user="bob")
        if not one:
            return


@workflow(trigger="echo", exit_on="told")
async def fan_out(journey: Journey) -> None:
    await journey.wait_for("*", past="ever")
    await journey.wait_for("paid", {"email": journey.user.get("email")}, timeout="1s")


def live(bench: Bench, each_alone: bool) -> None:
    """Much comes, in one batch, or each in a batch of its own."""

    def next_one() -> None:
        if each_alone:
            bench.write()

    def send(name: str, at: int, user: str = "ada", **data: Any) -> None:
        bench.event(name, at, user, **data)
        next_one()

    for user in ("ada", "bob"):
        send("go", 0, user, k=1)
        send("again", 1, user, k=2, email=f"{user}@home")
        send("paid", 2, user, k=1, n=0)
        send("identify", 3, user, plan="gold")
    send("payed", 4, n=0)
    send("payed", 5, n=1, k=2)
    bench.result(6, result="4")
    next_one()
    bench.result(7, type="Refused", message="no")
    next_one()
    bench.timer()
    next_one()
    for at in (1_100, 1_101):
        bench.result(at, result="5")
        next_one()
    send("a", 1_200, "bob")
    send("b", 1_201, "bob")
    send("identify", 1_202, "bob", email="bob@work", plan=None)
    send("paid", 1_203, "bob", n=7)
    for _ in range(5):
        bench.timer(late=3)
        next_one()
    send("leave now", 9_000, k=2)
    send("go", 9_001, k=2)
    send("again", 9_002, "eve", k={"b": [1, "2"]})
    send("out", 9_003, "eve")
    send("again", 9_004, "eve", k={"b": [1, "2"]})
    bench.batch.unit.user("nobody")
    bench.write()


TABLES = {
    "history": "seq",
    "names": "id",
    "users": "id",
    "journeys": "id",
    "waits": "id",
    "profiles": "user, seq",
    "totals": "workflow, kind",
}


def test_causes_in_one_batch_leave_what_they_leave_each_in_a_batch_of_its_own(tmp_path: Path) -> None:
    found = []
    for name, each_alone in (("one", False), ("many", True)):
        bench = Bench(tmp_path / f"{name}.db", by_key, in_groups, fan_out)
        bench.store.salt = bench.store.seed = "the same"
        live(bench, each_alone)
        bench.store.close()
        assert compare(tmp_path / f"{name}.db") == []
        found.append(
            {table: Bench(tmp_path / f"{name}.db").table(table, order) for table, order in TABLES.items()}
        )
        # A total may say that there is none.
        found[-1]["totals"] = [row for row in found[-1]["totals"] if row[-1]]
    for table in TABLES:
        assert found[0][table] == found[1][table], table
    kinds = [KIND_TEXT[row[2]] for row in found[0]["history"]]
    for kind in ("journey.pass", "journey.completed", "journey.exited", "step.retry", "event.duplicate"):
        assert kind in kinds


def test_each_entry_counts_once_for_its_workflow_and_once_for_all(store: Store) -> None:
    unit = StoreUnit(store, {}, {})
    first = unit.append(5, Kind.CLOCK_MOVED, None, None)
    assert first == store.next_seq
    unit.append(6, Kind.CLOCK_MOVED, None, None)
    unit.append(7, Kind.EVENT, 1, None)
    changes = unit.finish()
    assert [row[0] for row in changes.history] == [first, first + 1, first + 2]
    assert sorted(changes.totals) == sorted([(0, Kind.CLOCK_MOVED, 2), (0, Kind.EVENT, 1)])


def test_what_journeys_recorded_counts_for_their_workflow(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db", waits_for_paid)
    for user in ("ada", "bob"):
        bench.event("go", user=user)
    unit = bench.batch.unit
    workflow = unit.name_id("waits for paid")
    totals = {(of, kind): n for of, kind, n in unit.finish().totals}
    assert totals[workflow, Kind.STARTED] == totals[0, Kind.STARTED] == 2
    assert totals[workflow, Kind.WAIT_OPENED] == 2
    assert totals[0, Kind.EVENT] == 2
    assert (workflow, Kind.EVENT) not in totals


def test_only_a_store_of_before_ids_were_escaped_may_have_plain_ones(store: Store) -> None:
    unit, found = StoreUnit(store, {}, {}), []
    for bounds in (store.id_bounds, (7,)):
        store.id_bounds = bounds
        found.append(unit.has_plain_ids)
    assert found == [False, True]
    assert (unit.seed, unit.salt) == (store.seed, store.salt)
