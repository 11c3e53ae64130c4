"""A user who is erased is nowhere any more."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, StudioClock, VirtualClock
from studio.errors import StoreError, StoreLocked
from studio.store import erase as module
from studio.store.approvals import FORMER, done_steps
from studio.store.connect import connect_reader
from studio.store.database import open_database
from studio.store.doctor import examine
from studio.store.erase import erase
from studio.store.lock import alone_on
from studio.store.rebuild import compare
from studio.store.snapshots import keep_snapshot, snapshots
from studio.store.views import Views
from tests.engine.rewinding import engine_on, send
from tests.engine.support import python
from tests.store.build import START
from tests.store.lived import lived
from tests.store.lives import guest, welcome
from tests.store.shop import store as shop_store

TRACES = (b"Zelda-Quux", b"zelda.quux")


def files_that_name(folder: Path) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(trace in path.read_bytes() for trace in TRACES)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return lived(tmp_path / "studio.db")


def test_no_byte_of_an_erased_user_is_left_in_any_file(store: Path) -> None:
    lines = [{"event": "signup", "user": name, "data": "{}"} for name in ("Zelda-Quux", "Bob-Bob")]
    lines.append({"event": "x", "user": "Bob-Bob", "data": '{"to": "zelda.quux@example.com"}'})
    sent = store.with_name("studio.db.sent")
    sent.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no line\n[1]\n7\n")
    store.with_name("studio.4.db.part").write_bytes(b"Zelda-Quux")
    assert sorted(files_that_name(store.parent)) == ["studio.4.db.part", "studio.db", "studio.db.sent"]
    size = store.stat().st_size
    told = erase(store, "Zelda-Quux")
    assert files_that_name(store.parent) == []
    assert told.freed == size - store.stat().st_size + len(b"Zelda-Quux")
    assert (told.journeys, told.inbox, told.sent, told.snapshots, told.mentions) == (2, 1, 2, 0, 0)
    assert told.entries > 10
    assert sent.read_text() == json.dumps(lines[1]) + "\nno line\n[1]\n7\n"
    assert compare(store) == []
    with Views(store) as views:
        assert views.user("Zelda-Quux") is None
        assert views.totals().users == 2
        (erased,) = [e for e in views.entries(limit=1_000) if e.kind == "user.erased"]
        assert erased.data == {"entries": told.entries, "journeys": 2}
        assert [e.name for e in views.timeline("Bob-Bob") if e.kind == "event"] == ["invited"]


def test_others_go_on_as_before_and_send_nothing_twice(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"

    async def first(clock: VirtualClock) -> None:
        async with Engine([welcome, guest], store=store, clock=clock) as engine:
            await engine.ingest("signup", "Carol-Carol", {"friend": "xuuQ-adleZ"})
            await engine.run_until_idle()

    async def then(clock: VirtualClock) -> None:
        async with Engine([welcome, guest], store=store, clock=clock) as engine:
            await engine.ingest("activated", "Carol-Carol", {"plan": "pro"})
            await engine.run_until_idle()

    asyncio.run(first(VirtualClock(START)))
    erase(store, "Zelda-Quux")
    asyncio.run(then(VirtualClock(START)))
    with Views(store) as views:
        assert views.user("Zelda-Quux") is None
        assert views.journey("welcome/Carol-Carol").status == "completed"  # type: ignore[union-attr]
        assert [e.name for e in views.entries(limit=1_000) if e.kind == "event"] == [
            "signup",
            "invited",
            "activated",
        ]
    assert compare(store) == []


def test_each_user_in_turn_can_be_erased(store: Path) -> None:
    for left, name in ((2, "Carol-Carol"), (1, "Bob-Bob"), (0, "Zelda-Quux")):
        erase(store, name)
        assert compare(store) == []
        with Views(store) as views:
            assert views.totals().users == left
    assert files_that_name(store.parent) == []


def test_snapshots_and_what_was_rewound_forget_the_user_too(tmp_path: Path) -> None:
    store = lived(tmp_path / "studio.db", inbox=False)

    async def rewind() -> None:
        async with Engine([welcome, guest], store=store, clock=StudioClock()) as engine:
            await engine.rewind(3)

    asyncio.run(rewind())
    con = connect_reader(store)
    former = [
        value for (value,) in con.execute("SELECT value FROM meta WHERE key LIKE 'former/%'").fetchall()
    ]
    con.close()
    assert len(former) == 2
    assert set(files_that_name(tmp_path)) == {"studio.1.db", "studio.db"}
    told = erase(store, "Zelda-Quux")
    assert told.snapshots == 1
    assert files_that_name(tmp_path) == []
    con = connect_reader(store)
    (kept,) = con.execute("SELECT value FROM meta WHERE key LIKE 'former/%'").fetchall()
    con.close()
    assert "carol@example.com" in kept[0]
    (snapshot,) = snapshots(store)
    assert compare(snapshot.path) == compare(store) == []


def test_what_others_say_of_the_user_is_told_and_left(store: Path) -> None:
    con = sqlite3.connect(store)
    with con:
        con.execute(
            "UPDATE history SET data = 'met zelda.quux@example.com' WHERE kind = 41 AND data LIKE '%carol%'"
        )
    con.close()
    assert erase(store, "Zelda-Quux").mentions == 1


def test_who_was_never_there_cannot_be_erased_and_nothing_changes(store: Path) -> None:
    before = store.read_bytes()
    with pytest.raises(StoreError, match="there is no user 'nobody'"):
        erase(store, "nobody")
    assert store.read_bytes() == before
    missing = store.with_name("none.db")
    with pytest.raises(StoreError, match="there is no store here"):
        erase(missing, "nobody")
    assert not missing.exists()


def test_nothing_is_erased_while_an_engine_runs(store: Path) -> None:
    with alone_on(store), pytest.raises(StoreLocked):
        erase(store, "Zelda-Quux")
    with Views(store) as views:
        assert views.user("Zelda-Quux") is not None


def test_nothing_is_erased_while_another_program_reads(store: Path) -> None:
    con = open_database(store)
    reader = sqlite3.connect(store, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM history").fetchone()
    # What the log holds is needed by the reader: it cannot be emptied.
    con.execute("INSERT INTO meta VALUES ('written', 'since')")
    con.close()
    with pytest.raises(StoreError, match="another program reads the store"):
        erase(store, "Zelda-Quux")
    reader.execute("ROLLBACK")
    reader.close()
    with Views(store) as views:
        assert views.user("Zelda-Quux") is not None
    erase(store, "Zelda-Quux")
    assert files_that_name(store.parent) == []


@pytest.mark.parametrize("email", ["", 7, None, ["a@b.c"]])
def test_an_email_that_is_none_takes_nothing_of_others_along(tmp_path: Path, email: object) -> None:
    path = shop_store(tmp_path / "s.db")
    path.with_name("s.db.sent").write_text('{"event": "go", "user": "bob", "data": ""}\n')
    con = sqlite3.connect(path)
    with con:
        con.execute(
            "UPDATE profiles SET profile = ? WHERE user = (SELECT id FROM users WHERE name = 'ann')",
            (json.dumps({"email": email}),),
        )
    con.close()
    told = erase(path, "ann")
    assert (told.sent, told.mentions, told.journeys) == (0, 0, 1)


def test_former_results_of_the_users_steps_go_though_they_name_nobody(tmp_path: Path) -> None:
    path = shop_store(tmp_path / "s.db")
    con = sqlite3.connect(path)
    with con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('salt', 'salt')")
        tokens = {}
        for user in ("ann", "bob"):
            (id,) = con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
            ((tokens[user], _),) = done_steps(con, "salt", 0, id)
            con.execute("INSERT INTO meta VALUES (?, '{\"result\":1}')", (FORMER + tokens[user],))
    con.close()
    erase(path, "ann")
    con = sqlite3.connect(path)
    left = con.execute("SELECT key FROM meta WHERE key LIKE 'former/%'").fetchall()
    con.close()
    assert left == [(FORMER + tokens["bob"],)]


def test_a_fault_in_the_midst_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop_store(tmp_path / "s.db")
    monkeypatch.setattr(module, "MENTIONS", "SELECT nowhere")
    with pytest.raises(StoreError, match="no such column"):
        erase(path, "ann")
    with Views(path) as views:
        assert views.user("ann") is not None
    assert compare(path) == []


KILLED_AT = """
import os, sys
from pathlib import Path
from studio.store import erase as module

place, turn = sys.argv[2], int(sys.argv[3])
plain, calls = getattr(module, place), 0

def kill(*args, **more):
    global calls
    calls += 1
    if calls == turn:
        os._exit(9)
    return plain(*args, **more)

setattr(module, place, kill)
module.erase(Path(sys.argv[1]), "Zelda-Quux")
"""


@pytest.mark.parametrize(
    ("place", "turn"), [("_erase_in", 1), ("_erase_in", 2), ("give_back", 1), ("give_back", 2), ("_tidy", 1)]
)
def test_an_erasure_that_was_killed_is_ended_by_calling_it_again(place: str, turn: int, store: Path) -> None:
    con = open_database(store)
    keep_snapshot(con, store, "a try", 0)
    con.close()
    killed = python(KILLED_AT, str(store), place, str(turn))
    assert killed.returncode == 9, killed.stderr
    over = [each.check for each in examine(store) if each.check == "erase"]
    assert over == (["erase"] if place != "_erase_in" else [])
    erase(store, "Zelda-Quux")
    assert files_that_name(store.parent) == []
    assert sorted(path.name for path in store.parent.iterdir() if "-" in path.name) == []
    assert compare(store) == []
    assert [each.check for each in examine(store) if each.check == "erase"] == []
    with pytest.raises(StoreError, match="there is no user"):
        erase(store, "Zelda-Quux")


def test_only_the_erasure_that_was_cut_off_is_ended(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "give_back", lambda con, path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(store, "Zelda-Quux")
    with pytest.raises(StoreError, match="there is no user 'nobody'"):
        erase(store, "nobody")
    assert not erase(store, "Zelda-Quux").anything


async def test_what_was_undone_of_a_user_goes_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with engine_on(path) as engine:
        await send(engine, "bye", "bob")
        await send(engine, "bye", "ann")
        await engine.undo()
    assert erase(path, "ann").entries == 1
    with pytest.raises(StoreError, match="there is no user 'ann'"):
        erase(path, "ann")
    assert erase(path, "bob").entries == 1


def test_acts_done_to_the_user_go_and_those_done_to_others_stay(store: Path) -> None:
    acts = [{"seq": 1, "user": "Bob-Bob"}, {"seq": 2, "user": "Zelda-Quux"}, {"seq": 3, "user": ""}]
    con = sqlite3.connect(store)
    with con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('acts', ?)", (json.dumps(acts),))
    con.close()
    erase(store, "Zelda-Quux")
    con = connect_reader(store)
    (left,) = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()
    con.close()
    assert json.loads(left) == [acts[0], acts[2]]


def test_what_was_sent_to_others_is_not_written_anew(store: Path) -> None:
    sent = store.with_name("studio.db.sent")
    sent.write_text(json.dumps({"event": "signup", "user": "Bob-Bob"}) + "\n")
    before = sent.stat().st_ino
    assert erase(store, "Zelda-Quux").sent == 0
    assert sent.stat().st_ino == before
