"""Relative paths count from where it all began, whatever a step or a workflow file does to that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.store.views import Views
from studio.testing import Journeys
from tests.cases.results import CASES
from tests.cli.shell import COMMAND


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the case, as the working folder."""
    place = tmp_path / "project"
    shutil.copytree(CASES / "chdir", place, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(place)
    return place


async def test_an_engine_stays_with_its_files(folder: Path) -> None:
    async with Engine("workflows", store="data/s.db") as engine:
        engine.watch()
        await engine.ingest("signup", user="u1")
        await engine.run_until_idle()
        assert os.getcwd() == "/", "the step has been there"
        assert engine.path == folder / "data" / "s.db"
        await engine.ingest("signup", user="u2")
        await engine.run_until_idle()
        file = folder / "workflows" / "w.py"
        file.write_text(file.read_text().replace('"1d"', '"2d"'))
        report = await engine.reload()
        assert report is None or report.changed == ("w",), "None: the watcher came first"
        assert engine.problems == []
        await engine.rewind(1)
        assert [each.path.parent for each in await engine.snapshots()] == [folder / "data"]
        assert engine.status().state == "running"


def test_a_command_stays_with_its_files(folder: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *args, "--store", "data/s.db"], cwd=folder, capture_output=True, text=True, timeout=180
        )

    assert run("send", "signup", "--user", "u1").returncode == 0
    done = run("run", "--reload", "--for", "1500ms")
    assert done.returncode == 0, done.stderr
    assert "■ build" in done.stdout
    assert "deleted" not in done.stderr
    assert (folder / "data" / "s.db").exists()


@pytest.mark.parametrize("command", [["run", "--until-idle", "--events", "e.jsonl"], ["play", "e.jsonl"]])
def test_a_workflow_file_may_change_the_folder_when_it_is_imported(
    folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "workflows" / "w.py"
    file.write_text("import os\n\nos.chdir('/')\n" + file.read_text())
    (folder / "e.jsonl").write_text('{"event": "signup", "user": "u1"}\n{"event": "x", "user": "u1"}\n')
    assert call([*command, "--store", "data/s.db"]) == Exit.DONE, capsys.readouterr().err
    with Views(folder / "data" / "s.db") as views:
        assert [row.status for row in views.journeys()] == ["completed"]


def test_errors_name_what_was_typed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["users", "--store", "none.db"]) == Exit.WRONG
    assert capsys.readouterr().err.startswith("journey-studio: none.db: ")
    assert call(["map", "nothing"]) == Exit.WRONG
    assert capsys.readouterr().err.startswith("journey-studio: workflows: there is no workflow 'nothing'")


def test_journeys_in_a_test_stay_with_their_files(folder: Path) -> None:
    with Journeys("workflows") as journeys:
        os.chdir("/")
        journeys.send("signup", user="u1")
        assert journeys.journey("u1").waits_for == "x"


@pytest.mark.skipif(sys.platform == "win32", reason="a working folder cannot be removed there")
def test_a_working_folder_that_is_gone_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = folder.parent / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert call(["play", "e.jsonl"]) == Exit.WRONG
    assert "the folder that this was started in is gone" in capsys.readouterr().err
    (folder / "e.jsonl").write_text('{"event": "signup", "user": "u1"}\n')
    assert call(["play", f"{folder}/e.jsonl", "--workflows", f"{folder}/workflows"]) == Exit.DONE
