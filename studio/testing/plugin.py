"""What pytest is told: the fixture, event files as tests, and timelines under what fails.

The engine is imported by the first test that needs it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from studio.testing.snapshots import OPTION

if TYPE_CHECKING:
    from studio.testing.verbs import Journeys, Source

MARK = "journeys"
EVENTS = "tests/journeys"
SHOWN_LINES = 200
"""Lines of a timeline under a test that failed: the newest."""

_loaded = pytest.StashKey["dict[Path, list[Source]]"]()
_used = pytest.StashKey["Journeys"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("journey studio")
    group.addoption(OPTION, action="store_true", help="Write the snapshots of timelines anew.")
    parser.addini("journey_workflows", "Folder or file of workflows for the fixture journeys.", default="")
    parser.addini(
        "journey_events", f"Folders whose event files are tests (default: {EVENTS}).", type="linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The plugin's marker."""
    config.addinivalue_line("markers", f"{MARK}(workflows): what the fixture journeys runs.")
    config.stash[_loaded] = {}


@pytest.fixture
def journeys(request: pytest.FixtureRequest) -> Iterator[Journeys]:
    """Journeys in memory, with a virtual clock."""
    from studio.testing.verbs import Journeys

    mark = request.node.get_closest_marker(MARK)
    # By name: a marker that is given one function takes it for what it stands above.
    given = mark.kwargs.get("workflows") if mark is not None else None
    workflows = _project_workflows(request.config) if given is None else given
    write = bool(request.config.getoption(OPTION))
    with Journeys(workflows, folder=request.path.parent, write_snapshots=write) as found:
        request.node.stash[_used] = found
        yield found


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An event file with expectations is a test."""
    root = parent.config.rootpath
    folders = [root / folder for folder in parent.config.getini("journey_events") or [EVENTS]]
    if file_path.suffix != ".jsonl" or not any(folder in file_path.parents for folder in folders):
        return None
    from studio.testing.event_files import EventFile, expects

    if not expects(file_path):
        return None
    collector: EventFile = EventFile.from_parent(parent, path=file_path)
    collector.workflows = lambda: _project_workflows(parent.config)
    return collector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under a test that failed, what happened in its journeys."""
    report = yield
    found = item.stash.get(_used, None)
    if call.when == "call" and report.failed and found is not None and found.began:
        report.sections.extend(_sections(found))
    return report


def _sections(journeys: Journeys) -> Iterator[tuple[str, str]]:
    for snapshot in journeys.differences:
        yield f"snapshot {snapshot.path.name}", snapshot.diff
    lines = journeys.timeline().splitlines()
    cut = "" if len(lines) <= SHOWN_LINES else f", the last {SHOWN_LINES} of {len(lines):,} lines"
    yield f"timeline{cut}", "\n".join(lines[-SHOWN_LINES:])


def _project_workflows(config: pytest.Config) -> list[Source]:
    """The project's own workflows; their files are imported once."""
    from studio.loader import load
    from studio.project import WORKFLOWS, project

    given = str(config.getini("journey_workflows"))
    path = config.rootpath / (given or project(config.rootpath).get("workflows", WORKFLOWS))
    known = config.stash[_loaded]
    if path not in known:
        loaded = load(path)
        for problem in loaded.problems:
            raise problem
        known[path] = list(loaded.workflows.values())
    return known[path]
