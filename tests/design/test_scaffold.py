"""Templates: each is written, checked, played and explored, under a name of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from studio.design import scaffold
from studio.design.checks.check import check
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import explore
from studio.errors import StudioError
from studio.events import event_files as eventfiles
from studio.source import loader
from tests.cli.shell import ROOT, shell

NAME = "back_again"


@pytest.mark.long
@pytest.mark.parametrize("template", scaffold.TEMPLATES)
def test_a_template_is_a_working_journey(template: str, tmp_path: Path) -> None:
    flow, events = scaffold.write(template, NAME, str(tmp_path / "workflows"))
    text = flow.read_text(encoding="utf-8") + events.read_text(encoding="utf-8")
    assert scaffold.PLACEHOLDER not in text

    loaded = loader.load(flow.parent)
    assert loaded.problems == []
    assert list(loaded.workflows) == [NAME]
    assert check(loaded.workflows) == []

    samples = Samples()
    samples.add_events(eventfiles.read(events.read_text(encoding="utf-8").splitlines(), 0))
    found = explore(loaded.workflows[NAME], samples)
    assert len(found.paths) > 1
    assert {path.end.kind for path in found.paths}.isdisjoint({"failed"})
    assert found.unreached == []

    played = shell(tmp_path, "play", f"data/{NAME}.jsonl")
    assert (played.returncode, played.stderr) == (0, "")
    assert "✓" in played.stdout or "⊘" in played.stdout


def test_templates_are_clean_under_any_name(tmp_path: Path) -> None:
    for template in scaffold.TEMPLATES:
        scaffold.write(template, f"my_own_{template}_journey", str(tmp_path / "workflows"))
    command = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for what in (["check", *config], ["format", "--check", *config]):
        done = subprocess.run([*command, *what], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_two_from_one_template_do_not_clash(tmp_path: Path) -> None:
    for name in ("one", "two"):
        scaffold.write("onboarding", name, str(tmp_path / "workflows"))
    loaded = loader.load(tmp_path / "workflows")
    assert (sorted(loaded.workflows), loaded.problems) == (["one", "two"], [])
    assert check(loaded.workflows) == []
    assert "reminder/one" in (tmp_path / "workflows" / "one.py").read_text(encoding="utf-8")
    assert shell(tmp_path, "play", "data/two.jsonl").returncode == 0


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.jsonl").write_text("mine")
    with pytest.raises(StudioError, match="it already exists"):
        scaffold.write("cart", "mine", str(tmp_path / "workflows"))
    assert (tmp_path / "data" / "mine.jsonl").read_text() == "mine"
    assert not (tmp_path / "workflows").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("win-back", "is not a valid function name"),
        ("_hidden", "is not a valid function name"),
        ("2nd", "is not a valid function name"),
        ("", "is not a valid function name"),
        ("../x", "is not a valid function name"),
        ("class", "is a word of Python's own"),
        ("email", "is a module's name"),
        ("send_email", "stands for something else"),
        ("journey", "stands for something else"),
    ],
)
def test_names_that_make_no_workflow_are_refused(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=why):
        scaffold.write("welcome", name, str(tmp_path / "workflows"))
    assert list(tmp_path.iterdir()) == []


def test_new_writes_says_what_to_do_next_and_refuses_a_name_that_is_taken(tmp_path: Path) -> None:
    done = shell(tmp_path, "new", "hello", "--template", "welcome")
    assert (done.returncode, done.stdout.splitlines()) == (0, ["workflows/hello.py", "data/hello.jsonl"])
    assert "journey-studio play data/hello.jsonl" in done.stderr
    assert shell(tmp_path, "check", "--strict").returncode == 0
    assert (
        '"welcome"'
        not in (tmp_path / "workflows" / "hello.py").read_text(encoding="utf-8").partition("trigger")[0]
    )
    again = shell(tmp_path, "new", "hello")
    assert again.returncode == 2
    assert "the workflow 'hello' already exists" in again.stderr
    assert shell(tmp_path, "new", "other", "--template", "nothing").returncode == 2


def test_the_package_takes_the_templates_along() -> None:
    folder = ROOT / "studio" / "design" / "templates"
    there = {path.name for path in folder.iterdir() if path.suffix in (".py", ".jsonl")} - {"__init__.py"}
    assert there == {f"{name}.{kind}" for name in scaffold.TEMPLATES for kind in ("py", "jsonl")}
