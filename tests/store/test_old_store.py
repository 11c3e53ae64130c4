"""A store that version 0.1.0 has made is opened and goes on as it would have there."""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path
from uuid import UUID

import pytest

from studio import Engine, VirtualClock
from studio.errors import JourneyError
from studio.store.database import open_database
from studio.store.erase import erase
from studio.store.snapshots import fork_store
from studio.store.transfer import export, take_in
from studio.store.views import Views
from tests.engine.support import entries, settled, sound
from tests.store.data import journeys_0_1_0 as journeys
from tests.store.old_store import unpack

ID = re.compile(r"id=(\S+) uuid=(\S+) random=(\S+)")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return unpack(tmp_path)


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    journeys.DONE.clear()


def engine_on(store: Path) -> Engine:
    # It goes on at the moment to which the store had come.
    return Engine(journeys.ALL, store=store, clock=VirtualClock(0))


def release(store: Path) -> None:
    """Let steps run in a fork."""
    con = open_database(store)
    con.execute("DELETE FROM meta WHERE key = 'hold' OR key LIKE 'held/%'")
    con.close()


def said(store: Path, user: str) -> list[str]:
    return [entry.message or "" for entry in entries(store, "log", user=user)]


def drawn(store: Path, user: str) -> list[tuple[str, ...]]:
    """What a user's journeys said of their id, and what they have drawn by chance."""
    return [found.groups() for line in said(store, user) if (found := ID.search(line))]


def hashed(salt: str, id: str, kind: str, n: int) -> bytes:
    """What version 0.1.0 drew for a journey, the `n`th time in its first pass."""
    return hashlib.blake2b(f"{salt}\0{id}\0001\0{kind}#{n}".encode(), digest_size=32).digest()


async def goes_on(store: Path) -> None:
    """What waits in a store of before ends there, with the ids, keys and chances that it had there."""
    salt = "629c4814712e3eca"
    before = {user: drawn(store, user) for user in ("org/1", "org", "plain", "eve", "eve~2")}
    async with engine_on(store) as engine:
        for user in ("org/1", "org", "plain"):
            await engine.ingest("cart/bought", user)
        await engine.ingest("stop", "eve~2")
        await settled(engine)
        await engine.forward("20d")
        await settled(engine)
    sound(store)
    for user in ("org/1", "org", "plain"):
        later = drawn(store, user)[len(before[user]) :]
        assert len(later) == len(before[user])
        assert [id for id, _, _ in later] == [id for id, _, _ in before[user]]
        for id, uuid, number in later:
            assert uuid == str(UUID(bytes=hashed(salt, id, "uuid", 1)[:16], version=4))
            assert number == repr(random.Random(hashed(salt, id, "random", 1)).random())
    # The result of the first step was recorded, and only the second is run.
    paid = [(what, key) for what, key in journeys.DONE if what.startswith("pay")]
    ids = [id for user in ("org/1", "org", "plain") for id, _, _ in before[user]]
    scopes = [f"{salt}/{id}/1/step:pay#1" for id in ids]
    keys = [hashlib.blake2b(scope.encode(), digest_size=16).hexdigest() for scope in scopes]
    assert paid == [("pay later", key) for key in keys]
    with Views(store) as views:
        shown = {row.user: row.id for row in views.journeys(workflow="cart")}
        assert (shown["org/1"], shown["org"]) == ("cart/org/1/c", "cart/org/1/c")
        assert {e.journey for e in entries(store, "journey.completed", user="org")} == {"cart/org/1/c"}
    (waited,) = [line for line in said(store, "eve~2") if line.startswith("later")]
    assert waited.endswith("stopped=True")
    assert said(store, "eve")[-1].endswith("stopped=False")


async def test_open_waits_end_and_keep_their_id_and_their_chances(store: Path) -> None:
    await goes_on(store)


async def test_so_do_they_in_a_fork(store: Path, tmp_path: Path) -> None:
    # Of the file as it is, as from the command line; the program of before knew no escaped ids.
    fork_store(store, None, tmp_path / "fork.db", 1_750_000_000_000)
    release(tmp_path / "fork.db")
    await goes_on(tmp_path / "fork.db")


async def test_so_do_they_where_they_are_imported(store: Path, tmp_path: Path) -> None:
    lines = [json.dumps(line).encode() for line in export(store)]
    assert json.loads(lines[0])["escaped_ids"] == []
    take_in(tmp_path / "other.db", lines, "export")
    await goes_on(tmp_path / "other.db")


async def test_an_export_of_before_keeps_the_ids_of_its_journeys(store: Path, tmp_path: Path) -> None:
    lines = [json.dumps(line).encode() for line in export(store)]
    head = json.loads(lines[0])
    del head["escaped_ids"]
    path = tmp_path / "used.db"
    async with engine_on(path) as engine:
        await engine.ingest("cart/created", "new/1", {"cart_id": "c"})
    take_in(path, [json.dumps(head).encode(), *lines[1:]], "export")
    async with engine_on(path) as engine:
        await engine.ingest("cart/created", "new/2", {"cart_id": "c"})
        await engine.ingest("cart/bought", "org/1")
        await settled(engine)
    with Views(path) as views:
        shown = {row.user: row.id for row in views.journeys(workflow="cart")}
    assert (shown["new/1"], shown["new/2"]) == ("cart/new~/1/c", "cart/new~/2/c")
    assert [id for id, _, _ in drawn(path, "org/1")] == ["cart/org/1/c"] * 2


async def test_journeys_that_begin_now_are_told_apart(store: Path) -> None:
    async with engine_on(store) as engine:
        await engine.ingest("cart/created", "org/2", {"cart_id": "c"})
        await engine.ingest("cart/created", "org", {"cart_id": "2/c"})
        await engine.ingest("ping", "ada")
        await engine.ingest("ping", "ada~3")
        await settled(engine)
    carts = drawn(store, "org/2") + drawn(store, "org")[-1:]
    pings = drawn(store, "ada")[-1:] + drawn(store, "ada~3")
    for pair in (carts, pings):
        assert all(one != other for one, other in zip(*pair, strict=True)), pair
    assert [id for id, _, _ in pings] == ["ping/ada~3", "ping/ada~~3"]


async def test_numbers_of_journeys_are_not_given_out_again(store: Path) -> None:
    async with engine_on(store) as engine:
        # The journey of leo/1 was the last of before; it began anew after the cut, and is another.
        first = min(e.seq for e in entries(store, "event", user="leo/1"))
        await engine.rewind(first - 1)
        await engine.release_steps()
        await engine.ingest("crash", "leo/1")
        await settled(engine)
    sound(store)
    assert [id for id, _, _ in drawn(store, "leo/1")] == ["crashing/leo~/1"]


async def test_a_step_of_before_that_a_rewind_takes_away_answers_the_journey_that_begins_anew(
    store: Path,
) -> None:
    async with engine_on(store) as engine:
        await settled(engine)
        ((_, key),) = journeys.DONE
        first = min(e.seq for e in entries(store, "event", user="leo/1"))
        await engine.rewind(first - 1)
        await engine.release_steps()
        await engine.ingest("crash", "leo/1")
        await settled(engine)
        (ended,) = entries(store, "journey.completed", user="leo/1")
    assert ended.data["result"] == {"key": key}
    assert len(journeys.DONE) == 1


async def test_an_act_with_an_id_of_before_ends_the_one_that_has_it_or_none(store: Path) -> None:
    async with engine_on(store) as engine:
        for id in ("cart/org/1/c", "again/eve~2", "cart/plain/7"):
            with pytest.raises(JourneyError, match="the id of 2 journeys"):
                await engine.cancel(id)
        await engine.cancel("remind/max/1")
        await engine.cancel("cart/org~/1/c")
        await engine.cancel("again//eve~2")
    with Views(store) as views:
        status = {(row.user, row.number): row.status for row in views.journeys()}
    assert [user for (user, _), each in status.items() if each == "cancelled"] == ["org/1", "eve", "max/1"]


async def test_an_act_that_was_asked_for_before_is_done(store: Path) -> None:
    con = open_database(store)
    con.execute(
        "INSERT INTO inbox (at, kind, body) VALUES (0, 'cancel', ?)",
        (json.dumps({"journey": "remind/max/1"}),),
    )
    con.close()
    async with engine_on(store) as engine:
        await settled(engine)
    with Views(store) as views:
        assert [row.status for row in views.journeys(user="max/1")] == ["cancelled"]


async def test_erasing_takes_what_was_asked_by_any_spelling_of_the_id(store: Path) -> None:
    con = open_database(store)
    for id in ("remind/max/1", "remind/max~/1", "remind//max~/1"):
        con.execute(
            "INSERT INTO inbox (at, kind, body) VALUES (0, 'cancel', ?)", (json.dumps({"journey": id}),)
        )
    con.close()
    assert erase(store, "max/1").inbox == 3


async def test_a_reader_of_the_old_file_shows_the_ids_of_before(store: Path) -> None:
    with Views(store) as views:
        assert views.journeys(user="org/1")[0].id == "cart/org/1/c"
        assert {wait.journey for wait in views.waits(user="org")} == {"cart/org/1/c"}
        found = views.journey("remind/max/1")
        assert found is not None
        assert found.user == "max/1"
        with pytest.raises(JourneyError, match="the id of 2 journeys"):
            views.journey("cart/org/1/c")


async def test_a_step_that_ran_when_the_process_died_runs_again_with_the_same_key(store: Path) -> None:
    async with engine_on(store) as engine:
        await settled(engine)
    sound(store)
    ((what, key),) = journeys.DONE
    assert (what, key) == ("crash", "1bb6e0a71aaeae8078245048af0f83b6")
    (done,) = entries(store, "journey.completed", user="leo/1")
    assert done.data["result"] == {"key": key}


async def test_sleeps_and_groups_end_at_their_own_time(store: Path) -> None:
    async with engine_on(store) as engine:
        await engine.forward("2d")
        await engine.ingest("right", "zoe", {"n": 1})
        await engine.ingest("any", "zoe")
        await engine.forward("1d")
        await settled(engine)
    sound(store)
    assert said(store, "zoe")[-1].endswith("False True True")


async def test_a_failed_journey_is_resumed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYS_MENDED", "yes")
    async with engine_on(store) as engine:
        await engine.resume("bad/kim")
        await settled(engine)
    sound(store)
    with Views(store) as views:
        (row,) = views.journeys(user="kim")
    assert row.status == "completed"
    assert len(drawn(store, "kim")) == 1, "what was said before the failure is not said again"


async def test_what_a_rewind_took_away_answers_the_step_when_it_comes_again(store: Path) -> None:
    async with engine_on(store) as engine:
        await settled(engine)
        journeys.DONE.clear()
        for user in ("rita/1", "rita"):
            await engine.ingest("pay", user, {"order": 1})
        await settled(engine)
    sound(store)
    assert journeys.DONE == []
    keys = [e.data["result"]["key"] for e in entries(store, "journey.completed") if "key" in e.data["result"]]
    assert len(set(keys)) == 3


async def test_an_event_whose_id_was_taken_is_recorded_at_the_next_drive(store: Path) -> None:
    async with engine_on(store) as engine:
        await settled(engine)
        assert entries(store, "event.duplicate") == []
        await engine.ingest("ok", "max/1")
        await settled(engine)
    sound(store)
    (kept,) = entries(store, "event.duplicate")
    began, *_ = entries(store, "journey.started", user="max/1")
    # Where the journey came past it, not where it was recorded.
    assert (kept.user, kept.at, kept.name) == ("max/1", began.at, "reminder")
    assert [e.name for e in entries(store, "event", user="max/1")] == ["remind", "ok"]
    assert len(drawn(store, "max/1")) == 1


async def test_its_snapshot_comes_back(store: Path) -> None:
    async with engine_on(store) as engine:
        (kept,) = await engine.snapshots()
        await engine.restore(kept.number)
        await engine.release_steps()
        await engine.ingest("cart/bought", "org/1")
        await settled(engine)
    sound(store)
    with Views(store) as views:
        (row,) = views.journeys(user="org/1")
        assert row.status == "completed"
        assert [row.status for row in views.journeys(user="rita/1")] == ["completed"]
