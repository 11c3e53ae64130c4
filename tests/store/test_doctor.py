"""A sound store is called sound, and what is wrong with one is named with what to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Engine, StudioClock, VirtualClock
from studio.clocks.clock import iso, wall_ms
from studio.errors import StoreError
from studio.language.incoming import incoming
from studio.store import doctor
from studio.store.checksums import add_checksums
from studio.store.database import WAL_LIMIT
from studio.store.doctor import DAY, LITTLE, CheckResult, examine
from studio.store.erase import ERASING
from studio.store.schema import VERSION
from studio.store.status import status
from studio.text.printable import show_bytes
from tests.store.build import START, small


def found(path: Path, *, full: bool = False) -> dict[str, CheckResult]:
    return {each.check: each for each in examine(path, full=full)}


def wrong(path: Path) -> dict[str, str]:
    return {check: each.verdict for check, each in found(path).items() if each.verdict != "ok"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


def test_a_sound_store_has_no_complaints(store: Path) -> None:
    before = store.read_bytes()
    assert [each.check for each in examine(store, full=True)] == [
        "version", "lock", "disk", "log", "snapshots", "clock", "integrity", "checksums", "derived",
    ]  # fmt: skip
    assert wrong(store) == {}
    assert store.read_bytes() == before


def test_each_fault_is_found_and_says_what_to_do(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = sqlite3.connect(store)
    with con:
        con.execute("UPDATE totals SET n = n + 1 WHERE workflow = 0 AND kind = 1")
        con.execute("INSERT INTO meta VALUES ('engine', '{\"pid\": 7, \"since\": 1}')")
        clock = {"studio": True, "at": START, "real": START, "rate": 0, "speed": 1, "paused": True}
        con.execute("INSERT INTO meta VALUES ('clock', ?)", (json.dumps(clock),))
        con.execute("INSERT INTO meta VALUES ('hold', '{\"why\": \"fork\"}')")
    con.close()
    store.with_name("studio.2.db").write_bytes(b"no database" * 100)
    store.with_name("studio.3.db.part-journal").touch()
    monkeypatch.setattr(doctor, "LITTLE", 1 << 60)
    assert wrong(store) == {
        "lock": "warn",
        "disk": "bad",
        "snapshots": "warn",
        "copies": "warn",
        "clock": "warn",
        "steps": "warn",
        "derived": "bad",
    }
    assert [each for each in examine(store) if each.verdict != "ok" and not each.fix] == []
    assert "pid 7" in found(store)["lock"].says


def test_a_damaged_file_is_bad_and_not_asked_further(store: Path) -> None:
    con = sqlite3.connect(store)
    (page,) = con.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    (size,) = con.execute("PRAGMA page_size").fetchone()
    con.close()
    with store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert wrong(store) == {"integrity": "bad"}
    store.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreError, match="not a database"):
        found(store)


def test_an_engine_that_runs_is_named_and_tells_how_it_gets_on(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    with Engine(store=store, clock=StudioClock()) as engine:
        assert status(store).engine is not None
        engine.submit([incoming("tick", "ada")]).result()
        assert found(store)["lock"].says.startswith("an engine runs: pid ")
        metrics = status(store).metrics
        assert metrics is not None
        assert (metrics.batch, metrics.queue, metrics.late_ms) == (1, 0, 0)
    after = status(store)
    assert (after.engine, after.metrics) == (None, None)
    assert wrong(store) == {}


def test_virtual_time_is_told(tmp_path: Path) -> None:
    with Engine(store=tmp_path / "studio.db", clock=VirtualClock(START)):
        pass
    assert found(tmp_path / "studio.db")["clock"].says == "virtual, at 2026-01-01T00:00:00.000Z"


def test_sizes_read_as_people_say_them() -> None:
    assert [show_bytes(n) for n in (0, 999, 1_000, 1_400_000, 5 * 10**15)] == [
        "0 B", "999 B", "1.0 kB", "1.4 MB", "5000.0 TB",
    ]  # fmt: skip


def put(store: Path, *statements: tuple[str, tuple[Any, ...]]) -> None:
    con = sqlite3.connect(store)
    with con:
        for statement, values in statements:
            con.execute(statement, values)
    con.close()


def meta(key: str, value: Any) -> tuple[str, tuple[Any, ...]]:
    return "INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value))


def said(finding: CheckResult) -> tuple[str, str]:
    return finding.verdict, finding.says


def test_an_empty_file_is_no_store_yet_and_is_not_asked_further(tmp_path: Path) -> None:
    (tmp_path / "s.db").touch()
    (only,) = examine(tmp_path / "s.db", full=True)
    assert said(only) == ("ok", "the file is empty; the first event makes it a store")


def test_a_store_of_before_is_looked_at_but_for_what_is_derived(store: Path) -> None:
    # The tables that it may lack are asked for by none of these.
    put(store, ("DELETE FROM _sqlite_migrations WHERE id = (SELECT max(id) FROM _sqlite_migrations)", ()))
    looks = found(store)
    assert said(looks["version"]) == ("warn", f"schema {VERSION - 1}, this version has {VERSION}")
    assert "integrity" in looks
    assert "derived" not in looks


def test_what_the_lock_says_of_the_engine(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(found(store)["lock"]) == ("ok", "free; no engine runs")
    put(store, *[("INSERT INTO inbox (at, kind, body) VALUES (1, 'event', '{}')", ())] * 2)
    assert said(found(store)["lock"]) == ("warn", "no engine runs; 2 in the inbox")
    put(store, meta("engine", {"pid": 7, "since": 1}))
    says = "free; the last engine (pid 7) did not end in order; 2 in the inbox"
    assert said(found(store)["lock"]) == ("warn", says)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid, expected in (
        (os.getpid(), ("ok", f"an engine runs: pid {os.getpid()}, since {iso(5)}; 2 in the inbox")),
        (0, ("ok", f"an engine runs: pid 0, since {iso(5)}; 2 in the inbox")),
        (ended.pid, ("warn", f"held, but not by the engine that is named (pid {ended.pid})")),
    ):
        monkeypatch.setattr(doctor, "engine_of", lambda path, pid=pid: (pid, 5))
        assert said(found(store)["lock"]) == expected


def test_an_engine_of_another_user_lives(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(pid: int, signal: int) -> None:
        assert signal == 0
        raise PermissionError

    monkeypatch.setattr(doctor, "engine_of", lambda path: (1, 5))
    monkeypatch.setattr(os, "kill", kill)
    assert found(store)["lock"].verdict == "ok"


@pytest.mark.parametrize(
    ("free", "verdict"),
    [
        (lambda size: LITTLE - 1, "bad"),
        (lambda size: LITTLE, "warn"),
        (lambda size: LITTLE + size - 1, "warn"),
        (lambda size: LITTLE + size, "ok"),
    ],
)
def test_the_disk_has_room_for_a_copy(
    free: Callable[[int], int], verdict: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = free(store.stat().st_size)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=left))
    assert found(store)["disk"].verdict == verdict


@pytest.mark.parametrize(("size", "verdict"), [(2 * WAL_LIMIT, "ok"), (2 * WAL_LIMIT + 1, "warn")])
def test_a_log_that_is_not_folded_in_is_told(
    size: int, verdict: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "size_of", lambda path: size if path.name.endswith("-wal") else 1)
    assert said(found(store)["log"]) == (verdict, f"the write-ahead log has {show_bytes(size)}")


def test_snapshots_are_counted(store: Path) -> None:
    assert said(found(store)["snapshots"]) == ("ok", "none")
    for number in (1, 2):
        shutil.copy(store, store.with_name(f"studio.{number}.db"))
    both = show_bytes(2 * store.stat().st_size)
    assert said(found(store)["snapshots"]) == ("ok", f"2, together {both}")
    store.with_name("studio.2.db").write_bytes(b"no database" * 100)
    assert said(found(store)["snapshots"]) == ("warn", "cannot be read: studio.2.db")


def test_an_erasure_that_was_cut_off_is_told(store: Path) -> None:
    put(store, meta(ERASING, "x"))
    assert wrong(store) == {"erase": "warn"}


@pytest.mark.parametrize(
    ("clock", "verdict"),
    [
        ({"virtual": True, "at": START}, "ok"),
        ({"virtual": True, "at": START, "paused": True}, "ok"),
        ({"studio": True, "at": START, "real": START, "rate": 1, "speed": 1, "paused": True}, "warn"),
    ],
)
def test_a_clock_that_stands_is_told_unless_it_is_virtual(
    store: Path, clock: dict[str, Any], verdict: str
) -> None:
    put(store, meta("clock", clock))
    assert found(store)["clock"].verdict == verdict


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(DAY, "ok"), (DAY + 1, "warn"), (-DAY, "ok"), (-DAY - 1, "warn")]
)
def test_a_clock_that_was_moved_for_days_is_told(
    store: Path, ahead: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = wall_ms()
    monkeypatch.setattr(doctor, "wall_ms", lambda: now)
    monkeypatch.setattr(doctor, "stamp", lambda con: now + ahead)
    assert found(store)["clock"].verdict == verdict
    assert iso(now + ahead) in found(store)["clock"].says


def test_steps_on_hold_are_counted_with_the_reason(store: Path) -> None:
    put(store, meta("hold", {"why": "fork"}))
    assert said(found(store)["steps"]) == ("warn", "steps are on hold after a fork; 0 wait")
    put(store, ("UPDATE meta SET value = '{}' WHERE key = 'hold'", ()))
    assert said(found(store)["steps"]) == ("warn", "steps are on hold after a rewind; 0 wait")


def test_what_cannot_be_read_is_a_fault_of_its_own(store: Path) -> None:
    put(store, ("INSERT INTO meta VALUES ('engine', 'no json')", ()), meta("clock", []))
    assert wrong(store) == {"lock": "bad", "clock": "bad"}
    assert found(store)["lock"].says.startswith(
        "what the store holds about it cannot be read (JSONDecodeError"
    )


def test_each_damaged_batch_is_counted(store: Path) -> None:
    con = sqlite3.connect(store)
    with con:
        (last,) = con.execute("SELECT max(seq) FROM history").fetchone()
        for seq in range(1, last + 1):
            add_checksums(con, seq, seq)
    con.close()
    assert said(found(store, full=True)["checksums"]) == ("ok", "the history is as it was written")
    first = "history: entry 2 is not as it was written"
    for seq, more in ((2, ""), (5, " (and 1 more)")):
        put(store, ("UPDATE history SET at = at + 1 WHERE seq = ?", (seq,)))
        assert said(found(store, full=True)["checksums"]) == ("bad", first + more)
    assert "checksums" not in found(store)


def test_each_difference_of_what_is_derived_is_counted(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for differences, expected in (
        ([], ("ok", "the derived tables agree with the history")),
        (["a"], ("bad", "a")),
        (["a", "b"], ("bad", "a (and 1 more)")),
        (["a"] + ["b"] * 1_000, ("bad", "a (and 1,000 more)")),
    ):
        monkeypatch.setattr(doctor, "compare", lambda path, sums, found=differences: found)
        assert said(found(store)["derived"]) == expected

    def refuse(path: Path, sums: bool) -> Iterator[str]:
        assert not sums, "they have a look of their own"
        raise StoreError("it cannot be compared", fix="Look.")

    monkeypatch.setattr(doctor, "compare", refuse)
    derived = found(store)["derived"]
    assert (derived.verdict, derived.says, derived.fix) == ("bad", "it cannot be compared", "Look.")
