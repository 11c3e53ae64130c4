"""A user who is erased is nowhere any more."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, StudioClock, VirtualClock
from studio.errors import StoreError, StoreLocked
from studio.store.connect import connect_reader
from studio.store.erase import erase
from studio.store.lock import alone_on
from studio.store.rebuild import compare
from studio.store.snapshots import snapshots
from studio.store.views import Views
from tests.store.build import START
from tests.store.lived import lived
from tests.store.lives import guest, welcome

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
    sent.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no line\n")
    store.with_name("studio.4.db.part").write_bytes(b"Zelda-Quux")
    assert sorted(files_that_name(store.parent)) == ["studio.4.db.part", "studio.db", "studio.db.sent"]
    told = erase(store, "Zelda-Quux")
    assert files_that_name(store.parent) == []
    assert (told.journeys, told.inbox, told.sent, told.snapshots, told.mentions) == (2, 1, 2, 0, 0)
    assert told.entries > 10
    assert sent.read_text() == json.dumps(lines[1]) + "\nno line\n"
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
