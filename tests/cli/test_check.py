"""`check`: what will go wrong, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.cli.shell import project
from tests.store.build import Builder

BAD = """
import time

from studio import workflow


@workflow(trigger="go")
async def bad(journey):
    journey.log(time.time())
    return {}
"""
SLOW = """
from studio import workflow


@workflow(trigger="go")
async def slow(journey):
    await journey.wait_for("paid")
    return {}
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(project(tmp_path))

    def check(*words: str) -> tuple[int, str, str]:
        code = call(["check", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return check


def test_nothing_wrong_is_said(check: Any) -> None:
    assert check() == (Exit.DONE, "", "1 workflow: nothing found.\n")


def test_an_error_fails_with_file_line_and_what_to_do(check: Any, tmp_path: Path) -> None:
    (tmp_path / "workflows" / "bad.py").write_text(BAD)
    code, out, err = check()
    assert code == Exit.FAILED
    assert out == (
        "workflows/bad.py:9: error: time.time() reads the wall clock, which is different at each replay. "
        "Write journey.now(), which is the same at every replay.\n"
    )
    assert err == "2 workflows: 1 error, 0 warnings.\n"


def test_a_warning_fails_only_when_it_is_to(check: Any, tmp_path: Path) -> None:
    path = tmp_path / "workflows" / "slow.py"
    path.write_text(SLOW)
    assert check(str(path))[0] == Exit.DONE
    assert check(str(path), "--strict")[0] == Exit.FAILED


def test_scripts_get_a_line_a_finding(check: Any, tmp_path: Path) -> None:
    (tmp_path / "workflows" / "slow.py").write_text(SLOW)
    (tmp_path / "workflows" / "broken.py").write_text("def (:\n")
    code, out, _ = check("--json")
    assert code == Exit.FAILED
    load, slow = map(json.loads, out.splitlines())
    assert (load["file"], load["line"], load["level"], load["rule"]) == (
        "workflows/broken.py",
        1,
        "error",
        "load",
    )
    assert slow == {
        "file": "workflows/slow.py",
        "line": 7,
        "level": "warning",
        "rule": "no-timeout",
        "workflow": "slow",
        "message": 'wait_for("paid") has no timeout and may wait for ever',
        "fix": "Give it timeout=, or write # studio: ok behind it.",
    }


def test_with_a_store_its_history_is_asked(check: Any, tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("go", "ada", 0, {})
    store = str(b.done())
    (tmp_path / "workflows" / "slow.py").write_text(SLOW)
    code, out, _ = check("workflows/slow.py", "--store", store)
    assert code == Exit.DONE
    assert '"paid" is sent by no workflow, and the history of the store has none' in out


def test_a_path_that_is_not_there_is_wrong_use(check: Any) -> None:
    code, out, err = check("nowhere")
    assert (code, out) == (Exit.WRONG, "")
    assert "nowhere: there is no such file or folder" in err
