"""`clock`, `rewind` and `fork`, on a store alone and beside a running engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, StudioClock
from studio.cli import call
from studio.cli.output import Exit
from studio.language.incoming import incoming
from studio.store.rebuild import compare
from studio.store.snapshots import snapshots
from studio.store.views import Views
from tests.cli.shell import project


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    path = tmp_path / "s.db"
    with Engine("workflows", store=path, clock=StudioClock()) as engine:
        engine.submit([incoming("signup", {"id": "ada", "email": "ada@example.com"})]).result()
        engine.submit([incoming("signup", {"id": "bob", "email": "bob@example.com"})]).result()
    return path


@pytest.fixture
def run(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> tuple[int, str, str]:
        code = call([*words, "--store", str(store)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def seq_of(store: Path, user: str, kind: str) -> int:
    with Views(store) as views:
        return next(e.seq for e in views.timeline(user) if e.kind == kind)


def statuses(store: Path) -> list[str]:
    with Views(store) as views:
        return [row.status for row in views.journeys(limit=10)]


@pytest.mark.parametrize("running", [False, True])
def test_the_clock_is_shown_and_moved(running: bool, store: Path, run: Any) -> None:
    engine = Engine("workflows", store=store, clock=StudioClock())
    if running:
        engine.start_now()
    try:
        assert run("clock", "pause")[0] == Exit.DONE
        code, out, _ = run("clock", "--json")
        told = json.loads(out)
        assert (code, told["paused"], told["speed"]) == (Exit.DONE, True, 1)
        assert json.loads(run("clock", "speed", "60", "--json")[1])["speed"] == 60
        moved = json.loads(run("clock", "forward", "8d", "--json")[1])
        assert moved["now"][:10] > told["now"][:10]
        assert moved["paused"]
        assert statuses(store) == ["failed", "failed"]
        code, _, err = run("clock", "to", "2020-01-01T00:00")
        assert (code, "is over" in err) == (Exit.WRONG, True)
        code, _, err = run("clock", "speed", "7")
        assert (code, "there is no speed 7" in err) == (Exit.WRONG, True)
        assert run("clock", "to", "2099-01-01")[1].startswith("20")
        assert not json.loads(run("clock", "resume", "--json")[1])["paused"]
    finally:
        engine.stop_now()
    assert compare(store) == []


@pytest.mark.parametrize(
    "words", [("faster",), ("speed",), ("pause", "1"), ("speed", "x"), ("to", "7d"), ("forward", "x")]
)
def test_what_is_no_act_of_the_clock_is_refused(words: tuple[str, ...], run: Any) -> None:
    assert run("clock", *words)[0] == Exit.WRONG


@pytest.mark.parametrize("running", [False, True])
def test_rewind_says_what_goes_and_keeps_what_was(running: bool, store: Path, run: Any) -> None:
    keep = seq_of(store, "ada", "event")
    code, out, err = run("rewind", str(keep))
    assert (code, out) == (Exit.WRONG, "")
    assert "of 1 user and 1 journey are removed; the state before is kept as snapshot 1" in err
    assert "Give --yes" in err
    engine = Engine("workflows", store=store, clock=StudioClock())
    if running:
        engine.start_now()
    try:
        code, out, _ = run("rewind", str(keep), "--yes", "--json")
        assert (code, json.loads(out)["snapshot"]) == (Exit.DONE, 1)
    finally:
        engine.stop_now()
    assert statuses(store) == ["waiting"]
    assert compare(store) == []
    assert [each.number for each in snapshots(store)] == [1]
    assert json.loads(run("clock", "--json")[1])["paused"]
    assert run("rewind", "9999", "--yes")[0] == Exit.WRONG


def test_fork_copies_up_to_an_entry_and_writes_over_nothing(store: Path, run: Any, tmp_path: Path) -> None:
    keep, new = seq_of(store, "ada", "event"), tmp_path / "new.db"
    code, out, _ = run("fork", str(keep), str(new), "--json")
    assert code == Exit.DONE
    assert json.loads(out)["last"] >= keep
    assert (statuses(new), statuses(store)) == (["waiting"], ["waiting", "waiting"])
    assert compare(new) == []
    assert run("fork", str(keep), str(new))[0] == Exit.WRONG
    assert run("fork", "9999", str(tmp_path / "other.db"))[0] == Exit.WRONG
    assert not (tmp_path / "other.db").exists()
