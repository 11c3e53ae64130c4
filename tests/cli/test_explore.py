"""`explore`: every path, for people and for scripts."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.cli.shell import ROOT, project
from tests.store.build import Builder

REMINDERS = """
from studio import workflow


async def send(to):
    pass


@workflow(trigger="cart/created")
async def nags(journey):
    for number in range(4):
        if await journey.wait_for("cart/paid", past=False, timeout="1d"):
            return {"plan": journey.trigger["plan"]}
        await journey.step("remind", send, journey.user.email)
    if journey.now().year < 2000:
        await journey.wait_for("cart/piad", timeout="1d")
    await journey.wait_for("cart/craeted", timeout="1d")
    return {"given": "up"}
"""


@pytest.fixture
def explore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(project(tmp_path))
    (tmp_path / "workflows" / "nags.py").write_text(REMINDERS)

    def explore(*words: str) -> tuple[int, str, str]:
        code = call(["explore", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return explore


def found(answer: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = answer
    assert (code, err) == (Exit.DONE, "")
    (line,) = out.splitlines()
    value: dict[str, Any] = json.loads(line)
    return value


def test_scripts_get_one_object_with_every_path(explore: Any) -> None:
    told = found(explore("nags", "--json", "--most", "3", "--sample", 'cart/created={"plan": "pro"}'))
    assert (told["workflow"], told["truncated"]) == ("nags", [])
    assert [path["end"] for path in told["paths"]] == ["completed"] * 6
    first, last = told["paths"][0], told["paths"][-1]
    assert first["result"] == {"plan": "pro"}
    assert first["outcomes"] == ["matched"]
    assert first["events"][0] == {"event": "cart/created", "data": {"plan": "pro"}, "at_ms": 0}
    assert last["time"] == "5d"
    assert [each["name"] for each in last["sends"]] == ["remind"] * 4
    assert [(each["name"], each["outcome"], each["timeout"]) for each in last["waits"]][-1] == (
        "cart/craeted",
        "timed out",
        "1d",
    )
    summary = told["summary"]
    assert summary["paths"] == 6
    assert summary["longest"] == {"path": 6, "time": "5d", "time_ms": 432_000_000}
    assert summary["over_most"] == [
        {"path": path, "kind": "step", "name": "remind", "count": 4} for path in (5, 6)
    ]
    assert [each["text"] for each in summary["unreached"]] == [
        'await journey.wait_for("cart/piad", timeout="1d")'
    ]
    assert [(each["name"], each["why"]) for each in summary["never_match"]] == [
        ("cart/piad", "no path comes to it"),
        ("cart/craeted", "nothing sends it; cart/created is sent (1 letter differs)"),
    ]


def test_people_get_a_tree_and_what_to_look_at(explore: Any) -> None:
    code, out, err = explore("nags", "--most", "3")
    assert (code, err) == (Exit.DONE, "")
    lines = out.splitlines()
    assert lines[0].split() == ["◷", "cart/paid", "1d", "nags.py:12"]
    assert "6 paths: 4 failed, 2 completed" in lines
    assert "more than 3 times the same: 2 paths: 5, 6" in lines
    assert any(
        "--sample 'cart/created={\"plan\": …}'" in line for line in lines if line.startswith("missing:")
    )


def test_the_bounds_are_options_and_are_told(explore: Any) -> None:
    told = found(explore("nags", "--json", "--depth", "2", "--paths", "3"))
    assert told["bounds"] == {"depth": 2, "paths": 3, "seconds": 5.0}
    assert "depth" in told["truncated"]
    _, out, _ = explore("nags", "--depth", "2")
    assert "cut: some paths go on after 2 decisions; --depth goes further" in out
    assert len(found(explore("nags", "--json", "--paths", "2"))["paths"]) == 2


def test_samples_come_from_the_event_file_beside_a_file_and_a_store(explore: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nags.jsonl").write_text(
        '{"event": "cart/created", "user": {"id": "mia", "vip": true}, "data": {"plan": "file"}}\n'
    )
    told = found(explore("nags", "--json"))
    assert told["samples"] == ["data/nags.jsonl"]
    assert told["paths"][0]["result"] == {"plan": "file"}
    b = Builder(tmp_path / "s.db")
    b.event("cart/created", "ada", 0, {"plan": "store"})
    told = found(explore("nags", "--json", "--store", str(b.done())))
    assert told["samples"] == ["data/nags.jsonl", "s.db"]
    assert told["paths"][0]["result"] == {"plan": "store"}
    told = found(
        explore("nags", "--json", "--store", str(tmp_path / "s.db"), "--sample", 'cart/created={"plan": 1}')
    )
    assert told["paths"][0]["result"] == {"plan": 1}


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("nag",), Exit.WRONG, "there is no workflow 'nag'. There is nags."),
        (("nags", "--sample", "x"), Exit.WRONG, "it has no EVENT=JSON"),
        (("nags", "--sample", "x={"), Exit.WRONG, "is not valid JSON"),
        (("nags", "--sample", "x=[1]"), Exit.WRONG, "must be an object"),
        (("nags", "--user", "{"), Exit.WRONG, "--user: it is not valid JSON"),
        (("nags", "--events", "none.jsonl"), Exit.WRONG, "cannot be read"),
        (("nags", "--depth", "0"), Exit.WRONG, "--depth"),
        (("nags", "--store", "none.db"), Exit.WRONG, "none.db"),
    ],
)
def test_wrong_use_is_said(explore: Any, words: tuple[str, ...], code: Exit, text: str) -> None:
    got, out, err = explore(*words)
    assert (got, out) == (code, "")
    assert text in err


def test_a_workflow_that_does_not_load_is_a_failure(explore: Any, tmp_path: Path) -> None:
    (tmp_path / "workflows" / "broken.py").write_text("from studio import workflow\ndef (:\n")
    code, out, err = explore("broken")
    assert (code, out) == (Exit.FAILED, "")
    assert "workflows/broken.py:2: SyntaxError" in err
    code, out, err = explore("nags")
    assert code == Exit.DONE
    assert "SyntaxError" in err


@pytest.mark.parametrize("name", ["onboarding", "trial", "cart"])
def test_the_examples_are_explored_in_well_under_a_second(
    name: str, tmp_path: Path, explore: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("workflows", "data"):
        shutil.copytree(ROOT / folder, tmp_path / "own" / folder, ignore=shutil.ignore_patterns("*.db*"))
    monkeypatch.chdir(tmp_path / "own")
    # Of this process: how busy the machine is says nothing of the explorer.
    began = time.process_time()
    told = found(explore(name, "--json"))
    assert time.process_time() - began < 1
    assert told["samples"] == [f"data/{name}.jsonl"]
    assert "completed" in told["summary"]["ends"]
    assert "failed" not in told["summary"]["ends"]


def test_hostile_names_steer_no_terminal(explore: Any, tmp_path: Path) -> None:
    (tmp_path / "workflows" / "evil.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='go')\nasync def evil(journey):\n"
        "    journey.log('\\x1b[31mred\\u202e')\n    raise ValueError('\\x07')\n"
    )
    for words in (("evil",), ("evil", "--json")):
        _, out, _ = explore(*words)
        assert not set(out) & set("\x1b\x07\u202e")


def test_paths_become_tests_and_a_later_run_adds_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='signup')\nasync def welcome(journey):\n"
        "    return bool(await journey.wait_for('opened', timeout='2d'))\n"
    )

    def explore(*words: str) -> dict[str, Any]:
        assert call(["explore", "welcome", "--write", "tests/journeys", "--json", *words]) == Exit.DONE
        return dict(json.loads(capsys.readouterr().out))

    first = explore("--most", "1")
    assert (first["new"], first["left_out"]) == (["welcome-1.jsonl"], 1)
    second = explore()
    assert (second["new"], second["same"]) == (["welcome-0.jsonl"], 1)
    file = tmp_path / "tests" / "journeys" / "welcome-0.jsonl"
    file.write_text(file.read_text() + "# and more\n")
    third = explore()
    assert (third["new"], third["edited"], third["same"]) == ([], ["welcome-0.jsonl"], 1)
    assert call(["play", "tests/journeys/welcome-1.jsonl", "--check"]) == Exit.DONE
    capsys.readouterr()
    assert call(["explore", "welcome", "--write", "tests/journeys"]) == Exit.DONE
    told = capsys.readouterr().out
    assert told.startswith("0 paths written to tests/journeys; 1 are there already\n")
    assert "welcome-0.jsonl: was edited by hand, and is left as it is" in told
