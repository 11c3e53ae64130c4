"""A history that was exported and imported is the same history."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.errors import StoreError, StoreLocked
from studio.store.checksums import add_checksums, find_damaged
from studio.store.connect import connect_reader
from studio.store.lock import alone_on
from studio.store.rebuild import compare
from studio.store.transfer import Imported, export, take_in
from studio.store.views import Views
from tests.engine.bench import Bench
from tests.store.build import START, small
from tests.store.lived import lived
from tests.store.lives import guest, welcome

HEAD = b'{"journey-studio": 1, "salt": "", "clock": {}, "last_at": 0}'


def bytes_of(lines: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in lines]


def history(path: Path) -> list[Any]:
    con = connect_reader(path)
    try:
        return con.execute(
            "SELECT h.seq, h.at, h.kind, u.name, h.journey, h.pass, e.text, h.n, p.text, h.cause, c.hash,"
            " h.late, h.id, h.data, h.meta FROM history h LEFT JOIN users u ON u.id = h.user"
            " LEFT JOIN names e ON e.id = h.name LEFT JOIN names p ON p.id = h.place"
            " LEFT JOIN codes c ON c.id = h.code ORDER BY h.seq"
        ).fetchall()
    finally:
        con.close()


async def go_on(path: Path) -> list[str]:
    """Let a year pass; what happened to Bob-Bob then."""
    async with Engine([welcome, guest], store=path, clock=VirtualClock(START)) as engine:
        await engine.ingest("invited", "Bob-Bob")
        await engine.forward("500d")
    with Views(path) as views:
        return [
            f"{e.kind} {e.name} {None if e.kind == 'event' else e.pass_number}"
            for e in views.timeline("Bob-Bob")
        ]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return lived(tmp_path / "studio.db", inbox=False)


@pytest.mark.parametrize("which", ["small", "lived"])
def test_a_whole_history_comes_back_as_it_was(which: str, tmp_path: Path, store: Path) -> None:
    source = store if which == "lived" else small(tmp_path / "small.db")
    copy = tmp_path / "copy.db"
    told = take_in(copy, bytes_of(export(source)), "file")
    assert history(copy) == history(source)
    assert (told.users, told.same_salt) == (3 if which == "lived" else 2, True)
    assert compare(copy) == []
    with Views(source) as before, Views(copy) as after:
        assert after.totals() == before.totals()
        assert [after.timeline(name) for name in ("Bob-Bob", "ada")] == [
            before.timeline(name) for name in ("Bob-Bob", "ada")
        ]
    if which == "lived":
        assert asyncio.run(go_on(copy)) == asyncio.run(go_on(source))
        assert compare(copy) == []


def test_one_user_moves_to_a_store_where_others_live(store: Path, tmp_path: Path) -> None:
    other = small(tmp_path / "other.db")
    for name in ("Bob-Bob", "Zelda-Quux", "Carol-Carol"):
        told = take_in(other, bytes_of(export(store, name)), "file")
        assert (told.users, told.same_salt) == (1, False)
        assert compare(other) == []
        with Views(store) as before, Views(other) as after:
            assert [(e.at, e.kind, e.name, e.message) for e in after.timeline(name) if e.journey] == [
                (e.at, e.kind, e.name, e.message)
                for e in before.timeline(name)
                if e.journey and not (e.kind == "event" and e.name == "invited" and e.user == name)
            ]
    came = asyncio.run(go_on(other))
    stayed = asyncio.run(go_on(store))
    assert came == stayed
    assert "wait.matched invited 1" in came
    assert compare(other) == []


def test_each_entry_that_came_has_one_sum_of_its_own(store: Path, tmp_path: Path) -> None:
    other = small(tmp_path / "other.db")
    con = sqlite3.connect(other)
    with con:
        (before,) = con.execute("SELECT max(seq) FROM history").fetchone()
        add_checksums(con, 1, before)
    take_in(other, bytes_of(export(store, "Bob-Bob")), "file")
    came = con.execute("SELECT min(seq), max(seq) FROM history WHERE seq > ?", (before,)).fetchone()
    spans = con.execute("SELECT first, last FROM checksums ORDER BY last").fetchall()
    damaged = list(find_damaged(con))
    con.close()
    assert spans == [(1, before), came]
    assert damaged == []


def test_who_is_there_already_is_refused_and_nothing_changes(store: Path) -> None:
    before = history(store)
    with pytest.raises(StoreError, match="'Zelda-Quux' already exists"):
        take_in(store, bytes_of(export(store)), "file")
    assert history(store) == before
    assert compare(store) == []
    with alone_on(store), pytest.raises(StoreLocked):
        take_in(store, [], "file")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "there is nothing in it"),
        ([b'{"event": "signup", "user": "ada"}'], "file:1: the line is not part of an export"),
        ([b'{"journey-studio": 99}'], "format 99, this version reads 1"),
        ([b"[1]"], "file:1"),
        ([HEAD, b'{"seq": 1'], "file:2"),
        (
            [HEAD, b'{"seq": "x", "kind": 1}'],
            "file:2",
        ),
        (
            [HEAD, b'{"seq": 1, "at": 1, "kind": 50, "journey": 1, "data": [1]}'],
            "its entries make no history",
        ),
        ([HEAD, b'{"seq": 1, "at": 1, "kind": 41, "data_text": "\\ud800"}'], "file:2"),
    ],
)
def test_what_is_no_export_is_named_by_its_line_and_makes_no_store(
    lines: list[bytes], says: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match=says):
        take_in(tmp_path / "new.db", lines, "file")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_user_and_an_empty_store(store: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no user 'nobody'"):
        list(export(store, "nobody"))
    head = {"journey-studio": 1, "salt": "x", "clock": {}, "last_at": 0}
    assert take_in(tmp_path / "empty.db", bytes_of([head]), "file") == Imported(0, 0, 0, 0, True)


@workflow(trigger="go")
async def looks_back(journey: Journey) -> None:
    await journey.ingest("told")
    await journey.wait_for("ready")
    await journey.wait_for("paid")
    await journey.wait_for("never")


def pointed(path: Path, user: str) -> list[tuple[str, str, int, str | None]]:
    """What the entries of a user point at: kind, field, and moment and name of the entry that is meant."""
    with Views(path) as views:
        found = views.entries(limit=1_000, user=user)
        at = {entry.seq: entry for entry in views.entries(limit=1_000)}
    con = sqlite3.connect(path)
    try:
        texts = dict(con.execute("SELECT seq, data FROM history WHERE data LIKE '{%'").fetchall())
    finally:
        con.close()
    return [
        (entry.kind, field, at[seq].at, at[seq].name)
        for entry in found
        for field, seq in json.loads(texts.get(entry.seq, "{}")).items()
        if field in ("after", "first", "bound", "trigger")
    ]


def test_what_points_at_other_entries_points_at_the_same_where_it_has_come_to(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "from.db", looks_back)
    bench.event("paid", 1, "yan")
    bench.event("go", 2, "yan")
    bench.event("ready", 3, "yan")
    bench.write()
    before = pointed(bench.store.path, "yan")
    assert before == [
        ("wait.opened", "after", 2, "told"),
        ("wait.matched", "first", 1, "paid"),
    ]
    other = small(tmp_path / "other.db")
    take_in(other, bytes_of(export(bench.store.path, "yan")), "file")
    assert pointed(other, "yan") == before
