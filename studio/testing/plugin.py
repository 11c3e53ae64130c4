"""What pytest is told: the fixture, event files as tests, and timelines under what fails.

The engine is imported by the first test that needs it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from journey_studio.pytest_options import (
    COVERAGE_LEAST_OPTION,
    MARK,
    OPTION,
    REPLAY_INI,
    REPLAY_OPTION,
    SEED_OPTION,
    add_marker,
    add_options,
    covers,
    events_folders,
    is_event_file,
)
from studio.testing import replays

if TYPE_CHECKING:
    from studio.language.definition import Workflow
    from studio.testing.collected import Collected
    from studio.testing.coverage import CoverageReport
    from studio.testing.verbs import Journeys, Source

SHOWN_LINES = 200
"""Lines of a timeline under a test that failed: the newest."""

_loaded = pytest.StashKey["dict[Path, list[Workflow]]"]()
_used = pytest.StashKey["Journeys"]()
_report = pytest.StashKey["CoverageReport"]()
_WORKER_OUTPUT = "journey_coverage"
"""Under which name a worker of pytest-xdist tells what its tests went."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """The plugin's marker, and how engines in tests drive."""
    add_marker(config)
    set_up(config)


def set_up(config: pytest.Config) -> None:
    """Have engines in tests drive as the options say, and take what they went where that is wanted."""
    _collected(config)
    replays.set_replay_always(bool(config.getoption(REPLAY_OPTION)) or bool(config.getini(REPLAY_INI)))


@pytest.fixture
def journeys(request: pytest.FixtureRequest) -> Iterator[Journeys]:
    """Journeys in memory, with a virtual clock."""
    yield from journeys_for(request)


def journeys_for(request: pytest.FixtureRequest) -> Iterator[Journeys]:
    """What the fixture gives a test."""
    from studio.store.seed import FIXED
    from studio.testing.verbs import Journeys

    mark = request.node.get_closest_marker(MARK)
    # By name: a marker that is given one function takes it for what it stands above.
    said = mark.kwargs if mark is not None else {}
    given = said.get("workflows")
    workflows = _project_workflows(request.config) if given is None else given
    write = bool(request.config.getoption(OPTION))
    seed = _seed(request.config) or FIXED
    with Journeys(
        workflows,
        start=said.get("start"),
        timezone=said.get("timezone"),
        folder=request.path.parent,
        write_snapshots=write,
        seed=seed,
    ) as found:
        request.node.stash[_used] = found
        yield found


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An event file with expectations is a test."""
    if not is_event_file(file_path, parent.config):
        return None
    from studio.testing.event_files import EventFile, expects

    if not expects(file_path):
        return None
    collector: EventFile = EventFile.from_parent(parent, path=file_path)
    collector.workflows = lambda: _project_workflows(parent.config)
    # What a file carries goes before what the project says, and behind what the command line says.
    collector.seed = parent.config.getoption(SEED_OPTION)
    collector.usual = _seed(parent.config)
    return collector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under a test that failed, what happened in its journeys."""
    report = yield
    add_sections(item, call, report)
    return report


def add_sections(item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
    """Put the timeline of a test that failed under it."""
    found = item.stash.get(_used, None)
    if call.when == "call" and report.failed and found is not None and found.began:
        report.sections.extend(_sections(found))


def _sections(journeys: Journeys) -> Iterator[tuple[str, str]]:
    for snapshot in journeys.differences:
        yield f"snapshot {snapshot.path.name}", snapshot.diff
    lines = journeys.timeline().splitlines()
    cut = "" if len(lines) <= SHOWN_LINES else f", the last {SHOWN_LINES} of {len(lines):,} lines"
    yield f"timeline{cut}", "\n".join(lines[-SHOWN_LINES:])


# -- what the tests went ---------------------------------------------------------------------------


def _collected(config: pytest.Config) -> Collected | None:
    """Where it is taken what tests go; None when nobody asks for it."""
    if not covers(config):
        return None
    from studio.testing.collected import collect_from_here

    return collect_from_here()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Take what the journeys of a test went, before anything of the test is taken down."""
    yield
    take_coverage(item)


def take_coverage(item: pytest.Item) -> None:
    """Take what the journeys of a test went."""
    found = item.stash.get(_used, None)
    if covers(item.config) and found is not None:
        from studio.testing import verbs

        verbs.take_coverage(found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of pytest-xdist has ended: take what its tests went."""
    take_worker(node)


def take_worker(node: Any) -> None:
    """Take what a worker's tests went."""
    taken = _collected(node.config)
    if taken is None:
        return
    told = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if told is None:
        taken.problems[f"{node.gateway.id} ended before it told what its tests went"] = None
    else:
        taken.add_told(told)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """All tests are done: hold what they went against the maps."""
    finish_coverage(session)


def finish_coverage(session: pytest.Session) -> None:
    """Hold what all tests went against the maps; a worker tells it to the process that began it."""
    config = session.config
    taken = _collected(config)
    if taken is None or config.option.collectonly:
        return
    # What a file of tests makes for itself is no workflow of the project.
    own = {item.path for item in getattr(session, "items", ())}
    told = taken.told(own)
    if hasattr(config, "workeroutput"):
        config.workeroutput[_WORKER_OUTPUT] = told
        return
    from studio.errors import StudioError
    from studio.testing.coverage import report

    project: list[Workflow] = []
    try:
        project = _loaded_workflows(config)
    except StudioError as error:
        taken.problems[str(error)] = None
    found = config.stash[_report] = report(taken, project, config.rootpath, own)
    least = config.getoption(COVERAGE_LEAST_OPTION)
    failed = least is not None and (found.below(least) or found.problems)
    if failed and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what the tests went."""
    tell_coverage(terminalreporter, config)


def tell_coverage(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what the tests went, a workflow after another."""
    found: CoverageReport | None = config.stash.get(_report, None)
    if found is None:
        return
    from studio.testing.coverage import lines_of

    terminalreporter.section("journey coverage")
    for line in lines_of(found, events_folders(config)[0], config.getoption(COVERAGE_LEAST_OPTION)):
        terminalreporter.line(line)


def _seed(config: pytest.Config) -> str | None:
    """What the command line or the project says to draw from."""
    from studio.source.project import project

    given: str | None = config.getoption(SEED_OPTION)
    return given or project(config.rootpath).get("seed")


def _project_workflows(config: pytest.Config) -> list[Source]:
    """The project's own workflows; their files are imported once."""
    return [*_loaded_workflows(config)]


def _loaded_workflows(config: pytest.Config) -> list[Workflow]:
    from studio.source.loader import load
    from studio.source.project import WORKFLOWS, project

    given = str(config.getini("journey_workflows"))
    path = config.rootpath / (given or project(config.rootpath).get("workflows", WORKFLOWS))
    known = config.stash.setdefault(_loaded, {})
    if path not in known:
        loaded = load(path)
        for problem in loaded.problems:
            raise problem
        known[path] = list(loaded.workflows.values())
    return known[path]
