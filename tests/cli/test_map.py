"""`map`: the map of a journey, in each form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.cli.shell import project


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(project(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        code = call(["map", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_the_map_is_text_for_people(run: Any) -> None:
    code, out, err = run("welcome")
    assert (code, err) == (Exit.DONE, "")
    assert out.splitlines() == [
        "● signup  starts a pass  :6",
        "│",
        '› "hello {journey.user.email}"  :7',
        "│",
        "◷ activated  7d  :8",
        "├─────────────┐",
        "│ ◉ matched   ┃ timed out",
        '│             ╰ ✗ raise RuntimeError("never came back")  :10',
        "│",
        '✓ completed {"ok": True}  :11',
    ]


def test_other_forms_are_whole_documents(run: Any) -> None:
    assert run("welcome", "--format", "mermaid")[1].startswith("flowchart TD\n")
    assert ElementTree.fromstring(run("welcome", "--format", "svg")[1]).tag.endswith("svg")
    (line,) = run("welcome", "--format", "json")[1].splitlines()
    assert json.loads(line)["workflow"] == "welcome"


def test_a_name_that_is_none_is_refused_with_the_nearest(run: Any) -> None:
    code, out, err = run("welcom")
    assert (code, out) == (Exit.WRONG, "")
    assert err == "journey-studio: workflows: there is no workflow 'welcom'. Did you mean welcome?\n"
    assert "There is: welcome." in run("xyz")[2]


def test_a_file_that_does_not_load_is_told_and_the_others_are_drawn(run: Any) -> None:
    Path("workflows", "broken.py").write_text("def (")
    code, out, err = run("welcome")
    assert code == Exit.DONE
    assert "◷ activated" in out
    assert "broken.py:1: SyntaxError" in err


def test_counts_stand_at_the_right(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run("welcome", "--counts")
    assert code == Exit.WRONG
    assert "data/studio.db" in err
    Path("events.jsonl").write_text(
        '{"event": "signup", "user": "ada"}\n{"event": "signup", "user": "bob"}\n'
        '{"at": "2d", "event": "activated", "user": "bob"}\n'
    )
    Path("data").mkdir()
    assert call(["play", "events.jsonl", "--until", "3d", "--store", "data/studio.db"]) == Exit.DONE
    capsys.readouterr()
    _, out, _ = run("welcome", "--counts")
    lines = out.splitlines()
    assert lines[0].split() == ["now", "ever"]
    assert lines[3].split()[-1] == "2"
    assert "◷ activated  7d  :8" in lines[5]
    assert lines[5].split()[-3:] == ["◷", "1", "2"]
    assert "◉ 100%  2d  ┃ 0%  timed out" in lines[7]
    assert lines[7].split()[-1] == "1·0"
    (line,) = run("welcome", "--counts", "--format", "json")[1].splitlines()
    (wait,) = [node for node in json.loads(line)["nodes"] if node["kind"] == "wait"]
    assert wait["counts"]["median_ms"] == 2 * 86_400_000
    assert "1 now, 2 ever, 100% matched" in run("welcome", "--counts", "--format", "mermaid")[1]


def test_the_arms_of_a_split_are_counted(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("workflows", "parted.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='go')\nasync def parted(journey):\n"
        "    await journey.split('subject', {'a': 50, 'b': 50})\n    await journey.wait_for('paid')\n"
    )
    events = "".join(f'{{"event": "go", "user": "user{n}"}}\n' for n in range(30))
    Path("events.jsonl").write_text(events)
    Path("data").mkdir()
    assert call(["play", "events.jsonl", "--until", "1d", "--store", "data/studio.db"]) == Exit.DONE
    capsys.readouterr()
    _, out, _ = run("parted", "--counts")
    shown = {arm: int(line.split()[-1]) for arm in "ab" for line in out.splitlines() if f" {arm} 50%" in line}
    assert sum(shown.values()) == 30
    assert all(shown.values())
    (line,) = run("parted", "--counts", "--format", "json")[1].splitlines()
    (split,) = [node for node in json.loads(line)["nodes"] if node["kind"] == "split"]
    assert split["counts"]["arms"] == shown
    assert f"a 50%, {shown['a']} drawn" in run("parted", "--counts", "--format", "mermaid")[1]
    # An arm that is not written any more still has those who were drawn into it.
    source = Path("workflows", "parted.py")
    source.write_text(source.read_text().replace("'b': 50", "'c': 50"))
    assert any(
        "drawn into b" in line and line.split()[-1] == str(shown["b"])
        for line in run("parted", "--counts")[1].splitlines()
    )
