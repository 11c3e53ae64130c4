"""`status`, `doctor`, `prune` and `erase`, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.connect import connect_reader
from studio.store.lock import alone_on
from studio.store.rebuild import compare
from tests.store.build import Builder, small


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return small(tmp_path / "s.db")


@pytest.fixture
def run(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, on: Path = store) -> tuple[int, str, str]:
        code = call([*words, "--store", str(on)])
        out, err = capsys.readouterr()
        assert not set(out + err) & set("\x1b\x07\u202e")
        return code, out, err

    return run


def test_status_is_told_in_both_forms(run: Any, store: Path) -> None:
    code, out, _ = run("status", "--json")
    told = json.loads(out)
    assert code == Exit.DONE
    assert (told["users"], told["waits"], told["inbox"], told["engine"]) == (2, 2, 0, None)
    assert told["journeys"]["waiting"] == 2
    assert told["next_due"] == "2026-01-01T00:01:02.000Z"
    code, out, err = run("status")
    assert (code, err) == (Exit.DONE, "")
    assert "journeys  2 waiting, 1 failed\n" in out
    assert out.endswith("engine    not running\n")


def test_doctor_ends_with_1_only_when_something_is_bad(run: Any, store: Path) -> None:
    code, out, _ = run("doctor")
    assert code == Exit.DONE
    assert "ok    integrity  SQLite finds no fault (quick_check)\n" in out
    import sqlite3

    con = sqlite3.connect(store)
    with con:
        con.execute("DELETE FROM totals")
    con.close()
    code, out, _ = run("doctor", "--full", "--json")
    assert code == Exit.FAILED
    last = json.loads(out.splitlines()[-1])
    assert (last["check"], last["verdict"]) == ("derived", "bad")


def test_what_cannot_be_taken_back_asks_first(run: Any, store: Path) -> None:
    before = store.read_bytes()
    code, out, err = run("erase", "ada")
    assert (code, out) == (Exit.WRONG, "")
    assert "Give --yes" in err
    assert store.read_bytes() == before


def test_erase_says_what_went(run: Any, store: Path) -> None:
    code, out, _ = run("erase", "ada", "--yes", "--json")
    told = json.loads(out)
    assert code == Exit.DONE
    assert (told["user"], told["journeys"], told["mentions"]) == ("ada", 2, 0)
    assert compare(store) == []
    assert run("erase", "ada", "--yes")[0] == Exit.WRONG
    code, out, _ = run("erase", "bob/x~2", "--yes")
    assert out.startswith("erased bob/x~2: 3 entries, 1 journey; ")
    assert compare(store) == []


def test_prune_counts_then_takes(run: Any, tmp_path: Path) -> None:
    b = Builder(tmp_path / "old.db")
    for i in range(3):
        b.event("tick", f"user{i}")
    old = b.done()
    code, out, err = run("prune", "--older-than", "1d", "--dry-run", on=old)
    assert (code, out, err) == (Exit.DONE, "", "3 entries of 3 users, 0 journeys that ended\n")
    assert run("prune", "--older-than", "1d", on=old)[0] == Exit.WRONG
    code, out, _ = run("prune", "--older-than", "1d", "--yes", "--json", on=old)
    assert json.loads(out)["entries"] == 3
    con = connect_reader(old)
    assert con.execute("SELECT count(*) FROM history").fetchone() == (0,)
    con.close()
    assert json.loads(run("prune", "--older-than", "1d", "--yes", "--json", on=old)[1])["done"] is False
    assert run("prune", "--older-than", "soon", on=old)[0] == Exit.WRONG


def test_a_store_that_is_missing_held_or_in_memory_is_refused(run: Any, store: Path) -> None:
    for command in (("status",), ("doctor",), ("prune", "--older-than", "1d"), ("erase", "ada", "--yes")):
        code, _, err = run(*command, on=Path("none.db"))
        assert (code, "there is no store here" in err) == (Exit.WRONG, True)
        assert run(*command, on=Path(":memory:"))[0] == Exit.WRONG
    assert not Path("none.db").exists()
    with alone_on(store):
        code, _, err = run("erase", "ada", "--yes")
        assert code == Exit.WRONG
        assert "an engine runs on this store already" in err
        assert run("status")[0] == Exit.DONE
