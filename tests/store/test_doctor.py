"""A sound store is called sound, and what is wrong with one is named with what to do."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, StudioClock, VirtualClock
from studio.errors import StoreError
from studio.incoming import incoming
from studio.printable import show_bytes
from studio.store import doctor
from studio.store.doctor import Finding, examine
from studio.store.status import status
from tests.store.build import START, small


def found(path: Path, *, full: bool = False) -> dict[str, Finding]:
    return {each.check: each for each in examine(path, full=full)}


def wrong(path: Path) -> dict[str, str]:
    return {check: each.verdict for check, each in found(path).items() if each.verdict != "ok"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


def test_a_sound_store_has_no_complaints(store: Path) -> None:
    before = store.read_bytes()
    assert [each.check for each in examine(store, full=True)] == [
        "version", "lock", "disk", "log", "snapshots", "clock", "integrity", "derived",
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
        pulse = status(store).pulse
        assert pulse is not None
        assert (pulse.batch, pulse.queue, pulse.late_ms) == (1, 0, 0)
    after = status(store)
    assert (after.engine, after.pulse) == (None, None)
    assert wrong(store) == {}


def test_virtual_time_is_told(tmp_path: Path) -> None:
    with Engine(store=tmp_path / "studio.db", clock=VirtualClock(START)):
        pass
    assert found(tmp_path / "studio.db")["clock"].says == "virtual, at 2026-01-01T00:00:00.000Z"


def test_sizes_read_as_people_say_them() -> None:
    assert [show_bytes(n) for n in (0, 999, 1_000, 1_400_000, 5 * 10**15)] == [
        "0 B", "999 B", "1.0 kB", "1.4 MB", "5000.0 TB",
    ]  # fmt: skip
