"""A project with a `studio` of its own: its tests run as if Journey Studio were not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import assert_type

import pytest

import journey_studio
import studio
from studio.language.commands import Wait
from tests.sampling import sampled
from tests.testing.support import INI, PASSES_ONE, WELCOME

ROOT = Path(journey_studio.__file__).parent.parent
THEIRS = "def test_theirs():\n    import studio\n    assert studio.WHOSE == 'theirs'\n"


@pytest.fixture(params=["package", "module"])
def theirs(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A project whose root holds `studio/` or `studio.py`."""
    if request.param == "package":
        (tmp_path / "studio").mkdir()
        (tmp_path / "studio" / "__init__.py").write_text("WHOSE = 'theirs'\n")
        (tmp_path / "studio" / "models.py").write_text("")
    else:
        (tmp_path / "studio.py").write_text("WHOSE = 'theirs'\n")
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


PLUGIN = ("-p", "journey_studio.pytest_plugin", "-p", "no:studio.testing", "-p", "no:cacheprovider")


@pytest.mark.parametrize("tree", sampled([True, False], 2))
def test_their_tests_pass_and_one_line_names_the_way_out(theirs: Path, tree: bool) -> None:
    """The working folder is in the path from the first on, or pytest puts it there later."""
    # Event files of ours could be theirs for all that we know.
    (theirs / "tests" / "journeys").mkdir(parents=True)
    (theirs / "tests" / "journeys" / "a.jsonl").write_text('{"expect": "log", "user": "u"}\n')
    start = ("-m", "pytest") if tree else ("-P", "-m", "pytest")
    done = run(theirs, *start, *PLUGIN)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    told = [line for line in done.stdout.splitlines() if "journey-studio" in line]
    assert len(told) == (1 if tree else 0), done.stdout
    if tree:
        assert str(theirs / "studio") in told[0]
        assert told[0].endswith("Rename it, or leave the working folder out: python -P -m pytest")


@pytest.mark.long
def test_a_test_that_asks_for_journeys_is_told(theirs: Path) -> None:
    (theirs / "test_ours.py").write_text("def test_ours(journeys):\n    journeys.send('x', user='u')\n")
    done = run(theirs, "-m", "pytest", "-q", *PLUGIN)
    assert done.returncode == 1
    assert "1 passed" in done.stdout
    assert "hides the package studio of Journey Studio. Rename it" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.long
def test_coverage_that_cannot_be_had_is_told_and_fails_where_a_share_is_asked_for(theirs: Path) -> None:
    for option, code in (("--journey-coverage", 0), ("--journey-coverage-min=50", 1)):
        done = run(theirs, "-m", "pytest", "-q", *PLUGIN, option)
        assert done.returncode == code, done.stdout
        assert "it is not known what the tests went: " in done.stdout
        assert "hides the package studio of Journey Studio" in done.stdout


def test_the_command_is_told(theirs: Path) -> None:
    done = run(theirs, "-m", "journey_studio", "users")
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 1), done.stdout
    assert done.stdout.startswith(f"journey-studio: {theirs / 'studio'}")
    assert done.stdout.endswith("leave the working folder out: python -P -m journey_studio\n")
    done = run(theirs, "-P", "-m", "journey_studio", "--version")
    assert (done.returncode, done.stdout[:15]) == (0, "journey-studio "), done.stdout


def test_the_names_are_refused_with_the_way_out(theirs: Path) -> None:
    done = run(theirs, "-c", "from journey_studio import workflow")
    assert done.returncode == 1
    assert "ImportError: " in done.stdout
    assert "hides the package studio of Journey Studio" in done.stdout


def test_a_folder_of_that_name_without_python_in_it_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "studio").mkdir()
    done = run(tmp_path, "-m", "journey_studio", "--version")
    assert done.returncode == 0, done.stdout


def test_nothing_of_studio_is_imported_while_pytest_starts(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n    assert 'studio' not in sys.modules\n"
    )
    done = run(tmp_path, "-m", "pytest", "-q", *PLUGIN)
    assert done.returncode == 0, done.stdout


@pytest.mark.long
@pytest.mark.parametrize("plugin", ["journey_studio.pytest_plugin", "studio.testing"])
def test_where_studio_is_ours_journeys_are_had_either_way(tmp_path: Path, plugin: str) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(WELCOME)
    (tmp_path / "test_welcome.py").write_text(PASSES_ONE)
    (tmp_path / "pytest.ini").write_text(INI)
    block = () if plugin == "studio.testing" else ("-p", "no:studio.testing")
    done = run(tmp_path, "-m", "pytest", "-q", *block, "-p", plugin, "-p", "no:cacheprovider")
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "▶ welcome begins" in done.stdout, "the timeline under the test that failed"


def test_the_public_names_are_the_same() -> None:
    assert sorted(journey_studio.__all__) == sorted(studio.__all__)
    for name in journey_studio.__all__:
        assert getattr(journey_studio, name) is getattr(studio, name)
    with pytest.raises(AttributeError, match="has no attribute 'worfklow'"):
        getattr(journey_studio, "worfklow")  # noqa: B009
    assert (ROOT / "journey_studio" / "py.typed").is_file()


async def test_mypy_sees_the_names() -> None:
    """It reads this file with the others: an ignore that is not needed is an error."""

    @journey_studio.workflow(trigger="a")
    async def w(journey: journey_studio.Journey) -> dict[str, int]:
        assert_type(journey.wait_for("x"), Wait)
        return {}

    assert_type(w, journey_studio.Workflow)
    assert_type(journey_studio.Engine(w), studio.Engine)
    with pytest.raises(AttributeError):
        journey_studio.worfklow  # type: ignore[attr-defined]  # noqa: B018


def test_what_is_installed_comes_in_by_this_name() -> None:
    found = {(each.group, each.name): each.value for each in entry_points().select(name="studio.testing")}
    assert found == {("pytest11", "studio.testing"): "journey_studio.pytest_plugin"}
    (script,) = entry_points().select(group="console_scripts", name="journey-studio")
    assert script.value == "journey_studio.__main__:main"
