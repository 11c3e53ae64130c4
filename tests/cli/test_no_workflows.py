"""A folder of Python files in which nothing could run: wrong use, with the files named."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.output import Exit

EVENTS = '{"event": "signup", "user": "ada"}\n{"expect": "completed", "user": "ada"}\n'
TOLD = (
    "workflows: there is no workflow in helpers.py, words.py."
    " Put @workflow above an async function; files whose names begin with _ are helpers."
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows" / "emails").mkdir(parents=True)
    for name in ("helpers.py", "words.py", "emails/welcome.py"):
        (tmp_path / "workflows" / name).write_text("X = 1\n")
    (tmp_path / "events.jsonl").write_text(EVENTS)
    return tmp_path / "workflows"


@pytest.mark.parametrize(
    "command",
    [
        ["play", "events.jsonl"],
        ["play", "events.jsonl", "--check"],
        ["run", "--until-idle"],
        ["run", "--for", "1s", "--reload"],
    ],
)
def test_nothing_is_run(folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert f"journey-studio: {TOLD}\n" in err
    assert not (folder.parent / "data" / "studio.db").exists()


def test_check_says_so_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["check"]) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == TOLD.replace("workflows: ", "workflows: error: ", 1) + "\n"
    assert err.splitlines() == [
        "workflows/emails is passed over:"
        " workflows are the files of the folder itself, and what these import.",
        "0 workflows: 1 error, 0 warnings.",
    ]


def test_one_workflow_is_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "words.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='signup')\nasync def w(journey):\n    return {}\n"
    )
    assert call(["play", "events.jsonl"]) == Exit.DONE
    assert call(["check"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert "✓ w completed" in out
    assert err.count("workflows/emails is passed over") == 2, "once each time"


def test_files_that_do_not_load_have_failed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "words.py").write_text("import nothing_of_this_name\n")
    assert call(["play", "events.jsonl"]) == Exit.FAILED
    assert call(["check"]) == Exit.FAILED
    assert "there is no workflow" not in capsys.readouterr().err
