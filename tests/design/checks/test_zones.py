"""Time zones of people that are none are told where they are written, or with how many have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.design.checks.zones import in_event_file, in_store
from studio.language.incoming import incoming

LINES = """\
{"event": "go", "user": {"id": "ada", "timezone": "Europe/Berlin"}}
{"event": "go", "user": {"id": "bob", "timezone": "europe/berlin"}}
{"event": "identify", "user": "cy", "data": {"timezone": 3}}
{"event": "identify", "user": "dee", "data": {"timezone": "europe/berlin"}}
{"event": "go", "user": "eve", "data": {"timezone": "of a meeting"}}
"""


def test_each_wrong_zone_of_an_event_file_is_told_once_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "welcome.jsonl"
    file.write_text(LINES)
    found = in_event_file(str(file))
    assert [(each.line, each.level, each.rule) for each in found] == [
        (2, "warning", "zone"),
        (3, "warning", "zone"),
    ]
    assert found[0].what == "the timezone 'europe/berlin' is no time zone; did you mean 'Europe/Berlin'?"
    assert found[1].what == "the timezone 3 is no time zone"


def test_those_of_a_store_are_told_with_how_many_have_them() -> None:
    (found,) = in_store("s.db", {"Europe/Berlin": 5, "Mars/Olympus": 2})
    assert str(found).startswith("s.db: warning: the timezone 'Mars/Olympus' is no time zone")
    assert "(2 users of the store). Write a name of the IANA database" in str(found)


def test_check_shows_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("workflows", "data"):
        (tmp_path / folder).mkdir()
    Path("workflows/welcome.py").write_text(
        "from studio import workflow\n\n@workflow(trigger='go')\nasync def welcome(journey):\n    return 1\n"
    )
    Path("data/welcome.jsonl").write_text(LINES)
    with Engine("workflows", store="s.db") as engine:
        for zone in ("Mars/Olympus", "Europe/Paris"):
            engine.submit([incoming("go", {"id": "ada", "timezone": zone})]).result()
        engine.submit([incoming("go", {"id": "bob", "timezone": "Mars/Olympus"})]).result()
    assert call(["check", "--store", "s.db"]) == Exit.DONE
    out = capsys.readouterr().out
    assert "data/welcome.jsonl:2: warning: the timezone 'europe/berlin' is no time zone" in out
    # By the newest profile: one of them has moved.
    assert "s.db: warning: the timezone 'Mars/Olympus' is no time zone (1 user of the store)." in out
    assert call(["check", "--strict", "--store", "s.db"]) == Exit.FAILED
