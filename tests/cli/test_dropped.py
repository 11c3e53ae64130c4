"""`play` says which events are dropped because their id came before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.cli.shell import project


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


def events(folder: Path, count: int) -> None:
    lines = [{"event": "signup", "user": "ada", "data": {}, "id": "e1"} for _ in range(count)]
    lines.append({"at": "1d", "event": "activated", "user": "ada", "data": {}, "id": "e2"})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "e.jsonl").write_text(
        text + '{"at": "2d", "expect": "completed", "user": "ada", "within": "1d"}\n'
    )


@pytest.mark.parametrize("command", [["play", "e.jsonl"], ["play", "e.jsonl", "--check"]])
def test_a_dropped_event_is_named(here: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    events(here, 2)
    assert call(command) == Exit.DONE
    out, err = capsys.readouterr()
    told = [line for line in err.splitlines() if "dropped" in line]
    assert told == ["dropped: the id e1 of signup of ada was received before"]
    assert "dropped" not in out


def test_of_many_the_first_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events(here, 14)
    assert call(["play", "e.jsonl", "--json"]) == Exit.DONE
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 11, "thirteen were dropped"
    assert err[-1] == "dropped: 3 more events whose ids were received before"


def test_ids_that_a_store_knows_count_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events(here, 1)
    assert call(["play", "e.jsonl", "--store", "s.db"]) == Exit.DONE
    assert "dropped" not in capsys.readouterr().err
    assert call(["play", "e.jsonl", "--store", "s.db"]) == Exit.DONE
    assert capsys.readouterr().err.splitlines() == [
        "dropped: the id e1 of signup of ada was received before",
        "dropped: the id e2 of activated of ada was received before",
    ]
