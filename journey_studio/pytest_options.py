"""What the pytest plugin adds to pytest's options, before anything of `studio` is imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

OPTION = "--write-timelines"
REPLAY_OPTION = "--replay-always"
SEED_OPTION = "--journey-seed"
REPLAY_INI = "journey_replay_always"
COVERAGE_OPTION = "--journey-coverage"
COVERAGE_LEAST_OPTION = "--journey-coverage-min"
MARK = "journeys"
EVENTS = "tests/journeys"


def add_options(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("journey studio")
    group.addoption(OPTION, action="store_true", help="Write the snapshots of timelines anew.")
    group.addoption(
        REPLAY_OPTION, action="store_true", help="Drive each journey from its top at every cause."
    )
    group.addoption(
        SEED_OPTION, metavar="TEXT", help="Draw random and uuid of journeys from this, not from a fixed seed."
    )
    group.addoption(
        COVERAGE_OPTION,
        action="store_true",
        help="Tell which ways of the workflows' maps, and which paths, the tests went.",
    )
    group.addoption(
        COVERAGE_LEAST_OPTION,
        type=float,
        metavar="N",
        help=f"{COVERAGE_OPTION}, and fail when less than N per cent of a workflow's ways were gone.",
    )
    parser.addini(REPLAY_INI, f"As {REPLAY_OPTION}.", type="bool", default=False)
    parser.addini("journey_workflows", "Folder or file of workflows for the fixture journeys.", default="")
    parser.addini(
        "journey_events", f"Folders whose event files are tests (default: {EVENTS}).", type="linelist"
    )


def covers(config: pytest.Config) -> bool:
    """Whether it is wanted what the tests went."""
    return bool(config.getoption(COVERAGE_OPTION)) or config.getoption(COVERAGE_LEAST_OPTION) is not None


def events_folders(config: pytest.Config) -> list[str]:
    """The folders whose event files are tests."""
    return config.getini("journey_events") or [EVENTS]


def add_marker(config: pytest.Config) -> None:
    """The plugin's marker."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(workflows, start, timezone): what the fixture journeys runs, and from which moment.",
    )


def is_event_file(file: Path, config: pytest.Config) -> bool:
    """Whether a file lies where event files are tests."""
    if file.suffix != ".jsonl":
        return False
    folders = [config.rootpath / folder for folder in events_folders(config)]
    return any(folder in file.parents for folder in folders)
