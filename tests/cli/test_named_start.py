"""`play --start`, `explore --start` and the first line of an event file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit

MORNING = """\
from studio import workflow


@workflow(trigger="signup", timezone="Europe/Berlin")
async def morning(journey):
    journey.log(f"begun at {journey.now():%m-%d %H:%M}")
    await journey.until("09:00", on="mon-fri")
    journey.log(f"on at {journey.now():%m-%d %H:%M}")
    return True
"""
EVENT = '{"event": "signup", "user": "ada"}\n'
HEADER = '{"start": "2026-03-06T10:00", "timezone": "Europe/Berlin"}\n'
FRIDAY = ["begun at 03-06 09:00", "on at 03-09 08:00"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    for folder in ("workflows", "data", "paths"):
        (tmp_path / folder).mkdir()
    (tmp_path / "workflows" / "morning.py").write_text(MORNING)
    (tmp_path / "events.jsonl").write_text(EVENT)

    def run(*words: str) -> tuple[int, str, str]:
        code = call(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def logged(answer: tuple[int, str, str]) -> list[str]:
    code, out, err = answer
    assert (code, err) == (Exit.DONE, "")
    entries = [json.loads(line) for line in out.splitlines()]
    return [each["message"] for each in entries if each["kind"] == "log"]


def test_play_begins_where_the_file_or_the_command_line_says(run: Any, tmp_path: Path) -> None:
    assert logged(run("play", "events.jsonl", "--json"))[0] == "begun at 01-01 00:00"
    (tmp_path / "named.jsonl").write_text(HEADER + EVENT)
    assert logged(run("play", "named.jsonl", "--json")) == FRIDAY
    for start in ("2026-03-06 10:00 Europe/Berlin", "2026-03-06T10:00+01:00", "2026-03-06T09:00"):
        assert logged(run("play", "events.jsonl", "--json", "--start", start)) == FRIDAY
    there = ("--start", "2026-03-07T12:00")
    assert logged(run("play", "named.jsonl", "--json", *there)) == [
        "begun at 03-07 12:00",
        "on at 03-09 08:00",
    ]


def test_expectations_hold_from_there(run: Any, tmp_path: Path) -> None:
    expects = '{"at": "2d 23h", "expect": "log", "user": "ada", "message": "on at 03-09 08:00"}\n'
    (tmp_path / "named.jsonl").write_text(HEADER + EVENT + expects)
    assert run("play", "named.jsonl", "--check")[0] == Exit.DONE
    assert run("play", "named.jsonl", "--check", "--start", "2026-03-02T09:00")[0] == Exit.FAILED


def test_explored_paths_begin_there_and_are_written_so(run: Any, tmp_path: Path) -> None:
    code, _, err = run("explore", "morning", "--write", "paths", "--start", "2026-03-06T10:00 Europe/Berlin")
    assert (code, err) == (Exit.DONE, "")
    (written,) = (tmp_path / "paths").iterdir()
    text = written.read_text()
    assert all(each in text for each in FRIDAY)
    assert run("play", str(written), "--check")[0] == Exit.DONE
    # The workflow's own event file says so too.
    (tmp_path / "data" / "morning.jsonl").write_text(HEADER + EVENT)
    assert "1 are there already" in run("explore", "morning", "--write", "paths")[1]


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("soon", "which is no date"),
        ("2026-03-06T10:00 Europe/Berlyn", "did you mean 'Europe/Berlin'"),
        ("7d", "which is no date"),
    ],
)
def test_one_that_is_wrong_is_wrong_use(run: Any, start: str, text: str) -> None:
    for words in (("play", "events.jsonl"), ("explore", "morning")):
        code, _, err = run(*words, "--start", start)
        assert code == Exit.WRONG
        assert text in err
