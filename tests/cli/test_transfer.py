"""`export` and `import`, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.rebuild import compare
from tests.store.build import small


def test_a_history_moves_through_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small(tmp_path / "s.db")
    assert call(["export", "--all", "--store", "s.db"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert err == ""
    assert not set(out) & set("\x1b\x07\u202e")
    Path("all.jsonl").write_text(out)
    assert call(["import", "all.jsonl", "--store", "t.db", "--json"]) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    assert told == {"entries": 15, "users": 2, "journeys": 3, "same_salt": True, "refused": 0}
    assert compare("t.db") == []
    assert call(["import", "all.jsonl", "--store", "t.db"]) == Exit.WRONG
    assert "already exists" in capsys.readouterr().err
    assert call(["export", "ada", "--store", "s.db"]) == Exit.DONE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["user"] for line in lines if "user" in line} == {"ada"}
    for wrong in (["export"], ["export", "ada", "--all"], ["export", "nobody"], ["import", "none.jsonl"]):
        assert call([*wrong, "--store", "s.db"]) == Exit.WRONG
    assert not Path("none.db").exists()


def test_a_film_is_written_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small(tmp_path / "s.db")
    assert call(["export", "--film", "f.db", "--user", "ada", "--anonymous", "--store", "s.db"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("f.db shows ")
    assert err.endswith(" of 1 user; journey-studio --store f.db opens it\n")
    assert call(["users", "--store", "f.db", "--json"]) == Exit.DONE
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["user1"]
    assert call(["send", "tick", "--user", "user1", "--store", "f.db"]) == Exit.WRONG
    assert "it is a film, to be looked at" in capsys.readouterr().err
    for wrong in (
        ["--film", "g.db", "--all"],
        ["ada", "--anonymous"],
        ["ada", "--film", "g.db", "--user", "ada"],
    ):
        assert call(["export", *wrong, "--store", "s.db"]) == Exit.WRONG
    assert not Path("g.db").exists()
